#include "store/condition.h"

#include <apr_strings.h>

#include <string.h>
#include <strings.h>

#include "base/fold.h"
#include "base/time.h"
#include "store/piece.h"
#include "store/related.h"

typedef struct writer_t {
    scim_sql_t *sql;
    const scim_mapping_t *mapping;
    const scim_facts_t *facts;
    apr_pool_t *pool;
} writer_t;

/* Where one side of a comparison stands. */
typedef struct operand_t {
    const char *text;       /* SQL giving the value, NULL where absent */
    const char *json;       /* SQL giving it as JSON, in parentheses, or NULL: a
                             * column */
    const char *key;        /* SQL giving it in lower case, or NULL */
    const char *citext;     /* its type when that ignores case, or NULL */
    const scim_attr_t *leaf;
    int is_constant;        /* text is a literal */
} operand_t;

/* Which elements of a multi-valued attribute a condition speaks of: a mapped
 * one, whose values stand in columns, or those in the JSONB column. */
typedef struct scope_t {
    const scim_attr_t *attr;
    const scim_element_t *mapped;   /* NULL: alias `e` */
    int is_related;                 /* members or groups: aliases `m`, `o` */
} scope_t;

#define PUTS(w, string) scim_buf_puts(&(w)->sql->text, string)

static const char *literal(const writer_t *w, const char *text)
{
    scim_sql_t one;

    scim_sql_init(&one, w->pool);
    scim_sql_literal(&one, text);
    return one.text.data;
}

/* What a comparison is about. */
static const scim_attr_t *compared(const scim_filter_t *filter)
{
    return filter->sub ? filter->sub : filter->attr;
}

static scim_err_t *not_kept(const writer_t *w, const scim_filter_t *filter)
{
    const scim_attr_t *leaf = compared(filter);

    return scim_err_make(SCIM_ERR_INVALID_FILTER, w->pool,
                         "filter: attribute \"%s\" at character %"
                         APR_SIZE_T_FMT " is not kept by this service, so "
                         "nothing can be found by it",
                         scim_attr_path(leaf, w->pool), filter->at + 1);
}

static int is_text(const scim_attr_t *leaf)
{
    return leaf->type == SCIM_TYPE_STRING
        || leaf->type == SCIM_TYPE_REFERENCE
        || leaf->type == SCIM_TYPE_BINARY;
}

static const char *sql_type(const scim_attr_t *leaf)
{
    switch (leaf->type) {
    case SCIM_TYPE_BOOLEAN:
        return "boolean";
    case SCIM_TYPE_INTEGER:
    case SCIM_TYPE_DECIMAL:
        return "numeric";
    case SCIM_TYPE_DATETIME:
        return "timestamptz";
    default:
        return "text";
    }
}

/* The extra document of a schema's attributes. */
static const char *extra_of(const writer_t *w, const scim_attr_t *attr)
{
    const char *column = apr_pstrcat(w->pool, "r.",
        scim_mapping_quote(w->mapping->extra, w->pool), NULL);

    if (!scim_rtype_is_extension(w->mapping->type, attr->schema)) {
        return column;
    }
    return apr_pstrcat(w->pool, column, "->", literal(w, attr->schema->urn),
                       NULL);
}

static int is_float(const writer_t *w, const scim_column_t *column)
{
    const char *type = w->facts->types[column - (const scim_column_t *)
                                                w->mapping->columns->elts];

    return strcmp(type, "double precision") == 0 || strcmp(type, "real") == 0;
}

static void json_operand(const writer_t *w, operand_t *operand,
                         const char *object, const scim_attr_t *leaf)
{
    const char *name = literal(w, leaf->name);

    operand->leaf = leaf;
    operand->json = apr_pstrcat(w->pool, "(", object, "->", name, ")", NULL);
    operand->text = apr_pstrcat(w->pool, "(", object, "->>", name, ")", NULL);
}

static void column_operand(const writer_t *w, operand_t *operand,
                           const scim_column_t *column)
{
    const char *name = apr_pstrcat(w->pool, "r.",
        scim_mapping_quote(column->name, w->pool), NULL);

    operand->leaf = column->leaf;
    operand->text = column->form == SCIM_COLUMN_INVERTED
                  ? apr_pstrcat(w->pool, "(NOT ", name, ")", NULL)
                  : column->form == SCIM_COLUMN_IS_NULL
                  ? apr_pstrcat(w->pool, "(", name, " IS NULL)", NULL)
                  : scim_facts_is_as_text(w->facts, w->mapping, column)
                  ? apr_pstrcat(w->pool, name, "::text", NULL) : name;
    if (column->attr == w->mapping->type->active) {
        operand->text = apr_pstrcat(w->pool, "coalesce(", operand->text,
                                    ", false)", NULL);
    }
    if (column->leaf->type == SCIM_TYPE_DECIMAL && is_float(w, column)) {
        /* the digits that are shown, and no more */
        operand->text = apr_pstrcat(w->pool, name, "::text::numeric", NULL);
    }
    if (!column->leaf->case_exact) {
        operand->citext = scim_facts_citext(w->facts, w->mapping, column);
    }
    if (column->key_name) {
        operand->key = apr_pstrcat(w->pool, "r.",
            scim_mapping_quote(column->key_name, w->pool), NULL);
    }
}

static int is_same_path(const scim_column_t *column, const scope_t *scope,
                        const scim_attr_t *sub)
{
    return column->attr == scope->attr && column->sub == sub
        && column->element
        && strcasecmp(column->element, scope->mapped->element) == 0;
}

/* The id in a URL, as scim_rtype_location() writes it: keys that are numbers
 * or UUIDs stand there as they are. */
static const char *id_in_url(const writer_t *w, const char *id)
{
    const char *type = w->facts->others->key_type;

    if (!scim_sql_is_text_key(type)) {
        return id;
    }
    return apr_pstrcat(w->pool, "(SELECT string_agg(CASE WHEN c COLLATE \"C\" ~ "
        "'^[A-Za-z0-9$_.+!*''(),:@&=~-]$' THEN c ELSE regexp_replace(encode("
        "convert_to(c, 'UTF8'), 'hex'), '(..)', '%\\1', 'g') END, '' "
        "ORDER BY n) FROM regexp_split_to_table(", id, ", '') "
        "WITH ORDINALITY AS s(c, n))", NULL);
}

static const char *related_url(const writer_t *w, const char *id)
{
    const char *base = w->sql->base_url ? w->sql->base_url : "";

    APR_ARRAY_PUSH(w->sql->params, const char *) =
        scim_rtype_location(w->mapping->relation->others->type, base, "",
                            w->pool);
    return apr_psprintf(w->pool, "($%d::text || %s)", w->sql->params->nelts,
                        id_in_url(w, id));
}

/* What is known of a related resource. */
static scim_err_t *related_operand(const writer_t *w, operand_t *operand,
                                   const scim_filter_t *filter)
{
    const scim_mapping_t *others = w->mapping->relation->others;
    const char *name = filter->sub ? filter->sub->name : "";
    const char *id = apr_pstrcat(w->pool, "o.",
        scim_mapping_quote(others->key, w->pool), "::text", NULL);

    if (strcasecmp(name, "value") == 0) {
        operand->text = id;
    }
    else if (strcasecmp(name, "$ref") == 0) {
        operand->text = related_url(w, id);
    }
    else if (strcasecmp(name, "display") == 0) {
        operand->text = scim_related_display(w->mapping, w->pool);
    }
    else if (strcasecmp(name, "type") == 0) {
        operand->text = apr_pstrcat(w->pool,
            literal(w, scim_related_type(w->mapping)), "::text", NULL);
        operand->is_constant = 1;
    }
    return operand->text ? NULL : not_kept(w, filter);
}

/* What the element in scope is, or a sub-attribute of it. */
static scim_err_t *element_operand(const writer_t *w, operand_t *operand,
                                   const scope_t *scope,
                                   const scim_filter_t *filter)
{
    const scim_attr_t *sub = filter->sub;
    int i;

    memset(operand, 0, sizeof(*operand));
    operand->leaf = sub ? sub : filter->attr;
    if (!w->mapping->stored[operand->leaf->index]) {
        return not_kept(w, filter);
    }
    if (scope->is_related) {
        return related_operand(w, operand, filter);
    }
    if (!sub) {
        operand->text = "(e #>> '{}')";
        operand->json = "(e)";
        return NULL;
    }
    if (!scope->mapped) {
        json_operand(w, operand, "e", sub);
        return NULL;
    }
    if (strcasecmp(sub->name, "type") == 0) {
        operand->text = apr_pstrcat(w->pool,
                                    literal(w, scope->mapped->element),
                                    "::text", NULL);
        operand->is_constant = 1;
        return NULL;
    }
    for (i = 0; i < w->mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(w->mapping->columns, i, scim_column_t);

        if (is_same_path(column, scope, sub)) {
            column_operand(w, operand, column);
            return NULL;
        }
    }
    if (w->mapping->extra) {
        json_operand(w, operand,
                     apr_pstrcat(w->pool, "r.",
                                 scim_mapping_quote(w->mapping->extra,
                                                    w->pool),
                                 "->", literal(w, scope->mapped->key), NULL),
                     sub);
        return NULL;
    }
    operand->text = apr_pstrcat(w->pool, "NULL::", sql_type(sub), NULL);
    return NULL;
}

/* A simple attribute, or a sub-attribute of a single complex one. */
static scim_err_t *attr_operand(const writer_t *w, operand_t *operand,
                                const scim_filter_t *filter)
{
    const scim_attr_t *attr = filter->attr, *sub = filter->sub;
    const scim_attr_t *leaf = sub ? sub : attr;
    const scim_rtype_t *type = w->mapping->type;
    const scim_column_t *column;

    memset(operand, 0, sizeof(*operand));
    operand->leaf = leaf;
    if (attr == type->id) {
        operand->text = apr_pstrcat(w->pool, "r.",
            scim_mapping_quote(w->mapping->key, w->pool), "::text", NULL);
        return NULL;
    }
    if (attr == type->meta && sub
        && strcasecmp(sub->name, "resourceType") == 0) {
        operand->text = apr_pstrcat(w->pool, literal(w, type->name),
                                    "::text", NULL);
        operand->is_constant = 1;
        return NULL;
    }
    column = scim_mapping_column(w->mapping, attr, sub);
    if (column) {
        column_operand(w, operand, column);
        return NULL;
    }
    if (!scim_mapping_is_extra(w->mapping, attr)
        || !w->mapping->stored[leaf->index]) {
        return not_kept(w, filter);
    }
    json_operand(w, operand,
                 sub ? apr_pstrcat(w->pool, extra_of(w, attr), "->",
                                   literal(w, attr->name), NULL)
                     : extra_of(w, attr), leaf);
    return NULL;
}

/* Comparisons */

/* A time in a JSON document is text of one form (scim_time_format()), which
 * without its Z is in the order of time. What else stands there is none, and
 * must not make the statement fail, as a cast would. */
static int is_json_time(const operand_t *operand)
{
    return operand->json && operand->leaf->type == SCIM_TYPE_DATETIME;
}

static const char *json_time(const writer_t *w, const operand_t *operand)
{
    return apr_pstrcat(w->pool, "CASE WHEN ", operand->text, " ~ '^[0-9]{4}-"
                       "[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
                       "([.][0-9]{0,5}[1-9])?Z$' THEN rtrim(", operand->text,
                       ", 'Z') END", NULL);
}

/* The operand as a value of its type; what is not of that type in a document
 * need not give NULL where a text is wanted, see write_present(). */
static const char *typed(const writer_t *w, const operand_t *operand)
{
    if (is_text(operand->leaf)) {
        return operand->leaf->case_exact || operand->leaf->type
                                            == SCIM_TYPE_BINARY
             ? operand->text
             : operand->key ? operand->key
             : apr_pstrcat(w->pool, "lower(", operand->text,
                           operand->citext ? "::text)" : ")", NULL);
    }
    if (!operand->json) {
        return operand->text;
    }
    switch (operand->leaf->type) {
    case SCIM_TYPE_BOOLEAN:
        return apr_pstrcat(w->pool, "CASE ", operand->json, " WHEN 'true' "
                           "THEN true WHEN 'false' THEN false END", NULL);
    case SCIM_TYPE_DATETIME:
        return json_time(w, operand);
    default:
        return apr_pstrcat(w->pool, "CASE jsonb_typeof", operand->json,
                           " WHEN 'number' THEN ", operand->json,
                           "::numeric END", NULL);
    }
}

/* The type of the value compared with: the column's own where it can be, so
 * that an index serves. */
static const char *value_type(const operand_t *operand, const char *text)
{
    return is_json_time(operand) ? "text"
         : operand->leaf->type == SCIM_TYPE_INTEGER && !operand->json
           && scim_sql_is_key("bigint", text) ? "bigint"
                                              : sql_type(operand->leaf);
}

static void write_value(const writer_t *w, const operand_t *operand,
                        const scim_filter_t *filter)
{
    const scim_json_t *value = filter->value;
    int fold = is_text(operand->leaf) && !operand->leaf->case_exact
            && operand->leaf->type != SCIM_TYPE_BINARY;
    const char *text = value->type == SCIM_JSON_BOOL
                     ? (value->boolean ? "t" : "f")
                     : operand->leaf->type == SCIM_TYPE_DATETIME
                     ? scim_time_format(filter->time, w->pool) : value->text;

    PUTS(w, fold ? "lower(" : is_json_time(operand) ? "rtrim(" : "");
    scim_sql_param(w->sql, text, value_type(operand, text));
    PUTS(w, fold ? ")" : is_json_time(operand) ? ", 'Z')" : "");
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

static void write_is_json_type(const writer_t *w, const operand_t *operand)
{
    scim_buf_printf(&w->sql->text, "jsonb_typeof%s = '%s'", operand->json,
                    json_type(operand->leaf));
}

/* Is true or false, never NULL. */
static void write_present(const writer_t *w, const operand_t *operand)
{
    const char *is_value = operand->is_constant ? NULL
                         : !operand->json ? column_is_value(operand->leaf)
                         : is_text(operand->leaf) ? " <> ''" : NULL;

    PUTS(w, "(");
    PUTS(w, is_json_time(operand) ? json_time(w, operand) : operand->text);
    PUTS(w, " IS NOT NULL");
    if (operand->json && !is_json_time(operand)) {
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

static void write_infix(const writer_t *w, const operand_t *operand,
                        const char *op, const scim_filter_t *filter)
{
    int by_bytes = (is_text(operand->leaf) || is_json_time(operand))
                && strpbrk(op, "<>");

    if (operand->citext && !operand->key && filter->op == SCIM_OP_EQ) {
        /* the column's own comparison, which its index serves */
        PUTS(w, operand->text);
        PUTS(w, op);
        scim_sql_param(w->sql, filter->value->text, operand->citext);
        return;
    }

    PUTS(w, typed(w, operand));
    if (by_bytes) {
        PUTS(w, " COLLATE \"C\"");
    }
    PUTS(w, op);
    write_value(w, operand, filter);
}

/* What keeps a comparison from taking for a value what is none. */
static void write_besides(const writer_t *w, const operand_t *operand,
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
        write_present(w, operand);
    }
    else if (operand->json && is_text(operand->leaf)) {
        PUTS(w, " AND ");
        write_is_json_type(w, operand);
    }
}

/* SQL knows a third truth value where a value is absent. It is as good as
 * false except below a NOT; `exact` asks for true or false. */
static void write_comparison(const writer_t *w, const operand_t *operand,
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
        PUTS(w, typed(w, operand));
        PUTS(w, ", ");
        write_value(w, operand, filter);
        PUTS(w, ") > 0");
        break;
    case SCIM_OP_SW:
        PUTS(w, "starts_with(");
        PUTS(w, typed(w, operand));
        PUTS(w, ", ");
        write_value(w, operand, filter);
        PUTS(w, ")");
        break;
    case SCIM_OP_EW:
        PUTS(w, "right(");
        PUTS(w, typed(w, operand));
        PUTS(w, ", length(");
        write_value(w, operand, filter);
        PUTS(w, ")) = ");
        write_value(w, operand, filter);
        break;
    case SCIM_OP_NE:
        write_present(w, operand);
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

/* eq null means "not present", ne null "present". */
static void write_compare(const writer_t *w, const operand_t *operand,
                          const scim_filter_t *filter, int exact)
{
    if (filter->op == SCIM_OP_PR
        || (filter->value->type == SCIM_JSON_NULL
            && filter->op == SCIM_OP_NE)) {
        write_present(w, operand);
    }
    else if (filter->value->type == SCIM_JSON_NULL) {
        PUTS(w, "(NOT ");
        write_present(w, operand);
        PUTS(w, ")");
    }
    else {
        write_comparison(w, operand, filter, exact);
    }
}

/* An id is compared as a key, so that its index serves; what cannot be a
 * key equals none. */
static int write_key(const writer_t *w, const scim_filter_t *filter,
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

static int write_id(const writer_t *w, const scim_filter_t *filter)
{
    return filter->attr == w->mapping->type->id
        && write_key(w, filter, "r", w->mapping->key, w->facts->key_type);
}

static int write_related_id(const writer_t *w, const scim_filter_t *filter)
{
    return strcasecmp(filter->sub->name, "value") == 0
        && write_key(w, filter, "m", w->mapping->relation->other,
                     w->facts->others->key_type);
}

/* Elements */

static scim_err_t *write_in_element(const writer_t *w, const scope_t *scope,
                                    const scim_filter_t *filter, int exact)
{
    operand_t operand;

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
        if (scope->is_related && write_related_id(w, filter)) {
            return NULL;
        }
        SCIM_TRY(element_operand(w, &operand, scope, filter));
        write_compare(w, &operand, filter, exact);
        return NULL;
    }
}

/* Whether the element in scope is there: its `value` is, when it is mapped
 * and its attribute has one, else anything of it. */
static scim_err_t *write_element_present(const writer_t *w,
                                         const scope_t *scope)
{
    const scim_attr_t *attr = scope->attr;
    const scim_attr_t *value = scope->mapped ? scim_attr_sub(attr, "value")
                                             : NULL;
    const scim_attr_t *sub;
    const char *or = "";

    if (attr->type != SCIM_TYPE_COMPLEX) {
        scim_filter_t filter = { .attr = attr };
        operand_t operand;

        SCIM_TRY(element_operand(w, &operand, scope, &filter));
        write_present(w, &operand);
        return NULL;
    }
    PUTS(w, "(");
    for (sub = attr->subs; sub < attr->subs + attr->nsubs; sub++) {
        scim_filter_t filter = { .attr = attr, .sub = sub };
        operand_t operand;

        if (!w->mapping->stored[sub->index] || (value && sub != value)) {
            continue;
        }
        SCIM_TRY(element_operand(w, &operand, scope, &filter));
        if (!operand.is_constant) {
            PUTS(w, or);
            write_present(w, &operand);
            or = " OR ";
        }
    }
    PUTS(w, ")");
    return NULL;
}

/* Whether a filter between brackets, or none, would pass an element that is
 * not there. */
static int passes_nothing(const writer_t *w, const scope_t *scope,
                          const scim_filter_t *filter)
{
    scim_json_t *nothing = scim_json_make(SCIM_JSON_OBJECT, w->pool);

    if (scope->mapped) {
        scim_json_set(nothing, "type",
                      scim_json_make_string(scope->mapped->element, w->pool));
    }
    return !filter || scim_filter_matches_element(filter, nothing, w->pool);
}

static scim_err_t *write_element(const writer_t *w, const scope_t *scope,
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
        && is_text(compared(filter))
        && filter->value->type == SCIM_JSON_STRING
        && (filter->sub && strcasecmp(filter->sub->name, "type") == 0)
           == of_type ? filter : NULL;
}

/* What an index on the whole attribute can answer: some element equals, or
 * has a sub-attribute that does. Where case is ignored, the attribute is
 * folded as a whole, in its text. */
static void write_contains(const writer_t *w, const char *in,
                           const scim_filter_t *equal)
{
    operand_t operand = { .leaf = compared(equal) };
    int exact = operand.leaf->case_exact
             || operand.leaf->type == SCIM_TYPE_BINARY;

    scim_buf_printf(&w->sql->text, exact ? "%s" : "lower((%s)::text)::jsonb",
                    in);
    PUTS(w, " @> jsonb_build_array(");
    if (equal->sub) {
        PUTS(w, "jsonb_build_object(");
        PUTS(w, literal(w, exact ? equal->sub->name
                                 : scim_fold(equal->sub->name, w->pool)));
        PUTS(w, ", ");
    }
    write_value(w, &operand, equal);
    PUTS(w, equal->sub ? ")) AND " : ") AND ");
}

/* Some element in the document passes `filter`; NULL: any element. */
static scim_err_t *write_some_extra(const writer_t *w,
                                    const scim_attr_t *attr,
                                    const scim_filter_t *filter)
{
    const scim_filter_t *equal = filter ? required(filter, 0) : NULL;
    const char *in = extra_of(w, attr), *name = literal(w, attr->name);
    const char *array = apr_pstrcat(w->pool, in, "->", name, NULL);
    scope_t scope = { attr, NULL };
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
                            literal(w, scim_fold(mapped->element, w->pool)));
        }
    }
    SCIM_TRY(write_element(w, &scope, filter));
    PUTS(w, "))");
    return NULL;
}

/* Somebody related passes `filter`; NULL: anybody is. */
static scim_err_t *write_some_related(const writer_t *w,
                                      const scim_attr_t *attr,
                                      const scim_filter_t *filter)
{
    scope_t scope = { attr, NULL, 1 };

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

/* Some element of the attribute passes `filter`; NULL: any element. Elements
 * of a mapped type stand in columns and nowhere else, so a filter that asks
 * for one needs not look into the JSONB column, and an index serves. */
static scim_err_t *write_some_element(const writer_t *w,
                                      const scim_attr_t *attr,
                                      const scim_filter_t *filter)
{
    const scim_filter_t *type = filter ? required(filter, 1) : NULL;
    scope_t scope = { attr, NULL, 0 };
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

/* A comparison outside brackets: any element that has the sub-attribute will
 * do. `ne` is also true, and `eq null` only, where there is none. */
static scim_err_t *write_any_element(const writer_t *w,
                                     const scim_filter_t *filter)
{
    int is_null = filter->op != SCIM_OP_PR
               && filter->value->type == SCIM_JSON_NULL;
    scim_filter_t present = *filter, differs = *filter;

    if (!w->mapping->stored[filter->attr->index]) {
        return not_kept(w, filter);
    }
    if (filter->op == SCIM_OP_PR && !filter->sub) {
        return write_some_element(w, filter->attr, NULL);
    }
    present.op = SCIM_OP_PR;
    if (is_null) {
        PUTS(w, "(");
        SCIM_TRY(write_some_element(w, filter->attr, &present));
        PUTS(w, filter->op == SCIM_OP_EQ ? " IS NOT TRUE)" : ")");
        return NULL;
    }
    if (filter->op != SCIM_OP_NE) {
        return write_some_element(w, filter->attr, filter);
    }
    differs.kind = SCIM_FILTER_AND;
    differs.left = &present;
    differs.right = filter;
    PUTS(w, "(");
    SCIM_TRY(write_some_element(w, filter->attr, &differs));
    PUTS(w, " OR ");
    SCIM_TRY(write_some_element(w, filter->attr, &present));
    PUTS(w, " IS NOT TRUE)");
    return NULL;
}

/* `name pr`: some sub-attribute is present. */
static scim_err_t *write_complex_present(const writer_t *w,
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
        operand_t operand;

        one.sub = &filter->attr->subs[i];
        if (!w->mapping->stored[one.sub->index]) {
            continue;
        }
        SCIM_TRY(attr_operand(w, &operand, &one));
        PUTS(w, or);
        write_present(w, &operand);
        or = " OR ";
    }
    PUTS(w, ")");
    return *or ? NULL : not_kept(w, filter);
}

static scim_err_t *write_filter(const writer_t *w, const scim_filter_t *filter,
                                int exact);

/* Brackets behind an attribute: of a single complex one there is but one
 * element, if any. */
static scim_err_t *write_brackets(const writer_t *w,
                                  const scim_filter_t *filter, int exact)
{
    scim_filter_t present = *filter;

    if (!w->mapping->stored[filter->attr->index]
        && filter->attr != w->mapping->type->meta) {
        return not_kept(w, filter);
    }
    if (filter->attr->multi) {
        PUTS(w, exact ? "coalesce(" : "(");
        SCIM_TRY(write_some_element(w, filter->attr, filter->left));
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

static scim_err_t *write_filter(const writer_t *w, const scim_filter_t *filter,
                                int exact)
{
    operand_t operand;

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
        SCIM_TRY(write_any_element(w, filter));
        PUTS(w, exact ? ", false)" : "");
        return NULL;
    }
    if (write_id(w, filter)) {
        return NULL;
    }
    if (filter->attr->type == SCIM_TYPE_COMPLEX && !filter->sub) {
        return write_complex_present(w, filter);
    }
    SCIM_TRY(attr_operand(w, &operand, filter));
    write_compare(w, &operand, filter, exact);
    return NULL;
}

scim_err_t *scim_condition_write(scim_sql_t *sql,
                                 const scim_mapping_t *mapping,
                                 const scim_facts_t *facts,
                                 const scim_filter_t *filter)
{
    writer_t w = { sql, mapping, facts, sql->text.pool };

    PUTS(&w, "(");
    SCIM_TRY(write_filter(&w, filter, 0));
    PUTS(&w, ")");
    return NULL;
}

const char *scim_condition_value(const char **ptype,
                                 const scim_mapping_t *mapping,
                                 const scim_facts_t *facts,
                                 const scim_attr_t *attr,
                                 const scim_attr_t *sub,
                                 const scim_element_t *mapped,
                                 apr_pool_t *pool)
{
    writer_t w = { NULL, mapping, facts, pool };
    scim_filter_t named = { .attr = attr, .sub = sub };
    scope_t scope = { attr, mapped };
    operand_t operand;
    scim_err_t *err = attr->multi
                    ? element_operand(&w, &operand, &scope, &named)
                    : attr_operand(&w, &operand, &named);

    if (err || operand.is_constant) {
        return NULL;
    }
    if (attr->multi && operand.leaf->type == SCIM_TYPE_DATETIME) {
        /* of the mapped element too, to be compared with the others */
        *ptype = "text";
        return operand.json ? typed(&w, &operand)
             : apr_pstrcat(pool, "rtrim(rtrim(to_char(", operand.text,
                           " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS"
                           ".US'), '0'), '.')", NULL);
    }
    *ptype = is_json_time(&operand) ? "text" : sql_type(operand.leaf);
    return typed(&w, &operand);
}

const char *scim_condition_extra(const scim_mapping_t *mapping,
                                 const scim_attr_t *attr, apr_pool_t *pool)
{
    writer_t w = { NULL, mapping, NULL, pool };

    return extra_of(&w, attr);
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
