#include "pg/proof_trial.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#include "pg/proof.h"

typedef scim_catalog_column_t dbcolumn_t;

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

static apr_array_header_t *make_trials(const scim_proof_t *proof)
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
        const dbcolumn_t *column = scim_proof_column(proof, constant->name);
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

static void check_version(scim_proof_t *proof, const PGresult *result)
{
    int version = atoi(PQgetvalue(result, 0, 0));

    if (version != SCIM_SCHEMA_VERSION) {
        scim_proof_note(proof, "schema \"scim\" is of version %d, this module "
                        "works with %d; run the scim.sql that came with the "
                        "module", version, SCIM_SCHEMA_VERSION);
    }
}

/* A parameter such as $1, which nobody gives a value, is a violation of the
 * protocol to the server. */
static int is_unbound(const scim_conn_t *conn)
{
    return strcmp(scim_conn_sqlstate(conn), "08P01") == 0;
}

/* All in one turn; only when one has failed, one by one to find which. */
scim_err_t *scim_proof_trial(scim_proof_t *proof, scim_conn_t *conn)
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
            scim_proof_note(proof, "%s: %s", trial->finding, is_unbound(conn)
                            ? "it must not have parameters such as $1"
                            : err->cause);
        }
    }
    return proof->findings->nelts && judged ? NULL : err;
}
