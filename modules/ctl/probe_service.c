#include "ctl/probe_service.h"

#include <apr_strings.h>

#include <string.h>
#include <strings.h>

/* Slower than this, an initial cycle of a large directory takes days. */
#define SLOW 2000

#define EXPECT(trial, met, who, name, ...) \
    scim_trial_expect(trial, met, who, name, __VA_ARGS__)

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
    total = scim_trial_look_up(trial, "userName",
                               scim_trial_guid(trial->pool));
    if (trial->answer.status == 401 || trial->answer.status == 403) {
        EXPECT(trial, 0, "everybody", "the token is accepted", "the token is "
               "refused; it may not be whole, or have expired, or access "
               "may be switched off");
        return 0;
    }
    scim_trial_expect_empty(trial, total, "Entra",
                            "an unknown userName: empty list");
    if (!trial->usable) {
        return 0;
    }
    EXPECT(trial, trial->answer.milliseconds < SLOW, "Entra",
           "a look-up is quick", "one look-up took %d ms; a cycle needs one "
           "for each user", trial->answer.milliseconds);
    total = scim_trial_look_up(trial, "externalId",
                               scim_trial_guid(trial->pool));
    scim_trial_expect_empty(trial, total, "Entra",
                            "an unknown externalId: empty list");
    return 1;
}

static void try_urls(scim_trial_t *trial)
{
    const char *guid = scim_trial_guid(trial->pool);
    const char *tail = apr_psprintf(trial->pool,
                                    "userName+eq+%%22%s%%22", guid);

    trial->part = "URLs";
    if (scim_trial_send(trial, "GET", apr_pstrcat(trial->pool,
            "/Users?aadOptscim062020&filter=", tail, NULL), NULL, 0)) {
        scim_trial_expect_empty(trial, scim_trial_total(trial), "Entra",
                                "the flag aadOptscim062020 is passed over");
    }
    if (scim_trial_send(trial, "GET", apr_pstrcat(trial->pool,
            "//Users?filter=", tail, NULL), NULL, SCIM_HTTP_BARE)) {
        scim_trial_expect_empty(trial, scim_trial_total(trial), "Entra",
                                "//Users, without User-Agent and Accept");
    }
    if (scim_trial_send(trial, "GET", apr_psprintf(trial->pool,
            "/Users?filter=userName%%20EQ%%20%%22%s%%22", guid), NULL, 0)) {
        scim_trial_expect_empty(trial, scim_trial_total(trial), "everybody",
                                "operators in capitals, blanks as %20");
    }
    if (scim_trial_send(trial, "GET", apr_pstrcat(trial->pool, "/Users/",
            guid, NULL), NULL, 0)) {
        scim_trial_expect_error(trial, 404, "everybody", "an unknown id: 404");
    }
}

static void try_filters(scim_trial_t *trial)
{
    trial->part = "filters";
    if (scim_trial_send(trial, "GET", "/Users?filter=userName+eq", NULL, 0)) {
        scim_trial_expect_error(trial, 400, "everybody", "half a filter: 400");
    }
    if (scim_trial_look_up(trial, "noSuchAttribute", "x") > 0) {
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
        scim_trial_expect_empty(trial, scim_trial_total(trial), "Entra",
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

int scim_probe_service(scim_trial_t *trial)
{
    if (!try_connection(trial)) {
        return 0;
    }
    try_tokens(trial);
    try_urls(trial);
    try_filters(trial);
    try_lists(trial);
    try_discovery(trial);
    return 1;
}
