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

int scim_attr_is_readable(const scim_attr_t *attr)
{
    return attr->returned != SCIM_RETURNED_NEVER
        && attr->mutability != SCIM_WRITE_ONLY;
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

int scim_attr_is_configured(const scim_attr_t *attr)
{
    return attr->schema && attr->schema->configured;
}

static const char *const types[] = {
    "string", "boolean", "decimal", "integer", "dateTime", "binary",
    "reference", "complex", NULL
};

static const char *const mutabilities[] = {
    "readWrite", "readOnly", "immutable", "writeOnly", NULL
};

static const char *const returneds[] = {
    "default", "always", "never", "request", NULL
};

static const char *const uniquenesses[] = {
    "none", "server", "global", NULL
};

static int find(const char *const *names, const char *word)
{
    int i;

    for (i = 0; names[i]; i++) {
        if (apr_cstr_casecmp(names[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

const char *scim_attr_type_name(scim_attr_type_t type)
{
    return types[type];
}

const char *scim_mutability_name(scim_mutability_t mutability)
{
    return mutabilities[mutability];
}

const char *scim_returned_name(scim_returned_t returned)
{
    return returneds[returned];
}

const char *scim_uniqueness_name(scim_uniqueness_t uniqueness)
{
    return uniquenesses[uniqueness];
}

int scim_attr_type_find(const char *word)
{
    return find(types, word);
}

int scim_mutability_find(const char *word)
{
    return find(mutabilities, word);
}

int scim_returned_find(const char *word)
{
    return find(returneds, word);
}

int scim_uniqueness_find(const char *word)
{
    return find(uniquenesses, word);
}
