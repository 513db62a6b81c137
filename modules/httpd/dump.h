/* dump.h - `httpd -t -D SCIM_DUMP`: the mappings as httpd has understood them.
 *
 * One line on standard output for each mapping, a JSON object:
 *
 *   scim      1, the form of the line
 *   server    the virtual host, `name:port`
 *   path      base path of the location
 *   file      where it is configured, with `line`
 *   database  the conninfo; it may hold a password
 *   timeout   milliseconds (ScimTimeout)
 *   user      whom httpd's children run as: numbers, with `group`
 *   mapping   as store/dump.h has it
 */
#ifndef SCIM_HTTPD_DUMP_H
#define SCIM_HTTPD_DUMP_H

#include <httpd.h>

/** Hook test_config: httpd has read the configuration because of -t. */
void scim_dump_test_config(apr_pool_t *pconf, server_rec *server);

#endif
