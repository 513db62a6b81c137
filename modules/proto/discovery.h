/* discovery.h - what the service says of itself (RFC 7643 sections 5 to 7,
 * RFC 7644 section 4): derived from what is stored, nothing else.
 */
#ifndef SCIM_PROTO_DISCOVERY_H
#define SCIM_PROTO_DISCOVERY_H

#include "base/buf.h"
#include "schema/rtype.h"

/* A resource type as it is served. */
typedef struct scim_served_t {
    const scim_rtype_t *type;
    const unsigned char *stored;    /* by attribute index */
} scim_served_t;

/** Write /ServiceProviderConfig. @a page: resources on a page unless asked,
 * @a page_max: and at most; @a bulk_max: the most operations of a bulk job,
 * 0: there is no bulk; @a body_max: bytes of its body. */
void scim_discovery_config(scim_buf_t *buf, const char *base_url, int page,
                           int page_max, int bulk_max, apr_off_t body_max);

/** Write a resource type. */
void scim_discovery_type(scim_buf_t *buf, const scim_served_t *served,
                         const char *base_url);

/** Whether any attribute of the schema is stored and returned; others are not
 * served. */
int scim_discovery_is_served(const scim_served_t *served,
                             const scim_schema_t *schema);

/** Write a schema with the attributes of it that are stored and returned. */
void scim_discovery_schema(scim_buf_t *buf, const scim_served_t *served,
                           const scim_schema_t *schema, const char *base_url);

#endif
