#include "pg/proof_indexes.h"

#include <apr_strings.h>

#include <string.h>

#include "base/log.h"
#include "pg/coltype.h"
#include "pg/printed.h"

typedef scim_catalog_column_t dbcolumn_t;
typedef scim_catalog_index_t dbindex_t;

static const dbindex_t *get_index(const scim_proof_t *proof, int i)
{
    return &APR_ARRAY_IDX(proof->catalog->indexes, i, dbindex_t);
}

static int is_compared_as_is(const scim_column_t *mapped)
{
    return mapped->leaf->case_exact || mapped->leaf->type != SCIM_TYPE_STRING;
}

/* Whether a key of an index is the column, by the attribute's case rule. */
static int is_key_of(const scim_proof_t *proof, const char *key,
                     const scim_column_t *mapped)
{
    const dbcolumn_t *column = scim_proof_column(proof, mapped->name);

    if (is_compared_as_is(mapped)
        || (!mapped->key_name && column
            && (scim_coltype_is_citext(column)
                || scim_coltype_is_like_text(column)))) {
        return scim_printed_is_column(key, mapped->name, proof->pool);
    }
    if (mapped->key_name) {
        return scim_printed_is_column(key, mapped->key_name, proof->pool);
    }
    return scim_printed_is_folded(key, mapped->name, proof->pool);
}

/* Whether the index leaves out exactly the tombstones. */
static int has_live_predicate(const scim_proof_t *proof,
                              const dbindex_t *index,
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

static const char *live_predicate(const scim_proof_t *proof,
                                  const scim_facts_t *facts)
{
    const scim_mapping_t *mapping = proof->mapping;

    return !mapping->tombstone ? ""
         : apr_psprintf(proof->pool, facts->tombstone_is_boolean
                        ? " WHERE NOT \"%s\"" : " WHERE \"%s\" IS NULL",
                        mapping->tombstone);
}

static const char *key_expression(const scim_proof_t *proof,
                                  const scim_column_t *mapped)
{
    const dbcolumn_t *column = scim_proof_column(proof, mapped->name);

    if (is_compared_as_is(mapped)
        || (!mapped->key_name && column
            && scim_coltype_is_like_text(column))) {
        return scim_mapping_quote(mapped->name, proof->pool);
    }
    if (mapped->key_name) {
        return scim_mapping_quote(mapped->key_name, proof->pool);
    }
    return apr_psprintf(proof->pool, "lower(\"%s\")", mapped->name);
}

/* How well an index serves an attribute: 2 with the tenant, 1 without. */
static int serves(const scim_proof_t *proof, const scim_facts_t *facts,
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
        && ((scim_printed_is_column(first, tenant, proof->pool)
             && is_key_of(proof, second, mapped))
            || (scim_printed_is_column(second, tenant, proof->pool)
                && is_key_of(proof, first, mapped)))) {
        return 2;
    }
    return is_key_of(proof, first, mapped)
        && (!must_be_unique || index->keys->nelts == 1);
}

static int has_index(const scim_proof_t *proof, const scim_facts_t *facts,
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

static int best_index(const scim_proof_t *proof, const scim_facts_t *facts,
                      const scim_column_t *mapped, int must_be_unique)
{
    return has_index(proof, facts, mapped, must_be_unique, 2) ? 2
         : has_index(proof, facts, mapped, must_be_unique, 1);
}

static void check_unique(scim_proof_t *proof, const scim_facts_t *facts,
                         const scim_column_t *mapped)
{
    const scim_mapping_t *mapping = proof->mapping;

    switch (best_index(proof, facts, mapped, 1)) {
    case 0:
        scim_proof_note(proof, "ScimAttribute %s must be unique within an "
                        "organisation, but no index sees to it; CREATE UNIQUE "
                        "INDEX ON %s (\"%s\", %s)%s", mapped->target,
                        mapping->table, mapping->tenant,
                        key_expression(proof, mapped),
                        live_predicate(proof, facts));
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

static void check_unique_globally(scim_proof_t *proof,
                                  const scim_facts_t *facts,
                                  const scim_column_t *mapped)
{
    if (!has_index(proof, facts, mapped, 1, 1)) {
        scim_proof_note(proof, "ScimAttribute %s must be unique over all "
                        "organisations, but no index sees to it; CREATE "
                        "UNIQUE INDEX ON %s (%s)%s", mapped->target,
                        proof->mapping->table, key_expression(proof, mapped),
                        live_predicate(proof, facts));
    }
}

static void check_lookup(scim_proof_t *proof, const scim_facts_t *facts,
                         const scim_column_t *mapped)
{
    const scim_mapping_t *mapping = proof->mapping;

    if (!best_index(proof, facts, mapped, 0)) {
        scim_proof_note(proof, "ScimAttribute %s is what directories look %ss "
                        "up by, but no index serves; CREATE INDEX ON %s "
                        "(\"%s\", %s)%s", mapped->target, mapping->type->noun,
                        mapping->table, mapping->tenant,
                        key_expression(proof, mapped),
                        live_predicate(proof, facts));
    }
}

static void check_key_index(scim_proof_t *proof)
{
    const scim_mapping_t *mapping = proof->mapping;
    int i;

    for (i = 0; i < proof->catalog->indexes->nelts; i++) {
        const dbindex_t *index = get_index(proof, i);

        if (index->is_unique && index->keys->nelts == 1 && !*index->predicate
            && scim_printed_is_column(APR_ARRAY_IDX(index->keys, 0,
                                                    const char *),
                                      mapping->key, proof->pool)) {
            return;
        }
    }
    scim_proof_note(proof, "ScimKey \"%s\" is not unique; ALTER TABLE %s ADD "
                    "UNIQUE (\"%s\")", mapping->key, mapping->table,
                    mapping->key);
}

void scim_proof_indexes(scim_proof_t *proof, const scim_facts_t *facts)
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

/* Whether an index is about the value of this attribute and nothing else but
 * the tenant: then a second one with that value is refused, at least among
 * some of the rows or in the same case. */
static int is_unique_by(const scim_proof_t *proof, const dbindex_t *index,
                        const scim_column_t *mapped)
{
    int i, about = 0;

    for (i = 0; i < index->keys->nelts; i++) {
        const char *key = APR_ARRAY_IDX(index->keys, i, const char *);

        if (is_key_of(proof, key, mapped)
            || scim_printed_is_column(key, mapped->name, proof->pool)
            || scim_printed_is_folded(key, mapped->name, proof->pool)) {
            about = 1;
        }
        else if (!scim_printed_is_column(key, proof->mapping->tenant,
                                         proof->pool)) {
            return 0;
        }
    }
    return about && index->is_unique;
}

void scim_proof_complete_uniqueness(const scim_proof_t *proof,
                                    scim_facts_t *facts)
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

static void add_rule(const scim_facts_t *facts, const char *name,
                     const char *target)
{
    scim_rule_t *rule = apr_array_push(facts->rules);

    rule->name = name;
    rule->target = target;
}

static void read_unique(const scim_proof_t *proof, const scim_facts_t *facts,
                        const dbindex_t *index, const scim_column_t *mapped)
{
    int i;

    for (i = 0; i < index->keys->nelts; i++) {
        const char *key = APR_ARRAY_IDX(index->keys, i, const char *);

        if (is_key_of(proof, key, mapped)
            || scim_printed_is_column(key, mapped->name, proof->pool)) {
            add_rule(facts, index->name, mapped->target);
        }
    }
}

void scim_proof_read_rules(const scim_proof_t *proof, scim_facts_t *facts)
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

const char *scim_proof_best_index(int *pis_unique, const scim_proof_t *proof,
                                  const scim_facts_t *facts,
                                  const scim_column_t *mapped)
{
    const char *name = NULL;
    int i, best = 0;

    for (i = 0; i < proof->catalog->indexes->nelts; i++) {
        const dbindex_t *index = get_index(proof, i);
        int unique = serves(proof, facts, index, mapped, 1);
        int grade = 2 * serves(proof, facts, index, mapped, 0)
                  + (unique != 0);

        if (grade > best) {
            best = grade;
            name = index->name;
            *pis_unique = unique != 0;
        }
    }
    return name;
}
