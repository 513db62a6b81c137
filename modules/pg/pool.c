#include "pg/pool.h"

#include <apr_atomic.h>
#include <apr_reslist.h>
#include <apr_strings.h>

#include "base/log.h"

struct scim_pool_t {
    const scim_pool_config_t *config;
    apr_reslist_t *list;
    volatile apr_uint32_t compared; /* the limits stand in the log already */
};

/* A pool with memory of its own: what request threads allocate here must not
 * come from an allocator that other threads use at the same time. */
static apr_status_t make_own_pool(apr_pool_t **pown, apr_pool_t *parent,
                                  const char *tag)
{
    apr_allocator_t *allocator;
    apr_status_t status = apr_allocator_create(&allocator);

    if (status == APR_SUCCESS) {
        status = apr_pool_create_ex(pown, parent, NULL, allocator);
    }
    if (status == APR_SUCCESS) {
        apr_allocator_owner_set(allocator, *pown);
        apr_pool_tag(*pown, tag);
    }
    return status;
}

/* Called by the list, under its lock. */
static apr_status_t make_conn(void **pconn, void *baton, apr_pool_t *pool)
{
    const scim_pool_t *connections = baton;
    apr_pool_t *own;
    apr_status_t status = make_own_pool(&own, pool, "scim_conn");

    if (status != APR_SUCCESS) {
        return status;
    }
    *pconn = scim_conn_make(connections->config->conninfo,
                            connections->config->timeout, own);
    return APR_SUCCESS;
}

static apr_status_t close_conn(void *conn, void *baton, apr_pool_t *pool)
{
    (void)baton;
    (void)pool;
    scim_conn_close(conn);
    return APR_SUCCESS;
}

/* Before the subpools go in which the connections live: the list's own
 * cleanup comes behind that and would close what is no longer there. */
static apr_status_t destroy_list(void *list)
{
    return apr_reslist_destroy(list);
}

apr_status_t scim_pool_make_child_init(scim_pool_t **ppool,
                                       const scim_pool_config_t *config,
                                       apr_pool_t *pool)
{
    scim_pool_t *connections = apr_pcalloc(pool, sizeof(*connections));
    apr_pool_t *own;
    apr_status_t status = make_own_pool(&own, pool, "scim_pool");

    if (status != APR_SUCCESS) {
        return status;
    }
    connections->config = config;
    /* No least number and no age: a connection is opened when it is needed
     * and stays; one that died is opened anew by the next conversation. */
    status = apr_reslist_create(&connections->list, 0, config->max,
                                config->max, 0, make_conn, close_conn,
                                connections, own);
    if (status == APR_SUCCESS) {
        apr_reslist_timeout_set(connections->list, config->acquire_timeout);
        apr_pool_pre_cleanup_register(own, connections->list, destroy_list);
        *ppool = connections;
    }
    return status;
}

/* Once per child: may all connections be open at once? */
static void compare_limits(scim_pool_t *connections, const scim_conn_t *conn)
{
    const scim_pool_config_t *config = connections->config;
    int wanted = config->children * config->max;
    int limit = scim_conn_server_limit(conn);

    if (apr_atomic_cas32(&connections->compared, 1, 0) != 0) {
        return;
    }
    scim_log(wanted >= limit ? SCIM_LOG_WARNING : SCIM_LOG_INFO, 21,
             "this server may open %d connections to the database (%d "
             "children with %d each); the database's max_connections is %d%s",
             wanted, config->children, config->max, limit,
             wanted >= limit ? ". Lower ScimPoolMax or raise it" : "");
}

apr_time_t scim_pool_deadline(const scim_pool_t *connections)
{
    return apr_time_now() + connections->config->timeout;
}

scim_err_t *scim_pool_acquire(scim_conn_t **pconn, scim_pool_t *connections,
                              apr_time_t deadline, apr_pool_t *pool)
{
    scim_conn_t *conn;
    scim_err_t *err;
    void *resource;

    if (apr_reslist_acquire(connections->list, &resource) != APR_SUCCESS) {
        return scim_err_make_cause(SCIM_ERR_UNAVAILABLE,
            "the service is busy at the moment; try again later",
            apr_psprintf(pool, "all %d connections of this child are busy "
                         "(ScimPoolMax)", connections->config->max), pool);
    }
    conn = resource;
    err = scim_conn_begin(conn, deadline, pool);
    if (err) {
        apr_reslist_release(connections->list, conn);
        return err;
    }
    compare_limits(connections, conn);
    *pconn = conn;
    return NULL;
}

void scim_pool_release(scim_pool_t *connections, scim_conn_t *conn,
                       apr_pool_t *pool)
{
    scim_conn_end(conn, pool);
    apr_reslist_release(connections->list, conn);
}
