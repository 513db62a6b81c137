#include "ctl/survey.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define COLUMN(survey, i) \
    (&APR_ARRAY_IDX((survey)->columns, i, scim_survey_column_t))

/* The table */

/* The name counts most, then the columns that accounts usually have. */
static const char sql_table[] =
    "SELECT n.nspname, c.relname, quote_ident(n.nspname) || '.' || "
    "quote_ident(c.relname), c.relkind = 'v' "
    "FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "CROSS JOIN LATERAL (SELECT lower(regexp_replace(c.relname, "
    "'[^A-Za-z]', '', 'g')) AS plain) p "
    "CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE a.plain ~ "
    "'login|user_?name|^e?mail|mailaddr') * 3 + count(*) FILTER (WHERE "
    "a.plain ~ 'first_?name|last_?name|given|surname|password|forename') "
    "AS score FROM (SELECT lower(attname) AS plain FROM "
    "pg_catalog.pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT "
    "attisdropped) a) k "
    "WHERE c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition "
    "AND CASE WHEN $1::text IS NULL THEN n.nspname !~ '^pg_' AND n.nspname "
    "NOT IN ('information_schema', 'scim') AND k.score >= 3 "
    "ELSE c.oid = to_regclass($1) OR ($1 IN (c.relname, n.nspname || '.' || "
    "c.relname) AND pg_table_is_visible(c.oid) AND to_regclass($1) IS NULL) "
    "OR $1 = n.nspname || '.' || c.relname END "
    "ORDER BY CASE WHEN p.plain ~ '^(tbl|app|auth)?(user|account|person|"
    "people|member|employee|staff)s?$' THEN 10 WHEN p.plain ~ "
    "'user|account|person|people|member|employee|staff|benutzer' THEN 4 "
    "ELSE 0 END + k.score DESC, c.relkind = 'v', c.oid LIMIT 1";

static const char sql_columns[] =
    "SELECT a.attname, quote_ident(a.attname), format_type(b.oid, NULL), "
    "b.typcategory, a.attnotnull, a.atthasdef OR a.attidentity <> '', "
    "a.attgenerated <> '', CASE WHEN a.attgenerated <> '' THEN "
    "pg_get_expr(d.adbin, d.adrelid) END, EXISTS (SELECT FROM "
    "pg_catalog.pg_constraint p WHERE p.conrelid = a.attrelid AND p.contype "
    "= 'p' AND p.conkey = ARRAY[a.attnum]), f.to_table, f.to_column, "
    "f.to_type, CASE WHEN a.attidentity = '' THEN "
    "pg_get_serial_sequence(a.attrelid::regclass::text, a.attname) END "
    "FROM pg_catalog.pg_attribute a "
    "JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
    "JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN "
    "t.typbasetype ELSE t.oid END "
    "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND "
    "d.adnum = a.attnum "
    "LEFT JOIN LATERAL (SELECT quote_ident(n.nspname) || '.' || "
    "quote_ident(c.relname) AS to_table, quote_ident(r.attname) AS to_column, "
    "format_type(r.atttypid, NULL) AS to_type FROM pg_catalog.pg_constraint k "
    "JOIN pg_catalog.pg_class c ON c.oid = k.confrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_catalog.pg_attribute r ON r.attrelid = c.oid AND r.attnum = "
    "k.confkey[1] WHERE k.contype = 'f' AND k.conrelid = a.attrelid AND "
    "k.conkey = ARRAY[a.attnum] LIMIT 1) f ON true "
    "WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT "
    "a.attisdropped ORDER BY a.attnum";

/* A table of tokens: a hash, whose it is, and how it ends. */
static const char sql_tokens[] =
    "SELECT quote_ident(n.nspname) || '.' || quote_ident(t.relname), "
    "quote_ident(i.attname), quote_ident(u.attname), quote_ident(h.attname), "
    "quote_ident(c.attname), quote_ident(e.attname), quote_ident(r.attname) "
    "FROM pg_catalog.pg_class t "
    "JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace "
    "JOIN pg_catalog.pg_constraint k ON k.contype = 'f' AND k.conrelid = "
    "t.oid AND k.confrelid = to_regclass($1) AND cardinality(k.conkey) = 1 "
    "JOIN pg_catalog.pg_attribute u ON u.attrelid = t.oid AND u.attnum = "
    "k.conkey[1] "
    "JOIN pg_catalog.pg_constraint p ON p.contype = 'p' AND p.conrelid = "
    "t.oid AND cardinality(p.conkey) = 1 "
    "JOIN pg_catalog.pg_attribute i ON i.attrelid = t.oid AND i.attnum = "
    "p.conkey[1] "
    "JOIN pg_catalog.pg_attribute h ON h.attrelid = t.oid AND h.atttypid = "
    "'bytea'::regtype AND h.attname ~* 'sha|hash|digest' "
    "JOIN pg_catalog.pg_attribute e ON e.attrelid = t.oid AND e.atttypid = "
    "'timestamptz'::regtype AND e.attname ~* 'expir|valid_?(to|until)' "
    "JOIN pg_catalog.pg_attribute r ON r.attrelid = t.oid AND r.atttypid = "
    "'timestamptz'::regtype AND r.attname ~* 'revoke' "
    "JOIN pg_catalog.pg_attribute c ON c.attrelid = t.oid AND c.atttypid = "
    "'timestamptz'::regtype AND c.attname ~* 'creat|issue' "
    "ORDER BY t.oid LIMIT 1";

/* The switches of an organisation, and what it is called. */
static const char sql_switches[] =
    "WITH b AS (SELECT attname, attnum FROM pg_catalog.pg_attribute WHERE "
    "attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND "
    "atttypid = 'boolean'::regtype AND attname ~* 'api|scim|provision'), "
    "e AS (SELECT attname FROM b WHERE attname ~* "
    "'enabl|access|active|_on$' ORDER BY attnum LIMIT 1) "
    "SELECT (SELECT string_agg('o.' || quote_ident(attname), ' AND ' ORDER BY "
    "attnum) FROM b), (SELECT quote_ident(attname) FROM e), (SELECT "
    "string_agg('o.' || quote_ident(attname), ' AND ' ORDER BY attnum) FROM b "
    "WHERE attname NOT IN (SELECT attname FROM e)), (SELECT "
    "quote_ident(attname) FROM pg_catalog.pg_attribute WHERE attrelid = "
    "to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attname ~* "
    "'(^|_|company|org)(name|title)$' ORDER BY attnum LIMIT 1)";

int scim_survey_is_timestamp(const scim_survey_column_t *column)
{
    return strcmp(column->type, "timestamp with time zone") == 0;
}

int scim_survey_is_text(const scim_survey_column_t *column)
{
    return column->category == 'S' && strcmp(column->type, "character") != 0
        && strcmp(column->type, "name") != 0;
}

int scim_survey_is_boolean(const scim_survey_column_t *column)
{
    return strcmp(column->type, "boolean") == 0;
}

static int is_any_time(const scim_survey_column_t *column)
{
    return strncmp(column->type, "timestamp", 9) == 0;
}

static int is_jsonb(const scim_survey_column_t *column)
{
    return strcmp(column->type, "jsonb") == 0;
}

static int is_key_type(const scim_survey_column_t *column)
{
    return column->category == 'N' || scim_survey_is_text(column)
        || strcmp(column->type, "uuid") == 0;
}

static int is_identifier_type(const scim_survey_column_t *column)
{
    return is_key_type(column) && strcmp(column->type, "numeric") != 0;
}

static const char *plain_name(const char *name, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(name) + 1), *at = out;

    for (; *name; name++) {
        if (apr_isalnum(*name)) {
            *at++ = (char)apr_tolower(*name);
        }
    }
    *at = '\0';
    return out;
}

/* A newline in a name would end the line, in a comment as well. */
static int has_control(const char *name)
{
    while (*name && !apr_iscntrl(*name)) {
        name++;
    }
    return *name != '\0';
}

/* A prefix such as "usr_" that many columns share says nothing: its length,
 * and in which row it stands. */
static apr_size_t common_prefix(int *prow, const scim_table_t *table)
{
    int i, j;

    for (i = 0; i < table->nrows; i++) {
        const char *name = scim_table_value(table, i, 0);
        const char *bar = strchr(name, '_');
        apr_size_t len = bar ? (apr_size_t)(bar - name) + 1 : 0;
        int same = 0;

        for (j = 0; len && j < table->nrows; j++) {
            same += strncmp(scim_table_value(table, j, 0), name, len) == 0;
        }
        if (same > 3 && same * 5 >= table->nrows * 2) {
            *prow = i;
            return len;
        }
    }
    return 0;
}

static int is_true(const scim_table_t *table, int row, int column)
{
    const char *value = scim_table_value(table, row, column);

    return value && *value == 't';
}

static void read_columns(scim_survey_t *survey, const scim_table_t *table,
                         apr_pool_t *pool)
{
    int row = 0, i;
    apr_size_t prefix = common_prefix(&row, table);
    const char *common = prefix ? scim_table_value(table, row, 0) : "";

    for (i = 0; i < table->nrows; i++) {
        scim_survey_column_t *column = apr_array_push(survey->columns);

        memset(column, 0, sizeof(*column));
        column->name = scim_table_value(table, i, 0);
        column->quoted = scim_table_value(table, i, 1);
        column->type = scim_table_value(table, i, 2);
        column->category = *scim_table_value(table, i, 3);
        column->is_not_null = is_true(table, i, 4);
        column->is_filled = is_true(table, i, 5);
        column->is_generated = is_true(table, i, 6);
        column->expression = scim_table_value(table, i, 7);
        column->is_key = is_true(table, i, 8);
        column->to_table = scim_table_value(table, i, 9);
        column->to_column = scim_table_value(table, i, 10);
        column->to_type = scim_table_value(table, i, 11);
        column->sequence = scim_table_value(table, i, 12);
        column->is_nameless = has_control(column->name);
        column->plain = plain_name(prefix && strncmp(column->name, common,
                                                     prefix) == 0
                                   ? column->name + prefix : column->name,
                                   pool);
    }
}

/* Columns by their names */

typedef int (*fits_cb)(const scim_survey_column_t *column);

static int is_word(const char *words, const char *word)
{
    apr_size_t len = strlen(word);

    while (*words) {
        apr_size_t n = strcspn(words, " ");

        if (n == len && strncmp(words, word, n) == 0) {
            return 1;
        }
        words += n + strspn(words + n, " ");
    }
    return 0;
}

/* The plain name, and what is left of it without the word for a person. */
static int is_called(const scim_survey_column_t *column, const char *words,
                     int whole)
{
    static const char *const fronts[] = { "user", "usr", "person", "account",
                                          "member", "employee", "is" };
    apr_size_t i;

    if (whole) {
        return is_word(words, column->plain);
    }
    for (i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
        apr_size_t len = strlen(fronts[i]);

        if (strncmp(column->plain, fronts[i], len) == 0
            && is_word(words, column->plain + len)) {
            return 1;
        }
    }
    return 0;
}

static int is_free(const scim_survey_column_t *column)
{
    return !column->is_used && !column->is_nameless;
}

/* The first unused column that is called by one of the words, in the order
 * of the words. */
static scim_survey_column_t *pick(scim_survey_t *survey, const char *words,
                                  fits_cb fits, apr_pool_t *pool)
{
    char *word, *state;
    int whole, i;

    for (whole = 1; whole >= 0; whole--) {
        for (word = apr_strtok(apr_pstrdup(pool, words), " ", &state); word;
             word = apr_strtok(NULL, " ", &state)) {
            for (i = 0; i < survey->columns->nelts; i++) {
                scim_survey_column_t *column = COLUMN(survey, i);

                if (is_free(column) && !column->is_generated && fits(column)
                    && is_called(column, word, whole)) {
                    column->is_used = 1;
                    return column;
                }
            }
        }
    }
    return NULL;
}

/* The generated column with the caseless form of another, or NULL. */
static const char *find_key(const scim_survey_t *survey,
                            const scim_survey_column_t *column,
                            apr_pool_t *pool)
{
    int i;

    for (i = 0; i < survey->columns->nelts; i++) {
        const char *text = COLUMN(survey, i)->expression;

        if (text && !COLUMN(survey, i)->is_nameless
            && (strcmp(text, apr_psprintf(pool, "lower(%s)",
                                          column->quoted)) == 0
                || strcmp(text, apr_psprintf(pool, "lower((%s)::text)",
                                             column->quoted)) == 0)) {
            return COLUMN(survey, i)->quoted;
        }
    }
    return NULL;
}

static scim_survey_attribute_t *add_attribute(scim_survey_t *survey,
                                              const char *target,
                                              scim_survey_column_t *column,
                                              const char *form)
{
    scim_survey_attribute_t *attribute = apr_array_push(survey->attributes);

    memset(attribute, 0, sizeof(*attribute));
    attribute->target = target;
    attribute->column = column;
    attribute->form = form;
    column->is_used = 1;
    return attribute;
}

const scim_survey_attribute_t *scim_survey_attribute(
    const scim_survey_t *survey, const char *target)
{
    int i;

    for (i = 0; i < survey->attributes->nelts; i++) {
        const scim_survey_attribute_t *attribute =
            &APR_ARRAY_IDX(survey->attributes, i, scim_survey_attribute_t);

        if (strcmp(attribute->target, target) == 0) {
            return attribute;
        }
    }
    return NULL;
}

/* An attribute that is looked up without regard to case. */
static void add_caseless(scim_survey_t *survey, const char *target,
                         scim_survey_column_t *column, apr_pool_t *pool)
{
    scim_survey_attribute_t *attribute = add_attribute(survey, target,
                                                       column, "");

    attribute->key = find_key(survey, column, pool);
    if (!attribute->key && !survey->is_view
        && strstr(column->type, "citext") == NULL) {
        attribute->key = apr_pstrcat(pool, column->plain, "_key", NULL);
        attribute->makes_key = 1;
    }
}

#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
#define TENANTS "organisation organization tenant company customer client " \
    "workspace firm mandant org"

static const struct {
    const char *target;
    fits_cb fits;
    const char *words;
} guesses[] = {
    { "externalId", scim_survey_is_text, "externalid scimexternalid scimid "
      "extid objectid entraid azureid azureoid directoryid ssoid idpid" },
    { "name.givenName", scim_survey_is_text, "firstname givenname forename "
      "fname vorname first" },
    { "name.familyName", scim_survey_is_text, "lastname surname familyname "
      "lname nachname last" },
    { "displayName", scim_survey_is_text, "displayname fullname" },
    { "title", scim_survey_is_text, "jobtitle" },
    { "phoneNumbers[type eq \"mobile\"].value", scim_survey_is_text,
      "mobile mobilephone mobilenumber cellphone cell" },
    { "phoneNumbers[type eq \"work\"].value", scim_survey_is_text,
      "workphone officephone phone phonenumber telephone tel" },
    { "preferredLanguage", scim_survey_is_text, "preferredlanguage language "
      "lang" },
    { "locale", scim_survey_is_text, "locale" },
    { "timezone", scim_survey_is_text, "timezone tz" },
    { ENTERPRISE "department", scim_survey_is_text, "department dept" },
    { ENTERPRISE "employeeNumber", scim_survey_is_text, "employeenumber "
      "employeeno personnelnumber staffno" },
    { "meta.created", scim_survey_is_timestamp, "createdat created createdon "
      "createddate creationdate datecreated insertedat registeredat" },
    { "meta.lastModified", scim_survey_is_timestamp, "updatedat modifiedat "
      "lastmodified updated modified modifiedon updatedon changedat "
      "datemodified lastupdate" }
};

static void guess_names(scim_survey_t *survey, apr_pool_t *pool)
{
    scim_survey_column_t *name, *mail;
    apr_size_t i;

    name = pick(survey, "username loginname login userlogin signin "
                "userprincipalname upn accountname handle nickname",
                scim_survey_is_text, pool);
    mail = pick(survey, "email emailaddress workemail mail mailaddress "
                "primaryemail emailaddr", scim_survey_is_text, pool);
    if (name || mail) {
        add_caseless(survey, "userName", name ? name : mail, pool);
    }
    if (name && mail) {
        add_caseless(survey, "emails[type eq \"work\"].value", mail, pool);
    }
    for (i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
        scim_survey_column_t *column = pick(survey, guesses[i].words,
                                            guesses[i].fits, pool);

        if (column) {
            add_attribute(survey, guesses[i].target, column, "");
        }
    }
}

static void guess_active(scim_survey_t *survey, apr_pool_t *pool)
{
    scim_survey_column_t *column;

    column = pick(survey, "active isactive enabled isenabled",
                  scim_survey_is_boolean, pool);
    if (column) {
        add_attribute(survey, "active", column, "");
        return;
    }
    column = pick(survey, "disabled isdisabled inactive isinactive blocked "
                  "isblocked suspended issuspended deactivated",
                  scim_survey_is_boolean, pool);
    if (column) {
        add_attribute(survey, "active", column, "!");
        return;
    }
    column = pick(survey, "disabledat deactivatedat inactivesince inactiveat "
                  "suspendedat blockedat disabledon deactivatedon inactiveon "
                  "disabledsince", is_any_time, pool);
    if (column) {
        add_attribute(survey, "active", column, " IS NULL");
    }
}

/* A foreign key to a table of organisations, else a column of that name. */
static const scim_survey_column_t *guess_tenant(scim_survey_t *survey,
                                                apr_pool_t *pool)
{
    char *words = apr_pstrdup(pool, TENANTS " account group"), *word, *state;
    int i;

    for (word = apr_strtok(words, " ", &state); word;
         word = apr_strtok(NULL, " ", &state)) {
        for (i = 0; i < survey->columns->nelts; i++) {
            scim_survey_column_t *column = COLUMN(survey, i);

            if (column->to_table && is_free(column)
                && strcmp(column->to_table, survey->table) != 0
                && (strstr(column->plain, word)
                    || strstr(plain_name(column->to_table, pool), word))) {
                column->is_used = 1;
                return column;
            }
        }
    }
    return pick(survey, TENANTS " organisationid organizationid tenantid "
                "companyid companyno customerid customerno clientid "
                "workspaceid firmid mandantid orgid orgno scimtenant",
                is_identifier_type, pool);
}

static const scim_survey_column_t *guess_key(scim_survey_t *survey,
                                             apr_pool_t *pool)
{
    int i;

    for (i = 0; i < survey->columns->nelts; i++) {
        if (COLUMN(survey, i)->is_key && is_free(COLUMN(survey, i))
            && is_key_type(COLUMN(survey, i))) {
            COLUMN(survey, i)->is_used = 1;
            return COLUMN(survey, i);
        }
    }
    return pick(survey, "id uuid guid userid accountid accountno", is_key_type,
                pool);
}

static int is_tombstone(const scim_survey_column_t *column)
{
    return is_any_time(column)
        || (scim_survey_is_boolean(column) && column->is_not_null);
}

static int is_role(const scim_survey_column_t *column)
{
    return scim_survey_is_text(column) || scim_survey_is_boolean(column);
}

static void guess(scim_survey_t *survey, apr_pool_t *pool)
{
    survey->key = guess_key(survey, pool);
    survey->tombstone = pick(survey, "deletedat deletedon removedat deleted "
                             "isdeleted deletiondate deletedate removed "
                             "archivedat", is_tombstone, pool);
    survey->tenant = guess_tenant(survey, pool);
    guess_names(survey, pool);
    guess_active(survey, pool);
    survey->extra = pick(survey, "scimextra extra", is_jsonb, pool);
    survey->access = pick(survey, "apiaccess scimaccess apienabled "
                          "scimenabled", scim_survey_is_boolean, pool);
    survey->role = pick(survey, "isadmin admin administrator superuser "
                        "issuperuser isowner role rolename", is_role, pool);
}

static int read_rest(scim_survey_t *survey, scim_ctl_t *ctl)
{
    const char *params[] = { survey->table };
    const char *organisation[] = { NULL };
    scim_table_t table;
    int status = scim_ctl_query(&table, ctl, sql_tokens, 1, params);

    if (status == SCIM_EXIT_OK && table.nrows) {
        survey->tokens.table = scim_table_value(&table, 0, 0);
        survey->tokens.id = scim_table_value(&table, 0, 1);
        survey->tokens.user = scim_table_value(&table, 0, 2);
        survey->tokens.hash = scim_table_value(&table, 0, 3);
        survey->tokens.created = scim_table_value(&table, 0, 4);
        survey->tokens.expires = scim_table_value(&table, 0, 5);
        survey->tokens.revoked = scim_table_value(&table, 0, 6);
    }
    if (status != SCIM_EXIT_OK || !survey->tenant
        || !survey->tenant->to_table) {
        return status;
    }
    organisation[0] = survey->tenant->to_table;
    status = scim_ctl_query(&table, ctl, sql_switches, 1, organisation);
    if (status == SCIM_EXIT_OK) {
        const char *gates = scim_table_value(&table, 0, 0);
        const char *available = scim_table_value(&table, 0, 2);

        survey->gates = gates ? gates : "";
        survey->enabled = scim_table_value(&table, 0, 1);
        survey->available = available ? available : "true";
        survey->title = scim_table_value(&table, 0, 3);
    }
    return status;
}

int scim_survey_read(scim_survey_t **psurvey, scim_ctl_t *ctl,
                     const char *table)
{
    scim_survey_t *survey = apr_pcalloc(ctl->pool, sizeof(*survey));
    scim_table_t found;
    int status = scim_ctl_query(&found, ctl, sql_table, 1, &table);

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    if (!found.nrows) {
        return scim_ctl_complain(ctl, SCIM_EXIT_FINDINGS, table
                                 ? "there is no table or view \"%s\""
                                 : "no table looks like one of accounts; "
                                   "name it by --table%s",
                                 table ? table : "");
    }
    survey->schema = scim_table_value(&found, 0, 0);
    survey->name = scim_table_value(&found, 0, 1);
    if (has_control(survey->schema) || has_control(survey->name)) {
        return scim_ctl_complain(ctl, SCIM_EXIT_FINDINGS, "no configuration "
                                 "can name %s.%s, with a control character; "
                                 "rename it, or name another by --table",
                                 survey->schema, survey->name);
    }
    survey->table = scim_table_value(&found, 0, 2);
    survey->is_view = is_true(&found, 0, 3);
    survey->gates = "";
    survey->columns = apr_array_make(ctl->pool, 32,
                                     sizeof(scim_survey_column_t));
    survey->attributes = apr_array_make(ctl->pool, 16,
                                        sizeof(scim_survey_attribute_t));
    status = scim_ctl_query(&found, ctl, sql_columns, 1, &survey->table);
    if (status != SCIM_EXIT_OK) {
        return status;
    }
    read_columns(survey, &found, ctl->pool);
    guess(survey, ctl->pool);
    if (!survey->key || !scim_survey_attribute(survey, "userName")) {
        return scim_ctl_complain(ctl, SCIM_EXIT_FINDINGS, "%s has no %s that "
                                 "could be guessed; is it the table of "
                                 "accounts? Name another by --table",
                                 survey->table, survey->key
                                 ? "user name or e-mail address"
                                 : "primary key");
    }
    *psurvey = survey;
    return read_rest(survey, ctl);
}
