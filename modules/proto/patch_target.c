#include "proto/patch_target.h"

#include "proto/mutability.h"
#include "proto/quirks.h"
#include "schema/resource.h"

/* Paths with a filter */

/* The value that a comparison asks for by equality, or NULL. What is not true
 * is false. */
static const scim_json_t *get_asked(const scim_filter_t *filter,
                                    apr_pool_t *pool)
{
    if (filter->kind != SCIM_FILTER_COMPARE || !filter->sub) {
        return NULL;
    }
    if (filter->op == SCIM_OP_NE && filter->value->type == SCIM_JSON_BOOL) {
        return scim_json_make_bool(!filter->value->boolean, pool);
    }
    return filter->op == SCIM_OP_EQ ? filter->value : NULL;
}

/* Put the equalities of a filter into `element`; without `with_false` those
 * that hold also where nothing is said. Returns 0 when the filter asks for more
 * than equality, or for what is no value, so that no element can be made from
 * it. */
static int fill_from_filter(scim_json_t *element, const scim_filter_t *filter,
                            int with_false, scim_intake_t *intake)
{
    const scim_json_t *asked;
    scim_json_t *value;

    if (filter->kind == SCIM_FILTER_AND) {
        return fill_from_filter(element, filter->left, with_false, intake)
            && fill_from_filter(element, filter->right, with_false, intake);
    }
    asked = get_asked(filter, intake->pool);
    if (!asked || scim_value_decode(&value, asked, filter->sub, intake)
        || !value) {
        return 0;
    }
    if (!with_false && value->type == SCIM_JSON_BOOL && !value->boolean) {
        return 1;
    }
    if (!scim_json_find(element, filter->sub->name)) {
        scim_json_set(element, filter->sub->name, value);
    }
    return 1;
}

/* Set a sub-attribute, or several, of one element. */
static scim_err_t *change_element(scim_patch_work_t *work, scim_patch_op_t op,
                                  const scim_path_t *path,
                                  scim_json_t *element,
                                  const scim_json_t *value)
{
    scim_json_t *changes;

    if (path->sub) {
        SCIM_TRY(scim_value_decode(&changes,
                                   scim_quirk_wrapped_value(value, path->sub),
                                   path->sub, work->intake));
        if (changes) {
            scim_json_set(element, path->sub->name, changes);
        }
        else {
            scim_json_remove(element, path->sub->name);
        }
        return NULL;
    }
    SCIM_TRY(scim_value_decode_element(&changes,
                                       scim_quirk_single_in_array(value),
                                       path->attr, 1, work->intake));
    if (!changes) {
        element->first = element->last = NULL;
        return NULL;
    }
    if (op == SCIM_PATCH_REPLACE) {
        element->first = element->last = NULL;
    }
    scim_patch_merge_into(element, changes, work->pool);
    if (op == SCIM_PATCH_REPLACE && path->filter) {
        fill_from_filter(element, path->filter, 1, work->intake);
    }
    return NULL;
}

static scim_err_t *no_target(const scim_patch_work_t *work,
                             const scim_path_t *path)
{
    return scim_err_make(SCIM_ERR_NO_TARGET, work->pool,
                         "no element of %s matches the filter of the path, "
                         "and none can be made from it: that takes \"eq\" "
                         "joined by \"and\", with one value for each part, "
                         "of its type",
                         scim_attr_path(path->attr, work->pool));
}

static int is_among(const scim_json_t *value, const scim_json_t *values,
                    const scim_attr_t *attr)
{
    const scim_json_t *one;

    for (one = values ? values->first : NULL; one; one = one->next) {
        if (scim_value_is_same_one(one, value, attr)) {
            return 1;
        }
    }
    return 0;
}

/* `attr[filter]` of an attribute with simple values: what matches becomes the
 * new value, which is added where nothing does. */
static scim_err_t *change_simple_matching(scim_patch_work_t *work,
                                          const scim_path_t *path,
                                          const scim_json_t *value)
{
    scim_json_t *array = scim_patch_get_or_make(work, path->attr);
    scim_json_t *element, *next, *decoded;

    SCIM_TRY(scim_value_decode(&decoded, value, path->attr, work->intake));
    for (element = array->first; element; element = next) {
        next = element->next;
        if (scim_filter_matches_element(path->filter, element, work->scratch)
            && !is_among(element, decoded, path->attr)) {
            scim_json_unlink(array, element);
        }
    }
    for (element = decoded ? decoded->first : NULL; element;
         element = element->next) {
        SCIM_TRY(scim_patch_add_element(work, path->attr, element));
    }
    return NULL;
}

/* Whether the path leads to this element. */
static int is_picked(const scim_patch_work_t *work, const scim_path_t *path,
                     const scim_json_t *element)
{
    return !path->filter
        || scim_filter_matches_element(path->filter, element, work->scratch);
}

/* Change an element that is there. Emptied altogether, it is removed. */
static scim_err_t *change_existing(scim_patch_work_t *work, scim_patch_op_t op,
                                   const scim_path_t *path,
                                   scim_json_t *element,
                                   const scim_json_t *value)
{
    const scim_json_t *old = scim_json_copy(element, work->scratch);

    SCIM_TRY(change_element(work, op, path, element, value));
    if (!element->first) {
        return NULL;
    }
    if (!path->sub) {
        scim_mutability_keep_element(old, element, path->attr, work->intake);
    }
    return scim_mutability_check_element(old, element, path->attr,
                                         work->intake);
}

/* The element that a path and a value describe, but for what the filter adds.
 * What is to be cleared is null in it, for the filter must not set that. */
static scim_err_t *make_element(scim_json_t **pelement,
                                scim_patch_work_t *work,
                                const scim_path_t *path,
                                const scim_json_t *value)
{
    scim_json_t *element;

    if (!path->sub) {
        return scim_value_decode_element(pelement,
                                         scim_quirk_single_in_array(value),
                                         path->attr, 1, work->intake);
    }
    element = scim_json_make(SCIM_JSON_OBJECT, work->pool);
    SCIM_TRY(change_element(work, SCIM_PATCH_ADD, path, element, value));
    *pelement = element->first ? element : NULL;
    return NULL;
}

/* Whether the filter says what an element would be that it finds. */
static int is_recipe(const scim_path_t *path, scim_patch_work_t *work)
{
    scim_json_t *element = scim_json_make(SCIM_JSON_OBJECT, work->pool);

    return fill_from_filter(element, path->filter, 1, work->intake)
        && scim_filter_matches_element(path->filter, element, work->scratch);
}

/* Add an element that was made for a path. What the operation says of it wins
 * over the filter, as it does where the filter finds one: the same again must
 * find what it became, and not make another, nor say of it that something is
 * false that was not said when the filter found it. */
static scim_err_t *add_made(scim_patch_work_t *work, const scim_path_t *path,
                            scim_json_t *element)
{
    scim_json_t *array, *whole;
    int is_found = 1;

    if (path->filter) {
        if (!is_recipe(path, work)) {
            return no_target(work, path);
        }
        whole = scim_json_copy(element, work->pool);
        fill_from_filter(whole, path->filter, 1, work->intake);
        is_found = scim_filter_matches_element(path->filter, whole,
                                               work->scratch);
        if (is_found) {
            element = whole;
        }
        else {
            fill_from_filter(element, path->filter, 0, work->intake);
        }
    }
    scim_resource_prune(element);
    SCIM_TRY(scim_mutability_check_element(NULL, element, path->attr,
                                           work->intake));
    if (!is_found) {
        return scim_patch_add_element(work, path->attr, element);
    }
    array = scim_patch_get_or_make(work, path->attr);
    scim_json_append(array, element);
    scim_patch_keep_one_primary(array, element);
    return NULL;
}

/* add and replace on `attr[filter]`, `attr[filter].sub`, and `attr.sub` of a
 * multi-valued attribute: every match is changed; without a match an element
 * is made, as Entra expects of `emails[type eq "work"].value`. */
static scim_err_t *change_matching(scim_patch_work_t *work, scim_patch_op_t op,
                                   const scim_path_t *path,
                                   const scim_json_t *value)
{
    scim_json_t *array = scim_resource_get(work->type, work->resource,
                                           path->attr);
    scim_json_t *element, *next;
    int found = 0;

    for (element = array ? array->first : NULL; element; element = next) {
        next = element->next;
        if (!is_picked(work, path, element)) {
            continue;
        }
        found = 1;
        SCIM_TRY(change_existing(work, op, path, element, value));
        scim_patch_keep_one_primary(array, element);
    }
    if (found) {
        return NULL;
    }
    SCIM_TRY(make_element(&element, work, path, value));
    return element ? add_made(work, path, element) : NULL;
}

static scim_err_t *remove_matching(scim_patch_work_t *work,
                                   const scim_path_t *path)
{
    scim_json_t *array = scim_resource_get(work->type, work->resource,
                                           path->attr);
    scim_json_t *element, *next;

    for (element = array ? array->first : NULL; element; element = next) {
        next = element->next;
        if (!is_picked(work, path, element)) {
            continue;
        }
        if (path->sub) {
            const scim_json_t *old = scim_json_copy(element, work->scratch);

            scim_json_remove(element, path->sub->name);
            SCIM_TRY(scim_mutability_check_element(old, element, path->attr,
                                                   work->intake));
        }
        else {
            scim_json_unlink(array, element);
        }
    }
    return NULL;
}

/* The list as elements of the attribute. */
static scim_err_t *decode_listed(const scim_json_t **plist,
                                 const scim_patch_work_t *work,
                                 const scim_attr_t *attr,
                                 const scim_json_t *list)
{
    scim_json_t *decoded;

    if (attr->type == SCIM_TYPE_COMPLEX) {
        *plist = list;
        return NULL;
    }
    SCIM_TRY(scim_value_decode(&decoded, list, attr, work->intake));
    *plist = decoded ? decoded : list;
    return NULL;
}

/* Remove exactly the elements that the operation lists; a list that cannot
 * be read removes nothing. */
static scim_err_t *remove_listed(scim_patch_work_t *work,
                                 const scim_attr_t *attr,
                                 const scim_json_t *list)
{
    scim_json_t *array = scim_resource_get(work->type, work->resource, attr);
    const scim_json_t *wanted;
    int in_array;

    SCIM_TRY(decode_listed(&list, work, attr, list));
    in_array = list->type == SCIM_JSON_ARRAY;
    for (wanted = in_array ? list->first : list; wanted;
         wanted = in_array ? wanted->next : NULL) {
        const scim_json_t *described = wanted;
        scim_json_t *decoded, *element, *next;

        if (attr->type == SCIM_TYPE_COMPLEX) {
            SCIM_TRY(scim_value_decode_element(&decoded, wanted, attr, 0,
                                               work->intake));
            described = decoded;
        }
        if (scim_json_is_empty(described)) {
            return scim_err_make(SCIM_ERR_INVALID_VALUE, work->pool,
                                 "the values to remove from %s do not say "
                                 "which elements are meant",
                                 scim_attr_path(attr, work->pool));
        }
        for (element = array ? array->first : NULL; element; element = next) {
            next = element->next;
            if (attr->type == SCIM_TYPE_COMPLEX
                ? scim_patch_is_described(element, described, attr)
                : scim_value_is_same_one(element, described, attr)) {
                scim_json_unlink(array, element);
            }
        }
    }
    return NULL;
}

/* One attribute, no filter */

static scim_err_t *set_multi(scim_patch_work_t *work, scim_patch_op_t op,
                             const scim_attr_t *attr,
                             const scim_json_t *value)
{
    const scim_json_t *element;
    scim_json_t *array;

    SCIM_TRY(scim_value_decode(&array, value, attr, work->intake));
    if (!array && work->merging) {
        return NULL;
    }
    if (!array) {
        scim_resource_remove(work->type, work->resource, attr);
        return NULL;
    }
    if (attr->type == SCIM_TYPE_COMPLEX) {
        scim_patch_keep_first_primary(array);
    }
    if (op == SCIM_PATCH_REPLACE) {
        scim_resource_set(work->type, work->resource, attr, array,
                          work->pool);
        return NULL;
    }
    for (element = array->first; element; element = element->next) {
        SCIM_TRY(scim_patch_add_element(work, attr, element));
    }
    return NULL;
}

static scim_err_t *set_complex(scim_patch_work_t *work,
                               const scim_attr_t *attr,
                               const scim_json_t *value)
{
    scim_json_t *members;

    SCIM_TRY(scim_value_decode_element(&members,
                                       scim_quirk_single_in_array(value),
                                       attr, !work->merging, work->intake));
    if (members) {
        scim_patch_merge_into(scim_patch_get_or_make(work, attr), members,
                              work->pool);
    }
    else if (!work->merging
             && scim_json_is_empty(scim_quirk_single_in_array(value))) {
        scim_resource_remove(work->type, work->resource, attr);
    }
    return NULL;
}

static scim_err_t *set_simple(scim_patch_work_t *work, const scim_attr_t *attr,
                              const scim_json_t *value)
{
    scim_json_t *decoded;

    SCIM_TRY(scim_value_decode(&decoded, value, attr, work->intake));
    if (decoded) {
        scim_resource_set(work->type, work->resource, attr, decoded,
                          work->pool);
    }
    else if (!work->merging) {
        scim_resource_remove(work->type, work->resource, attr);
    }
    return NULL;
}

scim_err_t *scim_patch_set_at(scim_patch_work_t *work, scim_patch_op_t op,
                              const scim_path_t *path,
                              const scim_json_t *value)
{
    const scim_attr_t *attr = path->attr;

    if (attr->multi && path->filter && attr->type != SCIM_TYPE_COMPLEX) {
        return change_simple_matching(work, path, value);
    }
    if (attr->multi && (path->filter || path->sub)) {
        return change_matching(work, op, path, value);
    }
    if (attr->multi) {
        return set_multi(work, op, attr, value);
    }
    if (path->sub) {
        return change_element(work, op, path,
                              scim_patch_get_or_make(work, attr), value);
    }
    if (attr->type == SCIM_TYPE_COMPLEX) {
        return set_complex(work, attr, value);
    }
    return set_simple(work, attr, value);
}

scim_err_t *scim_patch_remove_at(scim_patch_work_t *work,
                                 const scim_path_t *path,
                                 const scim_json_t *value)
{
    const scim_attr_t *attr = path->attr;
    scim_json_t *mine = scim_resource_get(work->type, work->resource, attr);

    work->removed[attr->index] = 1;
    if (path->sub) {
        work->removed[path->sub->index] = 1;
    }
    if (!mine) {
        return NULL;
    }
    if (attr->multi && (path->filter || path->sub)) {
        return remove_matching(work, path);
    }
    if (attr->multi && scim_quirk_is_remove_list(value)) {
        return remove_listed(work, attr, value);
    }
    if (path->sub) {
        scim_json_remove(mine, path->sub->name);
    }
    else {
        scim_resource_remove(work->type, work->resource, attr);
    }
    return NULL;
}
