/* row.h - a row of the mapped table and the resource it is.
 *
 * compose() makes the resource of what was read; split() takes a resource
 * apart into one text per mapped column and the JSON document of extra
 * attributes. Both are pure, and split(compose(row)) is the row again, so
 * what a request changed is found by comparing two states slot by slot.
 */
#ifndef SCIM_STORE_ROW_H
#define SCIM_STORE_ROW_H

#include "base/json.h"
#include "store/mapping.h"

/* A row as it was read. Texts are borrowed from whoever read it. */
typedef struct scim_row_t {
    const char *id;
    const char *const *values;  /* by place in mapping->columns, as PostgreSQL
                                 * prints them; NULL: SQL NULL. Booleans say
                                 * what the attribute says, whatever the form
                                 * of the column */
    const char *extra;          /* the JSONB column's text, or NULL */
    int is_protected;           /* by the condition of ScimProtect */
    const char *counter;        /* the column of ScimVersion, or NULL */
    const char *related;        /* the members of a group or the groups of a
                                 * user, as a JSON array of objects with
                                 * `value` and `display`; NULL: none, or not
                                 * asked for */
} scim_row_t;

/* A resource as it is to be written. */
typedef struct scim_state_t {
    const char **values;        /* by place in mapping->columns; NULL: SQL
                                 * NULL */
    const scim_json_t *extra;   /* object, perhaps empty; NULL: there is no
                                 * column for it */
} scim_state_t;

/** What a column's text says of its attribute, dates and times in the form
 * of scim_time_format(). NULL: nothing, as NULL and '' do, and times and
 * numbers that are none in JSON (`infinity`, `NaN`). */
const char *scim_row_text(const scim_column_t *column, const char *text,
                          apr_pool_t *pool);

/** Whether the sub-attribute of a mapped element (@a mapped NULL: of a single
 * complex attribute) stands in a column, or in the brackets, and so nowhere
 * else. */
int scim_row_has_column(const scim_mapping_t *mapping, const scim_attr_t *sub,
                        const scim_element_t *mapped);

/**
 * Make the resource of a row; `id` and `meta` are not in it.
 *
 * The JSONB column is the application's to write as well. What is in it and
 * has not the form of its attribute (the name as the schema spells it, the
 * type, dateTimes as scim_time_format() writes them) is passed over, and so
 * are elements of a mapped type, what has a column, and a document that is no
 * object.
 */
scim_json_t *scim_row_compose(const scim_mapping_t *mapping,
                              const scim_row_t *row, apr_pool_t *pool);

/** Carry over what the application keeps of its own in the JSONB column:
 * members that are no attribute of the type. For a resource made anew. */
void scim_row_keep_foreign(const scim_mapping_t *mapping,
                           const scim_json_t *before, scim_json_t *after,
                           apr_pool_t *pool);

/** Carry over what @a after lacks and its column cannot do without: attributes
 * and sub-attributes outside any element whose column must not be NULL, but
 * for those that are required anyway. For a PUT. */
void scim_row_keep_not_null(const scim_mapping_t *mapping,
                            const scim_facts_t *facts,
                            const scim_json_t *before, scim_json_t *after,
                            apr_pool_t *pool);

/** Carry over what the configuration lets the application alone write:
 * readOnly attributes, and such sub-attributes of single complex ones. */
void scim_row_keep_read_only(const scim_mapping_t *mapping,
                             const scim_json_t *before, scim_json_t *after,
                             apr_pool_t *pool);

/** Make the values of a resource what their columns make of them (fit.h), so
 * that what the row has already is no change, and what is told of a change is
 * what the row has got. */
void scim_row_fit(const scim_mapping_t *mapping, const scim_facts_t *facts,
                  scim_json_t *resource, apr_pool_t *pool);

/** Take a resource apart; of two elements of one mapped type the last one
 * counts. The resource is left alone. */
scim_state_t *scim_row_split(const scim_mapping_t *mapping,
                             const scim_json_t *resource, apr_pool_t *pool);

/** Whether two states would write the same. */
int scim_state_is_equal(const scim_mapping_t *mapping, const scim_state_t *a,
                        const scim_state_t *b);

/** Whether one slot is the same in both. */
int scim_state_is_same_value(const scim_mapping_t *mapping,
                             const scim_state_t *a, const scim_state_t *b,
                             int place);

/**
 * Whether every value fits its column.
 *
 * @return NULL, or SCIM_ERR_INVALID_VALUE naming the attribute
 */
scim_err_t *scim_state_check(const scim_mapping_t *mapping,
                             const scim_facts_t *facts,
                             const scim_state_t *state, apr_pool_t *pool);

/**
 * What differs, as the events table keeps it: a JSON object of
 * `"path":{"old":..,"new":..}`, absent sides left out, redacted values
 * replaced by true.
 *
 * @param before NULL: nothing was there
 * @param after  NULL: nothing is left
 */
const char *scim_row_changes(const scim_mapping_t *mapping,
                             const scim_json_t *before,
                             const scim_json_t *after, apr_pool_t *pool);

#endif
