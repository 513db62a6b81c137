#include "ctl/trial.h"

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"

/* As much of an answer as helps to recognise it. */
#define SHOWN_MAX 160

scim_trial_t *scim_trial_make(scim_http_t *http, apr_pool_t *pool)
{
    static const char *const names[] = {
        "result", "tried", "check", "stumbles", "text", "request", "answer"
    };
    scim_trial_t *trial = apr_pcalloc(pool, sizeof(*trial));

    trial->http = http;
    trial->grid = scim_grid_make(names, 7, pool);
    trial->pool = pool;
    trial->part = "";
    trial->asked = "";
    return trial;
}

static const char *show_answer(const scim_trial_t *trial)
{
    const scim_http_answer_t *answer = &trial->answer;
    char *text, *at;

    if (answer->failure) {
        return answer->failure;
    }
    text = apr_psprintf(trial->pool, "%ld %.*s%s", answer->status, SHOWN_MAX,
                        answer->body ? answer->body : "",
                        answer->len > SHOWN_MAX ? " ..." : "");
    for (at = text; *at; at++) {
        if (apr_iscntrl(*at)) {
            *at = ' ';
        }
    }
    return text;
}

int scim_trial_expect(scim_trial_t *trial, int met, const char *who,
                      const char *name, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    trial->run++;
    trial->bad += !met;
    scim_grid_add(trial->grid, met ? "ok" : "WRONG");
    scim_grid_add(trial->grid, trial->part);
    scim_grid_add(trial->grid, name);
    scim_grid_add(trial->grid, met ? NULL : who);
    scim_grid_add(trial->grid, met ? NULL
                               : apr_pvsprintf(trial->pool, fmt, args));
    scim_grid_add(trial->grid, met ? NULL : trial->asked);
    scim_grid_add(trial->grid, met ? NULL : show_answer(trial));
    va_end(args);
    return met;
}

static int is_media_type(const char *given, const char *wanted)
{
    apr_size_t len = strlen(wanted);

    return strncasecmp(given, wanted, len) == 0
        && (!given[len] || given[len] == ';' || given[len] == ' ');
}

/* Faults that no answer may have, whatever was asked. They are told once for
 * each request that meets one; an answer that has none is no news. */
static int judge_form(scim_trial_t *trial)
{
    const scim_http_answer_t *answer = &trial->answer;

    if (answer->failure) {
        return scim_trial_expect(trial, 0, "everybody", "there is an answer",
                                 "no answer: %s", answer->failure);
    }
    if (answer->status >= 300 && answer->status < 400) {
        return scim_trial_expect(trial, 0, "everybody", "no redirection",
            "the answer is a redirection to %s; no client follows one with "
            "its token", *answer->location ? answer->location : "nowhere");
    }
    if (answer->status >= 500 && answer->status != 501) {
        return scim_trial_expect(trial, 0, "everybody", "no server error",
            "the server failed on an ordinary request with %ld; clients try "
            "it again for days and nothing changes", answer->status);
    }
    if (answer->len && !is_media_type(answer->content_type,
                                      "application/scim+json")
        && !is_media_type(answer->content_type, "application/json")) {
        return scim_trial_expect(trial, 0, "everybody", "the answer is JSON",
            "the answer is \"%s\" and not application/scim+json; a login "
            "page or an error page of the web server, perhaps",
            answer->content_type);
    }
    if (answer->len && !trial->json) {
        return scim_trial_expect(trial, 0, "everybody", "the answer is JSON",
                                 "the body of the answer is not a JSON "
                                 "object");
    }
    return 1;
}

int scim_trial_send(scim_trial_t *trial, const char *method,
                    const char *path, const char *body, int how)
{
    scim_json_t *json;

    trial->asked = apr_pstrcat(trial->pool, method, " ", path,
                               body ? "  " : "", body, NULL);
    scim_http_send(&trial->answer, trial->http, method, path, body, how,
                   trial->pool);
    trial->json = NULL;
    if (!trial->answer.failure && trial->answer.len
        && !scim_json_parse(&json, trial->answer.body, trial->answer.len,
                            trial->pool)
        && json->type == SCIM_JSON_OBJECT) {
        trial->json = json;
    }
    trial->usable = judge_form(trial);
    return trial->usable;
}

const char *scim_trial_text(const scim_trial_t *trial, const char *name)
{
    const scim_json_t *value = trial->json;
    char *part, *state;

    for (part = apr_strtok(apr_pstrdup(trial->pool, name), ".", &state);
         part && value; part = apr_strtok(NULL, ".", &state)) {
        value = scim_json_find(value, part);
    }
    return !value ? "" : value->type == SCIM_JSON_STRING ? value->text
         : scim_json_text(value, trial->pool);
}

int scim_trial_total(const scim_trial_t *trial)
{
    const scim_json_t *total = trial->json
                             ? scim_json_find(trial->json, "totalResults")
                             : NULL;

    return trial->answer.status == 200 && total
        && total->type == SCIM_JSON_NUMBER ? atoi(total->text) : -1;
}

int scim_trial_enter(scim_trial_t *trial)
{
    scim_json_t *list = trial->json ? scim_json_find(trial->json, "Resources")
                                    : NULL;

    trial->json = list && list->type == SCIM_JSON_ARRAY ? list->first : NULL;
    return trial->json != NULL;
}

const char *scim_trial_encode(const char *text, apr_pool_t *pool)
{
    scim_buf_t buf;

    scim_buf_init(&buf, 128, pool);
    for (; *text; text++) {
        if (apr_isalnum(*text) || strchr("-._~", *text)) {
            scim_buf_putc(&buf, *text);
        }
        else if (*text == ' ') {
            scim_buf_putc(&buf, '+');
        }
        else {
            scim_buf_printf(&buf, "%%%02X", (unsigned char)*text);
        }
    }
    return buf.data;
}

const char *scim_trial_hex(int bytes, apr_pool_t *pool)
{
    unsigned char data[16];

    if (apr_generate_random_bytes(data, sizeof(data)) != APR_SUCCESS) {
        memset(data, 0, sizeof(data));
    }
    return scim_hex(data, bytes, pool);
}

const char *scim_trial_guid(apr_pool_t *pool)
{
    const char *hex = scim_trial_hex(16, pool);

    return apr_psprintf(pool, "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8,
                        hex + 13, hex + 17, hex + 20);
}

int scim_trial_look_up(scim_trial_t *trial, const char *attribute,
                       const char *value)
{
    const char *filter = apr_psprintf(trial->pool, "%s eq \"%s\"",
                                      attribute, value);

    if (!scim_trial_send(trial, "GET", apr_pstrcat(trial->pool,
            "/Users?filter=", scim_trial_encode(filter, trial->pool), NULL),
            NULL, 0)) {
        return -1;
    }
    return scim_trial_total(trial);
}

void scim_trial_expect_empty(scim_trial_t *trial, int total, const char *who,
                             const char *name)
{
    if (!trial->usable) {
        return;
    }
    if (trial->answer.status == 404) {
        scim_trial_expect(trial, 0, who, name, "no match was answered 404; "
                          "it has to be 200 with a list that has totalResults "
                          "0, or the connection test fails");
        return;
    }
    scim_trial_expect(trial, total == 0, who, name, total > 0
        ? "the filter matches nobody, but the answer has %d resources; a "
          "filter that is not evaluated hands out strangers' accounts"
        : "the answer is not a ListResponse with totalResults 0 (%d)", total);
}

int scim_trial_expect_found(scim_trial_t *trial, int total, const char *who,
                            const char *name, const char *why)
{
    return trial->usable
        && (total < 0
            ? scim_trial_expect(trial, 0, who, name, "the status is %ld, and "
                                "the answer is not a list",
                                trial->answer.status)
            : scim_trial_expect(trial, total == 1, who, name,
                                "%d users are found: %s", total, why));
}

void scim_trial_expect_error(scim_trial_t *trial, int status, const char *who,
                             const char *name)
{
    const char *said = scim_trial_text(trial, "status");

    if (!scim_trial_expect(trial, trial->answer.status == status, who, name,
                           "the status is %ld and not %d",
                           trial->answer.status, status)) {
        return;
    }
    if (!trial->json) {
        scim_trial_expect(trial, 0, who, "errors say why", "the error has no "
                          "JSON body with \"detail\", so the administrator "
                          "reads no reason");
        return;
    }
    scim_trial_expect(trial, atoi(said) == status
                      && *scim_trial_text(trial, "detail"), who,
                      "errors say why", "the error lacks \"status\" or "
                      "\"detail\"; the administrator reads the detail in the "
                      "provider's log");
}
