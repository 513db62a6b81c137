/* logging.h - what error_log says of a request. */
#ifndef SCIM_HTTPD_LOGGING_H
#define SCIM_HTTPD_LOGGING_H

#include <httpd.h>

#include "service/request.h"

/** Write at most one line per finding: what the service could not do is an
 * error, what a client may not do is information. What concerns the request
 * ends in tenant, actor and the request's id, as far as they are known. */
void scim_logging_reply(request_rec *r, const scim_reply_t *reply);

/** Say that scim.events lacks a refused request. */
void scim_logging_lost_refusal(request_rec *r, const scim_reply_t *reply,
                               const scim_err_t *err);

#endif
