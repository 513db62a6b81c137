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

/* Kept in any case: it is not the client's to take away. */
static int is_fixed(const scim_attr_t *attr)
{
    return attr->mutability == SCIM_READ_ONLY
        || attr->mutability == SCIM_IMMUTABLE;
}

static int is_kept(const scim_attr_t *attr)
{
    return is_fixed(attr) || !scim_attr_is_readable(attr)
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

/* Whether a PUT does without an extension that was shown with what it
 * requires. Then what was not shown of it goes as well: without what is
 * required it could not be. */
static int is_given_up(const scim_json_t *before, const scim_json_t *after,
                       const scim_schema_t *schema,
                       const scim_intake_t *intake)
{
    const scim_rtype_t *type = intake->type;
    int i;

    if (!scim_rtype_is_extension(type, schema) || schema->required
        || scim_resource_container(type, after, schema)) {
        return 0;
    }
    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];

        if (attr->schema == schema && attr->required && !attr->parent
            && !is_kept(attr) && scim_resource_get(type, before, attr)) {
            return 1;
        }
    }
    return 0;
}

/* Take the attribute away, but for parts that are not the client's. */
static void take_away(scim_json_t *resource, const scim_attr_t *attr,
                      const scim_intake_t *intake)
{
    scim_json_t *value = scim_resource_get(intake->type, resource, attr);
    int i;

    for (i = 0; value && !attr->multi && i < attr->nsubs; i++) {
        if (!is_fixed(&attr->subs[i])) {
            scim_json_remove(value, attr->subs[i].name);
        }
    }
    if (value && (attr->multi || !attr->nsubs || !value->first)) {
        scim_resource_remove(intake->type, resource, attr);
    }
}

/* The resource as it was, without what a PUT gives up. */
static const scim_json_t *what_stays(const scim_json_t *before,
                                     const scim_json_t *after,
                                     const scim_intake_t *intake)
{
    const scim_rtype_t *type = intake->type;
    scim_json_t *rest = NULL;
    int i;

    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];

        if (attr->parent || is_fixed(attr)
            || !scim_resource_get(type, before, attr)
            || !is_given_up(before, after, attr->schema, intake)) {
            continue;
        }
        rest = rest ? rest : scim_json_copy(before, intake->pool);
        take_away(rest, attr, intake);
    }
    return rest ? rest : before;
}

void scim_mutability_keep(const scim_json_t *before, scim_json_t *after,
                          int is_whole, const scim_intake_t *intake)
{
    const scim_rtype_t *type = intake->type;
    int i;

    if (is_whole) {
        before = what_stays(before, after, intake);
    }
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
