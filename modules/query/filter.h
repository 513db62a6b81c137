/* filter.h - SCIM filters (RFC 7644 section 3.4.2.2): text to syntax tree,
 * and the tree applied to a resource in memory.
 *
 * The grammar is the RFC's with five deliberate additions that providers
 * need: `A[F].s op V`; an attribute that is multi-valued and complex means
 * its `value` sub-attribute; values without quotes (bare words, dateTimes);
 * "true"/"false" as strings for booleans; and a string whose inner quotes or
 * backslashes were not escaped (only after strict parsing has failed; see
 * scim_filter_parse). Attribute names, operators and and/or/not are caseless.
 *
 * Trees are never written after parsing.
 */
#ifndef SCIM_QUERY_FILTER_H
#define SCIM_QUERY_FILTER_H

#include <apr_pools.h>

#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "schema/rtype.h"

#define SCIM_FILTER_EXPONENT_MAX 999    /* of a number; PostgreSQL's end
                                         * somewhere, too */

typedef enum {
    SCIM_FILTER_AND,        /* left, right */
    SCIM_FILTER_OR,         /* left, right */
    SCIM_FILTER_NOT,        /* left */
    SCIM_FILTER_COMPARE,    /* attr, sub, op, value */
    SCIM_FILTER_CONSTANT,   /* holds */
    SCIM_FILTER_ELEMENT     /* attr, complex or multi-valued; left holds for
                             * one and the same element; COMPARE nodes inside
                             * have attr = this attr and sub = the
                             * sub-attribute compared, NULL where the elements
                             * are simple and compared themselves */
} scim_filter_kind_t;

typedef enum {
    SCIM_OP_EQ, SCIM_OP_NE, SCIM_OP_CO, SCIM_OP_SW, SCIM_OP_EW,
    SCIM_OP_GT, SCIM_OP_GE, SCIM_OP_LT, SCIM_OP_LE, SCIM_OP_PR
} scim_filter_op_t;

typedef struct scim_filter_t scim_filter_t;
struct scim_filter_t {
    scim_filter_kind_t kind;
    const scim_filter_t *left;
    const scim_filter_t *right;
    const scim_attr_t *attr;    /* top-level attribute */
    const scim_attr_t *sub;     /* sub-attribute; NULL: attr itself is simple,
                                 * or PR of a complex attribute */
    scim_filter_op_t op;
    const scim_json_t *value;   /* STRING, NUMBER, BOOL or NULL, already of
                                 * the attribute's type: BOOL for booleans,
                                 * NUMBER for integer and decimal; NULL only
                                 * with EQ and NE, where it means "not
                                 * present" and "present"; no value with PR */
    apr_time_t time;            /* the value of a dateTime attribute */
    int holds;                  /* for every resource, or for none */
    apr_size_t at;              /* where the node stands in the text, bytes */
};

/**
 * Parse a filter against a resource type.
 *
 * A comparison of strings, references, binaries: any operator for strings
 * and references, eq ne pr for binary. Numbers and dateTimes: eq ne gt ge lt
 * le pr (co, sw, ew are refused). Booleans: eq ne pr. A complex attribute
 * without `value` sub-attribute: pr only. An attribute that the type does not
 * have is refused (a filter that cannot be evaluated is never ignored), and
 * so is one that is never returned (`password`), without a word on why. Which
 * attributes are stored is not judged here but where the tree is used. That
 * `schemas`, `meta.version` and `meta.location` are present is a constant:
 * every answer has them.
 *
 * Where strict parsing fails, the text is read again taking each quoted value
 * literally up to the first `"` behind which the input ends, or `)`, `]`, or
 * a blank with `and` or `or` and a blank follows; not across a quote that
 * begins the value of another comparison. If that fails too, the first
 * reading's error stands.
 *
 * Chains of and/or lean to the left, one node per term. The limits are the
 * usual ones.
 *
 * @param pfilter set on success; lives in @a pool
 * @param text    the decoded filter
 * @return NULL, or SCIM_ERR_INVALID_FILTER whose detail says what is wrong
 *         and at which character (1-based) it stands
 */
scim_err_t *scim_filter_parse(const scim_filter_t **pfilter, const char *text,
                              const scim_rtype_t *type, apr_pool_t *pool);

/* A resource type, and what of it is kept. */
typedef struct scim_scope_t {
    const scim_rtype_t *type;       /* NULL: the end of a list */
    const unsigned char *kept;      /* by attribute index; NULL: all of it */
} scim_scope_t;

/**
 * The same where resources of several types are looked for: what another one
 * of them keeps, and this one does not have or does not keep, has no value in
 * any resource of this type (RFC 7644 section 3.4.2.1). What none of them has
 * is refused; what some have and none keeps stays in the tree of those.
 *
 * @param all    the types, @a own among them
 * @param limits those of length, comparisons and nesting
 */
scim_err_t *scim_filter_parse_among(const scim_filter_t **pfilter,
                                    const char *text,
                                    const scim_scope_t *own,
                                    const scim_scope_t *all,
                                    const scim_limits_t *limits,
                                    apr_pool_t *pool);

/**
 * Parse what stands between the brackets of a value path: names mean
 * sub-attributes of @a attr; where its values are simple, `value` is each of
 * them. Same rules, but errors are of kind @a on_error
 * (paths answer invalidPath) and an unknown sub-attribute is no error: then
 * *pfilter is set to NULL, as such an element is not stored here.
 *
 * @param text need not be NUL-terminated at @a len
 * @param attr NULL: one that this type does not have; then the form alone is
 *             judged, and *pfilter is set to NULL
 */
scim_err_t *scim_filter_parse_element(const scim_filter_t **pfilter,
                                      const char *text, apr_size_t len,
                                      const scim_attr_t *attr,
                                      scim_err_kind_t on_error,
                                      const scim_limits_t *limits,
                                      apr_pool_t *pool);

/**
 * Whether a resource passes the filter. The reference for the SQL
 * translation: both must pick the same resources.
 *
 * `ne` is true for a resource that lacks the attribute (and `not (x eq ..)`
 * likewise): logic has two values. gt, ge, lt, le, co, sw, ew are false
 * where the attribute is absent. A multi-valued attribute passes when one of
 * its values does; for `ne` outside brackets likewise, or when it has none.
 * Empty values are no values, nor are sub-attributes that an element lacks.
 * But a `primary` that is missing is false (RFC 7643 section 2.4): the tree
 * asks of an element only whether it is true.
 *
 * @param resource normalised (schema/resource.h)
 */
int scim_filter_matches(const scim_filter_t *filter,
                        const scim_rtype_t *type,
                        const scim_json_t *resource, apr_pool_t *scratch_pool);

/** Whether one element of a multi-valued attribute (or the value of a single
 * complex one) passes the filter between brackets. */
int scim_filter_matches_element(const scim_filter_t *filter,
                                const scim_json_t *element,
                                apr_pool_t *scratch_pool);

#endif
