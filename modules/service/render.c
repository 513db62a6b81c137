#include "service/render.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>
#include <strings.h>

#include "base/fold.h"
#include "base/span.h"
#include "base/time.h"
#include "store/related.h"
#include "store/version.h"

#define PUTS(buf, text) scim_buf_puts(buf, text)

void scim_render_init(scim_render_t *render, const scim_mapping_t *mapping,
                      const unsigned char *shown, const char *base_url,
                      apr_pool_t *pool)
{
    render->mapping = mapping;
    render->shown = shown;
    render->base_url = base_url;
    render->extras = apr_palloc(pool, mapping->type->nattrs
                                      * sizeof(*render->extras));
}

/* Find where each attribute stands in the JSONB column. */
static void index_object(const scim_render_t *render,
                         const scim_schema_t *schema, scim_span_t object,
                         apr_pool_t *pool)
{
    const scim_rtype_t *type = render->mapping->type;
    scim_span_walk_t walk;
    scim_span_t key, value;

    scim_span_walk(&walk, object);
    while (scim_span_next(&walk, &key, &value)) {
        const char *name = apr_pstrmemdup(pool, key.text, key.len);
        const scim_attr_t *attr = scim_rtype_attr(type, schema, name);
        const scim_schema_t *extension;

        if (attr && strcmp(attr->name, name) == 0) {
            render->extras[attr->index] = value;
        }
        else if (!schema && (extension = scim_rtype_schema(type, name))
                 && extension->extension
                 && strcmp(extension->urn, name) == 0) {
            index_object(render, extension, value, pool);
        }
    }
}

/* The fragment of a mapped element in the JSONB column. */
static scim_span_t find_fragment(const scim_row_t *row,
                                 const scim_element_t *mapped)
{
    scim_span_t document = { row->extra, row->extra ? strlen(row->extra) : 0 };
    scim_span_t key, value, none = { NULL, 0 };
    scim_span_walk_t walk;

    scim_span_walk(&walk, document);
    while (scim_span_next(&walk, &key, &value)) {
        if (scim_span_is(key, mapped->written)) {
            return value;
        }
    }
    return none;
}

/* Go on behind the bracket or another member or element. */
static void put_comma(scim_buf_t *buf, char open)
{
    if (buf->data[buf->len - 1] != open) {
        scim_buf_putc(buf, ',');
    }
}

/* Begin a member: comma and name. */
static void put_name(scim_buf_t *buf, const char *name)
{
    put_comma(buf, '{');
    scim_buf_putc(buf, '"');
    PUTS(buf, name);
    scim_buf_add(buf, "\":", 2);
}

/* Write a column's value as a member, if there is one. */
static void put_column(scim_buf_t *buf, const scim_column_t *column,
                       const char *name, const char *text)
{
    text = scim_row_text(column, text, buf->pool);
    if (!text) {
        return;
    }
    put_name(buf, name);
    switch (column->leaf->type) {
    case SCIM_TYPE_BOOLEAN:
        PUTS(buf, *text == 't' ? "true" : "false");
        break;
    case SCIM_TYPE_INTEGER:
    case SCIM_TYPE_DECIMAL:
        PUTS(buf, text);
        break;
    default:
        scim_buf_json(buf, text, strlen(text));
        break;
    }
}

/* Whether a stored value is one of a simple attribute, by its first
 * character; see store/row.h. */
static int is_value_of(scim_span_t value, const scim_attr_t *attr,
                       apr_pool_t *pool)
{
    if (scim_span_is_empty(value)) {
        return 0;
    }
    switch (attr->type) {
    case SCIM_TYPE_BOOLEAN:
        return *value.text == 't' || *value.text == 'f';
    case SCIM_TYPE_INTEGER:
    case SCIM_TYPE_DECIMAL:
        return *value.text == '-' || apr_isdigit(*value.text);
    case SCIM_TYPE_DATETIME:
        return *value.text == '"'
            && scim_time_is_formatted(apr_pstrmemdup(pool, value.text + 1,
                                                     value.len - 2), pool);
    default:
        return *value.text == '"';
    }
}

/* The sub-attribute that a member of a stored object gives, or NULL. */
static const scim_attr_t *stored_sub(const scim_mapping_t *mapping,
                                     const scim_attr_t *attr,
                                     const scim_element_t *mapped,
                                     scim_span_t key, scim_span_t value,
                                     apr_pool_t *pool)
{
    const scim_attr_t *sub;

    for (sub = attr->subs; sub < attr->subs + attr->nsubs; sub++) {
        if (scim_span_is(key, sub->name)) {
            return mapping->stored[sub->index]
                && !scim_row_has_column(mapping, sub, mapped)
                && is_value_of(value, sub, pool) ? sub : NULL;
        }
    }
    return NULL;
}

/* Write the shown sub-attributes that a stored object has and no column.
 * Returns whether there are any, shown or not. */
static int put_stored_subs(scim_buf_t *buf, const scim_render_t *render,
                           const scim_attr_t *attr,
                           const scim_element_t *mapped, scim_span_t object)
{
    scim_span_walk_t walk;
    scim_span_t key, value;
    int any = 0;

    scim_span_walk(&walk, object);
    while (scim_span_next(&walk, &key, &value)) {
        const scim_attr_t *sub = stored_sub(render->mapping, attr, mapped,
                                            key, value, buf->pool);

        any |= sub != NULL;
        if (sub && render->shown[sub->index]) {
            put_name(buf, sub->name);
            scim_buf_add(buf, value.text, value.len);
        }
    }
    return any;
}

/* Give back what was written since `mark`. */
static void give_back(scim_buf_t *buf, apr_size_t mark)
{
    buf->len = mark;
    buf->data[mark] = '\0';
}

/* The same if it is nothing but brackets. */
static int keep_unless_empty(scim_buf_t *buf, apr_size_t mark, char open,
                             char close)
{
    if (buf->data[buf->len - 1] == open) {
        give_back(buf, mark);
        return 0;
    }
    scim_buf_putc(buf, close);
    return 1;
}

static void put_complex(scim_buf_t *buf, const scim_render_t *render,
                        const scim_attr_t *attr, const scim_row_t *row)
{
    const scim_mapping_t *mapping = render->mapping;
    apr_size_t mark = buf->len;
    int i;

    put_name(buf, attr->name);
    scim_buf_putc(buf, '{');
    for (i = 0; i < attr->nsubs; i++) {
        const scim_attr_t *sub = &attr->subs[i];
        int place = mapping->places[sub->index];

        if (place >= 0 && render->shown[sub->index]) {
            put_column(buf, &APR_ARRAY_IDX(mapping->columns, place,
                                           scim_column_t),
                       sub->name, row->values[place]);
        }
    }
    put_stored_subs(buf, render, attr, NULL, render->extras[attr->index]);
    keep_unless_empty(buf, mark, '{', '}');
}

/* Begin an element of an array. */
static apr_size_t open_element(scim_buf_t *buf)
{
    apr_size_t mark = buf->len;

    put_comma(buf, '[');
    scim_buf_putc(buf, '{');
    return mark;
}

/* Whether a mapped element has one of its columns; where it has a `value`,
 * that one. */
static int has_columns(const scim_mapping_t *mapping,
                       const scim_element_t *mapped, const scim_row_t *row,
                       apr_pool_t *pool)
{
    const scim_attr_t *value = scim_attr_sub(mapped->attr, "value");
    int i;

    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (column->attr == mapped->attr && column->element
            && (!value || column->sub == value)
            && strcasecmp(column->element, mapped->element) == 0
            && scim_row_text(column, row->values[i], pool)) {
            return 1;
        }
    }
    return 0;
}

static void put_mapped_element(scim_buf_t *buf, const scim_render_t *render,
                               const scim_element_t *mapped,
                               const scim_row_t *row)
{
    const scim_mapping_t *mapping = render->mapping;
    const scim_attr_t *type = scim_attr_sub(mapped->attr, "type");
    int exists = has_columns(mapping, mapped, row, buf->pool);
    apr_size_t mark = buf->len;
    int i;

    if (!exists && scim_attr_sub(mapped->attr, "value")) {
        return;
    }
    open_element(buf);
    if (render->shown[type->index]) {
        put_name(buf, "type");
        scim_buf_json(buf, mapped->element, strlen(mapped->element));
    }
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (column->attr == mapped->attr && column->element
            && render->shown[column->sub->index]
            && strcasecmp(column->element, mapped->element) == 0) {
            put_column(buf, column, column->sub->name, row->values[i]);
        }
    }
    exists |= put_stored_subs(buf, render, mapped->attr, mapped,
                              find_fragment(row, mapped));
    if (!exists) {
        give_back(buf, mark);
        return;
    }
    keep_unless_empty(buf, mark, '{', '}');
}

/* Whether a stored element is of a type that stands in columns: what is left
 * of a time before it was mapped. */
static int is_mapped_type(const scim_mapping_t *mapping,
                          const scim_attr_t *attr, scim_span_t element,
                          apr_pool_t *pool)
{
    scim_span_walk_t walk;
    scim_span_t key, value;
    int i;

    scim_span_walk(&walk, element);
    while (scim_span_next(&walk, &key, &value)) {
        if (!scim_span_is(key, "type")) {
            continue;
        }
        for (i = 0; i < mapping->elements->nelts; i++) {
            const scim_element_t *mapped =
                &APR_ARRAY_IDX(mapping->elements, i, scim_element_t);

            if (mapped->attr == attr && *value.text == '"'
                && scim_fold_is_equal(apr_pstrmemdup(pool, value.text + 1,
                                                     value.len - 2),
                                      mapped->element)) {
                return 1;
            }
        }
    }
    return 0;
}

/* Write the stored values of an attribute with many. */
static void put_stored_elements(scim_buf_t *buf, const scim_render_t *render,
                                const scim_attr_t *attr)
{
    scim_span_walk_t walk;
    scim_span_t key, value;

    scim_span_walk(&walk, render->extras[attr->index]);
    while (walk.close != '}' && scim_span_next(&walk, &key, &value)) {
        apr_size_t mark;

        if (attr->type != SCIM_TYPE_COMPLEX) {
            if (is_value_of(value, attr, buf->pool)) {
                put_comma(buf, '[');
                scim_buf_add(buf, value.text, value.len);
            }
            continue;
        }
        if (is_mapped_type(render->mapping, attr, value, buf->pool)) {
            continue;
        }
        mark = open_element(buf);
        put_stored_subs(buf, render, attr, NULL, value);
        keep_unless_empty(buf, mark, '{', '}');
    }
}

static void put_multi(scim_buf_t *buf, const scim_render_t *render,
                      const scim_attr_t *attr, const scim_row_t *row)
{
    const scim_mapping_t *mapping = render->mapping;
    apr_size_t mark = buf->len;
    int i;

    put_name(buf, attr->name);
    scim_buf_putc(buf, '[');
    for (i = 0; i < mapping->elements->nelts; i++) {
        const scim_element_t *mapped =
            &APR_ARRAY_IDX(mapping->elements, i, scim_element_t);

        if (mapped->attr == attr) {
            put_mapped_element(buf, render, mapped, row);
        }
    }
    put_stored_elements(buf, render, attr);
    keep_unless_empty(buf, mark, '[', ']');
}

/* What a JSON string means; "" where there is none. */
static const char *text_of(scim_span_t string, apr_pool_t *pool)
{
    scim_json_t *value;

    if (!string.text || string.len < 2) {
        return "";
    }
    if (memchr(string.text, '\\', string.len)
        && !scim_json_parse(&value, string.text, string.len, pool)) {
        return value->text;
    }
    return apr_pstrmemdup(pool, string.text + 1, string.len - 2);
}

static scim_span_t find_member(scim_span_t object, const char *name)
{
    scim_span_t key, value, none = { NULL, 0 };
    scim_span_walk_t walk;

    scim_span_walk(&walk, object);
    while (scim_span_next(&walk, &key, &value)) {
        if (scim_span_is(key, name)) {
            return value;
        }
    }
    return none;
}

static void put_related_sub(scim_buf_t *buf, const scim_render_t *render,
                            const scim_attr_t *sub, scim_span_t one,
                            apr_pool_t *scratch)
{
    const scim_mapping_t *mapping = render->mapping;
    const char *text = NULL;
    scim_span_t value;

    if (strcmp(sub->name, "$ref") == 0) {
        text = scim_rtype_location(mapping->relation->others->type,
                                   render->base_url,
                                   text_of(find_member(one, "value"),
                                           scratch), scratch);
    }
    else if (strcmp(sub->name, "type") == 0) {
        text = scim_related_type(mapping);
    }
    if (text) {
        put_name(buf, sub->name);
        scim_buf_json(buf, text, strlen(text));
        return;
    }
    value = find_member(one, sub->name);
    if (!scim_span_is_empty(value)) {
        put_name(buf, sub->name);
        scim_buf_add(buf, value.text, value.len);
    }
}

/* The members of a group, or the groups of a user. */
static void put_related(scim_buf_t *buf, const scim_render_t *render,
                        const scim_attr_t *attr, const scim_row_t *row)
{
    scim_span_t list = { row->related, row->related ? strlen(row->related)
                                                    : 0 };
    apr_size_t mark = buf->len, element;
    scim_span_walk_t walk;
    scim_span_t none, one;
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, buf->pool);
    put_name(buf, attr->name);
    scim_buf_putc(buf, '[');
    scim_span_walk(&walk, list);
    while (scim_span_next(&walk, &none, &one)) {
        element = open_element(buf);
        for (i = 0; i < attr->nsubs; i++) {
            if (render->shown[attr->subs[i].index]) {
                put_related_sub(buf, render, &attr->subs[i], one, scratch);
            }
        }
        keep_unless_empty(buf, element, '{', '}');
        apr_pool_clear(scratch);
    }
    keep_unless_empty(buf, mark, '[', ']');
    apr_pool_destroy(scratch);
}

static void put_attr(scim_buf_t *buf, const scim_render_t *render,
                     const scim_attr_t *attr, const scim_row_t *row)
{
    const scim_mapping_t *mapping = render->mapping;
    int place = mapping->places[attr->index];

    if (!render->shown[attr->index] || !mapping->stored[attr->index]) {
        return;
    }
    if (attr == mapping->type->related) {
        put_related(buf, render, attr, row);
        return;
    }
    if (attr->multi) {
        put_multi(buf, render, attr, row);
    }
    else if (attr->type == SCIM_TYPE_COMPLEX) {
        put_complex(buf, render, attr, row);
    }
    else if (place >= 0) {
        const char *text = row->values[place];

        if (!text && attr == mapping->type->active) {
            text = "f";
        }
        put_column(buf, &APR_ARRAY_IDX(mapping->columns, place,
                                       scim_column_t), attr->name, text);
    }
    else if (is_value_of(render->extras[attr->index], attr, buf->pool)) {
        put_name(buf, attr->name);
        scim_buf_add(buf, render->extras[attr->index].text,
                     render->extras[attr->index].len);
    }
}

static void put_meta(scim_buf_t *buf, const scim_render_t *render,
                     const scim_row_t *row)
{
    const scim_mapping_t *mapping = render->mapping;
    const scim_rtype_t *type = mapping->type;
    apr_size_t mark = buf->len;
    int i;

    put_name(buf, "meta");
    scim_buf_putc(buf, '{');
    for (i = 0; i < type->meta->nsubs; i++) {
        const scim_attr_t *sub = &type->meta->subs[i];
        int place = mapping->places[sub->index];
        const char *text = NULL;

        if (!render->shown[sub->index]) {
            continue;
        }
        if (place >= 0) {
            put_column(buf, &APR_ARRAY_IDX(mapping->columns, place,
                                           scim_column_t),
                       sub->name, row->values[place]);
            continue;
        }
        if (strcmp(sub->name, "resourceType") == 0) {
            text = type->name;
        }
        else if (strcmp(sub->name, "location") == 0) {
            text = scim_rtype_location(type, render->base_url, row->id,
                                       buf->pool);
        }
        else if (strcmp(sub->name, "version") == 0) {
            text = scim_row_version(mapping, row, buf->pool);
        }
        if (text) {
            put_name(buf, sub->name);
            scim_buf_json(buf, text, strlen(text));
        }
    }
    keep_unless_empty(buf, mark, '{', '}');
}

/* Write the attributes of an extension. Returns whether there are any. */
static int put_extension(scim_buf_t *buf, const scim_render_t *render,
                         const scim_schema_t *schema, const scim_row_t *row)
{
    apr_size_t mark = buf->len;
    int i;

    put_name(buf, schema->urn);
    scim_buf_putc(buf, '{');
    for (i = 0; i < schema->nattrs; i++) {
        put_attr(buf, render, &schema->attrs[i], row);
    }
    return keep_unless_empty(buf, mark, '{', '}');
}

/* The extensions, then `schemas`, which names those that carry data. */
static void put_extensions(scim_buf_t *buf, const scim_render_t *render,
                           const scim_row_t *row)
{
    const scim_rtype_t *type = render->mapping->type;
    scim_buf_t schemas;
    int i;

    scim_buf_init(&schemas, 160, buf->pool);
    scim_buf_json(&schemas, type->schemas[0]->urn,
                  strlen(type->schemas[0]->urn));
    for (i = 1; i < type->nschemas; i++) {
        if (put_extension(buf, render, type->schemas[i], row)) {
            scim_buf_putc(&schemas, ',');
            scim_buf_json(&schemas, type->schemas[i]->urn,
                          strlen(type->schemas[i]->urn));
        }
    }
    put_name(buf, "schemas");
    scim_buf_putc(buf, '[');
    scim_buf_add(buf, schemas.data, schemas.len);
    scim_buf_putc(buf, ']');
}

void scim_render_resource(scim_buf_t *buf, const scim_render_t *render,
                          const scim_row_t *row)
{
    const scim_rtype_t *type = render->mapping->type;
    scim_span_t document = { row->extra, row->extra ? strlen(row->extra) : 0 };
    int i;

    memset(render->extras, 0, type->nattrs * sizeof(*render->extras));
    index_object(render, NULL, document, buf->pool);
    PUTS(buf, "{\"id\":");
    scim_buf_json(buf, row->id, strlen(row->id));
    put_attr(buf, render, type->external_id, row);
    for (i = 0; i < type->schemas[0]->nattrs; i++) {
        put_attr(buf, render, &type->schemas[0]->attrs[i], row);
    }
    put_extensions(buf, render, row);
    if (render->shown[type->meta->index]) {
        put_meta(buf, render, row);
    }
    scim_buf_putc(buf, '}');
}
