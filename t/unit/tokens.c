/* Whose token it was: a table that all children share, and that forgets. */
#include "base/tally.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <stdlib.h>

static scim_tally_t *tally;
static apr_pool_t *pool;

static const char *token(int i)
{
    return apr_psprintf(pool, "\\x%032d%032d", i, i * 7);
}

static void test_few(void)
{
    scim_tally_location_t *here =
        scim_tally_location_post_config(tally, "a:80", "/scim");
    scim_tally_location_t *there =
        scim_tally_location_post_config(tally, "a:80", "/other");
    scim_tally_tenant_t *one = scim_tally_tenant(here, "1");
    scim_tally_tenant_t *two = scim_tally_tenant(here, "2");

    ok(!scim_tally_token_find(here, token(1)), "in the beginning nobody's");
    scim_tally_token_keep(here, token(1), one);
    scim_tally_token_keep(here, token(2), two);
    scim_tally_token_keep(here, token(3), one);
    ok(scim_tally_token_find(here, token(1)) == one
       && scim_tally_token_find(here, token(2)) == two
       && scim_tally_token_find(here, token(3)) == one, "three are known");
    ok(!scim_tally_token_find(here, token(4)), "a fourth is not");
    ok(!scim_tally_token_find(there, token(1)),
       "nor the first in another location");
    scim_tally_token_keep(here, token(1), two);
    ok(scim_tally_token_find(here, token(1)) == two, "it can change hands");
    scim_tally_token_forget(here, token(1));
    ok(!scim_tally_token_find(here, token(1)), "and be forgotten");
    ok(scim_tally_token_find(here, token(2)) == two, "which is its own");
    scim_tally_token_forget(here, token(4));
    ok(scim_tally_token_find(here, token(3)) == one,
       "to forget what is not there does no harm");
}

static void test_used(void)
{
    scim_tally_location_t *here =
        scim_tally_location_post_config(tally, "a:80", "/used");
    scim_tally_location_t *there =
        scim_tally_location_post_config(tally, "a:80", "/used/too");
    int i, known = 0, wrong = 0;

    is_int(scim_tally_last_used(here, "7"), 0, "not used yet");
    scim_tally_used(here, "7", 1000);
    scim_tally_used(here, "8", 2000);
    is_int(scim_tally_last_used(here, "7"), 1000, "when it was used");
    is_int(scim_tally_last_used(here, "8"), 2000, "and another one");
    is_int(scim_tally_last_used(there, "7"), 0, "not in another location");
    scim_tally_used(here, "7", 3000);
    is_int(scim_tally_last_used(here, "7"), 3000, "the last time counts");
    for (i = 0; i < 2 * SCIM_TALLY_TOKENS; i++) {
        scim_tally_used(here, token(i), 10000 + i);
        wrong += scim_tally_last_used(here, token(i)) != 10000 + i;
    }
    is_int(wrong, 0, "each is there right after it was used");
    for (i = 0; i < 2 * SCIM_TALLY_TOKENS; i++) {
        apr_time_t used = scim_tally_last_used(here, token(i));

        known += used != 0;
        wrong += used && used != 10000 + i;
    }
    is_int(wrong, 0, "none is mistaken for another");
    ok(known > SCIM_TALLY_TOKENS / 2 && known <= SCIM_TALLY_TOKENS,
       "%d of %d places are taken", known, SCIM_TALLY_TOKENS);
}

/* Twice as many as there is room for. */
static void test_many(void)
{
    scim_tally_location_t *here =
        scim_tally_location_post_config(tally, "a:80", "/many");
    scim_tally_tenant_t *tenants[10];
    int i, known = 0, wrong = 0;

    for (i = 0; i < 10; i++) {
        tenants[i] = scim_tally_tenant(here, apr_itoa(pool, i));
    }
    for (i = 0; i < 2 * SCIM_TALLY_TOKENS; i++) {
        scim_tally_token_keep(here, token(i), tenants[i % 10]);
        wrong += scim_tally_token_find(here, token(i)) != tenants[i % 10];
    }
    is_int(wrong, 0, "whoever was kept last is known");
    for (i = 0; i < 2 * SCIM_TALLY_TOKENS; i++) {
        scim_tally_tenant_t *tenant = scim_tally_token_find(here, token(i));

        known += tenant != NULL;
        wrong += tenant && tenant != tenants[i % 10];
    }
    is_int(wrong, 0, "nobody is taken for another");
    ok(known > SCIM_TALLY_TOKENS / 2 && known <= SCIM_TALLY_TOKENS,
       "and the table is well used (%d of %d)", known, SCIM_TALLY_TOKENS);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    tally = calloc(1, sizeof(*tally));
    test_few();
    test_used();
    test_many();
    free(tally);
    return done_testing();
}
