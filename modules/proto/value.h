/* value.h - a client's values brought into the normal form of
 * schema/resource.h, with the leniencies of quirks.h.
 */
#ifndef SCIM_PROTO_VALUE_H
#define SCIM_PROTO_VALUE_H

#include <apr_tables.h>

#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "schema/rtype.h"

/* What a writing request is measured by, and what it left behind. */
typedef struct scim_intake_t {
    const scim_rtype_t *type;
    const unsigned char *stored;    /* by attribute index: kept here at all */
    const scim_limits_t *limits;    /* the usual ones unless the caller sets
                                     * others */
    const scim_json_t *before;      /* the resource as it was: as many values
                                     * as it had may stay; NULL: none */
    apr_array_header_t *ignored;    /* of const char *: what the client sent
                                     * and nothing here keeps */
    unsigned char *named;           /* by attribute index: what it was about,
                                     * for attributes that are returned to
                                     * those who wrote them */
    apr_pool_t *pool;               /* results live here */
} scim_intake_t;

/** Begin an intake; @a stored is borrowed. */
scim_intake_t *scim_intake_make(const scim_rtype_t *type,
                                const unsigned char *stored,
                                apr_pool_t *pool);

/** Note a name that is not kept; it is copied and cut to a sane length. */
void scim_intake_ignore(scim_intake_t *intake, const char *name);

/**
 * Bring a value of @a attr (top-level or sub-attribute) into normal form.
 *
 * A multi-valued attribute becomes an array. Sub-attributes that are unknown
 * or the server's own are left out and noted. What says nothing (null, "",
 * [], {}, an element whose `value` is missing) becomes NULL.
 *
 * @param pvalue set on success; NULL: nothing was said
 * @return NULL, or SCIM_ERR_INVALID_VALUE naming the attribute and the rule
 */
scim_err_t *scim_value_decode(scim_json_t **pvalue, const scim_json_t *in,
                              const scim_attr_t *attr, scim_intake_t *intake);

/**
 * Bring one element of a multi-valued attribute, or the value of a single
 * complex one, into normal form.
 *
 * @param keep_clears 1: members that say nothing stay as JSON null, so that
 *                    the caller can clear them; 0: they are left out
 * @param pvalue      set on success; NULL: nothing was said
 */
scim_err_t *scim_value_decode_element(scim_json_t **pvalue,
                                      const scim_json_t *in,
                                      const scim_attr_t *attr, int keep_clears,
                                      scim_intake_t *intake);

/** Whether the value says nothing of the attribute: null, "", [], and {} for
 * a complex one. */
int scim_value_is_nothing(const scim_json_t *value, const scim_attr_t *attr);

/**
 * Whether an attribute has more values than the limit allows, and than the
 * resource had before.
 *
 * @param values may be NULL, or no array
 * @param spare  how many more there may be for the time being
 * @return NULL, or SCIM_ERR_INVALID_VALUE
 */
scim_err_t *scim_value_check_count(const scim_json_t *values,
                                   const scim_attr_t *attr, int spare,
                                   const scim_intake_t *intake);

/** Whether two values of an attribute in normal form are the same, by its
 * type and case rule; elements in any order. NULL and what says nothing are
 * the same. */
int scim_value_is_same(const scim_json_t *a, const scim_json_t *b,
                       const scim_attr_t *attr);

/** The same for one element of a multi-valued attribute, or a single value. */
int scim_value_is_same_one(const scim_json_t *a, const scim_json_t *b,
                           const scim_attr_t *attr);

/** Whether two elements are the same one: the same type and value (RFC 7643
 * section 2.4), or, where the attribute has no `value`, all the same. */
int scim_value_is_same_element(const scim_json_t *a, const scim_json_t *b,
                               const scim_attr_t *attr);

/** Whether the element must not exist: empty, or without the `value` that
 * its attribute has. */
int scim_value_is_hollow(const scim_json_t *element, const scim_attr_t *attr);

#endif
