#include "query/list.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/fold.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Form decoding; a `%` without two digits stands for itself. NULL when the
 * text holds a NUL. */
static const char *decode(const char *from, apr_size_t len, apr_pool_t *pool)
{
    const char *end = from + len;
    char *out = apr_palloc(pool, len + 1), *at = out;

    while (from < end) {
        if (*from == '%' && end - from > 2 && hex_digit(from[1]) >= 0
            && hex_digit(from[2]) >= 0) {
            *at = (char)(hex_digit(from[1]) << 4 | hex_digit(from[2]));
            from += 3;
            if (!*at++) {
                return NULL;
            }
        }
        else {
            *at++ = *from == '+' ? ' ' : *from;
            from++;
        }
    }
    *at = '\0';
    return out;
}

static scim_err_t *set_filter(scim_list_t *list, const char *value,
                              apr_pool_t *pool)
{
    if (list->filter) {
        return scim_err_make(SCIM_ERR_INVALID_FILTER, pool,
                             "filter is given twice");
    }
    if (!value || !scim_utf8_is_valid(value, strlen(value))) {
        return scim_err_make(SCIM_ERR_INVALID_FILTER, pool,
                             "filter is not valid UTF-8 text");
    }
    if (!value[strspn(value, " \t")]) {
        return scim_err_make(SCIM_ERR_INVALID_FILTER, pool,
                             "filter is empty");
    }
    list->filter = value;
    return NULL;
}

/* Numbers beyond the range count as its end. */
static scim_err_t *set_number(apr_int64_t *pnumber, const char *name,
                              const char *value, apr_pool_t *pool)
{
    char *end;

    if (!value || !*value) {
        return scim_err_make(SCIM_ERR_INVALID_VALUE, pool,
                             "%s must be a whole number", name);
    }
    errno = 0;
    *pnumber = apr_strtoi64(value, &end, 10);
    if (*end || end == value || apr_isspace(*value)) {
        return scim_err_make(SCIM_ERR_INVALID_VALUE, pool,
                             "%s must be a whole number, not \"%s\"", name,
                             scim_err_quote(value, pool));
    }
    return NULL;
}

static const char *unless_empty(const char *value)
{
    return value && *value ? value : NULL;
}

static scim_err_t *set_parameter(scim_list_t *list, apr_int64_t *pcount,
                                 const char *name, const char *value,
                                 apr_pool_t *pool)
{
    if (strcasecmp(name, "filter") == 0) {
        return set_filter(list, value, pool);
    }
    if (strcasecmp(name, "startIndex") == 0) {
        return set_number(&list->start, "startIndex", value, pool);
    }
    if (strcasecmp(name, "count") == 0) {
        return set_number(pcount, "count", value, pool);
    }
    if (strcasecmp(name, "attributes") == 0) {
        list->attributes = unless_empty(value);
    }
    else if (strcasecmp(name, "excludedAttributes") == 0) {
        list->excluded = unless_empty(value);
    }
    return NULL;
}

scim_err_t *scim_list_parse(scim_list_t *list, const char *query, int page,
                            int max, apr_pool_t *pool)
{
    apr_int64_t count = page;
    const char *end;

    memset(list, 0, sizeof(*list));
    list->start = 1;
    for (; query && *query; query = *end ? end + 1 : end) {
        const char *equals, *name, *value = "";

        end = query + strcspn(query, "&");
        equals = memchr(query, '=', end - query);
        name = decode(query, (equals ? equals : end) - query, pool);
        if (equals) {
            value = decode(equals + 1, end - equals - 1, pool);
        }
        if (name) {
            SCIM_TRY(set_parameter(list, &count, name, value, pool));
        }
    }
    list->start = list->start < 1 ? 1 : list->start;
    list->count = count < 0 ? 0 : count > max ? max : (int)count;
    return NULL;
}
