/* What sortBy becomes in SQL. */
#include "store/order.h"
#include "schema/builtin.h"
#include "t/unit/tap.h"

#include <apr_general.h>

#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define ENT "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

static apr_pool_t *pool;

static const struct {
    const char *target, *spec, *key;
} columns[] = {
    { "userName", "username", "username_key" },
    { "active", "!blocked", NULL },
    { "externalId", "ext", NULL },
    { "title", "title", NULL },
    { "name.givenName", "first", NULL },
    { "emails[type eq \"work\"].value", "mail", "mail_key" },
    { "emails[type eq \"work\"].primary", "mail_first", NULL },
    { "meta.created", "made", NULL },
    { "meta.lastModified", "changed", NULL }
};

static const char *types[] = {
    "text", "boolean", "text", "character varying", "text", "text", "boolean",
    "timestamp with time zone", "timestamp with time zone"
};
static const int lengths[9] = { 0 };
static unsigned char not_null[9] = { 1, 0, 0, 1, 0, 0, 0, 1, 0 };
static unsigned char by_code_point[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };

static scim_facts_t facts = {
    .key_type = "bigint", .tenant_type = "bigint", .types = types,
    .lengths = lengths, .not_null = not_null, .by_code_point = by_code_point
};

static scim_mapping_t *make_mapping(int with_extra)
{
    scim_mapping_t *mapping = scim_mapping_make(scim_builtin_user(pool), pool);
    const char *wrong = scim_mapping_set_table(mapping, "users", pool);
    size_t i;

    mapping->tokens = "tokens";
    mapping->key = "id";
    mapping->tenant = "org";
    mapping->extra = with_extra ? "more" : NULL;
    for (i = 0; !wrong && i < COUNT(columns); i++) {
        wrong = scim_mapping_add(mapping, columns[i].target, columns[i].spec,
                                 columns[i].key, pool);
    }
    wrong = wrong ? wrong : scim_mapping_finish(mapping, pool);
    if (wrong) {
        printf("Bail out! %s\n", wrong);
    }
    return mapping;
}

#define TEXT(value) "NULLIF(left(" value ", 512), '') COLLATE \"C\""
#define FIRST_OF(list, value, and) \
    "(SELECT NULLIF(" value ", '') FROM jsonb_array_elements(CASE" \
    " jsonb_typeof(" list ") WHEN 'array' THEN " list " END) WITH" \
    " ORDINALITY AS x(e, n) WHERE NULLIF(" value ", '') IS NOT NULL" and \
    " ORDER BY n LIMIT 1)"
#define E_PRIMARY \
    " AND CASE (e->'primary') WHEN 'true' THEN true WHEN 'false' THEN false END"
#define MORE "r.\"more\"->"

/* Value NULL: by key alone. */
static const struct {
    const char *sort_by, *value, *type;
    int can_be_null;
} rows[] = {
    { "userName", "r.\"username_key\"", "text", 0 },
    { "USERNAME", "r.\"username_key\"", "text", 0 },
    { "urn:ietf:params:scim:schemas:core:2.0:User:userName",
      "r.\"username_key\"", "text", 0 },
    { "externalId", "r.\"ext\"", "text", 1 },
    { "id", "r.\"id\"::text COLLATE \"C\"", "text", 0 },
    { "title", TEXT("lower(r.\"title\")"), "text", 1 },
    { "name.givenName", TEXT("lower(r.\"first\")"), "text", 1 },
    { "active", "coalesce((NOT r.\"blocked\"), false)", "boolean", 0 },
    { "meta.created", "r.\"made\"", "timestamp with time zone", 0 },
    { "meta.lastModified", "r.\"changed\"", "timestamp with time zone", 1 },
    { "displayName", TEXT("lower((" MORE ">'displayName'))"), "text", 1 },
    { "name.familyName", TEXT("lower((" MORE "'name'->>'familyName'))"),
      "text", 1 },
    { "department", TEXT("lower((" MORE "'" ENT "'->>'department'))"),
      "text", 1 },
    { ENT ":manager.value",
      TEXT("lower((" MORE "'" ENT "'->'manager'->>'value'))"), "text", 1 },
    { "emails",
      TEXT("coalesce(CASE WHEN r.\"mail_first\" THEN NULLIF(r.\"mail_key\","
           " '') END," FIRST_OF(MORE "'emails'", "lower((e->>'value'))",
                                E_PRIMARY)
           ",NULLIF(r.\"mail_key\", ''),"
           FIRST_OF(MORE "'emails'", "lower((e->>'value'))", "") ")"),
      "text", 1 },
    { "phoneNumbers.type",
      TEXT("coalesce(" FIRST_OF(MORE "'phoneNumbers'", "lower((e->>'type'))",
                                E_PRIMARY)
           "," FIRST_OF(MORE "'phoneNumbers'", "lower((e->>'type'))", "") ")"),
      "text", 1 },
    /* nobody has a value of these */
    { NULL, NULL, NULL, 0 },
    { "nothing", NULL, NULL, 0 },
    { "nothing.at.all", NULL, NULL, 0 },
    { "urn:x:nothing", NULL, NULL, 0 },
    { ENT, NULL, NULL, 0 },
    { "userName'; DROP TABLE users --", NULL, NULL, 0 },
    { "emails[type eq \"work\"].value", NULL, NULL, 0 },
    { "name", NULL, NULL, 0 },
    { "addresses", NULL, NULL, 0 },
    { "groups", NULL, NULL, 0 },
    { "schemas", NULL, NULL, 0 },
    { "meta", NULL, NULL, 0 },
    { "meta.resourceType", NULL, NULL, 0 },
    { "meta.location", NULL, NULL, 0 },
    { "meta.version", NULL, NULL, 0 },
    { "password", NULL, NULL, 0 }
};

static void expect(const scim_mapping_t *mapping, const char *sort_by,
                   const char *value, const char *name)
{
    scim_order_t order;

    scim_order_make(&order, mapping, &facts, sort_by, 1, pool);
    is_str(order.value, value, "%s", name);
    is_int(order.descending, value != NULL, "%s: descending", name);
}

static void test_facts(const scim_mapping_t *mapping)
{
    scim_order_t order;

    by_code_point[0] = by_code_point[2] = 0;
    expect(mapping, "userName", "r.\"username_key\" COLLATE \"C\"",
           "a key column that has another order");
    expect(mapping, "externalId", "r.\"ext\" COLLATE \"C\"",
           "a column that has another order");
    types[2] = "public.citext";
    expect(mapping, "externalId", "r.\"ext\"::text COLLATE \"C\"",
           "an exact attribute in a column without case");
    by_code_point[0] = by_code_point[2] = 1;
    expect(mapping, "externalId", "r.\"ext\"::text",
           "and where the column has the order");
    facts.key_type = "uuid";
    scim_order_make(&order, mapping, &facts, "id", 1, pool);
    is_str(order.value, NULL, "UUIDs are ordered as keys");
    is_int(order.descending, 1, "either way");
    facts.key_type = "text";
    expect(mapping, "id", "r.\"id\"::text COLLATE \"C\"", "keys of text");
}

static void test_citext(void)
{
    scim_mapping_t *mapping = scim_mapping_make(scim_builtin_user(pool), pool);
    scim_order_t order;

    scim_mapping_set_table(mapping, "users", pool);
    mapping->key = "id";
    mapping->tenant = "org";
    ok(!scim_mapping_add(mapping, "userName", "name", NULL, pool)
       && !scim_mapping_add(mapping, "active", "active", NULL, pool)
       && !scim_mapping_finish(mapping, pool), "a column without case");
    types[0] = "public.citext";
    scim_order_make(&order, mapping, &facts, "userName", 0, pool);
    is_str(order.value, "r.\"name\"", "is ordered by itself");
    is_str(order.type, "public.citext", "and compared as what it is");
    by_code_point[0] = 0;
    scim_order_make(&order, mapping, &facts, "userName", 0, pool);
    is_str(order.value, "lower(r.\"name\"::text) COLLATE \"C\"",
           "unless it has another order");
    is_str(order.type, "text", "as text then");
}

/* What is never shown is not sorted by: the order would tell it. */
static void test_secrets(void)
{
    static const scim_attr_t subs[] = {
        { .name = "value" },
        { .name = "pin", .returned = SCIM_RETURNED_NEVER },
        { .name = "puk", .mutability = SCIM_WRITE_ONLY }
    };
    static const scim_attr_t attrs[] = {
        { .name = "badge", .type = SCIM_TYPE_COMPLEX, .subs = subs,
          .nsubs = 3 }
    };
    static const scim_schema_t own = {
        .urn = "urn:x:own", .name = "Own", .attrs = attrs, .nattrs = 1
    };
    const scim_schema_t *schemas[] = {
        scim_builtin_user(pool)->schemas[0], &own
    };
    scim_mapping_t *mapping = scim_mapping_make(
        scim_rtype_make("User", "Users", "User", schemas, 2, pool), pool);

    mapping->extra = "more";
    scim_mapping_set_table(mapping, "users", pool);
    mapping->key = "id";
    mapping->tenant = "org";
    ok(!scim_mapping_add(mapping, "userName", "name", NULL, pool)
       && !scim_mapping_add(mapping, "active", "active", NULL, pool)
       && !scim_mapping_finish(mapping, pool), "attributes of our own");
    memset(mapping->stored, 1, mapping->type->nattrs);
    expect(mapping, "urn:x:own:badge.value",
           TEXT("lower((" MORE "'urn:x:own'->'badge'->>'value'))"),
           "what is shown");
    expect(mapping, "urn:x:own:badge.pin", NULL, "what is never shown");
    expect(mapping, "urn:x:own:badge.puk", NULL, "what is only written");
}

int main(void)
{
    scim_mapping_t *mapping, *bare;
    scim_order_t order;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    mapping = make_mapping(1);
    bare = make_mapping(0);
    for (i = 0; i < COUNT(rows); i++) {
        const char *name = rows[i].sort_by ? rows[i].sort_by : "nothing asked";

        scim_order_make(&order, mapping, &facts, rows[i].sort_by, 0, pool);
        is_str(order.value, rows[i].value, "%s: value", name);
        is_str(order.type, rows[i].type, "%s: type", name);
        is_int(order.can_be_null, rows[i].can_be_null, "%s: absent", name);
        is_int(order.descending, 0, "%s: ascending", name);
    }
    expect(bare, "displayName", NULL, "what is not kept");
    expect(bare, "emails",
           TEXT("coalesce(CASE WHEN r.\"mail_first\" THEN"
                " NULLIF(r.\"mail_key\", '') END,NULLIF(r.\"mail_key\", ''))"),
           "elements without the JSONB column");
    test_facts(mapping);
    test_citext();
    test_secrets();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
