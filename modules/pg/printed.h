/* printed.h - columns and expressions as PostgreSQL prints them in the
 * definitions of indexes and generated columns. */
#ifndef SCIM_PG_PRINTED_H
#define SCIM_PG_PRINTED_H

#include "store/mapping.h"

/** Whether it is the column of that name. */
int scim_printed_is_column(const char *printed, const char *name,
                           apr_pool_t *pool);

/** Whether it folds that column. */
int scim_printed_is_folded(const char *printed, const char *name,
                           apr_pool_t *pool);

#endif
