#include "proto/patch.h"

#include <apr_strings.h>

#include <string.h>

#include "proto/mutability.h"
#include "proto/quirks.h"
#include "query/path.h"
#include "schema/resource.h"

typedef enum { OP_ADD, OP_REPLACE, OP_REMOVE } op_t;

typedef struct operation_t {
    op_t op;
    int has_path;
    scim_path_t path;
    const char *path_text;      /* for what is noted and said */
    const scim_json_t *value;   /* NULL: none given */
} operation_t;

struct scim_patch_t {
    apr_array_header_t *operations;     /* of operation_t */
};

/* What one call works on. */
typedef struct work_t {
    scim_json_t *resource;
    scim_intake_t *intake;
    const scim_rtype_t *type;
    apr_pool_t *pool;
    apr_pool_t *scratch;        /* cleared after each operation */
    int merging;                /* a body, not a PATCH: clears nothing */
    const scim_json_t *before;  /* the resource as it was */
    unsigned char *removed;     /* by attribute index: what `remove` named */
    scim_membership_t *members; /* set: only operations on members count, and
                                 * are taken down; NULL: only the others */
} work_t;

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
        operation->op = OP_ADD;
        break;
    case 'r':
        operation->op = OP_REPLACE;
        break;
    case 'd':
        operation->op = OP_REMOVE;
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
    else if (operation->op == OP_REMOVE) {
        return scim_err_make(SCIM_ERR_NO_TARGET, pool,
                             "operation %d removes, but has no path", number);
    }
    else if (!operation->value
             || operation->value->type != SCIM_JSON_OBJECT) {
        return scim_err_make(SCIM_ERR_INVALID_VALUE, pool,
                             "operation %d has no path, so its value must be "
                             "an object of attributes", number);
    }
    if (operation->op != OP_REMOVE && !operation->value) {
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

    if (body->type != SCIM_JSON_OBJECT) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "the body is not a JSON object");
    }
    list = scim_json_find(body, "Operations");
    if (!list || list->type != SCIM_JSON_ARRAY) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "the body has no array \"Operations\"");
    }
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

/* Elements of multi-valued attributes */

/* Whether `element` is what `wanted` describes: the same `value` where one is
 * given, else the same in all that is given. */
static int is_described(const scim_json_t *element, const scim_json_t *wanted,
                        const scim_attr_t *attr, apr_pool_t *pool)
{
    const scim_json_t *member, *value = scim_json_find(wanted, "value");

    for (member = value ? value : wanted->first; member;
         member = value ? NULL : member->next) {
        const scim_attr_t *sub = scim_attr_sub(attr, member->name);
        const scim_json_t *mine = scim_json_find(element, member->name);

        if (!sub || !mine
            || !scim_value_is_same_one(mine, member, sub, pool)) {
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

/* The element is the primary one now, so no other is (RFC 7644 section
 * 3.5.2). */
static void keep_one_primary(scim_json_t *array, const scim_json_t *chosen)
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

/* Set the given members; JSON null clears one. */
static void merge_members(scim_json_t *object, const scim_json_t *members,
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

/* Take out what must not exist, and the attribute with its last element. */
static void drop_hollow(work_t *work, const scim_attr_t *attr)
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

static scim_json_t *get_or_make(work_t *work, const scim_attr_t *attr)
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

/* Only the first of several primary elements in one list stays one. */
static void keep_first_primary(scim_json_t *array)
{
    scim_json_t *element;

    for (element = array->first; element; element = element->next) {
        if (is_primary(element)) {
            keep_one_primary(array, element);
            return;
        }
    }
}

static scim_err_t *add_element(work_t *work, const scim_attr_t *attr,
                               const scim_json_t *element)
{
    scim_json_t *array = get_or_make(work, attr), *mine;
    const scim_json_t *type = scim_json_find(element, "type");

    for (mine = array->first; mine; mine = mine->next) {
        const scim_json_t *my_type = scim_json_find(mine, "type");

        if (attr->type != SCIM_TYPE_COMPLEX) {
            if (scim_value_is_same_one(mine, element, attr, work->scratch)) {
                return NULL;
            }
        }
        else if (is_described(mine, element, attr, work->scratch)
                 && (!type || !my_type
                     || scim_json_is_text(my_type, type->text))) {
            const scim_json_t *old = scim_json_copy(mine, work->scratch);

            merge_members(mine, element, work->pool);
            keep_one_primary(array, mine);
            return scim_mutability_check_element(old, mine, attr,
                                                 work->intake);
        }
    }
    mine = scim_json_copy(element, work->pool);
    scim_json_append(array, mine);
    if (attr->type == SCIM_TYPE_COMPLEX) {
        keep_one_primary(array, mine);
    }
    return NULL;
}

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

/* Put the equalities of a filter into `element`. Returns 0 when the filter
 * asks for more than equality, or for what is no value, so that no element can
 * be made from it. */
static int fill_from_filter(scim_json_t *element, const scim_filter_t *filter,
                            scim_intake_t *intake)
{
    const scim_json_t *asked;
    scim_json_t *value;

    if (filter->kind == SCIM_FILTER_AND) {
        return fill_from_filter(element, filter->left, intake)
            && fill_from_filter(element, filter->right, intake);
    }
    asked = get_asked(filter, intake->pool);
    if (!asked || scim_value_decode(&value, asked, filter->sub, intake)
        || !value) {
        return 0;
    }
    if (!scim_json_find(element, filter->sub->name)) {
        scim_json_set(element, filter->sub->name, value);
    }
    return 1;
}

/* Set a sub-attribute, or several, of one element. */
static scim_err_t *change_element(work_t *work, op_t op,
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
    if (op == OP_REPLACE) {
        element->first = element->last = NULL;
    }
    merge_members(element, changes, work->pool);
    if (op == OP_REPLACE && path->filter) {
        fill_from_filter(element, path->filter, work->intake);
    }
    return NULL;
}

static scim_err_t *no_target(const work_t *work, const scim_path_t *path)
{
    return scim_err_make(SCIM_ERR_NO_TARGET, work->pool,
                         "no element of %s matches the filter of the path, "
                         "and none can be made from it: that takes \"eq\" "
                         "joined by \"and\", with one value for each part, "
                         "of its type",
                         scim_attr_path(path->attr, work->pool));
}

static int is_among(const scim_json_t *value, const scim_json_t *values,
                    const scim_attr_t *attr, apr_pool_t *pool)
{
    const scim_json_t *one;

    for (one = values ? values->first : NULL; one; one = one->next) {
        if (scim_value_is_same_one(one, value, attr, pool)) {
            return 1;
        }
    }
    return 0;
}

/* `attr[filter]` of an attribute with simple values: what matches becomes the
 * new value, which is added where nothing does. */
static scim_err_t *change_simple_matching(work_t *work,
                                          const scim_path_t *path,
                                          const scim_json_t *value)
{
    scim_json_t *array = get_or_make(work, path->attr);
    scim_json_t *element, *next, *decoded;

    SCIM_TRY(scim_value_decode(&decoded, value, path->attr, work->intake));
    for (element = array->first; element; element = next) {
        next = element->next;
        if (scim_filter_matches_element(path->filter, element, work->scratch)
            && !is_among(element, decoded, path->attr, work->scratch)) {
            scim_json_unlink(array, element);
        }
    }
    for (element = decoded ? decoded->first : NULL; element;
         element = element->next) {
        SCIM_TRY(add_element(work, path->attr, element));
    }
    return NULL;
}

/* Change an element that is there. Emptied altogether, it is removed. */
static scim_err_t *change_existing(work_t *work, op_t op,
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
static scim_err_t *make_element(scim_json_t **pelement, work_t *work,
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
    SCIM_TRY(change_element(work, OP_ADD, path, element, value));
    *pelement = element->first ? element : NULL;
    return NULL;
}

/* Whether the filter says what an element would be that it finds. */
static int is_recipe(const scim_path_t *path, work_t *work)
{
    scim_json_t *element = scim_json_make(SCIM_JSON_OBJECT, work->pool);

    return fill_from_filter(element, path->filter, work->intake)
        && scim_filter_matches_element(path->filter, element, work->scratch);
}

/* Add an element that was made for a path. What the operation says of it wins
 * over the filter, as it does where the filter finds one: the same again must
 * find what it became, and not make another. */
static scim_err_t *add_made(work_t *work, const scim_path_t *path,
                            scim_json_t *element)
{
    scim_json_t *array;
    int is_found = 1;

    if (path->filter) {
        if (!is_recipe(path, work)) {
            return no_target(work, path);
        }
        fill_from_filter(element, path->filter, work->intake);
        is_found = scim_filter_matches_element(path->filter, element,
                                               work->scratch);
    }
    scim_resource_prune(element);
    SCIM_TRY(scim_mutability_check_element(NULL, element, path->attr,
                                           work->intake));
    if (!is_found) {
        return add_element(work, path->attr, element);
    }
    array = get_or_make(work, path->attr);
    scim_json_append(array, element);
    keep_one_primary(array, element);
    return NULL;
}

/* add and replace on `attr[filter]`, `attr[filter].sub`, and `attr.sub` of a
 * multi-valued attribute: every match is changed; without a match an element
 * is made, as Entra expects of `emails[type eq "work"].value`. */
static scim_err_t *change_matching(work_t *work, op_t op,
                                   const scim_path_t *path,
                                   const scim_json_t *value)
{
    scim_json_t *array = scim_resource_get(work->type, work->resource,
                                           path->attr);
    scim_json_t *element, *next;
    int found = 0;

    for (element = array ? array->first : NULL; element; element = next) {
        next = element->next;
        if (path->filter
            && !scim_filter_matches_element(path->filter, element,
                                            work->scratch)) {
            continue;
        }
        found = 1;
        SCIM_TRY(change_existing(work, op, path, element, value));
        keep_one_primary(array, element);
    }
    if (found) {
        return NULL;
    }
    SCIM_TRY(make_element(&element, work, path, value));
    return element ? add_made(work, path, element) : NULL;
}

static scim_err_t *remove_matching(work_t *work, const scim_path_t *path)
{
    scim_json_t *array = scim_resource_get(work->type, work->resource,
                                           path->attr);
    scim_json_t *element, *next;

    for (element = array ? array->first : NULL; element; element = next) {
        next = element->next;
        if (path->filter
            && !scim_filter_matches_element(path->filter, element,
                                            work->scratch)) {
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
                                 const work_t *work, const scim_attr_t *attr,
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
static scim_err_t *remove_listed(work_t *work, const scim_attr_t *attr,
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
                ? is_described(element, described, attr, work->scratch)
                : scim_value_is_same_one(element, described, attr,
                                         work->scratch)) {
                scim_json_unlink(array, element);
            }
        }
    }
    return NULL;
}

/* One attribute, no filter */

static scim_err_t *set_multi(work_t *work, op_t op, const scim_attr_t *attr,
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
        keep_first_primary(array);
    }
    if (op == OP_REPLACE) {
        scim_resource_set(work->type, work->resource, attr, array,
                          work->pool);
        return NULL;
    }
    for (element = array->first; element; element = element->next) {
        SCIM_TRY(add_element(work, attr, element));
    }
    return NULL;
}

static scim_err_t *set_complex(work_t *work, const scim_attr_t *attr,
                               const scim_json_t *value)
{
    scim_json_t *members;

    SCIM_TRY(scim_value_decode_element(&members,
                                       scim_quirk_single_in_array(value),
                                       attr, !work->merging, work->intake));
    if (members) {
        merge_members(get_or_make(work, attr), members, work->pool);
    }
    else if (!work->merging
             && scim_json_is_empty(scim_quirk_single_in_array(value))) {
        scim_resource_remove(work->type, work->resource, attr);
    }
    return NULL;
}

static scim_err_t *set_simple(work_t *work, const scim_attr_t *attr,
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

static scim_err_t *set_at(work_t *work, op_t op, const scim_path_t *path,
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
        return change_element(work, op, path, get_or_make(work, attr), value);
    }
    if (attr->type == SCIM_TYPE_COMPLEX) {
        return set_complex(work, attr, value);
    }
    return set_simple(work, attr, value);
}

static scim_err_t *remove_at(work_t *work, const scim_path_t *path,
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

static scim_err_t *apply_object(work_t *work, op_t op,
                                const scim_schema_t *schema,
                                const scim_json_t *object);

/* Remove an extension as a whole, as far as it is the client's. */
static void remove_schema(work_t *work, const scim_schema_t *schema)
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
static int is_writable(const work_t *work, const scim_path_t *path,
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

static scim_members_op_t members_op(op_t op)
{
    return op == OP_ADD ? SCIM_MEMBERS_ADD
         : op == OP_REPLACE ? SCIM_MEMBERS_REPLACE : SCIM_MEMBERS_REMOVE;
}

static scim_err_t *apply_path(work_t *work, op_t op, const scim_path_t *path,
                              const char *name, const scim_json_t *value)
{
    const scim_attr_t *attr = path->attr;

    if (path->known && !attr) {
        if (op != OP_REMOVE) {
            return apply_object(work, op, path->schema, value);
        }
        remove_schema(work, path->schema);
        return NULL;
    }
    if (!is_writable(work, path, name)) {
        return NULL;
    }
    if (attr == work->type->related) {
        return work->members ? scim_membership_note(work->members,
                                                    members_op(op), path,
                                                    value) : NULL;
    }
    if (work->members) {
        return NULL;
    }
    work->intake->named[attr->index] = 1;
    if (op == OP_REMOVE) {
        SCIM_TRY(remove_at(work, path, value));
    }
    else {
        SCIM_TRY(set_at(work, op, path, value));
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
static int means_stored(const work_t *work, const char *text)
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
static int is_stored(const work_t *work, const scim_schema_t *schema)
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
static scim_err_t *refuse_object(work_t *work, const scim_schema_t *schema,
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
static scim_err_t *apply_object(work_t *work, op_t op,
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

/* The same element is not there twice (RFC 7643 section 2.4): the first gets
 * what a later one says. */
static void drop_repeated(work_t *work, const scim_attr_t *attr)
{
    scim_json_t *array = scim_resource_get(work->type, work->resource, attr);
    scim_json_t *element, *other, *next;

    for (element = array ? array->first : NULL; element;
         element = element->next) {
        for (other = element->next; other; other = next) {
            next = other->next;
            if (scim_value_is_same_element(element, other, attr,
                                           work->scratch)) {
                merge_members(element, other, work->pool);
                scim_json_unlink(array, other);
            }
        }
        apr_pool_clear(work->scratch);
    }
}

/* When all is done: an element may get its `value` by a later operation, and
 * become like another. */
static void settle(work_t *work)
{
    int i;

    for (i = 0; i < work->type->nattrs; i++) {
        const scim_attr_t *attr = work->type->attrs[i];

        if (attr->parent) {
            continue;
        }
        if (attr->multi || attr->type == SCIM_TYPE_COMPLEX) {
            drop_hollow(work, attr);
        }
        if (attr->multi && work->intake->named[i]) {
            drop_repeated(work, attr);
        }
    }
}

/* `$ref` is the address of what `value` names, of the manager for one. Where
 * the value is another now and the address still the old one, it would lead
 * to the wrong place: clients seldom send it, and then do not say that it
 * goes. */
static void drop_stale_references(work_t *work)
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
                                   scim_json_find(new, key->name), key,
                                   work->scratch)
            && scim_value_is_same(scim_json_find(old, ref->name),
                                  scim_json_find(new, ref->name), ref,
                                  work->scratch)) {
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
static int is_used(const work_t *work, const scim_json_t *resource,
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
static int lacks(const work_t *work, const scim_json_t *resource,
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
static scim_err_t *check_counts(const work_t *work)
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
static scim_err_t *check_required(const work_t *work, int is_new)
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

static void begin(work_t *work, scim_json_t *resource,
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
    apr_pool_create(&work->scratch, intake->pool);
}

/* @param is_whole the resource is made anew, and not from what it was: PUT;
 * another body is that of a POST */
static scim_err_t *end(work_t *work, int is_whole)
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

static scim_err_t *apply_operations(work_t *work, const scim_patch_t *patch)
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
    work_t work;

    begin(&work, resource, NULL, intake, 0);
    SCIM_TRY(apply_operations(&work, patch));
    return end(&work, 0);
}

static scim_err_t *merge(work_t *work, const scim_json_t *body)
{
    if (body->type != SCIM_JSON_OBJECT) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, work->pool,
                             "the body is not a JSON object");
    }
    return apply_object(work, OP_REPLACE, NULL, body);
}

scim_err_t *scim_patch_merge(scim_json_t *resource, const scim_json_t *body,
                             scim_intake_t *intake)
{
    work_t work;

    begin(&work, resource, NULL, intake, 1);
    SCIM_TRY(merge(&work, body));
    return end(&work, 0);
}

scim_err_t *scim_patch_replace(scim_json_t **pafter,
                               const scim_json_t *before,
                               const scim_json_t *body, scim_intake_t *intake)
{
    scim_json_t *after = scim_json_make(SCIM_JSON_OBJECT, intake->pool);
    work_t work;

    begin(&work, after, before, intake, 1);
    SCIM_TRY(merge(&work, body));
    SCIM_TRY(end(&work, 1));
    *pafter = after;
    return NULL;
}

/* There is no resource to change, so what is not about members finds none. */
static void begin_members(work_t *work, scim_membership_t *membership,
                          scim_intake_t *intake, int merging)
{
    begin(work, scim_json_make(SCIM_JSON_OBJECT, intake->pool), NULL, intake,
          merging);
    work->members = membership;
}

scim_err_t *scim_patch_note_members(scim_membership_t *membership,
                                    const scim_patch_t *patch,
                                    scim_intake_t *intake)
{
    work_t work;

    begin_members(&work, membership, intake, 0);
    return apply_operations(&work, patch);
}

scim_err_t *scim_patch_merge_members(scim_membership_t *membership,
                                     const scim_json_t *body,
                                     scim_intake_t *intake)
{
    work_t work;

    begin_members(&work, membership, intake, 1);
    return merge(&work, body);
}
