#include "service/resources.h"

#include "service/talk.h"
#include "service/view.h"

/* Only the token */

static scim_err_t *talk_token(scim_talk_t *talk, void *baton)
{
    (void)baton;
    return scim_talk_token(talk, SCIM_ASK_ALONE);
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
