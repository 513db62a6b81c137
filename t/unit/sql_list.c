/* The statements of lists, to the letter, and their parameters in order. */
#include "t/unit/statements.h"

#include <apr_general.h>

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

static const char *statement(const char *name, const scim_mapping_t *mapping,
                             const scim_facts_t *known, apr_pool_t *pool)
{
    const char *id = strcmp(known->key_type, "uuid") == 0
                   ? "00000000-0000-4000-8000-00000000000a" : "17";
    scim_err_t *err;
    scim_sql_t sql;

    scim_sql_init(&sql, pool);
    err = list(&sql, name, mapping, known, id, pool);
    return err ? err->detail : shown(&sql, pool);
}

static const statement_t rows[] = {
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
      NULL }
};

int main(void)
{
    static const scim_guard_t guard = { 20, 10, 3600 };
    scim_mapping_t *full;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_statements(rows, COUNT(rows), statement, pool);
    full = make_mapping(0, pool);
    full->guard = &guard;
    ok(strstr(statement("list", full, &facts, pool), "guard") == NULL,
       "list is not counted by a guard");
    apr_terminate();
    return done_testing();
}
