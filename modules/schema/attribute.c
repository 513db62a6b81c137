#include "schema/attribute.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

const scim_attr_t *scim_attr_sub(const scim_attr_t *attr, const char *name)
{
    int i;

    for (i = 0; i < attr->nsubs; i++) {
        if (apr_cstr_casecmp(attr->subs[i].name, name) == 0) {
            return &attr->subs[i];
        }
    }
    return NULL;
}

const char *scim_attr_path(const scim_attr_t *attr, apr_pool_t *pool)
{
    int extension = attr->schema && attr->schema->extension;

    return apr_pstrcat(pool, extension ? attr->schema->urn : "",
                       extension ? ":" : "",
                       attr->parent ? attr->parent->name : "",
                       attr->parent ? "." : "", attr->name, NULL);
}

int scim_attr_is_name(const char *text)
{
    if (!apr_isalpha(*text) && *text != '$') {
        return 0;
    }
    for (; *text; text++) {
        if (!apr_isalnum(*text) && !strchr("-_$", *text)) {
            return 0;
        }
    }
    return 1;
}

const char *scim_attr_type_name(scim_attr_type_t type)
{
    static const char *const names[] = {
        "string", "boolean", "decimal", "integer", "dateTime", "binary",
        "reference", "complex"
    };

    return names[type];
}

const char *scim_mutability_name(scim_mutability_t mutability)
{
    static const char *const names[] = {
        "readWrite", "readOnly", "immutable", "writeOnly"
    };

    return names[mutability];
}

const char *scim_returned_name(scim_returned_t returned)
{
    static const char *const names[] = {
        "default", "always", "never", "request"
    };

    return names[returned];
}

const char *scim_uniqueness_name(scim_uniqueness_t uniqueness)
{
    static const char *const names[] = { "none", "server", "global" };

    return names[uniqueness];
}
