/* conn.h - one connection to PostgreSQL and the conversations over it.
 *
 * A conversation is a few turns: statements are queued, then one turn sends
 * them in libpq's pipeline mode and waits for all answers. Statements are
 * prepared the first time their text is met and found again by it.
 *
 * Every wait has the conversation's deadline. When it passes, the socket is
 * closed: PQcancel would open another connection, and against a server that
 * does not answer that one would wait too. The server's own time limits lie
 * below the deadline, so it normally gives up first; where it does not, it
 * notices within a tenth of the deadline that nobody listens any more. Host
 * names are resolved by libpq outside the deadline.
 *
 * A connection belongs to one thread at a time and must not cross a fork.
 */
#ifndef SCIM_PG_CONN_H
#define SCIM_PG_CONN_H

#include <apr_hash.h>
#include <apr_tables.h>
#include <apr_time.h>
#include <libpq-fe.h>

#include "base/err.h"
#include "base/tally.h"
#include "pg/hosts.h"
#include "store/sql.h"

typedef struct scim_conn_t scim_conn_t;

/** Whether libpq can read the text as a connection string. @return NULL or
 * what is wrong with it */
const char *scim_conn_check(const char *conninfo, apr_pool_t *pool);

/** Make a connection that is not open yet. @a hosts may be shared with others;
 * @a timeout is the longest conversation. Nothing is sent. */
scim_conn_t *scim_conn_make(scim_hosts_t *hosts, apr_interval_time_t timeout,
                            apr_pool_t *pool);

/** Count in @a tally that it is opened and what is abandoned, and in @a child
 * whether it is open. Before it is opened. */
void scim_conn_set_tally(scim_conn_t *conn, scim_tally_t *tally,
                         scim_tally_child_t *child);

/** Close it for good; also what the end of its pool does. */
void scim_conn_close(scim_conn_t *conn);

/**
 * Begin a conversation: set the deadline and see to it that the connection
 * is open. One that the server has closed meanwhile is opened again.
 *
 * @return NULL, or SCIM_ERR_UNAVAILABLE
 */
scim_err_t *scim_conn_begin(scim_conn_t *conn, apr_time_t deadline,
                            apr_pool_t *pool);

/** Give what follows in the conversation a deadline of its own. */
void scim_conn_extend(scim_conn_t *conn, apr_time_t deadline);

/** Whether the connection is closed: it was lost, or a deadline passed. */
int scim_conn_is_closed(const scim_conn_t *conn);

/**
 * Have a statement run first in each transaction of this conversation, without
 * those who queue statements knowing of it or seeing its result. It costs no
 * turn. It lives as long as the conversation.
 */
void scim_conn_set_prologue(scim_conn_t *conn, const scim_sql_t *sql);

/** Queue a statement with its parameters, to be sent by the next turn. */
void scim_conn_queue(scim_conn_t *conn, const scim_sql_t *sql);

/** Queue a statement without parameters. */
void scim_conn_queue_text(scim_conn_t *conn, const char *text);

/**
 * Send what is queued and wait for every answer.
 *
 * @param results one for each queued statement, in order; they are freed with
 *                @a pool. On an error those behind the failed one are NULL
 * @return NULL, or the error of the first statement that failed, or
 *         SCIM_ERR_UNAVAILABLE when the connection was lost or the deadline
 *         passed: then what was sent may or may not have happened
 */
scim_err_t *scim_conn_turn(PGresult ***presults, scim_conn_t *conn,
                           apr_pool_t *pool);

/** The SQLSTATE of the last failed turn, "" when there was none. */
const char *scim_conn_sqlstate(const scim_conn_t *conn);

/** The constraint that the last failed turn named, or NULL. */
const char *scim_conn_constraint(const scim_conn_t *conn);

/** The column that the last failed turn named, or NULL. */
const char *scim_conn_column(const scim_conn_t *conn);

/** What the last failed turn said beside its message, or NULL. */
const char *scim_conn_detail(const scim_conn_t *conn);

/**
 * Whether the last failed turn certainly did nothing and may be tried again
 * at once: a stale plan, a deadlock, a serialisation failure.
 */
int scim_conn_can_retry(const scim_conn_t *conn);

/** End the conversation: an open transaction is rolled back; what cannot be
 * brought to rest is closed. */
void scim_conn_end(scim_conn_t *conn, apr_pool_t *pool);

/** Until when the server may still be busy with a statement of this
 * connection that was abandoned at its deadline; 0: it is not. */
apr_time_t scim_conn_rests_until(const scim_conn_t *conn);

/** What is kept for as long as this connection stays open: proven mappings.
 * The hash and its pool vanish when it is opened anew. */
apr_hash_t *scim_conn_memory(scim_conn_t *conn);
apr_pool_t *scim_conn_memory_pool(scim_conn_t *conn);

/** The server's max_connections; 0 before the first opening. */
int scim_conn_server_limit(const scim_conn_t *conn);

#endif
