#include "query/list.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
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

typedef enum {
    PARAM_FILTER,
    PARAM_START,
    PARAM_COUNT,
    PARAM_CURSOR,
    PARAM_SORT_BY,
    PARAM_SORT_ORDER,
    PARAM_ATTRIBUTES,
    PARAM_EXCLUDED,
    PARAM_UNKNOWN
} param_t;

static param_t find_param(const char *name)
{
    static const char *const names[PARAM_UNKNOWN] = {
        "filter", "startIndex", "count", "cursor", "sortBy", "sortOrder",
        "attributes", "excludedAttributes"
    };
    int i = 0;

    while (i < PARAM_UNKNOWN && strcasecmp(names[i], name) != 0) {
        i++;
    }
    return i;
}

/* A list while it is read: numbers are judged when all is known. */
typedef struct reader_t {
    scim_list_t *list;
    const char *start;          /* NULL: not given */
    const char *count;
    apr_pool_t *pool;
} reader_t;

static scim_err_t *set_filter(const reader_t *reader, const char *value)
{
    if (reader->list->filter) {
        return scim_err_make(SCIM_ERR_INVALID_FILTER, reader->pool,
                             "filter is given twice");
    }
    if (!value || !scim_utf8_is_valid(value, strlen(value))) {
        return scim_err_make(SCIM_ERR_INVALID_FILTER, reader->pool,
                             "filter is not valid UTF-8 text");
    }
    if (!value[strspn(value, " \t")]) {
        return scim_err_make(SCIM_ERR_INVALID_FILTER, reader->pool,
                             "filter is empty");
    }
    reader->list->filter = value;
    return NULL;
}

static scim_err_t *set_cursor(const reader_t *reader, const char *value)
{
    if (!value) {
        return scim_err_make(SCIM_ERR_INVALID_CURSOR, reader->pool,
                             "cursor is no text");
    }
    reader->list->cursor = value;
    return NULL;
}

static scim_err_t *set_order(const reader_t *reader, const char *value)
{
    if (value && *value && strcasecmp(value, "ascending") != 0
        && strcasecmp(value, "descending") != 0) {
        return scim_err_make(SCIM_ERR_INVALID_VALUE, reader->pool,
                             "sortOrder must be ascending or descending, not "
                             "\"%s\"", scim_err_quote(value, reader->pool));
    }
    reader->list->descending = value && strcasecmp(value, "descending") == 0;
    return NULL;
}

static const char *unless_empty(const char *value)
{
    return value && *value ? value : NULL;
}

/* Value NULL: it is no text. */
static scim_err_t *set_param(reader_t *reader, param_t param,
                             const char *value)
{
    scim_list_t *list = reader->list;

    switch (param) {
    case PARAM_FILTER:
        return set_filter(reader, value);
    case PARAM_CURSOR:
        return set_cursor(reader, value);
    case PARAM_SORT_ORDER:
        return set_order(reader, value);
    case PARAM_START:
        reader->start = value ? value : "";
        break;
    case PARAM_COUNT:
        reader->count = value ? value : "";
        break;
    case PARAM_SORT_BY:
        list->sort_by = unless_empty(value);
        break;
    case PARAM_ATTRIBUTES:
        list->attributes = unless_empty(value);
        break;
    case PARAM_EXCLUDED:
        list->excluded = unless_empty(value);
        break;
    default:
        break;
    }
    return NULL;
}

/* Numbers beyond the range count as its end. */
static scim_err_t *read_number(apr_int64_t *pnumber, const char *name,
                               const char *value, scim_err_kind_t kind,
                               apr_pool_t *pool)
{
    char *end;

    if (!*value) {
        return scim_err_make(kind, pool, "%s must be a whole number", name);
    }
    errno = 0;
    *pnumber = apr_strtoi64(value, &end, 10);
    if (*end || end == value || apr_isspace(*value)) {
        return scim_err_make(kind, pool,
                             "%s must be a whole number, not \"%s\"", name,
                             scim_err_quote(value, pool));
    }
    return NULL;
}

static void begin(reader_t *reader, scim_list_t *list, apr_pool_t *pool)
{
    memset(reader, 0, sizeof(*reader));
    memset(list, 0, sizeof(*list));
    reader->list = list;
    reader->pool = pool;
}

static scim_err_t *finish(const reader_t *reader, int page, int max)
{
    scim_list_t *list = reader->list;
    apr_int64_t count = page;

    list->start = 1;
    if (reader->start && list->cursor) {
        return scim_err_make(SCIM_ERR_INVALID_VALUE, reader->pool,
                             "startIndex and cursor cannot be given "
                             "together");
    }
    if (reader->start) {
        SCIM_TRY(read_number(&list->start, "startIndex", reader->start,
                             SCIM_ERR_INVALID_VALUE, reader->pool));
        /* the answer says it as it was asked for, or it is none */
        if (list->start == APR_INT64_MAX) {
            return scim_err_make(SCIM_ERR_INVALID_VALUE, reader->pool,
                                 "startIndex is too large");
        }
    }
    if (reader->count) {
        SCIM_TRY(read_number(&count, "count", reader->count,
                             list->cursor ? SCIM_ERR_INVALID_COUNT
                                          : SCIM_ERR_INVALID_VALUE,
                             reader->pool));
    }
    list->start = list->start < 1 ? 1 : list->start;
    list->count = count < 0 ? 0 : count > max ? max : (int)count;
    return NULL;
}

scim_err_t *scim_list_parse(scim_list_t *list, const char *query, int page,
                            int max, apr_pool_t *pool)
{
    reader_t reader;
    const char *end;

    begin(&reader, list, pool);
    for (; query && *query; query = *end ? end + 1 : end) {
        const char *equals, *name, *value = "";
        param_t param;

        end = query + strcspn(query, "&");
        equals = memchr(query, '=', end - query);
        name = decode(query, (equals ? equals : end) - query, pool);
        param = name ? find_param(name) : PARAM_UNKNOWN;
        if (equals) {
            value = decode(equals + 1, end - equals - 1, pool);
        }
        SCIM_TRY(set_param(&reader, param, value));
    }
    return finish(&reader, page, max);
}

/* The names in an array, separated by commas; NULL when one is no text. */
static const char *join(const scim_json_t *array, apr_pool_t *pool)
{
    const scim_json_t *name;
    scim_buf_t joined;

    scim_buf_init(&joined, 128, pool);
    for (name = array->first; name; name = name->next) {
        if (name->type != SCIM_JSON_STRING) {
            return NULL;
        }
        scim_buf_puts(&joined, name->text);
        scim_buf_putc(&joined, ',');
    }
    return joined.data;
}

/* A member's value as it would stand in a query string; NULL: it cannot. */
static const char *text_of(const scim_json_t *member, param_t param,
                           apr_pool_t *pool)
{
    if (member->type == SCIM_JSON_STRING) {
        return member->text;
    }
    switch (param) {
    case PARAM_START:
    case PARAM_COUNT:
        return member->type == SCIM_JSON_NUMBER ? member->text : "";
    case PARAM_ATTRIBUTES:
    case PARAM_EXCLUDED:
        return member->type == SCIM_JSON_ARRAY ? join(member, pool) : NULL;
    default:
        return NULL;
    }
}

static scim_err_t *wrong_type(const scim_json_t *member, param_t param,
                              apr_pool_t *pool)
{
    if (param == PARAM_ATTRIBUTES || param == PARAM_EXCLUDED) {
        return scim_err_make(SCIM_ERR_INVALID_VALUE, pool,
                             "%s must be an array of attribute names",
                             member->name);
    }
    return scim_err_make(param == PARAM_FILTER ? SCIM_ERR_INVALID_FILTER
                         : param == PARAM_CURSOR ? SCIM_ERR_INVALID_CURSOR
                         : SCIM_ERR_INVALID_VALUE, pool,
                         "%s must be a text", member->name);
}

scim_err_t *scim_list_decode(scim_list_t *list, const scim_json_t *body,
                             int page, int max, apr_pool_t *pool)
{
    const scim_json_t *member;
    reader_t reader;

    begin(&reader, list, pool);
    for (member = body->first; member; member = member->next) {
        param_t param = find_param(member->name);
        const char *value;

        if (param == PARAM_UNKNOWN || member->type == SCIM_JSON_NULL) {
            continue;
        }
        value = text_of(member, param, pool);
        if (!value) {
            return wrong_type(member, param, pool);
        }
        SCIM_TRY(set_param(&reader, param, value));
    }
    return finish(&reader, page, max);
}
