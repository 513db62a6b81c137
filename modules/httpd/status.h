/* status.h - a section on mod_status's page, where that is loaded. */
#ifndef SCIM_HTTPD_STATUS_H
#define SCIM_HTTPD_STATUS_H

#include <httpd.h>

/** Hook status_hook: in HTML, or for `?auto` a line for each number. */
int scim_status_hook(request_rec *r, int flags);

#endif
