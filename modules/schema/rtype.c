#include "schema/rtype.h"
#include "schema/builtin.h"

#include <apr_cstr.h>
#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include <string.h>

/* --- linking --- */

/* Copy `count` definitions and enter them, each followed by its
 * sub-attributes, into the list of all attributes. */
static const scim_attr_t *link_attrs(apr_array_header_t *all,
                                     const scim_attr_t *from, int count,
                                     const scim_attr_t *parent,
                                     const scim_schema_t *schema,
                                     apr_pool_t *pool)
{
    scim_attr_t *attrs;
    int i;

    if (count == 0) {
        return NULL;
    }
    attrs = apr_pmemdup(pool, from, (apr_size_t)count * sizeof(*from));
    for (i = 0; i < count; i++) {
        scim_attr_t *attr = &attrs[i];

        attr->parent = parent;
        attr->schema = schema;
        attr->index = all->nelts;
        APR_ARRAY_PUSH(all, const scim_attr_t *) = attr;
        attr->subs = link_attrs(all, attr->subs, attr->nsubs, attr, schema,
                                pool);
    }
    return attrs;
}

static const scim_schema_t *link_schema(apr_array_header_t *all,
                                        const scim_schema_t *from,
                                        int extension, apr_pool_t *pool)
{
    scim_schema_t *schema = apr_pmemdup(pool, from, sizeof(*from));

    schema->extension = extension;
    schema->attrs = link_attrs(all, from->attrs, from->nattrs, NULL, schema,
                               pool);
    return schema;
}

static void find_often_needed(scim_rtype_t *type)
{
    const scim_attr_t *manager = scim_rtype_attr_anywhere(type, "manager");
    const scim_attr_t *members = scim_rtype_attr(type, NULL, "members");

    type->id = scim_rtype_attr(type, NULL, "id");
    type->external_id = scim_rtype_attr(type, NULL, "externalId");
    type->user_name = scim_rtype_attr(type, NULL, "userName");
    type->active = scim_rtype_attr(type, NULL, "active");
    type->meta = scim_rtype_attr(type, NULL, "meta");
    type->manager = manager
                 && apr_cstr_casecmp(manager->schema->urn,
                                     SCIM_URN_ENTERPRISE) == 0 ? manager
                                                               : NULL;
    type->related = members ? members : scim_rtype_attr(type, NULL, "groups");
    type->noun = members ? "group" : "account";
}

scim_rtype_t *scim_rtype_make(const char *name, const char *endpoint,
                              const char *description,
                              const scim_schema_t *const *schemas,
                              int nschemas, apr_pool_t *pool)
{
    scim_rtype_t *type = apr_pcalloc(pool, sizeof(*type));
    apr_array_header_t *all = apr_array_make(pool, 100, sizeof(scim_attr_t *));
    const scim_schema_t **linked = apr_palloc(pool, (apr_size_t)nschemas
                                                    * sizeof(*linked));
    const scim_attr_t *common;
    int ncommon, i;

    common = scim_builtin_common(&ncommon);
    link_attrs(all, common, ncommon, NULL, NULL, pool);
    for (i = 0; i < nschemas; i++) {
        linked[i] = link_schema(all, schemas[i], i > 0, pool);
    }
    type->name = name;
    type->endpoint = endpoint;
    type->description = description;
    type->schemas = linked;
    type->nschemas = nschemas;
    type->attrs = (const scim_attr_t *const *)all->elts;
    type->nattrs = all->nelts;
    find_often_needed(type);
    return type;
}

scim_rtype_t *scim_rtype_extend(const scim_rtype_t *type,
                                const scim_schema_t *const *extensions,
                                int count, apr_pool_t *pool)
{
    int total = type->nschemas + count, i;
    const scim_schema_t **schemas = apr_palloc(pool, (apr_size_t)total
                                                     * sizeof(*schemas));

    for (i = 0; i < total; i++) {
        schemas[i] = i < type->nschemas ? type->schemas[i]
                                        : extensions[i - type->nschemas];
    }
    return scim_rtype_make(type->name, type->endpoint, type->description,
                           schemas, total, pool);
}

scim_rtype_t *scim_rtype_complete(const scim_rtype_t *type,
                                  const unsigned char *types,
                                  const unsigned char *uniqueness,
                                  apr_pool_t *pool)
{
    scim_rtype_t *made = scim_rtype_make(type->name, type->endpoint,
                                         type->description, type->schemas,
                                         type->nschemas, pool);
    int i;

    for (i = 0; i < made->nattrs; i++) {
        /* our own copy, which nobody else has seen yet */
        scim_attr_t *attr = (scim_attr_t *)made->attrs[i];

        attr->type = types[i];
        attr->uniqueness = uniqueness[i];
        attr->case_exact |= attr->type == SCIM_TYPE_BINARY;
    }
    return made;
}

/* --- finding --- */

const scim_attr_t *scim_rtype_attr(const scim_rtype_t *type,
                                   const scim_schema_t *schema,
                                   const char *name)
{
    int any_base = !schema || !schema->extension, i;
    int first = apr_tolower(*name);

    /* the sub-attributes of each stand behind it */
    for (i = 0; i < type->nattrs; i += 1 + type->attrs[i]->nsubs) {
        const scim_attr_t *attr = type->attrs[i];
        int here = any_base ? !attr->schema || !attr->schema->extension
                            : attr->schema == schema;

        if (here && apr_tolower(*attr->name) == first
            && apr_cstr_casecmp(attr->name, name) == 0) {
            return attr;
        }
    }
    return NULL;
}

const scim_attr_t *scim_rtype_attr_anywhere(const scim_rtype_t *type,
                                            const char *name)
{
    int i;

    /* The list is in the order wanted. */
    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];

        if (!attr->parent && apr_cstr_casecmp(attr->name, name) == 0) {
            return attr;
        }
    }
    return NULL;
}

const char *scim_rtype_location(const scim_rtype_t *type,
                                const char *base_url, const char *id,
                                apr_pool_t *pool)
{
    return apr_pstrcat(pool, base_url, "/", type->endpoint, "/",
                       apr_pescape_path_segment(pool, id), NULL);
}

const scim_schema_t *scim_rtype_schema(const scim_rtype_t *type,
                                       const char *urn)
{
    int i;

    for (i = 0; i < type->nschemas; i++) {
        if (apr_cstr_casecmp(type->schemas[i]->urn, urn) == 0) {
            return type->schemas[i];
        }
    }
    return NULL;
}

int scim_rtype_is_extension(const scim_rtype_t *type,
                            const scim_schema_t *schema)
{
    return schema && schema != type->schemas[0];
}

/* --- names --- */

/* The schema whose URN the text begins with (nothing, a colon or a point may
 * stand behind it), and the rest; the longest one, as one URN may begin with
 * another. */
static const scim_schema_t *match_urn(const char **prest,
                                      const scim_rtype_t *type,
                                      const char *text)
{
    const scim_schema_t *found = NULL;
    apr_size_t longest = 0;
    int i;

    for (i = 0; i < type->nschemas; i++) {
        const char *urn = type->schemas[i]->urn;
        apr_size_t len = strlen(urn);

        if (len > longest && apr_cstr_casecmpn(text, urn, len) == 0
            && strchr(":.", text[len])) {
            found = type->schemas[i];
            longest = len;
        }
    }
    *prest = text + longest;
    return found;
}

/* Split `attr.sub` and look both up. */
static void resolve_attr(scim_name_t *name, const scim_rtype_t *type,
                         const char *text, apr_pool_t *pool)
{
    const char *dot = strchr(text, '.');
    const char *attr_name = dot ? apr_pstrmemdup(pool, text,
                                                 (apr_size_t)(dot - text))
                                : text;
    const scim_attr_t *attr = name->schema
                            ? scim_rtype_attr(type, name->schema, attr_name)
                            : scim_rtype_attr_anywhere(type, attr_name);
    const scim_attr_t *sub = attr && dot ? scim_attr_sub(attr, dot + 1) : NULL;

    if (attr && (sub || !dot)) {
        name->kind = SCIM_NAME_ATTR;
        name->attr = attr;
        name->sub = sub;
    }
}

scim_name_t scim_rtype_resolve(const scim_rtype_t *type, const char *text,
                               apr_pool_t *pool)
{
    scim_name_t name = { SCIM_NAME_UNKNOWN };
    const char *rest;

    name.schema = match_urn(&rest, type, text);
    if (name.schema && *rest == '\0') {
        name.kind = SCIM_NAME_SCHEMA;
    }
    else {
        resolve_attr(&name, type, name.schema ? rest + 1 : text, pool);
    }
    return name;
}
