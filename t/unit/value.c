/* A client's values in normal form, and the leniencies that make them so. */
#include "proto/quirks.h"
#include "proto/value.h"
#include "schema/builtin.h"
#include "schema/resource.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static apr_pool_t *pool;
static scim_rtype_t *type;

static scim_json_t *parse(const char *text)
{
    char *json = apr_pstrdup(pool, text), *at;
    scim_json_t *value = NULL;

    for (at = json; *at; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    ok(!scim_json_parse(&value, json, strlen(json), pool), "JSON: %s", text);
    return value;
}

static const struct {
    const char *attr;
    const char *in;
    const char *out;        /* NULL: refused; "": says nothing */
} values[] = {
    { "active", "true", "true" },
    { "active", "'False'", "false" },
    { "active", "['TRUE']", "true" },
    { "active", "'yes'", NULL },
    { "active", "0", NULL },
    { "active", "{}", NULL },
    { "active", "''", "" },
    { "active", "null", "" },
    { "title", "'T'", "'T'" },
    { "title", "['T']", "'T'" },
    { "title", "['T','U']", NULL },
    { "title", "7", NULL },
    { "title", "true", NULL },
    { "title", "{'a':1}", NULL },
    { "title", "' '", "' '" },
    { "name", "{'GIVENNAME':'G','x':'y','familyName':''}",
      "{'givenName':'G'}" },
    { "name", "'G'", NULL },
    { "name", "{}", "" },
    { "name", "{'givenName':7}", NULL },
    { "emails", "'a@b'", "[{'value':'a@b'}]" },
    { "emails", "{'value':'a','primary':'True'}",
      "[{'value':'a','primary':true}]" },
    { "emails", "[{'value':'a'},{'type':'work'},{'value':''}]",
      "[{'value':'a'}]" },
    { "emails", "[]", "" },
    { "emails", "[null,'',{}]", "" },
    { "emails", "[7]", NULL },
    { "emails", "[{'value':'a','primary':'perhaps'}]", NULL },
    { "addresses", "[{'type':'work','locality':'Z'}]",
      "[{'type':'work','locality':'Z'}]" },
    { "manager", "'7'", "{'value':'7'}" },
    { "manager", "[{'value':'7','displayName':'D'}]", "{'value':'7'}" },
    { "manager", "{'value':''}", "" },
    { "manager", "{'displayName':'D'}", "" },
    { "x509Certificates", "[{'value':'QUJD'}]", "[{'value':'QUJD'}]" },
    { "x509Certificates", "[{'value':'no base64!'}]", NULL }
};

static void test_values(void)
{
    unsigned char *stored = memset(apr_palloc(pool, type->nattrs), 1,
                                   type->nattrs);
    size_t i;

    for (i = 0; i < COUNT(values); i++) {
        const scim_attr_t *attr = scim_rtype_attr_anywhere(type,
                                                           values[i].attr);
        scim_json_t *value = NULL;
        scim_err_t *err = scim_value_decode(&value, parse(values[i].in), attr,
                                            scim_intake_make(type, stored,
                                                             pool));

        if (!values[i].out) {
            ok(err && err->kind == SCIM_ERR_INVALID_VALUE, "%s %s is refused",
               values[i].attr, values[i].in);
            ok(err && strstr(err->detail, values[i].attr),
               "%s %s: the detail names it", values[i].attr, values[i].in);
        }
        else if (!*values[i].out) {
            ok(!err && !value, "%s %s says nothing", values[i].attr,
               values[i].in);
        }
        else {
            ok(!err && value
               && scim_json_is_equal(value, parse(values[i].out)),
               "%s %s is %s", values[i].attr, values[i].in, values[i].out);
        }
    }
}

/* Every simple type. A text stays as it was sent, but for times, which are in
 * the form that is sent back. */
static const struct {
    scim_attr_type_t type;
    const char *in;
    int good;
} types[] = {
    { SCIM_TYPE_INTEGER, "7", 1 },
    { SCIM_TYPE_INTEGER, "-7", 1 },
    { SCIM_TYPE_INTEGER, "0", 1 },
    { SCIM_TYPE_INTEGER, "[7]", 1 },
    { SCIM_TYPE_INTEGER, "9223372036854775807", 1 },
    { SCIM_TYPE_INTEGER, "-9223372036854775808", 1 },
    { SCIM_TYPE_INTEGER, "9223372036854775808", 0 },
    { SCIM_TYPE_INTEGER, "-9223372036854775809", 0 },
    { SCIM_TYPE_INTEGER, "7.0", 0 },
    { SCIM_TYPE_INTEGER, "7.5", 0 },
    { SCIM_TYPE_INTEGER, "7e1", 0 },
    { SCIM_TYPE_INTEGER, "'7'", 0 },
    { SCIM_TYPE_INTEGER, "true", 0 },
    { SCIM_TYPE_DECIMAL, "7", 1 },
    { SCIM_TYPE_DECIMAL, "7.5", 1 },
    { SCIM_TYPE_DECIMAL, "-7e-1", 1 },
    { SCIM_TYPE_DECIMAL, "'7.5'", 0 },
    { SCIM_TYPE_DECIMAL, "false", 0 },
    { SCIM_TYPE_DATETIME, "'2026-01-31T12:00:00Z'", 1 },
    { SCIM_TYPE_DATETIME, "'2026-01-31T12:00:00.5Z'", 1 },
    { SCIM_TYPE_DATETIME, "'2026-01-31'", 0 },
    { SCIM_TYPE_DATETIME, "'2026-01-31 12:00:00Z'", 0 },
    { SCIM_TYPE_DATETIME, "'2026-02-31T12:00:00Z'", 0 },
    { SCIM_TYPE_DATETIME, "'tomorrow'", 0 },
    { SCIM_TYPE_DATETIME, "20260131", 0 },
    { SCIM_TYPE_BINARY, "'QUJD'", 1 },
    { SCIM_TYPE_BINARY, "'QUI='", 1 },
    { SCIM_TYPE_BINARY, "'QQ=='", 1 },
    { SCIM_TYPE_BINARY, "'QUI'", 1 },
    { SCIM_TYPE_BINARY, "'QQ'", 1 },
    { SCIM_TYPE_BINARY, "'_-8='", 1 },
    { SCIM_TYPE_BINARY, "'QUJD\\r\\nQUJD\\n'", 1 },
    { SCIM_TYPE_BINARY, "'Q'", 0 },
    { SCIM_TYPE_BINARY, "'QUJDR'", 0 },
    { SCIM_TYPE_BINARY, "'QUJD='", 0 },
    { SCIM_TYPE_BINARY, "'QQ='", 0 },
    { SCIM_TYPE_BINARY, "'QQ==='", 0 },
    { SCIM_TYPE_BINARY, "'Q=Q='", 0 },
    { SCIM_TYPE_BINARY, "'QU D'", 0 },
    { SCIM_TYPE_BINARY, "'QU*D'", 0 },
    { SCIM_TYPE_BINARY, "7", 0 },
    { SCIM_TYPE_REFERENCE, "'https://x.example/a?b=c#d'", 1 },
    { SCIM_TYPE_REFERENCE, "'../Users/7'", 1 },
    { SCIM_TYPE_REFERENCE, "'Users'", 1 },
    { SCIM_TYPE_REFERENCE, "'urn:x:y'", 1 },
    { SCIM_TYPE_REFERENCE, "'https://x.example/\xc3\xa4'", 1 },
    { SCIM_TYPE_REFERENCE, "'a b'", 1 },
    { SCIM_TYPE_REFERENCE, "'a\\nb'", 0 },
    { SCIM_TYPE_REFERENCE, "'a\\tb'", 0 },
    { SCIM_TYPE_REFERENCE, "'a\\u007fb'", 0 },
    { SCIM_TYPE_REFERENCE, "7", 0 },
    { SCIM_TYPE_STRING, "'anything, 7'", 1 },
    { SCIM_TYPE_STRING, "7", 0 },
    { SCIM_TYPE_STRING, "{'a':1}", 0 },
    { SCIM_TYPE_BOOLEAN, "true", 1 },
    { SCIM_TYPE_BOOLEAN, "1", 0 }
};

static void test_types(void)
{
    static const unsigned char stored[] = { 1 };
    size_t i;

    for (i = 0; i < COUNT(types); i++) {
        const scim_attr_t attr = { .name = "x", .type = types[i].type };
        const scim_json_t *in = parse(types[i].in);
        const char *name = scim_attr_type_name(types[i].type);
        scim_json_t *value = NULL;
        scim_err_t *err = scim_value_decode(&value, in, &attr,
                                            scim_intake_make(type, stored,
                                                             pool));

        if (types[i].good) {
            ok(!err && scim_json_is_equal(value,
                                          scim_quirk_single_in_array(in)),
               "%s is of type %s", types[i].in, name);
        }
        else {
            ok(err && err->kind == SCIM_ERR_INVALID_VALUE
               && strncmp(err->detail, "x must be ", 10) == 0,
               "%s is not of type %s", types[i].in, name);
        }
    }
}

static const struct {
    const char *attr, *a, *b;
    int same, same_element;
} sames[] = {
    { "title", "'T'", "'t'", 1, 1 },
    { "title", "'T'", "'U'", 0, 0 },
    { "title", "null", "''", 1, 1 },
    { "title", "'T'", "null", 0, 0 },
    { "profileUrl", "'T'", "'t'", 0, 0 },
    { "active", "true", "false", 0, 0 },
    { "active", "true", "true", 1, 1 },
    { "name", "{'givenName':'G','familyName':''}", "{'GIVENNAME':'g'}", 1, 1 },
    { "name", "{'givenName':'G','familyName':'F'}", "{'givenName':'G'}", 0,
      0 },
    { "emails", "{'value':'a','type':'work','display':'A'}",
      "{'type':'WORK','value':'A'}", 0, 1 },
    { "emails", "{'value':'a'}", "{'value':'a','type':'work'}", 0, 0 },
    { "emails", "{'value':'a'}", "{'value':'b'}", 0, 0 },
    { "emails", "{'type':'work'}", "{'type':'work'}", 1, 0 },
    { "emails", "[{'value':'a'},{'value':'b'}]",
      "[{'value':'B'},{'value':'a'}]", 1, -1 },
    { "emails", "[{'value':'a'},{'value':'b'}]", "[{'value':'a'}]", 0, -1 },
    { "emails", "[{'value':'a'}]", "[{'value':'a'},{'value':'b'}]", 0, -1 },
    { "emails", "[{'value':'a'}]", "[{'value':'b'}]", 0, -1 },
    { "x509Certificates", "{'value':'QUJD'}", "{'value':'qujd'}", 0, 0 },
    { "addresses", "{'locality':'Z','type':'work'}",
      "{'type':'work','locality':'z'}", 1, 1 },
    { "addresses", "{'locality':'Z','type':'work'}", "{'type':'work'}", 0, 0 }
};

static void test_same(void)
{
    size_t i;

    for (i = 0; i < COUNT(sames); i++) {
        const scim_attr_t *attr = scim_rtype_attr_anywhere(type,
                                                           sames[i].attr);
        const scim_json_t *a = parse(sames[i].a), *b = parse(sames[i].b);

        is_int(scim_value_is_same(a, b, attr), sames[i].same,
               "%s %s and %s", attr->name, sames[i].a, sames[i].b);
        if (sames[i].same_element >= 0) {
            is_int(scim_value_is_same_element(a, b, attr),
                   sames[i].same_element, "%s %s and %s as elements",
                   attr->name, sames[i].a, sames[i].b);
        }
    }
}

static void test_element(void)
{
    unsigned char *stored = memset(apr_palloc(pool, type->nattrs), 1,
                                   type->nattrs);
    scim_intake_t *intake = scim_intake_make(type, stored, pool);
    const scim_attr_t *name = scim_rtype_attr(type, NULL, "name");
    scim_json_t *value;

    ok(!scim_value_decode_element(&value,
                                  parse("{'givenName':null,'familyName':'F'}"),
                                  name, 1, intake), "an element");
    ok(scim_json_find(value, "givenName")
       && scim_json_find(value, "givenName")->type == SCIM_JSON_NULL,
       "what is cleared stays visible for the caller");
    ok(!scim_value_decode_element(&value, parse("{'givenName':null}"), name,
                                  0, intake) && !value,
       "and does not where nobody asks for it");
}

static void test_count(void)
{
    const scim_attr_t *roles = scim_rtype_attr(type, NULL, "roles");
    unsigned char *stored = memset(apr_palloc(pool, type->nattrs), 1,
                                   type->nattrs);
    scim_intake_t *intake = scim_intake_make(type, stored, pool);
    scim_json_t *list = scim_json_make(SCIM_JSON_ARRAY, pool);
    scim_json_t *before = parse("{}");
    scim_limits_t limits = scim_limits_default;
    scim_json_t *value;
    scim_err_t *err;

    ok(!scim_value_check_count(NULL, roles, 0, intake), "no values at all");
    while (scim_json_count(list) < SCIM_VALUES_MAX) {
        scim_json_append(list, scim_json_make_string("x", pool));
    }
    ok(!scim_value_check_count(list, roles, 0, intake),
       "as many as can be kept");
    scim_resource_set(type, before, roles, scim_json_copy(list, pool), pool);
    intake->before = before;
    scim_json_append(list, scim_json_make_string("x", pool));
    err = scim_value_check_count(list, roles, 0, intake);
    ok(err && err->kind == SCIM_ERR_INVALID_VALUE, "one more is refused");
    ok(!scim_value_check_count(list, roles, 1, intake),
       "but not where one may be spare");
    scim_resource_set(type, before, roles, scim_json_copy(list, pool), pool);
    ok(!scim_value_check_count(list, roles, 0, intake),
       "but not where there were as many before");
    ok(!scim_value_decode(&value, list, roles, intake)
       && scim_json_count(value) == SCIM_VALUES_MAX + 1,
       "nor where the client says them again");
    limits.values = 2;
    intake->limits = &limits;
    intake->before = NULL;
    ok(scim_value_check_count(list, roles, 0, intake) != NULL,
       "the limit is the caller's");
}

static void test_quirks(void)
{
    const scim_attr_t *manager = scim_rtype_attr_anywhere(type, "manager");
    const scim_attr_t *value = scim_attr_sub(manager, "value");

    is_int(scim_quirk_boolean(parse("'True'")), 1, "\"True\" is true");
    is_int(scim_quirk_boolean(parse("'fALSE'")), 0, "\"fALSE\" is false");
    is_int(scim_quirk_boolean(parse("'1'")), -1, "\"1\" is neither");
    is_int(scim_quirk_boolean(parse("1")), -1, "1 is neither");
    is_int(scim_quirk_op("ADD"), 'a', "ADD");
    is_int(scim_quirk_op("Replace"), 'r', "Replace");
    is_int(scim_quirk_op("remove"), 'd', "remove");
    is_int(scim_quirk_op("move"), 0, "move is none");
    is_str(scim_quirk_single_in_array(parse("['x']"))->text, "x",
           "one value in an array");
    ok(scim_quirk_single_in_array(parse("['x','y']"))->type
       == SCIM_JSON_ARRAY, "two stay an array");
    ok(!scim_quirk_bare_value(parse("'G'"),
                              scim_rtype_attr(type, NULL, "name"), pool),
       "name has no value that could stand bare");
    is_str(scim_quirk_wrapped_value(parse("[{'value':'7'}]"), value)->text,
           "7", "the whole where the value belongs");
    ok(scim_quirk_is_remove_list(parse("[{'value':'a'}]"))
       && !scim_quirk_is_remove_list(parse("null"))
       && !scim_quirk_is_remove_list(NULL), "a list of what to remove");
    ok(scim_quirk_is_server_only(type->id)
       && scim_quirk_is_server_only(scim_rtype_attr(type, NULL, "groups"))
       && !scim_quirk_is_server_only(type->user_name),
       "what only the server sets");
}

/* No attribute that may be written is one by the book. */
static void test_time(void)
{
    static const scim_attr_t since = { .name = "since",
                                       .type = SCIM_TYPE_DATETIME };
    scim_intake_t *intake = scim_intake_make(type, NULL, pool);
    scim_json_t *value = NULL;

    ok(!scim_value_decode(&value, parse("'2011-05-13T06:42:34.250+02:00'"),
                          &since, intake), "a time elsewhere");
    is_str(value->text, "2011-05-13T04:42:34.25Z", "is kept as one in UTC");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = scim_builtin_user(pool);
    test_values();
    test_types();
    test_same();
    test_element();
    test_count();
    test_quirks();
    test_time();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
