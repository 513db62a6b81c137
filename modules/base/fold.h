/* fold.h - text without case, and UTF-8.
 *
 * Caseless attributes (RFC 7643 section 2.2, caseExact) are compared as
 * PostgreSQL's lower() in a UTF-8 locale does: character by character, by
 * the C library's mapping. So a filter answered by an index and a path
 * filter answered in memory agree.
 */
#ifndef SCIM_BASE_FOLD_H
#define SCIM_BASE_FOLD_H

#include <apr_pools.h>

/** @a text in lower case, in @a pool; bytes that are no UTF-8 stay. */
const char *scim_fold(const char *text, apr_pool_t *pool);

/** Whether both are the same without case. It reads as far as they are, however
 * long they are behind that. */
int scim_fold_is_equal(const char *a, const char *b);

/** Whether @a len bytes are valid UTF-8 (RFC 3629): no surrogates, no
 * overlong forms, nothing beyond U+10FFFF. */
int scim_utf8_is_valid(const char *text, apr_size_t len);

/** The character at @a at, and in @a pnext where the next one begins. -1, and
 * the next byte, where there is no valid UTF-8. @a at is before @a end. */
apr_int32_t scim_utf8_next(const char **pnext, const char *at,
                           const char *end);

/** The number of characters in valid UTF-8 text. */
apr_size_t scim_utf8_length(const char *text);

#endif
