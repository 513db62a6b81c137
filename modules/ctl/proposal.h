/* proposal.h - what is proposed for a database: the configuration and the
 * SQL that goes with it, as text to be edited.
 */
#ifndef SCIM_CTL_PROPOSAL_H
#define SCIM_CTL_PROPOSAL_H

#include "base/buf.h"
#include "ctl/survey.h"

/* Names as configuration and SQL want them; of columns that the SQL adds,
 * too. */
typedef struct scim_proposal_t {
    const scim_survey_t *survey;
    const char *database;       /* its name */
    const char *external_id;    /* SQL names; NULL: left out */
    const char *active;
    const char *active_form;    /* as of a scim_survey_attribute_t */
    const char *tombstone;
    const char *extra;
    const char *tenant;
    const char *tenant_type;
    const char *access;
    int tombstone_is_boolean;
} scim_proposal_t;

/** Decide what is used and what is added. */
scim_proposal_t *scim_proposal_make(const scim_survey_t *survey,
                                    const char *database, apr_pool_t *pool);

/** Whether an INSERT of the module, or the table itself, fills the column, or
 * it may be NULL. */
int scim_proposal_is_filled(const scim_proposal_t *proposal,
                            const scim_survey_column_t *column);

/** Append the <Location> with its <ScimResource>, and that of the console. */
void scim_proposal_conf(scim_buf_t *buf, const scim_proposal_t *proposal);

/**
 * Append the SQL: changes of the table, and part 2 of scim.sql up to its
 * check at the end.
 *
 * @return SCIM_EXIT_OK, or the status to end with after a complaint
 */
int scim_proposal_sql(scim_buf_t *buf, const scim_proposal_t *proposal,
                      scim_ctl_t *ctl);

#endif
