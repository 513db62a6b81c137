#include "store/row.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>
#include <strings.h>

#include "base/fold.h"
#include "base/time.h"
#include "schema/resource.h"
#include "store/fit.h"

/* Columns to JSON */

const char *scim_row_text(const scim_column_t *column, const char *text,
                          apr_pool_t *pool)
{
    apr_time_t time;

    if (!text || !*text) {
        return NULL;
    }
    switch (column->leaf->type) {
    case SCIM_TYPE_DATETIME:
        return scim_time_parse(&time, text) ? scim_time_format(time, pool)
                                            : NULL;
    case SCIM_TYPE_INTEGER:
    case SCIM_TYPE_DECIMAL:
        return apr_isdigit(text[*text == '-']) ? text : NULL;
    default:
        return text;
    }
}

static scim_json_t *value_of(const scim_column_t *column, const char *text,
                             apr_pool_t *pool)
{
    scim_json_t *value;

    text = scim_row_text(column, text, pool);
    if (!text) {
        return NULL;
    }
    switch (column->leaf->type) {
    case SCIM_TYPE_BOOLEAN:
        return scim_json_make_bool(*text == 't', pool);
    case SCIM_TYPE_INTEGER:
    case SCIM_TYPE_DECIMAL:
        value = scim_json_make_string(text, pool);
        value->type = SCIM_JSON_NUMBER;
        return value;
    default:
        return scim_json_make_string(text, pool);
    }
}

/* Types are compared as a filter compares them, so that an element is either
 * in columns or in the document for both. */
static int is_of_type(const scim_json_t *element, const char *type)
{
    const scim_json_t *mine = scim_json_find(element, "type");

    return mine && mine->type == SCIM_JSON_STRING
        && scim_fold_is_equal(mine->text, type);
}

/* The element of that type, the last one if there are several. */
static scim_json_t *find_element(const scim_json_t *array, const char *type)
{
    scim_json_t *element, *found = NULL;

    for (element = array ? array->first : NULL; element;
         element = element->next) {
        if (is_of_type(element, type)) {
            found = element;
        }
    }
    return found;
}

/* Take out the elements of that type. */
static void drop_elements(scim_json_t *array, const char *type)
{
    scim_json_t *element, *next;

    for (element = array ? array->first : NULL; element; element = next) {
        next = element->next;
        if (is_of_type(element, type)) {
            scim_json_unlink(array, element);
        }
    }
}

/* Put a mapped element in front of the others of its attribute. */
static void prepend(scim_json_t *array, scim_json_t *element)
{
    element->next = array->first;
    array->first = element;
    if (!array->last) {
        array->last = element;
    }
}

static int is_value_of(const scim_json_t *value, const scim_attr_t *attr,
                       apr_pool_t *pool)
{
    switch (attr->type) {
    case SCIM_TYPE_BOOLEAN:
        return value->type == SCIM_JSON_BOOL;
    case SCIM_TYPE_INTEGER:
    case SCIM_TYPE_DECIMAL:
        return value->type == SCIM_JSON_NUMBER;
    case SCIM_TYPE_COMPLEX:
        return value->type == SCIM_JSON_OBJECT;
    case SCIM_TYPE_DATETIME:
        return value->type == SCIM_JSON_STRING
            && scim_time_is_formatted(value->text, pool);
    default:
        return value->type == SCIM_JSON_STRING;
    }
}

/* Whether a complex value says anything of its attribute. The application may
 * keep members of its own in it, which do not count. */
static int says_anything(const scim_json_t *value,
                         const scim_mapping_t *mapping,
                         const scim_attr_t *attr)
{
    const scim_json_t *member;

    for (member = value->first; member; member = member->next) {
        const scim_attr_t *sub = scim_attr_sub(attr, member->name);

        if (sub && mapping->stored[sub->index]) {
            return 1;
        }
    }
    return 0;
}

/* Take out of one value what has not the form of its attribute. Returns
 * whether anything is left. */
static int shape_one(scim_json_t *value, const scim_mapping_t *mapping,
                     const scim_attr_t *attr, apr_pool_t *pool)
{
    scim_json_t *member, *next;

    if (!is_value_of(value, attr, pool)) {
        return 0;
    }
    if (attr->type != SCIM_TYPE_COMPLEX) {
        return 1;
    }
    for (member = value->first; member; member = next) {
        const scim_attr_t *sub = scim_attr_sub(attr, member->name);

        next = member->next;
        if (sub && (strcmp(member->name, sub->name) != 0
                    || !is_value_of(member, sub, pool))) {
            scim_json_unlink(value, member);
        }
    }
    return says_anything(value, mapping, attr);
}

static int shape(scim_json_t *value, const scim_mapping_t *mapping,
                 const scim_attr_t *attr, apr_pool_t *pool)
{
    scim_json_t *element, *next;

    if (!attr->multi) {
        return shape_one(value, mapping, attr, pool);
    }
    if (value->type != SCIM_JSON_ARRAY) {
        return 0;
    }
    for (element = value->first; element; element = next) {
        next = element->next;
        if (!shape_one(element, mapping, attr, pool)) {
            scim_json_unlink(value, element);
        }
    }
    return value->first != NULL;
}

static int shape_extension(scim_json_t *value, const scim_mapping_t *mapping,
                           const scim_schema_t *extension, apr_pool_t *pool);

/* Members that are no attribute are the application's own and stay. */
static void shape_members(scim_json_t *object, const scim_mapping_t *mapping,
                          const scim_schema_t *schema, apr_pool_t *pool)
{
    scim_json_t *member, *next;

    for (member = object->first; member; member = next) {
        const scim_attr_t *attr = scim_rtype_attr(mapping->type, schema,
                                                  member->name);
        const scim_schema_t *extension =
            schema || attr ? NULL
                           : scim_rtype_schema(mapping->type, member->name);

        next = member->next;
        if (attr ? strcmp(member->name, attr->name) != 0
                   || !shape(member, mapping, attr, pool)
            : extension
              && (strcmp(member->name, extension->urn) != 0
                  || !shape_extension(member, mapping, extension, pool))) {
            scim_json_unlink(object, member);
        }
    }
}

static int shape_extension(scim_json_t *value, const scim_mapping_t *mapping,
                           const scim_schema_t *extension, apr_pool_t *pool)
{
    if (!extension->extension || value->type != SCIM_JSON_OBJECT) {
        return 0;
    }
    shape_members(value, mapping, extension, pool);
    return value->first != NULL;
}

int scim_row_has_column(const scim_mapping_t *mapping, const scim_attr_t *sub,
                        const scim_element_t *mapped)
{
    int i;

    if (!mapped) {
        return mapping->places[sub->index] >= 0;
    }
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (column->sub == sub && column->element
            && strcasecmp(column->element, mapped->element) == 0) {
            return 1;
        }
    }
    return strcmp(sub->name, "type") == 0;
}

/* Take what a mapped element has besides its columns out of the document,
 * and what bears its name in another case. */
static scim_json_t *take_rest(scim_json_t *resource,
                              const scim_mapping_t *mapping,
                              const scim_element_t *mapped, apr_pool_t *pool)
{
    scim_json_t *found, *rest = NULL;

    while ((found = scim_json_find(resource, mapped->key))) {
        scim_json_unlink(resource, found);
        rest = strcmp(found->name, mapped->key) == 0 ? found : rest;
    }
    return rest && shape_one(rest, mapping, mapped->attr, pool) ? rest : NULL;
}

static void compose_element(scim_json_t *resource,
                            const scim_mapping_t *mapping,
                            const scim_element_t *mapped,
                            const scim_row_t *row, apr_pool_t *pool)
{
    scim_json_t *element = scim_json_make(SCIM_JSON_OBJECT, pool), *array;
    scim_json_t *rest = take_rest(resource, mapping, mapped, pool), *member;
    int i;

    array = scim_resource_get(mapping->type, resource, mapped->attr);
    drop_elements(array, mapped->element);
    if (array && !array->first) {
        scim_resource_remove(mapping->type, resource, mapped->attr);
        array = NULL;
    }
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);
        scim_json_t *value;

        if (column->attr == mapped->attr && column->element
            && strcasecmp(column->element, mapped->element) == 0
            && (value = value_of(column, row->values[i], pool))) {
            scim_json_set(element, column->sub->name, value);
        }
    }
    for (member = rest ? rest->first : NULL; member; member = member->next) {
        const scim_attr_t *sub = scim_attr_sub(mapped->attr, member->name);

        if (!sub || !scim_row_has_column(mapping, sub, mapped)) {
            scim_json_set(element, member->name,
                          scim_json_copy(member, pool));
        }
    }
    if (scim_attr_sub(mapped->attr, "value")
        ? !scim_json_find(element, "value")
        : !says_anything(element, mapping, mapped->attr)) {
        return;
    }
    scim_json_set(element, "type",
                  scim_json_make_string(mapped->element, pool));
    if (!array) {
        array = scim_json_make(SCIM_JSON_ARRAY, pool);
        scim_resource_set(mapping->type, resource, mapped->attr, array, pool);
    }
    prepend(array, element);
}

/* Whether a member of the JSONB document is none of ours. */
static int is_foreign(const scim_mapping_t *mapping,
                      const scim_json_t *member)
{
    int i;

    for (i = 0; i < mapping->elements->nelts; i++) {
        if (strcasecmp(member->name, APR_ARRAY_IDX(mapping->elements, i,
                                                   scim_element_t).key) == 0) {
            return 0;
        }
    }
    return !scim_rtype_attr(mapping->type, NULL, member->name)
        && !scim_rtype_schema(mapping->type, member->name);
}

/* Take out what says nothing, but leave alone what the application keeps of
 * its own. */
static void prune(scim_json_t *extra, const scim_mapping_t *mapping)
{
    scim_json_t *member, *next;

    for (member = extra->first; member; member = next) {
        next = member->next;
        if (is_foreign(mapping, member)) {
            continue;
        }
        if (member->type == SCIM_JSON_ARRAY
            || member->type == SCIM_JSON_OBJECT) {
            scim_resource_prune(member);
        }
        if (scim_json_is_empty(member)) {
            scim_json_unlink(extra, member);
        }
    }
}

/* The resource that the JSONB column has; none in what is no object. */
static scim_json_t *read_extra(const scim_mapping_t *mapping,
                               const char *text, apr_pool_t *pool)
{
    scim_json_t *extra = text ? scim_json_parse_stored(text, pool) : NULL;

    if (!extra || extra->type != SCIM_JSON_OBJECT) {
        return scim_json_make(SCIM_JSON_OBJECT, pool);
    }
    prune(extra, mapping);
    shape_members(extra, mapping, NULL, pool);
    return extra;
}

/* What stands in a column counts, also when it is NULL, and not what the
 * JSONB column may have of a time before the attribute was mapped. */
static void compose_column(scim_json_t *resource,
                           const scim_mapping_t *mapping,
                           const scim_column_t *column, const char *text,
                           apr_pool_t *pool)
{
    const scim_rtype_t *type = mapping->type;
    scim_json_t *value = value_of(column, text, pool);
    scim_json_t *object;

    if (column->attr == type->active && !value) {
        value = scim_json_make_bool(0, pool);
    }
    if (!column->sub) {
        scim_resource_remove(type, resource, column->attr);
        if (value) {
            scim_resource_set(type, resource, column->attr, value, pool);
        }
        return;
    }
    object = scim_resource_get(type, resource, column->attr);
    if (object) {
        scim_json_remove(object, column->sub->name);
        if (!value && !says_anything(object, mapping, column->attr)) {
            scim_resource_remove(type, resource, column->attr);
        }
    }
    if (!value) {
        return;
    }
    if (!object) {
        object = scim_json_make(SCIM_JSON_OBJECT, pool);
        scim_resource_set(type, resource, column->attr, object, pool);
    }
    scim_json_set(object, column->sub->name, value);
}

scim_json_t *scim_row_compose(const scim_mapping_t *mapping,
                              const scim_row_t *row, apr_pool_t *pool)
{
    scim_json_t *resource = read_extra(mapping, row->extra, pool);
    int i;

    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (column->element || column->attr == mapping->type->meta) {
            continue;
        }
        compose_column(resource, mapping, column, row->values[i], pool);
    }
    for (i = 0; i < mapping->elements->nelts; i++) {
        compose_element(resource, mapping,
                        &APR_ARRAY_IDX(mapping->elements, i, scim_element_t),
                        row, pool);
    }
    return resource;
}

void scim_row_keep_foreign(const scim_mapping_t *mapping,
                           const scim_json_t *before, scim_json_t *after,
                           apr_pool_t *pool)
{
    const scim_json_t *member;

    for (member = before->first; member; member = member->next) {
        if (is_foreign(mapping, member)) {
            scim_json_append(after, scim_json_copy(member, pool));
        }
    }
}

/* The value of a simple attribute or sub-attribute, or NULL. */
static const scim_json_t *value_in(const scim_rtype_t *type,
                                   const scim_json_t *resource,
                                   const scim_attr_t *attr)
{
    const scim_json_t *top = scim_resource_get(type, resource, attr->parent
                                               ? attr->parent : attr);

    return top && attr->parent ? scim_json_find(top, attr->name) : top;
}

static void keep_value(const scim_rtype_t *type, const scim_json_t *before,
                       scim_json_t *after, const scim_attr_t *attr,
                       apr_pool_t *pool)
{
    const scim_json_t *old = value_in(type, before, attr);
    scim_json_t *object;

    if (!old) {
        return;
    }
    if (!attr->parent) {
        scim_resource_set(type, after, attr, scim_json_copy(old, pool), pool);
        return;
    }
    object = scim_resource_get(type, after, attr->parent);
    if (!object) {
        object = scim_json_make(SCIM_JSON_OBJECT, pool);
        scim_resource_set(type, after, attr->parent, object, pool);
    }
    scim_json_set(object, attr->name, scim_json_copy(old, pool));
}

void scim_row_keep_read_only(const scim_mapping_t *mapping,
                             const scim_json_t *before, scim_json_t *after,
                             apr_pool_t *pool)
{
    const scim_rtype_t *type = mapping->type;
    int i;

    for (i = 0; i < type->nattrs; i++) {
        if (type->attrs[i]->mutability == SCIM_READ_ONLY
            && scim_attr_is_configured(type->attrs[i])) {
            keep_value(type, before, after, type->attrs[i], pool);
        }
    }
}

void scim_row_keep_not_null(const scim_mapping_t *mapping,
                            const scim_facts_t *facts,
                            const scim_json_t *before, scim_json_t *after,
                            apr_pool_t *pool)
{
    int i;

    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (facts->not_null[i] && !column->element
            && column->attr != mapping->type->meta
            && !column->attr->required
            && !value_in(mapping->type, after, column->leaf)) {
            keep_value(mapping->type, before, after, column->leaf, pool);
        }
    }
}

/* JSON to columns */

static const char *text_of(const scim_column_t *column,
                           const scim_json_t *value, apr_pool_t *pool)
{
    apr_time_t time;

    if (!value || scim_json_is_empty(value)) {
        return NULL;
    }
    if (value->type == SCIM_JSON_BOOL) {
        return value->boolean ? "t" : "f";
    }
    if (column->leaf->type == SCIM_TYPE_DATETIME
        && scim_time_parse(&time, value->text)) {
        return scim_time_format(time, pool);
    }
    return value->text;
}

/* Take the mapped sub-attributes out of `object`; `type` goes with the
 * brackets of an element. */
static void strip_subs(scim_json_t *object, const scim_mapping_t *mapping,
                       const scim_attr_t *attr, const char *element)
{
    int i;

    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (column->attr == attr && column->sub
            && (element ? column->element
                          && strcasecmp(column->element, element) == 0
                        : !column->element)) {
            scim_json_remove(object, column->sub->name);
        }
    }
    if (element) {
        scim_json_remove(object, "type");
    }
}

/* What the columns leave over of the resource. */
static scim_json_t *split_extra(const scim_mapping_t *mapping,
                                const scim_json_t *resource, apr_pool_t *pool)
{
    scim_json_t *extra = scim_json_copy(resource, pool), *value;
    int i;

    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (!column->sub) {
            scim_resource_remove(mapping->type, extra, column->attr);
        }
        else if (!column->element
                 && (value = scim_resource_get(mapping->type, extra,
                                               column->attr))) {
            strip_subs(value, mapping, column->attr, NULL);
        }
    }
    for (i = 0; i < mapping->elements->nelts; i++) {
        const scim_element_t *mapped =
            &APR_ARRAY_IDX(mapping->elements, i, scim_element_t);
        scim_json_t *array = scim_resource_get(mapping->type, extra,
                                               mapped->attr);
        scim_json_t *chosen = find_element(array, mapped->element);

        drop_elements(array, mapped->element);
        if (chosen) {
            strip_subs(chosen, mapping, mapped->attr, mapped->element);
            scim_json_set(extra, mapped->key, chosen);
        }
    }
    prune(extra, mapping);
    return extra;
}

/* What a resource has for a column, or NULL. */
static scim_json_t *find_value(const scim_mapping_t *mapping,
                               const scim_json_t *resource,
                               const scim_column_t *column)
{
    scim_json_t *value;

    if (column->attr == mapping->type->meta) {
        return NULL;
    }
    value = scim_resource_get(mapping->type, resource, column->attr);
    if (column->element) {
        value = find_element(value, column->element);
    }
    return value && column->sub ? scim_json_find(value, column->sub->name)
                                : value;
}

void scim_row_fit(const scim_mapping_t *mapping, const scim_facts_t *facts,
                  scim_json_t *resource, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < mapping->columns->nelts; i++) {
        scim_json_t *value = find_value(mapping, resource,
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t));

        if (value && (value->type == SCIM_JSON_STRING
                      || value->type == SCIM_JSON_NUMBER)) {
            value->text = scim_fit(value->text, facts->types[i],
                                   facts->scales[i], pool);
            value->len = strlen(value->text);
        }
    }
}

scim_state_t *scim_row_split(const scim_mapping_t *mapping,
                             const scim_json_t *resource, apr_pool_t *pool)
{
    scim_state_t *state = apr_palloc(pool, sizeof(*state));
    int i;

    state->values = apr_pcalloc(pool,
                                mapping->columns->nelts * sizeof(char *));
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (column->attr == mapping->type->meta) {
            continue;
        }
        state->values[i] = text_of(column, find_value(mapping, resource,
                                                      column), pool);
        /* what holds while a column is NULL holds when nothing is said */
        if (!state->values[i] && column->form == SCIM_COLUMN_IS_NULL
            && column->attr != mapping->type->active) {
            state->values[i] = "t";
        }
    }
    state->extra = mapping->extra ? split_extra(mapping, resource, pool)
                                  : NULL;
    return state;
}

/* PostgreSQL prints a number in its own way, 1.50 for 1.5. */
static int is_same_number(const char *x, const char *y)
{
    scim_json_t a = { .type = SCIM_JSON_NUMBER, .text = x };
    scim_json_t b = { .type = SCIM_JSON_NUMBER, .text = y };

    return scim_json_is_equal(&a, &b);
}

int scim_state_is_same_value(const scim_mapping_t *mapping,
                             const scim_state_t *a, const scim_state_t *b,
                             int place)
{
    const char *x = a->values[place], *y = b->values[place];
    scim_attr_type_t type = APR_ARRAY_IDX(mapping->columns, place,
                                          scim_column_t).leaf->type;
    int is_number = type == SCIM_TYPE_DECIMAL || type == SCIM_TYPE_INTEGER;

    if (!x || !y) {
        return x == y;
    }
    return strcmp(x, y) == 0 || (is_number && is_same_number(x, y));
}

int scim_state_is_equal(const scim_mapping_t *mapping, const scim_state_t *a,
                        const scim_state_t *b)
{
    int i;

    for (i = 0; i < mapping->columns->nelts; i++) {
        if (!scim_state_is_same_value(mapping, a, b, i)) {
            return 0;
        }
    }
    return !a->extra || scim_json_is_equal(a->extra, b->extra);
}

scim_err_t *scim_state_check(const scim_mapping_t *mapping,
                             const scim_facts_t *facts,
                             const scim_state_t *state, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (facts->lengths[i] && state->values[i]
            && scim_utf8_length(state->values[i])
               > (apr_size_t)facts->lengths[i]) {
            return scim_err_make(SCIM_ERR_INVALID_VALUE, pool,
                                 "%s is longer than the %d characters that "
                                 "can be kept", column->target,
                                 facts->lengths[i]);
        }
    }
    return NULL;
}

/* What differs */

static void write_side(scim_buf_t *buf, const char *side,
                       const scim_json_t *value, int redacted)
{
    if (scim_json_is_empty(value)) {
        return;
    }
    if (buf->data[buf->len - 1] != '{') {
        scim_buf_putc(buf, ',');
    }
    scim_buf_puts(buf, side);
    if (redacted) {
        scim_buf_puts(buf, "true");
    }
    else {
        scim_json_format(buf, value);
    }
}

static int is_redacted(const scim_mapping_t *mapping, const scim_attr_t *attr)
{
    int i;

    if (mapping->redacted[attr->index]) {
        return 1;
    }
    for (i = 0; attr->multi && i < attr->nsubs; i++) {
        if (mapping->redacted[attr->subs[i].index]) {
            return 1;
        }
    }
    return 0;
}

static void write_change(scim_buf_t *buf, const scim_mapping_t *mapping,
                         const scim_attr_t *attr, const scim_json_t *before,
                         const scim_json_t *after)
{
    int redacted = is_redacted(mapping, attr);
    const char *path;

    if (scim_json_is_empty(before) && scim_json_is_empty(after)) {
        return;
    }
    if (before && after && scim_json_is_equal(before, after)) {
        return;
    }
    if (buf->len > 1) {
        scim_buf_putc(buf, ',');
    }
    path = scim_attr_path(attr, buf->pool);
    scim_buf_json(buf, path, strlen(path));
    scim_buf_puts(buf, ":{");
    write_side(buf, "\"old\":", before, redacted);
    write_side(buf, "\"new\":", after, redacted);
    scim_buf_putc(buf, '}');
}

const char *scim_row_changes(const scim_mapping_t *mapping,
                             const scim_json_t *before,
                             const scim_json_t *after, apr_pool_t *pool)
{
    const scim_rtype_t *type = mapping->type;
    scim_buf_t buf;
    int i;

    scim_buf_init(&buf, 256, pool);
    scim_buf_putc(&buf, '{');
    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];
        const scim_attr_t *top = attr->parent ? attr->parent : attr;
        const scim_json_t *old, *new;

        if (!mapping->stored[attr->index]
            || (attr->parent ? top->multi
                : attr->type == SCIM_TYPE_COMPLEX && !attr->multi)) {
            continue;
        }
        old = before ? scim_resource_get(type, before, top) : NULL;
        new = after ? scim_resource_get(type, after, top) : NULL;
        if (attr->parent) {
            old = old ? scim_json_find(old, attr->name) : NULL;
            new = new ? scim_json_find(new, attr->name) : NULL;
        }
        write_change(&buf, mapping, attr, old, new);
    }
    scim_buf_putc(&buf, '}');
    return buf.data;
}
