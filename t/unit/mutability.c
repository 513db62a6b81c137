/* The rules of any definition of attributes, on a resource type that has all of
 * them: what is required, read-only, immutable, write-only; primary elements
 * and repeated ones; each in POST, PUT and PATCH. */
#include "proto/mutability.h"
#include "proto/patch.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))
#define X "urn:x:more"
#define Y "urn:x:some"      /* that not every account has */
#define Z "urn:x:quiet"     /* likewise, and nothing of it is shown */

static const scim_attr_t card_subs[] = {
    { .name = "value" },
    { .name = "type", .canonical = "blue red" },
    { .name = "primary", .type = SCIM_TYPE_BOOLEAN },
    { .name = "maker", .mutability = SCIM_IMMUTABLE },
    { .name = "checked", .type = SCIM_TYPE_BOOLEAN,
      .mutability = SCIM_READ_ONLY },
    { .name = "pin", .mutability = SCIM_WRITE_ONLY,
      .returned = SCIM_RETURNED_NEVER },
    { .name = "asked", .returned = SCIM_RETURNED_REQUEST }
};
static const scim_attr_t desk_subs[] = {
    { .name = "floor", .required = 1, .type = SCIM_TYPE_INTEGER },
    { .name = "room", .mutability = SCIM_IMMUTABLE },
    { .name = "seen", .type = SCIM_TYPE_DATETIME,
      .mutability = SCIM_READ_ONLY },
    { .name = "note" }
};
static const scim_attr_t key_subs[] = {
    { .name = "label", .required = 1 },
    { .name = "door" }
};
static const scim_attr_t base_attrs[] = {
    { .name = "userName", .required = 1 },
    { .name = "serial", .mutability = SCIM_READ_ONLY },
    { .name = "badge", .mutability = SCIM_IMMUTABLE },
    { .name = "tags", .multi = 1 },
    { .name = "cards", .multi = 1, .type = SCIM_TYPE_COMPLEX,
      .subs = card_subs, .nsubs = COUNT(card_subs) },
    { .name = "keys", .multi = 1, .type = SCIM_TYPE_COMPLEX, .subs = key_subs,
      .nsubs = COUNT(key_subs) },
    { .name = "desk", .type = SCIM_TYPE_COMPLEX, .subs = desk_subs,
      .nsubs = COUNT(desk_subs) },
    { .name = "lost", .mutability = SCIM_READ_ONLY }
};
static const scim_attr_t more_attrs[] = {
    { .name = "since", .type = SCIM_TYPE_DATETIME,
      .mutability = SCIM_IMMUTABLE },
    { .name = "code", .case_exact = 1, .mutability = SCIM_IMMUTABLE },
    { .name = "langs", .multi = 1, .mutability = SCIM_IMMUTABLE },
    { .name = "level", .type = SCIM_TYPE_INTEGER,
      .mutability = SCIM_READ_ONLY },
    { .name = "seat", .type = SCIM_TYPE_COMPLEX, .mutability = SCIM_READ_ONLY,
      .subs = key_subs, .nsubs = COUNT(key_subs) },
    { .name = "secret", .mutability = SCIM_WRITE_ONLY,
      .returned = SCIM_RETURNED_NEVER },
    { .name = "site", .required = 1 },
    { .name = "asked", .returned = SCIM_RETURNED_REQUEST },
    { .name = "id" }
};
static const scim_attr_t seat_subs[] = {
    { .name = "row" },
    { .name = "asked", .returned = SCIM_RETURNED_REQUEST },
    { .name = "seen", .mutability = SCIM_READ_ONLY }
};
static const scim_attr_t some_attrs[] = {
    { .name = "site", .required = 1 },
    { .name = "asked", .returned = SCIM_RETURNED_REQUEST },
    { .name = "secret", .mutability = SCIM_WRITE_ONLY,
      .returned = SCIM_RETURNED_NEVER },
    { .name = "level", .mutability = SCIM_READ_ONLY },
    { .name = "since", .mutability = SCIM_IMMUTABLE },
    { .name = "seat", .type = SCIM_TYPE_COMPLEX, .subs = seat_subs,
      .nsubs = COUNT(seat_subs) }
};
static const scim_attr_t quiet_attrs[] = {
    { .name = "pass", .required = 1, .returned = SCIM_RETURNED_REQUEST },
    { .name = "asked", .returned = SCIM_RETURNED_REQUEST }
};
static const scim_schema_t base = {
    .urn = "urn:x:base", .name = "Base", .description = "Base",
    .attrs = base_attrs, .nattrs = COUNT(base_attrs)
};
static const scim_schema_t more = {
    .urn = X, .name = "More", .description = "More", .attrs = more_attrs,
    .nattrs = COUNT(more_attrs), .required = 1
};
static const scim_schema_t some = {
    .urn = Y, .name = "Some", .description = "Some", .attrs = some_attrs,
    .nattrs = COUNT(some_attrs)
};
static const scim_schema_t quiet = {
    .urn = Z, .name = "Quiet", .description = "Quiet", .attrs = quiet_attrs,
    .nattrs = COUNT(quiet_attrs)
};

#define JOY  "'userName':'joy'"
#define SITE "'" X "':{'site':'S'}"
#define WITH(list) "{" JOY ",'" X "':{'site':'S'," list "}}"
#define HAS(list) "{" JOY "," list "," SITE "}"
#define LEAST "{" JOY "," SITE "}"
#define SOME(list) HAS("'" Y "':{" list "}")
#define RO "is read-only and cannot be changed"
#define ONCE "cannot be changed once it has a value"

typedef struct row_t {
    const char *before;         /* ' is a quote, ~ one within a string */
    const char *request;        /* operations, or a body */
    const char *after;          /* NULL: as before; `!`: kind and detail */
} row_t;

static const row_t patches[] = {
    /* read-only */
    { LEAST, "{'op':'add','path':'serial','value':'7'}",
      "!mutability serial " RO },
    { LEAST, "{'op':'replace','value':{'serial':'7'}}",
      "!mutability serial " RO },
    { HAS("'serial':'7'"), "{'op':'remove','path':'serial'}",
      "!mutability serial " RO },
    { HAS("'serial':'7'"), "{'op':'replace','path':'serial','value':''}",
      "!mutability serial " RO },
    { HAS("'serial':'7'"), "{'op':'replace','path':'serial','value':'7'}",
      NULL },
    { LEAST, "{'op':'remove','path':'serial'}", NULL },
    { LEAST, "{'op':'add','path':'lost','value':'7'}", NULL },
    { WITH("'level':1"), "{'op':'add','path':'" X ":level','value':2}",
      "!mutability " X ":level " RO },
    { WITH("'level':1"), "{'op':'remove','path':'" X "'}",
      "!mutability " X ":site is required and cannot be removed" },
    { WITH("'level':1,'id':'7'"), "{'op':'remove','path':'" X "'},{'op':'add',"
      "'path':'" X ":site','value':'S'}", WITH("'level':1") },
    { WITH("'seat':{'label':'L'}"), "{'op':'replace','path':'" X ":seat.door',"
      "'value':'D'}", "!mutability " X ":seat " RO },
    { LEAST, "{'op':'add','path':'" X ":seat','value':{'label':'L'}}",
      "!mutability " X ":seat " RO },
    { LEAST, "{'op':'add','path':'id','value':'7'},{'op':'add','value':"
      "{'meta':{'version':'v'},'schemas':['urn:y']}}", NULL },
    { LEAST, "{'op':'add','path':'" X ":id','value':'7'}", WITH("'id':'7'") },

    /* read-only parts */
    { HAS("'desk':{'floor':1}"), "{'op':'add','path':'desk.seen','value':"
      "'2026-01-31T12:00:00Z'}", "!mutability desk.seen " RO },
    { HAS("'desk':{'floor':1,'seen':'2026-01-31T12:00:00Z'}"),
      "{'op':'add','path':'desk','value':{'note':'N','seen':"
      "'2027-01-31T12:00:00Z'}}",
      HAS("'desk':{'floor':1,'seen':'2026-01-31T12:00:00Z','note':'N'}") },
    { HAS("'desk':{'floor':1,'seen':'2026-01-31T12:00:00Z'}"),
      "{'op':'remove','path':'desk.seen'}", "!mutability desk.seen " RO },
    { HAS("'cards':[{'value':'a','type':'blue','checked':true}]"),
      "{'op':'replace','path':'cards[value eq ~a~].checked','value':false}",
      "!mutability cards.checked " RO },
    { HAS("'cards':[{'value':'a','type':'blue','checked':true}]"),
      "{'op':'remove','path':'cards[value eq ~a~].checked'}",
      "!mutability cards.checked " RO },
    { HAS("'cards':[{'value':'a','type':'blue','checked':true}]"),
      "{'op':'replace','path':'cards[value eq ~a~]','value':{'value':'a',"
      "'type':'red'}}",
      HAS("'cards':[{'value':'a','type':'red','checked':true}]") },
    { HAS("'cards':[{'value':'a','type':'blue','checked':true}]"),
      "{'op':'replace','path':'cards','value':[{'value':'a','type':'blue',"
      "'primary':true},{'value':'b','checked':true}]}",
      HAS("'cards':[{'value':'a','type':'blue','primary':true,'checked':true}"
          ",{'value':'b'}]") },
    { HAS("'cards':[{'value':'a','type':'blue','checked':true}]"),
      "{'op':'remove','path':'cards[value eq ~a~]'}", LEAST },
    { LEAST, "{'op':'add','path':'cards[value eq ~a~].checked','value':true}",
      "!mutability cards.checked " RO },

    /* immutable */
    { LEAST, "{'op':'add','path':'badge','value':'B'}", HAS("'badge':'B'") },
    { LEAST, "{'op':'replace','value':{'badge':'B'}}", HAS("'badge':'B'") },
    { HAS("'badge':'B'"), "{'op':'add','path':'badge','value':'C'}",
      "!mutability badge " ONCE },
    { HAS("'badge':'B'"), "{'op':'replace','value':{'badge':'C'}}",
      "!mutability badge " ONCE },
    { HAS("'badge':'B'"), "{'op':'remove','path':'badge'}",
      "!mutability badge " ONCE },
    { HAS("'badge':'B'"), "{'op':'add','path':'badge','value':null}",
      "!mutability badge " ONCE },
    { HAS("'badge':'B'"), "{'op':'add','path':'badge','value':'B'}", NULL },
    { LEAST, "{'op':'remove','path':'badge'}", NULL },
    { LEAST, "{'op':'add','path':'badge','value':'B'},{'op':'replace','path':"
      "'badge','value':'C'}", HAS("'badge':'C'") },
    { WITH("'code':'a'"), "{'op':'add','path':'" X ":code','value':'A'}",
      "!mutability " X ":code " ONCE },
    { WITH("'since':'2026-01-31T12:00:00Z'"), "{'op':'add','path':'" X
      ":since','value':'2026-01-31T12:00:01Z'}",
      "!mutability " X ":since " ONCE },
    { WITH("'langs':['de','en']"), "{'op':'add','path':'" X ":langs','value':"
      "['fr']}", "!mutability " X ":langs " ONCE },
    { WITH("'langs':['de','en']"), "{'op':'add','path':'" X ":langs','value':"
      "['en']}", NULL },

    /* immutable parts */
    { HAS("'desk':{'floor':1}"), "{'op':'add','path':'desk.room','value':"
      "'R'}", HAS("'desk':{'floor':1,'room':'R'}") },
    { HAS("'desk':{'floor':1,'room':'R'}"), "{'op':'add','path':'desk',"
      "'value':{'room':'S'}}", "!mutability desk.room " ONCE },
    { HAS("'desk':{'floor':1,'room':'R'}"), "{'op':'add','path':'desk',"
      "'value':{'floor':2}}", HAS("'desk':{'floor':2,'room':'R'}") },
    { HAS("'desk':{'floor':1,'room':'R'}"), "{'op':'remove','path':'desk'}",
      "!mutability desk.room " ONCE },
    { HAS("'cards':[{'value':'a','maker':'M'}]"), "{'op':'replace','path':"
      "'cards[value eq ~a~].maker','value':'N'}",
      "!mutability cards.maker " ONCE },
    { HAS("'cards':[{'value':'a'}]"), "{'op':'add','path':"
      "'cards[value eq ~a~].maker','value':'N'}",
      HAS("'cards':[{'value':'a','maker':'N'}]") },
    { HAS("'cards':[{'value':'a','maker':'M'}]"), "{'op':'remove','path':"
      "'cards[value eq ~a~].maker'}", "!mutability cards.maker " ONCE },
    { HAS("'cards':[{'value':'a','maker':'M'}]"), "{'op':'add','path':"
      "'cards','value':[{'value':'a','maker':'N'}]}",
      "!mutability cards.maker " ONCE },
    { HAS("'cards':[{'value':'a','maker':'M'}]"), "{'op':'replace','path':"
      "'cards','value':[{'value':'a','maker':'N'}]}",
      "!mutability cards.maker " ONCE },
    { HAS("'cards':[{'value':'a','maker':'M'}]"), "{'op':'replace','path':"
      "'cards','value':[{'value':'b','maker':'N'}]}",
      HAS("'cards':[{'value':'b','maker':'N'}]") },
    { HAS("'cards':[{'value':'a','maker':'M'}]"), "{'op':'replace','path':"
      "'cards[value eq ~a~]','value':''}", LEAST },

    /* required */
    { LEAST, "{'op':'remove','path':'" X ":site'}",
      "!mutability " X ":site is required and cannot be removed" },
    { LEAST, "{'op':'replace','path':'" X ":site','value':''}",
      "!invalidValue " X ":site is required and must not be empty" },
    { LEAST, "{'op':'remove','path':'" X ":site'},{'op':'remove','path':"
      "'userName'}", "!mutability userName is required and cannot be removed"
    },
    { LEAST, "{'op':'remove','path':'" X "'},{'op':'add','path':'" X ":site',"
      "'value':'S'}", NULL },
    { "{" JOY "}", "{'op':'add','path':'tags','value':'t'}",
      "{" JOY ",'tags':['t']}" },
    { "{" JOY "}", "{'op':'add','path':'" X ":site','value':'S'}", LEAST },
    { LEAST, "{'op':'add','path':'desk.note','value':'N'}",
      "!invalidValue desk.floor is required and must not be empty" },
    { HAS("'desk':{'floor':1}"), "{'op':'replace','path':'desk.floor','value':"
      "null}", LEAST },
    { HAS("'desk':{'floor':1,'note':'N'}"), "{'op':'remove','path':"
      "'desk.floor'}", "!mutability desk.floor is required and cannot be"
      " removed" },
    { HAS("'desk':{'note':'N'}"), "{'op':'replace','path':'desk.note','value':"
      "'M'}", HAS("'desk':{'note':'M'}") },
    { LEAST, "{'op':'add','path':'keys','value':[{'label':'L'},{'door':'D'}]}",
      "!invalidValue keys.label is required and must not be empty" },

    /* one primary */
    { HAS("'cards':[{'value':'a','primary':true},{'value':'b'}]"),
      "{'op':'replace','path':'cards[value eq ~b~].primary','value':true}",
      HAS("'cards':[{'value':'a'},{'value':'b','primary':true}]") },
    { HAS("'cards':[{'value':'a','primary':true}]"), "{'op':'add','path':"
      "'cards','value':[{'value':'b','primary':true},{'value':'c','primary':"
      "true}]}", HAS("'cards':[{'value':'a'},{'value':'b','primary':true},"
      "{'value':'c'}]") },
    { HAS("'cards':[{'value':'a','primary':true}]"), "{'op':'add','path':"
      "'cards[type eq ~red~]','value':{'value':'b','primary':'True'}}",
      HAS("'cards':[{'value':'a'},{'value':'b','primary':true,'type':'red'}]")
    },
    { HAS("'cards':[{'value':'a','primary':true}]"), "{'op':'replace','path':"
      "'cards[value eq ~a~].primary','value':false}",
      HAS("'cards':[{'value':'a','primary':false}]") },

    /* no element twice */
    { HAS("'tags':['a','b']"), "{'op':'replace','path':'tags','value':"
      "['c','C','d']}", HAS("'tags':['c','d']") },
    { HAS("'cards':[{'value':'a','type':'blue'}]"), "{'op':'add','path':"
      "'cards','value':[{'value':'A','type':'BLUE'},{'value':'a','type':"
      "'red'}]}", HAS("'cards':[{'value':'A','type':'BLUE'},{'value':'a',"
      "'type':'red'}]") },
    { HAS("'cards':[{'value':'a','type':'blue'},{'value':'b','type':'blue'}]"),
      "{'op':'replace','path':'cards[value eq ~b~]','value':{'value':'a',"
      "'primary':true,'type':'blue'}}",
      HAS("'cards':[{'value':'a','type':'blue','primary':true}]") },
    { HAS("'keys':[{'label':'L'}]"), "{'op':'add','path':'keys','value':"
      "[{'label':'L','door':'D'},{'label':'l','door':'d'}]}",
      HAS("'keys':[{'label':'L'},{'label':'l','door':'d'}]") },

    /* canonical values are hints */
    { LEAST, "{'op':'add','path':'cards','value':[{'value':'a','type':"
      "'green'}]}", HAS("'cards':[{'value':'a','type':'green'}]") }
};

/* POST: onto nothing, or onto a row that it restores. */
static const row_t posts[] = {
    { "{}", LEAST, LEAST },
    { "{}", "{" JOY "}",
      "!invalidValue " X ":site is required and must not be empty" },
    { "{}", "{" SITE "}",
      "!invalidValue userName is required and must not be empty" },
    { "{}", HAS("'serial':'7','badge':'B','lost':'7'"), HAS("'badge':'B'") },
    { "{}", WITH("'level':7,'seat':{'label':'L'},'secret':'s'"),
      WITH("'secret':'s'") },
    { "{}", HAS("'cards':[{'value':'a','checked':true,'maker':'M','pin':'1'}]"
      ",'desk':{'floor':1,'room':'R','seen':'2026-01-31T12:00:00Z'}"),
      HAS("'cards':[{'value':'a','maker':'M','pin':'1'}],'desk':{'floor':1,"
      "'room':'R'}") },
    { "{}", "{" JOY "," SITE ",'cards[value eq ~a~].checked':true,"
      "'desk.floor':1,'desk.seen':'2026-01-31T12:00:00Z'}",
      HAS("'desk':{'floor':1}") },
    { "{}", HAS("'desk':{'note':'N'}"),
      "!invalidValue desk.floor is required and must not be empty" },
    { "{}", HAS("'cards':[{'value':'a','primary':true},{'value':'b','primary':"
      "true}]"), HAS("'cards':[{'value':'a','primary':true},{'value':'b'}]") },
    { "{}", HAS("'cards':[{'value':'a','type':'blue'},{'value':'a','type':"
      "'blue','primary':true}],'tags':['t','u','t']"),
      HAS("'cards':[{'value':'a','type':'blue','primary':true}],'tags':['t',"
      "'u']") },
    { HAS("'badge':'B','serial':'7'"), HAS("'badge':'b','serial':'8'"),
      HAS("'badge':'b','serial':'7'") },
    { HAS("'badge':'B'"), HAS("'badge':'C'"), "!mutability badge " ONCE }
};

static const row_t puts_[] = {
    { LEAST, LEAST, NULL },
    { HAS("'tags':['t']"), LEAST, LEAST },
    { LEAST, "{" JOY "}",
      "!invalidValue " X ":site is required and must not be empty" },
    /* read-only */
    { HAS("'serial':'7'"), HAS("'serial':'8','tags':['t']"),
      HAS("'serial':'7','tags':['t']") },
    { HAS("'serial':'7'"), LEAST, NULL },
    { LEAST, HAS("'serial':'8'"), LEAST },
    { WITH("'level':1,'seat':{'label':'L'}"), WITH("'level':2"), NULL },
    { HAS("'desk':{'floor':1,'seen':'2026-01-31T12:00:00Z'}"),
      HAS("'desk':{'floor':2}"),
      HAS("'desk':{'floor':2,'seen':'2026-01-31T12:00:00Z'}") },
    { HAS("'cards':[{'value':'a','checked':true},{'value':'b','checked':true}"
      "]"), HAS("'cards':[{'value':'A','checked':false},{'value':'c'}]"),
      HAS("'cards':[{'value':'A','checked':true},{'value':'c'}]") },
    /* immutable */
    { LEAST, HAS("'badge':'B'"), HAS("'badge':'B'") },
    { HAS("'badge':'B'"), LEAST, NULL },
    { HAS("'badge':'B'"), HAS("'badge':'B'"), NULL },
    { HAS("'badge':'B'"), HAS("'badge':'C'"), "!mutability badge " ONCE },
    { WITH("'code':'a'"), WITH("'code':'A'"), "!mutability " X ":code " ONCE },
    { WITH("'since':'2026-01-31T12:00:00Z'"),
      WITH("'since':'2026-01-31T13:00:00+01:00'"), NULL },
    { WITH("'since':'2026-01-31T12:00:00Z'"),
      WITH("'since':'2026-01-31T13:00:00Z'"), "!mutability " X ":since " ONCE
    },
    { WITH("'langs':['de','en']"), WITH("'langs':['en','de']"),
      WITH("'langs':['en','de']") },
    { WITH("'langs':['de','en']"), WITH("'langs':['de']"),
      "!mutability " X ":langs " ONCE },
    { HAS("'desk':{'floor':1,'room':'R'}"), HAS("'desk':{'floor':1,'room':"
      "'S'}"), "!mutability desk.room " ONCE },
    { HAS("'desk':{'floor':1,'room':'R'}"), HAS("'desk':{'floor':2}"),
      HAS("'desk':{'floor':2,'room':'R'}") },
    { HAS("'cards':[{'value':'a','maker':'M'}]"),
      HAS("'cards':[{'value':'a','maker':'N'}]"),
      "!mutability cards.maker " ONCE },
    { HAS("'cards':[{'value':'a','maker':'M'}]"), LEAST, LEAST },
    /* what no client can read */
    { WITH("'secret':'s'"), LEAST, NULL },
    { WITH("'secret':'s'"), WITH("'secret':'t'"), WITH("'secret':'t'") },
    /* what was not shown to who did not ask for it */
    { WITH("'asked':'a'"), LEAST, NULL },
    { WITH("'asked':'a'"), WITH("'asked':'b'"), WITH("'asked':'b'") },
    { HAS("'cards':[{'value':'a','asked':'1'},{'value':'b','asked':'2'}]"),
      HAS("'cards':[{'value':'a'}]"),
      HAS("'cards':[{'value':'a','asked':'1'}]") },
    /* an extension that is done without, in which there is more than is shown;
     * what was shown of it had all that it requires, or had not */
    { SOME("'site':'S'"), LEAST, LEAST },
    { SOME("'site':'S','asked':'a'"), LEAST, LEAST },
    { SOME("'site':'S','secret':'s','seat':{'row':'1','asked':'a'}"), LEAST,
      LEAST },
    { SOME("'site':'S','asked':'a','level':'1'"), LEAST, SOME("'level':'1'") },
    { SOME("'site':'S','seat':{'row':'1','asked':'a','seen':'y'}"), LEAST,
      SOME("'seat':{'seen':'y'}") },
    { SOME("'site':'S','asked':'a','since':'x'"), LEAST,
      "!invalidValue " Y ":site is required and must not be empty" },
    { SOME("'asked':'a'"), LEAST, NULL },
    { SOME("'asked':'a','level':'1'"), LEAST, NULL },
    { SOME("'site':'S','asked':'a'"), SOME("'site':'T'"),
      SOME("'site':'T','asked':'a'") },
    { SOME("'site':'S','asked':'a'"), SOME("'secret':'s'"),
      "!invalidValue " Y ":site is required and must not be empty" },
    { HAS("'" Z "':{'pass':'p','asked':'a'}"), LEAST, NULL },
    { SOME("'level':'1'"), SOME("'asked':'a'"),
      "!invalidValue " Y ":site is required and must not be empty" },
    /* what an account has lacked before */
    { "{" JOY "}", "{" JOY ",'tags':['t']}", "{" JOY ",'tags':['t']}" },
    { HAS("'desk':{'note':'N'}"), HAS("'desk':{'note':'M'}"),
      HAS("'desk':{'note':'M'}") },
    { LEAST, HAS("'desk':{'note':'M'}"),
      "!invalidValue desk.floor is required and must not be empty" },
    { HAS("'cards':[{'value':'a','pin':'1'}]"), HAS("'cards':[{'value':'a'}]"),
      NULL }
};

static scim_json_t *json(const char *text, apr_pool_t *pool)
{
    char *quoted = apr_pstrdup(pool, text), *at;
    scim_json_t *value = NULL;
    scim_buf_t out;

    scim_buf_init(&out, 64, pool);
    for (at = quoted; *at; at++) {
        if (*at == '~') {
            scim_buf_putc(&out, '\\');
        }
        scim_buf_putc(&out, *at == '\'' || *at == '~' ? '"' : *at);
    }
    if (scim_json_parse(&value, out.data, out.len, pool)) {
        printf("Bail out! the test has a document that cannot be read: %s\n",
               text);
    }
    return value;
}

typedef enum { POST, PUT, PATCH } method_t;

static scim_err_t *serve(scim_json_t **pafter, method_t method,
                         const row_t *row, scim_intake_t *intake)
{
    scim_json_t *before = json(row->before, intake->pool);
    scim_patch_t *patch;

    *pafter = before;
    if (method == POST) {
        return scim_patch_merge(before, json(row->request, intake->pool),
                                intake);
    }
    if (method == PUT) {
        return scim_patch_replace(pafter, before,
                                  json(row->request, intake->pool), intake);
    }
    SCIM_TRY(scim_patch_decode(&patch, json(apr_pstrcat(intake->pool,
                               "{'Operations':[", row->request, "]}", NULL),
                               intake->pool), intake->type,
                               &scim_limits_default, intake->pool));
    return scim_patch_apply(before, patch, intake);
}

static void test_rows(method_t method, const row_t *rows, int count,
                      const scim_rtype_t *type, const unsigned char *stored,
                      apr_pool_t *pool)
{
    static const char *const names[] = { "POST", "PUT", "PATCH" };
    int i;

    for (i = 0; i < count; i++) {
        const row_t *row = &rows[i];
        const char *want = row->after ? row->after : row->before, *got;
        scim_json_t *after;
        scim_err_t *err = serve(&after, method, row,
                                scim_intake_make(type, stored, pool));
        int same;

        got = err ? apr_psprintf(pool, "!%s %s", err->scim_type, err->detail)
                  : scim_json_text(after, pool);
        same = err || *want == '!' ? strcmp(got, want) == 0
             : scim_json_is_equal(after, json(want, pool));
        if (!ok(same, "%s: %s: %s", names[method], row->before,
                row->request)) {
            tap_show("got: ", got);
            tap_show("want:", want);
        }
        if (err) {
            is_int(err->status, 400, "%s: is 400", names[method]);
        }
    }
}

/* Whatever has a place, but for `lost` and what is the server's. */
static unsigned char *make_stored(const scim_rtype_t *type, apr_pool_t *pool)
{
    unsigned char *stored = memset(apr_palloc(pool, type->nattrs), 1,
                                   type->nattrs);

    stored[type->id->index] = stored[type->meta->index] = 0;
    stored[scim_rtype_attr(type, NULL, "schemas")->index] = 0;
    stored[scim_rtype_attr(type, NULL, "lost")->index] = 0;
    return stored;
}

int main(void)
{
    static const scim_schema_t *const schemas[] = {
        &base, &more, &some, &quiet
    };
    const scim_rtype_t *type;
    unsigned char *stored;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = scim_rtype_make("Thing", "Things", "Thing", schemas, 4, pool);
    stored = make_stored(type, pool);
    test_rows(PATCH, patches, COUNT(patches), type, stored, pool);
    test_rows(POST, posts, COUNT(posts), type, stored, pool);
    test_rows(PUT, puts_, COUNT(puts_), type, stored, pool);
    apr_terminate();
    return done_testing();
}
