/* Gives each piece of memory that is taken from a pool a heap block of its own.
 *
 * APR takes memory from the heap in nodes of eight kilobytes and more, in
 * which a step over the end of a piece meets the next one, and in which what a
 * cleared pool held is there as before. So memcheck and AddressSanitizer see
 * nothing of that. Programs that are tested with these have the functions below
 * in place of APR's, and httpd has them preloaded.
 *
 * What a pool holds is given back when APR has cleared it: until then its
 * cleanups may use it. */
#include <apr_pools.h>
#include <apr_strings.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4099

typedef struct held_t held_t;
struct held_t {
    apr_pool_t *pool;
    void **blocks;
    size_t count, room;
    held_t *next;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static held_t *table[BUCKETS];

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char *(*real_pvsprintf)(apr_pool_t *, const char *, va_list);
static void (*real_clear)(apr_pool_t *);
static void (*real_destroy)(apr_pool_t *);

static void *find(const char *name)
{
    void *at = dlsym(RTLD_NEXT, name);

    if (!at) {
        fprintf(stderr, "there is no %s\n", name);
        abort();
    }
    return at;
}

/* When one of them is needed: programs without APR have this preloaded, too. */
static void find_all(void)
{
    *(void **)&real_pvsprintf = find("apr_pvsprintf");
    *(void **)&real_clear = find("apr_pool_clear");
    *(void **)&real_destroy = find("apr_pool_destroy");
}

static held_t **place_of(const apr_pool_t *pool)
{
    held_t **at = &table[(uintptr_t)pool / 16 % BUCKETS];

    while (*at && (*at)->pool != pool) {
        at = &(*at)->next;
    }
    return at;
}

/* With the mutex held. */
static void hold(apr_pool_t *pool, void *block)
{
    held_t **at = place_of(pool), *held = *at;

    if (!held) {
        held = *at = calloc(1, sizeof(*held));
        held->pool = pool;
    }
    if (held->count == held->room) {
        held->room = held->room ? 2 * held->room : 16;
        held->blocks = realloc(held->blocks,
                               held->room * sizeof(*held->blocks));
    }
    held->blocks[held->count++] = block;
}

/* What cleanups take now is held until the next time. */
static held_t *let_go(const apr_pool_t *pool)
{
    held_t **at, *held;

    pthread_mutex_lock(&mutex);
    at = place_of(pool);
    held = *at;
    if (held) {
        *at = held->next;
    }
    pthread_mutex_unlock(&mutex);
    return held;
}

static void give_back(held_t *held)
{
    size_t i;

    for (i = 0; held && i < held->count; i++) {
        free(held->blocks[i]);
    }
    if (held) {
        free(held->blocks);
        free(held);
    }
}

void *apr_palloc(apr_pool_t *pool, apr_size_t size)
{
    void *block = malloc(size ? size : 1);

    if (!block) {
        abort();
    }
    pthread_mutex_lock(&mutex);
    hold(pool, block);
    pthread_mutex_unlock(&mutex);
    return block;
}

/* It writes into the pool's nodes by itself. */
char *apr_pvsprintf(apr_pool_t *pool, const char *fmt, va_list args)
{
    pthread_once(&once, find_all);
    return apr_pstrdup(pool, real_pvsprintf(pool, fmt, args));
}

void apr_pool_clear(apr_pool_t *pool)
{
    held_t *held = let_go(pool);

    pthread_once(&once, find_all);
    real_clear(pool);
    give_back(held);
}

void apr_pool_destroy(apr_pool_t *pool)
{
    held_t *held = let_go(pool);

    pthread_once(&once, find_all);
    real_destroy(pool);
    give_back(held);
}
