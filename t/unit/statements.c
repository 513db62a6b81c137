/* The statements, to the letter, and their parameters in order. Those of lists
 * are in sql_list.c. */
#include "t/unit/document.h"
#include "t/unit/statements.h"

#include <apr_general.h>

static const scim_asker_t nameless = { "\\x00ff", NULL, "192.0.2.1" };
static const scim_change_t change = { "patch", "{\"a\":{\"new\":1}}" };

static scim_state_t *state(const scim_mapping_t *mapping, const char *text,
                           apr_pool_t *pool)
{
    return scim_row_split(mapping, json(text, pool), pool);
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
    return shown(&sql, pool);
}

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
#define BARE_LOCKED \
    "r.\"id\" AS id, false AS protected, md5(ROW(r.\"username\"," \
    " r.\"off_at\")::text) AS version, NULL AS extra, r.\"username\" AS" \
    " v0, coalesce(r.\"off_at\" IS NULL, false) AS v1"
#define VERSION \
    "md5(ROW(r.\"deleted_at\", r.\"extra\", r.\"username\", r.\"blocked\"," \
    " r.\"ext\")::text)"
#define BARE_VERSION \
    "md5(ROW(r.\"username\", r.\"off_at\")::text)"
#define NEW_ROW \
    " FROM t WHERE NOT EXISTS (SELECT FROM met) RETURNING "
#define ALL_OR_MET \
    " FROM t LEFT JOIN (SELECT 'i' AS how, made.* FROM made UNION ALL" \
    " SELECT met.* FROM met) AS x ON true"
#define CHANGED \
    "NULL AS how, changed.* FROM t LEFT JOIN changed ON true"

static const statement_t rows[] = {
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
        "token", "get", "get and lock", "create all",
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

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_statements(rows, COUNT(rows), statement, pool);
    full = make_mapping(0, pool);
    bare = make_mapping(1, pool);
    test_same_text(full, pool);
    test_guard(full, bare, pool);
    apr_terminate();
    return done_testing();
}
