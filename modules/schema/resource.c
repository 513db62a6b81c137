#include "schema/resource.h"

scim_json_t *scim_resource_container(const scim_rtype_t *type,
                                     const scim_json_t *resource,
                                     const scim_schema_t *schema)
{
    if (!scim_rtype_is_extension(type, schema)) {
        return (scim_json_t *)resource;
    }
    return scim_json_find(resource, schema->urn);
}

scim_json_t *scim_resource_get(const scim_rtype_t *type,
                               const scim_json_t *resource,
                               const scim_attr_t *attr)
{
    scim_json_t *in = scim_resource_container(type, resource, attr->schema);

    return in ? scim_json_find(in, attr->name) : NULL;
}

void scim_resource_set(const scim_rtype_t *type, scim_json_t *resource,
                       const scim_attr_t *attr, scim_json_t *value,
                       apr_pool_t *pool)
{
    scim_json_t *in = scim_resource_container(type, resource, attr->schema);

    if (!in) {
        in = scim_json_make(SCIM_JSON_OBJECT, pool);
        scim_json_set(resource, attr->schema->urn, in);
    }
    scim_json_set(in, attr->name, value);
}

void scim_resource_remove(const scim_rtype_t *type, scim_json_t *resource,
                          const scim_attr_t *attr)
{
    scim_json_t *in = scim_resource_container(type, resource, attr->schema);

    if (!in) {
        return;
    }
    scim_json_remove(in, attr->name);
    if (in != resource && !in->first) {
        scim_json_unlink(resource, in);
    }
}

void scim_resource_prune(scim_json_t *value)
{
    scim_json_t *child, *next;

    for (child = value->first; child; child = next) {
        next = child->next;
        if (child->type == SCIM_JSON_ARRAY
            || child->type == SCIM_JSON_OBJECT) {
            scim_resource_prune(child);
        }
        if (scim_json_is_empty(child)) {
            scim_json_unlink(value, child);
        }
    }
}
