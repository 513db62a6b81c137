/* proof_members.h - the proof of a group's members: the table of ScimMembers,
 * and that somebody raises ScimVersion. A part of proof.h's. */
#ifndef SCIM_PG_PROOF_MEMBERS_H
#define SCIM_PG_PROOF_MEMBERS_H

#include "pg/conn.h"
#include "store/mapping.h"

/**
 * Prove the relation of a mapping of groups.
 *
 * @param findings of const char *: a sentence for each thing that does not
 *                 fit, with the SQL that would mend it, is added
 * @param groups   whose relation it is
 * @param facts    of the groups, with those of the users
 * @return NULL, or SCIM_ERR_UNAVAILABLE
 */
scim_err_t *scim_proof_members(apr_array_header_t *findings,
                               scim_conn_t *conn,
                               const scim_mapping_t *groups,
                               const scim_facts_t *facts, apr_pool_t *pool);

#endif
