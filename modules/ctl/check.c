#include "ctl/commands.h"

#include <apr_strings.h>

#include <string.h>

#include "base/log.h"
#include "ctl/location.h"
#include "pg/proof_report.h"

/* The warnings of a proof, which come through the port of the log. */
static apr_array_header_t *warnings;

static void keep_warning(scim_log_level_t level, int number, const char *text)
{
    (void)number;
    if (level <= SCIM_LOG_WARNING) {
        APR_ARRAY_PUSH(warnings, const char *) =
            apr_pstrdup(warnings->pool, text);
    }
}

static scim_grid_t *grid_of(const scim_proof_report_t *report,
                            apr_pool_t *pool)
{
    static const char *const names[] = {
        "directive", "column", "type", "index", "compared", "may", "result"
    };
    scim_grid_t *grid = scim_grid_make(names, 7, pool);
    int i;

    for (i = 0; i < report->lines->nelts; i++) {
        const scim_proof_line_t *line =
            &APR_ARRAY_IDX(report->lines, i, scim_proof_line_t);

        scim_grid_add(grid, line->directive);
        scim_grid_add(grid, line->column);
        scim_grid_add(grid, line->type ? line->type : "(missing)");
        scim_grid_add(grid, line->index && line->is_unique
                      ? apr_pstrcat(pool, line->index, " (unique)", NULL)
                      : line->index);
        scim_grid_add(grid, line->rule);
        scim_grid_add(grid, line->rights);
        scim_grid_add(grid, line->findings->nelts ? "WRONG" : "ok");
    }
    return grid;
}

static void print_texts(const char *label, const apr_array_header_t *texts)
{
    int i;

    for (i = 0; i < texts->nelts; i++) {
        scim_print_line(stdout, texts->pool, "%s%s", label,
                        APR_ARRAY_IDX(texts, i, const char *));
    }
}

static void print_report(const scim_location_t *location,
                         const scim_proof_report_t *report, apr_pool_t *pool)
{
    int i;

    scim_print_line(stdout, pool, "<ScimResource %s> in <Location \"%s\"> "
                    "(%s)", location->mapping->type->name, location->path,
                    location->place);
    scim_print_lines(stdout, "\n", pool);
    if (report->lines->nelts) {
        scim_grid_print(grid_of(report, pool));
        scim_print_lines(stdout, "\n", pool);
    }
    for (i = 0; i < report->lines->nelts; i++) {
        print_texts("wrong: ", APR_ARRAY_IDX(report->lines, i,
                                             scim_proof_line_t).findings);
    }
    print_texts("wrong: ", report->findings);
    print_texts("warning: ", warnings);
    scim_print_line(stdout, pool, report->count == 1 ? "1 finding"
                    : report->count ? "%d findings"
                    : "the mapping fits the database", report->count);
    scim_print_lines(stdout, "\n", pool);
}

static void add_texts(scim_buf_t *buf, const char **comma,
                      const char *directive, const apr_array_header_t *texts)
{
    int i;

    for (i = 0; i < texts->nelts; i++) {
        const char *text = APR_ARRAY_IDX(texts, i, const char *);

        scim_buf_printf(buf, "%s{", *comma);
        if (directive) {
            scim_buf_puts(buf, "\"directive\":");
            scim_buf_json(buf, directive, strlen(directive));
            scim_buf_putc(buf, ',');
        }
        scim_buf_puts(buf, "\"text\":");
        scim_buf_json(buf, text, strlen(text));
        scim_buf_putc(buf, '}');
        *comma = ",";
    }
}

static void add_report(scim_buf_t *buf, const scim_location_t *location,
                       const scim_proof_report_t *report, apr_pool_t *pool)
{
    const char *comma = "";
    int i;

    scim_buf_puts(buf, "{\"resource\":");
    scim_buf_json(buf, location->mapping->type->name,
                  strlen(location->mapping->type->name));
    scim_buf_puts(buf, ",\"location\":");
    scim_buf_json(buf, location->path, strlen(location->path));
    scim_buf_puts(buf, ",\"place\":");
    scim_buf_json(buf, location->place, strlen(location->place));
    scim_buf_puts(buf, ",\"columns\":");
    scim_grid_json(buf, grid_of(report, pool));
    scim_buf_puts(buf, ",\"findings\":[");
    for (i = 0; i < report->lines->nelts; i++) {
        const scim_proof_line_t *line =
            &APR_ARRAY_IDX(report->lines, i, scim_proof_line_t);

        add_texts(buf, &comma, line->directive, line->findings);
    }
    add_texts(buf, &comma, NULL, report->findings);
    scim_buf_puts(buf, "],\"warnings\":[");
    comma = "";
    add_texts(buf, &comma, NULL, warnings);
    scim_buf_puts(buf, "]}");
}

static int check_location(int *pcount, scim_buf_t *buf, scim_ctl_t *ctl,
                          const scim_location_t *location)
{
    scim_proof_report_t report = { 0 };
    int status = scim_location_connect(ctl, location);
    scim_err_t *err;

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    warnings = apr_array_make(ctl->pool, 2, sizeof(const char *));
    scim_log_set(keep_warning);
    err = scim_conn_begin(ctl->conn, apr_time_now() + SCIM_CTL_TIMEOUT,
                          ctl->pool);
    if (!err) {
        err = scim_proof_report(&report, ctl->conn, location->mapping,
                                ctl->pool);
        scim_conn_end(ctl->conn, ctl->pool);
    }
    scim_log_set(NULL);
    if (err) {
        return scim_ctl_fail(ctl, err);
    }
    *pcount += report.count;
    if (ctl->json) {
        scim_buf_puts(buf, buf->len > 1 ? ",\n" : "");
        add_report(buf, location, &report, ctl->pool);
    }
    else {
        print_report(location, &report, ctl->pool);
    }
    return SCIM_EXIT_OK;
}

int scim_ctl_check(scim_ctl_t *ctl, int argc, const char **argv)
{
    scim_source_t source = { 0 };
    const scim_ctl_option_t options[] = {
        SCIM_SOURCE_OPTIONS(source),
        { NULL }
    };
    apr_array_header_t *locations;
    scim_buf_t buf;
    int i, count = 0, status = scim_ctl_options(ctl, options, &argc, argv);

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    if (argc > 1 || (argc && strcmp(argv[0], "-") != 0)) {
        return scim_ctl_usage(ctl, "the only argument is \"-\", to read the "
                              "dump from standard input");
    }
    source.from_stdin = argc;
    status = scim_location_read(&locations, ctl, &source);
    scim_buf_init(&buf, 8192, ctl->pool);
    scim_buf_putc(&buf, '[');
    for (i = 0; status == SCIM_EXIT_OK && i < locations->nelts; i++) {
        status = check_location(&count, &buf, ctl,
                                &APR_ARRAY_IDX(locations, i,
                                               scim_location_t));
    }
    if (status != SCIM_EXIT_OK) {
        return status;
    }
    if (ctl->json) {
        scim_buf_putc(&buf, ']');
        scim_print_json(buf.data, ctl->pool);
    }
    return count ? SCIM_EXIT_FINDINGS : SCIM_EXIT_OK;
}
