#include "ctl/commands.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "ctl/http.h"
#include "ctl/trial.h"

#define URN_USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define URN_PATCH "urn:ietf:params:scim:api:messages:2.0:PatchOp"

/* Slower than this, an initial cycle of a large directory takes days. */
#define SLOW 2000

/* The one user of a life. */
typedef struct person_t {
    const char *user_name;      /* has capitals and an underscore */
    const char *like_name;      /* what "_" as a wildcard would find */
    const char *external_id;
    const char *email;
    const char *id;             /* NULL: not there (any more) */
} person_t;

/* How a client changes a user: requests of the same meaning. */
typedef struct dialect_t {
    const char *name;
    const char *rename_given;   /* PATCH bodies; %s: the new value */
    const char *rename_user;
    const char *disable;
    const char *enable;
    const char *disable_hint;
} dialect_t;

#define PATCH(ops) "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[" ops "]}"
#define LEGACY(op, path, value) \
    "{\"op\":\"" op "\",\"path\":\"" path "\",\"value\":" value "}"
#define BARE(value) "{\"op\":\"replace\",\"value\":{" value "}}"

static const dialect_t dialects[] = {
    { "Entra (legacy)",
      PATCH(LEGACY("Add", "name.givenName", "\"%s\"")),
      PATCH(LEGACY("Replace", "userName", "\"%s\"")),
      PATCH(LEGACY("Replace", "active", "\"False\"")),
      PATCH(LEGACY("Add", "active", "\"True\"")),
      "\"False\", a string, has to mean false; many languages convert it to "
      "true" },
    { "Entra (aadOptscim062020)",
      PATCH(BARE("\"displayName\":\"Probe\",\"name.givenName\":\"%s\"")),
      PATCH(LEGACY("replace", "userName", "\"%s\"")),
      PATCH(LEGACY("replace", "active", "false")),
      PATCH(LEGACY("replace", "active", "true")),
      "it was sent with path \"active\" and the value false" },
    { "Okta",
      PATCH(BARE("\"name\":{\"givenName\":\"%s\"}")),
      PATCH(BARE("\"userName\":\"%s\"")),
      PATCH(BARE("\"active\":false")),
      PATCH(BARE("\"active\":true")),
      "it was sent without path, as {\"active\":false}" }
};

#define EXPECT(trial, met, who, name, ...) \
    scim_trial_expect(trial, met, who, name, __VA_ARGS__)

static const char *random_hex(int bytes, apr_pool_t *pool)
{
    unsigned char data[16];

    if (apr_generate_random_bytes(data, sizeof(data)) != APR_SUCCESS) {
        memset(data, 0, sizeof(data));
    }
    return scim_hex(data, bytes, pool);
}

static const char *random_guid(apr_pool_t *pool)
{
    const char *hex = random_hex(16, pool);

    return apr_psprintf(pool, "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8,
                        hex + 13, hex + 17, hex + 20);
}

/* GET /Users?filter=...; the number of hits, -1 when it was no list. */
static int look_up(scim_trial_t *trial, const char *format, const char *value)
{
    const char *filter = apr_psprintf(trial->pool, "%s eq \"%s\"", format,
                                      value);

    if (!scim_trial_send(trial, "GET", apr_pstrcat(trial->pool,
            "/Users?filter=", scim_trial_encode(filter, trial->pool), NULL),
            NULL, 0)) {
        return -1;
    }
    return scim_trial_total(trial);
}

static int is_done(const scim_trial_t *trial)
{
    return trial->answer.status == 200 || trial->answer.status == 204;
}

/* What a good answer is, and a bad one */

static void expect_empty(scim_trial_t *trial, int total, const char *who,
                         const char *name)
{
    if (!trial->usable) {
        return;
    }
    if (trial->answer.status == 404) {
        EXPECT(trial, 0, who, name, "no match was answered 404; it has to be "
               "200 with a list that has totalResults 0, or the connection "
               "test fails");
        return;
    }
    EXPECT(trial, total == 0, who, name, total > 0
           ? "the filter matches nobody, but the answer has %d resources; a "
             "filter that is not evaluated hands out strangers' accounts"
           : "the answer is not a ListResponse with totalResults 0 (%d)",
           total);
}

/* Whether a look-up found the one user that it should. @a why: what follows
 * when it does not. */
static int expect_found(scim_trial_t *trial, int total, const char *who,
                        const char *name, const char *why)
{
    return trial->usable
        && (total < 0
            ? EXPECT(trial, 0, who, name, "the status is %ld, and the answer "
                     "is not a list", trial->answer.status)
            : EXPECT(trial, total == 1, who, name, "%d users are found: %s",
                     total, why));
}

static void expect_error(scim_trial_t *trial, int status, const char *who,
                         const char *name)
{
    const char *said = scim_trial_text(trial, "status");

    if (!EXPECT(trial, trial->answer.status == status, who, name,
                "the status is %ld and not %d", trial->answer.status,
                status)) {
        return;
    }
    if (!trial->json) {
        EXPECT(trial, 0, who, "errors say why", "the error has no JSON body "
               "with \"detail\", so the administrator reads no reason");
        return;
    }
    EXPECT(trial, atoi(said) == status && *scim_trial_text(trial, "detail"),
           who, "errors say why", "the error lacks \"status\" or \"detail\"; "
           "the administrator reads the detail in the provider's log");
}

/* Connections */

static void try_tokens(scim_trial_t *trial)
{
    int how[] = { SCIM_HTTP_NO_TOKEN, SCIM_HTTP_WRONG_TOKEN }, i;

    trial->part = "security";
    for (i = 0; i < 2; i++) {
        const char *name = i ? "a wrong token is refused"
                             : "no token is refused";

        if (!scim_trial_send(trial, "GET", "/Users?count=1", NULL, how[i])) {
            continue;
        }
        EXPECT(trial, trial->answer.status == 401, "everybody", name,
               trial->answer.status == 200
               ? "users are shown to anybody who asks (%ld)"
               : "the status is %ld and not 401", trial->answer.status);
    }
    if (trial->answer.status == 401) {
        EXPECT(trial, strncasecmp(trial->answer.authenticate, "Bearer", 6)
               == 0, "Okta", "401 says Bearer", "401 comes without "
               "\"WWW-Authenticate: Bearer\"");
    }
}

/* Whether there is any use in going on. */
static int try_connection(scim_trial_t *trial)
{
    int total;

    trial->part = "connection test";
    total = look_up(trial, "userName", random_guid(trial->pool));
    if (trial->answer.status == 401 || trial->answer.status == 403) {
        EXPECT(trial, 0, "everybody", "the token is accepted", "the token is "
               "refused; it may not be whole, or have expired, or access "
               "may be switched off");
        return 0;
    }
    expect_empty(trial, total, "Entra", "an unknown userName: empty list");
    if (!trial->usable) {
        return 0;
    }
    EXPECT(trial, trial->answer.milliseconds < SLOW, "Entra",
           "a look-up is quick", "one look-up took %d ms; a cycle needs one "
           "for each user", trial->answer.milliseconds);
    expect_empty(trial, look_up(trial, "externalId",
                                random_guid(trial->pool)), "Entra",
                 "an unknown externalId: empty list");
    return 1;
}

static void try_urls(scim_trial_t *trial)
{
    const char *guid = random_guid(trial->pool);
    const char *tail = apr_psprintf(trial->pool,
                                    "userName+eq+%%22%s%%22", guid);

    trial->part = "URLs";
    if (scim_trial_send(trial, "GET", apr_pstrcat(trial->pool,
            "/Users?aadOptscim062020&filter=", tail, NULL), NULL, 0)) {
        expect_empty(trial, scim_trial_total(trial), "Entra",
                     "the flag aadOptscim062020 is passed over");
    }
    if (scim_trial_send(trial, "GET", apr_pstrcat(trial->pool,
            "//Users?filter=", tail, NULL), NULL, SCIM_HTTP_BARE)) {
        expect_empty(trial, scim_trial_total(trial), "Entra",
                     "//Users, without User-Agent and Accept");
    }
    if (scim_trial_send(trial, "GET", apr_psprintf(trial->pool,
            "/Users?filter=userName%%20EQ%%20%%22%s%%22", guid), NULL, 0)) {
        expect_empty(trial, scim_trial_total(trial), "everybody",
                     "operators in capitals, blanks as %20");
    }
    if (scim_trial_send(trial, "GET", apr_pstrcat(trial->pool, "/Users/",
            guid, NULL), NULL, 0)) {
        expect_error(trial, 404, "everybody", "an unknown id: 404");
    }
}

static void try_filters(scim_trial_t *trial)
{
    trial->part = "filters";
    if (scim_trial_send(trial, "GET", "/Users?filter=userName+eq", NULL, 0)) {
        expect_error(trial, 400, "everybody", "half a filter: 400");
    }
    if (look_up(trial, "noSuchAttribute", "x") > 0) {
        EXPECT(trial, 0, "everybody", "a filter on an unknown attribute",
               "the filter was passed over and everybody is in the answer");
    }
    else if (trial->usable) {
        EXPECT(trial, trial->answer.status == 400, "everybody",
               "a filter on an unknown attribute", "the status is %ld and "
               "not 400: the client takes it that there is no such user, and "
               "creates another one", trial->answer.status);
    }
}

static void try_lists(scim_trial_t *trial)
{
    const scim_json_t *list;

    trial->part = "lists";
    if (scim_trial_send(trial, "GET", "/Users?startIndex=1&count=2", NULL,
                        0)) {
        list = trial->json ? scim_json_find(trial->json, "Resources") : NULL;
        EXPECT(trial, scim_trial_total(trial) >= 0
               && (list ? scim_json_count(list) : 0) <= 2, "Okta",
               "a page of two", "the answer is not a list of at most two "
               "users, though count=2; imports page through all users");
    }
    if (scim_trial_send(trial, "GET", "/Groups?excludedAttributes=members&"
                        "filter=displayName+eq+%22scimctl-probe%22", NULL,
                        0)) {
        expect_empty(trial, scim_trial_total(trial), "Entra",
                     "an unknown group: empty list");
    }
    if (scim_trial_send(trial, "GET", "/Groups?startIndex=1&count=100", NULL,
                        0)) {
        EXPECT(trial, scim_trial_total(trial) >= 0, "Okta",
               "groups can be listed", "the answer is not a list; it may be "
               "empty where groups are not kept");
    }
}

static void try_discovery(scim_trial_t *trial)
{
    static const char *const paths[] = { "/ServiceProviderConfig",
                                         "/ResourceTypes", "/Schemas" };
    int i;

    trial->part = "discovery";
    for (i = 0; i < 3; i++) {
        if (!scim_trial_send(trial, "GET", paths[i], NULL, 0)
            || !EXPECT(trial, trial->answer.status == 200, "OneLogin",
                       paths[i], "the status is %ld and not 200",
                       trial->answer.status) || i) {
            continue;
        }
        EXPECT(trial, strcmp(scim_trial_text(trial, "patch.supported"),
                             "true") == 0, "Entra", "PATCH is announced",
               "patch.supported is not true; Entra changes users by PATCH "
               "only");
    }
}

/* A life */

static person_t *make_person(const char *domain, apr_pool_t *pool)
{
    person_t *person = apr_pcalloc(pool, sizeof(*person));
    const char *hex = random_hex(6, pool);

    person->user_name = apr_psprintf(pool, "Probe_%s@%s", hex, domain);
    person->like_name = apr_psprintf(pool, "Probe-%s@%s", hex, domain);
    person->email = apr_psprintf(pool, "mail.%s@%s", hex, domain);
    person->external_id = random_guid(pool);
    return person;
}

static const char *create_body(const person_t *person,
                               const dialect_t *dialect, apr_pool_t *pool)
{
    int okta = strcmp(dialect->name, "Okta") == 0;

    return apr_psprintf(pool, "{\"schemas\":[\"" URN_USER "\"%s],"
        "\"externalId\":\"%s\",\"userName\":\"%s\",\"active\":true,"
        "\"emails\":[{\"primary\":true,\"type\":\"work\",\"value\":\"%s\"}],"
        "\"name\":{\"givenName\":\"Pro\",\"familyName\":\"Be\"},%s}",
        okta ? "" : ",\"urn:ietf:params:scim:schemas:extension:enterprise:"
                    "2.0:User\"",
        person->external_id, person->user_name, person->email,
        okta ? "\"locale\":\"en-US\",\"groups\":[]"
             : "\"meta\":{\"resourceType\":\"User\"},\"roles\":[]");
}

static void judge_user(scim_trial_t *trial, const person_t *person,
                       const char *who)
{
    const scim_json_t *id = scim_json_find(trial->json, "id");
    const scim_json_t *active = scim_json_find(trial->json, "active");

    EXPECT(trial, id && id->type == SCIM_JSON_STRING && id->len, who,
           "id is a string", "\"id\" is missing or not a string");
    EXPECT(trial, strcmp(scim_trial_text(trial, "userName"),
                         person->user_name) == 0, who,
           "userName comes back as it was sent", "userName is \"%s\" and not "
           "\"%s\"; the client sends it again in every cycle",
           scim_trial_text(trial, "userName"), person->user_name);
    EXPECT(trial, strcmp(scim_trial_text(trial, "externalId"),
                         person->external_id) == 0, "Entra",
           "externalId comes back", "externalId is \"%s\" and not \"%s\": a "
           "client that matches by it never finds the user again",
           scim_trial_text(trial, "externalId"), person->external_id);
    EXPECT(trial, active && active->type == SCIM_JSON_BOOL
           && active->boolean, who, "active is true", "\"active\" is missing "
           "or not the boolean true");
}

static int create_user(scim_trial_t *trial, person_t *person,
                       const dialect_t *dialect)
{
    const char *id;

    if (!scim_trial_send(trial, "POST", "/Users",
                         create_body(person, dialect, trial->pool),
                         strcmp(dialect->name, "Okta") == 0
                         ? 0 : SCIM_HTTP_PLAIN_JSON)) {
        return 0;
    }
    if (trial->answer.status < 300 && *(id = scim_trial_text(trial, "id"))) {
        person->id = scim_trial_encode(id, trial->pool);
    }
    EXPECT(trial, trial->answer.status == 201, dialect->name,
           "a user is created", "the status is %ld and not 201",
           trial->answer.status);
    if (!person->id) {
        EXPECT(trial, trial->answer.status >= 300, dialect->name,
               "a new user has an id", "the answer has no \"id\", so the "
               "user cannot be changed any more");
        return 0;
    }
    return 1;
}

static void try_found(scim_trial_t *trial, const person_t *person,
                      const dialect_t *dialect)
{
    char *small = apr_pstrdup(trial->pool, person->user_name), *at;
    int total;

    for (at = small; *at; at++) {
        *at = (char)apr_tolower(*at);
    }
    expect_found(trial, look_up(trial, "userName", small), dialect->name,
                 "found by userName, in any case", "a client that does not "
                 "find the user creates a second one");
    total = look_up(trial, "userName", person->like_name);
    if (trial->usable) {
        EXPECT(trial, total <= 0, dialect->name, "\"_\" is no wildcard",
               "\"%s\" finds %d users, though nobody is called so: eq must "
               "not be done by LIKE; the client is handed the wrong account",
               person->like_name, total);
    }
    total = look_up(trial, "externalId", person->external_id);
    if (expect_found(trial, total, "Entra", "found by externalId", "a client "
                     "that matches by it creates a second user")
        && scim_trial_enter(trial)) {
        judge_user(trial, person, dialect->name);
    }
    expect_found(trial, look_up(trial, "emails[type eq \"work\"].value",
                                person->email),
                 "Entra, where the mail address is the matching attribute",
                 "found by emails[type eq \"work\"].value", "a client that "
                 "matches by it creates a second user");
}

static void try_twice(scim_trial_t *trial, const person_t *person,
                      const dialect_t *dialect)
{
    person_t again = *person;

    again.external_id = random_guid(trial->pool);
    if (!scim_trial_send(trial, "POST", "/Users",
                         create_body(&again, dialect, trial->pool), 0)) {
        return;
    }
    if (trial->answer.status < 300) {
        const char *id = scim_trial_encode(scim_trial_text(trial, "id"),
                                           trial->pool);

        EXPECT(trial, 0, dialect->name, "the same userName twice: 409",
               "a second user with the same userName was created");
        if (*id && strcmp(id, person->id) != 0) {
            scim_trial_send(trial, "DELETE",
                            apr_pstrcat(trial->pool, "/Users/", id, NULL),
                            NULL, 0);
        }
        return;
    }
    expect_error(trial, 409, dialect->name, "the same userName twice: 409");
}

static const char *path_of(const person_t *person, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "/Users/", person->id, NULL);
}

/* The user as it is now becomes the answer. */
static int read_user(scim_trial_t *trial, const person_t *person)
{
    const char *asked = trial->asked;
    int usable = scim_trial_send(trial, "GET", path_of(person, trial->pool),
                                 NULL, 0);

    /* the change before is what the verdict is about */
    trial->asked = apr_pstrcat(trial->pool, asked, ", then ", trial->asked,
                               NULL);
    return usable && EXPECT(trial, trial->answer.status == 200
                            && trial->json, "everybody", "read by id",
                            "the status is %ld and not 200",
                            trial->answer.status);
}

/* PATCH, then GET. */
static int change(scim_trial_t *trial, const person_t *person,
                  const dialect_t *dialect, const char *body)
{
    if (!scim_trial_send(trial, "PATCH", path_of(person, trial->pool), body,
                         0)) {
        return 0;
    }
    return EXPECT(trial, is_done(trial), dialect->name, "a PATCH is accepted",
                  "the status is %ld and not 200 or 204",
                  trial->answer.status) && read_user(trial, person);
}

static void try_changes(scim_trial_t *trial, person_t *person,
                        const dialect_t *dialect)
{
    const char *name = apr_pstrcat(trial->pool, "Re", person->user_name,
                                   NULL);

    if (change(trial, person, dialect,
               apr_psprintf(trial->pool, dialect->rename_given, "Anew"))) {
        EXPECT(trial, strcmp(scim_trial_text(trial, "name.givenName"), "Anew")
               == 0, dialect->name, "name.givenName is changed",
               "the answer was good, but name.givenName is \"%s\"",
               scim_trial_text(trial, "name.givenName"));
        EXPECT(trial, strcmp(scim_trial_text(trial, "name.familyName"), "Be")
               == 0, dialect->name, "the rest of the name stays",
               "changing the given name made the family name \"%s\"",
               scim_trial_text(trial, "name.familyName"));
    }
    if (change(trial, person, dialect,
               apr_psprintf(trial->pool, dialect->rename_user, name))
        && EXPECT(trial, strcmp(scim_trial_text(trial, "userName"), name)
                  == 0, dialect->name, "a user can be renamed", "the answer "
                  "was good, but userName is \"%s\"",
                  scim_trial_text(trial, "userName"))) {
        person->user_name = name;
    }
}

static int is_active(const scim_trial_t *trial)
{
    return strcmp(scim_trial_text(trial, "active"), "true") == 0;
}

static void try_disabling(scim_trial_t *trial, const person_t *person,
                          const dialect_t *dialect)
{
    if (change(trial, person, dialect, dialect->disable)) {
        EXPECT(trial, strcmp(scim_trial_text(trial, "active"), "false") == 0,
               dialect->name, "a leaver is deactivated", "the answer was "
               "good, but active is %s: the leaver still gets in. %s",
               scim_trial_text(trial, "active"), dialect->disable_hint);
        expect_found(trial, look_up(trial, "userName", person->user_name),
                     dialect->name, "the inactive are found", "who comes "
                     "back cannot be linked any more");
    }
    if (change(trial, person, dialect, dialect->enable)) {
        EXPECT(trial, is_active(trial), dialect->name,
               "a returner is activated", "the answer was good, but active "
               "is %s", scim_trial_text(trial, "active"));
    }
}

/* What nobody should get through with; all of it leaves the user as it was. */
static void try_refusals(scim_trial_t *trial, const person_t *person,
                         const dialect_t *dialect)
{
    static const char half[] = PATCH(
        LEGACY("replace", "name.familyName", "\"Half\"") ","
        LEGACY("replace", "active", "\"maybe\""));
    static const char nameless[] = PATCH(LEGACY("replace", "userName",
                                                "\"\""));
    const char *path = path_of(person, trial->pool);

    if (scim_trial_send(trial, "PATCH", path, half, 0)) {
        expect_error(trial, 400, dialect->name, "active \"maybe\": 400");
        if (read_user(trial, person)) {
            EXPECT(trial, strcmp(scim_trial_text(trial, "name.familyName"),
                                 "Half") != 0 && is_active(trial), "everybody",
                   "a PATCH happens whole or not at all", "the first "
                   "operation of a refused PATCH was carried out");
        }
    }
    if (scim_trial_send(trial, "PATCH", path, nameless, 0)) {
        expect_error(trial, 400, dialect->name, "an empty userName: 400");
        if (read_user(trial, person)) {
            EXPECT(trial, *scim_trial_text(trial, "userName"), "everybody",
                   "userName cannot be cleared", "the user has no userName "
                   "any more");
        }
    }
}

/* An attribute that nobody keeps must not hold up a deactivation. */
static void try_unknown(scim_trial_t *trial, const person_t *person,
                        const dialect_t *dialect)
{
    static const char body[] = PATCH(
        LEGACY("Add", "scimctlProbe", "\"x\"") ","
        LEGACY("Replace", "active", "\"False\""));

    if (!scim_trial_send(trial, "PATCH", path_of(person, trial->pool), body,
                         0)) {
        return;
    }
    if (!EXPECT(trial, is_done(trial), dialect->name,
                "an unknown attribute is passed over", "the status is %ld: "
                "one attribute in the customer's mapping that is not kept "
                "here stops the deactivation beside it for ever",
                trial->answer.status) || !read_user(trial, person)) {
        return;
    }
    EXPECT(trial, !is_active(trial), dialect->name,
           "a deactivation beside it happens", "the answer was good, but the "
           "user is still active");
}

static void try_put(scim_trial_t *trial, const person_t *person,
                    const dialect_t *dialect)
{
    const char *body;

    if (!read_user(trial, person)) {
        return;
    }
    scim_json_set(trial->json, "active",
                  scim_json_make_bool(0, trial->pool));
    body = scim_json_text(trial->json, trial->pool);
    if (scim_trial_send(trial, "PUT", path_of(person, trial->pool), body, 0)
        && EXPECT(trial, trial->answer.status == 200, dialect->name,
                  "what GET showed can be PUT", "the status is %ld and not "
                  "200", trial->answer.status)
        && read_user(trial, person)) {
        EXPECT(trial, !is_active(trial), dialect->name,
               "PUT deactivates", "the answer was good, but the user is "
               "still active");
    }
}

/* DELETE, and what has to be gone with it. @return whether it is gone */
static int try_deletion(scim_trial_t *trial, person_t *person,
                        const dialect_t *dialect)
{
    const char *path = path_of(person, trial->pool);
    int total;

    if (!scim_trial_send(trial, "DELETE", path, NULL, 0)
        || !EXPECT(trial, trial->answer.status == 204, dialect->name,
                   "a user can be deleted", "the status is %ld and not 204",
                   trial->answer.status)) {
        return 0;
    }
    person->id = NULL;
    EXPECT(trial, !trial->answer.len, dialect->name, "204 has no body",
           "204 came with a body, which confuses connections");
    if (scim_trial_send(trial, "GET", path, NULL, 0)) {
        expect_error(trial, 404, dialect->name, "the deleted: 404");
    }
    total = look_up(trial, "userName", person->user_name);
    expect_empty(trial, total, dialect->name,
                 "the deleted are not found by filter");
    if (scim_trial_send(trial, "DELETE", path, NULL, 0)) {
        EXPECT(trial, trial->answer.status == 404
               || trial->answer.status == 204, dialect->name,
               "deleting again: 404", "the status is %ld and not 404",
               trial->answer.status);
    }
    return 1;
}

static void live(scim_trial_t *trial, person_t *person,
                 const dialect_t *dialect)
{
    trial->part = dialect->name;
    if (!create_user(trial, person, dialect)) {
        return;
    }
    if (trial->json) {
        judge_user(trial, person, dialect->name);
        EXPECT(trial, *scim_trial_text(trial, "meta.location"),
               dialect->name, "meta.location is there", "the answer has no "
               "meta.location");
    }
    try_found(trial, person, dialect);
    try_twice(trial, person, dialect);
    try_changes(trial, person, dialect);
    try_refusals(trial, person, dialect);
    try_disabling(trial, person, dialect);
    if (strcmp(dialect->name, "Okta") == 0) {
        try_put(trial, person, dialect);
    }
    else {
        try_unknown(trial, person, dialect);
    }
    /* somebody who was deleted is hired again, under the same names */
    if (try_deletion(trial, person, dialect)
        && create_user(trial, person, dialect)) {
        try_deletion(trial, person, dialect);
    }
}

/* Nobody stays behind, whatever went wrong; who cannot be deleted is at
 * least locked out. */
static void clean_up(scim_trial_t *trial, const person_t *person)
{
    int bad = trial->bad, run = trial->run;

    if (!person->id) {
        return;
    }
    trial->part = "cleaning up";
    scim_trial_send(trial, "DELETE", path_of(person, trial->pool), NULL, 0);
    if (trial->answer.status == 204 || trial->answer.status == 404) {
        trial->bad = bad;
        trial->run = run;
        return;
    }
    scim_trial_send(trial, "PATCH", path_of(person, trial->pool),
                    dialects[1].disable, 0);
    EXPECT(trial, 0, "you", "the throw-away user is gone", "the user \"%s\" "
           "could not be deleted; please remove it by hand",
           person->user_name);
}

/* The command */

typedef struct settings_t {
    const char *token_file;
    const char *domain;
    const char *ca_file;
    const char *timeout;
    int read_only;
    int verbose;
} settings_t;

static void try_all(scim_trial_t *trial, const settings_t *settings)
{
    int i;

    if (!try_connection(trial)) {
        return;
    }
    try_tokens(trial);
    try_urls(trial);
    try_filters(trial);
    try_lists(trial);
    try_discovery(trial);
    for (i = 0; !settings->read_only && i < 3; i++) {
        person_t *person = make_person(settings->domain, trial->pool);

        live(trial, person, &dialects[i]);
        clean_up(trial, person);
    }
}

static void print_verdicts(const scim_trial_t *trial, int verbose)
{
    const scim_grid_t *grid = trial->grid;
    const char *const *cell = (const char *const *)grid->cells->elts;
    int i;

    for (i = 0; i < scim_grid_rows(grid); i++, cell += grid->columns) {
        if (cell[4]) {
            scim_print_line(stdout, trial->pool, "WRONG  %s: %s", cell[1],
                            cell[2]);
            scim_print_line(stdout, trial->pool, "       %s.", cell[4]);
            scim_print_line(stdout, trial->pool, "       Stumbles: %s.",
                            cell[3]);
            scim_print_line(stdout, trial->pool, "       %s", cell[5]);
            scim_print_line(stdout, trial->pool, "       answer: %s", cell[6]);
            scim_print_lines(stdout, "\n", trial->pool);
        }
        else if (verbose) {
            scim_print_line(stdout, trial->pool, "ok     %s: %s", cell[1],
                            cell[2]);
        }
    }
    if (trial->bad) {
        scim_print_line(stdout, trial->pool, "%d of %d checks failed",
                        trial->bad, trial->run);
    }
    else {
        scim_print_line(stdout, trial->pool, "all %d checks passed",
                        trial->run);
    }
}

/* The token, from where ps does not show it. NULL after a complaint. */
static const char *read_token(const scim_ctl_t *ctl,
                              const settings_t *settings)
{
    const char *token = getenv("SCIM_TOKEN");
    apr_file_t *file;
    char *text = apr_pcalloc(ctl->pool, 4096);

    if (!settings->token_file) {
        if (!token || !*token) {
            scim_ctl_usage(ctl, "there is no token: set SCIM_TOKEN, or name "
                           "a file by --token-file");
            return NULL;
        }
        return token;
    }
    if (apr_file_open(&file, settings->token_file, APR_FOPEN_READ, 0,
                      ctl->pool) != APR_SUCCESS
        || apr_file_gets(text, 4096, file) != APR_SUCCESS) {
        scim_ctl_usage(ctl, "could not read a token from \"%s\"",
                       settings->token_file);
        return NULL;
    }
    apr_collapse_spaces(text, text);
    return text;
}

static const char *read_url(const scim_ctl_t *ctl, const char *url)
{
    apr_size_t len = strcspn(url, "?#");

    while (len && url[len - 1] == '/') {
        len--;
    }
    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) {
        scim_ctl_usage(ctl, "\"%s\" is not a URL such as "
                       "https://app.example/scim/v2", url);
        return NULL;
    }
    return apr_pstrmemdup(ctl->pool, url, len);
}

static int is_domain(const char *text)
{
    for (; *text; text++) {
        if (!apr_isalnum(*text) && *text != '.' && *text != '-') {
            return 0;
        }
    }
    return 1;
}

static int probe(scim_ctl_t *ctl, const settings_t *settings,
                 const char *url)
{
    scim_http_config_t config = { 0 };
    scim_http_t *http;
    scim_trial_t *trial;

    config.timeout = atoi(settings->timeout);
    config.ca_file = settings->ca_file;
    if (config.timeout < 1 || !is_domain(settings->domain)) {
        return scim_ctl_usage(ctl, "--timeout is a number of seconds, "
                              "--domain the name of a domain");
    }
    if (!(config.base = read_url(ctl, url))
        || !(config.token = read_token(ctl, settings))) {
        return SCIM_EXIT_USAGE;
    }
    http = scim_http_make(&config, ctl->pool);
    if (!http) {
        return scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "could not set up "
                                 "libcurl");
    }
    trial = scim_trial_make(http, ctl->pool);
    try_all(trial, settings);
    if (trial->answer.failure && trial->run == 1) {
        return scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "could not reach "
                                 "\"%s\": %s", config.base,
                                 trial->answer.failure);
    }
    if (ctl->json) {
        scim_ctl_print_grid(ctl, trial->grid);
    }
    else {
        print_verdicts(trial, settings->verbose);
    }
    return trial->bad ? SCIM_EXIT_FINDINGS : SCIM_EXIT_OK;
}

int scim_ctl_probe(scim_ctl_t *ctl, int argc, const char **argv)
{
    settings_t settings = { NULL, "probe.example", NULL, "30", 0, 0 };
    const scim_ctl_option_t options[] = {
        { "--token-file", NULL, &settings.token_file, NULL },
        { "--domain", NULL, &settings.domain, NULL },
        { "--ca-file", NULL, &settings.ca_file, NULL },
        { "--timeout", NULL, &settings.timeout, NULL },
        { "--read-only", NULL, NULL, &settings.read_only },
        { "--verbose", "-v", NULL, &settings.verbose },
        { NULL }
    };
    int status = scim_ctl_options(ctl, options, &argc, argv);

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    if (argc != 1) {
        return scim_ctl_usage(ctl, "it takes one URL");
    }
    return probe(ctl, &settings, argv[0]);
}
