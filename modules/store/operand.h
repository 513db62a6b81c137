/* operand.h - where one side of a comparison stands: a column of the row alias
 * `r`, a value in its JSONB column, or what is known of somebody related.
 */
#ifndef SCIM_STORE_OPERAND_H
#define SCIM_STORE_OPERAND_H

#include "store/sql.h"

/* What a condition is written with. */
typedef struct scim_writer_t {
    scim_sql_t *sql;
    const scim_mapping_t *mapping;
    const scim_facts_t *facts;
    apr_pool_t *pool;
} scim_writer_t;

typedef struct scim_operand_t {
    const char *text;       /* SQL giving the value, NULL where absent */
    const char *json;       /* SQL giving it as JSON, in parentheses, or NULL:
                             * a column */
    const char *key;        /* SQL giving it in lower case, or NULL */
    const char *citext;     /* its type when that ignores case, or NULL */
    const scim_attr_t *leaf;
    int is_constant;        /* text is a literal */
} scim_operand_t;

/* Which elements of a multi-valued attribute a condition speaks of: a mapped
 * one, whose values stand in columns, or those in the JSONB column. */
typedef struct scim_element_scope_t {
    const scim_attr_t *attr;
    const scim_element_t *mapped;   /* NULL: alias `e` */
    int is_related;                 /* members or groups: aliases `m`, `o` */
} scim_element_scope_t;

/** A text as SQL. */
const char *scim_writer_literal(const scim_writer_t *w, const char *text);

/** What a comparison is about. */
const scim_attr_t *scim_operand_compared(const scim_filter_t *filter);

/** The operand of a simple attribute, or of a sub-attribute of a single
 * complex one. @return NULL, or what scim_operand_not_kept() says */
scim_err_t *scim_operand_of_attr(const scim_writer_t *w,
                                 scim_operand_t *operand,
                                 const scim_filter_t *filter);

/** The operand of what the element in scope is, or of a sub-attribute. */
scim_err_t *scim_operand_of_element(const scim_writer_t *w,
                                    scim_operand_t *operand,
                                    const scim_element_scope_t *scope,
                                    const scim_filter_t *filter);

/** SCIM_ERR_INVALID_FILTER: nothing can be found by that attribute. */
scim_err_t *scim_operand_not_kept(const scim_writer_t *w,
                                  const scim_filter_t *filter);

/** Whether values of the attribute are compared as texts. */
int scim_operand_is_text(const scim_attr_t *leaf);

/** The SQL type in which values of the attribute are compared. */
const char *scim_operand_type(const scim_attr_t *leaf);

/** A time in a JSON document is text of one form (scim_time_format()), which
 * without its Z is in the order of time. What else stands there is none, and
 * must not make the statement fail, as a cast would. */
int scim_operand_is_json_time(const scim_operand_t *operand);
const char *scim_operand_json_time(const scim_writer_t *w,
                                   const scim_operand_t *operand);

/** The operand as a value of its type; what is not of that type in a document
 * need not give NULL where a text is wanted, see scim_comparison_present(). */
const char *scim_operand_typed(const scim_writer_t *w,
                               const scim_operand_t *operand);

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
const char *scim_operand_value(const char **ptype,
                               const scim_mapping_t *mapping,
                               const scim_facts_t *facts,
                               const scim_attr_t *attr, const scim_attr_t *sub,
                               const scim_element_t *mapped, apr_pool_t *pool);

/** The JSON object in which the extra attributes of this one's schema stand,
 * as SQL. */
const char *scim_operand_extra(const scim_mapping_t *mapping,
                               const scim_attr_t *attr, apr_pool_t *pool);

#endif
