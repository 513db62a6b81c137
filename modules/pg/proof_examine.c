#include "pg/proof_examine.h"

#include <string.h>

#include "pg/proof_columns.h"
#include "pg/proof_indexes.h"
#include "pg/proof_trial.h"
#include "store/completion.h"

static scim_err_t *check_schemas(scim_proof_t *proof, scim_conn_t *conn)
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
            scim_proof_note(proof, "ScimTokens: role \"%s\" may not use "
                            "schema \"scim\"; GRANT USAGE ON SCHEMA scim TO "
                            "\"%s\"", role, role);
        }
        else {
            scim_proof_note(proof, "ScimTable: role \"%s\" may not use the "
                            "schema of %s; GRANT USAGE ON SCHEMA \"%s\" TO "
                            "\"%s\"", role, mapping->table, schema, role);
        }
    }
    return NULL;
}

/* The contract's own half. */
static void check_contract(scim_proof_t *proof)
{
    const scim_mapping_t *mapping = proof->mapping;
    const scim_catalog_t *catalog = proof->catalog;

    if (!catalog->tokens_fit) {
        scim_proof_note(proof, "ScimTokens: %s is not a view with the columns "
                        "token_sha256 bytea, token_id text, tenant text and "
                        "actor text; run scim.sql in this database",
                        mapping->tokens);
    }
    else if (!catalog->can_select_tokens) {
        scim_proof_note(proof, "ScimTokens: role \"%s\" may not read %s; "
                        "GRANT SELECT ON %s TO \"%s\"", catalog->role,
                        mapping->tokens, mapping->tokens, catalog->role);
    }
    if (!catalog->has_events || !catalog->has_version
        || !catalog->has_cursor_keys) {
        scim_proof_note(proof, "schema \"scim\" is missing or too old; run "
                        "scim.sql in this database");
    }
    else if (!catalog->can_call_version) {
        scim_proof_note(proof, "role \"%s\" may not call scim.version(); "
                        "GRANT EXECUTE ON FUNCTION scim.version() TO \"%s\"",
                        catalog->role, catalog->role);
    }
    else if (mapping->guard && !catalog->can_call_guard) {
        scim_proof_note(proof, "ScimGuard: role \"%s\" may not call its "
                        "functions; GRANT EXECUTE ON FUNCTION "
                        "scim.guard_begins(text, integer), "
                        "scim.guard_count(text, bigint, integer, integer, "
                        "integer) TO \"%s\"", catalog->role, catalog->role);
    }
    else if (!catalog->can_insert_events) {
        scim_proof_note(proof, "role \"%s\" may not write events; GRANT "
                        "INSERT (tenant, actor, token_id, request_id, client, "
                        "operation, resource_type, resource_id, changes, "
                        "outcome, status, scim_type, reason) ON scim.events "
                        "TO \"%s\"", catalog->role, catalog->role);
    }
    else if (!catalog->can_select_cursor_keys) {
        scim_proof_note(proof, "role \"%s\" may not read scim.cursor_keys; "
                        "GRANT SELECT ON scim.cursor_keys TO \"%s\"",
                        catalog->role, catalog->role);
    }
}

static void check_is_writable(scim_proof_t *proof)
{
    const char *table = proof->mapping->table;

    proof->about = NULL;
    if (!proof->catalog->is_writable) {
        scim_proof_note(proof, "ScimTable: rows of %s cannot be inserted and "
                        "changed; CREATE TRIGGER ... INSTEAD OF INSERT OR "
                        "UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION ...",
                        table, table);
    }
}

/* The checks that need nothing but the catalog. */
static void check_catalog(scim_proof_t *proof, scim_facts_t *facts)
{
    facts->is_walled = proof->catalog->has_policy;
    scim_proof_complete_types(proof, facts);
    scim_proof_columns(proof, facts);
    check_is_writable(proof);
    scim_proof_inserts(proof);
    if (!proof->findings->nelts) {
        scim_proof_indexes(proof, facts);
        scim_proof_complete_uniqueness(proof, facts);
    }
    proof->about = NULL;
    check_contract(proof);
}

scim_err_t *scim_proof_examine(scim_proof_t *proof, scim_facts_t *facts,
                               scim_conn_t *conn,
                               const scim_mapping_t *mapping,
                               apr_pool_t *pool)
{
    scim_proof_begin(proof, scim_mapping_origin(mapping), pool);
    SCIM_TRY(check_schemas(proof, conn));
    if (!proof->findings->nelts) {
        SCIM_TRY(scim_catalog_read(&proof->catalog, conn, mapping, pool));
        if (proof->catalog->exists) {
            check_catalog(proof, facts);
        }
        else {
            scim_proof_note(proof, "ScimTable: there is no table or view %s "
                            "in this database", mapping->table);
        }
    }
    if (!proof->findings->nelts) {
        SCIM_TRY(scim_proof_trial(proof, conn));
    }
    return NULL;
}
