#include "proto/membership.h"

#include <apr_strings.h>

#include <string.h>
#include <strings.h>

typedef enum {
    STEP_ADD,               /* ids */
    STEP_REMOVE,            /* ids, and of them who passes the filter */
    STEP_REMOVE_ALL         /* who passes the filter; NULL: everybody */
} step_kind_t;

typedef struct step_t {
    step_kind_t kind;
    const apr_array_header_t *ids;  /* of const char * */
    const scim_filter_t *filter;    /* NULL: none */
} step_t;

/* A user that the database knows. */
typedef struct user_t {
    const char *id;
    const char *display;
    int was;                /* a member before the request */
    int is;                 /* and at this step */
} user_t;

scim_membership_t *scim_membership_make(const scim_rtype_t *users,
                                        const char *base_url,
                                        apr_pool_t *pool)
{
    scim_membership_t *membership = apr_pcalloc(pool, sizeof(*membership));

    membership->steps = apr_array_make(pool, 4, sizeof(step_t));
    membership->named = apr_array_make(pool, 8, sizeof(const char *));
    membership->seen = apr_hash_make(pool);
    membership->told = apr_hash_make(pool);
    membership->users = users;
    membership->base_url = base_url;
    membership->pool = pool;
    return membership;
}

int scim_membership_is_empty(const scim_membership_t *membership)
{
    return membership->steps->nelts == 0;
}

/* Taking down */

static void add_step(scim_membership_t *membership, step_kind_t kind,
                     const apr_array_header_t *ids,
                     const scim_filter_t *filter)
{
    step_t *step = apr_array_push(membership->steps);
    int i;

    step->kind = kind;
    step->ids = ids;
    step->filter = filter;
    membership->needs_all |= kind == STEP_REMOVE_ALL;
    for (i = 0; ids && i < ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(ids, i, const char *);

        if (!apr_hash_get(membership->seen, id, APR_HASH_KEY_STRING)) {
            apr_hash_set(membership->seen, id, APR_HASH_KEY_STRING, id);
            APR_ARRAY_PUSH(membership->named, const char *) = id;
        }
    }
}

static scim_err_t *wrong(const scim_membership_t *membership,
                         const char *rule)
{
    return scim_err_make(SCIM_ERR_INVALID_VALUE, membership->pool,
                         "members %s", rule);
}

/* Whether it says that it is a group, which has an id of its own kind. */
static int is_group(const scim_json_t *member)
{
    const scim_json_t *type = scim_json_find(member, "type");
    const scim_json_t *ref = scim_json_find(member, "$ref");

    return (type && scim_json_is_text(type, "Group"))
        || (ref && ref->type == SCIM_JSON_STRING
            && strstr(ref->text, "/Groups/"));
}

/* The id of one member: an object with a `value`, or the bare id. */
static scim_err_t *decode_member(const char **pid,
                                 const scim_membership_t *membership,
                                 const scim_json_t *in)
{
    const scim_json_t *value = in->type == SCIM_JSON_OBJECT
                             ? scim_json_find(in, "value") : in;

    if (in->type == SCIM_JSON_OBJECT && is_group(in)) {
        return wrong(membership, "must be users: groups within groups are not "
                     "offered by this application");
    }
    if (!value || value->type != SCIM_JSON_STRING || !value->len) {
        return wrong(membership, "must be given by the id of a user each, as "
                     "{\"value\": \"ID\"}");
    }
    *pid = value->text;
    return NULL;
}

/* What says that there is nobody. An object without an id does not: it is
 * about somebody, and does not say whom. */
static int is_nobody(const scim_json_t *value)
{
    return !value
        || (value->type != SCIM_JSON_OBJECT && scim_json_is_empty(value));
}

static scim_err_t *decode_members(const apr_array_header_t **pids,
                                  const scim_membership_t *membership,
                                  const scim_json_t *value)
{
    int in_array = value->type == SCIM_JSON_ARRAY;
    apr_array_header_t *ids = apr_array_make(membership->pool, 8,
                                             sizeof(const char *));
    const scim_json_t *one;

    for (one = in_array ? value->first : value; one;
         one = in_array ? one->next : NULL) {
        SCIM_TRY(decode_member((const char **)apr_array_push(ids), membership,
                               one));
    }
    *pids = ids;
    return NULL;
}

static int is_named(const scim_attr_t *sub, const char *name)
{
    return sub && strcasecmp(sub->name, name) == 0;
}

/* The ids of all who can pass the filter, or NULL: anybody may. *pexact is
 * cleared when not all of them must pass. */
static apr_array_header_t *who_can_pass(int *pexact,
                                        const scim_filter_t *filter,
                                        apr_pool_t *pool)
{
    apr_array_header_t *left, *right;

    switch (filter->kind) {
    case SCIM_FILTER_AND:
        *pexact = 0;
        left = who_can_pass(pexact, filter->left, pool);
        return left ? left : who_can_pass(pexact, filter->right, pool);
    case SCIM_FILTER_OR:
        left = who_can_pass(pexact, filter->left, pool);
        right = left ? who_can_pass(pexact, filter->right, pool) : NULL;
        return right ? apr_array_append(pool, left, right) : NULL;
    case SCIM_FILTER_COMPARE:
        if (filter->op == SCIM_OP_EQ && is_named(filter->sub, "value")
            && filter->value->type == SCIM_JSON_STRING) {
            left = apr_array_make(pool, 1, sizeof(const char *));
            APR_ARRAY_PUSH(left, const char *) = filter->value->text;
            return left;
        }
        return NULL;
    default:
        return NULL;
    }
}

static scim_err_t *remove_filtered(scim_membership_t *membership,
                                   const scim_filter_t *filter)
{
    const apr_array_header_t *ids;
    int exact = 1;

    ids = who_can_pass(&exact, filter, membership->pool);
    if (!ids && ++membership->filters > SCIM_MEMBERS_FILTERS_MAX) {
        return scim_err_make(SCIM_ERR_TOO_LARGE, membership->pool,
                             "more than %d filters in one request that have to "
                             "look at all members", SCIM_MEMBERS_FILTERS_MAX);
    }
    add_step(membership, ids ? STEP_REMOVE : STEP_REMOVE_ALL, ids,
             ids && exact ? NULL : filter);
    return NULL;
}

scim_err_t *scim_membership_note(scim_membership_t *membership,
                                 scim_patch_op_t op,
                                 const scim_path_t *path,
                                 const scim_json_t *value)
{
    const apr_array_header_t *ids = NULL;

    if (path->sub || (path->filter && op != SCIM_PATCH_REMOVE)) {
        return scim_err_make(SCIM_ERR_MUTABILITY, membership->pool,
                             "a member cannot be changed in place; remove it "
                             "and add another one to members");
    }
    if (path->filter) {
        return remove_filtered(membership, path->filter);
    }
    if (op == SCIM_PATCH_REMOVE) {
        if (value && value->type != SCIM_JSON_NULL) {
            SCIM_TRY(decode_members(&ids, membership, value));
        }
        add_step(membership, ids ? STEP_REMOVE : STEP_REMOVE_ALL, ids, NULL);
        return NULL;
    }
    if (!is_nobody(value)) {
        SCIM_TRY(decode_members(&ids, membership, value));
    }
    if (op == SCIM_PATCH_REPLACE) {
        add_step(membership, STEP_REMOVE_ALL, NULL, NULL);
    }
    if (ids) {
        add_step(membership, STEP_ADD, ids, NULL);
    }
    return NULL;
}

/* Carrying out */

void scim_membership_forget(scim_membership_t *membership)
{
    apr_hash_clear(membership->told);
}

void scim_membership_tell(scim_membership_t *membership, const char *id,
                          int is_member, const char *display)
{
    user_t *user = apr_palloc(membership->pool, sizeof(*user));

    user->id = id;
    user->display = display;
    user->was = user->is = is_member;
    apr_hash_set(membership->told, id, APR_HASH_KEY_STRING, user);
}

static user_t *get_user(const scim_membership_t *membership, const char *id)
{
    return apr_hash_get(membership->told, id, APR_HASH_KEY_STRING);
}

static int passes(const scim_membership_t *membership,
                  const scim_filter_t *filter, const user_t *user,
                  apr_pool_t *scratch)
{
    scim_json_t *element;
    const char *url;

    if (!filter) {
        return 1;
    }
    apr_pool_clear(scratch);
    url = scim_rtype_location(membership->users, membership->base_url,
                              user->id, scratch);
    element = scim_json_make(SCIM_JSON_OBJECT, scratch);
    scim_json_set(element, "value", scim_json_make_string(user->id, scratch));
    scim_json_set(element, "$ref", scim_json_make_string(url, scratch));
    scim_json_set(element, "type", scim_json_make_string("User", scratch));
    if (user->display) {
        scim_json_set(element, "display",
                      scim_json_make_string(user->display, scratch));
    }
    return scim_filter_matches_element(filter, element, scratch);
}

static scim_err_t *add(const scim_membership_t *membership,
                       const apr_array_header_t *ids)
{
    int i;

    for (i = 0; i < ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(ids, i, const char *);
        user_t *user = get_user(membership, id);

        if (!user) {
            return scim_err_make(SCIM_ERR_INVALID_VALUE, membership->pool,
                                 "members: there is no User with the id "
                                 "\"%s\"", scim_err_quote(id,
                                                          membership->pool));
        }
        user->is = 1;
    }
    return NULL;
}

static void remove_listed(const scim_membership_t *membership,
                          const step_t *step, apr_pool_t *scratch)
{
    int i;

    for (i = 0; i < step->ids->nelts; i++) {
        user_t *user = get_user(membership,
                                APR_ARRAY_IDX(step->ids, i, const char *));

        if (user && user->is
            && passes(membership, step->filter, user, scratch)) {
            user->is = 0;
        }
    }
}

static void remove_all(const scim_membership_t *membership,
                       const step_t *step, apr_pool_t *scratch)
{
    apr_hash_index_t *hi;

    for (hi = apr_hash_first(membership->pool, membership->told); hi;
         hi = apr_hash_next(hi)) {
        user_t *user = apr_hash_this_val(hi);

        if (user->is && passes(membership, step->filter, user, scratch)) {
            user->is = 0;
        }
    }
}

static void sort_out(apr_array_header_t *added, apr_array_header_t *removed,
                     const user_t *user)
{
    if (user && user->is && !user->was) {
        APR_ARRAY_PUSH(added, const char *) = user->id;
    }
    else if (user && !user->is && user->was) {
        APR_ARRAY_PUSH(removed, const char *) = user->id;
    }
}

scim_err_t *scim_membership_resolve(const apr_array_header_t **padded,
                                    const apr_array_header_t **premoved,
                                    scim_membership_t *membership)
{
    apr_pool_t *pool = membership->pool, *scratch;
    apr_array_header_t *added = apr_array_make(pool, 8, sizeof(char *));
    apr_array_header_t *removed = apr_array_make(pool, 8, sizeof(char *));
    apr_hash_index_t *hi;
    int i;

    apr_pool_create(&scratch, pool);
    for (i = 0; i < membership->steps->nelts; i++) {
        const step_t *step = &APR_ARRAY_IDX(membership->steps, i, step_t);

        if (step->kind == STEP_ADD) {
            SCIM_TRY(add(membership, step->ids));
        }
        else if (step->kind == STEP_REMOVE) {
            remove_listed(membership, step, scratch);
        }
        else {
            remove_all(membership, step, scratch);
        }
    }
    apr_pool_destroy(scratch);
    for (hi = apr_hash_first(pool, membership->told); hi;
         hi = apr_hash_next(hi)) {
        sort_out(added, removed, apr_hash_this_val(hi));
    }
    *padded = added->nelts ? added : NULL;
    *premoved = removed->nelts ? removed : NULL;
    return NULL;
}
