/* resources.h - the operations on resources, and the token check for all
 * that needs no resource.
 *
 * Each takes a connection once, holds the conversation that the operation
 * needs, gives the connection back, and only then writes the reply. What is
 * wrong with a request is said only to a caller whose token is valid, and
 * about a resource only when it exists.
 */
#ifndef SCIM_SERVICE_RESOURCES_H
#define SCIM_SERVICE_RESOURCES_H

#include "service/call.h"

/** Only the token check. */
scim_err_t *scim_resources_authenticate(const scim_call_t *call);

/** The token check, and then @a err. Never NULL. */
scim_err_t *scim_resources_refuse(const scim_call_t *call, scim_err_t *err);

/** The token check, then whether the resource exists, and then @a err. Never
 * NULL. */
scim_err_t *scim_resources_refuse_one(const scim_call_t *call,
                                      scim_err_t *err);

/** Lists of one resource type, and of all that are served: by query string,
 * or by the body of a search. */
scim_err_t *scim_resources_list(scim_reply_t *reply, const scim_call_t *call);
scim_err_t *scim_resources_search(scim_reply_t *reply,
                                  const scim_call_t *call);
scim_err_t *scim_resources_list_all(scim_reply_t *reply,
                                    const scim_call_t *call);
scim_err_t *scim_resources_search_all(scim_reply_t *reply,
                                      const scim_call_t *call);

scim_err_t *scim_resources_get(scim_reply_t *reply, const scim_call_t *call);
scim_err_t *scim_resources_create(scim_reply_t *reply,
                                  const scim_call_t *call);
scim_err_t *scim_resources_put(scim_reply_t *reply, const scim_call_t *call);
scim_err_t *scim_resources_patch(scim_reply_t *reply,
                                 const scim_call_t *call);
scim_err_t *scim_resources_delete(scim_reply_t *reply,
                                  const scim_call_t *call);

/* Of groups; reading and deleting them is as above. */
scim_err_t *scim_groups_create(scim_reply_t *reply, const scim_call_t *call);
scim_err_t *scim_groups_put(scim_reply_t *reply, const scim_call_t *call);
scim_err_t *scim_groups_patch(scim_reply_t *reply, const scim_call_t *call);

#endif
