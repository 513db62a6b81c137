#include "service/rules.h"

#include <apr_strings.h>

#include <string.h>

#include "schema/resource.h"

static const char by_actor[] =
    "this account's API token runs the provisioning; issue one from another "
    "account first";

static const char by_application[] =
    "the application protects this account from provisioning; take it out of "
    "the scope, or change it in the application";

static int is_actor(const scim_talk_t *talk, const scim_row_t *row)
{
    const char *actor = talk->call->reply->actor;

    return actor && talk->mapping->type->user_name
        && strcmp(actor, row->id) == 0;
}

int scim_rules_is_protected(const scim_talk_t *talk, const scim_row_t *row)
{
    return row->is_protected || is_actor(talk, row);
}

static scim_err_t *refuse(const scim_talk_t *talk, const scim_row_t *row,
                          const char *what)
{
    return scim_err_make(SCIM_ERR_MUTABILITY, talk->call->request->pool,
                         "cannot %s: %s", what,
                         is_actor(talk, row) ? by_actor : by_application);
}

static int differs(const scim_rtype_t *type, const scim_attr_t *attr,
                   const scim_json_t *before, const scim_json_t *after)
{
    const scim_json_t *old = scim_resource_get(type, before, attr);
    const scim_json_t *new = scim_resource_get(type, after, attr);

    return old && new ? !scim_json_is_equal(old, new) : old != new;
}

static int is_active(const scim_rtype_t *type, const scim_json_t *resource)
{
    const scim_json_t *active = scim_resource_get(type, resource,
                                                  type->active);

    return active && active->boolean;
}

scim_err_t *scim_rules_check_change(const scim_talk_t *talk,
                                    const scim_row_t *row,
                                    const scim_json_t *before,
                                    const scim_json_t *after)
{
    const scim_rtype_t *type = talk->mapping->type;

    if (!scim_rules_is_protected(talk, row)) {
        return NULL;
    }
    if (is_active(type, before) && !is_active(type, after)) {
        return refuse(talk, row, "deactivate (active)");
    }
    if (differs(type, type->user_name, before, after)) {
        return refuse(talk, row, "change userName");
    }
    if (differs(type, type->external_id, before, after)) {
        return refuse(talk, row, "change externalId");
    }
    return NULL;
}

scim_err_t *scim_rules_check_delete(const scim_talk_t *talk,
                                    const scim_row_t *row)
{
    return scim_rules_is_protected(talk, row)
         ? refuse(talk, row, "delete the account") : NULL;
}

static apr_off_t size_of(const scim_talk_t *talk, const scim_state_t *state)
{
    apr_size_t size = 0;
    int i;

    for (i = 0; i < talk->mapping->columns->nelts; i++) {
        size += state->values[i] ? strlen(state->values[i]) : 0;
    }
    if (state->extra) {
        size += strlen(scim_json_text(state->extra,
                                      talk->call->request->pool));
    }
    return (apr_off_t)size;
}

scim_err_t *scim_rules_check_size(const scim_talk_t *talk,
                                  const scim_state_t *old,
                                  const scim_state_t *new)
{
    apr_off_t max = talk->call->request->service->body_max;
    apr_off_t size = size_of(talk, new);

    if (size <= max || size <= size_of(talk, old)) {
        return NULL;
    }
    return scim_err_make(SCIM_ERR_INVALID_VALUE, talk->call->request->pool,
                         "the %s would take %" APR_OFF_T_FMT " bytes, more "
                         "than the %" APR_OFF_T_FMT " that can be kept",
                         talk->mapping->type->noun, size, max);
}

scim_err_t *scim_rules_protected_conflict(const scim_talk_t *talk,
                                          const scim_row_t *row)
{
    return scim_err_make(SCIM_ERR_UNIQUENESS, talk->call->request->pool,
                         "userName or externalId belongs to an existing "
                         "account that cannot be taken over: %s",
                         is_actor(talk, row) ? by_actor : by_application);
}

static scim_err_t *conflict(const scim_talk_t *talk, const char *name,
                            const char *value)
{
    apr_pool_t *pool = talk->call->request->pool;

    return scim_err_make(SCIM_ERR_UNIQUENESS, pool,
                         "%s \"%s\" is used by another %s", name,
                         scim_err_quote(value ? value : "", pool),
                         talk->mapping->type->noun);
}

scim_err_t *scim_rules_conflict(const scim_talk_t *talk,
                                const scim_attr_t *attr,
                                const scim_json_t *resource)
{
    const scim_json_t *value = scim_resource_get(talk->mapping->type,
                                                 resource, attr);

    return conflict(talk, attr->name, value ? value->text : NULL);
}

static const char *value_of(const scim_talk_t *talk, const char *target,
                            const scim_state_t *state)
{
    int i;

    for (i = 0; i < talk->mapping->columns->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(talk->mapping->columns, i,
                                 scim_column_t).target, target) == 0) {
            return state->values[i];
        }
    }
    return NULL;
}

/* The guard counts and says its numbers; the words are these. */
static void word_guard(const scim_talk_t *talk, scim_err_t *err)
{
    const char *numbers = scim_conn_detail(talk->conn);
    apr_pool_t *pool = talk->call->request->pool;
    apr_int64_t taken, active, seconds;
    char *rest;

    if (!numbers) {
        return;
    }
    taken = apr_strtoi64(numbers, &rest, 10);
    active = apr_strtoi64(rest, &rest, 10);
    seconds = apr_strtoi64(rest, &rest, 10);
    seconds = seconds < 1 ? 1 : seconds;
    err->detail = apr_psprintf(pool, "held back, because it looks like a "
        "mistake: %" APR_INT64_T_FMT " of %" APR_INT64_T_FMT " active accounts "
        "have been deactivated within %d minutes; check in the directory who "
        "is assigned and in scope; if this many are meant to go, have it "
        "released in this application's console or by its support, and it is "
        "done with the next cycle; otherwise deactivating is possible again in %"
        APR_INT64_T_FMT " minutes; everything else goes on", taken, active,
        (talk->mapping->guard->seconds + 59) / 60, (seconds + 59) / 60);
    talk->call->reply->retry_after = (int)seconds;
}

/* A column that must not be NULL was to be cleared. The database is the one to
 * say so: a trigger may have filled it. */
static void word_not_null(const scim_talk_t *talk, scim_err_t *err)
{
    const char *name = scim_conn_column(talk->conn);
    int i;

    for (i = 0; name && i < talk->mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(talk->mapping->columns, i, scim_column_t);

        if (strcmp(column->name, name) == 0) {
            err->detail = apr_psprintf(talk->call->request->pool,
                                       "%s cannot be removed or left empty: "
                                       "the application needs a value",
                                       column->target);
        }
    }
}

/* Types that take any text, or one that has been checked before. */
static int takes_any_text(const char *type)
{
    return strncmp(type, "text", 4) == 0 || strncmp(type, "citext", 6) == 0
        || strncmp(type, "character", 9) == 0
        || strncmp(type, "boolean", 7) == 0
        || strncmp(type, "timestamp", 9) == 0;
}

/* The column into whose type a value did not fit. PostgreSQL names the value,
 * in whatever language, and no column; of a number with too many digits it
 * names nothing, so that one is looked for by its type. */
static int find_misfit(const scim_talk_t *talk, const scim_err_t *err,
                       const scim_state_t *state)
{
    apr_pool_t *pool = talk->call->request->pool;
    int i, number = -1;

    for (i = 0; i < talk->mapping->columns->nelts; i++) {
        const char *type = talk->facts->types[i];
        const char *value = state->values[i];

        if (!value || takes_any_text(type)) {
            continue;
        }
        if (strstr(err->cause, apr_pstrcat(pool, "\"", value, "\"", NULL))) {
            return i;
        }
        if (strncmp(type, "numeric", 7) == 0) {
            number = number == -1 ? i : -2;
        }
    }
    return strcmp(scim_conn_sqlstate(talk->conn), "22003") == 0 ? number : -1;
}

static void word_misfit(const scim_talk_t *talk, scim_err_t *err,
                        const scim_state_t *state)
{
    apr_pool_t *pool = talk->call->request->pool;
    int i = find_misfit(talk, err, state);

    if (i >= 0) {
        err->detail = apr_psprintf(pool, "%s \"%s\" does not fit the "
                                   "application's column of type %s",
                                   APR_ARRAY_IDX(talk->mapping->columns, i,
                                                 scim_column_t).target,
                                   scim_err_quote(state->values[i], pool),
                                   talk->facts->types[i]);
    }
}

scim_err_t *scim_rules_word(const scim_talk_t *talk, scim_err_t *err,
                            const scim_state_t *state)
{
    const char *constraint = scim_conn_constraint(talk->conn);
    apr_pool_t *pool = talk->call->request->pool;
    int i;

    if (err->kind == SCIM_ERR_HELD_BACK) {
        word_guard(talk, err);
        return err;
    }
    if (strcmp(scim_conn_sqlstate(talk->conn), "23502") == 0) {
        word_not_null(talk, err);
        return err;
    }
    if (strncmp(scim_conn_sqlstate(talk->conn), "22", 2) == 0) {
        word_misfit(talk, err, state);
        return err;
    }
    for (i = 0; constraint && i < talk->facts->rules->nelts; i++) {
        const scim_rule_t *rule =
            &APR_ARRAY_IDX(talk->facts->rules, i, scim_rule_t);
        const char *value;

        if (strcmp(rule->name, constraint) != 0) {
            continue;
        }
        value = value_of(talk, rule->target, state);
        if (err->kind == SCIM_ERR_UNIQUENESS) {
            err->detail = conflict(talk, rule->target, value)->detail;
        }
        else if (err->kind == SCIM_ERR_INVALID_VALUE) {
            err->detail = apr_psprintf(pool, "%s \"%s\" does not follow the "
                                       "rules of the application",
                                       rule->target,
                                       scim_err_quote(value ? value : "",
                                                      pool));
        }
        break;
    }
    return err;
}
