/* The schemas of RFC 7643, linked into the resource type User. */
#include "schema/builtin.h"
#include "t/unit/tap.h"

#include <apr_general.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define USER    SCIM_URN_USER
#define ENT     SCIM_URN_ENTERPRISE

static const scim_attr_t *attr(const scim_rtype_t *type, const char *text,
                               apr_pool_t *pool)
{
    scim_name_t name = scim_rtype_resolve(type, text, pool);

    return name.sub ? name.sub : name.attr;
}

/* --- RFC 7643 section 8.7.1, what is not a plain string --- */

static const struct {
    const char *name;
    const char *type;
    int multi;
    int required;
    int case_exact;
    const char *mutability;
    const char *returned;
    const char *uniqueness;
} facts[] = {
    { "id", "string", 0, 0, 1, "readOnly", "always", "server" },
    { "externalId", "string", 0, 0, 1, "readWrite", "default", "server" },
    { "schemas", "reference", 1, 1, 1, "readWrite", "always", "none" },
    { "meta", "complex", 0, 0, 0, "readOnly", "default", "none" },
    { "meta.created", "dateTime", 0, 0, 0, "readOnly", "default", "none" },
    { "meta.version", "string", 0, 0, 1, "readOnly", "default", "none" },
    { "meta.location", "reference", 0, 0, 1, "readOnly", "default", "none" },
    { "userName", "string", 0, 1, 0, "readWrite", "default", "server" },
    { "name", "complex", 0, 0, 0, "readWrite", "default", "none" },
    { "name.givenName", "string", 0, 0, 0, "readWrite", "default", "none" },
    { "displayName", "string", 0, 0, 0, "readWrite", "default", "none" },
    { "title", "string", 0, 0, 0, "readWrite", "default", "none" },
    { "profileUrl", "reference", 0, 0, 1, "readWrite", "default", "none" },
    { "active", "boolean", 0, 0, 0, "readWrite", "default", "none" },
    { "password", "string", 0, 0, 0, "writeOnly", "never", "none" },
    { "emails", "complex", 1, 0, 0, "readWrite", "default", "none" },
    { "emails.value", "string", 0, 0, 0, "readWrite", "default", "none" },
    { "emails.primary", "boolean", 0, 0, 0, "readWrite", "default", "none" },
    { "phoneNumbers", "complex", 1, 0, 0, "readWrite", "default", "none" },
    { "ims", "complex", 1, 0, 0, "readWrite", "default", "none" },
    { "photos.value", "reference", 0, 0, 1, "readWrite", "default", "none" },
    { "addresses", "complex", 1, 0, 0, "readWrite", "default", "none" },
    { "groups", "complex", 1, 0, 0, "readOnly", "default", "none" },
    { "groups.value", "string", 0, 0, 1, "readOnly", "default", "none" },
    { "groups.$ref", "reference", 0, 0, 1, "readOnly", "default", "none" },
    { "entitlements", "complex", 1, 0, 0, "readWrite", "default", "none" },
    { "roles", "complex", 1, 0, 0, "readWrite", "default", "none" },
    { "x509Certificates", "complex", 1, 0, 0, "readWrite", "default",
      "none" },
    { "x509Certificates.value", "binary", 0, 0, 1, "readWrite", "default",
      "none" },
    { "manager", "complex", 0, 0, 0, "readWrite", "default", "none" },
    { "manager.value", "string", 0, 0, 0, "readWrite", "default", "none" },
    { "manager.$ref", "reference", 0, 0, 1, "readWrite", "default", "none" },
    { "manager.displayName", "string", 0, 0, 0, "readOnly", "default",
      "none" }
};

static void test_facts(const scim_rtype_t *type, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(facts); i++) {
        const scim_attr_t *a = attr(type, facts[i].name, pool);

        if (!ok(a != NULL, "%s is there", facts[i].name)) {
            continue;
        }
        is_str(scim_attr_type_name(a->type), facts[i].type, "%s: type",
               facts[i].name);
        ok(a->multi == facts[i].multi && a->required == facts[i].required
           && a->case_exact == facts[i].case_exact,
           "%s: multiValued, required, caseExact", facts[i].name);
        is_str(scim_mutability_name(a->mutability), facts[i].mutability,
               "%s: mutability", facts[i].name);
        is_str(scim_returned_name(a->returned), facts[i].returned,
               "%s: returned", facts[i].name);
        is_str(scim_uniqueness_name(a->uniqueness), facts[i].uniqueness,
               "%s: uniqueness", facts[i].name);
    }
}

static void test_words(const scim_rtype_t *type, apr_pool_t *pool)
{
    static const struct {
        const char *name;
        const char *canonical;
        const char *references;
    } rows[] = {
        { "emails.type", "work home other", NULL },
        { "phoneNumbers.type", "work home mobile fax pager other", NULL },
        { "ims.type", "aim gtalk icq xmpp msn skype qq yahoo", NULL },
        { "photos.type", "photo thumbnail", NULL },
        { "addresses.type", "work home other", NULL },
        { "groups.type", "direct indirect", NULL },
        { "roles.type", NULL, NULL },
        { "groups.$ref", NULL, "User Group" },
        { "manager.$ref", NULL, "User" },
        { "profileUrl", NULL, "external" },
        { "photos.value", NULL, "external" },
        { "userName", NULL, NULL }
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const scim_attr_t *a = attr(type, rows[i].name, pool);

        is_str(a->canonical, rows[i].canonical, "%s: canonicalValues",
               rows[i].name);
        is_str(a->references, rows[i].references, "%s: referenceTypes",
               rows[i].name);
    }
}

/* The names, in the order of the list. */
static const char *const names[] = {
    "schemas", "id", "externalId", "meta", "meta.resourceType",
    "meta.created", "meta.lastModified", "meta.location", "meta.version",
    "userName", "name", "name.formatted", "name.familyName",
    "name.givenName", "name.middleName", "name.honorificPrefix",
    "name.honorificSuffix", "displayName", "nickName", "profileUrl", "title",
    "userType", "preferredLanguage", "locale", "timezone", "active",
    "password", "emails", "emails.value", "emails.display", "emails.type",
    "emails.primary", "phoneNumbers", "phoneNumbers.value",
    "phoneNumbers.display", "phoneNumbers.type", "phoneNumbers.primary",
    "ims", "ims.value", "ims.display", "ims.type", "ims.primary", "photos",
    "photos.value", "photos.display", "photos.type", "photos.primary",
    "addresses", "addresses.formatted", "addresses.streetAddress",
    "addresses.locality", "addresses.region", "addresses.postalCode",
    "addresses.country", "addresses.type", "addresses.primary", "groups",
    "groups.value", "groups.$ref", "groups.display", "groups.type",
    "entitlements", "entitlements.value", "entitlements.display",
    "entitlements.type", "entitlements.primary", "roles", "roles.value",
    "roles.display", "roles.type", "roles.primary", "x509Certificates",
    "x509Certificates.value", "x509Certificates.display",
    "x509Certificates.type", "x509Certificates.primary",
    ENT ":employeeNumber", ENT ":costCenter", ENT ":organization",
    ENT ":division", ENT ":department", ENT ":manager",
    ENT ":manager.value", ENT ":manager.$ref", ENT ":manager.displayName"
};

static void test_list(const scim_rtype_t *type, apr_pool_t *pool)
{
    int linked = 1, described = 1, i;

    is_int(type->nattrs, COUNT(names), "the number of attributes");
    for (i = 0; i < type->nattrs && i < (int)COUNT(names); i++) {
        const scim_attr_t *a = type->attrs[i];

        is_str(scim_attr_path(a, pool), names[i], "attribute %d", i);
        ok(attr(type, names[i], pool) == a, "%s is found", names[i]);
        linked &= a->index == i && (!a->parent || a->schema
                                                  == a->parent->schema);
        linked &= (a->type == SCIM_TYPE_COMPLEX) == (a->nsubs > 0);
        described &= a->description && *a->description;
    }
    ok(linked, "index, schema and parent fit");
    ok(described, "all are described");
    ok(!attr(type, "id", pool)->schema, "common attributes have no schema");
    ok(type->id == attr(type, "id", pool)
       && type->external_id == attr(type, "externalId", pool)
       && type->user_name == attr(type, "userName", pool)
       && type->active == attr(type, "active", pool)
       && type->meta == attr(type, "meta", pool)
       && type->manager == attr(type, "manager", pool),
       "the often needed ones");
}

/* --- names --- */

static const struct {
    const char *text;
    scim_name_kind_t kind;
    const char *path;       /* of the attribute found */
    const char *schema;     /* when a URN stands in front */
} resolved[] = {
    { "userName", SCIM_NAME_ATTR, "userName", NULL },
    { "USERNAME", SCIM_NAME_ATTR, "userName", NULL },
    { "Name.GIVENNAME", SCIM_NAME_ATTR, "name.givenName", NULL },
    { "id", SCIM_NAME_ATTR, "id", NULL },
    { "META.lastmodified", SCIM_NAME_ATTR, "meta.lastModified", NULL },
    { "manager", SCIM_NAME_ATTR, ENT ":manager", NULL },
    { "Department", SCIM_NAME_ATTR, ENT ":department", NULL },
    { "manager.$REF", SCIM_NAME_ATTR, ENT ":manager.$ref", NULL },
    { USER ":userName", SCIM_NAME_ATTR, "userName", "User" },
    { USER ":name.givenName", SCIM_NAME_ATTR, "name.givenName", "User" },
    { USER ".userName", SCIM_NAME_ATTR, "userName", "User" },
    { USER ":externalId", SCIM_NAME_ATTR, "externalId", "User" },
    { USER ":meta.created", SCIM_NAME_ATTR, "meta.created", "User" },
    { "URN:IETF:params:scim:SCHEMAS:core:2.0:uSER:emails.VALUE",
      SCIM_NAME_ATTR, "emails.value", "User" },
    { ENT ":manager", SCIM_NAME_ATTR, ENT ":manager", "EnterpriseUser" },
    { ENT ":manager.value", SCIM_NAME_ATTR, ENT ":manager.value",
      "EnterpriseUser" },
    { ENT ".manager.value", SCIM_NAME_ATTR, ENT ":manager.value",
      "EnterpriseUser" },
    { USER, SCIM_NAME_SCHEMA, NULL, "User" },
    { ENT, SCIM_NAME_SCHEMA, NULL, "EnterpriseUser" },
    { "urn:ietf:params:scim:schemas:extension:enterprise:2.0:USER",
      SCIM_NAME_SCHEMA, NULL, "EnterpriseUser" },
    { "", SCIM_NAME_UNKNOWN, NULL, NULL },
    { ".", SCIM_NAME_UNKNOWN, NULL, NULL },
    { "nickNme", SCIM_NAME_UNKNOWN, NULL, NULL },
    { "userNam", SCIM_NAME_UNKNOWN, NULL, NULL },
    { "userName2", SCIM_NAME_UNKNOWN, NULL, NULL },
    { "userName.value", SCIM_NAME_UNKNOWN, NULL, NULL },
    { "name.", SCIM_NAME_UNKNOWN, NULL, NULL },
    { "name.nothing", SCIM_NAME_UNKNOWN, NULL, NULL },
    { "emails.value.x", SCIM_NAME_UNKNOWN, NULL, NULL },
    { "givenName", SCIM_NAME_UNKNOWN, NULL, NULL },
    { USER ":", SCIM_NAME_UNKNOWN, NULL, "User" },
    { USER ":manager", SCIM_NAME_UNKNOWN, NULL, "User" },
    { ENT ":userName", SCIM_NAME_UNKNOWN, NULL, "EnterpriseUser" },
    { ENT ":id", SCIM_NAME_UNKNOWN, NULL, "EnterpriseUser" },
    { USER "s:userName", SCIM_NAME_UNKNOWN, NULL, NULL },
    { "urn:ietf:params:scim:schemas:core:2.0", SCIM_NAME_UNKNOWN, NULL,
      NULL },
    { "urn:example:2.0:User:userName", SCIM_NAME_UNKNOWN, NULL, NULL }
};

static void test_names(const scim_rtype_t *type, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(resolved); i++) {
        scim_name_t name = scim_rtype_resolve(type, resolved[i].text, pool);
        const scim_attr_t *found = name.sub ? name.sub : name.attr;

        is_int(name.kind, resolved[i].kind, "\"%s\": kind",
               resolved[i].text);
        is_str(found ? scim_attr_path(found, pool) : NULL, resolved[i].path,
               "\"%s\": attribute", resolved[i].text);
        is_str(name.schema ? name.schema->name : NULL, resolved[i].schema,
               "\"%s\": schema", resolved[i].text);
        ok(!name.sub || name.sub->parent == name.attr, "\"%s\": parent",
           resolved[i].text);
    }
}

static void test_finding(const scim_rtype_t *type)
{
    const scim_schema_t *ent = scim_rtype_schema(type, ENT);

    ok(ent && ent == type->schemas[1], "a schema by its URN");
    ok(!scim_rtype_schema(type, "urn:x"), "no such schema");
    ok(scim_rtype_is_extension(type, ent) && ent->extension,
       "Enterprise is an extension");
    ok(!scim_rtype_is_extension(type, type->schemas[0])
       && !type->schemas[0]->extension, "User is none");
    ok(!scim_rtype_is_extension(type, NULL), "nor are common attributes");
    ok(scim_rtype_attr(type, ent, "MANAGER") == type->manager,
       "an attribute of an extension");
    ok(!scim_rtype_attr(type, NULL, "manager"),
       "which the base schema does not have");
    ok(!scim_rtype_attr(type, ent, "userName"), "nor the other way round");
    ok(scim_rtype_attr(type, type->schemas[0], "id") == type->id,
       "the base schema includes the common ones");
    ok(scim_rtype_attr_anywhere(type, "Manager") == type->manager,
       "looked for everywhere");
    ok(!scim_rtype_attr_anywhere(type, "value"), "at the top level only");
}

static void test_forms(void)
{
    static const struct {
        const char *text;
        int is_name;
    } rows[] = {
        { "a", 1 }, { "userName", 1 }, { "$ref", 1 }, { "x-y_z$9", 1 },
        { "x509Certificates", 1 }, { "", 0 }, { "9a", 0 }, { "-a", 0 },
        { "_a", 0 }, { "a.b", 0 }, { "a:b", 0 }, { "a b", 0 },
        { "\xc3\xbc", 0 }, { "a\xc3\xbc", 0 }, { "a[", 0 }
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        is_int(scim_attr_is_name(rows[i].text), rows[i].is_name,
               "whether \"%s\" is a name", rows[i].text);
    }
}

/* Own types with one URN that begins with the other, in both orders. */
static void test_nested_urns(apr_pool_t *pool)
{
    static const scim_attr_t attrs[] = { { .name = "displayName" } };
    static const scim_attr_t more[] = { { .name = "size" } };
    static const scim_schema_t base = {
        .urn = "urn:x:Team", .name = "Team", .attrs = attrs, .nattrs = 1
    };
    static const scim_schema_t extension = {
        .urn = "urn:x:Team:more", .name = "More", .attrs = more, .nattrs = 1
    };
    static const scim_schema_t *const schemas[] = { &base, &extension };
    static const scim_schema_t *const reversed[] = { &extension, &base };
    scim_rtype_t *type = scim_rtype_make("Team", "Teams", "A team", reversed,
                                         2, pool);
    scim_name_t name = scim_rtype_resolve(type, "urn:x:team:MORE:size", pool);

    is_str(name.attr ? name.attr->name : NULL, "size",
           "the longest URN counts, though it comes first");
    type = scim_rtype_make("Team", "Teams", "A team", schemas, 2, pool);
    name = scim_rtype_resolve(type, "urn:x:team:MORE:size", pool);

    is_str(name.attr ? name.attr->name : NULL, "size",
           "the longest URN counts");
    is_str(name.schema->urn, extension.urn, "and tells the schema");
    ok(!type->user_name && !type->active && !type->manager,
       "what this type does not have");
    ok(!base.attrs[0].schema && base.attrs[0].index == 0 && !base.extension,
       "definitions are copied");
    ok(type->schemas[1]->extension, "the copy knows that it is an extension");
}

int main(void)
{
    scim_rtype_t *type;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = scim_builtin_user(pool);
    is_str(type->name, "User", "the resource type");
    is_str(type->endpoint, "Users", "its endpoint");
    test_facts(type, pool);
    test_words(type, pool);
    test_list(type, pool);
    test_names(type, pool);
    test_finding(type);
    test_forms();
    test_nested_urns(pool);
    apr_terminate();
    return done_testing();
}
