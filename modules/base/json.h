/* json.h - JSON documents (RFC 8259).
 *
 * A document is a tree of plain structs in one pool: nothing is counted,
 * freed or shared, and a tree may be changed in place by whoever made it.
 * Children hang in a list in the order of the text. Object members bear
 * their name; names are compared without case (ASCII), as SCIM attribute
 * names are (RFC 7643 section 2.1).
 *
 * The parser is json-c; what json-c lets pass and RFC 8259 or SCIM does not
 * is refused before it is asked. No function here is bound to a thread.
 */
#ifndef SCIM_BASE_JSON_H
#define SCIM_BASE_JSON_H

#include <apr_pools.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

typedef enum {
    SCIM_JSON_NULL,
    SCIM_JSON_BOOL,
    SCIM_JSON_NUMBER,
    SCIM_JSON_STRING,
    SCIM_JSON_ARRAY,
    SCIM_JSON_OBJECT
} scim_json_type_t;

typedef struct scim_json_t scim_json_t;
struct scim_json_t {
    scim_json_type_t type;
    int boolean;            /* BOOL */
    const char *text;       /* STRING: the value; NUMBER: as written (but
                             * -0 is 0); NUL-terminated */
    apr_size_t len;         /* bytes of text */
    const char *name;       /* as member of an object, else NULL */
    scim_json_t *first;     /* ARRAY, OBJECT: children; NULL: none */
    scim_json_t *last;
    scim_json_t *next;      /* the next sibling */
};

/**
 * Parse one JSON document.
 *
 * Refused besides bad syntax: a name given twice in one object (case
 * ignored), NUL in a string, invalid UTF-8, a lone surrogate, nesting beyond
 * SCIM_BODY_DEPTH_MAX, anything behind the document, and more than
 * SCIM_BODY_VALUES_MAX values (SCIM_ERR_TOO_LARGE). Numbers may have any
 * size. A byte order mark in front is skipped.
 *
 * @param pvalue set on success; lives in @a pool, as all its texts do
 * @return NULL, or SCIM_ERR_INVALID_SYNTAX with a detail that says what is
 *         wrong and, where it can, at which byte
 */
scim_err_t *scim_json_parse(scim_json_t **pvalue, const char *text,
                            apr_size_t len, apr_pool_t *pool);

/** The same with other limits in place of SCIM_BODY_VALUES_MAX and
 * SCIM_BODY_DEPTH_MAX. A value takes up to 300 bytes while it is parsed, most
 * of them until the pool ends. */
scim_err_t *scim_json_parse_large(scim_json_t **pvalue, const char *text,
                                  apr_size_t len, int values_max,
                                  int depth_max, apr_pool_t *pool);

/**
 * Parse a document that PostgreSQL keeps. It may be the application's, so it
 * may be of any size, and an object may have names that differ in case alone.
 *
 * @return NULL when it is nested beyond measure
 */
scim_json_t *scim_json_parse_stored(const char *text, apr_pool_t *pool);

/** Append the text of @a value, without blanks. */
void scim_json_format(scim_buf_t *buf, const scim_json_t *value);

/** The text of @a value in @a pool. */
const char *scim_json_text(const scim_json_t *value, apr_pool_t *pool);

/** A value of that type: null, false, and nothing in it. The caller sets the
 * text of a NUMBER. */
scim_json_t *scim_json_make(scim_json_type_t type, apr_pool_t *pool);
scim_json_t *scim_json_make_bool(int boolean, apr_pool_t *pool);

/** A string; @a text is borrowed. */
scim_json_t *scim_json_make_string(const char *text, apr_pool_t *pool);

/** A deep copy; the texts are borrowed from the original. */
scim_json_t *scim_json_copy(const scim_json_t *value, apr_pool_t *pool);

/** The member of an object, or NULL; @a name in any case, the first where
 * several differ in that alone. Whatever is not an object has no members. */
scim_json_t *scim_json_find(const scim_json_t *object, const char *name);

/** Append an element to an array, or a member that bears its name to an
 * object. @a child must not hang anywhere. */
void scim_json_append(scim_json_t *parent, scim_json_t *child);

/** Set a member: replaces the one of that name in its place, or appends.
 * @a name is borrowed, @a value must not hang anywhere. */
void scim_json_set(scim_json_t *object, const char *name, scim_json_t *value);

/** Take @a child out of its parent; harmless when it is not there. */
void scim_json_unlink(scim_json_t *parent, scim_json_t *child);

/** Take the member out of the object; harmless when it is not there. */
void scim_json_remove(scim_json_t *object, const char *name);

/** Whether @a value is a whole number, written as one, of at most 64 bits. */
int scim_json_is_integer(const scim_json_t *value);

/** Compare two numbers by value, exactly: less than, equal to or greater
 * than 0. */
int scim_json_compare_numbers(const scim_json_t *a, const scim_json_t *b);

/** Whether both say the same: members in any order, elements in order,
 * names without case, strings exactly, numbers by value. Meant for objects of
 * few members, such as those of a resource. */
int scim_json_is_equal(const scim_json_t *a, const scim_json_t *b);

/** Whether the value says nothing: NULL, null, "", [], {} (RFC 7643
 * section 2.5 and the habit of providers to clear by ""). */
int scim_json_is_empty(const scim_json_t *value);

/** Whether @a value is a string equal to @a text, ASCII case ignored. */
int scim_json_is_text(const scim_json_t *value, const char *text);

/** The number of children. */
int scim_json_count(const scim_json_t *value);

#endif
