/* intake.h - what a writing request brings: its body, read and decoded. */
#ifndef SCIM_SERVICE_INTAKE_H
#define SCIM_SERVICE_INTAKE_H

#include "base/json.h"
#include "proto/value.h"
#include "service/call.h"

/**
 * Read the body as JSON.
 *
 * @return NULL; the reason why the body could not be taken; an error of kind
 *         SCIM_ERR_MEDIA_TYPE or SCIM_ERR_INVALID_SYNTAX
 */
scim_err_t *scim_intake_body(const scim_json_t **pbody,
                             const scim_call_t *call);

/** The same for a body of many requests or members, with a limit for the
 * values and names in it. */
scim_err_t *scim_intake_job(const scim_json_t **pbody,
                            const scim_call_t *call, int values_max);

/** Begin to measure a body; what it ignores appears in the reply. */
scim_intake_t *scim_intake_begin(scim_reply_t *reply, const scim_call_t *call);

#endif
