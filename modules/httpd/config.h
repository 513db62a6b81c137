/* config.h - what the directives say.
 *
 * Each struct's members stand in one list, which declares, unsets and merges
 * them, so none can be forgotten. Unset is a state; defaults are given by the
 * getters.
 */
#ifndef SCIM_HTTPD_CONFIG_H
#define SCIM_HTTPD_CONFIG_H

#include <httpd.h>
#include <http_config.h>

#include "base/limits.h"
#include "base/rate.h"
#include "base/tally.h"
#include "store/mapping.h"

extern module AP_MODULE_DECLARE_DATA scim_module;

#define SCIM_UNSET (-1)

/* ScimRateLimit without a burst: what may come in so long may come at once. */
#define SCIM_BURST_SECONDS 5

typedef enum {
    SCIM_TLS_ON,            /* except on loopback */
    SCIM_TLS_ALWAYS,        /* on loopback too */
    SCIM_TLS_PROXY,         /* or the proxy in front says so */
    SCIM_TLS_OFF
} scim_tls_t;

/* Of a location, or of a server for the locations in it. */
#define SCIM_DIR_MEMBERS(PTR, NUM)          \
    PTR(const char *, database)             \
    PTR(const char *, console_database)     \
    PTR(const char *, console_path)         \
    PTR(const char *, base_url)             \
    PTR(const char *, base_path)            \
    PTR(scim_mapping_t *, users)            \
    PTR(scim_mapping_t *, groups)           \
    PTR(scim_tally_location_t *, tally)     \
    NUM(require_tls)                        \
    NUM(public_discovery)                   \
    NUM(page)                               \
    NUM(page_max)                           \
    NUM(body_max)                           \
    NUM(body_depth_max)                     \
    NUM(body_values_max)                    \
    NUM(values_max)                         \
    NUM(patch_max)                          \
    NUM(bulk_max)                           \
    NUM(filter_length_max)                  \
    NUM(filter_depth_max)                   \
    NUM(filter_terms_max)                   \
    NUM(rate_limit)                         \
    NUM(rate_burst)

typedef struct scim_dir_config_t {
#define SCIM_MEMBER_PTR_(type, name) type name;
#define SCIM_MEMBER_NUM_(name) apr_int64_t name;
    SCIM_DIR_MEMBERS(SCIM_MEMBER_PTR_, SCIM_MEMBER_NUM_)
    const char *tokens;         /* of the mapping; read when it is finished */
    scim_mapping_t *current;    /* while a <ScimResource> is read */
} scim_dir_config_t;

/* Of a server. */
#define SCIM_SERVER_MEMBERS(NUM)            \
    NUM(pool_max)                           \
    NUM(pool_timeout)                       \
    NUM(timeout)

typedef struct scim_server_config_t {
    SCIM_SERVER_MEMBERS(SCIM_MEMBER_NUM_)
    apr_array_header_t *bases;  /* of scim_base_t */
    apr_array_header_t *consoles;   /* of const char *: paths, likewise */
} scim_server_config_t;

/* A location that has a <ScimResource>. */
typedef struct scim_base_t {
    const char *path;           /* without a slash at its end */
    scim_dir_config_t *dir;     /* of the <Location> alone, not merged */
    const char *file;           /* where it is configured */
    int line;
} scim_base_t;

void *scim_config_dir_create(apr_pool_t *pool, char *dir);
void *scim_config_dir_merge(apr_pool_t *pool, void *base, void *add);
void *scim_config_server_create(apr_pool_t *pool, server_rec *server);
void *scim_config_server_merge(apr_pool_t *pool, void *base, void *add);

scim_dir_config_t *scim_config_dir(const request_rec *r);
scim_server_config_t *scim_config_server(const server_rec *server);

/** Note a conninfo; while the configuration is read. */
void scim_config_add_database(const char *conninfo);

/** All conninfos that any ScimDatabase or ScimConsoleDatabase names, of const
 * char *. */
const apr_array_header_t *scim_config_databases(void);

/** Forget what an earlier reading of the configuration left; pre_config. */
void scim_config_reset_pre_config(apr_pool_t *pconf);

/** Whether each location can serve. Logs what is wrong. @return OK or not */
int scim_config_check(apr_pool_t *ptemp, server_rec *server);

/** Give each location its place among what is counted; post_config. */
void scim_config_tally_post_config(scim_tally_t *tally, apr_pool_t *ptemp,
                                   server_rec *server);

/** The name of a server for its administrator: `host:port`. */
const char *scim_config_server_name(const server_rec *server,
                                    apr_pool_t *pool);

/** The base below which a path stands, or NULL. */
const scim_base_t *scim_config_base(const server_rec *server,
                                    const char *path);

/** Whether a path is that of a console, or below it. */
int scim_config_is_console(const server_rec *server, const char *path);

/* Values with their defaults */
int scim_config_pool_max(const scim_server_config_t *server, int threaded);
apr_interval_time_t scim_config_pool_timeout(const scim_server_config_t *s);
apr_interval_time_t scim_config_timeout(const scim_server_config_t *server);
scim_tls_t scim_config_require_tls(const scim_dir_config_t *dir);
int scim_config_page(const scim_dir_config_t *dir);
int scim_config_page_max(const scim_dir_config_t *dir);
apr_off_t scim_config_body_max(const scim_dir_config_t *dir);
int scim_config_bulk_max(const scim_dir_config_t *dir);
void scim_config_limits(scim_limits_t *limits, const scim_dir_config_t *dir);
scim_rate_t scim_config_rate(const scim_dir_config_t *dir);

#endif
