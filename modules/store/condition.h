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

/**
 * SQL that gives an attribute's value of the row `r`, in the form in which
 * values are compared: text that ignores case in lower case. NULL in SQL, or
 * an empty text, where the resource has none.
 *
 * @param ptype  set to the SQL type of the form
 * @param sub    NULL where the attribute itself is simple
 * @param mapped of a multi-valued attribute: the mapped element; NULL: the
 *               JSON element with the alias `e`
 * @return NULL when it is not kept, or the same for all
 */
const char *scim_condition_value(const char **ptype,
                                 const scim_mapping_t *mapping,
                                 const scim_facts_t *facts,
                                 const scim_attr_t *attr,
                                 const scim_attr_t *sub,
                                 const scim_element_t *mapped,
                                 apr_pool_t *pool);

/** The JSON object in which the extra attributes of this one's schema stand,
 * as SQL. */
const char *scim_condition_extra(const scim_mapping_t *mapping,
                                 const scim_attr_t *attr, apr_pool_t *pool);

/** Whether a unique attribute (id, userName, externalId) must equal one
 * value, so that at most a row passes. */
int scim_condition_is_unique(const scim_filter_t *filter,
                             const scim_rtype_t *type);

#endif
