#include "proto/patch_outcome.h"

#include "proto/mutability.h"
#include "proto/quirks.h"
#include "schema/resource.h"

/* When all is done: an element may get its `value` by a later operation, and
 * become like another. */
static void settle(scim_patch_work_t *work)
{
    int i;

    for (i = 0; i < work->type->nattrs; i++) {
        const scim_attr_t *attr = work->type->attrs[i];

        if (attr->parent) {
            continue;
        }
        if (attr->multi || attr->type == SCIM_TYPE_COMPLEX) {
            scim_patch_drop_hollow(work, attr);
        }
        if (attr->multi && work->intake->named[i]) {
            scim_patch_drop_repeated(work, attr);
        }
    }
}

/* `$ref` is the address of what `value` names, of the manager for one. Where
 * the value is another now and the address still the old one, it would lead
 * to the wrong place: clients seldom send it, and then do not say that it
 * goes. */
static void drop_stale_references(scim_patch_work_t *work)
{
    int i;

    for (i = 0; i < work->type->nattrs; i++) {
        const scim_attr_t *attr = work->type->attrs[i];
        const scim_attr_t *key = scim_attr_sub(attr, "value");
        const scim_attr_t *ref = scim_attr_sub(attr, "$ref");
        const scim_json_t *old;
        scim_json_t *new;

        if (attr->multi || !key || !ref) {
            continue;
        }
        old = scim_resource_get(work->type, work->before, attr);
        new = scim_resource_get(work->type, work->resource, attr);
        if (old && new
            && !scim_value_is_same(scim_json_find(old, key->name),
                                   scim_json_find(new, key->name), key)
            && scim_value_is_same(scim_json_find(old, ref->name),
                                  scim_json_find(new, ref->name), ref)) {
            scim_json_remove(new, ref->name);
        }
    }
}

/* Whether clients have written any of the value. */
static int is_written(const scim_json_t *value, const scim_attr_t *attr)
{
    int i;

    if (!value || attr->mutability == SCIM_READ_ONLY) {
        return 0;
    }
    for (i = 0; i < attr->nsubs; i++) {
        if (attr->multi
            || is_written(scim_json_find(value, attr->subs[i].name),
                          &attr->subs[i])) {
            return 1;
        }
    }
    return attr->nsubs == 0;
}

/* Whether clients have written any of the extension. What the application
 * alone writes may be there of those who do without it. */
static int is_used(const scim_patch_work_t *work, const scim_json_t *resource,
                   const scim_schema_t *schema)
{
    int i;

    for (i = 0; i < work->type->nattrs; i++) {
        const scim_attr_t *attr = work->type->attrs[i];

        if (attr->schema == schema && !attr->parent
            && is_written(scim_resource_get(work->type, resource, attr),
                          attr)) {
            return 1;
        }
    }
    return 0;
}

/* Whether the resource lacks what it must have: the attribute has no value, or
 * there is something of which it would be a part. Those of an extension are
 * required where it is itself, and where it is used. */
static int lacks(const scim_patch_work_t *work, const scim_json_t *resource,
                 const scim_attr_t *attr)
{
    const scim_schema_t *schema = attr->schema;
    const scim_attr_t *top = attr->parent ? attr->parent : attr;
    const scim_json_t *value = scim_resource_get(work->type, resource, top);
    const scim_json_t *element;

    if (!attr->parent) {
        return scim_json_is_empty(value)
            && !(scim_rtype_is_extension(work->type, schema)
                 && !schema->required
                 && !is_used(work, resource, schema));
    }
    if (!top->multi) {
        return value && scim_json_is_empty(scim_json_find(value, attr->name));
    }
    for (element = value ? value->first : NULL; element;
         element = element->next) {
        if (scim_json_is_empty(scim_json_find(element, attr->name))) {
            return 1;
        }
    }
    return 0;
}

/* Whether all that was asked for leaves no more values than can be kept. */
static scim_err_t *check_counts(const scim_patch_work_t *work)
{
    int i;

    for (i = 0; i < work->type->nattrs; i++) {
        const scim_attr_t *attr = work->type->attrs[i];

        if (!attr->parent && attr->multi && work->intake->named[i]) {
            SCIM_TRY(scim_value_check_count(
                         scim_resource_get(work->type, work->resource, attr),
                         attr, 0, work->intake));
        }
    }
    return NULL;
}

/* An account that lacked something before is no reason to refuse what a PATCH
 * or PUT does besides: it may be a deactivation. */
static scim_err_t *check_required(const scim_patch_work_t *work, int is_new)
{
    int i;

    for (i = 0; i < work->type->nattrs; i++) {
        const scim_attr_t *attr = work->type->attrs[i];

        if (!attr->required || attr->mutability == SCIM_READ_ONLY
            || scim_quirk_is_server_only(attr) || !work->intake->stored[i]
            || !lacks(work, work->resource, attr)
            || (!is_new && lacks(work, work->before, attr))) {
            continue;
        }
        if (work->removed[i]) {
            return scim_err_make(SCIM_ERR_MUTABILITY, work->pool,
                                 "%s is required and cannot be removed",
                                 scim_attr_path(attr, work->pool));
        }
        return scim_err_make(SCIM_ERR_INVALID_VALUE, work->pool,
                             "%s is required and must not be empty",
                             scim_attr_path(attr, work->pool));
    }
    return NULL;
}

scim_err_t *scim_patch_settle(scim_patch_work_t *work, int is_whole)
{
    settle(work);
    if (!is_whole) {
        drop_stale_references(work);
    }
    SCIM_TRY(check_counts(work));
    scim_mutability_keep(work->before, work->resource, is_whole,
                         work->intake);
    SCIM_TRY(check_required(work, work->merging && !is_whole));
    return scim_mutability_check(work->before, work->resource, work->intake);
}
