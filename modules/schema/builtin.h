/* builtin.h - the schemas of RFC 7643: User (4.1, 8.7.1), the Enterprise
 * extension (4.3) and Group (4.2), as static definitions. */
#ifndef SCIM_SCHEMA_BUILTIN_H
#define SCIM_SCHEMA_BUILTIN_H

#include "schema/rtype.h"

#define SCIM_URN_USER       "urn:ietf:params:scim:schemas:core:2.0:User"
#define SCIM_URN_GROUP      "urn:ietf:params:scim:schemas:core:2.0:Group"
#define SCIM_URN_ENTERPRISE \
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

/** The attributes every resource has: id, externalId, meta, schemas
 * (RFC 7643 section 3). */
const scim_attr_t *scim_builtin_common(int *pcount);

/** The resource type User with the Enterprise extension. */
scim_rtype_t *scim_builtin_user(apr_pool_t *pool);

/** The resource type Group. */
scim_rtype_t *scim_builtin_group(apr_pool_t *pool);

#endif
