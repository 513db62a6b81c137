/* quirks.h - where providers leave RFC 7643/7644, and what is done about it.
 *
 * Every known deviation is one function here that says who sends it and what
 * it looks like. All are on for everyone: one Entra tenant sends both of its
 * dialects, whatever the flag in its Tenant URL (on-demand provisioning
 * ignores the flag). Nothing else in the module bends the protocol; the
 * leniencies of filters stand in query/filter.h.
 *
 * A function that unwraps a value answers the value itself when there is
 * nothing to unwrap.
 */
#ifndef SCIM_PROTO_QUIRKS_H
#define SCIM_PROTO_QUIRKS_H

#include "base/json.h"
#include "schema/attribute.h"

/**
 * Entra without its compliance flag, Microsoft's SCIM validator:
 * `"active":"False"`, `"primary":"True"`.
 *
 * @return 1 or 0, or -1 when the value is no boolean in any spelling
 */
int scim_quirk_boolean(const scim_json_t *value);

/**
 * Entra: `{"op":"Replace","path":"active","value":["False"]}` and
 * `{"path":"..:User:manager","value":[{"value":"ID"}]}`: one value inside an
 * array where a single value belongs.
 */
const scim_json_t *scim_quirk_single_in_array(const scim_json_t *value);

/**
 * Entra: `"value":"ID"` for manager (a complex attribute that has a `value`),
 * `"value":"u1"` for one member, `"value":"{\"id\":..}"` for a role: the bare
 * value of a complex attribute's `value`.
 *
 * @return an object around @a value, or NULL when it is no scalar or the
 *         attribute has no such sub-attribute
 */
scim_json_t *scim_quirk_bare_value(const scim_json_t *value,
                                   const scim_attr_t *attr, apr_pool_t *pool);

/**
 * Entra: `{"path":"..:User:manager.value","value":{"value":"ID"}}`: the whole
 * complex value where only its `value` belongs.
 */
const scim_json_t *scim_quirk_wrapped_value(const scim_json_t *value,
                                            const scim_attr_t *sub);

/**
 * Entra, default dialect: `{"op":"Remove","path":"members","value":[{"$ref":
 * null,"value":"u1"}]}` removes these elements; by the RFC it would remove
 * the attribute.
 *
 * @return whether the operation names elements
 */
int scim_quirk_is_remove_list(const scim_json_t *value);

/**
 * Whoever copied the example of RFC 7644 section 3.7.3: the data of a PATCH in
 * a bulk job, `[{"op":"remove","path":"nickName"}]`, without the message
 * around the operations (erratum 5050).
 */
scim_json_t *scim_quirk_bare_operations(scim_json_t *data, apr_pool_t *pool);

/**
 * Okta, Entra: changes of what only the server sets (`{"id":"g1",
 * "displayName":"New"}`, meta, schemas, groups) are left out instead of
 * refused. Other read-only attributes are refused in a PATCH.
 */
int scim_quirk_is_server_only(const scim_attr_t *attr);

/**
 * Entra's on-demand runs and others: `"op":"Add"`, "Replace", "Remove".
 *
 * @return 'a', 'r' (replace) or 'd' (remove), or 0 for none of the three
 */
char scim_quirk_op(const char *op);

#endif
