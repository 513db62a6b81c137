#include "service/request.h"

#include <apr_strings.h>

#include <string.h>

#include "proto/message.h"
#include "service/auth.h"
#include "service/bulk.h"
#include "service/discovery.h"
#include "service/limiter.h"
#include "service/refusal.h"
#include "service/resources.h"
#include "service/talk.h"

typedef scim_err_t *(*handler_t)(scim_reply_t *reply,
                                 const scim_call_t *call);

/* What answers a path, by method. */
typedef struct route_t {
    const char *allow;          /* methods; NULL: nothing is there */
    handler_t get, post, put, patch, delete;
    int is_discovery;
} route_t;

static scim_err_t *not_offered(scim_reply_t *reply, const scim_call_t *call)
{
    (void)reply;
    return scim_resources_refuse(call,
        scim_err_make(SCIM_ERR_NOT_IMPLEMENTED, call->request->pool,
                      "this service does not offer %s %s",
                      call->request->method, call->request->path));
}

static scim_err_t *no_groups(scim_reply_t *reply, const scim_call_t *call)
{
    (void)reply;
    return scim_resources_refuse(call,
        scim_err_make(SCIM_ERR_NOT_IMPLEMENTED, call->request->pool,
                      "groups are not enabled in this application; switch "
                      "group provisioning off in the directory"));
}

static scim_err_t *no_such_group(scim_reply_t *reply, const scim_call_t *call)
{
    (void)reply;
    return scim_resources_refuse(call,
        scim_err_make(SCIM_ERR_NOT_FOUND, call->request->pool,
                      "there is no group with the id \"%s\"; groups are not "
                      "enabled in this application",
                      scim_err_quote(call->id, call->request->pool)));
}

/* Directories look for groups even where groups are switched off, and must
 * find that there are none. */
static scim_err_t *empty_groups(scim_reply_t *reply, const scim_call_t *call)
{
    SCIM_TRY(scim_resources_authenticate(call));
    reply->status = 200;
    scim_message_list_open(&reply->body, 0, 1, 0);
    scim_message_list_close(&reply->body);
    return NULL;
}

static const route_t users = {
    "GET, HEAD, POST, OPTIONS",
    scim_resources_list, scim_resources_create, NULL, NULL, NULL, 0
};
static const route_t user = {
    "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    scim_resources_get, NULL, scim_resources_put, scim_resources_patch,
    scim_resources_delete, 0
};
static const route_t users_search = {
    "POST, OPTIONS", NULL, scim_resources_search, NULL, NULL, NULL, 0
};
static const route_t groups_search = {
    "POST, OPTIONS", NULL, scim_resources_search, NULL, NULL, NULL, 0
};
static const route_t groups = {
    "GET, HEAD, POST, OPTIONS",
    scim_resources_list, scim_groups_create, NULL, NULL, NULL, 0
};
static const route_t group = {
    "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    scim_resources_get, NULL, scim_groups_put, scim_groups_patch,
    scim_resources_delete, 0
};
static const route_t groups_off = {
    "GET, HEAD, POST, OPTIONS",
    empty_groups, no_groups, NULL, NULL, NULL, 0
};
static const route_t group_off = {
    "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    no_such_group, NULL, no_groups, no_groups, no_groups, 0
};
static const route_t groups_search_off = {
    "POST, OPTIONS", NULL, empty_groups, NULL, NULL, NULL, 0
};
static const route_t root = {
    "GET, HEAD, OPTIONS", scim_resources_list_all, NULL, NULL, NULL, NULL, 0
};
static const route_t root_search = {
    "POST, OPTIONS", NULL, scim_resources_search_all, NULL, NULL, NULL, 0
};
/* The subject of /Me is there already, so there is nothing to create. */
static const route_t me = {
    "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    scim_resources_get, not_offered, scim_resources_put,
    scim_resources_patch, scim_resources_delete, 0
};
static const route_t unoffered = {
    "OPTIONS",
    not_offered, not_offered, not_offered, not_offered, not_offered, 0
};
static const route_t bulk = {
    "POST, OPTIONS",
    NULL, scim_bulk_serve, NULL, NULL, NULL, 0
};
static const route_t config = {
    "GET, HEAD, OPTIONS", scim_discovery_serve_config,
    NULL, NULL, NULL, NULL, 1
};
static const route_t types = {
    "GET, HEAD, OPTIONS", scim_discovery_serve_types,
    NULL, NULL, NULL, NULL, 1
};
static const route_t schemas = {
    "GET, HEAD, OPTIONS", scim_discovery_serve_schemas,
    NULL, NULL, NULL, NULL, 1
};

static const struct {
    const char *name;
    const route_t *alone;       /* /name */
    const route_t *with_id;     /* /name/id */
    const route_t *search;      /* /name/.search */
} endpoints[] = {
    { "Users", &users, &user, &users_search },
    { "Groups", &groups, &group, &groups_search },
    { "ServiceProviderConfig", &config, NULL, &unoffered },
    { "ResourceTypes", &types, &types, &unoffered },
    { "Schemas", &schemas, &schemas, &unoffered },
    { "Me", &me, NULL, &unoffered },
    { "Bulk", &bulk, NULL, &unoffered },
    { ".search", &root_search, NULL, NULL }
};

/* Take the path apart: doubled slashes and one at the end do not count. */
static int split_path(const char **segments, int max, const char *path,
                      apr_pool_t *pool)
{
    char *rest = apr_pstrdup(pool, path), *state, *segment;
    int count = 0;

    for (segment = apr_strtok(rest, "/", &state); segment;
         segment = apr_strtok(NULL, "/", &state)) {
        if (count == max) {
            return -1;
        }
        segments[count++] = segment;
    }
    return count;
}

/* Groups are served as users are where they are mapped. */
static const route_t *choose(scim_call_t *call, const route_t *route)
{
    const scim_mapping_t *mapping = call->request->service->groups;

    if (route != &groups && route != &group && route != &groups_search) {
        return route;
    }
    if (!mapping) {
        return route == &groups ? &groups_off
             : route == &group  ? &group_off : &groups_search_off;
    }
    call->mapping = mapping;
    return route;
}

static const route_t *find_route(scim_call_t *call)
{
    static const route_t nothing = { 0 };
    const char *segments[2];
    int count = split_path(segments, 2, call->request->path,
                           call->request->pool);
    apr_size_t i;

    if (count == 0) {
        return &root;
    }
    for (i = 0; count > 0 && i < sizeof(endpoints) / sizeof(*endpoints); i++) {
        const route_t *route;

        if (strcmp(endpoints[i].name, segments[0]) != 0) {
            continue;
        }
        call->endpoint = endpoints[i].name;
        if (count == 1) {
            route = endpoints[i].alone;
            call->is_me = route == &me;
            return route == &bulk && !call->request->service->bulk_max
                 ? &unoffered : choose(call, route);
        }
        call->id = segments[1];
        route = strcmp(call->id, ".search") == 0 ? endpoints[i].search
                                                 : endpoints[i].with_id;
        return route ? choose(call, route) : &nothing;
    }
    return &nothing;
}

static handler_t find_handler(const route_t *route, const char *method)
{
    return strcmp(method, "GET") == 0    ? route->get
         : strcmp(method, "POST") == 0   ? route->post
         : strcmp(method, "PUT") == 0    ? route->put
         : strcmp(method, "PATCH") == 0  ? route->patch
         : strcmp(method, "DELETE") == 0 ? route->delete : NULL;
}

/* The word for it in the metrics. */
static scim_operation_t operation_of(const scim_call_t *call,
                                     const route_t *route, handler_t handler)
{
    const char *method = call->request->method;

    if (route->allow && strcmp(method, "OPTIONS") == 0) {
        return SCIM_OPERATION_OPTIONS;
    }
    if (!handler || handler == not_offered) {
        return SCIM_OPERATION_OTHER;
    }
    if (route->is_discovery) {
        return SCIM_OPERATION_DISCOVERY;
    }
    if (handler == route->get) {
        return call->id || call->is_me ? SCIM_OPERATION_GET
                                       : SCIM_OPERATION_LIST;
    }
    if (handler == route->post) {
        return route == &bulk ? SCIM_OPERATION_BULK
             : strstr(call->request->path, ".search") ? SCIM_OPERATION_SEARCH
             : SCIM_OPERATION_CREATE;
    }
    return strcmp(method, "PUT") == 0 ? SCIM_OPERATION_PUT
         : strcmp(method, "PATCH") == 0 ? SCIM_OPERATION_PATCH
         : SCIM_OPERATION_DELETE;
}

static scim_subject_t subject_of(const scim_call_t *call)
{
    return !call->endpoint ? SCIM_SUBJECT_NONE
         : strcmp(call->endpoint, "Users") == 0 || call->is_me
         ? SCIM_SUBJECT_USER
         : strcmp(call->endpoint, "Groups") == 0 ? SCIM_SUBJECT_GROUP
         : SCIM_SUBJECT_NONE;
}

static scim_err_t *serve_options(scim_reply_t *reply, const scim_call_t *call,
                                 const route_t *route)
{
    SCIM_TRY(scim_resources_authenticate(call));
    reply->status = 204;
    reply->allow = route->allow;
    return NULL;
}

static scim_err_t *refuse_method(scim_reply_t *reply, const scim_call_t *call,
                                 const route_t *route)
{
    const scim_request_t *request = call->request;
    const char *path = *request->path ? request->path : "/";

    reply->allow = route->allow;
    return scim_resources_refuse(call,
        scim_err_make(SCIM_ERR_METHOD, request->pool,
                      "%s is not possible on %s; possible are %s",
                      scim_err_quote(request->method, request->pool),
                      scim_err_quote(path, request->pool), route->allow));
}

/* A mapping as requests are read by it; NULL: nobody has asked the catalog
 * yet. A part of a bulk job has it from there. */
static const scim_mapping_t *completed(const scim_request_t *request,
                                       const scim_mapping_t *mapping)
{
    return !mapping || mapping->origin ? mapping
         : !request->connections ? NULL
         : scim_completions_get(scim_pool_completions(request->connections),
                                mapping);
}

/* Read the request by what the catalog says, and have it asked if that is not
 * known yet. */
static scim_err_t *complete(scim_call_t *call, scim_service_t *service)
{
    const scim_request_t *request = call->request;
    const scim_mapping_t *users = completed(request, service->users);
    const scim_mapping_t *groups = completed(request, service->groups);

    if (!users || (service->groups && !groups)) {
        SCIM_TRY(scim_talk_complete(call));
        users = completed(request, service->users);
        groups = completed(request, service->groups);
    }
    call->mapping = call->mapping == service->users ? users : groups;
    service->users = users;
    service->groups = groups;
    return NULL;
}

static scim_err_t *serve(scim_reply_t *reply, scim_call_t *call,
                         scim_service_t *service)
{
    const scim_request_t *request = call->request;
    const route_t *route = find_route(call);
    handler_t handler = find_handler(route, request->method);

    reply->operation = operation_of(call, route, handler);
    reply->subject = subject_of(call);
    call->is_public = route->is_discovery && request->service->public_discovery
                   && !request->authorization;
    if (!call->is_public) {
        SCIM_TRY(scim_auth_read(&call->asker.token_sha256,
                                &reply->authenticate, request->authorization,
                                request->pool));
        SCIM_TRY(scim_limiter_check(call));
    }
    SCIM_TRY(complete(call, service));
    if (!route->allow) {
        return scim_resources_refuse(call,
            scim_err_make(SCIM_ERR_NOT_FOUND, request->pool,
                          "there is nothing at %s",
                          scim_err_quote(call->request->path, request->pool)));
    }
    if (strcmp(request->method, "OPTIONS") == 0) {
        return serve_options(reply, call, route);
    }
    return handler ? handler(reply, call) : refuse_method(reply, call, route);
}

static void begin(scim_reply_t *reply, apr_pool_t *pool)
{
    memset(reply, 0, sizeof(*reply));
    scim_buf_init(&reply->body, 1024, pool);
}

/* The one border at which an error becomes an answer. What is known of the
 * caller stays in the reply. */
static void answer_error(scim_reply_t *reply, const scim_err_t *err)
{
    reply->status = err->status;
    reply->err = err;
    reply->body.len = 0;
    scim_message_error(&reply->body, err->status, err->scim_type,
                       err->detail);
}

void scim_reply_refuse(scim_reply_t *reply, const scim_err_t *err,
                       apr_pool_t *pool)
{
    begin(reply, pool);
    answer_error(reply, err);
}

void scim_reply_status(scim_reply_t *reply, int status, const char *detail,
                       apr_pool_t *pool)
{
    begin(reply, pool);
    reply->status = status;
    scim_message_error(&reply->body, status, NULL, detail);
}

void scim_work_add(scim_work_t *work, const scim_work_t *part)
{
    work->changes += part->changes;
    work->discarded += part->discarded;
    work->held_back += part->held_back;
    if (part->held_for > work->held_for) {
        work->held_for = part->held_for;
    }
    work->database += part->database;
}

static void note_work(scim_reply_t *reply, const scim_err_t *err)
{
    if (err && err->kind == SCIM_ERR_HELD_BACK) {
        reply->work.held_back++;
        reply->work.held_for = reply->retry_after;
    }
    if (!err && reply->ignored) {
        reply->work.discarded += reply->ignored->nelts;
    }
}

void scim_request_serve(scim_reply_t *reply, const scim_request_t *given)
{
    scim_service_t service = *given->service;
    scim_request_t own = *given;
    const scim_request_t *request = &own;
    scim_call_t call;
    scim_err_t *err;

    own.service = &service;
    begin(reply, request->pool);
    memset(&call, 0, sizeof(call));
    call.request = request;
    call.reply = reply;
    call.mapping = service.users;
    call.asker.request_id = request->request_id;
    call.asker.client = request->client;
    err = serve(reply, &call, &service);
    if (err) {
        answer_error(reply, err);
        scim_refusal_note(&call, err);
    }
    note_work(reply, err);
    if (err && !reply->retry_after
        && (err->kind == SCIM_ERR_UNAVAILABLE || err->status == 429)) {
        reply->retry_after = request->service->retry_after;
    }
}
