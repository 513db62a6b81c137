#include "pg/completions.h"

#include <apr_hash.h>
#include <apr_tables.h>
#include <apr_thread_mutex.h>

struct scim_completions_t {
    apr_thread_mutex_t *mutex;      /* guards what follows */
    apr_hash_t *latest;             /* by the pointer to the origin */
    apr_array_header_t *all;        /* of const scim_mapping_t * */
    apr_pool_t *pool;
};

apr_status_t scim_completions_make(scim_completions_t **pcompletions,
                                   apr_pool_t *pool)
{
    scim_completions_t *completions = apr_palloc(pool, sizeof(*completions));

    completions->latest = apr_hash_make(pool);
    completions->all = apr_array_make(pool, 4, sizeof(scim_mapping_t *));
    completions->pool = pool;
    *pcompletions = completions;
    return apr_thread_mutex_create(&completions->mutex,
                                   APR_THREAD_MUTEX_DEFAULT, pool);
}

const scim_mapping_t *scim_completions_get(scim_completions_t *completions,
                                           const scim_mapping_t *mapping)
{
    const scim_mapping_t *origin = scim_mapping_origin(mapping), *found;

    apr_thread_mutex_lock(completions->mutex);
    found = apr_hash_get(completions->latest, &origin, sizeof(origin));
    apr_thread_mutex_unlock(completions->mutex);
    return found;
}

/* With the mutex held. */
static const scim_mapping_t *find_or_make(scim_completions_t *completions,
                                          const scim_mapping_t *origin,
                                          const scim_facts_t *facts)
{
    const scim_mapping_t *made;
    int i;

    for (i = 0; i < completions->all->nelts; i++) {
        made = APR_ARRAY_IDX(completions->all, i, const scim_mapping_t *);
        if (made->origin == origin
            && scim_mapping_is_completed_by(made, facts)) {
            return made;
        }
    }
    made = scim_mapping_complete(origin, facts, completions->pool);
    APR_ARRAY_PUSH(completions->all, const scim_mapping_t *) = made;
    return made;
}

void scim_completions_put(scim_completions_t *completions,
                          const scim_mapping_t *mapping,
                          const scim_facts_t *facts)
{
    const scim_mapping_t *origin = scim_mapping_origin(mapping), *made;

    apr_thread_mutex_lock(completions->mutex);
    made = find_or_make(completions, origin, facts);
    apr_hash_set(completions->latest, &made->origin, sizeof(made->origin),
                 made);
    apr_thread_mutex_unlock(completions->mutex);
}
