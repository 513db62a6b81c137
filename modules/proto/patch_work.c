#include "proto/patch_work.h"

#include "proto/mutability.h"
#include "schema/resource.h"

int scim_patch_is_described(const scim_json_t *element,
                            const scim_json_t *wanted, const scim_attr_t *attr)
{
    const scim_json_t *member, *value = scim_json_find(wanted, "value");

    for (member = value ? value : wanted->first; member;
         member = value ? NULL : member->next) {
        const scim_attr_t *sub = scim_attr_sub(attr, member->name);
        const scim_json_t *mine = scim_json_find(element, member->name);

        if (!sub || !mine
            || !scim_value_is_same_one(mine, member, sub)) {
            return 0;
        }
    }
    return 1;
}

static int is_primary(const scim_json_t *element)
{
    const scim_json_t *primary = scim_json_find(element, "primary");

    return primary && primary->type == SCIM_JSON_BOOL && primary->boolean;
}

void scim_patch_keep_one_primary(scim_json_t *array, const scim_json_t *chosen)
{
    scim_json_t *element;

    if (!is_primary(chosen)) {
        return;
    }
    for (element = array->first; element; element = element->next) {
        if (element != chosen && is_primary(element)) {
            scim_json_remove(element, "primary");
        }
    }
}

void scim_patch_merge_into(scim_json_t *object, const scim_json_t *members,
                           apr_pool_t *pool)
{
    const scim_json_t *member;

    for (member = members->first; member; member = member->next) {
        if (member->type == SCIM_JSON_NULL) {
            scim_json_remove(object, member->name);
        }
        else {
            scim_json_set(object, member->name,
                          scim_json_copy(member, pool));
        }
    }
}

void scim_patch_drop_hollow(scim_patch_work_t *work, const scim_attr_t *attr)
{
    scim_json_t *value = scim_resource_get(work->type, work->resource, attr);
    scim_json_t *element, *next;

    if (!value) {
        return;
    }
    if (attr->multi && attr->type == SCIM_TYPE_COMPLEX) {
        for (element = value->first; element; element = next) {
            next = element->next;
            if (scim_value_is_hollow(element, attr)) {
                scim_json_unlink(value, element);
            }
        }
    }
    if (scim_json_is_empty(value)
        || (!attr->multi && attr->type == SCIM_TYPE_COMPLEX
            && scim_value_is_hollow(value, attr))) {
        scim_resource_remove(work->type, work->resource, attr);
    }
}

scim_json_t *scim_patch_get_or_make(scim_patch_work_t *work,
                                    const scim_attr_t *attr)
{
    scim_json_t *value = scim_resource_get(work->type, work->resource, attr);

    if (!value) {
        value = scim_json_make(attr->multi ? SCIM_JSON_ARRAY
                                           : SCIM_JSON_OBJECT, work->pool);
        scim_resource_set(work->type, work->resource, attr, value,
                          work->pool);
    }
    return value;
}

void scim_patch_keep_first_primary(scim_json_t *array)
{
    scim_json_t *element;

    for (element = array->first; element; element = element->next) {
        if (is_primary(element)) {
            scim_patch_keep_one_primary(array, element);
            return;
        }
    }
}

scim_err_t *scim_patch_add_element(scim_patch_work_t *work,
                                   const scim_attr_t *attr,
                                   const scim_json_t *element)
{
    scim_json_t *array = scim_patch_get_or_make(work, attr), *mine;
    const scim_json_t *type = scim_json_find(element, "type");

    for (mine = array->first; mine; mine = mine->next) {
        const scim_json_t *my_type = scim_json_find(mine, "type");

        if (attr->type != SCIM_TYPE_COMPLEX) {
            if (scim_value_is_same_one(mine, element, attr)) {
                return NULL;
            }
        }
        else if (scim_patch_is_described(mine, element, attr)
                 && (!type || !my_type
                     || scim_json_is_text(my_type, type->text))) {
            const scim_json_t *old = scim_json_copy(mine, work->scratch);

            scim_patch_merge_into(mine, element, work->pool);
            scim_patch_keep_one_primary(array, mine);
            return scim_mutability_check_element(old, mine, attr,
                                                 work->intake);
        }
    }
    mine = scim_json_copy(element, work->pool);
    scim_json_append(array, mine);
    if (attr->type == SCIM_TYPE_COMPLEX) {
        scim_patch_keep_one_primary(array, mine);
    }
    return NULL;
}

void scim_patch_drop_repeated(scim_patch_work_t *work, const scim_attr_t *attr)
{
    scim_json_t *array = scim_resource_get(work->type, work->resource, attr);
    scim_json_t *element, *other, *next;

    for (element = array ? array->first : NULL; element;
         element = element->next) {
        for (other = element->next; other; other = next) {
            next = other->next;
            if (scim_value_is_same_element(element, other, attr)) {
                scim_patch_merge_into(element, other, work->pool);
                scim_json_unlink(array, other);
            }
        }
    }
}
