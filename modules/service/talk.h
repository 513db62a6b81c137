/* talk.h - one conversation with the database for one request: a connection
 * taken once, the mapping proven, the caller's token checked with the first
 * answer.
 */
#ifndef SCIM_SERVICE_TALK_H
#define SCIM_SERVICE_TALK_H

#include "pg/resource.h"
#include "service/call.h"

typedef struct scim_talk_t {
    const scim_call_t *call;
    const scim_mapping_t *mapping;
    const scim_facts_t *facts;
    scim_conn_t *conn;
} scim_talk_t;

/** What is said in the conversation. It may be called again from the start
 * when the database undid everything: a deadlock, a stale plan. */
typedef scim_err_t *(*scim_talk_cb)(scim_talk_t *talk, void *baton);

/** Hold a conversation. What the callback leaves in its baton stays good
 * after it. */
scim_err_t *scim_talk(const scim_call_t *call, scim_talk_cb cb, void *baton);

/**
 * Run a statement, and remember in the reply who asks.
 *
 * @return NULL, SCIM_ERR_UNAUTHORIZED when the token is not valid, or what
 *         the database said
 */
scim_err_t *scim_talk_ask(scim_talk_t *talk, scim_answer_t *answer,
                          const scim_sql_t *sql, scim_ask_t ask);

#endif
