/* resource.h - a resource in memory, as the writing operations and the
 * filter evaluator see it.
 *
 * It is a JSON object in normal form: attribute names spelt as the RFC does,
 * extension attributes in an object under the extension's URN, multi-valued
 * attributes as arrays, values of the attribute's type (times in the form of
 * scim_time_format()), nothing empty, no `schemas`, and none of what the
 * server computes (`groups`). `id` and `meta` stand in it when it was read
 * from the database.
 */
#ifndef SCIM_SCHEMA_RESOURCE_H
#define SCIM_SCHEMA_RESOURCE_H

#include "base/json.h"
#include "schema/rtype.h"

/** The value of a top-level attribute, or NULL. */
scim_json_t *scim_resource_get(const scim_rtype_t *type,
                               const scim_json_t *resource,
                               const scim_attr_t *attr);

/** Set a top-level attribute; makes the extension's object when there is
 * none. @a value must not hang anywhere. */
void scim_resource_set(const scim_rtype_t *type, scim_json_t *resource,
                       const scim_attr_t *attr, scim_json_t *value,
                       apr_pool_t *pool);

/** Remove a top-level attribute, and the extension's object with its last. */
void scim_resource_remove(const scim_rtype_t *type, scim_json_t *resource,
                          const scim_attr_t *attr);

/** The object in which a schema's attributes stand: the resource itself or
 * the extension's object; NULL: there is none. */
scim_json_t *scim_resource_container(const scim_rtype_t *type,
                                     const scim_json_t *resource,
                                     const scim_schema_t *schema);

/** Remove from a resource everything empty: null, "", [], {}. */
void scim_resource_prune(scim_json_t *value);

#endif
