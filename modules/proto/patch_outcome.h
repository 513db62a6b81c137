/* patch_outcome.h - what must hold of a resource when all operations are done.
 * A part of patch.h's. */
#ifndef SCIM_PROTO_PATCH_OUTCOME_H
#define SCIM_PROTO_PATCH_OUTCOME_H

#include "proto/patch_work.h"

/**
 * Put the resource in order, and judge what has changed.
 *
 * @param is_whole the resource is made anew, and not from what it was: PUT;
 *                 another body is that of a POST
 * @return NULL, SCIM_ERR_INVALID_VALUE for a required attribute that is gone,
 *         SCIM_ERR_MUTABILITY
 */
scim_err_t *scim_patch_settle(scim_patch_work_t *work, int is_whole);

#endif
