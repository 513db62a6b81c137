/* patch.h - PATCH (RFC 7644 section 3.5.2) as a function on a resource in
 * memory, and the merging of POST and PUT bodies, which is the same work: a
 * body is an object whose members are set one by one, each name being a path.
 *
 * Nothing here does I/O; the caller reads the resource, lets it be changed
 * and writes what differs. A resource that a failed call leaves behind is of
 * no use.
 */
#ifndef SCIM_PROTO_PATCH_H
#define SCIM_PROTO_PATCH_H

#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "proto/membership.h"
#include "proto/value.h"

/* What the filters in the paths of one PATCH may look through: the text of the
 * values, once for each comparison. That is some tenths of a second. */
#define SCIM_PATCH_LOOK_MAX (32 << 20)

typedef struct scim_patch_t scim_patch_t;

/**
 * Read a PatchOp message. Names and `op` in any case, unknown members
 * ignored, `schemas` not asked for, an empty list of operations allowed.
 *
 * @param ppatch set on success
 * @return NULL; SCIM_ERR_INVALID_SYNTAX for no object, no Operations, an
 *         unknown op; SCIM_ERR_INVALID_PATH; SCIM_ERR_NO_TARGET for a remove
 *         without path; SCIM_ERR_INVALID_VALUE for another op without value or
 *         a value that cannot stand without a path; SCIM_ERR_TOO_LARGE
 */
scim_err_t *scim_patch_decode(scim_patch_t **ppatch, const scim_json_t *body,
                              const scim_rtype_t *type,
                              const scim_limits_t *limits, apr_pool_t *pool);

/**
 * Apply the operations in order to @a resource, which is changed in place.
 *
 * Operations on what is not stored are noted in the intake and left out.
 * What is required, readOnly or immutable is judged when all operations are
 * done, by what has changed.
 *
 * @return NULL; SCIM_ERR_INVALID_VALUE for a value of the wrong type or a
 *         required attribute that is gone; SCIM_ERR_MUTABILITY when it went
 *         by `remove`, or when another attribute must not change so;
 *         SCIM_ERR_NO_TARGET when an element is to be changed
 *         that does not exist and cannot be made from the filter;
 *         SCIM_ERR_TOO_LARGE beyond SCIM_PATCH_LOOK_MAX
 */
scim_err_t *scim_patch_apply(scim_json_t *resource, const scim_patch_t *patch,
                             scim_intake_t *intake);

/**
 * Set in @a resource what the body of a POST says. Members that say nothing
 * count as absent and clear nothing, and readOnly ones are left out. A
 * multi-valued attribute is replaced as a whole, a complex one merged.
 *
 * Here as everywhere: of several primary elements in one list the first stays
 * the primary one, and elements of the same type and value become one.
 *
 * @return NULL; SCIM_ERR_INVALID_SYNTAX, SCIM_ERR_INVALID_VALUE, and
 *         SCIM_ERR_MUTABILITY for an immutable attribute that has another
 *         value
 */
scim_err_t *scim_patch_merge(scim_json_t *resource, const scim_json_t *body,
                             scim_intake_t *intake);

/**
 * PUT: make a resource of the body alone. What it leaves out is gone, but for
 * what a client cannot send or need not repeat (proto/mutability.h).
 *
 * @param before the resource that is replaced; left alone
 */
scim_err_t *scim_patch_replace(scim_json_t **pafter,
                               const scim_json_t *before,
                               const scim_json_t *body,
                               scim_intake_t *intake);

/**
 * Take down in @a membership what a PATCH, or the body of a POST or PUT, does
 * to the members of a group. The functions above pass these operations over.
 *
 * @return NULL, or what scim_membership_note() says
 */
scim_err_t *scim_patch_note_members(scim_membership_t *membership,
                                    const scim_patch_t *patch,
                                    scim_intake_t *intake);
scim_err_t *scim_patch_merge_members(scim_membership_t *membership,
                                     const scim_json_t *body,
                                     scim_intake_t *intake);

#endif
