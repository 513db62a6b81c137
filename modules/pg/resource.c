#include "pg/resource.h"

#include <apr_strings.h>

#include <string.h>

#include "pg/cursor_keys.h"
#include "store/related.h"

static const char *value_at(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL
                                            : PQgetvalue(result, row, column);
}

/* Where the columns stand that not every answer has; -1: nowhere. */
typedef struct some_columns_t {
    int counter;
    int related;
    int sort;
} some_columns_t;

/* They stand behind the values. PQfnumber() would walk through all, and fold
 * case. */
static int find_column(const PGresult *result, const scim_mapping_t *mapping,
                       const char *name)
{
    int count = PQnfields(result);
    int i = SCIM_SQL_VALUES + mapping->columns->nelts;

    while (i < count && strcmp(PQfname(result, i), name) != 0) {
        i++;
    }
    return i < count ? i : -1;
}

static const char *value_if(const PGresult *result, int row, int column)
{
    return column < 0 ? NULL : value_at(result, row, column);
}

static void read_row(scim_found_t *found, const PGresult *result, int row,
                     const some_columns_t *some,
                     const scim_mapping_t *mapping, apr_pool_t *pool)
{
    const char *how = value_at(result, row, SCIM_SQL_HOW);
    const char **values;
    int i, count = mapping->columns->nelts;

    values = apr_palloc(pool, count * sizeof(*values));
    for (i = 0; i < count; i++) {
        values[i] = value_at(result, row, SCIM_SQL_VALUES + i);
    }
    found->row.id = value_at(result, row, SCIM_SQL_ID);
    found->row.values = values;
    found->row.extra = value_at(result, row, SCIM_SQL_EXTRA);
    found->row.is_protected =
        *PQgetvalue(result, row, SCIM_SQL_PROTECTED) == 't';
    found->row.counter = value_if(result, row, some->counter);
    found->row.related = value_if(result, row, some->related);
    found->how = how ? *how : 0;
    found->version = value_at(result, row, SCIM_SQL_VERSION);
    found->sort = value_if(result, row, some->sort);
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
        some_columns_t some = {
            find_column(result, mapping, SCIM_SQL_COUNTER),
            find_column(result, mapping, SCIM_SQL_RELATED),
            find_column(result, mapping, SCIM_SQL_SORT)
        };

        answer->found = apr_palloc(pool, rows * sizeof(scim_found_t));
        for (i = 0; i < rows; i++) {
            if (!PQgetisnull(result, i, SCIM_SQL_ID)) {
                read_row(&answer->found[answer->count++], result, i, &some,
                         mapping, pool);
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

static void read_looked(apr_array_header_t *looked, const PGresult *result)
{
    int i;

    for (i = 0; i < PQntuples(result); i++) {
        scim_looked_t *one;

        if (PQgetisnull(result, i, SCIM_LOOK_ID)) {
            continue;
        }
        one = apr_array_push(looked);
        one->id = PQgetvalue(result, i, SCIM_LOOK_ID);
        one->is_member = *PQgetvalue(result, i, SCIM_LOOK_IS_MEMBER) == 't';
        one->display = value_at(result, i, SCIM_LOOK_DISPLAY);
    }
}

scim_err_t *scim_pg_ask_group(scim_answer_t *answer,
                              apr_array_header_t **plooked, scim_conn_t *conn,
                              const scim_sql_t *sql, const scim_sql_t *look,
                              scim_ask_t ask, const scim_mapping_t *mapping,
                              apr_pool_t *pool)
{
    int first = ask == SCIM_ASK_BEGIN;
    PGresult **results;

    if (first) {
        scim_conn_queue_text(conn, "BEGIN");
    }
    scim_conn_queue(conn, sql);
    if (look) {
        /* a statement of its own, so that it sees what was committed while
         * the first one waited for the lock */
        scim_conn_queue(conn, look);
    }
    SCIM_TRY(scim_conn_turn(&results, conn, pool));
    read_answer(answer, results[first], mapping, pool);
    *plooked = apr_array_make(pool, 8, sizeof(scim_looked_t));
    if (look) {
        read_looked(*plooked, results[first + 1]);
    }
    return NULL;
}

scim_err_t *scim_pg_change_group(scim_answer_t *answer, scim_conn_t *conn,
                                 const scim_sql_t *change,
                                 const scim_sql_t *get, scim_ask_t ask,
                                 const scim_mapping_t *mapping,
                                 apr_pool_t *pool)
{
    PGresult **results;

    if (change) {
        scim_conn_queue(conn, change);
    }
    scim_conn_queue(conn, get);
    if (ask == SCIM_ASK_COMMIT) {
        scim_conn_queue_text(conn, "COMMIT");
    }
    SCIM_TRY(scim_conn_turn(&results, conn, pool));
    read_answer(answer, results[change != NULL], mapping, pool);
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
