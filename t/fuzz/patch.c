/* Fuzzing of bodies and of PATCH. What they make of a resource has the normal
 * form of schema/resource.h, whatever they say, and what is sent again changes
 * nothing more: it finds its work done, or nothing to do it on. Of several
 * operations the first may meet again what the last one left; so each of them
 * is sent twice, one behind the other.
 *
 * An input is two lines of JSON, the body of a POST and that of a PATCH. One
 * that begins with `!` decides by its bytes what these two say. What is wrong
 * is shown as two such lines, which can be an input themselves. */
#include "t/property/random.h"
#include "t/property/types.h"

#include <apr_general.h>

#include <stdio.h>

#include "base/fold.h"
#include "base/time.h"
#include "proto/patch.h"
#include "proto/quirks.h"
#include "schema/resource.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static scim_rtype_t *type;
static unsigned char *stored;
static const char *body, *request;      /* of the input at hand */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    apr_pool_t *pool;
    int i;

    (void)argc;
    (void)argv;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = make_test_type(pool);
    stored = apr_pcalloc(pool, type->nattrs);
    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];

        stored[i] = (attr->schema || attr == type->external_id)
                 && attr->returned != SCIM_RETURNED_NEVER
                 && strcmp(attr->name, "nickName") != 0;
    }
    return 0;
}

static void check(int holds, const char *what, const scim_json_t *value,
                  apr_pool_t *pool)
{
    if (!holds) {
        fprintf(stderr, "%s\n%s\n%s\n-> %s\n", what, body, request,
                value ? scim_json_text(value, pool) : "nothing");
        abort();
    }
}

/* --- the normal form --- */

/* RFC 4648 with either alphabet; as it came, lines and padding included. */
static int is_base64(const char *text)
{
    return *text && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "abcdefghijklmnopqrstuvwxyz0123456789+/-_\r\n=")] == '\0';
}

static int is_simple(const scim_json_t *value, const scim_attr_t *attr,
                     apr_pool_t *pool)
{
    switch (attr->type) {
    case SCIM_TYPE_BOOLEAN:
        return value->type == SCIM_JSON_BOOL;
    case SCIM_TYPE_INTEGER:
        return scim_json_is_integer(value);
    case SCIM_TYPE_DECIMAL:
        return value->type == SCIM_JSON_NUMBER;
    case SCIM_TYPE_DATETIME:
        return value->type == SCIM_JSON_STRING
            && scim_time_is_formatted(value->text, pool);
    case SCIM_TYPE_BINARY:
        return value->type == SCIM_JSON_STRING && is_base64(value->text);
    default:
        return value->type == SCIM_JSON_STRING && value->len
            && strlen(value->text) == value->len
            && scim_utf8_is_valid(value->text, value->len);
    }
}

static int is_valid(const scim_json_t *object, const scim_attr_t *const attrs,
                    int count, apr_pool_t *pool);

static int is_one(const scim_json_t *value, const scim_attr_t *attr,
                  apr_pool_t *pool)
{
    if (attr->type != SCIM_TYPE_COMPLEX) {
        return is_simple(value, attr, pool);
    }
    return value->type == SCIM_JSON_OBJECT && value->first
        && is_valid(value, attr->subs, attr->nsubs, pool)
        && !scim_value_is_hollow(value, attr);
}

static int is_all(const scim_json_t *value, const scim_attr_t *attr,
                  apr_pool_t *pool)
{
    const scim_json_t *element, *other;
    int primaries = 0;

    if (!attr->multi) {
        return is_one(value, attr, pool);
    }
    if (value->type != SCIM_JSON_ARRAY || !value->first
        || scim_json_count(value) > SCIM_VALUES_MAX) {
        return 0;
    }
    for (element = value->first; element; element = element->next) {
        const scim_json_t *primary = scim_json_find(element, "primary");

        if (!is_one(element, attr, pool)) {
            return 0;
        }
        for (other = element->next; other; other = other->next) {
            if (scim_value_is_same_one(element, other, attr)) {
                return 0;
            }
        }
        primaries += primary && primary->boolean;
    }
    return primaries <= 1;
}

/* Whether each member is a kept attribute by its right name, once, and what is
 * required is there. */
static int is_valid(const scim_json_t *object, const scim_attr_t *const attrs,
                    int count, apr_pool_t *pool)
{
    const scim_json_t *member;
    int i;

    for (member = object->first; member; member = member->next) {
        for (i = 0; i < count; i++) {
            if (strcmp(attrs[i].name, member->name) == 0) {
                break;
            }
        }
        if (i == count || scim_json_find(object, member->name) != member
            || !stored[attrs[i].index] || scim_quirk_is_server_only(&attrs[i])
            || !is_all(member, &attrs[i], pool)) {
            return 0;
        }
    }
    for (i = 0; i < count; i++) {
        if (attrs[i].required && !scim_json_find(object, attrs[i].name)) {
            return 0;
        }
    }
    return 1;
}

static void check_resource(const scim_json_t *resource, const char *what,
                           apr_pool_t *pool)
{
    scim_json_t *rest = scim_json_copy(resource, pool), *part;
    int i, good = 1;

    for (i = 1; i < type->nschemas; i++) {
        const scim_schema_t *schema = type->schemas[i];

        part = scim_json_find(rest, schema->urn);
        if (part) {
            good &= part->type == SCIM_JSON_OBJECT && part->first
                 && strcmp(part->name, schema->urn) == 0
                 && is_valid(part, schema->attrs, schema->nattrs, pool);
            scim_json_unlink(rest, part);
        }
    }
    part = scim_json_find(rest, "externalId");
    if (part) {
        good &= is_all(part, type->external_id, pool);
        scim_json_unlink(rest, part);
    }
    good &= is_valid(rest, type->schemas[0]->attrs, type->schemas[0]->nattrs,
                     pool);
    check(good, what, resource, pool);
}

/* --- a body and a request by the bytes of an input --- */

static const char *const words[] = {
    "a", "A", "b", "work", "home", "x@y", "true", "ß", "a\"b", "", "Work"
};

static const char *some_value(const scim_attr_t *attr, int depth,
                              apr_pool_t *pool);

static void put_members(scim_buf_t *buf, const scim_attr_t *attrs, int count,
                        int depth)
{
    apr_size_t mark = buf->len;
    int n = random_int(5);

    scim_buf_puts(buf, "{");
    while (n-- > 0) {
        const scim_attr_t *attr = &attrs[random_int(count)];

        if (strstr(buf->data + mark, attr->name)) {
            continue;       /* a name twice would be refused */
        }
        if (buf->data[buf->len - 1] != '{') {
            scim_buf_puts(buf, ",");
        }
        scim_buf_json(buf, attr->name, strlen(attr->name));
        scim_buf_puts(buf, ":");
        scim_buf_puts(buf, some_value(attr, depth - 1, buf->pool));
    }
    scim_buf_puts(buf, "}");
}

static const char *some_scalar(const scim_attr_t *attr, apr_pool_t *pool)
{
    static const char *const numbers[] = { "0", "1", "-7", "1.5", "1e3" };
    static const char *const flags[] = { "true", "false", "\"True\"" };
    static const char *const times[] = {
        "\"2026-01-31T12:00:00Z\"", "\"2026-01-31T12:00:00.50+01:00\""
    };
    const char *word;
    scim_buf_t buf;

    switch (attr->type) {
    case SCIM_TYPE_BOOLEAN:
        return RANDOM_OF(flags);
    case SCIM_TYPE_INTEGER:
        return numbers[random_int(3)];
    case SCIM_TYPE_DECIMAL:
        return RANDOM_OF(numbers);
    case SCIM_TYPE_DATETIME:
        return RANDOM_OF(times);
    default:
        word = attr->type == SCIM_TYPE_BINARY ? "QUJD" : RANDOM_OF(words);
        scim_buf_init(&buf, 32, pool);
        scim_buf_json(&buf, word, strlen(word));
        return buf.data;
    }
}

static const char *some_value(const scim_attr_t *attr, int depth,
                              apr_pool_t *pool)
{
    static const char *const oddities[] = {
        "null", "\"\"", "[]", "{}", "7", "true", "\"x\"", "[\"a\"]", "[null]",
        "[{}]", "{\"value\":\"a\"}", "[{\"value\":\"a\"},{\"value\":\"b\"}]",
        "[{\"value\":\"\"}]", "{\"value\":{\"value\":\"a\"}}", "[[\"a\"]]",
        "{\"type\":\"work\"}", "[{\"primary\":true},{\"primary\":true}]"
    };
    scim_buf_t buf;
    int n;

    if (chance(15) || depth < 0) {
        return RANDOM_OF(oddities);
    }
    scim_buf_init(&buf, 128, pool);
    n = attr->multi && !chance(10) ? 1 + random_int(4) : 0;
    scim_buf_puts(&buf, n ? "[" : "");
    do {
        if (attr->type == SCIM_TYPE_COMPLEX) {
            put_members(&buf, attr->subs, attr->nsubs, depth);
        }
        else {
            scim_buf_puts(&buf, some_scalar(attr, pool));
        }
        scim_buf_puts(&buf, n > 1 ? "," : "");
    } while (--n > 0);
    scim_buf_puts(&buf, n == 0 ? "]" : "");
    return buf.data;
}

static const char *some_filter(const scim_attr_t *attr, apr_pool_t *pool)
{
    static const char *const ops[] = { "eq", "eq", "eq", "eq", "ne", "co" };
    const char *joint = !random_left || !chance(25) ? ""
                      : chance(60) ? " and " : " or ";
    const char *name = "value", *text;
    const scim_attr_t *leaf = attr;
    int negated = chance(10);

    if (attr->nsubs) {
        leaf = &attr->subs[random_int(attr->nsubs)];
        name = leaf->name;
    }
    text = chance(10) ? apr_pstrcat(pool, name, " pr", NULL)
         : apr_pstrcat(pool, name, " ", leaf->type == SCIM_TYPE_STRING
                       ? RANDOM_OF(ops) : "eq", " ",
                       some_scalar(leaf, pool), NULL);
    return apr_pstrcat(pool, negated ? "not (" : "", text, negated ? ")" : "",
                       joint, *joint ? some_filter(attr, pool) : "", NULL);
}

/* A path, and the attribute that its value is of. */
static const char *some_path(const scim_attr_t **pleaf, apr_pool_t *pool)
{
    const scim_attr_t *attr = type->attrs[random_int(type->nattrs)];
    const scim_attr_t *top = attr->parent ? attr->parent : attr;
    const char *urn = top->schema && top->schema->extension
                    ? apr_pstrcat(pool, top->schema->urn, ":", NULL) : "";

    *pleaf = attr;
    return apr_pstrcat(pool, urn, top->name,
                       top->multi && chance(60)
                       ? apr_pstrcat(pool, "[", some_filter(top, pool), "]",
                                     NULL) : "",
                       attr->parent ? "." : "",
                       attr->parent ? attr->name : "", NULL);
}

static void put_operation(scim_buf_t *buf)
{
    static const char *const ops[] = { "add", "replace", "remove", "Add" };
    const char *op = RANDOM_OF(ops), *path;
    const scim_attr_t *leaf;
    int i;

    scim_buf_puts(buf, apr_pstrcat(buf->pool, "{\"op\":\"", op, "\"", NULL));
    if (!chance(20) || strcmp(op, "remove") == 0) {
        path = some_path(&leaf, buf->pool);
        scim_buf_puts(buf, ",\"path\":");
        scim_buf_json(buf, path, strlen(path));
        if (strcmp(op, "remove") != 0 || chance(40)) {
            scim_buf_puts(buf, ",\"value\":");
            scim_buf_puts(buf, some_value(leaf, 2, buf->pool));
        }
    }
    else if (chance(30)) {
        i = 1 + random_int(type->nschemas - 1);
        scim_buf_puts(buf, ",\"value\":{");
        scim_buf_json(buf, type->schemas[i]->urn,
                      strlen(type->schemas[i]->urn));
        scim_buf_puts(buf, ":");
        put_members(buf, type->schemas[i]->attrs, type->schemas[i]->nattrs,
                    2);
        scim_buf_puts(buf, "}");
    }
    else {
        path = some_path(&leaf, buf->pool);
        scim_buf_puts(buf, ",\"value\":{");
        scim_buf_json(buf, path, strlen(path));
        scim_buf_puts(buf, ":");
        scim_buf_puts(buf, some_value(leaf, 2, buf->pool));
        scim_buf_puts(buf, "}");
    }
    scim_buf_puts(buf, "}");
}

static void decide(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const scim_schema_t *base = type->schemas[0], *test = type->schemas[2];
    scim_buf_t buf;
    int n;

    random_bytes = data;
    random_left = size;
    scim_buf_init(&buf, 512, pool);
    scim_buf_puts(&buf, "{\"userName\":\"u\",\"" TST "\":");
    put_members(&buf, test->attrs, test->nattrs, 2);
    for (n = random_int(4); n > 0; n--) {
        const scim_attr_t *attr = &base->attrs[random_int(base->nattrs)];

        if (!strstr(buf.data, attr->name)) {
            scim_buf_puts(&buf, ",");
            scim_buf_json(&buf, attr->name, strlen(attr->name));
            scim_buf_puts(&buf, ":");
            scim_buf_puts(&buf, some_value(attr, 2, pool));
        }
    }
    scim_buf_puts(&buf, "}");
    body = buf.data;
    scim_buf_init(&buf, 512, pool);
    scim_buf_puts(&buf, "{\"Operations\":[");
    for (n = chance(60) ? 0 : random_int(4); n >= 0; n--) {
        put_operation(&buf);
        scim_buf_puts(&buf, n ? "," : "");
    }
    scim_buf_puts(&buf, "]}");
    request = buf.data;
    random_bytes = NULL;
}

static void read_lines(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t len = end ? (size_t)(end - data) : size;

    body = apr_pstrmemdup(pool, (const char *)data, len);
    request = end ? apr_pstrmemdup(pool, (const char *)end + 1,
                                   size - len - 1) : "";
}

/* --- the test --- */

static int is_refusal(const scim_err_t *err)
{
    return err->status >= 400 && err->status < 500 && err->detail[0];
}

/* Whether an operation says but one thing. */
static int is_single(const scim_json_t *operation)
{
    const scim_json_t *value = scim_json_find(operation, "value");

    return scim_json_find(operation, "path") || !value || !value->first
        || !value->first->next;
}

/* The message with each operation twice; NULL when one of them says several
 * things. */
static scim_json_t *make_twice(const scim_json_t *message, apr_pool_t *pool)
{
    const scim_json_t *one = scim_json_find(message, "Operations")->first;
    scim_json_t *twice = scim_json_make(SCIM_JSON_OBJECT, pool);
    scim_json_t *list = scim_json_make(SCIM_JSON_ARRAY, pool);

    for (; one; one = one->next) {
        if (!is_single(one)) {
            return NULL;
        }
        scim_json_append(list, scim_json_copy(one, pool));
        scim_json_append(list, scim_json_copy(one, pool));
    }
    scim_json_set(twice, "Operations", list);
    return twice;
}

/* By the attributes' own rules, because an element that became like another
 * may have got its spelling; simple values to the letter, and in order. */
static int is_same(const scim_json_t *a, const scim_json_t *b)
{
    int i;

    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];
        const scim_json_t *mine, *other;

        if (attr->parent) {
            continue;
        }
        mine = scim_resource_get(type, a, attr);
        other = scim_resource_get(type, b, attr);
        if (!scim_value_is_same(mine, other, attr)
            || (attr->type != SCIM_TYPE_COMPLEX && mine
                && !scim_json_is_equal(mine, other))) {
            return 0;
        }
    }
    return 1;
}

/* What the message made of one resource it must make with each operation sent
 * twice. */
static void check_twice(scim_json_t *before, const scim_json_t *after,
                        const scim_json_t *message, apr_pool_t *pool)
{
    scim_json_t *twice = make_twice(message, pool);
    scim_patch_t *patch;
    scim_err_t *err;

    if (!twice || scim_patch_decode(&patch, twice, type,
                                    &scim_limits_default, pool)) {
        return;
    }
    err = scim_patch_apply(before, patch, scim_intake_make(type, stored,
                                                           pool));
    check(!err || err->kind == SCIM_ERR_NO_TARGET, err ? err->detail : "",
          after, pool);
    check(err || is_same(before, after),
          "an operation sent twice changes more", before, pool);
}

/* What the message has made must stand when all of it is sent again. */
static void check_again(scim_json_t *after, const scim_json_t *message,
                        const scim_patch_t *patch, apr_pool_t *pool)
{
    const scim_json_t *first = scim_json_find(message, "Operations")->first;
    scim_json_t *again = scim_json_copy(after, pool);
    scim_err_t *err = scim_patch_apply(again, patch,
                                       scim_intake_make(type, stored, pool));

    if (!err) {
        check_resource(again, "not in normal form after PATCH again", pool);
    }
    if (!first || (!first->next && is_single(first))) {
        check(!err || err->kind == SCIM_ERR_NO_TARGET,
              err ? err->detail : "", after, pool);
        check(err || is_same(after, again),
              "PATCH again changes more", again, pool);
    }
}

static void check_patch(scim_json_t *resource, apr_pool_t *pool)
{
    scim_json_t *message, *before = scim_json_copy(resource, pool);
    scim_patch_t *patch;
    scim_err_t *err;

    if (scim_json_parse(&message, request, strlen(request), pool)) {
        return;
    }
    err = scim_patch_decode(&patch, message, type, &scim_limits_default, pool);
    if (!err) {
        err = scim_patch_apply(resource, patch,
                               scim_intake_make(type, stored, pool));
    }
    if (err) {
        check(is_refusal(err), err->detail, before, pool);
        return;
    }
    check_resource(resource, "not in normal form after PATCH", pool);
    check_again(resource, message, patch, pool);
    check_twice(before, resource, message, pool);
}

/* PUT of the same body makes the same resource. */
static void check_put(const scim_json_t *resource, const scim_json_t *value,
                      apr_pool_t *pool)
{
    scim_json_t *after;
    scim_err_t *err = scim_patch_replace(&after, resource, value,
                                         scim_intake_make(type, stored,
                                                          pool));

    check(!err, err ? err->detail : "", resource, pool);
    check_resource(after, "not in normal form after PUT", pool);
    check(is_same(resource, after), "PUT makes another one", after,
          pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scim_json_t *value, *resource;
    apr_pool_t *pool;
    scim_err_t *err;

    apr_pool_create(&pool, NULL);
    if (size && *data == '!') {
        decide(data + 1, size - 1, pool);
    }
    else {
        read_lines(data, size, pool);
    }
    resource = scim_json_make(SCIM_JSON_OBJECT, pool);
    if (!scim_json_parse(&value, body, strlen(body), pool)) {
        err = scim_patch_merge(resource, value,
                               scim_intake_make(type, stored, pool));
        if (err) {
            check(is_refusal(err), err->detail, value, pool);
        }
        else {
            check_resource(resource, "not in normal form after POST", pool);
            check_put(resource, value, pool);
            check_patch(resource, pool);
        }
    }
    apr_pool_destroy(pool);
    return 0;
}
