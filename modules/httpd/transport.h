/* transport.h - what came before the request: TLS or not, and the URL that
 * clients know us by. */
#ifndef SCIM_HTTPD_TRANSPORT_H
#define SCIM_HTTPD_TRANSPORT_H

#include "httpd/config.h"

/** Whether ScimRequireTLS of @a conf lets the request in. */
int scim_transport_is_protected(const request_rec *r,
                                const scim_dir_config_t *conf);

/** The URL of the SCIM base that @a conf configures, without a slash at its
 * end; never from what the client says its host is. In the request's pool. */
const char *scim_transport_base_url(const request_rec *r,
                                    const scim_dir_config_t *conf);

#endif
