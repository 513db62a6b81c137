#include "pg/table.h"

#include <apr_strings.h>

static void read_table(scim_table_t *table, const PGresult *result,
                       apr_pool_t *pool)
{
    int rows = PQntuples(result), columns = PQnfields(result), i, j;
    const char **names = apr_palloc(pool, (columns + 1) * sizeof(*names));
    const char **values = apr_palloc(pool, ((apr_size_t)rows * columns + 1)
                                           * sizeof(*values));

    for (j = 0; j < columns; j++) {
        names[j] = apr_pstrdup(pool, PQfname(result, j));
        for (i = 0; i < rows; i++) {
            values[i * columns + j] = PQgetisnull(result, i, j) ? NULL
                : apr_pstrdup(pool, PQgetvalue(result, i, j));
        }
    }
    table->nrows = rows;
    table->ncolumns = columns;
    table->names = names;
    table->values = values;
}

scim_err_t *scim_pg_table(scim_table_t *table, scim_conn_t *conn,
                          apr_interval_time_t timeout, const char *text,
                          int nparams, const char *const *params,
                          apr_pool_t *pool)
{
    scim_sql_t sql;
    PGresult **results;
    scim_err_t *err;
    int i;

    SCIM_TRY(scim_conn_begin(conn, apr_time_now() + timeout, pool));
    scim_sql_init(&sql, pool);
    scim_buf_puts(&sql.text, text);
    for (i = 0; i < nparams; i++) {
        APR_ARRAY_PUSH(sql.params, const char *) = params[i];
    }
    scim_conn_queue(conn, &sql);
    err = scim_conn_turn(&results, conn, pool);
    if (!err) {
        read_table(table, results[0], pool);
    }
    scim_conn_end(conn, pool);
    return err;
}
