#include "ctl/commands.h"

#include <string.h>

int scim_ctl_access(scim_ctl_t *ctl, int argc, const char **argv)
{
    const char *user = NULL, *params[2];
    const scim_ctl_option_t options[] = {
        { "--user", NULL, &user, NULL },
        { NULL }
    };
    scim_table_t table;
    int on, status = scim_ctl_options(ctl, options, &argc, argv);

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    if (argc != (user ? 1 : 2)) {
        return scim_ctl_usage(ctl, "say whose access, and on or off");
    }
    on = strcmp(argv[argc - 1], "on") == 0;
    if (!on && strcmp(argv[argc - 1], "off") != 0) {
        return scim_ctl_usage(ctl, "\"%s\" is neither on nor off",
                              argv[argc - 1]);
    }
    params[0] = user ? user : argv[0];
    params[1] = on ? "true" : "false";
    status = scim_ctl_query(&table, ctl, user
                            ? "SELECT scim.access_user($1, $2)"
                            : "SELECT scim.access_organisation($1, $2)",
                            2, params);
    if (status == SCIM_EXIT_OK && ctl->json) {
        scim_print_json(on ? "{\"access\":true}" : "{\"access\":false}",
                        ctl->pool);
    }
    return status;
}

/* The guard is a part of schema `scim` that a database may lack. */
int scim_ctl_release(scim_ctl_t *ctl, int argc, const char **argv)
{
    static const char is_there[] =
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_proc p "
        "JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname = 'scim' AND p.proname = 'release')";
    const char *params[2] = { NULL, "1 hour" };
    const scim_ctl_option_t options[] = {
        { "--for", NULL, &params[1], NULL },
        { NULL }
    };
    scim_table_t table;
    int status = scim_ctl_options(ctl, options, &argc, argv);

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    if (argc != 1) {
        return scim_ctl_usage(ctl, "it takes one organisation");
    }
    status = scim_ctl_query(&table, ctl, is_there, 0, NULL);
    if (status == SCIM_EXIT_OK && *scim_table_value(&table, 0, 0) != 't') {
        return scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "this database has no "
                                 "function scim.release: no guard holds "
                                 "anything back here");
    }
    if (status == SCIM_EXIT_OK) {
        params[0] = argv[0];
        status = scim_ctl_query(&table, ctl,
                                "SELECT scim.release($1, $2::interval)", 2,
                                params);
    }
    if (status == SCIM_EXIT_OK && ctl->json) {
        scim_print_json("{\"released\":true}", ctl->pool);
    }
    return status;
}
