#include "httpd/config.h"

#include <http_core.h>
#include <http_log.h>

#include <apr_strings.h>

#include "httpd/directives.h"

APLOG_USE_MODULE(scim);

/* Every conninfo read, so that each child can make its pools at start. Set
 * anew with each reading of the configuration, which one thread does. */
static apr_array_header_t *databases;

/* Creating and merging */

#define CREATE_PTR(type, name) conf->name = NULL;
#define CREATE_NUM(name) conf->name = SCIM_UNSET;
#define MERGE_PTR(type, name) conf->name = add->name ? add->name : base->name;
#define MERGE_NUM(name) \
    conf->name = add->name != SCIM_UNSET ? add->name : base->name;

void *scim_config_dir_create(apr_pool_t *pool, char *dir)
{
    scim_dir_config_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)dir;
    SCIM_DIR_MEMBERS(CREATE_PTR, CREATE_NUM)
    return conf;
}

void *scim_config_dir_merge(apr_pool_t *pool, void *basev, void *addv)
{
    const scim_dir_config_t *base = basev, *add = addv;
    scim_dir_config_t *conf = apr_pcalloc(pool, sizeof(*conf));

    SCIM_DIR_MEMBERS(MERGE_PTR, MERGE_NUM)
    return conf;
}

void *scim_config_server_create(apr_pool_t *pool, server_rec *server)
{
    scim_server_config_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)server;
    SCIM_SERVER_MEMBERS(CREATE_NUM)
    conf->bases = apr_array_make(pool, 2, sizeof(scim_base_t));
    conf->consoles = apr_array_make(pool, 1, sizeof(const char *));
    return conf;
}

void *scim_config_server_merge(apr_pool_t *pool, void *basev, void *addv)
{
    const scim_server_config_t *base = basev, *add = addv;
    scim_server_config_t *conf = apr_pcalloc(pool, sizeof(*conf));

    SCIM_SERVER_MEMBERS(MERGE_NUM)
    conf->bases = apr_array_append(pool, add->bases, base->bases);
    conf->consoles = apr_array_append(pool, add->consoles, base->consoles);
    return conf;
}

scim_dir_config_t *scim_config_dir(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &scim_module);
}

scim_server_config_t *scim_config_server(const server_rec *server)
{
    return ap_get_module_config(server->module_config, &scim_module);
}

void scim_config_add_database(const char *conninfo)
{
    APR_ARRAY_PUSH(databases, const char *) = conninfo;
}

const apr_array_header_t *scim_config_databases(void)
{
    return databases;
}

void scim_config_reset_pre_config(apr_pool_t *pconf)
{
    databases = apr_array_make(pconf, 2, sizeof(const char *));
}

/* Checks when all is read */

/* Below a base httpd's own answers become those of SCIM, the question for a
 * login among them. */
static int check_consoles(const server_rec *server)
{
    const apr_array_header_t *consoles = scim_config_server(server)->consoles;
    int i;

    for (i = 0; i < consoles->nelts; i++) {
        const char *path = APR_ARRAY_IDX(consoles, i, const char *);
        const scim_base_t *base = scim_config_base(server, path);

        if (base) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_CRIT, 0, server,
                         "SCIM0090: the console at \"%s\" lies below the base "
                         "of SCIM URLs, <Location \"%s\">; give it a path "
                         "beside that", path, base->path);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

int scim_config_check(apr_pool_t *ptemp, server_rec *server)
{
    int i;

    for (; server; server = server->next) {
        const scim_dir_config_t *defaults =
            ap_get_module_config(server->lookup_defaults, &scim_module);
        const apr_array_header_t *bases = scim_config_server(server)->bases;

        if (check_consoles(server) != OK) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        for (i = 0; i < bases->nelts; i++) {
            const scim_base_t *base = &APR_ARRAY_IDX(bases, i, scim_base_t);
            const scim_dir_config_t *conf =
                scim_config_dir_merge(ptemp, (void *)defaults,
                                      (void *)base->dir);

            if (!conf->database) {
                ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_CRIT, 0,
                             server, "SCIM0001: %s:%d: <Location \"%s\"> has "
                             "no " SCIM_DIRECTIVE_DATABASE "; add one to it or "
                             "to the server, such as " SCIM_DIRECTIVE_DATABASE
                             " \"dbname=app user=mod_scim\"", base->file,
                             base->line, base->path);
                return HTTP_INTERNAL_SERVER_ERROR;
            }
            if (conf->groups && !conf->users) {
                ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_CRIT, 0,
                             server, "SCIM0045: %s:%d: <Location \"%s\"> has "
                             "<ScimResource Group> without <ScimResource "
                             "User>; add the mapping of the users that are in "
                             "the groups", base->file, base->line, base->path);
                return HTTP_INTERNAL_SERVER_ERROR;
            }
            if (scim_config_page(conf) > scim_config_page_max(conf)) {
                ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_CRIT, 0,
                             server, "SCIM0002: %s:%d: <Location \"%s\"> has "
                             "a " SCIM_DIRECTIVE_PAGE " above its "
                             SCIM_DIRECTIVE_PAGE_MAX "; lower the one or raise "
                             "the other", base->file, base->line, base->path);
                return HTTP_INTERNAL_SERVER_ERROR;
            }
        }
    }
    return OK;
}

const char *scim_config_server_name(const server_rec *server,
                                    apr_pool_t *pool)
{
    const char *name = server->server_hostname ? server->server_hostname : "";
    int port = server->addrs && server->addrs->host_port
             ? server->addrs->host_port : server->port;

    return port ? apr_psprintf(pool, "%s:%d", name, port) : name;
}

/* The main server comes first, so what virtual hosts have from it is counted
 * as its own. */
void scim_config_tally_post_config(scim_tally_t *tally, apr_pool_t *ptemp,
                                   server_rec *server)
{
    int i;

    for (; server; server = server->next) {
        const char *name = scim_config_server_name(server, ptemp);
        const apr_array_header_t *bases = scim_config_server(server)->bases;

        for (i = 0; i < bases->nelts; i++) {
            const scim_base_t *base = &APR_ARRAY_IDX(bases, i, scim_base_t);

            if (!base->dir->tally) {
                base->dir->tally =
                    scim_tally_location_post_config(tally, name, base->path);
            }
        }
    }
}

static int is_at_or_below(const char *path, const char *base)
{
    apr_size_t len = strlen(base);

    return strncmp(path, base, len) == 0 && (path[len] == '/' || !path[len]);
}

const scim_base_t *scim_config_base(const server_rec *server,
                                    const char *path)
{
    const apr_array_header_t *bases = scim_config_server(server)->bases;
    int i;

    for (i = 0; path && i < bases->nelts; i++) {
        const scim_base_t *base = &APR_ARRAY_IDX(bases, i, scim_base_t);

        if (is_at_or_below(path, base->path)) {
            return base;
        }
    }
    return NULL;
}

int scim_config_is_console(const server_rec *server, const char *path)
{
    const apr_array_header_t *consoles = scim_config_server(server)->consoles;
    int i;

    for (i = 0; path && i < consoles->nelts; i++) {
        if (is_at_or_below(path, APR_ARRAY_IDX(consoles, i, const char *))) {
            return 1;
        }
    }
    return 0;
}

/* Values with their defaults */

#define OR_DEFAULT(value, other) ((value) != SCIM_UNSET ? (value) : (other))

int scim_config_pool_max(const scim_server_config_t *server, int threaded)
{
    return (int)OR_DEFAULT(server->pool_max, threaded ? 4 : 1);
}

apr_interval_time_t scim_config_pool_timeout(const scim_server_config_t *s)
{
    return OR_DEFAULT(s->pool_timeout, apr_time_from_sec(1));
}

apr_interval_time_t scim_config_timeout(const scim_server_config_t *server)
{
    return OR_DEFAULT(server->timeout, apr_time_from_sec(5));
}

scim_tls_t scim_config_require_tls(const scim_dir_config_t *dir)
{
    return (scim_tls_t)OR_DEFAULT(dir->require_tls, SCIM_TLS_ON);
}

int scim_config_page(const scim_dir_config_t *dir)
{
    int max = scim_config_page_max(dir);
    int page = (int)OR_DEFAULT(dir->page, 100);

    return dir->page == SCIM_UNSET && page > max ? max : page;
}

int scim_config_page_max(const scim_dir_config_t *dir)
{
    return (int)OR_DEFAULT(dir->page_max, 1000);
}

apr_off_t scim_config_body_max(const scim_dir_config_t *dir)
{
    return OR_DEFAULT(dir->body_max, APR_INT64_C(1048576));
}

int scim_config_bulk_max(const scim_dir_config_t *dir)
{
    return (int)OR_DEFAULT(dir->bulk_max, 1000);
}

void scim_config_limits(scim_limits_t *limits, const scim_dir_config_t *dir)
{
    limits->body_depth = (int)OR_DEFAULT(dir->body_depth_max,
                                         SCIM_BODY_DEPTH_MAX);
    limits->body_values = (int)OR_DEFAULT(dir->body_values_max,
                                          SCIM_BODY_VALUES_MAX);
    limits->values = (int)OR_DEFAULT(dir->values_max, SCIM_VALUES_MAX);
    limits->patch_operations = (int)OR_DEFAULT(dir->patch_max,
                                               SCIM_PATCH_OPERATIONS_MAX);
    limits->filter_length = (int)OR_DEFAULT(dir->filter_length_max,
                                            SCIM_FILTER_LENGTH_MAX);
    limits->filter_depth = (int)OR_DEFAULT(dir->filter_depth_max,
                                           SCIM_FILTER_DEPTH_MAX);
    limits->filter_terms = (int)OR_DEFAULT(dir->filter_terms_max,
                                           SCIM_FILTER_TERMS_MAX);
}

scim_rate_t scim_config_rate(const scim_dir_config_t *dir)
{
    scim_rate_t rate;

    rate.per_second = (int)OR_DEFAULT(dir->rate_limit, 200);
    rate.burst = (int)OR_DEFAULT(dir->rate_burst,
                                 (apr_int64_t)SCIM_BURST_SECONDS
                                 * rate.per_second);
    return rate;
}
