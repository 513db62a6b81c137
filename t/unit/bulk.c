/* Bulk messages: what they say, what refers to what, and the order. */
#include "proto/bulk.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define BASE "https://h.example/scim/v2"

static apr_pool_t *pool;

static scim_json_t *parse(const char *text)
{
    scim_json_t *value = NULL;

    ok(!scim_json_parse(&value, text, strlen(text), pool), "JSON: %s", text);
    return value;
}

static scim_bulk_t *decode(const char *operations)
{
    scim_bulk_t *bulk = NULL;
    char *text = apr_pstrcat(pool, "{\"Operations\":[", operations, "]}",
                             NULL);
    scim_err_t *err = scim_bulk_decode(&bulk, parse(text), BASE, 100, pool);

    ok(!err, "%s: is read", operations);
    return bulk;
}

/* --- the message --- */

static const struct {
    const char *text;
    int count, fail_on_errors;
} messages[] = {
    { "{\"Operations\":[]}", 0, 0 },
    { "{\"OPERATIONS\":[],\"failonerrors\":3}", 0, 3 },
    { "{\"Operations\":[],\"failOnErrors\":0}", 0, 0 },
    { "{\"Operations\":[],\"failOnErrors\":null}", 0, 0 },
    { "{\"Operations\":[],\"failOnErrors\":4294967297}", 0, APR_INT32_MAX },
    { "{\"schemas\":[\"urn:x\"],\"x\":1,\"Operations\":[{},{}]}", 2, 0 }
};

static const struct {
    const char *text;
    scim_err_kind_t kind;
} bad_messages[] = {
    { "[]", SCIM_ERR_INVALID_SYNTAX },
    { "{}", SCIM_ERR_INVALID_SYNTAX },
    { "{\"Operations\":{}}", SCIM_ERR_INVALID_SYNTAX },
    { "{\"Operations\":[{},1]}", SCIM_ERR_INVALID_SYNTAX },
    { "{\"Operations\":[],\"failOnErrors\":\"1\"}", SCIM_ERR_INVALID_VALUE },
    { "{\"Operations\":[],\"failOnErrors\":-1}", SCIM_ERR_INVALID_VALUE },
    { "{\"Operations\":[],\"failOnErrors\":1.5}", SCIM_ERR_INVALID_VALUE },
    { "{\"Operations\":[{},{},{},{}]}", SCIM_ERR_TOO_LARGE }
};

static void test_messages(void)
{
    scim_bulk_t *bulk;
    size_t i;

    for (i = 0; i < COUNT(messages); i++) {
        bulk = NULL;
        ok(!scim_bulk_decode(&bulk, parse(messages[i].text), BASE, 3, pool),
           "%s: is read", messages[i].text);
        is_int(bulk->count, messages[i].count, "%s: operations",
               messages[i].text);
        is_int(bulk->fail_on_errors, messages[i].fail_on_errors,
               "%s: failOnErrors", messages[i].text);
    }
    for (i = 0; i < COUNT(bad_messages); i++) {
        scim_err_t *err = scim_bulk_decode(&bulk,
                                           parse(bad_messages[i].text), BASE,
                                           3, pool);

        ok(err && err->kind == bad_messages[i].kind, "%s: is refused",
           bad_messages[i].text);
    }
}

/* --- one operation --- */

static const struct {
    const char *text;
    const char *method, *endpoint, *target, *bulk_id, *version;
} operations[] = {
    { "{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"q\"}",
      "POST", "Users", NULL, "q", NULL },
    { "{\"METHOD\":\"post\",\"Path\":\"Users/\",\"BULKID\":\"q\"}",
      "POST", "Users", NULL, "q", NULL },
    { "{\"method\":\"PUT\",\"path\":\"/Users/1\",\"version\":\"W/\\\"a\\\"\"}",
      "PUT", "Users", "1", NULL, "W/\"a\"" },
    { "{\"method\":\"Patch\",\"path\":\"/Groups/a%20b\",\"bulkId\":null}",
      "PATCH", "Groups", "a b", NULL, NULL },
    { "{\"method\":\"DELETE\",\"path\":\"" BASE "/Users/1\",\"bulkId\":\"d\"}",
      "DELETE", "Users", "1", "d", NULL },
    { "{\"method\":\"DELETE\",\"path\":\"/scim/v2/Users/1/?x=/y\"}",
      "DELETE", "Users", "1", NULL, NULL }
};

static const struct {
    const char *text;
    scim_err_kind_t kind;
} bad_operations[] = {
    { "{}", SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":1}", SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"GET\",\"path\":\"/Users/1\"}", SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"PUT\",\"path\":2}", SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"PUT\"}", SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"PUT\",\"path\":\"/Users\"}", SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"PUT\",\"path\":\"/Users/%zz\"}",
      SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"PUT\",\"path\":\"/Users/%00\"}",
      SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"PUT\",\"path\":\"/Users/a%2Fb\"}",
      SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"PUT\",\"path\":\"/Users/1/2\"}",
      SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"PUT\",\"path\":\"/Me/1\"}", SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"PUT\",\"path\":\"http://x/Users/1\"}",
      SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"POST\",\"path\":\"/Bulk\",\"bulkId\":\"q\"}",
      SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"POST\",\"path\":\"/Users/.search\",\"bulkId\":\"q\"}",
      SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"POST\",\"path\":\"/Users\"}", SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"\"}",
      SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":7}",
      SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"PUT\",\"path\":\"/Users/1\",\"version\":{}}",
      SCIM_ERR_INVALID_SYNTAX },
    { "{\"method\":\"PUT\",\"path\":\"/Users/bulkId:x\"}",
      SCIM_ERR_INVALID_VALUE },
    { "{\"method\":\"PUT\",\"path\":\"/Users/1\",\"data\":{\"a\":[{\"b\":"
      "\"bulkId:x\"}]}}", SCIM_ERR_INVALID_VALUE }
};

static void test_operations(void)
{
    scim_bulk_t *bulk;
    size_t i;

    for (i = 0; i < COUNT(operations); i++) {
        const char *text = operations[i].text;
        const scim_bulk_operation_t *op;

        bulk = decode(text);
        op = &bulk->operations[0];
        ok(!op->err, "%s: can be carried out", text);
        is_str(op->method, operations[i].method, "%s: method", text);
        is_str(op->endpoint, operations[i].endpoint, "%s: endpoint", text);
        is_str(op->target, operations[i].target, "%s: id", text);
        is_str(op->bulk_id, operations[i].bulk_id, "%s: bulkId", text);
        is_str(op->version, operations[i].version, "%s: version", text);
    }
    for (i = 0; i < COUNT(bad_operations); i++) {
        scim_err_t *err = decode(bad_operations[i].text)->operations[0].err;

        ok(err && err->kind == bad_operations[i].kind, "%s: is refused",
           bad_operations[i].text);
    }
    bulk = decode("{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"q\"},"
                  "{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"q\"},"
                  "{\"method\":\"PUT\",\"path\":\"/Users/1\",\"bulkId\":\"q\"}");
    ok(!bulk->operations[0].err, "the first of two bulkIds stands");
    ok(bulk->operations[1].err
       && bulk->operations[1].err->kind == SCIM_ERR_INVALID_VALUE,
       "the second POST with it is refused");
    ok(!bulk->operations[2].err, "a bulkId of a PUT names nothing");
    bulk = decode("{\"method\":\"DELETE\",\"path\":\"/Users/1\",\"data\":{"
                  "\"x\":\"bulkId:nobody\"}}");
    ok(!bulk->operations[0].err && !bulk->operations[0].data,
       "the data of a DELETE say nothing");
}

/* --- references --- */

static const struct {
    const char *data, *resolved;
} references[] = {
    { "{\"a\":\"bulkId:q\"}", "{\"a\":\"7\"}" },
    { "{\"manager\":{\"value\":\"bulkId:q\"}}",
      "{\"manager\":{\"value\":\"7\"}}" },
    { "{\"members\":[\"bulkId:q\",{\"value\":\"bulkId:q\"}]}",
      "{\"members\":[\"7\",{\"value\":\"7\"}]}" },
    { "{\"$ref\":\"../Users/bulkId:q\"}", "{\"$ref\":\"../Users/7\"}" },
    { "{\"$REF\":\"" BASE "/Users/bulkId:q\"}",
      "{\"$REF\":\"" BASE "/Users/7\"}" },
    { "{\"a\":\"../Users/bulkId:q\"}", "{\"a\":\"../Users/bulkId:q\"}" },
    { "{\"a\":\"bulkId:\",\"b\":\"a bulkId:q\",\"c\":\"bulkid:q\"}",
      "{\"a\":\"bulkId:\",\"b\":\"a bulkId:q\",\"c\":\"bulkid:q\"}" },
    { "{\"Operations\":[{\"op\":\"remove\",\"path\":\"members[value eq "
      "\\\"bulkId:q\\\"]\"}]}",
      "{\"Operations\":[{\"op\":\"remove\",\"path\":\"members[value eq "
      "\\\"7\\\"]\"}]}" },
    { "{\"path\":\"m[value eq bulkId:q and (a eq bulkId:q)].x\"}",
      "{\"path\":\"m[value eq \\\"7\\\" and (a eq \\\"7\\\")].x\"}" },
    { "{\"path\":\"m[a eq \\\"x bulkId:q\\\" or a eq \\\"abulkId:q\\\"]\"}",
      "{\"path\":\"m[a eq \\\"x bulkId:q\\\" or a eq \\\"abulkId:q\\\"]\"}" },
    { "{\"path\":\"m[a eq \\\"\\\\\\\" bulkId:q\\\" or b eq bulkId:q\"}",
      "{\"path\":\"m[a eq \\\"\\\\\\\" bulkId:q\\\" or b eq \\\"7\\\"\"}" },
    { "{\"path\":\"m[a eq bulkId:q and b eq \\\"\"}",
      "{\"path\":\"m[a eq \\\"7\\\" and b eq \\\"\"}" },
    { "{\"value\":{\"members[value eq \\\"bulkId:q\\\"].display\":1}}",
      "{\"value\":{\"members[value eq \\\"7\\\"].display\":1}}" },
    { "{\"bulkId:q\":\"bulkId:r\"}", "{\"bulkId:q\":\"a\\\"b\"}" },
    { "{\"path\":\"m[v eq \\\"bulkId:r\\\"]\",\"$ref\":\"/U/bulkId:r\"}",
      "{\"path\":\"m[v eq \\\"a\\\\\\\"b\\\"]\",\"$ref\":\"/U/a%22b\"}" }
};

static void test_references(void)
{
    static const char creates[] =
        "{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"q\"},"
        "{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"r\"},";
    size_t i;

    for (i = 0; i < COUNT(references); i++) {
        const char *data = references[i].data;
        scim_bulk_t *bulk = decode(apr_pstrcat(pool, creates,
            "{\"method\":\"PATCH\",\"path\":\"/Users/bulkId:q\",\"data\":",
            data, "}", NULL));
        scim_bulk_operation_t *op = &bulk->operations[2];

        ok(!op->err, "%s: can be carried out", data);
        is_str(scim_json_text(scim_bulk_data(bulk, op, pool), pool), data,
               "%s: stays while nothing is known", data);
        is_str(scim_bulk_target(bulk, op), NULL, "%s: nor the path", data);
        ok(!scim_bulk_failed_need(bulk, op), "%s: nothing failed yet", data);
        bulk->operations[0].id = "7";
        bulk->operations[1].id = "a\"b";
        is_str(scim_json_text(scim_bulk_data(bulk, op, pool), pool),
               references[i].resolved, "%s: references become ids", data);
        is_str(scim_json_text(op->data, pool), data, "%s: in a copy", data);
        is_str(scim_bulk_target(bulk, op), "7", "%s: and in the path", data);
        bulk->operations[0].outcome.status = 409;
        ok(!scim_bulk_failed_need(bulk, op), "%s: all is there", data);
        bulk->operations[0].id = NULL;
        ok(scim_bulk_failed_need(bulk, op) == &bulk->operations[0],
           "%s: what it needs has failed", data);
    }
}

/* --- users and groups --- */

/* An operation in a job that creates the user u and the group g. */
static const struct {
    const char *operation, *error;  /* NULL: it can be carried out */
} kinds[] = {
#define PATCH_OP(path, rest) "{\"method\":\"PATCH\",\"path\":\"" path \
    "\",\"data\":{\"Operations\":[{\"op\":\"add\"" rest "}]}}"
#define POST_OP(path, data) "{\"method\":\"POST\",\"path\":\"" path \
    "\",\"bulkId\":\"x\",\"data\":{" data "}}"
#define NO_USER "it refers to the bulkId \"g\", which is a group, where a " \
    "user is meant"
    { POST_OP("/Groups", "\"members\":[{\"value\":\"bulkId:u\"}]"), NULL },
    { POST_OP("/Groups", "\"members\":[{\"value\":\"bulkId:g\"}]"), NO_USER },
    { POST_OP("/Groups", "\"Members\":[\"bulkId:g\"]"), NO_USER },
    { POST_OP("/Groups", "\"members\":\"bulkId:x\""),
      "it refers to the bulkId \"x\", which is a group, where a user is "
      "meant" },
    { POST_OP("/Groups", "\"urn:x:2.0:Group:members\":\"bulkId:g\""),
      NO_USER },
    { POST_OP("/Groups", "\"urn:x:2.0:Group\":{\"members\":\"bulkId:g\"}"),
      NO_USER },
    { POST_OP("/Groups", "\"urn:x:Group:parent\":\"bulkId:g\""), NULL },
    { POST_OP("/Groups", "\"remembers\":\"bulkId:g\""), NULL },
    { POST_OP("/Users", "\"groups\":[{\"value\":\"bulkId:g\"}]"), NULL },
    { POST_OP("/Users", "\"manager\":{\"value\":\"bulkId:g\"}"), NO_USER },
    { POST_OP("/Users", "\"urn:x:2.0:User.manager\":\"bulkId:g\""), NO_USER },
    { PATCH_OP("/Groups/1", ",\"path\":\"members\",\"value\":\"bulkId:u\""),
      NULL },
    { PATCH_OP("/Groups/1", ",\"path\":\"members\",\"value\":\"bulkId:g\""),
      NO_USER },
    { PATCH_OP("/Groups/1", ",\"value\":[{\"value\":\"bulkId:g\"}],"
                            "\"Path\":\"urn:x:Group:MEMBERS\""), NO_USER },
    { PATCH_OP("/Groups/1", ",\"path\":\"members[value eq "
                            "\\\"bulkId:u\\\"]\""), NULL },
    { PATCH_OP("/Groups/1", ",\"path\":\"members[value eq "
                            "\\\"bulkId:g\\\"]\""), NO_USER },
    { PATCH_OP("/Groups/1", ",\"value\":{\"members[value eq bulkId:g]\":1}"),
      NO_USER },
    { PATCH_OP("/Groups/1", ",\"value\":{\"members\":[\"bulkId:g\"]}"),
      NO_USER },
    { PATCH_OP("/Users/1", ",\"path\":\"urn:x:2.0:User:manager.value\","
                           "\"value\":\"bulkId:g\""), NO_USER },
    { PATCH_OP("/Users/1", ",\"path\":\"title\",\"value\":\"bulkId:g\""),
      NULL },
    { PATCH_OP("/Users/1", ",\"path\":\"x[value eq bulkId:g].members\""),
      NULL },
    { PATCH_OP("/Groups/bulkId:g", ""), NULL },
    { PATCH_OP("/Users/bulkId:u", ""), NULL },
    { PATCH_OP("/Users/bulkId:g", ""), NO_USER },
    { "{\"method\":\"DELETE\",\"path\":\"/Users/bulkId:g\"}", NO_USER },
    { "{\"method\":\"DELETE\",\"path\":\"/Groups/bulkId:u\"}",
      "it refers to the bulkId \"u\", which is a user, where a group is "
      "meant" }
};

static void test_kinds(void)
{
    size_t i;

    for (i = 0; i < COUNT(kinds); i++) {
        scim_bulk_t *bulk = decode(apr_pstrcat(pool,
            "{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"u\"},"
            "{\"method\":\"POST\",\"path\":\"/Groups\",\"bulkId\":\"g\"},",
            kinds[i].operation, NULL));
        const scim_bulk_operation_t *op = &bulk->operations[2];

        is_str(op->err ? op->err->detail : NULL, kinds[i].error,
               "users and groups: %s", kinds[i].operation);
        ok(!op->err || (op->err->kind == SCIM_ERR_INVALID_VALUE
                        && !op->needs->nelts), "and nothing is waited for");
    }
}

/* --- the order --- */

/* Operations by letters: `a:bc` is a POST with bulkId a that refers to b and
 * c, `-:a` a PATCH that refers to a. Steps: members in the order of the
 * message, `*` behind a circle. */
static const struct {
    const char *message, *steps;
} orders[] = {
    { "a b c", "a b c" },
    { "a b:a c:b", "a b c" },
    { "a:b b", "b a" },
    { "a b:d c d e", "a d b c e" },
    { "a:b b:c c:d d", "d c b a" },
    { "-:b a b", "b - a" },
    { "- a:b - b", "- b a -" },
    { "a:a", "a*" },
    { "a:b b:a", "ab*" },
    { "a:b b:a c", "ab* c" },
    { "a:c b c:a", "ac* b" },
    { "a:b b:c c:a", "abc*" },
    { "a:b b:c c:b", "bc* a" },
    { "a:bd b:a c:d d:c e:a", "cd* ab* e" },
    { "-:a a:b b:ac c", "c ab* -" },
    { "a:bb b a", "b a -" }
};

static const char *message_of(const char *letters)
{
    char *rest = apr_pstrdup(pool, letters), *state, *word;
    const char *text = "";

    for (word = apr_strtok(rest, " ", &state); word;
         word = apr_strtok(NULL, " ", &state)) {
        const char *refs = "";
        int i;

        for (i = 2; word[1] && word[i]; i++) {
            refs = apr_psprintf(pool, "%s%s\"bulkId:%c\"", refs,
                                *refs ? "," : "", word[i]);
        }
        text = apr_psprintf(pool, "%s%s{\"method\":\"%s\",\"path\":\"/Users%s"
                            "\",\"bulkId\":\"%c\",\"data\":{\"m\":[%s]}}",
                            text, *text ? "," : "",
                            *word == '-' ? "PATCH" : "POST",
                            *word == '-' ? "/1" : "", *word, refs);
    }
    return text;
}

static const char *steps_of(const scim_bulk_t *bulk)
{
    const char *text = "";
    int i, j;

    for (i = 0; i < bulk->steps->nelts; i++) {
        const scim_bulk_step_t *step = &APR_ARRAY_IDX(bulk->steps, i,
                                                      scim_bulk_step_t);

        text = apr_pstrcat(pool, text, i ? " " : "", NULL);
        for (j = 0; j < step->count; j++) {
            const scim_bulk_operation_t *op =
                &bulk->operations[step->operations[j]];

            text = apr_pstrcat(pool, text, op->err ? "-" : op->bulk_id, NULL);
        }
        text = apr_pstrcat(pool, text, step->is_circle ? "*" : "", NULL);
    }
    return text;
}

static void test_orders(void)
{
    enum { LONG = 5000 };
    scim_buf_t text;
    scim_json_t *body;
    scim_bulk_t *bulk;
    size_t i;
    int n, sorted = 1;

    for (i = 0; i < COUNT(orders); i++) {
        is_str(steps_of(decode(message_of(orders[i].message))),
               orders[i].steps, "order of %s", orders[i].message);
    }
    scim_buf_init(&text, 1024, pool);
    scim_buf_puts(&text, "{\"Operations\":[");
    for (n = 0; n < LONG; n++) {
        scim_buf_printf(&text, "%s{\"method\":\"POST\",\"path\":\"/Users\","
                        "\"bulkId\":\"%d\",\"data\":{\"x\":\"bulkId:%d\"}}",
                        n ? "," : "", n, n + 1 < LONG ? n + 1 : n);
    }
    scim_buf_puts(&text, "]}");
    ok(!scim_json_parse_large(&body, text.data, text.len, LONG * 100,
                              SCIM_BODY_DEPTH_MAX, pool)
       && !scim_bulk_decode(&bulk, body, BASE, LONG, pool),
       "a chain of references as long as the message");
    for (n = 0; n < LONG; n++) {
        sorted &= *APR_ARRAY_IDX(bulk->steps, n, scim_bulk_step_t).operations
                  == LONG - 1 - n;
    }
    ok(bulk->steps->nelts == LONG && sorted, "is begun at its end");
}

/* --- creates in two parts --- */

static const struct {
    const char *data, *now, *later;
} parts[] = {
    { "{\"a\":1,\"b\":\"x\"}", "{\"a\":1,\"b\":\"x\"}", NULL },
    { "{\"a\":1,\"manager\":{\"value\":\"bulkId:q\",\"displayName\":\"Q\"}}",
      "{\"a\":1}", "{\"manager\":{\"value\":\"bulkId:q\",\"displayName\":"
      "\"Q\"}}" },
    { "{\"members\":[{\"value\":\"1\"},{\"$ref\":\"/Users/bulkId:q\"}],"
      "\"a\":1}", "{\"a\":1}",
      "{\"members\":[{\"value\":\"1\"},{\"$ref\":\"/Users/bulkId:q\"}]}" },
    { "{\"urn:e\":{\"m\":\"bulkId:q\",\"d\":\"D\"},\"a\":1}",
      "{\"urn:e\":{\"d\":\"D\"},\"a\":1}", "{\"urn:e\":{\"m\":\"bulkId:q\"}}" },
    { "[\"bulkId:q\"]", "[\"bulkId:q\"]", NULL }
};

static void test_parts(void)
{
    size_t i;

    for (i = 0; i < COUNT(parts); i++) {
        scim_json_t *data = parse(parts[i].data);
        scim_json_t *later = scim_bulk_part(data, pool);
        const char *wanted = parts[i].later
            ? apr_pstrcat(pool, "{\"Operations\":[{\"op\":\"replace\","
                          "\"value\":", parts[i].later, "}]}", NULL) : NULL;

        is_str(scim_json_text(data, pool), parts[i].now, "%s: at once",
               parts[i].data);
        is_str(later ? scim_json_text(later, pool) : NULL, wanted,
               "%s: later", parts[i].data);
    }
}

/* --- the response --- */

static void test_response(void)
{
    static const scim_bulk_outcome_t made = { 201, "l", "W/\"v\"", NULL };
    static const scim_bulk_outcome_t failed = { 400, NULL, NULL, "{}" };
    scim_bulk_t *bulk = decode(
        "{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"q\\\"\"},"
        "{\"method\":\"delete\",\"path\":\"/Users/1\"},"
        "{}");
    scim_buf_t buf;

    bulk->operations[0].outcome = made;
    bulk->operations[2].outcome = failed;
    scim_buf_init(&buf, 64, pool);
    scim_bulk_format(&buf, bulk);
    is_str(buf.data, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:"
           "BulkResponse\"],\"Operations\":[{\"status\":\"201\",\"method\":"
           "\"POST\",\"bulkId\":\"q\\\"\",\"location\":\"l\",\"version\":"
           "\"W/\\\"v\\\"\"},{\"status\":\"400\",\"response\":{}}]}",
           "what was carried out is in the response, and nothing else");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_messages();
    test_operations();
    test_references();
    test_kinds();
    test_orders();
    test_parts();
    test_response();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
