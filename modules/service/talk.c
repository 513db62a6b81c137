#include "service/talk.h"

#include <string.h>

#include "pg/proof.h"
#include "service/auth.h"
#include "service/limiter.h"

#define TRIES 3

/* What the call is going to change, for the pool. /Me is somebody else for each
 * token. */
static const char *change_of(const scim_call_t *call)
{
    const char *method = call->request->method;

    if (strcmp(method, "GET") == 0 || strcmp(method, "OPTIONS") == 0) {
        return NULL;
    }
    if (strcmp(method, "POST") == 0) {
        return strstr(call->request->path, "/.search") ? NULL : "";
    }
    return call->id ? call->request->path : "";
}

static scim_err_t *take(scim_conn_t **pconn, const scim_call_t *call,
                        apr_time_t deadline)
{
    const scim_request_t *request = call->request;

    if (!request->held) {
        return scim_pool_acquire(pconn, request->connections, change_of(call),
                                 deadline, request->pool);
    }
    *pconn = request->held->conn;
    return scim_conn_begin(*pconn, deadline, request->pool);
}

static void give_back(const scim_request_t *request, scim_conn_t *conn)
{
    if (request->held) {
        scim_conn_end(conn, request->pool);
    }
    else {
        scim_pool_release(request->connections, conn, request->pool);
    }
}

/* Keep what was proven for the requests to come; users and groups are proven
 * together. */
static void keep(const scim_request_t *request, const scim_mapping_t *mapping,
                 const scim_facts_t *facts)
{
    scim_completions_t *completions =
        scim_pool_completions(request->connections);

    scim_completions_put(completions, mapping, facts);
    if (facts->others) {
        scim_completions_put(completions, mapping->relation->others,
                             facts->others);
    }
}

scim_err_t *scim_talk_facts(const scim_facts_t **pfacts,
                            const scim_talk_t *talk,
                            const scim_mapping_t *mapping)
{
    const scim_request_t *request = talk->call->request;
    const scim_facts_t *known = scim_proof_known(talk->conn, mapping);

    SCIM_TRY(scim_proof_facts(pfacts, talk->conn, mapping, request->pool));
    if (*pfacts == known) {
        return NULL;
    }
    keep(request, mapping, *pfacts);
    return scim_mapping_agrees(mapping, *pfacts) ? NULL
         : scim_err_make(SCIM_ERR_UNAVAILABLE, request->pool,
                         "the application's tables have just changed; try "
                         "again");
}

/* The proof costs some turns, and where it fails, again with each request:
 * nothing to be had with a token that is not valid, unless none is needed.
 * What else is wrong with the question, the proof will say. */
static scim_err_t *prove(scim_talk_t *talk)
{
    apr_pool_t *pool = talk->call->request->pool;
    scim_answer_t answer;
    scim_err_t *err;
    scim_sql_t sql;

    if (!talk->call->is_public
        && !scim_proof_known(talk->conn, talk->mapping)) {
        scim_sql_init(&sql, pool);
        scim_sql_token(&sql, talk->mapping, &talk->call->asker);
        err = scim_talk_ask(talk, &answer, &sql, SCIM_ASK_ALONE);
        if (err && (err->kind == SCIM_ERR_UNAUTHORIZED
                    || err->kind == SCIM_ERR_UNAVAILABLE)) {
            return err;
        }
    }
    return scim_talk_facts(&talk->facts, talk, talk->mapping);
}

/* What the statements take for granted about tables and rights, proven, and the
 * second wall between tenants raised for them where the database has one. */
static scim_err_t *prepare(scim_talk_t *talk)
{
    const scim_call_t *call = talk->call;
    apr_pool_t *pool = call->request->pool;
    scim_sql_t *wall;

    SCIM_TRY(prove(talk));
    if (talk->facts->is_walled && !call->is_public) {
        wall = apr_palloc(pool, sizeof(*wall));
        scim_sql_init(wall, pool);
        scim_sql_wall(wall, talk->mapping, &call->asker);
        scim_conn_set_prologue(talk->conn, wall);
    }
    return NULL;
}

/* A statement that fails says nothing of who asks. The log and the events are
 * to know it; so is the client, if the token is not valid. Costs a turn, where
 * something has gone wrong anyway. */
static scim_err_t *identify(scim_talk_t *talk, scim_err_t *err)
{
    const scim_call_t *call = talk->call;
    scim_err_t *other;

    if (call->reply->token_id || call->is_public
        || err->kind == SCIM_ERR_UNAUTHORIZED) {
        return err;
    }
    scim_conn_end(talk->conn, call->request->pool);
    if (scim_conn_is_closed(talk->conn)) {
        return err;
    }
    other = scim_talk_token(talk, SCIM_ASK_ALONE);
    return other && other->kind == SCIM_ERR_UNAUTHORIZED ? other : err;
}

static scim_err_t *attempt(int *pagain, scim_talk_t *talk, scim_talk_cb cb,
                           void *baton)
{
    scim_err_t *err = prepare(talk);

    if (!err) {
        err = cb(talk, baton);
    }
    *pagain = err && scim_conn_can_retry(talk->conn);
    return err;
}

/* The same connection again, open anew if its statements were stale: those of
 * any other would be, too. */
static scim_err_t *begin_anew(scim_conn_t *conn, apr_time_t deadline,
                              apr_pool_t *pool)
{
    scim_conn_end(conn, pool);
    return scim_conn_begin(conn, deadline, pool);
}

/* In a transaction that has failed the database cannot be asked who it was.
 * Whoever holds it has asked before. */
static void identify_joined(const scim_call_t *call)
{
    const scim_reply_t *caller = call->request->held->caller;
    scim_reply_t *reply = call->reply;

    if (caller && !reply->token_id) {
        reply->token_id = caller->token_id;
        reply->tenant = caller->tenant;
        reply->actor = caller->actor;
    }
}

/* Whoever began the transaction ends it, and begins it anew if need be. */
static scim_err_t *join(const scim_call_t *call, scim_talk_cb cb, void *baton)
{
    const scim_request_t *request = call->request;
    scim_talk_t talk = { call, call->mapping, NULL, request->held->conn, 1 };
    scim_err_t *err;

    scim_conn_extend(talk.conn, scim_pool_deadline(request->connections));
    SCIM_TRY(prepare(&talk));
    err = cb(&talk, baton);
    if (err && err->kind != SCIM_ERR_UNAUTHORIZED) {
        identify_joined(call);
    }
    return err;
}

static scim_err_t *check_connections(const scim_request_t *request)
{
    return request->connections ? NULL
         : scim_err_make(SCIM_ERR_UNAVAILABLE, request->pool,
                         "the service has no connection to its database; try "
                         "again later");
}

scim_err_t *scim_talk_hold(scim_held_t *held, const scim_call_t *call)
{
    const scim_request_t *request = call->request;
    apr_time_t begin;
    scim_err_t *err;

    held->is_joined = 0;
    held->caller = NULL;
    SCIM_TRY(check_connections(request));
    begin = apr_time_now();
    err = scim_pool_acquire(&held->conn, request->connections, "",
                            begin + scim_pool_timeout(request->connections),
                            request->pool);
    call->reply->work.database += apr_time_now() - begin;
    return err;
}

void scim_talk_let_go(scim_held_t *held, const scim_call_t *call)
{
    scim_pool_release(call->request->connections, held->conn,
                      call->request->pool);
}

static scim_err_t *converse(const scim_call_t *call, scim_talk_cb cb,
                            void *baton, apr_time_t deadline)
{
    const scim_request_t *request = call->request;
    scim_talk_t talk = { call, call->mapping, NULL, NULL, 0 };
    scim_err_t *err;
    int again, tries = TRIES;

    SCIM_TRY(take(&talk.conn, call, deadline));
    err = attempt(&again, &talk, cb, baton);
    while (again && --tries && apr_time_now() < deadline) {
        err = begin_anew(talk.conn, deadline, request->pool);
        if (err) {
            break;
        }
        err = attempt(&again, &talk, cb, baton);
    }
    if (err) {
        err = identify(&talk, err);
    }
    give_back(request, talk.conn);
    return err;
}

scim_err_t *scim_talk(const scim_call_t *call, scim_talk_cb cb, void *baton)
{
    const scim_request_t *request = call->request;
    apr_time_t begin;
    scim_err_t *err;

    SCIM_TRY(check_connections(request));
    if (request->held && request->held->is_joined) {
        return join(call, cb, baton);
    }
    begin = apr_time_now();
    err = converse(call, cb, baton,
                   begin + scim_pool_timeout(request->connections));
    call->reply->work.database += apr_time_now() - begin;
    return err;
}

void scim_talk_note_change(scim_talk_t *talk)
{
    talk->call->reply->work.changes++;
}

/* The proof is all that is wanted. */
static scim_err_t *say_nothing(scim_talk_t *talk, void *baton)
{
    (void)talk;
    (void)baton;
    return NULL;
}

scim_err_t *scim_talk_complete(const scim_call_t *call)
{
    return scim_talk(call, say_nothing, NULL);
}

/* Remember who asks, or refuse. */
static scim_err_t *know(const scim_talk_t *talk, const scim_answer_t *answer)
{
    scim_reply_t *reply = talk->call->reply;

    if (!answer->token_id) {
        scim_limiter_forget(talk->call);
        return scim_auth_refuse(&reply->authenticate,
                                talk->call->request->pool);
    }
    if (!reply->token_id) {
        scim_limiter_know(talk->call, answer->tenant);
    }
    reply->token_id = answer->token_id;
    reply->tenant = answer->tenant;
    reply->actor = answer->actor;
    return NULL;
}

scim_err_t *scim_talk_token(scim_talk_t *talk, scim_ask_t ask)
{
    scim_answer_t answer;
    scim_sql_t sql;

    scim_sql_init(&sql, talk->call->request->pool);
    scim_sql_token(&sql, talk->mapping, &talk->call->asker);
    return scim_talk_ask(talk, &answer, &sql, ask);
}

scim_err_t *scim_talk_ask(scim_talk_t *talk, scim_answer_t *answer,
                          const scim_sql_t *sql, scim_ask_t ask)
{
    SCIM_TRY(scim_pg_ask(answer, talk->conn, sql,
                         talk->is_joined ? SCIM_ASK_ALONE : ask,
                         talk->mapping, talk->call->request->pool));
    return know(talk, answer);
}

scim_err_t *scim_talk_begin_group(scim_talk_t *talk, scim_answer_t *answer,
                                  apr_array_header_t **plooked,
                                  const scim_sql_t *sql,
                                  const scim_sql_t *look)
{
    SCIM_TRY(scim_pg_ask_group(answer, plooked, talk->conn, sql, look,
                               talk->is_joined ? SCIM_ASK_ALONE
                                               : SCIM_ASK_BEGIN,
                               talk->mapping, talk->call->request->pool));
    return know(talk, answer);
}

scim_err_t *scim_talk_commit_group(scim_talk_t *talk, scim_answer_t *answer,
                                   const scim_sql_t *change,
                                   const scim_sql_t *get)
{
    SCIM_TRY(scim_pg_change_group(answer, talk->conn, change, get,
                                  talk->is_joined ? SCIM_ASK_ALONE
                                                  : SCIM_ASK_COMMIT,
                                  talk->mapping, talk->call->request->pool));
    return know(talk, answer);
}
