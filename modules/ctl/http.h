/* http.h - requests to a web server, through libcurl; the one file that sees
 * it. The module itself never calls anybody.
 */
#ifndef SCIM_CTL_HTTP_H
#define SCIM_CTL_HTTP_H

#include <apr_pools.h>

typedef struct scim_http_t scim_http_t;

typedef struct scim_http_config_t {
    const char *base;       /* URL without a slash at its end */
    const char *token;
    const char *ca_file;    /* NULL: those of the system */
    int timeout;            /* seconds, of each request */
} scim_http_config_t;

typedef struct scim_http_answer_t {
    const char *failure;    /* NULL: there was an answer; the rest is it */
    long status;
    const char *content_type;   /* "": none, likewise the others */
    const char *location;
    const char *authenticate;   /* WWW-Authenticate */
    const char *body;           /* NUL-terminated */
    apr_size_t len;
    int milliseconds;
} scim_http_answer_t;

/* How a request differs from an ordinary one. */
enum {
    SCIM_HTTP_NO_TOKEN = 1,
    SCIM_HTTP_WRONG_TOKEN = 2,
    SCIM_HTTP_BARE = 4,         /* neither User-Agent nor Accept */
    SCIM_HTTP_PLAIN_JSON = 8    /* application/json */
};

/** Make a client; connections are kept between its requests. @a config is
 * borrowed. NULL when the library could not be set up. */
scim_http_t *scim_http_make(const scim_http_config_t *config,
                            apr_pool_t *pool);

/**
 * Send a request and wait for the answer. Redirections are answers: a
 * provider that follows none should not seem to work.
 *
 * @param path   behind the base, with its query, encoded
 * @param body   JSON, or NULL
 * @param answer filled; lives in @a pool
 */
void scim_http_send(scim_http_answer_t *answer, scim_http_t *http,
                    const char *method, const char *path, const char *body,
                    int how, apr_pool_t *pool);

#endif
