/* JSON documents: what is read, what is refused, and trees in memory. */
#include "base/json.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static scim_json_t *parse(const char *text, apr_pool_t *pool)
{
    scim_json_t *value = NULL;

    scim_json_parse(&value, text, strlen(text), pool);
    return value;
}

/* The detail of the error, or NULL when the text is read. */
static const char *refusal(const char *text, apr_size_t len, apr_pool_t *pool)
{
    static scim_json_t untouched;
    scim_json_t *value = &untouched;
    scim_err_t *err = scim_json_parse(&value, text, len, pool);

    if (!err) {
        return NULL;
    }
    if ((err->kind != SCIM_ERR_INVALID_SYNTAX
         && err->kind != SCIM_ERR_TOO_LARGE) || value != &untouched) {
        return "of the wrong kind, or the result was touched";
    }
    return err->detail;
}

/* --- reading --- */

/* text, and how it is written again (NULL: the same) */
static const struct {
    const char *text;
    const char *again;
} good[] = {
    { "null", NULL },
    { "true", NULL },
    { "false", NULL },
    { "\"\"", NULL },
    { "[]", NULL },
    { "{}", NULL },
    { " \t\r\n[ 1 , 2 ] \n", "[1,2]" },
    { "{\"a\":null,\"b\":[true,{\"c\":\"d\"}]}", NULL },
    { "\xEF\xBB\xBF{\"a\":1}", "{\"a\":1}" },
    /* numbers stay as they were written */
    { "0", NULL },
    { "-0", "0" },
    { "1.50", NULL },
    { "-0.0", NULL },
    { "1e5", NULL },
    { "1E+05", NULL },
    { "1.5e-300", NULL },
    { "1e400", NULL },
    { "18446744073709551616", NULL },
    { "[-9223372036854775809,1,2.0]", NULL },
    { "{\"a\":[100000000000000000000000,{\"b\":-0}],\"c\":-10}",
      "{\"a\":[100000000000000000000000,{\"b\":0}],\"c\":-10}" },
    { "0.1234567890123456789012345678901234567890", NULL },
    { "9223372036854775807", NULL },
    { "9223372036854775808", NULL },
    { "18446744073709551615", NULL },
    { "-9223372036854775808", NULL },
    /* strings */
    { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
      "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\"" },
    { "\"\\u0041\\u00fc\\u20AC\"", "\"A\xc3\xbc\xe2\x82\xac\"" },
    { "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" },
    { "\"\xf0\x9f\x98\x80\x7f\"", NULL },
    { "\"\\ufffd\"", "\"\xef\xbf\xbd\"" },
    { "\"a'b\"", NULL },
    /* names */
    { "{\"\":1}", NULL },
    { "{\"http:\\/\\/x\":1}", "{\"http://x\":1}" },
    { "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}", NULL },
    { "{\"\xc3\xa4\":1,\"\xc3\x84\":2}", NULL },   /* names are ASCII */
    { "[\"a\",\"a\",{\"a\":\"a\"}]", NULL }
};

/* text, and what the detail begins with */
static const struct {
    const char *text;
    const char *detail;
} bad[] = {
    { "", "JSON: the text ends too early" },
    { "  ", "JSON: the text ends too early" },
    { "\xEF\xBB\xBF", "JSON: the text ends too early" },
    { "{", "JSON: the text ends too early" },
    { "{\"a\"", "JSON: the text ends too early" },
    { "{\"a\":1", "JSON: the text ends too early" },
    { "[1,", "JSON: the text ends too early" },
    { "[1]]", "JSON: text behind the document at byte 4" },
    { "{} {}", "JSON: text behind the document at byte 4" },
    { "1 2", "JSON: text behind the document at byte 3" },
    { "\"a\":1", "JSON: text behind the document at byte 4" },
    { "[}", "JSON: unexpected character at byte 2" },
    { "{]", "JSON: quoted object property name expected at byte 2" },
    { "]", "JSON: a stray character at byte 1" },
    { "[1,]", "JSON: unexpected character at byte 4" },
    { "{\"a\":1,}", "JSON: unexpected character at byte 8" },
    { "{\"a\" 1}", "JSON: object property name separator ':' expected" },
    { "{\"a\":1 \"b\":2}", "JSON: object value separator ',' expected" },
    { "[1 2]", "JSON: array value separator ',' expected" },
    { "{1:2}", "JSON: quoted object property name expected" },
    { "{null:2}", "JSON: quoted object property name expected" },
    { ":", "JSON: unexpected character at byte 1" },
    /* words and signs */
    { "tru", "JSON: an unknown word at byte 1" },
    { "True", "JSON: an unknown word at byte 1" },
    { "NULL", "JSON: an unknown word at byte 1" },
    { "[NaN]", "JSON: an unknown word at byte 2" },
    { "-Infinity", "JSON: a malformed number at byte 1" },
    { "nullx", "JSON: an unknown word at byte 1" },
    { "/* x */ 1", "JSON: a stray character at byte 1" },
    { "{'a':1}", "JSON: a stray character at byte 2" },
    { "['a']", "JSON: a stray character at byte 2" },
    { "[1;2]", "JSON: a stray character at byte 3" },
    { "\f1", "JSON: a stray character at byte 1" },
    /* numbers */
    { "01", "JSON: a malformed number at byte 1" },
    { "-", "JSON: a malformed number at byte 1" },
    { "-a", "JSON: a malformed number at byte 1" },
    { "1.", "JSON: a malformed number at byte 1" },
    { "1.e5", "JSON: a malformed number at byte 1" },
    { "1e", "JSON: a malformed number at byte 1" },
    { "[1e+]", "JSON: a malformed number at byte 2" },
    { ".5", "JSON: a stray character at byte 1" },
    { "+1", "JSON: a stray character at byte 1" },
    { "0x10", "JSON: text behind the document at byte 2" },
    /* strings */
    { "\"a", "JSON: a string without end at byte 1" },
    { "\"a\\", "JSON: an unknown escape at byte 3" },
    { "\"a\\\"", "JSON: a string without end at byte 1" },
    { "\"\\x\"", "JSON: an unknown escape at byte 2" },
    { "\"\\'\"", "JSON: an unknown escape at byte 2" },
    { "\"a\nb\"", "JSON: a control character in a string at byte 3" },
    { "{\"a\tb\":1}", "JSON: a control character in a string at byte 4" },
    { "\"\x1f\"", "JSON: a control character in a string at byte 2" },
    { "\"\\u12\"", "JSON: \\u without four hexadecimal digits at byte 2" },
    { "\"\\u12g4\"", "JSON: \\u without four hexadecimal digits" },
    { "\"\\u0000\"", "JSON: the character NUL at byte 2" },
    { "{\"a\\u0000b\":1}", "JSON: the character NUL at byte 4" },
    { "\"\\ud83d\"", "JSON: half of a surrogate pair at byte 2" },
    { "\"\\ud83dx\"", "JSON: half of a surrogate pair at byte 2" },
    { "\"\\ud83d\\n\"", "JSON: half of a surrogate pair at byte 2" },
    { "\"\\ud83d\\u0041\"", "JSON: half of a surrogate pair at byte 2" },
    { "\"\\ude00\\ud83d\"", "JSON: half of a surrogate pair at byte 2" },
    { "\"\\ude00\\ude00\"", "JSON: half of a surrogate pair at byte 2" },
    { "\"\\ud83d\\ud83d\"", "JSON: half of a surrogate pair at byte 2" },
    { "\"\xff\"", "JSON: the text is not UTF-8" },
    { "\"\xc0\x80\"", "JSON: the text is not UTF-8" },
    { "\"\xed\xa0\x80\"", "JSON: the text is not UTF-8" },
    { "{\"\xc3\":1}", "JSON: the text is not UTF-8" },
    /* names given twice */
    { "{\"a\":1,\"a\":2}", "JSON: attribute \"a\" given twice, the second"
      " time at byte 8" },
    { "{\"userName\":1,\"USERNAME\":2}", "JSON: attribute \"USERNAME\" given"
      " twice" },
    { "{\"b\":[{\"a\":1,\"c\":2,\"A\":3}]}", "JSON: attribute \"A\" given"
      " twice" },
    { "{\"a\":{\"b\":1},\"c\":{\"d\":1},\"A\":2}", "JSON: attribute \"A\""
      " given twice" },
    { "{\"ab\":1,\"a\\u0062\":2}", "JSON: attribute \"ab\" given twice" },
    { "{\"a/b\":1,\"a\\/b\":2}", "JSON: attribute \"a/b\" given twice" },
    { "{\"\":1,\"\":2}", "JSON: attribute \"\" given twice" },
    { "{\"\xc3\xbc\":1,\"\\u00FC\":2}", "JSON: attribute \"\xc3\xbc\" given"
      " twice" }
};

static void test_reading(apr_pool_t *pool)
{
    const char *text, *detail;
    scim_json_t *value;
    size_t i;

    for (i = 0; i < COUNT(good); i++) {
        text = good[i].text;
        value = parse(text, pool);
        is_str(value ? scim_json_text(value, pool) : "refused",
               good[i].again ? good[i].again : text, "%s is read", text);
    }
    for (i = 0; i < COUNT(bad); i++) {
        text = bad[i].text;
        detail = refusal(text, strlen(text), pool);
        is_str(detail ? apr_pstrmemdup(pool, detail, strlen(bad[i].detail))
                      : "read", bad[i].detail, "%s is refused", text);
    }
    is_str(refusal("[1\0]", 4, pool), "JSON: a stray character at byte 3",
           "NUL between tokens");
    is_str(refusal("[1]\0", 4, pool), "JSON: text behind the document at byte"
           " 4", "NUL behind the document");
    is_str(refusal("\"a\0b\"", 5, pool),
           "JSON: a control character in a string at byte 3",
           "NUL in a string");
    is_str(refusal("[1]x", 3, pool), NULL, "the length ends the text");
    is_str(refusal("12", 1, pool), NULL, "also in a number");
    value = parse("{\"name\":\"x\"}", pool);
    is_str(value->first->name, "name", "a member bears its name");
    is_int(value->first->len, 1, "a string knows its length");
}

/* --- size and depth --- */

static const char *nest(int levels, const char *open, const char *close,
                        apr_pool_t *pool)
{
    scim_buf_t buf;
    int i;

    scim_buf_init(&buf, 1024, pool);
    for (i = 0; i < levels; i++) {
        scim_buf_puts(&buf, open);
    }
    scim_buf_puts(&buf, "1");
    for (i = 0; i < levels; i++) {
        scim_buf_puts(&buf, close);
    }
    return buf.data;
}

static void test_depth(apr_pool_t *pool)
{
    static const char too_deep[] = "JSON: nesting deeper than 32 levels";
    const char *text;

    ok(parse(nest(32, "[", "]", pool), pool) != NULL, "32 arrays");
    ok(parse(nest(32, "{\"a\":", "}", pool), pool) != NULL, "32 objects");
    text = nest(33, "[", "]", pool);
    is_str(refusal(text, strlen(text), pool),
           apr_pstrcat(pool, too_deep, " at byte 33", NULL), "33 arrays");
    text = nest(33, "{\"a\":", "}", pool);
    is_str(refusal(text, strlen(text), pool),
           apr_pstrcat(pool, too_deep, " at byte 161", NULL), "33 objects");
    text = nest(20000, "[", "]", pool);
    is_str(refusal(text, strlen(text), pool),
           apr_pstrcat(pool, too_deep, " at byte 33", NULL), "20,000 arrays");
    text = nest(1 << 20, "[", "", pool);
    is_str(refusal(text, strlen(text), pool),
           apr_pstrcat(pool, too_deep, " at byte 33", NULL), "1 MiB of [");
}

/* A document that PostgreSQL keeps may be the application's. */
static void test_stored(apr_pool_t *pool)
{
    static const char *const texts[] = {
        "{\"a\":1,\"A\":2,\"b\":{\"c\":[],\"C\":null}}", "[1,2]", "7",
        "{\"a\":12345678901234567890123}"
    };
    scim_json_t *value, *other;
    size_t i;

    for (i = 0; i < COUNT(texts); i++) {
        value = scim_json_parse_stored(texts[i], pool);
        is_str(value ? scim_json_text(value, pool) : NULL, texts[i],
               "stored: %s", texts[i]);
    }
    value = scim_json_parse_stored(texts[0], pool);
    is_str(scim_json_find(value, "a")->text, "1", "stored: the first counts");
    other = scim_json_parse_stored("{\"b\":{\"C\":null,\"c\":[]},\"A\":2,"
                                   "\"a\":1}", pool);
    ok(scim_json_is_equal(value, other), "stored: equal in any order");
    other = scim_json_parse_stored("{\"b\":{\"C\":null,\"c\":[]},\"A\":1,"
                                   "\"a\":2}", pool);
    ok(!scim_json_is_equal(value, other), "stored: and to each its own value");
    ok(scim_json_parse_stored(nest(200, "[", "]", pool), pool) != NULL,
       "stored: deeper than a client may");
    ok(!scim_json_parse_stored(nest(100000, "[", "]", pool), pool),
       "stored: but not endlessly");
}

static void test_many_members(apr_pool_t *pool)
{
    enum { MANY = SCIM_BODY_VALUES_MAX / 2 };
    scim_json_t *value;
    scim_buf_t buf;
    int i;

    scim_buf_init(&buf, 1 << 20, pool);
    for (i = 0; i < MANY - 1; i++) {
        scim_buf_printf(&buf, "%s\"a%d\":%d", i ? "," : "{", i, i);
    }
    scim_buf_puts(&buf, "}");
    value = parse(buf.data, pool);
    is_int(value ? scim_json_count(value) : 0, MANY - 1,
           "as many members as may be");
    buf.data[buf.len - 1] = ',';
    scim_buf_puts(&buf, "\"b\":1,\"c\":1}");
    is_str(refusal(buf.data, buf.len, pool),
           apr_psprintf(pool, "JSON: more than %d values and names in one "
                        "body", SCIM_BODY_VALUES_MAX), "one more");
}

/* --- trees --- */

static void test_members(apr_pool_t *pool)
{
    scim_json_t *object = parse("{\"a\":1,\"B\":2,\"c\":3}", pool);
    scim_json_t *empty = scim_json_make(SCIM_JSON_OBJECT, pool);
    scim_json_t *array = parse("[1,2,3]", pool), *child;

    is_str(scim_json_find(object, "b")->text, "2", "found in any case");
    ok(!scim_json_find(object, "d"), "not found");
    ok(!scim_json_find(NULL, "a") && !scim_json_find(array, "a"),
       "only objects have members");

    scim_json_set(object, "b", scim_json_make_bool(7, pool));
    is_str(scim_json_text(object, pool), "{\"a\":1,\"b\":true,\"c\":3}",
           "replaced in its place");
    scim_json_set(object, "A", scim_json_make_string("x", pool));
    is_str(scim_json_text(object, pool), "{\"A\":\"x\",\"b\":true,\"c\":3}",
           "the first one replaced");
    scim_json_set(object, "C", scim_json_make(SCIM_JSON_NULL, pool));
    scim_json_set(object, "d", scim_json_make(SCIM_JSON_ARRAY, pool));
    is_str(scim_json_text(object, pool),
           "{\"A\":\"x\",\"b\":true,\"C\":null,\"d\":[]}",
           "the last one replaced, another appended");

    scim_json_remove(object, "D");
    scim_json_remove(object, "a");
    scim_json_remove(object, "nothing");
    is_str(scim_json_text(object, pool), "{\"b\":true,\"C\":null}",
           "first and last removed");
    scim_json_set(object, "e", scim_json_make_bool(0, pool));
    scim_json_remove(object, "C");
    is_str(scim_json_text(object, pool), "{\"b\":true,\"e\":false}",
           "the middle removed");
    scim_json_remove(object, "b");
    scim_json_remove(object, "e");
    is_int(scim_json_count(object), 0, "all removed");
    ok(!object->first && !object->last, "nothing hangs in it");
    scim_json_set(object, "f", scim_json_make_bool(0, pool));
    is_str(scim_json_text(object, pool), "{\"f\":false}", "and used again");

    child = array->first->next;
    scim_json_unlink(array, child);
    is_str(scim_json_text(array, pool), "[1,3]", "an element taken out");
    scim_json_unlink(array, child);
    is_str(scim_json_text(array, pool), "[1,3]", "twice is harmless");
    scim_json_append(array, child);
    is_str(scim_json_text(array, pool), "[1,3,2]", "and put back behind");
    scim_json_remove(empty, "x");
    is_str(scim_json_text(empty, pool), "{}", "nothing to remove");
}

static void test_copy(apr_pool_t *pool)
{
    static const char text[] = "{\"a\":[1,{\"b\":null}],\"c\":\"d\"}";
    scim_json_t *original = parse(text, pool);
    scim_json_t *copy = scim_json_copy(scim_json_find(original, "a"), pool);

    is_str(copy->name, "a", "a copy bears the name");
    ok(!copy->next, "but has no siblings");
    copy = scim_json_copy(original, pool);
    is_str(scim_json_text(copy, pool), text, "a copy says the same");
    scim_json_remove(copy, "a");
    scim_json_remove(copy, "c");
    is_str(scim_json_text(original, pool), text, "the original is untouched");
}

static void test_equal(apr_pool_t *pool)
{
    static const struct {
        const char *a;
        const char *b;
        int equal;
    } rows[] = {
        { "null", "null", 1 },
        { "null", "false", 0 },
        { "true", "true", 1 },
        { "true", "false", 0 },
        { "1", "1.0", 1 },
        { "1", "\"1\"", 0 },
        { "\"a\"", "\"a\"", 1 },
        { "\"a\"", "\"A\"", 0 },
        { "\"a\"", "\"ab\"", 0 },
        { "[1,2]", "[1,2]", 1 },
        { "[1,2]", "[2,1]", 0 },
        { "[1,2]", "[1]", 0 },
        { "[1]", "[1,2]", 0 },
        { "[]", "{}", 0 },
        { "{\"a\":1,\"b\":2}", "{\"B\":2,\"A\":1.0}", 1 },
        { "{\"a\":1,\"b\":2}", "{\"a\":1}", 0 },
        { "{\"a\":1}", "{\"a\":1,\"b\":2}", 0 },
        { "{\"a\":1}", "{\"b\":1}", 0 },
        { "{\"a\":{\"b\":[1]}}", "{\"a\":{\"b\":[1]}}", 1 }
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        is_int(scim_json_is_equal(parse(rows[i].a, pool),
                                  parse(rows[i].b, pool)),
               rows[i].equal, "%s and %s", rows[i].a, rows[i].b);
    }
}

static void test_numbers(apr_pool_t *pool)
{
    /* in ascending order; equal ones on one line */
    static const char *const rows[][4] = {
        { "-1e400" },
        { "-9223372036854775808" },
        { "-9223372036854775807", "-9223372036854775807.0" },
        { "-10", "-1e1", "-0.1e2", "-100e-1" },
        { "-9.99" },
        { "-0.001", "-1e-3" },
        { "0", "0.0", "0e5", "-0.00" },
        { "1e-99999999999999999999" },
        { "1e-400" },
        { "0.05", "5e-2", "0.050", "0.0005E+2" },
        { "0.5" },
        { "0.51" },
        { "1", "1.000", "10e-1", "0.1e1" },
        { "1.0000000000000000000001" },
        { "2" },
        { "10", "1e1" },
        { "10.5" },
        { "100" },
        { "9007199254740992" },
        { "9007199254740993" },
        { "18446744073709551615" },
        { "1e400", "10e399" },
        { "1e99999999999999999999", "1e99999999999999999998" }
    };
    size_t i, j, k, l;
    int wrong = 0, tried = 0;

    for (i = 0; i < COUNT(rows); i++) {
        for (j = 0; j < COUNT(rows); j++) {
            for (k = 0; k < 4 && rows[i][k]; k++) {
                for (l = 0; l < 4 && rows[j][l]; l++) {
                    int order = scim_json_compare_numbers(
                        parse(rows[i][k], pool), parse(rows[j][l], pool));

                    tried++;
                    if (order != (i > j) - (i < j)) {
                        wrong++;
                        printf("# %s and %s: %d\n", rows[i][k], rows[j][l],
                               order);
                    }
                }
            }
        }
    }
    is_int(wrong, 0, "%d pairs of numbers are compared by value", tried);
}

static void test_emptiness(apr_pool_t *pool)
{
    static const struct {
        const char *text;
        int empty;
    } rows[] = {
        { "null", 1 }, { "\"\"", 1 }, { "[]", 1 }, { "{}", 1 },
        { "false", 0 }, { "0", 0 }, { "\" \"", 0 }, { "[null]", 0 },
        { "{\"a\":null}", 0 }
    };
    size_t i;

    ok(scim_json_is_empty(NULL), "NULL says nothing");
    for (i = 0; i < COUNT(rows); i++) {
        is_int(scim_json_is_empty(parse(rows[i].text, pool)), rows[i].empty,
               "whether %s says something", rows[i].text);
    }
    ok(scim_json_is_text(parse("\"Replace\"", pool), "replace"), "a text");
    ok(!scim_json_is_text(parse("\"Replaced\"", pool), "replace"), "another");
    ok(!scim_json_is_text(parse("true", pool), "true"), "no text");
    ok(!scim_json_is_text(NULL, "true"), "nothing is no text");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_reading(pool);
    test_depth(pool);
    test_stored(pool);
    test_many_members(pool);
    test_members(pool);
    test_copy(pool);
    test_equal(pool);
    test_numbers(pool);
    test_emptiness(pool);
    apr_terminate();
    return done_testing();
}
