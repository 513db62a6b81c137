/* What the console's page proves with that it is ours: for one login, for half a
 * day, under one secret. */
#include "console/proof.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define HOUR apr_time_from_sec(3600)

static apr_pool_t *pool;

static int is_good(const char *proof, const char *secret, const char *login,
                   apr_time_t now)
{
    return scim_console_proof_is_good(proof, secret, login, now, pool);
}

int main(void)
{
    apr_time_t now = apr_time_from_sec(1800000000);
    const char *proof, *other;
    char *changed;
    apr_size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    proof = scim_console_proof_make("secret", "joy", now, pool);
    other = scim_console_proof_make("secret", "joy", now, pool);
    ok(proof && *proof, "there is one");
    ok(strcmp(proof, other) != 0, "and another each time");
    ok(is_good(proof, "secret", "joy", now), "it is good at once");
    ok(is_good(proof, "secret", "joy", now + 12 * HOUR - 1),
       "and up to twelve hours later");
    ok(!is_good(proof, "secret", "joy", now + 12 * HOUR), "not then");
    ok(!is_good(proof, "Secret", "joy", now), "not under another secret");
    ok(!is_good(proof, "secret", "Joy", now) && !is_good(proof, "secret", "", now)
       && !is_good(proof, "secret", "joy ", now), "nor for another login");
    ok(!is_good("", "secret", "joy", now) && !is_good("x", "secret", "joy", now),
       "nothing is none");
    for (i = 0; proof[i]; i++) {
        changed = apr_pstrdup(pool, proof);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        if (is_good(changed, "secret", "joy", now)) {
            break;
        }
    }
    ok(!proof[i], "changed at any place it is none");
    apr_terminate();
    return done_testing();
}
