/* users.h - a table of users, mapped. */
#ifndef SCIM_USERS_H
#define SCIM_USERS_H

#include <apr_pools.h>
#include <stdio.h>

#include "schema/builtin.h"
#include "store/mapping.h"

typedef struct column_t {
    const char *target, *spec, *key;
} column_t;

static scim_mapping_t *make_users(const column_t *columns, int count,
                                  const char *extra, apr_pool_t *pool)
{
    scim_mapping_t *mapping = scim_mapping_make(scim_builtin_user(pool), pool);
    const char *wrong;
    int i;

    scim_mapping_set_table(mapping, "users", pool);
    mapping->key = "id";
    mapping->tenant = "org";
    mapping->extra = extra;
    for (i = 0; i < count; i++) {
        wrong = scim_mapping_add(mapping, columns[i].target, columns[i].spec,
                                 columns[i].key, pool);
        if (wrong) {
            printf("Bail out! %s\n", wrong);
        }
    }
    if ((wrong = scim_mapping_finish(mapping, pool))) {
        printf("Bail out! %s\n", wrong);
    }
    return mapping;
}

#endif
