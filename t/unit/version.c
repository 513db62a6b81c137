/* Versions of rows: what makes another one, and what does not. */
#include "schema/builtin.h"
#include "store/version.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <ctype.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define ENT  SCIM_URN_ENTERPRISE
#define WORK "emails[type eq \\\"work\\\"]"     /* as a name in JSON */
#define OWN  "urn:x:own"
#define KNOWN "517a3107242f6978671f0fdb05a86133"          /* of the usual row */

/* The columns, in this order; the last is of a schema of our own. */
enum { NAME, EXT, MAIL, ACTIVE, GIVEN, FAMILY, MADE, MOVED, SINCE, COLUMNS };

static const char *const targets[COLUMNS] = {
    "userName", "externalId", "emails[type eq \"work\"].value", "active",
    "name.givenName", "name.familyName", "meta.created", "meta.lastModified",
    OWN ":since"
};

/* A User with attributes that are not for everybody. */
static const scim_attr_t secret_subs[] = {
    { .name = "value" },
    { .name = "pin", .returned = SCIM_RETURNED_NEVER }
};
static const scim_attr_t own_attrs[] = {
    { .name = "since", .type = SCIM_TYPE_DATETIME },
    { .name = "hidden", .returned = SCIM_RETURNED_NEVER },
    { .name = "keys", .type = SCIM_TYPE_COMPLEX, .multi = 1,
      .subs = secret_subs, .nsubs = 2 },
    { .name = "asked", .returned = SCIM_RETURNED_REQUEST }
};
static const scim_schema_t own = {
    .urn = OWN, .name = "Own", .description = "Own", .attrs = own_attrs,
    .nattrs = 4
};

static const scim_rtype_t *make_type(apr_pool_t *pool)
{
    const scim_rtype_t *user = scim_builtin_user(pool);
    const scim_schema_t *schemas[] = {
        user->schemas[0], user->schemas[1], &own
    };

    return scim_rtype_make("User", "Users", "User", schemas, 3, pool);
}

static scim_mapping_t *make_mapping(apr_pool_t *pool)
{
    scim_mapping_t *mapping = scim_mapping_make(make_type(pool), pool);
    const char *wrong;
    int i;

    scim_mapping_set_table(mapping, "users", pool);
    mapping->key = "id";
    mapping->tenant = "org";
    mapping->extra = "extra";
    for (i = 0; i < COLUMNS; i++) {
        wrong = scim_mapping_add(mapping, targets[i],
                                 apr_psprintf(pool, "c%d", i), NULL, pool);
        if (wrong) {
            printf("Bail out! %s\n", wrong);
        }
    }
    if ((wrong = scim_mapping_finish(mapping, pool))) {
        printf("Bail out! %s\n", wrong);
    }
    /* a definition may be so, whatever the mapping would say to it */
    memset(mapping->stored, 1, mapping->type->nattrs);
    mapping->stored[scim_rtype_attr(mapping->type, NULL, "groups")->index] = 0;
    return mapping;
}

typedef struct state_t {
    const char *values[COLUMNS];
    const char *extra;
} state_t;

static const state_t usual = {
    { "joy", "e", "w@x", "t", "Joy", "Ray", "2026-01-31 12:00:00+00",
      "2026-01-31 12:00:00+00", "2026-01-01 00:00:00+00" },
    "{\"title\": \"T\", \"" WORK "\": {\"primary\": true}, \"" ENT "\": "
    "{\"division\": \"D\"}}"
};

static const struct {
    const char *what;
    int same;           /* as the usual one */
    const char *values[COLUMNS];
} states[] = {
    { "another userName", 0, { "ray", "e", "w@x", "t", "Joy", "Ray" } },
    { "other times", 1, { "joy", "e", "w@x", "t", "Joy", "Ray",
      "2025-01-31 12:00:00+00", "2027-01-31 12:00:00+00",
      "2026-01-01 00:00:00+00" } },
    { "the same instant of another time zone", 1, { "joy", "e", "w@x", "t",
      "Joy", "Ray", NULL, NULL, "2026-01-01 05:30:00+05:30" } },
    { "another instant", 0, { "joy", "e", "w@x", "t", "Joy", "Ray", NULL,
      NULL, "2026-01-01 00:00:01+00" } },
    { "text shifted to the next column", 0, { "joy", "e", "w@x", "t",
      "JoyR", "ay", NULL, NULL, "2026-01-01 00:00:00+00" } },
    { "an empty text for one that is not there", 0, { "joy", "e", "w@x",
      "t", "Joy", "", NULL, NULL, "2026-01-01 00:00:00+00" } },
    { "a NULL", 0, { "joy", "e", "w@x", "t", "Joy", NULL, NULL, NULL,
      "2026-01-01 00:00:00+00" } },
    { "inactive", 0, { "joy", "e", "w@x", "f", "Joy", "Ray", NULL, NULL,
      "2026-01-01 00:00:00+00" } }
};

static const char *const first_of_two[COLUMNS] = {
    [NAME] = "joy", [GIVEN] = "Ray"
};
static const char *const second_of_two[COLUMNS] = {
    [NAME] = "joy", [FAMILY] = "Ray"
};

/* Documents beside the usual columns. */
static const struct {
    const char *what;
    int same;
    const char *extra;
} documents[] = {
    { "another extra attribute", 0, "{\"title\": \"U\", \"" WORK "\": "
      "{\"primary\": true}, \"" ENT "\": {\"division\": \"D\"}}" },
    { "one extra attribute less", 0, "{\"" WORK "\": {\"primary\": true}, \""
      ENT "\": {\"division\": \"D\"}}" },
    { "one extra attribute more", 0, "{\"title\": \"T\", \"nickName\": \"N\","
      " \"" WORK "\": {\"primary\": true}, \"" ENT "\": {\"division\": "
      "\"D\"}}" },
    { "another part of a mapped element", 0, "{\"title\": \"T\", \"" WORK
      "\": {\"primary\": false}, \"" ENT "\": {\"division\": \"D\"}}" },
    { "another attribute of an extension", 0, "{\"title\": \"T\", \"" WORK
      "\": {\"primary\": true}, \"" ENT "\": {\"division\": \"E\"}}" },
    { "the same value under another name", 0, "{\"nickName\": \"T\", \"" WORK
      "\": {\"primary\": true}, \"" ENT "\": {\"division\": \"D\"}}" },
    { "what is shown on request", 0, "{\"title\": \"T\", \"" WORK "\": "
      "{\"primary\": true}, \"" ENT "\": {\"division\": \"D\"}, \"" OWN
      "\": {\"asked\": \"A\"}}" },
    { "what is never shown", 1, "{\"title\": \"T\", \"password\": \"p\", \""
      WORK "\": {\"primary\": true}, \"" ENT "\": {\"division\": \"D\"}}" },
    { "what is not kept", 1, "{\"title\": \"T\", \"groups\": "
      "[{\"value\": \"g\"}], \"" WORK "\": {\"primary\": true}, \"" ENT
      "\": {\"division\": \"D\"}}" },
    { "what the application keeps there of its own", 1, "{\"shoe\": 44, "
      "\"title\": \"T\", \"" WORK "\": {\"primary\": true}, \"" ENT "\": "
      "{\"division\": \"D\", \"hat\": 7}}" }
};

/* Pairs of documents that differ in their elements. */
static const struct {
    const char *what;
    int same;
    const char *one, *other;
} pairs[] = {
    { "another value in an element", 0, "{\"" OWN "\": {\"keys\": "
      "[{\"value\": \"a\"}]}}", "{\"" OWN "\": {\"keys\": [{\"value\": "
      "\"b\"}]}}" },
    { "two elements of one", 0, "{\"ims\": [{\"value\": \"a\", \"type\": "
      "\"b\"}]}", "{\"ims\": [{\"value\": \"a\"}, {\"type\": \"b\"}]}" },
    { "a part that is never shown", 1, "{\"" OWN "\": {\"hidden\": \"1\", "
      "\"keys\": [{\"pin\": \"1\", \"value\": \"a\"}]}}", "{\"" OWN
      "\": {\"hidden\": \"2\", \"keys\": [{\"pin\": \"2\", \"value\": "
      "\"a\"}]}}" },
    { "an extension's attribute beside the core's", 0, "{\"title\": \"T\", "
      "\"" ENT "\": {\"division\": \"D\"}}", "{\"" ENT "\": {\"division\": "
      "\"D\", \"title\": \"T\"}}" },
    { "no document and an empty one", 1, NULL, "{}" }
};

static const char *version(const scim_mapping_t *mapping, const char *id,
                           const char *const *values, const char *extra,
                           apr_pool_t *pool)
{
    scim_row_t row = { id, values, extra, 0 };

    return scim_row_version(mapping, &row, pool);
}

static void test_form(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    const char *mine = version(mapping, "17", usual.values, usual.extra,
                               pool);
    size_t i, digits = 0;

    for (i = 3; mine[i] && isxdigit((unsigned char)mine[i]); i++) {
        digits++;
    }
    ok(strncmp(mine, "W/\"", 3) == 0 && digits == 32
       && strcmp(mine + 3 + digits, "\"") == 0, "a weak tag: %s", mine);
    is_str(version(mapping, "18", usual.values, usual.extra, pool), mine,
           "the key is not in it");
    is_str(mine, "W/\"" KNOWN "\"", "the same on every host");
}

/* What is shown of others has a part of its own, behind the resource's. */
static void test_related(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    scim_row_t row = { "17", usual.values, usual.extra, 0 };
    const char *one, *other;

    row.related = "[{\"value\" : \"1\", \"display\" : \"A\"}]";
    one = scim_row_version(mapping, &row, pool);
    row.related = "[{\"value\" : \"1\", \"display\" : \"B\"}]";
    other = scim_row_version(mapping, &row, pool);
    ok(strncmp(one, "W/\"" KNOWN ".", 36) == 0 && strlen(one) == 53,
       "the resource's own part is the same: %s", one);
    ok(strncmp(one, other, 36) == 0 && strcmp(one, other) != 0,
       "the other differs with the name of another: %s", other);
}

static void test_changes(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    const char *mine = version(mapping, "17", usual.values, usual.extra,
                               pool), *other;
    size_t i;

    for (i = 0; i < COUNT(states); i++) {
        other = version(mapping, "17", states[i].values, usual.extra,
                        pool);
        is_int(strcmp(mine, other) == 0, states[i].same, "%s",
               states[i].what);
    }
    is_int(strcmp(version(mapping, "17", first_of_two, "{}", pool),
                  version(mapping, "17", second_of_two, "{}", pool)) == 0, 0,
           "a text in the one column or in the next");
    for (i = 0; i < COUNT(documents); i++) {
        other = version(mapping, "17", usual.values, documents[i].extra,
                        pool);
        is_int(strcmp(mine, other) == 0, documents[i].same, "%s",
               documents[i].what);
    }
    for (i = 0; i < COUNT(pairs); i++) {
        mine = version(mapping, "17", usual.values, pairs[i].one, pool);
        other = version(mapping, "17", usual.values, pairs[i].other, pool);
        is_int(strcmp(mine, other) == 0, pairs[i].same, "%s", pairs[i].what);
    }
}

int main(void)
{
    const scim_mapping_t *mapping;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    mapping = make_mapping(pool);
    test_form(mapping, pool);
    test_related(mapping, pool);
    test_changes(mapping, pool);
    apr_terminate();
    return done_testing();
}
