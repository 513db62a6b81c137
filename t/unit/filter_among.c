/* Filters of several resource types at once. */
#include "query/filter.h"
#include "schema/builtin.h"
#include "t/unit/tap.h"
#include "t/unit/tree.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define ENT     SCIM_URN_ENTERPRISE

/* Of users and groups at once: what the other type has is nothing here. */
static void test_among(scim_rtype_t *user, apr_pool_t *pool)
{
    static const struct {
        const char *text;
        const char *of_user;    /* tree, or detail of the error */
        const char *of_group;   /* NULL: the same */
    } rows[] = {
        { "displayName eq \"x\"", "displayName eq \"x\"", NULL },
        { "userName eq \"x\"", "userName eq \"x\"", "false" },
        { "userName ne \"x\"", "userName ne \"x\"", "true" },
        { "userName co \"x\"", "userName co \"x\"", "false" },
        { "userName pr", "userName pr", "false" },
        { "not (userName pr)", "!userName pr", "!false" },
        { "userName eq null", "userName eq null", "true" },
        { "userName ne null", "userName ne null", "false" },
        { "active eq true or displayName pr",
          "(active eq true | displayName pr)", "(false | displayName pr)" },
        { "members eq \"7\"", "false", "members.value eq \"7\"" },
        { "members ne \"7\"", "true", "members.value ne \"7\"" },
        { "members[value eq \"7\"].display pr", "false",
          "members[(members.value eq \"7\" & members.display pr)]" },
        { "members[not (value pr)]", "false", "members[!members.value pr]" },
        { "emails[type ne \"work\"] and externalId pr",
          "(emails[emails.type ne \"work\"] & externalId pr)",
          "(false & externalId pr)" },
        { ENT ":department ne \"x\"", "department ne \"x\"", "true" },
        { SCIM_URN_GROUP ":displayName eq \"x\"", "false",
          "displayName eq \"x\"" },
        { "nothing eq \"x\" or userName pr",
          "filter: unknown attribute \"nothing\" at character 1", NULL },
        { "members pr or password eq \"x\"",
          "filter: unknown attribute \"password\" at character 15", NULL },
        { "active eq 5 or members pr",
          "filter: \"5\" is no boolean, at character 11", NULL },
        { "members[nothing pr]",
          "filter: unknown attribute \"nothing\" at character 9", NULL }
    };
    scim_rtype_t *group = scim_builtin_group(pool);
    const scim_scope_t scopes[] = { { user, NULL }, { group, NULL },
                                    { NULL, NULL } };
    size_t i, j;

    for (i = 0; i < COUNT(rows); i++) {
        for (j = 0; j < 2; j++) {
            const char *want = j && rows[i].of_group ? rows[i].of_group
                                                     : rows[i].of_user;
            const scim_filter_t *filter;
            scim_err_t *err = scim_filter_parse_among(&filter, rows[i].text,
                                                      &scopes[j], scopes,
                                                      &scim_limits_default,
                                                      pool);

            is_str(err ? err->detail : tree(filter, pool), want,
                   "among: %s, of a %s", rows[i].text, scopes[j].type->name);
        }
    }
    for (i = 0; i < 2; i++) {
        const scim_filter_t *filter;

        ok(!scim_filter_parse_among(&filter, i ? "members ne \"7\""
                                                 : "members pr", &scopes[0],
                                    scopes, &scim_limits_default, pool)
           && scim_filter_matches(filter, user,
                                  scim_json_make(SCIM_JSON_OBJECT, pool),
                                  pool) == (int)i,
           "a user has no members");
    }
}

/* What one type has and does not keep is nothing there where another keeps
 * it; where none does, it is left to be refused. */
static void test_kept(scim_rtype_t *user, apr_pool_t *pool)
{
    static const struct {
        const char *text, *of_user, *of_group;
    } rows[] = {
        { "displayName eq \"x\"", "false", "displayName eq \"x\"" },
        { "displayName ne \"x\"", "true", "displayName ne \"x\"" },
        { "userName eq \"x\" or displayName eq \"x\"",
          "(userName eq \"x\" | false)", "(false | displayName eq \"x\")" },
        { "externalId pr", "externalId pr", "false" },
        { "title eq \"x\"", "title eq \"x\"", "false" }
    };
    scim_rtype_t *group = scim_builtin_group(pool);
    unsigned char *of_user = apr_palloc(pool, user->nattrs);
    unsigned char *of_group = apr_palloc(pool, group->nattrs);
    const scim_scope_t scopes[] = { { user, of_user }, { group, of_group },
                                    { NULL, NULL } };
    size_t i, j;

    memset(of_user, 1, user->nattrs);
    of_user[scim_rtype_attr(user, NULL, "displayName")->index] = 0;
    of_user[scim_rtype_attr(user, NULL, "title")->index] = 0;
    memset(of_group, 1, group->nattrs);
    of_group[group->external_id->index] = 0;
    for (i = 0; i < COUNT(rows); i++) {
        for (j = 0; j < 2; j++) {
            const scim_filter_t *filter;
            scim_err_t *err = scim_filter_parse_among(&filter, rows[i].text,
                                                      &scopes[j], scopes,
                                                      &scim_limits_default,
                                                      pool);

            is_str(err ? err->detail : tree(filter, pool),
                   j ? rows[i].of_group : rows[i].of_user,
                   "kept: %s, of a %s", rows[i].text, scopes[j].type->name);
        }
    }
}

int main(void)
{
    scim_rtype_t *type;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = scim_builtin_user(pool);
    test_among(type, pool);
    test_kept(type, pool);
    apr_terminate();
    return done_testing();
}
