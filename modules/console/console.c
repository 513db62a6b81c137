#include "console/console.h"

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <util_script.h>

#include <apr_strings.h>

#include <string.h>

#include "base/json.h"
#include "console/api.h"
#include "console/page.h"
#include "httpd/body.h"
#include "httpd/config.h"
#include "httpd/lifecycle.h"
#include "httpd/transport.h"

APLOG_USE_MODULE(scim);

#define BODY_MAX 16384
#define API "api/"
#define PROOF_HEADER "X-Scim-Console"

/* Nothing but our own files, no text as script, in no frame, kept nowhere. */
static void set_headers(request_rec *r)
{
    apr_table_t *headers = r->err_headers_out;

    apr_table_setn(headers, "Content-Security-Policy",
                   "default-src 'none'; script-src 'self'; style-src 'self'; "
                   "img-src 'self'; connect-src 'self'; base-uri 'none'; "
                   "form-action 'none'; frame-ancestors 'none'; "
                   "require-trusted-types-for 'script'; trusted-types 'none'");
    apr_table_setn(headers, "X-Frame-Options", "DENY");
    apr_table_setn(headers, "X-Content-Type-Options", "nosniff");
    apr_table_setn(headers, "Referrer-Policy", "no-referrer");
    apr_table_setn(headers, "Cross-Origin-Opener-Policy", "same-origin");
    apr_table_setn(headers, "Cross-Origin-Resource-Policy", "same-origin");
    apr_table_setn(headers, "Cache-Control", "no-store");
}

static int answer(request_rec *r, int status, const char *type,
                  const char *data, apr_size_t len)
{
    apr_table_unset(r->headers_in, "Range");
    r->status = status;
    ap_set_content_type(r, type);
    ap_set_content_length(r, len);
    if (ap_rwrite(data, (int)len, r) < 0) {
        return AP_FILTER_ERROR;
    }
    return OK;
}

/* Who asks, about which organisation, in which request: behind the words of a
 * line, as far as it is known. */
static const char *who(const request_rec *r, const apr_table_t *args)
{
    const char *id = apr_table_get(r->subprocess_env, "UNIQUE_ID");
    const char *tenant = args ? apr_table_get(args, "tenant") : NULL;

    return apr_pstrcat(r->pool, " [login ",
                       r->user ? scim_err_quote(r->user, r->pool) : "-",
                       tenant ? ", tenant " : "",
                       tenant ? scim_err_quote(tenant, r->pool) : "",
                       id ? ", request " : "", id ? id : "", "]", NULL);
}

static void log_refusal(request_rec *r, const scim_err_t *err,
                        const apr_table_t *args)
{
    if (err->status >= 500) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "SCIM0092: console: %s %s "
                      "answered %d: %s%s", r->method, r->uri, err->status,
                      err->cause ? err->cause : err->detail, who(r, args));
    }
    else {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "SCIM0093: console: %s %s "
                      "answered %d: %s%s", r->method, r->uri, err->status,
                      err->detail, who(r, args));
    }
}

/* An error, for the script as JSON, for people as text. */
static int refuse(request_rec *r, const scim_err_t *err,
                  const apr_table_t *args, int is_api)
{
    scim_buf_t body;

    scim_buf_init(&body, 256, r->pool);
    log_refusal(r, err, args);
    if (err->kind == SCIM_ERR_METHOD) {
        apr_table_setn(r->err_headers_out, "Allow",
                       r->method_number == M_POST ? "GET, HEAD"
                       : r->method_number == M_GET ? "POST"
                       : "GET, HEAD, POST");
    }
    if (!is_api) {
        scim_buf_printf(&body, "%s\n", err->detail);
        return answer(r, err->status, "text/plain; charset=utf-8", body.data,
                      body.len);
    }
    scim_buf_printf(&body, "{\"status\":%d,\"detail\":", err->status);
    scim_buf_json(&body, err->detail, strlen(err->detail));
    scim_buf_putc(&body, '}');
    return answer(r, err->status, "application/json", body.data, body.len);
}

/* Whether anybody may come in at all. */
static scim_err_t *check_place(request_rec *r, const scim_dir_config_t *conf)
{
    if (!conf->console_database) {
        return scim_err_make_cause(SCIM_ERR_MISCONFIGURED,
            "the console is not set up correctly; its administrator finds the "
            "reason in the web server's error log",
            "SetHandler scim-console stands in a location without "
            "ScimConsoleDatabase", r->pool);
    }
    if (!scim_transport_is_protected(r, conf)) {
        return scim_err_make(SCIM_ERR_FORBIDDEN, r->pool,
                             "this page is for TLS connections only; use its "
                             "https:// URL");
    }
    if (!r->user || !*r->user) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "SCIM0091: console: nobody "
                      "has logged in, and nobody is let in without a login; "
                      "the location needs an AuthType and a Require "
                      "valid-user");
        return scim_err_make(SCIM_ERR_FORBIDDEN, r->pool,
                             "this page is for those who have logged in");
    }
    return NULL;
}

/* Whether another site made the browser send this. Where a browser does not
 * say so, it says at least where a change comes from; a program says neither,
 * and has no login that somebody could make it use. */
static int is_from_elsewhere(const request_rec *r)
{
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site");
    const char *origin = apr_table_get(r->headers_in, "Origin");
    const char *host = apr_table_get(r->headers_in, "Host");
    const char *at;

    if (site) {
        return strcmp(site, "same-origin") != 0;
    }
    if (!origin) {
        return 0;
    }
    at = strstr(origin, "://");
    return !at || !host || ap_cstr_casecmp(at + 3, host) != 0;
}

/* The members of the body, which are texts, numbers and booleans. */
static scim_err_t *take_members(apr_table_t *args, const scim_buf_t *body,
                                apr_pool_t *pool)
{
    const scim_json_t *member;
    scim_json_t *object;

    SCIM_TRY(scim_json_parse(&object, body->data, body->len, pool));
    if (object->type != SCIM_JSON_OBJECT) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "the body must be a JSON object");
    }
    for (member = object->first; member; member = member->next) {
        switch (member->type) {
        case SCIM_JSON_BOOL:
            apr_table_setn(args, member->name,
                           member->boolean ? "true" : "false");
            break;
        case SCIM_JSON_NUMBER:
        case SCIM_JSON_STRING:
            apr_table_setn(args, member->name, member->text);
            break;
        default:
            return scim_err_make(SCIM_ERR_INVALID_VALUE, pool,
                                 "%s must be a text, a number or a boolean",
                                 scim_err_quote(member->name, pool));
        }
    }
    return NULL;
}

/* Only as application/json, which no form of another site can send. */
static scim_err_t *read_args(apr_table_t *args, request_rec *r, int *pstatus)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    scim_err_t *err = NULL;
    scim_buf_t body;

    *pstatus = OK;
    if (!type || ap_cstr_casecmpn(type, "application/json", 16)
        || (type[16] && type[16] != ';' && type[16] != ' ')) {
        return scim_err_make(SCIM_ERR_MEDIA_TYPE, r->pool,
                             "the body must be application/json");
    }
    *pstatus = scim_body_read(&body, &err, r, BODY_MAX);
    if (*pstatus != OK || err) {
        return err;
    }
    return take_members(args, &body, r->pool);
}

/* The service that the page is about: the first SCIM base of this server. */
static const scim_dir_config_t *find_base(const request_rec *r)
{
    const apr_array_header_t *bases = scim_config_server(r->server)->bases;

    return bases->nelts ? APR_ARRAY_IDX(bases, 0, scim_base_t).dir : NULL;
}

static int serve_api(request_rec *r, const scim_dir_config_t *conf,
                     const char *name)
{
    const scim_dir_config_t *base = find_base(r);
    scim_console_call_t call = { 0 };
    apr_table_t *args = apr_table_make(r->pool, 8);
    const char *changed = NULL;
    scim_err_t *err = NULL;
    scim_buf_t body;
    int status = OK;

    call.name = name;
    call.is_change = r->method_number == M_POST;
    call.login = r->user;
    call.proof = apr_table_get(r->headers_in, PROOF_HEADER);
    call.args = args;
    call.url = conf->base_url ? conf->base_url
             : base ? scim_transport_base_url(r, base) : "";
    call.counts = base ? base->tally : NULL;
    call.connections = scim_lifecycle_pool(r->server, conf->console_database);
    call.pool = r->pool;
    if (r->method_number != M_GET && !call.is_change) {
        err = scim_err_make(SCIM_ERR_METHOD, r->pool,
                            "this method is not possible here");
    }
    else if (is_from_elsewhere(r)) {
        err = scim_err_make(SCIM_ERR_FORBIDDEN, r->pool,
                            "this request comes from another site");
    }
    else if (call.is_change) {
        err = read_args(args, r, &status);
    }
    else {
        ap_args_to_table(r, &args);
        call.args = args;
    }
    if (status != OK) {
        return status;
    }
    scim_buf_init(&body, 4096, r->pool);
    if (!err) {
        err = scim_console_api_serve(&body, &changed, &call);
    }
    if (changed) {
        ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, "SCIM0094: console: %s: "
                      "%s%s", r->user, changed, who(r, args));
    }
    return err ? refuse(r, err, args, 1)
               : answer(r, HTTP_OK, "application/json", body.data, body.len);
}

static int serve_page(request_rec *r, const char *name)
{
    const scim_console_page_t *page = scim_console_page_find(name);

    if (!page) {
        return refuse(r, scim_err_make(SCIM_ERR_NOT_FOUND, r->pool,
                                       "there is nothing at this path"), NULL,
                      0);
    }
    if (r->method_number != M_GET) {
        return refuse(r, scim_err_make(SCIM_ERR_METHOD, r->pool,
                                       "this method is not possible here"), NULL,
                      0);
    }
    return answer(r, HTTP_OK, page->type, page->data, page->len);
}

int scim_console_handler(request_rec *r)
{
    const scim_dir_config_t *conf;
    const char *path;
    apr_size_t len;
    scim_err_t *err;

    if (!r->handler || strcmp(r->handler, "scim-console") != 0) {
        return DECLINED;
    }
    conf = scim_config_dir(r);
    set_headers(r);
    len = conf->console_path ? strlen(conf->console_path) : 0;
    path = len && strncmp(r->uri, conf->console_path, len) == 0
         ? r->uri + len : r->uri;
    err = check_place(r, conf);
    if (err) {
        return refuse(r, err, NULL, strncmp(path, "/" API, strlen("/" API)) == 0);
    }
    if (*path != '/') {
        /* names of files and calls are relative to the page */
        apr_table_setn(r->headers_out, "Location",
                       apr_pstrcat(r->pool, conf->console_path, "/", NULL));
        return HTTP_TEMPORARY_REDIRECT;
    }
    path++;
    return strncmp(path, API, strlen(API)) == 0
         ? serve_api(r, conf, path + strlen(API)) : serve_page(r, path);
}
