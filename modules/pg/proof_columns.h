/* proof_columns.h - the proof of the columns of a mapping: they are there, they
 * can hold what they are to hold, the role may do its work on them, and those
 * that must not be NULL are filled. A part of proof.h's. */
#ifndef SCIM_PG_PROOF_COLUMNS_H
#define SCIM_PG_PROOF_COLUMNS_H

#include "pg/proof_note.h"

/** Let the columns say the types of attributes that the configuration leaves to
 * them. The proof goes on with the mapping that is completed so. */
void scim_proof_complete_types(scim_proof_t *proof, scim_facts_t *facts);

/** Prove the columns, and set in @a facts what they are. */
void scim_proof_columns(scim_proof_t *proof, scim_facts_t *facts);

/** Prove that an INSERT has all that the table asks for. */
void scim_proof_inserts(scim_proof_t *proof);

#endif
