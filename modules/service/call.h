/* call.h - a request on its way through the service. */
#ifndef SCIM_SERVICE_CALL_H
#define SCIM_SERVICE_CALL_H

#include "service/request.h"
#include "store/sql.h"

typedef struct scim_call_t {
    const scim_request_t *request;
    scim_reply_t *reply;
    const scim_mapping_t *mapping;  /* of the resource type that the path
                                 * names; where it names none, of User */
    const char *endpoint;       /* the path's first segment; NULL: nothing is
                                 * there */
    const char *id;             /* the path's second segment, or NULL */
    int is_me;                  /* the resource is the actor's own; no id */
    scim_asker_t asker;
    int is_public;              /* discovery that needs no token */
} scim_call_t;

#endif
