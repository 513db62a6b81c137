/* order.h - the order of a list: `sortBy` and `sortOrder` (RFC 7644 section
 * 3.4.2.3) as SQL on the row alias `r`.
 *
 * Text is ordered by code point, in lower case unless the attribute is
 * caseExact, as filters compare it; booleans, numbers and times by their own
 * order. A multi-valued attribute is ordered by its primary value, else by
 * its first. Who has no value comes last, descending first. The key decides
 * between equals, so the order is total.
 */
#ifndef SCIM_STORE_ORDER_H
#define SCIM_STORE_ORDER_H

#include "store/mapping.h"

/* Of a longer text that has no index of its own only so many characters
 * count, so that what a cursor has to carry stays short. */
#define SCIM_ORDER_TEXT_MAX 512

typedef struct scim_order_t {
    const char *value;      /* SQL; NULL: by key alone */
    const char *type;       /* its SQL type */
    int can_be_null;        /* some may have no value */
    int descending;
} scim_order_t;

/* Where a resource stands in an order. */
typedef struct scim_place_t {
    const char *value;      /* what it is sorted by, as PostgreSQL prints it;
                             * NULL: it has none, or the order is by key */
    const char *key;
} scim_place_t;

/**
 * The order that a request asks for.
 *
 * Of an attribute that the type does not have, that is not kept here, or
 * that is never returned, nobody has a value: then the key decides alone.
 *
 * @param sort_by an attribute, as in filters; NULL: none
 */
void scim_order_make(scim_order_t *order, const scim_mapping_t *mapping,
                     const scim_facts_t *facts, const char *sort_by,
                     int descending, apr_pool_t *pool);

#endif
