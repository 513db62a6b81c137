/* list.h - the query string of a request (RFC 7644 section 3.4.2).
 *
 * Decoded as a form: `+` and `%20` are blanks. Parameter names are caseless;
 * unknown parameters, with or without a value, are ignored, Entra's
 * `aadOptscim062020` among them.
 */
#ifndef SCIM_QUERY_LIST_H
#define SCIM_QUERY_LIST_H

#include "base/err.h"

typedef struct scim_list_t {
    const char *filter;         /* decoded; NULL: none */
    const char *attributes;     /* NULL: none, or empty */
    const char *excluded;       /* excludedAttributes; likewise */
    apr_int64_t start;          /* startIndex as requested, at least 1 */
    int count;                  /* resources wanted, 0 to @a max */
} scim_list_t;

/**
 * Read a query string.
 *
 * @param query raw, without the question mark; NULL: none
 * @param page  count when none is asked for
 * @param max   the largest count
 * @return NULL; SCIM_ERR_INVALID_VALUE for a startIndex or count that is no
 *         number; SCIM_ERR_INVALID_FILTER for a filter that is given twice,
 *         is empty, or is not UTF-8
 */
scim_err_t *scim_list_parse(scim_list_t *list, const char *query, int page,
                            int max, apr_pool_t *pool);

#endif
