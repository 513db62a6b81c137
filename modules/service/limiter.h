/* limiter.h - how many requests a tenant may send.
 *
 * Whose a token is, only the database says, with the answer to the request.
 * So it is remembered in memory that all children share, and the next request
 * with the token is measured before anything is done for it. What is memory
 * alone decides nothing else: a request beyond the limit is told so when the
 * database has found its token valid, and 401 otherwise.
 */
#ifndef SCIM_SERVICE_LIMITER_H
#define SCIM_SERVICE_LIMITER_H

#include "service/call.h"

/**
 * Measure a request that has a well-formed token.
 *
 * @return NULL; SCIM_ERR_RATE, with the reply's retry_after set, when it is
 *         one too many; or what the check of the token says
 */
scim_err_t *scim_limiter_check(const scim_call_t *call);

/** The token of the request is this tenant's. One that nothing was remembered
 * of is counted now. */
void scim_limiter_know(const scim_call_t *call, const char *tenant);

/** It is nobody's: what is sent with it is nobody's burden. */
void scim_limiter_forget(const scim_call_t *call);

#endif
