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
    int is_joined;          /* part of a transaction of several requests: an
                             * error of the database ends that, so nothing
                             * may be tried again */
} scim_talk_t;

/** What is said in the conversation. It may be called again from the start
 * when the database undid everything: a deadlock, a stale plan. */
typedef scim_err_t *(*scim_talk_cb)(scim_talk_t *talk, void *baton);

/**
 * The facts of a mapping, proven if need be; what that tells of its attributes
 * is kept for the requests to come.
 *
 * @return NULL; SCIM_ERR_UNAVAILABLE also when the tables have changed so that
 *         this request was read by types that its attributes do not have any
 *         more: the next one will be read by those they have
 */
scim_err_t *scim_talk_facts(const scim_facts_t **pfacts,
                            const scim_talk_t *talk,
                            const scim_mapping_t *mapping);

/** Have the mappings of users and groups completed: by a conversation that
 * proves them. */
scim_err_t *scim_talk_complete(const scim_call_t *call);

/** Hold a conversation. What the callback leaves in its baton stays good
 * after it. */
scim_err_t *scim_talk(const scim_call_t *call, scim_talk_cb cb, void *baton);

/** Take a connection for several requests, each of which is a conversation.
 * Give it back with scim_talk_let_go(). */
scim_err_t *scim_talk_hold(scim_held_t *held, const scim_call_t *call);

void scim_talk_let_go(scim_held_t *held, const scim_call_t *call);

/**
 * Run a statement, and remember in the reply who asks.
 *
 * @return NULL, SCIM_ERR_UNAUTHORIZED when the token is not valid, or what
 *         the database said
 */
scim_err_t *scim_talk_ask(scim_talk_t *talk, scim_answer_t *answer,
                          const scim_sql_t *sql, scim_ask_t ask);

/** Run the statement that only checks the token. */
scim_err_t *scim_talk_token(scim_talk_t *talk, scim_ask_t ask);

/** Note that a change and its event are written: nothing can fail any more but
 * what the request is a part of. */
void scim_talk_note_change(scim_talk_t *talk);

/**
 * Begin a transaction about a group: see scim_pg_ask_group(). Who asks is
 * remembered and refused as scim_talk_ask() does.
 */
scim_err_t *scim_talk_begin_group(scim_talk_t *talk, scim_answer_t *answer,
                                  apr_array_header_t **plooked,
                                  const scim_sql_t *sql,
                                  const scim_sql_t *look);

/** End it: see scim_pg_change_group(). */
scim_err_t *scim_talk_commit_group(scim_talk_t *talk, scim_answer_t *answer,
                                   const scim_sql_t *change,
                                   const scim_sql_t *get);

#endif
