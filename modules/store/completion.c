#include "store/completion.h"

#include <apr_strings.h>

const scim_mapping_t *scim_mapping_origin(const scim_mapping_t *mapping)
{
    return mapping->origin ? mapping->origin : mapping;
}

/* The attribute in the same place. */
static const scim_attr_t *placed(const scim_rtype_t *type,
                                 const scim_attr_t *attr)
{
    return attr ? type->attrs[attr->index] : NULL;
}

static apr_array_header_t *place_columns(const scim_rtype_t *type,
                                         const scim_mapping_t *from,
                                         apr_pool_t *pool)
{
    apr_array_header_t *columns = apr_array_copy(pool, from->columns);
    int i;

    for (i = 0; i < columns->nelts; i++) {
        scim_column_t *column = &APR_ARRAY_IDX(columns, i, scim_column_t);

        column->attr = placed(type, column->attr);
        column->sub = placed(type, column->sub);
        column->leaf = placed(type, column->leaf);
    }
    return columns;
}

static apr_array_header_t *place_elements(const scim_rtype_t *type,
                                          const scim_mapping_t *from,
                                          apr_pool_t *pool)
{
    apr_array_header_t *elements = apr_array_copy(pool, from->elements);
    int i;

    for (i = 0; i < elements->nelts; i++) {
        scim_element_t *element = &APR_ARRAY_IDX(elements, i,
                                                 scim_element_t);

        element->attr = placed(type, element->attr);
    }
    return elements;
}

/* The relation stays as it is: of those at its other end nothing is asked that
 * is left to the catalog. */
const scim_mapping_t *scim_mapping_complete(const scim_mapping_t *mapping,
                                            const scim_facts_t *facts,
                                            apr_pool_t *pool)
{
    scim_mapping_t *completed = apr_pmemdup(pool, mapping, sizeof(*mapping));

    completed->origin = scim_mapping_origin(mapping);
    completed->type = scim_rtype_complete(mapping->type, facts->attr_types,
                                          facts->uniqueness, pool);
    completed->columns = place_columns(completed->type, mapping, pool);
    completed->elements = place_elements(completed->type, mapping, pool);
    return completed;
}

int scim_mapping_agrees(const scim_mapping_t *mapping,
                        const scim_facts_t *facts)
{
    int i;

    for (i = 0; i < mapping->type->nattrs; i++) {
        scim_attr_type_t type = mapping->type->attrs[i]->type;

        if (type != SCIM_TYPE_OPEN && type != facts->attr_types[i]) {
            return 0;
        }
    }
    return 1;
}

int scim_mapping_is_completed_by(const scim_mapping_t *mapping,
                                 const scim_facts_t *facts)
{
    int i;

    for (i = 0; i < mapping->type->nattrs; i++) {
        const scim_attr_t *attr = mapping->type->attrs[i];

        if (attr->type != facts->attr_types[i]
            || attr->uniqueness != facts->uniqueness[i]) {
            return 0;
        }
    }
    return 1;
}
