#include "service/resources.h"

#include <string.h>

#include "proto/message.h"
#include "query/filter.h"
#include "query/list.h"
#include "query/projection.h"
#include "service/render.h"
#include "service/talk.h"
#include "service/view.h"

/* Only the token */

static scim_err_t *talk_token(scim_talk_t *talk, void *baton)
{
    scim_answer_t answer;
    scim_sql_t sql;

    (void)baton;
    scim_sql_init(&sql, talk->call->request->pool);
    scim_sql_token(&sql, talk->mapping, &talk->call->asker);
    return scim_talk_ask(talk, &answer, &sql, SCIM_ASK_ALONE);
}

scim_err_t *scim_resources_authenticate(const scim_call_t *call)
{
    return scim_talk(call, talk_token, NULL);
}

scim_err_t *scim_resources_refuse(const scim_call_t *call, scim_err_t *err)
{
    SCIM_TRY(scim_resources_authenticate(call));
    return err;
}

/* One resource */

typedef struct get_baton_t {
    int with_related;
    scim_answer_t answer;
} get_baton_t;

static scim_err_t *talk_get(scim_talk_t *talk, void *baton)
{
    get_baton_t *get = baton;
    const scim_call_t *call = talk->call;
    scim_sql_t sql;

    scim_sql_init(&sql, call->request->pool);
    sql.with_related = get->with_related;
    if (call->id && !scim_sql_is_key(talk->facts->key_type, call->id)) {
        scim_sql_token(&sql, talk->mapping, &call->asker);
    }
    else {
        scim_sql_get(&sql, talk->mapping, talk->facts, &call->asker, call->id,
                     0);
    }
    SCIM_TRY(scim_talk_ask(talk, &get->answer, &sql, SCIM_ASK_ALONE));
    return get->answer.count ? NULL : scim_view_not_found(call);
}

scim_err_t *scim_resources_refuse_one(const scim_call_t *call,
                                      scim_err_t *err)
{
    get_baton_t get = { 0 };

    SCIM_TRY(scim_talk(call, talk_get, &get));
    return err;
}

scim_err_t *scim_resources_get(scim_reply_t *reply, const scim_call_t *call)
{
    const scim_row_t *row;
    get_baton_t get;
    scim_view_t view;
    scim_err_t *err = scim_view_read(&view, call);

    if (err) {
        return scim_resources_refuse_one(call, err);
    }
    get.with_related = view.with_related;
    SCIM_TRY(scim_talk(call, talk_get, &get));
    row = &get.answer.found[0].row;
    SCIM_TRY(scim_view_check(call, row));
    scim_view_reply(reply, call, &view, 200, row);
    return NULL;
}

/* Lists */

typedef struct list_baton_t {
    const scim_list_t *list;
    const scim_filter_t *filter;
    int with_related;
    scim_answer_t answer;
} list_baton_t;

static scim_err_t *talk_list(scim_talk_t *talk, void *baton)
{
    list_baton_t *wanted = baton;
    const scim_list_t *list = wanted->list;
    const scim_call_t *call = talk->call;
    scim_err_t *err;
    scim_sql_t sql;

    scim_sql_init(&sql, call->request->pool);
    sql.with_related = wanted->with_related;
    err = scim_sql_list(&sql, talk->mapping, talk->facts, &call->asker,
                        wanted->filter, list->start - 1, list->count);
    if (err) {
        scim_sql_init(&sql, call->request->pool);
        scim_sql_token(&sql, talk->mapping, &call->asker);
    }
    SCIM_TRY(scim_talk_ask(talk, &wanted->answer, &sql, SCIM_ASK_ALONE));
    return err;
}

static scim_err_t *read_list(list_baton_t *wanted, scim_view_t *view,
                             const scim_call_t *call)
{
    SCIM_TRY(scim_view_read(view, call));
    wanted->list = &view->list;
    wanted->with_related = view->with_related;
    wanted->filter = NULL;
    return view->list.filter
         ? scim_filter_parse(&wanted->filter, view->list.filter,
                             call->mapping->type, call->request->pool)
         : NULL;
}

scim_err_t *scim_resources_list(scim_reply_t *reply, const scim_call_t *call)
{
    const scim_answer_t *answer;
    scim_render_t render;
    list_baton_t wanted;
    scim_view_t view;
    scim_err_t *err = read_list(&wanted, &view, call);
    int i;

    if (err) {
        return scim_resources_refuse(call, err);
    }
    SCIM_TRY(scim_talk(call, talk_list, &wanted));
    answer = &wanted.answer;
    reply->status = 200;
    scim_message_list_open(&reply->body, answer->total, view.list.start,
                           answer->count);
    scim_render_init(&render, call->mapping, view.shown,
                     call->request->base_url, call->request->pool);
    for (i = 0; i < answer->count; i++) {
        if (i) {
            scim_buf_putc(&reply->body, ',');
        }
        scim_render_resource(&reply->body, &render, &answer->found[i].row);
    }
    scim_message_list_close(&reply->body);
    return NULL;
}
