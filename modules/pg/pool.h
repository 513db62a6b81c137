/* pool.h - the connections of one child process to one database.
 *
 * Made in child_init. Only closed connections are made under its lock: opening
 * happens in the conversation that needs it, where a slow server holds up
 * nobody else. Not APR's resource list: that one aborts when a child of the
 * prefork MPM is told to end in the middle of a request.
 *
 * Whoever changes something may have to wait for a lock that the application
 * holds, and keeps a connection meanwhile. So one change of one thing has a
 * connection at a time, and all changes together leave one to those that only
 * read (unless there is but one).
 *
 * A connection whose statement was abandoned counts as busy until the server
 * has noticed, so that it never works for more of them than configured.
 */
#ifndef SCIM_PG_POOL_H
#define SCIM_PG_POOL_H

#include "pg/completions.h"
#include "pg/conn.h"

typedef struct scim_pool_t scim_pool_t;

typedef struct scim_pool_config_t {
    const char *conninfo;
    int max;                        /* connections of this child */
    int children;                   /* for the comparison in the log */
    apr_interval_time_t acquire_timeout;
    apr_interval_time_t timeout;    /* the longest conversation */
    scim_tally_t *tally;            /* where it is counted */
    scim_tally_child_t *child;      /* of this child, likewise */
} scim_pool_config_t;

/** Make the pool in child_init; @a config is borrowed. */
apr_status_t scim_pool_make_child_init(scim_pool_t **ppool,
                                       const scim_pool_config_t *config,
                                       apr_pool_t *pool);

/**
 * Take a connection and begin a conversation.
 *
 * Waits at most the acquire timeout, and never beyond the deadline, when all
 * are busy. Give it back with scim_pool_release() on the same thread, also
 * after an error of its turns.
 *
 * @param pconn    set on success
 * @param change   what the conversation is going to change, "" for something
 *                 new, NULL for nothing; borrowed until the release
 * @param deadline of the conversation
 * @param pool     for errors; nothing of the connection lives there
 * @return NULL, or SCIM_ERR_UNAVAILABLE
 *
 * Thread-safe.
 */
scim_err_t *scim_pool_acquire(scim_conn_t **pconn, scim_pool_t *connections,
                              const char *change, apr_time_t deadline,
                              apr_pool_t *pool);

/** What the mappings of this child have become with what its connections have
 * proven. */
scim_completions_t *scim_pool_completions(scim_pool_t *connections);

/** How long a conversation may take, and when one that begins now has to be
 * over. */
apr_interval_time_t scim_pool_timeout(const scim_pool_t *connections);
apr_time_t scim_pool_deadline(const scim_pool_t *connections);

/** End the conversation and give the connection back. Thread-safe. */
void scim_pool_release(scim_pool_t *connections, scim_conn_t *conn,
                       apr_pool_t *pool);

#endif
