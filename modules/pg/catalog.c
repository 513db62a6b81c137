#include "pg/catalog.h"

#include <apr_strings.h>

#include <stdlib.h>

static const char sql_schemas[] =
    "SELECT nspname, current_user FROM pg_catalog.pg_namespace "
    "WHERE nspname IN ('scim', $1) "
    "AND NOT has_schema_privilege(oid, 'USAGE')";

/* whether rows can be inserted and updated, by triggers of a view as well */
static const char sql_relation[] =
    "SELECT c.relkind, current_user, "
    "pg_catalog.pg_relation_is_updatable(c.oid, true) & 12 = 12 "
    "FROM pg_catalog.pg_class AS c WHERE c.oid = to_regclass($1)";

static const char sql_columns[] =
    "SELECT a.attname, "
    "pg_catalog.format_type(b.oid, NULL), b.typcategory, "
    "CASE WHEN b.typname IN ('varchar', 'bpchar') "
    "THEN greatest(m.modifier - 4, 0) ELSE 0 END, "
    "a.attnotnull, a.atthasdef OR a.attidentity <> '', "
    "CASE WHEN a.attgenerated <> '' THEN "
    "pg_catalog.pg_get_expr(g.adbin, g.adrelid) ELSE '' END, "
    "has_column_privilege(a.attrelid, a.attnum, 'SELECT'), "
    "has_column_privilege(a.attrelid, a.attnum, 'INSERT'), "
    "has_column_privilege(a.attrelid, a.attnum, 'UPDATE'), "
    /* by which locale, 'd' meaning the database's, and whether that goes by
     * code points; what has none is no text */
    "coalesce(CASE l.collprovider WHEN 'd' "
    "THEN d.datlocprovider = 'b' OR d.datlocprovider = 'c' "
    "AND d.datcollate ~ '^(C|POSIX)([.]|$)' "
    "ELSE l.collprovider = 'b' OR l.collprovider = 'c' "
    "AND l.collcollate ~ '^(C|POSIX)([.]|$)' END, true), "
    /* an identity column draws without rights, a serial does not */
    "coalesce((SELECT pg_catalog.format('%I.%I', n.nspname, s.relname) "
    "FROM pg_catalog.pg_depend AS u "
    "JOIN pg_catalog.pg_class AS s ON s.oid = u.refobjid "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = s.relnamespace "
    "WHERE u.classid = 'pg_catalog.pg_attrdef'::regclass "
    "AND u.objid = g.oid AND u.refclassid = 'pg_catalog.pg_class'::regclass "
    "AND CASE s.relkind WHEN 'S' "
    "THEN NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') END LIMIT 1), "
    "''), "
    /* eleven bits of a numeric's modifier, the highest its sign */
    "CASE WHEN m.modifier < 0 THEN NULL "
    "WHEN b.typname = 'numeric' "
    "THEN ((m.modifier - 4) & 2047 # 1024) - 1024 "
    "WHEN b.typname = 'timestamptz' THEN m.modifier END "
    "FROM pg_catalog.pg_attribute AS a "
    "JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid "
    "JOIN pg_catalog.pg_type AS b ON b.oid = "
    "CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END "
    "CROSS JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typtypmod "
    "ELSE a.atttypmod END AS modifier) AS m "
    "LEFT JOIN pg_catalog.pg_attrdef AS g ON g.adrelid = a.attrelid "
    "AND g.adnum = a.attnum "
    "JOIN pg_catalog.pg_database AS d ON d.datname = current_database() "
    "LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation "
    "WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 "
    "AND NOT a.attisdropped";

static const char sql_indexes[] =
    "SELECT c.relname, i.indisunique, "
    "coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), ''), k.n, "
    "pg_catalog.pg_get_indexdef(i.indexrelid, k.n, true) "
    "FROM pg_catalog.pg_index AS i "
    "JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid "
    "CROSS JOIN LATERAL pg_catalog.generate_series(1, i.indnkeyatts) AS k(n) "
    "WHERE i.indrelid = to_regclass($1) AND i.indisvalid "
    "ORDER BY c.relname, k.n";

static const char sql_checks[] =
    "SELECT c.conname, a.attname FROM pg_catalog.pg_constraint AS c "
    "JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid "
    "AND a.attnum = ANY (c.conkey) "
    "WHERE c.conrelid = to_regclass($1) AND c.contype = 'c'";

static const char sql_contract[] =
    "SELECT "
    "(SELECT count(*) FROM pg_catalog.pg_attribute WHERE attrelid = "
    "to_regclass($1) AND (attname, atttypid::regtype::text) IN "
    "(('token_sha256', 'bytea'), ('token_id', 'text'), ('tenant', 'text'), "
    "('actor', 'text'))) = 4, "
    "coalesce(has_table_privilege(to_regclass($1), 'SELECT'), false), "
    "to_regclass('scim.events') IS NOT NULL, "
    "(SELECT bool_and(has_column_privilege(attrelid, attnum, 'INSERT')) "
    "FROM pg_catalog.pg_attribute WHERE attrelid = "
    "to_regclass('scim.events') AND attname IN ('tenant', 'actor', "
    "'token_id', 'request_id', 'client', 'operation', 'resource_type', "
    "'resource_id', 'changes', 'outcome', 'status', 'scim_type', "
    "'reason')), "
    "to_regprocedure('scim.version()') IS NOT NULL, "
    "coalesce(has_function_privilege(to_regprocedure('scim.version()'), "
    "'EXECUTE'), false), "
    "to_regclass('scim.cursor_keys') IS NOT NULL, "
    "coalesce(has_table_privilege(to_regclass('scim.cursor_keys'), "
    "'SELECT'), false), "
    "(SELECT count(*) FROM pg_catalog.pg_proc WHERE pronamespace = "
    "to_regnamespace('scim') AND proname IN ('guard_begins', 'guard_count') "
    "AND has_function_privilege(oid, 'EXECUTE')) = 2, "
    /* policies, and views */
    "EXISTS (SELECT FROM pg_catalog.pg_depend WHERE classid IN ("
    "'pg_catalog.pg_policy'::regclass, 'pg_catalog.pg_rewrite'::regclass) "
    "AND refclassid = "
    "'pg_catalog.pg_proc'::regclass AND refobjid = "
    "to_regprocedure('scim.tenant()'))";

static int is_true(const PGresult *result, int row, int column)
{
    return *PQgetvalue(result, row, column) == 't';
}

static const char *text(const PGresult *result, int row, int column,
                        apr_pool_t *pool)
{
    return apr_pstrdup(pool, PQgetvalue(result, row, column));
}

static void queue(scim_conn_t *conn, const char *text, const char *param,
                  apr_pool_t *pool)
{
    scim_sql_t sql;

    scim_sql_init(&sql, pool);
    scim_buf_puts(&sql.text, text);
    APR_ARRAY_PUSH(sql.params, const char *) = param;
    scim_conn_queue(conn, &sql);
}

scim_err_t *scim_catalog_read_closed(apr_array_header_t **pschemas,
                                     const char **prole, scim_conn_t *conn,
                                     const scim_mapping_t *mapping,
                                     apr_pool_t *pool)
{
    apr_array_header_t *schemas = apr_array_make(pool, 2, sizeof(char *));
    PGresult **results;
    int i;

    queue(conn, sql_schemas, mapping->table_schema, pool);
    SCIM_TRY(scim_conn_turn(&results, conn, pool));
    for (i = 0; i < PQntuples(results[0]); i++) {
        APR_ARRAY_PUSH(schemas, const char *) = text(results[0], i, 0, pool);
        *prole = text(results[0], i, 1, pool);
    }
    *pschemas = schemas;
    return NULL;
}

static void read_columns(scim_catalog_t *catalog, const PGresult *result,
                         apr_pool_t *pool)
{
    int i;

    catalog->columns = apr_hash_make(pool);
    for (i = 0; i < PQntuples(result); i++) {
        scim_catalog_column_t *column = apr_palloc(pool, sizeof(*column));

        column->name = text(result, i, 0, pool);
        column->type = text(result, i, 1, pool);
        column->category = *PQgetvalue(result, i, 2);
        column->length = atoi(PQgetvalue(result, i, 3));
        column->is_not_null = is_true(result, i, 4);
        column->is_filled = is_true(result, i, 5);
        column->generation = text(result, i, 6, pool);
        column->can_select = is_true(result, i, 7);
        column->can_insert = is_true(result, i, 8);
        column->can_update = is_true(result, i, 9);
        column->is_by_code_point = is_true(result, i, 10);
        column->closed_sequence = text(result, i, 11, pool);
        column->scale = PQgetisnull(result, i, 12)
                      ? SCIM_UNSCALED : atoi(PQgetvalue(result, i, 12));
        apr_hash_set(catalog->columns, column->name, APR_HASH_KEY_STRING,
                     column);
    }
}

static void read_indexes(scim_catalog_t *catalog, const PGresult *result,
                         apr_pool_t *pool)
{
    scim_catalog_index_t *index = NULL;
    int i;

    catalog->indexes = apr_array_make(pool, 8, sizeof(*index));
    for (i = 0; i < PQntuples(result); i++) {
        if (atoi(PQgetvalue(result, i, 3)) == 1) {
            index = apr_array_push(catalog->indexes);
            index->name = text(result, i, 0, pool);
            index->is_unique = is_true(result, i, 1);
            index->predicate = text(result, i, 2, pool);
            index->keys = apr_array_make(pool, 4, sizeof(char *));
        }
        APR_ARRAY_PUSH(index->keys, const char *) = text(result, i, 4, pool);
    }
}

static void read_checks(scim_catalog_t *catalog, const PGresult *result,
                        apr_pool_t *pool)
{
    int i;

    catalog->checks = apr_array_make(pool, 4, sizeof(scim_catalog_check_t));
    for (i = 0; i < PQntuples(result); i++) {
        scim_catalog_check_t *check = apr_array_push(catalog->checks);

        check->name = text(result, i, 0, pool);
        check->column = text(result, i, 1, pool);
    }
}

static void read_contract(scim_catalog_t *catalog, const PGresult *result)
{
    catalog->tokens_fit = is_true(result, 0, 0);
    catalog->can_select_tokens = is_true(result, 0, 1);
    catalog->has_events = is_true(result, 0, 2);
    catalog->can_insert_events = is_true(result, 0, 3);
    catalog->has_version = is_true(result, 0, 4);
    catalog->can_call_version = is_true(result, 0, 5);
    catalog->has_cursor_keys = is_true(result, 0, 6);
    catalog->can_select_cursor_keys = is_true(result, 0, 7);
    catalog->can_call_guard = is_true(result, 0, 8);
    catalog->has_policy = is_true(result, 0, 9);
}

scim_err_t *scim_catalog_read(scim_catalog_t **pcatalog, scim_conn_t *conn,
                              const scim_mapping_t *mapping,
                              apr_pool_t *pool)
{
    scim_catalog_t *catalog = apr_pcalloc(pool, sizeof(*catalog));
    PGresult **results;

    queue(conn, sql_relation, mapping->table, pool);
    queue(conn, sql_columns, mapping->table, pool);
    queue(conn, sql_indexes, mapping->table, pool);
    queue(conn, sql_checks, mapping->table, pool);
    queue(conn, sql_contract, mapping->tokens, pool);
    SCIM_TRY(scim_conn_turn(&results, conn, pool));
    *pcatalog = catalog;
    if (PQntuples(results[0]) == 0) {
        return NULL;
    }
    catalog->exists = 1;
    catalog->is_view = *PQgetvalue(results[0], 0, 0) == 'v';
    catalog->role = text(results[0], 0, 1, pool);
    catalog->is_writable = is_true(results[0], 0, 2);
    read_columns(catalog, results[1], pool);
    read_indexes(catalog, results[2], pool);
    read_checks(catalog, results[3], pool);
    read_contract(catalog, results[4]);
    return NULL;
}
