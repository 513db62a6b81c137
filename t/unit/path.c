/* PATCH paths. */
#include "query/path.h"
#include "schema/builtin.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define USER    SCIM_URN_USER
#define ENT     SCIM_URN_ENTERPRISE

static const struct {
    const char *text;
    const char *means;      /* schema, attr, [ when filtered, sub; "unknown" */
} good[] = {
    /* both dialects of Entra, in any case */
    { "active", "active" },
    { "Active", "active" },
    { "userName", "userName" },
    { "externalId", "externalId" },
    { "displayName", "displayName" },
    { "name.givenName", "name .givenName" },
    { "NAME.FAMILYNAME", "name .familyName" },
    { "name", "name" },
    { "emails", "emails" },
    { "emails.value", "emails .value" },
    { "members.$ref", "unknown" },
    { "groups.$ref", "groups .$ref" },
    { "password", "password" },
    { "id", "id" },
    { "meta.created", "meta .created" },
    { "emails[type eq \"work\"].value", "emails[] .value" },
    { "emails[type eq \"work\"]", "emails[]" },
    { "EMAILS[TYPE EQ \"work\"].VALUE", "emails[] .value" },
    { "emails[type eq \"home\"].value", "emails[] .value" },
    { "emails[type eq \"other\"].primary", "emails[] .primary" },
    { "emails[primary eq true].type", "emails[] .type" },
    { "emails[type eq \"work\" and value ew \"example.com\"]", "emails[]" },
    { "emails[not (type eq \"work\")]", "emails[]" },
    { "emails[value eq \"a]b\"].type", "emails[] .type" },
    { "emails[value eq \"a[b\"].type", "emails[] .type" },
    { "emails[value eq \"a\\\"b\"]", "emails[]" },
    { "emails[value eq \"a\"b\"].type", "emails[] .type" },
    { "emails[ type eq \"work\" ]", "emails[]" },
    { "phoneNumbers[type eq \"mobile\"].value", "phoneNumbers[] .value" },
    { "phoneNumbers[type eq \"fax\"].value", "phoneNumbers[] .value" },
    { "addresses[type eq \"work\"].streetAddress",
      "addresses[] .streetAddress" },
    { "roles[primary eq \"True\"].value", "roles[] .value" },
    { "roles[primary eq \"True\"]", "roles[]" },
    { "x509Certificates[value eq \"QUJD\"]", "x509Certificates[]" },
    /* URNs */
    { USER ":userName", "userName" },
    { USER ":name.givenName", "name .givenName" },
    { USER ":emails[type eq \"work\"].value", "emails[] .value" },
    { ENT, "EnterpriseUser:" },
    { USER, "User:" },
    { "urn:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:user",
      "EnterpriseUser:" },
    { ENT ":department", "department" },
    { ENT ".department", "department" },
    { ENT ":manager", "manager" },
    { ENT ":manager.value", "manager .value" },
    { ENT ".manager.value", "manager .value" },
    { "manager", "manager" },
    { "manager.value", "manager .value" },
    { "department", "department" },
    /* well formed, but nothing that this type has */
    { "nothing", "unknown" },
    { "nothing.more", "unknown" },
    { "userName.value", "unknown" },
    { "name.nothing", "unknown" },
    { "members", "unknown" },
    { "members[value eq \"u1\"]", "unknown" },
    { "members[value eq \"u1\"].display", "unknown" },
    { "emails[kind eq \"x\"]", "unknown" },
    { "emails[kind eq \"x\"].value", "unknown" },
    { "emails[type eq \"work\"].nothing", "unknown" },
    { ENT ":nothing", "unknown" },
    { USER ":manager", "unknown" },
    { "urn:example:schemas:2.0:User:size", "unknown" },
    { "urn:example:schemas:2.0:User:sizes[a eq 1].b", "unknown" },
    { "http://schemas.example.com/2006/11/x:name", "unknown" },
    { "extension_1234-x", "unknown" }
};

static const struct {
    const char *text;
    const char *why;        /* what the detail ends with */
} bad[] = {
    { "", "not the name of an attribute" },
    { " ", "not the name of an attribute" },
    { " active", "not the name of an attribute" },
    { "active ", "not the name of an attribute" },
    { "user name", "not the name of an attribute" },
    { ".", "not the name of an attribute" },
    { ".value", "not the name of an attribute" },
    { "name.", "not the name of an attribute" },
    { "name..givenName", "not the name of an attribute" },
    { "a.b.c", "not the name of an attribute" },
    { "9lives", "not the name of an attribute" },
    { "emails)", "not the name of an attribute" },
    { "emails]", "not the name of an attribute" },
    { "\"active\"", "not the name of an attribute" },
    { "active\n", "not the name of an attribute" },
    { "\xc3\xbc", "not the name of an attribute" },
    { "a/b", "not the name of an attribute" },
    { ENT ":", "not the name of an attribute" },
    { ":x", "not the name of an attribute" },
    { "urn:x y", "not the name of an attribute" },
    { "urn:x\"", "not the name of an attribute" },
    { "[type eq \"work\"]", "not the name of an attribute" },
    { "emails[", "the bracket is not closed" },
    { "emails[type eq \"work\"", "the bracket is not closed" },
    { "emails[type eq \"work\".value", "the bracket is not closed" },
    { "em]ails[type pr", "not the name of an attribute" },
    { "emails[]", "not the end, at character 1 between the brackets" },
    { "emails[].value", "not the end, at character 1 between the brackets" },
    { "emails[type]", "not the end, at character 5 between the brackets" },
    { "emails[type is \"work\"]",
      "unknown operator \"is\" at character 6 between the brackets" },
    { "emails[type eq]", "not the end, at character 8 between the brackets" },
    { "emails[type eq \"work]",
      "a string without end at character 9 between the brackets" },
    { "emails[type eq \"work\"][value pr]",
      "not \"]\", at character 15 between the brackets" },
    { "emails[primary eq \"maybe\"].value",
      "\"maybe\" is no boolean, at character 12 between the brackets" },
    { "emails[primary gt true]", "operator \"gt\" does not suit the boolean"
      " \"primary\" at character 9 between the brackets" },
    { "nothing[x]", "not the end, at character 2 between the brackets" },
    { "emails[type eq \"work\"]value", "stray text behind the brackets" },
    { "emails[type eq \"work\"].", "stray text behind the brackets" },
    { "emails[type eq \"work\"].a.b", "stray text behind the brackets" },
    { "emails[type eq \"work\"] .value", "stray text behind the brackets" },
    { "userName[value eq \"x\"]", "behind an attribute that is multi-valued" },
    { "name[givenName eq \"x\"]", "behind an attribute that is multi-valued" },
    { "manager[value eq \"x\"]", "behind an attribute that is multi-valued" },
    { "emails.value[type eq \"x\"]", "behind an attribute that is multi-valued" },
    { ENT "[manager eq \"x\"]", "behind an attribute that is multi-valued" }
};

static const char *meaning(const scim_path_t *path, apr_pool_t *pool)
{
    if (!path->known) {
        return path->schema || path->attr || path->filter || path->sub
             ? "unknown, but something is set" : "unknown";
    }
    return apr_pstrcat(pool, path->schema ? path->schema->name : "",
                       path->schema ? ":" : "",
                       path->attr ? path->attr->name : "",
                       path->filter ? "[]" : "", path->sub ? " ." : "",
                       path->sub ? path->sub->name : "", NULL);
}

static int ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

int main(void)
{
    const scim_rtype_t *type;
    apr_pool_t *pool;
    scim_path_t path;
    scim_err_t *err;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = scim_builtin_user(pool);
    for (i = 0; i < COUNT(good); i++) {
        err = scim_path_parse(&path, good[i].text, type,
                              &scim_limits_default, pool);
        is_str(err ? err->detail : meaning(&path, pool), good[i].means,
               "%s", good[i].text);
    }
    for (i = 0; i < COUNT(bad); i++) {
        err = scim_path_parse(&path, bad[i].text, type,
                              &scim_limits_default, pool);
        if (ok(err && err->kind == SCIM_ERR_INVALID_PATH, "refused: %s",
               bad[i].text)) {
            ok(strncmp(err->detail, "path", 4) == 0
               && ends_with(err->detail, bad[i].why), "why: %s",
               err->detail);
        }
    }
    err = scim_path_parse(&path, "emails[type eq \"work\"].value", type,
                          &scim_limits_default, pool);
    ok(!err && path.filter->attr == path.attr
       && strcmp(path.filter->sub->name, "type") == 0
       && strcmp(path.filter->value->text, "work") == 0,
       "the filter between the brackets");
    apr_terminate();
    return done_testing();
}
