/* Walking JSON text: what is found, and that a walk never leaves the text. */
#include "base/span.h"
#include "base/buf.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <stdlib.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Members as `key=value`, elements as `value`, separated by `|`. */
static const char *walked(const char *text, apr_size_t len, apr_pool_t *pool)
{
    scim_span_t whole = { text, len }, key, value;
    scim_span_walk_t walk;
    scim_buf_t buf;
    int steps = 0;

    scim_buf_init(&buf, 64, pool);
    scim_span_walk(&walk, whole);
    while (scim_span_next(&walk, &key, &value)) {
        if (key.text < text || key.text + key.len > text + len
            || value.text < text || value.text + value.len > text + len
            || ++steps > 1000) {
            return "left the text";
        }
        scim_buf_puts(&buf, buf.len ? "|" : "");
        if (key.len) {
            scim_buf_add(&buf, key.text, key.len);
            scim_buf_putc(&buf, '=');
        }
        scim_buf_add(&buf, value.text, value.len);
    }
    return buf.data;
}

static const struct {
    const char *text;
    const char *found;
} walks[] = {
    { "{}", "" },
    { "[]", "" },
    { "{ }", "" },
    { "[ ]", "" },
    { "null", "" },
    { "true", "" },
    { "17", "" },
    { "\"{}\"", "" },
    { "", "" },
    { " ", "" },
    { "{\"a\": 1}", "a=1" },
    { "{\"a\":1}", "a=1" },
    { "{\"a\": 1, \"b\": 2}", "a=1|b=2" },
    { "{\"a\": \"x\", \"b\": null, \"c\": true, \"d\": -1.5e3}",
      "a=\"x\"|b=null|c=true|d=-1.5e3" },
    { "{\"a\": {\"b\": [1, {\"c\": 2}]}, \"d\": []}",
      "a={\"b\": [1, {\"c\": 2}]}|d=[]" },
    { "[1, \"two\", [3], {\"four\": 4}]", "1|\"two\"|[3]|{\"four\": 4}" },
    { "[[[]]]", "[[]]" },
    { " {\n\t\"a\" : 1 ,\r\n \"b\":2 } ", "a=1|b=2" },
    /* what stands in a string is no structure */
    { "{\"a\": \"}]{[,:\", \"b\": 1}", "a=\"}]{[,:\"|b=1" },
    { "{\"a\": \"x\\\"}\", \"b\": 1}", "a=\"x\\\"}\"|b=1" },
    { "{\"a\": \"x\\\\\", \"b\": 1}", "a=\"x\\\\\"|b=1" },
    { "{\"a\": \"\\\\\\\"\", \"b\": 1}", "a=\"\\\\\\\"\"|b=1" },
    { "[\"a, b\", \"c\"]", "\"a, b\"|\"c\"" },
    { "{\"a\": [\"]\"], \"b\": {\"c\": \"}\"}}", "a=[\"]\"]|b={\"c\": \"}\"}" },
    /* names as they are written */
    { "{\"emails[type eq \\\"work\\\"]\": {\"primary\": true}}",
      "emails[type eq \\\"work\\\"]={\"primary\": true}" },
    { "{\"urn:x:2.0:User\": {\"a\": 1}}", "urn:x:2.0:User={\"a\": 1}" },
    { "{\"\": 1, \"b\": 2}", "1|b=2" },
    { "{\"\xc3\xbc\": \"\xf0\x9f\x98\x80\"}", "\xc3\xbc=\"\xf0\x9f\x98\x80\"" },
    /* what is not well formed ends early */
    { "{", "" },
    { "[", "" },
    { "{\"a\"", "" },
    { "{\"a\":", "" },
    { "{\"a\" 1}", "" },
    { "{\"a", "" },
    { "{\"a\": \"x", "a=\"x" },
    { "{\"a\": {\"b\": 1", "a={\"b\": 1" },
    { "[1, 2", "1|2" },
    { "[1,, 2]", "1" },
    { "[\"x\\", "\"x\\" },
    { "[}", "" },
    { "{]", "" }
};

static void test_walks(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(walks); i++) {
        /* a copy of exactly this size, so that a reader beyond it is seen */
        size_t len = strlen(walks[i].text);
        char *copy = malloc(len ? len : 1);

        memcpy(copy, walks[i].text, len);
        is_str(walked(copy, len, pool), walks[i].found, "%s", walks[i].text);
        free(copy);
    }
}

/* Every beginning of a text that has everything. */
static void test_beginnings(apr_pool_t *pool)
{
    static const char text[] = "{\"a\": [1, \"x\\\"\\\\\"], \"b\": {\"c\": "
                               "{\"d\": null}}, \"e\": \"\"}";
    size_t len;

    for (len = 0; len < sizeof(text); len++) {
        char *copy = malloc(len ? len : 1);
        const char *found;

        memcpy(copy, text, len);
        found = walked(copy, len, pool);
        ok(strcmp(found, "left the text") != 0, "the first %d bytes",
           (int)len);
        free(copy);
    }
    is_str(walked(text, sizeof(text) - 1, pool),
           "a=[1, \"x\\\"\\\\\"]|b={\"c\": {\"d\": null}}|e=\"\"",
           "all of them");
}

static void test_nothing(void)
{
    scim_span_t none = { NULL, 0 }, key, value;
    scim_span_walk_t walk;

    scim_span_walk(&walk, none);
    ok(!scim_span_next(&walk, &key, &value), "nothing has no members");
    ok(!scim_span_next(&walk, &key, &value), "nor the second time");
    ok(scim_span_is_empty(none), "nothing is empty");
}

static const struct {
    const char *text;
    int is_empty;
} values[] = {
    { "", 1 }, { "null", 1 }, { "\"\"", 1 }, { "[]", 1 }, { "{}", 1 },
    { "0", 0 }, { "false", 0 }, { "\" \"", 0 }, { "[null]", 0 },
    { "{\"a\": 1}", 0 }, { "\"null\"", 0 }, { "nul", 0 }
};

static void test_values(void)
{
    size_t i;

    for (i = 0; i < COUNT(values); i++) {
        scim_span_t span = { values[i].text, strlen(values[i].text) };

        is_int(scim_span_is_empty(span), values[i].is_empty,
               "whether '%s' is empty", values[i].text);
        ok(scim_span_is(span, values[i].text), "'%s' is itself",
           values[i].text);
        ok(!scim_span_is(span, "other"), "'%s' is nothing else",
           values[i].text);
        ok(!span.len || !scim_span_is(span, ""), "'%s' is not nothing",
           values[i].text);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_walks(pool);
    test_beginnings(pool);
    test_nothing();
    test_values();
    apr_terminate();
    return done_testing();
}
