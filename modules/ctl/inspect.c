#include "ctl/commands.h"

#include <apr_strings.h>

#include <string.h>

#include "ctl/proposal.h"
#include "ctl/survey.h"

static int find_database(const char **pname, scim_ctl_t *ctl)
{
    scim_table_t table;
    int status = scim_ctl_query(&table, ctl, "SELECT current_database()", 0,
                                NULL);

    if (status == SCIM_EXIT_OK) {
        *pname = scim_table_value(&table, 0, 0);
    }
    return status;
}

static void print_json(const scim_buf_t *conf, const scim_buf_t *sql,
                       apr_pool_t *pool)
{
    scim_buf_t buf;

    scim_buf_init(&buf, conf->len + sql->len + 64, pool);
    scim_buf_puts(&buf, "{\"conf\":");
    scim_buf_json(&buf, conf->data, conf->len);
    scim_buf_puts(&buf, ",\"sql\":");
    scim_buf_json(&buf, sql->data, sql->len);
    scim_buf_putc(&buf, '}');
    scim_print_json(buf.data, pool);
}

int scim_ctl_inspect(scim_ctl_t *ctl, int argc, const char **argv)
{
    const char *table = NULL, *database;
    int only_conf = 0, only_sql = 0;
    const scim_ctl_option_t options[] = {
        { "--table", "-t", &table, NULL },
        { "--conf", NULL, NULL, &only_conf },
        { "--sql", NULL, NULL, &only_sql },
        { NULL }
    };
    scim_proposal_t *proposal;
    scim_survey_t *survey;
    scim_buf_t conf, sql;
    int status = scim_ctl_options(ctl, options, &argc, argv);

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    if (argc > 1 || (only_conf && only_sql)) {
        return scim_ctl_usage(ctl, "it takes one connection string, and at "
                              "most one of --conf and --sql");
    }
    ctl->database = argc ? argv[0] : ctl->database;
    if ((status = find_database(&database, ctl)) != SCIM_EXIT_OK
        || (status = scim_survey_read(&survey, ctl, table))
           != SCIM_EXIT_OK) {
        return status;
    }
    proposal = scim_proposal_make(survey, database, ctl->pool);
    scim_buf_init(&conf, 4096, ctl->pool);
    scim_buf_init(&sql, 16384, ctl->pool);
    scim_proposal_conf(&conf, proposal);
    if (!only_conf) {
        status = scim_proposal_sql(&sql, proposal, ctl);
    }
    if (status == SCIM_EXIT_OK && ctl->json) {
        print_json(&conf, &sql, ctl->pool);
    }
    else if (status == SCIM_EXIT_OK) {
        scim_print_lines(stdout, apr_pstrcat(ctl->pool,
            only_sql ? "" : conf.data, only_conf || only_sql ? ""
            : "\n# ---- SQL: \"scimctl inspect --sql\" prints it alone "
              "----\n\n", sql.data, NULL), ctl->pool);
    }
    return status;
}
