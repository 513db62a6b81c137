/* proof.h - the proof of a mapping against the database.
 *
 * Done once per connection, on its first use: relations and columns exist,
 * types fit, what must not be NULL is filled, what is advertised as unique is
 * unique by the same rule, look-ups have an index, the role may do its work,
 * and schema `scim` is of this module's version.
 */
#ifndef SCIM_PG_PROOF_H
#define SCIM_PG_PROOF_H

#include "pg/conn.h"
#include "store/mapping.h"

/* The version of conf/sql/scim.sql that this module works with. */
#define SCIM_SCHEMA_VERSION 2

/** The facts of a mapping that this connection has proven, or NULL. Those of a
 * mapping are those of what completes it, and the other way round. */
const scim_facts_t *scim_proof_known(scim_conn_t *conn,
                                     const scim_mapping_t *mapping);

/**
 * The facts of a mapping, proven now unless this connection has done so, or
 * its attributes have other types than the connection found. Also afterwards
 * they need not agree: then the tables are others than when the mapping was
 * completed.
 *
 * @param pfacts set on success; they live as long as the connection is open
 * @return NULL; SCIM_ERR_MISCONFIGURED when the proof failed, with all its
 *         findings in the cause, a line each: a sentence that names the
 *         directive, the column and what would mend it; SCIM_ERR_UNAVAILABLE
 *         when the database could not be asked
 */
scim_err_t *scim_proof_facts(const scim_facts_t **pfacts, scim_conn_t *conn,
                             const scim_mapping_t *mapping, apr_pool_t *pool);

#endif
