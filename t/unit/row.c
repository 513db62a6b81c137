/* Rows and resources: each row becomes a resource and that one the same row
 * again; what differs between two; what does not fit. */
#include "store/row.h"
#include "schema/builtin.h"
#include "t/unit/document.h"
#include "t/unit/tap.h"
#include "t/unit/users.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define ENT  SCIM_URN_ENTERPRISE
#define WORK "emails[type eq \\\"work\\\"]"     /* as a name in JSON */

/* The columns, in this order. */
enum { NAME, EXT, MAIL, ACTIVE, GIVEN, STREET, CITY, DEPT, BOSS, MADE,
       COLUMNS };

static const column_t columns[COLUMNS] = {
    { "userName", "username" },
    { "externalId", "ext" },
    { "emails[type eq \"work\"].value", "email" },
    { "active", "!blocked" },
    { "name.givenName", "first" },
    { "addresses[type eq \"home\"].streetAddress", "street" },
    { "addresses[type eq \"home\"].locality", "city" },
    { ENT ":department", "dept" },
    { "manager.value", "boss" },
    { "meta.created", "made" }
};

static int is_same(const char *got, const char *want, apr_pool_t *pool)
{
    return scim_json_is_equal(scim_json_parse_stored(got, pool),
                              scim_json_parse_stored(want, pool));
}

/* A row and the resource it is. */
static const struct {
    const char *name;
    const char *values[COLUMNS];
    const char *extra;
    const char *resource;
} rows[] = {
    { "the least", { "joy", NULL, NULL, "t" }, "{}",
      "{\"userName\":\"joy\",\"active\":true}" },
    { "every column", { "joy", "e", "w@x", "f", "Joy", "Main 1", "Zurich",
      "IT", "7", "2026-01-31 12:00:00+00" }, "{}",
      "{\"userName\":\"joy\",\"externalId\":\"e\",\"emails\":[{\"type\":"
      "\"work\",\"value\":\"w@x\"}],\"active\":false,\"name\":{\"givenName\":"
      "\"Joy\"},\"addresses\":[{\"type\":\"home\",\"streetAddress\":\"Main 1\""
      ",\"locality\":\"Zurich\"}],\"" ENT "\":{\"department\":\"IT\","
      "\"manager\":{\"value\":\"7\"}}}" },
    { "extra attributes", { "joy", NULL, NULL, "t" },
      "{\"displayName\":\"J\",\"title\":\"T\",\"phoneNumbers\":[{\"type\":"
      "\"work\",\"value\":\"1\"}],\"" ENT "\":{\"division\":\"D\"}}",
      "{\"userName\":\"joy\",\"active\":true,\"displayName\":\"J\",\"title\":"
      "\"T\",\"phoneNumbers\":[{\"type\":\"work\",\"value\":\"1\"}],\"" ENT
      "\":{\"division\":\"D\"}}" },
    { "what a column leaves over", { "joy", NULL, "w@x", "t", "Joy", NULL,
      "Zurich", NULL, "7" },
      "{\"name\":{\"familyName\":\"R\"},\"" WORK "\":{\"primary\":true,"
      "\"display\":\"W\"},\"addresses[type eq \\\"home\\\"]\":{\"country\":"
      "\"CH\"},\"" ENT "\":{\"manager\":{\"$ref\":\"r\"}}}",
      "{\"userName\":\"joy\",\"active\":true,\"name\":{\"familyName\":\"R\","
      "\"givenName\":\"Joy\"},\"emails\":[{\"type\":\"work\",\"value\":"
      "\"w@x\",\"primary\":true,\"display\":\"W\"}],\"addresses\":[{\"type\":"
      "\"home\",\"locality\":\"Zurich\",\"country\":\"CH\"}],\"" ENT "\":"
      "{\"manager\":{\"value\":\"7\",\"$ref\":\"r\"}}}" },
    { "other elements beside the mapped one", { "joy", NULL, "w@x", "t" },
      "{\"emails\":[{\"type\":\"home\",\"value\":\"h@x\"},{\"value\":\"a@x\"}"
      "]}", "{\"userName\":\"joy\",\"active\":true,\"emails\":[{\"type\":"
      "\"work\",\"value\":\"w@x\"},{\"type\":\"home\",\"value\":\"h@x\"},"
      "{\"value\":\"a@x\"}]}" },
    { "others, and none of the mapped type", { "joy", NULL, NULL, "t" },
      "{\"emails\":[{\"type\":\"home\",\"value\":\"h@x\"}]}",
      "{\"userName\":\"joy\",\"active\":true,\"emails\":[{\"type\":\"home\","
      "\"value\":\"h@x\"}]}" },
    { "an element without value column, of extra parts alone",
      { "joy", NULL, NULL, "t" },
      "{\"addresses[type eq \\\"home\\\"]\":{\"country\":\"CH\"}}",
      "{\"userName\":\"joy\",\"active\":true,\"addresses\":[{\"type\":"
      "\"home\",\"country\":\"CH\"}]}" },
    { "texts with everything", { "j\"\\\xc3\xbc\n", "\xf0\x9f\x98\x80", NULL,
      "t" }, "{\"title\":\"\\u00fc\\\"\\\\\"}",
      "{\"userName\":\"j\\\"\\\\\xc3\xbc\\n\",\"externalId\":"
      "\"\xf0\x9f\x98\x80\",\"active\":true,\"title\":\"\xc3\xbc\\\"\\\\\"}" },
    { "numbers, booleans and nesting", { "joy", NULL, NULL, "t" },
      "{\"roles\":[{\"value\":\"r\",\"primary\":false},{\"value\":\"s\","
      "\"primary\":true}]}", "{\"userName\":\"joy\",\"active\":true,"
      "\"roles\":[{\"value\":\"r\",\"primary\":false},{\"value\":\"s\","
      "\"primary\":true}]}" }
};

static scim_row_t make_row(const char *const *values, const char *extra)
{
    scim_row_t row = { "17", values, extra, 0 };

    return row;
}

static void test_round_trips(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    size_t i;
    int j;

    for (i = 0; i < COUNT(rows); i++) {
        scim_row_t row = make_row(rows[i].values, rows[i].extra);
        scim_json_t *resource, *again;
        scim_state_t *state;
        const char *text;
        scim_row_t back;

        resource = scim_row_compose(mapping, &row, pool);
        text = scim_json_text(resource, pool);
        if (!ok(is_same(text, rows[i].resource, pool), "%s: the resource",
                rows[i].name)) {
            tap_show("got: ", text);
            tap_show("want:", rows[i].resource);
        }
        state = scim_row_split(mapping, resource, pool);
        is_str(scim_json_text(resource, pool), text,
               "%s: which splitting leaves alone", rows[i].name);
        for (j = 0; j < COLUMNS; j++) {
            /* the application's alone */
            is_str(state->values[j], j == MADE ? NULL : rows[i].values[j],
                   "%s: split: %s", rows[i].name, columns[j].target);
        }
        text = scim_json_text(state->extra, pool);
        if (!ok(is_same(text, rows[i].extra, pool), "%s: split: extra",
                rows[i].name)) {
            tap_show("got: ", text);
            tap_show("want:", rows[i].extra);
        }
        back = make_row((const char *const *)state->values, text);
        again = scim_row_compose(mapping, &back, pool);
        ok(scim_json_is_equal(again, resource), "%s: and composed again",
           rows[i].name);
        ok(scim_state_is_equal(mapping, state,
                               scim_row_split(mapping, again, pool)),
           "%s: which writes the same", rows[i].name);
    }
}

/* Rows that are odd: what is made of them. */
static const struct {
    const char *name;
    const char *values[COLUMNS];
    const char *extra;
    const char *resource;
} odd[] = {
    { "active that is unknown is not active", { "joy" }, "{}",
      "{\"userName\":\"joy\",\"active\":false}" },
    { "an empty text is none", { "joy", "", "", "t", "" }, "{}",
      "{\"userName\":\"joy\",\"active\":true}" },
    { "an address without value is none", { "joy", NULL, NULL, "t" },
      "{\"" WORK "\":{\"primary\":true}}",
      "{\"userName\":\"joy\",\"active\":true}" },
    { "empty extras are none", { "joy", NULL, NULL, "t" },
      "{\"title\":\"\",\"emails\":[],\"name\":{},\"nickName\":null,\"ims\":"
      "[{}],\"" ENT "\":{\"division\":\"\"}}",
      "{\"userName\":\"joy\",\"active\":true}" },
    { "extras of the wrong shape are left out", { "joy", NULL, NULL, "t" },
      "{\"title\":[\"T\"],\"nickName\":{\"a\":1},\"phoneNumbers\":\"1\","
      "\"addresses\":{\"type\":\"work\"},\"name\":\"Joy\",\"" ENT "\":"
      "{\"division\":[1],\"manager\":\"7\",\"costCenter\":\"C\"}}",
      "{\"userName\":\"joy\",\"active\":true,\"" ENT "\":{\"costCenter\":"
      "\"C\"}}" },
    { "nor what has another type than its attribute", { "joy", NULL, "w@x",
      "t" }, "{\"title\":7,\"nickName\":true,\"name\":{\"familyName\":1,"
      "\"middleName\":\"M\"},\"ims\":[\"x\",7,{\"value\":7},{\"value\":"
      "\"i\",\"primary\":\"true\"}],\"" WORK "\":{\"display\":[\"W\"],"
      "\"primary\":\"yes\"}}", "{\"userName\":\"joy\",\"active\":true,"
      "\"name\":{\"middleName\":\"M\"},\"ims\":[{\"value\":\"i\"}],"
      "\"emails\":[{\"type\":\"work\",\"value\":\"w@x\"}]}" },
    { "nor what is spelt in another way", { "joy", NULL, "w@x", "t" },
      "{\"TITLE\":\"T\",\"ims\":[{\"VALUE\":\"i\"}],\"" ENT "\":"
      "{\"Division\":\"D\"},\"EMAILS[type eq \\\"work\\\"]\":"
      "{\"display\":\"W\"}}", "{\"userName\":\"joy\",\"active\":true,"
      "\"emails\":[{\"type\":\"work\",\"value\":\"w@x\"}]}" },
    { "what belongs to a mapped element is an object", { "joy", NULL, "w@x",
      "t" }, "{\"" WORK "\":[\"x\",{\"display\":\"W\"}]}",
      "{\"userName\":\"joy\",\"active\":true,\"emails\":[{\"type\":"
      "\"work\",\"value\":\"w@x\"}]}" },
    { "and has nothing that has a column", { "joy", NULL, NULL, "t", NULL,
      NULL, "Zurich" }, "{\"" WORK "\":{\"value\":\"old@x\"},"
      "\"addresses[type eq \\\"home\\\"]\":{\"streetAddress\":\"S\","
      "\"type\":\"work\"}}", "{\"userName\":\"joy\",\"active\":true,"
      "\"addresses\":[{\"type\":\"home\",\"locality\":\"Zurich\"}]}" },
    { "what the application keeps in a value stays with it", { "joy", NULL,
      NULL, "t" }, "{\"name\":{\"middleName\":\"M\",\"own\":1},\"ims\":"
      "[{\"own\":1},{\"value\":\"i\",\"own\":2}]}", "{\"userName\":"
      "\"joy\",\"active\":true,\"name\":{\"middleName\":\"M\",\"own\":1},"
      "\"ims\":[{\"value\":\"i\",\"own\":2}]}" },
    { "but is no value", { "joy", NULL, NULL, "t" }, "{\"name\":"
      "{\"givenName\":\"Old\",\"own\":1},\"" ENT "\":{\"manager\":"
      "{\"displayName\":\"B\"}}}",
      "{\"userName\":\"joy\",\"active\":true}" },
    { "the Kelvin sign is a k, also in a type", { "joy", NULL, "w@x", "t" },
      "{\"emails\":[{\"type\":\"wor\u212a\",\"value\":\"old@x\"}]}",
      "{\"userName\":\"joy\",\"active\":true,\"emails\":[{\"type\":"
      "\"work\",\"value\":\"w@x\"}]}" },
    { "an extra element of a mapped type is none", { "joy", NULL, "w@x",
      "t" }, "{\"emails\":[{\"type\":\"work\",\"value\":\"old@x\"},{\"type\":"
      "\"home\",\"value\":\"h@x\"}]}", "{\"userName\":\"joy\",\"active\":true,"
      "\"emails\":[{\"type\":\"work\",\"value\":\"w@x\"},{\"type\":\"home\","
      "\"value\":\"h@x\"}]}" },
    { "nor is an extra of what has a column, which is empty", { "joy", NULL,
      NULL, "t" }, "{\"externalId\":\"f\",\"name\":{\"givenName\":\"Other\"},"
      "\"" ENT "\":{\"department\":\"D\"}}",
      "{\"userName\":\"joy\",\"active\":true}" },
    { "a column goes before an extra of its name", { "joy", "e", NULL, "t",
      "Joy" }, "{\"userName\":\"other\",\"externalId\":\"f\",\"name\":"
      "{\"givenName\":\"Other\"}}", "{\"userName\":\"joy\",\"externalId\":"
      "\"e\",\"active\":true,\"name\":{\"givenName\":\"Joy\"}}" },
    { "of names that differ in case the attribute's own counts",
      { "joy", NULL, NULL, "t" }, "{\"Title\":\"a\",\"title\":\"b\","
      "\"TITLE\":\"c\",\"NickName\":\"d\",\"nickname\":\"e\",\"name\":"
      "{\"FamilyName\":\"f\",\"familyName\":\"g\"}}", "{\"userName\":"
      "\"joy\",\"active\":true,\"title\":\"b\","
      "\"name\":{\"familyName\":\"g\"}}" },
    { "what is no attribute is kept", { "joy", NULL, NULL, "t" },
      "{\"shoeSize\":44,\"ShoeSize\":1e400,\"wide\":"
      "123456789012345678901234567890,\"own\":{\"a\":[],\"b\":\"\"}}", "{\"userName\":\"joy\",\"active\":"
      "true,\"shoeSize\":44,\"ShoeSize\":1e400,\"wide\":"
      "123456789012345678901234567890,\"own\":{\"a\":[],\"b\":\"\"}}" },
    { "elements of the wrong shape are left out", { "joy", NULL, NULL, "t" },
      "{\"ims\":[1,{\"value\":\"i\",\"display\":[]},\"x\",null,"
      "{\"value\":{\"a\":1}}]}", "{\"userName\":\"joy\",\"active\":true,"
      "\"ims\":[{\"value\":\"i\"}]}" }
};

static void test_odd(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    static const char *const broken[] = {
        "[]", "7", "\"x\"", "null", "true", "{", "", "[{\"title\": \"x\"}]", NULL
    };
    static const char *const values[COLUMNS] = { "joy" };
    scim_json_t *resource;
    scim_state_t *state;
    scim_row_t row;
    size_t i;

    for (i = 0; i < COUNT(odd); i++) {
        const char *text;

        row = make_row(odd[i].values, odd[i].extra);
        resource = scim_row_compose(mapping, &row, pool);
        text = scim_json_text(resource, pool);
        if (!ok(is_same(text, odd[i].resource, pool), "%s", odd[i].name)) {
            tap_show("got: ", text);
            tap_show("want:", odd[i].resource);
        }
        /* what a request leaves alone keeps its column */
        state = scim_row_split(mapping, resource, pool);
        ok(!scim_json_find(resource, "own")
           == !scim_json_find(state->extra, "own"),
           "%s: the application's own is written as it was", odd[i].name);
        is_str(state->values[MAIL], odd[i].values[MAIL] && *odd[i].values[MAIL]
               ? odd[i].values[MAIL] : NULL, "%s: split", odd[i].name);
    }
    for (i = 0; i < COUNT(broken); i++) {
        row = make_row(values, broken[i]);
        resource = scim_row_compose(mapping, &row, pool);
        is_str(scim_json_text(resource, pool),
               "{\"userName\":\"joy\",\"active\":false}",
               "an extra column with %s holds nothing",
               broken[i] ? broken[i] : "NULL");
    }
}

/* Resources as requests make them: of two elements the last one counts. */
static const struct {
    const char *name, *resource;
    const char *mail, *extra;
} splits[] = {
    { "two elements of the mapped type", "{\"userName\":\"joy\",\"emails\":["
      "{\"type\":\"work\",\"value\":\"a@x\",\"display\":\"A\"},{\"type\":"
      "\"home\",\"value\":\"h@x\"},{\"type\":\"Work\",\"value\":\"b@x\"}]}",
      "b@x", "{\"emails\":[{\"type\":\"home\",\"value\":\"h@x\"}]}" },
    { "an element without type is another", "{\"userName\":\"joy\","
      "\"emails\":[{\"value\":\"a@x\"}]}", NULL,
      "{\"emails\":[{\"value\":\"a@x\"}]}" },
    { "the type in another case", "{\"userName\":\"joy\",\"emails\":["
      "{\"type\":\"WORK\",\"value\":\"a@x\",\"primary\":true}]}", "a@x",
      "{\"" WORK "\":{\"primary\":true}}" },
    { "only the mapped one", "{\"userName\":\"joy\",\"emails\":[{\"type\":"
      "\"work\",\"value\":\"a@x\"}]}", "a@x", "{}" }
};

static void test_splits(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(splits); i++) {
        scim_json_t *resource = json(splits[i].resource, pool);
        scim_state_t *state = scim_row_split(mapping, resource, pool);

        is_str(state->values[MAIL], splits[i].mail, "%s: the column",
               splits[i].name);
        is_str(scim_json_text(state->extra, pool), splits[i].extra,
               "%s: the rest", splits[i].name);
    }
}

/* Without a place for extra attributes. */
static void test_without_extra(apr_pool_t *pool)
{
    const scim_mapping_t *mapping = make_users(columns, COLUMNS, NULL, pool);
    static const char *const values[COLUMNS] = {
        "joy", "e", "w@x", "t", "Joy"
    };
    scim_row_t row = make_row(values, NULL);
    scim_json_t *resource;
    scim_state_t *state, *other;

    resource = scim_row_compose(mapping, &row, pool);
    ok(is_same(scim_json_text(resource, pool), "{\"userName\":\"joy\","
               "\"externalId\":\"e\",\"emails\":[{\"type\":\"work\",\"value\":"
               "\"w@x\"}],\"active\":true,\"name\":{\"givenName\":\"Joy\"}}",
               pool), "without ScimExtra: the columns are all there is");
    state = scim_row_split(mapping, resource, pool);
    ok(!state->extra, "without ScimExtra: nothing is left over");
    other = scim_row_split(mapping, resource, pool);
    ok(scim_state_is_equal(mapping, state, other),
       "without ScimExtra: the same is the same");
    other->values[GIVEN] = "Ray";
    ok(!scim_state_is_equal(mapping, state, other),
       "without ScimExtra: another is another");
}

/* What differs. */
static const struct {
    const char *name, *before, *after;      /* NULL: nothing */
    const char *changes;
} changes[] = {
    { "nothing", "{\"userName\":\"joy\"}", "{\"userName\":\"joy\"}", "{}" },
    { "nothing at all", NULL, NULL, "{}" },
    { "a new account", NULL, "{\"userName\":\"joy\",\"active\":true,\"name\":"
      "{\"givenName\":\"Joy\"},\"title\":\"T\"}", "{\"userName\":{\"new\":"
      "\"joy\"},\"name.givenName\":{\"new\":\"Joy\"},\"title\":{\"new\":"
      "\"T\"},\"active\":{\"new\":true}}" },
    { "an account that goes", "{\"userName\":\"joy\",\"title\":\"T\"}", NULL,
      "{\"userName\":{\"old\":\"joy\"},\"title\":{\"old\":\"T\"}}" },
    { "another value", "{\"userName\":\"joy\",\"title\":\"T\"}",
      "{\"userName\":\"ray\",\"title\":\"T\"}",
      "{\"userName\":{\"old\":\"joy\",\"new\":\"ray\"}}" },
    { "another case", "{\"userName\":\"joy\"}", "{\"userName\":\"Joy\"}",
      "{\"userName\":{\"old\":\"joy\",\"new\":\"Joy\"}}" },
    { "off", "{\"active\":true}", "{\"active\":false}",
      "{\"active\":{\"old\":true,\"new\":false}}" },
    { "a part that comes and one that goes", "{\"name\":{\"givenName\":"
      "\"A\"}}", "{\"name\":{\"familyName\":\"B\"}}", "{\"name.familyName\":"
      "{\"new\":\"B\"},\"name.givenName\":{\"old\":\"A\"}}" },
    { "an extension", "{\"" ENT "\":{\"department\":\"A\",\"manager\":"
      "{\"value\":\"7\"}}}", "{\"" ENT "\":{\"department\":\"B\"}}",
      "{\"" ENT ":department\":{\"old\":\"A\",\"new\":\"B\"},\"" ENT
      ":manager.value\":{\"old\":\"7\"}}" },
    { "elements", "{\"phoneNumbers\":[{\"type\":\"work\",\"value\":\"1\"}]}",
      "{\"phoneNumbers\":[{\"type\":\"work\",\"value\":\"2\"}]}",
      "{\"phoneNumbers\":{\"old\":[{\"type\":\"work\",\"value\":\"1\"}],"
      "\"new\":[{\"type\":\"work\",\"value\":\"2\"}]}}" },
    { "elements in another order", "{\"roles\":[{\"value\":\"a\"},{\"value\":"
      "\"b\"}]}", "{\"roles\":[{\"value\":\"b\"},{\"value\":\"a\"}]}",
      "{\"roles\":{\"old\":[{\"value\":\"a\"},{\"value\":\"b\"}],\"new\":"
      "[{\"value\":\"b\"},{\"value\":\"a\"}]}}" },
    { "members in another order", "{\"roles\":[{\"value\":\"a\",\"primary\":"
      "true}]}", "{\"roles\":[{\"primary\":true,\"value\":\"a\"}]}", "{}" },
    { "what is redacted", "{\"nickName\":\"Secret\",\"name\":{\"middleName\":"
      "\"Hush\"}}", "{\"nickName\":\"Hidden\",\"ims\":[{\"value\":\"Covert\"}"
      "]}", "{\"name.middleName\":{\"old\":true},\"nickName\":{\"old\":true,"
      "\"new\":true},\"ims\":{\"new\":true}}" },
    { "what is redacted and the same", "{\"nickName\":\"Secret\"}",
      "{\"nickName\":\"Secret\"}", "{}" },
    { "signs that JSON writes otherwise", "{\"title\":\"a\\\"b\\\\\"}",
      "{\"title\":\"\xc3\xbc\\n\"}", "{\"title\":{\"old\":\"a\\\"b\\\\\","
      "\"new\":\"\xc3\xbc\\n\"}}" }
};

static void test_changes(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(changes); i++) {
        is_str(scim_row_changes(mapping, changes[i].before
                                ? json(changes[i].before, pool) : NULL,
                                changes[i].after
                                ? json(changes[i].after, pool) : NULL, pool),
               changes[i].changes, "changes: %s", changes[i].name);
    }
}

static void test_states(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    static const char *const types[COLUMNS] = { "text" };
    static const int lengths[COLUMNS] = { 5, 0, 3 };
    scim_facts_t facts = { .key_type = "bigint", .tenant_type = "bigint",
                           .types = types, .lengths = lengths };
    scim_state_t *a = scim_row_split(mapping,
                                     json("{\"userName\":\"joy\"}", pool),
                                     pool);
    scim_state_t *b = scim_row_split(mapping,
                                     json("{\"userName\":\"ray\"}", pool),
                                     pool);
    scim_err_t *err;

    ok(!scim_state_is_same_value(mapping, a, b, NAME), "one slot differs");
    ok(scim_state_is_same_value(mapping, a, b, EXT),
       "one that is empty does not");
    b->values[NAME] = apr_pstrdup(pool, "joy");
    ok(scim_state_is_same_value(mapping, a, b, NAME), "texts are compared");
    ok(scim_state_is_equal(mapping, a, b), "now they are equal");
    b->extra = json("{\"title\":\"T\"}", pool);
    ok(!scim_state_is_equal(mapping, a, b), "the extra attributes count");
    a->values[EXT] = "e";
    ok(!scim_state_is_same_value(mapping, a, b, EXT),
       "something and nothing differ");
    ok(!scim_state_is_same_value(mapping, b, a, EXT), "either way");

    ok(!scim_state_check(mapping, &facts, a, pool), "all values fit");
    a->values[NAME] = "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc";
    ok(!scim_state_check(mapping, &facts, a, pool),
       "characters are counted, not bytes");
    a->values[NAME] = "joyjoy";
    err = scim_state_check(mapping, &facts, a, pool);
    is_str(err ? err->detail : NULL, "userName is longer than the 5 characters"
           " that can be kept", "one that does not fit");
    ok(err && err->kind == SCIM_ERR_INVALID_VALUE, "is an invalid value");
    a->values[NAME] = NULL;
    a->values[MAIL] = "1234";
    err = scim_state_check(mapping, &facts, a, pool);
    is_str(err ? err->detail : NULL, "emails[type eq \"work\"].value is longer"
           " than the 3 characters that can be kept", "named as configured");
    a->values[MAIL] = NULL;
    a->values[EXT] = "as long as it may be, no limit is known";
    ok(!scim_state_check(mapping, &facts, a, pool), "no limit");
}

/* PostgreSQL prints a number in its own way. */
static void test_numbers(apr_pool_t *pool)
{
    static const scim_attr_t attrs[] = {
        { .name = "hours", .type = SCIM_TYPE_DECIMAL }
    };
    static const scim_schema_t own = {
        .urn = "urn:x:own", .name = "Own", .attrs = attrs, .nattrs = 1
    };
    const scim_schema_t *schemas[] = {
        scim_builtin_user(pool)->schemas[0], &own
    };
    scim_mapping_t *mapping = scim_mapping_make(
        scim_rtype_make("User", "Users", "User", schemas, 2, pool), pool);
    const char *x[] = { "1.5", "1.5" }, *y[] = { "1.50", "1.50" };
    scim_state_t a = { x }, b = { y };

    scim_mapping_add(mapping, "userName", "username", NULL, pool);
    scim_mapping_add(mapping, "urn:x:own:hours", "hours", NULL, pool);
    ok(scim_state_is_same_value(mapping, &a, &b, 1), "1.5 is 1.50");
    ok(!scim_state_is_same_value(mapping, &a, &b, 0), "as a text it is not");
    y[1] = "1.51";
    ok(!scim_state_is_same_value(mapping, &a, &b, 1), "1.5 is not 1.51");
}

int main(void)
{
    scim_mapping_t *mapping;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    mapping = make_users(columns, COLUMNS, "extra", pool);
    scim_mapping_redact(mapping, "nickName", pool);
    scim_mapping_redact(mapping, "name.middleName", pool);
    scim_mapping_redact(mapping, "ims", pool);
    test_round_trips(mapping, pool);
    test_odd(mapping, pool);
    test_splits(mapping, pool);
    test_without_extra(pool);
    test_changes(mapping, pool);
    test_states(mapping, pool);
    test_numbers(pool);
    apr_terminate();
    return done_testing();
}
