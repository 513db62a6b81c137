/* Statements and conditions: their text and their parameters. */
#include "query/filter.h"
#include "schema/builtin.h"
#include "store/condition.h"
#include "store/sql.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static apr_pool_t *pool;
static scim_mapping_t *mapping;
static scim_facts_t facts;

static void make_mapping(void)
{
    static const char *const types[] = {
        "text", "text", "text", "boolean", "timestamp with time zone"
    };
    static const int lengths[5];
    const char *wrong;

    mapping = scim_mapping_make_user(pool);
    mapping->location = "here";
    mapping->tokens = scim_mapping_quote("scim.tokens", pool);
    scim_mapping_set_table(mapping, "public.users", pool);
    mapping->key = "id";
    mapping->tenant = "org";
    mapping->tombstone = "gone";
    mapping->extra = "x";
    wrong = scim_mapping_add(mapping, "userName", "name", "name_key", pool);
    ok(!wrong, "userName");
    wrong = scim_mapping_add(mapping, "externalId", "ext", NULL, pool);
    ok(!wrong, "externalId");
    wrong = scim_mapping_add(mapping, "emails[type eq \"work\"].value", "mail",
                             NULL, pool);
    ok(!wrong, "work e-mail");
    wrong = scim_mapping_add(mapping, "active", "!off", NULL, pool);
    ok(!wrong, "active");
    wrong = scim_mapping_add(mapping, "meta.created", "made", NULL, pool);
    ok(!wrong, "meta.created");
    ok(!scim_mapping_finish(mapping, pool), "the mapping is whole");
    facts.key_type = "bigint";
    facts.tenant_type = "bigint";
    facts.types = types;
    facts.lengths = lengths;
    facts.rules = apr_array_make(pool, 1, sizeof(scim_rule_t));
}

static const char *params_of(const scim_sql_t *sql)
{
    const char *out = "";
    int i;

    for (i = 0; i < sql->params->nelts; i++) {
        const char *value = APR_ARRAY_IDX(sql->params, i, const char *);

        out = apr_pstrcat(pool, out, i ? "|" : "", value ? value : "NULL",
                          NULL);
    }
    return out;
}

static const struct {
    const char *filter;
    const char *text;       /* NULL: not kept here */
    const char *params;
} conditions[] = {
#include "t/unit/sql_conditions.h"
};

static void test_conditions(void)
{
    size_t i;

    for (i = 0; i < COUNT(conditions); i++) {
        const scim_filter_t *filter;
        scim_err_t *err;
        scim_sql_t sql;

        err = scim_filter_parse(&filter, conditions[i].filter, mapping->type,
                                pool);
        ok(!err, "%s", conditions[i].filter);
        if (err) {
            continue;
        }
        scim_sql_init(&sql, pool);
        err = scim_condition_write(&sql, mapping, &facts, filter);
        if (!conditions[i].text) {
            ok(err && err->kind == SCIM_ERR_INVALID_FILTER,
               "%s: is refused", conditions[i].filter);
            continue;
        }
        ok(!err, "%s: can be asked", conditions[i].filter);
        is_str(sql.text.data, conditions[i].text, "its text");
        is_str(params_of(&sql), conditions[i].params, "its parameters");
    }
}

static const struct {
    const char *type, *text;
    int is_key;
} keys[] = {
    { "bigint", "1", 1 }, { "bigint", "9223372036854775807", 1 },
    { "bigint", "-5", 1 }, { "bigint", "0", 1 },
    { "bigint", "007", 0 }, { "bigint", "+1", 0 }, { "bigint", " 1", 0 },
    { "bigint", "1 ", 0 }, { "bigint", "", 0 }, { "bigint", "1e3", 0 },
    { "bigint", "9223372036854775808", 0 }, { "bigint", "-0", 0 },
    { "bigint", "99999999999999999999", 0 },
    { "integer", "2147483647", 1 }, { "integer", "2147483648", 0 },
    { "smallint", "32767", 1 }, { "smallint", "32768", 0 },
    { "uuid", "58342554-38d6-4ec8-948c-50044d0a33fd", 1 },
    { "uuid", "58342554-38D6-4ec8-948c-50044d0a33fd", 0 },
    { "uuid", "58342554-38d6-4ec8-948c-50044d0a33f", 0 },
    { "uuid", "58342554-38d6-4ec8-948c-50044d0a33fd0", 0 },
    { "uuid", "", 0 }, { "text", "a b", 1 }, { "text", "", 0 },
    { "text", "\xff", 0 }
};

static void test_keys(void)
{
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        is_int(scim_sql_is_key(keys[i].type, keys[i].text), keys[i].is_key,
               "\"%s\" as %s", keys[i].text, keys[i].type);
    }
}

static void test_statements(void)
{
    const scim_asker_t asker = { "\\xab", NULL };
    scim_sql_t sql;

    scim_sql_init(&sql, pool);
    scim_sql_token(&sql, mapping, &asker);
    is_str(sql.text.data,
           "SELECT t.token_id, t.tenant, t.actor FROM \"scim\".\"tokens\" AS "
           "t WHERE t.token_sha256 = $1::bytea", "the token alone");
    is_str(params_of(&sql), "\\xab", "and its hash");
    scim_sql_init(&sql, pool);
    scim_sql_get(&sql, mapping, &facts, &asker, "7", 0);
    is_str(sql.text.data,
           "SELECT t.token_id, t.tenant, t.actor, NULL AS how, r.* FROM "
           "\"scim\".\"tokens\" AS t LEFT JOIN LATERAL (SELECT r.\"id\" AS id, "
           "false AS protected, NULL AS version, r.\"x\" AS extra, r.\"name\" "
           "AS v0, r.\"ext\" AS v1, r.\"mail\" AS v2, NOT r.\"off\" AS v3, "
           "r.\"made\" AS v4 FROM \"public\".\"users\" AS r WHERE r.\"org\" = "
           "t.tenant::bigint AND r.\"gone\" IS NULL AND r.\"id\" = $1::bigint) "
           "AS r ON true WHERE t.token_sha256 = $2::bytea",
           "one resource, inside the token's tenant");
    is_str(params_of(&sql), "7|\\xab", "the id is a parameter");
    scim_sql_init(&sql, pool);
    scim_sql_get(&sql, mapping, &facts, &asker, "7", 1);
    ok(strstr(sql.text.data, "FOR UPDATE) AS r ON true") != NULL,
       "locked where it is to be changed");
}

static void test_names(void)
{
    scim_sql_t sql;

    is_str(scim_mapping_quote("a\"b.C d", pool), "\"a\"\"b\".\"C d\"",
           "identifiers are quoted");
    scim_sql_init(&sql, pool);
    scim_sql_literal(&sql, "it's \\ here");
    is_str(sql.text.data, "E'it''s \\\\ here'", "and so are literals");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    make_mapping();
    test_conditions();
    test_keys();
    test_statements();
    test_names();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
