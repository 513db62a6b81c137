/* Rows as clients get them: the text to the letter, what a request leaves out,
 * and that what is shown is what the module itself makes of the row. */
#include "service/render.h"
#include "query/projection.h"
#include "schema/resource.h"
#include "schema/builtin.h"
#include "store/version.h"
#include "t/unit/document.h"
#include "t/unit/tap.h"
#include "t/unit/users.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define USER SCIM_URN_USER
#define ENT  SCIM_URN_ENTERPRISE
#define WORK "emails[type eq \\\"work\\\"]"     /* as a name in JSON */
#define BASE "https://x/scim/v2"

/* The columns, in this order. */
enum { NAME, EXT, MAIL, ACTIVE, GIVEN, STREET, CITY, DEPT, BOSS, MADE, MOVED,
       COLUMNS };

static const column_t columns[COLUMNS] = {
    { "userName", "username" },
    { "externalId", "ext" },
    { "emails[type eq \"work\"].value", "email" },
    { "active", "active" },
    { "name.givenName", "first" },
    { "addresses[type eq \"home\"].streetAddress", "street" },
    { "addresses[type eq \"home\"].locality", "city" },
    { ENT ":department", "dept" },
    { "manager.value", "boss" },
    { "meta.created", "made" },
    { "meta.lastModified", "moved" }
};

/* The text without the version of the row, where it has it: at its end. */
static const char *without_version(const char *text,
                                   const scim_mapping_t *mapping,
                                   const scim_row_t *row, apr_pool_t *pool)
{
    const char *version = scim_row_version(mapping, row, pool), *at;
    scim_buf_t member;

    scim_buf_init(&member, 64, pool);
    scim_buf_puts(&member, "\"version\":");
    scim_buf_json(&member, version, strlen(version));
    at = strstr(text, member.data);
    if (!at) {
        return text;
    }
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, at - text
                                            - (at[-1] == ',')),
                       at + member.len, NULL);
}

static const char *rendered(const scim_mapping_t *mapping,
                            const scim_row_t *row, const char *included,
                            const char *excluded, apr_pool_t *pool)
{
    const unsigned char *shown;
    scim_render_t render;
    scim_buf_t buf;

    if (scim_projection_make(&shown, included, excluded, mapping->type,
                             pool)) {
        return "no projection";
    }
    scim_buf_init(&buf, 64, pool);
    scim_render_init(&render, mapping, shown, BASE, pool);
    scim_render_resource(&buf, &render, row);
    return without_version(buf.data, mapping, row, pool);
}

/* What every text ends with. */
#define META(id) "\"meta\":{\"resourceType\":\"User\",\"location\":" \
    "\"" BASE "/Users/" id "\"}"
#define END(id) "\"schemas\":[\"" USER "\"]," META(id) "}"
#define END_ENT(id) "\"schemas\":[\"" USER "\",\"" ENT "\"]," META(id) "}"

static const struct {
    const char *name;
    const char *values[COLUMNS];
    const char *extra;
    const char *text;           /* NULL: only compared with the composed one */
} rows[] = {
    { "the least", { "joy", NULL, NULL, "t" }, "{}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"active\":true," END("17") },
    { "inactive", { "joy", NULL, NULL, "f" }, "{}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"active\":false," END("17") },
    { "neither", { "joy" }, "{}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"active\":false," END("17") },
    { "every column", { "joy", "e", "w@x", "t", "Joy", "Main 1", "Zurich",
      "IT", "7", "2026-01-31 12:00:00+00", "2026-02-01 01:00:00.25+01" },
      "{}", "{\"id\":\"17\",\"externalId\":\"e\",\"userName\":\"joy\",\"name\""
      ":{\"givenName\":\"Joy\"},\"active\":true,\"emails\":[{\"type\":"
      "\"work\",\"value\":\"w@x\"}],\"addresses\":[{\"type\":\"home\","
      "\"streetAddress\":\"Main 1\",\"locality\":\"Zurich\"}],\"" ENT "\":"
      "{\"department\":\"IT\",\"manager\":{\"value\":\"7\"}},\"schemas\":["
      "\"" USER "\",\"" ENT "\"],\"meta\":{\"resourceType\":\"User\","
      "\"created\":\"2026-01-31T12:00:00Z\",\"lastModified\":"
      "\"2026-02-01T00:00:00.25Z\",\"location\":\"" BASE "/Users/17\"}}" },
    { "extra attributes", { "joy", NULL, NULL, "t" },
      "{\"title\": \"T\", \"displayName\": \"J\", \"phoneNumbers\": "
      "[{\"type\": \"work\", \"value\": \"1\"}], \"" ENT "\": "
      "{\"division\": \"D\"}}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"displayName\":\"J\",\"title\":"
      "\"T\",\"active\":true,\"phoneNumbers\":[{\"type\":\"work\",\"value\":"
      "\"1\"}],\"" ENT "\":{\"division\":\"D\"}," END_ENT("17") },
    { "what columns leave over", { "joy", NULL, "w@x", "t", "Joy", NULL,
      "Zurich", NULL, "7" },
      "{\"name\": {\"familyName\": \"R\"}, \"" WORK "\": {\"primary\": true,"
      " \"display\": \"W\"}, \"addresses[type eq \\\"home\\\"]\": "
      "{\"country\": \"CH\"}, \"" ENT "\": {\"manager\": {\"$ref\": \"r\"}}}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"name\":{\"givenName\":\"Joy\","
      "\"familyName\":\"R\"},\"active\":true,\"emails\":[{\"type\":\"work\","
      "\"value\":\"w@x\",\"primary\":true,\"display\":\"W\"}],\"addresses\":["
      "{\"type\":\"home\",\"locality\":\"Zurich\",\"country\":\"CH\"}],\"" ENT
      "\":{\"manager\":{\"value\":\"7\",\"$ref\":\"r\"}}," END_ENT("17") },
    { "other elements", { "joy", NULL, "w@x", "t" },
      "{\"emails\": [{\"type\": \"home\", \"value\": \"h@x\"}, {\"value\": "
      "\"a@x\"}]}", "{\"id\":\"17\",\"userName\":\"joy\",\"active\":true,"
      "\"emails\":[{\"type\":\"work\",\"value\":\"w@x\"},{\"type\":\"home\","
      "\"value\":\"h@x\"},{\"value\":\"a@x\"}]," END("17") },
    { "texts with everything", { "j\"\\\x01\xc3\xbc\n/", NULL, NULL, "t" },
      "{\"title\": \"\\\"\\\\\\n\\u0001\xf0\x9f\x98\x80\"}",
      "{\"id\":\"17\",\"userName\":\"j\\\"\\\\\\u0001\xc3\xbc\\n/\",\"title\":"
      "\"\\\"\\\\\\n\\u0001\xf0\x9f\x98\x80\",\"active\":true," END("17") },
    { "nothing empty", { "joy", "", "", "t", "", "", "" },
      "{\"title\": \"\", \"nickName\": null, \"emails\": [], \"ims\": [{}],"
      " \"name\": {}, \"roles\": [{\"value\": \"\"}], \"" ENT "\": "
      "{\"division\": \"\", \"manager\": {}}}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"active\":true," END("17") },
    { "an element that is no more", { "joy", NULL, NULL, "t" },
      "{\"" WORK "\": {\"primary\": true}}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"active\":true," END("17") },
    { "an element without value, of extra parts alone",
      { "joy", NULL, NULL, "t" },
      "{\"addresses[type eq \\\"home\\\"]\": {\"country\": \"CH\"}}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"active\":true,\"addresses\":["
      "{\"type\":\"home\",\"country\":\"CH\"}]," END("17") },
    { "the wrong shape", { "joy", NULL, NULL, "t" },
      "{\"title\": [\"T\"], \"nickName\": {\"a\": 1}, \"phoneNumbers\": "
      "\"1\", \"name\": \"Joy\", \"" ENT "\": {\"division\": [1]}}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"active\":true," END("17") },
    { "no object at all", { "joy", NULL, NULL, "t" },
      "[{\"title\": \"T\"}, 7]",
      "{\"id\":\"17\",\"userName\":\"joy\",\"active\":true," END("17") },
    { "names that differ in case", { "joy", NULL, NULL, "t" },
      "{\"NICKNAME\": \"a\", \"Title\": \"b\", \"title\": \"c\", "
      "\"titlE\": \"d\", \"nickname\": \"e\"}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"title\":\"c\",\"active\":true,"
      END("17") },
    { "what nobody knows", { "joy", NULL, NULL, "t" },
      "{\"shoeSize\": 44, \"urn:x:y\": {\"a\": 1}, \"name\": {\"nick\": "
      "\"N\"}, \"title\": \"T\"}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"title\":\"T\",\"active\":true,"
      END("17") },
    { "what is never shown", { "joy", NULL, NULL, "t" },
      "{\"password\": \"secret\", \"groups\": [{\"value\": \"g\"}], \"id\": "
      "\"18\", \"meta\": {\"version\": \"v\"}}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"active\":true," END("17") },
    { "a column goes before an extra of its name",
      { "joy", "e", NULL, "t", "Joy" },
      "{\"userName\": \"other\", \"externalId\": \"f\", \"active\": false}",
      "{\"id\":\"17\",\"externalId\":\"e\",\"userName\":\"joy\",\"name\":"
      "{\"givenName\":\"Joy\"},\"active\":true," END("17") },
    { "a column goes before an extra part of its name",
      { "joy", NULL, "w@x", "t", "Joy" },
      "{\"name\": {\"givenName\": \"Other\"}, \"" WORK "\": {\"type\": "
      "\"home\", \"value\": \"other\"}}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"name\":{\"givenName\":\"Joy\"},"
      "\"active\":true,\"emails\":[{\"type\":\"work\",\"value\":\"w@x\"}],"
      END("17") },
    { "an extra of what has a column, which is empty",
      { "joy", NULL, NULL, "t" },
      "{\"externalId\": \"f\", \"name\": {\"givenName\": \"Other\"}, \"" ENT
      "\": {\"department\": \"D\"}}",
      "{\"id\":\"17\",\"userName\":\"joy\",\"active\":true," END("17") },
    { "a part that has no column", { "joy", NULL, NULL, "t" },
      "{\"name\": {\"familyName\": \"R\"}}", NULL },
    { "numbers and flags", { "joy", NULL, NULL, "t" },
      "{\"roles\": [{\"value\": \"r\", \"primary\": false}, {\"value\": "
      "\"s\", \"primary\": true}]}", NULL },
    { "an extra element of the mapped type", { "joy", NULL, "w@x", "t" },
      "{\"emails\": [{\"type\": \"work\", \"value\": \"old@x\"}, {\"type\": "
      "\"home\", \"value\": \"h@x\"}]}", "{\"id\":\"17\",\"userName\":\"joy\","
      "\"active\":true,\"emails\":[{\"type\":\"work\",\"value\":\"w@x\"},"
      "{\"type\":\"home\",\"value\":\"h@x\"}]," END("17") }
};

/* The resource that compose() makes, as the client is to see it. */
static int agrees(const char *text, const scim_mapping_t *mapping,
                  const scim_row_t *row, apr_pool_t *pool)
{
    scim_json_t *shown = json(text, pool), *composed;

    if (!shown) {
        return 0;
    }
    composed = scim_row_compose(mapping, row, pool);
    scim_json_remove(shown, "id");
    scim_json_remove(shown, "schemas");
    scim_json_remove(shown, "meta");
    /* what the type does not have is kept, but not shown */
    scim_json_remove(composed, "shoeSize");
    scim_json_remove(composed, "urn:x:y");
    scim_json_remove(composed, "id");
    scim_json_remove(composed, "meta");
    scim_json_remove(composed, "groups");
    scim_json_remove(composed, "password");
    if (scim_json_find(composed, "name")) {
        scim_json_remove(scim_json_find(composed, "name"), "nick");
    }
    scim_resource_prune(composed);
    return scim_json_is_equal(shown, composed);
}

static void test_rows(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        scim_row_t row = { "17", rows[i].values, rows[i].extra, 0 };
        const char *text = rendered(mapping, &row, NULL, NULL, pool);

        if (rows[i].text) {
            is_str(text, rows[i].text, "R2: %s", rows[i].name);
        }
        if (!ok(agrees(text, mapping, &row, pool),
                "R2: %s: shown is what is worked with", rows[i].name)) {
            tap_show("shown:", text);
        }
    }
}

/* One row, and what requests ask to see of it. */
static const struct {
    const char *included, *excluded;
    const char *text;
} views[] = {
    { "userName", NULL, "{\"id\":\"17\",\"userName\":\"joy\",\"schemas\":[\""
      USER "\"]}" },
    { "nothing", NULL, "{\"id\":\"17\",\"schemas\":[\"" USER "\"]}" },
    { "name.givenName,emails.value", NULL, "{\"id\":\"17\",\"name\":"
      "{\"givenName\":\"Joy\"},\"emails\":[{\"value\":\"w@x\"},{\"value\":"
      "\"h@x\"}],\"schemas\":[\"" USER "\"]}" },
    { "name.familyName", NULL, "{\"id\":\"17\",\"name\":{\"familyName\":"
      "\"R\"},\"schemas\":[\"" USER "\"]}" },
    { "name.middleName", NULL, "{\"id\":\"17\",\"schemas\":[\"" USER "\"]}" },
    { "emails.display", NULL, "{\"id\":\"17\",\"emails\":[{\"display\":"
      "\"W\"}],\"schemas\":[\"" USER "\"]}" },
    { "emails.type", NULL, "{\"id\":\"17\",\"emails\":[{\"type\":\"work\"},"
      "{\"type\":\"home\"}],\"schemas\":[\"" USER "\"]}" },
    { ENT ":department", NULL, "{\"id\":\"17\",\"" ENT "\":{\"department\":"
      "\"IT\"},\"schemas\":[\"" USER "\",\"" ENT "\"]}" },
    { "meta.location", NULL, "{\"id\":\"17\",\"schemas\":[\"" USER "\"],"
      "\"meta\":{\"location\":\"" BASE "/Users/17\"}}" },
    { "meta.created", NULL, "{\"id\":\"17\",\"schemas\":[\"" USER "\"],"
      "\"meta\":{\"created\":\"2026-01-31T12:00:00Z\"}}" },
    { "meta.version", NULL, "{\"id\":\"17\",\"schemas\":[\"" USER "\"],"
      "\"meta\":{}}" },
    { "active", NULL, "{\"id\":\"17\",\"active\":true,\"schemas\":[\"" USER
      "\"]}" },
    { "password", NULL, "{\"id\":\"17\",\"schemas\":[\"" USER "\"]}" },
    { NULL, "emails," ENT ",meta,name.givenName", "{\"id\":\"17\","
      "\"userName\":\"joy\",\"name\":{\"familyName\":\"R\"},\"active\":true,"
      "\"schemas\":[\"" USER "\"]}" },
    { NULL, "emails.value,emails.display," ENT ",meta,name",
      "{\"id\":\"17\",\"userName\":\"joy\",\"active\":true,\"emails\":["
      "{\"type\":\"work\"},{\"type\":\"home\"}],\"schemas\":[\"" USER "\"]}" }
};

static void test_views(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    static const char *const values[COLUMNS] = {
        "joy", NULL, "w@x", "t", "Joy", NULL, NULL, "IT", NULL,
        "2026-01-31 12:00:00+00"
    };
    const scim_row_t row = { "17", values, "{\"name\": {\"familyName\": "
        "\"R\"}, \"emails\": [{\"type\": \"home\", \"value\": \"h@x\"}], \""
        WORK "\": {\"display\": \"W\"}}", 0 };
    size_t i;

    for (i = 0; i < COUNT(views); i++) {
        is_str(rendered(mapping, &row, views[i].included, views[i].excluded,
                        pool), views[i].text,
               "F9: attributes %s, excludedAttributes %s",
               views[i].included ? views[i].included : "-",
               views[i].excluded ? views[i].excluded : "-");
    }
}

/* One preparation serves many rows: nothing of one shows in the next. */
static void test_many(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    const unsigned char *shown;
    scim_render_t render;
    scim_buf_t one, all;
    size_t i, j;

    scim_projection_make(&shown, NULL, NULL, mapping->type, pool);
    scim_render_init(&render, mapping, shown, BASE, pool);
    scim_buf_init(&all, 64, pool);
    for (i = 0; i < COUNT(rows); i++) {
        for (j = 0; j < 2; j++) {
            /* the richest row goes before each */
            size_t k = j ? i : 5;
            scim_row_t row = { "17", rows[k].values, rows[k].extra, 0 };

            all.len = 0;
            scim_render_resource(&all, &render, &row);
            scim_buf_init(&one, 64, pool);
            scim_buf_puts(&one, rendered(mapping, &row, NULL, NULL, pool));
            if (j) {
                is_str(without_version(all.data, mapping, &row, pool),
                       one.data, "%s, after another", rows[i].name);
            }
        }
    }
}

/* Without a place for extra attributes, and without times. */
static void test_without(apr_pool_t *pool)
{
    const scim_mapping_t *mapping = make_users(columns, MADE, NULL, pool);
    static const char *const values[COLUMNS] = {
        "joy", "e", NULL, "t", NULL, NULL, NULL, NULL, NULL
    };
    scim_row_t row = { "17", values, NULL, 0 };

    is_str(rendered(mapping, &row, NULL, NULL, pool),
           "{\"id\":\"17\",\"externalId\":\"e\",\"userName\":\"joy\","
           "\"active\":true," END("17"), "R2: columns alone");
    row.extra = "{\"title\": \"T\"}";
    is_str(rendered(mapping, &row, NULL, NULL, pool),
           "{\"id\":\"17\",\"externalId\":\"e\",\"userName\":\"joy\","
           "\"active\":true," END("17"), "R2: what is not kept is not shown");
}

static const struct {
    const char *id, *location;
} locations[] = {
    { "17", BASE "/Users/17" },
    { "00000000-0000-4000-8000-00000000000a",
      BASE "/Users/00000000-0000-4000-8000-00000000000a" },
    { "a b", BASE "/Users/a%20b" },
    { "a/b", BASE "/Users/a%2fb" },
    { "a?b#c", BASE "/Users/a%3fb%23c" },
    { "a%20b", BASE "/Users/a%2520b" },
    { "\xc3\xa4", BASE "/Users/%c3%a4" },
    { "\"<>", BASE "/Users/%22%3c%3e" }
};

static void test_locations(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    static const char *const values[COLUMNS] = { "joy", NULL, NULL, "t" };
    size_t i;

    for (i = 0; i < COUNT(locations); i++) {
        scim_row_t row = { locations[i].id, values, "{}", 0 };
        const scim_json_t *shown = json(rendered(mapping, &row, NULL, NULL,
                                                 pool), pool);

        is_str(scim_rtype_location(mapping->type, BASE, locations[i].id,
                                   pool), locations[i].location,
               "U5: the URL of id %s", locations[i].id);
        is_str(shown ? scim_json_find(shown, "id")->text : NULL,
               locations[i].id, "U5: the id as it is");
        is_str(shown ? scim_json_find(scim_json_find(shown, "meta"),
                                      "location")->text : NULL,
               locations[i].location, "U5: and the URL in meta");
    }
}

/* What the JSONB column has of attributes that are no texts. */
static void test_types(apr_pool_t *pool)
{
    static const struct {
        const char *stored, *shown;
    } cases[] = {
        { "{\"urn:x:own\":{\"level\":7}}", "\"level\":7}" },
        { "{\"urn:x:own\":{\"level\":-7}}", "\"level\":-7}" },
        { "{\"urn:x:own\":{\"level\":\"7\"}}", NULL },
        { "{\"urn:x:own\":{\"level\":true}}", NULL },
        { "{\"urn:x:own\":{\"keen\":false}}", "\"keen\":false}" },
        { "{\"urn:x:own\":{\"keen\":0}}", NULL }
    };
    static const scim_attr_t attrs[] = {
        { .name = "level", .type = SCIM_TYPE_INTEGER },
        { .name = "keen", .type = SCIM_TYPE_BOOLEAN }
    };
    static const scim_schema_t own = {
        .urn = "urn:x:own", .name = "Own", .attrs = attrs, .nattrs = 2
    };
    static const char *const values[] = { "joy", "t" };
    const scim_schema_t *schemas[] = {
        scim_builtin_user(pool)->schemas[0], &own
    };
    scim_mapping_t *mapping = scim_mapping_make(
        scim_rtype_make("User", "Users", "User", schemas, 2, pool), pool);
    size_t i;

    scim_mapping_set_table(mapping, "users", pool);
    mapping->key = "id";
    mapping->tenant = "org";
    mapping->extra = "extra";
    scim_mapping_add(mapping, "userName", "username", NULL, pool);
    scim_mapping_add(mapping, "active", "active", NULL, pool);
    is_str(scim_mapping_finish(mapping, pool), NULL, "a schema of our own");
    for (i = 0; i < COUNT(cases); i++) {
        scim_row_t row = { "17", values, cases[i].stored, 0 };
        const char *text = rendered(mapping, &row, NULL, NULL, pool);
        const char *at = strstr(text, "urn:x:own");

        ok(cases[i].shown ? at && strstr(at, cases[i].shown) : !at,
           "%s gives %s", cases[i].stored, text);
    }
}

int main(void)
{
    const scim_mapping_t *mapping;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    mapping = make_users(columns, COLUMNS, "extra", pool);
    test_rows(mapping, pool);
    test_views(mapping, pool);
    test_many(mapping, pool);
    test_without(pool);
    test_locations(mapping, pool);
    test_types(pool);
    apr_terminate();
    return done_testing();
}
