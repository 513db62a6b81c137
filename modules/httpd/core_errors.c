#include "httpd/core_errors.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>
#include <util_filter.h>

#include <apr_strings.h>

#include <string.h>

#include "httpd/config.h"
#include "httpd/counting.h"
#include "service/request.h"

#define FILTER_NAME "SCIM_CORE_ERROR"

/* What the administrator of a directory reads, by status. */
static const struct {
    int status;
    const char *detail;
} details[] = {
    { HTTP_BAD_REQUEST,
      "the request cannot be read: its line, a header or the encoding "
      "of its path is malformed" },
    { HTTP_UNAUTHORIZED,
      "the request is not authorised" },
    { HTTP_FORBIDDEN,
      "the web server does not allow this request" },
    { HTTP_NOT_FOUND,
      "there is nothing at this path" },
    { HTTP_METHOD_NOT_ALLOWED,
      "this method is not possible here" },
    { HTTP_REQUEST_TIME_OUT,
      "the request did not arrive in time" },
    { HTTP_REQUEST_ENTITY_TOO_LARGE,
      "the body is larger than the web server accepts" },
    { HTTP_REQUEST_URI_TOO_LARGE,
      "the URL is longer than the web server accepts" },
    { HTTP_EXPECTATION_FAILED,
      "the request's Expect header cannot be met" },
    { HTTP_INTERNAL_SERVER_ERROR,
      "the web server met an unexpected error; its log has the "
      "details" },
    { HTTP_NOT_IMPLEMENTED,
      "this method is not known here" },
    { HTTP_SERVICE_UNAVAILABLE,
      "the service is not available at the moment; try again later" }
};

#define NDETAILS (sizeof(details) / sizeof(*details))

static const char *detail_of(int status)
{
    apr_size_t i;

    for (i = 0; i < NDETAILS; i++) {
        if (details[i].status == status) {
            return details[i].detail;
        }
    }
    return "the web server refused the request";
}

/* The path as far as httpd got with it; of a request line that was too long,
 * what there is of the line. */
static const char *path_of(const request_rec *r)
{
    const char *path = r->parsed_uri.path;

    if (!path && r->the_request) {
        path = strchr(r->the_request, ' ');
        path = path ? path + strspn(path, " ") : NULL;
    }
    return path ? path : r->uri;
}

/* Where the request is ours, or the one that an ErrorDocument answers; else
 * NULL. */
static const scim_base_t *find_base(const request_rec *r)
{
    const scim_base_t *base = NULL;

    for (; r && !base; r = r->prev) {
        base = scim_config_base(r->server, path_of(r));
        if (!base) {
            base = scim_config_base(r->server, r->uri);
        }
    }
    return base;
}

static int is_ours(const request_rec *r)
{
    return find_base(r) != NULL;
}

/* Replace the whole body: ours goes out with the first brigade, theirs is
 * dropped up to its end. */
static apr_status_t replace_body(ap_filter_t *f, apr_bucket_brigade *theirs)
{
    request_rec *r = f->r;
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *ours;
    scim_reply_t reply;

    if (f->ctx) {
        apr_brigade_cleanup(theirs);
        return APR_SUCCESS;
    }
    f->ctx = r;
    apr_brigade_cleanup(theirs);
    scim_counting_status(r, find_base(r));
    scim_reply_status(&reply, r->status, detail_of(r->status), r->pool);
    ap_set_content_type(r, SCIM_REPLY_CONTENT_TYPE);
    ap_set_content_length(r, reply.body.len);
    r->content_encoding = NULL;
    r->content_languages = NULL;
    apr_table_unset(r->headers_out, "Content-Encoding");
    apr_table_unset(r->headers_out, "ETag");
    apr_table_unset(r->headers_out, "Location");
    apr_table_unset(r->headers_out, "Last-Modified");
    if (r->status == HTTP_METHOD_NOT_ALLOWED) {
        /* the core would add TRACE */
        apr_table_setn(r->headers_out, "Allow",
                       "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    }
    if (r->status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->err_headers_out, "Retry-After", "30");
    }
    if (r->status == HTTP_UNAUTHORIZED) {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                       "Bearer realm=\"SCIM\"");
    }
    ours = apr_brigade_create(r->pool, alloc);
    APR_BRIGADE_INSERT_TAIL(ours, apr_bucket_pool_create(reply.body.data,
                                                         reply.body.len,
                                                         r->pool, alloc));
    APR_BRIGADE_INSERT_TAIL(ours, apr_bucket_eos_create(alloc));
    return ap_pass_brigade(f->next, ours);
}

/* What ap_custom_response() would set for each status, by httpd's index: made
 * when the module is loaded, so that a request costs but a copy. */
static char *responses[RESPONSE_CODES];

static void make_responses(apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < NDETAILS; i++) {
        responses[ap_index_of_response(details[i].status)] =
            apr_pstrcat(pool, "\"", details[i].detail, NULL);
    }
}

void scim_core_errors_register(apr_pool_t *pool)
{
    make_responses(pool);
    ap_register_output_filter(FILTER_NAME, replace_body, NULL,
                              AP_FTYPE_CONTENT_SET - 1);
}

/* What httpd has against a request before the hook below has run. */
static int early_status(const request_rec *r)
{
    const char *expect = apr_table_get(r->headers_in, "Expect");

    if (r->the_request && r->server->limit_req_line > 0
        && strlen(r->the_request) >= (apr_size_t)r->server->limit_req_line) {
        return HTTP_REQUEST_URI_TOO_LARGE;
    }
    return expect && ap_cstr_casecmp(expect, "100-continue")
         ? HTTP_EXPECTATION_FAILED : HTTP_BAD_REQUEST;
}

/* Such a request httpd has redirected already. Its filters see that its status
 * is another, and ours takes the Location out. */
static void undo_redirect(request_rec *r)
{
    const char *location = apr_table_get(r->headers_out, "Location");
    int status = early_status(r);
    const char *document =
        ap_response_code_string(r, ap_index_of_response(status));

    if (location && document && strcmp(location, document) == 0) {
        r->status = status;
    }
}

int scim_core_errors_post_read_request(request_rec *r)
{
    core_request_config *core = ap_get_core_module_config(r->request_config);
    int i;

    if (!is_ours(r)) {
        return DECLINED;
    }
    if (!core->response_code_strings) {
        core->response_code_strings = apr_pmemdup(r->pool, responses,
                                                  sizeof(responses));
        return DECLINED;
    }
    for (i = 0; i < RESPONSE_CODES; i++) {
        if (responses[i]) {
            core->response_code_strings[i] = responses[i];
        }
    }
    return DECLINED;
}

void scim_core_errors_insert(request_rec *r)
{
    if (r->status == HTTP_MOVED_TEMPORARILY && is_ours(r)) {
        undo_redirect(r);
    }
    if (r->status >= HTTP_BAD_REQUEST && is_ours(r)) {
        ap_add_output_filter(FILTER_NAME, NULL, r, r->connection);
    }
}
