/* core_errors.h - answers that httpd's core gives by itself below a SCIM
 * base path, turned into SCIM errors (RFC 7644 section 3.12).
 *
 * Status and headers stay as the core has set them; only the HTML body is
 * replaced. A location cannot be asked, as many of these answers are given
 * before one was found: the path decides.
 */
#ifndef SCIM_HTTPD_CORE_ERRORS_H
#define SCIM_HTTPD_CORE_ERRORS_H

#include <httpd.h>

/** Register the filter, and make the texts of the errors in @a pool, which
 * lives as long as the module. */
void scim_core_errors_register(apr_pool_t *pool);

/** Hook post_read_request: an ErrorDocument that is a URL elsewhere would make
 * a redirect of an error. */
int scim_core_errors_post_read_request(request_rec *r);

/** Hook insert_error_filter, and insert_filter for ErrorDocument pages. */
void scim_core_errors_insert(request_rec *r);

#endif
