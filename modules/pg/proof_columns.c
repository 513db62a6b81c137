#include "pg/proof_columns.h"

#include <apr_strings.h>

#include <string.h>

#include "pg/coltype.h"
#include "pg/printed.h"
#include "store/completion.h"

typedef scim_catalog_column_t dbcolumn_t;

/* The column that a directive names; a finding when there is none. */
static const dbcolumn_t *column_of(scim_proof_t *proof, const char *name,
                                   const char *directive)
{
    const dbcolumn_t *column = scim_proof_column(proof, name);

    if (!column) {
        scim_proof_note(proof, "%s names column \"%s\", which %s does not "
                        "have; correct the directive, or ALTER TABLE %s ADD "
                        "COLUMN \"%s\" ...", directive, name,
                        proof->mapping->table, proof->mapping->table, name);
    }
    return column;
}

static void need(scim_proof_t *proof, const dbcolumn_t *column, int has,
                 const char *privilege, const char *directive)
{
    if (!has) {
        scim_proof_note(proof, "%s: role \"%s\" may not %s column \"%s\"; "
                        "GRANT %s (\"%s\") ON %s TO \"%s\"", directive,
                        proof->catalog->role, privilege, column->name,
                        privilege, column->name, proof->mapping->table,
                        proof->catalog->role);
    }
}

/* Accounts are looked up by these, as the text they are. */
static int is_lookup(const scim_proof_t *proof, const scim_column_t *mapped)
{
    return mapped->attr == proof->mapping->type->user_name
        || mapped->attr == proof->mapping->type->external_id
        || mapped->key_name;
}

/* The type that a column for the attribute should have; NULL: this one
 * will do. */
static const char *wanted_type(const scim_proof_t *proof,
                               const scim_column_t *mapped,
                               const dbcolumn_t *column)
{
    if (mapped->form == SCIM_COLUMN_IS_NULL) {
        return scim_coltype_is_timestamp(column)
             ? NULL : "timestamp with time zone";
    }
    switch (mapped->leaf->type) {
    case SCIM_TYPE_BOOLEAN:
        return scim_coltype_is_boolean(column) ? NULL : "boolean";
    case SCIM_TYPE_DATETIME:
        return scim_coltype_is_timestamp(column)
             ? NULL : "timestamp with time zone";
    case SCIM_TYPE_INTEGER:
        return scim_coltype_is_integer(column) ? NULL : "bigint";
    case SCIM_TYPE_DECIMAL:
        return scim_coltype_is_number(column) ? NULL : "numeric";
    default:
        return scim_coltype_is_text(column)
            || (scim_coltype_is_like_text(column) && !is_lookup(proof, mapped))
             ? NULL : "text";
    }
}

/* The type= that would make the attribute fit the column, or NULL. */
static const char *fitting_type(const dbcolumn_t *column)
{
    return scim_coltype_is_boolean(column) ? "boolean"
         : scim_coltype_is_integer(column) ? "integer"
         : scim_coltype_is_number(column) ? "decimal"
         : scim_coltype_is_timestamp(column) ? "dateTime"
         : scim_coltype_is_text(column) || scim_coltype_is_like_text(column)
         ? "string" : NULL;
}

/* How a column becomes one of another type. */
static const char *converted(const scim_proof_t *proof,
                             const dbcolumn_t *column, const char *type)
{
    return scim_coltype_is_bytea(column) && strcmp(type, "text") == 0
         ? apr_psprintf(proof->pool, "encode(\"%s\", 'base64')",
                        column->name)
         : apr_psprintf(proof->pool, "\"%s\"::%s", column->name, type);
}

static void check_type(scim_proof_t *proof, const scim_column_t *mapped,
                       const dbcolumn_t *column, const char *directive)
{
    const char *wanted = wanted_type(proof, mapped, column);
    const char *fitting = fitting_type(column);

    if (!wanted) {
        return;
    }
    if (scim_attr_is_configured(mapped->attr) && fitting
        && mapped->form == SCIM_COLUMN_PLAIN && !mapped->element) {
        scim_proof_note(proof, "%s is of type %s, but column \"%s\" is %s; "
                        "say type=%s", directive,
                        scim_attr_type_name(mapped->leaf->type), column->name,
                        column->type, fitting);
        return;
    }
    scim_proof_note(proof, "%s needs a column of type %s, but \"%s\" is %s; "
                    "map another one, or ALTER TABLE %s ALTER COLUMN \"%s\" "
                    "TYPE %s USING %s", directive, wanted, column->name,
                    column->type, proof->mapping->table, column->name, wanted,
                    converted(proof, column, wanted));
}

/* What a view has under this name, its owner answers for. */
static void check_key_column(scim_proof_t *proof, const scim_column_t *mapped,
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
        || !scim_coltype_is_text(column)) {
        scim_proof_note(proof, "%s: key column \"%s\" is not a stored "
                        "generated text column; ALTER TABLE %s ADD COLUMN ... "
                        "GENERATED ALWAYS AS (lower(\"%s\")) STORED",
                        directive, column->name, proof->mapping->table,
                        mapped->name);
    }
    else if (*column->generation
             && !scim_printed_is_folded(column->generation, mapped->name,
                                        proof->pool)) {
        scim_proof_note(proof, "%s: key column \"%s\" is %s, not the caseless "
                        "form of \"%s\"; name another one, or ALTER TABLE %s "
                        "ADD COLUMN ... GENERATED ALWAYS AS (lower(\"%s\")) "
                        "STORED", directive, column->name, column->generation,
                        mapped->name, proof->mapping->table, mapped->name);
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
static void check_rights(scim_proof_t *proof, const scim_column_t *mapped,
                         const dbcolumn_t *column, const char *directive)
{
    const scim_mapping_t *mapping = proof->mapping;

    if (mapped->attr->mutability == SCIM_READ_ONLY
        || mapped->leaf->mutability == SCIM_READ_ONLY) {
        need(proof, column, column->can_select, "SELECT", directive);
    }
    else if (*column->generation) {
        scim_proof_note(proof, "%s: column \"%s\" is generated, so nothing "
                        "can be written to it; map the one that it is made of",
                        directive, column->name);
    }
    else if (has_constant(mapping, column->name)
             && !(column->can_select && column->can_update)) {
        scim_proof_note(proof, "%s: column \"%s\" has a ScimDefault, and role "
                        "\"%s\" may not read and change it; map another "
                        "column", directive, column->name,
                        proof->catalog->role);
    }
    else {
        need(proof, column, column->can_select, "SELECT", directive);
        need(proof, column, column->can_insert, "INSERT", directive);
        need(proof, column, column->can_update, "UPDATE", directive);
    }
}

/* Whether what an attribute is compared by, its key column if it has one, is
 * ordered by code point without being told. */
static int is_by_code_point(const scim_proof_t *proof,
                            const scim_column_t *mapped,
                            const dbcolumn_t *column)
{
    const dbcolumn_t *key = mapped->key_name
                          ? scim_proof_column(proof, mapped->key_name) : NULL;

    return (key ? key : column)->is_by_code_point;
}

static void check_columns(scim_proof_t *proof, scim_facts_t *facts)
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
        as_text[i] = (unsigned char)scim_coltype_is_like_text(column);
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
static void check_counter(scim_proof_t *proof)
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
    if (!scim_coltype_is_integer(column)) {
        scim_proof_note(proof, "ScimVersion: column \"%s\" is %s; ALTER TABLE "
                        "%s ALTER COLUMN \"%s\" DROP DEFAULT, ALTER COLUMN "
                        "\"%s\" TYPE bigint USING 1, ALTER COLUMN \"%s\" SET "
                        "DEFAULT 1", column->name, column->type,
                        mapping->table, column->name, column->name,
                        column->name);
    }
    else if (!column->is_not_null && !proof->catalog->is_view) {
        scim_proof_note(proof, "ScimVersion: column \"%s\" can be NULL, from "
                        "which nothing rises; UPDATE %s SET \"%s\" = 1 WHERE "
                        "\"%s\" IS NULL; ALTER TABLE %s ALTER COLUMN \"%s\" "
                        "SET NOT NULL", column->name, mapping->table,
                        column->name, column->name, mapping->table,
                        column->name);
    }
}

static void check_own_columns(scim_proof_t *proof, scim_facts_t *facts)
{
    const scim_mapping_t *mapping = proof->mapping;
    const dbcolumn_t *column;

    proof->about = mapping->key;
    column = column_of(proof, mapping->key, "ScimKey");
    if (column) {
        facts->key_type = column->type;
        need(proof, column, column->can_select, "SELECT", "ScimKey");
        if (!scim_coltype_is_key(column)) {
            scim_proof_note(proof, "ScimKey: column \"%s\" is %s; a key is "
                            "bigint, integer, uuid or text", column->name,
                            column->type);
        }
    }
    proof->about = mapping->tenant;
    column = column_of(proof, mapping->tenant, "ScimTenant");
    if (column) {
        facts->tenant_type = column->type;
        if (!scim_coltype_is_key(column)) {
            scim_proof_note(proof, "ScimTenant: column \"%s\" is %s; it must "
                            "be bigint, integer, uuid, text or varchar",
                            column->name, column->type);
        }
        need(proof, column, column->can_select, "SELECT", "ScimTenant");
        need(proof, column, column->can_insert, "INSERT", "ScimTenant");
    }
    proof->about = mapping->tombstone;
    if (mapping->tombstone
        && (column = column_of(proof, mapping->tombstone,
                               "ScimTombstone"))) {
        facts->tombstone_is_boolean = scim_coltype_is_boolean(column);
        need(proof, column, column->can_select, "SELECT", "ScimTombstone");
        need(proof, column, column->can_update, "UPDATE", "ScimTombstone");
        if (!scim_coltype_is_boolean(column)
            && !scim_coltype_is_timestamp(column)) {
            scim_proof_note(proof, "ScimTombstone: column \"%s\" is %s; it "
                            "must be a timestamp with time zone, or boolean",
                            column->name, column->type);
        }
        else if (scim_coltype_is_boolean(column) && !column->is_not_null
                 && !proof->catalog->is_view) {
            scim_proof_note(proof, "ScimTombstone: boolean column \"%s\" can "
                            "be NULL, which says neither; ALTER TABLE %s "
                            "ALTER COLUMN \"%s\" SET NOT NULL", column->name,
                            mapping->table, column->name);
        }
    }
    proof->about = mapping->extra;
    if (mapping->extra
        && (column = column_of(proof, mapping->extra, "ScimExtra"))) {
        need(proof, column, column->can_select, "SELECT", "ScimExtra");
        need(proof, column, column->can_insert, "INSERT", "ScimExtra");
        need(proof, column, column->can_update, "UPDATE", "ScimExtra");
        if (strcmp(column->type, "jsonb") != 0) {
            scim_proof_note(proof, "ScimExtra: column \"%s\" is %s; ALTER "
                            "TABLE %s ALTER COLUMN \"%s\" TYPE jsonb USING "
                            "\"%s\"::jsonb", column->name, column->type,
                            mapping->table, column->name, column->name);
        }
    }
}

void scim_proof_columns(scim_proof_t *proof, scim_facts_t *facts)
{
    check_columns(proof, facts);
    check_own_columns(proof, facts);
    check_counter(proof);
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
static void check_sequence(scim_proof_t *proof, const dbcolumn_t *column)
{
    if (*column->closed_sequence
        && !is_filled(proof->mapping, column->name)) {
        scim_proof_note(proof, "column \"%s\" of %s draws from sequence %s, "
                        "which role \"%s\" may not use; GRANT USAGE ON "
                        "SEQUENCE %s TO \"%s\"", column->name,
                        proof->mapping->table, column->closed_sequence,
                        proof->catalog->role, column->closed_sequence,
                        proof->catalog->role);
    }
}

static void check_inserts(scim_proof_t *proof)
{
    apr_hash_index_t *hi;

    for (hi = apr_hash_first(proof->pool, proof->catalog->columns); hi;
         hi = apr_hash_next(hi)) {
        const dbcolumn_t *column = apr_hash_this_val(hi);

        proof->about = column->name;
        check_sequence(proof, column);
        if (column->is_not_null && !column->is_filled
            && !is_filled(proof->mapping, column->name)) {
            scim_proof_note(proof, "column \"%s\" of %s must not be NULL and "
                            "nothing fills it when a directory creates %s %s; "
                            "add ScimDefault %s VALUE, or ALTER TABLE %s "
                            "ALTER COLUMN \"%s\" DROP NOT NULL", column->name,
                            proof->mapping->table,
                            proof->mapping->version ? "a" : "an",
                            proof->mapping->type->noun, column->name,
                            proof->mapping->table, column->name);
        }
    }
}

static void check_constants(scim_proof_t *proof)
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

void scim_proof_inserts(scim_proof_t *proof)
{
    check_inserts(proof);
    check_constants(proof);
}

void scim_proof_complete_types(scim_proof_t *proof, scim_facts_t *facts)
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
        const dbcolumn_t *column = scim_proof_column(proof, mapped->name);

        if (column && mapped->leaf->type == SCIM_TYPE_OPEN) {
            types[mapped->leaf->index] = scim_coltype_attr(column);
        }
    }
    facts->attr_types = types;
    facts->uniqueness = uniqueness;
    proof->mapping = scim_mapping_complete(mapping, facts, proof->pool);
}
