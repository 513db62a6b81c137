/* thing.h - a resource type with what the built-in schemas do not have: numbers,
 * and a multi-valued attribute that is not complex. */
#ifndef SCIM_THING_H
#define SCIM_THING_H

#include "schema/rtype.h"

static scim_rtype_t *make_number_type(apr_pool_t *pool)
{
    static const scim_attr_t attrs[] = {
        { .name = "size", .type = SCIM_TYPE_INTEGER },
        { .name = "weight", .type = SCIM_TYPE_DECIMAL },
        { .name = "tags", .multi = 1, .case_exact = 1 }
    };
    static const scim_schema_t schema = {
        .urn = "urn:x:Thing", .name = "Thing", .attrs = attrs, .nattrs = 3
    };
    static const scim_schema_t *const schemas[] = { &schema };

    return scim_rtype_make("Thing", "Things", "A thing", schemas, 1, pool);
}

#endif
