#include "pg/pool.h"

#include <apr_ring.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include <string.h>

#include "base/log.h"

/* A connection that changes something, and what. */
typedef struct changing_t {
    const scim_conn_t *conn;
    const char *change;
} changing_t;

/* A thread that waits for a connection. Used again and again, as its condition
 * is costly. */
typedef struct waiter_t waiter_t;
struct waiter_t {
    APR_RING_ENTRY(waiter_t) link;
    apr_thread_cond_t *served;
    const char *change;
    scim_conn_t *conn;              /* what it has been given */
};
APR_RING_HEAD(waiters_t, waiter_t);

struct scim_pool_t {
    const scim_pool_config_t *config;
    scim_hosts_t *hosts;
    apr_pool_t *own;
    scim_completions_t *completions;
    apr_thread_mutex_t *mutex;      /* guards what follows */
    struct waiters_t waiting;       /* who came first is first */
    struct waiters_t spare;         /* nobody at the moment */
    apr_array_header_t *idle;       /* of scim_conn_t *; the last is used
                                     * first, as its statements are warm */
    apr_array_header_t *changing;   /* of changing_t */
    int made;
    int compared;                   /* the limits stand in the log already */
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

apr_status_t scim_pool_make_child_init(scim_pool_t **ppool,
                                       const scim_pool_config_t *config,
                                       apr_pool_t *pool)
{
    scim_pool_t *connections;
    apr_pool_t *own, *memory;
    apr_status_t status = make_own_pool(&own, pool, "scim_pool");

    if (status != APR_SUCCESS) {
        return status;
    }
    connections = apr_pcalloc(own, sizeof(*connections));
    connections->config = config;
    connections->own = own;
    connections->hosts = scim_hosts_make(config->conninfo, own);
    connections->idle = apr_array_make(own, config->max,
                                       sizeof(scim_conn_t *));
    connections->changing = apr_array_make(own, config->max,
                                           sizeof(changing_t));
    APR_RING_INIT(&connections->waiting, waiter_t, link);
    APR_RING_INIT(&connections->spare, waiter_t, link);
    status = apr_thread_mutex_create(&connections->mutex,
                                     APR_THREAD_MUTEX_DEFAULT, own);
    if (status == APR_SUCCESS) {
        status = make_own_pool(&memory, own, "scim_completions");
    }
    if (status == APR_SUCCESS) {
        status = scim_completions_make(&connections->completions, memory);
    }
    *ppool = connections;
    return status;
}

scim_completions_t *scim_pool_completions(scim_pool_t *connections)
{
    return connections->completions;
}

apr_interval_time_t scim_pool_timeout(const scim_pool_t *connections)
{
    return connections->config->timeout;
}

apr_time_t scim_pool_deadline(const scim_pool_t *connections)
{
    return apr_time_now() + connections->config->timeout;
}

/* Once per child: may all connections be open at once? */
static void compare_limits(scim_pool_t *connections, const scim_conn_t *conn)
{
    const scim_pool_config_t *config = connections->config;
    int wanted = config->children * config->max;
    int limit = scim_conn_server_limit(conn), done;

    apr_thread_mutex_lock(connections->mutex);
    done = connections->compared;
    connections->compared = 1;
    apr_thread_mutex_unlock(connections->mutex);
    if (!done) {
        scim_log(wanted >= limit ? SCIM_LOG_WARNING : SCIM_LOG_INFO, 21,
                 "this server may open %d connections to the database (%d "
                 "children with %d each); the database's max_connections is "
                 "%d%s", wanted, config->children, config->max, limit,
                 wanted >= limit ? ". Lower ScimPoolMax, or raise "
                                   "max_connections" : "");
    }
}

/* The following with the mutex held. */

static int may_change(const scim_pool_t *connections, const char *change)
{
    const apr_array_header_t *changing = connections->changing;
    int i;

    for (i = 0; i < changing->nelts; i++) {
        if (*change && strcmp(APR_ARRAY_IDX(changing, i, changing_t).change,
                              change) == 0) {
            return 0;
        }
    }
    return !changing->nelts
        || changing->nelts < connections->config->max - 1;
}

/* The idle connection that was used last, but for those that rest. */
static scim_conn_t *take_idle(scim_pool_t *connections)
{
    apr_array_header_t *idle = connections->idle;
    scim_conn_t **conns = (scim_conn_t **)idle->elts, *conn;
    apr_time_t now = apr_time_now();
    int i;

    for (i = idle->nelts - 1; i >= 0; i--) {
        if (scim_conn_rests_until(conns[i]) <= now) {
            conn = conns[i];
            memmove(conns + i, conns + i + 1,
                    (idle->nelts - i - 1) * sizeof(*conns));
            idle->nelts--;
            return conn;
        }
    }
    return NULL;
}

/* An idle connection, or a new closed one, or NULL when all are busy. */
static scim_conn_t *take(scim_pool_t *connections, const char *change)
{
    scim_conn_t *conn;
    apr_pool_t *own;

    if (change && !may_change(connections, change)) {
        return NULL;
    }
    conn = take_idle(connections);
    if (!conn) {
        if (connections->made >= connections->config->max
            || make_own_pool(&own, connections->own, "scim_conn")
               != APR_SUCCESS) {
            return NULL;
        }
        connections->made++;
        conn = scim_conn_make(connections->hosts,
                              connections->config->timeout, own);
        scim_conn_set_tally(conn, connections->config->tally,
                            connections->config->child);
    }
    scim_count_add(&connections->config->child->busy, 1);
    if (change) {
        changing_t *changing = apr_array_push(connections->changing);

        changing->conn = conn;
        changing->change = change;
    }
    return conn;
}

static void forget_change(apr_array_header_t *changing,
                          const scim_conn_t *conn)
{
    int i;

    for (i = 0; i < changing->nelts; i++) {
        if (APR_ARRAY_IDX(changing, i, changing_t).conn == conn) {
            APR_ARRAY_IDX(changing, i, changing_t) =
                APR_ARRAY_IDX(changing, changing->nelts - 1, changing_t);
            changing->nelts--;
            return;
        }
    }
}

/* When to look again if nothing is given back. */
static apr_time_t next_look(const scim_pool_t *connections, apr_time_t until)
{
    const apr_array_header_t *idle = connections->idle;
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; i < idle->nelts; i++) {
        apr_time_t end =
            scim_conn_rests_until(APR_ARRAY_IDX(idle, i, scim_conn_t *));

        if (end > now && end < until) {
            until = end;
        }
    }
    return until;
}

/* The first of those who wait that can go on gets what it needs. It alone is
 * woken, and by the caller, once the mutex is free again: else it would wake
 * only to wait for that. One connection more is enough for one of them. So
 * nobody is left waiting for what is there, and whoever comes now takes nothing
 * from anybody. */
static waiter_t *serve(scim_pool_t *connections)
{
    waiter_t *waiter;

    APR_RING_FOREACH(waiter, &connections->waiting, waiter_t, link) {
        waiter->conn = take(connections, waiter->change);
        if (waiter->conn) {
            APR_RING_REMOVE(waiter, link);
            return waiter;
        }
    }
    return NULL;
}

/* A waiter, last in the row; NULL when the system has no more conditions. */
static waiter_t *line_up(scim_pool_t *connections, const char *change)
{
    waiter_t *waiter = APR_RING_FIRST(&connections->spare);

    if (APR_RING_EMPTY(&connections->spare, waiter_t, link)) {
        waiter = apr_pcalloc(connections->own, sizeof(*waiter));
        if (apr_thread_cond_create(&waiter->served, connections->own)
            != APR_SUCCESS) {
            return NULL;
        }
    }
    else {
        APR_RING_REMOVE(waiter, link);
    }
    waiter->change = change;
    waiter->conn = NULL;
    APR_RING_INSERT_TAIL(&connections->waiting, waiter, waiter_t, link);
    scim_count_add(&connections->config->child->waiting, 1);
    return waiter;
}

static scim_conn_t *wait_in_line(scim_pool_t *connections, const char *change,
                                 apr_time_t until)
{
    waiter_t *waiter = line_up(connections, change);
    apr_time_t now;

    if (!waiter) {
        return NULL;
    }
    while (!waiter->conn && (now = apr_time_now()) < until) {
        apr_thread_cond_timedwait(waiter->served, connections->mutex,
                                  next_look(connections, until) - now + 1);
        if (!waiter->conn) {
            /* what rested may have rested enough, for this one or for
             * another, who wakes at the same time */
            serve(connections);
        }
    }
    if (!waiter->conn) {
        APR_RING_REMOVE(waiter, link);
    }
    APR_RING_INSERT_TAIL(&connections->spare, waiter, waiter_t, link);
    scim_count_sub(&connections->config->child->waiting, 1);
    return waiter->conn;
}

/* A connection that rests is nobody's yet, and those who wait do not know until
 * when. */
static void announce_rest(scim_pool_t *connections, const scim_conn_t *conn)
{
    waiter_t *waiter;

    if (scim_conn_rests_until(conn) > apr_time_now()) {
        APR_RING_FOREACH(waiter, &connections->waiting, waiter_t, link) {
            apr_thread_cond_signal(waiter->served);
        }
    }
}

/* Not the following. */

static void give_back(scim_pool_t *connections, scim_conn_t *conn)
{
    waiter_t *served;

    apr_thread_mutex_lock(connections->mutex);
    forget_change(connections->changing, conn);
    APR_ARRAY_PUSH(connections->idle, scim_conn_t *) = conn;
    scim_count_sub(&connections->config->child->busy, 1);
    announce_rest(connections, conn);
    served = serve(connections);
    apr_thread_mutex_unlock(connections->mutex);
    if (served) {
        /* it may be up already, and its condition somebody else's: who is
         * woken for nothing looks and waits on */
        apr_thread_cond_signal(served->served);
    }
}

/* Wait for one at most the acquire timeout and never beyond the deadline. */
static scim_conn_t *take_or_wait(scim_pool_t *connections, const char *change,
                                 apr_time_t deadline)
{
    apr_time_t until = apr_time_now() + connections->config->acquire_timeout;
    scim_conn_t *conn;

    apr_thread_mutex_lock(connections->mutex);
    conn = take(connections, change);
    if (!conn) {
        conn = wait_in_line(connections, change,
                            until < deadline ? until : deadline);
    }
    apr_thread_mutex_unlock(connections->mutex);
    return conn;
}

static scim_err_t *busy(const scim_pool_t *connections, const char *change,
                        apr_pool_t *pool)
{
    return scim_err_make_cause(SCIM_ERR_UNAVAILABLE,
        "the service is busy at the moment; try again later",
        apr_psprintf(pool, change
                     ? "of the %d connections of this child (ScimPoolMax) all "
                       "that may change something are busy, or one changes "
                       "the same account"
                     : "all %d connections of this child are busy "
                       "(ScimPoolMax)", connections->config->max), pool);
}

scim_err_t *scim_pool_acquire(scim_conn_t **pconn, scim_pool_t *connections,
                              const char *change, apr_time_t deadline,
                              apr_pool_t *pool)
{
    scim_conn_t *conn = take_or_wait(connections, change, deadline);
    scim_err_t *err;

    if (!conn) {
        return busy(connections, change, pool);
    }
    err = scim_conn_begin(conn, deadline, pool);
    if (err) {
        give_back(connections, conn);
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
    give_back(connections, conn);
}
