/* What the catalog adds to a mapping: the types of attributes that are left to
 * it, and what is unique. */
#include "pg/completions.h"
#include "schema/builtin.h"
#include "schema/draft.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

#define DESK "urn:example:desk:2.0:User"

static apr_pool_t *pool;

static void must(const char *wrong)
{
    if (wrong) {
        printf("Bail out! %s\n", wrong);
    }
}

static scim_mapping_t *make_mapping(void)
{
    static const struct {
        const char *target, *column, *key;
    } lines[] = {
        { DESK ":badge", "badge_no", NULL }, { DESK ":floor", "floor", "low" },
        { DESK ":away", "back_at IS NULL", NULL }, { DESK ":note", "-", NULL },
        { DESK ":key.no", "key_no", NULL }, { "userName", "login", NULL },
        { "active", "on", NULL },
        { "emails[type eq \"work\"].value", "mail", NULL }
    };
    const scim_rtype_t *type = scim_builtin_user(pool);
    scim_draft_t *draft = scim_draft_make(type, pool);
    apr_array_header_t *none = apr_array_make(pool, 1, sizeof(scim_option_t));
    scim_mapping_t *mapping;
    size_t i;

    for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        must(scim_draft_attribute(draft, lines[i].target,
                                  scim_mapping_type_of(lines[i].column,
                                                       lines[i].key, pool),
                                  none));
    }
    must(scim_draft_link(&type, draft));
    mapping = scim_mapping_make(type, pool);
    must(scim_mapping_set_table(mapping, "users", pool));
    mapping->key = "id";
    mapping->tenant = "org";
    mapping->extra = "extra";
    for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        must(scim_mapping_add(mapping, lines[i].target, lines[i].column,
                              lines[i].key, pool));
    }
    must(scim_mapping_finish(mapping, pool));
    return mapping;
}

static const scim_attr_t *leaf(const scim_rtype_t *type, const char *name)
{
    scim_name_t found = scim_rtype_resolve(type, name, pool);

    return found.sub ? found.sub : found.attr;
}

/* Facts by which badge is of a type. */
static scim_facts_t facts_of(const scim_mapping_t *mapping,
                             scim_attr_type_t badge,
                             scim_uniqueness_t uniqueness)
{
    int n = mapping->type->nattrs, i;
    unsigned char *types = apr_palloc(pool, n), *unique = apr_palloc(pool, n);
    scim_facts_t facts = { .attr_types = types, .uniqueness = unique };

    for (i = 0; i < n; i++) {
        const scim_attr_t *attr = mapping->type->attrs[i];

        types[i] = attr->type == SCIM_TYPE_OPEN ? SCIM_TYPE_BINARY
                                                : attr->type;
        unique[i] = attr->uniqueness;
    }
    types[leaf(mapping->type, DESK ":badge")->index] = badge;
    unique[leaf(mapping->type, DESK ":badge")->index] = uniqueness;
    return facts;
}

static void test_open(const scim_mapping_t *mapping)
{
    static const struct {
        const char *name;
        scim_attr_type_t type;
    } want[] = {
        { DESK ":badge", SCIM_TYPE_OPEN }, { DESK ":floor", SCIM_TYPE_STRING },
        { DESK ":away", SCIM_TYPE_BOOLEAN }, { DESK ":note", SCIM_TYPE_STRING },
        { DESK ":key", SCIM_TYPE_COMPLEX }, { DESK ":key.no", SCIM_TYPE_OPEN },
        { "userName", SCIM_TYPE_STRING }
    };
    size_t i;

    for (i = 0; i < sizeof(want) / sizeof(*want); i++) {
        ok(leaf(mapping->type, want[i].name)->type == want[i].type,
           "what the form of the column says of %s", want[i].name);
    }
}

static void test_complete(const scim_mapping_t *mapping)
{
    scim_facts_t facts = facts_of(mapping, SCIM_TYPE_INTEGER,
                                  SCIM_UNIQUE_SERVER);
    const scim_mapping_t *made = scim_mapping_complete(mapping, &facts, pool);
    const scim_attr_t *badge = leaf(made->type, DESK ":badge");
    int i, own = 1;

    ok(scim_mapping_origin(made) == mapping
       && scim_mapping_origin(mapping) == mapping, "it knows what it was");
    ok(badge->type == SCIM_TYPE_INTEGER
       && badge->uniqueness == SCIM_UNIQUE_SERVER, "type and uniqueness");
    ok(leaf(made->type, DESK ":key.no")->type == SCIM_TYPE_BINARY
       && leaf(made->type, DESK ":key.no")->case_exact,
       "a binary is compared letter for letter");
    ok(leaf(mapping->type, DESK ":badge")->type == SCIM_TYPE_OPEN,
       "the first one is as it was");
    for (i = 0; i < made->type->nattrs; i++) {
        own &= made->type->attrs[i] != mapping->type->attrs[i]
            && made->type->attrs[i]->index == i
            && strcmp(made->type->attrs[i]->name,
                      mapping->type->attrs[i]->name) == 0;
    }
    ok(own, "every attribute is another one in the same place");
    for (i = 0; i < made->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(made->columns, i, scim_column_t);

        own &= column->attr == made->type->attrs[column->attr->index]
            && column->leaf == made->type->attrs[column->leaf->index]
            && (!column->sub || column->sub == column->leaf);
    }
    ok(own, "which the columns mean");
    ok(scim_mapping_column(made, badge, NULL)
       && scim_mapping_element(made, leaf(made->type, "emails"), "WORK"),
       "columns and elements are found");
    ok(scim_mapping_agrees(mapping, &facts)
       && scim_mapping_agrees(made, &facts), "both agree with the facts");
    ok(!scim_mapping_is_completed_by(mapping, &facts)
       && scim_mapping_is_completed_by(made, &facts),
       "and one is completed by them");
    facts = facts_of(mapping, SCIM_TYPE_INTEGER, SCIM_UNIQUE_NONE);
    ok(scim_mapping_agrees(made, &facts)
       && !scim_mapping_is_completed_by(made, &facts),
       "without the index it still agrees");
    facts = facts_of(mapping, SCIM_TYPE_STRING, SCIM_UNIQUE_SERVER);
    ok(!scim_mapping_agrees(made, &facts)
       && scim_mapping_agrees(mapping, &facts), "of another type it does not");
}

static void test_completions(const scim_mapping_t *mapping)
{
    scim_facts_t number = facts_of(mapping, SCIM_TYPE_INTEGER,
                                   SCIM_UNIQUE_NONE);
    scim_facts_t text = facts_of(mapping, SCIM_TYPE_STRING, SCIM_UNIQUE_NONE);
    scim_completions_t *completions;
    const scim_mapping_t *first, *second;

    ok(scim_completions_make(&completions, pool) == APR_SUCCESS, "a cache");
    ok(!scim_completions_get(completions, mapping), "knows nothing");
    scim_completions_put(completions, mapping, &number);
    first = scim_completions_get(completions, mapping);
    ok(first && scim_mapping_is_completed_by(first, &number),
       "until it is told");
    ok(scim_completions_get(completions, first) == first,
       "and is asked by either");
    scim_completions_put(completions, first, &text);
    second = scim_completions_get(completions, mapping);
    ok(second != first && scim_mapping_is_completed_by(second, &text)
       && second->origin == mapping, "the latest counts");
    scim_completions_put(completions, second, &number);
    ok(scim_completions_get(completions, mapping) == first,
       "what has been there is not made again");
    ok(scim_mapping_is_completed_by(second, &text),
       "and what a request may still use stays");
}

int main(void)
{
    scim_mapping_t *mapping;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    mapping = make_mapping();
    test_open(mapping);
    test_complete(mapping);
    test_completions(mapping);
    apr_terminate();
    return done_testing();
}
