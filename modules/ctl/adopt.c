#include "ctl/commands.h"

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include <string.h>

#include "base/fold.h"
#include "ctl/csv.h"
#include "ctl/location.h"
#include "pg/proof.h"
#include "store/completion.h"

#define FILE_MAX APR_INT64_C(67108864)

/* What somebody of the file meets; the words are also those of the JSON. */
typedef enum {
    MEETS_NOBODY,
    MEETS_LINKED,
    MEETS_ADOPTED,
    MEETS_RESTORED,
    MEETS_CONFLICT,
    MEETS_PROTECTED,
    MEETS_COUNT
} meets_t;

static const struct {
    const char *word;
    const char *meaning;
} meetings[MEETS_COUNT] = {
    [MEETS_NOBODY] = { "new", "would get a new account" },
    [MEETS_LINKED] = { "linked", "are linked already" },
    [MEETS_ADOPTED] = { "adopt", "would be linked to the account they have" },
    [MEETS_RESTORED] = { "restore", "would get a deleted account back" },
    [MEETS_CONFLICT] = { "conflict", "would be refused with 409" },
    [MEETS_PROTECTED] = { "protected", "have an account that provisioning "
                                       "may not take over: 409" }
};

typedef struct adoption_t {
    scim_ctl_t *ctl;
    const scim_mapping_t *mapping;
    const char *tenant;
    const char *sql;            /* rows by userName or externalId */
    apr_hash_t *names;          /* folded userName to line of the file */
    apr_hash_t *externals;      /* externalId to line */
    apr_hash_t *met;            /* keys of live accounts that were met */
    scim_grid_t *grid;
    int counts[MEETS_COUNT];
} adoption_t;

/* Columns of the answer */
enum { ROW_KEY, ROW_EXTERNAL, ROW_DELETED, ROW_ACTIVE, ROW_PROTECTED,
       ROW_BY_NAME, ROW_BY_EXTERNAL };

/* SQL */

static const char *quote(const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "r.", scim_mapping_quote(name, pool), NULL);
}

/* A column of any type, as the text that clients see. */
static const char *text_sql(const scim_column_t *column,
                            const scim_mapping_t *mapping,
                            const scim_facts_t *facts, apr_pool_t *pool)
{
    return apr_pstrcat(pool, quote(column->name, pool),
                       scim_facts_is_as_text(facts, mapping, column)
                       ? "::text" : "", NULL);
}

static const char *active_sql(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    const scim_column_t *column =
        scim_mapping_column(mapping, mapping->type->active, NULL);
    const char *name = quote(column->name, pool);

    switch (column->form) {
    case SCIM_COLUMN_INVERTED:
        return apr_pstrcat(pool, "NOT ", name, NULL);
    case SCIM_COLUMN_IS_NULL:
        return apr_pstrcat(pool, name, " IS NULL", NULL);
    default:
        return name;
    }
}

static const char *deleted_sql(const scim_mapping_t *mapping,
                               const scim_facts_t *facts, apr_pool_t *pool)
{
    return !mapping->tombstone ? "false"
         : apr_pstrcat(pool, quote(mapping->tombstone, pool),
                       facts->tombstone_is_boolean ? "" : " IS NOT NULL",
                       NULL);
}

static const char *name_sql(const scim_mapping_t *mapping,
                            const scim_facts_t *facts, apr_pool_t *pool)
{
    const scim_column_t *column =
        scim_mapping_column(mapping, mapping->type->user_name, NULL);
    const char *citext = scim_facts_citext(facts, mapping, column);

    if (column->key_name) {
        return apr_pstrcat(pool, quote(column->key_name, pool),
                           " = lower($2)", NULL);
    }
    return citext ? apr_pstrcat(pool, quote(column->name, pool), " = $2::",
                                citext, NULL)
                  : apr_pstrcat(pool, "lower(", text_sql(column, mapping,
                                                         facts, pool),
                                ") = lower($2)", NULL);
}

static const char *tenant_sql(const scim_mapping_t *mapping,
                              const scim_facts_t *facts, apr_pool_t *pool)
{
    return apr_pstrcat(pool, quote(mapping->tenant, pool), " = $1::",
                       facts->tenant_type, NULL);
}

static const char *rows_sql(const scim_mapping_t *mapping,
                            const scim_facts_t *facts, apr_pool_t *pool)
{
    const scim_column_t *external =
        scim_mapping_column(mapping, mapping->type->external_id, NULL);
    const char *name = name_sql(mapping, facts, pool);
    const char *link = text_sql(external, mapping, facts, pool);
    const char *other = apr_pstrcat(pool, link, " = $3", NULL);

    return apr_pstrcat(pool, "SELECT ", quote(mapping->key, pool),
        "::text, ", link, ", ",
        deleted_sql(mapping, facts, pool), ", coalesce(",
        active_sql(mapping, pool), ", false), coalesce(",
        mapping->protect ? apr_pstrcat(pool, "(", mapping->protect, ")", NULL)
                         : "false", ", false), coalesce(", name,
        ", false), coalesce(", other, ", false) FROM ", mapping->table,
        " AS r WHERE ", tenant_sql(mapping, facts, pool), " AND (", name,
        " OR ", other, ")", NULL);
}

/* Judging */

static int flag(const scim_table_t *rows, int row, int column)
{
    return *scim_table_value(rows, row, column) == 't';
}

/* The first row for which these are so; -1: none. */
static int find_row(const scim_table_t *rows, int deleted, int by)
{
    int i;

    for (i = 0; i < rows->nrows; i++) {
        if (flag(rows, i, ROW_DELETED) == deleted && flag(rows, i, by)) {
            return i;
        }
    }
    return -1;
}

/* A row of the table of docs/design.md, "Life of an account"; @a ptext says
 * what else there is to say. */
static meets_t judge(const char **paccount, const char **ptext,
                     const adoption_t *adoption, const scim_table_t *rows)
{
    int by_external = find_row(rows, 0, ROW_BY_EXTERNAL);
    int by_name = find_row(rows, 0, ROW_BY_NAME);
    int tombstone = find_row(rows, 1, ROW_BY_EXTERNAL);
    int row = by_external >= 0 ? by_external : by_name;
    const char *linked_to;

    *ptext = *paccount = NULL;
    if (row >= 0) {
        *paccount = scim_table_value(rows, row, ROW_KEY);
    }
    if ((by_external >= 0 && flag(rows, by_external, ROW_PROTECTED))
        || (by_name >= 0 && flag(rows, by_name, ROW_PROTECTED))) {
        *ptext = "ScimProtect covers the account";
        return MEETS_PROTECTED;
    }
    if (by_external >= 0 && by_name >= 0 && by_external != by_name) {
        *ptext = apr_psprintf(adoption->ctl->pool, "linked, but account %s "
                              "has the userName",
                              scim_table_value(rows, by_name, ROW_KEY));
        return MEETS_CONFLICT;
    }
    if (by_external >= 0) {
        *ptext = flag(rows, row, ROW_ACTIVE) ? NULL : "inactive";
        return MEETS_LINKED;
    }
    if (tombstone >= 0 && by_name < 0) {
        *paccount = scim_table_value(rows, tombstone, ROW_KEY);
        return MEETS_RESTORED;
    }
    if (by_name < 0) {
        return MEETS_NOBODY;
    }
    linked_to = scim_table_value(rows, by_name, ROW_EXTERNAL);
    if (linked_to && *linked_to) {
        *ptext = apr_psprintf(adoption->ctl->pool, "the account is linked to "
                              "externalId %s", linked_to);
        return MEETS_CONFLICT;
    }
    if (tombstone >= 0) {
        *ptext = "a deleted account has the externalId, this one the userName";
        return MEETS_CONFLICT;
    }
    if (!adoption->mapping->adopt) {
        *ptext = "the account exists, and ScimAdopt is off";
        return MEETS_CONFLICT;
    }
    *ptext = flag(rows, by_name, ROW_ACTIVE) ? NULL
           : "inactive; active follows when the directory says it";
    return MEETS_ADOPTED;
}

/* Whether an earlier line has the same; 0: none. */
static int line_before(apr_hash_t *seen, const char *key, int line,
                       apr_pool_t *pool)
{
    int *before = apr_hash_get(seen, key, APR_HASH_KEY_STRING);

    if (before) {
        return *before;
    }
    before = apr_palloc(pool, sizeof(*before));
    *before = line;
    apr_hash_set(seen, key, APR_HASH_KEY_STRING, before);
    return 0;
}

static void add_verdict(adoption_t *adoption, int line, const char *name,
                        const char *external, meets_t meets,
                        const char *account, const char *text)
{
    adoption->counts[meets]++;
    scim_grid_add(adoption->grid, apr_itoa(adoption->ctl->pool, line));
    scim_grid_add(adoption->grid, name);
    scim_grid_add(adoption->grid, *external ? external : NULL);
    scim_grid_add(adoption->grid, meetings[meets].word);
    scim_grid_add(adoption->grid, account);
    scim_grid_add(adoption->grid, text);
}

static int try_person(adoption_t *adoption, int line, const char *name,
                      const char *external)
{
    apr_pool_t *pool = adoption->ctl->pool;
    const char *params[] = { adoption->tenant, name,
                             *external ? external : NULL };
    const char *account = NULL, *text = NULL;
    scim_table_t rows;
    meets_t meets;
    int before = line_before(adoption->names, scim_fold(name, pool), line,
                             pool), status, i;

    if (!before && *external) {
        before = line_before(adoption->externals, external, line, pool);
    }
    status = scim_ctl_query(&rows, adoption->ctl, adoption->sql, 3, params);
    if (status != SCIM_EXIT_OK) {
        return status;
    }
    meets = judge(&account, &text, adoption, &rows);
    for (i = 0; i < rows.nrows; i++) {
        if (!flag(&rows, i, ROW_DELETED)) {
            apr_hash_set(adoption->met, scim_table_value(&rows, i, ROW_KEY),
                         APR_HASH_KEY_STRING, "");
        }
    }
    if (before) {
        meets = MEETS_CONFLICT;
        text = apr_psprintf(pool, "line %d has the same userName or "
                            "externalId", before);
    }
    add_verdict(adoption, line, name, external, meets, account, text);
    return SCIM_EXIT_OK;
}

/* The file */

static const char *read_text(const char *file, apr_pool_t *pool)
{
    apr_file_t *in;
    apr_finfo_t info;
    apr_size_t len;
    char *text;

    if (apr_file_open(&in, file, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, pool)
        != APR_SUCCESS
        || apr_file_info_get(&info, APR_FINFO_SIZE, in) != APR_SUCCESS
        || info.size > FILE_MAX) {
        return NULL;
    }
    len = (apr_size_t)info.size;
    text = apr_pcalloc(pool, len + 1);
    if (len && apr_file_read_full(in, text, len, &len) != APR_SUCCESS) {
        return NULL;
    }
    return text;
}

static int read_people(apr_array_header_t **prows, const scim_ctl_t *ctl,
                       const char *file)
{
    const char *text = read_text(file, ctl->pool), *wrong;

    if (!text) {
        return scim_ctl_complain(ctl, SCIM_EXIT_USAGE, "could not read "
                                 "\"%s\"", file);
    }
    if (!scim_utf8_is_valid(text, strlen(text))) {
        return scim_ctl_complain(ctl, SCIM_EXIT_USAGE, "\"%s\" is not UTF-8: "
                                 "save it as \"CSV UTF-8\"", file);
    }
    wrong = scim_csv_parse(prows, text, ctl->pool);
    if (wrong) {
        return scim_ctl_complain(ctl, SCIM_EXIT_USAGE, "\"%s\": %s", file,
                                 wrong);
    }
    if (!(*prows)->nelts) {
        return scim_ctl_complain(ctl, SCIM_EXIT_USAGE, "\"%s\" is empty",
                                 file);
    }
    return SCIM_EXIT_OK;
}

static int try_people(adoption_t *adoption, const apr_array_header_t *rows)
{
    const scim_ctl_t *ctl = adoption->ctl;
    const scim_csv_row_t *names = &APR_ARRAY_IDX(rows, 0, scim_csv_row_t);
    int name = scim_csv_column(names, "userPrincipalName userName", ctl->pool);
    int external = scim_csv_column(names, "objectId externalId id",
                                   ctl->pool);
    int i, status = SCIM_EXIT_OK;

    if (name < 0 || external < 0) {
        return scim_ctl_complain(ctl, SCIM_EXIT_USAGE, "the first line does "
                                 "not name %s", name < 0
                                 ? "userPrincipalName or userName"
                                 : "objectId, externalId or id");
    }
    for (i = 1; i < rows->nelts && status == SCIM_EXIT_OK; i++) {
        const scim_csv_row_t *row = &APR_ARRAY_IDX(rows, i, scim_csv_row_t);
        const char *called = scim_csv_field(row, name);

        if (!*called) {
            add_verdict(adoption, row->line, "", scim_csv_field(row, external),
                        MEETS_CONFLICT, NULL, "there is no userName");
            continue;
        }
        status = try_person(adoption, row->line, called,
                            scim_csv_field(row, external));
    }
    return status;
}

/* Telling */

/* Accounts that the file does not have: nothing happens to them. */
static int print_others(const adoption_t *adoption, const scim_facts_t *facts)
{
    apr_pool_t *pool = adoption->ctl->pool;
    const char *params[] = { adoption->tenant };
    scim_table_t table;
    int count, status;

    status = scim_ctl_query(&table, adoption->ctl,
        apr_pstrcat(pool, "SELECT count(*) FROM ", adoption->mapping->table,
                    " AS r WHERE ", tenant_sql(adoption->mapping, facts, pool),
                    " AND NOT ", "(", deleted_sql(adoption->mapping, facts,
                                                  pool), ")", NULL),
        1, params);
    if (status == SCIM_EXIT_OK) {
        count = (int)apr_atoi64(scim_table_value(&table, 0, 0))
              - (int)apr_hash_count(adoption->met);
        scim_print_line(stdout, pool, "%5d accounts are not in the file, and "
                        "stay as they are", count);
    }
    return status;
}

static int print_all(const adoption_t *adoption, const scim_facts_t *facts,
                     int all)
{
    const scim_grid_t *grid = adoption->grid;
    scim_grid_t *shown = scim_grid_make(grid->names, grid->columns,
                                        adoption->ctl->pool);
    int i;

    if (adoption->ctl->json) {
        scim_ctl_print_grid(adoption->ctl, grid);
        return SCIM_EXIT_OK;
    }
    for (i = 0; i < grid->cells->nelts; i++) {
        int row = i / grid->columns * grid->columns;
        const char *result = APR_ARRAY_IDX(grid->cells, row + 3,
                                           const char *);

        if (all || strcmp(result, meetings[MEETS_CONFLICT].word) == 0
            || strcmp(result, meetings[MEETS_PROTECTED].word) == 0) {
            scim_grid_add(shown, APR_ARRAY_IDX(grid->cells, i, const char *));
        }
    }
    scim_grid_print(shown);
    if (scim_grid_rows(shown)) {
        scim_print_lines(stdout, "\n", adoption->ctl->pool);
    }
    for (i = 0; i < MEETS_COUNT; i++) {
        if (adoption->counts[i]) {
            scim_print_line(stdout, adoption->ctl->pool, "%5d %s",
                            adoption->counts[i], meetings[i].meaning);
        }
    }
    return print_others(adoption, facts);
}

/* The command */

static int prepare(adoption_t *adoption, const scim_facts_t **pfacts,
                   const scim_location_t *location)
{
    static const char *const names[] = {
        "line", "userName", "externalId", "result", "account", "text"
    };
    scim_ctl_t *ctl = adoption->ctl;
    const scim_mapping_t *mapping = location->mapping;
    scim_err_t *err;
    int status = scim_location_connect(ctl, location);

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    err = scim_conn_begin(ctl->conn, apr_time_now() + SCIM_CTL_TIMEOUT,
                          ctl->pool);
    if (!err) {
        err = scim_proof_facts(pfacts, ctl->conn, mapping, ctl->pool);
        scim_conn_end(ctl->conn, ctl->pool);
    }
    if (err) {
        return scim_ctl_fail(ctl, err);
    }
    if (!mapping->type->external_id
        || !scim_mapping_column(mapping, mapping->type->external_id, NULL)) {
        return scim_ctl_complain(ctl, SCIM_EXIT_FINDINGS, "externalId has no "
                                 "column, so no account can be linked");
    }
    mapping = scim_mapping_complete(mapping, *pfacts, ctl->pool);
    adoption->mapping = mapping;
    adoption->sql = rows_sql(mapping, *pfacts, ctl->pool);
    adoption->names = apr_hash_make(ctl->pool);
    adoption->externals = apr_hash_make(ctl->pool);
    adoption->met = apr_hash_make(ctl->pool);
    adoption->grid = scim_grid_make(names, 6, ctl->pool);
    return SCIM_EXIT_OK;
}

/* The module's role sees no table of organisations, but whose the accounts and
 * the tokens are. */
static int find_tenant(const adoption_t *adoption, const scim_facts_t *facts)
{
    const scim_mapping_t *mapping = adoption->mapping;
    scim_ctl_t *ctl = adoption->ctl;
    scim_table_t table;
    int status;

    /* for a policy that shows the rows of one organisation alone */
    status = scim_ctl_query(&table, ctl, "SELECT pg_catalog.set_config("
                            "'scim.tenant', $1, false)", 1,
                            &adoption->tenant);
    if (status == SCIM_EXIT_OK) {
        status = scim_ctl_query(&table, ctl,
            apr_pstrcat(ctl->pool, "SELECT EXISTS (SELECT FROM ",
                        mapping->table, " AS r WHERE ",
                        tenant_sql(mapping, facts, ctl->pool),
                        ") OR EXISTS (SELECT FROM ", mapping->tokens,
                        " AS t WHERE t.tenant = $1::text)", NULL),
            1, &adoption->tenant);
    }
    if (status == SCIM_EXIT_OK && !flag(&table, 0, 0)) {
        status = scim_ctl_complain(ctl, SCIM_EXIT_FINDINGS, "could not "
                                   "compare: there is no organisation %s with "
                                   "an account or a valid token",
                                   adoption->tenant);
    }
    return status;
}

/* The one location that has users. */
static int find_location(const scim_location_t **plocation, scim_ctl_t *ctl,
                         const scim_source_t *source)
{
    apr_array_header_t *locations;
    int i, status = scim_location_read(&locations, ctl, source);

    *plocation = NULL;
    for (i = 0; status == SCIM_EXIT_OK && i < locations->nelts; i++) {
        const scim_location_t *location = &APR_ARRAY_IDX(locations, i,
                                                         scim_location_t);

        if (!location->mapping->type->user_name) {
            continue;
        }
        if (*plocation) {
            return scim_ctl_usage(ctl, "there are several locations; name "
                                  "one by --location");
        }
        *plocation = location;
    }
    return status != SCIM_EXIT_OK || *plocation ? status
         : scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "no location has users");
}

int scim_ctl_adopt(scim_ctl_t *ctl, int argc, const char **argv)
{
    scim_source_t source = { 0 };
    adoption_t adoption = { .ctl = ctl };
    int dry_run = 0, all = 0;
    const scim_ctl_option_t options[] = {
        SCIM_SOURCE_OPTIONS(source),
        { "--tenant", NULL, &adoption.tenant, NULL },
        { "--dry-run", NULL, NULL, &dry_run },
        { "--all", NULL, NULL, &all },
        { NULL }
    };
    const scim_location_t *location;
    const scim_facts_t *facts;
    apr_array_header_t *people;
    int status = scim_ctl_options(ctl, options, &argc, argv);

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    if (argc != 1 || !dry_run || !adoption.tenant) {
        return scim_ctl_usage(ctl, "it takes --dry-run, --tenant and one "
                              "file; accounts are linked when the directory "
                              "creates them, not here");
    }
    if ((status = read_people(&people, ctl, argv[0])) != SCIM_EXIT_OK
        || (status = find_location(&location, ctl, &source)) != SCIM_EXIT_OK
        || (status = prepare(&adoption, &facts, location)) != SCIM_EXIT_OK
        || (status = find_tenant(&adoption, facts)) != SCIM_EXIT_OK
        || (status = try_people(&adoption, people)) != SCIM_EXIT_OK
        || (status = print_all(&adoption, facts, all)) != SCIM_EXIT_OK) {
        return status;
    }
    return adoption.counts[MEETS_CONFLICT] || adoption.counts[MEETS_PROTECTED]
         ? SCIM_EXIT_FINDINGS : SCIM_EXIT_OK;
}
