#include "httpd/directives.h"

#include <http_core.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include <stddef.h>

#include "httpd/config.h"
#include "httpd/definitions.h"
#include "pg/conn.h"
#include "schema/builtin.h"

#define DEFAULT_TOKENS "scim.tokens"

/* Places */

static const char *without_slash(const char *path, apr_pool_t *pool)
{
    apr_size_t len = strlen(path);

    while (len && path[len - 1] == '/') {
        len--;
    }
    return apr_pstrmemdup(pool, path, len);
}

/* Whether a directive stands in a location of one path. */
static int is_in_location(const cmd_parms *cmd)
{
    const ap_directive_t *parent = cmd->directive->parent;

    return parent && !ap_cstr_casecmp(parent->directive, "<Location")
        && !strpbrk(parent->args, "~*?[");
}

/* Setters: each answers NULL or a sentence for the administrator */

/* Remember a conninfo, if it is one. */
static const char *add_database(const char **pconninfo, const char *arg,
                                const char *role, const cmd_parms *cmd)
{
    const char *wrong = scim_conn_check(arg, cmd->pool);

    if (wrong) {
        return apr_psprintf(cmd->pool, "%s is not a connection string such as "
                            "\"host=/run/postgresql dbname=app user=%s\": %s",
                            cmd->cmd->name, role, wrong);
    }
    *pconninfo = arg;
    scim_config_add_database(arg);
    return NULL;
}

static const char *set_database(cmd_parms *cmd, void *mconfig,
                                const char *arg)
{
    scim_dir_config_t *conf = mconfig;

    return add_database(&conf->database, arg, "mod_scim", cmd);
}

static const char *set_console_database(cmd_parms *cmd, void *mconfig,
                                        const char *arg)
{
    scim_dir_config_t *conf = mconfig;

    if (!is_in_location(cmd)) {
        return SCIM_DIRECTIVE_CONSOLE_DATABASE " must stand inside a "
               "<Location>, whose path is that of the console";
    }
    conf->console_path = without_slash(cmd->path, cmd->pool);
    APR_ARRAY_PUSH(scim_config_server(cmd->server)->consoles, const char *) =
        conf->console_path;
    return add_database(&conf->console_database, arg, "scim_console", cmd);
}

/* Whether the text can stand in front of a path, with a host in it. */
static int is_base_url(const char *text, apr_pool_t *pool)
{
    apr_uri_t uri;

    return (strncmp(text, "https://", 8) == 0
            || strncmp(text, "http://", 7) == 0)
        && !strpbrk(text, "?#\" ")
        && apr_uri_parse(pool, text, &uri) == APR_SUCCESS
        && uri.hostname && *uri.hostname;
}

static const char *set_base_url(cmd_parms *cmd, void *mconfig,
                                const char *arg)
{
    scim_dir_config_t *conf = mconfig;
    apr_size_t len = strlen(arg);

    if (!is_base_url(arg, cmd->pool)) {
        return SCIM_DIRECTIVE_BASE_URL " must be a URL such as "
               "https://app.example/scim/v2, without query string";
    }
    while (len && arg[len - 1] == '/') {
        len--;
    }
    conf->base_url = apr_pstrmemdup(cmd->pool, arg, len);
    return NULL;
}

static const char *set_require_tls(cmd_parms *cmd, void *mconfig,
                                   const char *arg)
{
    scim_dir_config_t *conf = mconfig;

    (void)cmd;
    if (!ap_cstr_casecmp(arg, "on")) {
        conf->require_tls = SCIM_TLS_ALWAYS;
    }
    else if (!ap_cstr_casecmp(arg, "proxy")) {
        conf->require_tls = SCIM_TLS_PROXY;
    }
    else if (!ap_cstr_casecmp(arg, "off")) {
        conf->require_tls = SCIM_TLS_OFF;
    }
    else {
        return SCIM_DIRECTIVE_REQUIRE_TLS " must be on, proxy or off";
    }
    return NULL;
}

static const char *set_public_discovery(cmd_parms *cmd, void *mconfig, int on)
{
    scim_dir_config_t *conf = mconfig;

    (void)cmd;
    conf->public_discovery = on;
    return NULL;
}

/* A whole number within limits. */
static const char *parse_number(apr_int64_t *pnumber, const char *arg,
                                apr_int64_t least, apr_int64_t most,
                                const cmd_parms *cmd)
{
    char *end;
    apr_int64_t number = apr_strtoi64(arg, &end, 10);

    if (!*arg || *end || number < least || number > most) {
        return apr_psprintf(cmd->pool, "%s must be a whole number from %"
                            APR_INT64_T_FMT " to %" APR_INT64_T_FMT,
                            cmd->cmd->name, least, most);
    }
    *pnumber = number;
    return NULL;
}

/* The directives that set one number, by what the command table gives them. */
typedef struct number_t {
    apr_size_t offset;          /* of the member */
    apr_int64_t least, most;
} number_t;

static const char *set_number(cmd_parms *cmd, void *mconfig, const char *arg)
{
    const number_t *number = cmd->info;

    return parse_number((apr_int64_t *)((char *)mconfig + number->offset),
                        arg, number->least, number->most, cmd);
}

/* The burst goes with the rate, whichever place of the configuration it comes
 * from. */
static const char *set_rate_limit(cmd_parms *cmd, void *mconfig,
                                  const char *rate, const char *burst)
{
    static const char wrong[] = SCIM_DIRECTIVE_RATE_LIMIT " must be a number "
        "of requests per second from 1 to 10000, and behind it, if wanted, "
        "one that may come at once, from 1 to 100000; or off";
    scim_dir_config_t *conf = mconfig;

    if (!ap_cstr_casecmp(rate, "off") || !strcmp(rate, "0")) {
        conf->rate_limit = conf->rate_burst = 0;
        return burst ? wrong : NULL;
    }
    if (parse_number(&conf->rate_limit, rate, 1, 10000, cmd)
        || (burst && parse_number(&conf->rate_burst, burst, 1, 100000, cmd))) {
        return wrong;
    }
    if (!burst) {
        conf->rate_burst = conf->rate_limit * SCIM_BURST_SECONDS;
    }
    return NULL;
}

static const char *set_pool_max(cmd_parms *cmd, void *mconfig,
                                const char *arg)
{
    (void)mconfig;
    return parse_number(&scim_config_server(cmd->server)->pool_max, arg, 1,
                        1000, cmd);
}

/* A time span: seconds, or with a unit as elsewhere in httpd. */
static const char *parse_time(apr_int64_t *ptime, const char *arg,
                              const cmd_parms *cmd)
{
    apr_interval_time_t time;

    if (ap_timeout_parameter_parse(arg, &time, "s") != APR_SUCCESS
        || time < apr_time_from_msec(10) || time > apr_time_from_sec(300)) {
        return apr_psprintf(cmd->pool, "%s must be a time from 10ms to 300s",
                            cmd->cmd->name);
    }
    *ptime = time;
    return NULL;
}

static const char *set_pool_timeout(cmd_parms *cmd, void *mconfig,
                                    const char *arg)
{
    (void)mconfig;
    return parse_time(&scim_config_server(cmd->server)->pool_timeout, arg,
                      cmd);
}

static const char *set_timeout(cmd_parms *cmd, void *mconfig, const char *arg)
{
    (void)mconfig;
    return parse_time(&scim_config_server(cmd->server)->timeout, arg, cmd);
}

static const char *set_tokens(cmd_parms *cmd, void *mconfig, const char *arg)
{
    scim_dir_config_t *conf = mconfig;
    const char *dot = strchr(arg, '.');

    if (!*arg || (dot && (dot == arg || !dot[1] || strchr(dot + 1, '.')))) {
        return apr_psprintf(cmd->pool, SCIM_DIRECTIVE_TOKENS ": \"%s\" is not "
                            "the name of a view; give VIEW or SCHEMA.VIEW",
                            arg);
    }
    conf->tokens = scim_mapping_quote(arg, cmd->pool);
    if (conf->users) {
        conf->users->tokens = conf->tokens;
    }
    if (conf->groups) {
        conf->groups->tokens = conf->tokens;
    }
    return NULL;
}

/* Inside <ScimResource> */

static const char *not_inside(const cmd_parms *cmd)
{
    return apr_psprintf(cmd->pool, "%s must stand inside <ScimResource>",
                        cmd->cmd->name);
}

/* The directives that name one thing of the mapping, found by the place that
 * the command table gives them. */
static const char *set_name(cmd_parms *cmd, void *mconfig, const char *arg)
{
    const scim_dir_config_t *conf = mconfig;
    const char **place;

    if (!conf->current) {
        return not_inside(cmd);
    }
    if (!*arg) {
        return apr_psprintf(cmd->pool, "%s must not be empty",
                            cmd->cmd->name);
    }
    place = (const char **)((char *)conf->current + (apr_size_t)cmd->info);
    *place = arg;
    return NULL;
}

static const char *set_table(cmd_parms *cmd, void *mconfig, const char *arg)
{
    const scim_dir_config_t *conf = mconfig;

    return conf->current ? scim_mapping_set_table(conf->current, arg,
                                                  cmd->pool)
                         : not_inside(cmd);
}

static const char *set_members(cmd_parms *cmd, void *mconfig,
                               const char *table, const char *group,
                               const char *user)
{
    const scim_dir_config_t *conf = mconfig;
    const char *wrong;

    if (!conf->current) {
        return not_inside(cmd);
    }
    wrong = scim_mapping_set_members(conf->current, table, group, user,
                                     cmd->pool);
    return wrong ? apr_pstrcat(cmd->pool, SCIM_DIRECTIVE_MEMBERS ": ", wrong,
                               NULL) : NULL;
}

static const char *set_adopt(cmd_parms *cmd, void *mconfig, const char *arg)
{
    const scim_dir_config_t *conf = mconfig;

    if (!conf->current) {
        return not_inside(cmd);
    }
    if (ap_cstr_casecmp(arg, "userName") && ap_cstr_casecmp(arg, "off")) {
        return SCIM_DIRECTIVE_ADOPT " must be userName or off";
    }
    conf->current->adopt = !ap_cstr_casecmp(arg, "userName");
    return NULL;
}

static const char *set_guard(cmd_parms *cmd, void *mconfig,
                             const char *least, const char *percent,
                             const char *window)
{
    static const char wrong[] = SCIM_DIRECTIVE_GUARD " must be a number of "
        "accounts, a share of them and a time, such as " SCIM_DIRECTIVE_GUARD
        " 20 10% 1h: from 0, 0% to 100%, 1s to 24h";
    const scim_dir_config_t *conf = mconfig;
    apr_interval_time_t time;
    scim_guard_t *guard;
    apr_int64_t number, share;
    char *end;

    if (!conf->current) {
        return not_inside(cmd);
    }
    number = apr_strtoi64(least, &end, 10);
    if (!apr_isdigit(*least) || *end || number > 1000000000) {
        return wrong;
    }
    share = apr_strtoi64(percent, &end, 10);
    if (!apr_isdigit(*percent) || strcmp(end, "%") != 0 || share > 100) {
        return wrong;
    }
    if (ap_timeout_parameter_parse(window, &time, "s") != APR_SUCCESS
        || time < apr_time_from_sec(1) || time > apr_time_from_sec(86400)) {
        return wrong;
    }
    guard = apr_palloc(cmd->pool, sizeof(*guard));
    guard->least = (int)number;
    guard->percent = (int)share;
    guard->seconds = (int)apr_time_sec(time);
    conf->current->guard = guard;
    return NULL;
}

/* Two words. httpd would count them for us, but not take an empty one. */
static const char *add_default(cmd_parms *cmd, void *mconfig,
                               const char *args)
{
    const scim_dir_config_t *conf = mconfig;
    const char *column = ap_getword_conf(cmd->pool, &args), *value;
    scim_constant_t *constant;
    int is_given = *args != '\0';

    value = ap_getword_conf(cmd->pool, &args);
    if (!*column || !is_given || *args) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, " takes two arguments, ",
                           cmd->cmd->errmsg, NULL);
    }
    if (!conf->current) {
        return not_inside(cmd);
    }
    constant = apr_array_push(conf->current->constants);
    constant->name = column;
    constant->value = value;
    return NULL;
}

static const char *add_attribute(cmd_parms *cmd, void *mconfig,
                                 const char *args)
{
    const scim_dir_config_t *conf = mconfig;
    scim_attribute_line_t line;
    const char *wrong;

    if (!conf->current) {
        return not_inside(cmd);
    }
    wrong = scim_attribute_line_parse(&line, args, cmd->pool);
    return wrong ? wrong
         : scim_mapping_add(conf->current, line.target, line.column, line.key,
                            cmd->pool);
}

/* What it says has been read when the container was opened. */
static const char *add_schema(cmd_parms *cmd, void *mconfig, const char *args)
{
    const scim_dir_config_t *conf = mconfig;

    (void)args;
    return conf->current ? NULL : not_inside(cmd);
}

static const char *add_redact(cmd_parms *cmd, void *mconfig, const char *arg)
{
    const scim_dir_config_t *conf = mconfig;

    return conf->current ? scim_mapping_redact(conf->current, arg, cmd->pool)
                         : not_inside(cmd);
}

/* The container */

static void remember_base(const cmd_parms *cmd, scim_dir_config_t *conf)
{
    scim_base_t *base =
        apr_array_push(scim_config_server(cmd->server)->bases);

    base->path = conf->base_path;
    base->dir = conf;
    base->file = cmd->directive->filename;
    base->line = cmd->directive->line_num;
}

/* Begin the mapping of the resource type that is named. */
static const char *make_mapping(scim_mapping_t **pmapping,
                                const scim_dir_config_t *conf,
                                cmd_parms *cmd, const char *args)
{
    const scim_rtype_t *type;
    const char *wrong;
    const char *name = ap_getword_conf(cmd->temp_pool, &args);
    int is_group = !ap_cstr_casecmp(name, "Group");

    if ((!is_group && ap_cstr_casecmp(name, "User")) || *args) {
        return SCIM_DIRECTIVE_RESOURCE "> must name the resource type: User "
               "or Group";
    }
    if (is_group ? conf->groups : conf->users) {
        return apr_psprintf(cmd->pool, "there are two <ScimResource %s> in one "
                            "location", is_group ? "Group" : "User");
    }
    type = is_group ? scim_builtin_group(cmd->pool)
                    : scim_builtin_user(cmd->pool);
    wrong = scim_definitions_read(&type, cmd);
    *pmapping = wrong ? NULL : scim_mapping_make(type, cmd->pool);
    return wrong;
}

/* One URN stands for one schema, by which clients ask for it. */
static const char *check_schemas(const scim_dir_config_t *conf,
                                 const scim_mapping_t *mapping,
                                 apr_pool_t *pool)
{
    const scim_rtype_t *type = mapping->type;
    const scim_mapping_t *other = type->user_name ? conf->groups
                                                  : conf->users;
    int i;

    for (i = 0; other && i < type->nschemas; i++) {
        if (scim_rtype_schema(other->type, type->schemas[i]->urn)) {
            return apr_psprintf(pool, "<ScimResource %s> has the schema %s, "
                                "as <ScimResource %s> has; a schema belongs "
                                "to one of them, so give it another URN",
                                type->name, type->schemas[i]->urn,
                                other->type->name);
        }
    }
    return NULL;
}

/* The mappings of users and groups know each other. */
static void keep_mapping(scim_dir_config_t *conf, scim_mapping_t *mapping,
                         apr_pool_t *pool)
{
    if (mapping->type->user_name) {
        conf->users = mapping;
    }
    else {
        conf->groups = mapping;
    }
    if (conf->users && conf->groups) {
        scim_mapping_relate(conf->groups, conf->users, pool);
    }
}

static const char *open_resource(cmd_parms *cmd, void *mconfig,
                                 const char *args)
{
    scim_dir_config_t *conf = mconfig;
    const char *end = strrchr(args, '>'), *wrong;
    int is_first = !conf->users && !conf->groups;
    scim_mapping_t *mapping = NULL;

    if (!is_in_location(cmd)) {
        return SCIM_DIRECTIVE_RESOURCE "> must stand inside a <Location>, "
               "whose path is the base of all SCIM URLs";
    }
    if (!end) {
        return SCIM_DIRECTIVE_RESOURCE "> lacks its closing \">\"";
    }
    args = apr_pstrmemdup(cmd->temp_pool, args, end - args);
    if ((wrong = make_mapping(&mapping, conf, cmd, args))) {
        return wrong;
    }
    conf->base_path = without_slash(cmd->path, cmd->pool);
    mapping->location = apr_psprintf(cmd->pool, "<Location \"%s\">",
                                     cmd->path);
    mapping->tokens = conf->tokens ? conf->tokens
        : scim_mapping_quote(DEFAULT_TOKENS, cmd->pool);
    conf->current = mapping;
    wrong = ap_walk_config(cmd->directive->first_child, cmd, cmd->context);
    conf->current = NULL;
    if (!wrong && (wrong = scim_mapping_finish(mapping, cmd->pool))) {
        wrong = apr_psprintf(cmd->pool, "<ScimResource %s> %s",
                             mapping->type->name, wrong);
    }
    if (!wrong) {
        wrong = check_schemas(conf, mapping, cmd->pool);
    }
    if (!wrong) {
        keep_mapping(conf, mapping, cmd->pool);
    }
    if (is_first) {
        remember_base(cmd, conf);
    }
    return wrong;
}

/* The table */

#define MAPPING_NAME(member) ((void *)offsetof(scim_mapping_t, member))
#define NUMBER(member, least, most) \
    ((void *)&(number_t){ offsetof(scim_dir_config_t, member), least, most })
#define ANYWHERE (RSRC_CONF | ACCESS_CONF)

const command_rec scim_directives_commands[] = {
    AP_INIT_TAKE1(SCIM_DIRECTIVE_DATABASE, set_database, NULL, ANYWHERE,
                  "libpq connection string of the application's database"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_POOL_MAX, set_pool_max, NULL, RSRC_CONF,
                  "connections per child process"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_POOL_TIMEOUT, set_pool_timeout, NULL,
                  RSRC_CONF, "how long a request waits for a connection"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_TIMEOUT, set_timeout, NULL, RSRC_CONF,
                  "how long the database may take for a request"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_BASE_URL, set_base_url, NULL, ACCESS_CONF,
                  "URL of the location as clients see it"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_TOKENS, set_tokens, NULL, ACCESS_CONF,
                  "view of the tokens that are valid now"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_REQUIRE_TLS, set_require_tls, NULL, ANYWHERE,
                  "on, proxy or off"),
    AP_INIT_FLAG(SCIM_DIRECTIVE_PUBLIC_DISCOVERY, set_public_discovery, NULL,
                 ANYWHERE, "whether discovery needs no token"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_PAGE, set_number, NUMBER(page, 1, 10000),
                  ANYWHERE,
                  "resources on a page unless the client asks otherwise"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_PAGE_MAX, set_number,
                  NUMBER(page_max, 1, 10000), ANYWHERE,
                  "most resources on a page"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_BODY_MAX, set_number,
                  NUMBER(body_max, 1024, 67108864), ANYWHERE,
                  "largest request body in bytes"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_BODY_DEPTH_MAX, set_number,
                  NUMBER(body_depth_max, 10, 100), ANYWHERE,
                  "arrays and objects within each other in a body"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_BODY_VALUES_MAX, set_number,
                  NUMBER(body_values_max, 100, 1000000), ANYWHERE,
                  "most values and names in a body"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_VALUES_MAX, set_number,
                  NUMBER(values_max, 1, 1000), ANYWHERE,
                  "most values of an attribute"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_PATCH_MAX, set_number,
                  NUMBER(patch_max, 1, 10000), ANYWHERE,
                  "most operations of a PATCH"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_BULK_MAX, set_number,
                  NUMBER(bulk_max, 0, 10000), ANYWHERE,
                  "most operations of a bulk job; 0 for no bulk"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_FILTER_LENGTH_MAX, set_number,
                  NUMBER(filter_length_max, 100, 65536), ANYWHERE,
                  "longest filter in bytes"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_FILTER_DEPTH_MAX, set_number,
                  NUMBER(filter_depth_max, 1, 200), ANYWHERE,
                  "parentheses and brackets within each other in a filter"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_FILTER_TERMS_MAX, set_number,
                  NUMBER(filter_terms_max, 1, 200), ANYWHERE,
                  "most comparisons in a filter"),
    AP_INIT_TAKE12(SCIM_DIRECTIVE_RATE_LIMIT, set_rate_limit, NULL, ANYWHERE,
                   "requests per second of an organisation, and how many at "
                   "once; or off"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_CONSOLE_DATABASE, set_console_database, NULL,
                  ACCESS_CONF, "connection string for the console"),
    AP_INIT_RAW_ARGS(SCIM_DIRECTIVE_RESOURCE, open_resource, NULL,
                     ACCESS_CONF, "container: a resource type's mapping"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_TABLE, set_table, NULL, ACCESS_CONF,
                  "table or updatable view with the accounts"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_KEY, set_name, MAPPING_NAME(key),
                  ACCESS_CONF, "column that becomes the id"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_TENANT, set_name, MAPPING_NAME(tenant),
                  ACCESS_CONF, "column with the organisation"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_TOMBSTONE, set_name, MAPPING_NAME(tombstone),
                  ACCESS_CONF, "column that marks deleted accounts"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_EXTRA, set_name, MAPPING_NAME(extra),
                  ACCESS_CONF, "JSONB column for attributes without column"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_ADOPT, set_adopt, NULL, ACCESS_CONF,
                  "userName or off"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_PROTECT, set_name, MAPPING_NAME(protect),
                  ACCESS_CONF, "SQL condition of accounts left alone"),
    AP_INIT_TAKE3(SCIM_DIRECTIVE_GUARD, set_guard, NULL, ACCESS_CONF,
                  "accounts, share and time that deactivations are limited by"),
    AP_INIT_RAW_ARGS(SCIM_DIRECTIVE_DEFAULT, add_default, NULL, ACCESS_CONF,
                     "column and the value it gets in new accounts"),
    AP_INIT_TAKE1(SCIM_DIRECTIVE_VERSION, set_name, MAPPING_NAME(version),
                  ACCESS_CONF, "counter that rises with changes of members"),
    AP_INIT_TAKE3(SCIM_DIRECTIVE_MEMBERS, set_members, NULL, ACCESS_CONF,
                  "table of members, its column of groups and of users"),
    AP_INIT_RAW_ARGS(SCIM_DIRECTIVE_ATTRIBUTE, add_attribute, NULL,
                     ACCESS_CONF, "attribute, column and options"),
    AP_INIT_RAW_ARGS(SCIM_DIRECTIVE_SCHEMA, add_schema, NULL, ACCESS_CONF,
                     "URN of a schema of one's own, and options"),
    AP_INIT_ITERATE(SCIM_DIRECTIVE_REDACT, add_redact, NULL, ACCESS_CONF,
                    "attributes whose values events do not show"),
    { NULL }
};
