/* PATCH as a function on a resource, and the merging of bodies. */
#include "proto/patch.h"
#include "schema/builtin.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define ENT "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

static apr_pool_t *pool;
static scim_rtype_t *type;
static unsigned char *stored;

static scim_json_t *parse(const char *text)
{
    scim_json_t *value = NULL;

    if (scim_json_parse(&value, text, strlen(text), pool)) {
        ok(0, "the test's own JSON: %s", text);
    }
    return value;
}

/* In the tables ' stands for a quote, and @ for one inside a string. */
static const char *quoted(const char *text)
{
    scim_buf_t out;

    scim_buf_init(&out, strlen(text) + 16, pool);
    for (; *text; text++) {
        if (*text == '@') {
            scim_buf_puts(&out, "\\\"");
        }
        else {
            scim_buf_putc(&out, *text == '\'' ? '"' : *text);
        }
    }
    return out.data;
}

static const struct {
    const char *name;
    const char *before;
    const char *operations;     /* the elements of Operations */
    const char *after;          /* NULL: refused */
    scim_err_kind_t kind;       /* then: how */
} cases[] = {
    { "op in any case", "{'userName':'u'}",
      "{'op':'Replace','path':'userName','value':'v'}",
      "{'userName':'v'}", 0 },
    { "a string for a boolean", "{'userName':'u','active':true}",
      "{'op':'Add','path':'active','value':'False'}",
      "{'userName':'u','active':false}", 0 },
    { "an array around a boolean", "{'userName':'u','active':true}",
      "{'op':'replace','path':'active','value':['false']}",
      "{'userName':'u','active':false}", 0 },
    { "a word for a boolean", "{'userName':'u','active':true}",
      "{'op':'replace','path':'active','value':'maybe'}",
      NULL, SCIM_ERR_INVALID_VALUE },
    { "no path, dotted and URN keys", "{'userName':'u','name':{'familyName':'F'}}",
      "{'op':'replace','value':{'name.givenName':'G','" ENT ":department':'D',"
      "'" ENT "':{'costCenter':'C'},'emails[type eq @work@].value':'m'}}",
      "{'userName':'u','name':{'familyName':'F','givenName':'G'},"
      "'" ENT "':{'department':'D','costCenter':'C'},"
      "'emails':[{'value':'m','type':'work'}]}", 0 },
    { "complex values merge", "{'userName':'u','name':{'familyName':'F'}}",
      "{'op':'replace','path':'name','value':{'givenName':'G'}}",
      "{'userName':'u','name':{'familyName':'F','givenName':'G'}}", 0 },
    { "a filtered path makes its element", "{'userName':'u'}",
      "{'op':'add','path':'roles[primary eq @True@].display','value':'D'},"
      "{'op':'add','path':'roles[primary eq @True@].value','value':'V'}",
      "{'userName':'u','roles':[{'display':'D','primary':true,'value':'V'}]}",
      0 },
    { "a filtered path changes all matches",
      "{'userName':'u','emails':[{'type':'home','value':'a'},"
      "{'type':'home','value':'b'},{'type':'work','value':'c'}]}",
      "{'op':'replace','path':'emails[type eq @home@].display',"
      "'value':'D'}",
      "{'userName':'u','emails':[{'type':'home','value':'a','display':'D'},"
      "{'type':'home','value':'b','display':'D'},"
      "{'type':'work','value':'c'}]}", 0 },
    { "an element cannot be made from co", "{'userName':'u'}",
      "{'op':'replace','path':'emails[value co @x@].display',"
      "'value':'D'}", NULL, SCIM_ERR_NO_TARGET },
    { "nor of what is no value", "{'userName':'u'}",
      "{'op':'add','path':'emails[value eq @a@ and display eq @@].type',"
      "'value':'work'}", NULL, SCIM_ERR_NO_TARGET },
    { "nor of text that is no base64", "{'userName':'u'}",
      "{'op':'add','path':'x509Certificates[value eq @?@].display',"
      "'value':'D'}", NULL, SCIM_ERR_NO_TARGET },
    { "nor one that the filter would not find", "{'userName':'u'}",
      "{'op':'add','path':'emails[type eq @a@ and type eq @b@].value',"
      "'value':'m'}", NULL, SCIM_ERR_NO_TARGET },
    { "what the operation sets wins over the filter", "{'userName':'u'}",
      "{'op':'add','path':'addresses[type eq @work@].type','value':'home'}",
      "{'userName':'u','addresses':[{'type':'home'}]}", 0 },
    { "also where it clears", "{'userName':'u'}",
      "{'op':'add','path':'emails[value eq @a@]','value':{'value':null,"
      "'type':'work'}}", "{'userName':'u'}", 0 },
    { "nothing is made to be cleared", "{'userName':'u'}",
      "{'op':'replace','path':'emails[type eq @work@].value','value':''}",
      "{'userName':'u'}", 0 },
    { "an element without value goes",
      "{'userName':'u','emails':[{'type':'work','value':'a'},"
      "{'type':'home','value':'b'}]}",
      "{'op':'replace','path':'emails[type eq @work@].value',"
      "'value':null}",
      "{'userName':'u','emails':[{'type':'home','value':'b'}]}", 0 },
    { "the last element takes the attribute with it",
      "{'userName':'u','emails':[{'type':'work','value':'a'}]}",
      "{'op':'remove','path':'emails[type eq @work@]'}",
      "{'userName':'u'}", 0 },
    { "primary moves",
      "{'userName':'u','emails':[{'type':'work','value':'a','primary':true},"
      "{'type':'home','value':'b'}]}",
      "{'op':'add','path':'emails[type eq @home@].primary',"
      "'value':true}",
      "{'userName':'u','emails':[{'type':'work','value':'a'},"
      "{'type':'home','value':'b','primary':true}]}", 0 },
    { "add appends and does not repeat",
      "{'userName':'u','emails':[{'type':'work','value':'a'}]}",
      "{'op':'add','path':'emails','value':[{'type':'work','value':'A'},"
      "{'type':'home','value':'b'}]}",
      "{'userName':'u','emails':[{'type':'work','value':'A'},"
      "{'type':'home','value':'b'}]}", 0 },
    { "replace replaces the list",
      "{'userName':'u','emails':[{'type':'work','value':'a'}]}",
      "{'op':'replace','path':'emails','value':[{'type':'home',"
      "'value':'b'}]}",
      "{'userName':'u','emails':[{'type':'home','value':'b'}]}", 0 },
    { "remove with a list removes these",
      "{'userName':'u','emails':[{'type':'work','value':'a'},"
      "{'type':'home','value':'b'}]}",
      "{'op':'remove','path':'emails','value':[{'value':'a'}]}",
      "{'userName':'u','emails':[{'type':'home','value':'b'}]}", 0 },
    { "remove with a list that says nothing",
      "{'userName':'u','emails':[{'type':'work','value':'a'}]}",
      "{'op':'remove','path':'emails','value':[{}]}",
      NULL, SCIM_ERR_INVALID_VALUE },
    { "manager as a string", "{'userName':'u'}",
      "{'op':'replace','path':'" ENT ":manager','value':'7'}",
      "{'userName':'u','" ENT "':{'manager':{'value':'7'}}}", 0 },
    { "manager as an object where its value belongs", "{'userName':'u'}",
      "{'op':'replace','path':'" ENT ":manager.value',"
      "'value':[{'value':'7'}]}",
      "{'userName':'u','" ENT "':{'manager':{'value':'7'}}}", 0 },
    { "manager cleared by an empty value",
      "{'userName':'u','" ENT "':{'manager':{'value':'7'}}}",
      "{'op':'replace','value':{'manager':{'value':''}}}",
      "{'userName':'u'}", 0 },
    { "what is not stored is left out", "{'userName':'u','active':true}",
      "{'op':'replace','value':{'active':false,'x':1,'nickName':'n',"
      "'urn:x:y:z':{'a':1},'id':'9','meta':{},'groups':[]}}",
      "{'userName':'u','active':false}", 0 },
    { "a required attribute cleared", "{'userName':'u'}",
      "{'op':'replace','path':'userName','value':''}",
      NULL, SCIM_ERR_INVALID_VALUE },
    { "a required attribute removed", "{'userName':'u'}",
      "{'op':'remove','path':'userName'}", NULL, SCIM_ERR_MUTABILITY },
    { "removed and added again", "{'userName':'u'}",
      "{'op':'remove','path':'userName'},"
      "{'op':'add','path':'userName','value':'v'}",
      "{'userName':'v'}", 0 },
    { "an extension as a whole",
      "{'userName':'u','" ENT "':{'department':'D','costCenter':'C'}}",
      "{'op':'remove','path':'" ENT "'}", "{'userName':'u'}", 0 },
    { "a wrong type", "{'userName':'u'}",
      "{'op':'add','path':'title','value':{'a':1}}",
      NULL, SCIM_ERR_INVALID_VALUE },
    { "no operations", "{'userName':'u'}", "", "{'userName':'u'}", 0 },
    /* messages that are none */
    { "an unknown op", "{'userName':'u'}", "{'op':'move','path':'title'}",
      NULL, SCIM_ERR_INVALID_SYNTAX },
    { "no op", "{'userName':'u'}", "{'path':'title','value':'x'}",
      NULL, SCIM_ERR_INVALID_SYNTAX },
    { "remove without path", "{'userName':'u'}", "{'op':'remove'}",
      NULL, SCIM_ERR_NO_TARGET },
    { "a path that is none", "{'userName':'u'}",
      "{'op':'add','path':'emails[type eq','value':'x'}",
      NULL, SCIM_ERR_INVALID_PATH },
    { "a path that is no string", "{'userName':'u'}",
      "{'op':'add','path':7,'value':'x'}", NULL, SCIM_ERR_INVALID_PATH },
    { "add without value", "{'userName':'u'}", "{'op':'add','path':'title'}",
      NULL, SCIM_ERR_INVALID_VALUE },
    { "no path and no object", "{'userName':'u'}",
      "{'op':'replace','value':'x'}", NULL, SCIM_ERR_INVALID_VALUE },
    { "an operation that is no object", "{'userName':'u'}", "7",
      NULL, SCIM_ERR_INVALID_SYNTAX }
};

static scim_err_t *run(scim_json_t *resource, const char *operations)
{
    const char *body = apr_pstrcat(pool, "{\"Operations\":[",
                                   quoted(operations), "]}", NULL);
    scim_patch_t *patch;

    SCIM_TRY(scim_patch_decode(&patch, parse(body), type,
                               &scim_limits_default, pool));
    return scim_patch_apply(resource, patch,
                            scim_intake_make(type, stored, pool));
}

static void test_patch(void)
{
    size_t i;

    for (i = 0; i < COUNT(cases); i++) {
        scim_json_t *resource = parse(quoted(cases[i].before));
        scim_err_t *err = run(resource, cases[i].operations);

        if (!cases[i].after) {
            ok(err && err->kind == cases[i].kind, "%s: is refused",
               cases[i].name);
            ok(err && *err->detail, "%s: with a reason", cases[i].name);
            continue;
        }
        ok(!err, "%s: is done", cases[i].name);
        ok(scim_json_is_equal(resource, parse(quoted(cases[i].after))),
           "%s: gives what it should", cases[i].name);
        if (err) {
            printf("# %s\n", err->detail);
        }
        else if (!scim_json_is_equal(resource,
                                     parse(quoted(cases[i].after)))) {
            printf("# %s\n", scim_json_text(resource, pool));
        }
    }
}

static const struct {
    const char *name;
    const char *before;
    const char *body;
    const char *after;          /* NULL: refused */
} merges[] = {
    { "a create", "{}",
      "{'schemas':['x'],'USERNAME':'u','active':'True','roles':[],"
      "'title':null,'emails':{'type':'work','value':'m'},'id':'7',"
      "'meta':{'a':1},'x':{'y':1}}",
      "{'userName':'u','active':true,"
      "'emails':[{'type':'work','value':'m'}]}" },
    { "what is left out or empty stays",
      "{'userName':'u','title':'T','emails':[{'type':'work','value':'m'}]}",
      "{'userName':'v','title':'','emails':[]}",
      "{'userName':'v','title':'T',"
      "'emails':[{'type':'work','value':'m'}]}" },
    { "elements that say nothing",
      "{'userName':'u','emails':[{'type':'work','value':'m'}]}",
      "{'userName':'u','emails':[{'type':'home'}]}",
      "{'userName':'u','emails':[{'type':'work','value':'m'}]}" },
    { "the core URN is no extension", "{}",
      "{'urn:ietf:params:scim:schemas:core:2.0:User:userName':'u'}",
      "{'userName':'u'}" },
    { "no userName", "{}", "{'active':true}", NULL },
    { "an empty userName", "{}", "{'userName':''}", NULL },
    { "a userName that is a number", "{}", "{'userName':7}", NULL },
    { "an object for a boolean", "{}", "{'userName':'u','active':{}}", NULL },
    { "two primaries: the first one is", "{}",
      "{'userName':'u','emails':[{'value':'a','primary':true},"
      "{'value':'b','primary':true}]}",
      "{'userName':'u','emails':[{'value':'a','primary':true},"
      "{'value':'b'}]}" }
};

static void test_merge(void)
{
    size_t i;

    for (i = 0; i < COUNT(merges); i++) {
        scim_json_t *resource = parse(quoted(merges[i].before));
        scim_err_t *err = scim_patch_merge(resource,
                                           parse(quoted(merges[i].body)),
                                           scim_intake_make(type, stored,
                                                            pool));

        if (!merges[i].after) {
            ok(err && err->kind == SCIM_ERR_INVALID_VALUE, "%s: is refused",
               merges[i].name);
            continue;
        }
        ok(!err && scim_json_is_equal(resource,
                                      parse(quoted(merges[i].after))),
           "%s: gives what it should", merges[i].name);
    }
}

static void test_ignored(void)
{
    scim_intake_t *intake = scim_intake_make(type, stored, pool);
    scim_json_t *resource = parse("{\"userName\":\"u\"}");

    ok(!scim_patch_merge(resource, parse("{\"x\":1,\"nickName\":\"n\","
                                         "\"id\":\"7\"}"), intake),
       "unknown names are no error");
    is_int(intake->ignored->nelts, 2, "what is not kept is noted");
    is_str(APR_ARRAY_IDX(intake->ignored, 0, const char *), "x",
           "by its name");
}

static void test_limits(void)
{
    scim_buf_t body;
    scim_patch_t *patch;
    scim_err_t *err;
    int i;

    scim_buf_init(&body, 1000, pool);
    scim_buf_puts(&body, "{\"Operations\":[");
    for (i = 0; i <= SCIM_PATCH_OPERATIONS_MAX; i++) {
        scim_buf_puts(&body, i ? ",{}" : "{}");
    }
    scim_buf_puts(&body, "]}");
    err = scim_patch_decode(&patch, parse(body.data), type,
                            &scim_limits_default, pool);
    ok(err && err->kind == SCIM_ERR_TOO_LARGE, "too many operations");
    err = scim_patch_decode(&patch, parse("[]"), type,
                            &scim_limits_default, pool);
    ok(err && err->kind == SCIM_ERR_INVALID_SYNTAX, "a body that is a list");
    err = scim_patch_decode(&patch, parse("{\"a\":1}"), type,
                            &scim_limits_default, pool);
    ok(err && err->kind == SCIM_ERR_INVALID_SYNTAX, "no Operations");
}

/* So many operations with a filter of so many comparisons, on a value of so
 * many bytes. */
static scim_err_t *look(int operations, int comparisons, int bytes)
{
    scim_json_t *resource = parse("{\"userName\":\"u\",\"emails\":[{}]}");
    char *text = apr_palloc(pool, bytes + 1);
    scim_buf_t list;
    int i, k;

    memset(text, 'a', bytes);
    text[bytes] = '\0';
    scim_json_append(scim_json_find(resource, "emails")->first,
                     scim_json_make_string(text, pool));
    scim_json_find(resource, "emails")->first->first->name = "value";
    scim_buf_init(&list, 1000, pool);
    for (i = 0; i < operations; i++) {
        scim_buf_puts(&list, i ? ",{'op':'remove','path':'emails["
                               : "{'op':'remove','path':'emails[");
        for (k = 0; k < comparisons; k++) {
            scim_buf_puts(&list, k ? " or not (value ne \\'b\\')"
                                   : "value co \\'b\\'");
        }
        scim_buf_puts(&list, "]'}");
    }
    return run(resource, list.data);
}

static void test_look(void)
{
    scim_err_t *err;

    ok(!look(1, 1, 16 << 20), "one filter may look through much");
    ok(!look(1, 30, 1 << 20), "and a long one through a good deal");
    err = look(40, 1, 1 << 20);
    ok(err && err->kind == SCIM_ERR_TOO_LARGE, "many may not");
    err = look(2, 20, 1 << 20);
    ok(err && err->kind == SCIM_ERR_TOO_LARGE, "nor long ones");
    ok(!look(1000, 2, 200), "a thousand may look through what is usual");
}

int main(void)
{
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = scim_builtin_user(pool);
    stored = apr_palloc(pool, type->nattrs);
    for (i = 0; i < type->nattrs; i++) {
        stored[i] = type->attrs[i]->schema != NULL;
    }
    stored[type->external_id->index] = 1;
    stored[scim_rtype_attr(type, NULL, "nickName")->index] = 0;
    test_patch();
    test_merge();
    test_ignored();
    test_limits();
    test_look();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
