/* Filters as SQL: the text and its parameters, to the letter. */
#include "t/unit/conditions.h"

#include <apr_general.h>

#define ENT SCIM_URN_ENTERPRISE

static const condition_t rows[] = {
    { "id eq \"17\"",
      "((r.\"id\" = $1::bigint)) <- 17",
      NULL },
    { "id eq \"007\"",
      "(false)",
      NULL },
    { "id eq \"99999999999999999999\"",
      "(false)",
      NULL },
    { "id eq \"x' OR '1'='1\"",
      "(false)",
      NULL },
    { "id ne \"17\"",
      "((r.\"id\" <> $1::bigint)) <- 17",
      NULL },
    { "id ne \"x\"",
      "(true)",
      NULL },
    { "id sw \"1\"",
      "((starts_with(r.\"id\"::text, $1::text))) <- 1",
      NULL },
    { "id pr",
      "((r.\"id\"::text IS NOT NULL AND r.\"id\"::text <> ''))",
      NULL },
    { "id eq null",
      "((NOT (r.\"id\"::text IS NOT NULL AND r.\"id\"::text <> '')))",
      NULL },
    { "userName eq \"Joy\"",
      "((r.\"username_key\" = lower($1::text))) <- Joy",
      NULL },
    { "userName ne \"Joy\"",
      "(((r.\"username\" IS NOT NULL AND r.\"username\" <> '') IS NOT"
      " TRUE OR r.\"username_key\" IS DISTINCT FROM lower($1::text))) <-"
      " Joy",
      NULL },
    { "userName co \"o%_\"",
      "((strpos(r.\"username_key\", lower($1::text)) > 0)) <- o%_",
      NULL },
    { "userName sw \"J\"",
      "((starts_with(r.\"username_key\", lower($1::text)))) <- J",
      NULL },
    { "userName ew \"y\"",
      "((right(r.\"username_key\", length(lower($1::text))) ="
      " lower($2::text))) <- y, y",
      NULL },
    { "userName gt \"a\"",
      "((r.\"username_key\" COLLATE \"C\" > lower($1::text))) <- a",
      NULL },
    { "userName le \"z\"",
      "((r.\"username_key\" COLLATE \"C\" <= lower($1::text) AND"
      " (r.\"username\" IS NOT NULL AND r.\"username\" <> ''))) <- z",
      NULL },
    { "userName pr",
      "((r.\"username\" IS NOT NULL AND r.\"username\" <> ''))",
      NULL },
    { "userName eq null",
      "((NOT (r.\"username\" IS NOT NULL AND r.\"username\" <> '')))",
      NULL },
    { "userName ne null",
      "((r.\"username\" IS NOT NULL AND r.\"username\" <> ''))",
      NULL },
    { "not (userName eq \"Joy\")",
      "((NOT coalesce(r.\"username_key\" = lower($1::text), false))) <-"
      " Joy",
      NULL },
    { "not (userName pr)",
      "((NOT (r.\"username\" IS NOT NULL AND r.\"username\" <> '')))",
      NULL },
    { "not (not (userName eq \"Joy\"))",
      "((NOT (NOT coalesce(r.\"username_key\" = lower($1::text),"
      " false)))) <- Joy",
      NULL },
    { "externalId eq \"E'1\"",
      "((r.\"ext\" = $1::text)) <- E'1",
      NULL },
    { "externalId co \"e\"",
      "((strpos(r.\"ext\", $1::text) > 0)) <- e",
      NULL },
    { "not (externalId eq \"e\")",
      "((NOT coalesce(r.\"ext\" = $1::text, false))) <- e",
      NULL },
    { "active eq true",
      "((coalesce((NOT r.\"blocked\"), false) = $1::boolean)) <- t",
      NULL },
    { "active eq \"False\"",
      "((coalesce((NOT r.\"blocked\"), false) = $1::boolean)) <- f",
      NULL },
    { "active ne true",
      "(((coalesce((NOT r.\"blocked\"), false) IS NOT NULL) IS NOT TRUE"
      " OR coalesce((NOT r.\"blocked\"), false) IS DISTINCT FROM"
      " $1::boolean)) <- t",
      NULL },
    { "active pr",
      "((coalesce((NOT r.\"blocked\"), false) IS NOT NULL))",
      NULL },
    { "not (active eq true)",
      "((NOT coalesce(coalesce((NOT r.\"blocked\"), false) ="
      " $1::boolean, false))) <- t",
      NULL },
    { "name.givenName eq \"Joy\"",
      "((lower(r.\"first\") = lower($1::text))) <- Joy",
      NULL },
    { "name.givenName ne \"Joy\"",
      "(((r.\"first\" IS NOT NULL AND r.\"first\" <> '') IS NOT TRUE OR"
      " lower(r.\"first\") IS DISTINCT FROM lower($1::text))) <- Joy",
      NULL },
    { "name.familyName eq \"Ray\"",
      "((lower((r.\"extra\"->'name'->>'familyName')) = lower($1::text)"
      " AND jsonb_typeof(r.\"extra\"->'name'->'familyName') = 'string'))"
      " <- Ray",
      "!filter: attribute \"name.familyName\" at character 1 is not kept"
      " by this service, so nothing can be found by it" },
    { "not (name.familyName ne \"Ray\")",
      "((NOT coalesce(((r.\"extra\"->'name'->>'familyName') IS NOT NULL"
      " AND jsonb_typeof(r.\"extra\"->'name'->'familyName') = 'string'"
      " AND (r.\"extra\"->'name'->>'familyName') <> '') IS NOT TRUE OR"
      " lower((r.\"extra\"->'name'->>'familyName')) IS DISTINCT FROM"
      " lower($1::text), false))) <- Ray",
      "!filter: attribute \"name.familyName\" at character 6 is not kept"
      " by this service, so nothing can be found by it" },
    { "name.familyName pr",
      "(((r.\"extra\"->'name'->>'familyName') IS NOT NULL AND"
      " jsonb_typeof(r.\"extra\"->'name'->'familyName') = 'string' AND"
      " (r.\"extra\"->'name'->>'familyName') <> ''))",
      "!filter: attribute \"name.familyName\" at character 1 is not kept"
      " by this service, so nothing can be found by it" },
    { "name pr",
      "((((r.\"extra\"->'name'->>'formatted') IS NOT NULL AND"
      " jsonb_typeof(r.\"extra\"->'name'->'formatted') = 'string' AND"
      " (r.\"extra\"->'name'->>'formatted') <> '') OR"
      " ((r.\"extra\"->'name'->>'familyName') IS NOT NULL AND"
      " jsonb_typeof(r.\"extra\"->'name'->'familyName') = 'string' AND"
      " (r.\"extra\"->'name'->>'familyName') <> '') OR (r.\"first\" IS"
      " NOT NULL AND r.\"first\" <> '') OR"
      " ((r.\"extra\"->'name'->>'middleName') IS NOT NULL AND"
      " jsonb_typeof(r.\"extra\"->'name'->'middleName') = 'string' AND"
      " (r.\"extra\"->'name'->>'middleName') <> '') OR"
      " ((r.\"extra\"->'name'->>'honorificPrefix') IS NOT NULL AND"
      " jsonb_typeof(r.\"extra\"->'name'->'honorificPrefix') = 'string'"
      " AND (r.\"extra\"->'name'->>'honorificPrefix') <> '') OR"
      " ((r.\"extra\"->'name'->>'honorificSuffix') IS NOT NULL AND"
      " jsonb_typeof(r.\"extra\"->'name'->'honorificSuffix') = 'string'"
      " AND (r.\"extra\"->'name'->>'honorificSuffix') <> '')))",
      "(((r.\"first\" IS NOT NULL AND r.\"first\" <> '')))" },
    { "title eq \"T\"",
      "((lower((r.\"extra\"->>'title')) = lower($1::text) AND"
      " jsonb_typeof(r.\"extra\"->'title') = 'string')) <- T",
      "!filter: attribute \"title\" at character 1 is not kept by this"
      " service, so nothing can be found by it" },
    { "title gt \"T\"",
      "((lower((r.\"extra\"->>'title')) COLLATE \"C\" > lower($1::text)"
      " AND jsonb_typeof(r.\"extra\"->'title') = 'string')) <- T",
      "!filter: attribute \"title\" at character 1 is not kept by this"
      " service, so nothing can be found by it" },
    { "title pr",
      "(((r.\"extra\"->>'title') IS NOT NULL AND"
      " jsonb_typeof(r.\"extra\"->'title') = 'string' AND"
      " (r.\"extra\"->>'title') <> ''))",
      "!filter: attribute \"title\" at character 1 is not kept by this"
      " service, so nothing can be found by it" },
    { "not (title eq \"T\")",
      "((NOT coalesce(lower((r.\"extra\"->>'title')) = lower($1::text)"
      " AND jsonb_typeof(r.\"extra\"->'title') = 'string', false))) <- T",
      "!filter: attribute \"title\" at character 6 is not kept by this"
      " service, so nothing can be found by it" },
    { "profileUrl eq \"https://x/Y\"",
      "(((r.\"extra\"->>'profileUrl') = $1::text AND"
      " jsonb_typeof(r.\"extra\"->'profileUrl') = 'string')) <-"
      " https://x/Y",
      "!filter: attribute \"profileUrl\" at character 1 is not kept by"
      " this service, so nothing can be found by it" },
    { ENT ":department eq \"D\"",
      "((lower((r.\"extra\"->'" ENT "'->>'department')) = lower($1::text)"
      " AND jsonb_typeof(r.\"extra\"->'" ENT "'->'department') ="
      " 'string')) <- D",
      "!filter: attribute \"" ENT ":department\" at character 1 is not"
      " kept by this service, so nothing can be found by it" },
    { "department pr",
      "(((r.\"extra\"->'" ENT "'->>'department') IS NOT NULL AND"
      " jsonb_typeof(r.\"extra\"->'" ENT "'->'department') = 'string' AND"
      " (r.\"extra\"->'" ENT "'->>'department') <> ''))",
      "!filter: attribute \"" ENT ":department\" at character 1 is not"
      " kept by this service, so nothing can be found by it" },
    { "manager eq \"7\"",
      "((lower((r.\"extra\"->'" ENT "'->'manager'->>'value')) ="
      " lower($1::text) AND"
      " jsonb_typeof(r.\"extra\"->'" ENT "'->'manager'->'value') ="
      " 'string')) <- 7",
      "!filter: attribute \"" ENT ":manager.value\" at character 1 is not"
      " kept by this service, so nothing can be found by it" },
    { "manager.value eq \"7\"",
      "((lower((r.\"extra\"->'" ENT "'->'manager'->>'value')) ="
      " lower($1::text) AND"
      " jsonb_typeof(r.\"extra\"->'" ENT "'->'manager'->'value') ="
      " 'string')) <- 7",
      "!filter: attribute \"" ENT ":manager.value\" at character 1 is not"
      " kept by this service, so nothing can be found by it" },
    { "manager pr",
      "((((r.\"extra\"->'" ENT "'->'manager'->>'value') IS NOT NULL AND"
      " jsonb_typeof(r.\"extra\"->'" ENT "'->'manager'->'value') ="
      " 'string' AND (r.\"extra\"->'" ENT "'->'manager'->>'value') <> '')"
      " OR ((r.\"extra\"->'" ENT "'->'manager'->>'$ref') IS NOT NULL AND"
      " jsonb_typeof(r.\"extra\"->'" ENT "'->'manager'->'$ref') ="
      " 'string' AND (r.\"extra\"->'" ENT "'->'manager'->>'$ref') <>"
      " '')))",
      "!filter: attribute \"" ENT ":manager\" at character 1 is not kept"
      " by this service, so nothing can be found by it" },
    { "manager.$ref eq \"r\"",
      "(((r.\"extra\"->'" ENT "'->'manager'->>'$ref') = $1::text AND"
      " jsonb_typeof(r.\"extra\"->'" ENT "'->'manager'->'$ref') ="
      " 'string')) <- r",
      "!filter: attribute \"" ENT ":manager.$ref\" at character 1 is not"
      " kept by this service, so nothing can be found by it" },
    { "meta.created gt \"2026-01-31T12:00:00Z\"",
      "((r.\"made\" > $1::timestamptz AND (r.\"made\" IS NOT NULL AND"
      " r.\"made\" BETWEEN '0001-01-01 00:00:00Z' AND '9999-12-31"
      " 23:59:59.999999Z'))) <- 2026-01-31T12:00:00Z",
      NULL },
    { "meta.created eq \"2026-01-31T13:00:00.5+01:00\"",
      "((r.\"made\" = $1::timestamptz)) <- 2026-01-31T12:00:00.5Z",
      NULL },
    { "not (meta.created lt \"2026-01-31T12:00:00Z\")",
      "((NOT coalesce(r.\"made\" < $1::timestamptz AND (r.\"made\" IS NOT"
      " NULL AND r.\"made\" BETWEEN '0001-01-01 00:00:00Z' AND"
      " '9999-12-31 23:59:59.999999Z'), false))) <- 2026-01-31T12:00:00Z",
      NULL },
    { "meta.created pr",
      "((r.\"made\" IS NOT NULL AND r.\"made\" BETWEEN '0001-01-01"
      " 00:00:00Z' AND '9999-12-31 23:59:59.999999Z'))",
      NULL },
    { "meta pr",
      "(true)",
      NULL },
    { "meta.resourceType eq \"User\"",
      "(('User'::text = $1::text)) <- User",
      NULL },
    { "meta.resourceType ne \"User\"",
      "((('User'::text IS NOT NULL) IS NOT TRUE OR 'User'::text IS"
      " DISTINCT FROM $1::text)) <- User",
      NULL },
    { "meta.resourceType pr",
      "(('User'::text IS NOT NULL))",
      NULL },
    { "userName eq \"a\" and active eq true",
      "(((r.\"username_key\" = lower($1::text)) AND (coalesce((NOT"
      " r.\"blocked\"), false) = $2::boolean))) <- a, t",
      NULL },
    { "userName eq \"a\" or externalId eq \"b\"",
      "(((r.\"username_key\" = lower($1::text)) OR (r.\"ext\" ="
      " $2::text))) <- a, b",
      NULL },
    { "userName eq \"a\" and (title eq \"b\" or title eq \"c\") and not"
      " (active eq false)",
      "((((r.\"username_key\" = lower($1::text)) AND"
      " ((lower((r.\"extra\"->>'title')) = lower($2::text) AND"
      " jsonb_typeof(r.\"extra\"->'title') = 'string') OR"
      " (lower((r.\"extra\"->>'title')) = lower($3::text) AND"
      " jsonb_typeof(r.\"extra\"->'title') = 'string'))) AND (NOT"
      " coalesce(coalesce((NOT r.\"blocked\"), false) = $4::boolean,"
      " false)))) <- a, b, c, f",
      "!filter: attribute \"title\" at character 22 is not kept by this"
      " service, so nothing can be found by it" },
    { "schemas eq \"urn:ietf:params:scim:schemas:core:2.0:User\"",
      "!filter: attribute \"schemas\" at character 1 is not kept by this"
      " service, so nothing can be found by it",
      NULL },
    { "meta.lastModified gt \"2026-01-31T12:00:00Z\"",
      "!filter: attribute \"meta.lastModified\" at character 1 is not"
      " kept by this service, so nothing can be found by it",
      NULL },
    { "meta.version eq \"x\"",
      "!filter: attribute \"meta.version\" at character 1 is not kept by"
      " this service, so nothing can be found by it",
      NULL },
    { "meta.location sw \"http\"",
      "!filter: attribute \"meta.location\" at character 1 is not kept"
      " by this service, so nothing can be found by it",
      NULL },
    { "groups eq \"g\"",
      "!filter: attribute \"groups.value\" at character 1 is not kept by"
      " this service, so nothing can be found by it",
      NULL },
    { "groups.display eq \"g\"",
      "!filter: attribute \"groups.display\" at character 1 is not kept"
      " by this service, so nothing can be found by it",
      NULL },
    { "manager.displayName eq \"Boss\"",
      "!filter: attribute \"urn:ietf:params:scim:schemas:extension:enterp"
      "rise:2.0:User:manager.displayName\" at character 1 is not kept by"
      " this service, so nothing can be found by it",
      NULL },
    { "userName eq \"a\" and groups eq \"g\"",
      "!filter: attribute \"groups.value\" at character 21 is not kept"
      " by this service, so nothing can be found by it",
      NULL }
};

/* What is unique has at most a row. */
static const struct {
    const char *filter;
    int is_unique;
} uniques[] = {
    { "id eq \"17\"", 1 },
    { "userName eq \"joy\"", 1 },
    { "externalId eq \"e\"", 1 },
    { "externalId eq \"e\" and active eq true", 1 },
    { "active eq true and (title eq \"T\" and userName eq \"joy\")", 1 },
    { "id ne \"17\"", 0 },
    { "userName sw \"joy\"", 0 },
    { "userName eq null", 0 },
    { "userName pr", 0 },
    { "title eq \"T\"", 0 },
    { "emails eq \"w@x\"", 0 },
    { "emails[type eq \"work\"].value eq \"w@x\"", 0 },
    { "userName eq \"a\" or userName eq \"b\"", 0 },
    { "not (userName eq \"a\")", 0 },
    { "active eq true and (userName eq \"a\" or userName eq \"b\")", 0 }
};

/* Whatever a client says, the text has none of it. */
static const char *const hostile[] = {
    "x' OR '1'='1", "'; DROP TABLE users; --", "$1", "\\", "%", "x\\' OR 1=1",
    "/*", "::text", "E'x'", "?", "\xf0\x9f\x98\x80"
};

static void test_hostile(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    static const char *const attrs[] = {
        "userName", "externalId", "title", "emails.value", "emails.display",
        "manager.value", "name.familyName"
    };
    static const char *const ops[] = { "eq", "ne", "co", "sw", "ew", "gt" };
    size_t i, j, k;

    for (i = 0; i < COUNT(hostile); i++) {
        for (j = 0; j < COUNT(attrs); j++) {
            for (k = 0; k < COUNT(ops); k++) {
                const scim_filter_t *tame, *wild;
                scim_sql_t a, b;
                scim_buf_t quoted;

                scim_buf_init(&quoted, 64, pool);
                scim_buf_json(&quoted, hostile[i], strlen(hostile[i]));
                scim_sql_init(&a, pool);
                scim_sql_init(&b, pool);
                if (scim_filter_parse(&tame, apr_pstrcat(pool, attrs[j], " ",
                                      ops[k], " \"tame\"", NULL),
                                      mapping->type, pool)
                    || scim_filter_parse(&wild, apr_pstrcat(pool, attrs[j],
                                         " ", ops[k], " ", quoted.data, NULL),
                                         mapping->type, pool)
                    || scim_condition_write(&a, mapping, &facts, tame)
                    || scim_condition_write(&b, mapping, &facts, wild)) {
                    ok(0, "%s %s %s is a filter", attrs[j], ops[k],
                       hostile[i]);
                    continue;
                }
                if (strcmp(a.text.data, b.text.data) != 0
                    || a.params->nelts != b.params->nelts
                    || strcmp(APR_ARRAY_IDX(b.params, 0, const char *),
                              hostile[i]) != 0) {
                    ok(0, "%s %s %s is a parameter", attrs[j], ops[k],
                       hostile[i]);
                }
            }
        }
        ok(1, "a value is a parameter everywhere: %s", hostile[i]);
    }
}

/* Keys of other types are compared as those. */
static void test_keys(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    static const struct {
        const char *type, *filter, *condition;
    } keys[] = {
        { "integer", "id eq \"7\"", "((r.\"id\" = $1::integer))" },
        { "integer", "id eq \"2147483648\"", "(false)" },
        { "integer", "id ne \"2147483648\"", "(true)" },
        { "uuid", "id eq \"00000000-0000-4000-8000-00000000000a\"",
          "((r.\"id\" = $1::uuid))" },
        { "uuid", "id eq \"00000000-0000-4000-8000-00000000000A\"",
          "(false)" },
        { "uuid", "id eq \"7\"", "(false)" },
        { "text", "id eq \"O'x\"", "((r.\"id\" = $1::text))" },
        { "text", "id eq \"\"", "(false)" }
    };
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        scim_facts_t other = facts;
        const scim_filter_t *filter;
        scim_sql_t sql;

        other.key_type = keys[i].type;
        scim_sql_init(&sql, pool);
        ok(!scim_filter_parse(&filter, keys[i].filter, mapping->type, pool)
           && !scim_condition_write(&sql, mapping, &other, filter),
           "a key of type %s: %s", keys[i].type, keys[i].filter);
        is_str(sql.text.data, keys[i].condition, "%s: %s: the condition",
               keys[i].type, keys[i].filter);
    }
}

int main(void)
{
    const scim_mapping_t *with_extra, *without;
    apr_pool_t *pool;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    with_extra = make_mapping("extra", pool);
    without = make_mapping(NULL, pool);
    test_conditions(rows, COUNT(rows), pool);
    for (i = 0; i < COUNT(uniques); i++) {
        const scim_filter_t *filter = NULL;

        ok(!scim_filter_parse(&filter, uniques[i].filter, without->type, pool),
           "%s is a filter", uniques[i].filter);
        is_int(scim_condition_is_unique(filter, without->type),
               uniques[i].is_unique, "whether it finds one at most");
    }
    test_hostile(with_extra, pool);
    test_keys(with_extra, pool);
    apr_terminate();
    return done_testing();
}
