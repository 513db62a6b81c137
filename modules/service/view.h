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
    int with_related;               /* members, or groups, are shown */
} scim_view_t;

/** Read the query string. */
scim_err_t *scim_view_read(scim_view_t *view, const scim_call_t *call);

/** Whether the client says what is to be shown. */
int scim_view_is_chosen(const scim_view_t *view);

/** Show what the request wrote as well, unless it says what it wants to see.
 * @a named: of the request's intake. */
void scim_view_add(scim_view_t *view, const unsigned char *named,
                   const scim_call_t *call);

/**
 * Judge the request's conditions (If-Match, If-None-Match).
 *
 * @param row NULL: what the request is about is no single resource, and has
 *            no version
 * @return NULL, or SCIM_ERR_PRECONDITION
 */
scim_err_t *scim_view_check(const scim_call_t *call, const scim_row_t *row);

/** Make a resource the reply, with its version and URL; a read of what the
 * client has already (If-None-Match) gets 304 and no body. */
void scim_view_reply(scim_reply_t *reply, const scim_call_t *call,
                     const scim_view_t *view, int status,
                     const scim_row_t *row);

/** Make the reply one without a body, with the version of what was changed. */
void scim_view_done(scim_reply_t *reply, const scim_call_t *call,
                    const scim_row_t *row);

/** The error for an id that is not there, not the caller's, or no id; for
 * /Me, when the token's owner is no resource here. */
scim_err_t *scim_view_not_found(const scim_call_t *call);

#endif
