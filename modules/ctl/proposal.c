#include "ctl/proposal.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "store/mapping.h"

#define MAIL "emails[type eq \"work\"].value"

/* Deciding */

static const char *or_new(const scim_survey_column_t *column,
                          const char *name, const scim_survey_t *survey)
{
    /* columns cannot be added to a view */
    return column ? column->quoted : survey->is_view ? NULL : name;
}

scim_proposal_t *scim_proposal_make(const scim_survey_t *survey,
                                    const char *conninfo, apr_pool_t *pool)
{
    scim_proposal_t *proposal = apr_pcalloc(pool, sizeof(*proposal));
    const scim_survey_attribute_t *active =
        scim_survey_attribute(survey, "active");
    const scim_survey_attribute_t *external =
        scim_survey_attribute(survey, "externalId");

    proposal->survey = survey;
    proposal->conninfo = conninfo;
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

static int is_filled(const scim_proposal_t *proposal,
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
        const char *value = constant_for(column);

        if (is_filled(proposal, column)) {
            continue;
        }
        scim_buf_puts(buf, told++ ? "" : "\n        # Columns that must not "
                      "be NULL and that no directory fills.\n");
        scim_buf_printf(buf, "        %s  %s %s\n",
                        value ? "ScimDefault  " : "#ScimDefault ",
                        word(column->quoted, "", "", buf->pool),
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
            scim_buf_printf(buf, "%s (%s)", column->name, column->type);
        }
    }
    scim_buf_puts(buf, told ? "\n" : "");
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
    scim_buf_printf(buf, "    ScimDatabase \"%s\"\n", proposal->conninfo);
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
}

/* SQL */

/* Append a template whose {names} are replaced; pairs end with NULL. */
static void fill(scim_buf_t *buf, const char *template,
                 const char *const *pairs)
{
    while (*template) {
        apr_size_t len = strcspn(template, "{");
        const char *const *pair;

        scim_buf_add(buf, template, len);
        template += len;
        for (pair = pairs; *template && *pair; pair += 2) {
            apr_size_t n = strlen(pair[0]);

            if (strncmp(template + 1, pair[0], n) == 0
                && template[n + 1] == '}') {
                scim_buf_puts(buf, pair[1]);
                template += n + 2;
                break;
            }
        }
        if (*template && !*pair) {
            scim_buf_putc(buf, *template++);
        }
    }
}

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
    return status;
}

static const char template_tokens[] =
    "-- Secrets for the API: only their hash is kept. A token acts for its "
    "user.\n"
    "CREATE TABLE IF NOT EXISTS scim.api_tokens (\n"
    "    id            bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,\n"
    "    user_id       {key_type} NOT NULL REFERENCES {users} ({key}),\n"
    "    token_sha256  bytea NOT NULL UNIQUE\n"
    "                  CHECK (octet_length(token_sha256) = 32),\n"
    "    created_at    timestamptz NOT NULL DEFAULT now(),\n"
    "    expires_at    timestamptz NOT NULL,\n"
    "    revoked_at    timestamptz\n"
    ");\n\n";

static const char template_view[] =
    "-- The tokens that are valid now. The WHERE is your policy: add, drop or\n"
    "-- rewrite gates.\n"
    "CREATE OR REPLACE VIEW scim.tokens (token_sha256, token_id, tenant, "
    "actor)\n"
    "    WITH (security_barrier)\n"
    "AS\n"
    "SELECT t.{hash}, t.{token_id}::text, u.{tenant}::text, u.{key}::text\n"
    "  FROM {tokens} t\n"
    " CROSS JOIN LATERAL (\n"
    "       SELECT {needed}\n"
    "         FROM {users}\n"
    "        WHERE {key} = t.{owner}\n"
    "       OFFSET 0) u                -- one user, always by its key\n"
    "{join}"
    " WHERE u.{access}\n"
    "   AND {active}\n"
    "{live}"
    "{gates}"
    "   AND t.{revoked} IS NULL\n"
    "   AND t.{expires} > statement_timestamp();\n"
    "\n"
    "COMMENT ON VIEW scim.tokens IS 'tokens that are valid now, a row for "
    "each';\n"
    "\n";

static const char template_functions[] =
    "-- Make a token for a user and return its text, this once.\n"
    "CREATE OR REPLACE FUNCTION scim.token_issue(user_id {key_type}, valid "
    "interval)\n"
    "    RETURNS text\n"
    "    LANGUAGE plpgsql SECURITY DEFINER\n"
    "    SET search_path = pg_catalog, pg_temp\n"
    "AS $$\n"
    "DECLARE\n"
    "    token text;\n"
    "BEGIN\n"
    "    IF NOT EXISTS (SELECT FROM {users} u\n"
    "                    WHERE u.{key} = token_issue.user_id{and_live}) THEN\n"
    "        RAISE EXCEPTION 'could not issue token: there is no user %',\n"
    "            coalesce(user_id::text, 'NULL');\n"
    "    END IF;\n"
    "    IF valid IS NULL OR now() + valid <= now() THEN\n"
    "        RAISE EXCEPTION 'could not issue token: validity must be a "
    "positive '\n"
    "            'interval, not %', coalesce(valid::text, 'NULL');\n"
    "    END IF;\n"
    "    token := 'scim_' || encode(sha256(uuid_send(gen_random_uuid())\n"
    "                                      || uuid_send(gen_random_uuid())\n"
    "                                      || uuid_send(gen_random_uuid())), "
    "'hex');\n"
    "    INSERT INTO {tokens} ({owner}, {hash}, {created}, {expires})\n"
    "    VALUES (token_issue.user_id, sha256(convert_to(token, 'UTF8')), "
    "now(),\n"
    "            now() + valid);\n"
    "    RETURN token;\n"
    "END\n"
    "$$;\n"
    "\n"
    "-- End a token for good. True when there was one to revoke.\n"
    "CREATE OR REPLACE FUNCTION scim.token_revoke(token_id text) RETURNS "
    "boolean\n"
    "    LANGUAGE plpgsql SECURITY DEFINER\n"
    "    SET search_path = pg_catalog, pg_temp\n"
    "AS $$\n"
    "BEGIN\n"
    "    UPDATE {tokens} t SET {revoked} = now()\n"
    "     WHERE t.{token_id}::text = token_revoke.token_id AND t.{revoked} IS "
    "NULL;\n"
    "    RETURN FOUND;\n"
    "END\n"
    "$$;\n"
    "\n"
    "-- Another token for the same user; the old one ends after the overlap.\n"
    "CREATE OR REPLACE FUNCTION scim.token_rotate(token_id text, valid "
    "interval,\n"
    "                                             overlap interval)\n"
    "    RETURNS text\n"
    "    LANGUAGE plpgsql SECURITY DEFINER\n"
    "    SET search_path = pg_catalog, pg_temp\n"
    "AS $$\n"
    "DECLARE\n"
    "    owner {key_type};\n"
    "BEGIN\n"
    "    IF overlap IS NULL OR now() + overlap < now() THEN\n"
    "        RAISE EXCEPTION 'could not rotate token: overlap must be an "
    "interval '\n"
    "            'that is not negative, not %', coalesce(overlap::text, "
    "'NULL');\n"
    "    END IF;\n"
    "    UPDATE {tokens} t SET {expires} = least(t.{expires}, now() + "
    "overlap)\n"
    "     WHERE t.{token_id}::text = token_rotate.token_id AND t.{revoked} IS "
    "NULL\n"
    "    RETURNING t.{owner} INTO owner;\n"
    "    IF owner IS NULL THEN\n"
    "        RAISE EXCEPTION 'could not rotate token: there is no token % "
    "that is '\n"
    "            'not revoked', coalesce(token_id, 'NULL');\n"
    "    END IF;\n"
    "    RETURN scim.token_issue(owner, valid);\n"
    "END\n"
    "$$;\n"
    "\n"
    "-- All tokens, of one organisation or of all.\n"
    "CREATE OR REPLACE FUNCTION scim.token_list(of_tenant text DEFAULT NULL)\n"
    "    RETURNS TABLE (token_id text, tenant text, organisation text, actor "
    "text,\n"
    "                   username text, created_at timestamptz,\n"
    "                   expires_at timestamptz, state text)\n"
    "    LANGUAGE sql STABLE SECURITY DEFINER\n"
    "    SET search_path = pg_catalog, pg_temp\n"
    "AS $$\n"
    "    SELECT t.{token_id}::text, u.{tenant}::text, {title}, "
    "u.{key}::text,\n"
    "           u.{name}::text, t.{created}, t.{expires},\n"
    "           CASE WHEN t.{revoked} IS NOT NULL THEN 'revoked'\n"
    "                WHEN t.{expires} <= statement_timestamp() THEN "
    "'expired'\n"
    "                WHEN v.token_id IS NOT NULL THEN 'valid'\n"
    "                WHEN NOT u.{access} THEN 'user: API access is off'\n"
    "                ELSE 'a gate of scim.tokens is closed'\n"
    "           END\n"
    "      FROM {tokens} t\n"
    "      JOIN {users} u ON u.{key} = t.{owner}\n"
    "{join_list}"
    "      LEFT JOIN scim.tokens v ON v.token_sha256 = t.{hash}\n"
    "     WHERE of_tenant IS NULL OR u.{tenant}::text = of_tenant\n"
    "     ORDER BY u.{tenant}, u.{key}, t.{token_id}\n"
    "$$;\n"
    "\n"
    "-- \"API Access\" of one user.\n"
    "CREATE OR REPLACE FUNCTION scim.access_user(user_id {key_type}, enabled "
    "boolean)\n"
    "    RETURNS void\n"
    "    LANGUAGE plpgsql SECURITY DEFINER\n"
    "    SET search_path = pg_catalog, pg_temp\n"
    "AS $$\n"
    "BEGIN\n"
    "    UPDATE {users} u SET {access} = access_user.enabled\n"
    "     WHERE u.{key} = access_user.user_id{and_live};\n"
    "    IF NOT FOUND THEN\n"
    "        RAISE EXCEPTION 'could not set API access: there is no user %',\n"
    "            coalesce(user_id::text, 'NULL');\n"
    "    END IF;\n"
    "END\n"
    "$$;\n"
    "\n";

static const char template_organisation[] =
    "-- \"Enable API Access\" of an organisation.\n"
    "CREATE OR REPLACE FUNCTION scim.access_organisation(organisation_id "
    "{org_type},\n"
    "                                                    enabled boolean)\n"
    "    RETURNS void\n"
    "    LANGUAGE plpgsql SECURITY DEFINER\n"
    "    SET search_path = pg_catalog, pg_temp\n"
    "AS $$\n"
    "BEGIN\n"
    "    UPDATE {org} o SET {enabled} = access_organisation.enabled\n"
    "     WHERE o.{org_key} = access_organisation.organisation_id;\n"
    "    IF NOT FOUND THEN\n"
    "        RAISE EXCEPTION 'could not set API access: there is no "
    "organisation %',\n"
    "            coalesce(organisation_id::text, 'NULL');\n"
    "    END IF;\n"
    "END\n"
    "$$;\n"
    "\n"
    "REVOKE ALL ON FUNCTION scim.access_organisation({org_type}, boolean)\n"
    "    FROM PUBLIC, mod_scim;\n";

static const char template_grants[] =
    "REVOKE ALL ON FUNCTION scim.token_issue({key_type}, interval),\n"
    "                       scim.token_revoke(text),\n"
    "                       scim.token_rotate(text, interval, interval),\n"
    "                       scim.token_list(text),\n"
    "                       scim.access_user({key_type}, boolean)\n"
    "    FROM PUBLIC, mod_scim;\n"
    "\n"
    "-- What the module may do: all that stands here, and no more.\n"
    "REVOKE ALL ON scim.tokens FROM PUBLIC, mod_scim;\n"
    "GRANT SELECT ON scim.tokens TO mod_scim;\n"
    "GRANT USAGE ON SCHEMA {schema} TO mod_scim;\n"
    "GRANT SELECT ({select})\n    ON {users} TO mod_scim;\n"
    "GRANT INSERT ({insert})\n    ON {users} TO mod_scim;\n"
    "GRANT UPDATE ({update})\n    ON {users} TO mod_scim;\n";

/* A list of columns, each once, in lines that can be read. */
static void list_add(scim_buf_t *list, const char *column)
{
    const char *at = column ? strstr(list->data, column) : NULL;
    apr_size_t len = column ? strlen(column) : 0;

    while (at && ((at > list->data && at[-1] != ' ')
                  || (at[len] && at[len] != ','))) {
        at = strstr(at + 1, column);
    }
    if (column && !at) {
        scim_buf_printf(list, "%s%s", list->len ? ", " : "", column);
    }
}

/* The columns that the role reads, inserts and updates. */
static void list_columns(scim_buf_t lists[3], const scim_proposal_t *proposal)
{
    const scim_survey_t *survey = proposal->survey;
    const char *written[] = { proposal->external_id, proposal->active,
                              proposal->tombstone, proposal->extra };
    int i, j;

    list_add(&lists[0], survey->key->quoted);
    list_add(&lists[0], proposal->tenant);
    list_add(&lists[1], proposal->tenant);
    for (i = 0; i < survey->attributes->nelts; i++) {
        const scim_survey_attribute_t *attribute =
            &APR_ARRAY_IDX(survey->attributes, i, scim_survey_attribute_t);
        int all = strncmp(attribute->target, "meta.", 5) != 0;

        list_add(&lists[0], attribute->key);
        for (j = 0; j < (all ? 3 : 1); j++) {
            list_add(&lists[j], attribute->column->quoted);
        }
    }
    for (i = 0; i < 4; i++) {
        for (j = 0; j < 3; j++) {
            list_add(&lists[j], written[i]);
        }
    }
    list_add(&lists[0], survey->role ? survey->role->quoted : NULL);
    for (i = 0; i < survey->columns->nelts; i++) {
        const scim_survey_column_t *column =
            &APR_ARRAY_IDX(survey->columns, i, scim_survey_column_t);

        if (!is_filled(proposal, column)) {
            list_add(&lists[1], column->quoted);
        }
    }
}

static const char *active_condition(const scim_proposal_t *proposal,
                                    apr_pool_t *pool)
{
    return apr_psprintf(pool, "%su.%s%s",
                        *proposal->active_form == '!' ? "NOT " : "",
                        proposal->active,
                        *proposal->active_form == ' ' ? " IS NULL" : "");
}

/* A serial draws its numbers with the rights of whoever inserts. */
static void put_sequences(scim_buf_t *buf, const scim_survey_t *survey)
{
    int i;

    for (i = 0; i < survey->columns->nelts; i++) {
        const char *sequence = APR_ARRAY_IDX(survey->columns, i,
                                             scim_survey_column_t).sequence;

        if (sequence) {
            scim_buf_printf(buf, "GRANT USAGE ON SEQUENCE %s TO mod_scim;\n",
                            sequence);
        }
    }
}

/* Part 2 of scim.sql. */
static void put_contract(scim_buf_t *buf, const scim_proposal_t *proposal)
{
    const scim_survey_t *survey = proposal->survey;
    const scim_survey_column_t *tenant = survey->tenant;
    const scim_survey_tokens_t *tokens = &survey->tokens;
    apr_pool_t *pool = buf->pool;
    int own = tokens->table == NULL, i;
    int has_org = tenant && tenant->to_table;
    const char *enabled = survey->enabled ? survey->enabled : "api_enabled";
    const char *live = !proposal->tombstone ? ""
        : apr_psprintf(pool, proposal->tombstone_is_boolean
                       ? "NOT u.%s" : "u.%s IS NULL", proposal->tombstone);
    const char *gates = *survey->gates ? survey->gates
                      : apr_pstrcat(pool, "o.", enabled, NULL);
    scim_buf_t lists[3], needed;
    const char *pairs[64] = {
        "users", survey->table, "key", survey->key->quoted,
        "key_type", survey->key->type, "tenant", proposal->tenant,
        "access", proposal->access,
        "name", scim_survey_attribute(survey, "userName")->column->quoted,
        "tokens", own ? "scim.api_tokens" : tokens->table,
        "token_id", own ? "id" : tokens->id,
        "owner", own ? "user_id" : tokens->user,
        "hash", own ? "token_sha256" : tokens->hash,
        "created", own ? "created_at" : tokens->created,
        "expires", own ? "expires_at" : tokens->expires,
        "revoked", own ? "revoked_at" : tokens->revoked,
        "active", active_condition(proposal, pool),
        "live", *live ? apr_psprintf(pool, "   AND %s\n", live) : "",
        "and_live", *live ? apr_pstrcat(pool, " AND ", live, NULL) : "",
        "schema", scim_mapping_quote(survey->schema, pool),
        "org", has_org ? tenant->to_table : "",
        "org_key", has_org ? tenant->to_column : "",
        "org_type", has_org ? tenant->to_type : "",
        "enabled", enabled,
        "gates", has_org ? apr_psprintf(pool, "   AND %s\n", gates) : "",
        "title", has_org && survey->title
                 ? apr_psprintf(pool, "o.%s::text", survey->title) : "NULL",
        NULL
    };
    const char **pair = pairs;
    const char *join = !has_org ? ""
        : apr_psprintf(pool, "JOIN %s o ON o.%s = u.%s\n", tenant->to_table,
                       tenant->to_column, proposal->tenant);

    while (*pair) {
        pair += 2;
    }
    for (i = 0; i < 3; i++) {
        scim_buf_init(&lists[i], 256, pool);
    }
    list_columns(lists, proposal);
    scim_buf_init(&needed, 128, pool);
    list_add(&needed, survey->key->quoted);
    list_add(&needed, proposal->tenant);
    list_add(&needed, proposal->access);
    list_add(&needed, proposal->active);
    list_add(&needed, proposal->tombstone);
    *pair++ = "needed";
    *pair++ = needed.data;
    *pair++ = "join";
    *pair++ = *join ? apr_pstrcat(pool, "  ", join, NULL) : "";
    *pair++ = "join_list";
    *pair++ = *join ? apr_pstrcat(pool, "      ", join, NULL) : "";
    *pair++ = "select";
    *pair++ = lists[0].data;
    *pair++ = "insert";
    *pair++ = lists[1].data;
    *pair++ = "update";
    *pair++ = lists[2].data;
    *pair = NULL;
    fill(buf, own ? template_tokens : "", pairs);
    if (has_org && !survey->enabled) {
        fill(buf, "ALTER TABLE {org} ADD COLUMN IF NOT EXISTS {enabled} "
             "boolean NOT NULL DEFAULT false;\n\n", pairs);
    }
    fill(buf, template_view, pairs);
    fill(buf, template_functions, pairs);
    fill(buf, has_org ? template_organisation : "", pairs);
    fill(buf, template_grants, pairs);
    put_sequences(buf, survey);
}

int scim_proposal_sql(scim_buf_t *buf, const scim_proposal_t *proposal,
                      scim_ctl_t *ctl)
{
    const scim_survey_t *survey = proposal->survey;
    int status = SCIM_EXIT_OK;

    scim_buf_puts(buf,
        "-- Proposed by scimctl inspect from names and types. Read it and "
        "correct it. It\n-- takes the place of part 2 in scim.sql, down to "
        "the check at its end.\n\n");
    if (survey->is_view) {
        scim_buf_printf(buf, "-- %s is a view: columns and indexes are those "
                        "of the tables below.\n\n", survey->table);
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
        put_contract(buf, proposal);
    }
    return status;
}
