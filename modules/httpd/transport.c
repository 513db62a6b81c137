#include "httpd/transport.h"

#include <http_protocol.h>
#include <http_ssl.h>

#include <apr_strings.h>

#include <string.h>

static int is_loopback(const request_rec *r)
{
    const apr_sockaddr_t *local = r->connection->local_addr;
    const char *ip = r->connection->local_ip;

    if (!local || !ip) {
        return 0;
    }
    return strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0
        || strncmp(ip, "::ffff:127.", 11) == 0;
}

static int is_tls(const request_rec *r, scim_tls_t rule)
{
    const char *proto;

    if (ap_ssl_conn_is_ssl(r->connection)) {
        return 1;
    }
    proto = rule == SCIM_TLS_PROXY
          ? apr_table_get(r->headers_in, "X-Forwarded-Proto") : NULL;
    return proto && ap_cstr_casecmp(proto, "https") == 0;
}

int scim_transport_is_protected(const request_rec *r,
                                const scim_dir_config_t *conf)
{
    scim_tls_t rule = scim_config_require_tls(conf);

    return rule == SCIM_TLS_OFF || is_tls(r, rule)
        || (rule == SCIM_TLS_ON && is_loopback(r));
}

const char *scim_transport_base_url(const request_rec *r,
                                    const scim_dir_config_t *conf)
{
    int tls = is_tls(r, scim_config_require_tls(conf));
    int proxied = tls && !ap_ssl_conn_is_ssl(r->connection);
    apr_port_t port = r->server->port ? r->server->port
                                      : r->connection->local_addr->port;
    const char *host = r->server->server_hostname;

    if (conf->base_url) {
        return conf->base_url;
    }
    host = host ? host : r->connection->local_ip;
    return apr_pstrcat(r->pool, tls ? "https://" : "http://", host,
                       proxied || port == (tls ? 443 : 80) ? ""
                       : apr_psprintf(r->pool, ":%u", port),
                       conf->base_path, NULL);
}
