#include "ctl/probe_life.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define URN_USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define URN_PATCH "urn:ietf:params:scim:api:messages:2.0:PatchOp"

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

static int is_done(const scim_trial_t *trial)
{
    return trial->answer.status == 200 || trial->answer.status == 204;
}

static person_t *make_person(const char *domain, apr_pool_t *pool)
{
    person_t *person = apr_pcalloc(pool, sizeof(*person));
    const char *hex = scim_trial_hex(6, pool);

    person->user_name = apr_psprintf(pool, "Probe_%s@%s", hex, domain);
    person->like_name = apr_psprintf(pool, "Probe-%s@%s", hex, domain);
    person->email = apr_psprintf(pool, "mail.%s@%s", hex, domain);
    person->external_id = scim_trial_guid(pool);
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
    scim_trial_expect_found(trial,
                            scim_trial_look_up(trial, "userName", small),
                            dialect->name, "found by userName, in any case",
                            "a client that does not find the user creates a "
                            "second one");
    total = scim_trial_look_up(trial, "userName", person->like_name);
    if (trial->usable) {
        EXPECT(trial, total <= 0, dialect->name, "\"_\" is no wildcard",
               "\"%s\" finds %d users, though nobody is called so: eq must "
               "not be done by LIKE; the client is handed the wrong account",
               person->like_name, total);
    }
    total = scim_trial_look_up(trial, "externalId", person->external_id);
    if (scim_trial_expect_found(trial, total, "Entra", "found by externalId",
                                "a client that matches by it creates a second "
                                "user")
        && scim_trial_enter(trial)) {
        judge_user(trial, person, dialect->name);
    }
    total = scim_trial_look_up(trial, "emails[type eq \"work\"].value",
                               person->email);
    scim_trial_expect_found(trial, total, "Entra, where the mail address is "
                            "the matching attribute",
                            "found by emails[type eq \"work\"].value",
                            "a client that matches by it creates a second "
                            "user");
}

static void try_twice(scim_trial_t *trial, const person_t *person,
                      const dialect_t *dialect)
{
    person_t again = *person;

    again.external_id = scim_trial_guid(trial->pool);
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
    scim_trial_expect_error(trial, 409, dialect->name,
                            "the same userName twice: 409");
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
        scim_trial_expect_found(trial,
                                scim_trial_look_up(trial, "userName",
                                                   person->user_name),
                                dialect->name, "the inactive are found",
                                "who comes back cannot be linked any more");
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
        scim_trial_expect_error(trial, 400, dialect->name,
                                "active \"maybe\": 400");
        if (read_user(trial, person)) {
            EXPECT(trial, strcmp(scim_trial_text(trial, "name.familyName"),
                                 "Half") != 0 && is_active(trial), "everybody",
                   "a PATCH happens whole or not at all", "the first "
                   "operation of a refused PATCH was carried out");
        }
    }
    if (scim_trial_send(trial, "PATCH", path, nameless, 0)) {
        scim_trial_expect_error(trial, 400, dialect->name,
                                "an empty userName: 400");
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
        scim_trial_expect_error(trial, 404, dialect->name, "the deleted: 404");
    }
    total = scim_trial_look_up(trial, "userName", person->user_name);
    scim_trial_expect_empty(trial, total, dialect->name,
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

void scim_probe_lives(scim_trial_t *trial, const char *domain)
{
    int i;

    for (i = 0; i < 3; i++) {
        person_t *person = make_person(domain, trial->pool);

        live(trial, person, &dialects[i]);
        clean_up(trial, person);
    }
}
