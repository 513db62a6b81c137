/* patch_target.h - one operation at one attribute, or at the elements of it
 * that a path picks. A part of patch.h's. */
#ifndef SCIM_PROTO_PATCH_TARGET_H
#define SCIM_PROTO_PATCH_TARGET_H

#include "proto/patch_work.h"
#include "query/path.h"

/**
 * Add or replace what a path leads to, which is kept here.
 *
 * @return NULL, or what scim_patch_apply() says of one operation
 */
scim_err_t *scim_patch_set_at(scim_patch_work_t *work, scim_patch_op_t op,
                              const scim_path_t *path,
                              const scim_json_t *value);

/** Remove it. @a value, if not NULL, may list the elements that go. */
scim_err_t *scim_patch_remove_at(scim_patch_work_t *work,
                                 const scim_path_t *path,
                                 const scim_json_t *value);

#endif
