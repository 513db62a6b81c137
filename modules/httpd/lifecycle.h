/* lifecycle.h - what lives longer than a request: the hooks at start, and
 * each child's connections. */
#ifndef SCIM_HTTPD_LIFECYCLE_H
#define SCIM_HTTPD_LIFECYCLE_H

#include <ap_mpm.h>

#include "base/tally.h"
#include "httpd/config.h"
#include "pg/pool.h"

int scim_lifecycle_pre_config(apr_pool_t *pconf, apr_pool_t *plog,
                              apr_pool_t *ptemp);
int scim_lifecycle_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                                apr_pool_t *ptemp, server_rec *server);
int scim_lifecycle_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                               apr_pool_t *ptemp, server_rec *server);
void scim_lifecycle_child_init(apr_pool_t *pchild, server_rec *server);

/** Hook child_status, in the parent: a child has ended, by whatever. */
void scim_lifecycle_child_status(server_rec *server, pid_t pid,
                                 ap_generation_t generation, int slot,
                                 mpm_child_status state);

/** What is counted in all children. Not NULL behind post_config. */
scim_tally_t *scim_lifecycle_tally(void);

/** The pool of this child for a server and a conninfo, or NULL.
 * Thread-safe; not before child_init. */
scim_pool_t *scim_lifecycle_pool(const server_rec *server,
                                 const char *conninfo);

#endif
