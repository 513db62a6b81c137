/* etag.h - the conditions of a request (RFC 9110 section 13, RFC 7644 section
 * 3.14).
 *
 * Versions are weak entity tags, so they are compared weakly everywhere, also
 * in If-Match, as RFC 7644 has it: with and without `W/`. A tag that went
 * through mod_deflate or mod_brotli bears the coding at its end
 * (`-gzip`, `-br`) and still names the version.
 *
 * A version can have two parts with a dot between them: the resource itself,
 * and what is shown with it of others (store/version.h). What a client has of
 * the answer is known only by both. A change is made of the resource itself:
 * it does not fail because somebody else was renamed, and one who read it
 * without the members can say what was read.
 */
#ifndef SCIM_PROTO_ETAG_H
#define SCIM_PROTO_ETAG_H

#include "base/err.h"

typedef struct scim_conditions_t {
    const char *if_match;       /* the headers' values; NULL: none */
    const char *if_none_match;
} scim_conditions_t;

typedef enum {
    SCIM_ETAG_PROCEED,          /* do what is asked */
    SCIM_ETAG_NOT_MODIFIED,     /* a read of what the client has already */
    SCIM_ETAG_FAILED            /* it is not in the state asked for */
} scim_etag_verdict_t;

/**
 * Whether a list of entity tags has that of @a version; `*` has any.
 *
 * What is no tag names nothing: a malformed If-Match so lets nothing be
 * changed, and a malformed If-None-Match lets a read be answered in full.
 *
 * @param version of what exists; NULL: it exists and has no version
 * @param is_own  1: only the first parts are compared, 0: the whole
 */
int scim_etag_is_named(const char *list, const char *version, int is_own);

/** Judge the conditions, If-Match before If-None-Match. @a is_read: GET;
 * only whether that is answered is judged by the whole version. */
scim_etag_verdict_t scim_etag_judge(const scim_conditions_t *conditions,
                                    const char *version, int is_read);

#endif
