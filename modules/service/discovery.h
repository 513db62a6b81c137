/* discovery.h - the discovery endpoints (RFC 7644 section 4). */
#ifndef SCIM_SERVICE_DISCOVERY_H
#define SCIM_SERVICE_DISCOVERY_H

#include "service/call.h"

/** /ServiceProviderConfig */
scim_err_t *scim_discovery_serve_config(scim_reply_t *reply,
                                        const scim_call_t *call);

/** /ResourceTypes, /ResourceTypes/NAME */
scim_err_t *scim_discovery_serve_types(scim_reply_t *reply,
                                       const scim_call_t *call);

/** /Schemas, /Schemas/URN */
scim_err_t *scim_discovery_serve_schemas(scim_reply_t *reply,
                                         const scim_call_t *call);

#endif
