/* Cursors: what they carry, how long, and with which keys. */
#include "query/cursor.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

static apr_pool_t *pool;
static scim_cursor_keys_t keys = { 1, { { 1 }, { 2 } } };

static const char *seal(apr_time_t age, const char *value)
{
    scim_cursor_t cursor = { "7", "User", "17", value, 3001, 0 };

    cursor.made = apr_time_now() - age;
    return scim_cursor_seal(&cursor, &keys, "Users\nfilter\norder", pool);
}

static scim_err_kind_t kind_of(const char *text, const char *bound)
{
    scim_cursor_t cursor;
    scim_err_t *err = scim_cursor_open(&cursor, text, &keys, bound, pool);

    return err ? err->kind : SCIM_ERR_KIND_COUNT;
}

static void test_round(const char *value)
{
    const char *text = seal(0, value);
    scim_cursor_t cursor;

    ok(text && !scim_cursor_open(&cursor, text, &keys,
                                 "Users\nfilter\norder", pool),
       "a cursor is opened, value %s", value ? value : "NULL");
    is_str(cursor.tenant, "7", "tenant");
    is_str(cursor.type, "User", "resource type");
    is_str(cursor.key, "17", "key");
    is_str(cursor.value, value, "value");
    ok(cursor.total == 3001, "total");
    /* two characters may well be there by chance */
    ok(!strstr(text, "User"), "and cannot be read");
}

static void test_bound(void)
{
    const char *text = seal(0, "joy");

    is_int(kind_of(text, "Users\nfilter\norder DESC"),
           SCIM_ERR_INVALID_CURSOR, "another order");
    is_int(kind_of(text, "Users\nother\norder"), SCIM_ERR_INVALID_CURSOR,
           "another filter");
    is_int(kind_of(text, "\nfilter\norder"), SCIM_ERR_INVALID_CURSOR,
           "another list");
    ok(kind_of(seal(0, apr_psprintf(pool, "%40000d", 1)),
               "Users\nfilter\norder") == SCIM_ERR_KIND_COUNT,
       "a long value");
    is_int(kind_of(seal(0, apr_psprintf(pool, "%60000d", 1)),
                   "Users\nfilter\norder"), SCIM_ERR_INVALID_CURSOR,
           "one that is too long");
    is_int(kind_of("", "x"), SCIM_ERR_INVALID_CURSOR, "an empty text");
    is_int(kind_of("1", "x"), SCIM_ERR_INVALID_CURSOR, "a number");
    text = scim_seal(keys.keys[0], "1\0" "2\0" "3\0" "User", 10, "x", pool);
    is_int(kind_of(text, "x"), SCIM_ERR_INVALID_CURSOR,
           "something else that was sealed");
    text = scim_seal(keys.keys[0], "1\0" "2\0" "3\0" "User", 11, "x", pool);
    is_int(kind_of(text, "x"), SCIM_ERR_INVALID_CURSOR, "one without a key");
    text = scim_seal(keys.keys[0], "9223372036855\0" "2\0" "3\0" "User\0" "5",
                     25, "x", pool);
    is_int(kind_of(text, "x"), SCIM_ERR_INVALID_CURSOR,
           "one made after the end of time");
    text = scim_seal(keys.keys[0], "-1\0" "2\0" "3\0" "User\0" "5", 14, "x",
                     pool);
    is_int(kind_of(text, "x"), SCIM_ERR_INVALID_CURSOR,
           "one made before there were any");
}

static void test_time(void)
{
    static const char bound[] = "Users\nfilter\norder";
    apr_time_t limit = apr_time_from_sec(SCIM_CURSOR_TIMEOUT);
    scim_cursor_t cursor;
    scim_err_t *err;

    is_int(kind_of(seal(limit - apr_time_from_sec(5), "joy"), bound),
           SCIM_ERR_KIND_COUNT, "good for nearly an hour");
    err = scim_cursor_open(&cursor, seal(limit + apr_time_from_sec(5), "joy"),
                           &keys, bound, pool);
    ok(err && err->kind == SCIM_ERR_EXPIRED_CURSOR, "and no longer");
    is_str(err->scim_type, "expiredCursor", "which is said");
    is_int(kind_of(seal(-apr_time_from_sec(5), "joy"), bound),
           SCIM_ERR_KIND_COUNT, "a host whose clock goes before is no harm");
    is_int(kind_of(seal(limit + apr_time_from_sec(5), "joy"), "other"),
           SCIM_ERR_INVALID_CURSOR, "age is only told of what is opened");
}

static void test_keys(void)
{
    static const char bound[] = "Users\nfilter\norder";
    const char *text = seal(0, NULL);

    memcpy(keys.keys[1], keys.keys[0], SCIM_SEAL_KEY_LEN);
    memset(keys.keys[0], 9, SCIM_SEAL_KEY_LEN);
    is_int(kind_of(text, bound), SCIM_ERR_INVALID_CURSOR, "another key");
    keys.count = 2;
    is_int(kind_of(text, bound), SCIM_ERR_KIND_COUNT, "the key before");
    text = seal(0, NULL);
    keys.count = 1;
    is_int(kind_of(text, bound), SCIM_ERR_KIND_COUNT,
           "the newest key is the one that seals");
    keys.count = 0;
    is_int(kind_of(text, bound), SCIM_ERR_INVALID_CURSOR, "no key");
    is_str(seal(0, NULL), NULL, "without a key nothing is sealed");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_round(NULL);
    test_round("");
    test_round("joy\xc3\xbc@contoso.com");
    test_bound();
    test_time();
    test_keys();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
