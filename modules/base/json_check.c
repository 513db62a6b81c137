#include "base/json_check.h"
#include "base/buf.h"
#include "base/fold.h"
#include "base/json.h"
#include "base/span.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include <stdlib.h>
#include <string.h>

/* The name of a member of an object that is not closed yet. */
typedef struct name_t {
    const char *text;
    apr_size_t at;          /* where it stands */
} name_t;

typedef struct check_t {
    const char *text;
    apr_size_t len;
    apr_size_t at;          /* the next byte */
    int depth;              /* arrays and objects open */
    int tokens;             /* values and names met */
    int tokens_max;         /* 0: see the header */
    int depth_max;
    int *names_from;        /* per open array or object: its first one in
                             * names */
    apr_array_header_t *names;      /* name_t, inner objects last */
    apr_array_header_t *numbers;    /* scim_span_t */
    apr_pool_t *pool;
} check_t;

/* Whether it is a document that PostgreSQL keeps. */
static int is_stored(const check_t *c)
{
    return c->tokens_max == 0;
}

static scim_err_t *refuse(const check_t *c, apr_size_t at, const char *what)
{
    return scim_err_make(SCIM_ERR_INVALID_SYNTAX, c->pool,
                         "JSON: %s at byte %" APR_SIZE_T_FMT, what, at + 1);
}

/* The byte `ahead` of the next one; NUL behind the end, which is refused
 * wherever it stands in the text. */
static char peek(const check_t *c, apr_size_t ahead)
{
    return c->at + ahead < c->len ? c->text[c->at + ahead] : '\0';
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(check_t *c)
{
    while (c->at < c->len && is_blank(c->text[c->at])) {
        c->at++;
    }
}

/* The value of four hexadecimal digits, or -1. */
static int hex4(const check_t *c, apr_size_t ahead)
{
    int value = 0, i;

    for (i = 0; i < 4; i++) {
        char digit = peek(c, ahead + i);

        if (!apr_isxdigit(digit)) {
            return -1;
        }
        value = value * 16 + (apr_isdigit(digit) ? digit - '0'
                                                 : (digit | 0x20) - 'a' + 10);
    }
    return value;
}

static void add_utf8(scim_buf_t *out, unsigned int c)
{
    if (c < 0x80) {
        scim_buf_putc(out, (char)c);
        return;
    }
    if (c < 0x800) {
        scim_buf_putc(out, (char)(0xC0 | c >> 6));
    }
    else {
        if (c < 0x10000) {
            scim_buf_putc(out, (char)(0xE0 | c >> 12));
        }
        else {
            scim_buf_putc(out, (char)(0xF0 | c >> 18));
            scim_buf_putc(out, (char)(0x80 | (c >> 12 & 0x3F)));
        }
        scim_buf_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
    }
    scim_buf_putc(out, (char)(0x80 | (c & 0x3F)));
}

/* A \u escape, and the low surrogate that must follow a high one. */
static scim_err_t *check_unicode_escape(check_t *c, scim_buf_t *out)
{
    int value = hex4(c, 2), low;

    if (value < 0) {
        return refuse(c, c->at, "\\u without four hexadecimal digits");
    }
    if (value == 0) {
        return refuse(c, c->at, "the character NUL");
    }
    if (value < 0xD800 || value > 0xDFFF) {
        add_utf8(out, (unsigned int)value);
        c->at += 6;
        return NULL;
    }
    low = peek(c, 6) == '\\' && peek(c, 7) == 'u' ? hex4(c, 8) : -1;
    if (value > 0xDBFF || low < 0xDC00 || low > 0xDFFF) {
        return refuse(c, c->at, "half of a surrogate pair");
    }
    add_utf8(out, 0x10000u + ((unsigned int)(value - 0xD800) << 10)
                  + (unsigned int)(low - 0xDC00));
    c->at += 12;
    return NULL;
}

static scim_err_t *check_escape(check_t *c, scim_buf_t *out)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *found;
    char letter = peek(c, 1);

    if (letter == 'u') {
        return check_unicode_escape(c, out);
    }
    found = letter ? strchr(escapes, letter) : NULL;
    if (!found) {
        return refuse(c, c->at, "an unknown escape");
    }
    scim_buf_putc(out, meanings[found - escapes]);
    c->at += 2;
    return NULL;
}

/* A string; `out` gets what it means. */
static scim_err_t *check_string(check_t *c, scim_buf_t *out)
{
    apr_size_t start = c->at++, from;

    out->len = 0;
    while (peek(c, 0) != '"') {
        from = c->at;
        while (c->at < c->len && c->text[c->at] != '"'
               && c->text[c->at] != '\\') {
            if ((unsigned char)c->text[c->at] < 0x20) {
                return refuse(c, c->at, "a control character in a string");
            }
            c->at++;
        }
        scim_buf_add(out, c->text + from, c->at - from);
        if (c->at == c->len) {
            return refuse(c, start, "a string without end");
        }
        if (c->text[c->at] == '\\') {
            SCIM_TRY(check_escape(c, out));
        }
    }
    c->at++;
    return NULL;
}

static int skip_digits(check_t *c)
{
    apr_size_t from = c->at;

    while (apr_isdigit(peek(c, 0))) {
        c->at++;
    }
    return c->at > from;
}

static scim_err_t *check_number(check_t *c)
{
    apr_size_t start = c->at, first;
    scim_span_t *number;
    int valid;

    if (peek(c, 0) == '-') {
        c->at++;
    }
    first = c->at;
    valid = skip_digits(c) && (c->text[first] != '0' || c->at == first + 1);
    if (valid && peek(c, 0) == '.') {
        c->at++;
        valid = skip_digits(c);
    }
    if (valid && (peek(c, 0) == 'e' || peek(c, 0) == 'E')) {
        c->at++;
        if (peek(c, 0) == '+' || peek(c, 0) == '-') {
            c->at++;
        }
        valid = skip_digits(c);
    }
    if (!valid) {
        return refuse(c, start, "a malformed number");
    }
    number = apr_array_push(c->numbers);
    number->text = c->text + start;
    number->len = c->at - start;
    return NULL;
}

/* true, false and null are the only words; json-c knows NaN and others. */
static scim_err_t *check_word(check_t *c)
{
    static const char *const words[] = { "true", "false", "null" };
    apr_size_t i, len = 0;

    while (apr_isalnum(peek(c, len))) {
        len++;
    }
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (len == strlen(words[i])
            && memcmp(c->text + c->at, words[i], len) == 0) {
            c->at += len;
            return NULL;
        }
    }
    return refuse(c, c->at, len ? "an unknown word" : "a stray character");
}

static int compare_names(const void *a, const void *b)
{
    const name_t *left = a, *right = b;
    int order = apr_cstr_casecmp(left->text, right->text);

    return order ? order : (left->at > right->at) - (left->at < right->at);
}

/* Compare the names of the innermost object and forget them. They are sorted
 * rather than hashed, so that no choice of names makes it slow. */
static scim_err_t *check_names(check_t *c)
{
    int from = c->names_from[c->depth - 1], i;
    name_t *names = (name_t *)c->names->elts + from;
    int count = c->names->nelts - from;

    qsort(names, (size_t)count, sizeof(*names), compare_names);
    for (i = 1; i < count; i++) {
        if (apr_cstr_casecmp(names[i - 1].text, names[i].text) == 0) {
            return refuse(c, names[i].at,
                          apr_psprintf(c->pool, "attribute \"%s\" given twice,"
                                       " the second time",
                                       scim_err_quote(names[i].text,
                                                      c->pool)));
        }
    }
    c->names->nelts = from;
    return NULL;
}

static scim_err_t *open_container(check_t *c)
{
    if (is_stored(c)) {
        c->depth++;
        c->at++;
        return NULL;
    }
    if (c->depth == c->depth_max) {
        return refuse(c, c->at,
                      apr_psprintf(c->pool, "nesting deeper than %d levels",
                                   c->depth_max));
    }
    c->names_from[c->depth++] = c->names->nelts;
    c->at++;
    return NULL;
}

static scim_err_t *close_container(check_t *c)
{
    if (c->depth == 0) {
        return refuse(c, c->at, "a stray character");
    }
    if (!is_stored(c)) {
        SCIM_TRY(check_names(c));
    }
    c->depth--;
    c->at++;
    return NULL;
}

/* A string, which is a name when a colon follows. */
static scim_err_t *check_string_or_name(check_t *c, scim_buf_t *scratch)
{
    apr_size_t start = c->at;
    name_t *name;

    SCIM_TRY(check_string(c, scratch));
    skip_blanks(c);
    if (peek(c, 0) == ':' && !is_stored(c)) {
        name = apr_array_push(c->names);
        name->text = apr_pstrmemdup(c->pool, scratch->data, scratch->len);
        name->at = start;
    }
    return NULL;
}

static scim_err_t *check_token(check_t *c, scim_buf_t *scratch)
{
    char next = peek(c, 0);

    if (!strchr("}],:", next) && ++c->tokens > c->tokens_max
        && !is_stored(c)) {
        return scim_err_make(SCIM_ERR_TOO_LARGE, c->pool,
                             "JSON: more than %d values and names in one body",
                             c->tokens_max);
    }
    switch (next) {
    case '{':
    case '[':
        return open_container(c);
    case '}':
    case ']':
        return close_container(c);
    case ',':
    case ':':
        c->at++;
        return NULL;
    case '"':
        return check_string_or_name(c, scratch);
    default:
        return next == '-' || apr_isdigit(next) ? check_number(c)
                                                : check_word(c);
    }
}

scim_err_t *scim_json_check(apr_array_header_t *numbers, const char *text,
                            apr_size_t len, int values_max,
                            int depth_max, apr_pool_t *pool)
{
    check_t c = { text, len };
    scim_buf_t scratch;

    if (!scim_utf8_is_valid(text, len)) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "JSON: the text is not UTF-8");
    }
    c.names = apr_array_make(pool, 32, sizeof(name_t));
    c.numbers = numbers;
    c.tokens_max = values_max;
    c.depth_max = depth_max;
    c.names_from = apr_palloc(pool, (apr_size_t)depth_max
                                    * sizeof(*c.names_from));
    c.pool = pool;
    scim_buf_init(&scratch, 256, pool);
    skip_blanks(&c);
    while (c.at < len) {
        SCIM_TRY(check_token(&c, &scratch));
        skip_blanks(&c);
        if (c.depth == 0 && c.at < len) {
            return refuse(&c, c.at, "text behind the document");
        }
    }
    return NULL;
}
