#include "query/projection.h"

#include <apr_strings.h>

#include <string.h>

static void mark_attr(unsigned char *marks, const scim_attr_t *attr)
{
    int i;

    marks[attr->index] = 1;
    for (i = 0; i < attr->nsubs; i++) {
        marks[attr->subs[i].index] = 1;
    }
}

/* Mark what the names in a list mean. `parents`: an attribute too of which
 * only a sub-attribute is named. */
static void mark_list(unsigned char *marks, const char *list, int parents,
                      const scim_rtype_t *type, apr_pool_t *pool)
{
    char *rest = apr_pstrdup(pool, list), *state, *name;

    for (name = apr_strtok(rest, ", ", &state); name;
         name = apr_strtok(NULL, ", ", &state)) {
        scim_name_t found = scim_rtype_resolve(type, name, pool);
        int i;

        if (found.kind == SCIM_NAME_SCHEMA) {
            for (i = 0; i < found.schema->nattrs; i++) {
                mark_attr(marks, &found.schema->attrs[i]);
            }
        }
        else if (found.kind == SCIM_NAME_ATTR && found.sub) {
            marks[found.sub->index] = 1;
            if (parents) {
                marks[found.attr->index] = 1;
            }
        }
        else if (found.kind == SCIM_NAME_ATTR) {
            mark_attr(marks, found.attr);
        }
    }
}

/* What is always returned has its sub-attributes with it; what is only written
 * is never. */
static scim_returned_t returned(const scim_attr_t *attr)
{
    if (!scim_attr_is_readable(attr)) {
        return SCIM_RETURNED_NEVER;
    }
    return attr->parent && attr->returned == SCIM_RETURNED_DEFAULT
           && attr->parent->returned == SCIM_RETURNED_ALWAYS
         ? SCIM_RETURNED_ALWAYS : attr->returned;
}

scim_err_t *scim_projection_make(const unsigned char **pshown,
                                 const char *included, const char *excluded,
                                 const scim_rtype_t *type, apr_pool_t *pool)
{
    unsigned char *shown = apr_pcalloc(pool, type->nattrs);
    unsigned char *named = apr_pcalloc(pool, type->nattrs);
    int i;

    if (included && excluded) {
        return scim_err_make(SCIM_ERR_INVALID_VALUE, pool,
                             "attributes and excludedAttributes cannot be "
                             "given together");
    }
    if (included || excluded) {
        mark_list(named, included ? included : excluded, included != NULL,
                  type, pool);
    }
    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];

        switch (returned(attr)) {
        case SCIM_RETURNED_ALWAYS:
            shown[i] = 1;
            break;
        case SCIM_RETURNED_NEVER:
            break;
        case SCIM_RETURNED_REQUEST:
            shown[i] = included && named[i];
            break;
        default:
            shown[i] = included ? named[i] : !named[i];
            break;
        }
        /* an excluded attribute takes its sub-attributes with it */
        if (attr->parent && !shown[attr->parent->index]) {
            shown[i] = 0;
        }
    }
    *pshown = shown;
    return NULL;
}

const unsigned char *scim_projection_add(const unsigned char *shown,
                                         const unsigned char *named,
                                         const scim_rtype_t *type,
                                         apr_pool_t *pool)
{
    unsigned char *more = apr_pmemdup(pool, shown, type->nattrs);
    int i;

    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];
        const scim_attr_t *top = attr->parent ? attr->parent : attr;

        if (named[top->index] && scim_attr_is_readable(attr)) {
            more[i] = 1;
        }
    }
    return more;
}
