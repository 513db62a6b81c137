/* Many threads on what the threads of an httpd child share: the pool of
 * connections, what a connection remembers (statements, proofs, the keys of
 * cursors), mappings and the log. Meanwhile one more thread does to the
 * database what bad nights do. Built with ThreadSanitizer, which speaks up
 * when two threads meet unprepared; "make check-threads" runs it.
 *
 *     service MODULE OWNER TOKEN_A TOKEN_B <MAPPINGS
 *     service planted NAME
 *
 * MODULE and OWNER are connection strings, MAPPINGS what httpd -D SCIM_DUMP
 * prints. THREADS, THREADS_SECONDS and THREADS_SEED change the numbers.
 * Planted are faults of which all but "none" must be reported. */
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>
#include <libpq-fe.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pg/event.h"
#include "service/request.h"
#include "store/dump.h"
#include "t/threads/watch.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

#define CONNECTIONS 5
#define TIMEOUT apr_time_from_msec(500)
#define KEPT 8                      /* accounts that a thread remembers */
#define STATUSES 600
#define PATCH_OP "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:" \
                 "PatchOp\"],\"Operations\":["

/* Shared, and not written while there are threads. */
static scim_service_t service = {
    .page = 100, .page_max = 1000, .public_discovery = 1, .retry_after = 30,
    .bulk_max = 100, .body_max = 1024 * 1024, .rate = { 1000000, 1000000 }
};
static scim_pool_config_t config = {
    .max = CONNECTIONS, .children = 1, .acquire_timeout = TIMEOUT,
    .timeout = TIMEOUT
};
static scim_pool_t *connections;
static const char *tokens[2], *hot[2];      /* of two tenants; hot: an account
                                             * that all threads change */

/* Shared, and written by all. */
static atomic_int is_over, answers[STATUSES], log_lines, surprises;

/* One thread and what belongs to it alone. */
typedef struct worker_t {
    int number;
    uint64_t random;
    apr_pool_t *pool;           /* as long as the thread */
    apr_pool_t *request;        /* cleared by each */
    apr_thread_t *thread;
    char ids[KEPT][24];         /* "": none */
} worker_t;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}

static int by_chance(worker_t *worker, int count)
{
    worker->random ^= worker->random >> 12;
    worker->random ^= worker->random << 25;
    worker->random ^= worker->random >> 27;
    return (int)((worker->random * UINT64_C(2685821657736338717) >> 33)
                 % (unsigned)count);
}

/* --- requests --- */

static scim_reply_t *serve(worker_t *worker, const char *token,
                           const char *method, const char *path,
                           const char *query, const char *body)
{
    scim_reply_t *reply = apr_pcalloc(worker->request, sizeof(*reply));
    scim_request_t request = { 0 };

    request.service = &service;
    request.connections = connections;
    request.method = method;
    request.path = path;
    request.query = query;
    request.authorization = apr_pstrcat(worker->request, "Bearer ", token,
                                        NULL);
    request.content_type = "application/scim+json";
    request.body = body;
    request.body_len = body ? strlen(body) : 0;
    request.base_url = "https://h.example/scim/v2";
    request.client = "127.0.0.1";
    request.refusals = apr_array_make(worker->request, 1,
                                      sizeof(scim_refusal_t));
    request.pool = worker->request;
    scim_request_serve(reply, &request);
    answers[reply->status < STATUSES ? reply->status : 0]++;
    if (request.refusals->nelts) {
        scim_event_write_refusals(connections, request.refusals,
                                  worker->request);
    }
    return reply;
}

static const char *mine(const worker_t *worker)
{
    return tokens[worker->number % 2];
}

/* One of the statuses must have come, or 503: the night is bad. */
static int expect(const scim_reply_t *reply, const char *what, int status,
                  int other)
{
    if (reply->status == status || reply->status == other) {
        return 1;
    }
    if (reply->status != 503 && surprises++ < 20) {
        fprintf(stderr, "%s: %d %s (%s)\n", what, reply->status,
                reply->err ? reply->err->detail : reply->body.data,
                reply->err && reply->err->cause ? reply->err->cause : "");
    }
    return 0;
}

static const char *user_body(worker_t *worker, int n)
{
    return apr_psprintf(worker->request, "{\"schemas\":[\"urn:ietf:params:"
        "scim:schemas:core:2.0:User\"],\"userName\":\"t%d-%d@contoso.com\","
        "\"externalId\":\"e%d-%d-%d\",\"name\":{\"givenName\":\"J\xC3\x96Y\","
        "\"familyName\":\"%d\"},\"active\":true}", worker->number, n,
        worker->number, n, by_chance(worker, 1000), by_chance(worker, 9));
}

static void create_user(worker_t *worker, int n)
{
    scim_reply_t *reply = serve(worker, mine(worker), "POST", "/Users", NULL,
                                user_body(worker, n));

    if (expect(reply, "create", 201, 409) && reply->status == 201) {
        apr_cpystrn(worker->ids[n], reply->id, sizeof(worker->ids[n]));
    }
}

static const char *user_path(worker_t *worker, int n)
{
    return apr_pstrcat(worker->request, "/Users/", worker->ids[n], NULL);
}

static void read_user(worker_t *worker, int n)
{
    scim_reply_t *reply = serve(worker, mine(worker), "GET",
                                user_path(worker, n), NULL, NULL);
    const char *id = apr_pstrcat(worker->request, "\"id\":\"",
                                 worker->ids[n], "\"", NULL);

    if (expect(reply, "read", 200, 404) && reply->status == 200
        && !strstr(reply->body.data, id) && surprises++ < 20) {
        fprintf(stderr, "read: %s is answered by %s\n", id, reply->body.data);
    }
}

static void patch_user(worker_t *worker, int n)
{
    const char *body = apr_psprintf(worker->request, PATCH_OP
        "{\"op\":\"Replace\",\"path\":\"active\",\"value\":\"%s\"},"
        "{\"op\":\"Add\",\"path\":\"name.givenName\",\"value\":\"%d\"}]}",
        by_chance(worker, 2) ? "True" : "False", by_chance(worker, 9));

    expect(serve(worker, mine(worker), "PATCH", user_path(worker, n), NULL,
                 body), "patch", 200, 404);
}

static void put_user(worker_t *worker, int n)
{
    expect(serve(worker, mine(worker), "PUT", user_path(worker, n), NULL,
                 user_body(worker, n)), "put", 200, 404);
}

static void delete_user(worker_t *worker, int n)
{
    if (expect(serve(worker, mine(worker), "DELETE", user_path(worker, n),
                     NULL, NULL), "delete", 204, 404)) {
        worker->ids[n][0] = '\0';
    }
}

/* All threads of a tenant change this one. */
static void patch_hot(worker_t *worker, int n)
{
    const char *body = apr_psprintf(worker->request, PATCH_OP
        "{\"op\":\"Replace\",\"path\":\"name.familyName\",\"value\":\"%d\"}]}",
        n);

    expect(serve(worker, mine(worker), "PATCH",
                 apr_pstrcat(worker->request, "/Users/",
                             hot[worker->number % 2], NULL), NULL, body),
           "patch of one account", 200, 200);
}

/* Of many forms: after some hundred a connection has too many statements. */
static void filter_users(worker_t *worker, int n)
{
    static const char *const terms[] = {
        "userName+sw+%22t%22", "externalId+eq+%22e1%22", "active+eq+true",
        "name.givenName+co+%22%C3%96%22", "name.familyName+pr",
        "meta.created+gt+%222020-01-01T00:00:00Z%22", "id+eq+%227%22"
    };
    const char *query = "count=3&filter=";
    int i;

    for (i = 0; i <= n % 5; i++) {
        query = apr_pstrcat(worker->request, query, i ? by_chance(worker, 2)
                            ? "+and+" : "+or+" : "",
                            by_chance(worker, 4) ? "" : "not+",
                            "(", terms[by_chance(worker, COUNT(terms))], ")",
                            NULL);
    }
    expect(serve(worker, mine(worker), "GET", "/Users", query, NULL),
           "filter", 200, 200);
}

/* A few pages by cursor, while keys are made anew. */
static void walk(worker_t *worker, int n)
{
    const char *query = "cursor&count=2&sortBy=userName";
    int page;

    for (page = 0; page < 3; page++) {
        scim_reply_t *reply = serve(worker, mine(worker), "GET", "/Users",
                                    query, NULL);
        static const char name[] = "\"nextCursor\":\"";
        const char *at, *end;

        if (!expect(reply, "page", 200, 200)
            || !(at = strstr(reply->body.data, name))) {
            return;
        }
        at += sizeof(name) - 1;
        end = strchr(at, '"');
        query = apr_pstrcat(worker->request, "count=2&sortBy=userName&cursor=",
                            apr_pstrmemdup(worker->request, at, end - at),
                            NULL);
    }
    (void)n;
}

static void change_group(worker_t *worker, int n)
{
    scim_reply_t *reply = serve(worker, mine(worker), "POST", "/Groups", NULL,
        apr_psprintf(worker->request, "{\"displayName\":\"g%d-%d\",\"members\""
                     ":[{\"value\":\"%s\"}]}", worker->number, n,
                     hot[worker->number % 2]));
    const char *path;

    if (!expect(reply, "create group", 201, 409) || reply->status == 409) {
        return;
    }
    path = apr_pstrcat(worker->request, "/Groups/", reply->id, NULL);
    expect(serve(worker, mine(worker), "PATCH", path, NULL, PATCH_OP
                 "{\"op\":\"remove\",\"path\":\"members[display pr]\"}]}"),
           "patch group", 200, 204);
    expect(serve(worker, mine(worker), "DELETE", path, NULL, NULL),
           "delete group", 204, 404);
}

static void run_bulk(worker_t *worker, int n)
{
    const char *body = apr_psprintf(worker->request,
        "{\"Operations\":[{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":"
        "\"a\",\"data\":%s},{\"method\":\"DELETE\",\"path\":\"/Users/"
        "bulkId:a\"},{\"method\":\"PATCH\",\"path\":\"/Users/%s\",\"data\":"
        "{\"Operations\":[{\"op\":\"remove\",\"path\":\"name.givenName\"}]}}"
        "]}", user_body(worker, KEPT + n), hot[worker->number % 2]);

    expect(serve(worker, mine(worker), "POST", "/Bulk", NULL, body), "bulk",
           200, 200);
}

static void discover(worker_t *worker, int n)
{
    static const char *const paths[] = {
        "/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Me"
    };

    expect(serve(worker, mine(worker), "GET", paths[n % COUNT(paths)], NULL,
                 NULL), "discovery", 200, 200);
}

/* What is refused becomes an event, but for strangers. */
static void be_refused(worker_t *worker, int n)
{
    expect(serve(worker, mine(worker), "GET", "/Users", "filter=x", NULL),
           "a bad filter", 400, 400);
    expect(serve(worker, mine(worker), "PATCH", "/Users/0", NULL, PATCH_OP
                 "]}"), "nobody", 404, 404);
    expect(serve(worker, "nobodys", "GET", "/Users", NULL, NULL),
           "a stranger", 401, 401);
    expect(serve(worker, tokens[!(worker->number % 2)], "GET",
                 user_path(worker, n), NULL, NULL), "another tenant's", 404,
           200);
}

static void request_by_chance(worker_t *worker)
{
    static void (*const of_all[])(worker_t *, int) = {
        patch_hot, filter_users, filter_users, walk, change_group, run_bulk,
        discover
    };
    static void (*const of_one[])(worker_t *, int) = {
        read_user, read_user, patch_user, put_user, delete_user, be_refused
    };
    int n = by_chance(worker, KEPT), which = by_chance(worker, 13);

    if (which < COUNT(of_all)) {
        of_all[which](worker, n);
    }
    else if (!worker->ids[n][0]) {
        create_user(worker, n);
    }
    else {
        of_one[which - COUNT(of_all)](worker, n);
    }
}

/* --- threads --- */

/* A pool of its own, with no lock, as the MPMs make one for the child and for
 * each of its threads. */
static apr_pool_t *make_pool(void)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;

    apr_allocator_create(&allocator);
    apr_pool_create_ex(&pool, NULL, NULL, allocator);
    apr_allocator_owner_set(allocator, pool);
    return pool;
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *baton)
{
    worker_t *worker = baton;
    apr_time_t until;
    int status = 0;

    (void)thread;
    while (!is_over) {
        apr_pool_clear(worker->request);
        request_by_chance(worker);
    }
    /* the night is over, and nobody restarts anything */
    until = apr_time_now() + apr_time_from_sec(5);
    while (status != 200 && apr_time_now() < until) {
        apr_pool_clear(worker->request);
        status = serve(worker, mine(worker), "GET", "/Users", "count=1",
                       NULL)->status;
    }
    if (status != 200) {
        fprintf(stderr, "afterwards thread %d gets %d\n", worker->number,
                status);
        surprises++;
    }
    return NULL;
}

/* --- bad nights --- */

static PGresult *run(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

        /* a lock that was not to be had, a deadlock */
        if (!state || (strcmp(state, "55P03") != 0
                       && strcmp(state, "40P01") != 0)) {
            die(sql, PQerrorMessage(pg));
        }
    }
    return result;
}

static void lose_backends(PGconn *pg)
{
    PQclear(run(pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE usename = 'mod_scim' ORDER BY random() LIMIT 3"));
}

/* It answers nobody until long after the deadline. */
static void freeze_backend(PGconn *pg)
{
    PGresult *result = run(pg, "SELECT pid FROM pg_stat_activity WHERE "
                               "usename = 'mod_scim' ORDER BY random() "
                               "LIMIT 1");
    pid_t pid = PQntuples(result) ? atoi(PQgetvalue(result, 0, 0)) : 0;

    PQclear(result);
    if (pid > 0 && kill(pid, SIGSTOP) == 0) {
        apr_sleep(TIMEOUT + TIMEOUT / 4);
        kill(pid, SIGCONT);
    }
}

static void hold_lock(PGconn *pg)
{
    PQclear(run(pg, "BEGIN; SET LOCAL lock_timeout = '200ms'; "
                    "LOCK TABLE public.users; SELECT pg_sleep(0.7)"));
    PQclear(run(pg, "ROLLBACK"));
}

static void make_key(PGconn *pg)
{
    PQclear(run(pg, "SELECT scim.rotate_key()"));
}

/* Prepared statements and proofs are stale after that. */
static void change_table(PGconn *pg)
{
    PQclear(run(pg, "SET lock_timeout = '300ms'"));
    /* the console's view would be in the way */
    PQclear(run(pg, "DROP VIEW IF EXISTS scim.accounts"));
    PQclear(run(pg, "ALTER TABLE public.users ALTER COLUMN first_name "
                    "TYPE varchar(300), ALTER COLUMN external_id TYPE "
                    "text USING external_id || ''"));
    PQclear(run(pg, "ALTER TABLE public.users ALTER COLUMN first_name "
                    "TYPE text"));
}

static const struct {
    const char *name;
    void (*happen)(PGconn *pg);
} nights[] = {
    { "lost backends", lose_backends },
    { "a backend frozen", freeze_backend },
    { "the table locked", hold_lock },
    { "a new key", make_key },
    { "the table altered", change_table }
};
static int happened[COUNT(nights)];

/* By seconds, as the number of requests depends on what happens. */
static void disturb(PGconn *pg, int seconds)
{
    apr_time_t until = apr_time_now() + apr_time_from_sec(seconds);
    int i;

    for (i = 0; apr_time_now() < until || i < COUNT(nights); i++) {
        apr_sleep(apr_time_from_msec(200));
        nights[i % COUNT(nights)].happen(pg);
        happened[i % COUNT(nights)]++;
    }
    is_over = 1;
}

/* --- the beginning and the end --- */

static void count_line(scim_log_level_t level, int number, const char *text)
{
    (void)level;
    (void)number;
    (void)text;
    log_lines++;
}

/* What httpd dumps has none, and discovery shows them. */
static void describe(const scim_rtype_t *type)
{
    int i;

    for (i = 0; i < type->nschemas; i++) {
        ((scim_schema_t *)type->schemas[i])->description = "";
    }
}

static void read_mappings(apr_pool_t *pool)
{
    static char line[1024 * 1024];
    scim_mapping_t *users = NULL, *groups = NULL, *mapping;

    while (fgets(line, sizeof(line), stdin)) {
        scim_json_t *object;
        scim_err_t *err;

        if (strncmp(line, "{\"scim\":", 8) != 0) {
            continue;
        }
        err = scim_json_parse(&object, apr_pstrdup(pool, line), strlen(line),
                              pool);
        if (!err) {
            err = scim_dump_decode(&mapping, scim_json_find(object, "mapping"),
                                   pool);
        }
        if (err) {
            die("a mapping", err->detail);
        }
        describe(mapping->type);
        if (mapping->type->user_name) {
            users = mapping;
        }
        else {
            groups = mapping;
        }
    }
    if (!users || !groups) {
        die("the mappings", "there must be one of users and one of groups");
    }
    scim_mapping_relate(groups, users, pool);
    service.users = users;
    service.groups = groups;
}

/* An account of each tenant for all, before there are threads. */
static void make_hot(apr_pool_t *pool)
{
    worker_t worker = { 0 };

    worker.random = 1;
    worker.request = pool;
    for (worker.number = 0; worker.number < 2; worker.number++) {
        scim_reply_t *reply = serve(&worker, mine(&worker), "POST", "/Users",
                                    NULL, apr_psprintf(pool,
            "{\"userName\":\"hot%d@contoso.com\"}", worker.number));

        if (reply->status != 201) {
            die("the first account", reply->body.data);
        }
        hot[worker.number] = reply->id;
    }
}

static int number(const char *name, int preset)
{
    const char *text = getenv(name);

    return text && *text ? atoi(text) : preset;
}

static void tell(int threads, int seconds)
{
    int i, total = 0;

    for (i = 0; i < STATUSES; i++) {
        total += answers[i];
    }
    printf("%d threads on %d connections, %d seconds: %d requests\n", threads,
           CONNECTIONS, seconds, total);
    for (i = 0; i < STATUSES; i++) {
        if (answers[i]) {
            printf("  answered %d: %d\n", i, answers[i]);
        }
    }
    for (i = 0; i < COUNT(nights); i++) {
        printf("  %s: %d times\n", nights[i].name, happened[i]);
    }
    printf("  lines of the log: %d\n", log_lines);
}

static int run_service(char **argv, apr_pool_t *pool)
{
    int threads = number("THREADS", 16);
    int seconds = number("THREADS_SECONDS", 30);
    int i, seed = number("THREADS_SEED", 1);
    worker_t *workers = apr_pcalloc(pool, threads * sizeof(*workers));
    apr_pool_t *child = make_pool();
    apr_status_t status;
    PGconn *pg;

    config.conninfo = argv[1];
    config.tally = apr_pcalloc(pool, sizeof(*config.tally));
    config.child = scim_tally_child(config.tally, 1);
    service.limits = scim_limits_default;
    service.tally = scim_tally_location_post_config(config.tally, "here",
                                                    "/scim");
    tokens[0] = argv[3];
    tokens[1] = argv[4];
    read_mappings(pool);
    scim_log_set(count_line);
    if (scim_pool_make_child_init(&connections, &config, child)) {
        die("the pool", "could not be made");
    }
    pg = PQconnectdb(argv[2]);
    if (PQstatus(pg) != CONNECTION_OK) {
        die("no connection", PQerrorMessage(pg));
    }
    make_hot(pool);
    for (i = 0; i < threads; i++) {
        workers[i].number = i;
        workers[i].random = (uint64_t)seed * 1000003 + i + 1;
        workers[i].pool = make_pool();
        apr_pool_create(&workers[i].request, workers[i].pool);
        status = apr_thread_create(&workers[i].thread, NULL, work,
                                   &workers[i], pool);
        if (status != APR_SUCCESS) {
            die("a thread", "could not be made");
        }
    }
    disturb(pg, seconds);
    for (i = 0; i < threads; i++) {
        apr_thread_join(&status, workers[i].thread);
        apr_pool_destroy(workers[i].pool);
    }
    PQfinish(pg);
    apr_pool_destroy(child);
    tell(threads, seconds);
    /* or nothing has been tried */
    return surprises || !answers[200] || !answers[201] || !answers[503];
}

/* --- planted faults --- */

static apr_pool_t *planted_pool;
static apr_hash_t *planted_hash;
static apr_thread_mutex_t *planted_mutex;
static const char *planted;
static int planted_count;

static void *APR_THREAD_FUNC plant(apr_thread_t *thread, void *baton)
{
    int i;

    (void)thread;
    for (i = 0; i < 1000; i++) {
        if (strcmp(planted, "counter") == 0) {
            planted_count++;
        }
        else if (strcmp(planted, "pool") == 0) {
            apr_palloc(planted_pool, 8);
        }
        else if (strcmp(planted, "hash") == 0) {
            apr_hash_set(planted_hash, "x", 1, baton);
        }
        else {
            /* as it should be */
            apr_thread_mutex_lock(planted_mutex);
            planted_count++;
            apr_hash_set(planted_hash, apr_pstrdup(planted_pool, "x"), 1,
                         baton);
            apr_thread_mutex_unlock(planted_mutex);
        }
    }
    return NULL;
}

static int run_planted(const char *name, apr_pool_t *pool)
{
    apr_thread_t *threads[2];
    apr_status_t status;
    int i;

    planted = name;
    /* making a thread takes memory of the other pool */
    apr_pool_create(&planted_pool, pool);
    planted_hash = apr_hash_make(planted_pool);
    apr_thread_mutex_create(&planted_mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    apr_hash_set(planted_hash, "x", 1, name);
    for (i = 0; i < 2; i++) {
        apr_thread_create(&threads[i], NULL, plant, &threads, pool);
    }
    for (i = 0; i < 2; i++) {
        apr_thread_join(&status, threads[i]);
    }
    return 0;
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;
    int bad;

    watch_init();
    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (argc == 3 && strcmp(argv[1], "planted") == 0) {
        bad = run_planted(argv[2], pool);
    }
    else if (argc == 5) {
        bad = run_service(argv, pool);
    }
    else {
        die("usage", "service MODULE OWNER TOKEN_A TOKEN_B <MAPPINGS");
    }
    apr_pool_destroy(pool);
    return bad;
}
