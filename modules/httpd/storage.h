/* storage.h - no file stands behind a SCIM path.
 *
 * Both hooks answer for httpd's core and for modules that map paths to files,
 * so that no document root, .htaccess, <Directory> or front controller's
 * rewriting has a say in it.
 */
#ifndef SCIM_HTTPD_STORAGE_H
#define SCIM_HTTPD_STORAGE_H

#include <httpd.h>

/** Hook translate_name. */
int scim_storage_translate_name(request_rec *r);

/** Hook map_to_storage; refuses TRACE, which would echo the token. */
int scim_storage_map_to_storage(request_rec *r);

#endif
