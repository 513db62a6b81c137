/* attribute.h - what an attribute is (RFC 7643 sections 2 and 7).
 *
 * Definitions are static tables (builtin.c), or come from the configuration
 * (draft.h). A resource type makes its own linked copy of them: there each attribute knows its parent, its schema and
 * its place in the resource type's list, so a set of attributes is an array
 * of bytes. Linked attributes live as long as the configuration and are
 * never written after it was read: safe in all threads.
 */
#ifndef SCIM_SCHEMA_ATTRIBUTE_H
#define SCIM_SCHEMA_ATTRIBUTE_H

#include <apr_pools.h>

typedef enum {
    SCIM_TYPE_STRING,
    SCIM_TYPE_BOOLEAN,
    SCIM_TYPE_DECIMAL,
    SCIM_TYPE_INTEGER,
    SCIM_TYPE_DATETIME,
    SCIM_TYPE_BINARY,
    SCIM_TYPE_REFERENCE,
    SCIM_TYPE_COMPLEX,
    SCIM_TYPE_OPEN          /* the catalog says, before the first request is
                             * read; no request meets it */
} scim_attr_type_t;

typedef enum {
    SCIM_READ_WRITE,
    SCIM_READ_ONLY,
    SCIM_IMMUTABLE,
    SCIM_WRITE_ONLY
} scim_mutability_t;

typedef enum {
    SCIM_RETURNED_DEFAULT,
    SCIM_RETURNED_ALWAYS,
    SCIM_RETURNED_NEVER,
    SCIM_RETURNED_REQUEST
} scim_returned_t;

typedef enum {
    SCIM_UNIQUE_NONE,
    SCIM_UNIQUE_SERVER,
    SCIM_UNIQUE_GLOBAL
} scim_uniqueness_t;

typedef struct scim_schema_t scim_schema_t;

typedef struct scim_attr_t scim_attr_t;
struct scim_attr_t {
    const char *name;               /* as the RFC spells it */
    scim_attr_type_t type;
    int multi;                      /* multiValued */
    int required;
    int case_exact;
    scim_mutability_t mutability;
    scim_returned_t returned;
    scim_uniqueness_t uniqueness;
    const char *canonical;          /* canonicalValues, blank-separated */
    const char *references;         /* referenceTypes, blank-separated */
    const char *description;
    const scim_attr_t *subs;        /* subAttributes of a complex one */
    int nsubs;

    /* Set when linked into a resource type. */
    const scim_attr_t *parent;      /* NULL: top level */
    const scim_schema_t *schema;    /* NULL: common (id, externalId, meta,
                                     * schemas; RFC 7643 section 3) */
    int index;                      /* place in the resource type's list */
};

struct scim_schema_t {
    const char *urn;
    const char *name;
    const char *description;
    const scim_attr_t *attrs;
    int nattrs;
    int configured;                 /* defined by the configuration */
    int required;                   /* resources without it are refused */

    /* Set when linked into a resource type. */
    int extension;                  /* not the base schema */
};

/** Whether the configuration defines the attribute, and not an RFC. */
int scim_attr_is_configured(const scim_attr_t *attr);

/** The sub-attribute of that name (ASCII case ignored), or NULL. */
const scim_attr_t *scim_attr_sub(const scim_attr_t *attr, const char *name);

/** The name in filters and messages: `name.givenName`, or with the URN in
 * front where the schema is an extension. */
const char *scim_attr_path(const scim_attr_t *attr, apr_pool_t *pool);

/** Whether answers may have it: neither writeOnly nor never returned. */
int scim_attr_is_readable(const scim_attr_t *attr);

/** Whether the text has the form of an attribute's name (RFC 7643 section
 * 2.1, and `$ref`): a letter or `$`, then letters, digits and `-_$`. */
int scim_attr_is_name(const char *text);

/** The RFC's word for a type, mutability, returned and uniqueness; NULL for an
 * open type. */
const char *scim_attr_type_name(scim_attr_type_t type);
const char *scim_mutability_name(scim_mutability_t mutability);
const char *scim_returned_name(scim_returned_t returned);
const char *scim_uniqueness_name(scim_uniqueness_t uniqueness);

/** What a word of these lists means, in any case; -1: nothing. */
int scim_attr_type_find(const char *word);
int scim_mutability_find(const char *word);
int scim_returned_find(const char *word);
int scim_uniqueness_find(const char *word);

#endif
