#include "service/view.h"

#include <string.h>

#include "query/projection.h"
#include "service/render.h"
#include "store/version.h"

scim_err_t *scim_view_read(scim_view_t *view, const scim_call_t *call)
{
    const scim_request_t *request = call->request;
    const scim_service_t *service = request->service;
    const scim_attr_t *related = call->mapping->type->related;

    SCIM_TRY(scim_list_parse(&view->list, request->query, service->page,
                             service->page_max, request->pool));
    SCIM_TRY(scim_projection_make(&view->shown, view->list.attributes,
                                  view->list.excluded, call->mapping->type,
                                  request->pool));
    view->with_related = related && view->shown[related->index];
    return NULL;
}

int scim_view_is_chosen(const scim_view_t *view)
{
    return view->list.attributes || view->list.excluded;
}

void scim_view_add(scim_view_t *view, const unsigned char *named,
                   const scim_call_t *call)
{
    if (!view->list.attributes && !view->list.excluded) {
        view->shown = scim_projection_add(view->shown, named,
                                          call->mapping->type,
                                          call->request->pool);
    }
}

scim_err_t *scim_view_check(const scim_call_t *call, const scim_row_t *row)
{
    const scim_request_t *request = call->request;
    const scim_conditions_t *conditions = &request->conditions;
    const char *version;

    if (!conditions->if_match && !conditions->if_none_match) {
        return NULL;
    }
    version = row ? scim_row_version(call->mapping, row, request->pool) : NULL;
    if (scim_etag_judge(conditions, version,
                        strcmp(request->method, "GET") == 0)
        != SCIM_ETAG_FAILED) {
        return NULL;
    }
    return scim_err_make(SCIM_ERR_PRECONDITION, request->pool, row
        ? "the %s is not in the version that If-Match or If-None-Match asks "
          "for; read it again"
        : "a new %s has no version yet that If-Match or If-None-Match could "
          "ask for", call->mapping->type->name);
}

static int is_known(const scim_request_t *request, const char *version)
{
    return strcmp(request->method, "GET") == 0
        && scim_etag_judge(&request->conditions, version, 1)
           == SCIM_ETAG_NOT_MODIFIED;
}

void scim_view_reply(scim_reply_t *reply, const scim_call_t *call,
                     const scim_view_t *view, int status,
                     const scim_row_t *row)
{
    const scim_request_t *request = call->request;
    const scim_mapping_t *mapping = call->mapping;
    scim_render_t render;

    reply->etag = scim_row_version(mapping, row, request->pool);
    reply->content_location = scim_rtype_location(mapping->type,
                                                  request->base_url, row->id,
                                                  request->pool);
    if (status == 201 || call->is_me) {
        reply->location = reply->content_location;
    }
    if (is_known(request, reply->etag)) {
        reply->status = 304;
        return;
    }
    reply->status = status;
    reply->id = row->id;
    scim_render_init(&render, mapping, view->shown, request->base_url,
                     request->pool);
    scim_render_resource(&reply->body, &render, row);
}

void scim_view_done(scim_reply_t *reply, const scim_call_t *call,
                    const scim_row_t *row)
{
    reply->etag = scim_row_version(call->mapping, row, call->request->pool);
    reply->status = 204;
}

scim_err_t *scim_view_not_found(const scim_call_t *call)
{
    apr_pool_t *pool = call->request->pool;

    if (call->is_me) {
        return scim_err_make(SCIM_ERR_NOT_FOUND, pool,
                             "the owner of this API token is no %s of this "
                             "service", call->mapping->type->name);
    }
    return scim_err_make(SCIM_ERR_NOT_FOUND, pool,
                         "there is no %s with the id \"%s\"",
                         call->mapping->type->name,
                         scim_err_quote(call->id, pool));
}
