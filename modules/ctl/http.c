#include "ctl/http.h"

#include <apr_strings.h>

#include <curl/curl.h>

#include <string.h>
#include <strings.h>

#include "base/buf.h"

/* No answer of a service provider is larger. */
#define BODY_MAX ((apr_size_t)16777216)

struct scim_http_t {
    const scim_http_config_t *config;
    CURL *curl;
};

/* An answer as it comes in. */
typedef struct incoming_t {
    scim_buf_t body;
    scim_http_answer_t *answer;
    apr_pool_t *pool;
} incoming_t;

static apr_status_t close_curl(void *curl)
{
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return APR_SUCCESS;
}

scim_http_t *scim_http_make(const scim_http_config_t *config,
                            apr_pool_t *pool)
{
    scim_http_t *http = apr_pcalloc(pool, sizeof(*http));

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0
        || !(http->curl = curl_easy_init())) {
        return NULL;
    }
    apr_pool_cleanup_register(pool, http->curl, close_curl,
                              apr_pool_cleanup_null);
    http->config = config;
    return http;
}

static size_t take_body(char *data, size_t size, size_t count, void *baton)
{
    incoming_t *in = baton;

    (void)size;
    if (in->body.len + count > BODY_MAX) {
        return 0;
    }
    scim_buf_add(&in->body, data, count);
    return count;
}

static const char *header_value(const char *line, apr_size_t len,
                                const char *name, apr_pool_t *pool)
{
    apr_size_t n = strlen(name);

    if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':') {
        return NULL;
    }
    for (n++; n < len && (line[n] == ' ' || line[n] == '\t'); n++) {
    }
    while (len > n && (line[len - 1] == '\r' || line[len - 1] == '\n')) {
        len--;
    }
    return apr_pstrmemdup(pool, line + n, len - n);
}

static size_t take_header(char *line, size_t size, size_t count, void *baton)
{
    incoming_t *in = baton;
    scim_http_answer_t *answer = in->answer;
    const char *value;

    (void)size;
    if ((value = header_value(line, count, "Content-Type", in->pool))) {
        answer->content_type = value;
    }
    else if ((value = header_value(line, count, "Location", in->pool))) {
        answer->location = value;
    }
    else if ((value = header_value(line, count, "WWW-Authenticate",
                                   in->pool))) {
        answer->authenticate = value;
    }
    return count;
}

static struct curl_slist *make_headers(const scim_http_t *http,
                                       const char *body, int how,
                                       apr_pool_t *pool)
{
    struct curl_slist *list = NULL;

    if (!(how & SCIM_HTTP_NO_TOKEN)) {
        list = curl_slist_append(list, apr_pstrcat(pool,
            "Authorization: Bearer ", http->config->token,
            how & SCIM_HTTP_WRONG_TOKEN ? "x" : "", NULL));
    }
    list = curl_slist_append(list, how & SCIM_HTTP_BARE ? "Accept:"
                             : "Accept: application/scim+json");
    list = curl_slist_append(list, "Expect:");
    if (body) {
        list = curl_slist_append(list, how & SCIM_HTTP_PLAIN_JSON
                                 ? "Content-Type: application/json"
                                 : "Content-Type: application/scim+json; "
                                   "charset=utf-8");
    }
    return list;
}

void scim_http_send(scim_http_answer_t *answer, scim_http_t *http,
                    const char *method, const char *path, const char *body,
                    int how, apr_pool_t *pool)
{
    CURL *curl = http->curl;
    char reason[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = make_headers(http, body, how, pool);
    incoming_t in = { .answer = answer, .pool = pool };
    curl_off_t time = 0;
    CURLcode code;

    memset(answer, 0, sizeof(*answer));
    answer->content_type = answer->location = answer->authenticate = "";
    scim_buf_init(&in.body, 4096, pool);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, apr_pstrcat(pool, http->config->base,
                                                    path, NULL));
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)http->config->timeout);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &in);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &in);
    if (!(how & SCIM_HTTP_BARE)) {
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "scimctl-probe");
    }
    if (http->config->ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, http->config->ca_file);
    }
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    if (code != CURLE_OK) {
        answer->failure = apr_pstrdup(pool, *reason ? reason
                                            : curl_easy_strerror(code));
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &time);
    answer->milliseconds = (int)(time / 1000);
    answer->body = in.body.data;
    answer->len = in.body.len;
}
