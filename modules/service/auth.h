/* auth.h - the caller's API token (RFC 6750).
 *
 * Only the hash of a token goes to the database, and nothing of it into a
 * log. Whether it is valid is decided by the statement that does the work;
 * here it is only read.
 */
#ifndef SCIM_SERVICE_AUTH_H
#define SCIM_SERVICE_AUTH_H

#include "base/err.h"

/**
 * Read an Authorization header.
 *
 * @param psha256       set on success: the token's hash as `\x` and digits
 * @param pauthenticate set on error: what WWW-Authenticate is to say
 * @param header        NULL: there was none
 * @return NULL, or SCIM_ERR_UNAUTHORIZED
 */
scim_err_t *scim_auth_read(const char **psha256, const char **pauthenticate,
                           const char *header, apr_pool_t *pool);

/** The error for a token that is well formed and not valid. */
scim_err_t *scim_auth_refuse(const char **pauthenticate, apr_pool_t *pool);

#endif
