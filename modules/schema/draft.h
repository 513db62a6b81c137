/* draft.h - the schemas that a configuration defines beside the built-in
 * ones, while it is read: collected line by line in any order, then linked
 * into the resource type once and for all.
 *
 * An attribute whose URN no built-in schema has makes a schema of that URN,
 * or adds to it; two spellings of one URN are one schema.
 */
#ifndef SCIM_SCHEMA_DRAFT_H
#define SCIM_SCHEMA_DRAFT_H

#include <apr_tables.h>

#include "schema/rtype.h"

typedef struct scim_draft_t scim_draft_t;

/* A word of a directive: `name=value`; value NULL: `name` alone. */
typedef struct scim_option_t {
    const char *name;
    const char *value;
} scim_option_t;

/** Begin: nothing but what @a type has. */
scim_draft_t *scim_draft_make(const scim_rtype_t *type, apr_pool_t *pool);

/**
 * Take note of an attribute.
 *
 * @param target  `URN:attr` or `URN:attr.sub`; of a built-in schema, or an
 *                element in brackets: defined elsewhere, and so without
 *                options
 * @param type    its type unless the options say one; SCIM_TYPE_OPEN is one
 *                unless they say what only strings have
 * @param options of scim_option_t: type=, multi, required, caseExact,
 *                mutability=, returned=, uniqueness=, canonical=,
 *                references=, description=
 * @return NULL, or a sentence for the administrator
 */
const char *scim_draft_attribute(scim_draft_t *draft, const char *target,
                                 scim_attr_type_t type,
                                 const apr_array_header_t *options);

/** Say of a schema what its attributes do not: name=, description=,
 * required. NULL or a sentence. */
const char *scim_draft_schema(scim_draft_t *draft, const char *urn,
                              const apr_array_header_t *options);

/** The resource type with all of it. NULL or a sentence. */
const char *scim_draft_link(const scim_rtype_t **ptype,
                            const scim_draft_t *draft);

#endif
