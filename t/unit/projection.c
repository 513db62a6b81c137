/* Which attributes a reply shows. */
#include "query/projection.h"
#include "schema/builtin.h"
#include "base/buf.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define USER SCIM_URN_USER
#define ENT  SCIM_URN_ENTERPRISE

/* Shown top-level attributes; of a complex one that is not shown whole, the
 * sub-attributes in brackets. `id` and `schemas` are always first. */
static const char *shown_list(const unsigned char *shown,
                              const scim_rtype_t *type, apr_pool_t *pool)
{
    scim_buf_t buf;
    int i, j;

    scim_buf_init(&buf, 256, pool);
    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];
        int all = 1;

        if (attr->parent) {
            if (shown[i] && !shown[attr->parent->index]) {
                return "a part is shown, but not the whole";
            }
            continue;
        }
        if (!shown[i]) {
            continue;
        }
        scim_buf_puts(&buf, buf.len ? " " : "");
        scim_buf_puts(&buf, attr->name);
        for (j = 0; j < attr->nsubs; j++) {
            all &= shown[attr->subs[j].index];
        }
        if (attr->nsubs && !all) {
            scim_buf_putc(&buf, '(');
            for (j = 0; j < attr->nsubs; j++) {
                if (shown[attr->subs[j].index]) {
                    scim_buf_puts(&buf,
                                  buf.data[buf.len - 1] == '(' ? "" : " ");
                    scim_buf_puts(&buf, attr->subs[j].name);
                }
            }
            scim_buf_putc(&buf, ')');
        }
    }
    return buf.data;
}

#define ALL "schemas id externalId meta userName name displayName nickName" \
    " profileUrl title userType preferredLanguage locale timezone active"  \
    " emails phoneNumbers ims photos addresses groups entitlements roles"  \
    " x509Certificates"
#define ENT_ALL " employeeNumber costCenter organization division" \
    " department manager"

static const struct {
    const char *included, *excluded;
    const char *shown;
} rows[] = {
    /* nothing asked: all but what is never returned (password) */
    { NULL, NULL, ALL ENT_ALL },
    /* attributes */
    { "userName", NULL, "schemas id userName" },
    { "USERNAME", NULL, "schemas id userName" },
    { "userName,active", NULL, "schemas id userName active" },
    { " userName , active ", NULL, "schemas id userName active" },
    { "userName active", NULL, "schemas id userName active" },
    { ",,userName,,", NULL, "schemas id userName" },
    { "userName,userName", NULL, "schemas id userName" },
    { "name", NULL, "schemas id name" },
    { "name.givenName", NULL, "schemas id name(givenName)" },
    { "name.givenName,name.familyName", NULL,
      "schemas id name(familyName givenName)" },
    { "name,name.givenName", NULL, "schemas id name" },
    { "emails.value", NULL, "schemas id emails(value)" },
    { "emails", NULL, "schemas id emails" },
    { "meta", NULL, "schemas id meta" },
    { "meta.lastModified", NULL, "schemas id meta(lastModified)" },
    { "id", NULL, "schemas id" },
    { "schemas", NULL, "schemas id" },
    { "groups.display", NULL, "schemas id groups(display)" },
    { USER ":userName", NULL, "schemas id userName" },
    { USER ":name.givenName", NULL, "schemas id name(givenName)" },
    { ENT ":department", NULL, "schemas id department" },
    { ENT ":manager.value", NULL, "schemas id manager(value)" },
    { "department", NULL, "schemas id department" },
    { "manager", NULL, "schemas id manager" },
    { ENT, NULL, "schemas id" ENT_ALL },
    { USER, NULL, "schemas id userName name displayName nickName profileUrl"
      " title userType preferredLanguage locale timezone active emails"
      " phoneNumbers ims photos addresses groups entitlements roles"
      " x509Certificates" },
    /* what this type does not have, and what is never shown */
    { "nothing", NULL, "schemas id" },
    { "members", NULL, "schemas id" },
    { "name.nothing", NULL, "schemas id" },
    { "password", NULL, "schemas id" },
    { "emails[type eq \"work\"]", NULL, "schemas id" },
    { "userName;active", NULL, "schemas id" },
    { "nothing,userName", NULL, "schemas id userName" },
    { "urn:x:y", NULL, "schemas id" },
    /* excludedAttributes */
    { NULL, "members", ALL ENT_ALL },
    { NULL, "id,schemas", ALL ENT_ALL },
    { NULL, "password", ALL ENT_ALL },
    { NULL, ENT, ALL },
    { NULL, USER "," ENT, "schemas id externalId meta" },
    { NULL, USER "," ENT ",meta.location", "schemas id externalId"
      " meta(resourceType created lastModified version)" },
    { NULL, USER "," ENT ",meta,externalId", "schemas id" },
    { NULL, "emails.type,name.givenName," ENT, "schemas id externalId meta"
      " userName name(formatted familyName middleName honorificPrefix"
      " honorificSuffix) displayName nickName profileUrl title userType"
      " preferredLanguage locale timezone active emails(value display"
      " primary) phoneNumbers ims photos addresses groups entitlements"
      " roles x509Certificates" }
};

/* A type with every kind of `returned`, and what becomes of each. */
static const scim_attr_t part_subs[] = {
    { .name = "value", .returned = SCIM_RETURNED_ALWAYS },
    { .name = "asked", .returned = SCIM_RETURNED_REQUEST },
    { .name = "usual" },
    { .name = "pin", .returned = SCIM_RETURNED_NEVER }
};
static const scim_attr_t kind_attrs[] = {
    { .name = "always", .returned = SCIM_RETURNED_ALWAYS },
    { .name = "never", .returned = SCIM_RETURNED_NEVER },
    { .name = "usual" },
    { .name = "asked", .returned = SCIM_RETURNED_REQUEST },
    { .name = "told", .mutability = SCIM_WRITE_ONLY },
    { .name = "part", .type = SCIM_TYPE_COMPLEX, .subs = part_subs,
      .nsubs = 4 },
    { .name = "rare", .type = SCIM_TYPE_COMPLEX, .subs = part_subs,
      .nsubs = 4, .returned = SCIM_RETURNED_REQUEST }
};
static const scim_schema_t kinds = {
    .urn = "urn:x:kinds", .name = "Kinds", .description = "Kinds",
    .attrs = kind_attrs, .nattrs = 7
};

static const struct {
    const char *included, *excluded;
    const char *named;      /* what the request wrote */
    const char *shown;      /* without externalId and meta */
} kind_rows[] = {
    { NULL, NULL, "", "schemas id always usual part(value usual)" },
    { "usual", NULL, "", "schemas id always usual" },
    { "asked,never,told", NULL, "", "schemas id always asked" },
    { "part.asked", NULL, "", "schemas id always part(value asked)" },
    { "part", NULL, "", "schemas id always part(value asked usual)" },
    { "rare", NULL, "", "schemas id always rare(value asked usual)" },
    { NULL, "always,usual,part.value", "", "schemas id always"
      " part(value usual)" },
    { NULL, "part", "", "schemas id always usual" },
    { NULL, NULL, "asked", "schemas id always usual asked part(value usual)"
    },
    { NULL, NULL, "rare", "schemas id always usual part(value usual)"
      " rare(value asked usual)" },
    { NULL, NULL, "never told", "schemas id always usual part(value usual)" },
    { NULL, NULL, "part", "schemas id always usual part(value asked usual)" }
};

static void test_kinds(apr_pool_t *pool)
{
    static const scim_schema_t *const schemas[] = { &kinds };
    const scim_rtype_t *type = scim_rtype_make("Kind", "Kinds", "Kind",
                                               schemas, 1, pool);
    size_t i;
    int j;

    for (i = 0; i < COUNT(kind_rows); i++) {
        unsigned char *named = apr_pcalloc(pool, type->nattrs), *all;
        const unsigned char *shown;

        for (j = 0; j < type->nattrs; j++) {
            named[j] = !type->attrs[j]->parent
                    && strstr(kind_rows[i].named, type->attrs[j]->name);
        }
        ok(!scim_projection_make(&shown, kind_rows[i].included,
                                 kind_rows[i].excluded, type, pool),
           "a projection");
        shown = scim_projection_add(shown, named, type, pool);
        all = apr_pmemdup(pool, shown, type->nattrs);
        all[type->external_id->index] = all[type->meta->index] = 0;
        for (j = 0; j < type->meta->nsubs; j++) {
            all[type->meta->subs[j].index] = 0;
        }
        is_str(shown_list(all, type, pool), kind_rows[i].shown,
               "attributes %s, excludedAttributes %s, written %s",
               kind_rows[i].included ? kind_rows[i].included : "-",
               kind_rows[i].excluded ? kind_rows[i].excluded : "-",
               kind_rows[i].named);
    }
}

int main(void)
{
    const unsigned char *shown;
    const scim_rtype_t *type;
    apr_pool_t *pool;
    scim_err_t *err;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = scim_builtin_user(pool);
    for (i = 0; i < COUNT(rows); i++) {
        err = scim_projection_make(&shown, rows[i].included, rows[i].excluded,
                                   type, pool);
        is_str(err ? err->detail : shown_list(shown, type, pool),
               rows[i].shown, "F9: attributes %s, excludedAttributes %s",
               rows[i].included ? rows[i].included : "-",
               rows[i].excluded ? rows[i].excluded : "-");
    }
    err = scim_projection_make(&shown, "userName", "active", type, pool);
    ok(err && err->kind == SCIM_ERR_INVALID_VALUE && err->status == 400,
       "F9: both together are refused");
    test_kinds(pool);
    apr_terminate();
    return done_testing();
}
