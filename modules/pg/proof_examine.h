/* proof_examine.h - all the checks of a mapping, in their order. A part of
 * proof.h's. */
#ifndef SCIM_PG_PROOF_EXAMINE_H
#define SCIM_PG_PROOF_EXAMINE_H

#include "pg/conn.h"
#include "pg/proof_note.h"

/**
 * Examine a mapping of one resource type; what is wrong stands in the findings
 * afterwards.
 *
 * @param proof   begun here
 * @param facts   set to what the catalog says; nothing of it is of use where
 *                there are findings
 * @param mapping as it is configured, or completed
 * @param pool    where findings and facts live
 * @return NULL, also when there are findings; SCIM_ERR_UNAVAILABLE when the
 *         database could not be asked
 */
scim_err_t *scim_proof_examine(scim_proof_t *proof, scim_facts_t *facts,
                               scim_conn_t *conn,
                               const scim_mapping_t *mapping,
                               apr_pool_t *pool);

#endif
