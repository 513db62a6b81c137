/* Query strings and searches, and what they let a reply show. */
#include "query/list.h"
#include "query/projection.h"
#include "schema/builtin.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static apr_pool_t *pool;

static const struct {
    const char *query;
    const char *filter;
    int start, count;
} good[] = {
    { NULL, NULL, 1, 100 },
    { "", NULL, 1, 100 },
    { "aadOptscim062020", NULL, 1, 100 },
    { "aadOptscim062020&filter=userName+eq+%22a%22", "userName eq \"a\"", 1,
      100 },
    { "filter=userName%20eq%20%22a%2Bb%22&aadOptscim062020=",
      "userName eq \"a+b\"", 1, 100 },
    { "FILTER=id+eq+\"1\"", "id eq \"1\"", 1, 100 },
    { "filter=a+eq+%e2%82%ac", "a eq \xe2\x82\xac", 1, 100 },
    { "filter=100%", "100%", 1, 100 },
    { "filter=%zz%4", "%zz%4", 1, 100 },
    { "startIndex=0&count=-5", NULL, 1, 0 },
    { "startindex=11&COUNT=5", NULL, 11, 5 },
    { "startIndex=2147483647", NULL, 2147483647, 100 },
    { "startIndex=-9223372036854775809", NULL, 1, 100 },
    { "count=0", NULL, 1, 0 },
    { "count=1001", NULL, 1, 1000 },
    { "count=99999999999999999999", NULL, 1, 1000 },
    { "&&&count=7&", NULL, 1, 7 },
    { "=x&count=7", NULL, 1, 7 }
};

static const struct {
    const char *query;
    scim_err_kind_t kind;
} bad[] = {
    { "startIndex=", SCIM_ERR_INVALID_VALUE },
    { "startIndex", SCIM_ERR_INVALID_VALUE },
    { "startIndex=99999999999999999999", SCIM_ERR_INVALID_VALUE },
    { "count=ten", SCIM_ERR_INVALID_VALUE },
    { "count=1.5", SCIM_ERR_INVALID_VALUE },
    { "count=1%00", SCIM_ERR_INVALID_VALUE },
    { "count=+1", SCIM_ERR_INVALID_VALUE },
    { "filter=", SCIM_ERR_INVALID_FILTER },
    { "filter=+", SCIM_ERR_INVALID_FILTER },
    { "filter", SCIM_ERR_INVALID_FILTER },
    { "filter=a%00b", SCIM_ERR_INVALID_FILTER },
    { "filter=%ff", SCIM_ERR_INVALID_FILTER },
    { "filter=a&filter=b", SCIM_ERR_INVALID_FILTER }
};

static void test_lists(void)
{
    scim_list_t list;
    size_t i;

    for (i = 0; i < COUNT(good); i++) {
        const char *name = good[i].query ? good[i].query : "none";
        scim_err_t *err = scim_list_parse(&list, good[i].query, 100, 1000,
                                          pool);

        ok(!err, "%s: is read", name);
        ok(!err && (good[i].filter ? list.filter
                    && strcmp(list.filter, good[i].filter) == 0
                                   : !list.filter), "%s: filter", name);
        is_int(list.start, good[i].start, "%s: startIndex", name);
        is_int(list.count, good[i].count, "%s: count", name);
    }
    for (i = 0; i < COUNT(bad); i++) {
        scim_err_t *err = scim_list_parse(&list, bad[i].query, 100, 1000,
                                          pool);

        ok(err && err->kind == bad[i].kind, "%s: is refused", bad[i].query);
    }
    ok(!scim_list_parse(&list, "attributes=a%2Cb&excludedAttributes=", 1, 1,
                        pool)
       && strcmp(list.attributes, "a,b") == 0 && !list.excluded,
       "a comma may be encoded, an empty list is none");
}

/* What a query string and a search say beside filter and index. */
static const struct {
    const char *query, *body;
    const char *sort_by;
    int descending;
    const char *cursor;
    int start, count;
    const char *attributes;
} both[] = {
    { "sortBy=userName", "{\"sortBy\":\"userName\"}", "userName", 0, NULL, 1,
      100, NULL },
    { "SORTBY=id&sortorder=Descending",
      "{\"SORTBY\":\"id\",\"sortorder\":\"Descending\"}", "id", 1, NULL, 1,
      100, NULL },
    { "sortBy=&sortOrder=", "{\"sortBy\":\"\",\"sortOrder\":\"\"}", NULL, 0,
      NULL, 1, 100, NULL },
    { "sortBy&sortOrder", "{\"sortBy\":null,\"sortOrder\":null}", NULL, 0,
      NULL, 1, 100, NULL },
    { "sortOrder=ascending", "{\"sortOrder\":\"ascending\"}", NULL, 0, NULL, 1,
      100, NULL },
    { "cursor", "{\"cursor\":\"\"}", NULL, 0, "", 1, 100, NULL },
    { "cursor=&count=0", "{\"cursor\":\"\",\"count\":0}", NULL, 0, "", 1, 0,
      NULL },
    { "count=7&CURSOR=aB-_", "{\"count\":7,\"CURSOR\":\"aB-_\"}", NULL, 0,
      "aB-_", 1, 7, NULL },
    { "count=-7&cursor", "{\"count\":-7,\"cursor\":\"\"}", NULL, 0, "", 1, 0,
      NULL },
    { "count=9999&cursor", "{\"count\":\"9999\",\"cursor\":\"\"}", NULL, 0, "",
      1, 1000, NULL },
    { "startIndex=5&count=3", "{\"startIndex\":5,\"count\":3}", NULL, 0, NULL,
      5, 3, NULL },
    { "startIndex=0", "{\"startIndex\":\"0\",\"cursor\":null}", NULL, 0, NULL,
      1, 100, NULL },
    { "attributes=a,b&schemas=x&extra",
      "{\"attributes\":\"a,b\",\"schemas\":[\"x\",1],\"extra\":{\"a\":[]}}",
      NULL, 0, NULL, 1, 100, "a,b" },
    { "attributes=a,b,", "{\"attributes\":[\"a\",\"b\"]}", NULL, 0, NULL, 1,
      100, "a,b," },
    { "attributes=", "{\"attributes\":[]}", NULL, 0, NULL, 1, 100, NULL }
};

static const struct {
    const char *query, *body;
    scim_err_kind_t kind;
} neither[] = {
    { "sortOrder=up", "{\"sortOrder\":\"up\"}", SCIM_ERR_INVALID_VALUE },
    { "cursor=x&startIndex=1", "{\"cursor\":\"x\",\"startIndex\":1}",
      SCIM_ERR_INVALID_VALUE },
    { "startIndex=1&cursor", "{\"startIndex\":1,\"cursor\":\"\"}",
      SCIM_ERR_INVALID_VALUE },
    { "cursor&count=ten", "{\"cursor\":\"\",\"count\":\"ten\"}",
      SCIM_ERR_INVALID_COUNT },
    { "count=&cursor", "{\"count\":true,\"cursor\":\"\"}",
      SCIM_ERR_INVALID_COUNT },
    { "count=1.5", "{\"count\":1.5}", SCIM_ERR_INVALID_VALUE },
    { "startIndex=x", "{\"startIndex\":[1]}", SCIM_ERR_INVALID_VALUE },
    { "cursor=a%00b", "{\"cursor\":1}", SCIM_ERR_INVALID_CURSOR },
    { "filter=", "{\"filter\":\"\"}", SCIM_ERR_INVALID_FILTER },
    { "filter=+", "{\"filter\":true}", SCIM_ERR_INVALID_FILTER },
    { NULL, "{\"sortBy\":7}", SCIM_ERR_INVALID_VALUE },
    { NULL, "{\"attributes\":{\"a\":1}}", SCIM_ERR_INVALID_VALUE },
    { NULL, "{\"excludedAttributes\":[\"a\",null]}", SCIM_ERR_INVALID_VALUE }
};

static void is_same(const char *got, const char *want, const char *name,
                    const char *what)
{
    is_str(got, want, "%s: %s", name, what);
}

static void test_one(const scim_list_t *list, size_t i, const char *name)
{
    is_same(list->sort_by, both[i].sort_by, name, "sortBy");
    is_int(list->descending, both[i].descending, "%s: sortOrder", name);
    is_same(list->cursor, both[i].cursor, name, "cursor");
    is_int(list->start, both[i].start, "%s: startIndex", name);
    is_int(list->count, both[i].count, "%s: count", name);
    is_same(list->attributes, both[i].attributes, name, "attributes");
}

static scim_err_t *decode(scim_list_t *list, const char *text)
{
    scim_json_t *body;

    SCIM_TRY(scim_json_parse(&body, text, strlen(text), pool));
    return scim_list_decode(list, body, 100, 1000, pool);
}

static void test_searches(void)
{
    scim_list_t list;
    scim_err_t *err;
    size_t i;

    for (i = 0; i < COUNT(both); i++) {
        ok(!scim_list_parse(&list, both[i].query, 100, 1000, pool),
           "%s: is read", both[i].query);
        test_one(&list, i, both[i].query);
        ok(!decode(&list, both[i].body), "%s: is read", both[i].body);
        test_one(&list, i, both[i].body);
    }
    for (i = 0; i < COUNT(neither); i++) {
        if (neither[i].query) {
            err = scim_list_parse(&list, neither[i].query, 100, 1000, pool);
            ok(err && err->kind == neither[i].kind, "%s: is refused",
               neither[i].query);
        }
        err = decode(&list, neither[i].body);
        ok(err && err->kind == neither[i].kind, "%s: is refused",
           neither[i].body);
    }
    ok(!decode(&list, "{\"filter\":\"userName eq \\\"a\\\"\","
                      "\"excludedAttributes\":[\"x\"]}")
       && strcmp(list.filter, "userName eq \"a\"") == 0
       && strcmp(list.excluded, "x,") == 0, "a search has a filter");
}

static const struct {
    const char *included, *excluded;
    const char *shown, *hidden;     /* paths, blank-separated */
} projections[] = {
    { NULL, NULL, "id userName emails emails.value meta", "password" },
    { "userName", NULL, "id userName", "emails emails.value meta title" },
    { "username, TITLE", NULL, "id userName title", "active" },
    { "emails.value", NULL, "id emails emails.value", "emails.type" },
    { "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", NULL,
      "name name.givenName", "name.familyName" },
    { "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", NULL,
      "department manager manager.value", "userName" },
    { "password", NULL, "id", "password userName" },
    { "nothing", NULL, "id", "userName" },
    { NULL, "emails", "id userName", "emails emails.value" },
    { NULL, "emails.value,id", "id emails emails.type", "emails.value" },
    { NULL, "nothing", "userName", "password" }
};

static void expect(const unsigned char *shown, const scim_rtype_t *type,
                   const char *paths, int wanted, size_t row)
{
    char *rest = apr_pstrdup(pool, paths), *state, *path;

    for (path = apr_strtok(rest, " ", &state); path;
         path = apr_strtok(NULL, " ", &state)) {
        scim_name_t name = scim_rtype_resolve(type, path, pool);
        const scim_attr_t *attr = name.sub ? name.sub : name.attr;

        ok(attr && shown[attr->index] == wanted, "projection %d: %s is %s",
           (int)row, path, wanted ? "shown" : "not shown");
    }
}

static void test_projections(void)
{
    const scim_rtype_t *type = scim_builtin_user(pool);
    const unsigned char *shown;
    size_t i;

    for (i = 0; i < COUNT(projections); i++) {
        ok(!scim_projection_make(&shown, projections[i].included,
                                 projections[i].excluded, type, pool),
           "projection %d", (int)i);
        expect(shown, type, projections[i].shown, 1, i);
        expect(shown, type, projections[i].hidden, 0, i);
    }
    ok(scim_projection_make(&shown, "id", "id", type, pool) != NULL,
       "both at once are refused");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_lists();
    test_searches();
    test_projections();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
