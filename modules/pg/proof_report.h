/* proof_report.h - the proof of a mapping, told in full, for people. */
#ifndef SCIM_PG_PROOF_REPORT_H
#define SCIM_PG_PROOF_REPORT_H

#include "pg/conn.h"
#include "store/mapping.h"

/* A column that the mapping names, as the proof saw it. */
typedef struct scim_proof_line_t {
    const char *directive;      /* "ScimAttribute userName", "ScimKey" */
    const char *column;         /* as configured: `!column`, `column IS NULL` */
    const char *type;           /* NULL: there is no such column */
    const char *index;          /* that look-ups use, or NULL */
    int is_unique;              /* that index, by tenant or over all */
    const char *rule;           /* how texts are compared; NULL: no text */
    const char *rights;         /* of the role: "select insert update" */
    apr_array_header_t *findings;   /* of const char *, those about it */
} scim_proof_line_t;

typedef struct scim_proof_report_t {
    apr_array_header_t *lines;      /* of scim_proof_line_t; empty when the
                                     * table cannot be seen */
    apr_array_header_t *findings;   /* of const char *: about no column of
                                     * the mapping */
    int count;                      /* of all findings */
} scim_proof_report_t;

/**
 * Prove a mapping and tell all of it, for people.
 *
 * @return NULL, also when there are findings; SCIM_ERR_UNAVAILABLE when the
 *         database could not be asked
 */
scim_err_t *scim_proof_report(scim_proof_report_t *report, scim_conn_t *conn,
                              const scim_mapping_t *mapping,
                              apr_pool_t *pool);

#endif
