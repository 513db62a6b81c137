/* table.h - any statement and its answer, as texts; for tools. */
#ifndef SCIM_PG_TABLE_H
#define SCIM_PG_TABLE_H

#include "pg/conn.h"

typedef struct scim_table_t {
    int nrows;
    int ncolumns;
    const char *const *names;   /* of the columns */
    const char *const *values;  /* row by row; NULL: SQL NULL */
} scim_table_t;

/**
 * Run one statement in a conversation of its own.
 *
 * @param table   filled on success; all texts live in @a pool
 * @param timeout of the conversation
 * @param params  @a nparams of them; their types are the statement's to say
 * @return NULL or the error of the statement; SCIM_ERR_UNAVAILABLE when the
 *         database could not be reached
 */
scim_err_t *scim_pg_table(scim_table_t *table, scim_conn_t *conn,
                          apr_interval_time_t timeout, const char *text,
                          int nparams, const char *const *params,
                          apr_pool_t *pool);

/** A value of a table; NULL: SQL NULL. */
static inline const char *scim_table_value(const scim_table_t *table, int row,
                                           int column)
{
    return table->values[row * table->ncolumns + column];
}

#endif
