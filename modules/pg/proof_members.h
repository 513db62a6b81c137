/* proof_members.h - the proof of a group's members: the table of ScimMembers,
 * and that somebody raises ScimVersion. A part of proof.h's. */
#ifndef SCIM_PG_PROOF_MEMBERS_H
#define SCIM_PG_PROOF_MEMBERS_H

#include "pg/conn.h"
#include "pg/proof_note.h"

/**
 * Prove the relation of a mapping of groups. Findings are about no column of
 * the mapping's own.
 *
 * @param proof of the groups; findings are added, its catalog is not looked at
 * @param facts of the groups, with those of the users
 * @return NULL, or SCIM_ERR_UNAVAILABLE
 */
scim_err_t *scim_proof_members(const scim_proof_t *proof, scim_conn_t *conn,
                               const scim_facts_t *facts);

#endif
