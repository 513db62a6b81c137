#include "pg/proof_report.h"

#include <apr_strings.h>

#include <string.h>

#include "pg/coltype.h"
#include "pg/proof_examine.h"
#include "pg/proof_indexes.h"
#include "pg/proof_members.h"

typedef scim_catalog_column_t dbcolumn_t;

static const char *rights_of(const scim_proof_t *proof,
                             const dbcolumn_t *column)
{
    const char *text = apr_pstrcat(proof->pool,
                                   column->can_select ? " select" : "",
                                   column->can_insert ? " insert" : "",
                                   column->can_update ? " update" : "", NULL);

    return *text ? text + 1 : text;
}

static scim_proof_line_t *add_line(scim_proof_report_t *report,
                                   const scim_proof_t *proof,
                                   const char *directive, const char *name)
{
    scim_proof_line_t *line = apr_array_push(report->lines);
    const dbcolumn_t *column = scim_proof_column(proof, name);
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

static const char *rule_of(const scim_proof_t *proof,
                           const scim_column_t *mapped)
{
    const dbcolumn_t *column = scim_proof_column(proof, mapped->name);

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
    return column && scim_coltype_is_citext(column)
         ? "caseless, by citext" : "caseless, by lower()";
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

static void tell_columns(scim_proof_report_t *report,
                         const scim_proof_t *proof, const scim_facts_t *facts)
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
        line->index = scim_proof_best_index(&line->is_unique, proof, facts,
                                            mapped);
    }
}

/* The findings about a group's members, when all else is well: they need the
 * facts of both ends. */
static scim_err_t *examine_members(scim_proof_t *proof, scim_facts_t *facts,
                                   scim_conn_t *conn)
{
    const scim_relation_t *relation = proof->mapping->relation;
    scim_facts_t *others = apr_pcalloc(proof->pool, sizeof(*others));
    scim_proof_t other_end;

    if (!proof->mapping->version || !relation || !relation->others
        || proof->findings->nelts) {
        return NULL;
    }
    SCIM_TRY(scim_proof_examine(&other_end, others, conn, relation->others,
                                proof->pool));
    if (other_end.findings->nelts) {
        return NULL;            /* told with the users themselves */
    }
    facts->others = others;
    others->others = facts;
    return scim_proof_members(proof, conn, facts);
}

scim_err_t *scim_proof_report(scim_proof_report_t *report, scim_conn_t *conn,
                              const scim_mapping_t *mapping,
                              apr_pool_t *pool)
{
    scim_facts_t *facts = apr_pcalloc(pool, sizeof(*facts));
    scim_proof_t proof;
    int i;

    SCIM_TRY(scim_proof_examine(&proof, facts, conn, mapping, pool));
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
