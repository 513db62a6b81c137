/* resource.h - the statements of store/sql.h, carried out.
 */
#ifndef SCIM_PG_RESOURCE_H
#define SCIM_PG_RESOURCE_H

#include "pg/conn.h"
#include "store/sql.h"

/* One resource in an answer. */
typedef struct scim_found_t {
    scim_row_t row;
    char how;               /* see SCIM_SQL_HOW; 0: none */
    const char *version;    /* see SCIM_SQL_VERSION; NULL: not asked for */
    const char *sort;       /* see SCIM_SQL_SORT; NULL: no value, not sorted */
} scim_found_t;

/* What a statement answered. All texts live in the pool of the request. */
typedef struct scim_answer_t {
    const char *token_id;   /* NULL: the token is not valid, and the rest is
                             * empty */
    const char *tenant;
    const char *actor;
    apr_int64_t total;      /* of a list */
    int count;
    scim_found_t *found;
} scim_answer_t;

typedef enum {
    SCIM_ASK_ALONE,         /* a transaction of its own */
    SCIM_ASK_BEGIN,         /* the first statement of a transaction */
    SCIM_ASK_COMMIT,        /* the last */
    SCIM_ASK_KEYS           /* a transaction of its own, and beside it the
                             * keys of cursors (pg/cursor_keys.h) */
} scim_ask_t;

/**
 * Run one statement in one turn.
 *
 * @param mapping whose columns the answer has, if it has more than the token
 * @param answer  filled on success
 */
scim_err_t *scim_pg_ask(scim_answer_t *answer, scim_conn_t *conn,
                        const scim_sql_t *sql, scim_ask_t ask,
                        const scim_mapping_t *mapping, apr_pool_t *pool);

/* A user that was asked about. */
typedef struct scim_looked_t {
    const char *id;
    int is_member;
    const char *display;    /* NULL: no name */
} scim_looked_t;

/**
 * Run two statements in one turn: one about a group, and one about users.
 *
 * @param answer  filled with what @a sql answers
 * @param plooked set to what @a look answers, of scim_looked_t
 * @param look    scim_related_look(), or NULL: nobody is asked about
 * @param ask     SCIM_ASK_BEGIN, or SCIM_ASK_ALONE within a transaction
 */
scim_err_t *scim_pg_ask_group(scim_answer_t *answer,
                              apr_array_header_t **plooked, scim_conn_t *conn,
                              const scim_sql_t *sql, const scim_sql_t *look,
                              scim_ask_t ask, const scim_mapping_t *mapping,
                              apr_pool_t *pool);

/**
 * Change a group and read it as the triggers have left it, in one turn.
 *
 * @param answer filled with what @a get answers
 * @param change NULL: nothing is to be changed
 * @param ask    SCIM_ASK_COMMIT, or SCIM_ASK_ALONE within a transaction
 */
scim_err_t *scim_pg_change_group(scim_answer_t *answer, scim_conn_t *conn,
                                 const scim_sql_t *change,
                                 const scim_sql_t *get, scim_ask_t ask,
                                 const scim_mapping_t *mapping,
                                 apr_pool_t *pool);

/** Begin a transaction in which what follows is done with SCIM_ASK_ALONE. */
scim_err_t *scim_pg_begin(scim_conn_t *conn, apr_pool_t *pool);

/** End it. @return NULL only when all of it is committed */
scim_err_t *scim_pg_commit(scim_conn_t *conn, apr_pool_t *pool);

#endif
