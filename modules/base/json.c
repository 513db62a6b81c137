#include "base/json.h"
#include "base/json_check.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <json-c/json.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/span.h"

/* So deep that nobody has it, and not so deep that the stack ends. */
#define STORED_DEPTH_MAX 256

/* --- parsing --- */

/* A tree of json-c's being copied. */
typedef struct copy_t {
    const scim_span_t *number;  /* the next one, as written */
    apr_pool_t *pool;
} copy_t;

static scim_json_t *convert(json_object *from, copy_t *copy);

static void set_text(scim_json_t *to, const char *text, apr_size_t len,
                     apr_pool_t *pool)
{
    to->len = len;
    to->text = apr_pstrmemdup(pool, text, len);
}

static void set_number(scim_json_t *to, copy_t *copy)
{
    scim_span_t number = *copy->number++;

    if (scim_span_is(number, "-0")) {
        number.text++;
        number.len--;
    }
    set_text(to, number.text, number.len, copy->pool);
}

static void convert_members(scim_json_t *to, json_object *from, copy_t *copy)
{
    struct lh_entry *entry;

    for (entry = json_object_get_object(from)->head; entry;
         entry = entry->next) {
        scim_json_t *child = convert((json_object *)lh_entry_v(entry), copy);

        child->name = apr_pstrdup(copy->pool, lh_entry_k(entry));
        scim_json_append(to, child);
    }
}

static void convert_elements(scim_json_t *to, json_object *from, copy_t *copy)
{
    size_t count = json_object_array_length(from), i;

    for (i = 0; i < count; i++) {
        scim_json_append(to, convert(json_object_array_get_idx(from, i),
                                     copy));
    }
}

/* Our copy of json-c's tree, in the order of the text, so that the numbers
 * come in theirs; its depth is bounded by the tokener. */
static scim_json_t *convert(json_object *from, copy_t *copy)
{
    scim_json_t *to = scim_json_make(SCIM_JSON_NULL, copy->pool);

    switch (json_object_get_type(from)) {
    case json_type_null:
        break;
    case json_type_boolean:
        to->type = SCIM_JSON_BOOL;
        to->boolean = json_object_get_boolean(from);
        break;
    case json_type_int:
    case json_type_double:
        to->type = SCIM_JSON_NUMBER;
        set_number(to, copy);
        break;
    case json_type_string:
        to->type = SCIM_JSON_STRING;
        set_text(to, json_object_get_string(from),
                 (apr_size_t)json_object_get_string_len(from), copy->pool);
        break;
    case json_type_array:
        to->type = SCIM_JSON_ARRAY;
        convert_elements(to, from, copy);
        break;
    case json_type_object:
        to->type = SCIM_JSON_OBJECT;
        convert_members(to, from, copy);
        break;
    }
    return to;
}

static scim_err_t *tokener_error(json_tokener *tok, apr_pool_t *pool)
{
    enum json_tokener_error why = json_tokener_get_error(tok);

    if (why == json_tokener_continue || why == json_tokener_error_parse_eof) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "JSON: the text ends too early");
    }
    return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                         "JSON: %s at byte %" APR_SIZE_T_FMT,
                         json_tokener_error_desc(why),
                         json_tokener_get_parse_end(tok) + 1);
}

/* Behind the text the tokener gets a NUL: a number ends only there. */
static scim_err_t *tokenize(json_object **proot, const char *text,
                            apr_size_t len, int depth, apr_pool_t *pool)
{
    json_tokener *tok = json_tokener_new_ex(depth + 1);
    scim_err_t *err = NULL;

    if (!tok) {
        return scim_err_make(SCIM_ERR_INTERNAL, pool, "out of memory");
    }
    json_tokener_set_flags(tok, JSON_TOKENER_STRICT
                                | JSON_TOKENER_VALIDATE_UTF8);
    *proot = json_tokener_parse_ex(tok, text, (int)len);
    if (json_tokener_get_error(tok) == json_tokener_continue) {
        *proot = json_tokener_parse_ex(tok, "", 1);
    }
    if (json_tokener_get_error(tok) != json_tokener_success) {
        err = tokener_error(tok, pool);
    }
    json_tokener_free(tok);
    return err;
}

static scim_err_t *parse(scim_json_t **pvalue, const char *text,
                         apr_size_t len, int values_max, int depth,
                         apr_pool_t *pool)
{
    apr_array_header_t *numbers = apr_array_make(pool, 4, sizeof(scim_span_t));
    json_object *root = NULL;
    copy_t copy;

    SCIM_TRY(scim_json_check(numbers, text, len, values_max, depth, pool));
    SCIM_TRY(tokenize(&root, text, len, depth, pool));
    copy.number = (const scim_span_t *)numbers->elts;
    copy.pool = pool;
    *pvalue = convert(root, &copy);
    json_object_put(root);
    return NULL;
}

scim_err_t *scim_json_parse_large(scim_json_t **pvalue, const char *text,
                                  apr_size_t len, int values_max,
                                  int depth_max, apr_pool_t *pool)
{
    static const char mark[] = "\xEF\xBB\xBF";

    if (len >= INT_MAX) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "JSON: the text is too long");
    }
    if (len >= 3 && memcmp(text, mark, 3) == 0) {
        text += 3;
        len -= 3;
    }
    return parse(pvalue, text, len, values_max, depth_max, pool);
}

scim_json_t *scim_json_parse_stored(const char *text, apr_pool_t *pool)
{
    scim_json_t *value = NULL;

    parse(&value, text, strlen(text), 0, STORED_DEPTH_MAX, pool);
    return value;
}

scim_err_t *scim_json_parse(scim_json_t **pvalue, const char *text,
                            apr_size_t len, apr_pool_t *pool)
{
    return scim_json_parse_large(pvalue, text, len, SCIM_BODY_VALUES_MAX,
                                 SCIM_BODY_DEPTH_MAX, pool);
}

/* --- writing --- */

static void format_children(scim_buf_t *buf, const scim_json_t *parent)
{
    const scim_json_t *child;

    for (child = parent->first; child; child = child->next) {
        if (child != parent->first) {
            scim_buf_putc(buf, ',');
        }
        if (parent->type == SCIM_JSON_OBJECT) {
            scim_buf_json(buf, child->name, strlen(child->name));
            scim_buf_putc(buf, ':');
        }
        scim_json_format(buf, child);
    }
}

void scim_json_format(scim_buf_t *buf, const scim_json_t *value)
{
    switch (value->type) {
    case SCIM_JSON_NULL:
        scim_buf_puts(buf, "null");
        break;
    case SCIM_JSON_BOOL:
        scim_buf_puts(buf, value->boolean ? "true" : "false");
        break;
    case SCIM_JSON_NUMBER:
        scim_buf_add(buf, value->text, value->len);
        break;
    case SCIM_JSON_STRING:
        scim_buf_json(buf, value->text, value->len);
        break;
    case SCIM_JSON_ARRAY:
        scim_buf_putc(buf, '[');
        format_children(buf, value);
        scim_buf_putc(buf, ']');
        break;
    case SCIM_JSON_OBJECT:
        scim_buf_putc(buf, '{');
        format_children(buf, value);
        scim_buf_putc(buf, '}');
        break;
    }
}

const char *scim_json_text(const scim_json_t *value, apr_pool_t *pool)
{
    scim_buf_t buf;

    scim_buf_init(&buf, 256, pool);
    scim_json_format(&buf, value);
    return buf.data;
}

/* --- making and changing --- */

scim_json_t *scim_json_make(scim_json_type_t type, apr_pool_t *pool)
{
    scim_json_t *value = apr_pcalloc(pool, sizeof(*value));

    value->type = type;
    return value;
}

scim_json_t *scim_json_make_bool(int boolean, apr_pool_t *pool)
{
    scim_json_t *value = scim_json_make(SCIM_JSON_BOOL, pool);

    value->boolean = boolean != 0;
    return value;
}

scim_json_t *scim_json_make_string(const char *text, apr_pool_t *pool)
{
    scim_json_t *value = scim_json_make(SCIM_JSON_STRING, pool);

    value->text = text;
    value->len = strlen(text);
    return value;
}

scim_json_t *scim_json_copy(const scim_json_t *value, apr_pool_t *pool)
{
    scim_json_t *copy = apr_pmemdup(pool, value, sizeof(*value));
    const scim_json_t *child;

    copy->first = copy->last = copy->next = NULL;
    for (child = value->first; child; child = child->next) {
        scim_json_append(copy, scim_json_copy(child, pool));
    }
    return copy;
}

scim_json_t *scim_json_find(const scim_json_t *object, const char *name)
{
    scim_json_t *child;

    if (!object || object->type != SCIM_JSON_OBJECT) {
        return NULL;
    }
    for (child = object->first; child; child = child->next) {
        if (apr_cstr_casecmp(child->name, name) == 0) {
            return child;
        }
    }
    return NULL;
}

void scim_json_append(scim_json_t *parent, scim_json_t *child)
{
    child->next = NULL;
    if (parent->last) {
        parent->last->next = child;
    }
    else {
        parent->first = child;
    }
    parent->last = child;
}

/* Put `child` where `old` hangs in the parent, or, when `child` is NULL,
 * close the gap. */
static void replace_child(scim_json_t *parent, const scim_json_t *old,
                          scim_json_t *child)
{
    scim_json_t *before = NULL, *at = parent->first;

    while (at && at != old) {
        before = at;
        at = at->next;
    }
    if (!at) {
        return;
    }
    if (child) {
        child->next = at->next;
    }
    else {
        child = at->next;
    }
    if (before) {
        before->next = child;
    }
    else {
        parent->first = child;
    }
    if (parent->last == at) {
        parent->last = child ? child : before;
    }
    at->next = NULL;
}

void scim_json_set(scim_json_t *object, const char *name, scim_json_t *value)
{
    scim_json_t *old = scim_json_find(object, name);

    value->name = name;
    if (old) {
        replace_child(object, old, value);
    }
    else {
        scim_json_append(object, value);
    }
}

void scim_json_unlink(scim_json_t *parent, scim_json_t *child)
{
    replace_child(parent, child, NULL);
}

void scim_json_remove(scim_json_t *object, const char *name)
{
    scim_json_t *child = scim_json_find(object, name);

    if (child) {
        scim_json_unlink(object, child);
    }
}

/* --- comparing --- */

int scim_json_is_integer(const scim_json_t *value)
{
    if (value->type != SCIM_JSON_NUMBER || strpbrk(value->text, ".eE")) {
        return 0;
    }
    errno = 0;
    apr_strtoi64(value->text, NULL, 10);
    return errno == 0;
}

typedef struct decimal_t {
    int sign;               /* -1, 0 or 1 */
    apr_int64_t magnitude;  /* the first digit's power of ten */
    const char *digits;     /* from the first one that is not 0; a point may
                             * stand between them */
} decimal_t;

/* Exponents beyond this are as good as infinite. */
#define MAGNITUDE_MAX APR_INT64_C(1000000000000000)

static decimal_t parse_decimal(const char *text)
{
    decimal_t d = { 0, 0, NULL };
    int sign = *text == '-' ? -1 : 1;
    const char *at = text + (sign < 0);
    const char *end = at + strspn(at, "0123456789.");
    const char *point = memchr(at, '.', (size_t)(end - at));
    apr_int64_t exponent = *end ? apr_strtoi64(end + 1, NULL, 10) : 0;

    point = point ? point : end;
    at += strspn(at, "0.");
    if (at >= end) {
        return d;
    }
    if (exponent > MAGNITUDE_MAX || exponent < -MAGNITUDE_MAX) {
        exponent = exponent < 0 ? -MAGNITUDE_MAX : MAGNITUDE_MAX;
    }
    d.sign = sign;
    d.magnitude = exponent + (at < point ? point - at - 1 : point - at);
    d.digits = at;
    return d;
}

static char next_digit(const char **at)
{
    if (**at == '.') {
        (*at)++;
    }
    return apr_isdigit(**at) ? *(*at)++ : '\0';
}

static int compare_digits(const char *a, const char *b)
{
    char left, right;

    do {
        left = next_digit(&a);
        right = next_digit(&b);
        if ((left ? left : '0') != (right ? right : '0')) {
            return (left ? left : '0') < (right ? right : '0') ? -1 : 1;
        }
    } while (left || right);
    return 0;
}

int scim_json_compare_numbers(const scim_json_t *a, const scim_json_t *b)
{
    decimal_t left = parse_decimal(a->text), right = parse_decimal(b->text);

    if (left.sign != right.sign) {
        return left.sign < right.sign ? -1 : 1;
    }
    if (left.sign == 0) {
        return 0;
    }
    if (left.magnitude != right.magnitude) {
        return left.magnitude < right.magnitude ? -left.sign : left.sign;
    }
    return left.sign * compare_digits(left.digits, right.digits);
}

static int elements_are_equal(const scim_json_t *a, const scim_json_t *b)
{
    const scim_json_t *left = a->first, *right = b->first;

    while (left && right && scim_json_is_equal(left, right)) {
        left = left->next;
        right = right->next;
    }
    return !left && !right;
}

/* The member of that very name, else of one that differs in case. */
static const scim_json_t *find_counterpart(const scim_json_t *object,
                                           const char *name)
{
    const scim_json_t *child;

    for (child = object->first; child; child = child->next) {
        if (strcmp(child->name, name) == 0) {
            return child;
        }
    }
    return scim_json_find(object, name);
}

static int members_are_equal(const scim_json_t *a, const scim_json_t *b)
{
    const scim_json_t *left, *right;

    if (scim_json_count(a) != scim_json_count(b)) {
        return 0;
    }
    for (left = a->first; left; left = left->next) {
        right = find_counterpart(b, left->name);
        if (!right || !scim_json_is_equal(left, right)) {
            return 0;
        }
    }
    return 1;
}

int scim_json_is_equal(const scim_json_t *a, const scim_json_t *b)
{
    if (a->type != b->type) {
        return 0;
    }
    switch (a->type) {
    case SCIM_JSON_BOOL:
        return !a->boolean == !b->boolean;
    case SCIM_JSON_NUMBER:
        return scim_json_compare_numbers(a, b) == 0;
    case SCIM_JSON_STRING:
        return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
    case SCIM_JSON_ARRAY:
        return elements_are_equal(a, b);
    case SCIM_JSON_OBJECT:
        return members_are_equal(a, b);
    default:
        return 1;
    }
}

int scim_json_is_empty(const scim_json_t *value)
{
    if (!value) {
        return 1;
    }
    switch (value->type) {
    case SCIM_JSON_NULL:
        return 1;
    case SCIM_JSON_STRING:
        return value->len == 0;
    case SCIM_JSON_ARRAY:
    case SCIM_JSON_OBJECT:
        return value->first == NULL;
    default:
        return 0;
    }
}

int scim_json_is_text(const scim_json_t *value, const char *text)
{
    return value && value->type == SCIM_JSON_STRING
        && apr_cstr_casecmp(value->text, text) == 0;
}

int scim_json_count(const scim_json_t *value)
{
    const scim_json_t *child;
    int count = 0;

    for (child = value->first; child; child = child->next) {
        count++;
    }
    return count;
}
