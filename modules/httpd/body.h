/* body.h - reading the body of a request, up to a limit. */
#ifndef SCIM_HTTPD_BODY_H
#define SCIM_HTTPD_BODY_H

#include <httpd.h>

#include "base/buf.h"
#include "base/err.h"

/**
 * Read the body into the request's pool.
 *
 * @param body set in any case; empty when there is none
 * @param perr set to SCIM_ERR_TOO_LARGE when it has more than @a limit bytes,
 *             or more than httpd lets through
 * @return OK, or the status that httpd found
 */
int scim_body_read(scim_buf_t *body, scim_err_t **perr, request_rec *r,
                   apr_off_t limit);

#endif
