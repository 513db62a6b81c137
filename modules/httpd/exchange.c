#include "httpd/exchange.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include <apr_strings.h>

#include <string.h>

#include "httpd/body.h"
#include "httpd/config.h"
#include "httpd/counting.h"
#include "httpd/lifecycle.h"
#include "httpd/logging.h"
#include "httpd/transport.h"
#include "pg/event.h"
#include "service/request.h"

#define RETRY_AFTER 30      /* seconds */

/* What is announced is what will be taken: httpd has a limit, too. */
static apr_off_t find_body_max(const request_rec *r,
                               const scim_dir_config_t *conf)
{
    apr_off_t ours = scim_config_body_max(conf);
    apr_off_t its = ap_get_limit_req_body(r);

    return its && its < ours ? its : ours;
}

/* Nobody who has not even a token makes us read a body. */
static int wants_body(const request_rec *r)
{
    return apr_table_get(r->headers_in, "Authorization")
        && (r->method_number == M_POST || r->method_number == M_PUT
            || r->method_number == M_PATCH);
}

/* The reply */

static void set_header(request_rec *r, const char *name, const char *value)
{
    if (value) {
        apr_table_setn(r->headers_out, name, value);
    }
}

/* Not among headers_out: there mod_deflate and mod_brotli would append the
 * coding, so that the header were another than meta.version. A weak tag may
 * stand for all codings of a version (RFC 9110 section 8.8.3.3). */
static void set_etag(request_rec *r, const char *etag)
{
    if (etag) {
        apr_table_setn(r->err_headers_out, "ETag", etag);
    }
}

/* @a at_once: it is not to wait in httpd for what may follow. */
static int send_reply(request_rec *r, const scim_reply_t *reply, int at_once)
{
    conn_rec *c = r->connection;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool,
                                                     c->bucket_alloc);

    r->status = reply->status;
    /* a part of a SCIM message is none */
    apr_table_unset(r->headers_in, "Range");
    apr_table_unset(r->headers_in, "Request-Range");
    set_header(r, "Location", reply->location);
    set_header(r, "Content-Location", reply->content_location);
    set_etag(r, reply->etag);
    set_header(r, "Allow", reply->allow);
    set_header(r, "WWW-Authenticate", reply->authenticate);
    set_header(r, "Cache-Control", "no-store");
    if (reply->retry_after) {
        set_header(r, "Retry-After", apr_itoa(r->pool, reply->retry_after));
    }
    if (reply->body.len) {
        ap_set_content_type(r, SCIM_REPLY_CONTENT_TYPE);
        ap_set_content_length(r, reply->body.len);
        APR_BRIGADE_INSERT_TAIL(brigade,
            apr_bucket_pool_create(reply->body.data, reply->body.len,
                                   r->pool, c->bucket_alloc));
    }
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(c->bucket_alloc));
    if (at_once) {
        APR_BRIGADE_INSERT_TAIL(brigade,
                                apr_bucket_flush_create(c->bucket_alloc));
    }
    if (ap_pass_brigade(r->output_filters, brigade) != APR_SUCCESS) {
        return AP_FILTER_ERROR;
    }
    return OK;
}

/* Who asked, for LogFormat: %u and %{scim-tenant}n. */
static void tell_log(request_rec *r, const scim_reply_t *reply)
{
    if (!reply->actor) {
        return;
    }
    r->user = apr_pstrdup(r->pool, reply->actor);
    apr_table_set(r->notes, "scim-actor", reply->actor);
    apr_table_set(r->notes, "scim-tenant", reply->tenant ? reply->tenant : "");
    apr_table_set(r->notes, "scim-token", reply->token_id);
}

static const char *path_below(const request_rec *r, const char *base)
{
    apr_size_t len = strlen(base);

    return r->uri && strncmp(r->uri, base, len) == 0 ? r->uri + len : "";
}

static void fill_request(scim_request_t *request, scim_service_t *service,
                         const scim_dir_config_t *conf, const request_rec *r)
{
    service->users = conf->users;
    service->groups = conf->groups;
    service->page = scim_config_page(conf);
    service->page_max = scim_config_page_max(conf);
    service->public_discovery = conf->public_discovery == 1;
    service->retry_after = RETRY_AFTER;
    service->bulk_max = scim_config_bulk_max(conf);
    service->body_max = find_body_max(r, conf);
    scim_config_limits(&service->limits, conf);
    service->rate = scim_config_rate(conf);
    service->tally = conf->tally;
    memset(request, 0, sizeof(*request));
    request->service = service;
    request->connections = scim_lifecycle_pool(r->server, conf->database);
    request->method = r->header_only ? "GET" : r->method;
    request->path = path_below(r, conf->base_path);
    request->query = r->args;
    request->authorization = apr_table_get(r->headers_in, "Authorization");
    request->content_type = apr_table_get(r->headers_in, "Content-Type");
    request->conditions.if_match = apr_table_get(r->headers_in, "If-Match");
    request->conditions.if_none_match = apr_table_get(r->headers_in,
                                                      "If-None-Match");
    request->base_url = scim_transport_base_url(r, conf);
    request->request_id = apr_table_get(r->subprocess_env, "UNIQUE_ID");
    request->client = r->useragent_ip;
    request->refusals = apr_array_make(r->pool, 1, sizeof(scim_refusal_t));
    request->pool = r->pool;
}

/* After the reply has gone out, so that nobody waits for it. */
static void record_refusals(request_rec *r, const scim_dir_config_t *conf,
                            const scim_request_t *request,
                            const scim_reply_t *reply)
{
    scim_err_t *err;

    if (request->refusals && request->refusals->nelts) {
        err = scim_event_write_refusals(request->connections,
                                        request->refusals, r->pool);
        scim_counting_refusals(conf, request->refusals->nelts, err);
        if (err) {
            scim_logging_lost_refusal(r, reply, err);
        }
    }
}

int scim_exchange_handler(request_rec *r)
{
    const scim_dir_config_t *conf;
    scim_service_t service;
    scim_request_t request = { 0 };
    scim_reply_t reply;
    int sent;

    if (!r->handler || strcmp(r->handler, "scim") != 0) {
        return DECLINED;
    }
    conf = scim_config_dir(r);
    if (!conf->users) {
        scim_reply_refuse(&reply, scim_err_make_cause(SCIM_ERR_MISCONFIGURED,
            "the service is not set up correctly; its administrator finds "
            "the reason in the web server's error log",
            "SetHandler scim stands in a location without <ScimResource "
            "User>", r->pool), r->pool);
    }
    else if (!scim_transport_is_protected(r, conf)) {
        scim_reply_refuse(&reply, scim_err_make(SCIM_ERR_FORBIDDEN, r->pool,
            "this service is for TLS connections only; use its https:// "
            "URL"), r->pool);
    }
    else {
        fill_request(&request, &service, conf, r);
        if (wants_body(r)) {
            scim_buf_t body;
            int status = scim_body_read(&body, &request.body_err, r,
                                        scim_config_body_max(conf));

            if (status != OK) {
                return status;
            }
            request.body = body.data;
            request.body_len = body.len;
        }
        scim_request_serve(&reply, &request);
    }
    tell_log(r, &reply);
    scim_logging_reply(r, &reply);
    scim_counting_reply(r, conf, &reply);
    sent = send_reply(r, &reply, request.refusals && request.refusals->nelts);
    record_refusals(r, conf, &request, &reply);
    return sent;
}
