/* exchange.h - a request_rec becomes a request of the service, and the
 * service's reply becomes the response. */
#ifndef SCIM_HTTPD_EXCHANGE_H
#define SCIM_HTTPD_EXCHANGE_H

#include <httpd.h>

/** The handler `scim`. */
int scim_exchange_handler(request_rec *r);

#endif
