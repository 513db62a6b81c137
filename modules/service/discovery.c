#include "service/discovery.h"

#include <apr_strings.h>

#include <strings.h>

#include "proto/discovery.h"
#include "proto/message.h"
#include "service/resources.h"

#define SERVED_MAX 2

/* The resource types that are served. Returns how many there are. */
static int find_served(scim_served_t *served, const scim_call_t *call)
{
    const scim_service_t *service = call->request->service;
    const scim_mapping_t *const mappings[SERVED_MAX] = {
        service->users, service->groups
    };
    int i, count = 0;

    for (i = 0; i < SERVED_MAX; i++) {
        if (mappings[i]) {
            served[count].type = mappings[i]->type;
            served[count++].stored = mappings[i]->stored;
        }
    }
    return count;
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

static scim_err_t *serve_type(scim_reply_t *reply, const scim_call_t *call,
                              const scim_served_t *served, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        if (strcasecmp(call->id, served[i].type->name) == 0) {
            reply->content_location = location(call, "/ResourceTypes/",
                                               served[i].type->name);
            scim_discovery_type(&reply->body, &served[i],
                                call->request->base_url);
            return NULL;
        }
    }
    return not_found(call, "resource type");
}

scim_err_t *scim_discovery_serve_types(scim_reply_t *reply,
                                       const scim_call_t *call)
{
    scim_served_t served[SERVED_MAX];
    int i, count = find_served(served, call);

    SCIM_TRY(authenticate(call));
    reply->status = 200;
    if (call->id) {
        return serve_type(reply, call, served, count);
    }
    scim_message_list_open(&reply->body, count, 1, count);
    for (i = 0; i < count; i++) {
        if (i) {
            scim_buf_putc(&reply->body, ',');
        }
        scim_discovery_type(&reply->body, &served[i],
                            call->request->base_url);
    }
    scim_message_list_close(&reply->body);
    return NULL;
}

static scim_err_t *serve_schema(scim_reply_t *reply, const scim_call_t *call,
                                const scim_served_t *served, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        const scim_schema_t *schema = scim_rtype_schema(served[i].type,
                                                        call->id);

        if (schema && scim_discovery_is_served(&served[i], schema)) {
            reply->content_location = location(call, "/Schemas/",
                                               schema->urn);
            scim_discovery_schema(&reply->body, &served[i], schema,
                                  call->request->base_url);
            return NULL;
        }
    }
    return not_found(call, "schema");
}

static int count_schemas(const scim_served_t *served)
{
    int i, count = 0;

    for (i = 0; i < served->type->nschemas; i++) {
        count += scim_discovery_is_served(served, served->type->schemas[i]);
    }
    return count;
}

/* Write the schemas of one resource type, each after a comma but the first
 * of all. */
static void put_schemas(scim_reply_t *reply, const scim_call_t *call,
                        const scim_served_t *served, int *pwritten)
{
    int i;

    for (i = 0; i < served->type->nschemas; i++) {
        const scim_schema_t *schema = served->type->schemas[i];

        if (!scim_discovery_is_served(served, schema)) {
            continue;
        }
        if ((*pwritten)++) {
            scim_buf_putc(&reply->body, ',');
        }
        scim_discovery_schema(&reply->body, served, schema,
                              call->request->base_url);
    }
}

scim_err_t *scim_discovery_serve_schemas(scim_reply_t *reply,
                                         const scim_call_t *call)
{
    scim_served_t served[SERVED_MAX];
    int i, count = find_served(served, call), schemas = 0, written = 0;

    SCIM_TRY(authenticate(call));
    reply->status = 200;
    if (call->id) {
        return serve_schema(reply, call, served, count);
    }
    for (i = 0; i < count; i++) {
        schemas += count_schemas(&served[i]);
    }
    scim_message_list_open(&reply->body, schemas, 1, schemas);
    for (i = 0; i < count; i++) {
        put_schemas(reply, call, &served[i], &written);
    }
    scim_message_list_close(&reply->body);
    return NULL;
}
