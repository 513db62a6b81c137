#include "store/elements.h"

#include <apr_strings.h>

#include <strings.h>

#include "base/fold.h"
#include "store/comparison.h"
#include "store/piece.h"
#include "store/related.h"

#define PUTS(w, string) scim_buf_puts(&(w)->sql->text, string)

static scim_err_t *write_in_element(const scim_writer_t *w,
                                    const scim_element_scope_t *scope,
                                    const scim_filter_t *filter, int exact)
{
    scim_operand_t operand;

    switch (filter->kind) {
    case SCIM_FILTER_AND:
    case SCIM_FILTER_OR:
        PUTS(w, "(");
        SCIM_TRY(write_in_element(w, scope, filter->left, exact));
        PUTS(w, filter->kind == SCIM_FILTER_AND ? " AND " : " OR ");
        SCIM_TRY(write_in_element(w, scope, filter->right, exact));
        PUTS(w, ")");
        return NULL;
    case SCIM_FILTER_NOT:
        PUTS(w, "(NOT ");
        SCIM_TRY(write_in_element(w, scope, filter->left, 1));
        PUTS(w, ")");
        return NULL;
    default:
        if (scope->is_related && scim_comparison_related_id(w, filter)) {
            return NULL;
        }
        SCIM_TRY(scim_operand_of_element(w, &operand, scope, filter));
        scim_comparison_write(w, &operand, filter, exact);
        return NULL;
    }
}

/* Whether the element in scope is there: its `value` is, when it is mapped
 * and its attribute has one, else anything of it. */
static scim_err_t *write_element_present(const scim_writer_t *w,
                                         const scim_element_scope_t *scope)
{
    const scim_attr_t *attr = scope->attr;
    const scim_attr_t *value = scope->mapped ? scim_attr_sub(attr, "value")
                                             : NULL;
    const scim_attr_t *sub;
    const char *or = "";

    if (attr->type != SCIM_TYPE_COMPLEX) {
        scim_filter_t filter = { .attr = attr };
        scim_operand_t operand;

        SCIM_TRY(scim_operand_of_element(w, &operand, scope, &filter));
        scim_comparison_present(w, &operand);
        return NULL;
    }
    PUTS(w, "(");
    for (sub = attr->subs; sub < attr->subs + attr->nsubs; sub++) {
        scim_filter_t filter = { .attr = attr, .sub = sub };
        scim_operand_t operand;

        if (!w->mapping->stored[sub->index] || (value && sub != value)) {
            continue;
        }
        SCIM_TRY(scim_operand_of_element(w, &operand, scope, &filter));
        if (!operand.is_constant) {
            PUTS(w, or);
            scim_comparison_present(w, &operand);
            or = " OR ";
        }
    }
    PUTS(w, ")");
    return NULL;
}

/* Whether a filter between brackets, or none, would pass an element that is
 * not there. */
static int passes_nothing(const scim_writer_t *w,
                          const scim_element_scope_t *scope,
                          const scim_filter_t *filter)
{
    scim_json_t *nothing = scim_json_make(SCIM_JSON_OBJECT, w->pool);

    if (scope->mapped) {
        scim_json_set(nothing, "type",
                      scim_json_make_string(scope->mapped->element, w->pool));
    }
    return !filter || scim_filter_matches_element(filter, nothing, w->pool);
}

static scim_err_t *write_element(const scim_writer_t *w,
                                 const scim_element_scope_t *scope,
                                 const scim_filter_t *filter)
{
    int by_value = scope->mapped && scim_attr_sub(scope->attr, "value");
    int besides = by_value || passes_nothing(w, scope, filter);

    PUTS(w, "(");
    if (filter) {
        SCIM_TRY(write_in_element(w, scope, filter, 0));
        PUTS(w, besides ? " AND " : "");
    }
    if (besides) {
        SCIM_TRY(write_element_present(w, scope));
    }
    PUTS(w, ")");
    return NULL;
}

/* A comparison by equality that every element passing the filter must pass,
 * with `type` or with anything else but that; NULL: there is none. */
static const scim_filter_t *required(const scim_filter_t *filter, int of_type)
{
    const scim_filter_t *found;

    if (filter->kind == SCIM_FILTER_AND) {
        found = required(filter->left, of_type);
        return found ? found : required(filter->right, of_type);
    }
    return filter->kind == SCIM_FILTER_COMPARE && filter->op == SCIM_OP_EQ
        && scim_operand_is_text(scim_operand_compared(filter))
        && filter->value->type == SCIM_JSON_STRING
        && (filter->sub && strcasecmp(filter->sub->name, "type") == 0)
           == of_type ? filter : NULL;
}

/* What an index on the whole attribute can answer: some element equals, or
 * has a sub-attribute that does. Where case is ignored, the attribute is
 * folded as a whole, in its text. */
static void write_contains(const scim_writer_t *w, const char *in,
                           const scim_filter_t *equal)
{
    scim_operand_t operand = { .leaf = scim_operand_compared(equal) };
    int exact = operand.leaf->case_exact
             || operand.leaf->type == SCIM_TYPE_BINARY;

    scim_buf_printf(&w->sql->text, exact ? "%s" : "lower((%s)::text)::jsonb",
                    in);
    PUTS(w, " @> jsonb_build_array(");
    if (equal->sub) {
        PUTS(w, "jsonb_build_object(");
        PUTS(w, scim_writer_literal(w, exact ? equal->sub->name
                                 : scim_fold(equal->sub->name, w->pool)));
        PUTS(w, ", ");
    }
    scim_comparison_value(w, &operand, equal);
    PUTS(w, equal->sub ? ")) AND " : ") AND ");
}

/* Some element in the document passes `filter`; NULL: any element. */
static scim_err_t *write_some_extra(const scim_writer_t *w,
                                    const scim_attr_t *attr,
                                    const scim_filter_t *filter)
{
    const scim_filter_t *equal = filter ? required(filter, 0) : NULL;
    const char *in = scim_operand_extra(w->mapping, attr, w->pool);
    const char *name = scim_writer_literal(w, attr->name);
    const char *array = apr_pstrcat(w->pool, in, "->", name, NULL);
    scim_element_scope_t scope = { attr, NULL };
    int i;

    scim_buf_printf(&w->sql->text, "(%s ? %s AND ", in, name);
    equal = !equal && filter ? required(filter, 1) : equal;
    if (equal) {
        write_contains(w, array, equal);
    }
    scim_buf_printf(&w->sql->text, "EXISTS (SELECT FROM jsonb_array_elements("
                    "CASE jsonb_typeof(%s) WHEN 'array' THEN %s END) AS e "
                    "WHERE ", array, array);
    for (i = 0; i < w->mapping->elements->nelts; i++) {
        const scim_element_t *mapped =
            &APR_ARRAY_IDX(w->mapping->elements, i, scim_element_t);

        if (mapped->attr == attr) {
            scim_buf_printf(&w->sql->text,
                            "lower(e->>'type') IS DISTINCT FROM %s AND ",
                            scim_writer_literal(w, scim_fold(mapped->element,
                                                             w->pool)));
        }
    }
    SCIM_TRY(write_element(w, &scope, filter));
    PUTS(w, "))");
    return NULL;
}

/* Somebody related passes `filter`; NULL: anybody is. */
static scim_err_t *write_some_related(const scim_writer_t *w,
                                      const scim_attr_t *attr,
                                      const scim_filter_t *filter)
{
    scim_element_scope_t scope = { attr, NULL, 1 };

    PUTS(w, "EXISTS (SELECT");
    scim_related_from(w->sql, w->mapping, w->facts);
    scim_piece_column(w->sql, "r", w->mapping->key);
    if (filter) {
        PUTS(w, " AND ");
        SCIM_TRY(write_in_element(w, &scope, filter, 0));
    }
    PUTS(w, ")");
    return NULL;
}

static int is_type(const scim_element_t *mapped, const scim_filter_t *type)
{
    return !type || scim_fold_is_equal(mapped->element, type->value->text);
}

scim_err_t *scim_elements_some(const scim_writer_t *w, const scim_attr_t *attr,
                               const scim_filter_t *filter)
{
    const scim_filter_t *type = filter ? required(filter, 1) : NULL;
    scim_element_scope_t scope = { attr, NULL, 0 };
    const char *or = "";
    int i, in_columns = 0;

    if (attr == w->mapping->type->related) {
        return write_some_related(w, attr, filter);
    }
    PUTS(w, "(");
    for (i = 0; i < w->mapping->elements->nelts; i++) {
        const scim_element_t *mapped =
            &APR_ARRAY_IDX(w->mapping->elements, i, scim_element_t);

        if (mapped->attr != attr || !is_type(mapped, type)) {
            continue;
        }
        scope.mapped = mapped;
        in_columns = type != NULL;
        PUTS(w, or);
        SCIM_TRY(write_element(w, &scope, filter));
        or = " OR ";
    }
    if (scim_mapping_is_extra(w->mapping, attr) && !in_columns) {
        PUTS(w, or);
        SCIM_TRY(write_some_extra(w, attr, filter));
        or = " OR ";
    }
    PUTS(w, *or ? ")" : "false)");
    return NULL;
}

scim_err_t *scim_elements_any(const scim_writer_t *w,
                              const scim_filter_t *filter)
{
    int is_null = filter->op != SCIM_OP_PR
               && filter->value->type == SCIM_JSON_NULL;
    scim_filter_t present = *filter, differs = *filter;

    if (!w->mapping->stored[filter->attr->index]) {
        return scim_operand_not_kept(w, filter);
    }
    if (filter->op == SCIM_OP_PR && !filter->sub) {
        return scim_elements_some(w, filter->attr, NULL);
    }
    present.op = SCIM_OP_PR;
    if (is_null) {
        PUTS(w, "(");
        SCIM_TRY(scim_elements_some(w, filter->attr, &present));
        PUTS(w, filter->op == SCIM_OP_EQ ? " IS NOT TRUE)" : ")");
        return NULL;
    }
    if (filter->op != SCIM_OP_NE) {
        return scim_elements_some(w, filter->attr, filter);
    }
    differs.kind = SCIM_FILTER_AND;
    differs.left = &present;
    differs.right = filter;
    PUTS(w, "(");
    SCIM_TRY(scim_elements_some(w, filter->attr, &differs));
    PUTS(w, " OR ");
    SCIM_TRY(scim_elements_some(w, filter->attr, &present));
    PUTS(w, " IS NOT TRUE)");
    return NULL;
}
