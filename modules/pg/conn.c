#include "pg/conn.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Prepared statements per connection; lists with many forms of filters would
 * otherwise fill the server's memory. Those that failed count too: they have
 * used ours. */
#define STATEMENTS_MAX 256

/* Longer texts are rare filters, and their plans large: not kept. */
#define PREPARED_TEXT_MAX 8192

typedef struct statement_t {
    char name[16];
} statement_t;

/* A message whose answer is waited for. */
typedef struct pending_t {
    const char *preparing;  /* text of the statement; NULL: an execution */
    int is_prologue;        /* nobody looks at its result */
} pending_t;

struct scim_conn_t {
    scim_hosts_t *hosts;
    apr_interval_time_t timeout;
    apr_time_t deadline;
    apr_pool_t *pool;           /* as long as this struct */
    apr_pool_t *session_pool;   /* as long as the connection is open */
    apr_hash_t *statements;     /* text to statement_t, in session_pool */
    unsigned int named;         /* statements named since it was opened */
    apr_hash_t *memory;         /* in session_pool */
    apr_array_header_t *pending;/* of pending_t */
    int queued;                 /* executions among them, prologues aside */
    const scim_sql_t *prologue; /* of each transaction, or NULL */
    int has_prologue;           /* the open transaction has begun with it */
    int broken;                 /* queueing failed; the turn will say so */
    int is_ended;               /* the server has said that it hangs up */
    int server_limit;
    apr_time_t rests_until;     /* see the header */
    PGconn *pg;
    scim_tally_t *tally;        /* NULL: nobody counts */
    scim_tally_child_t *child;  /* likewise */
    int is_counted;             /* as open */
    char sqlstate[6];
    const char *constraint;     /* in the pool of the failed turn */
    const char *column;         /* likewise */
    const char *detail;         /* likewise */
};

/* The server's texts end in a newline and may have several lines. */
static const char *server_text(const char *text, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, text ? text : ""), *at;
    apr_size_t len = strlen(out);

    while (len && out[len - 1] == '\n') {
        out[--len] = '\0';
    }
    for (at = out; *at; at++) {
        if (*at == '\n' || *at == '\t') {
            *at = ' ';
        }
    }
    return out;
}

static apr_status_t close_cleanup(void *baton)
{
    scim_conn_t *conn = baton;

    if (conn->is_counted) {
        scim_count_sub(&conn->child->open, 1);
        conn->is_counted = 0;
    }
    if (conn->pg) {
        PQfinish(conn->pg);
        conn->pg = NULL;
    }
    return APR_SUCCESS;
}

const char *scim_conn_check(const char *conninfo, apr_pool_t *pool)
{
    char *text = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &text);
    const char *wrong = options ? NULL
                      : server_text(text ? text : "out of memory", pool);

    PQconninfoFree(options);
    PQfreemem(text);
    return wrong;
}

scim_conn_t *scim_conn_make(scim_hosts_t *hosts, apr_interval_time_t timeout,
                            apr_pool_t *pool)
{
    scim_conn_t *conn = apr_pcalloc(pool, sizeof(*conn));

    conn->hosts = hosts;
    conn->timeout = timeout;
    conn->pool = pool;
    apr_pool_create(&conn->session_pool, pool);
    apr_pool_tag(conn->session_pool, "scim_session");
    conn->pending = apr_array_make(pool, 8, sizeof(pending_t));
    apr_pool_cleanup_register(pool, conn, close_cleanup,
                              apr_pool_cleanup_null);
    return conn;
}

void scim_conn_set_tally(scim_conn_t *conn, scim_tally_t *tally,
                         scim_tally_child_t *child)
{
    conn->tally = tally;
    conn->child = child;
}

void scim_conn_close(scim_conn_t *conn)
{
    close_cleanup(conn);
    apr_array_clear(conn->pending);
    conn->queued = 0;
    conn->broken = 0;
}

static scim_err_t *unavailable(const char *cause, apr_pool_t *pool)
{
    return scim_err_make_cause(SCIM_ERR_UNAVAILABLE,
                               "the database is not available at the moment; "
                               "try again later",
                               apr_pstrdup(pool, cause), pool);
}

static scim_err_t *lost(scim_conn_t *conn, apr_pool_t *pool)
{
    const char *text = server_text(PQerrorMessage(conn->pg), pool);

    scim_conn_close(conn);
    return unavailable(*text ? text : "the connection was lost", pool);
}

/* Wait until the socket is ready. Returns 0 when the time has passed. */
static int wait_until(scim_conn_t *conn, short events, apr_time_t until)
{
    struct pollfd fd = { PQsocket(conn->pg), events, 0 };

    for (;;) {
        apr_interval_time_t left = until - apr_time_now();
        int rv;

        if (left <= 0) {
            return 0;
        }
        rv = poll(&fd, 1, (int)(apr_time_as_msec(left) + 1));
        if (rv > 0 || (rv < 0 && errno != EINTR)) {
            return 1;
        }
    }
}

static int wait_for(scim_conn_t *conn, short events)
{
    return wait_until(conn, events, conn->deadline);
}

/* How often the server looks whether we are still there. */
static apr_interval_time_t check_interval(const scim_conn_t *conn)
{
    return conn->timeout / 10;
}

static scim_err_t *late(scim_conn_t *conn, const char *doing, apr_pool_t *pool)
{
    conn->rests_until = apr_time_now() + check_interval(conn);
    if (conn->tally) {
        scim_count_add(&conn->tally->abandoned, 1);
    }
    scim_conn_close(conn);
    return unavailable(apr_psprintf(pool, "no answer within %d ms while %s",
                                    (int)apr_time_as_msec(conn->timeout),
                                    doing), pool);
}

/* A host that says nothing: the others shall not be held up by it again. */
static scim_err_t *silent(scim_conn_t *conn, int host, apr_time_t began,
                          apr_pool_t *pool)
{
    const char *name = scim_hosts_name(conn->hosts, host);
    int waited = (int)apr_time_as_msec(apr_time_now() - began);

    scim_conn_close(conn);
    if (scim_hosts_set_silent(conn->hosts, host)
        && scim_hosts_count(conn->hosts) > 1) {
        scim_log(SCIM_LOG_WARNING, 86, "host %s gave no answer within %d ms; "
                 "for a minute it is tried after the others", name, waited);
    }
    return unavailable(apr_psprintf(pool, "host %s: no answer within %d ms "
                                    "while connecting", name, waited), pool);
}

static scim_err_t *connect_to(scim_conn_t *conn, int host, apr_time_t until,
                              apr_pool_t *pool)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    apr_time_t began = apr_time_now();

    conn->pg = scim_hosts_start(conn->hosts, host);
    if (!conn->pg) {
        return unavailable("out of memory", pool);
    }
    if (PQstatus(conn->pg) == CONNECTION_BAD) {
        return lost(conn, pool);
    }
    while (state != PGRES_POLLING_OK) {
        if (!wait_until(conn, state == PGRES_POLLING_READING ? POLLIN
                                                             : POLLOUT,
                        until)) {
            return silent(conn, host, began, pool);
        }
        state = PQconnectPoll(conn->pg);
        if (state == PGRES_POLLING_FAILED) {
            return lost(conn, pool);
        }
    }
    return NULL;
}

/* To the first host that will have us. */
static scim_err_t *connect_in_time(scim_conn_t *conn, apr_pool_t *pool)
{
    const int *order = scim_hosts_order(conn->hosts, pool);
    int count = scim_hosts_count(conn->hosts), i;
    const char *causes = NULL;

    for (i = 0; i < count; i++) {
        scim_err_t *err = connect_to(conn, order[i],
                                     scim_hosts_until(conn->hosts, count - i,
                                                      apr_time_now(),
                                                      conn->deadline), pool);

        if (!err) {
            return NULL;
        }
        causes = causes ? apr_pstrcat(pool, causes, "; ", err->cause, NULL)
                        : err->cause;
    }
    return unavailable(causes, pool);
}

/* A server that ends a session says so while nothing is asked, which libpq
 * takes for a notice, and hangs up a moment later. */
static void take_notice(void *baton, const PGresult *result)
{
    scim_conn_t *conn = baton;
    const char *severity =
        PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity && strcmp(severity, "FATAL") == 0) {
        conn->is_ended = 1;
    }
    scim_log(SCIM_LOG_DEBUG, 20, "the database says: %s",
             PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

/* Limits below the deadline, so that the server gives up first, and an eye on
 * us, as a trigger of the application may swallow a limit; no JIT, which none
 * of them can interrupt while it compiles a long filter; dates in the one form
 * that base/time.h reads. The search path is left alone: every name here is
 * qualified, and the application's triggers run under its own. */
static scim_err_t *set_up(scim_conn_t *conn, apr_pool_t *pool)
{
    apr_int64_t limit = apr_time_as_msec(conn->timeout);
    PGresult **results;
    scim_sql_t sql;

    scim_sql_init(&sql, pool);
    scim_buf_puts(&sql.text,
        "SELECT pg_catalog.set_config('statement_timeout', ");
    scim_sql_param(&sql, apr_psprintf(pool, "%" APR_INT64_T_FMT,
                                      limit * 8 / 10), NULL);
    scim_buf_puts(&sql.text,
        ", false), pg_catalog.set_config('lock_timeout', ");
    scim_sql_param(&sql, apr_psprintf(pool, "%" APR_INT64_T_FMT,
                                      limit * 7 / 10), NULL);
    scim_buf_puts(&sql.text, ", false), pg_catalog.set_config("
        "'idle_in_transaction_session_timeout', ");
    scim_sql_param(&sql, apr_psprintf(pool, "%" APR_INT64_T_FMT, limit * 2),
                   NULL);
    scim_buf_puts(&sql.text, ", false), pg_catalog.set_config('DateStyle', "
        "'ISO, YMD', false), pg_catalog.set_config('jit', 'off', false), "
        "pg_catalog.current_setting('max_connections'), "
        /* a server on Windows cannot look */
        "CASE WHEN pg_catalog.version() !~* 'visual|mingw|msvc' THEN "
        "pg_catalog.set_config('client_connection_check_interval', ");
    scim_sql_param(&sql, apr_psprintf(pool, "%" APR_INT64_T_FMT,
                                      apr_time_as_msec(check_interval(conn))),
                   NULL);
    scim_buf_puts(&sql.text, ", false) END");
    scim_conn_queue(conn, &sql);
    SCIM_TRY(scim_conn_turn(&results, conn, pool));
    conn->server_limit = atoi(PQgetvalue(results[0], 0, 5));
    return NULL;
}

static void count_opened(scim_conn_t *conn)
{
    if (conn->tally) {
        scim_count_add(&conn->tally->opened, 1);
        scim_count_add(&conn->child->open, 1);
        conn->is_counted = 1;
    }
}

static scim_err_t *open_anew(scim_conn_t *conn, apr_pool_t *pool)
{
    scim_err_t *err;

    scim_conn_close(conn);
    apr_pool_clear(conn->session_pool);
    conn->statements = apr_hash_make(conn->session_pool);
    conn->named = 0;
    conn->memory = apr_hash_make(conn->session_pool);
    SCIM_TRY(connect_in_time(conn, pool));
    count_opened(conn);
    conn->is_ended = 0;
    PQsetNoticeReceiver(conn->pg, take_notice, conn);
    if (PQsetnonblocking(conn->pg, 1) != 0 || !PQenterPipelineMode(conn->pg)) {
        return lost(conn, pool);
    }
    err = set_up(conn, pool);
    if (err) {
        scim_conn_close(conn);
        return unavailable(err->cause, pool);
    }
    return NULL;
}

/* Whether an idle connection still is one: a server that went away has
 * closed it, or is about to, which shows as something to read. */
static int is_open(scim_conn_t *conn)
{
    struct pollfd fd;

    if (!conn->pg || PQstatus(conn->pg) != CONNECTION_OK) {
        return 0;
    }
    fd.fd = PQsocket(conn->pg);
    fd.events = POLLIN;
    fd.revents = 0;
    if (poll(&fd, 1, 0) == 0) {
        return 1;
    }
    /* the second has libpq look at what the first has read */
    return PQconsumeInput(conn->pg) && !PQisBusy(conn->pg) && !conn->is_ended
        && PQstatus(conn->pg) == CONNECTION_OK && poll(&fd, 1, 0) == 0;
}

scim_err_t *scim_conn_begin(scim_conn_t *conn, apr_time_t deadline,
                            apr_pool_t *pool)
{
    conn->deadline = deadline;
    conn->prologue = NULL;
    conn->has_prologue = 0;
    conn->sqlstate[0] = '\0';
    conn->constraint = NULL;
    conn->column = NULL;
    conn->detail = NULL;
    if (is_open(conn) && conn->named < STATEMENTS_MAX) {
        return NULL;
    }
    return open_anew(conn, pool);
}

void scim_conn_extend(scim_conn_t *conn, apr_time_t deadline)
{
    conn->deadline = deadline;
}

int scim_conn_is_closed(const scim_conn_t *conn)
{
    return !conn->pg;
}

static void push_pending(scim_conn_t *conn, const char *preparing)
{
    pending_t *pending = apr_array_push(conn->pending);

    pending->preparing = preparing;
    pending->is_prologue = 0;
}

/* Find the statement with this text, or send it to be prepared. */
static statement_t *prepared(scim_conn_t *conn, const char *text)
{
    statement_t *statement = apr_hash_get(conn->statements, text,
                                          APR_HASH_KEY_STRING);
    const char *key;

    if (statement) {
        return statement;
    }
    statement = apr_pcalloc(conn->session_pool, sizeof(*statement));
    apr_snprintf(statement->name, sizeof(statement->name), "s%u",
                 conn->named++);
    if (!PQsendPrepare(conn->pg, statement->name, text, 0, NULL)) {
        conn->broken = 1;
        return NULL;
    }
    key = apr_pstrdup(conn->session_pool, text);
    apr_hash_set(conn->statements, key, APR_HASH_KEY_STRING, statement);
    push_pending(conn, key);
    return statement;
}

/* Returns whether it could be sent. */
static int send_statement(scim_conn_t *conn, const char *text, int nparams,
                          const char *const *params)
{
    statement_t *statement;
    int sent;

    if (strlen(text) > PREPARED_TEXT_MAX) {
        sent = PQsendQueryParams(conn->pg, text, nparams, NULL, params, NULL,
                                 NULL, 0);
    }
    else {
        statement = prepared(conn, text);
        sent = statement && PQsendQueryPrepared(conn->pg, statement->name,
                                                nparams, params, NULL, NULL,
                                                0);
    }
    if (sent) {
        push_pending(conn, NULL);
    }
    return sent;
}

/* Until the sync all statements of a turn are one transaction, also without a
 * BEGIN, and a BEGIN that follows others takes them in. */
static void begin_with_prologue(scim_conn_t *conn)
{
    PGTransactionStatusType status = PQtransactionStatus(conn->pg);
    const scim_sql_t *sql = conn->prologue;

    if (!sql || conn->pending->nelts || status == PQTRANS_INERROR) {
        return;
    }
    if (status == PQTRANS_IDLE) {
        conn->has_prologue = 0;
    }
    if (conn->has_prologue) {
        return;
    }
    if (!send_statement(conn, sql->text.data, sql->params->nelts,
                        (const char *const *)sql->params->elts)) {
        conn->broken = 1;
        return;
    }
    APR_ARRAY_IDX(conn->pending, conn->pending->nelts - 1,
                  pending_t).is_prologue = 1;
    conn->has_prologue = 1;
}

static void queue(scim_conn_t *conn, const char *text, int nparams,
                  const char *const *params)
{
    if (conn->pg && !conn->broken) {
        begin_with_prologue(conn);
    }
    if (conn->broken || !conn->pg
        || !send_statement(conn, text, nparams, params)) {
        conn->broken = 1;
        return;
    }
    conn->queued++;
}

void scim_conn_set_prologue(scim_conn_t *conn, const scim_sql_t *sql)
{
    conn->prologue = sql;
}

void scim_conn_queue(scim_conn_t *conn, const scim_sql_t *sql)
{
    queue(conn, sql->text.data, sql->params->nelts,
          (const char *const *)sql->params->elts);
}

void scim_conn_queue_text(scim_conn_t *conn, const char *text)
{
    queue(conn, text, 0, NULL);
}

static apr_status_t clear_cleanup(void *result)
{
    PQclear(result);
    return APR_SUCCESS;
}

/* Read the next result; *presult is NULL at the end of one statement's. */
static scim_err_t *next_result(PGresult **presult, scim_conn_t *conn,
                               apr_pool_t *pool)
{
    while (PQisBusy(conn->pg)) {
        if (!wait_for(conn, POLLIN)) {
            return late(conn, "waiting for its answer", pool);
        }
        if (!PQconsumeInput(conn->pg)) {
            return lost(conn, pool);
        }
    }
    *presult = PQgetResult(conn->pg);
    if (*presult) {
        apr_pool_cleanup_register(pool, *presult, clear_cleanup,
                                  apr_pool_cleanup_null);
    }
    return NULL;
}

static scim_err_t *flush(scim_conn_t *conn, apr_pool_t *pool)
{
    int left;

    if (!PQpipelineSync(conn->pg)) {
        return lost(conn, pool);
    }
    while ((left = PQflush(conn->pg)) == 1) {
        if (!wait_for(conn, POLLIN | POLLOUT)) {
            return late(conn, "sending", pool);
        }
        if (!PQconsumeInput(conn->pg)) {
            return lost(conn, pool);
        }
    }
    return left == 0 ? NULL : lost(conn, pool);
}

/* The server's answer of an error, as one of ours. What the application's
 * triggers and constraints refuse is for the client to mend. */
static scim_err_t *refused(scim_conn_t *conn, const PGresult *result,
                           apr_pool_t *pool)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *constraint = PQresultErrorField(result,
                                                PG_DIAG_CONSTRAINT_NAME);
    const char *column = PQresultErrorField(result, PG_DIAG_COLUMN_NAME);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *cause;
    scim_err_t *err;

    state = state ? state : "XX000";
    text = server_text(text ? text : PQresultErrorMessage(result), pool);
    apr_cpystrn(conn->sqlstate, state, sizeof(conn->sqlstate));
    conn->constraint = constraint ? apr_pstrdup(pool, constraint) : NULL;
    conn->column = column ? apr_pstrdup(pool, column) : NULL;
    conn->detail = detail ? apr_pstrdup(pool, detail) : NULL;
    cause = apr_psprintf(pool, "%s (SQLSTATE %s)", text, state);
    if (strncmp(state, "SC4", 3) == 0 && apr_isdigit(state[3])
        && apr_isdigit(state[4])) {
        err = scim_err_make_cause(SCIM_ERR_APPLICATION, text, cause, pool);
        err->status = atoi(state + 2);
        return err;
    }
    if (strcmp(state, "SC503") == 0) {
        return scim_err_make_cause(SCIM_ERR_HELD_BACK,
                                   "held back by the application's guard; try "
                                   "again later", cause, pool);
    }
    if (strcmp(state, "P0001") == 0) {
        return scim_err_make_cause(SCIM_ERR_INVALID_VALUE,
                                   "the application refused the change",
                                   cause, pool);
    }
    if (strcmp(state, "23505") == 0) {
        return scim_err_make_cause(SCIM_ERR_UNIQUENESS,
                                   "a value that must be unique is used by "
                                   "another account", cause, pool);
    }
    if (strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0
        || strcmp(state, "54000") == 0) {
        return scim_err_make_cause(SCIM_ERR_INVALID_VALUE,
                                   "a value does not follow the rules of the "
                                   "application", cause, pool);
    }
    /* 08 connection, 25006 read only, 40 rolled back, 53 resources, 55P03
     * lock, 57 operator and time limits, 58 system: nights pass. */
    if (strncmp(state, "08", 2) == 0 || strcmp(state, "25006") == 0
        || strncmp(state, "40", 2) == 0 || strncmp(state, "53", 2) == 0
        || strcmp(state, "55P03") == 0 || strncmp(state, "57", 2) == 0
        || strncmp(state, "58", 2) == 0) {
        return unavailable(cause, pool);
    }
    return scim_err_make_cause(SCIM_ERR_INTERNAL,
                               "the service met an unexpected error; its log "
                               "has the details", cause, pool);
}

/* A statement that the server did not prepare is prepared anew next time. */
static void settle_prepared(scim_conn_t *conn, const char *text,
                            const PGresult *result)
{
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        apr_hash_set(conn->statements, text, APR_HASH_KEY_STRING, NULL);
    }
}

/* The end of the pipeline also ends the transaction of what stands alone in
 * it, and that may fail by itself: deferred constraints are judged then. */
static scim_err_t *collect_end(scim_conn_t *conn, scim_err_t **pfirst,
                               apr_pool_t *pool)
{
    PGresult *result = NULL;

    SCIM_TRY(next_result(&result, conn, pool));
    if (result && PQresultStatus(result) == PGRES_FATAL_ERROR && !*pfirst) {
        *pfirst = refused(conn, result, pool);
        SCIM_TRY(next_result(&result, conn, pool));
        if (!result) {
            SCIM_TRY(next_result(&result, conn, pool));
        }
    }
    return result && PQresultStatus(result) == PGRES_PIPELINE_SYNC
         ? NULL : lost(conn, pool);
}

/* Take the answers, one message after the other, up to the sync. */
static scim_err_t *collect(PGresult **results, scim_conn_t *conn,
                           scim_err_t **pfirst, apr_pool_t *pool)
{
    PGresult *result = NULL, *end = NULL;
    int i, executed = 0;

    for (i = 0; i < conn->pending->nelts; i++) {
        const pending_t *pending = &APR_ARRAY_IDX(conn->pending, i, pending_t);

        SCIM_TRY(next_result(&result, conn, pool));
        if (!result) {
            return lost(conn, pool);
        }
        if (PQresultStatus(result) == PGRES_FATAL_ERROR && !*pfirst) {
            *pfirst = refused(conn, result, pool);
            if (PQstatus(conn->pg) != CONNECTION_OK) {
                return lost(conn, pool);
            }
        }
        if (pending->preparing) {
            settle_prepared(conn, pending->preparing, result);
        }
        else if (!pending->is_prologue) {
            results[executed++] = *pfirst ? NULL : result;
        }
        SCIM_TRY(next_result(&end, conn, pool));
    }
    return collect_end(conn, pfirst, pool);
}

/* A statement that a change of the tables made stale. */
static int is_stale_plan(const char *state)
{
    return strcmp(state, "0A000") == 0 || strcmp(state, "26000") == 0
        || strcmp(state, "42703") == 0 || strcmp(state, "42P01") == 0
        || strcmp(state, "42883") == 0 || strcmp(state, "42704") == 0
        || strcmp(state, "42804") == 0;
}

scim_err_t *scim_conn_turn(PGresult ***presults, scim_conn_t *conn,
                           apr_pool_t *pool)
{
    PGresult **results = apr_pcalloc(pool, (conn->queued + 1)
                                           * sizeof(PGresult *));
    scim_err_t *first = NULL, *err;

    conn->sqlstate[0] = '\0';
    conn->constraint = NULL;
    conn->column = NULL;
    conn->detail = NULL;
    if (!conn->pg) {
        return unavailable("the connection was lost", pool);
    }
    if (conn->broken) {
        return lost(conn, pool);
    }
    err = flush(conn, pool);
    if (!err) {
        err = collect(results, conn, &first, pool);
    }
    apr_array_clear(conn->pending);
    conn->queued = 0;
    if (err) {
        return err;
    }
    *presults = results;
    return first;
}

const char *scim_conn_sqlstate(const scim_conn_t *conn)
{
    return conn->sqlstate;
}

const char *scim_conn_constraint(const scim_conn_t *conn)
{
    return conn->constraint;
}

const char *scim_conn_column(const scim_conn_t *conn)
{
    return conn->column;
}

const char *scim_conn_detail(const scim_conn_t *conn)
{
    return conn->detail;
}

/* The server may take writes again, and this session still take none, or there
 * may be another host that does. */
static int is_read_only(const char *state)
{
    return strcmp(state, "25006") == 0;
}

static int is_of_no_more_use(const char *state)
{
    return is_stale_plan(state) || is_read_only(state);
}

int scim_conn_can_retry(const scim_conn_t *conn)
{
    return is_stale_plan(conn->sqlstate)
        || strcmp(conn->sqlstate, "40001") == 0
        || strcmp(conn->sqlstate, "40P01") == 0;
}

void scim_conn_end(scim_conn_t *conn, apr_pool_t *pool)
{
    PGresult **results;

    if (!conn->pg) {
        return;
    }
    if (is_of_no_more_use(conn->sqlstate) || conn->pending->nelts) {
        scim_conn_close(conn);
        return;
    }
    if (PQtransactionStatus(conn->pg) == PQTRANS_IDLE) {
        return;
    }
    scim_conn_queue_text(conn, "ROLLBACK");
    if (scim_conn_turn(&results, conn, pool)
        || PQtransactionStatus(conn->pg) != PQTRANS_IDLE) {
        scim_conn_close(conn);
    }
}

apr_time_t scim_conn_rests_until(const scim_conn_t *conn)
{
    return conn->rests_until;
}

apr_hash_t *scim_conn_memory(scim_conn_t *conn)
{
    return conn->memory;
}

apr_pool_t *scim_conn_memory_pool(scim_conn_t *conn)
{
    return conn->session_pool;
}

int scim_conn_server_limit(const scim_conn_t *conn)
{
    return conn->server_limit;
}
