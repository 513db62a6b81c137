#include "pg/proof_members.h"

#include <string.h>

#include "pg/printed.h"

static const char sql_rest[] =
    "SELECT has_table_privilege(to_regclass($1), 'DELETE'), "
    "coalesce((SELECT bool_or(tgtype & 4 <> 0) AND bool_or(tgtype & 8 <> 0) "
    "FROM pg_catalog.pg_trigger WHERE tgrelid = to_regclass($1) "
    "AND NOT tgisinternal AND tgenabled IN ('O', 'A')), false)";

/* One of the two columns. */
static void check_column(const scim_proof_t *proof, const char *name,
                         const scim_mapping_t *whose, const char *key_type)
{
    const char *table = proof->mapping->relation->table;
    const char *role = proof->catalog->role;
    const scim_catalog_column_t *column = scim_proof_column(proof, name);

    if (!column) {
        scim_proof_note(proof, "ScimMembers names column \"%s\", which %s "
                        "does not have; correct the directive, or ALTER TABLE "
                        "%s ADD COLUMN \"%s\" %s NOT NULL", name, table, table,
                        name, key_type);
        return;
    }
    if (strcmp(column->type, key_type) != 0) {
        scim_proof_note(proof, "ScimMembers: column \"%s\" is %s, but \"%s\" "
                        "of %s, which it refers to, is %s; ALTER TABLE %s "
                        "ALTER COLUMN \"%s\" TYPE %s USING \"%s\"::%s", name,
                        column->type, whose->key, whose->table, key_type,
                        table, name, key_type, name, key_type);
    }
    if (!column->can_select) {
        scim_proof_note(proof, "ScimMembers: role \"%s\" may not SELECT "
                        "column \"%s\"; GRANT SELECT (\"%s\") ON %s TO \"%s\"",
                        role, name, name, table, role);
    }
    if (!column->can_insert) {
        scim_proof_note(proof, "ScimMembers: role \"%s\" may not INSERT "
                        "column \"%s\"; GRANT INSERT (\"%s\") ON %s TO \"%s\"",
                        role, name, name, table, role);
    }
}

/* What an INSERT of ours does not name. */
static void check_rest_of_row(const scim_proof_t *proof)
{
    const scim_relation_t *relation = proof->mapping->relation;
    const char *role = proof->catalog->role;
    apr_hash_index_t *hi;

    for (hi = apr_hash_first(proof->pool, proof->catalog->columns); hi;
         hi = apr_hash_next(hi)) {
        const scim_catalog_column_t *column = apr_hash_this_val(hi);

        if (strcmp(column->name, relation->own) == 0
            || strcmp(column->name, relation->other) == 0) {
            continue;
        }
        if (*column->closed_sequence) {
            scim_proof_note(proof, "ScimMembers: column \"%s\" of %s draws "
                            "from sequence %s, which role \"%s\" may not use; "
                            "GRANT USAGE ON SEQUENCE %s TO \"%s\"",
                            column->name, relation->table,
                            column->closed_sequence, role,
                            column->closed_sequence, role);
        }
        if (column->is_not_null && !column->is_filled) {
            scim_proof_note(proof, "ScimMembers: column \"%s\" of %s must not "
                            "be NULL and nothing fills it when a member is "
                            "added; ALTER TABLE %s ALTER COLUMN \"%s\" DROP "
                            "NOT NULL", column->name, relation->table,
                            relation->table, column->name);
        }
    }
}

static int is_key(const scim_proof_t *proof, const scim_catalog_index_t *index,
                  int place, const char *name)
{
    const char *key = place < index->keys->nelts
                    ? APR_ARRAY_IDX(index->keys, place, const char *) : "";

    return scim_printed_is_column(key, name, proof->pool);
}

static void check_indexes(const scim_proof_t *proof)
{
    const scim_relation_t *relation = proof->mapping->relation;
    const char *own = relation->own, *other = relation->other;
    int pair = 0, by_own = 0, by_other = 0, i;

    for (i = 0; i < proof->catalog->indexes->nelts; i++) {
        const scim_catalog_index_t *index =
            &APR_ARRAY_IDX(proof->catalog->indexes, i, scim_catalog_index_t);

        if (*index->predicate) {
            continue;
        }
        by_own |= is_key(proof, index, 0, own);
        by_other |= is_key(proof, index, 0, other);
        pair |= index->is_unique && index->keys->nelts == 2
             && ((is_key(proof, index, 0, own) && is_key(proof, index, 1, other))
                 || (is_key(proof, index, 0, other)
                     && is_key(proof, index, 1, own)));
    }
    if (!pair) {
        scim_proof_note(proof, "ScimMembers: nothing keeps a user from being "
                        "a member of a group twice; CREATE UNIQUE INDEX ON %s "
                        "(\"%s\", \"%s\")", relation->table, own, other);
        by_own = 1;             /* this one will do */
    }
    if (!by_own) {
        scim_proof_note(proof, "ScimMembers: no index finds the members of a "
                        "group; CREATE INDEX ON %s (\"%s\", \"%s\")",
                        relation->table, own, other);
    }
    if (!by_other) {
        scim_proof_note(proof, "ScimMembers: no index finds the groups of a "
                        "user; CREATE INDEX ON %s (\"%s\", \"%s\")",
                        relation->table, other, own);
    }
}

/* Whether it is the right trigger is not for us to see. */
static void note_no_trigger(const scim_proof_t *proof)
{
    const scim_mapping_t *groups = proof->mapping;
    const scim_relation_t *relation = proof->mapping->relation;

    scim_proof_note(proof, "ScimVersion: no trigger of %s raises \"%s\" when "
                    "members come and go; docs/database.md shows the one for "
                    "large groups, the shortest is CREATE FUNCTION "
                    "scim.count_members() RETURNS trigger LANGUAGE plpgsql "
                    "SECURITY DEFINER SET search_path = pg_catalog, pg_temp "
                    "AS 'BEGIN UPDATE %s SET \"%s\" = \"%s\" + 1 WHERE \"%s\" "
                    "= coalesce(NEW.\"%s\", OLD.\"%s\"); RETURN NULL; END'; "
                    "CREATE TRIGGER count_members AFTER INSERT OR DELETE ON "
                    "%s FOR EACH ROW EXECUTE FUNCTION scim.count_members()",
                    relation->table, groups->version, groups->table,
                    groups->version, groups->version, groups->key,
                    relation->own, relation->own, relation->table);
}

/* What the catalog of a mapped table does not say. */
static scim_err_t *check_rest(const scim_proof_t *proof, scim_conn_t *conn)
{
    const char *role = proof->catalog->role;
    PGresult **results;
    scim_sql_t sql;

    scim_sql_init(&sql, proof->pool);
    scim_buf_puts(&sql.text, sql_rest);
    APR_ARRAY_PUSH(sql.params, const char *) = proof->mapping->relation->table;
    scim_conn_queue(conn, &sql);
    SCIM_TRY(scim_conn_turn(&results, conn, proof->pool));
    if (*PQgetvalue(results[0], 0, 0) != 't') {
        scim_proof_note(proof, "ScimMembers: role \"%s\" may not DELETE "
                        "members; GRANT DELETE ON %s TO \"%s\"", role,
                        proof->mapping->relation->table, role);
    }
    if (!proof->catalog->is_view && *PQgetvalue(results[0], 0, 1) != 't') {
        note_no_trigger(proof);
    }
    return NULL;
}

static scim_err_t *check_schema(const scim_proof_t *proof, scim_conn_t *conn,
                                const scim_mapping_t *table)
{
    apr_array_header_t *schemas;
    const char *role = NULL;

    SCIM_TRY(scim_catalog_read_closed(&schemas, &role, conn, table,
                                      proof->pool));
    if (schemas->nelts) {
        scim_proof_note(proof, "ScimMembers: role \"%s\" may not use the "
                        "schema of %s; GRANT USAGE ON SCHEMA \"%s\" TO \"%s\"",
                        role, table->table, table->table_schema, role);
    }
    return NULL;
}

scim_err_t *scim_proof_members(const scim_proof_t *proof, scim_conn_t *conn,
                               const scim_facts_t *facts)
{
    const scim_mapping_t *groups = proof->mapping;
    const scim_relation_t *relation = groups->relation;
    scim_proof_t own = *proof;      /* of the same findings */
    scim_mapping_t table = {
        .tokens = groups->tokens,
        .table = relation->table,
        .table_schema = relation->table_schema
    };

    own.about = NULL;
    SCIM_TRY(check_schema(&own, conn, &table));
    if (own.findings->nelts) {
        return NULL;
    }
    SCIM_TRY(scim_catalog_read(&own.catalog, conn, &table, own.pool));
    if (!own.catalog->exists) {
        scim_proof_note(&own, "ScimMembers: there is no table or view %s in "
                        "this database", relation->table);
        return NULL;
    }
    check_column(&own, relation->own, groups, facts->key_type);
    check_column(&own, relation->other, relation->others,
                 facts->others->key_type);
    check_rest_of_row(&own);
    if (!own.findings->nelts && !own.catalog->is_view) {
        check_indexes(&own);
    }
    return check_rest(&own, conn);
}
