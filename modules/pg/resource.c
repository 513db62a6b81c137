#include "pg/resource.h"

#include <apr_strings.h>

#include <string.h>

#include "pg/cursor_keys.h"

static const char *value_at(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL
                                            : PQgetvalue(result, row, column);
}

static void read_row(scim_found_t *found, const PGresult *result, int row,
                     const scim_mapping_t *mapping, apr_pool_t *pool)
{
    const char *how = value_at(result, row, SCIM_SQL_HOW);
    const char **values;
    int i, count = mapping->columns->nelts;
    int sort = PQfnumber(result, SCIM_SQL_SORT);

    values = apr_palloc(pool, count * sizeof(*values));
    for (i = 0; i < count; i++) {
        values[i] = value_at(result, row, SCIM_SQL_VALUES + i);
    }
    found->row.id = value_at(result, row, SCIM_SQL_ID);
    found->row.values = values;
    found->row.extra = value_at(result, row, SCIM_SQL_EXTRA);
    found->row.is_protected =
        *PQgetvalue(result, row, SCIM_SQL_PROTECTED) == 't';
    found->how = how ? *how : 0;
    found->version = value_at(result, row, SCIM_SQL_VERSION);
    found->sort = sort < 0 ? NULL : value_at(result, row, sort);
}

static void read_answer(scim_answer_t *answer, const PGresult *result,
                        const scim_mapping_t *mapping, apr_pool_t *pool)
{
    int rows = PQntuples(result), i;
    const char *total;

    memset(answer, 0, sizeof(*answer));
    if (!rows) {
        return;
    }
    answer->token_id = value_at(result, 0, SCIM_SQL_TOKEN_ID);
    answer->tenant = value_at(result, 0, SCIM_SQL_TENANT);
    answer->actor = value_at(result, 0, SCIM_SQL_ACTOR);
    if (PQnfields(result) <= SCIM_SQL_HOW) {
        return;
    }
    if (PQnfields(result) > SCIM_SQL_ID) {
        answer->found = apr_palloc(pool, rows * sizeof(scim_found_t));
        for (i = 0; i < rows; i++) {
            if (!PQgetisnull(result, i, SCIM_SQL_ID)) {
                read_row(&answer->found[answer->count++], result, i, mapping,
                         pool);
            }
        }
    }
    total = value_at(result, 0, SCIM_SQL_HOW);
    answer->total = total ? apr_atoi64(total) : answer->count;
}

scim_err_t *scim_pg_ask(scim_answer_t *answer, scim_conn_t *conn,
                        const scim_sql_t *sql, scim_ask_t ask,
                        const scim_mapping_t *mapping, apr_pool_t *pool)
{
    PGresult **results;

    if (ask == SCIM_ASK_BEGIN) {
        scim_conn_queue_text(conn, "BEGIN");
    }
    scim_conn_queue(conn, sql);
    if (ask == SCIM_ASK_COMMIT) {
        scim_conn_queue_text(conn, "COMMIT");
    }
    if (ask == SCIM_ASK_KEYS) {
        scim_cursor_keys_queue(conn);
    }
    SCIM_TRY(scim_conn_turn(&results, conn, pool));
    read_answer(answer, results[ask == SCIM_ASK_BEGIN], mapping, pool);
    if (ask == SCIM_ASK_KEYS) {
        scim_cursor_keys_take(conn, results[1]);
    }
    return NULL;
}

scim_err_t *scim_pg_begin(scim_conn_t *conn, apr_pool_t *pool)
{
    PGresult **results;

    scim_conn_queue_text(conn, "BEGIN");
    return scim_conn_turn(&results, conn, pool);
}

/* Where a statement has failed, the server answers COMMIT by rolling back,
 * and calls that no error. */
scim_err_t *scim_pg_commit(scim_conn_t *conn, apr_pool_t *pool)
{
    PGresult **results;

    scim_conn_queue_text(conn, "COMMIT");
    SCIM_TRY(scim_conn_turn(&results, conn, pool));
    return strcmp(PQcmdStatus(results[0]), "COMMIT") == 0 ? NULL
         : scim_err_make(SCIM_ERR_INTERNAL, pool,
                         "the database undid the change");
}
