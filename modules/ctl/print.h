/* print.h - what scimctl writes. Names and values come from customers'
 * directories and from other servers, and a terminal obeys some of what may
 * stand in them; a newline would even begin a line that looks like ours. So
 * whatever is printed goes through here, and no other file of this room writes
 * to a stream but main.c, whose texts are its own.
 *
 * Control characters, those that turn or separate lines among Unicode's, and
 * bytes that are no UTF-8 appear as \u001b or \x9b.
 */
#ifndef SCIM_CTL_PRINT_H
#define SCIM_CTL_PRINT_H

#include <apr_pools.h>

#include <stdio.h>

/** Text as one line shows it; what was shown already stays the same. */
const char *scim_print_shown(const char *text, apr_pool_t *pool);

/** Write one line; its newline is added, and there is no other. */
void scim_print_line(FILE *out, apr_pool_t *pool, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** Write lines as they are: newlines and tabs of @a text stay. Not for what
 * could forge a line. */
void scim_print_lines(FILE *out, const char *text, apr_pool_t *pool);

/** Write a JSON document and a newline to standard output. Bytes that are no
 * UTF-8, which JSON cannot have, become U+FFFD. */
void scim_print_json(const char *json, apr_pool_t *pool);

#endif
