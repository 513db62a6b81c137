#include "httpd/logging.h"

#include <http_config.h>
#include <http_log.h>

#include <apr_strings.h>

#include <string.h>

#include "base/rate.h"
#include "httpd/config.h"

APLOG_USE_MODULE(scim);

/* Whose request it is, as far as that is known, behind the words of a line:
 * what scim.events has as tenant, actor and request_id. */
static const char *who(const request_rec *r, const scim_reply_t *reply)
{
    const char *id = apr_table_get(r->subprocess_env, "UNIQUE_ID");
    const char *text = reply->token_id
        ? apr_pstrcat(r->pool, "tenant ", reply->tenant ? reply->tenant : "-",
                      ", actor ", reply->actor ? reply->actor : "-", NULL)
        : NULL;

    if (!text && !id) {
        return "";
    }
    return apr_pstrcat(r->pool, " [", text ? text : "", text && id ? ", " : "",
                       id ? "request " : "", id ? id : "", "]", NULL);
}

/* The proof of a mapping may have several findings, a line each, behind the
 * name of the block they are about. They are about nobody's request, and end in
 * SQL to be copied. */
static void log_findings(request_rec *r, const char *cause)
{
    char *rest = apr_pstrdup(r->pool, cause), *state, *line;

    for (line = apr_strtok(rest, "\n", &state); line;
         line = apr_strtok(NULL, "\n", &state)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "SCIM0010: %s", line);
    }
}

static void log_ignored(request_rec *r, const scim_reply_t *reply)
{
    const apr_array_header_t *ignored = reply->ignored;

    if (ignored && ignored->nelts && APLOGrdebug(r)) {
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                      "SCIM0011: not kept here and left out: %s%s",
                      apr_array_pstrcat(r->pool, ignored, ' '),
                      who(r, reply));
    }
}

/* Callers without a valid token cost nothing to be, so their number does not
 * say how much is written: this, over all children. */
static const scim_rate_t callers_logged = { 5, 20 };

static void log_caller(request_rec *r, const scim_reply_t *reply)
{
    scim_tally_location_t *tally = scim_config_dir(r)->tally;
    apr_uint64_t unsaid;

    if (tally && scim_rate_take(&tally->callers, &callers_logged,
                                apr_time_now())) {
        scim_count_add(&tally->callers_unsaid, 1);
        return;
    }
    unsaid = tally ? scim_count_get(&tally->callers_unsaid) : 0;
    if (unsaid && scim_count_swap(&tally->callers_unsaid, unsaid, 0)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "SCIM0082: refused %"
                      APR_UINT64_T_FMT " more callers, without a line for "
                      "each", unsaid);
    }
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "SCIM0014: refused a "
                  "caller from %s: %s%s", r->useragent_ip, reply->err->detail,
                  who(r, reply));
}

/* The first in a minute, for those who look; the others as what any client
 * does wrong. @return whether it was the first */
static int log_limited(request_rec *r, const scim_reply_t *reply)
{
    scim_tally_location_t *tally = scim_config_dir(r)->tally;
    const char *tenant = reply->tenant ? reply->tenant : "";
    scim_count_t *last = &scim_tally_tenant(tally, tenant)->limited;
    apr_uint64_t then = scim_count_get(last), now = apr_time_now();

    if (now - then < (apr_uint64_t)apr_time_from_sec(60)
        || !scim_count_swap(last, then, now)) {
        return 0;
    }
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "SCIM0083: organisation %s "
                  "is above ScimRateLimit: %s%s", tenant, reply->err->detail,
                  who(r, reply));
    return 1;
}

static void log_other(request_rec *r, const scim_reply_t *reply)
{
    const scim_err_t *err = reply->err;

    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "SCIM0015: %s %s answered "
                  "%d: %s%s%s%s", r->method, r->uri, err->status, err->detail,
                  err->cause ? ": " : "", err->cause ? err->cause : "",
                  who(r, reply));
}

void scim_logging_reply(request_rec *r, const scim_reply_t *reply)
{
    const scim_err_t *err = reply->err;

    log_ignored(r, reply);
    if (!err) {
        return;
    }
    switch (err->kind) {
    case SCIM_ERR_MISCONFIGURED:
        log_findings(r, err->cause);
        break;
    case SCIM_ERR_INTERNAL:
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "SCIM0012: %s %s: %s%s",
                      r->method, r->uri, err->cause ? err->cause
                                                    : err->detail,
                      who(r, reply));
        break;
    case SCIM_ERR_UNAVAILABLE:
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "SCIM0013: %s %s answered "
                      "503: %s%s", r->method, r->uri,
                      err->cause ? err->cause : err->detail, who(r, reply));
        break;
    case SCIM_ERR_HELD_BACK:
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "SCIM0065: %s %s held "
                      "back by ScimGuard in organisation %s: %s%s", r->method,
                      r->uri, reply->tenant ? reply->tenant : "", err->detail,
                      who(r, reply));
        break;
    case SCIM_ERR_UNAUTHORIZED:
        log_caller(r, reply);
        break;
    case SCIM_ERR_RATE:
        if (!log_limited(r, reply)) {
            log_other(r, reply);
        }
        break;
    default:
        log_other(r, reply);
        break;
    }
}

void scim_logging_lost_refusal(request_rec *r, const scim_reply_t *reply,
                               const scim_err_t *err)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "SCIM0066: could not record "
                  "in scim.events that %s %s was refused: %s%s", r->method,
                  r->uri, err->cause ? err->cause : err->detail,
                  who(r, reply));
}
