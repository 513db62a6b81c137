#include "proto/quirks.h"

#include <apr_strings.h>

#include <string.h>
#include <strings.h>

int scim_quirk_boolean(const scim_json_t *value)
{
    if (value->type == SCIM_JSON_BOOL) {
        return value->boolean;
    }
    if (scim_json_is_text(value, "true")) {
        return 1;
    }
    return scim_json_is_text(value, "false") ? 0 : -1;
}

const scim_json_t *scim_quirk_single_in_array(const scim_json_t *value)
{
    if (value->type == SCIM_JSON_ARRAY && value->first
        && !value->first->next) {
        return value->first;
    }
    return value;
}

scim_json_t *scim_quirk_bare_value(const scim_json_t *value,
                                   const scim_attr_t *attr, apr_pool_t *pool)
{
    scim_json_t *object, *member;

    if (value->type == SCIM_JSON_OBJECT || value->type == SCIM_JSON_ARRAY
        || !scim_attr_sub(attr, "value")) {
        return NULL;
    }
    object = scim_json_make(SCIM_JSON_OBJECT, pool);
    member = scim_json_copy(value, pool);
    scim_json_set(object, "value", member);
    return object;
}

const scim_json_t *scim_quirk_wrapped_value(const scim_json_t *value,
                                            const scim_attr_t *sub)
{
    const scim_json_t *inner = scim_quirk_single_in_array(value);

    if (inner->type == SCIM_JSON_OBJECT
        && strcasecmp(sub->name, "value") == 0) {
        inner = scim_json_find(inner, "value");
        return inner ? inner : value;
    }
    return inner;
}

int scim_quirk_is_remove_list(const scim_json_t *value)
{
    return value && value->type != SCIM_JSON_NULL
        && !(value->type == SCIM_JSON_STRING && !value->len);
}

scim_json_t *scim_quirk_bare_operations(scim_json_t *data, apr_pool_t *pool)
{
    scim_json_t *message, *list;

    if (data->type != SCIM_JSON_ARRAY) {
        return data;
    }
    list = apr_pmemdup(pool, data, sizeof(*data));
    message = scim_json_make(SCIM_JSON_OBJECT, pool);
    scim_json_set(message, "Operations", list);
    return message;
}

int scim_quirk_is_server_only(const scim_attr_t *attr)
{
    static const char *const names[] = { "id", "meta", "schemas", "groups" };
    const scim_attr_t *top = attr->parent ? attr->parent : attr;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(top->name, names[i]) == 0) {
            return !top->schema || !top->schema->extension;
        }
    }
    return 0;
}

char scim_quirk_op(const char *op)
{
    static const struct {
        const char *name;
        char op;
    } ops[] = { { "add", 'a' }, { "replace", 'r' }, { "remove", 'd' } };
    size_t i;

    for (i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
        if (strcasecmp(op, ops[i].name) == 0) {
            return ops[i].op;
        }
    }
    return 0;
}
