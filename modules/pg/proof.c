#include "pg/proof.h"

#include <apr_strings.h>

#include "pg/proof_examine.h"
#include "pg/proof_indexes.h"
#include "pg/proof_members.h"
#include "store/completion.h"

static scim_err_t *findings_error(const scim_proof_t *proof, apr_pool_t *pool)
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

static scim_err_t *prove(scim_facts_t **pfacts, scim_conn_t *conn,
                         const scim_mapping_t *mapping, apr_pool_t *keep,
                         apr_pool_t *pool)
{
    scim_facts_t *facts = apr_pcalloc(keep, sizeof(*facts));
    scim_proof_t proof;

    SCIM_TRY(scim_proof_examine(&proof, facts, conn, mapping, keep));
    if (proof.findings->nelts) {
        return findings_error(&proof, pool);
    }
    scim_proof_read_rules(&proof, facts);
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
    scim_proof_t proof;

    scim_proof_begin(&proof, groups, keep);
    SCIM_TRY(scim_proof_members(&proof, conn, facts));
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
