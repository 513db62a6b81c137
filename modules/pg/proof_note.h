/* proof_note.h - a proof at work: what is examined, and the findings so far.
 * For the parts of the proof, pg/proof_*.c. */
#ifndef SCIM_PG_PROOF_NOTE_H
#define SCIM_PG_PROOF_NOTE_H

#include "pg/catalog.h"

typedef struct scim_proof_t {
    const scim_mapping_t *mapping;
    scim_catalog_t *catalog;
    apr_array_header_t *findings;   /* of const char * */
    apr_array_header_t *abouts;     /* likewise: the column of each, or NULL */
    const char *about;              /* the column that is being looked at */
    apr_pool_t *pool;
} scim_proof_t;

/** Begin, with no findings and no catalog. */
void scim_proof_begin(scim_proof_t *proof, const scim_mapping_t *mapping,
                      apr_pool_t *pool);

/** Add a finding: a sentence that names the directive, the column and what
 * would mend it. */
void scim_proof_note(const scim_proof_t *proof, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** A column of the table, or NULL. */
const scim_catalog_column_t *scim_proof_column(const scim_proof_t *proof,
                                               const char *name);

#endif
