/* cursor_keys.h - the keys of cursors: they lie in the database, so that all
 * hosts have the same, and can be rotated there while the hosts run.
 *
 * They are read together with each page, in its turn, so that a page seals
 * with a key that is new at that moment; a connection remembers them for
 * opening.
 */
#ifndef SCIM_PG_CURSOR_KEYS_H
#define SCIM_PG_CURSOR_KEYS_H

#include "pg/conn.h"
#include "query/cursor.h"

/** Queue the statement that reads them. */
void scim_cursor_keys_queue(scim_conn_t *conn);

/** Take them from its result. */
void scim_cursor_keys_take(scim_conn_t *conn, const PGresult *result);

/** The keys that this connection has read last; none before the first time.
 * They live as long as it is open. */
const scim_cursor_keys_t *scim_cursor_keys_get(scim_conn_t *conn);

#endif
