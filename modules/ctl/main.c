/* main.c - scimctl: finds the command and says how each is used. */
#include <apr_general.h>
#include <apr_strings.h>

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "ctl/commands.h"

#define SCIMCTL_VERSION "1.0"

typedef struct command_t {
    const char *name;
    int (*run)(scim_ctl_t *ctl, int argc, const char **argv);
    const char *summary;
    const char *usage;
} command_t;

/* Where the commands find httpd's configuration. */
#define SOURCE_HELP                                                         \
    "  -f, --conf FILE       configuration (default: $HTTPD_CONF, or httpd's)\n" \
    "  --httpd PROGRAM       httpd or apache2ctl (default: $HTTPD, or found)\n"  \
    "  --location PATH       only this location, such as /scim/v2\n"

static const command_t commands[] = {
    { "check", scim_ctl_check,
      "prove the web server's mapping against the database",
      "usage: scimctl check [options]\n"
      "       httpd -t -D SCIM_DUMP | scimctl check -\n\n"
      "Has httpd tell how it understands its configuration, connects to the\n"
      "database as the module does, and shows each attribute with its column,\n"
      "type, index, case rule and rights. What is wrong is said in a sentence\n"
      "that ends in what mends it, mostly SQL. As root it connects as the\n"
      "user of httpd's children.\n\n"
      SOURCE_HELP
      "  -d, --database TEXT   connect so instead of by ScimDatabase\n" },
    { "inspect", scim_ctl_inspect,
      "propose a mapping for an existing database",
      "usage: scimctl inspect [options] [CONNINFO]\n\n"
      "Reads the catalog of a database and proposes the <ScimResource>\n"
      "block, and the SQL that goes with it: columns and indexes that are\n"
      "missing, and part 2 of scim.sql. Nothing is changed. It guesses; read\n"
      "and edit both before you use them.\n\n"
      "  -t, --table NAME      the table of accounts, with its schema if need\n"
      "                        be (default: looked for)\n"
      "  --conf                only the configuration\n"
      "  --sql                 only the SQL\n" },
    { "token", scim_ctl_token,
      "issue, list, rotate and revoke API tokens",
      "usage: scimctl token issue USER [--valid '1 year']\n"
      "       scimctl token list [ORG]\n"
      "       scimctl token rotate TOKEN_ID [--overlap '7 days'] [...]\n"
      "       scimctl token revoke TOKEN_ID\n\n"
      "USER and ORG are keys in the application's tables. A token is\n"
      "printed when it is issued and never again. \"rotate\" issues another\n"
      "one for the same user; the old one ends when the overlap has passed.\n\n"
      "  --valid INTERVAL      how long the new token is valid (1 year)\n"
      "  --overlap INTERVAL    how long the old one still is (7 days)\n" },
    { "access", scim_ctl_access,
      "turn API access of an organisation or user on or off",
      "usage: scimctl access ORG on|off\n"
      "       scimctl access --user USER on|off\n\n"
      "ORG and USER are keys in the application's tables.\n" },
    { "events", scim_ctl_events,
      "show what was changed, by whom and when",
      "usage: scimctl events [options]\n\n"
      "  --user U              only of this user: an id or a userName\n"
      "  --tenant ORG          only of this organisation\n"
      "  --since T             from a time ('2026-11-24 08:00') on, or since\n"
      "                        so long ago ('2 hours')\n"
      "  --limit N             the newest N (100)\n"
      "  --follow              go on with new ones as they come\n" },
    { "release", scim_ctl_release,
      "let an organisation go on that the guard has stopped",
      "usage: scimctl release ORG [--for '1 hour']\n\n"
      "It is meant: deactivations that ScimGuard holds back are let through\n"
      "for a while, from the next request of the directory on.\n\n"
      "  --for INTERVAL        how long (1 hour)\n" },
    { "adopt", scim_ctl_adopt,
      "say what the people of a directory would meet",
      "usage: scimctl adopt --dry-run --tenant ORG [options] EXPORT.csv\n\n"
      "Compares a directory's export with the accounts of an organisation:\n"
      "who would be linked, restored or new, who would conflict, who is\n"
      "protected. Nothing is changed: accounts are linked when the directory\n"
      "creates them. The file is CSV in UTF-8 with userPrincipalName (or\n"
      "userName) and objectId, id or externalId, as Entra exports users.\n\n"
      "  --dry-run             says that you know this\n"
      "  --tenant ORG          the organisation\n"
      "  --all                 show those without trouble too\n"
      SOURCE_HELP
      "  -d, --database TEXT   connect so instead of by ScimDatabase\n" },
    { "probe", scim_ctl_probe,
      "try a SCIM service provider the way identity providers use it",
      "usage: SCIM_TOKEN=... scimctl probe [options] URL\n\n"
      "Plays the connection tests of Entra and Okta, then the life of a\n"
      "throw-away user in both dialects of Entra and in Okta's, and says\n"
      "what is wrong and who would stumble over it. The user is deleted at\n"
      "the end. URL is the base, such as https://app.example/scim/v2.\n\n"
      "  --token-file FILE     read the token there (default: $SCIM_TOKEN)\n"
      "  --domain NAME         domain of the user's name (probe.example)\n"
      "  --read-only           only what changes nothing\n"
      "  --ca-file FILE        certificates to trust\n"
      "  --timeout SECONDS     of each request (30)\n"
      "  --verbose             show what went right as well\n" },
    { NULL }
};

static const char common_help[] =
    "  -d, --database TEXT   connection string or URL (default: $PGHOST ...)\n"
    "  --json                for scripts\n";

static const char exit_help[] =
    "\nexit status: 0 well; 1 something is wrong, or was refused; 2 wrong\n"
    "usage; 3 the database or server cannot be reached, or lacks what it takes\n";

static int print_usage(void)
{
    const command_t *command;

    puts("usage: scimctl COMMAND [options] [arguments]\n");
    for (command = commands; command->name; command++) {
        printf("  %-9s %s\n", command->name, command->summary);
    }
    printf("\n\"scimctl COMMAND --help\" says more. All commands know\n\n%s%s",
           common_help, exit_help);
    return SCIM_EXIT_OK;
}

static int print_command(const command_t *command)
{
    int has_database = strstr(command->usage, "--database") != NULL
                    || strcmp(command->name, "probe") == 0;

    printf("scimctl %s: %s\n\n%s%s%s", command->name, command->summary,
           command->usage,
           has_database ? "  --json                for scripts\n"
                        : common_help,
           exit_help);
    return SCIM_EXIT_OK;
}

static int is_help(const char *text)
{
    return strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0;
}

static int wants_help(int argc, const char **argv)
{
    int i;

    for (i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_help(argv[i])) {
            return 1;
        }
    }
    return 0;
}

static const command_t *find_command(const char *name)
{
    const command_t *command;

    for (command = commands; command->name; command++) {
        if (strcmp(command->name, name) == 0) {
            return command;
        }
    }
    return NULL;
}

static int run(scim_ctl_t *ctl, int argc, const char **argv)
{
    const command_t *command;

    if (argc < 2) {
        return scim_ctl_usage(ctl, "a command is missing");
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("scimctl " SCIMCTL_VERSION);
        return SCIM_EXIT_OK;
    }
    if (is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
        command = argc > 2 ? find_command(argv[2]) : NULL;
        return command ? print_command(command) : print_usage();
    }
    command = find_command(argv[1]);
    if (!command) {
        return scim_ctl_usage(ctl, "there is no command \"%s\"", argv[1]);
    }
    if (wants_help(argc - 2, argv + 2)) {
        return print_command(command);
    }
    ctl->command = command->name;
    return command->run(ctl, argc - 2, argv + 2);
}

int main(int argc, const char *const *argv, const char *const *env)
{
    scim_ctl_t ctl = { 0 };
    int status;

    apr_app_initialize(&argc, &argv, &env);
    setlocale(LC_CTYPE, "C.UTF-8");
    setvbuf(stdout, NULL, _IOLBF, 0);
    apr_pool_create(&ctl.pool, NULL);
    ctl.database = "";
    status = run(&ctl, argc, (const char **)argv);
    if (fflush(stdout) != 0 && status == SCIM_EXIT_OK) {
        status = SCIM_EXIT_AWAY;
    }
    apr_terminate();
    return status;
}
