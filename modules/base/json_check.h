/* json_check.h - what json-c lets pass and RFC 8259 or SCIM does not.
 *
 * One walk over the tokens of a document, before json-c sees it: strings,
 * numbers and words are checked one by one, nesting is counted, and the names
 * of each object are compared. Whether the tokens stand in the right order is
 * left to json-c.
 */
#ifndef SCIM_BASE_JSON_CHECK_H
#define SCIM_BASE_JSON_CHECK_H

#include <apr_tables.h>

#include "base/err.h"

/**
 * Refuse what json-c would not.
 *
 * Takes time in proportion to @a len (names: n log n), whatever the nesting.
 *
 * @param numbers    of scim_span_t; gets the numbers as they stand in the
 *                   text, in order: json-c keeps none beyond 64 bits
 * @param text       without byte order mark
 * @param values_max how many values and names there may be; 0: it is a
 *                   document that PostgreSQL keeps, which may have any number,
 *                   nested as it likes, and names that differ in case alone
 * @param depth_max  how many arrays and objects may stand within each other
 * @return NULL, or SCIM_ERR_INVALID_SYNTAX with a detail that names the byte
 *         (1-based), or SCIM_ERR_TOO_LARGE
 */
scim_err_t *scim_json_check(apr_array_header_t *numbers, const char *text,
                            apr_size_t len, int values_max,
                            int depth_max, apr_pool_t *pool);

#endif
