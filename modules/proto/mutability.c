#include "proto/mutability.h"

#include "schema/resource.h"

static scim_err_t *refuse(const scim_attr_t *attr, const scim_intake_t *intake)
{
    return scim_err_make(SCIM_ERR_MUTABILITY, intake->pool,
                         attr->mutability == SCIM_READ_ONLY
                         ? "%s is read-only and cannot be changed"
                         : "%s cannot be changed once it has a value",
                         scim_attr_path(attr, intake->pool));
}

static scim_err_t *check(const scim_json_t *before, const scim_json_t *after,
                         const scim_attr_t *attr, const scim_intake_t *intake)
{
    if (attr->mutability != SCIM_READ_ONLY
        && (attr->mutability != SCIM_IMMUTABLE
            || scim_json_is_empty(before))) {
        return NULL;
    }
    return scim_value_is_same(before, after, attr)
         ? NULL : refuse(attr, intake);
}

scim_err_t *scim_mutability_check_element(const scim_json_t *before,
                                          const scim_json_t *after,
                                          const scim_attr_t *attr,
                                          const scim_intake_t *intake)
{
    int i;

    for (i = 0; i < attr->nsubs; i++) {
        const scim_attr_t *sub = &attr->subs[i];

        SCIM_TRY(check(scim_json_find(before, sub->name),
                       scim_json_find(after, sub->name), sub, intake));
    }
    return NULL;
}

/* The element of `array` that this one is, or NULL. */
static const scim_json_t *find_same(const scim_json_t *array,
                                    const scim_json_t *element,
                                    const scim_attr_t *attr)
{
    const scim_json_t *one;

    for (one = array ? array->first : NULL; one; one = one->next) {
        if (scim_value_is_same_element(one, element, attr)) {
            return one;
        }
    }
    return NULL;
}

static int is_kept(const scim_attr_t *attr)
{
    return attr->mutability == SCIM_READ_ONLY
        || attr->mutability == SCIM_IMMUTABLE || !scim_attr_is_readable(attr)
        || attr->returned == SCIM_RETURNED_REQUEST;
}

/* Whether any sub-attribute is one that keep or check would look at, so that
 * elements have to be compared. */
static int has_kept(const scim_attr_t *attr)
{
    int i;

    for (i = 0; i < attr->nsubs; i++) {
        if (is_kept(&attr->subs[i])) {
            return 1;
        }
    }
    return 0;
}

static scim_err_t *check_elements(const scim_json_t *before,
                                  const scim_json_t *after,
                                  const scim_attr_t *attr,
                                  const scim_intake_t *intake)
{
    const scim_json_t *element, *old;

    for (element = after ? after->first : NULL; element;
         element = element->next) {
        old = find_same(before, element, attr);
        if (old) {
            SCIM_TRY(scim_mutability_check_element(old, element, attr,
                                                   intake));
        }
    }
    return NULL;
}

scim_err_t *scim_mutability_check(const scim_json_t *before,
                                  const scim_json_t *after,
                                  const scim_intake_t *intake)
{
    const scim_rtype_t *type = intake->type;
    int i;

    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];
        const scim_json_t *old, *new;

        if (attr->parent || !intake->stored[i]
            || (!is_kept(attr) && !has_kept(attr))) {
            continue;
        }
        old = scim_resource_get(type, before, attr);
        new = scim_resource_get(type, after, attr);
        SCIM_TRY(check(old, new, attr, intake));
        if (attr->type != SCIM_TYPE_COMPLEX) {
            continue;
        }
        if (attr->multi) {
            SCIM_TRY(check_elements(old, new, attr, intake));
        }
        else {
            SCIM_TRY(scim_mutability_check_element(old, new, attr, intake));
        }
    }
    return NULL;
}

void scim_mutability_keep_element(const scim_json_t *before,
                                  scim_json_t *after, const scim_attr_t *attr,
                                  const scim_intake_t *intake)
{
    int i;

    for (i = 0; i < attr->nsubs; i++) {
        const scim_attr_t *sub = &attr->subs[i];
        const scim_json_t *old = scim_json_find(before, sub->name);

        if (old && is_kept(sub) && !scim_json_find(after, sub->name)) {
            scim_json_set(after, sub->name, scim_json_copy(old,
                                                           intake->pool));
        }
    }
}

/* One attribute that both have. */
static void keep_in(const scim_json_t *before, scim_json_t *after,
                    const scim_attr_t *attr, const scim_intake_t *intake)
{
    scim_json_t *element;

    if (!attr->multi) {
        scim_mutability_keep_element(before, after, attr, intake);
        return;
    }
    for (element = after->first; element; element = element->next) {
        const scim_json_t *old = find_same(before, element, attr);

        if (old) {
            scim_mutability_keep_element(old, element, attr, intake);
        }
    }
}

void scim_mutability_keep(const scim_json_t *before, scim_json_t *after,
                          int is_whole, const scim_intake_t *intake)
{
    const scim_rtype_t *type = intake->type;
    int i;

    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];
        const scim_json_t *old;
        scim_json_t *new;

        if (attr->parent || !intake->stored[i]
            || (!is_kept(attr) && !has_kept(attr))) {
            continue;
        }
        old = scim_resource_get(type, before, attr);
        new = scim_resource_get(type, after, attr);
        if (old && is_whole && is_kept(attr) && !new) {
            scim_resource_set(type, after, attr,
                              scim_json_copy(old, intake->pool),
                              intake->pool);
        }
        else if (old && is_whole && !new && !attr->multi) {
            new = scim_json_make(SCIM_JSON_OBJECT, intake->pool);
            scim_mutability_keep_element(old, new, attr, intake);
            if (new->first) {
                scim_resource_set(type, after, attr, new, intake->pool);
            }
        }
        else if (old && new && (is_whole || attr->multi)) {
            keep_in(old, new, attr, intake);
        }
    }
}
