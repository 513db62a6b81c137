/* The deviations of providers, one by one. */
#include "proto/quirks.h"
#include "schema/builtin.h"
#include "t/unit/document.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct {
    const char *text;
    int boolean;
} booleans[] = {
    { "true", 1 }, { "false", 0 }, { "\"True\"", 1 }, { "\"False\"", 0 },
    { "\"true\"", 1 }, { "\"false\"", 0 }, { "\"TRUE\"", 1 },
    { "\"fALSE\"", 0 }, { "\"maybe\"", -1 }, { "\"\"", -1 }, { "\"t\"", -1 },
    { "\"yes\"", -1 }, { "\"1\"", -1 }, { "1", -1 }, { "0", -1 },
    { "null", -1 }, { "[true]", -1 }, { "{}", -1 }, { "\" true\"", -1 },
    { "\"true \"", -1 }, { "\"truee\"", -1 }
};

static const struct {
    const char *text, *inner;
} arrays[] = {
    { "[\"False\"]", "\"False\"" }, { "[{\"value\":\"1\"}]", "{\"value\":\"1\"}" },
    { "[null]", "null" }, { "[[1]]", "[1]" }, { "[]", "[]" },
    { "[1,2]", "[1,2]" }, { "\"x\"", "\"x\"" }, { "{\"a\":1}", "{\"a\":1}" },
    { "null", "null" }
};

/* attribute, value, object or NULL */
static const struct {
    const char *attr, *text, *object;
} bare[] = {
    { "manager", "\"26118915\"", "{\"value\":\"26118915\"}" },
    { "roles", "\"{\\\"id\\\":1}\"", "{\"value\":\"{\\\"id\\\":1}\"}" },
    { "emails", "\"a@x\"", "{\"value\":\"a@x\"}" },
    { "emails", "true", "{\"value\":true}" },
    { "emails", "7", "{\"value\":7}" },
    { "emails", "{\"value\":\"a@x\"}", NULL },
    { "emails", "[\"a@x\"]", NULL },
    { "name", "\"Joy\"", NULL },
    { "addresses", "\"Main 1\"", NULL },
    { "userName", "\"joy\"", NULL }
};

/* sub-attribute of manager, value, what is meant */
static const struct {
    const char *sub, *text, *means;
} wrapped[] = {
    { "value", "{\"value\":\"1\"}", "\"1\"" },
    { "value", "[{\"value\":\"1\"}]", "\"1\"" },
    { "value", "{\"VALUE\":\"1\"}", "\"1\"" },
    { "value", "{\"value\":\"\"}", "\"\"" },
    { "value", "{\"value\":null}", "null" },
    { "value", "{\"other\":\"1\"}", "{\"other\":\"1\"}" },
    { "value", "[{\"other\":\"1\"}]", "[{\"other\":\"1\"}]" },
    { "value", "\"1\"", "\"1\"" },
    { "value", "[\"1\"]", "\"1\"" },
    { "value", "[\"1\",\"2\"]", "[\"1\",\"2\"]" },
    { "$ref", "{\"value\":\"1\"}", "{\"value\":\"1\"}" },
    { "$ref", "[\"x\"]", "\"x\"" }
};

static const struct {
    const char *op;
    char means;
} ops[] = {
    { "add", 'a' }, { "Add", 'a' }, { "ADD", 'a' }, { "replace", 'r' },
    { "Replace", 'r' }, { "remove", 'd' }, { "Remove", 'd' },
    { "REMOVE", 'd' }, { "", 0 }, { "move", 0 }, { "adds", 0 }, { "ad", 0 },
    { " add", 0 }, { "delete", 0 }, { "update", 0 }
};

static void test_values(const scim_rtype_t *type, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(booleans); i++) {
        is_int(scim_quirk_boolean(json(booleans[i].text, pool)),
               booleans[i].boolean, "A6: %s", booleans[i].text);
    }
    for (i = 0; i < COUNT(arrays); i++) {
        is_str(scim_json_text(scim_quirk_single_in_array(
                                  json(arrays[i].text, pool)), pool),
               arrays[i].inner, "one value in an array: %s", arrays[i].text);
    }
    for (i = 0; i < COUNT(bare); i++) {
        const scim_attr_t *attr = scim_rtype_attr_anywhere(type, bare[i].attr);
        scim_json_t *value = json(bare[i].text, pool);
        scim_json_t *object = scim_quirk_bare_value(value, attr, pool);

        is_str(object ? scim_json_text(object, pool) : NULL, bare[i].object,
               "A13: the bare value of %s: %s", bare[i].attr, bare[i].text);
        is_str(scim_json_text(value, pool), bare[i].text,
               "A13: %s is left alone", bare[i].text);
    }
    for (i = 0; i < COUNT(wrapped); i++) {
        const scim_attr_t *sub = scim_attr_sub(type->manager, wrapped[i].sub);

        is_str(scim_json_text(scim_quirk_wrapped_value(
                                  json(wrapped[i].text, pool), sub), pool),
               wrapped[i].means, "A13: %s of a manager: %s", wrapped[i].sub,
               wrapped[i].text);
    }
}

static void test_bare_operations(apr_pool_t *pool)
{
    static const char message[] = "{\"Operations\":[{\"op\":\"add\"}]}";

    is_str(scim_json_text(scim_quirk_bare_operations(
                              json("[{\"op\":\"add\"}]", pool), pool), pool),
           message, "a PATCH without the message around its operations");
    is_str(scim_json_text(scim_quirk_bare_operations(json(message, pool),
                                                     pool), pool),
           message, "a PATCH with it is left alone");
}

static void test_others(const scim_rtype_t *type, apr_pool_t *pool)
{
    static const char *const ours[] = { "id", "meta", "groups" };
    static const char *const theirs[] = { "userName", "externalId", "active",
                                          "emails", "manager", "password" };
    size_t i;

    for (i = 0; i < COUNT(ops); i++) {
        is_int(scim_quirk_op(ops[i].op), ops[i].means, "A1: op \"%s\"",
               ops[i].op);
    }
    ok(!scim_quirk_is_remove_list(NULL), "A9: no value lists nothing");
    ok(!scim_quirk_is_remove_list(json("null", pool)), "A9: null neither");
    ok(!scim_quirk_is_remove_list(json("\"\"", pool)),
       "A9: nor does an empty text");
    ok(scim_quirk_is_remove_list(json("[]", pool)),
       "A9: an empty list is a list, so nothing else is removed");
    ok(scim_quirk_is_remove_list(json("[{\"value\":\"u1\"}]", pool)),
       "A9: a list");
    ok(scim_quirk_is_remove_list(json("\"u1\"", pool)), "A9: one value");
    for (i = 0; i < COUNT(ours); i++) {
        const scim_attr_t *attr = scim_rtype_attr_anywhere(type, ours[i]);

        ok(scim_quirk_is_server_only(attr), "A11: %s is the server's",
           ours[i]);
        ok(!attr->nsubs || scim_quirk_is_server_only(&attr->subs[0]),
           "A11: and so are parts of %s", ours[i]);
    }
    for (i = 0; i < COUNT(theirs); i++) {
        ok(!scim_quirk_is_server_only(scim_rtype_attr_anywhere(type,
                                                               theirs[i])),
           "A11: %s is the client's", theirs[i]);
    }
    ok(!scim_quirk_is_server_only(scim_attr_sub(type->manager,
                                                "displayName")),
       "A11: the display name of a manager is read-only like others");
}

int main(void)
{
    const scim_rtype_t *type;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = scim_builtin_user(pool);
    test_values(type, pool);
    test_others(type, pool);
    test_bare_operations(pool);
    apr_terminate();
    return done_testing();
}
