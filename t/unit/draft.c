/* Schemas that a configuration defines: what its lines mean and contradict,
 * and what the rest of the code makes of such attributes. */
#include "schema/draft.h"
#include "proto/discovery.h"
#include "proto/patch.h"
#include "schema/builtin.h"
#include "schema/resource.h"
#include "store/condition.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define DESK "urn:example:desk:2.0:User"
#define ENT  SCIM_URN_ENTERPRISE

static apr_pool_t *pool;

/* `type=integer|multi|description=two words` */
static apr_array_header_t *options(const char *text)
{
    apr_array_header_t *list = apr_array_make(pool, 4,
                                              sizeof(scim_option_t));
    char *state, *word = apr_strtok(apr_pstrdup(pool, text), "|", &state);

    for (; word; word = apr_strtok(NULL, "|", &state)) {
        scim_option_t *option = apr_array_push(list);
        char *equals = strchr(word, '=');

        option->name = word;
        option->value = equals ? equals + 1 : NULL;
        if (equals) {
            *equals = '\0';
        }
    }
    return list;
}

static scim_attr_type_t otherwise = SCIM_TYPE_STRING;

/* Lines are `target options`, or `!urn options` for a schema's own. */
static const char *draft_of(const scim_rtype_t **ptype,
                            const char *const *lines)
{
    scim_draft_t *draft = scim_draft_make(scim_builtin_user(pool), pool);
    const char *wrong = NULL;

    for (; *lines && !wrong; lines++) {
        const char *blank = strchr(*lines, ' ');
        const char *name = apr_pstrmemdup(pool, *lines,
                                          (apr_size_t)(blank - *lines));

        wrong = *name == '!'
              ? scim_draft_schema(draft, name + 1, options(blank + 1))
              : scim_draft_attribute(draft, name, otherwise, options(blank + 1));
    }
    return wrong ? wrong : scim_draft_link(ptype, draft);
}

static const struct {
    const char *lines[3];
    const char *sentence;
} bad[] = {
    { { "urn:x:floor " }, "\"urn:x\" is not a URN such as urn:example:params:"
      "scim:schemas:desk:2.0:User, made of letters, digits and - _ . :" },
    { { "urn:x:y:floor " }, "\"urn:x:y\" is not a URN such as urn:example:"
      "params:scim:schemas:desk:2.0:User, made of letters, digits and - _ . :"
    },
    { { "urn:-x:y:floor " }, "\"urn:-x:y\" is not a URN such as urn:example:"
      "params:scim:schemas:desk:2.0:User, made of letters, digits and - _ . :"
    },
    { { "urn:example:a/b:floor " }, "\"urn:example:a/b\" is not a URN such as"
      " urn:example:params:scim:schemas:desk:2.0:User, made of letters, digits"
      " and - _ . :" },
    { { "urn:example::floor " }, "\"urn:example:\" is not a URN such as"
      " urn:example:params:scim:schemas:desk:2.0:User, made of letters, digits"
      " and - _ . :" },
    { { "urn:example:x::floor " }, "\"urn:example:x:\" is not a URN such as"
      " urn:example:params:scim:schemas:desk:2.0:User, made of letters, digits"
      " and - _ . :" },
    { { "!urn:example:x. name=X" }, "\"urn:example:x.\" is not a URN such as"
      " urn:example:params:scim:schemas:desk:2.0:User, made of letters, digits"
      " and - _ . :" },
    { { DESK ":2nd " }, "\"" DESK ":2nd\" does not end in the name of an"
      " attribute" },
    { { DESK ":a.b.c " }, "\"" DESK ":a.b.c\" does not end in the name of an"
      " attribute" },
    { { "URN:ietf:params:SCIM:schemas:core:2.0:Desk:floor " },
      "\"URN:ietf:params:SCIM:schemas:core:2.0:Desk\" is for schemas of SCIM"
      " itself; choose a URN of your own" },
    { { "urn:ietf:params:scim:api:messages:2.0:Desk:floor " },
      "\"urn:ietf:params:scim:api:messages:2.0:Desk\" is for schemas of SCIM"
      " itself; choose a URN of your own" },
    { { "urn:ietf:params:scim:schemas:extension:enterprise:2.0:Usr:floor " },
      "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:Usr\" is for"
      " schemas of SCIM itself; choose a URN of your own" },
    { { "!" ENT " name=x" }, "\"" ENT "\" is for schemas of SCIM itself;"
      " choose a URN of your own" },
    { { "title type=integer" }, "title: \"type=integer\" is not an option;"
      " known is key=COLUMN" },
    { { ENT ":department multi" }, ENT ":department: \"multi\" is not an"
      " option; known is key=COLUMN" },
    { { DESK ":a ", "urn:EXAMPLE:desk:2.0:user:A " },
      "\"urn:EXAMPLE:desk:2.0:user:A\" is defined twice" },
    { { DESK ":a type=text" }, DESK ":a: type must be string, boolean,"
      " decimal, integer, dateTime, binary, reference or complex" },
    { { DESK ":a type=" }, DESK ":a: type must be string, boolean,"
      " decimal, integer, dateTime, binary, reference or complex" },
    { { DESK ":a mutability=fixed" }, DESK ":a: mutability must be readWrite,"
      " readOnly, immutable or writeOnly" },
    { { DESK ":a returned=maybe" }, DESK ":a: returned must be default,"
      " always, request or never" },
    { { DESK ":a uniqueness=yes" }, DESK ":a: uniqueness must be none, server"
      " or global" },
    { { DESK ":a multi=no" }, DESK ":a: \"multi=no\" is not an option; known"
      " are type=, multi, required, caseExact, mutability=, returned=,"
      " uniqueness=, canonical=, references=, description= and key=" },
    { { DESK ":a type" }, DESK ":a: \"type\" is not an option; known"
      " are type=, multi, required, caseExact, mutability=, returned=,"
      " uniqueness=, canonical=, references=, description= and key=" },
    { { DESK ":a.b multi" }, DESK ":a.b: a sub-attribute is a single value and"
      " never required" },
    { { DESK ":a.b type=complex" }, DESK ":a.b: a sub-attribute is a single"
      " value and never required" },
    { { DESK ":a type=integer|caseExact" }, DESK ":a: caseExact goes with"
      " type=string; references and binaries are so anyway" },
    { { DESK ":a references=User" }, DESK ":a: references= goes with"
      " type=reference" },
    { { DESK ":a mutability=writeOnly|returned=always" }, DESK ":a: what is"
      " writeOnly is never returned" },
    { { DESK ":a mutability=readOnly|required" }, DESK ":a: what is readOnly"
      " can neither be required of clients nor be kept from them" },
    { { DESK ":a mutability=readOnly|returned=never" }, DESK ":a: what is"
      " readOnly can neither be required of clients nor be kept from them" },
    { { DESK ":a type=complex" }, "has no sub-attribute of " DESK ":a, which"
      " is complex" },
    { { DESK ":a.b ", DESK ":a multi" }, "has sub-attributes of " DESK ":a,"
      " which needs type=complex" },
    { { DESK ":a.b mutability=readOnly", DESK ":a type=complex|multi" },
      "has a readOnly " DESK ":a.b, which belongs to an attribute with many"
      " values; nothing says to which of them it goes when they change" },
    { { "!" DESK " name=Desk" }, "has no attribute of " DESK },
    { { "!" DESK " required", DESK ":a " }, "requires " DESK ", but none of"
      " its attributes" },
    { { "!" DESK " name=x", "!" DESK " name=y" }, "\"" DESK "\" is described"
      " twice" },
    { { "!" DESK " floor" }, DESK ": \"floor\" is not an option; known are"
      " name=, description= and required" },
    { { "!" DESK " required=yes" }, DESK ": \"required=yes\" is not an option;"
      " known are name=, description= and required" },
    { { "urn:example:a:b ", "urn:example:a:b:c " }, "has an attribute"
      " urn:example:a:b, whose name means something else as well; change one"
      " of the URNs" }
};

/* What stands in no relation to the order of the lines. */
static const char *const lines[] = {
    "userName ",
    DESK ":keys[type\teq\t\"front\"].value ",
    DESK ":locker.note description=Anything else",
    DESK ":desks multi|caseExact",
    "!URN:EXAMPLE:desk:2.0:USER name=Desk|description=Where|required",
    "urn:Example:DESK:2.0:User:floor required",
    DESK ":locker.code mutability=writeOnly",
    DESK ":keys type=complex|multi",
    DESK ":keys.type ",
    DESK ":keys.value ",
    "urn:example:desk:since type=dateTime",
    "urn:example:desk:level type=integer",
    "urn:example:desk:page type=reference",
    NULL
};

static const scim_attr_t *find(const scim_rtype_t *type, const char *text)
{
    scim_name_t name = scim_rtype_resolve(type, text, pool);

    if (!name.attr) {
        printf("Bail out! there is no %s\n", text);
    }
    return name.sub ? name.sub : name.attr;
}

static void test_link(const scim_rtype_t *type)
{
    const scim_attr_t *attr = find(type, "urn:EXAMPLE:Desk:2.0:user:LOCKER");
    int i;

    is_int(type->nschemas, 4, "two spellings of a URN are one schema");
    is_str(type->schemas[0]->urn, SCIM_URN_USER, "the base stays the first");
    is_str(type->schemas[2]->urn, DESK, "a URN is spelt as at first");
    is_str(type->schemas[2]->name, "Desk", "the name that was said");
    ok(type->schemas[2]->required && type->schemas[2]->extension,
       "a required extension");
    is_str(type->schemas[3]->name, "desk", "a name from the URN");
    is_str(type->schemas[3]->description, "Extension desk", "a description");
    ok(!type->schemas[3]->required, "not required unless said so");
    is_int(attr->type, SCIM_TYPE_COMPLEX, "sub-attributes make it complex");
    is_int(attr->nsubs, 2, "with both of them");
    is_int(find(type, DESK ":locker.code")->returned, SCIM_RETURNED_NEVER,
           "what is writeOnly is never returned");
    ok(find(type, "urn:example:desk:page")->case_exact,
       "a reference is case exact");
    ok(find(type, "floor")->schema == type->schemas[2],
       "a bare name is found");
    for (i = 0; i < type->nattrs; i++) {
        if (type->attrs[i]->index != i) {
            ok(0, "%s is out of place", type->attrs[i]->name);
        }
    }
    ok(type->user_name == find(type, "userName") && type->manager,
       "the often needed ones are of this type");
}

static scim_mapping_t *map(const scim_rtype_t *type)
{
    static const char *const columns[][2] = {
        { "userName", "username" }, { "active", "active" },
        { DESK ":floor", "floor" }, { DESK ":desks", "-" },
        { DESK ":keys[type eq \"front\"].value", "front" },
        { "urn:example:desk:since", "-" }, { DESK ":locker.code", "code" }
    };
    scim_mapping_t *mapping = scim_mapping_make(type, pool);
    const char *wrong;
    size_t i;

    scim_mapping_set_table(mapping, "users", pool);
    mapping->key = "id";
    mapping->tenant = "org";
    mapping->extra = "extra";
    for (i = 0; i < COUNT(columns); i++) {
        wrong = scim_mapping_add(mapping, columns[i][0], columns[i][1], NULL,
                                 pool);
        if (wrong) {
            printf("Bail out! %s\n", wrong);
        }
    }
    if ((wrong = scim_mapping_finish(mapping, pool))) {
        printf("Bail out! %s\n", wrong);
    }
    return mapping;
}

static void test_mapping(const scim_rtype_t *type)
{
    scim_mapping_t *mapping = map(type);
    int i;

    for (i = 0; i < type->nattrs; i++) {
        if (scim_attr_is_configured(type->attrs[i])
            && !mapping->stored[i]) {
            ok(0, "%s is not stored", type->attrs[i]->name);
        }
    }
    is_str(APR_ARRAY_IDX(mapping->elements, 0, scim_element_t).key,
           DESK ":keys[type eq \"front\"]", "an element's name in the column");
    ok(mapping->redacted[find(type, DESK ":locker.code")->index],
       "what is never returned is redacted");
    ok(!mapping->redacted[find(type, DESK ":floor")->index],
       "nothing else is");
}

#define EXTRA   "r.\"extra\"->'urn:example:desk'"
#define DESKS   "r.\"extra\"->'" DESK "'"
#define SOME    "EXISTS (SELECT FROM jsonb_array_elements(CASE" \
                " jsonb_typeof(" DESKS "->'desks') WHEN 'array' THEN " \
                DESKS "->'desks' END) AS e WHERE "
#define TIME    "(" EXTRA "->>'since')"

static const struct {
    const char *filter, *sql;
} conditions[] = {
    { DESK ":floor eq \"3\"", "((lower(r.\"floor\") = lower($1::text)))" },
    { DESK ":desks eq \"D\"",
      "(((" DESKS " ? 'desks' AND " DESKS "->'desks' @>"
      " jsonb_build_array($1::text) AND " SOME "(((e #>> '{}') = $2::text"
      " AND jsonb_typeof(e) = 'string'))))))" },
    { DESK ":desks pr",
      "(((" DESKS " ? 'desks' AND " SOME "(((e #>> '{}') IS NOT NULL AND"
      " jsonb_typeof(e) = 'string' AND (e #>> '{}') <> ''))))))" },
    { DESK ":desks[value sw \"D\"]",
      "((((" DESKS " ? 'desks' AND " SOME "((starts_with((e #>> '{}'),"
      " $1::text) AND jsonb_typeof(e) = 'string')))))))" },
    { "urn:example:desk:level gt 3",
      "((CASE jsonb_typeof(" EXTRA "->'level') WHEN 'number' THEN"
      " (" EXTRA "->'level')::numeric END > $1::numeric))" },
    { "urn:example:desk:since gt \"2026-01-01T00:00:00Z\"",
      "((CASE WHEN " TIME " ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:"
      "[0-9]{2}([.][0-9]{0,5}[1-9])?Z$' THEN rtrim(" TIME ", 'Z') END"
      " COLLATE \"C\" > rtrim($1::text, 'Z')))" }
};

static void test_conditions(const scim_rtype_t *type)
{
    static const char *const types[] = {
        "text", "boolean", "text", "text", "text"
    };
    scim_facts_t facts = { .key_type = "bigint", .tenant_type = "bigint",
                           .types = types };
    scim_mapping_t *mapping = map(type);
    const scim_filter_t *filter;
    scim_sql_t sql;
    size_t i;

    for (i = 0; i < COUNT(conditions); i++) {
        if (!ok(!scim_filter_parse(&filter, conditions[i].filter, type, pool),
                "%s is a filter", conditions[i].filter)) {
            continue;
        }
        scim_sql_init(&sql, pool);
        ok(!scim_condition_write(&sql, mapping, &facts, filter), "it is kept");
        is_str(sql.text.data, conditions[i].sql, "its condition");
    }
    ok(scim_filter_parse(&filter, DESK ":locker.code pr", type, pool),
       "nothing is found by what is never returned");
    ok(scim_filter_parse(&filter, DESK ":locker[code pr]", type, pool),
       "in brackets neither");
    ok(scim_filter_parse(&filter, DESK ":floor[value eq \"x\"]", type, pool),
       "a single value has no brackets");
}

/* What a filter finds in a resource, as in the conditions above. */
static void test_matches(const scim_rtype_t *type)
{
    static const struct {
        const char *filter;
        int passes;
    } rows[] = {
        { DESK ":desks eq \"A\"", 1 }, { DESK ":desks eq \"a\"", 0 },
        { DESK ":desks[value eq \"B\"]", 1 }, { DESK ":desks pr", 1 },
        { DESK ":desks[value eq \"A\" and value eq \"B\"]", 0 },
        { DESK ":desks[not (value eq \"A\")]", 1 },
        { DESK ":desks ne \"A\"", 1 }, { DESK ":desks eq null", 0 },
        { DESK ":desks[value eq \"A\"].value sw \"A\"", 1 }
    };
    const scim_filter_t *filter;
    scim_json_t *resource;
    size_t i;

    scim_json_parse(&resource, "{\"" DESK "\":{\"desks\":[\"A\",\"B\"]}}",
                    strlen("{\"" DESK "\":{\"desks\":[\"A\",\"B\"]}}"), pool);
    for (i = 0; i < COUNT(rows); i++) {
        ok(!scim_filter_parse(&filter, rows[i].filter, type, pool)
           && scim_filter_matches(filter, type, resource, pool)
              == rows[i].passes, "%s: %d", rows[i].filter, rows[i].passes);
    }
}

/* ' stands for a quote. The desks before are A and B; the elements of
 * Operations; the desks after. */
static const struct {
    const char *operations, *after;
} patches[] = {
    { "{'op':'add','path':'desks','value':['B','C']}", "['A','B','C']" },
    { "{'op':'add','path':'desks','value':'C'}", "['A','B','C']" },
    { "{'op':'replace','path':'desks','value':'C'}", "['C']" },
    { "{'op':'remove','path':'desks','value':['B','X']}", "['A']" },
    { "{'op':'remove','path':'desks','value':'B'}", "['A']" },
    { "{'op':'remove','path':'desks','value':['A','B']}", NULL },
    { "{'op':'remove','path':'desks[value eq @A@]'}", "['B']" },
    { "{'op':'remove','path':'desks[value pr]'}", NULL },
    { "{'op':'replace','path':'desks[value eq @A@]','value':'C'}",
      "['B','C']" },
    { "{'op':'replace','path':'desks[value eq @X@].value','value':'C'}",
      "['A','B','C']" },
    { "{'op':'replace','path':'desks[value eq @A@]','value':'B'}", "['B']" },
    { "{'op':'replace','path':'desks[value eq @A@]','value':null}",
      "['B']" },
    { "{'op':'remove','path':'desks'}", NULL }
};

static const char *quoted(const char *text)
{
    scim_buf_t out;

    scim_buf_init(&out, strlen(text) + 16, pool);
    for (; *text; text++) {
        scim_buf_puts(&out, *text == '\'' ? "\"" : *text == '@' ? "\\\""
                            : apr_pstrmemdup(pool, text, 1));
    }
    return out.data;
}

static scim_json_t *json(const char *text)
{
    scim_json_t *value = NULL;

    text = quoted(text);
    if (scim_json_parse(&value, text, strlen(text), pool)) {
        printf("Bail out! %s is no JSON\n", text);
    }
    return value;
}

static void test_patches(const scim_rtype_t *type)
{
    scim_mapping_t *mapping = map(type);
    const scim_attr_t *desks = find(type, DESK ":desks");
    size_t i;

    for (i = 0; i < COUNT(patches); i++) {
        scim_json_t *resource = json("{'userName':'u','" DESK "':{'floor':'1',"
                                     "'desks':['A','B']}}"), *after;
        scim_intake_t *intake = scim_intake_make(type, mapping->stored, pool);
        scim_patch_t *patch;

        ok(!scim_patch_decode(&patch,
                              json(apr_psprintf(pool, "{'Operations':[%s]}",
                                                patches[i].operations)),
                              type, &scim_limits_default, pool)
           && !scim_patch_apply(resource, patch, intake), "%s",
           patches[i].operations);
        after = scim_resource_get(type, resource, desks);
        is_str(after ? scim_json_text(after, pool) : NULL,
               patches[i].after ? quoted(patches[i].after) : NULL,
               "what is left");
    }
}

static void test_discovery(const scim_rtype_t *type)
{
    scim_mapping_t *mapping = map(type);
    scim_served_t served = { type, mapping->stored };
    scim_buf_t buf;

    scim_buf_init(&buf, 1024, pool);
    scim_discovery_type(&buf, &served, "https://x");
    ok(strstr(buf.data, "{\"schema\":\"" DESK "\",\"required\":true}"),
       "a required extension is announced as one");
    ok(strstr(buf.data, "{\"schema\":\"urn:example:desk\","
                        "\"required\":false}"), "another is not");
    buf.len = 0;
    scim_discovery_schema(&buf, &served, type->schemas[2], "https://x");
    ok(strstr(buf.data, "{\"name\":\"desks\",\"type\":\"string\","
                        "\"multiValued\":true,\"description\":\"desks\","
                        "\"required\":false,\"caseExact\":true,"
                        "\"mutability\":\"readWrite\",\"returned\":\"default\""
                        ",\"uniqueness\":\"none\"}"),
       "an attribute is announced as it was defined");
}

/* Whose type is left to the column is of none yet, unless something is said
 * of it that only strings have. */
static void test_open(void)
{
    static const char *const some[] = {
        DESK ":a ", DESK ":b type=integer", DESK ":c caseExact",
        DESK ":d canonical=x", DESK ":e.f ", NULL
    };
    static const struct {
        const char *name;
        scim_attr_type_t type;
    } want[] = {
        { "a", SCIM_TYPE_OPEN }, { "b", SCIM_TYPE_INTEGER },
        { "c", SCIM_TYPE_STRING }, { "d", SCIM_TYPE_STRING },
        { "e", SCIM_TYPE_COMPLEX }, { "e.f", SCIM_TYPE_OPEN }
    };
    const scim_rtype_t *type = NULL;
    const char *wrong;
    size_t i;

    otherwise = SCIM_TYPE_OPEN;
    wrong = draft_of(&type, some);
    otherwise = SCIM_TYPE_STRING;
    if (!ok(!wrong, "lines that leave types to the catalog")) {
        return;
    }
    for (i = 0; i < COUNT(want); i++) {
        scim_name_t name = scim_rtype_resolve(type, apr_pstrcat(pool,
            DESK ":", want[i].name, NULL), pool);

        ok(name.attr && (name.sub ? name.sub : name.attr)->type
           == want[i].type, "the type of %s", want[i].name);
    }
}

int main(void)
{
    const scim_rtype_t *type = NULL;
    const char *wrong;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < COUNT(bad); i++) {
        const char *some[4] = { bad[i].lines[0], bad[i].lines[1],
                                bad[i].lines[2], NULL };

        is_str(draft_of(&type, some), bad[i].sentence, "%s", some[0]);
    }
    wrong = draft_of(&type, lines);
    if (!ok(!wrong, "the lines are right")) {
        printf("# %s\n", wrong);
        return done_testing();
    }
    test_open();
    test_link(type);
    test_mapping(type);
    test_conditions(type);
    test_matches(type);
    test_patches(type);
    test_discovery(type);
    apr_terminate();
    return done_testing();
}
