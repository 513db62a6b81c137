#include "store/comparison.h"

#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "store/piece.h"

#define PUTS(w, string) scim_buf_puts(&(w)->sql->text, string)

/* The type of the value compared with: the column's own where it can be, so
 * that an index serves. */
static const char *value_type(const scim_operand_t *operand, const char *text)
{
    return scim_operand_is_json_time(operand) ? "text"
         : operand->leaf->type == SCIM_TYPE_INTEGER && !operand->json
           && scim_sql_is_key("bigint", text)
         ? "bigint" : scim_operand_type(operand->leaf);
}

void scim_comparison_value(const scim_writer_t *w,
                           const scim_operand_t *operand,
                           const scim_filter_t *filter)
{
    const scim_json_t *value = filter->value;
    int fold = scim_operand_is_text(operand->leaf)
            && !operand->leaf->case_exact
            && operand->leaf->type != SCIM_TYPE_BINARY;
    const char *text = value->type == SCIM_JSON_BOOL
                     ? (value->boolean ? "t" : "f")
                     : operand->leaf->type == SCIM_TYPE_DATETIME
                     ? scim_time_format(filter->time, w->pool) : value->text;

    PUTS(w, fold ? "lower("
            : scim_operand_is_json_time(operand) ? "rtrim(" : "");
    scim_sql_param(w->sql, text, value_type(operand, text));
    PUTS(w, fold ? ")" : scim_operand_is_json_time(operand) ? ", 'Z')" : "");
}

/* Of a column: what PostgreSQL takes for a value and SCIM does not. */
static const char *column_is_value(const scim_attr_t *leaf)
{
    switch (leaf->type) {
    case SCIM_TYPE_BOOLEAN:
    case SCIM_TYPE_INTEGER:
        return NULL;
    case SCIM_TYPE_DECIMAL:
        return " NOT IN ('NaN', 'Infinity', '-Infinity')";
    case SCIM_TYPE_DATETIME:
        return " BETWEEN '0001-01-01 00:00:00Z' "
               "AND '9999-12-31 23:59:59.999999Z'";
    default:
        return " <> ''";
    }
}

/* Of a document, whose values need not be of the attribute's type. */
static const char *json_type(const scim_attr_t *leaf)
{
    switch (leaf->type) {
    case SCIM_TYPE_BOOLEAN:
        return "boolean";
    case SCIM_TYPE_INTEGER:
    case SCIM_TYPE_DECIMAL:
        return "number";
    default:
        return "string";
    }
}

static void write_is_json_type(const scim_writer_t *w,
                               const scim_operand_t *operand)
{
    scim_buf_printf(&w->sql->text, "jsonb_typeof%s = '%s'", operand->json,
                    json_type(operand->leaf));
}

void scim_comparison_present(const scim_writer_t *w,
                             const scim_operand_t *operand)
{
    const char *is_value = operand->is_constant ? NULL
                         : !operand->json ? column_is_value(operand->leaf)
                         : scim_operand_is_text(operand->leaf)
                         ? " <> ''" : NULL;

    PUTS(w, "(");
    PUTS(w, scim_operand_is_json_time(operand)
            ? scim_operand_json_time(w, operand) : operand->text);
    PUTS(w, " IS NOT NULL");
    if (operand->json && !scim_operand_is_json_time(operand)) {
        PUTS(w, " AND ");
        write_is_json_type(w, operand);
    }
    if (is_value) {
        PUTS(w, " AND ");
        PUTS(w, operand->text);
        PUTS(w, is_value);
    }
    PUTS(w, ")");
}

static void write_infix(const scim_writer_t *w, const scim_operand_t *operand,
                        const char *op, const scim_filter_t *filter)
{
    int by_bytes = (scim_operand_is_text(operand->leaf)
                    || scim_operand_is_json_time(operand))
                && strpbrk(op, "<>");

    if (operand->citext && !operand->key && filter->op == SCIM_OP_EQ) {
        /* the column's own comparison, which its index serves */
        PUTS(w, operand->text);
        PUTS(w, op);
        scim_sql_param(w->sql, filter->value->text, operand->citext);
        return;
    }

    PUTS(w, scim_operand_typed(w, operand));
    if (by_bytes) {
        PUTS(w, " COLLATE \"C\"");
    }
    PUTS(w, op);
    scim_comparison_value(w, operand, filter);
}

/* What keeps a comparison from taking for a value what is none. */
static void write_besides(const scim_writer_t *w,
                          const scim_operand_t *operand,
                          const scim_filter_t *filter)
{
    scim_filter_op_t op = filter->op;
    int below = op == SCIM_OP_LT || op == SCIM_OP_LE;
    int ordered = below || op == SCIM_OP_GT || op == SCIM_OP_GE;
    int must;

    switch (operand->leaf->type) {
    case SCIM_TYPE_BOOLEAN:
    case SCIM_TYPE_INTEGER:
        must = 0;
        break;
    case SCIM_TYPE_DECIMAL:
    case SCIM_TYPE_DATETIME:
        must = ordered && !operand->json;
        break;
    default:
        must = below || !filter->value->len;
        break;
    }
    if (operand->is_constant || op == SCIM_OP_NE) {
        return;
    }
    if (must) {
        PUTS(w, " AND ");
        scim_comparison_present(w, operand);
    }
    else if (operand->json && scim_operand_is_text(operand->leaf)) {
        PUTS(w, " AND ");
        write_is_json_type(w, operand);
    }
}

static void write_comparison(const scim_writer_t *w,
                             const scim_operand_t *operand,
                             const scim_filter_t *filter, int exact)
{
    static const char *const infix[] = {
        [SCIM_OP_EQ] = " = ",  [SCIM_OP_NE] = " IS DISTINCT FROM ",
        [SCIM_OP_GT] = " > ",  [SCIM_OP_GE] = " >= ",
        [SCIM_OP_LT] = " < ",  [SCIM_OP_LE] = " <= "
    };

    PUTS(w, exact ? "coalesce(" : "(");
    switch (filter->op) {
    case SCIM_OP_CO:
        PUTS(w, "strpos(");
        PUTS(w, scim_operand_typed(w, operand));
        PUTS(w, ", ");
        scim_comparison_value(w, operand, filter);
        PUTS(w, ") > 0");
        break;
    case SCIM_OP_SW:
        PUTS(w, "starts_with(");
        PUTS(w, scim_operand_typed(w, operand));
        PUTS(w, ", ");
        scim_comparison_value(w, operand, filter);
        PUTS(w, ")");
        break;
    case SCIM_OP_EW:
        PUTS(w, "right(");
        PUTS(w, scim_operand_typed(w, operand));
        PUTS(w, ", length(");
        scim_comparison_value(w, operand, filter);
        PUTS(w, ")) = ");
        scim_comparison_value(w, operand, filter);
        break;
    case SCIM_OP_NE:
        scim_comparison_present(w, operand);
        PUTS(w, " IS NOT TRUE OR ");
        write_infix(w, operand, infix[filter->op], filter);
        break;
    default:
        write_infix(w, operand, infix[filter->op], filter);
        break;
    }
    write_besides(w, operand, filter);
    PUTS(w, exact ? ", false)" : ")");
}

void scim_comparison_write(const scim_writer_t *w,
                           const scim_operand_t *operand,
                           const scim_filter_t *filter, int exact)
{
    if (filter->op == SCIM_OP_PR
        || (filter->value->type == SCIM_JSON_NULL
            && filter->op == SCIM_OP_NE)) {
        scim_comparison_present(w, operand);
    }
    else if (filter->value->type == SCIM_JSON_NULL) {
        PUTS(w, "(NOT ");
        scim_comparison_present(w, operand);
        PUTS(w, ")");
    }
    else {
        write_comparison(w, operand, filter, exact);
    }
}

static int write_key(const scim_writer_t *w, const scim_filter_t *filter,
                     const char *alias, const char *name, const char *type)
{
    if ((filter->op != SCIM_OP_EQ && filter->op != SCIM_OP_NE)
        || filter->value->type == SCIM_JSON_NULL) {
        return 0;
    }
    if (!scim_sql_is_key(type, filter->value->text)) {
        PUTS(w, filter->op == SCIM_OP_EQ ? "false" : "true");
        return 1;
    }
    PUTS(w, "(");
    scim_piece_column(w->sql, alias, name);
    PUTS(w, filter->op == SCIM_OP_EQ ? " = " : " <> ");
    scim_sql_param(w->sql, filter->value->text, type);
    PUTS(w, ")");
    return 1;
}

int scim_comparison_id(const scim_writer_t *w, const scim_filter_t *filter)
{
    return filter->attr == w->mapping->type->id
        && write_key(w, filter, "r", w->mapping->key, w->facts->key_type);
}

int scim_comparison_related_id(const scim_writer_t *w,
                               const scim_filter_t *filter)
{
    return strcasecmp(filter->sub->name, "value") == 0
        && write_key(w, filter, "m", w->mapping->relation->other,
                     w->facts->others->key_type);
}
