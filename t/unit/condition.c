/* Filters as SQL: the text and its parameters, to the letter. */
#include "store/condition.h"
#include "schema/builtin.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define ENT SCIM_URN_ENTERPRISE

/* userName with a caseless column, externalId, an e-mail address with one, an
 * inverted flag, a time in place of a flag, a name without a caseless column;
 * the rest is extra. */
static scim_mapping_t *make_mapping(const char *extra, apr_pool_t *pool)
{
    static const struct {
        const char *target, *spec, *key;
    } columns[] = {
        { "userName", "username", "username_key" },
        { "externalId", "ext", NULL },
        { "emails[type eq \"work\"].value", "email", "email_key" },
        { "emails[type eq \"work\"].primary", "first_mail IS NULL", NULL },
        { "active", "!blocked", NULL },
        { "name.givenName", "first", NULL },
        { "addresses[type eq \"home\"].locality", "city", NULL },
        { "addresses[type eq \"home\"].country", "country", NULL },
        { "meta.created", "made", NULL }
    };
    scim_mapping_t *mapping = scim_mapping_make(scim_builtin_user(pool), pool);
    const char *wrong;
    size_t i;

    scim_mapping_set_table(mapping, "users", pool);
    mapping->key = "id";
    mapping->tenant = "org";
    mapping->extra = extra;
    for (i = 0; i < COUNT(columns); i++) {
        wrong = scim_mapping_add(mapping, columns[i].target, columns[i].spec,
                                 columns[i].key, pool);
        if (wrong) {
            printf("Bail out! %s\n", wrong);
        }
    }
    if ((wrong = scim_mapping_finish(mapping, pool))) {
        printf("Bail out! %s\n", wrong);
    }
    return mapping;
}

static const char *const types[] = {
    "text", "text", "text", "text", "text", "text", "text", "text", "text",
    "text", "text", "text", "text", "text", "text", "text", "text", "text"
};

static const scim_facts_t facts = { .types = types,
                                    .key_type = "bigint",
                                    .tenant_type = "bigint" };

/* The condition, then what its parameters are. */
static const char *written(const char *text, const scim_mapping_t *mapping,
                           apr_pool_t *pool)
{
    const scim_filter_t *filter;
    scim_err_t *err = scim_filter_parse(&filter, text, mapping->type, pool);
    scim_sql_t sql;
    int i;

    if (err) {
        return apr_pstrcat(pool, "not a filter: ", err->detail, NULL);
    }
    scim_sql_init(&sql, pool);
    err = scim_condition_write(&sql, mapping, &facts, filter);
    if (err) {
        return err->kind == SCIM_ERR_INVALID_FILTER
             ? apr_pstrcat(pool, "!", err->detail, NULL)
             : "an error of the wrong kind";
    }
    for (i = 0; i < sql.params->nelts; i++) {
        const char *value = APR_ARRAY_IDX(sql.params, i, const char *);

        scim_buf_printf(&sql.text, i ? ", " : " <- ");
        scim_buf_puts(&sql.text, value ? value : "NULL");
    }
    return sql.text.data;
}

/* A filter, its condition with a place for extra attributes, and without one
 * (NULL: the same). `!` begins the detail of a refusal. */
static const struct {
    const char *filter, *with_extra, *without;
} rows[] = {
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
    { "emails eq \"w@x\"",
      "((((r.\"email_key\" = lower($1::text)) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($2::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((lower((e->>'value')) = lower($3::text)"
      " AND jsonb_typeof(e->'value') = 'string')))))) <- w@x, w@x, w@x",
      "((((r.\"email_key\" = lower($1::text)) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> ''))))) <- w@x" },
    { "emails.value eq \"w@x\"",
      "((((r.\"email_key\" = lower($1::text)) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($2::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((lower((e->>'value')) = lower($3::text)"
      " AND jsonb_typeof(e->'value') = 'string')))))) <- w@x, w@x, w@x",
      "((((r.\"email_key\" = lower($1::text)) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> ''))))) <- w@x" },
    { "emails.value ne \"w@x\"",
      "((((((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> '') IS NOT TRUE OR"
      " r.\"email_key\" IS DISTINCT FROM lower($1::text))) AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND ((((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> '') AND (((e->>'value') IS NOT NULL AND"
      " jsonb_typeof(e->'value') = 'string' AND (e->>'value') <> '') IS"
      " NOT TRUE OR lower((e->>'value')) IS DISTINCT FROM"
      " lower($2::text))))))) OR (((r.\"email\" IS NOT NULL AND"
      " r.\"email\" <> '') AND ((r.\"email\" IS NOT NULL AND r.\"email\""
      " <> ''))) OR (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND (((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> ''))))) IS NOT TRUE)) <- w@x, w@x",
      "((((((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> '') IS NOT TRUE OR"
      " r.\"email_key\" IS DISTINCT FROM lower($1::text))) AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> '')))) OR"
      " (((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> '')))) IS NOT TRUE))"
      " <- w@x" },
    { "emails.value co \"x\"",
      "((((strpos(r.\"email_key\", lower($1::text)) > 0) AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND"
      " ((strpos(lower((e->>'value')), lower($2::text)) > 0 AND"
      " jsonb_typeof(e->'value') = 'string')))))) <- x, x",
      "((((strpos(r.\"email_key\", lower($1::text)) > 0) AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))))) <- x" },
    { "emails.type eq \"work\"",
      "((((lower('work'::text) = lower($1::text)) AND ((r.\"email\" IS"
      " NOT NULL AND r.\"email\" <> ''))))) <- work",
      NULL },
    { "emails.display eq \"D\"",
      "((((lower((r.\"extra\"->'emails[type eq \"work\"]'->>'display')) ="
      " lower($1::text) AND jsonb_typeof(r.\"extra\"->'emails[type eq"
      " \"work\"]'->'display') = 'string') AND ((r.\"email\" IS NOT NULL"
      " AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('display', lower($2::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((lower((e->>'display')) ="
      " lower($3::text) AND jsonb_typeof(e->'display') = 'string'))))))"
      " <- D, D, D",
      "!filter: attribute \"emails.display\" at character 1 is not kept"
      " by this service, so nothing can be found by it" },
    { "emails.primary eq true",
      "(((((r.\"first_mail\" IS NULL) = $1::boolean) AND ((r.\"email\" IS"
      " NOT NULL AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND"
      " EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((CASE (e->'primary') WHEN 'true' THEN"
      " true WHEN 'false' THEN false END = $2::boolean)))))) <- t, t",
      "(((((r.\"first_mail\" IS NULL) = $1::boolean) AND ((r.\"email\" IS"
      " NOT NULL AND r.\"email\" <> ''))))) <- t" },
    { "emails pr",
      "(((((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND ((((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> '') OR ((e->>'display') IS NOT NULL AND"
      " jsonb_typeof(e->'display') = 'string' AND (e->>'display') <> '')"
      " OR ((e->>'type') IS NOT NULL AND jsonb_typeof(e->'type') ="
      " 'string' AND (e->>'type') <> '') OR ((e->>'primary') IS NOT NULL"
      " AND jsonb_typeof(e->'primary') = 'boolean')))))))",
      "(((((r.\"email\" IS NOT NULL AND r.\"email\" <> '')))))" },
    { "emails.display pr",
      "(((((r.\"extra\"->'emails[type eq \"work\"]'->>'display') IS NOT"
      " NULL AND jsonb_typeof(r.\"extra\"->'emails[type eq"
      " \"work\"]'->'display') = 'string' AND (r.\"extra\"->'emails[type"
      " eq \"work\"]'->>'display') <> '') AND ((r.\"email\" IS NOT NULL"
      " AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND EXISTS"
      " (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND (((e->>'display') IS NOT NULL AND"
      " jsonb_typeof(e->'display') = 'string' AND (e->>'display') <>"
      " ''))))))",
      "!filter: attribute \"emails.display\" at character 1 is not kept"
      " by this service, so nothing can be found by it" },
    { "emails.value eq null",
      "(((((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND (((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> ''))))) IS NOT TRUE))",
      "(((((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> '')))) IS NOT TRUE))" },
    { "emails.value ne null",
      "(((((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND (((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> '')))))))",
      "(((((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))))))" },
    { "not (emails.value eq \"w@x\")",
      "((NOT coalesce((((r.\"email_key\" = lower($1::text)) AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($2::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((lower((e->>'value')) = lower($3::text)"
      " AND jsonb_typeof(e->'value') = 'string'))))), false))) <- w@x,"
      " w@x, w@x",
      "((NOT coalesce((((r.\"email_key\" = lower($1::text)) AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> '')))), false))) <-"
      " w@x" },
    { "emails[type eq \"work\"].value eq \"W@x\"",
      "((((((lower('work'::text) = lower($1::text)) AND (r.\"email_key\""
      " = lower($2::text))) AND ((r.\"email\" IS NOT NULL AND"
      " r.\"email\" <> '')))))) <- work, W@x",
      NULL },
    { "emails[type eq \"work\" and value eq \"w@x\"]",
      "((((((lower('work'::text) = lower($1::text)) AND (r.\"email_key\""
      " = lower($2::text))) AND ((r.\"email\" IS NOT NULL AND"
      " r.\"email\" <> '')))))) <- work, w@x",
      NULL },
    { "emails[value eq \"w@x\" and type eq \"WORK\"]",
      "((((((r.\"email_key\" = lower($1::text)) AND (lower('work'::text)"
      " = lower($2::text))) AND ((r.\"email\" IS NOT NULL AND"
      " r.\"email\" <> '')))))) <- w@x, WORK",
      NULL },
    { "emails[type eq \"home\"].value eq \"h@x\"",
      "((((r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($1::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND (((lower((e->>'type')) = lower($2::text)"
      " AND jsonb_typeof(e->'type') = 'string') AND (lower((e->>'value'))"
      " = lower($3::text) AND jsonb_typeof(e->'value') = 'string'))))))))"
      " <- h@x, home, h@x",
      "(((false)))" },
    { "emails[type eq \"home\" and value eq \"h@x\"]",
      "((((r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($1::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND (((lower((e->>'type')) = lower($2::text)"
      " AND jsonb_typeof(e->'type') = 'string') AND (lower((e->>'value'))"
      " = lower($3::text) AND jsonb_typeof(e->'value') = 'string'))))))))"
      " <- h@x, home, h@x",
      "(((false)))" },
    { "emails[type eq \"work\"]",
      "(((((lower('work'::text) = lower($1::text)) AND ((r.\"email\" IS"
      " NOT NULL AND r.\"email\" <> '')))))) <- work",
      NULL },
    { "emails[type eq \"home\"]",
      "((((r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('type', lower($1::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((lower((e->>'type')) = lower($2::text)"
      " AND jsonb_typeof(e->'type') = 'string'))))))) <- home, home",
      "(((false)))" },
    { "emails[type ne \"work\"]",
      "(((((('work'::text IS NOT NULL) IS NOT TRUE OR lower('work'::text)"
      " IS DISTINCT FROM lower($1::text)) AND ((r.\"email\" IS NOT NULL"
      " AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND EXISTS"
      " (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((((e->>'type') IS NOT NULL AND"
      " jsonb_typeof(e->'type') = 'string' AND (e->>'type') <> '') IS NOT"
      " TRUE OR lower((e->>'type')) IS DISTINCT FROM lower($2::text)) AND"
      " (((e->>'value') IS NOT NULL AND jsonb_typeof(e->'value') ="
      " 'string' AND (e->>'value') <> '') OR ((e->>'display') IS NOT NULL"
      " AND jsonb_typeof(e->'display') = 'string' AND (e->>'display') <>"
      " '') OR ((e->>'type') IS NOT NULL AND jsonb_typeof(e->'type') ="
      " 'string' AND (e->>'type') <> '') OR ((e->>'primary') IS NOT NULL"
      " AND jsonb_typeof(e->'primary') = 'boolean')))))))) <- work, work",
      "(((((('work'::text IS NOT NULL) IS NOT TRUE OR lower('work'::text)"
      " IS DISTINCT FROM lower($1::text)) AND ((r.\"email\" IS NOT NULL"
      " AND r.\"email\" <> '')))))) <- work" },
    { "emails[type eq \"work\" or type eq \"home\"]",
      "((((((lower('work'::text) = lower($1::text)) OR"
      " (lower('work'::text) = lower($2::text))) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND"
      " EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND (((lower((e->>'type')) = lower($3::text)"
      " AND jsonb_typeof(e->'type') = 'string') OR (lower((e->>'type')) ="
      " lower($4::text) AND jsonb_typeof(e->'type') = 'string')))))))) <-"
      " work, home, work, home",
      "((((((lower('work'::text) = lower($1::text)) OR"
      " (lower('work'::text) = lower($2::text))) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> '')))))) <- work, home" },
    { "emails[not (type eq \"work\")]",
      "(((((NOT coalesce(lower('work'::text) = lower($1::text), false))"
      " AND ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND ((NOT"
      " coalesce(lower((e->>'type')) = lower($2::text) AND"
      " jsonb_typeof(e->'type') = 'string', false)) AND (((e->>'value')"
      " IS NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> '') OR ((e->>'display') IS NOT NULL AND"
      " jsonb_typeof(e->'display') = 'string' AND (e->>'display') <> '')"
      " OR ((e->>'type') IS NOT NULL AND jsonb_typeof(e->'type') ="
      " 'string' AND (e->>'type') <> '') OR ((e->>'primary') IS NOT NULL"
      " AND jsonb_typeof(e->'primary') = 'boolean')))))))) <- work, work",
      "(((((NOT coalesce(lower('work'::text) = lower($1::text), false))"
      " AND ((r.\"email\" IS NOT NULL AND r.\"email\" <> '')))))) <- work" },
    { "emails[type eq \"work\" and primary eq true]",
      "((((((lower('work'::text) = lower($1::text)) AND"
      " ((r.\"first_mail\" IS NULL) = $2::boolean)) AND ((r.\"email\" IS"
      " NOT NULL AND r.\"email\" <> '')))))) <- work, t",
      NULL },
    { "emails[type eq \"work\" and display co \"d\"]",
      "((((((lower('work'::text) = lower($1::text)) AND"
      " (strpos(lower((r.\"extra\"->'emails[type eq"
      " \"work\"]'->>'display')), lower($2::text)) > 0 AND"
      " jsonb_typeof(r.\"extra\"->'emails[type eq \"work\"]'->'display')"
      " = 'string')) AND ((r.\"email\" IS NOT NULL AND r.\"email\" <>"
      " '')))))) <- work, d",
      "!filter: attribute \"emails.display\" at character 27 is not kept"
      " by this service, so nothing can be found by it" },
    { "emails[type pr]",
      "((((('work'::text IS NOT NULL) AND ((r.\"email\" IS NOT NULL AND"
      " r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND EXISTS"
      " (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND (((e->>'type') IS NOT NULL AND"
      " jsonb_typeof(e->'type') = 'string' AND (e->>'type') <> '')))))))",
      "((((('work'::text IS NOT NULL) AND ((r.\"email\" IS NOT NULL AND"
      " r.\"email\" <> ''))))))" },
    { "not (emails[type eq \"work\" and value eq \"w@x\"])",
      "((NOT coalesce(((((lower('work'::text) = lower($1::text)) AND"
      " (r.\"email_key\" = lower($2::text))) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> '')))), false))) <- work, w@x",
      NULL },
    { "addresses.country eq \"CH\"",
      "((((lower(r.\"country\") = lower($1::text))) OR (r.\"extra\" ?"
      " 'addresses' AND lower((r.\"extra\"->'addresses')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('country', lower($2::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'addresses') WHEN 'array' THEN"
      " r.\"extra\"->'addresses' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'home' AND ((lower((e->>'country')) ="
      " lower($3::text) AND jsonb_typeof(e->'country') = 'string'))))))"
      " <- CH, CH, CH",
      "((((lower(r.\"country\") = lower($1::text))))) <- CH" },
    { "addresses[type eq \"home\"].locality eq \"Zurich\"",
      "((((((lower('home'::text) = lower($1::text)) AND"
      " (lower(r.\"city\") = lower($2::text))))))) <- home, Zurich",
      NULL },
    { "addresses[type eq \"home\" and region eq \"ZH\"]",
      "((((((lower('home'::text) = lower($1::text)) AND"
      " (lower((r.\"extra\"->'addresses[type eq \"home\"]'->>'region')) ="
      " lower($2::text) AND jsonb_typeof(r.\"extra\"->'addresses[type eq"
      " \"home\"]'->'region') = 'string')))))) <- home, ZH",
      "!filter: attribute \"addresses.region\" at character 30 is not"
      " kept by this service, so nothing can be found by it" },
    { "addresses[type eq \"work\"].locality eq \"Zurich\"",
      "((((r.\"extra\" ? 'addresses' AND"
      " lower((r.\"extra\"->'addresses')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('locality',"
      " lower($1::text))) AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'addresses')"
      " WHEN 'array' THEN r.\"extra\"->'addresses' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'home' AND"
      " (((lower((e->>'type')) = lower($2::text) AND"
      " jsonb_typeof(e->'type') = 'string') AND (lower((e->>'locality'))"
      " = lower($3::text) AND jsonb_typeof(e->'locality') ="
      " 'string')))))))) <- Zurich, work, Zurich",
      "(((false)))" },
    { "phoneNumbers eq \"1\"",
      "(((r.\"extra\" ? 'phoneNumbers' AND"
      " lower((r.\"extra\"->'phoneNumbers')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($1::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'phoneNumbers') WHEN 'array' THEN"
      " r.\"extra\"->'phoneNumbers' END) AS e WHERE"
      " ((lower((e->>'value')) = lower($2::text) AND"
      " jsonb_typeof(e->'value') = 'string')))))) <- 1, 1",
      "!filter: attribute \"phoneNumbers.value\" at character 1 is not"
      " kept by this service, so nothing can be found by it" },
    { "phoneNumbers[type eq \"work\"].value sw \"+41\"",
      "((((r.\"extra\" ? 'phoneNumbers' AND"
      " lower((r.\"extra\"->'phoneNumbers')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('type', lower($1::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'phoneNumbers') WHEN 'array' THEN"
      " r.\"extra\"->'phoneNumbers' END) AS e WHERE"
      " (((lower((e->>'type')) = lower($2::text) AND"
      " jsonb_typeof(e->'type') = 'string') AND"
      " (starts_with(lower((e->>'value')), lower($3::text)) AND"
      " jsonb_typeof(e->'value') = 'string')))))))) <- work, work, +41",
      "!filter: attribute \"phoneNumbers\" at character 1 is not kept by"
      " this service, so nothing can be found by it" },
    { "phoneNumbers.value ne \"1\"",
      "((((r.\"extra\" ? 'phoneNumbers' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'phoneNumbers') WHEN 'array' THEN"
      " r.\"extra\"->'phoneNumbers' END) AS e WHERE ((((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> '') AND (((e->>'value') IS NOT NULL AND"
      " jsonb_typeof(e->'value') = 'string' AND (e->>'value') <> '') IS"
      " NOT TRUE OR lower((e->>'value')) IS DISTINCT FROM"
      " lower($1::text))))))) OR ((r.\"extra\" ? 'phoneNumbers' AND"
      " EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'phoneNumbers') WHEN 'array' THEN"
      " r.\"extra\"->'phoneNumbers' END) AS e WHERE (((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> ''))))) IS NOT TRUE)) <- 1",
      "!filter: attribute \"phoneNumbers.value\" at character 1 is not"
      " kept by this service, so nothing can be found by it" },
    { "phoneNumbers pr",
      "(((r.\"extra\" ? 'phoneNumbers' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'phoneNumbers') WHEN 'array' THEN"
      " r.\"extra\"->'phoneNumbers' END) AS e WHERE ((((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> '') OR ((e->>'display') IS NOT NULL AND"
      " jsonb_typeof(e->'display') = 'string' AND (e->>'display') <> '')"
      " OR ((e->>'type') IS NOT NULL AND jsonb_typeof(e->'type') ="
      " 'string' AND (e->>'type') <> '') OR ((e->>'primary') IS NOT NULL"
      " AND jsonb_typeof(e->'primary') = 'boolean')))))))",
      "!filter: attribute \"phoneNumbers\" at character 1 is not kept by"
      " this service, so nothing can be found by it" },
    { "roles[primary eq \"True\"].value eq \"r\"",
      "((((r.\"extra\" ? 'roles' AND"
      " lower((r.\"extra\"->'roles')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($1::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'roles') WHEN 'array' THEN"
      " r.\"extra\"->'roles' END) AS e WHERE (((CASE (e->'primary') WHEN"
      " 'true' THEN true WHEN 'false' THEN false END = $2::boolean) AND"
      " (lower((e->>'value')) = lower($3::text) AND"
      " jsonb_typeof(e->'value') = 'string')))))))) <- r, t, r",
      "!filter: attribute \"roles\" at character 1 is not kept by this"
      " service, so nothing can be found by it" },
    { "x509Certificates eq \"QUJD\"",
      "(((r.\"extra\" ? 'x509Certificates' AND"
      " r.\"extra\"->'x509Certificates' @>"
      " jsonb_build_array(jsonb_build_object('value', $1::text)) AND"
      " EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'x509Certificates') WHEN 'array' THEN"
      " r.\"extra\"->'x509Certificates' END) AS e WHERE (((e->>'value') ="
      " $2::text AND jsonb_typeof(e->'value') = 'string')))))) <- QUJD,"
      " QUJD",
      "!filter: attribute \"x509Certificates.value\" at character 1 is"
      " not kept by this service, so nothing can be found by it" },
    { "photos eq \"https://X\"",
      "(((r.\"extra\" ? 'photos' AND r.\"extra\"->'photos' @>"
      " jsonb_build_array(jsonb_build_object('value', $1::text)) AND"
      " EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'photos') WHEN 'array' THEN"
      " r.\"extra\"->'photos' END) AS e WHERE (((e->>'value') ="
      " $2::text AND jsonb_typeof(e->'value') = 'string')))))) <-"
      " https://X, https://X",
      "!filter: attribute \"photos.value\" at character 1 is not kept by"
      " this service, so nothing can be found by it" },
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
    for (i = 0; i < COUNT(rows); i++) {
        is_str(written(rows[i].filter, with_extra, pool), rows[i].with_extra,
               "%s", rows[i].filter);
        is_str(written(rows[i].filter, without, pool), rows[i].without
               ? rows[i].without : rows[i].with_extra, "without ScimExtra: %s",
               rows[i].filter);
    }
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
