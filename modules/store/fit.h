/* fit.h - what a column makes of a value.
 *
 * Some types keep less than they are given: a numeric has so many digits
 * behind its point, a uuid has no capitals. Who compares what a client sends
 * with what a row has, or says what a row has got, has to know it.
 */
#ifndef SCIM_STORE_FIT_H
#define SCIM_STORE_FIT_H

#include <apr_pools.h>

/**
 * A value as the column has it afterwards. What does not fit at all, the
 * database is to refuse: it stays as it is.
 *
 * @param text  the attribute's value, dates and times in the form of
 *              scim_time_format()
 * @param type  of the column, as scim_facts_t has it
 * @param scale likewise
 * @return @a text itself where the column keeps all of it, else a text of the
 *         same value as the column's, in @a pool
 */
const char *scim_fit(const char *text, const char *type, int scale,
                     apr_pool_t *pool);

#endif
