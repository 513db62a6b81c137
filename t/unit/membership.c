/* What the operations on members come to: who is asked about, and who comes and
 * goes. In the database are u0 to u4; u0, u1 and u2 are members. */
#include "proto/patch.h"
#include "schema/builtin.h"
#include "t/unit/document.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <stdlib.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static scim_membership_t *make(apr_pool_t *pool)
{
    return scim_membership_make(scim_builtin_user(pool), "https://x/v2", pool);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Ids in order, joined by blanks. */
static const char *joined(const apr_array_header_t *ids, apr_pool_t *pool)
{
    apr_array_header_t *sorted;

    if (!ids) {
        return "";
    }
    sorted = apr_array_copy(pool, ids);
    qsort(sorted->elts, (size_t)sorted->nelts, sizeof(char *), compare);
    return apr_array_pstrcat(pool, sorted, ' ');
}

/* `named; all? +added -removed`, or `!kind: detail`. */
static const char *outcome(scim_membership_t *membership, scim_err_t *err,
                           apr_pool_t *pool)
{
    static const char *const ids[] = { "u0", "u1", "u2", "u3", "u4" };
    const apr_array_header_t *added, *removed;
    const char *asked = joined(membership->named, pool);
    size_t i;

    for (i = 0; !err && i < COUNT(ids); i++) {
        scim_membership_tell(membership, ids[i], i < 3,
                             apr_psprintf(pool, "Person %d", (int)i));
    }
    if (!err) {
        err = scim_membership_resolve(&added, &removed, membership);
    }
    return err ? apr_psprintf(pool, "!%d %s: %s", err->status,
                              err->scim_type ? err->scim_type : "-",
                              err->detail)
         : apr_psprintf(pool, "%s%s +%s -%s", asked,
                        membership->needs_all ? " all" : "",
                        joined(added, pool), joined(removed, pool));
}

#define REMOVE(path) "{\"op\":\"remove\",\"path\":\"" path "\"}"
#define BY_ID "!400 invalidValue: members must be given by the id of a user" \
              " each, as {\"value\": \"ID\"}"
#define IN_PLACE "!400 mutability: a member cannot be changed in place;" \
                 " remove it and add another one to members"

static const struct {
    const char *operations, *want;
} rows[] = {
    { "", " + -" },
    { "{\"op\":\"replace\",\"path\":\"displayName\",\"value\":\"x\"}", " + -" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"u3\"},"
      "{\"value\":\"u0\"},{\"value\":\"u3\",\"$ref\":null}]}", "u0 u3 +u3 -" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":\"u4\"}", "u4 +u4 -" },
    { "{\"op\":\"add\",\"path\":\"MEMBERS\",\"value\":{\"VALUE\":\"u4\"}}",
      "u4 +u4 -" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":null}", " + -" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[]}", " + -" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[\"u9\"]}",
      "!400 invalidValue: members: there is no User with the id \"u9\"" },
    { "{\"op\":\"Remove\",\"path\":\"members\",\"value\":[{\"value\":\"u1\"},"
      "{\"value\":\"u3\"},{\"value\":\"u9\"}]}", "u1 u3 u9 + -u1" },
    { "{\"op\":\"remove\",\"path\":\"members\",\"value\":[]}", " + -" },
    { "{\"op\":\"remove\",\"path\":\"members\",\"value\":\"u2\"}",
      "u2 + -u2" },
    { REMOVE("members"), " all + -u0 u1 u2" },
    { "{\"op\":\"remove\",\"path\":\"members\",\"value\":null}",
      " all + -u0 u1 u2" },
    { "{\"op\":\"remove\",\"path\":\"members\",\"value\":\"\"}", BY_ID },
    { "{\"op\":\"remove\",\"path\":\"members\",\"value\":[{}]}", BY_ID },
    { "{\"op\":\"remove\",\"path\":\"members\",\"value\":{}}", BY_ID },
    { "{\"op\":\"remove\",\"path\":\"members\",\"value\":[7]}", BY_ID },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":{}}", BY_ID },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":\"\"}", " + -" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[\"\"]}", BY_ID },
    { "{\"op\":\"replace\",\"path\":\"members\",\"value\":{}}", BY_ID },
    { "{\"op\":\"replace\",\"path\":\"members\",\"value\":[{}]}", BY_ID },
    { "{\"op\":\"replace\",\"path\":\"members\",\"value\":[\"\"]}", BY_ID },
    { "{\"op\":\"replace\",\"path\":\"members\",\"value\":[null]}", BY_ID },
    { "{\"op\":\"replace\",\"path\":\"members\",\"value\":{\"value\":null}}",
      BY_ID },
    { "{\"op\":\"replace\",\"value\":{\"members\":{}}}", BY_ID },
    { "{\"op\":\"replace\",\"path\":\"members\",\"value\":\"\"}",
      " all + -u0 u1 u2" },
    { "{\"op\":\"replace\",\"path\":\"members\",\"value\":null}",
      " all + -u0 u1 u2" },
    { "{\"op\":\"replace\",\"path\":\"members\",\"value\":[]}",
      " all + -u0 u1 u2" },
    { "{\"op\":\"remove\",\"path\":\"members\",\"value\":[[\"u1\"]]}", BY_ID },
    { REMOVE("members[value eq \\\"u1\\\"]"), "u1 + -u1" },
    { REMOVE("members[value eq \\\"U1\\\"]"), "U1 + -" },
    { REMOVE("members[value eq \\\"u1\\\" or value eq \\\"u4\\\"]"),
      "u1 u4 + -u1" },
    { REMOVE("members[value eq \\\"u1\\\" and display eq \\\"x\\\"]"),
      "u1 + -" },
    { REMOVE("members[display eq \\\"person 1\\\" and value eq \\\"u1\\\"]"),
      "u1 + -u1" },
    { REMOVE("members[value eq \\\"u0\\\" or (value eq \\\"u1\\\" and type eq"
             " \\\"Group\\\")]"), "u0 u1 + -u0" },
    { REMOVE("members[not (value eq \\\"u1\\\")]"), " all + -u0 u2" },
    { REMOVE("members[value ne \\\"u1\\\"]"), " all + -u0 u2" },
    { REMOVE("members[value eq \\\"u1\\\" or type eq \\\"User\\\"]"),
      " all + -u0 u1 u2" },
    { REMOVE("members[display ew \\\"2\\\"]"), " all + -u2" },
    { REMOVE("members[colour eq \\\"red\\\"]"), " + -" },
    { REMOVE("members[$ref eq \\\"https://x/v2/Users/u1\\\"]"), " all + -u1" },
    { REMOVE("members[$ref eq \\\"https://y/v2/Users/u1\\\"]"), " all + -" },
    { REMOVE("members[$ref ew \\\"/u2\\\" or value eq \\\"u0\\\"]"),
      " all + -u0 u2" },
    { REMOVE("members.value"), IN_PLACE },
    { "{\"op\":\"replace\",\"path\":\"members[value eq \\\"u1\\\"].value\","
      "\"value\":\"u2\"}", IN_PLACE },
    { "{\"op\":\"add\",\"path\":\"members[value eq \\\"u3\\\"]\",\"value\":{}}",
      IN_PLACE },
    { "{\"op\":\"replace\",\"path\":\"members\",\"value\":[\"u1\",\"u3\"]}",
      "u1 u3 all +u3 -u0 u2" },
    { "{\"op\":\"replace\",\"path\":\"members\",\"value\":null}",
      " all + -u0 u1 u2" },
    { "{\"op\":\"replace\",\"value\":{\"id\":\"g\",\"displayName\":\"N\","
      "\"members\":[{\"value\":\"u0\"}]}}", "u0 all + -u1 u2" },
    { "{\"op\":\"add\",\"value\":{\"" SCIM_URN_GROUP ":members\":\"u3\"}}",
      "u3 +u3 -" },
    { "{\"op\":\"add\",\"value\":{\"" SCIM_URN_GROUP "\":{\"members\":"
      "\"u3\"}}}", "u3 +u3 -" },
    { REMOVE("members") ",{\"op\":\"add\",\"path\":\"members\",\"value\":"
      "[\"u1\",\"u4\"]}", "u1 u4 all +u4 -u0 u2" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[\"u3\",\"u4\"]},"
      REMOVE("members[value eq \\\"u3\\\"]"), "u3 u4 +u4 -" },
    { REMOVE("members[value eq \\\"u1\\\"]") ",{\"op\":\"add\",\"path\":"
      "\"members\",\"value\":\"u1\"}", "u1 + -" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[\"u3\"]},"
      REMOVE("members[display ew \\\"3\\\"]"), "u3 all + -" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"g\","
      "\"type\":\"Group\"}]}", "!400 invalidValue: members must be users:"
      " groups within groups are not offered by this application" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"g\","
      "\"$ref\":\"https://x/scim/v2/Groups/g\"}]}", "!400 invalidValue:"
      " members must be users: groups within groups are not offered by this"
      " application" }
};

static scim_intake_t *intake(apr_pool_t *pool)
{
    static const scim_rtype_t *type;
    static unsigned char stored[64];

    if (!type) {
        type = scim_builtin_group(pool);
        memset(stored, 1, sizeof(stored));
        /* the server's own */
        stored[scim_rtype_attr(type, NULL, "schemas")->index] = 0;
    }
    return scim_intake_make(type, stored, pool);
}

static scim_err_t *note(scim_membership_t *membership, const char *operations,
                        apr_pool_t *pool)
{
    scim_json_t *body = json(apr_pstrcat(pool, "{\"Operations\":[", operations,
                                         "]}", NULL), pool);
    scim_patch_t *patch = NULL;

    SCIM_TRY(scim_patch_decode(&patch, body, intake(pool)->type,
                               &scim_limits_default, pool));
    return scim_patch_note_members(membership, patch, intake(pool));
}

static void test_bodies(apr_pool_t *pool)
{
    static const struct {
        const char *body, *want;
    } bodies[] = {
        { "{\"displayName\":\"N\"}", " + -" },
        { "{\"members\":[]}", " + -" },
        { "{\"members\":null}", " + -" },
        { "{\"members\":[{\"value\":\"u0\"},{\"value\":\"u3\"}]}",
          "u0 u3 all +u3 -u1 u2" },
        { "{\"Members\":\"u3\"}", "u3 all +u3 -u0 u1 u2" },
        { "{\"members\":[{\"display\":\"x\"}]}", BY_ID },
        { "{\"members\":{}}", BY_ID }
    };
    size_t i;

    for (i = 0; i < COUNT(bodies); i++) {
        scim_membership_t *membership = make(pool);
        scim_err_t *err = scim_patch_merge_members(membership,
            json(bodies[i].body, pool), intake(pool));

        is_str(outcome(membership, err, pool), bodies[i].want, "a body: %s",
               bodies[i].body);
    }
}

/* The resource itself knows nothing of members. */
static void test_resource(apr_pool_t *pool)
{
    scim_json_t *group = json("{\"displayName\":\"N\"}", pool);
    scim_json_t *body = json("{\"Operations\":[{\"op\":\"add\",\"path\":"
                             "\"members\",\"value\":\"u3\"},{\"op\":\"replace\","
                             "\"value\":{\"displayName\":\"M\",\"members\":"
                             "[7]}}]}", pool);
    scim_patch_t *patch = NULL;

    ok(!scim_patch_decode(&patch, body, intake(pool)->type,
                          &scim_limits_default, pool)
       && !scim_patch_apply(group, patch, intake(pool)), "a PATCH is applied");
    is_str(scim_json_text(group, pool), "{\"displayName\":\"M\"}",
           "members are passed over");
    ok(!scim_patch_merge(group, json("{\"displayName\":\"O\",\"members\":[7]}",
                                     pool), intake(pool)), "so is a body");
    is_str(scim_json_text(group, pool), "{\"displayName\":\"O\"}",
           "and its members");
}

/* A conversation that begins anew asks anew. */
static void test_again(apr_pool_t *pool)
{
    scim_membership_t *membership = make(pool);
    scim_err_t *err = note(membership, "{\"op\":\"add\",\"path\":\"members\","
                           "\"value\":\"u3\"}", pool);

    is_str(outcome(membership, err, pool), "u3 +u3 -", "once");
    scim_membership_forget(membership);
    is_str(outcome(membership, err, pool), "u3 +u3 -", "and again");
    scim_membership_forget(membership);
    scim_membership_tell(membership, "u3", 1, NULL);
    {
        const apr_array_header_t *added, *removed;

        ok(!scim_membership_resolve(&added, &removed, membership) && !added
           && !removed, "who has become a member meanwhile is not added");
    }
}

static void test_limit(apr_pool_t *pool)
{
    scim_membership_t *membership = make(pool);
    const char *operations = REMOVE("members[display pr]");
    int i;

    for (i = 1; i < SCIM_MEMBERS_FILTERS_MAX; i++) {
        operations = apr_pstrcat(pool, operations, ",",
                                 REMOVE("members[display pr]"), NULL);
    }
    ok(!note(membership, operations, pool), "as many filters as may be");
    membership = make(pool);
    operations = apr_pstrcat(pool, operations, ",",
                             REMOVE("members[display pr]"), NULL);
    is_str(outcome(membership, note(membership, operations, pool), pool),
           "!413 -: more than 10 filters in one request that have to look at"
           " all members", "one more");
}

int main(void)
{
    apr_pool_t *pool;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < COUNT(rows); i++) {
        scim_membership_t *membership = make(pool);
        scim_err_t *err = note(membership, rows[i].operations, pool);

        is_str(outcome(membership, err, pool), rows[i].want, "%s",
               rows[i].operations);
    }
    test_bodies(pool);
    test_resource(pool);
    test_again(pool);
    test_limit(pool);
    apr_terminate();
    return done_testing();
}
