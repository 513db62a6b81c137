#include "store/order.h"

#include <apr_strings.h>

#include <string.h>

#include "store/operand.h"

typedef struct writer_t {
    const scim_mapping_t *mapping;
    const scim_facts_t *facts;
    const scim_attr_t *attr;
    const scim_attr_t *sub;     /* NULL: attr is simple */
    const scim_attr_t *leaf;
    apr_pool_t *pool;
} writer_t;

static int is_secret(const scim_attr_t *attr)
{
    return attr->returned == SCIM_RETURNED_NEVER
        || attr->mutability == SCIM_WRITE_ONLY;
}

/* What the name means: something that can be sorted by, or nothing. */
static int find_leaf(writer_t *w, const char *sort_by)
{
    scim_name_t name = scim_rtype_resolve(w->mapping->type, sort_by, w->pool);

    if (name.kind != SCIM_NAME_ATTR) {
        return 0;
    }
    w->attr = name.attr;
    w->sub = name.sub;
    if (w->attr->multi && !w->sub) {
        w->sub = scim_attr_sub(w->attr, "value");
    }
    w->leaf = w->sub ? w->sub : w->attr;
    return w->leaf->type != SCIM_TYPE_COMPLEX && !is_secret(w->attr)
        && !is_secret(w->leaf);
}

static const char *value_of(const writer_t *w, const char **ptype,
                            const scim_attr_t *sub,
                            const scim_element_t *mapped)
{
    return scim_operand_value(ptype, w->mapping, w->facts, w->attr, sub,
                              mapped, w->pool);
}

static int is_text(const char *type)
{
    return strcmp(type, "text") == 0;
}

/* An element's value; '' is as good as none. */
static const char *element_value(const writer_t *w, const char **ptype,
                                 const scim_element_t *mapped)
{
    const char *value = value_of(w, ptype, w->sub, mapped);

    return value && is_text(*ptype)
         ? apr_pstrcat(w->pool, "NULLIF(", value, ", '')", NULL) : value;
}

/* Append alternatives for coalesce(): of each mapped element, and then of
 * the others in their order, the value; `primary`: where this holds. */
static void add_elements(const writer_t *w, const char **ptype,
                         apr_array_header_t *values,
                         const scim_attr_t *primary)
{
    const scim_mapping_t *mapping = w->mapping;
    const char *value, *holds = NULL, *boolean;
    int i;

    for (i = 0; i < mapping->elements->nelts; i++) {
        const scim_element_t *mapped =
            &APR_ARRAY_IDX(mapping->elements, i, scim_element_t);

        if (mapped->attr == w->attr
            && (value = element_value(w, ptype, mapped))) {
            holds = primary ? value_of(w, &boolean, primary, mapped) : NULL;
            APR_ARRAY_PUSH(values, const char *) = holds
                ? apr_pstrcat(w->pool, "CASE WHEN ", holds, " THEN ", value,
                              " END", NULL) : value;
        }
    }
    if (scim_mapping_is_extra(mapping, w->attr)
        && (value = element_value(w, ptype, NULL))) {
        const char *list = apr_pstrcat(w->pool,
            scim_operand_extra(mapping, w->attr, w->pool), "->'",
            w->attr->name, "'", NULL);

        holds = primary ? value_of(w, &boolean, primary, NULL) : NULL;
        APR_ARRAY_PUSH(values, const char *) = apr_pstrcat(w->pool,
            "(SELECT ", value, " FROM jsonb_array_elements(CASE jsonb_typeof(",
            list, ") WHEN 'array' THEN ", list, " END) WITH ORDINALITY AS "
            "x(e, n) WHERE ", value, " IS NOT NULL", holds ? " AND " : "",
            holds ? holds : "", " ORDER BY n LIMIT 1)", NULL);
    }
}

static const char *multi_value(const writer_t *w, const char **ptype)
{
    const scim_attr_t *primary = scim_attr_sub(w->attr, "primary");
    apr_array_header_t *values = apr_array_make(w->pool, 4, sizeof(char *));

    if (primary && w->mapping->stored[primary->index]) {
        add_elements(w, ptype, values, primary);
    }
    add_elements(w, ptype, values, NULL);
    return values->nelts
         ? apr_pstrcat(w->pool, "coalesce(",
                       apr_array_pstrcat(w->pool, values, ','), ")", NULL)
         : NULL;
}

/* Text of a column that the proof wants an index on: as it stands in that
 * index, whatever its length, so that the index serves. A key column, or the
 * lower case of the column, is of the column's own collation; one that does
 * not go by code point is told to. */
static void order_by_index(scim_order_t *order, const writer_t *w,
                           const scim_column_t *column)
{
    int place = w->mapping->places[w->leaf->index];
    int by_code_point = w->facts->by_code_point[place];
    const char *citext = scim_facts_citext(w->facts, w->mapping, column);

    order->can_be_null = !w->facts->not_null[place];
    if (citext && w->leaf->case_exact) {
        order->value = apr_pstrcat(w->pool, order->value, "::text", NULL);
    }
    else if (citext && !column->key_name && by_code_point) {
        order->value = apr_pstrcat(w->pool, "r.",
            scim_mapping_quote(column->name, w->pool), NULL);
        order->type = citext;
    }
    if (!by_code_point) {
        order->value = apr_pstrcat(w->pool, order->value, " COLLATE \"C\"",
                                   NULL);
    }
}

static void order_by_text(scim_order_t *order, const writer_t *w)
{
    order->value = apr_psprintf(w->pool,
                                "NULLIF(left(%s, %d), '') COLLATE \"C\"",
                                order->value, SCIM_ORDER_TEXT_MAX);
    order->can_be_null = 1;
}

static void order_by_column(scim_order_t *order, const writer_t *w,
                            const scim_column_t *column)
{
    int place = w->mapping->places[w->leaf->index];

    if (is_text(order->type)) {
        if (w->leaf->required || w->attr == w->mapping->type->external_id) {
            order_by_index(order, w, column);
        }
        else {
            order_by_text(order, w);
        }
        return;
    }
    if (w->leaf->type != SCIM_TYPE_BOOLEAN) {
        order->type = w->facts->types[place];
    }
    order->can_be_null = !w->facts->not_null[place]
                      && w->attr != w->mapping->type->active
                      && column->form != SCIM_COLUMN_IS_NULL;
}

/* Ids are text: "10" comes before "9". UUIDs have the same order either
 * way, and then the key's index serves. */
static void order_by_id(scim_order_t *order, const writer_t *w)
{
    if (strcmp(w->facts->key_type, "uuid") == 0) {
        order->value = NULL;
        return;
    }
    order->value = apr_pstrcat(w->pool, order->value, " COLLATE \"C\"", NULL);
    order->can_be_null = 0;
}

void scim_order_make(scim_order_t *order, const scim_mapping_t *mapping,
                     const scim_facts_t *facts, const char *sort_by,
                     int descending, apr_pool_t *pool)
{
    writer_t w = { mapping, facts, NULL, NULL, NULL, pool };
    const scim_column_t *column;

    memset(order, 0, sizeof(*order));
    if (!sort_by || !find_leaf(&w, sort_by)) {
        return;
    }
    order->value = w.attr->multi ? multi_value(&w, &order->type)
                                 : value_of(&w, &order->type, w.sub, NULL);
    if (!order->value) {
        order->type = NULL;
        return;
    }
    order->descending = descending;
    column = w.attr->multi ? NULL : scim_mapping_column(mapping, w.attr,
                                                        w.sub);
    if (w.attr == mapping->type->id) {
        order_by_id(order, &w);
    }
    else if (column) {
        order_by_column(order, &w, column);
    }
    else if (is_text(order->type)) {
        order_by_text(order, &w);
    }
    else {
        order->can_be_null = 1;
    }
}
