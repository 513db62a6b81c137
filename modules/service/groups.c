/* Groups: POST, PUT and PATCH. They differ from those of accounts by the
 * members, which stand in a table of their own, and by what an account has and
 * a group has not: a life beyond its deletion, protection, adoption.
 *
 * The first turn locks the group and asks about the users that the request
 * names; the second writes the difference and reads the group again, because
 * only then the triggers have raised its version. */
#include "service/resources.h"

#include "proto/patch.h"
#include "schema/resource.h"
#include "service/intake.h"
#include "service/rules.h"
#include "service/talk.h"
#include "service/view.h"
#include "store/related.h"

/* A body may have this many times the values and names of others: with the
 * usual limit, eleven thousand members as they are shown. */
#define VALUES_TIMES 5

typedef struct group_baton_t {
    const char *operation;      /* for the event */
    const scim_patch_t *patch;  /* PATCH */
    const scim_json_t *body;    /* POST, PUT */
    scim_json_t *resource;      /* POST: what the body makes of nothing */
    scim_membership_t *membership;
    const unsigned char *named; /* what the request was about */
    int with_related;           /* the answer has the members */
    scim_answer_t answer;       /* the row as it is in the end */
} group_baton_t;

/* Of the named users those whose ids can be keys: others do not exist. */
static apr_array_header_t *named_keys(const group_baton_t *group,
                                      const scim_talk_t *talk)
{
    const apr_array_header_t *named = group->membership->named;
    apr_array_header_t *keys = apr_array_make(talk->call->request->pool,
                                              named->nelts + 1,
                                              sizeof(const char *));
    int i;

    for (i = 0; i < named->nelts; i++) {
        const char *id = APR_ARRAY_IDX(named, i, const char *);

        if (scim_sql_is_key(talk->facts->others->key_type, id)) {
            APR_ARRAY_PUSH(keys, const char *) = id;
        }
    }
    return keys;
}

/* Ask the first statement, and with it about the named users. @a id NULL: the
 * group is new. */
static scim_err_t *begin(group_baton_t *group, scim_talk_t *talk,
                         const scim_sql_t *sql, const char *id)
{
    apr_pool_t *pool = talk->call->request->pool;
    int is_asked = !scim_membership_is_empty(group->membership);
    apr_array_header_t *looked;
    scim_sql_t look;
    int i;

    if (is_asked) {
        scim_sql_init(&look, pool);
        scim_related_look(&look, talk->mapping, talk->facts,
                          &talk->call->asker, id, named_keys(group, talk),
                          group->membership->needs_all);
    }
    SCIM_TRY(scim_talk_begin_group(talk, &group->answer, &looked, sql,
                                   is_asked ? &look : NULL));
    scim_membership_forget(group->membership);
    for (i = 0; i < looked->nelts; i++) {
        const scim_looked_t *one = &APR_ARRAY_IDX(looked, i, scim_looked_t);

        scim_membership_tell(group->membership, one->id, one->is_member,
                             one->display);
    }
    return NULL;
}

/* Write, if there is something to write, and read the group again. */
static scim_err_t *commit(group_baton_t *group, scim_talk_t *talk,
                          const scim_sql_t *change, const char *id)
{
    const scim_call_t *call = talk->call;
    scim_sql_t get;

    scim_sql_init(&get, call->request->pool);
    get.with_related = group->with_related;
    scim_sql_get(&get, talk->mapping, talk->facts, &call->asker, id, 0);
    SCIM_TRY(scim_talk_commit_group(talk, &group->answer, change, &get));
    return group->answer.count ? NULL : scim_view_not_found(call);
}

/* POST */

/* Of two groups with one externalId the second one is refused. There is no way
 * back from the dead: a deleted group has no history that a new one could not
 * do without. */
static scim_err_t *created(const group_baton_t *group,
                           const scim_talk_t *talk)
{
    if (!group->answer.count) {
        return scim_err_make(SCIM_ERR_INVALID_VALUE,
                             talk->call->request->pool,
                             "the application refused to create the group");
    }
    return group->answer.found[0].how == 'i' ? NULL
         : scim_rules_conflict(talk, talk->mapping->type->external_id,
                               group->resource);
}

static scim_err_t *talk_create(scim_talk_t *talk, void *baton)
{
    group_baton_t *group = baton;
    const scim_call_t *call = talk->call;
    apr_pool_t *pool = call->request->pool;
    const apr_array_header_t *added, *removed;
    scim_change_t change = { 0 };
    scim_state_t *state;
    scim_sql_t sql;
    scim_err_t *err;

    scim_row_fit(talk->mapping, talk->facts, group->resource, pool);
    state = scim_row_split(talk->mapping, group->resource, pool);
    err = scim_state_check(talk->mapping, talk->facts, state, pool);
    scim_sql_init(&sql, pool);
    if (err) {
        scim_sql_token(&sql, talk->mapping, &call->asker);
        SCIM_TRY(scim_talk_ask(talk, &group->answer, &sql, SCIM_ASK_ALONE));
        return err;
    }
    change.operation = "create";
    change.changes = scim_row_changes(talk->mapping, NULL,
                                      group->resource, pool);
    if (scim_membership_is_empty(group->membership)) {
        scim_sql_create(&sql, talk->mapping, talk->facts, &call->asker, state,
                        &change);
        err = scim_talk_ask(talk, &group->answer, &sql, SCIM_ASK_ALONE);
        if (err) {
            return scim_rules_word(talk, err, state);
        }
        SCIM_TRY(created(group, talk));
        scim_talk_note_change(talk);
        return NULL;
    }
    change.added = named_keys(group, talk);
    scim_sql_create(&sql, talk->mapping, talk->facts, &call->asker, state,
                    &change);
    err = begin(group, talk, &sql, NULL);
    if (err) {
        return scim_rules_word(talk, err, state);
    }
    SCIM_TRY(created(group, talk));
    SCIM_TRY(scim_membership_resolve(&added, &removed, group->membership));
    SCIM_TRY(commit(group, talk, NULL, group->answer.found[0].row.id));
    scim_talk_note_change(talk);
    return NULL;
}

/* PATCH and PUT */

/* What the group becomes, members aside. */
static scim_err_t *compute(scim_json_t **pafter, group_baton_t *group,
                           const scim_json_t *before, const scim_talk_t *talk)
{
    const scim_call_t *call = talk->call;
    const scim_attr_t *external_id = talk->mapping->type->external_id;
    apr_pool_t *pool = call->request->pool;
    scim_intake_t *intake = scim_intake_begin(call->reply, call);
    const scim_json_t *old;

    group->named = intake->named;
    if (group->patch) {
        *pafter = scim_json_copy(before, pool);
        return scim_patch_apply(*pafter, group->patch, intake);
    }
    SCIM_TRY(scim_patch_replace(pafter, before, group->body, intake));
    old = scim_resource_get(intake->type, before, external_id);
    if (old && !scim_resource_get(intake->type, *pafter, external_id)) {
        scim_resource_set(intake->type, *pafter, external_id,
                          scim_json_copy(old, pool), pool);
    }
    scim_row_keep_foreign(talk->mapping, before, *pafter, pool);
    scim_row_keep_not_null(talk->mapping, talk->facts, before, *pafter, pool);
    return NULL;
}

/* Write what differs. */
static scim_err_t *apply(group_baton_t *group, scim_talk_t *talk)
{
    const scim_call_t *call = talk->call;
    const scim_mapping_t *mapping = talk->mapping;
    apr_pool_t *pool = call->request->pool;
    scim_change_t change = { group->operation, NULL, NULL, NULL };
    scim_json_t *before, *after;
    scim_state_t *old, *new;
    scim_sql_t sql;
    scim_err_t *err;

    SCIM_TRY(scim_view_check(call, &group->answer.found[0].row));
    before = scim_row_compose(mapping, &group->answer.found[0].row, pool);
    SCIM_TRY(compute(&after, group, before, talk));
    scim_row_fit(mapping, talk->facts, after, pool);
    SCIM_TRY(scim_membership_resolve(&change.added, &change.removed,
                                     group->membership));
    old = scim_row_split(mapping, before, pool);
    new = scim_row_split(mapping, after, pool);
    if (scim_state_is_equal(mapping, old, new) && !change.added
        && !change.removed) {
        return group->with_related ? commit(group, talk, NULL, call->id)
                                   : NULL;
    }
    SCIM_TRY(scim_state_check(mapping, talk->facts, new, pool));
    SCIM_TRY(scim_rules_check_size(talk, old, new));
    change.changes = scim_row_changes(mapping, before, after, pool);
    scim_sql_init(&sql, pool);
    scim_sql_update(&sql, mapping, talk->facts, &call->asker, call->id, old,
                    new, SCIM_UPDATE_LIVE, group->answer.found[0].version,
                    &change);
    err = commit(group, talk, &sql, call->id);
    if (err) {
        return scim_rules_word(talk, err, new);
    }
    scim_talk_note_change(talk);
    return NULL;
}

static scim_err_t *talk_change(scim_talk_t *talk, void *baton)
{
    group_baton_t *group = baton;
    const scim_call_t *call = talk->call;
    scim_sql_t sql;

    scim_sql_init(&sql, call->request->pool);
    if (!scim_sql_is_key(talk->facts->key_type, call->id)) {
        scim_sql_token(&sql, talk->mapping, &call->asker);
        SCIM_TRY(scim_talk_ask(talk, &group->answer, &sql, SCIM_ASK_ALONE));
        return scim_view_not_found(call);
    }
    scim_sql_get(&sql, talk->mapping, talk->facts, &call->asker, call->id, 1);
    SCIM_TRY(begin(group, talk, &sql, call->id));
    return group->answer.count ? apply(group, talk)
                               : scim_view_not_found(call);
}

/* What requests bring */

static scim_membership_t *make_membership(const scim_call_t *call)
{
    return scim_membership_make(call->mapping->relation->others->type,
                                call->request->base_url, call->request->pool);
}

/* A group of some thousands of members must be taken back as it was read.
 * Parsing that much is not for those whose token is not valid. */
static scim_err_t *read_json(const scim_json_t **pbody,
                             const scim_call_t *call)
{
    scim_err_t *err = scim_intake_body(pbody, call);

    if (!err || err->kind != SCIM_ERR_TOO_LARGE) {
        return err;
    }
    SCIM_TRY(scim_resources_authenticate(call));
    return scim_intake_job(pbody, call, VALUES_TIMES
                           * call->request->service->limits.body_values);
}

static scim_err_t *read_body(group_baton_t *group, scim_view_t *view,
                             const scim_call_t *call)
{
    scim_reply_t unsaid;

    SCIM_TRY(read_json(&group->body, call));
    SCIM_TRY(scim_view_read(view, call));
    group->with_related = view->with_related;
    return scim_patch_merge_members(group->membership, group->body,
                                    scim_intake_begin(&unsaid, call));
}

static scim_err_t *read_create(group_baton_t *group, scim_view_t *view,
                               const scim_call_t *call)
{
    scim_intake_t *intake;

    SCIM_TRY(read_body(group, view, call));
    SCIM_TRY(scim_view_check(call, NULL));
    intake = scim_intake_begin(call->reply, call);
    group->resource = scim_json_make(SCIM_JSON_OBJECT, call->request->pool);
    SCIM_TRY(scim_patch_merge(group->resource, group->body, intake));
    scim_view_add(view, intake->named, call);
    return NULL;
}

static scim_err_t *read_patch(group_baton_t *group, scim_view_t *view,
                              const scim_call_t *call)
{
    const scim_json_t *body;
    scim_patch_t *patch;
    scim_reply_t unsaid;

    SCIM_TRY(read_json(&body, call));
    SCIM_TRY(scim_view_read(view, call));
    SCIM_TRY(scim_patch_decode(&patch, body, call->mapping->type,
                               &call->request->service->limits,
                               call->request->pool));
    group->patch = patch;
    group->with_related = view->with_related && scim_view_is_chosen(view);
    return scim_patch_note_members(group->membership, patch,
                                   scim_intake_begin(&unsaid, call));
}

scim_err_t *scim_groups_create(scim_reply_t *reply, const scim_call_t *call)
{
    group_baton_t group = { .operation = "create" };
    scim_view_t view;
    scim_err_t *err;

    group.membership = make_membership(call);
    err = read_create(&group, &view, call);
    if (err) {
        return scim_resources_refuse(call, err);
    }
    SCIM_TRY(scim_talk(call, talk_create, &group));
    scim_view_reply(reply, call, &view, 201, &group.answer.found[0].row);
    return NULL;
}

scim_err_t *scim_groups_put(scim_reply_t *reply, const scim_call_t *call)
{
    static const scim_json_t nobody = { .type = SCIM_JSON_NULL };
    group_baton_t group = { .operation = "put" };
    scim_path_t members = { .known = 1, .attr = call->mapping->type->related };
    scim_view_t view;
    scim_err_t *err;

    group.membership = make_membership(call);
    /* who is left out goes, as all that is left out does */
    SCIM_TRY(scim_membership_note(group.membership, SCIM_PATCH_REPLACE,
                                  &members, &nobody));
    err = read_body(&group, &view, call);
    if (err) {
        return scim_resources_refuse_one(call, err);
    }
    SCIM_TRY(scim_talk(call, talk_change, &group));
    scim_view_add(&view, group.named, call);
    scim_view_reply(reply, call, &view, 200, &group.answer.found[0].row);
    return NULL;
}

/* Without `attributes` or `excludedAttributes` there is no body: that of a
 * large group would cost more than the change (RFC 7644 section 3.5.2). */
scim_err_t *scim_groups_patch(scim_reply_t *reply, const scim_call_t *call)
{
    group_baton_t group = { .operation = "patch" };
    scim_view_t view;
    scim_err_t *err;

    group.membership = make_membership(call);
    err = read_patch(&group, &view, call);
    if (err) {
        return scim_resources_refuse_one(call, err);
    }
    SCIM_TRY(scim_talk(call, talk_change, &group));
    if (scim_view_is_chosen(&view)) {
        scim_view_reply(reply, call, &view, 200, &group.answer.found[0].row);
    }
    else {
        scim_view_done(reply, call, &group.answer.found[0].row);
    }
    return NULL;
}
