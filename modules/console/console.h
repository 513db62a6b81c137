/* console.h - the web page for an organisation's administrator.
 *
 * The page is static and the same for everybody. What it shows and does goes
 * through calls below api/, each of them one function of the schema scim,
 * which is given the login that httpd has authenticated and decides what it
 * may see. There is no session: the page proves by a header that it is ours.
 */
#ifndef SCIM_CONSOLE_CONSOLE_H
#define SCIM_CONSOLE_CONSOLE_H

#include <httpd.h>

/** The handler `scim-console`. */
int scim_console_handler(request_rec *r);

#endif
