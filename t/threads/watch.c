#include "t/threads/watch.h"

#include <apr_allocator.h>
#include <apr_hash.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <apr_thread_mutex.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

/* What the compiler puts in front of each access of instrumented code. */
void __tsan_read8(void *at);
void __tsan_write8(void *at);
void __tsan_write4(void *at);

/* Like functions with other names: their addresses are APR's. */
#define WATCHED(X) \
    X(apr_palloc, void *, (apr_pool_t *, apr_size_t)) \
    X(apr_pvsprintf, char *, (apr_pool_t *, const char *, va_list)) \
    X(apr_pool_create_ex, apr_status_t, \
      (apr_pool_t **, apr_pool_t *, apr_abortfunc_t, apr_allocator_t *)) \
    X(apr_pool_clear, void, (apr_pool_t *)) \
    X(apr_pool_destroy, void, (apr_pool_t *)) \
    X(apr_pool_cleanup_register, void, \
      (apr_pool_t *, const void *, apr_status_t (*)(void *), \
       apr_status_t (*)(void *))) \
    X(apr_pool_cleanup_kill, void, \
      (apr_pool_t *, const void *, apr_status_t (*)(void *))) \
    X(apr_hash_get, void *, (apr_hash_t *, const void *, apr_ssize_t)) \
    X(apr_hash_set, void, \
      (apr_hash_t *, const void *, apr_ssize_t, const void *)) \
    X(apr_hash_clear, void, (apr_hash_t *)) \
    X(apr_hash_count, unsigned int, (apr_hash_t *)) \
    X(apr_hash_first, apr_hash_index_t *, (apr_pool_t *, apr_hash_t *)) \
    X(apr_array_push, void *, (apr_array_header_t *)) \
    X(apr_array_clear, void, (apr_array_header_t *))

#define DECLARE(name, type, args) static type (*real_##name) args;
WATCHED(DECLARE)

static void *find(const char *name)
{
    void *at = dlsym(RTLD_NEXT, name);

    if (!at) {
        fprintf(stderr, "there is no %s\n", name);
        exit(2);
    }
    return at;
}

void watch_init(void)
{
#define FIND(name, type, args) *(void **)&real_##name = find(#name);
    WATCHED(FIND)
}

/* What stands at an address belongs to whom it is the address of: none of
 * these structs is smaller. */
#define READ(at) __tsan_read8((void *)(at))
#define WRITE(at) __tsan_write8((void *)(at))

static int is_locked(apr_pool_t *pool)
{
    return apr_allocator_mutex_get(apr_pool_allocator_get(pool)) != NULL;
}

/* Pools of one allocator take memory from it now and then, and give it back;
 * under a lock, if it has one. */
static void use(apr_pool_t *pool)
{
    WRITE(pool);
    if (!is_locked(pool)) {
        WRITE(apr_pool_allocator_get(pool));
    }
}

/* Under that lock pools come and go below another. */
static void link_below(apr_pool_t *parent)
{
    if (parent && !is_locked(parent)) {
        WRITE(parent);
    }
}

/* A macro stands in for some of them. */
#undef apr_pool_create_ex
#undef apr_pool_clear
#undef apr_pool_destroy
#undef apr_palloc

void *apr_palloc(apr_pool_t *pool, apr_size_t size)
{
    use(pool);
    return real_apr_palloc(pool, size);
}

char *apr_pvsprintf(apr_pool_t *pool, const char *fmt, va_list args)
{
    use(pool);
    return real_apr_pvsprintf(pool, fmt, args);
}

apr_status_t apr_pool_create_ex(apr_pool_t **pnew, apr_pool_t *parent,
                                apr_abortfunc_t abort_fn,
                                apr_allocator_t *allocator)
{
    link_below(parent);
    return real_apr_pool_create_ex(pnew, parent, abort_fn, allocator);
}

void apr_pool_clear(apr_pool_t *pool)
{
    use(pool);
    real_apr_pool_clear(pool);
}

void apr_pool_destroy(apr_pool_t *pool)
{
    use(pool);
    link_below(apr_pool_parent_get(pool));
    real_apr_pool_destroy(pool);
}

void apr_pool_cleanup_register(apr_pool_t *pool, const void *data,
                               apr_status_t (*plain)(void *),
                               apr_status_t (*child)(void *))
{
    use(pool);
    real_apr_pool_cleanup_register(pool, data, plain, child);
}

void apr_pool_cleanup_kill(apr_pool_t *pool, const void *data,
                           apr_status_t (*plain)(void *))
{
    use(pool);
    real_apr_pool_cleanup_kill(pool, data, plain);
}

void *apr_hash_get(apr_hash_t *hash, const void *key, apr_ssize_t len)
{
    READ(hash);
    return real_apr_hash_get(hash, key, len);
}

void apr_hash_set(apr_hash_t *hash, const void *key, apr_ssize_t len,
                  const void *value)
{
    WRITE(hash);
    real_apr_hash_set(hash, key, len, value);
}

void apr_hash_clear(apr_hash_t *hash)
{
    WRITE(hash);
    real_apr_hash_clear(hash);
}

unsigned int apr_hash_count(apr_hash_t *hash)
{
    READ(hash);
    return real_apr_hash_count(hash);
}

/* Without a pool it takes the iterator that lies in the hash. */
apr_hash_index_t *apr_hash_first(apr_pool_t *pool, apr_hash_t *hash)
{
    if (pool) {
        READ(hash);
    }
    else {
        WRITE(hash);
    }
    return real_apr_hash_first(pool, hash);
}

void *apr_array_push(apr_array_header_t *array)
{
    __tsan_write4(&array->nelts);
    return real_apr_array_push(array);
}

void apr_array_clear(apr_array_header_t *array)
{
    __tsan_write4(&array->nelts);
    real_apr_array_clear(array);
}
