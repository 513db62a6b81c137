#include "service/intake.h"

#include <string.h>
#include <strings.h>

static int is_json_type(const char *type)
{
    static const char *const types[] = {
        "application/scim+json", "application/json"
    };
    apr_size_t len, i;

    type += strspn(type, " \t");
    len = strcspn(type, "; \t");
    for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (len == strlen(types[i])
            && strncasecmp(type, types[i], len) == 0) {
            return 1;
        }
    }
    return len == 0;
}

static scim_err_t *parse_body(const scim_json_t **pbody,
                              const scim_call_t *call, int values_max)
{
    const scim_request_t *request = call->request;
    scim_json_t *body;

    if (request->content_type && !is_json_type(request->content_type)) {
        return scim_err_make(SCIM_ERR_MEDIA_TYPE, request->pool,
                             "the body must be application/scim+json, not %s",
                             scim_err_quote(request->content_type,
                                            request->pool));
    }
    if (request->body_err) {
        return request->body_err;
    }
    if (!request->body || !request->body_len) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, request->pool,
                             "the request has no body");
    }
    SCIM_TRY(scim_json_parse_large(&body, request->body, request->body_len,
                                   values_max,
                                   request->service->limits.body_depth,
                                   request->pool));
    *pbody = body;
    return NULL;
}

scim_err_t *scim_intake_job(const scim_json_t **pbody,
                            const scim_call_t *call, int values_max)
{
    const scim_json_t *body = call->request->data;

    if (!body) {
        SCIM_TRY(parse_body(&body, call, values_max));
    }
    if (body->type != SCIM_JSON_OBJECT) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, call->request->pool,
                             "the body is not a JSON object");
    }
    *pbody = body;
    return NULL;
}

scim_err_t *scim_intake_body(const scim_json_t **pbody,
                             const scim_call_t *call)
{
    return scim_intake_job(pbody, call,
                           call->request->service->limits.body_values);
}

scim_intake_t *scim_intake_begin(scim_reply_t *reply, const scim_call_t *call)
{
    const scim_mapping_t *mapping = call->mapping;
    scim_intake_t *intake = scim_intake_make(mapping->type, mapping->stored,
                                             call->request->pool);

    intake->limits = &call->request->service->limits;
    reply->ignored = intake->ignored;
    return intake;
}
