/* bulk.h - the bulk endpoint (RFC 7644 section 3.7).
 *
 * A job has one connection, and its token is checked first. Each operation is
 * then a request of its own, with its own transaction, deadline and token
 * check; only creates that refer to each other in a circle share a
 * transaction.
 *
 * A job ends early when its database goes away or when it takes too long.
 * What was done is reported as done, what was not as 503, so a client that
 * sends the latter again ends in the same state. When nothing was done, the
 * job itself is 503.
 */
#ifndef SCIM_SERVICE_BULK_H
#define SCIM_SERVICE_BULK_H

#include "service/call.h"

scim_err_t *scim_bulk_serve(scim_reply_t *reply, const scim_call_t *call);

#endif
