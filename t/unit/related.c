/* Users and groups that know of each other: what is read of the others, how they
 * are found, how members are changed, and how they look. Statements to the
 * letter, as in statements.c. */
#include "schema/builtin.h"
#include "service/render.h"
#include "store/condition.h"
#include "store/related.h"
#include "t/unit/shown.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const user_types[] = { "text", "boolean" };
static const char *const group_types[] = { "text", "text" };
static const int lengths[] = { 0, 0 };

static const scim_facts_t group_facts;
static const scim_facts_t user_facts = {
    .key_type = "bigint", .tenant_type = "bigint", .types = user_types,
    .lengths = lengths, .others = &group_facts
};
static const scim_facts_t group_facts = {
    .key_type = "uuid", .tenant_type = "text", .types = group_types,
    .lengths = lengths, .tombstone_is_boolean = 1, .others = &user_facts
};

static scim_mapping_t *users, *groups;

static void must(const char *wrong)
{
    if (wrong) {
        printf("Bail out! %s\n", wrong);
    }
}

static void make_mappings(apr_pool_t *pool)
{
    users = scim_mapping_make(scim_builtin_user(pool), pool);
    must(scim_mapping_set_table(users, "crm.users", pool));
    users->tokens = scim_mapping_quote("scim.tokens", pool);
    users->key = "uid";
    users->tenant = "org";
    users->tombstone = "gone_at";
    users->extra = "extra";
    must(scim_mapping_add(users, "userName", "login", NULL, pool));
    must(scim_mapping_add(users, "active", "on", NULL, pool));
    must(scim_mapping_finish(users, pool));

    groups = scim_mapping_make(scim_builtin_group(pool), pool);
    must(scim_mapping_set_table(groups, "crm.teams", pool));
    groups->tokens = users->tokens;
    groups->key = "tid";
    groups->tenant = "firm";
    groups->tombstone = "gone";
    groups->version = "rev";
    must(scim_mapping_set_members(groups, "crm.in", "team", "who", pool));
    must(scim_mapping_add(groups, "displayName", "title", "title_key", pool));
    must(scim_mapping_add(groups, "externalId", "ext", NULL, pool));
    must(scim_mapping_finish(groups, pool));
    scim_mapping_relate(groups, users, pool);
}

static const scim_asker_t asker = { "\\x00ff", "request-1", "192.0.2.1" };

/* Filters: of groups, then of users. */

#define MEMBERS "EXISTS (SELECT FROM \"crm\".\"in\" AS m JOIN" \
    " \"crm\".\"users\" AS o ON o.\"uid\" = m.\"who\" WHERE o.\"org\" =" \
    " t.tenant::bigint AND o.\"gone_at\" IS NULL AND m.\"team\" = r.\"tid\""
#define GROUPS "EXISTS (SELECT FROM \"crm\".\"in\" AS m JOIN" \
    " \"crm\".\"teams\" AS o ON o.\"tid\" = m.\"team\" WHERE o.\"firm\" =" \
    " t.tenant::text AND NOT o.\"gone\" AND m.\"who\" = r.\"uid\""
#define DISPLAY "coalesce(nullif(o.\"extra\"->>'displayName', '')," \
    " nullif(o.\"login\"::text, ''))"
#define UUID "00000000-0000-4000-8000-00000000000a"

#define TEXT_URL "($1::text || (SELECT string_agg(CASE WHEN c COLLATE \"C\"" \
    " ~ '^[A-Za-z0-9$_.+!*''(),:@&=~-]$' THEN c ELSE regexp_replace(encode(" \
    "convert_to(c, 'UTF8'), 'hex'), '(..)', '%\\1', 'g') END, '' ORDER BY n)" \
    " FROM regexp_split_to_table(o.\"tid\"::text, '') WITH ORDINALITY AS" \
    " s(c, n)))"

static const struct {
    int is_group;
    const char *filter, *condition;
} filters[] = {
    { 1, "members eq \"17\"", "(" MEMBERS " AND (m.\"who\" = $1::bigint)))"
      " <- 17" },
    { 1, "members.value eq \"x\"", "(" MEMBERS " AND false))" },
    { 1, "members[value eq \"17\" and type eq \"user\"]",
      "((" MEMBERS " AND ((m.\"who\" = $1::bigint) AND (lower('User'::text) ="
      " lower($2::text)))))) <- 17, user" },
    { 1, "members.display sw \"A\"", "(" MEMBERS " AND (starts_with(lower("
      DISPLAY "), lower($1::text))))) <- A" },
    { 1, "members pr", "(" MEMBERS "))" },
    { 1, "not (members eq \"17\")", "((NOT coalesce(" MEMBERS
      " AND (m.\"who\" = $1::bigint)), false))) <- 17" },
    { 1, "members.value co \"1\"", "(" MEMBERS " AND (strpos(o.\"uid\"::text,"
      " $1::text) > 0))) <- 1" },
    { 1, "members.$ref eq \"https://x/Users/17\"", "(" MEMBERS " AND"
      " (($1::text || o.\"uid\"::text) = $2::text)))"
      " <- https://x/Users/, https://x/Users/17" },
    { 0, "groups eq \"" UUID "\"", "(" GROUPS " AND (m.\"team\" = $1::uuid)))"
      " <- " UUID },
    { 0, "groups.value eq \"1\"", "(" GROUPS " AND false))" },
    { 0, "groups.display eq \"T\"", "(" GROUPS " AND (lower(nullif("
      "o.\"title\"::text, '')) = lower($1::text)))) <- T" },
    { 0, "groups.type eq \"direct\"", "(" GROUPS " AND (lower('direct'::text)"
      " = lower($1::text)))) <- direct" }
};

static void test_filters(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(filters); i++) {
        const scim_mapping_t *mapping = filters[i].is_group ? groups : users;
        const scim_filter_t *filter = NULL;
        scim_err_t *err = scim_filter_parse(&filter, filters[i].filter,
                                            mapping->type, pool);
        scim_sql_t sql;

        scim_sql_init(&sql, pool);
        sql.base_url = "https://x";
        if (!err) {
            err = scim_condition_write(&sql, mapping, filters[i].is_group
                                       ? &group_facts : &user_facts, filter);
        }
        is_str(err ? apr_pstrcat(pool, "!", err->detail, NULL)
                   : shown(&sql, pool), filters[i].condition, "%s",
               filters[i].filter);
    }
}

/* A key that is any text stands in a URL as scim_rtype_location() writes it. */
static void test_text_key(apr_pool_t *pool)
{
    scim_facts_t teams = group_facts, people = user_facts;
    const scim_filter_t *filter = NULL;
    scim_sql_t sql;

    teams.key_type = "text";
    people.others = &teams;
    scim_sql_init(&sql, pool);
    sql.base_url = "https://x";
    ok(!scim_filter_parse(&filter, "groups.$ref pr", users->type, pool)
       && !scim_condition_write(&sql, users, &people, filter),
       "a filter by the URL of a text key");
    is_str(shown(&sql, pool), "(" GROUPS " AND (" TEXT_URL " IS NOT NULL AND "
           TEXT_URL " <> '')))" " <- https://x/Groups/", "escapes it");
}

/* The evaluator picks by the same rules from what is composed. */
static void test_evaluator(apr_pool_t *pool)
{
    static const struct {
        const char *filter;
        int matches;
    } cases[] = {
        { "members eq \"17\"", 1 }, { "members.value eq \"18\"", 0 },
        { "members[value eq \"17\" and display eq \"anna\"]", 1 },
        { "members[value eq \"19\" and display eq \"anna\"]", 0 },
        { "members.type eq \"User\"", 1 }, { "members ne \"17\"", 1 },
        { "not (members eq \"17\")", 0 }, { "members pr", 1 }
    };
    static const char text[] = "{\"displayName\":\"T\",\"members\":[{\"value\":"
        "\"17\",\"type\":\"User\",\"display\":\"Anna\"},{\"value\":\"19\","
        "\"type\":\"User\"}]}";
    scim_json_t *group = NULL;
    size_t i;

    ok(!scim_json_parse(&group, text, strlen(text), pool), "a group");
    for (i = 0; i < COUNT(cases); i++) {
        const scim_filter_t *filter = NULL;

        ok(!scim_filter_parse(&filter, cases[i].filter, groups->type, pool)
           && scim_filter_matches(filter, groups->type, group, pool)
              == cases[i].matches, "evaluated: %s", cases[i].filter);
    }
}

/* Statements */

#define TOKENS "\"scim\".\"tokens\" AS t"
#define WHERE_TOKEN " WHERE t.token_sha256 = $2::bytea"
#define GROUP_COLUMNS "r.\"tid\" AS id, false AS protected, NULL AS version," \
    " NULL AS extra, r.\"title\" AS v0, r.\"ext\" AS v1, r.\"rev\" AS counter"
#define LIVE " WHERE r.\"firm\" = t.tenant::text AND NOT r.\"gone\" AND" \
    " r.\"tid\" = $1::uuid"
#define RELATED(alias) ", (SELECT json_agg(json_build_object('value'," \
    " o.\"uid\"::text, 'display', " DISPLAY ") ORDER BY o.\"uid\") FROM" \
    " \"crm\".\"in\" AS m JOIN \"crm\".\"users\" AS o ON o.\"uid\" =" \
    " m.\"who\" WHERE o.\"org\" = t.tenant::bigint AND o.\"gone_at\" IS NULL" \
    " AND m.\"team\" = " alias ".\"id\") AS related"

static void test_get(apr_pool_t *pool)
{
    scim_sql_t sql;

    scim_sql_init(&sql, pool);
    scim_sql_get(&sql, groups, &group_facts, &asker, UUID, 0);
    is_str(shown(&sql, pool), "SELECT t.token_id, t.tenant, t.actor, NULL AS"
           " how, r.* FROM " TOKENS " LEFT JOIN LATERAL (SELECT " GROUP_COLUMNS
           " FROM \"crm\".\"teams\" AS r" LIVE ") AS r ON true" WHERE_TOKEN
           " <- " UUID ", \\x00ff", "a group whose members are not shown");
    scim_sql_init(&sql, pool);
    sql.with_related = 1;
    scim_sql_get(&sql, groups, &group_facts, &asker, UUID, 0);
    is_str(shown(&sql, pool), "SELECT t.token_id, t.tenant, t.actor, NULL AS"
           " how, r.*" RELATED("r") " FROM " TOKENS " LEFT JOIN LATERAL"
           " (SELECT " GROUP_COLUMNS " FROM \"crm\".\"teams\" AS r" LIVE ") AS"
           " r ON true" WHERE_TOKEN " <- " UUID ", \\x00ff",
           "a group with its members");
}

static apr_array_header_t *keys(const char *words, apr_pool_t *pool)
{
    apr_array_header_t *array = apr_array_make(pool, 2, sizeof(char *));
    char *rest = apr_pstrdup(pool, words), *state, *word;

    for (word = apr_strtok(rest, " ", &state); word;
         word = apr_strtok(NULL, " ", &state)) {
        APR_ARRAY_PUSH(array, const char *) = word;
    }
    return array;
}

#define NAMED "o.\"org\" = t.tenant::bigint AND o.\"gone_at\" IS NULL AND" \
    " o.\"uid\" = ANY ($%d::bigint[])"

static void test_look(apr_pool_t *pool)
{
    scim_sql_t sql;

    scim_sql_init(&sql, pool);
    scim_related_look(&sql, groups, &group_facts, &asker, UUID,
                      keys("17 18", pool), 0);
    is_str(shown(&sql, pool), "SELECT t.token_id, t.tenant, t.actor, x.* FROM "
           TOKENS " LEFT JOIN LATERAL (SELECT * FROM (SELECT o.\"uid\" AS id,"
           " coalesce((SELECT true FROM \"crm\".\"in\" AS m WHERE m.\"team\" ="
           " $1::uuid AND m.\"who\" = o.\"uid\" LIMIT 1), false) AS is_member,"
           " " DISPLAY " AS display FROM \"crm\".\"users\" AS o WHERE"
           " o.\"org\" = t.tenant::bigint AND o.\"gone_at\" IS NULL AND"
           " o.\"uid\" = ANY ($2::bigint[]) FOR KEY SHARE) AS named) AS x ON"
           " true WHERE t.token_sha256 = $3::bytea <- " UUID
           ", {\"17\",\"18\"}, \\x00ff", "who is named");
    scim_sql_init(&sql, pool);
    scim_related_look(&sql, groups, &group_facts, &asker, NULL,
                      keys("a\"b\\c", pool), 1);
    ok(strstr(shown(&sql, pool), "AS id, false AS is_member"),
       "nobody is a member of what is not there yet");
    ok(!strstr(shown(&sql, pool), "UNION"), "nor is anybody looked for");
    ok(strstr(shown(&sql, pool), "<- {\"a\\\"b\\\\c\"}, "),
       "keys of text are quoted");
    scim_sql_init(&sql, pool);
    scim_related_look(&sql, groups, &group_facts, &asker, UUID,
                      keys("17", pool), 1);
    ok(strstr(shown(&sql, pool), " AS named UNION ALL SELECT o.\"uid\", true"
              " AS is_member, " DISPLAY " AS display FROM \"crm\".\"in\" AS m"
              " JOIN "), "all members too");
}

static scim_state_t *state(const char *text, apr_pool_t *pool)
{
    scim_json_t *value = NULL;

    if (scim_json_parse(&value, text, strlen(text), pool)) {
        printf("Bail out! the test has a document that cannot be read\n");
    }
    return scim_row_split(groups, value, pool);
}

#define WITH_TOKEN "WITH t AS MATERIALIZED (SELECT token_id, tenant, actor" \
    " FROM \"scim\".\"tokens\" WHERE token_sha256 = $1::bytea)"
#define EVENT(n, m, c) ", event AS (INSERT INTO scim.events (tenant, actor," \
    " token_id, request_id, operation, resource_type, resource_id, changes," \
    " client," \
    " outcome) SELECT t.tenant, t.actor, t.token_id, $" n "::text, $" m \
    "::text, $" c "::text, s.id::text, "
#define GONE(n) ", gone AS (DELETE FROM \"crm\".\"in\" AS m USING changed AS" \
    " s WHERE m.\"team\" = s.id AND m.\"who\" = ANY ($" n "::bigint[])" \
    " RETURNING m.\"who\" AS id)"
#define COME(source, n) ", come AS (INSERT INTO \"crm\".\"in\" AS m" \
    " (\"team\", \"who\") SELECT s.id, o.\"uid\" FROM t, " source " AS s," \
    " \"crm\".\"users\" AS o WHERE o.\"org\" = t.tenant::bigint AND" \
    " o.\"gone_at\" IS NULL AND o.\"uid\" = ANY ($" n "::bigint[]) ON" \
    " CONFLICT DO NOTHING RETURNING m.\"who\" AS id)"

static void test_change(apr_pool_t *pool)
{
    scim_state_t *one = state("{\"displayName\":\"A\"}", pool);
    scim_state_t *two = state("{\"displayName\":\"B\"}", pool);
    scim_change_t change = { "patch", "{}", NULL, NULL };
    scim_sql_t sql;

    change.added = keys("17", pool);
    change.removed = keys("18 19", pool);
    scim_sql_init(&sql, pool);
    scim_sql_update(&sql, groups, &group_facts, &asker, UUID, one, one,
                    SCIM_UPDATE_LIVE, NULL, &change);
    is_str(shown(&sql, pool), WITH_TOKEN ", changed AS (SELECT " GROUP_COLUMNS
           " FROM \"crm\".\"teams\" AS r WHERE r.\"firm\""
           " = (SELECT t.tenant FROM t)::text"
           " AND r.\"tid\" = $2::uuid AND NOT r.\"gone\")" GONE("3")
           COME("changed", "4") EVENT("5", "6", "7") "$8::jsonb ||"
           " jsonb_build_object('members', jsonb_strip_nulls("
           "jsonb_build_object('added', (SELECT jsonb_agg(id::text ORDER BY"
           " id) FROM come), 'removed', (SELECT jsonb_agg(id::text ORDER BY"
           " id) FROM gone)))), $9::text, 'applied' FROM t, changed AS s WHERE"
           " EXISTS"
           " (SELECT FROM come) OR EXISTS (SELECT FROM gone)) SELECT"
           " t.token_id, t.tenant, t.actor, NULL AS how, changed.* FROM t LEFT"
           " JOIN changed ON true <- \\x00ff, " UUID ", {\"18\",\"19\"},"
           " {\"17\"}, request-1, patch, Group, {}, 192.0.2.1",
           "members alone");
    groups->redacted[groups->type->related->index] = 1;
    scim_sql_init(&sql, pool);
    scim_sql_update(&sql, groups, &group_facts, &asker, UUID, one, one,
                    SCIM_UPDATE_LIVE, NULL, &change);
    ok(strstr(shown(&sql, pool), "'added', (SELECT true FROM come LIMIT 1),"
              " 'removed', (SELECT true FROM gone LIMIT 1)"),
       "members that are redacted");
    groups->redacted[groups->type->related->index] = 0;
    change.removed = NULL;
    scim_sql_init(&sql, pool);
    scim_sql_update(&sql, groups, &group_facts, &asker, UUID, one, two,
                    SCIM_UPDATE_LIVE, "v1", &change);
    ok(strstr(shown(&sql, pool), ", changed AS (UPDATE \"crm\".\"teams\" AS r"
              " SET \"title\" = $2::text WHERE "), "the name as well");
    ok(!strstr(shown(&sql, pool), "gone AS"), "nobody goes");
    ok(strstr(shown(&sql, pool), " FROM t, changed AS s WHERE s.written <>"
              " $10::text OR EXISTS (SELECT FROM come)) SELECT"),
       "the event is there for the name's sake as well");
    scim_sql_init(&sql, pool);
    scim_sql_create(&sql, groups, &group_facts, &asker, one, &change);
    ok(strstr(shown(&sql, pool), COME("made", "4")), "a new group's members");
    ok(!strstr(shown(&sql, pool), "'t' AS how"),
       "a deleted group does not come back");
}

/* A mapping without externalId: nothing can stand in the way. */
static void test_nothing_met(apr_pool_t *pool)
{
    scim_mapping_t *bare = scim_mapping_make(scim_builtin_group(pool), pool);
    scim_change_t change = { "create", "{}", NULL, NULL };
    scim_state_t *state;
    scim_sql_t sql;

    must(scim_mapping_set_table(bare, "teams", pool));
    bare->tokens = groups->tokens;
    bare->key = "tid";
    bare->tenant = "firm";
    bare->version = "rev";
    must(scim_mapping_set_members(bare, "in", "team", "who", pool));
    must(scim_mapping_add(bare, "displayName", "title", NULL, pool));
    must(scim_mapping_finish(bare, pool));
    state = scim_row_split(bare, scim_json_make(SCIM_JSON_OBJECT, pool), pool);
    scim_sql_init(&sql, pool);
    scim_sql_create(&sql, bare, &group_facts, &asker, state, &change);
    ok(strstr(shown(&sql, pool), " met AS MATERIALIZED (SELECT NULL AS how,"),
       "what is met has the columns of a row");
    ok(strstr(shown(&sql, pool), " FROM \"teams\" AS r WHERE false)"),
       "and no rows");
}

/* Configuration */

static void test_mapping(apr_pool_t *pool)
{
    scim_mapping_t *mapping = scim_mapping_make(scim_builtin_group(pool), pool);

    is_str(scim_mapping_set_members(users, "m", "a", "b", pool),
           "only groups have members", "a user has no members");
    is_str(scim_mapping_set_members(mapping, "a.b.c", "a", "b", pool),
           "\"a.b.c\" is not the name of a table; give TABLE or SCHEMA.TABLE",
           "no table");
    is_str(scim_mapping_set_members(mapping, "m", "a", "a", pool),
           "the columns with the group and the user must be two",
           "one column for both");
    is_str(scim_mapping_add(mapping, "members", "x", NULL, pool),
           "\"members\" stands in a table of its own, which ScimMembers names",
           "members have no column");
    mapping->table = "x";
    mapping->key = "id";
    mapping->tenant = "org";
    is_str(scim_mapping_finish(mapping, pool),
           "has no ScimAttribute displayName", "a group has a name");
    must(scim_mapping_add(mapping, "displayName", "title", NULL, pool));
    is_str(scim_mapping_finish(mapping, pool), "has no ScimMembers; name the"
           " table of members, its column with the group and its column with"
           " the user", "and members");
    must(scim_mapping_set_members(mapping, "m", "a", "b", pool));
    is_str(scim_mapping_finish(mapping, pool), "has no ScimVersion; name the"
           " counter that a trigger raises with every change of the members",
           "and a version");
    mapping->version = "rev";
    mapping->protect = "true";
    is_str(scim_mapping_finish(mapping, pool),
           "has ScimProtect, which is for accounts", "and no protection");
    mapping->protect = NULL;
    is_str(scim_mapping_finish(mapping, pool), NULL, "then it is complete");
    ok(mapping->stored[mapping->type->related->index], "members are kept");
    ok(users->stored[users->type->related->index],
       "and groups of a user, where there are groups");
    ok(!scim_mapping_is_extra(users, users->type->related),
       "but not in the JSONB column");
}

/* How they look */

static void test_render(apr_pool_t *pool)
{
    static const char *const values[] = { "Team", NULL };
    static const struct {
        const char *related, *want;
    } cases[] = {
        { NULL, "{\"id\":\"g\",\"displayName\":\"Team\"" },
        { "[]", "{\"id\":\"g\",\"displayName\":\"Team\"" },
        { "[{\"value\" : \"17\", \"display\" : \"A \\\"B\\\"\"}, {\"value\" :"
          " \"a/\\\\b\", \"display\" : null}]",
          "{\"id\":\"g\",\"displayName\":\"Team\",\"members\":[{\"value\":"
          "\"17\",\"$ref\":\"https://x/Users/17\",\"type\":\"User\","
          "\"display\":\"A \\\"B\\\"\"},{\"value\":\"a/\\\\b\",\"$ref\":"
          "\"https://x/Users/a%2f%5cb\",\"type\":\"User\"}]" }
    };
    unsigned char *shown = apr_palloc(pool, groups->type->nattrs);
    scim_render_t render;
    size_t i;

    memset(shown, 1, groups->type->nattrs);
    scim_render_init(&render, groups, shown, "https://x", pool);
    for (i = 0; i < COUNT(cases); i++) {
        scim_row_t row = { .id = "g", .values = values,
                           .related = cases[i].related };
        scim_buf_t buf;

        scim_buf_init(&buf, 256, pool);
        scim_render_resource(&buf, &render, &row);
        is_str(apr_pstrmemdup(pool, buf.data,
                              strstr(buf.data, ",\"schemas\"") - buf.data),
               cases[i].want, "members: %s",
               cases[i].related ? cases[i].related : "none");
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    make_mappings(pool);
    test_filters(pool);
    test_text_key(pool);
    test_evaluator(pool);
    test_get(pool);
    test_look(pool);
    test_change(pool);
    test_nothing_met(pool);
    test_mapping(pool);
    test_render(pool);
    apr_terminate();
    return done_testing();
}
