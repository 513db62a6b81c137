#include "httpd/core_errors.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include <string.h>

#include "httpd/config.h"
#include "service/request.h"

#define FILTER_NAME "SCIM_CORE_ERROR"

/* What the administrator of a directory reads, by status. */
static const char *detail_of(int status)
{
    switch (status) {
    case HTTP_BAD_REQUEST:
        return "the request cannot be read: its line, a header or the "
               "encoding of its path is malformed";
    case HTTP_UNAUTHORIZED:
        return "the request is not authorised";
    case HTTP_FORBIDDEN:
        return "the web server does not allow this request";
    case HTTP_NOT_FOUND:
        return "there is nothing at this path";
    case HTTP_METHOD_NOT_ALLOWED:
        return "this method is not possible here";
    case HTTP_REQUEST_TIME_OUT:
        return "the request did not arrive in time";
    case HTTP_REQUEST_ENTITY_TOO_LARGE:
        return "the body is larger than the web server accepts";
    case HTTP_REQUEST_URI_TOO_LARGE:
        return "the URL is longer than the web server accepts";
    case HTTP_EXPECTATION_FAILED:
        return "the request's Expect header cannot be met";
    case HTTP_INTERNAL_SERVER_ERROR:
        return "the web server met an unexpected error; its log has the "
               "details";
    case HTTP_NOT_IMPLEMENTED:
        return "this method is not known here";
    case HTTP_SERVICE_UNAVAILABLE:
        return "the service is not available at the moment; try again later";
    default:
        return "the web server refused the request";
    }
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

/* Whether the request, or the one that an ErrorDocument answers, is ours. */
static int is_ours(const request_rec *r)
{
    for (; r; r = r->prev) {
        if (scim_config_base(r->server, path_of(r))
            || scim_config_base(r->server, r->uri)) {
            return 1;
        }
    }
    return 0;
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
    scim_reply_status(&reply, r->status, detail_of(r->status), r->pool);
    ap_set_content_type(r, SCIM_REPLY_CONTENT_TYPE);
    ap_set_content_length(r, reply.body.len);
    r->content_encoding = NULL;
    r->content_languages = NULL;
    apr_table_unset(r->headers_out, "Content-Encoding");
    apr_table_unset(r->headers_out, "ETag");
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

void scim_core_errors_register(void)
{
    ap_register_output_filter(FILTER_NAME, replace_body, NULL,
                              AP_FTYPE_CONTENT_SET - 1);
}

void scim_core_errors_insert(request_rec *r)
{
    if (r->status >= HTTP_BAD_REQUEST && is_ours(r)) {
        ap_add_output_filter(FILTER_NAME, NULL, r, r->connection);
    }
}
