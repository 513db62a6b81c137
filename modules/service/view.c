#include "service/view.h"

#include "query/projection.h"
#include "service/render.h"

scim_err_t *scim_view_read(scim_view_t *view, const scim_call_t *call)
{
    const scim_request_t *request = call->request;
    const scim_service_t *service = request->service;

    SCIM_TRY(scim_list_parse(&view->list, request->query, service->page,
                             service->page_max, request->pool));
    return scim_projection_make(&view->shown, view->list.attributes,
                                view->list.excluded, call->mapping->type,
                                request->pool);
}

void scim_view_reply(scim_reply_t *reply, const scim_call_t *call,
                     const scim_view_t *view, int status,
                     const scim_row_t *row)
{
    const scim_request_t *request = call->request;
    const scim_mapping_t *mapping = call->mapping;
    scim_render_t render;

    reply->status = status;
    scim_render_init(&render, mapping, view->shown, request->base_url,
                     request->pool);
    scim_render_resource(&reply->body, &render, row);
    if (status == 201) {
        reply->location = scim_render_location(request->base_url,
                                               mapping->type, row->id,
                                               request->pool);
    }
}

scim_err_t *scim_view_not_found(const scim_call_t *call)
{
    apr_pool_t *pool = call->request->pool;

    return scim_err_make(SCIM_ERR_NOT_FOUND, pool,
                         "there is no %s with the id \"%s\"",
                         call->mapping->type->name,
                         scim_err_quote(call->id, pool));
}
