#include "query/cursor.h"

#include <apr_strings.h>

#include <string.h>

#include "base/buf.h"

/* What is sealed: texts, each with its NUL. The last one is there only when
 * there is a value. */
enum {
    FIELD_MADE,             /* seconds since 1970 */
    FIELD_TOTAL,
    FIELD_TENANT,
    FIELD_TYPE,
    FIELD_KEY,
    FIELD_VALUE,
    FIELD_COUNT
};

const char *scim_cursor_seal(const scim_cursor_t *cursor,
                             const scim_cursor_keys_t *keys,
                             const char *bound, apr_pool_t *pool)
{
    const char *fields[FIELD_COUNT];
    scim_buf_t plain;
    int i;

    if (!keys->count) {
        return NULL;
    }
    fields[FIELD_MADE] = apr_psprintf(pool, "%" APR_TIME_T_FMT,
                                      apr_time_sec(cursor->made));
    fields[FIELD_TOTAL] = apr_psprintf(pool, "%" APR_INT64_T_FMT,
                                       cursor->total);
    fields[FIELD_TENANT] = cursor->tenant;
    fields[FIELD_TYPE] = cursor->type;
    fields[FIELD_KEY] = cursor->key;
    fields[FIELD_VALUE] = cursor->value;
    scim_buf_init(&plain, 128, pool);
    for (i = 0; i < FIELD_COUNT && fields[i]; i++) {
        scim_buf_add(&plain, fields[i], strlen(fields[i]) + 1);
    }
    return scim_seal(keys->keys[0], plain.data, plain.len, bound, pool);
}

/* Whether the text is a cursor, sealed with this key. */
static int open_with(scim_cursor_t *cursor, const char *text,
                     const unsigned char *key, const char *bound,
                     apr_pool_t *pool)
{
    const char *fields[FIELD_COUNT] = { NULL };
    const char *at, *end;
    apr_int64_t made;
    apr_size_t len;
    int i;

    if (!scim_seal_open(&at, &len, key, text, bound, pool)) {
        return 0;
    }
    end = at + len;
    for (i = 0; i < FIELD_COUNT && at < end; i++) {
        fields[i] = at;
        at += strlen(at) + 1;
    }
    if (at != end || !fields[FIELD_KEY]) {
        return 0;
    }
    made = apr_atoi64(fields[FIELD_MADE]);
    if (made < 0 || made > apr_time_sec(APR_INT64_MAX)) {
        return 0;
    }
    cursor->made = apr_time_from_sec(made);
    cursor->total = apr_atoi64(fields[FIELD_TOTAL]);
    cursor->tenant = fields[FIELD_TENANT];
    cursor->type = fields[FIELD_TYPE];
    cursor->key = fields[FIELD_KEY];
    cursor->value = fields[FIELD_VALUE];
    return 1;
}

scim_err_t *scim_cursor_open(scim_cursor_t *cursor, const char *text,
                             const scim_cursor_keys_t *keys,
                             const char *bound, apr_pool_t *pool)
{
    scim_cursor_t found;
    int i = strlen(text) > SCIM_CURSOR_LEN_MAX ? keys->count : 0;

    while (i < keys->count
           && !open_with(&found, text, keys->keys[i], bound, pool)) {
        i++;
    }
    if (i == keys->count) {
        return scim_cursor_invalid(pool);
    }
    if (apr_time_now() - found.made > apr_time_from_sec(SCIM_CURSOR_TIMEOUT)) {
        return scim_err_make(SCIM_ERR_EXPIRED_CURSOR, pool,
                             "cursor is older than %d seconds; begin anew "
                             "with an empty one", SCIM_CURSOR_TIMEOUT);
    }
    *cursor = found;
    return NULL;
}

scim_err_t *scim_cursor_invalid(apr_pool_t *pool)
{
    return scim_err_make(SCIM_ERR_INVALID_CURSOR, pool,
                         "cursor is not a nextCursor of this list; begin anew "
                         "with an empty one, and leave filter, sortBy and "
                         "sortOrder as they are from page to page");
}
