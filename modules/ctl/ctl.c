#include "ctl/ctl.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <string.h>

static void say(const scim_ctl_t *ctl, const char *fmt, va_list args)
{
    scim_print_line(stderr, ctl->pool, "scimctl%s%s: %s",
                    ctl->command ? " " : "",
                    ctl->command ? ctl->command : "",
                    apr_pvsprintf(ctl->pool, fmt, args));
}

int scim_ctl_complain(const scim_ctl_t *ctl, int status, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(ctl, fmt, args);
    va_end(args);
    return status;
}

int scim_ctl_usage(const scim_ctl_t *ctl, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(ctl, fmt, args);
    va_end(args);
    scim_print_line(stderr, ctl->pool,
                    "\"scimctl %s%s--help\" says how it is used",
                    ctl->command ? ctl->command : "",
                    ctl->command ? " " : "");
    return SCIM_EXIT_USAGE;
}

/* The option that the argument names, and its value behind "=" if there. */
static const scim_ctl_option_t *find_option(const scim_ctl_option_t *options,
                                            const char *arg,
                                            const char **pvalue)
{
    const char *equals = strncmp(arg, "--", 2) == 0 ? strchr(arg, '=') : NULL;
    apr_size_t len = equals ? (apr_size_t)(equals - arg) : strlen(arg);

    *pvalue = equals ? equals + 1 : NULL;
    for (; options && options->name; options++) {
        if ((strncmp(options->name, arg, len) == 0 && !options->name[len])
            || (options->letter && strcmp(options->letter, arg) == 0)) {
            return options;
        }
    }
    return NULL;
}

int scim_ctl_options(scim_ctl_t *ctl, const scim_ctl_option_t *options,
                     int *argc, const char **argv)
{
    const scim_ctl_option_t common[] = {
        { "--database", "-d", &ctl->database, NULL },
        { "--json", NULL, NULL, &ctl->json },
        { NULL }
    };
    int i, left = 0, only_arguments = 0;

    for (i = 0; i < *argc; i++) {
        const scim_ctl_option_t *option;
        const char *value;

        if (only_arguments || argv[i][0] != '-' || !argv[i][1]) {
            argv[left++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            only_arguments = 1;
            continue;
        }
        option = find_option(options, argv[i], &value);
        option = option ? option : find_option(common, argv[i], &value);
        if (!option) {
            return scim_ctl_usage(ctl, "there is no option \"%s\"", argv[i]);
        }
        if (option->flag && value) {
            return scim_ctl_usage(ctl, "%s takes no value", option->name);
        }
        if (option->flag) {
            *option->flag = 1;
            continue;
        }
        if (!value && i + 1 == *argc) {
            return scim_ctl_usage(ctl, "%s lacks its value", option->name);
        }
        *option->value = value ? value : argv[++i];
    }
    *argc = left;
    return SCIM_EXIT_OK;
}

/* What the server refuses because schema `scim` lacks it. */
static int is_missing(const char *sqlstate)
{
    return strcmp(sqlstate, "42883") == 0 || strcmp(sqlstate, "3F000") == 0
        || strcmp(sqlstate, "42P01") == 0;
}

int scim_ctl_fail(const scim_ctl_t *ctl, const scim_err_t *err)
{
    const char *text = err->cause ? err->cause : err->detail;

    if (err->kind == SCIM_ERR_UNAVAILABLE) {
        return scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "could not ask the "
                                 "database: %s", text);
    }
    if (ctl->conn && is_missing(scim_conn_sqlstate(ctl->conn))) {
        return scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "%s; this database "
                                 "lacks what the command calls: run the "
                                 "scim.sql that came with this version",
                                 text);
    }
    return scim_ctl_complain(ctl, SCIM_EXIT_FINDINGS, "%s", text);
}

int scim_ctl_connect(scim_ctl_t *ctl)
{
    const char *wrong = ctl->conn ? NULL
                      : scim_conn_check(ctl->database, ctl->pool);

    if (wrong) {
        return scim_ctl_usage(ctl, "\"%s\" is not a connection string: %s",
                              ctl->database, wrong);
    }
    if (!ctl->conn) {
        ctl->conn = scim_conn_make(scim_hosts_make(ctl->database, ctl->pool),
                                   SCIM_CTL_TIMEOUT, ctl->pool);
    }
    return SCIM_EXIT_OK;
}

int scim_ctl_query(scim_table_t *table, scim_ctl_t *ctl, const char *text,
                   int nparams, const char *const *params)
{
    int status = scim_ctl_connect(ctl);
    scim_err_t *err;

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    err = scim_pg_table(table, ctl->conn, SCIM_CTL_TIMEOUT, text, nparams,
                        params, ctl->pool);
    return err ? scim_ctl_fail(ctl, err) : SCIM_EXIT_OK;
}

void scim_ctl_print_grid(const scim_ctl_t *ctl, const scim_grid_t *grid)
{
    scim_buf_t buf;

    if (!ctl->json) {
        scim_grid_print(grid);
        return;
    }
    scim_buf_init(&buf, 4096, ctl->pool);
    scim_grid_json(&buf, grid);
    scim_print_json(buf.data, ctl->pool);
}

void scim_ctl_print(const scim_ctl_t *ctl, const scim_table_t *table)
{
    scim_grid_t *grid = scim_grid_make(table->names, table->ncolumns,
                                       ctl->pool);
    int i;

    for (i = 0; i < table->nrows * table->ncolumns; i++) {
        scim_grid_add(grid, table->values[i]);
    }
    scim_ctl_print_grid(ctl, grid);
}
