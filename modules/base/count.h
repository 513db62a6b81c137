/* count.h - numbers in memory that several processes share.
 *
 * Each is changed by one atomic instruction: no lock, and nothing that a
 * process which is killed could leave half done. APR's own atomics of 64 bits
 * are not used, as APR may make them of a lock that other processes do not
 * see.
 */
#ifndef SCIM_BASE_COUNT_H
#define SCIM_BASE_COUNT_H

#include <apr.h>

typedef apr_uint64_t scim_count_t;

_Static_assert(__atomic_always_lock_free(sizeof(scim_count_t), 0),
               "the processor has no counters of 64 bits");

static inline void scim_count_add(scim_count_t *count, apr_uint64_t more)
{
    __atomic_fetch_add(count, more, __ATOMIC_RELAXED);
}

static inline void scim_count_sub(scim_count_t *count, apr_uint64_t less)
{
    __atomic_fetch_sub(count, less, __ATOMIC_RELAXED);
}

static inline apr_uint64_t scim_count_get(const scim_count_t *count)
{
    return __atomic_load_n(count, __ATOMIC_ACQUIRE);
}

/* Whoever sees the number sees all that was written before it. */
static inline void scim_count_set(scim_count_t *count, apr_uint64_t number)
{
    __atomic_store_n(count, number, __ATOMIC_RELEASE);
}

/* From @a old to @a new, unless it is another meanwhile: then 0. */
static inline int scim_count_swap(scim_count_t *count, apr_uint64_t old,
                                  apr_uint64_t new)
{
    return __atomic_compare_exchange_n(count, &old, new, 0, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

#endif
