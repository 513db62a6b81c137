#include "httpd/logging.h"

#include <http_config.h>
#include <http_log.h>

#include <apr_strings.h>

#include <string.h>

APLOG_USE_MODULE(scim);

/* The proof of a mapping may have several findings, a line each, behind the
 * name of the block they are about. */
static void log_findings(request_rec *r, const char *cause)
{
    char *rest = apr_pstrdup(r->pool, cause), *state, *line;

    for (line = apr_strtok(rest, "\n", &state); line;
         line = apr_strtok(NULL, "\n", &state)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "SCIM0010: %s", line);
    }
}

static void log_ignored(request_rec *r, const apr_array_header_t *ignored)
{
    if (ignored && ignored->nelts && APLOGrdebug(r)) {
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                      "SCIM0011: not kept here and left out: %s",
                      apr_array_pstrcat(r->pool, ignored, ' '));
    }
}

void scim_logging_reply(request_rec *r, const scim_reply_t *reply)
{
    const scim_err_t *err = reply->err;

    log_ignored(r, reply->ignored);
    if (!err) {
        return;
    }
    switch (err->kind) {
    case SCIM_ERR_MISCONFIGURED:
        log_findings(r, err->cause);
        break;
    case SCIM_ERR_INTERNAL:
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "SCIM0012: %s %s: %s",
                      r->method, r->uri, err->cause ? err->cause
                                                    : err->detail);
        break;
    case SCIM_ERR_UNAVAILABLE:
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "SCIM0013: %s %s answered "
                      "503: %s", r->method, r->uri,
                      err->cause ? err->cause : err->detail);
        break;
    case SCIM_ERR_HELD_BACK:
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "SCIM0065: %s %s held "
                      "back by ScimGuard in organisation %s: %s", r->method,
                      r->uri, reply->tenant ? reply->tenant : "", err->detail);
        break;
    case SCIM_ERR_UNAUTHORIZED:
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "SCIM0014: refused a "
                      "caller: %s", err->detail);
        break;
    default:
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "SCIM0015: %s %s answered "
                      "%d: %s%s%s", r->method, r->uri, err->status,
                      err->detail, err->cause ? ": " : "",
                      err->cause ? err->cause : "");
        break;
    }
}

void scim_logging_lost_refusal(request_rec *r, const scim_err_t *err)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "SCIM0066: could not record "
                  "in scim.events that %s %s was refused: %s", r->method,
                  r->uri, err->cause ? err->cause : err->detail);
}
