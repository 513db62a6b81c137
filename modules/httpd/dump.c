#include "httpd/dump.h"

#include <http_config.h>
#include <http_core.h>
#include <unixd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "httpd/config.h"
#include "store/dump.h"

/* A virtual host has the locations of the main server besides its own. */
typedef struct printed_t {
    const scim_dir_config_t *dir;
    const char *database;
} printed_t;

static int was_printed(apr_array_header_t *printed,
                       const scim_dir_config_t *dir, const char *database)
{
    printed_t *entry;
    int i;

    for (i = 0; i < printed->nelts; i++) {
        entry = &APR_ARRAY_IDX(printed, i, printed_t);
        if (entry->dir == dir && strcmp(entry->database, database) == 0) {
            return 1;
        }
    }
    entry = apr_array_push(printed);
    entry->dir = dir;
    entry->database = database;
    return 0;
}

static void put_text(scim_buf_t *buf, const char *name, const char *text)
{
    scim_buf_printf(buf, ",\"%s\":", name);
    scim_buf_json(buf, text, strlen(text));
}

static void format_line(scim_buf_t *buf, const scim_base_t *base,
                        const char *database, const scim_mapping_t *mapping,
                        const server_rec *server)
{
    scim_buf_puts(buf, "{\"scim\":1");
    put_text(buf, "server", scim_config_server_name(server, buf->pool));
    put_text(buf, "path", base->path);
    put_text(buf, "file", base->file);
    scim_buf_printf(buf, ",\"line\":%d", base->line);
    put_text(buf, "database", database);
    scim_buf_printf(buf, ",\"timeout\":%d,\"user\":%ld,\"group\":%ld,"
                    "\"mapping\":",
                    (int)apr_time_as_msec(scim_config_timeout(
                        scim_config_server(server))),
                    (long)ap_unixd_config.user_id,
                    (long)ap_unixd_config.group_id);
    scim_dump_format(buf, mapping);
    scim_buf_puts(buf, "}\n");
}

static void dump_server(apr_file_t *out, apr_array_header_t *printed,
                        const server_rec *server, apr_pool_t *pool)
{
    const apr_array_header_t *bases = scim_config_server(server)->bases;
    void *defaults = ap_get_module_config(server->lookup_defaults,
                                          &scim_module);
    int i;

    for (i = 0; i < bases->nelts; i++) {
        const scim_base_t *base = &APR_ARRAY_IDX(bases, i, scim_base_t);
        const scim_dir_config_t *conf =
            scim_config_dir_merge(pool, defaults, (void *)base->dir);
        scim_buf_t buf;

        if (was_printed(printed, base->dir, conf->database)) {
            continue;
        }
        scim_buf_init(&buf, 32768, pool);
        if (conf->users) {
            format_line(&buf, base, conf->database, conf->users, server);
        }
        if (conf->groups) {
            format_line(&buf, base, conf->database, conf->groups, server);
        }
        apr_file_write_full(out, buf.data, buf.len, NULL);
    }
}

void scim_dump_test_config(apr_pool_t *pconf, server_rec *server)
{
    apr_array_header_t *printed;
    apr_file_t *out;

    if (!ap_exists_config_define("SCIM_DUMP")
        || apr_file_open_stdout(&out, pconf) != APR_SUCCESS) {
        return;
    }
    printed = apr_array_make(pconf, 4, sizeof(printed_t));
    for (; server; server = server->next) {
        dump_server(out, printed, server, pconf);
    }
}
