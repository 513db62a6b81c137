/* What statements are made of: keys, literals and parameters. */
#include "store/sql.h"
#include "t/unit/shown.h"
#include "t/unit/tap.h"

#include <apr_general.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct {
    const char *type, *text;
    int is_key;
} keys[] = {
    { "bigint", "0", 1 }, { "bigint", "17", 1 }, { "bigint", "-1", 1 },
    { "bigint", "9223372036854775807", 1 },
    { "bigint", "-9223372036854775808", 1 },
    { "bigint", "9223372036854775808", 0 },
    { "bigint", "-9223372036854775809", 0 },
    { "bigint", "99999999999999999999", 0 }, { "bigint", "007", 0 },
    { "bigint", "+1", 0 }, { "bigint", "-0", 0 }, { "bigint", "", 0 },
    { "bigint", " 1", 0 }, { "bigint", "1 ", 0 }, { "bigint", "1.0", 0 },
    { "bigint", "1e3", 0 }, { "bigint", "0x1", 0 }, { "bigint", "x", 0 },
    { "bigint", "1x", 0 }, { "bigint", "1;2", 0 }, { "bigint", "\n1", 0 },
    { "bigint", "\xd9\xa1", 0 },
    { "integer", "2147483647", 1 }, { "integer", "-2147483648", 1 },
    { "integer", "2147483648", 0 }, { "integer", "-2147483649", 0 },
    { "integer", "4294967297", 0 },
    { "smallint", "32767", 1 }, { "smallint", "-32768", 1 },
    { "smallint", "32768", 0 }, { "smallint", "-32769", 0 },
    { "smallint", "65537", 0 },
    { "uuid", "00000000-0000-4000-8000-00000000000a", 1 },
    { "uuid", "ffffffff-ffff-ffff-ffff-ffffffffffff", 1 },
    { "uuid", "00000000-0000-4000-8000-00000000000A", 0 },
    { "uuid", "{00000000-0000-4000-8000-00000000000a}", 0 },
    { "uuid", "0000000000004000800000000000000a", 0 },
    { "uuid", "00000000-0000-4000-8000-00000000000", 0 },
    { "uuid", "00000000-0000-4000-8000-00000000000ab", 0 },
    { "uuid", "00000000-0000-4000-8000-00000000000g", 0 },
    { "uuid", "00000000_0000_4000_8000_00000000000a", 0 },
    { "uuid", "17", 0 }, { "uuid", "", 0 },
    { "text", "x", 1 }, { "text", "007", 1 }, { "text", " ", 1 },
    { "text", "\xc3\xa4 b/c", 1 }, { "text", "'", 1 }, { "text", "", 0 },
    { "text", "\xff", 0 }, { "text", "a\xc3", 0 },
    { "character varying", "x", 1 }, { "character varying", "", 0 },
    { "citext", "X", 1 }
};

static const struct {
    const char *text, *literal;
} literals[] = {
    { "", "''" }, { "x", "'x'" }, { "it's", "'it''s'" }, { "''", "''''''" },
    { "a\\b", "E'a\\\\b'" }, { "\\'", "E'\\\\'''" }, { "$1 ? --", "'$1 ? --'" },
    { "\"", "'\"'" }, { "\xc3\xbc", "'\xc3\xbc'" }
};

static void test_pieces(apr_pool_t *pool)
{
    scim_sql_t sql;
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        is_int(scim_sql_is_key(keys[i].type, keys[i].text), keys[i].is_key,
               "whether \"%s\" is a %s", keys[i].text, keys[i].type);
    }
    for (i = 0; i < COUNT(literals); i++) {
        scim_sql_init(&sql, pool);
        scim_sql_literal(&sql, literals[i].text);
        is_str(sql.text.data, literals[i].literal, "the literal of %s",
               literals[i].text);
        is_int(sql.params->nelts, 0, "is no parameter");
    }
    scim_sql_init(&sql, pool);
    scim_sql_param(&sql, "a", "text");
    scim_sql_param(&sql, NULL, NULL);
    scim_sql_param(&sql, "b", "uuid");
    is_str(shown(&sql, pool), "$1::text$2$3::uuid <- a, NULL, b",
           "parameters are counted");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_pieces(pool);
    apr_terminate();
    return done_testing();
}
