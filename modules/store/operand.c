#include "store/operand.h"

#include <apr_strings.h>

#include <string.h>
#include <strings.h>

#include "store/related.h"

const char *scim_writer_literal(const scim_writer_t *w, const char *text)
{
    scim_sql_t one;

    scim_sql_init(&one, w->pool);
    scim_sql_literal(&one, text);
    return one.text.data;
}

const scim_attr_t *scim_operand_compared(const scim_filter_t *filter)
{
    return filter->sub ? filter->sub : filter->attr;
}

scim_err_t *scim_operand_not_kept(const scim_writer_t *w,
                                  const scim_filter_t *filter)
{
    const scim_attr_t *leaf = scim_operand_compared(filter);

    return scim_err_make(SCIM_ERR_INVALID_FILTER, w->pool,
                         "filter: attribute \"%s\" at character %"
                         APR_SIZE_T_FMT " is not kept by this service, so "
                         "nothing can be found by it",
                         scim_attr_path(leaf, w->pool), filter->at + 1);
}

int scim_operand_is_text(const scim_attr_t *leaf)
{
    return leaf->type == SCIM_TYPE_STRING
        || leaf->type == SCIM_TYPE_REFERENCE
        || leaf->type == SCIM_TYPE_BINARY;
}

const char *scim_operand_type(const scim_attr_t *leaf)
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
static const char *extra_of(const scim_writer_t *w, const scim_attr_t *attr)
{
    const char *column = apr_pstrcat(w->pool, "r.",
        scim_mapping_quote(w->mapping->extra, w->pool), NULL);

    if (!scim_rtype_is_extension(w->mapping->type, attr->schema)) {
        return column;
    }
    return apr_pstrcat(w->pool, column, "->",
                       scim_writer_literal(w, attr->schema->urn), NULL);
}

static int is_float(const scim_writer_t *w, const scim_column_t *column)
{
    const char *type = w->facts->types[column - (const scim_column_t *)
                                                w->mapping->columns->elts];

    return strcmp(type, "double precision") == 0 || strcmp(type, "real") == 0;
}

static void json_operand(const scim_writer_t *w, scim_operand_t *operand,
                         const char *object, const scim_attr_t *leaf)
{
    const char *name = scim_writer_literal(w, leaf->name);

    operand->leaf = leaf;
    operand->json = apr_pstrcat(w->pool, "(", object, "->", name, ")", NULL);
    operand->text = apr_pstrcat(w->pool, "(", object, "->>", name, ")", NULL);
}

static void column_operand(const scim_writer_t *w, scim_operand_t *operand,
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

static int is_same_path(const scim_column_t *column,
                        const scim_element_scope_t *scope,
                        const scim_attr_t *sub)
{
    return column->attr == scope->attr && column->sub == sub
        && column->element
        && strcasecmp(column->element, scope->mapped->element) == 0;
}

/* The id in a URL, as scim_rtype_location() writes it: keys that are numbers
 * or UUIDs stand there as they are. */
static const char *id_in_url(const scim_writer_t *w, const char *id)
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

static const char *related_url(const scim_writer_t *w, const char *id)
{
    const char *base = w->sql->base_url ? w->sql->base_url : "";

    APR_ARRAY_PUSH(w->sql->params, const char *) =
        scim_rtype_location(w->mapping->relation->others->type, base, "",
                            w->pool);
    return apr_psprintf(w->pool, "($%d::text || %s)", w->sql->params->nelts,
                        id_in_url(w, id));
}

/* What is known of a related resource. */
static scim_err_t *related_operand(const scim_writer_t *w,
                                   scim_operand_t *operand,
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
            scim_writer_literal(w, scim_related_type(w->mapping)), "::text",
            NULL);
        operand->is_constant = 1;
    }
    return operand->text ? NULL : scim_operand_not_kept(w, filter);
}

scim_err_t *scim_operand_of_element(const scim_writer_t *w,
                                    scim_operand_t *operand,
                                    const scim_element_scope_t *scope,
                                    const scim_filter_t *filter)
{
    const scim_attr_t *sub = filter->sub;
    int i;

    memset(operand, 0, sizeof(*operand));
    operand->leaf = sub ? sub : filter->attr;
    if (!w->mapping->stored[operand->leaf->index]) {
        return scim_operand_not_kept(w, filter);
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
            scim_writer_literal(w, scope->mapped->element), "::text", NULL);
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
                                 "->", scim_writer_literal(w,
                                                           scope->mapped->key),
                                 NULL), sub);
        return NULL;
    }
    operand->text = apr_pstrcat(w->pool, "NULL::", scim_operand_type(sub),
                                NULL);
    return NULL;
}

scim_err_t *scim_operand_of_attr(const scim_writer_t *w,
                                 scim_operand_t *operand,
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
        operand->text = apr_pstrcat(w->pool,
                                    scim_writer_literal(w, type->name),
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
        return scim_operand_not_kept(w, filter);
    }
    json_operand(w, operand,
                 sub ? apr_pstrcat(w->pool, extra_of(w, attr), "->",
                                   scim_writer_literal(w, attr->name), NULL)
                     : extra_of(w, attr), leaf);
    return NULL;
}

int scim_operand_is_json_time(const scim_operand_t *operand)
{
    return operand->json && operand->leaf->type == SCIM_TYPE_DATETIME;
}

const char *scim_operand_json_time(const scim_writer_t *w,
                                   const scim_operand_t *operand)
{
    return apr_pstrcat(w->pool, "CASE WHEN ", operand->text, " ~ '^[0-9]{4}-"
                       "[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
                       "([.][0-9]{0,5}[1-9])?Z$' THEN rtrim(", operand->text,
                       ", 'Z') END", NULL);
}

const char *scim_operand_typed(const scim_writer_t *w,
                               const scim_operand_t *operand)
{
    if (scim_operand_is_text(operand->leaf)) {
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
        return scim_operand_json_time(w, operand);
    default:
        return apr_pstrcat(w->pool, "CASE jsonb_typeof", operand->json,
                           " WHEN 'number' THEN ", operand->json,
                           "::numeric END", NULL);
    }
}

const char *scim_operand_value(const char **ptype,
                               const scim_mapping_t *mapping,
                               const scim_facts_t *facts,
                               const scim_attr_t *attr, const scim_attr_t *sub,
                               const scim_element_t *mapped,
                               apr_pool_t *pool)
{
    scim_writer_t w = { NULL, mapping, facts, pool };
    scim_filter_t named = { .attr = attr, .sub = sub };
    scim_element_scope_t scope = { attr, mapped };
    scim_operand_t operand;
    scim_err_t *err = attr->multi
                    ? scim_operand_of_element(&w, &operand, &scope, &named)
                    : scim_operand_of_attr(&w, &operand, &named);

    if (err || operand.is_constant) {
        return NULL;
    }
    if (attr->multi && operand.leaf->type == SCIM_TYPE_DATETIME) {
        /* of the mapped element too, to be compared with the others */
        *ptype = "text";
        return operand.json ? scim_operand_typed(&w, &operand)
             : apr_pstrcat(pool, "rtrim(rtrim(to_char(", operand.text,
                           " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS"
                           ".US'), '0'), '.')", NULL);
    }
    *ptype = scim_operand_is_json_time(&operand)
           ? "text" : scim_operand_type(operand.leaf);
    return scim_operand_typed(&w, &operand);
}

const char *scim_operand_extra(const scim_mapping_t *mapping,
                               const scim_attr_t *attr, apr_pool_t *pool)
{
    scim_writer_t w = { NULL, mapping, NULL, pool };

    return extra_of(&w, attr);
}
