/* event.h - events that are not part of a change: refused requests.
 *
 * The event of a change is written by the statement that makes it.
 */
#ifndef SCIM_PG_EVENT_H
#define SCIM_PG_EVENT_H

#include <apr_tables.h>

#include "pg/pool.h"

/* A request that was refused, as scim.events keeps it. NULL: not known. */
typedef struct scim_refusal_t {
    const char *tenant;
    const char *actor;
    const char *token_id;
    const char *request_id;
    const char *client;
    const char *operation;
    const char *resource_type;
    const char *resource_id;
    const char *status;         /* what it was answered */
    const char *scim_type;
    const char *reason;
} scim_refusal_t;

/**
 * Write refusals (of scim_refusal_t), all in one turn, within a fifth of the
 * time that a request has. Nobody waits for that who could be told.
 *
 * @return NULL, or an error for the log alone
 */
scim_err_t *scim_event_write_refusals(scim_pool_t *connections,
                                      const apr_array_header_t *refusals,
                                      apr_pool_t *pool);

#endif
