#include "base/span.h"

#include <string.h>

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n'
                        || *at == '\r')) {
        at++;
    }
    return at;
}

/* Behind the string that begins at `at`; `end` when it never closes. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\') {
            at++;
        }
    }
    return at < end ? at + 1 : end;
}

/* Behind the value that begins at `at`. */
static const char *skip_value(const char *at, const char *end)
{
    int depth = 0;

    while (at < end) {
        switch (*at) {
        case '"':
            at = skip_string(at, end);
            break;
        case '{':
        case '[':
            depth++;
            at++;
            break;
        case '}':
        case ']':
            if (depth == 0) {
                return at;
            }
            depth--;
            at++;
            break;
        case ',':
            if (depth == 0) {
                return at;
            }
            at++;
            break;
        default:
            at++;
            continue;
        }
        if (depth == 0) {
            return at;
        }
    }
    return end;
}

void scim_span_walk(scim_span_walk_t *walk, scim_span_t value)
{
    walk->close = 0;
    if (!value.text) {
        return;
    }
    walk->end = value.text + value.len;
    walk->at = skip_blanks(value.text, walk->end);
    if (walk->at < walk->end && (*walk->at == '{' || *walk->at == '[')) {
        walk->close = *walk->at == '{' ? '}' : ']';
        walk->at++;
    }
}

int scim_span_next(scim_span_walk_t *walk, scim_span_t *key,
                   scim_span_t *value)
{
    const char *at, *end = walk->end, *from;

    if (!walk->close) {
        return 0;
    }
    at = skip_blanks(walk->at, end);
    if (at < end && *at == ',') {
        at = skip_blanks(at + 1, end);
    }
    key->text = at;
    key->len = 0;
    if (at < end && walk->close == '}' && *at == '"') {
        from = at + 1;
        at = skip_string(at, end);
        key->text = from;
        key->len = at - from - 1;
        at = skip_blanks(at, end);
        at = at < end && *at == ':' ? skip_blanks(at + 1, end) : end;
    }
    if (at >= end || *at == walk->close) {
        walk->close = 0;
        return 0;
    }
    value->text = at;
    at = skip_value(at, end);
    value->len = at - value->text;
    while (value->len && value->text[value->len - 1] == ' ') {
        value->len--;
    }
    if (at == value->text) {
        walk->close = 0;
        return 0;
    }
    walk->at = at;
    return 1;
}

int scim_span_is(scim_span_t span, const char *text)
{
    return span.len == strlen(text) && memcmp(span.text, text, span.len) == 0;
}

int scim_span_is_empty(scim_span_t value)
{
    return !value.text || !value.len || scim_span_is(value, "null")
        || scim_span_is(value, "\"\"") || scim_span_is(value, "[]")
        || scim_span_is(value, "{}");
}
