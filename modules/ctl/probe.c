#include "ctl/commands.h"

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#include "ctl/http.h"
#include "ctl/probe_life.h"
#include "ctl/probe_service.h"
#include "ctl/trial.h"

typedef struct settings_t {
    const char *token_file;
    const char *domain;
    const char *ca_file;
    const char *timeout;
    int read_only;
    int verbose;
} settings_t;

static void try_all(scim_trial_t *trial, const settings_t *settings)
{
    if (scim_probe_service(trial) && !settings->read_only) {
        scim_probe_lives(trial, settings->domain);
    }
}

static void print_verdicts(const scim_trial_t *trial, int verbose)
{
    const scim_grid_t *grid = trial->grid;
    const char *const *cell = (const char *const *)grid->cells->elts;
    int i;

    for (i = 0; i < scim_grid_rows(grid); i++, cell += grid->columns) {
        if (cell[4]) {
            scim_print_line(stdout, trial->pool, "WRONG  %s: %s", cell[1],
                            cell[2]);
            scim_print_line(stdout, trial->pool, "       %s.", cell[4]);
            scim_print_line(stdout, trial->pool, "       Stumbles: %s.",
                            cell[3]);
            scim_print_line(stdout, trial->pool, "       %s", cell[5]);
            scim_print_line(stdout, trial->pool, "       answer: %s", cell[6]);
            scim_print_lines(stdout, "\n", trial->pool);
        }
        else if (verbose) {
            scim_print_line(stdout, trial->pool, "ok     %s: %s", cell[1],
                            cell[2]);
        }
    }
    if (trial->bad) {
        scim_print_line(stdout, trial->pool, "%d of %d checks failed",
                        trial->bad, trial->run);
    }
    else {
        scim_print_line(stdout, trial->pool, "all %d checks passed",
                        trial->run);
    }
}

/* The token, from where ps does not show it. NULL after a complaint. */
static const char *read_token(const scim_ctl_t *ctl,
                              const settings_t *settings)
{
    const char *token = getenv("SCIM_TOKEN");
    apr_file_t *file;
    char *text = apr_pcalloc(ctl->pool, 4096);

    if (!settings->token_file) {
        if (!token || !*token) {
            scim_ctl_usage(ctl, "there is no token: set SCIM_TOKEN, or name "
                           "a file by --token-file");
            return NULL;
        }
        return token;
    }
    if (apr_file_open(&file, settings->token_file, APR_FOPEN_READ, 0,
                      ctl->pool) != APR_SUCCESS
        || apr_file_gets(text, 4096, file) != APR_SUCCESS) {
        scim_ctl_usage(ctl, "could not read a token from \"%s\"",
                       settings->token_file);
        return NULL;
    }
    apr_collapse_spaces(text, text);
    return text;
}

static const char *read_url(const scim_ctl_t *ctl, const char *url)
{
    apr_size_t len = strcspn(url, "?#");

    while (len && url[len - 1] == '/') {
        len--;
    }
    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) {
        scim_ctl_usage(ctl, "\"%s\" is not a URL such as "
                       "https://app.example/scim/v2", url);
        return NULL;
    }
    return apr_pstrmemdup(ctl->pool, url, len);
}

static int is_domain(const char *text)
{
    for (; *text; text++) {
        if (!apr_isalnum(*text) && *text != '.' && *text != '-') {
            return 0;
        }
    }
    return 1;
}

static int probe(scim_ctl_t *ctl, const settings_t *settings,
                 const char *url)
{
    scim_http_config_t config = { 0 };
    scim_http_t *http;
    scim_trial_t *trial;

    config.timeout = atoi(settings->timeout);
    config.ca_file = settings->ca_file;
    if (config.timeout < 1 || !is_domain(settings->domain)) {
        return scim_ctl_usage(ctl, "--timeout is a number of seconds, "
                              "--domain the name of a domain");
    }
    if (!(config.base = read_url(ctl, url))
        || !(config.token = read_token(ctl, settings))) {
        return SCIM_EXIT_USAGE;
    }
    http = scim_http_make(&config, ctl->pool);
    if (!http) {
        return scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "could not set up "
                                 "libcurl");
    }
    trial = scim_trial_make(http, ctl->pool);
    try_all(trial, settings);
    if (trial->answer.failure && trial->run == 1) {
        return scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "could not reach "
                                 "\"%s\": %s", config.base,
                                 trial->answer.failure);
    }
    if (ctl->json) {
        scim_ctl_print_grid(ctl, trial->grid);
    }
    else {
        print_verdicts(trial, settings->verbose);
    }
    return trial->bad ? SCIM_EXIT_FINDINGS : SCIM_EXIT_OK;
}

int scim_ctl_probe(scim_ctl_t *ctl, int argc, const char **argv)
{
    settings_t settings = { NULL, "probe.example", NULL, "30", 0, 0 };
    const scim_ctl_option_t options[] = {
        { "--token-file", NULL, &settings.token_file, NULL },
        { "--domain", NULL, &settings.domain, NULL },
        { "--ca-file", NULL, &settings.ca_file, NULL },
        { "--timeout", NULL, &settings.timeout, NULL },
        { "--read-only", NULL, NULL, &settings.read_only },
        { "--verbose", "-v", NULL, &settings.verbose },
        { NULL }
    };
    int status = scim_ctl_options(ctl, options, &argc, argv);

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    if (argc != 1) {
        return scim_ctl_usage(ctl, "it takes one URL");
    }
    return probe(ctl, &settings, argv[0]);
}
