#include "store/condition.h"

#include "store/comparison.h"
#include "store/elements.h"

#define PUTS(w, string) scim_buf_puts(&(w)->sql->text, string)

/* `name pr`: some sub-attribute is present. */
static scim_err_t *write_complex_present(const scim_writer_t *w,
                                         const scim_filter_t *filter)
{
    const char *or = "";
    int i;

    if (filter->attr == w->mapping->type->meta) {
        PUTS(w, "true");
        return NULL;
    }
    PUTS(w, "(");
    for (i = 0; i < filter->attr->nsubs; i++) {
        scim_filter_t one = *filter;
        scim_operand_t operand;

        one.sub = &filter->attr->subs[i];
        if (!w->mapping->stored[one.sub->index]) {
            continue;
        }
        SCIM_TRY(scim_operand_of_attr(w, &operand, &one));
        PUTS(w, or);
        scim_comparison_present(w, &operand);
        or = " OR ";
    }
    PUTS(w, ")");
    return *or ? NULL : scim_operand_not_kept(w, filter);
}

static scim_err_t *write_filter(const scim_writer_t *w,
                                const scim_filter_t *filter, int exact);

/* Brackets behind an attribute: of a single complex one there is but one
 * element, if any. */
static scim_err_t *write_brackets(const scim_writer_t *w,
                                  const scim_filter_t *filter, int exact)
{
    scim_filter_t present = *filter;

    if (!w->mapping->stored[filter->attr->index]
        && filter->attr != w->mapping->type->meta) {
        return scim_operand_not_kept(w, filter);
    }
    if (filter->attr->multi) {
        PUTS(w, exact ? "coalesce(" : "(");
        SCIM_TRY(scim_elements_some(w, filter->attr, filter->left));
        PUTS(w, exact ? ", false)" : ")");
        return NULL;
    }
    present.kind = SCIM_FILTER_COMPARE;
    present.op = SCIM_OP_PR;
    present.sub = NULL;
    PUTS(w, "(");
    SCIM_TRY(write_complex_present(w, &present));
    PUTS(w, " AND ");
    SCIM_TRY(write_filter(w, filter->left, exact));
    PUTS(w, ")");
    return NULL;
}

static scim_err_t *write_filter(const scim_writer_t *w,
                                const scim_filter_t *filter, int exact)
{
    scim_operand_t operand;

    switch (filter->kind) {
    case SCIM_FILTER_AND:
    case SCIM_FILTER_OR:
        PUTS(w, "(");
        SCIM_TRY(write_filter(w, filter->left, exact));
        PUTS(w, filter->kind == SCIM_FILTER_AND ? " AND " : " OR ");
        SCIM_TRY(write_filter(w, filter->right, exact));
        PUTS(w, ")");
        return NULL;
    case SCIM_FILTER_NOT:
        PUTS(w, "(NOT ");
        SCIM_TRY(write_filter(w, filter->left, 1));
        PUTS(w, ")");
        return NULL;
    case SCIM_FILTER_ELEMENT:
        return write_brackets(w, filter, exact);
    case SCIM_FILTER_CONSTANT:
        PUTS(w, filter->holds ? "true" : "false");
        return NULL;
    default:
        break;
    }
    if (filter->attr->multi) {
        if (exact) {
            PUTS(w, "coalesce(");
        }
        SCIM_TRY(scim_elements_any(w, filter));
        PUTS(w, exact ? ", false)" : "");
        return NULL;
    }
    if (scim_comparison_id(w, filter)) {
        return NULL;
    }
    if (filter->attr->type == SCIM_TYPE_COMPLEX && !filter->sub) {
        return write_complex_present(w, filter);
    }
    SCIM_TRY(scim_operand_of_attr(w, &operand, filter));
    scim_comparison_write(w, &operand, filter, exact);
    return NULL;
}

scim_err_t *scim_condition_write(scim_sql_t *sql,
                                 const scim_mapping_t *mapping,
                                 const scim_facts_t *facts,
                                 const scim_filter_t *filter)
{
    scim_writer_t w = { sql, mapping, facts, sql->text.pool };

    PUTS(&w, "(");
    SCIM_TRY(write_filter(&w, filter, 0));
    PUTS(&w, ")");
    return NULL;
}

int scim_condition_is_unique(const scim_filter_t *filter,
                             const scim_rtype_t *type)
{
    if (filter->kind == SCIM_FILTER_AND) {
        return scim_condition_is_unique(filter->left, type)
            || scim_condition_is_unique(filter->right, type);
    }
    return filter->kind == SCIM_FILTER_COMPARE && filter->op == SCIM_OP_EQ
        && filter->value->type != SCIM_JSON_NULL
        && (filter->attr == type->id || filter->attr == type->external_id
            || (type->user_name && filter->attr == type->user_name));
}
