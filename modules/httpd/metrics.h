/* metrics.h - what is counted, as OpenMetrics text (version 1.0.0).
 *
 * Every name begins with mod_scim_; docs/operations.md says what each means.
 * Who may read it is a matter of httpd's own access rules.
 */
#ifndef SCIM_HTTPD_METRICS_H
#define SCIM_HTTPD_METRICS_H

#include <httpd.h>

#define SCIM_METRICS_CONTENT_TYPE \
    "application/openmetrics-text; version=1.0.0; charset=utf-8"

/** The handler `scim-metrics`: GET and HEAD. */
int scim_metrics_handler(request_rec *r);

#endif
