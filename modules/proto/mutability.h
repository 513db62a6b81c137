/* mutability.h - what a request may make of a resource (RFC 7643 section 7,
 * RFC 7644 sections 3.5.1 and 3.5.2), for any definition of attributes.
 *
 * Judged by what a resource was and what it became, not operation by
 * operation: what ends as it was is no change, however it came about.
 */
#ifndef SCIM_PROTO_MUTABILITY_H
#define SCIM_PROTO_MUTABILITY_H

#include "proto/value.h"

/**
 * Whether no readOnly attribute differs, and no immutable one that had a
 * value. Sub-attributes of multi-valued attributes are judged where both
 * resources have the element: the same type and value.
 *
 * @return NULL, or SCIM_ERR_MUTABILITY naming the attribute
 */
scim_err_t *scim_mutability_check(const scim_json_t *before,
                                  const scim_json_t *after,
                                  const scim_intake_t *intake);

/** The same for one element of a multi-valued attribute. @a before NULL: it
 * is new. */
scim_err_t *scim_mutability_check_element(const scim_json_t *before,
                                          const scim_json_t *after,
                                          const scim_attr_t *attr,
                                          const scim_intake_t *intake);

/** Give a new form of an element, or of a single complex value, the
 * sub-attributes that a client cannot send or need not repeat. */
void scim_mutability_keep_element(const scim_json_t *before,
                                  scim_json_t *after, const scim_attr_t *attr,
                                  const scim_intake_t *intake);

/**
 * Give @a after what a client that replaces a resource or an element cannot
 * send or need not repeat: values that are readOnly, immutable, never returned
 * or returned on request. What it did send stays. Of an optional extension
 * that a PUT leaves out although it was shown with what it requires, only what
 * is readOnly or immutable is kept.
 *
 * @param is_whole 1: the resource is replaced (PUT); 0: attributes of it, so
 *                 only elements are looked at
 */
void scim_mutability_keep(const scim_json_t *before, scim_json_t *after,
                          int is_whole, const scim_intake_t *intake);

#endif
