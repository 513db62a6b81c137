/* proof_trial.h - the proof of what only running it shows: the condition and
 * the constants that stand in the configuration as SQL, what a view is made of,
 * and the version of schema `scim`. A part of proof.h's. */
#ifndef SCIM_PG_PROOF_TRIAL_H
#define SCIM_PG_PROOF_TRIAL_H

#include "pg/conn.h"
#include "pg/proof_note.h"

/** Run it; nothing is changed. @return NULL, or SCIM_ERR_UNAVAILABLE */
scim_err_t *scim_proof_trial(scim_proof_t *proof, scim_conn_t *conn);

#endif
