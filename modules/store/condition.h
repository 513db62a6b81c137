/* condition.h - a filter as an SQL condition on the row alias `r`.
 *
 * It picks the same rows as scim_filter_matches() does on the composed
 * resources. Text functions are used instead of LIKE, so that no character
 * of a value has a meaning of its own. Caseless comparison is PostgreSQL's
 * lower(), on the column of `key=` where there is one.
 */
#ifndef SCIM_STORE_CONDITION_H
#define SCIM_STORE_CONDITION_H

#include "store/sql.h"

/**
 * Append the condition, in parentheses.
 *
 * @return NULL, or SCIM_ERR_INVALID_FILTER naming an attribute that is not
 *         kept here, and where it stands
 */
scim_err_t *scim_condition_write(scim_sql_t *sql,
                                 const scim_mapping_t *mapping,
                                 const scim_facts_t *facts,
                                 const scim_filter_t *filter);

/** Whether a unique attribute (id, userName, externalId) must equal one
 * value, so that at most a row passes. */
int scim_condition_is_unique(const scim_filter_t *filter,
                             const scim_rtype_t *type);

#endif
