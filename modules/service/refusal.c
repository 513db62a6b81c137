#include "service/refusal.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "pg/event.h"

/* Not of what is one request too many: whoever sends more than he may is not to
 * make the database write for each. */
static int is_kept(const scim_call_t *call, const scim_err_t *err)
{
    return call->request->refusals && call->reply->token_id
        && ((err->status >= 400 && err->status < 500
             && err->status != 401 && err->kind != SCIM_ERR_RATE)
            || err->kind == SCIM_ERR_HELD_BACK);
}

static const char *copy(const char *text, apr_pool_t *pool)
{
    return text ? apr_pstrdup(pool, text) : NULL;
}

/* Details quote what the client sent. Where values are to be kept out of the
 * events, all that stands between quotes is: a value may have quotes itself, so
 * from the first to the last. */
static const char *reason_of(const scim_call_t *call, const scim_err_t *err,
                             apr_pool_t *pool)
{
    const char *first = strchr(err->detail, '"');
    const char *last = strrchr(err->detail, '"');

    if (!call->mapping->redacts || !first) {
        return apr_pstrdup(pool, err->detail);
    }
    return apr_pstrcat(pool, apr_pstrmemdup(pool, err->detail,
                                            first - err->detail),
                       "\"...\"", first == last ? "" : last + 1, NULL);
}

static int is_search(const scim_call_t *call)
{
    return (call->id && strcmp(call->id, ".search") == 0)
        || (call->endpoint && strcmp(call->endpoint, ".search") == 0);
}

/* The word that an event of it would have, where there could be one. */
static const char *operation_of(const scim_call_t *call, apr_pool_t *pool)
{
    char *method = apr_pstrdup(pool, scim_err_quote(call->request->method,
                                                    pool));
    char *at;

    if (strcmp(method, "POST") == 0) {
        return is_search(call) ? "search"
             : call->endpoint && strcmp(call->endpoint, "Bulk") == 0 ? "bulk"
             : "create";
    }
    for (at = method; *at; at++) {
        *at = (char)apr_tolower(*at);
    }
    return method;
}

static const char *type_of(const scim_call_t *call)
{
    return !call->endpoint ? NULL
         : strcmp(call->endpoint, "Users") == 0
           || strcmp(call->endpoint, "Me") == 0 ? "User"
         : strcmp(call->endpoint, "Groups") == 0 ? "Group" : NULL;
}

void scim_refusal_note(const scim_call_t *call, const scim_err_t *err)
{
    const scim_request_t *request = call->request;
    const scim_reply_t *reply = call->reply;
    scim_refusal_t *refusal;
    apr_pool_t *pool;

    if (!is_kept(call, err)) {
        return;
    }
    refusal = apr_array_push(request->refusals);
    pool = request->refusals->pool;
    memset(refusal, 0, sizeof(*refusal));
    refusal->tenant = copy(reply->tenant, pool);
    refusal->actor = copy(reply->actor, pool);
    refusal->token_id = apr_pstrdup(pool, reply->token_id);
    refusal->request_id = copy(request->request_id, pool);
    refusal->client = copy(request->client, pool);
    refusal->operation = operation_of(call, pool);
    refusal->resource_type = type_of(call);
    if (refusal->resource_type && call->id && !is_search(call)) {
        refusal->resource_id = scim_err_quote(call->id, pool);
    }
    refusal->status = apr_itoa(pool, err->status);
    refusal->scim_type = err->scim_type;
    refusal->reason = reason_of(call, err, pool);
}
