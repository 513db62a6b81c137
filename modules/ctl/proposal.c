#include "ctl/proposal.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "ctl/contract.h"
#include "ctl/print.h"

#define MAIL "emails[type eq \"work\"].value"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
    "0123456789_"

/* Deciding */

static const char *or_new(const scim_survey_column_t *column,
                          const char *name, const scim_survey_t *survey)
{
    /* columns cannot be added to a view */
    return column ? column->quoted : survey->is_view ? NULL : name;
}

scim_proposal_t *scim_proposal_make(const scim_survey_t *survey,
                                    const char *database, apr_pool_t *pool)
{
    scim_proposal_t *proposal = apr_pcalloc(pool, sizeof(*proposal));
    const scim_survey_attribute_t *active =
        scim_survey_attribute(survey, "active");
    const scim_survey_attribute_t *external =
        scim_survey_attribute(survey, "externalId");

    proposal->survey = survey;
    proposal->database = database;
    proposal->external_id = or_new(external ? external->column : NULL,
                                   "external_id", survey);
    proposal->active = or_new(active ? active->column : NULL, "active",
                              survey);
    proposal->active_form = active ? active->form : "";
    proposal->tombstone = or_new(survey->tombstone, "deleted_at", survey);
    proposal->tombstone_is_boolean = survey->tombstone
        && scim_survey_is_boolean(survey->tombstone);
    proposal->extra = or_new(survey->extra, "scim_extra", survey);
    proposal->tenant = or_new(survey->tenant, "scim_tenant", survey);
    proposal->tenant_type = survey->tenant ? survey->tenant->type : "text";
    proposal->access = or_new(survey->access, "api_access", survey);
    return proposal;
}

/* Configuration */

/* A name without the quotes of SQL, as one word of a configuration. */
static const char *word(const char *quoted, const char *before,
                        const char *after, apr_pool_t *pool)
{
    char *name = apr_pstrdup(pool, quoted), *out, *at;
    const char *from;
    int plain = 1;

    if (*name == '"') {
        for (from = quoted + 1, at = name; from[1]; from++) {
            from += *from == '"' && from[1] == '"';
            *at++ = *from;
        }
        *at = '\0';
    }
    name = apr_pstrcat(pool, before, name, after, NULL);
    out = at = apr_palloc(pool, 2 * strlen(name) + 3);
    *at++ = '"';
    for (from = name; *from; from++) {
        plain = plain && (apr_isalnum(*from) || strchr("_!=.", *from));
        if (*from == '"' || *from == '\\') {
            *at++ = '\\';
        }
        *at++ = *from;
    }
    *at++ = '"';
    *at = '\0';
    return plain ? name : out;
}

static void put_line(scim_buf_t *buf, const char *directive,
                     const char *quoted)
{
    if (quoted) {
        scim_buf_printf(buf, "        %-14s %s\n", directive,
                        word(quoted, "", "", buf->pool));
    }
}

static void put_attribute(scim_buf_t *buf, const char *target,
                          const char *quoted, const char *form,
                          const char *key)
{
    const char *shown = strpbrk(target, "[\" ")
                      ? apr_pstrcat(buf->pool, "'", target, "'", NULL)
                      : target;

    scim_buf_printf(buf, "        ScimAttribute  %-32s %s", shown,
                    word(quoted, *form == '!' ? "!" : "",
                         *form == ' ' ? form : "", buf->pool));
    if (key) {
        scim_buf_printf(buf, " %s", word(key, "", "", buf->pool)[0] == '"'
                        ? word(word(key, "", "", buf->pool), "key=", "",
                               buf->pool)
                        : apr_pstrcat(buf->pool, "key=", key, NULL));
    }
    scim_buf_putc(buf, '\n');
}

static void put_protect(scim_buf_t *buf, const scim_survey_t *survey)
{
    const scim_survey_column_t *role = survey->role;

    if (!role) {
        return;
    }
    scim_buf_puts(buf, "\n        # Whom no directory may lock out: is it so "
                  "that you mark administrators?\n");
    put_line(buf, "ScimProtect", scim_survey_is_boolean(role) ? role->quoted
             : apr_pstrcat(buf->pool, role->quoted, " = 'admin'", NULL));
}

/* What an INSERT has to name, as the table demands it and no directory sends
 * it. A secret that no password has; for the rest the emptiest value. */
static const char *constant_for(const scim_survey_column_t *column)
{
    if (strstr(column->plain, "pass") || strstr(column->plain, "pwd")
        || strstr(column->plain, "hash") || strstr(column->plain, "secret")) {
        return "\"!\"";
    }
    switch (column->category) {
    case 'N':
        return "0";
    case 'B':
        return "false";
    case 'D':
        return "now";
    case 'S':
        return "\"\"";
    default:
        return strncmp(column->type, "json", 4) == 0 ? "\"{}\"" : NULL;
    }
}

int scim_proposal_is_filled(const scim_proposal_t *proposal,
                            const scim_survey_column_t *column)
{
    const scim_survey_attribute_t *name =
        scim_survey_attribute(proposal->survey, "userName");

    return !column->is_not_null || column->is_filled || column->is_generated
        || column == name->column || column == proposal->survey->tenant
        || column == proposal->survey->extra
        || (proposal->active
            && strcmp(column->quoted, proposal->active) == 0)
        || column == proposal->survey->key;
}

static void put_constants(scim_buf_t *buf, const scim_proposal_t *proposal)
{
    const apr_array_header_t *columns = proposal->survey->columns;
    int i, told = 0;

    for (i = 0; i < columns->nelts; i++) {
        const scim_survey_column_t *column =
            &APR_ARRAY_IDX(columns, i, scim_survey_column_t);
        const char *value = column->is_nameless ? NULL
                                                : constant_for(column);

        if (scim_proposal_is_filled(proposal, column)) {
            continue;
        }
        scim_buf_puts(buf, told++ ? "" : "\n        # Columns that must not "
                      "be NULL and that no directory fills.\n");
        scim_buf_printf(buf, "        %s  %s %s\n",
                        value ? "ScimDefault  " : "#ScimDefault ",
                        scim_print_shown(word(column->quoted, "", "",
                                              buf->pool), buf->pool),
                        value ? value : "VALUE");
    }
}

static void put_attributes(scim_buf_t *buf, const scim_proposal_t *proposal)
{
    const scim_survey_t *survey = proposal->survey;
    int i;

    scim_buf_puts(buf, "\n        # Attribute, column; key= names the column "
                  "with the lower-case form.\n");
    for (i = 0; i < survey->attributes->nelts; i++) {
        const scim_survey_attribute_t *attribute =
            &APR_ARRAY_IDX(survey->attributes, i, scim_survey_attribute_t);

        put_attribute(buf, attribute->target, attribute->column->quoted,
                      attribute->form, attribute->key);
    }
    if (!scim_survey_attribute(survey, "externalId")
        && proposal->external_id) {
        put_attribute(buf, "externalId", proposal->external_id, "", NULL);
    }
    if (!scim_survey_attribute(survey, "active") && proposal->active) {
        put_attribute(buf, "active", proposal->active, "", NULL);
    }
}

/* What stands in the table and in no directive: to be thought about. */
static void put_unused(scim_buf_t *buf, const scim_survey_t *survey)
{
    int i, told = 0;

    for (i = 0; i < survey->columns->nelts; i++) {
        const scim_survey_column_t *column =
            &APR_ARRAY_IDX(survey->columns, i, scim_survey_column_t);

        if (!column->is_used && !column->is_generated) {
            scim_buf_puts(buf, told++ ? ", " : "\n        # Not mapped: ");
            scim_buf_puts(buf, scim_print_shown(
                apr_pstrcat(buf->pool, column->name, " (", column->type, ")",
                            NULL), buf->pool));
        }
    }
    scim_buf_puts(buf, told ? "\n" : "");
}

/* A connection string as one word: this database, and one of our roles. */
static const char *conninfo(const scim_proposal_t *proposal, const char *role,
                            apr_pool_t *pool)
{
    scim_buf_t buf;
    const char *at = proposal->database;

    scim_buf_init(&buf, 64, pool);
    scim_buf_puts(&buf, "dbname=");
    if (at[strspn(at, NAME_CHARS)] == '\0') {
        scim_buf_puts(&buf, at);
    }
    else {
        for (scim_buf_putc(&buf, '\''); *at; at++) {
            scim_buf_printf(&buf, strchr("'\\", *at) ? "\\%c" : "%c", *at);
        }
        scim_buf_putc(&buf, '\'');
    }
    scim_buf_printf(&buf, " user=%s", role);
    return word(buf.data, "", "", pool);
}

/* As a comment: whether there is to be one is not in the database. */
static void put_console(scim_buf_t *buf, const scim_proposal_t *proposal)
{
    scim_buf_puts(buf,
        "\n# The console, behind any login that httpd has. "
        "scim.console_users says who\n"
        "# administers what; docs/console.md has the rest.\n"
        "#<Location \"/scim/console\">\n"
        "#    SetHandler scim-console\n");
    scim_buf_printf(buf, "#    ScimConsoleDatabase %s\n",
                    conninfo(proposal, "scim_console", buf->pool));
    scim_buf_puts(buf,
        "#    AuthType Basic\n"
        "#    AuthName \"SCIM console\"\n"
        "#    AuthUserFile /etc/apache2/scim-console.passwd\n"
        "#    Require valid-user\n"
        "#</Location>\n");
}

void scim_proposal_conf(scim_buf_t *buf, const scim_proposal_t *proposal)
{
    const scim_survey_t *survey = proposal->survey;

    scim_buf_puts(buf,
        "# Proposed by scimctl inspect from names and types. Read it, correct "
        "it, then\n# \"scimctl check\" proves it. scim.conf and "
        "docs/directives.md explain each line.\n"
        "<Location \"/scim/v2\">\n"
        "    SetHandler scim\n");
    scim_buf_printf(buf, "    ScimDatabase %s\n",
                    conninfo(proposal, "mod_scim", buf->pool));
    scim_buf_puts(buf,
        "    #ScimBaseURL https://app.example/scim/v2\n\n"
        "    <ScimResource User>\n");
    put_line(buf, "ScimTable", apr_pstrcat(buf->pool, survey->schema, ".",
                                           survey->name, NULL));
    put_line(buf, "ScimKey", survey->key->quoted);
    put_line(buf, "ScimTenant", proposal->tenant);
    put_line(buf, "ScimTombstone", proposal->tombstone);
    put_line(buf, "ScimExtra", proposal->extra);
    if (proposal->external_id) {
        scim_buf_puts(buf, "        ScimAdopt      userName\n");
    }
    put_protect(buf, survey);
    put_constants(buf, proposal);
    put_attributes(buf, proposal);
    put_unused(buf, survey);
    scim_buf_puts(buf, "    </ScimResource>\n</Location>\n");
    put_console(buf, proposal);
}

/* SQL */

static void add_column(scim_buf_t *buf, const scim_proposal_t *proposal,
                       int there, const char *name, const char *definition)
{
    if (!there && name) {
        scim_buf_printf(buf, "ALTER TABLE %s ADD COLUMN IF NOT EXISTS %s %s;"
                        "\n", proposal->survey->table, name, definition);
    }
}

/* Timestamps without a zone mean another instant on each server. */
static void mend_type(scim_buf_t *buf, const scim_survey_t *survey,
                      const scim_survey_column_t *column)
{
    if (column && strncmp(column->type, "timestamp", 9) == 0
        && !scim_survey_is_timestamp(column)) {
        scim_buf_printf(buf, "-- This changes the type; the zone is a guess.\n"
                        "ALTER TABLE %s ALTER COLUMN %s TYPE timestamptz "
                        "USING %s AT TIME ZONE 'UTC';\n", survey->table,
                        column->quoted, column->quoted);
    }
}

static void put_columns(scim_buf_t *buf, const scim_proposal_t *proposal)
{
    const scim_survey_t *survey = proposal->survey;
    const scim_survey_attribute_t *active =
        scim_survey_attribute(survey, "active");
    int i;

    add_column(buf, proposal, survey->tenant != NULL, proposal->tenant,
               "text NOT NULL DEFAULT '1'");
    add_column(buf, proposal,
               scim_survey_attribute(survey, "externalId") != NULL,
               proposal->external_id,
               "text CHECK (length(external_id) <= 255)");
    add_column(buf, proposal, active != NULL, proposal->active,
               "boolean NOT NULL DEFAULT true");
    add_column(buf, proposal, survey->tombstone != NULL, proposal->tombstone,
               "timestamptz");
    add_column(buf, proposal, survey->extra != NULL, proposal->extra,
               "jsonb NOT NULL DEFAULT '{}'");
    add_column(buf, proposal, survey->access != NULL, proposal->access,
               "boolean NOT NULL DEFAULT false");
    mend_type(buf, survey, survey->tombstone);
    mend_type(buf, survey, active && *active->form == ' ' ? active->column
                                                          : NULL);
    for (i = 0; i < survey->attributes->nelts; i++) {
        const scim_survey_attribute_t *attribute =
            &APR_ARRAY_IDX(survey->attributes, i, scim_survey_attribute_t);

        if (attribute->makes_key) {
            add_column(buf, proposal, 0, attribute->key,
                       apr_psprintf(buf->pool, "text GENERATED ALWAYS AS "
                                    "(lower(%s)) STORED",
                                    attribute->column->quoted));
        }
    }
    if (!survey->is_view && !survey->key->is_filled
        && strcmp(survey->key->type, "uuid") == 0) {
        scim_buf_printf(buf, "ALTER TABLE %s ALTER COLUMN %s SET DEFAULT "
                        "gen_random_uuid();\n", survey->table,
                        survey->key->quoted);
    }
}

/* The two columns in any order, of those that live; expressions as the
 * catalog prints them. */
static const char sql_has_index[] =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = "
    "to_regclass($1) AND i.indisvalid AND (i.indisunique OR NOT $2::boolean) "
    "AND coalesce(pg_get_expr(i.indpred, i.indrelid), '') = $3 "
    "AND ARRAY[pg_get_indexdef(i.indexrelid, 1, true), "
    "pg_get_indexdef(i.indexrelid, 2, true)] IN (ARRAY[$4, $5], "
    "ARRAY[$5, $4]))";

static int put_index(scim_buf_t *buf, const scim_proposal_t *proposal,
                     scim_ctl_t *ctl, const char *column, int unique)
{
    const char *live = !proposal->tombstone ? ""
        : apr_psprintf(ctl->pool, proposal->tombstone_is_boolean
                       ? "(NOT %s)" : "(%s IS NULL)", proposal->tombstone);
    const char *params[] = { proposal->survey->table,
                             unique ? "true" : "false", live,
                             proposal->tenant, column };
    scim_table_t table;
    int status = scim_ctl_query(&table, ctl, sql_has_index, 5, params);

    if (status == SCIM_EXIT_OK && *scim_table_value(&table, 0, 0) != 't') {
        scim_buf_printf(buf, "CREATE %sINDEX ON %s (%s, %s)%s%s;\n",
                        unique ? "UNIQUE " : "", proposal->survey->table,
                        proposal->tenant, column, *live ? " WHERE " : "",
                        live);
    }
    return status;
}

/* A login of the console is looked up over all organisations. */
static const char sql_begins_index[] =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = "
    "to_regclass($1) AND i.indisvalid "
    "AND pg_get_indexdef(i.indexrelid, 1, true) = $2)";

static int put_login_index(scim_buf_t *buf, const scim_proposal_t *proposal,
                           scim_ctl_t *ctl, const char *column)
{
    const char *params[] = { proposal->survey->table, column };
    scim_table_t table;
    int status = scim_ctl_query(&table, ctl, sql_begins_index, 2, params);

    if (status == SCIM_EXIT_OK && *scim_table_value(&table, 0, 0) != 't') {
        scim_buf_printf(buf, "CREATE INDEX ON %s (%s);\n",
                        proposal->survey->table, column);
    }
    return status;
}

static int put_indexes(scim_buf_t *buf, const scim_proposal_t *proposal,
                       scim_ctl_t *ctl)
{
    const scim_survey_attribute_t *name =
        scim_survey_attribute(proposal->survey, "userName");
    const scim_survey_attribute_t *mail =
        scim_survey_attribute(proposal->survey, MAIL);
    int status;

    status = put_index(buf, proposal, ctl, name->key ? name->key
                                           : name->column->quoted, 1);
    if (status == SCIM_EXIT_OK) {
        status = put_index(buf, proposal, ctl, proposal->external_id, 1);
    }
    if (status == SCIM_EXIT_OK && mail) {
        status = put_index(buf, proposal, ctl, mail->key ? mail->key
                                               : mail->column->quoted, 0);
    }
    if (status == SCIM_EXIT_OK) {
        status = put_index(buf, proposal, ctl,
                           proposal->survey->key->quoted, 0);
    }
    if (status == SCIM_EXIT_OK) {
        status = put_login_index(buf, proposal, ctl, name->column->quoted);
    }
    return status;
}

int scim_proposal_sql(scim_buf_t *buf, const scim_proposal_t *proposal,
                      scim_ctl_t *ctl)
{
    const scim_survey_t *survey = proposal->survey;
    int status = SCIM_EXIT_OK;

    scim_buf_puts(buf,
        "-- Proposed by scimctl inspect from names and types. Read it and "
        "correct it. It\n-- takes the place of part 2 in scim.sql, down to "
        "the check at its end. The second wall\n-- between tenants "
        "(row-level security), which is there too, is left to you.\n\n");
    if (survey->is_view) {
        scim_buf_printf(buf, "-- %s is a view: columns and indexes are those "
                        "of the tables below.\n\n",
                        scim_print_shown(survey->table, buf->pool));
        if (!proposal->tenant || !proposal->access || !proposal->active) {
            return scim_ctl_complain(ctl, SCIM_EXIT_FINDINGS, "view %s lacks "
                                     "a column for the organisation, for "
                                     "active or for API access; only the "
                                     "configuration can be proposed (--conf)",
                                     survey->table);
        }
    }
    else {
        put_columns(buf, proposal);
        status = put_indexes(buf, proposal, ctl);
        scim_buf_putc(buf, '\n');
    }
    if (status == SCIM_EXIT_OK) {
        scim_contract_write(buf, proposal);
    }
    return status;
}
