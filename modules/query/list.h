/* list.h - what a request asks of a list: the query string (RFC 7644 section
 * 3.4.2) or the body of a search (section 3.4.3), and the cursors of RFC
 * 9865. The same parameters either way.
 *
 * A query string is decoded as a form: `+` and `%20` are blanks. Parameter
 * names are caseless; unknown parameters, with or without a value, are
 * ignored, Entra's `aadOptscim062020` among them.
 */
#ifndef SCIM_QUERY_LIST_H
#define SCIM_QUERY_LIST_H

#include "base/err.h"
#include "base/json.h"

typedef struct scim_list_t {
    const char *filter;         /* decoded; NULL: none */
    const char *attributes;     /* NULL: none, or empty */
    const char *excluded;       /* excludedAttributes; likewise */
    const char *sort_by;        /* NULL: none, or empty */
    int descending;             /* sortOrder */
    const char *cursor;         /* NULL: pages are counted by startIndex; "":
                                 * the first page */
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
 *         number, for a sortOrder that is none, and for startIndex beside a
 *         cursor; SCIM_ERR_INVALID_COUNT for a count that is no number
 *         beside a cursor; SCIM_ERR_INVALID_FILTER for a filter that is given
 *         twice, is empty, or is not UTF-8; SCIM_ERR_INVALID_CURSOR for one
 *         that is no text
 */
scim_err_t *scim_list_parse(scim_list_t *list, const char *query, int page,
                            int max, apr_pool_t *pool);

/**
 * Read the body of a search. `schemas` may say what it will; null is absent;
 * attributes and excludedAttributes are arrays of names, or one text as in a
 * query string; a number may stand in quotes.
 *
 * @param body an object; its texts are borrowed
 * @return as for a query string; SCIM_ERR_INVALID_VALUE also for a value of
 *         another type
 */
scim_err_t *scim_list_decode(scim_list_t *list, const scim_json_t *body,
                             int page, int max, apr_pool_t *pool);

#endif
