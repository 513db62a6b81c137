/* view.h - how a request wants resources shown, and one resource as a reply.
 */
#ifndef SCIM_SERVICE_VIEW_H
#define SCIM_SERVICE_VIEW_H

#include "query/list.h"
#include "service/call.h"
#include "store/row.h"

typedef struct scim_view_t {
    scim_list_t list;               /* the query string */
    const unsigned char *shown;     /* by attribute index */
} scim_view_t;

/** Read the query string. */
scim_err_t *scim_view_read(scim_view_t *view, const scim_call_t *call);

/** Make a resource the reply; with 201, its URL too. */
void scim_view_reply(scim_reply_t *reply, const scim_call_t *call,
                     const scim_view_t *view, int status,
                     const scim_row_t *row);

/** The error for an id that is not there, not the caller's, or no id. */
scim_err_t *scim_view_not_found(const scim_call_t *call);

#endif
