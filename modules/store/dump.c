#include "store/dump.h"

#include <apr_strings.h>

#include <string.h>

/* Writing */

static void put_text(scim_buf_t *buf, const char *name, const char *text)
{
    if (text) {
        scim_buf_printf(buf, ",\"%s\":", name);
        scim_buf_json(buf, text, strlen(text));
    }
}

static void put_flag(scim_buf_t *buf, const char *name, int value)
{
    scim_buf_printf(buf, ",\"%s\":%s", name, value ? "true" : "false");
}

static void put_attrs(scim_buf_t *buf, const scim_attr_t *attrs, int count)
{
    int i;

    scim_buf_putc(buf, '[');
    for (i = 0; i < count; i++) {
        const scim_attr_t *attr = &attrs[i];

        scim_buf_puts(buf, i ? ",{\"name\":" : "{\"name\":");
        scim_buf_json(buf, attr->name, strlen(attr->name));
        put_text(buf, "type", scim_attr_type_name(attr->type));
        put_flag(buf, "multiValued", attr->multi);
        put_flag(buf, "required", attr->required);
        put_flag(buf, "caseExact", attr->case_exact);
        put_text(buf, "mutability", scim_mutability_name(attr->mutability));
        put_text(buf, "returned", scim_returned_name(attr->returned));
        put_text(buf, "uniqueness", scim_uniqueness_name(attr->uniqueness));
        if (attr->nsubs) {
            scim_buf_puts(buf, ",\"subAttributes\":");
            put_attrs(buf, attr->subs, attr->nsubs);
        }
        scim_buf_putc(buf, '}');
    }
    scim_buf_putc(buf, ']');
}

static void put_schemas(scim_buf_t *buf, const scim_rtype_t *type)
{
    int i;

    scim_buf_puts(buf, ",\"schemas\":[");
    for (i = 0; i < type->nschemas; i++) {
        const scim_schema_t *schema = type->schemas[i];

        scim_buf_puts(buf, i ? ",{\"id\":" : "{\"id\":");
        scim_buf_json(buf, schema->urn, strlen(schema->urn));
        put_text(buf, "name", schema->name);
        put_flag(buf, "required", schema->required);
        put_flag(buf, "configured", schema->configured);
        scim_buf_puts(buf, ",\"attributes\":");
        put_attrs(buf, schema->attrs, schema->nattrs);
        scim_buf_putc(buf, '}');
    }
    scim_buf_putc(buf, ']');
}

static void put_columns(scim_buf_t *buf, const scim_mapping_t *mapping)
{
    int i;

    scim_buf_puts(buf, ",\"attributes\":[");
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        scim_buf_puts(buf, i ? ",{\"attribute\":" : "{\"attribute\":");
        scim_buf_json(buf, column->target, strlen(column->target));
        put_text(buf, "column",
                 apr_pstrcat(buf->pool,
                             column->form == SCIM_COLUMN_INVERTED ? "!" : "",
                             column->name,
                             column->form == SCIM_COLUMN_IS_NULL ? " IS NULL"
                                                                 : "", NULL));
        put_text(buf, "key", column->key_name);
        scim_buf_putc(buf, '}');
    }
    scim_buf_putc(buf, ']');
}

static void put_constants(scim_buf_t *buf, const scim_mapping_t *mapping)
{
    int i;

    scim_buf_puts(buf, ",\"defaults\":[");
    for (i = 0; i < mapping->constants->nelts; i++) {
        const scim_constant_t *constant =
            &APR_ARRAY_IDX(mapping->constants, i, scim_constant_t);

        scim_buf_puts(buf, i ? ",{\"column\":" : "{\"column\":");
        scim_buf_json(buf, constant->name, strlen(constant->name));
        put_text(buf, "value", constant->value);
        scim_buf_putc(buf, '}');
    }
    scim_buf_putc(buf, ']');
}

static void put_redacted(scim_buf_t *buf, const scim_mapping_t *mapping)
{
    const char *comma = "";
    int i;

    scim_buf_puts(buf, ",\"redacted\":[");
    for (i = 0; i < mapping->type->nattrs; i++) {
        if (mapping->redacted[i]) {
            const char *path = scim_attr_path(mapping->type->attrs[i],
                                              buf->pool);

            scim_buf_puts(buf, comma);
            scim_buf_json(buf, path, strlen(path));
            comma = ",";
        }
    }
    scim_buf_putc(buf, ']');
}

/* Of groups alone: users see the same relation from the other side. */
static void put_members(scim_buf_t *buf, const scim_mapping_t *mapping)
{
    const scim_relation_t *relation = mapping->relation;

    put_text(buf, "version", mapping->version);
    if (!mapping->version || !relation) {
        return;
    }
    scim_buf_puts(buf, ",\"members\":{\"table\":");
    scim_buf_json(buf, relation->table, strlen(relation->table));
    put_text(buf, "schema", relation->table_schema);
    put_text(buf, "group", relation->own);
    put_text(buf, "user", relation->other);
    scim_buf_putc(buf, '}');
}

void scim_dump_format(scim_buf_t *buf, const scim_mapping_t *mapping)
{
    const scim_rtype_t *type = mapping->type;

    scim_buf_puts(buf, "{\"resource\":");
    scim_buf_json(buf, type->name, strlen(type->name));
    put_text(buf, "endpoint", type->endpoint);
    put_text(buf, "location", mapping->location);
    put_text(buf, "tokens", mapping->tokens);
    put_text(buf, "table", mapping->table_schema
             ? apr_pstrcat(buf->pool, mapping->table_schema, ".",
                           mapping->table_name, NULL) : mapping->table_name);
    put_text(buf, "key", mapping->key);
    put_text(buf, "tenant", mapping->tenant);
    put_text(buf, "tombstone", mapping->tombstone);
    put_text(buf, "extra", mapping->extra);
    put_text(buf, "protect", mapping->protect);
    put_flag(buf, "adopt", mapping->adopt);
    put_members(buf, mapping);
    put_columns(buf, mapping);
    put_constants(buf, mapping);
    put_redacted(buf, mapping);
    put_schemas(buf, type);
    scim_buf_putc(buf, '}');
}

/* Reading */

static scim_err_t *wrong(apr_pool_t *pool, const char *what)
{
    return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                         "the dump of a mapping is not one: %s", what);
}

/* The text of a member; NULL when there is none. */
static const char *text_of(const scim_json_t *object, const char *name)
{
    const scim_json_t *value = scim_json_find(object, name);

    return value && value->type == SCIM_JSON_STRING ? value->text : NULL;
}

static int flag_of(const scim_json_t *object, const char *name)
{
    const scim_json_t *value = scim_json_find(object, name);

    return value && value->type == SCIM_JSON_BOOL && value->boolean;
}

static const scim_json_t *first_of(const scim_json_t *object,
                                   const char *name)
{
    const scim_json_t *value = scim_json_find(object, name);

    return value ? value->first : NULL;
}

/* The number of a word; 0, which is the default of each list, for one that
 * is missing. */
static int word_of(const scim_json_t *object, const char *name,
                   int (*find)(const char *word))
{
    const char *text = text_of(object, name);
    int number = text ? find(text) : 0;

    return number > 0 ? number : 0;
}

static scim_err_t *decode_attrs(const scim_attr_t **pattrs, int *pcount,
                                const scim_json_t *array, apr_pool_t *pool)
{
    const scim_json_t *item = array ? array->first : NULL;
    int count = array ? scim_json_count(array) : 0;
    scim_attr_t *attr = apr_pcalloc(pool, (count + 1) * sizeof(*attr));

    *pattrs = attr;
    *pcount = count;
    for (; item; item = item->next, attr++) {
        attr->name = text_of(item, "name");
        if (!attr->name) {
            return wrong(pool, "an attribute without name");
        }
        attr->type = text_of(item, "type")
                   ? word_of(item, "type", scim_attr_type_find)
                   : SCIM_TYPE_OPEN;
        attr->multi = flag_of(item, "multiValued");
        attr->required = flag_of(item, "required");
        attr->case_exact = flag_of(item, "caseExact");
        attr->mutability = word_of(item, "mutability", scim_mutability_find);
        attr->returned = word_of(item, "returned", scim_returned_find);
        attr->uniqueness = word_of(item, "uniqueness", scim_uniqueness_find);
        SCIM_TRY(decode_attrs(&attr->subs, &attr->nsubs,
                              scim_json_find(item, "subAttributes"), pool));
    }
    return NULL;
}

static scim_err_t *decode_type(const scim_rtype_t **ptype,
                               const scim_json_t *object, apr_pool_t *pool)
{
    const scim_json_t *item = first_of(object, "schemas");
    apr_array_header_t *schemas = apr_array_make(pool, 4,
                                                 sizeof(scim_schema_t *));

    for (; item; item = item->next) {
        scim_schema_t *schema = apr_pcalloc(pool, sizeof(*schema));

        schema->urn = text_of(item, "id");
        schema->name = text_of(item, "name");
        schema->required = flag_of(item, "required");
        schema->configured = flag_of(item, "configured");
        SCIM_TRY(decode_attrs(&schema->attrs, &schema->nattrs,
                              scim_json_find(item, "attributes"), pool));
        if (!schema->urn || !schema->nattrs) {
            return wrong(pool, "a schema without id or attributes");
        }
        APR_ARRAY_PUSH(schemas, const scim_schema_t *) = schema;
    }
    if (!schemas->nelts || !text_of(object, "resource")
        || !text_of(object, "endpoint")) {
        return wrong(pool, "it has no schemas, resource or endpoint");
    }
    *ptype = scim_rtype_make(text_of(object, "resource"),
                             text_of(object, "endpoint"), "",
                             (const scim_schema_t *const *)schemas->elts,
                             schemas->nelts, pool);
    return NULL;
}

static const char *decode_columns(scim_mapping_t *mapping,
                                  const scim_json_t *object, apr_pool_t *pool)
{
    const scim_json_t *item = first_of(object, "attributes");
    const char *said;

    for (; item; item = item->next) {
        if (!text_of(item, "attribute") || !text_of(item, "column")) {
            return "an attribute without column";
        }
        said = scim_mapping_add(mapping, text_of(item, "attribute"),
                                text_of(item, "column"),
                                text_of(item, "key"), pool);
        if (said) {
            return said;
        }
    }
    for (item = first_of(object, "defaults"); item; item = item->next) {
        scim_constant_t *constant = apr_array_push(mapping->constants);

        constant->name = text_of(item, "column");
        constant->value = text_of(item, "value");
        if (!constant->name || !constant->value) {
            return "a default without column or value";
        }
    }
    for (item = first_of(object, "redacted"); item; item = item->next) {
        said = item->type == SCIM_JSON_STRING
             ? scim_mapping_redact(mapping, item->text, pool)
             : "a redacted attribute without name";
        if (said) {
            return said;
        }
    }
    return NULL;
}

static const char *decode_members(scim_mapping_t *mapping,
                                  const scim_json_t *object, apr_pool_t *pool)
{
    const scim_json_t *members = scim_json_find(object, "members");
    scim_relation_t *relation;

    if (!members) {
        return NULL;
    }
    relation = apr_pcalloc(pool, sizeof(*relation));
    relation->table_schema = text_of(members, "schema");
    relation->table = text_of(members, "table");
    relation->own = text_of(members, "group");
    relation->other = text_of(members, "user");
    mapping->relation = relation;
    return relation->table && relation->own && relation->other ? NULL
         : "members without table, group or user";
}

scim_err_t *scim_dump_decode(scim_mapping_t **pmapping,
                             const scim_json_t *object, apr_pool_t *pool)
{
    const scim_rtype_t *type = NULL;
    scim_mapping_t *mapping;
    const char *said = NULL;

    SCIM_TRY(decode_type(&type, object, pool));
    mapping = scim_mapping_make(type, pool);
    mapping->location = text_of(object, "location");
    mapping->tokens = text_of(object, "tokens");
    mapping->key = text_of(object, "key");
    mapping->tenant = text_of(object, "tenant");
    mapping->tombstone = text_of(object, "tombstone");
    mapping->extra = text_of(object, "extra");
    mapping->protect = text_of(object, "protect");
    mapping->adopt = flag_of(object, "adopt");
    mapping->version = text_of(object, "version");
    if (!mapping->location || !mapping->tokens || !text_of(object, "table")) {
        return wrong(pool, "it has no location, tokens or table");
    }
    said = scim_mapping_set_table(mapping, text_of(object, "table"), pool);
    if (!said) {
        said = decode_columns(mapping, object, pool);
    }
    if (!said) {
        said = decode_members(mapping, object, pool);
    }
    if (!said) {
        said = scim_mapping_finish(mapping, pool);
    }
    if (said) {
        return wrong(pool, said);
    }
    *pmapping = mapping;
    return NULL;
}
