#include "httpd/body.h"

#include <http_protocol.h>

static scim_err_t *too_large(const request_rec *r, apr_off_t limit)
{
    return scim_err_make(SCIM_ERR_TOO_LARGE, r->pool,
                         "the body is larger than the %" APR_OFF_T_FMT
                         " bytes that are accepted", limit);
}

static int announces_more(const request_rec *r, apr_off_t limit)
{
    const char *text = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t length;

    return text && ap_parse_strict_length(&length, text) && length > limit;
}

int scim_body_read(scim_buf_t *body, scim_err_t **perr, request_rec *r,
                   apr_off_t limit)
{
    apr_bucket_brigade *brigade =
        apr_brigade_create(r->pool, r->connection->bucket_alloc);
    int done = 0;

    scim_buf_init(body, 1024, r->pool);
    if (announces_more(r, limit)) {
        *perr = too_large(r, limit);
        return OK;
    }
    while (!done) {
        apr_status_t status = ap_get_brigade(r->input_filters, brigade,
                                             AP_MODE_READBYTES, APR_BLOCK_READ,
                                             HUGE_STRING_LEN);
        apr_bucket *bucket;

        if (status != APR_SUCCESS) {
            int answer = ap_map_http_request_error(status, HTTP_BAD_REQUEST);

            if (answer == HTTP_REQUEST_ENTITY_TOO_LARGE) {
                *perr = scim_err_make(SCIM_ERR_TOO_LARGE, r->pool,
                    "the body is larger than the web server accepts");
                return OK;
            }
            return answer;
        }
        for (bucket = APR_BRIGADE_FIRST(brigade);
             bucket != APR_BRIGADE_SENTINEL(brigade) && !done;
             bucket = APR_BUCKET_NEXT(bucket)) {
            const char *data;
            apr_size_t len;

            if (APR_BUCKET_IS_EOS(bucket)) {
                done = 1;
            }
            if (APR_BUCKET_IS_METADATA(bucket)) {
                continue;
            }
            if (apr_bucket_read(bucket, &data, &len, APR_BLOCK_READ)
                != APR_SUCCESS) {
                return HTTP_BAD_REQUEST;
            }
            if ((apr_off_t)(body->len + len) > limit) {
                *perr = too_large(r, limit);
                done = 1;
            }
            else {
                scim_buf_add(body, data, len);
            }
        }
        apr_brigade_cleanup(brigade);
    }
    return OK;
}
