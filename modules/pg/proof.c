#include "pg/proof.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pg/catalog.h"
#include "pg/proof_members.h"
#include "store/completion.h"

typedef scim_catalog_column_t dbcolumn_t;
typedef scim_catalog_index_t dbindex_t;

typedef struct proof_t {
    const scim_mapping_t *mapping;
    scim_catalog_t *catalog;
    apr_array_header_t *findings;   /* of const char * */
    apr_array_header_t *abouts;     /* likewise: the column of each, or NULL */
    const char *about;              /* the column that is being looked at */
    apr_pool_t *pool;
} proof_t;

/* Add a finding. */
static void note(proof_t *proof, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void note(proof_t *proof, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    APR_ARRAY_PUSH(proof->findings, const char *) =
        apr_pvsprintf(proof->pool, fmt, args);
    va_end(args);
    APR_ARRAY_PUSH(proof->abouts, const char *) = proof->about;
}

static scim_err_t *check_schemas(proof_t *proof, scim_conn_t *conn)
{
    const scim_mapping_t *mapping = proof->mapping;
    apr_array_header_t *schemas;
    const char *role = NULL;
    int i;

    SCIM_TRY(scim_catalog_read_closed(&schemas, &role, conn, mapping,
                                      proof->pool));
    for (i = 0; i < schemas->nelts; i++) {
        const char *schema = APR_ARRAY_IDX(schemas, i, const char *);

        if (strcmp(schema, "scim") == 0) {
            note(proof, "ScimTokens: role \"%s\" may not use schema \"scim\"; "
                 "GRANT USAGE ON SCHEMA scim TO \"%s\"", role, role);
        }
        else {
            note(proof, "ScimTable: role \"%s\" may not use the schema of %s; "
                 "GRANT USAGE ON SCHEMA \"%s\" TO \"%s\"", role,
                 mapping->table, schema, role);
        }
    }
    return NULL;
}

/* Columns */

static const dbcolumn_t *get_column(const proof_t *proof, const char *name)
{
    return apr_hash_get(proof->catalog->columns, name, APR_HASH_KEY_STRING);
}

static const dbindex_t *get_index(const proof_t *proof, int i)
{
    return &APR_ARRAY_IDX(proof->catalog->indexes, i, dbindex_t);
}

/* The column that a directive names; a finding when there is none. */
static const dbcolumn_t *column_of(proof_t *proof, const char *name,
                                   const char *directive)
{
    const dbcolumn_t *column = get_column(proof, name);

    if (!column) {
        note(proof, "%s names column \"%s\", which %s does not have; correct "
             "the directive, or ALTER TABLE %s ADD COLUMN \"%s\" ...",
             directive, name, proof->mapping->table, proof->mapping->table,
             name);
    }
    return column;
}

static void need(proof_t *proof, const dbcolumn_t *column, int has,
                 const char *privilege, const char *directive)
{
    if (!has) {
        note(proof, "%s: role \"%s\" may not %s column \"%s\"; GRANT %s "
             "(\"%s\") ON %s TO \"%s\"", directive, proof->catalog->role,
             privilege, column->name, privilege, column->name,
             proof->mapping->table, proof->catalog->role);
    }
}

/* Not character(n): PostgreSQL pads its values, and a cast to it cuts them;
 * one to name cuts them, too. */
static int is_text_type(const dbcolumn_t *column)
{
    return column->category == 'S' && strcmp(column->type, "character") != 0
        && strcmp(column->type, "name") != 0;
}

static int is_integer_type(const char *type)
{
    return strcmp(type, "bigint") == 0 || strcmp(type, "integer") == 0
        || strcmp(type, "smallint") == 0;
}

/* Types whose every value text names, so that they can be compared as text. */
static int is_like_text(const dbcolumn_t *column)
{
    return column->category == 'E' || strcmp(column->type, "uuid") == 0;
}

/* Not money: its text is none of a number. */
static int is_number_type(const dbcolumn_t *column)
{
    return is_integer_type(column->type) || strcmp(column->type, "real") == 0
        || strcmp(column->type, "numeric") == 0
        || strcmp(column->type, "double precision") == 0;
}

static int is_timestamp(const dbcolumn_t *column)
{
    return strcmp(column->type, "timestamp with time zone") == 0;
}

static int is_boolean(const dbcolumn_t *column)
{
    return strcmp(column->type, "boolean") == 0;
}

/* Accounts are looked up by these, as the text they are. */
static int is_lookup(const proof_t *proof, const scim_column_t *mapped)
{
    return mapped->attr == proof->mapping->type->user_name
        || mapped->attr == proof->mapping->type->external_id
        || mapped->key_name;
}

/* The type that a column for the attribute should have; NULL: this one
 * will do. */
static const char *wanted_type(const proof_t *proof,
                               const scim_column_t *mapped,
                               const dbcolumn_t *column)
{
    if (mapped->form == SCIM_COLUMN_IS_NULL) {
        return is_timestamp(column) ? NULL : "timestamp with time zone";
    }
    switch (mapped->leaf->type) {
    case SCIM_TYPE_BOOLEAN:
        return is_boolean(column) ? NULL : "boolean";
    case SCIM_TYPE_DATETIME:
        return is_timestamp(column) ? NULL : "timestamp with time zone";
    case SCIM_TYPE_INTEGER:
        return is_integer_type(column->type) ? NULL : "bigint";
    case SCIM_TYPE_DECIMAL:
        return is_number_type(column) ? NULL : "numeric";
    default:
        return is_text_type(column)
            || (is_like_text(column) && !is_lookup(proof, mapped))
             ? NULL : "text";
    }
}

/* The type= that would make the attribute fit the column, or NULL. */
static const char *fitting_type(const dbcolumn_t *column)
{
    return is_boolean(column) ? "boolean"
         : is_integer_type(column->type) ? "integer"
         : is_number_type(column) ? "decimal"
         : is_timestamp(column) ? "dateTime"
         : is_text_type(column) || is_like_text(column) ? "string" : NULL;
}

static int is_bytea(const dbcolumn_t *column)
{
    return strcmp(column->type, "bytea") == 0;
}

/* The type of an attribute whose column is to say it. Not every column that
 * says one has the form in which such values are kept: see check_type(). */
static scim_attr_type_t type_of(const dbcolumn_t *column)
{
    return is_boolean(column) ? SCIM_TYPE_BOOLEAN
         : is_integer_type(column->type) ? SCIM_TYPE_INTEGER
         : is_number_type(column) ? SCIM_TYPE_DECIMAL
         : strcmp(column->type, "date") == 0
           || strncmp(column->type, "timestamp", 9) == 0 ? SCIM_TYPE_DATETIME
         : is_bytea(column) ? SCIM_TYPE_BINARY : SCIM_TYPE_STRING;
}

/* How a column becomes one of another type. */
static const char *converted(const proof_t *proof, const dbcolumn_t *column,
                             const char *type)
{
    return is_bytea(column) && strcmp(type, "text") == 0
         ? apr_psprintf(proof->pool, "encode(\"%s\", 'base64')",
                        column->name)
         : apr_psprintf(proof->pool, "\"%s\"::%s", column->name, type);
}

static void check_type(proof_t *proof, const scim_column_t *mapped,
                       const dbcolumn_t *column, const char *directive)
{
    const char *wanted = wanted_type(proof, mapped, column);
    const char *fitting = fitting_type(column);

    if (!wanted) {
        return;
    }
    if (scim_attr_is_configured(mapped->attr) && fitting
        && mapped->form == SCIM_COLUMN_PLAIN && !mapped->element) {
        note(proof, "%s is of type %s, but column \"%s\" is %s; say type=%s",
             directive, scim_attr_type_name(mapped->leaf->type), column->name,
             column->type, fitting);
        return;
    }
    note(proof, "%s needs a column of type %s, but \"%s\" is %s; map "
         "another one, or ALTER TABLE %s ALTER COLUMN \"%s\" TYPE %s USING "
         "%s", directive, wanted, column->name, column->type,
         proof->mapping->table, column->name, wanted,
         converted(proof, column, wanted));
}

/* Whether an expression, as PostgreSQL prints it, folds the column. */
static int is_folded(const proof_t *proof, const char *expression,
                     const char *name)
{
    const char *quoted = scim_mapping_quote(name, proof->pool);
    const char *forms[6];
    int i;

    forms[0] = apr_psprintf(proof->pool, "lower(%s)", name);
    forms[1] = apr_psprintf(proof->pool, "lower(%s::text)", name);
    forms[2] = apr_psprintf(proof->pool, "lower((%s)::text)", name);
    forms[3] = apr_psprintf(proof->pool, "lower(%s)", quoted);
    forms[4] = apr_psprintf(proof->pool, "lower(%s::text)", quoted);
    forms[5] = apr_psprintf(proof->pool, "lower((%s)::text)", quoted);
    for (i = 0; i < 6; i++) {
        if (strcmp(expression, forms[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What a view has under this name, its owner answers for. */
static void check_key_column(proof_t *proof, const scim_column_t *mapped,
                             const char *directive)
{
    const dbcolumn_t *column;

    if (!mapped->key_name) {
        return;
    }
    column = column_of(proof, mapped->key_name,
                       apr_pstrcat(proof->pool, directive, " key=", NULL));
    if (!column) {
        return;
    }
    need(proof, column, column->can_select, "SELECT", directive);
    if ((!*column->generation && !proof->catalog->is_view)
        || !is_text_type(column)) {
        note(proof, "%s: key column \"%s\" is not a stored generated text "
             "column; ALTER TABLE %s ADD COLUMN ... GENERATED ALWAYS AS "
             "(lower(\"%s\")) STORED", directive, column->name,
             proof->mapping->table, mapped->name);
    }
    else if (*column->generation
             && !is_folded(proof, column->generation, mapped->name)) {
        note(proof, "%s: key column \"%s\" is %s, not the caseless form of "
             "\"%s\"; name another one, or ALTER TABLE %s ADD COLUMN ... "
             "GENERATED ALWAYS AS (lower(\"%s\")) STORED", directive,
             column->name, column->generation, mapped->name,
             proof->mapping->table, mapped->name);
    }
}

static int has_constant(const scim_mapping_t *mapping, const char *name)
{
    int i;

    for (i = 0; i < mapping->constants->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(mapping->constants, i, scim_constant_t).name,
                   name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* No advice to grant what may be a mistake: a constant often stands where no
 * client should read or write, such as a password's hash. */
static void check_rights(proof_t *proof, const scim_column_t *mapped,
                         const dbcolumn_t *column, const char *directive)
{
    const scim_mapping_t *mapping = proof->mapping;

    if (mapped->attr->mutability == SCIM_READ_ONLY
        || mapped->leaf->mutability == SCIM_READ_ONLY) {
        need(proof, column, column->can_select, "SELECT", directive);
    }
    else if (*column->generation) {
        note(proof, "%s: column \"%s\" is generated, so nothing can be "
             "written to it; map the one that it is made of", directive,
             column->name);
    }
    else if (has_constant(mapping, column->name)
             && !(column->can_select && column->can_update)) {
        note(proof, "%s: column \"%s\" has a ScimDefault, and role \"%s\" "
             "may not read and change it; map another column", directive,
             column->name, proof->catalog->role);
    }
    else {
        need(proof, column, column->can_select, "SELECT", directive);
        need(proof, column, column->can_insert, "INSERT", directive);
        need(proof, column, column->can_update, "UPDATE", directive);
    }
}

/* Whether what an attribute is compared by, its key column if it has one, is
 * ordered by code point without being told. */
static int is_by_code_point(const proof_t *proof, const scim_column_t *mapped,
                            const dbcolumn_t *column)
{
    const dbcolumn_t *key = mapped->key_name
                          ? get_column(proof, mapped->key_name) : NULL;

    return (key ? key : column)->is_by_code_point;
}

static void check_columns(proof_t *proof, scim_facts_t *facts)
{
    const scim_mapping_t *mapping = proof->mapping;
    int i, n = mapping->columns->nelts;
    const char **types = apr_pcalloc(proof->pool, n * sizeof(*types));
    int *lengths = apr_pcalloc(proof->pool, n * sizeof(*lengths));
    int *scales = apr_pcalloc(proof->pool, n * sizeof(*scales));
    unsigned char *not_null = apr_pcalloc(proof->pool, n);
    unsigned char *as_text = apr_pcalloc(proof->pool, n);
    unsigned char *by_code_point = apr_pcalloc(proof->pool, n);

    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *mapped =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);
        const char *directive = apr_psprintf(proof->pool, "ScimAttribute %s",
                                             mapped->target);
        const dbcolumn_t *column;

        proof->about = mapped->name;
        column = column_of(proof, mapped->name, directive);
        if (!column) {
            continue;
        }
        types[i] = column->type;
        lengths[i] = column->length;
        scales[i] = column->scale;
        not_null[i] = (unsigned char)column->is_not_null;
        as_text[i] = (unsigned char)is_like_text(column);
        by_code_point[i] = (unsigned char)is_by_code_point(proof, mapped,
                                                           column);
        check_type(proof, mapped, column, directive);
        check_key_column(proof, mapped, directive);
        check_rights(proof, mapped, column, directive);
    }
    facts->types = types;
    facts->lengths = lengths;
    facts->scales = scales;
    facts->not_null = not_null;
    facts->as_text = as_text;
    facts->by_code_point = by_code_point;
}

/* The counter of a group's members. */
static void check_counter(proof_t *proof)
{
    const scim_mapping_t *mapping = proof->mapping;
    const dbcolumn_t *column;

    proof->about = mapping->version;
    column = mapping->version ? column_of(proof, mapping->version,
                                          "ScimVersion") : NULL;
    if (!column) {
        return;
    }
    need(proof, column, column->can_select, "SELECT", "ScimVersion");
    if (!is_integer_type(column->type)) {
        note(proof, "ScimVersion: column \"%s\" is %s; ALTER TABLE %s "
             "ALTER COLUMN \"%s\" DROP DEFAULT, ALTER COLUMN \"%s\" TYPE "
             "bigint USING 1, ALTER COLUMN \"%s\" SET DEFAULT 1",
             column->name, column->type, mapping->table, column->name,
             column->name, column->name);
    }
    else if (!column->is_not_null && !proof->catalog->is_view) {
        note(proof, "ScimVersion: column \"%s\" can be NULL, from which "
             "nothing rises; UPDATE %s SET \"%s\" = 1 WHERE \"%s\" IS NULL; "
             "ALTER TABLE %s ALTER COLUMN \"%s\" SET NOT NULL",
             column->name, mapping->table, column->name, column->name,
             mapping->table, column->name);
    }
}

static void check_own_columns(proof_t *proof, scim_facts_t *facts)
{
    const scim_mapping_t *mapping = proof->mapping;
    const dbcolumn_t *column;

    proof->about = mapping->key;
    column = column_of(proof, mapping->key, "ScimKey");
    if (column) {
        facts->key_type = column->type;
        need(proof, column, column->can_select, "SELECT", "ScimKey");
        if (!is_integer_type(column->type) && !is_text_type(column)
            && strcmp(column->type, "uuid") != 0) {
            note(proof, "ScimKey: column \"%s\" is %s; a key is bigint, "
                 "integer, uuid or text", column->name, column->type);
        }
    }
    proof->about = mapping->tenant;
    column = column_of(proof, mapping->tenant, "ScimTenant");
    if (column) {
        facts->tenant_type = column->type;
        if (!is_integer_type(column->type) && !is_text_type(column)
            && strcmp(column->type, "uuid") != 0) {
            note(proof, "ScimTenant: column \"%s\" is %s; it must be bigint, "
                 "integer, uuid, text or varchar", column->name,
                 column->type);
        }
        need(proof, column, column->can_select, "SELECT", "ScimTenant");
        need(proof, column, column->can_insert, "INSERT", "ScimTenant");
    }
    proof->about = mapping->tombstone;
    if (mapping->tombstone
        && (column = column_of(proof, mapping->tombstone,
                               "ScimTombstone"))) {
        facts->tombstone_is_boolean = is_boolean(column);
        need(proof, column, column->can_select, "SELECT", "ScimTombstone");
        need(proof, column, column->can_update, "UPDATE", "ScimTombstone");
        if (!is_boolean(column) && !is_timestamp(column)) {
            note(proof, "ScimTombstone: column \"%s\" is %s; it must be a "
                 "timestamp with time zone, or boolean", column->name,
                 column->type);
        }
        else if (is_boolean(column) && !column->is_not_null
                 && !proof->catalog->is_view) {
            note(proof, "ScimTombstone: boolean column \"%s\" can be NULL, "
                 "which says neither; ALTER TABLE %s ALTER COLUMN \"%s\" SET "
                 "NOT NULL", column->name, mapping->table, column->name);
        }
    }
    proof->about = mapping->extra;
    if (mapping->extra
        && (column = column_of(proof, mapping->extra, "ScimExtra"))) {
        need(proof, column, column->can_select, "SELECT", "ScimExtra");
        need(proof, column, column->can_insert, "INSERT", "ScimExtra");
        need(proof, column, column->can_update, "UPDATE", "ScimExtra");
        if (strcmp(column->type, "jsonb") != 0) {
            note(proof, "ScimExtra: column \"%s\" is %s; ALTER TABLE %s "
                 "ALTER COLUMN \"%s\" TYPE jsonb USING \"%s\"::jsonb",
                 column->name, column->type, mapping->table, column->name,
                 column->name);
        }
    }
}

static int is_always_there(const scim_column_t *column)
{
    const scim_schema_t *schema = column->attr->schema;

    return column->attr->required && !column->sub
        && (!schema || !schema->extension || schema->required);
}

/* Whether an INSERT of ours always names the column. */
static int is_filled(const scim_mapping_t *mapping, const char *name)
{
    const scim_rtype_t *type = mapping->type;
    int i;

    if (strcmp(name, mapping->tenant) == 0
        || (mapping->extra && strcmp(name, mapping->extra) == 0)) {
        return 1;
    }
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (strcmp(column->name, name) == 0) {
            return column->attr == type->active || is_always_there(column)
                || has_constant(mapping, name);
        }
    }
    return has_constant(mapping, name);
}

/* What an INSERT of ours leaves to a default that draws from a sequence. */
static void check_sequence(proof_t *proof, const dbcolumn_t *column)
{
    if (*column->closed_sequence
        && !is_filled(proof->mapping, column->name)) {
        note(proof, "column \"%s\" of %s draws from sequence %s, which role "
             "\"%s\" may not use; GRANT USAGE ON SEQUENCE %s TO \"%s\"",
             column->name, proof->mapping->table, column->closed_sequence,
             proof->catalog->role, column->closed_sequence,
             proof->catalog->role);
    }
}

static void check_inserts(proof_t *proof)
{
    apr_hash_index_t *hi;

    for (hi = apr_hash_first(proof->pool, proof->catalog->columns); hi;
         hi = apr_hash_next(hi)) {
        const dbcolumn_t *column = apr_hash_this_val(hi);

        proof->about = column->name;
        check_sequence(proof, column);
        if (column->is_not_null && !column->is_filled
            && !is_filled(proof->mapping, column->name)) {
            note(proof, "column \"%s\" of %s must not be NULL and nothing "
                 "fills it when a directory creates %s %s; add "
                 "ScimDefault %s VALUE, or ALTER TABLE %s ALTER COLUMN \"%s\" "
                 "DROP NOT NULL", column->name, proof->mapping->table,
                 proof->mapping->version ? "a" : "an",
                 proof->mapping->type->noun, column->name,
                 proof->mapping->table, column->name);
        }
    }
}

static void check_constants(proof_t *proof)
{
    const scim_mapping_t *mapping = proof->mapping;
    int i;

    for (i = 0; i < mapping->constants->nelts; i++) {
        const char *name = APR_ARRAY_IDX(mapping->constants, i,
                                         scim_constant_t).name;
        const dbcolumn_t *column;

        proof->about = name;
        column = column_of(proof, name, "ScimDefault");
        if (column) {
            need(proof, column, column->can_insert, "INSERT", "ScimDefault");
        }
    }
}

/* Indexes */

static int is_citext_type(const dbcolumn_t *column)
{
    const char *dot = strrchr(column->type, '.');

    return strcmp(dot ? dot + 1 : column->type, "citext") == 0;
}

static int is_compared_as_is(const scim_column_t *mapped)
{
    return mapped->leaf->case_exact || mapped->leaf->type != SCIM_TYPE_STRING;
}

/* Whether a key of an index is the column, by the attribute's case rule. */
static int is_key_of(const proof_t *proof, const char *key,
                     const scim_column_t *mapped)
{
    const char *quoted = scim_mapping_quote(mapped->name, proof->pool);
    const dbcolumn_t *column = get_column(proof, mapped->name);

    if (is_compared_as_is(mapped)
        || (!mapped->key_name && column
            && (is_citext_type(column) || is_like_text(column)))) {
        return strcmp(key, mapped->name) == 0 || strcmp(key, quoted) == 0;
    }
    if (mapped->key_name) {
        return strcmp(key, mapped->key_name) == 0
            || strcmp(key, scim_mapping_quote(mapped->key_name,
                                              proof->pool)) == 0;
    }
    return is_folded(proof, key, mapped->name);
}

static int is_column(const proof_t *proof, const char *key, const char *name)
{
    return strcmp(key, name) == 0
        || strcmp(key, scim_mapping_quote(name, proof->pool)) == 0;
}

/* Whether the index leaves out exactly the tombstones. */
static int has_live_predicate(const proof_t *proof, const dbindex_t *index,
                              int is_boolean_tombstone)
{
    const scim_mapping_t *mapping = proof->mapping;
    const char *quoted;

    if (!mapping->tombstone) {
        return *index->predicate == '\0';
    }
    quoted = scim_mapping_quote(mapping->tombstone, proof->pool);
    return strcmp(index->predicate,
                  apr_psprintf(proof->pool, is_boolean_tombstone
                               ? "(NOT %s)" : "(%s IS NULL)",
                               mapping->tombstone)) == 0
        || strcmp(index->predicate,
                  apr_psprintf(proof->pool, is_boolean_tombstone
                               ? "(NOT %s)" : "(%s IS NULL)", quoted)) == 0;
}

static const char *live_predicate(const proof_t *proof,
                                  const scim_facts_t *facts)
{
    const scim_mapping_t *mapping = proof->mapping;

    return !mapping->tombstone ? ""
         : apr_psprintf(proof->pool, facts->tombstone_is_boolean
                        ? " WHERE NOT \"%s\"" : " WHERE \"%s\" IS NULL",
                        mapping->tombstone);
}

static const char *key_expression(const proof_t *proof,
                                  const scim_column_t *mapped)
{
    const dbcolumn_t *column = get_column(proof, mapped->name);

    if (is_compared_as_is(mapped)
        || (!mapped->key_name && column && is_like_text(column))) {
        return scim_mapping_quote(mapped->name, proof->pool);
    }
    if (mapped->key_name) {
        return scim_mapping_quote(mapped->key_name, proof->pool);
    }
    return apr_psprintf(proof->pool, "lower(\"%s\")", mapped->name);
}

/* How well an index serves an attribute: 2 with the tenant, 1 without. */
static int serves(const proof_t *proof, const scim_facts_t *facts,
                  const dbindex_t *index, const scim_column_t *mapped,
                  int must_be_unique)
{
    const char *first = APR_ARRAY_IDX(index->keys, 0, const char *);
    const char *second = index->keys->nelts > 1
                       ? APR_ARRAY_IDX(index->keys, 1, const char *) : "";
    const char *tenant = proof->mapping->tenant;
    int exact = !must_be_unique || index->keys->nelts == 2;

    if (must_be_unique && !index->is_unique) {
        return 0;
    }
    if (!has_live_predicate(proof, index, facts->tombstone_is_boolean)
        && (must_be_unique || *index->predicate)) {
        return 0;
    }
    if (exact
        && ((is_column(proof, first, tenant)
             && is_key_of(proof, second, mapped))
            || (is_column(proof, second, tenant)
                && is_key_of(proof, first, mapped)))) {
        return 2;
    }
    return is_key_of(proof, first, mapped)
        && (!must_be_unique || index->keys->nelts == 1);
}

static int has_index(const proof_t *proof, const scim_facts_t *facts,
                     const scim_column_t *mapped, int must_be_unique,
                     int grade)
{
    int i;

    for (i = 0; i < proof->catalog->indexes->nelts; i++) {
        if (serves(proof, facts, get_index(proof, i), mapped, must_be_unique)
            == grade) {
            return 1;
        }
    }
    return 0;
}

static int best_index(const proof_t *proof, const scim_facts_t *facts,
                      const scim_column_t *mapped, int must_be_unique)
{
    return has_index(proof, facts, mapped, must_be_unique, 2) ? 2
         : has_index(proof, facts, mapped, must_be_unique, 1);
}

static void check_unique(proof_t *proof, const scim_facts_t *facts,
                         const scim_column_t *mapped)
{
    const scim_mapping_t *mapping = proof->mapping;

    switch (best_index(proof, facts, mapped, 1)) {
    case 0:
        note(proof, "ScimAttribute %s must be unique within an organisation, "
             "but no index sees to it; CREATE UNIQUE INDEX ON %s (\"%s\", "
             "%s)%s", mapped->target, mapping->table, mapping->tenant,
             key_expression(proof, mapped), live_predicate(proof, facts));
        break;
    case 1:
        scim_log(SCIM_LOG_WARNING, 22, "ScimAttribute %s is unique over all "
                 "organisations, so one can see that another uses a value; "
                 "CREATE UNIQUE INDEX ON %s (\"%s\", %s)%s instead",
                 mapped->target, mapping->table, mapping->tenant,
                 key_expression(proof, mapped), live_predicate(proof, facts));
        break;
    default:
        break;
    }
}

static void check_unique_globally(proof_t *proof, const scim_facts_t *facts,
                                  const scim_column_t *mapped)
{
    if (!has_index(proof, facts, mapped, 1, 1)) {
        note(proof, "ScimAttribute %s must be unique over all organisations, "
             "but no index sees to it; CREATE UNIQUE INDEX ON %s (%s)%s",
             mapped->target, proof->mapping->table,
             key_expression(proof, mapped), live_predicate(proof, facts));
    }
}

static void check_lookup(proof_t *proof, const scim_facts_t *facts,
                         const scim_column_t *mapped)
{
    const scim_mapping_t *mapping = proof->mapping;

    if (!best_index(proof, facts, mapped, 0)) {
        note(proof, "ScimAttribute %s is what directories look %ss up "
             "by, but no index serves; CREATE INDEX ON %s (\"%s\", %s)%s",
             mapped->target, mapping->type->noun, mapping->table,
             mapping->tenant,
             key_expression(proof, mapped), live_predicate(proof, facts));
    }
}

static void check_key_index(proof_t *proof)
{
    const scim_mapping_t *mapping = proof->mapping;
    int i;

    for (i = 0; i < proof->catalog->indexes->nelts; i++) {
        const dbindex_t *index = get_index(proof, i);

        if (index->is_unique && index->keys->nelts == 1 && !*index->predicate
            && is_column(proof, APR_ARRAY_IDX(index->keys, 0, const char *),
                         mapping->key)) {
            return;
        }
    }
    note(proof, "ScimKey \"%s\" is not unique; ALTER TABLE %s ADD UNIQUE "
         "(\"%s\")", mapping->key, mapping->table, mapping->key);
}

static void check_indexes(proof_t *proof, const scim_facts_t *facts)
{
    const scim_mapping_t *mapping = proof->mapping;
    int i;

    if (proof->catalog->is_view) {
        return;
    }
    proof->about = mapping->key;
    check_key_index(proof);
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *mapped =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        proof->about = mapped->name;
        if (mapped->leaf->uniqueness == SCIM_UNIQUE_GLOBAL) {
            check_unique_globally(proof, facts, mapped);
        }
        else if (mapped->leaf->uniqueness == SCIM_UNIQUE_SERVER) {
            check_unique(proof, facts, mapped);
        }
        else if ((mapped->attr->required && mapping->version)
                 || (mapped->element && mapped->sub
                     && strcmp(mapped->attr->name, "emails") == 0
                     && strcmp(mapped->sub->name, "value") == 0)) {
            check_lookup(proof, facts, mapped);
        }
    }
}

/* What the catalog completes */

/* Let the columns say the types that the configuration leaves to them. */
static void complete_types(proof_t *proof, scim_facts_t *facts)
{
    const scim_mapping_t *mapping = proof->mapping;
    int i, n = mapping->type->nattrs;
    unsigned char *types = apr_palloc(proof->pool, n);
    unsigned char *uniqueness = apr_palloc(proof->pool, n);

    for (i = 0; i < n; i++) {
        const scim_attr_t *attr = mapping->type->attrs[i];

        types[i] = attr->type == SCIM_TYPE_OPEN ? SCIM_TYPE_STRING
                                                : attr->type;
        uniqueness[i] = attr->uniqueness;
    }
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *mapped =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);
        const dbcolumn_t *column = get_column(proof, mapped->name);

        if (column && mapped->leaf->type == SCIM_TYPE_OPEN) {
            types[mapped->leaf->index] = type_of(column);
        }
    }
    facts->attr_types = types;
    facts->uniqueness = uniqueness;
    proof->mapping = scim_mapping_complete(mapping, facts, proof->pool);
}

/* Whether an index is about the value of this attribute and nothing else but
 * the tenant: then a second one with that value is refused, at least among
 * some of the rows or in the same case. */
static int is_unique_by(const proof_t *proof, const dbindex_t *index,
                        const scim_column_t *mapped)
{
    int i, about = 0;

    for (i = 0; i < index->keys->nelts; i++) {
        const char *key = APR_ARRAY_IDX(index->keys, i, const char *);

        if (is_key_of(proof, key, mapped)
            || is_column(proof, key, mapped->name)
            || is_folded(proof, key, mapped->name)) {
            about = 1;
        }
        else if (!is_column(proof, key, proof->mapping->tenant)) {
            return 0;
        }
    }
    return about && index->is_unique;
}

static void complete_uniqueness(const proof_t *proof, scim_facts_t *facts)
{
    const scim_mapping_t *mapping = proof->mapping;
    unsigned char *uniqueness = apr_pmemdup(proof->pool, facts->uniqueness,
                                            mapping->type->nattrs);
    int i, j;

    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *mapped =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        for (j = 0; j < proof->catalog->indexes->nelts; j++) {
            if (mapped->leaf->uniqueness == SCIM_UNIQUE_NONE
                && is_unique_by(proof, get_index(proof, j), mapped)) {
                uniqueness[mapped->leaf->index] = SCIM_UNIQUE_SERVER;
            }
        }
    }
    facts->uniqueness = uniqueness;
}

/* Which attribute a rule is about, for the wording of a refusal. */

static void add_rule(const scim_facts_t *facts, const char *name,
                     const char *target)
{
    scim_rule_t *rule = apr_array_push(facts->rules);

    rule->name = name;
    rule->target = target;
}

static void read_unique(const proof_t *proof, const scim_facts_t *facts,
                        const dbindex_t *index, const scim_column_t *mapped)
{
    int i;

    for (i = 0; i < index->keys->nelts; i++) {
        const char *key = APR_ARRAY_IDX(index->keys, i, const char *);

        if (is_key_of(proof, key, mapped)
            || is_column(proof, key, mapped->name)) {
            add_rule(facts, index->name, mapped->target);
        }
    }
}

static void read_rules(const proof_t *proof, scim_facts_t *facts)
{
    const scim_mapping_t *mapping = proof->mapping;
    const apr_array_header_t *checks = proof->catalog->checks;
    int i, j;

    facts->rules = apr_array_make(proof->pool, 8, sizeof(scim_rule_t));
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *mapped =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        for (j = 0; j < proof->catalog->indexes->nelts; j++) {
            const dbindex_t *index = get_index(proof, j);

            if (index->is_unique) {
                read_unique(proof, facts, index, mapped);
            }
        }
        for (j = 0; j < checks->nelts; j++) {
            const scim_catalog_check_t *check =
                &APR_ARRAY_IDX(checks, j, scim_catalog_check_t);

            if (strcmp(check->column, mapped->name) == 0) {
                add_rule(facts, check->name, mapped->target);
            }
        }
    }
}

static void check_is_writable(proof_t *proof)
{
    const char *table = proof->mapping->table;

    proof->about = NULL;
    if (!proof->catalog->is_writable) {
        note(proof, "ScimTable: rows of %s cannot be inserted and changed; "
             "CREATE TRIGGER ... INSTEAD OF INSERT OR UPDATE ON %s FOR EACH "
             "ROW EXECUTE FUNCTION ...", table, table);
    }
}

/* The contract's own half */

static void check_contract(proof_t *proof)
{
    const scim_mapping_t *mapping = proof->mapping;
    const scim_catalog_t *catalog = proof->catalog;

    if (!catalog->tokens_fit) {
        note(proof, "ScimTokens: %s is not a view with the columns "
             "token_sha256 bytea, token_id text, tenant text and actor text; "
             "run scim.sql in this database", mapping->tokens);
    }
    else if (!catalog->can_select_tokens) {
        note(proof, "ScimTokens: role \"%s\" may not read %s; GRANT SELECT "
             "ON %s TO \"%s\"", catalog->role, mapping->tokens, mapping->tokens,
             catalog->role);
    }
    if (!catalog->has_events || !catalog->has_version
        || !catalog->has_cursor_keys) {
        note(proof, "schema \"scim\" is missing or too old; run scim.sql in "
             "this database");
    }
    else if (!catalog->can_call_version) {
        note(proof, "role \"%s\" may not call scim.version(); GRANT EXECUTE "
             "ON FUNCTION scim.version() TO \"%s\"", catalog->role,
             catalog->role);
    }
    else if (mapping->guard && !catalog->can_call_guard) {
        note(proof, "ScimGuard: role \"%s\" may not call its functions; GRANT "
             "EXECUTE ON FUNCTION scim.guard_begins(text, integer), "
             "scim.guard_count(text, bigint, integer, integer, integer) TO "
             "\"%s\"", catalog->role, catalog->role);
    }
    else if (!catalog->can_insert_events) {
        note(proof, "role \"%s\" may not write events; GRANT INSERT (tenant, "
             "actor, token_id, request_id, client, operation, resource_type, "
             "resource_id, changes, outcome, status, scim_type, reason) ON "
             "scim.events TO \"%s\"",
             catalog->role, catalog->role);
    }
    else if (!catalog->can_select_cursor_keys) {
        note(proof, "role \"%s\" may not read scim.cursor_keys; GRANT SELECT "
             "ON scim.cursor_keys TO \"%s\"", catalog->role, catalog->role);
    }
}

/* A statement that proves something by not failing, and what is wrong when
 * it does. */
typedef struct trial_t {
    const char *sql;
    const char *finding;
} trial_t;

static void add_trial(apr_array_header_t *trials, const char *sql,
                      const char *finding)
{
    trial_t *trial = apr_array_push(trials);

    trial->sql = sql;
    trial->finding = finding;
}

/* What only running it shows: the condition and the constants that stand in
 * the configuration as SQL, and what a view is made of. */
static apr_array_header_t *make_trials(const proof_t *proof)
{
    const scim_mapping_t *mapping = proof->mapping;
    apr_array_header_t *trials = apr_array_make(proof->pool, 4,
                                                sizeof(trial_t));
    int i;

    if (mapping->protect) {
        add_trial(trials,
            apr_psprintf(proof->pool, "SELECT 1 FROM %s AS r WHERE (%s) "
                         "LIMIT 0", mapping->table, mapping->protect),
            apr_psprintf(proof->pool, "ScimProtect \"%s\" is not a condition "
                         "on %s", mapping->protect, mapping->table));
    }
    if (proof->catalog->is_view) {
        add_trial(trials,
            apr_psprintf(proof->pool, "SELECT 1 FROM %s AS r LIMIT 0 FOR NO "
                         "KEY UPDATE", mapping->table),
            apr_psprintf(proof->pool, "ScimTable: rows of %s cannot be "
                         "locked, which outer joins, groups and the like in a "
                         "view prevent", mapping->table));
    }
    for (i = 0; i < mapping->constants->nelts; i++) {
        const scim_constant_t *constant =
            &APR_ARRAY_IDX(mapping->constants, i, scim_constant_t);
        const dbcolumn_t *column = get_column(proof, constant->name);
        scim_sql_t sql;

        if (!column) {
            continue;
        }
        scim_sql_init(&sql, proof->pool);
        scim_buf_puts(&sql.text, "SELECT ");
        scim_sql_literal(&sql, constant->value);
        scim_buf_printf(&sql.text, "::%s", column->type);
        add_trial(trials, sql.text.data,
            apr_psprintf(proof->pool, "ScimDefault %s \"%s\" is no value of "
                         "type %s", constant->name, constant->value,
                         column->type));
    }
    return trials;
}

static void check_version(proof_t *proof, const PGresult *result)
{
    int version = atoi(PQgetvalue(result, 0, 0));

    if (version != SCIM_SCHEMA_VERSION) {
        note(proof, "schema \"scim\" is of version %d, this module works with "
             "%d; run the scim.sql that came with the module", version,
             SCIM_SCHEMA_VERSION);
    }
}

/* A parameter such as $1, which nobody gives a value, is a violation of the
 * protocol to the server. */
static int is_unbound(const scim_conn_t *conn)
{
    return strcmp(scim_conn_sqlstate(conn), "08P01") == 0;
}

/* All in one turn; only when one has failed, one by one to find which. */
static scim_err_t *check_by_running(proof_t *proof, scim_conn_t *conn)
{
    const apr_array_header_t *trials = make_trials(proof);
    PGresult **results;
    scim_err_t *err;
    int i, judged;

    for (i = 0; i < trials->nelts; i++) {
        scim_conn_queue_text(conn, APR_ARRAY_IDX(trials, i, trial_t).sql);
    }
    scim_conn_queue_text(conn, "SELECT scim.version()");
    err = scim_conn_turn(&results, conn, proof->pool);
    if (!err) {
        check_version(proof, results[trials->nelts]);
        return NULL;
    }
    judged = err->kind != SCIM_ERR_UNAVAILABLE || is_unbound(conn);
    for (i = 0; i < trials->nelts && judged; i++) {
        const trial_t *trial = &APR_ARRAY_IDX(trials, i, trial_t);
        scim_err_t *failed;

        scim_conn_queue_text(conn, trial->sql);
        failed = scim_conn_turn(&results, conn, proof->pool);
        if (!failed) {
            continue;
        }
        err = failed;
        judged = err->kind != SCIM_ERR_UNAVAILABLE || is_unbound(conn);
        if (judged) {
            note(proof, "%s: %s", trial->finding, is_unbound(conn)
                 ? "it must not have parameters such as $1" : err->cause);
        }
    }
    return proof->findings->nelts && judged ? NULL : err;
}

static scim_err_t *findings_error(const proof_t *proof, apr_pool_t *pool)
{
    const scim_mapping_t *mapping = proof->mapping;

    return scim_err_make_cause(SCIM_ERR_MISCONFIGURED,
        "the service is not set up correctly; its administrator finds the "
        "reason in the web server's error log",
        apr_pstrcat(pool, "<ScimResource ", mapping->type->name, "> in ",
                    mapping->location, ": ",
                    apr_array_pstrcat(pool, proof->findings, '\n'), NULL),
        pool);
}

/* The checks that need nothing but the catalog. */
static void check_catalog(proof_t *proof, scim_facts_t *facts)
{
    facts->is_walled = proof->catalog->has_policy;
    complete_types(proof, facts);
    check_columns(proof, facts);
    check_own_columns(proof, facts);
    check_counter(proof);
    check_is_writable(proof);
    check_inserts(proof);
    check_constants(proof);
    if (!proof->findings->nelts) {
        check_indexes(proof, facts);
        complete_uniqueness(proof, facts);
    }
    proof->about = NULL;
    check_contract(proof);
}

/* All of it; what is wrong stands in the findings afterwards. */
static scim_err_t *examine(proof_t *proof, scim_facts_t *facts,
                           scim_conn_t *conn, const scim_mapping_t *mapping,
                           apr_pool_t *pool)
{
    memset(proof, 0, sizeof(*proof));
    proof->mapping = scim_mapping_origin(mapping);
    proof->pool = pool;
    proof->findings = apr_array_make(pool, 4, sizeof(const char *));
    proof->abouts = apr_array_make(pool, 4, sizeof(const char *));
    SCIM_TRY(check_schemas(proof, conn));
    if (!proof->findings->nelts) {
        SCIM_TRY(scim_catalog_read(&proof->catalog, conn, mapping, pool));
        if (proof->catalog->exists) {
            check_catalog(proof, facts);
        }
        else {
            note(proof, "ScimTable: there is no table or view %s in this "
                 "database", mapping->table);
        }
    }
    if (!proof->findings->nelts) {
        SCIM_TRY(check_by_running(proof, conn));
    }
    return NULL;
}

static scim_err_t *prove(scim_facts_t **pfacts, scim_conn_t *conn,
                         const scim_mapping_t *mapping, apr_pool_t *keep,
                         apr_pool_t *pool)
{
    scim_facts_t *facts = apr_pcalloc(keep, sizeof(*facts));
    proof_t proof;

    SCIM_TRY(examine(&proof, facts, conn, mapping, keep));
    if (proof.findings->nelts) {
        return findings_error(&proof, pool);
    }
    read_rules(&proof, facts);
    *pfacts = facts;
    return NULL;
}

const scim_facts_t *scim_proof_known(scim_conn_t *conn,
                                     const scim_mapping_t *mapping)
{
    const scim_mapping_t *origin = scim_mapping_origin(mapping);

    return apr_hash_get(scim_conn_memory(conn), &origin, sizeof(origin));
}

static void remember(scim_conn_t *conn, const scim_mapping_t *mapping,
                     const scim_facts_t *facts, apr_pool_t *keep)
{
    const scim_mapping_t **key = apr_palloc(keep, sizeof(*key));

    *key = scim_mapping_origin(mapping);
    apr_hash_set(scim_conn_memory(conn), key, sizeof(*key), facts);
}

static scim_err_t *prove_members(scim_conn_t *conn,
                                 const scim_mapping_t *groups,
                                 const scim_facts_t *facts, apr_pool_t *keep,
                                 apr_pool_t *pool)
{
    proof_t proof = { .mapping = groups, .pool = keep };

    proof.findings = apr_array_make(keep, 4, sizeof(const char *));
    SCIM_TRY(scim_proof_members(proof.findings, conn, groups, facts, keep));
    return proof.findings->nelts ? findings_error(&proof, pool) : NULL;
}

/* Users and groups at once, for each needs to know of the other. */
static scim_err_t *prove_both(const scim_facts_t **pfacts, scim_conn_t *conn,
                              const scim_mapping_t *mapping, apr_pool_t *keep,
                              apr_pool_t *pool)
{
    const scim_relation_t *relation = mapping->relation;
    scim_facts_t *facts, *others;

    SCIM_TRY(prove(&facts, conn, mapping, keep, pool));
    if (!relation) {
        *pfacts = facts;
        return NULL;
    }
    SCIM_TRY(prove(&others, conn, relation->others, keep, pool));
    facts->others = others;
    others->others = facts;
    SCIM_TRY(mapping->version
             ? prove_members(conn, mapping, facts, keep, pool)
             : prove_members(conn, relation->others, others, keep, pool));
    remember(conn, relation->others, others, keep);
    *pfacts = facts;
    return NULL;
}

scim_err_t *scim_proof_facts(const scim_facts_t **pfacts, scim_conn_t *conn,
                             const scim_mapping_t *mapping, apr_pool_t *pool)
{
    const scim_facts_t *facts = scim_proof_known(conn, mapping);
    apr_pool_t *keep;
    scim_err_t *err;

    if (facts && scim_mapping_agrees(mapping, facts)) {
        *pfacts = facts;
        return NULL;
    }
    apr_pool_create(&keep, scim_conn_memory_pool(conn));
    err = prove_both(&facts, conn, mapping, keep, pool);
    if (err) {
        /* the error of a turn may lie in what is destroyed now */
        err = scim_err_make_cause(err->kind, apr_pstrdup(pool, err->detail),
                                  err->cause ? apr_pstrdup(pool, err->cause)
                                             : NULL, pool);
        apr_pool_destroy(keep);
        return err;
    }
    remember(conn, mapping, facts, keep);
    *pfacts = facts;
    return NULL;
}

/* The report */

static const char *rights_of(const proof_t *proof, const dbcolumn_t *column)
{
    const char *text = apr_pstrcat(proof->pool,
                                   column->can_select ? " select" : "",
                                   column->can_insert ? " insert" : "",
                                   column->can_update ? " update" : "", NULL);

    return *text ? text + 1 : text;
}

static scim_proof_line_t *add_line(scim_proof_report_t *report,
                                   const proof_t *proof,
                                   const char *directive, const char *name)
{
    scim_proof_line_t *line = apr_array_push(report->lines);
    const dbcolumn_t *column = get_column(proof, name);
    int i;

    memset(line, 0, sizeof(*line));
    line->directive = directive;
    line->column = name;
    line->type = column ? column->type : NULL;
    line->rights = column ? rights_of(proof, column) : "";
    line->findings = apr_array_make(proof->pool, 2, sizeof(const char *));
    for (i = 0; i < proof->findings->nelts; i++) {
        const char **about = &APR_ARRAY_IDX(proof->abouts, i, const char *);

        if (*about && strcmp(*about, name) == 0) {
            APR_ARRAY_PUSH(line->findings, const char *) =
                APR_ARRAY_IDX(proof->findings, i, const char *);
            *about = "";        /* told */
        }
    }
    return line;
}

static void tell_index(scim_proof_line_t *line, const proof_t *proof,
                       const scim_facts_t *facts, const scim_column_t *mapped)
{
    int i, best = 0;

    for (i = 0; i < proof->catalog->indexes->nelts; i++) {
        const dbindex_t *index = get_index(proof, i);
        int unique = serves(proof, facts, index, mapped, 1);
        int grade = 2 * serves(proof, facts, index, mapped, 0)
                  + (unique != 0);

        if (grade > best) {
            best = grade;
            line->index = index->name;
            line->is_unique = unique != 0;
        }
    }
}

static const char *rule_of(const proof_t *proof, const scim_column_t *mapped)
{
    const dbcolumn_t *column = get_column(proof, mapped->name);

    if (mapped->leaf->type != SCIM_TYPE_STRING) {
        return NULL;
    }
    if (mapped->leaf->case_exact) {
        return "exact";
    }
    if (mapped->key_name) {
        return apr_pstrcat(proof->pool, "caseless, by ", mapped->key_name,
                           NULL);
    }
    return column && is_citext_type(column) ? "caseless, by citext"
                                            : "caseless, by lower()";
}

static const char *spec_of(const scim_column_t *mapped, apr_pool_t *pool)
{
    switch (mapped->form) {
    case SCIM_COLUMN_INVERTED:
        return apr_pstrcat(pool, "!", mapped->name, NULL);
    case SCIM_COLUMN_IS_NULL:
        return apr_pstrcat(pool, mapped->name, " IS NULL", NULL);
    default:
        return mapped->name;
    }
}

static void tell_columns(scim_proof_report_t *report, const proof_t *proof,
                         const scim_facts_t *facts)
{
    const scim_mapping_t *mapping = proof->mapping;
    scim_proof_line_t *line;
    int i;

    add_line(report, proof, "ScimKey", mapping->key);
    add_line(report, proof, "ScimTenant", mapping->tenant);
    if (mapping->tombstone) {
        add_line(report, proof, "ScimTombstone", mapping->tombstone);
    }
    if (mapping->extra) {
        add_line(report, proof, "ScimExtra", mapping->extra);
    }
    if (mapping->version) {
        add_line(report, proof, "ScimVersion", mapping->version);
    }
    for (i = 0; i < mapping->constants->nelts; i++) {
        add_line(report, proof, "ScimDefault",
                 APR_ARRAY_IDX(mapping->constants, i, scim_constant_t).name);
    }
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *mapped =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        line = add_line(report, proof,
                        apr_pstrcat(proof->pool, "ScimAttribute ",
                                    mapped->target, NULL), mapped->name);
        line->column = spec_of(mapped, proof->pool);
        line->rule = rule_of(proof, mapped);
        tell_index(line, proof, facts, mapped);
    }
}

/* The findings about a group's members, when all else is well: they need the
 * facts of both ends. */
static scim_err_t *examine_members(proof_t *proof, scim_facts_t *facts,
                                   scim_conn_t *conn)
{
    const scim_relation_t *relation = proof->mapping->relation;
    scim_facts_t *others = apr_pcalloc(proof->pool, sizeof(*others));
    proof_t other_end;

    if (!proof->mapping->version || !relation || !relation->others
        || proof->findings->nelts) {
        return NULL;
    }
    SCIM_TRY(examine(&other_end, others, conn, relation->others,
                     proof->pool));
    if (other_end.findings->nelts) {
        return NULL;            /* told with the users themselves */
    }
    facts->others = others;
    others->others = facts;
    SCIM_TRY(scim_proof_members(proof->findings, conn, proof->mapping, facts,
                                proof->pool));
    while (proof->abouts->nelts < proof->findings->nelts) {
        APR_ARRAY_PUSH(proof->abouts, const char *) = NULL;
    }
    return NULL;
}

scim_err_t *scim_proof_report(scim_proof_report_t *report, scim_conn_t *conn,
                              const scim_mapping_t *mapping,
                              apr_pool_t *pool)
{
    scim_facts_t *facts = apr_pcalloc(pool, sizeof(*facts));
    proof_t proof;
    int i;

    SCIM_TRY(examine(&proof, facts, conn, mapping, pool));
    SCIM_TRY(examine_members(&proof, facts, conn));
    report->lines = apr_array_make(pool, 20, sizeof(scim_proof_line_t));
    report->findings = apr_array_make(pool, 4, sizeof(const char *));
    report->count = proof.findings->nelts;
    if (proof.catalog && proof.catalog->exists) {
        tell_columns(report, &proof, facts);
    }
    for (i = 0; i < proof.findings->nelts; i++) {
        const char *about = APR_ARRAY_IDX(proof.abouts, i, const char *);

        if (!about || *about) {
            APR_ARRAY_PUSH(report->findings, const char *) =
                APR_ARRAY_IDX(proof.findings, i, const char *);
        }
    }
    return NULL;
}
