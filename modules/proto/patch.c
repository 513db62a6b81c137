#include "proto/patch.h"

#include <apr_strings.h>

#include <string.h>

#include "proto/message.h"
#include "proto/patch_outcome.h"
#include "proto/patch_target.h"
#include "proto/quirks.h"
#include "query/path.h"
#include "schema/resource.h"

/* What it costs to look at a value, beside its text. */
#define VALUE_BYTES 16

typedef struct operation_t {
    scim_patch_op_t op;
    int has_path;
    scim_path_t path;
    const char *path_text;      /* for what is noted and said */
    const scim_json_t *value;   /* NULL: none given */
} operation_t;

struct scim_patch_t {
    apr_array_header_t *operations;     /* of operation_t */
};

/* Reading the message */

static scim_err_t *decode_operation(operation_t *operation,
                                    const scim_json_t *in, int number,
                                    const scim_rtype_t *type,
                                    const scim_limits_t *limits,
                                    apr_pool_t *pool)
{
    const scim_json_t *op, *path;

    if (in->type != SCIM_JSON_OBJECT) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "operation %d is not an object", number);
    }
    op = scim_json_find(in, "op");
    if (!op || op->type != SCIM_JSON_STRING) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "operation %d has no op", number);
    }
    switch (scim_quirk_op(op->text)) {
    case 'a':
        operation->op = SCIM_PATCH_ADD;
        break;
    case 'r':
        operation->op = SCIM_PATCH_REPLACE;
        break;
    case 'd':
        operation->op = SCIM_PATCH_REMOVE;
        break;
    default:
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "operation %d has the unknown op \"%s\"; it must "
                             "be add, replace or remove",
                             number, scim_err_quote(op->text, pool));
    }
    operation->value = scim_json_find(in, "value");
    path = scim_json_find(in, "path");
    operation->has_path = path && path->type != SCIM_JSON_NULL;
    if (operation->has_path) {
        if (path->type != SCIM_JSON_STRING) {
            return scim_err_make(SCIM_ERR_INVALID_PATH, pool,
                                 "the path of operation %d is not a string",
                                 number);
        }
        operation->path_text = path->text;
        SCIM_TRY(scim_path_parse(&operation->path, path->text, type, limits,
                                 pool));
    }
    else if (operation->op == SCIM_PATCH_REMOVE) {
        return scim_err_make(SCIM_ERR_NO_TARGET, pool,
                             "operation %d removes, but has no path", number);
    }
    else if (!operation->value
             || operation->value->type != SCIM_JSON_OBJECT) {
        return scim_err_make(SCIM_ERR_INVALID_VALUE, pool,
                             "operation %d has no path, so its value must be "
                             "an object of attributes", number);
    }
    if (operation->op != SCIM_PATCH_REMOVE && !operation->value) {
        return scim_err_make(SCIM_ERR_INVALID_VALUE, pool,
                             "operation %d has no value", number);
    }
    return NULL;
}

scim_err_t *scim_patch_decode(scim_patch_t **ppatch, const scim_json_t *body,
                              const scim_rtype_t *type,
                              const scim_limits_t *limits, apr_pool_t *pool)
{
    scim_patch_t *patch = apr_palloc(pool, sizeof(*patch));
    const scim_json_t *list, *in;
    int number = 0;

    SCIM_TRY(scim_message_operations(&list, body, pool));
    if (scim_json_count(list) > limits->patch_operations) {
        return scim_err_make(SCIM_ERR_TOO_LARGE, pool,
                             "more than %d operations in one request",
                             limits->patch_operations);
    }
    patch->operations = apr_array_make(pool, 8, sizeof(operation_t));
    for (in = list->first; in; in = in->next) {
        operation_t *operation = apr_array_push(patch->operations);

        SCIM_TRY(decode_operation(operation, in, ++number, type, limits,
                                  pool));
    }
    *ppatch = patch;
    return NULL;
}

/* Operations */

static scim_err_t *apply_object(scim_patch_work_t *work, scim_patch_op_t op,
                                const scim_schema_t *schema,
                                const scim_json_t *object);

/* Remove an extension as a whole, as far as it is the client's. */
static void remove_schema(scim_patch_work_t *work, const scim_schema_t *schema)
{
    int i;

    for (i = 0; i < schema->nattrs; i++) {
        const scim_attr_t *attr = &schema->attrs[i];

        if (work->intake->stored[attr->index]
            && attr->mutability != SCIM_READ_ONLY) {
            work->removed[attr->index] = 1;
            scim_resource_remove(work->type, work->resource, attr);
        }
    }
}

/* Whether the path leads to something that is kept here and that clients
 * change. What they may not is ignored in a body, which may be an echo of
 * what they read, and found out in the end of a PATCH. */
static int is_writable(const scim_patch_work_t *work, const scim_path_t *path,
                       const char *name)
{
    const scim_attr_t *attr = path->attr, *sub = path->sub;

    if (path->known && scim_quirk_is_server_only(attr)) {
        return 0;
    }
    if (!path->known || !work->intake->stored[attr->index]
        || (sub && !work->intake->stored[sub->index])) {
        scim_intake_ignore(work->intake, name);
        return 0;
    }
    return !work->merging
        || (attr->mutability != SCIM_READ_ONLY
            && (!sub || sub->mutability != SCIM_READ_ONLY));
}

/* What it costs to look at a value: its text, and something for each. */
static apr_uint64_t bytes_in(const scim_json_t *value)
{
    const scim_json_t *inner;
    apr_uint64_t bytes = VALUE_BYTES + value->len;

    for (inner = value->first; inner; inner = inner->next) {
        bytes += bytes_in(inner);
    }
    return bytes;
}

/* Each comparison folds the values, and each time what it looks for. */
static apr_uint64_t bytes_looked(const scim_filter_t *filter,
                                 apr_uint64_t bytes, int values)
{
    if (!filter) {
        return 0;
    }
    if (filter->kind != SCIM_FILTER_COMPARE) {
        return bytes_looked(filter->left, bytes, values)
             + bytes_looked(filter->right, bytes, values);
    }
    return bytes + (filter->value ? filter->value->len * values : 0);
}

/* How much there is to look through is the client's to choose, who has sent
 * the values as well, and meanwhile the row is locked: hence an end to it. */
static scim_err_t *look_through(scim_patch_work_t *work,
                                const scim_path_t *path)
{
    const scim_json_t *array = scim_resource_get(work->type, work->resource,
                                                 path->attr);

    if (array) {
        work->looked += bytes_looked(path->filter, bytes_in(array),
                                     scim_json_count(array));
    }
    if (work->looked > SCIM_PATCH_LOOK_MAX) {
        return scim_err_make(SCIM_ERR_TOO_LARGE, work->pool,
                             "the filters in the paths of this request have "
                             "to look through more than %d bytes",
                             SCIM_PATCH_LOOK_MAX);
    }
    return NULL;
}

static scim_err_t *apply_path(scim_patch_work_t *work, scim_patch_op_t op,
                              const scim_path_t *path, const char *name,
                              const scim_json_t *value)
{
    const scim_attr_t *attr = path->attr;

    if (path->known && !attr) {
        if (op != SCIM_PATCH_REMOVE) {
            return apply_object(work, op, path->schema, value);
        }
        remove_schema(work, path->schema);
        return NULL;
    }
    if (!is_writable(work, path, name)) {
        return NULL;
    }
    if (attr == work->type->related) {
        return work->members ? scim_membership_note(work->members, op, path,
                                                    value) : NULL;
    }
    if (work->members) {
        return NULL;
    }
    if (path->filter) {
        SCIM_TRY(look_through(work, path));
    }
    work->intake->named[attr->index] = 1;
    if (op == SCIM_PATCH_REMOVE) {
        SCIM_TRY(scim_patch_remove_at(work, path, value));
    }
    else {
        SCIM_TRY(scim_patch_set_at(work, op, path, value));
    }
    apr_pool_clear(work->scratch);
    /* who adds first and removes then may have twice as many in between; new
     * values are compared with all that are there */
    return scim_value_check_count(scim_resource_get(work->type,
                                                    work->resource, attr),
                                  attr, work->intake->limits->values,
                                  work->intake);
}

/* Whether a name that is no path was meant to be one, into something that is
 * kept: a bracket follows its name. */
static int means_stored(const scim_patch_work_t *work, const char *text)
{
    const char *open = strchr(text, '[');
    scim_name_t name;

    if (!open) {
        return 0;
    }
    name = scim_rtype_resolve(work->type,
                              apr_pstrmemdup(work->pool, text, open - text),
                              work->pool);
    return name.attr && work->intake->stored[name.attr->index];
}

/* Whether anything of a schema is kept here. */
static int is_stored(const scim_patch_work_t *work,
                     const scim_schema_t *schema)
{
    int i;

    for (i = 0; i < schema->nattrs; i++) {
        if (work->intake->stored[schema->attrs[i].index]) {
            return 1;
        }
    }
    return 0;
}

/* What cannot be read must not pass for an extension without data, which a PUT
 * would clear; one that is not kept anyway is in nobody's way. */
static scim_err_t *refuse_object(scim_patch_work_t *work,
                                 const scim_schema_t *schema,
                                 const scim_json_t *value)
{
    if (scim_json_is_empty(value)) {
        return NULL;
    }
    if (!is_stored(work, schema)) {
        scim_intake_ignore(work->intake, schema->urn);
        return NULL;
    }
    return scim_err_make(SCIM_ERR_INVALID_VALUE, work->pool,
                         "the value of %s must be an object of attributes",
                         schema->urn);
}

/* Each member's name is a path; below an extension's URN it is one within
 * that extension. A name that is no path is nothing we store, unless it was
 * meant to be one. */
static scim_err_t *apply_object(scim_patch_work_t *work, scim_patch_op_t op,
                                const scim_schema_t *schema,
                                const scim_json_t *object)
{
    const scim_json_t *member;

    object = scim_quirk_single_in_array(object);
    if (schema && object->type != SCIM_JSON_OBJECT) {
        return refuse_object(work, schema, object);
    }
    for (member = object->first; member; member = member->next) {
        const char *name = member->name;
        scim_path_t path;
        scim_err_t *err;

        if (work->merging && member->type != SCIM_JSON_OBJECT
            && scim_json_is_empty(member)) {
            continue;
        }
        if (schema) {
            name = apr_pstrcat(work->pool, schema->urn, ":", name, NULL);
        }
        err = scim_path_parse(&path, name, work->type, work->intake->limits,
                              work->pool);
        if (err && !work->merging && means_stored(work, name)) {
            return err;
        }
        if (err) {
            scim_intake_ignore(work->intake, name);
            continue;
        }
        SCIM_TRY(apply_path(work, op, &path, name, member));
    }
    return NULL;
}

static void begin(scim_patch_work_t *work, scim_json_t *resource,
                  const scim_json_t *before, scim_intake_t *intake,
                  int merging)
{
    work->resource = resource;
    work->before = before ? before : scim_json_copy(resource, intake->pool);
    work->intake = intake;
    intake->before = work->before;
    work->type = intake->type;
    work->pool = intake->pool;
    work->merging = merging;
    work->removed = apr_pcalloc(work->pool, work->type->nattrs);
    work->members = NULL;
    work->looked = 0;
    apr_pool_create(&work->scratch, intake->pool);
}

static scim_err_t *apply_operations(scim_patch_work_t *work,
                                    const scim_patch_t *patch)
{
    int i;

    for (i = 0; i < patch->operations->nelts; i++) {
        const operation_t *operation =
            &APR_ARRAY_IDX(patch->operations, i, operation_t);

        if (!operation->has_path) {
            SCIM_TRY(apply_object(work, operation->op, NULL,
                                  operation->value));
        }
        else {
            SCIM_TRY(apply_path(work, operation->op, &operation->path,
                                operation->path_text, operation->value));
        }
    }
    return NULL;
}

scim_err_t *scim_patch_apply(scim_json_t *resource, const scim_patch_t *patch,
                             scim_intake_t *intake)
{
    scim_patch_work_t work;

    begin(&work, resource, NULL, intake, 0);
    SCIM_TRY(apply_operations(&work, patch));
    return scim_patch_settle(&work, 0);
}

static scim_err_t *merge(scim_patch_work_t *work, const scim_json_t *body)
{
    if (body->type != SCIM_JSON_OBJECT) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, work->pool,
                             "the body is not a JSON object");
    }
    return apply_object(work, SCIM_PATCH_REPLACE, NULL, body);
}

scim_err_t *scim_patch_merge(scim_json_t *resource, const scim_json_t *body,
                             scim_intake_t *intake)
{
    scim_patch_work_t work;

    begin(&work, resource, NULL, intake, 1);
    SCIM_TRY(merge(&work, body));
    return scim_patch_settle(&work, 0);
}

scim_err_t *scim_patch_replace(scim_json_t **pafter,
                               const scim_json_t *before,
                               const scim_json_t *body, scim_intake_t *intake)
{
    scim_json_t *after = scim_json_make(SCIM_JSON_OBJECT, intake->pool);
    scim_patch_work_t work;

    begin(&work, after, before, intake, 1);
    SCIM_TRY(merge(&work, body));
    SCIM_TRY(scim_patch_settle(&work, 1));
    *pafter = after;
    return NULL;
}

/* There is no resource to change, so what is not about members finds none. */
static void begin_members(scim_patch_work_t *work,
                          scim_membership_t *membership, scim_intake_t *intake,
                          int merging)
{
    begin(work, scim_json_make(SCIM_JSON_OBJECT, intake->pool), NULL, intake,
          merging);
    work->members = membership;
}

scim_err_t *scim_patch_note_members(scim_membership_t *membership,
                                    const scim_patch_t *patch,
                                    scim_intake_t *intake)
{
    scim_patch_work_t work;

    begin_members(&work, membership, intake, 0);
    return apply_operations(&work, patch);
}

scim_err_t *scim_patch_merge_members(scim_membership_t *membership,
                                     const scim_json_t *body,
                                     scim_intake_t *intake)
{
    scim_patch_work_t work;

    begin_members(&work, membership, intake, 1);
    return merge(&work, body);
}
