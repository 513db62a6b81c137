#include "service/discovery.h"

#include <apr_strings.h>

#include <strings.h>

#include "proto/discovery.h"
#include "proto/message.h"
#include "service/resources.h"

static scim_served_t served_users(const scim_call_t *call)
{
    const scim_mapping_t *users = call->request->service->users;
    scim_served_t served = { users->type, users->stored };

    return served;
}

static scim_err_t *not_found(const scim_call_t *call, const char *what)
{
    return scim_err_make(SCIM_ERR_NOT_FOUND, call->request->pool,
                         "there is no %s \"%s\"", what,
                         scim_err_quote(call->id, call->request->pool));
}

/* The URL of what is served, as its meta.location has it. */
static const char *location(const scim_call_t *call, const char *endpoint,
                            const char *name)
{
    return apr_pstrcat(call->request->pool, call->request->base_url, endpoint,
                       name, NULL);
}

static scim_err_t *authenticate(const scim_call_t *call)
{
    return call->is_public ? NULL : scim_resources_authenticate(call);
}

scim_err_t *scim_discovery_serve_config(scim_reply_t *reply,
                                        const scim_call_t *call)
{
    const scim_service_t *service = call->request->service;

    SCIM_TRY(authenticate(call));
    reply->status = 200;
    reply->content_location = location(call, "/ServiceProviderConfig", "");
    scim_discovery_config(&reply->body, call->request->base_url,
                          service->page, service->page_max,
                          service->bulk_max, service->body_max);
    return NULL;
}

scim_err_t *scim_discovery_serve_types(scim_reply_t *reply,
                                       const scim_call_t *call)
{
    scim_served_t users = served_users(call);

    SCIM_TRY(authenticate(call));
    reply->status = 200;
    if (call->id) {
        if (strcasecmp(call->id, users.type->name) != 0) {
            return not_found(call, "resource type");
        }
        reply->content_location = location(call, "/ResourceTypes/",
                                           users.type->name);
        scim_discovery_type(&reply->body, &users, call->request->base_url);
        return NULL;
    }
    scim_message_list_open(&reply->body, 1, 1, 1);
    scim_discovery_type(&reply->body, &users, call->request->base_url);
    scim_message_list_close(&reply->body);
    return NULL;
}

static scim_err_t *serve_schema(scim_reply_t *reply, const scim_call_t *call,
                                const scim_served_t *served)
{
    const scim_schema_t *schema = scim_rtype_schema(served->type, call->id);

    if (!schema || !scim_discovery_is_served(served, schema)) {
        return not_found(call, "schema");
    }
    reply->content_location = location(call, "/Schemas/", schema->urn);
    scim_discovery_schema(&reply->body, served, schema,
                          call->request->base_url);
    return NULL;
}

scim_err_t *scim_discovery_serve_schemas(scim_reply_t *reply,
                                         const scim_call_t *call)
{
    scim_served_t users = served_users(call);
    int i, count = 0, written = 0;

    SCIM_TRY(authenticate(call));
    reply->status = 200;
    if (call->id) {
        return serve_schema(reply, call, &users);
    }
    for (i = 0; i < users.type->nschemas; i++) {
        count += scim_discovery_is_served(&users, users.type->schemas[i]);
    }
    scim_message_list_open(&reply->body, count, 1, count);
    for (i = 0; i < users.type->nschemas; i++) {
        const scim_schema_t *schema = users.type->schemas[i];

        if (!scim_discovery_is_served(&users, schema)) {
            continue;
        }
        if (written++) {
            scim_buf_putc(&reply->body, ',');
        }
        scim_discovery_schema(&reply->body, &users, schema,
                              call->request->base_url);
    }
    scim_message_list_close(&reply->body);
    return NULL;
}
