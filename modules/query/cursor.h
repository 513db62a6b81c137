/* cursor.h - where a page of a list ends, as a text for the client (RFC
 * 9865).
 *
 * Nothing of a walk through a list is kept here: the cursor says it all. It
 * is sealed, so the client can neither read nor make one; it is bound to the
 * filter and the order of its list, and names the tenant whose list it is.
 */
#ifndef SCIM_QUERY_CURSOR_H
#define SCIM_QUERY_CURSOR_H

#include <apr_time.h>

#include "base/err.h"
#include "base/seal.h"

/* Seconds that a cursor can be used. scim.rotate_key() in conf/sql/scim.sql
 * lets a key go on for as long. */
#define SCIM_CURSOR_TIMEOUT 3600

/* What is longer is none of ours. */
#define SCIM_CURSOR_LEN_MAX 65536

typedef struct scim_cursor_t {
    const char *tenant;
    const char *type;       /* resource type of the last resource */
    const char *key;        /* its id */
    const char *value;      /* what it was sorted by; NULL: it has none, or
                             * the list is ordered by id alone */
    apr_int64_t total;      /* resources in the whole list */
    apr_time_t made;
} scim_cursor_t;

/* The keys that cursors are sealed with, the newest first. */
#define SCIM_CURSOR_KEYS_MAX 8

typedef struct scim_cursor_keys_t {
    int count;
    unsigned char keys[SCIM_CURSOR_KEYS_MAX][SCIM_SEAL_KEY_LEN];
} scim_cursor_keys_t;

/** Seal a cursor with the newest key. @a bound: the list's filter and order,
 * as text. NULL: there is no key, or there are no random numbers. */
const char *scim_cursor_seal(const scim_cursor_t *cursor,
                             const scim_cursor_keys_t *keys,
                             const char *bound, apr_pool_t *pool);

/**
 * Open a cursor that was sealed with one of the keys.
 *
 * @param cursor set on success; its texts live in @a pool
 * @return NULL; SCIM_ERR_INVALID_CURSOR when it is nothing that was sealed
 *         for the same @a bound; SCIM_ERR_EXPIRED_CURSOR when it is too old
 */
scim_err_t *scim_cursor_open(scim_cursor_t *cursor, const char *text,
                             const scim_cursor_keys_t *keys,
                             const char *bound, apr_pool_t *pool);

/** The error for a cursor that cannot be used: the same for one that nobody
 * has made and one of another tenant, so that it tells nothing. */
scim_err_t *scim_cursor_invalid(apr_pool_t *pool);

#endif
