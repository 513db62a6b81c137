/* PATCH, PUT and DELETE: lock the row, compute what it becomes, write what
 * differs. Requests on one account so follow one another. */
#include "service/resources.h"

#include "proto/patch.h"
#include "schema/resource.h"
#include "service/intake.h"
#include "service/rules.h"
#include "service/talk.h"
#include "service/view.h"

typedef struct change_baton_t {
    const char *operation;      /* for the event */
    const scim_patch_t *patch;  /* PATCH */
    const scim_json_t *body;    /* PUT */
    int is_delete;
    const unsigned char *named; /* what the request was about */
    int with_related;
    scim_answer_t answer;       /* the row as it is in the end */
} change_baton_t;

/* A value that the request leaves out and that must not go by that. */
static void keep_old(const scim_rtype_t *type, const scim_json_t *before,
                     scim_json_t *after, const scim_attr_t *attr,
                     apr_pool_t *pool)
{
    const scim_json_t *old = scim_resource_get(type, before, attr);

    if (old && !scim_resource_get(type, after, attr)) {
        scim_resource_set(type, after, attr, scim_json_copy(old, pool), pool);
    }
}

/* What the account becomes. */
static scim_err_t *compute(scim_json_t **pafter, change_baton_t *change,
                           const scim_json_t *before, scim_talk_t *talk)
{
    const scim_call_t *call = talk->call;
    const scim_rtype_t *type = talk->mapping->type;
    apr_pool_t *pool = call->request->pool;
    scim_intake_t *intake = scim_intake_begin(call->reply, call);
    scim_json_t *after = scim_json_copy(before, pool);

    change->named = intake->named;
    if (change->is_delete) {
        if (type->active) {
            scim_resource_set(type, after, type->active,
                              scim_json_make_bool(0, pool), pool);
        }
        *pafter = after;
        return NULL;
    }
    if (change->patch) {
        SCIM_TRY(scim_patch_apply(after, change->patch, intake));
    }
    else {
        SCIM_TRY(scim_patch_replace(&after, before, change->body, intake));
        keep_old(type, before, after, type->external_id, pool);
        scim_row_keep_foreign(talk->mapping, before, after, pool);
        scim_row_keep_not_null(talk->mapping, talk->facts, before, after,
                               pool);
    }
    keep_old(type, before, after, type->active, pool);
    *pafter = after;
    return NULL;
}

static scim_err_t *write_change(change_baton_t *change, scim_talk_t *talk,
                                const scim_found_t *found,
                                const scim_json_t *before,
                                const scim_json_t *after,
                                const scim_state_t *old,
                                const scim_state_t *new)
{
    const scim_call_t *call = talk->call;
    apr_pool_t *pool = call->request->pool;
    scim_change_t event = {
        change->operation,
        scim_row_changes(talk->mapping, before, after, pool), NULL, NULL
    };
    scim_err_t *err;
    scim_sql_t sql;

    scim_sql_init(&sql, pool);
    sql.with_related = change->with_related;
    scim_sql_update(&sql, talk->mapping, talk->facts, &call->asker,
                    found->row.id, old, new,
                    change->is_delete ? SCIM_UPDATE_DELETE : SCIM_UPDATE_LIVE,
                    found->version, &event);
    err = scim_talk_ask(talk, &change->answer, &sql, SCIM_ASK_COMMIT);
    if (err) {
        return scim_rules_word(talk, err, new);
    }
    if (!change->answer.count) {
        return scim_view_not_found(call);
    }
    scim_talk_note_change(talk);
    return NULL;
}

static scim_err_t *talk_change(scim_talk_t *talk, void *baton)
{
    change_baton_t *change = baton;
    const scim_call_t *call = talk->call;
    apr_pool_t *pool = call->request->pool;
    scim_json_t *before, *after;
    scim_state_t *old, *new;
    const scim_found_t *found;
    scim_sql_t sql;

    scim_sql_init(&sql, pool);
    if (call->id && !scim_sql_is_key(talk->facts->key_type, call->id)) {
        scim_sql_token(&sql, talk->mapping, &call->asker);
        SCIM_TRY(scim_talk_ask(talk, &change->answer, &sql, SCIM_ASK_ALONE));
        return scim_view_not_found(call);
    }
    sql.with_related = change->with_related;
    scim_sql_get(&sql, talk->mapping, talk->facts, &call->asker, call->id, 1);
    SCIM_TRY(scim_talk_ask(talk, &change->answer, &sql, SCIM_ASK_BEGIN));
    if (!change->answer.count) {
        return scim_view_not_found(call);
    }
    found = &change->answer.found[0];
    SCIM_TRY(scim_view_check(call, &found->row));
    before = scim_row_compose(talk->mapping, &found->row, pool);
    SCIM_TRY(compute(&after, change, before, talk));
    scim_row_fit(talk->mapping, talk->facts, after, pool);
    if (change->is_delete) {
        SCIM_TRY(scim_rules_check_delete(talk, &found->row));
    }
    else {
        SCIM_TRY(scim_rules_check_change(talk, &found->row, before, after));
    }
    old = scim_row_split(talk->mapping, before, pool);
    new = scim_row_split(talk->mapping, after, pool);
    if (!change->is_delete && scim_state_is_equal(talk->mapping, old, new)) {
        return NULL;
    }
    SCIM_TRY(scim_state_check(talk->mapping, talk->facts, new, pool));
    SCIM_TRY(scim_rules_check_size(talk, old, new));
    return write_change(change, talk, found, before, after, old, new);
}

static scim_err_t *serve_change(scim_reply_t *reply, const scim_call_t *call,
                                change_baton_t *change,
                                scim_view_t *view, scim_err_t *err)
{
    if (err) {
        return scim_resources_refuse_one(call, err);
    }
    change->with_related = view->with_related;
    SCIM_TRY(scim_talk(call, talk_change, change));
    scim_view_add(view, change->named, call);
    scim_view_reply(reply, call, view, 200, &change->answer.found[0].row);
    return NULL;
}

static scim_err_t *read_patch(change_baton_t *change, scim_view_t *view,
                              const scim_call_t *call)
{
    const scim_json_t *body;
    scim_patch_t *patch;

    SCIM_TRY(scim_intake_body(&body, call));
    SCIM_TRY(scim_view_read(view, call));
    SCIM_TRY(scim_patch_decode(&patch, body, call->mapping->type,
                               &call->request->service->limits,
                               call->request->pool));
    change->patch = patch;
    return NULL;
}

scim_err_t *scim_resources_patch(scim_reply_t *reply, const scim_call_t *call)
{
    change_baton_t change = { .operation = "patch" };
    scim_view_t view;
    scim_err_t *err = read_patch(&change, &view, call);

    return serve_change(reply, call, &change, &view, err);
}

static scim_err_t *read_put(change_baton_t *change, scim_view_t *view,
                            const scim_call_t *call)
{
    SCIM_TRY(scim_intake_body(&change->body, call));
    return scim_view_read(view, call);
}

scim_err_t *scim_resources_put(scim_reply_t *reply, const scim_call_t *call)
{
    change_baton_t change = { .operation = "put" };
    scim_view_t view;
    scim_err_t *err = read_put(&change, &view, call);

    return serve_change(reply, call, &change, &view, err);
}

scim_err_t *scim_resources_delete(scim_reply_t *reply,
                                  const scim_call_t *call)
{
    change_baton_t change = { .operation = "delete", .is_delete = 1 };

    if (!call->mapping->tombstone) {
        return scim_resources_refuse(call,
            scim_err_make(SCIM_ERR_NOT_IMPLEMENTED, call->request->pool, "%s",
                          call->mapping->type->active
                          ? "this application does not let accounts be "
                            "deleted; deactivate them (active=false)"
                          : "this application does not let groups be "
                            "deleted"));
    }
    SCIM_TRY(scim_talk(call, talk_change, &change));
    reply->status = 204;
    return NULL;
}
