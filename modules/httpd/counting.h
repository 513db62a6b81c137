/* counting.h - what came of a request goes into base/tally.h.
 *
 * A request is counted when its answer is known and before it is sent, so
 * whoever has the answer finds it counted. The time ends there, too: a client
 * that is slow to read makes nobody look slow but itself.
 */
#ifndef SCIM_HTTPD_COUNTING_H
#define SCIM_HTTPD_COUNTING_H

#include <httpd.h>

#include "httpd/config.h"
#include "service/request.h"

/** Count what the service answered. */
void scim_counting_reply(const request_rec *r, const scim_dir_config_t *conf,
                         const scim_reply_t *reply);

/** Count what httpd answered by itself below @a base: r->status. */
void scim_counting_status(const request_rec *r, const scim_base_t *base);

/** Count refusals that were to be written; @a err NULL: they were. */
void scim_counting_refusals(const scim_dir_config_t *conf, int refusals,
                            const scim_err_t *err);

#endif
