/* The statements, to the letter, and their parameters in order. */
#include "store/sql.h"
#include "schema/builtin.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* A small mapping with every kind of thing in it, and one with nothing that
 * can be left out. */
static const struct {
    const char *target, *spec, *key;
} columns[] = {
    { "userName", "username", "username_key" },
    { "active", "!blocked", NULL },
    { "externalId", "ext", NULL },
    { "meta.created", "made", NULL }
};

static const char *const types[] = {
    "character varying", "boolean", "text", "timestamp with time zone"
};
static const char *const bare_types[] = {
    "character varying", "timestamp with time zone"
};
static const int lengths[] = { 0, 0, 0, 0 };
static const unsigned char not_null[] = { 1, 1, 0, 1 };
static const unsigned char by_code_point[] = { 1, 1, 0, 1 };

static const scim_facts_t facts = {
    .key_type = "bigint", .tenant_type = "uuid", .types = types,
    .lengths = lengths, .not_null = not_null, .by_code_point = by_code_point
};
static const scim_facts_t bare_facts = {
    .key_type = "uuid", .tenant_type = "text", .types = bare_types,
    .lengths = lengths, .not_null = not_null, .by_code_point = by_code_point
};
static const scim_facts_t flag_facts = {
    .key_type = "bigint", .tenant_type = "uuid", .types = types,
    .lengths = lengths, .not_null = not_null, .by_code_point = by_code_point,
    .tombstone_is_boolean = 1
};

static scim_mapping_t *make_mapping(int bare, apr_pool_t *pool)
{
    scim_mapping_t *mapping = scim_mapping_make(scim_builtin_user(pool), pool);
    const char *wrong;
    size_t i;

    scim_mapping_set_table(mapping, "crm.users", pool);
    mapping->tokens = scim_mapping_quote("scim.tokens", pool);
    mapping->key = "id";
    mapping->tenant = "org";
    if (!bare) {
        scim_constant_t *constant = apr_array_push(mapping->constants);

        constant->name = "hash";
        constant->value = "it's \\ $1";
        /* what has a column may have a constant for when it is not sent */
        constant = apr_array_push(mapping->constants);
        constant->name = "ext";
        constant->value = "none";
        mapping->tombstone = "deleted_at";
        mapping->extra = "extra";
        mapping->protect = "role = 'admin' OR vip";
    }
    for (i = 0; i < COUNT(columns); i++) {
        const char *spec = bare && i == 1 ? "off_at IS NULL" : columns[i].spec;

        if (bare && i > 1) {
            break;
        }
        wrong = scim_mapping_add(mapping, columns[i].target, spec,
                                 bare ? NULL : columns[i].key, pool);
        if (wrong) {
            printf("Bail out! %s\n", wrong);
        }
    }
    if ((wrong = scim_mapping_finish(mapping, pool))) {
        printf("Bail out! %s\n", wrong);
    }
    return mapping;
}

static const scim_asker_t asker = { "\\x00ff", "request-1", "192.0.2.1" };
static const scim_asker_t nameless = { "\\x00ff", NULL, "192.0.2.1" };
static const scim_change_t change = { "patch", "{\"a\":{\"new\":1}}" };

/* The text, then the parameters. */
static const char *shown(const scim_sql_t *sql, apr_pool_t *pool)
{
    const char *text = sql->text.data;
    int i;

    for (i = 0; i < sql->params->nelts; i++) {
        const char *value = APR_ARRAY_IDX(sql->params, i, const char *);

        text = apr_pstrcat(pool, text, i ? ", " : " <- ",
                           value ? value : "NULL", NULL);
    }
    return text;
}

static scim_json_t *json(const char *text, apr_pool_t *pool)
{
    scim_json_t *value = NULL;

    if (scim_json_parse(&value, text, strlen(text), pool)) {
        printf("Bail out! the test has a document that cannot be read\n");
    }
    return value;
}

static scim_state_t *state(const scim_mapping_t *mapping, const char *text,
                           apr_pool_t *pool)
{
    return scim_row_split(mapping, json(text, pool), pool);
}

/* A word of a statement's name, `sort=userName`: what stands behind it; NULL:
 * it is not there. */
static const char *word(const char *name, const char *what, apr_pool_t *pool)
{
    const char *at = strstr(name, what);

    at = at ? at + strlen(what) : NULL;
    return at ? apr_pstrndup(pool, at, strcspn(at, " :")) : NULL;
}

/* A list by name: `list`, `later` or `total`, `sort=` and `desc`, `after=`
 * and the value of the last resource, `:` and a filter. */
static scim_err_t *list(scim_sql_t *sql, const char *name,
                        const scim_mapping_t *mapping,
                        const scim_facts_t *known, const char *id,
                        apr_pool_t *pool)
{
    const char *filter = strchr(name, ':');
    const char *value = word(name, "after=", pool);
    int later = strstr(name, "later") != NULL;
    scim_place_t place = { value && *value ? value : NULL, id };
    scim_order_t order;
    scim_page_t page = { NULL, &order, value ? &place : NULL, later ? 200 : 0,
                         strstr(name, "total") ? 0 : later ? 50 : 100,
                         !value };

    scim_order_make(&order, mapping, known, word(name, "sort=", pool),
                    strstr(name, "desc") != NULL, pool);
    if (filter) {
        SCIM_TRY(scim_filter_parse(&page.filter, filter + 1, mapping->type,
                                   pool));
    }
    return scim_sql_list(sql, mapping, known, &asker, &page);
}

/* Statements by name, each with the full mapping and with the bare one. */
static const char *statement(const char *name, const scim_mapping_t *mapping,
                             const scim_facts_t *known, apr_pool_t *pool)
{
    static const char before[] = "{\"userName\":\"joy\",\"active\":true,"
        "\"externalId\":\"e\",\"title\":\"T\"}";
    static const char after[] = "{\"userName\":\"ray\",\"active\":false,"
        "\"title\":\"U\"}";
    static const char off[] = "{\"userName\":\"joy\",\"active\":false,"
        "\"externalId\":\"e\",\"title\":\"T\"}";
    const char *id = strcmp(known->key_type, "uuid") == 0
                   ? "00000000-0000-4000-8000-00000000000a" : "17";
    scim_err_t *err = NULL;
    scim_sql_t sql;

    scim_sql_init(&sql, pool);
    if (strcmp(name, "token") == 0) {
        scim_sql_token(&sql, mapping, &asker);
    }
    else if (strcmp(name, "wall") == 0) {
        scim_sql_wall(&sql, mapping, &asker);
    }
    else if (strncmp(name, "get", 3) == 0) {
        scim_sql_get(&sql, mapping, known, &asker,
                     strstr(name, "actor") ? NULL : id,
                     strstr(name, "lock") != NULL);
    }
    else if (strncmp(name, "list", 4) == 0) {
        err = list(&sql, name, mapping, known, id, pool);
    }
    else if (strcmp(name, "create all") == 0) {
        scim_sql_create(&sql, mapping, known, &asker,
                        state(mapping, before, pool), &change);
    }
    else if (strcmp(name, "create least") == 0) {
        scim_sql_create(&sql, mapping, known, &nameless,
                        state(mapping, "{\"userName\":\"joy\"}", pool),
                        &change);
    }
    else if (strcmp(name, "update") == 0) {
        scim_sql_update(&sql, mapping, known, &asker, id,
                        state(mapping, before, pool),
                        state(mapping, after, pool), SCIM_UPDATE_LIVE, "v1",
                        &change);
    }
    else if (strcmp(name, "delete") == 0) {
        scim_sql_update(&sql, mapping, known, &asker, id,
                        state(mapping, before, pool),
                        state(mapping, off, pool), SCIM_UPDATE_DELETE, NULL,
                        &change);
    }
    else if (strcmp(name, "delete inactive") == 0) {
        scim_sql_update(&sql, mapping, known, &asker, id,
                        state(mapping, off, pool), state(mapping, off, pool),
                        SCIM_UPDATE_DELETE, NULL, &change);
    }
    else if (strcmp(name, "adopt") == 0) {
        scim_sql_update(&sql, mapping, known, &asker, id,
                        state(mapping, off, pool),
                        state(mapping, before, pool), SCIM_UPDATE_MET, "v1",
                        &change);
    }
    else if (strcmp(name, "revive") == 0) {
        scim_sql_update(&sql, mapping, known, &asker, id,
                        state(mapping, off, pool),
                        state(mapping, before, pool), SCIM_UPDATE_REVIVE,
                        "v1", &change);
    }
    else {
        return "no such statement";
    }
    return err ? err->detail : shown(&sql, pool);
}

/* Pieces that many statements share. */
#define WITH_TOKEN \
    "WITH t AS MATERIALIZED (SELECT token_id, tenant, actor FROM" \
    " \"scim\".\"tokens\" WHERE token_sha256 = $1::bytea)"
#define EVENT \
    ", event AS (INSERT INTO scim.events (tenant, actor, token_id," \
    " request_id, operation, resource_type, resource_id, changes, client," \
    " outcome) SELECT t.tenant, t.actor, t.token_id, "
#define LOCKED \
    "r.\"id\" AS id, coalesce((role = 'admin' OR vip), false) AS" \
    " protected, md5(ROW(r.\"deleted_at\", r.\"extra\", r.\"username\"," \
    " r.\"blocked\", r.\"ext\")::text) AS version, r.\"extra\"" \
    " AS extra, r.\"username\" AS v0, coalesce(NOT r.\"blocked\", false)" \
    " AS v1, r.\"ext\" AS v2, r.\"made\" AS v3"
#define SHOWN \
    "r.\"id\" AS id, false AS protected, NULL AS version, r.\"extra\" AS" \
    " extra, r.\"username\" AS v0, coalesce(NOT r.\"blocked\", false) AS" \
    " v1, r.\"ext\" AS v2, r.\"made\" AS v3"
#define BARE_LOCKED \
    "r.\"id\" AS id, false AS protected, md5(ROW(r.\"username\"," \
    " r.\"off_at\")::text) AS version, NULL AS extra, r.\"username\" AS" \
    " v0, coalesce(r.\"off_at\" IS NULL, false) AS v1"
#define BARE_SHOWN \
    "r.\"id\" AS id, false AS protected, NULL AS version, NULL AS extra," \
    " r.\"username\" AS v0, coalesce(r.\"off_at\" IS NULL, false) AS v1"
#define VERSION \
    "md5(ROW(r.\"deleted_at\", r.\"extra\", r.\"username\", r.\"blocked\"," \
    " r.\"ext\")::text)"
#define BARE_VERSION \
    "md5(ROW(r.\"username\", r.\"off_at\")::text)"
#define USERS \
    " FROM \"crm\".\"users\" AS r WHERE r.\"org\" = t.tenant::uuid AND "
#define BARE_USERS \
    " FROM \"crm\".\"users\" AS r WHERE r.\"org\" = t.tenant::text AND "
#define WHO \
    "SELECT t.token_id, t.tenant, t.actor, "
#define TOKENS \
    " FROM \"scim\".\"tokens\" AS t"
#define NEW_ROW \
    " FROM t WHERE NOT EXISTS (SELECT FROM met) RETURNING "
#define ALL_OR_MET \
    " FROM t LEFT JOIN (SELECT 'i' AS how, made.* FROM made UNION ALL" \
    " SELECT met.* FROM met) AS x ON true"
#define EACH \
    "x.* FROM t CROSS JOIN LATERAL (SELECT "
#define CHANGED \
    "NULL AS how, changed.* FROM t LEFT JOIN changed ON true"

/* With the full mapping, with the bare one, and with the full one where the
 * tombstone is a flag (NULL: not asked). */
static const struct {
    const char *name;
    const char *full, *bare, *flag;
} rows[] = {
    { "token",
      "SELECT t.token_id, t.tenant, t.actor" TOKENS
      " WHERE t.token_sha256 = $1::bytea <- \\x00ff",
      "SELECT t.token_id, t.tenant, t.actor" TOKENS
      " WHERE t.token_sha256 = $1::bytea <- \\x00ff",
      NULL },
    { "wall",
      "SELECT pg_catalog.set_config('scim.tenant', coalesce((SELECT t.tenant"
      TOKENS " WHERE t.token_sha256 = $1::bytea), ''), true) <- \\x00ff",
      NULL, NULL },
    { "get",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " SHOWN USERS
      "r.\"deleted_at\" IS NULL AND r.\"id\" = $1::bigint) AS r ON true"
      " WHERE t.token_sha256 = $2::bytea <- 17, \\x00ff",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " BARE_SHOWN
      BARE_USERS
      "true AND r.\"id\" = $1::uuid) AS r ON true WHERE t.token_sha256 ="
      " $2::bytea <- 00000000-0000-4000-8000-00000000000a, \\x00ff",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " SHOWN USERS
      "NOT r.\"deleted_at\" AND r.\"id\" = $1::bigint) AS r ON true WHERE"
      " t.token_sha256 = $2::bytea <- 17, \\x00ff" },
    { "get the actor",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " SHOWN USERS
      "r.\"deleted_at\" IS NULL AND r.\"id\" = CASE WHEN t.actor !~"
      " '^(0|-?[1-9][0-9]{0,18})$' THEN NULL WHEN abs(t.actor::numeric) >"
      " 9223372036854775807 THEN NULL WHEN true THEN t.actor::bigint END)"
      " AS r ON true WHERE t.token_sha256 = $1::bytea <- \\x00ff",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " BARE_SHOWN
      BARE_USERS
      "true AND r.\"id\" = CASE WHEN t.actor !~"
      " '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN NULL WHEN true"
      " THEN t.actor::uuid END) AS r ON true WHERE t.token_sha256 ="
      " $1::bytea <- \\x00ff",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " SHOWN USERS
      "NOT r.\"deleted_at\" AND r.\"id\" = CASE WHEN t.actor !~"
      " '^(0|-?[1-9][0-9]{0,18})$' THEN NULL WHEN abs(t.actor::numeric) >"
      " 9223372036854775807 THEN NULL WHEN true THEN t.actor::bigint END)"
      " AS r ON true WHERE t.token_sha256 = $1::bytea <- \\x00ff" },
    { "get and lock",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " LOCKED USERS
      "r.\"deleted_at\" IS NULL AND r.\"id\" = $1::bigint FOR NO KEY"
      " UPDATE) AS r ON true WHERE t.token_sha256 = $2::bytea <- 17,"
      " \\x00ff",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " BARE_LOCKED
      BARE_USERS
      "true AND r.\"id\" = $1::uuid FOR NO KEY UPDATE) AS r ON true WHERE"
      " t.token_sha256 = $2::bytea <-"
      " 00000000-0000-4000-8000-00000000000a, \\x00ff",
      NULL },
    { "list",
      WHO "n.total AS how, r.*" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" USERS
      "r.\"deleted_at\" IS NULL) AS n LEFT JOIN LATERAL (SELECT " SHOWN USERS
      "r.\"deleted_at\" IS NULL ORDER BY r.\"org\", r.\"id\" LIMIT"
      " $1::bigint OFFSET $2::bigint) AS r ON true WHERE t.token_sha256 ="
      " $3::bytea <- 100, 0, \\x00ff",
      WHO "n.total AS how, r.*" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" BARE_USERS
      "true) AS n LEFT JOIN LATERAL (SELECT " BARE_SHOWN BARE_USERS
      "true ORDER BY r.\"org\", r.\"id\" LIMIT $1::bigint OFFSET"
      " $2::bigint) AS r ON true WHERE t.token_sha256 = $3::bytea <- 100,"
      " 0, \\x00ff",
      NULL },
    { "list later",
      WHO "n.total AS how, r.*" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" USERS
      "r.\"deleted_at\" IS NULL) AS n LEFT JOIN LATERAL (SELECT " SHOWN USERS
      "r.\"deleted_at\" IS NULL ORDER BY r.\"org\", r.\"id\" LIMIT"
      " $1::bigint OFFSET $2::bigint) AS r ON true WHERE t.token_sha256 ="
      " $3::bytea <- 50, 200, \\x00ff",
      WHO "n.total AS how, r.*" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" BARE_USERS
      "true) AS n LEFT JOIN LATERAL (SELECT " BARE_SHOWN BARE_USERS
      "true ORDER BY r.\"org\", r.\"id\" LIMIT $1::bigint OFFSET"
      " $2::bigint) AS r ON true WHERE t.token_sha256 = $3::bytea <- 50,"
      " 200, \\x00ff",
      NULL },
    { "list total",
      WHO "n.total AS how" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" USERS
      "r.\"deleted_at\" IS NULL) AS n WHERE t.token_sha256 = $1::bytea <-"
      " \\x00ff",
      WHO "n.total AS how" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" BARE_USERS
      "true) AS n WHERE t.token_sha256 = $1::bytea <- \\x00ff",
      NULL },
    { "list:userName eq \"joy\"",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " SHOWN USERS
      "r.\"deleted_at\" IS NULL AND ((r.\"username_key\" ="
      " lower($1::text)))) AS r ON true WHERE t.token_sha256 = $2::bytea"
      " <- joy, \\x00ff",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " BARE_SHOWN
      BARE_USERS
      "true AND ((lower(r.\"username\") = lower($1::text)))) AS r ON"
      " true WHERE t.token_sha256 = $2::bytea <- joy, \\x00ff",
      NULL },
    { "list later:userName eq \"joy\"",
      WHO "n.total AS how, r.*" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" USERS
      "r.\"deleted_at\" IS NULL AND ((r.\"username_key\" ="
      " lower($1::text)))) AS n LEFT JOIN LATERAL (SELECT " SHOWN USERS
      "r.\"deleted_at\" IS NULL AND ((r.\"username_key\" ="
      " lower($2::text))) ORDER BY r.\"org\", r.\"id\" LIMIT $3::bigint"
      " OFFSET $4::bigint) AS r ON true WHERE t.token_sha256 = $5::bytea"
      " <- joy, joy, 50, 200, \\x00ff",
      WHO "n.total AS how, r.*" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" BARE_USERS
      "true AND ((lower(r.\"username\") = lower($1::text)))) AS n LEFT"
      " JOIN LATERAL (SELECT " BARE_SHOWN BARE_USERS
      "true AND ((lower(r.\"username\") = lower($2::text))) ORDER BY"
      " r.\"org\", r.\"id\" LIMIT $3::bigint OFFSET $4::bigint) AS r ON"
      " true WHERE t.token_sha256 = $5::bytea <- joy, joy, 50, 200, \\x00ff",
      NULL },
    { "list total:userName eq \"joy\"",
      WHO "n.total AS how" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" USERS
      "r.\"deleted_at\" IS NULL AND ((r.\"username_key\" ="
      " lower($1::text)))) AS n WHERE t.token_sha256 = $2::bytea <- joy,"
      " \\x00ff",
      WHO "n.total AS how" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" BARE_USERS
      "true AND ((lower(r.\"username\") = lower($1::text)))) AS n WHERE"
      " t.token_sha256 = $2::bytea <- joy, \\x00ff",
      NULL },
    { "list:title eq \"T\"",
      WHO "n.total AS how, r.*" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" USERS
      "r.\"deleted_at\" IS NULL AND ((lower((r.\"extra\"->>'title')) ="
      " lower($1::text) AND jsonb_typeof(r.\"extra\"->'title') = 'string')))"
      " AS n LEFT JOIN LATERAL (SELECT " SHOWN USERS
      "r.\"deleted_at\" IS NULL AND ((lower((r.\"extra\"->>'title')) ="
      " lower($2::text) AND jsonb_typeof(r.\"extra\"->'title') = 'string'))"
      " ORDER BY r.\"org\", r.\"id\" LIMIT $3::bigint"
      " OFFSET $4::bigint) AS r ON true WHERE t.token_sha256 = $5::bytea"
      " <- T, T, 100, 0, \\x00ff",
      "filter: attribute \"title\" at character 1 is not kept by this"
      " service, so nothing can be found by it",
      NULL },
    { "list sort=userName",
      WHO "n.total AS how, r.*" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" USERS
      "r.\"deleted_at\" IS NULL) AS n LEFT JOIN LATERAL (SELECT " SHOWN
      ", r.\"username_key\" AS sort" USERS
      "r.\"deleted_at\" IS NULL ORDER BY r.\"org\", r.\"username_key\","
      " r.\"id\" LIMIT $1::bigint OFFSET $2::bigint) AS r ON true WHERE"
      " t.token_sha256 = $3::bytea <- 100, 0, \\x00ff",
      WHO "n.total AS how, r.*" TOKENS
      " CROSS JOIN LATERAL (SELECT count(*) AS total" BARE_USERS
      "true) AS n LEFT JOIN LATERAL (SELECT " BARE_SHOWN
      ", lower(r.\"username\") AS sort" BARE_USERS
      "true ORDER BY r.\"org\", lower(r.\"username\"), r.\"id\" LIMIT"
      " $1::bigint OFFSET $2::bigint) AS r ON true WHERE t.token_sha256 ="
      " $3::bytea <- 100, 0, \\x00ff",
      NULL },
    { "list sort=userName desc after=joy",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " SHOWN
      ", r.\"username_key\" AS sort" USERS
      "r.\"deleted_at\" IS NULL AND (r.\"username_key\", r.\"id\") <"
      " ($1::text, $2::bigint) ORDER BY r.\"org\" DESC,"
      " r.\"username_key\" DESC, r.\"id\" DESC LIMIT $3::bigint) AS r ON"
      " true WHERE t.token_sha256 = $4::bytea <- joy, 17, 100, \\x00ff",
      NULL, NULL },
    /* who has no value is a stretch of the index of its own */
    { "list sort=externalId after=e",
      WHO "NULL AS how, r.*" TOKENS
      " LEFT JOIN LATERAL (SELECT * FROM ((SELECT " SHOWN
      ", r.\"ext\" COLLATE \"C\" AS sort" USERS
      "r.\"deleted_at\" IS NULL AND (r.\"ext\" COLLATE \"C\", r.\"id\") >"
      " ($1::text, $2::bigint) ORDER BY r.\"org\", r.\"ext\" COLLATE \"C\","
      " r.\"id\" LIMIT $3::bigint) UNION ALL (SELECT " SHOWN
      ", r.\"ext\" COLLATE \"C\" AS sort" USERS
      "r.\"deleted_at\" IS NULL AND r.\"ext\" COLLATE \"C\" IS NULL ORDER"
      " BY r.\"org\", r.\"ext\" COLLATE \"C\", r.\"id\" LIMIT $4::bigint))"
      " AS u ORDER BY u.sort, u.id LIMIT $5::bigint) AS r ON true WHERE"
      " t.token_sha256 = $6::bytea <- e, 17, 100, 100, 100, \\x00ff",
      NULL, NULL },
    { "list sort=externalId after=",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " SHOWN
      ", r.\"ext\" COLLATE \"C\" AS sort" USERS
      "r.\"deleted_at\" IS NULL AND r.\"ext\" COLLATE \"C\" IS NULL AND"
      " r.\"id\" > $1::bigint ORDER BY r.\"org\", r.\"ext\" COLLATE \"C\","
      " r.\"id\" LIMIT $2::bigint) AS r ON true WHERE t.token_sha256 ="
      " $3::bytea <- 17, 100, \\x00ff",
      NULL, NULL },
    { "list sort=externalId desc after=",
      WHO "NULL AS how, r.*" TOKENS
      " LEFT JOIN LATERAL (SELECT * FROM ((SELECT " SHOWN
      ", r.\"ext\" COLLATE \"C\" AS sort" USERS
      "r.\"deleted_at\" IS NULL AND r.\"ext\" COLLATE \"C\" IS NULL AND"
      " r.\"id\" < $1::bigint ORDER BY r.\"org\" DESC, r.\"ext\" COLLATE"
      " \"C\" DESC, r.\"id\" DESC LIMIT $2::bigint) UNION ALL (SELECT "
      SHOWN ", r.\"ext\" COLLATE \"C\" AS sort" USERS
      "r.\"deleted_at\" IS NULL AND r.\"ext\" COLLATE \"C\" IS NOT NULL"
      " ORDER BY r.\"org\" DESC, r.\"ext\" COLLATE \"C\" DESC, r.\"id\""
      " DESC LIMIT $3::bigint)) AS u ORDER BY u.sort DESC, u.id DESC LIMIT"
      " $4::bigint) AS r ON true WHERE t.token_sha256 = $5::bytea <- 17,"
      " 100, 100, 100, \\x00ff",
      NULL, NULL },
    { "list sort=externalId desc after=e",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " SHOWN
      ", r.\"ext\" COLLATE \"C\" AS sort" USERS
      "r.\"deleted_at\" IS NULL AND (r.\"ext\" COLLATE \"C\", r.\"id\") <"
      " ($1::text, $2::bigint) ORDER BY r.\"org\" DESC, r.\"ext\" COLLATE"
      " \"C\" DESC, r.\"id\" DESC LIMIT $3::bigint) AS r ON true WHERE"
      " t.token_sha256 = $4::bytea <- e, 17, 100, \\x00ff",
      NULL, NULL },
    { "list after=:userName eq \"joy\"",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " SHOWN USERS
      "r.\"deleted_at\" IS NULL AND ((r.\"username_key\" ="
      " lower($1::text))) AND r.\"id\" > $2::bigint) AS r ON true WHERE"
      " t.token_sha256 = $3::bytea <- joy, 17, \\x00ff",
      WHO "NULL AS how, r.*" TOKENS " LEFT JOIN LATERAL (SELECT " BARE_SHOWN
      BARE_USERS
      "true AND ((lower(r.\"username\") = lower($1::text))) AND r.\"id\" >"
      " $2::uuid) AS r ON true WHERE t.token_sha256 = $3::bytea <- joy,"
      " 00000000-0000-4000-8000-00000000000a, \\x00ff",
      NULL },
    { "list total after=",
      WHO "NULL AS how" TOKENS
      " WHERE t.token_sha256 = $1::bytea <- \\x00ff",
      NULL, NULL },
    { "list:meta.lastModified pr",
      "filter: attribute \"meta.lastModified\" at character 1 is not kept"
      " by this service, so nothing can be found by it",
      "filter: attribute \"meta.lastModified\" at character 1 is not kept"
      " by this service, so nothing can be found by it",
      NULL },
    { "create all",
      WITH_TOKEN ", met AS MATERIALIZED (SELECT 'u' AS how, " EACH LOCKED
      USERS
      "r.\"deleted_at\" IS NULL AND r.\"username_key\" = lower($2::text))"
      " AS x UNION ALL SELECT 'e' AS how, " EACH LOCKED USERS
      "r.\"deleted_at\" IS NULL AND r.\"ext\" = $3::text) AS x UNION ALL"
      " (SELECT 't' AS how, " EACH LOCKED USERS
      "r.\"deleted_at\" IS NOT NULL AND r.\"ext\" = $4::text AND NOT"
      " coalesce((role = 'admin' OR vip), false)"
      " ORDER BY"
      " r.\"deleted_at\" DESC, r.\"id\" DESC LIMIT 1) AS x)), made AS"
      " (INSERT INTO \"crm\".\"users\" AS r (\"org\", \"username\","
      " \"blocked\", \"ext\", \"extra\", \"hash\") SELECT t.tenant::uuid,"
      " $5::character varying, NOT $6::boolean, $7::text, $8::jsonb,"
      " E'it''s \\\\ $1'" NEW_ROW SHOWN ")" EVENT
      "$9::text, $10::text, $11::text, s.id::text, $12::jsonb, $13::text,"
      " 'applied'"
      " FROM t, made AS s) " WHO "x.*" ALL_OR_MET
      " <- \\x00ff, joy, e, e, joy, t, e, {\"title\":\"T\"}, request-1,"
      " patch, User, {\"a\":{\"new\":1}}, 192.0.2.1",
      WITH_TOKEN ", met AS MATERIALIZED (SELECT 'u' AS how, " EACH BARE_LOCKED
      BARE_USERS
      "true AND lower(r.\"username\") = lower($2::text)) AS x), made AS"
      " (INSERT INTO \"crm\".\"users\" AS r (\"org\", \"username\","
      " \"off_at\") SELECT t.tenant::text, $3::character varying, CASE"
      " WHEN $4::boolean THEN NULL ELSE now() END::timestamp with time zone"
      NEW_ROW BARE_SHOWN ")" EVENT
      "$5::text, $6::text, $7::text, s.id::text, $8::jsonb, $9::text,"
      " 'applied' FROM"
      " t, made AS s) " WHO "x.*" ALL_OR_MET
      " <- \\x00ff, joy, joy, t, request-1, patch, User,"
      " {\"a\":{\"new\":1}}, 192.0.2.1",
      WITH_TOKEN ", met AS MATERIALIZED (SELECT 'u' AS how, " EACH LOCKED
      USERS
      "NOT r.\"deleted_at\" AND r.\"username_key\" = lower($2::text)) AS x"
      " UNION ALL SELECT 'e' AS how, " EACH LOCKED USERS
      "NOT r.\"deleted_at\" AND r.\"ext\" = $3::text) AS x UNION ALL"
      " (SELECT 't' AS how, " EACH LOCKED USERS
      "r.\"deleted_at\" AND r.\"ext\" = $4::text AND NOT"
      " coalesce((role = 'admin' OR vip), false)"
      " ORDER BY r.\"deleted_at\""
      " DESC, r.\"id\" DESC LIMIT 1) AS x)), made AS (INSERT INTO"
      " \"crm\".\"users\" AS r (\"org\", \"username\", \"blocked\","
      " \"ext\", \"extra\", \"hash\") SELECT t.tenant::uuid, $5::character"
      " varying, NOT $6::boolean, $7::text, $8::jsonb, E'it''s \\\\ $1'"
      NEW_ROW SHOWN ")" EVENT
      "$9::text, $10::text, $11::text, s.id::text, $12::jsonb, $13::text,"
      " 'applied'"
      " FROM t, made AS s) " WHO "x.*" ALL_OR_MET
      " <- \\x00ff, joy, e, e, joy, t, e, {\"title\":\"T\"}, request-1,"
      " patch, User, {\"a\":{\"new\":1}}, 192.0.2.1" },
    { "create least",
      WITH_TOKEN ", met AS MATERIALIZED (SELECT 'u' AS how, " EACH LOCKED
      USERS
      "r.\"deleted_at\" IS NULL AND r.\"username_key\" = lower($2::text))"
      " AS x UNION ALL SELECT 'e' AS how, " EACH LOCKED USERS
      "r.\"deleted_at\" IS NULL AND r.\"ext\" = $3::text) AS x UNION ALL"
      " (SELECT 't' AS how, " EACH LOCKED USERS
      "r.\"deleted_at\" IS NOT NULL AND r.\"ext\" = $4::text AND NOT"
      " coalesce((role = 'admin' OR vip), false)"
      " ORDER BY"
      " r.\"deleted_at\" DESC, r.\"id\" DESC LIMIT 1) AS x)), made AS"
      " (INSERT INTO \"crm\".\"users\" AS r (\"org\", \"username\","
      " \"extra\", \"hash\", \"ext\") SELECT t.tenant::uuid, $5::character"
      " varying, $6::jsonb, E'it''s \\\\ $1', 'none'" NEW_ROW SHOWN ")" EVENT
      "$7::text, $8::text, $9::text, s.id::text, $10::jsonb, $11::text,"
      " 'applied'"
      " FROM t, made AS s) " WHO "x.*" ALL_OR_MET
      " <- \\x00ff, joy, NULL, NULL, joy, {}, NULL, patch, User,"
      " {\"a\":{\"new\":1}}, 192.0.2.1",
      WITH_TOKEN ", met AS MATERIALIZED (SELECT 'u' AS how, " EACH BARE_LOCKED
      BARE_USERS
      "true AND lower(r.\"username\") = lower($2::text)) AS x), made AS"
      " (INSERT INTO \"crm\".\"users\" AS r (\"org\", \"username\") SELECT"
      " t.tenant::text, $3::character varying" NEW_ROW BARE_SHOWN ")" EVENT
      "$4::text, $5::text, $6::text, s.id::text, $7::jsonb, $8::text,"
      " 'applied' FROM"
      " t, made AS s) " WHO "x.*" ALL_OR_MET
      " <- \\x00ff, joy, joy, NULL, patch, User, {\"a\":{\"new\":1}},"
      " 192.0.2.1",
      NULL },
    { "update",
      WITH_TOKEN
      ", changed AS (UPDATE \"crm\".\"users\" AS r SET \"username\" ="
      " $2::character varying, \"blocked\" = NOT $3::boolean, \"ext\" ="
      " $4::text, \"extra\" = $5::jsonb WHERE"
      " r.\"org\" = (SELECT t.tenant FROM t)::uuid AND"
      " r.\"id\" = $6::bigint AND r.\"deleted_at\" IS"
      " NULL RETURNING " SHOWN ", " VERSION " AS written)" EVENT
      "$7::text, $8::text, $9::text, s.id::text, $10::jsonb, $11::text,"
      " 'applied'"
      " FROM t, changed AS s WHERE s.written <> $12::text) " WHO CHANGED
      " <- \\x00ff, ray, f, NULL, {\"title\":\"U\"}, 17, request-1, patch,"
      " User, {\"a\":{\"new\":1}}, 192.0.2.1, v1",
      WITH_TOKEN
      ", changed AS (UPDATE \"crm\".\"users\" AS r SET \"username\" ="
      " $2::character varying, \"off_at\" = CASE WHEN $3::boolean THEN"
      " NULL ELSE now() END::timestamp with time zone WHERE"
      " r.\"org\" = (SELECT t.tenant FROM t)::text AND"
      " r.\"id\" = $4::uuid AND true"
      " RETURNING " BARE_SHOWN ", " BARE_VERSION " AS written)" EVENT
      "$5::text, $6::text, $7::text, s.id::text, $8::jsonb, $9::text,"
      " 'applied' FROM"
      " t, changed AS s WHERE s.written <> $10::text) " WHO CHANGED
      " <- \\x00ff, ray, f, 00000000-0000-4000-8000-00000000000a,"
      " request-1, patch, User, {\"a\":{\"new\":1}}, 192.0.2.1, v1",
      WITH_TOKEN
      ", changed AS (UPDATE \"crm\".\"users\" AS r SET \"username\" ="
      " $2::character varying, \"blocked\" = NOT $3::boolean, \"ext\" ="
      " $4::text, \"extra\" = $5::jsonb WHERE"
      " r.\"org\" = (SELECT t.tenant FROM t)::uuid AND"
      " r.\"id\" = $6::bigint AND NOT r.\"deleted_at\""
      " RETURNING " SHOWN ", " VERSION " AS written)" EVENT
      "$7::text, $8::text, $9::text, s.id::text, $10::jsonb, $11::text,"
      " 'applied'"
      " FROM t, changed AS s WHERE s.written <> $12::text) " WHO CHANGED
      " <- \\x00ff, ray, f, NULL, {\"title\":\"U\"}, 17, request-1, patch,"
      " User, {\"a\":{\"new\":1}}, 192.0.2.1, v1" },
    { "delete",
      WITH_TOKEN
      ", changed AS (UPDATE \"crm\".\"users\" AS r SET \"blocked\" = NOT"
      " $2::boolean, \"deleted_at\" = now() WHERE"
      " r.\"org\" = (SELECT t.tenant FROM t)::uuid AND"
      " r.\"id\" = $3::bigint AND r.\"deleted_at\" IS"
      " NULL RETURNING " SHOWN ")" EVENT
      "$4::text, $5::text, $6::text, s.id::text, $7::jsonb, $8::text,"
      " 'applied' FROM"
      " t, changed AS s) " WHO CHANGED
      " <- \\x00ff, f, 17, request-1, patch, User, {\"a\":{\"new\":1}},"
      " 192.0.2.1",
      NULL,
      WITH_TOKEN
      ", changed AS (UPDATE \"crm\".\"users\" AS r SET \"blocked\" = NOT"
      " $2::boolean, \"deleted_at\" = true WHERE"
      " r.\"org\" = (SELECT t.tenant FROM t)::uuid AND"
      " r.\"id\" = $3::bigint AND NOT r.\"deleted_at\""
      " RETURNING " SHOWN ")" EVENT
      "$4::text, $5::text, $6::text, s.id::text, $7::jsonb, $8::text,"
      " 'applied' FROM"
      " t, changed AS s) " WHO CHANGED
      " <- \\x00ff, f, 17, request-1, patch, User, {\"a\":{\"new\":1}},"
      " 192.0.2.1" },
    { "delete inactive",
      WITH_TOKEN
      ", changed AS (UPDATE \"crm\".\"users\" AS r SET \"deleted_at\" ="
      " now() WHERE"
      " r.\"org\" = (SELECT t.tenant FROM t)::uuid AND"
      " r.\"id\" ="
      " $2::bigint AND r.\"deleted_at\" IS NULL RETURNING " SHOWN ")" EVENT
      "$3::text, $4::text, $5::text, s.id::text, $6::jsonb, $7::text,"
      " 'applied' FROM"
      " t, changed AS s) " WHO CHANGED
      " <- \\x00ff, 17, request-1, patch, User, {\"a\":{\"new\":1}}, 192.0.2.1",
      NULL,
      WITH_TOKEN
      ", changed AS (UPDATE \"crm\".\"users\" AS r SET \"deleted_at\" ="
      " true WHERE"
      " r.\"org\" = (SELECT t.tenant FROM t)::uuid AND"
      " r.\"id\" ="
      " $2::bigint AND NOT r.\"deleted_at\" RETURNING " SHOWN ")" EVENT
      "$3::text, $4::text, $5::text, s.id::text, $6::jsonb, $7::text,"
      " 'applied' FROM"
      " t, changed AS s) " WHO CHANGED
      " <- \\x00ff, 17, request-1, patch, User, {\"a\":{\"new\":1}},"
      " 192.0.2.1" },
    { "adopt",
      WITH_TOKEN
      ", changed AS (UPDATE \"crm\".\"users\" AS r SET \"blocked\" = NOT"
      " $2::boolean WHERE"
      " r.\"org\" = (SELECT t.tenant FROM t)::uuid AND"
      " r.\"id\" ="
      " $3::bigint AND " VERSION " = $4::text AND NOT"
      " coalesce((role = 'admin' OR vip), false) RETURNING " SHOWN ")" EVENT
      "$5::text, $6::text, $7::text, s.id::text, $8::jsonb, $9::text,"
      " 'applied' FROM"
      " t, changed AS s) " WHO CHANGED
      " <- \\x00ff, t, 17, v1, request-1, patch, User, {\"a\":{\"new\":1}},"
      " 192.0.2.1",
      WITH_TOKEN
      ", changed AS (UPDATE \"crm\".\"users\" AS r SET \"off_at\" = CASE"
      " WHEN $2::boolean THEN NULL ELSE now() END::timestamp with time"
      " zone WHERE"
      " r.\"org\" = (SELECT t.tenant FROM t)::text AND"
      " r.\"id\" ="
      " $3::uuid AND " BARE_VERSION " = $4::text RETURNING " BARE_SHOWN ")"
      EVENT
      "$5::text, $6::text, $7::text, s.id::text, $8::jsonb, $9::text,"
      " 'applied' FROM"
      " t, changed AS s) " WHO CHANGED
      " <- \\x00ff, t, 00000000-0000-4000-8000-00000000000a, v1,"
      " request-1, patch, User, {\"a\":{\"new\":1}}, 192.0.2.1",
      NULL },
    { "revive",
      WITH_TOKEN
      ", changed AS (UPDATE \"crm\".\"users\" AS r SET \"blocked\" = NOT"
      " $2::boolean, \"deleted_at\" = NULL WHERE"
      " r.\"org\" = (SELECT t.tenant FROM t)::uuid AND"
      " r.\"id\" = $3::bigint AND " VERSION
      " = $4::text AND NOT"
      " coalesce((role = 'admin' OR vip), false) RETURNING " SHOWN ")" EVENT
      "$5::text, $6::text, $7::text, s.id::text, $8::jsonb, $9::text,"
      " 'applied' FROM"
      " t, changed AS s) " WHO CHANGED
      " <- \\x00ff, t, 17, v1, request-1, patch, User, {\"a\":{\"new\":1}},"
      " 192.0.2.1",
      NULL,
      WITH_TOKEN
      ", changed AS (UPDATE \"crm\".\"users\" AS r SET \"blocked\" = NOT"
      " $2::boolean, \"deleted_at\" = false WHERE"
      " r.\"org\" = (SELECT t.tenant FROM t)::uuid AND"
      " r.\"id\" = $3::bigint AND " VERSION
      " = $4::text AND NOT"
      " coalesce((role = 'admin' OR vip), false) RETURNING " SHOWN ")" EVENT
      "$5::text, $6::text, $7::text, s.id::text, $8::jsonb, $9::text,"
      " 'applied' FROM"
      " t, changed AS s) " WHO CHANGED
      " <- \\x00ff, t, 17, v1, request-1, patch, User, {\"a\":{\"new\":1}},"
      " 192.0.2.1" }
};

static void check(const char *name, const char *which, const char *got,
                  const char *want)
{
    if (want) {
        is_str(got, want, "%s: %s", name, which);
    }
}

/* The text depends on the form of a request alone, so that it is prepared
 * once. */
static void test_same_text(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    static const char *const filters[] = {
        "userName eq \"a\"", "userName eq \"it's \\\\ $1 ?\""
    };
    static const char *const bodies[] = {
        "{\"userName\":\"a\",\"title\":\"T\"}",
        "{\"userName\":\"it's \\\\ $1\",\"title\":\"'\"}"
    };
    const scim_change_t other = { "put", "{}" };
    const scim_asker_t somebody = { "\\x01", NULL };
    scim_sql_t sql[2];
    int i;

    for (i = 0; i < 2; i++) {
        scim_order_t order;
        scim_page_t page = { NULL, &order, NULL, i ? 7 : 8, i ? 9 : 10, 1 };

        scim_order_make(&order, mapping, &facts, "title", 0, pool);
        scim_sql_init(&sql[i], pool);
        ok(!scim_filter_parse(&page.filter, filters[i], mapping->type, pool)
           && !scim_sql_list(&sql[i], mapping, &facts, i ? &somebody : &asker,
                             &page), "a list");
    }
    is_str(sql[1].text.data, sql[0].text.data, "the same text of a list");
    for (i = 0; i < 2; i++) {
        scim_sql_init(&sql[i], pool);
        scim_sql_create(&sql[i], mapping, &facts, i ? &somebody : &asker,
                        state(mapping, bodies[i], pool),
                        i ? &other : &change);
    }
    is_str(sql[1].text.data, sql[0].text.data, "the same text of a create");
    for (i = 0; i < 2; i++) {
        scim_sql_init(&sql[i], pool);
        scim_sql_update(&sql[i], mapping, &facts, i ? &somebody : &asker,
                        i ? "8" : "9", state(mapping, "{\"userName\":\"x\"}",
                                             pool),
                        state(mapping, bodies[i], pool), SCIM_UPDATE_LIVE,
                        i ? "v1" : "v2", i ? &other : &change);
    }
    is_str(sql[1].text.data, sql[0].text.data, "the same text of an update");
}

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

/* With a guard: the statements that deactivate an active account, and no
 * others, count it. */
static void test_guard(scim_mapping_t *full, scim_mapping_t *bare,
                       apr_pool_t *pool)
{
    static const scim_guard_t guard = { 20, 10, 3600 };
    static const char counted[] =
        ", (SELECT scim.guard_count(t.tenant, CASE WHEN"
        " scim.guard_begins(t.tenant, 3600) THEN (SELECT count(*)" USERS
        "r.\"deleted_at\" IS NULL AND coalesce(NOT r.\"blocked\", false))"
        " END, 20, 10, 3600) FROM t) AS counted)" EVENT;
    static const char *const active[] = { "update", "delete" };
    static const char *const others[] = {
        "token", "get", "get and lock", "list", "create all",
        "delete inactive", "adopt", "revive"
    };
    size_t i;

    full->guard = &guard;
    for (i = 0; i < COUNT(active); i++) {
        ok(strstr(statement(active[i], full, &facts, pool), counted) != NULL,
           "%s of an active account is counted", active[i]);
    }
    for (i = 0; i < COUNT(others); i++) {
        ok(strstr(statement(others[i], full, &facts, pool), "guard") == NULL,
           "%s is not", others[i]);
    }
    full->guard = NULL;
    bare->guard = &guard;
    ok(strstr(statement("update", bare, &bare_facts, pool),
              "(SELECT count(*)" BARE_USERS "true AND"
              " coalesce(r.\"off_at\" IS NULL, false)) END, 20") != NULL,
       "an active account is one that the column says is");
    bare->guard = NULL;
}

int main(void)
{
    scim_mapping_t *full, *bare;
    apr_pool_t *pool;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    full = make_mapping(0, pool);
    bare = make_mapping(1, pool);
    for (i = 0; i < COUNT(rows); i++) {
        const char *name = rows[i].name;

        check(name, "the full mapping", statement(name, full, &facts, pool),
              rows[i].full);
        check(name, "the bare mapping", statement(name, bare, &bare_facts,
                                                  pool), rows[i].bare);
        check(name, "a flag as tombstone", statement(name, full, &flag_facts,
                                                     pool), rows[i].flag);
    }
    test_same_text(full, pool);
    test_pieces(pool);
    test_guard(full, bare, pool);
    apr_terminate();
    return done_testing();
}
