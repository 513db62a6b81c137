/* trial.h - requests to a service provider and what is thought of the
 * answers: each expectation that is not met becomes a sentence in plain
 * words, with the clients that would stumble and the request it is about.
 */
#ifndef SCIM_CTL_TRIAL_H
#define SCIM_CTL_TRIAL_H

#include "base/json.h"
#include "ctl/ctl.h"
#include "ctl/http.h"

typedef struct scim_trial_t {
    scim_http_t *http;
    scim_grid_t *grid;          /* the verdicts */
    const char *part;           /* what is being tried, such as "Okta" */
    int run, bad;
    const char *asked;          /* the last request: method and path */
    scim_http_answer_t answer;  /* and its answer */
    int usable;                 /* one that can be judged */
    scim_json_t *json;          /* the body; NULL: not a JSON object */
    apr_pool_t *pool;
} scim_trial_t;

/** Begin, with no verdict yet. */
scim_trial_t *scim_trial_make(scim_http_t *http, apr_pool_t *pool);

/** Send a request. @a path behind the base and encoded; @a body may be NULL.
 * What every answer has to be (no redirection, no HTML, no error of the
 * server) is judged here. @return whether there was a usable answer */
int scim_trial_send(scim_trial_t *trial, const char *method,
                    const char *path, const char *body, int how);

/**
 * Judge.
 *
 * @param met   whether it is as it should be
 * @param who   would stumble: "Entra", "Okta", "everybody"
 * @param name  what was expected, as a short sentence
 * @param fmt   what it means that it is not so, in plain words
 * @return @a met
 */
int scim_trial_expect(scim_trial_t *trial, int met, const char *who,
                      const char *name, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/** Judge a look-up of nobody: an empty list. @a total of the answer */
void scim_trial_expect_empty(scim_trial_t *trial, int total, const char *who,
                             const char *name);

/** Judge whether a look-up found the one user that it should. @a why: what
 * follows when it does not. */
int scim_trial_expect_found(scim_trial_t *trial, int total, const char *who,
                            const char *name, const char *why);

/** Judge an error: its status, and that it says why. */
void scim_trial_expect_error(scim_trial_t *trial, int status, const char *who,
                             const char *name);

/** GET /Users?filter=ATTRIBUTE eq "VALUE". @return the number of hits; -1: it
 * was no list */
int scim_trial_look_up(scim_trial_t *trial, const char *attribute,
                       const char *value);

/** A member of the last answer as text: strings as they are, the rest as
 * JSON; "" when it is not there. @a name may be `name.givenName`. */
const char *scim_trial_text(const scim_trial_t *trial, const char *name);

/** The number of resources in the list that was answered; -1: no list. */
int scim_trial_total(const scim_trial_t *trial);

/** The first resource of the list becomes the answer's body. @return whether
 * there is one */
int scim_trial_enter(scim_trial_t *trial);

/** A text for a query string: filters, encoded as a form. */
const char *scim_trial_encode(const char *text, apr_pool_t *pool);

/** By chance: so many bytes in hexadecimal digits, 16 at most, and a GUID. */
const char *scim_trial_hex(int bytes, apr_pool_t *pool);
const char *scim_trial_guid(apr_pool_t *pool);

#endif
