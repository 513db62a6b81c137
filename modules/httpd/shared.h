/* shared.h - the memory of base/tally.h, from httpd's parent to its children.
 *
 * It is made once and kept by the parent until that ends, so the numbers go on
 * through graceful and other restarts. A module that was replaced by one whose
 * numbers are laid out differently begins anew, beside children of the old
 * one that are still finishing.
 */
#ifndef SCIM_HTTPD_SHARED_H
#define SCIM_HTTPD_SHARED_H

#include <httpd.h>

#include "base/tally.h"

/**
 * Make the memory, or find that of an earlier reading of the configuration.
 *
 * @return never NULL: where the system gives none that could be shared, some
 *         that each child has for itself, and a line in the log
 */
scim_tally_t *scim_shared_make_post_config(apr_pool_t *pconf,
                                           server_rec *server);

#endif
