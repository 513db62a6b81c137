#include "pg/printed.h"

#include <apr_strings.h>

#include <string.h>

int scim_printed_is_column(const char *printed, const char *name,
                           apr_pool_t *pool)
{
    return strcmp(printed, name) == 0
        || strcmp(printed, scim_mapping_quote(name, pool)) == 0;
}

int scim_printed_is_folded(const char *printed, const char *name,
                           apr_pool_t *pool)
{
    const char *quoted = scim_mapping_quote(name, pool);
    const char *forms[6];
    int i;

    forms[0] = apr_psprintf(pool, "lower(%s)", name);
    forms[1] = apr_psprintf(pool, "lower(%s::text)", name);
    forms[2] = apr_psprintf(pool, "lower((%s)::text)", name);
    forms[3] = apr_psprintf(pool, "lower(%s)", quoted);
    forms[4] = apr_psprintf(pool, "lower(%s::text)", quoted);
    forms[5] = apr_psprintf(pool, "lower((%s)::text)", quoted);
    for (i = 0; i < 6; i++) {
        if (strcmp(printed, forms[i]) == 0) {
            return 1;
        }
    }
    return 0;
}
