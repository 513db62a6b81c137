#include "service/talk.h"

#include "pg/proof.h"
#include "service/auth.h"

#define TRIES 3

static scim_err_t *attempt(int *pagain, const scim_call_t *call,
                           scim_talk_cb cb, void *baton, apr_time_t deadline)
{
    const scim_request_t *request = call->request;
    scim_talk_t talk = { call, call->mapping, NULL, NULL };
    scim_err_t *err;

    *pagain = 0;
    SCIM_TRY(scim_pool_acquire(&talk.conn, request->connections, deadline,
                               request->pool));
    err = scim_proof_facts(&talk.facts, talk.conn, talk.mapping,
                             request->pool);
    if (!err) {
        err = cb(&talk, baton);
    }
    *pagain = err && scim_conn_can_retry(talk.conn);
    scim_pool_release(request->connections, talk.conn, request->pool);
    return err;
}

scim_err_t *scim_talk(const scim_call_t *call, scim_talk_cb cb, void *baton)
{
    scim_err_t *err;
    apr_time_t deadline;
    int again = 0, tries = TRIES;

    if (!call->request->connections) {
        return scim_err_make(SCIM_ERR_UNAVAILABLE, call->request->pool,
                             "the service has no connection to its database; "
                             "try again later");
    }
    deadline = scim_pool_deadline(call->request->connections);
    do {
        err = attempt(&again, call, cb, baton, deadline);
    } while (again && --tries && apr_time_now() < deadline);
    return err;
}

scim_err_t *scim_talk_ask(scim_talk_t *talk, scim_answer_t *answer,
                          const scim_sql_t *sql, scim_ask_t ask)
{
    scim_reply_t *reply = talk->call->reply;

    SCIM_TRY(scim_pg_ask(answer, talk->conn, sql, ask, talk->mapping,
                         talk->call->request->pool));
    if (!answer->token_id) {
        return scim_auth_refuse(&reply->authenticate,
                                talk->call->request->pool);
    }
    reply->token_id = answer->token_id;
    reply->tenant = answer->tenant;
    reply->actor = answer->actor;
    return NULL;
}
