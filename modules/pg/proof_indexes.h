/* proof_indexes.h - the proof that what must be unique is unique by the same
 * rule, and that look-ups have an index; and what else the indexes say. A part
 * of proof.h's. */
#ifndef SCIM_PG_PROOF_INDEXES_H
#define SCIM_PG_PROOF_INDEXES_H

#include "pg/proof_note.h"

/** Prove the indexes of a table; a view has none. */
void scim_proof_indexes(scim_proof_t *proof, const scim_facts_t *facts);

/** Let unique indexes say which attributes are unique, where the
 * configuration does not. */
void scim_proof_complete_uniqueness(const scim_proof_t *proof,
                                    scim_facts_t *facts);

/** Note in @a facts which attribute a rule of the table is about, for the
 * wording of a refusal. */
void scim_proof_read_rules(const scim_proof_t *proof, scim_facts_t *facts);

/** The index that serves look-ups by a column best, unique ones before others;
 * NULL when none does. @a pis_unique is set with it. */
const char *scim_proof_best_index(int *pis_unique, const scim_proof_t *proof,
                                  const scim_facts_t *facts,
                                  const scim_column_t *mapped);

#endif
