#include "httpd/lifecycle.h"

#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>

#include <apr_strings.h>

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "httpd/shared.h"

APLOG_USE_MODULE(scim);

typedef struct child_pool_t {
    scim_pool_config_t config;
    scim_pool_t *connections;
} child_pool_t;

/* Written by child_init before there are request threads, read afterwards.
 * They survive a graceful restart in the parent, which never uses them. */
static apr_array_header_t *child_pools;     /* of child_pool_t */
static server_rec *log_server;
static scim_tally_t *tally;                 /* set by post_config */

/* The port of base/log.h */
static void write_log(scim_log_level_t level, int number, const char *text)
{
    static const int levels[] = {
        [SCIM_LOG_ERR] = APLOG_ERR, [SCIM_LOG_WARNING] = APLOG_WARNING,
        [SCIM_LOG_NOTICE] = APLOG_NOTICE, [SCIM_LOG_INFO] = APLOG_INFO,
        [SCIM_LOG_DEBUG] = APLOG_DEBUG
    };

    ap_log_error(APLOG_MARK, levels[level], 0, log_server, "SCIM%04d: %s",
                 number, text);
}

int scim_lifecycle_pre_config(apr_pool_t *pconf, apr_pool_t *plog,
                              apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    child_pools = NULL;
    log_server = NULL;
    tally = NULL;
    scim_log_set(NULL);
    scim_config_reset_pre_config(pconf);
    return OK;
}

/* At start and for `httpd -t`; the database is not asked, as it may come up
 * later and this runs as root. */
int scim_lifecycle_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                                apr_pool_t *ptemp, server_rec *server)
{
    (void)pconf;
    (void)plog;
    return scim_config_check(ptemp, server);
}

/* Nothing is served between the first reading of the configuration and the
 * second, nor for `httpd -t`. */
int scim_lifecycle_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                               apr_pool_t *ptemp, server_rec *server)
{
    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG) {
        tally = scim_shared_make_post_config(pconf, server);
        scim_config_tally_post_config(tally, ptemp, server);
    }
    return OK;
}

scim_tally_t *scim_lifecycle_tally(void)
{
    return tally;
}

void scim_lifecycle_child_status(server_rec *server, pid_t pid,
                                 ap_generation_t generation, int slot,
                                 mpm_child_status state)
{
    (void)server;
    (void)generation;
    (void)slot;
    if (state == MPM_CHILD_EXITED && tally) {
        scim_tally_child_gone(tally, pid);
    }
}

static void fill_config(scim_pool_config_t *config, const char *conninfo,
                        const scim_server_config_t *server,
                        scim_tally_child_t *child)
{
    int threaded = 0, children = 1;

    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &children);
    config->conninfo = conninfo;
    config->max = scim_config_pool_max(server,
                                       threaded != AP_MPMQ_NOT_SUPPORTED);
    config->children = children;
    config->acquire_timeout = scim_config_pool_timeout(server);
    config->timeout = scim_config_timeout(server);
    config->tally = tally;
    config->child = child;
}

static scim_pool_t *find_pool(const char *conninfo, int max,
                              apr_interval_time_t acquire_timeout,
                              apr_interval_time_t timeout)
{
    int i;

    for (i = 0; child_pools && i < child_pools->nelts; i++) {
        const child_pool_t *pool = &APR_ARRAY_IDX(child_pools, i,
                                                  child_pool_t);

        if (pool->config.max == max && pool->config.timeout == timeout
            && pool->config.acquire_timeout == acquire_timeout
            && strcmp(pool->config.conninfo, conninfo) == 0) {
            return pool->connections;
        }
    }
    return NULL;
}

void scim_lifecycle_child_init(apr_pool_t *pchild, server_rec *server)
{
    const apr_array_header_t *databases = scim_config_databases();
    scim_tally_child_t *child = scim_tally_child(tally, getpid());
    int i;

    log_server = server;
    scim_log_set(write_log);
    child_pools = apr_array_make(pchild, 4, sizeof(child_pool_t));
    for (; server; server = server->next) {
        for (i = 0; i < databases->nelts; i++) {
            scim_pool_config_t *config = apr_palloc(pchild, sizeof(*config));
            scim_pool_t *connections;
            child_pool_t *pool;
            apr_status_t status;

            fill_config(config, APR_ARRAY_IDX(databases, i, const char *),
                        scim_config_server(server), child);
            if (find_pool(config->conninfo, config->max,
                          config->acquire_timeout, config->timeout)) {
                continue;
            }
            status = scim_pool_make_child_init(&connections, config, pchild);
            if (status != APR_SUCCESS) {
                ap_log_error(APLOG_MARK, APLOG_CRIT, status, server,
                             "SCIM0003: could not make the pool of database "
                             "connections; this child answers 503");
                continue;
            }
            pool = apr_array_push(child_pools);
            pool->config = *config;
            pool->connections = connections;
        }
    }
}

scim_pool_t *scim_lifecycle_pool(const server_rec *server,
                                 const char *conninfo)
{
    const scim_server_config_t *conf = scim_config_server(server);
    int threaded = 0;

    if (!conninfo) {
        return NULL;
    }
    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    return find_pool(conninfo,
                     scim_config_pool_max(conf, threaded
                                          != AP_MPMQ_NOT_SUPPORTED),
                     scim_config_pool_timeout(conf),
                     scim_config_timeout(conf));
}
