#include "ctl/commands.h"

#include <apr_strings.h>

#include <string.h>

typedef struct request_t {
    const char *valid;
    const char *overlap;
    const char *argument;   /* USER, ORG or TOKEN_ID; NULL: none */
} request_t;

/* A token is the one thing on the output, so that it can be caught in a
 * variable or sent on through a pipe. */
static void print_token(const scim_ctl_t *ctl, const char *token)
{
    if (ctl->json) {
        scim_print_json(apr_psprintf(ctl->pool, "{\"token\":\"%s\"}", token),
                        ctl->pool);
        return;
    }
    scim_print_line(stdout, ctl->pool, "%s", token);
}

static int issue(scim_ctl_t *ctl, const request_t *request)
{
    const char *params[] = { request->argument, request->valid };
    scim_table_t table;
    int status = scim_ctl_query(&table, ctl,
                                "SELECT scim.token_issue($1, $2::interval)",
                                2, params);

    if (status == SCIM_EXIT_OK) {
        print_token(ctl, scim_table_value(&table, 0, 0));
    }
    return status;
}

static int list(scim_ctl_t *ctl, const request_t *request)
{
    const char *params[] = { request->argument };
    scim_table_t table;
    int status = scim_ctl_query(&table, ctl,
                                "SELECT * FROM scim.token_list($1)", 1,
                                params);

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    scim_ctl_print(ctl, &table);
    if (!table.nrows && !ctl->json) {
        scim_print_line(stdout, ctl->pool, "there are no tokens");
    }
    return SCIM_EXIT_OK;
}

static int rotate(scim_ctl_t *ctl, const request_t *request)
{
    const char *params[] = { request->argument, request->valid,
                             request->overlap };
    scim_table_t table;
    int status = scim_ctl_query(&table, ctl,
                                "SELECT scim.token_rotate($1, $2::interval, "
                                "$3::interval)", 3, params);

    if (status == SCIM_EXIT_OK) {
        print_token(ctl, scim_table_value(&table, 0, 0));
    }
    return status;
}

static int end(scim_ctl_t *ctl, const request_t *request)
{
    const char *params[] = { request->argument };
    scim_table_t table;
    int status = scim_ctl_query(&table, ctl, "SELECT scim.token_revoke($1)",
                                1, params), done;

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    done = *scim_table_value(&table, 0, 0) == 't';
    if (!done) {
        return scim_ctl_complain(ctl, SCIM_EXIT_FINDINGS, "there is no token "
                                 "\"%s\", or it was revoked before",
                                 request->argument);
    }
    if (ctl->json) {
        scim_print_json("{\"revoked\":true}", ctl->pool);
    }
    return SCIM_EXIT_OK;
}

static const struct {
    const char *name;
    const char *argument;   /* what it is about */
    int may_lack_it;
    int (*run)(scim_ctl_t *ctl, const request_t *request);
} actions[] = {
    { "issue", "a user", 0, issue },
    { "list", "an organisation", 1, list },
    { "rotate", "a token_id", 0, rotate },
    { "revoke", "a token_id", 0, end }
};

int scim_ctl_token(scim_ctl_t *ctl, int argc, const char **argv)
{
    request_t request = { "1 year", "7 days", NULL };
    const scim_ctl_option_t options[] = {
        { "--valid", NULL, &request.valid, NULL },
        { "--overlap", NULL, &request.overlap, NULL },
        { NULL }
    };
    int i, status = scim_ctl_options(ctl, options, &argc, argv);

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    for (i = 0; argc && i < 4; i++) {
        if (strcmp(argv[0], actions[i].name) != 0) {
            continue;
        }
        if (argc > 2 || (argc < 2 && !actions[i].may_lack_it)) {
            return scim_ctl_usage(ctl, "\"%s\" takes %s", argv[0],
                                  actions[i].argument);
        }
        request.argument = argc == 2 ? argv[1] : NULL;
        return actions[i].run(ctl, &request);
    }
    return scim_ctl_usage(ctl, "say issue, list, rotate or revoke");
}
