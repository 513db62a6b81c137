/* rtype.h - a resource type (RFC 7643 section 6): its schemas and the list
 * of all attributes a resource of this type can have.
 *
 * Made while the configuration is read, never written afterwards.
 */
#ifndef SCIM_SCHEMA_RTYPE_H
#define SCIM_SCHEMA_RTYPE_H

#include <apr_pools.h>

#include "schema/attribute.h"

typedef struct scim_rtype_t {
    const char *name;               /* "User" */
    const char *endpoint;           /* "Users" */
    const char *description;
    const scim_schema_t *const *schemas;    /* [0] the base schema, then
                                             * extensions; linked copies */
    int nschemas;
    const scim_attr_t *const *attrs;/* every attribute and sub-attribute, by
                                     * index; common ones first, an attribute
                                     * directly before its sub-attributes */
    int nattrs;
    const scim_attr_t *id;          /* often needed ones */
    const scim_attr_t *external_id;
    const scim_attr_t *user_name;   /* NULL: the type has none */
    const scim_attr_t *active;      /* NULL: the type has none */
    const scim_attr_t *meta;
    const scim_attr_t *manager;     /* of the Enterprise extension, or NULL */
    const scim_attr_t *related;     /* the resources of another type that
                                     * belong to it: `groups` of User,
                                     * `members` of Group, or NULL */
    const char *noun;               /* what messages call one: "account" */
} scim_rtype_t;

/**
 * Link definitions into a resource type.
 *
 * @param schemas definitions, the base schema first; copied
 */
scim_rtype_t *scim_rtype_make(const char *name, const char *endpoint,
                              const char *description,
                              const scim_schema_t *const *schemas,
                              int nschemas, apr_pool_t *pool);

/** The resource type with more extensions, linked anew; @a type is left
 * alone. */
scim_rtype_t *scim_rtype_extend(const scim_rtype_t *type,
                                const scim_schema_t *const *extensions,
                                int count, apr_pool_t *pool);

/** The resource type linked anew, with other types and another uniqueness of
 * its attributes, each by index; the indexes stay. */
scim_rtype_t *scim_rtype_complete(const scim_rtype_t *type,
                                  const unsigned char *types,
                                  const unsigned char *uniqueness,
                                  apr_pool_t *pool);

/** The top-level attribute of a schema of this type; @a schema NULL: of the
 * base schema or a common one. Name in any ASCII case. NULL: none. */
const scim_attr_t *scim_rtype_attr(const scim_rtype_t *type,
                                   const scim_schema_t *schema,
                                   const char *name);

/** The top-level attribute of that name wherever it stands: base schema and
 * common ones first, then the extensions in order. NULL: none. */
const scim_attr_t *scim_rtype_attr_anywhere(const scim_rtype_t *type,
                                            const char *name);

/** The URL of a resource of this type; @a base_url has no slash at its end. */
const char *scim_rtype_location(const scim_rtype_t *type,
                                const char *base_url, const char *id,
                                apr_pool_t *pool);

/** The schema with this URN (ASCII case ignored), or NULL. */
const scim_schema_t *scim_rtype_schema(const scim_rtype_t *type,
                                       const char *urn);

/** Whether the attribute belongs to an extension, and so is kept in an
 * object under the extension's URN. */
int scim_rtype_is_extension(const scim_rtype_t *type,
                            const scim_schema_t *schema);

typedef enum {
    SCIM_NAME_ATTR,     /* an attribute or sub-attribute of this type */
    SCIM_NAME_SCHEMA,   /* the URN of one of its schemas, nothing behind */
    SCIM_NAME_UNKNOWN   /* well formed, but nothing this type has */
} scim_name_kind_t;

typedef struct scim_name_t {
    scim_name_kind_t kind;
    const scim_schema_t *schema;    /* when the text begins with a known URN */
    const scim_attr_t *attr;        /* top-level attribute, or NULL */
    const scim_attr_t *sub;         /* sub-attribute, or NULL */
} scim_name_t;

/**
 * Find what a name means: `attr`, `attr.sub`, `URN:attr`, `URN:attr.sub`,
 * `URN` (RFC 7644 section 3.10), all in any case, and `URN.attr` as some
 * providers write it. A bare name that the base schema does not have is
 * looked for in the extensions (`manager`).
 *
 * @param text one token of a path or filter: letters, digits, `-_$.:`;
 *             anything else makes it unknown
 */
scim_name_t scim_rtype_resolve(const scim_rtype_t *type, const char *text,
                               apr_pool_t *pool);

#endif
