/* POST: the table of docs/design.md, "Life of an account". */
#include "service/resources.h"

#include <string.h>

#include "proto/patch.h"
#include "schema/resource.h"
#include "service/intake.h"
#include "service/rules.h"
#include "service/talk.h"
#include "service/view.h"

/* How often a create that lost a race begins anew. */
#define RACES_MAX 3

typedef struct create_baton_t {
    const scim_json_t *body;
    scim_json_t *resource;      /* what the body makes of nothing */
    int with_related;
    scim_answer_t answer;       /* of the statement that did it */
} create_baton_t;

/* What a row is that a create takes over. */
typedef enum {
    MEETING_INACTIVE,       /* it has the externalId */
    MEETING_TOMBSTONE,      /* likewise, and was deleted */
    MEETING_UNLINKED        /* it has the userName and no externalId */
} meeting_t;

static scim_err_t *insert(create_baton_t *create, scim_talk_t *talk)
{
    apr_pool_t *pool = talk->call->request->pool;
    scim_change_t change = { .operation = "create" };
    scim_state_t *state;
    scim_err_t *err;
    scim_sql_t sql;

    scim_row_fit(talk->mapping, talk->facts, create->resource, pool);
    state = scim_row_split(talk->mapping, create->resource, pool);
    change.changes = scim_row_changes(talk->mapping, NULL, create->resource,
                                      pool);
    err = scim_state_check(talk->mapping, talk->facts, state, pool);
    scim_sql_init(&sql, pool);
    if (err) {
        scim_sql_token(&sql, talk->mapping, &talk->call->asker);
        SCIM_TRY(scim_talk_ask(talk, &create->answer, &sql, SCIM_ASK_ALONE));
        return err;
    }
    sql.with_related = create->with_related;
    scim_sql_create(&sql, talk->mapping, talk->facts, &talk->call->asker,
                    state, &change);
    err = scim_talk_ask(talk, &create->answer, &sql, SCIM_ASK_ALONE);
    return err ? scim_rules_word(talk, err, state) : NULL;
}

static const scim_found_t *find_met(const scim_answer_t *answer, char how)
{
    int i;

    for (i = 0; i < answer->count; i++) {
        if (answer->found[i].how == how) {
            return &answer->found[i];
        }
    }
    return NULL;
}

static const char *column_value(const scim_talk_t *talk,
                                const scim_found_t *found,
                                const scim_attr_t *attr)
{
    int place = talk->mapping->places[attr->index];
    const char *value = place >= 0 ? found->row.values[place] : NULL;

    return value && *value ? value : NULL;
}

static int is_active(const scim_talk_t *talk, const scim_found_t *found)
{
    const char *value = column_value(talk, found, talk->mapping->type->active);

    return value && *value == 't';
}

/* What an existing row becomes. Linked or restored, it keeps what the body
 * leaves out. A tombstone was gone for the client, so it begins anew with what
 * the body says, under its old id. */
static scim_err_t *become(scim_json_t **pafter, const create_baton_t *create,
                          scim_talk_t *talk, const scim_json_t *before,
                          meeting_t meeting)
{
    const scim_call_t *call = talk->call;
    const scim_rtype_t *type = talk->mapping->type;
    apr_pool_t *pool = call->request->pool;
    scim_json_t *after = meeting == MEETING_TOMBSTONE
                       ? scim_json_make(SCIM_JSON_OBJECT, pool)
                       : scim_json_copy(before, pool);

    SCIM_TRY(scim_patch_merge(after, create->body,
                              scim_intake_begin(call->reply, call)));
    if (meeting == MEETING_TOMBSTONE) {
        scim_row_keep_foreign(talk->mapping, before, after, pool);
    }
    scim_row_keep_read_only(talk->mapping, before, after, pool);
    if (meeting != MEETING_UNLINKED) {
        scim_resource_set(type, after, type->active,
            scim_json_copy(scim_resource_get(type, create->resource,
                                             type->active), pool), pool);
    }
    *pafter = after;
    return NULL;
}

/* A column that must not be NULL keeps its value instead. */
static void keep_not_null(const scim_talk_t *talk, const scim_state_t *old,
                          scim_state_t *new)
{
    int i;

    for (i = 0; i < talk->mapping->columns->nelts; i++) {
        if (!new->values[i] && talk->facts->not_null[i]) {
            new->values[i] = old->values[i];
        }
    }
}

/* Give an existing row to the request. One that has changed since it was met
 * gives an empty answer. */
static scim_err_t *take_over(create_baton_t *create, scim_talk_t *talk,
                             const scim_found_t *met, meeting_t meeting)
{
    const scim_call_t *call = talk->call;
    apr_pool_t *pool = call->request->pool;
    scim_update_mode_t mode = meeting == MEETING_TOMBSTONE
                            ? SCIM_UPDATE_REVIVE : SCIM_UPDATE_MET;
    scim_json_t *before, *after;
    scim_state_t *old, *new;
    scim_change_t change = { 0 };
    scim_answer_t answer;
    scim_err_t *err;
    scim_sql_t sql;

    before = scim_row_compose(talk->mapping, &met->row, pool);
    SCIM_TRY(become(&after, create, talk, before, meeting));
    scim_row_fit(talk->mapping, talk->facts, after, pool);
    old = scim_row_split(talk->mapping, before, pool);
    new = scim_row_split(talk->mapping, after, pool);
    keep_not_null(talk, old, new);
    SCIM_TRY(scim_state_check(talk->mapping, talk->facts, new, pool));
    SCIM_TRY(scim_rules_check_size(talk, old, new));
    if (mode == SCIM_UPDATE_MET
        && scim_state_is_equal(talk->mapping, old, new)) {
        create->answer.found[0] = *met;
        create->answer.count = 1;
        return NULL;
    }
    change.operation = meeting == MEETING_UNLINKED ? "adopt" : "restore";
    change.changes = scim_row_changes(talk->mapping, before, after, pool);
    scim_sql_init(&sql, pool);
    sql.with_related = create->with_related;
    scim_sql_update(&sql, talk->mapping, talk->facts, &call->asker,
                    met->row.id, old, new, mode, met->version, &change);
    err = scim_talk_ask(talk, &answer, &sql, SCIM_ASK_ALONE);
    if (err) {
        return scim_rules_word(talk, err, new);
    }
    create->answer = answer;
    if (answer.count) {
        scim_talk_note_change(talk);
    }
    return NULL;
}

/* An existing row stands in the way: decide. */
static scim_err_t *meet(create_baton_t *create, scim_talk_t *talk)
{
    const scim_rtype_t *type = talk->mapping->type;
    const scim_found_t *linked = find_met(&create->answer, 'e');
    const scim_found_t *named = find_met(&create->answer, 'u');
    const scim_found_t *gone = find_met(&create->answer, 't');
    const scim_found_t *back;

    int i;

    if (!create->answer.count) {
        return scim_err_make(SCIM_ERR_INVALID_VALUE,
                             talk->call->request->pool,
                             "the application refused to create the account");
    }
    for (i = 0; i < create->answer.count; i++) {
        const scim_row_t *row = &create->answer.found[i].row;

        if (scim_rules_is_protected(talk, row)) {
            return scim_rules_protected_conflict(talk, row);
        }
    }
    if (linked && is_active(talk, linked)) {
        return scim_rules_conflict(talk, type->external_id, create->resource);
    }
    back = linked ? linked : gone;
    if (back) {
        if (named && strcmp(named->row.id, back->row.id) != 0) {
            return scim_rules_conflict(talk, type->user_name,
                                       create->resource);
        }
        return take_over(create, talk, back,
                         linked ? MEETING_INACTIVE : MEETING_TOMBSTONE);
    }
    if (named && talk->mapping->adopt
        && scim_resource_get(type, create->resource, type->external_id)
        && !column_value(talk, named, type->external_id)) {
        return take_over(create, talk, named, MEETING_UNLINKED);
    }
    return scim_rules_conflict(talk, type->user_name, create->resource);
}

static scim_err_t *talk_create(scim_talk_t *talk, void *baton)
{
    create_baton_t *create = baton;
    int races;

    for (races = 0; races < RACES_MAX; races++) {
        scim_err_t *err = insert(create, talk);

        /* somebody inserted the same between our look and our insert: the
         * next look meets that row, if it is one that decides */
        if (err && err->kind == SCIM_ERR_UNIQUENESS && races == 0
            && !talk->is_joined) {
            continue;
        }
        SCIM_TRY(err);
        if (find_met(&create->answer, 'i')) {
            scim_talk_note_change(talk);
            return NULL;
        }
        SCIM_TRY(meet(create, talk));
        if (create->answer.count) {
            return NULL;
        }
    }
    return scim_err_make(SCIM_ERR_UNAVAILABLE, talk->call->request->pool,
                         "the account is being changed by others at the same "
                         "time; try again later");
}

static scim_err_t *read_create(create_baton_t *create, scim_view_t *view,
                               const scim_call_t *call)
{
    const scim_rtype_t *type = call->mapping->type;
    scim_intake_t *intake = scim_intake_begin(call->reply, call);

    SCIM_TRY(scim_intake_body(&create->body, call));
    SCIM_TRY(scim_view_read(view, call));
    SCIM_TRY(scim_view_check(call, NULL));
    create->with_related = view->with_related;
    create->resource = scim_json_make(SCIM_JSON_OBJECT, call->request->pool);
    SCIM_TRY(scim_patch_merge(create->resource, create->body, intake));
    scim_view_add(view, intake->named, call);
    if (!scim_resource_get(type, create->resource, type->active)) {
        scim_resource_set(type, create->resource, type->active,
                          scim_json_make_bool(1, call->request->pool),
                          call->request->pool);
    }
    return NULL;
}

scim_err_t *scim_resources_create(scim_reply_t *reply,
                                  const scim_call_t *call)
{
    create_baton_t create;
    scim_view_t view;
    scim_err_t *err = read_create(&create, &view, call);

    if (err) {
        return scim_resources_refuse(call, err);
    }
    SCIM_TRY(scim_talk(call, talk_create, &create));
    scim_view_reply(reply, call, &view, 201, &create.answer.found[0].row);
    return NULL;
}
