/* span.h - walking JSON text without making a tree of it.
 *
 * For text that PostgreSQL has printed from a jsonb column, which is always
 * well formed: replies copy pieces of it. On other text a walk stops early
 * and never leaves the text.
 */
#ifndef SCIM_BASE_SPAN_H
#define SCIM_BASE_SPAN_H

#include <apr.h>

/* A piece of text; of a string value the quotes are part of it. */
typedef struct scim_span_t {
    const char *text;       /* NULL: nothing */
    apr_size_t len;
} scim_span_t;

/* Where a walk over an object or array stands. */
typedef struct scim_span_walk_t {
    const char *at;
    const char *end;
    char close;             /* '}' or ']'; 0: at the end */
} scim_span_walk_t;

/** Begin to walk the members of an object or the elements of an array; any
 * other value has none. */
void scim_span_walk(scim_span_walk_t *walk, scim_span_t value);

/**
 * The next member or element.
 *
 * @param key   the name without its quotes, as written (names of stored
 *              attributes have no escapes); empty in an array
 * @return whether there was one
 */
int scim_span_next(scim_span_walk_t *walk, scim_span_t *key,
                   scim_span_t *value);

/** Whether the value says nothing: null, "", [], {}. */
int scim_span_is_empty(scim_span_t value);

/** Whether the text is this one, letter for letter. */
int scim_span_is(scim_span_t span, const char *text);

#endif
