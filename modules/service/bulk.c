#include "service/bulk.h"

#include <apr_escape.h>
#include <apr_strings.h>

#include <string.h>

#include "base/log.h"
#include "proto/bulk.h"
#include "proto/message.h"
#include "service/intake.h"
#include "service/resources.h"
#include "service/talk.h"

/* No operation begins when the job has taken this many times ScimTimeout:
 * clients give up after some time, and somebody else may want the connection.
 */
#define JOB_TIMEOUTS 12

/* An ordinary create has forty values and names. */
#define VALUES_PER_OPERATION 100

typedef struct job_t {
    const scim_call_t *call;    /* of the job, over the held connection */
    scim_held_t *held;
    scim_bulk_t *bulk;
    apr_time_t end;
    scim_err_t *over;           /* why nothing more is tried; NULL: it is */
    int errors;
    int answered;               /* operations, by more than 503 */
    scim_work_t *work;          /* where it is noted what they do */
    apr_pool_t *scratch;        /* of one step */
} job_t;

/* --- what came of an operation --- */

/* The URL of what the operation is about, where that is known. */
static const char *locate(const job_t *job,
                          const scim_bulk_operation_t *operation)
{
    const scim_request_t *request = job->call->request;
    const char *id;

    if (!operation->endpoint) {
        return NULL;
    }
    id = strcmp(operation->method, "POST") == 0
       ? operation->id : scim_bulk_target(job->bulk, operation);
    return id ? apr_pstrcat(request->pool, request->base_url, "/",
                            operation->endpoint, "/",
                            apr_pescape_path_segment(request->pool, id), NULL)
              : NULL;
}

static const char *job_name(const job_t *job)
{
    const char *id = job->call->request->request_id;

    return id ? id : "-";
}

/* Whose it is, for the end of a line. */
static const char *job_owner(const job_t *job)
{
    const scim_reply_t *reply = job->call->reply;

    return apr_psprintf(job->scratch, " [tenant %s, actor %s]",
                        reply->tenant ? reply->tenant : "-",
                        reply->actor ? reply->actor : "-");
}

static int number_of(const job_t *job, const scim_bulk_operation_t *operation)
{
    return (int)(operation - job->bulk->operations) + 1;
}

static void log_error(const job_t *job, const scim_bulk_operation_t *operation,
                      const scim_err_t *err)
{
    int ours = err->kind == SCIM_ERR_INTERNAL
            || err->kind == SCIM_ERR_MISCONFIGURED
            || err->kind == SCIM_ERR_UNAVAILABLE;

    scim_log(ours ? SCIM_LOG_ERR : err->kind == SCIM_ERR_HELD_BACK
                                   ? SCIM_LOG_WARNING : SCIM_LOG_INFO, 50,
             "bulk job %s, operation %d answered %d: %s%s%s%s", job_name(job),
             number_of(job, operation), err->status, err->detail,
             err->cause ? ": " : "", err->cause ? err->cause : "",
             job_owner(job));
}

static void log_ignored(const job_t *job,
                        const scim_bulk_operation_t *operation,
                        const scim_reply_t *reply)
{
    if (reply->ignored && reply->ignored->nelts) {
        scim_log(SCIM_LOG_DEBUG, 74, "bulk job %s, operation %d: not kept "
                 "here and left out: %s%s", job_name(job),
                 number_of(job, operation),
                 apr_array_pstrcat(job->scratch, reply->ignored, ' '),
                 job_owner(job));
    }
}

static void fail(job_t *job, scim_bulk_operation_t *operation,
                 const scim_err_t *err)
{
    scim_bulk_outcome_t *outcome = &operation->outcome;
    scim_buf_t buf;

    scim_buf_init(&buf, 256, job->call->request->pool);
    scim_message_error(&buf, err->status, err->scim_type, err->detail);
    operation->id = NULL;
    memset(outcome, 0, sizeof(*outcome));
    outcome->status = err->status;
    outcome->scim_type = err->scim_type;
    outcome->response = buf.data;
    outcome->location = locate(job, operation);
    job->errors++;
}

static void succeed(const job_t *job, scim_bulk_operation_t *operation,
                    const scim_reply_t *reply)
{
    apr_pool_t *pool = job->call->request->pool;

    if (strcmp(operation->method, "POST") == 0) {
        operation->id = apr_pstrdup(pool, reply->id);
    }
    operation->outcome.status = reply->status;
    operation->outcome.location = locate(job, operation);
    operation->outcome.version = apr_pstrdup(pool, reply->etag);
}

static void count(const job_t *job, const scim_bulk_operation_t *operation)
{
    const char *method = operation->method, *endpoint = operation->endpoint;
    scim_tally_key_t key = { .is_bulk = 1 };

    key.operation = !method ? SCIM_OPERATION_OTHER
                  : strcmp(method, "POST") == 0 ? SCIM_OPERATION_CREATE
                  : strcmp(method, "PUT") == 0 ? SCIM_OPERATION_PUT
                  : strcmp(method, "PATCH") == 0 ? SCIM_OPERATION_PATCH
                  : strcmp(method, "DELETE") == 0 ? SCIM_OPERATION_DELETE
                  : SCIM_OPERATION_OTHER;
    key.subject = !endpoint ? SCIM_SUBJECT_NONE
                : strcmp(endpoint, "Users") == 0 ? SCIM_SUBJECT_USER
                : strcmp(endpoint, "Groups") == 0 ? SCIM_SUBJECT_GROUP
                : SCIM_SUBJECT_NONE;
    key.status = operation->outcome.status;
    key.scim_type = operation->outcome.scim_type;
    if (job->call->request->service->tally) {
        scim_tally_request(job->call->request->service->tally, &key);
    }
}

/* --- one operation --- */

static scim_err_t *check_time(const job_t *job)
{
    return apr_time_now() < job->end ? NULL
         : scim_err_make(SCIM_ERR_UNAVAILABLE, job->call->request->pool,
                         "the job took too long; send this operation again");
}

/* Why the operation cannot even be tried, or NULL. */
static scim_err_t *check(const job_t *job,
                         const scim_bulk_operation_t *operation)
{
    const scim_bulk_operation_t *create;
    apr_pool_t *pool = job->scratch;
    const char *bulk_id;

    if (operation->err) {
        return operation->err;
    }
    create = scim_bulk_failed_need(job->bulk, operation);
    if (!create) {
        return NULL;
    }
    bulk_id = scim_err_quote(create->bulk_id, pool);
    return create->outcome.status == 503
         ? scim_err_make(SCIM_ERR_UNAVAILABLE, pool,
                         "it refers to the bulkId \"%s\", whose operation "
                         "could not be done; send both again", bulk_id)
         : scim_err_make(SCIM_ERR_CONFLICT, pool,
                         "it refers to the bulkId \"%s\", whose operation "
                         "failed", bulk_id);
}

/* Serve it as any other request, but over the job's connection. What of it is
 * not kept is told here, as such requests leave no line of their own. */
static scim_err_t *serve(scim_reply_t *reply, const job_t *job,
                         const scim_bulk_operation_t *operation,
                         const char *method, const char *path,
                         const char *version, const scim_json_t *data)
{
    const scim_request_t *outer = job->call->request;
    scim_request_t *request = apr_pcalloc(job->scratch, sizeof(*request));

    request->service = outer->service;
    request->connections = outer->connections;
    request->held = job->held;
    request->method = method;
    request->path = path;
    request->authorization = outer->authorization;
    request->conditions.if_match = version;
    request->data = data;
    request->base_url = outer->base_url;
    request->request_id = outer->request_id;
    request->client = outer->client;
    request->refusals = outer->refusals;
    request->pool = job->scratch;
    scim_request_serve(reply, request);
    log_ignored(job, operation, reply);
    scim_work_add(job->work, &reply->work);
    return reply->err ? apr_pmemdup(job->scratch, reply->err,
                                    sizeof(*reply->err)) : NULL;
}

static const char *path_of(const job_t *job,
                           const scim_bulk_operation_t *operation,
                           const char *id)
{
    return apr_pstrcat(job->scratch, "/", operation->endpoint, "/",
                       id ? id : "", NULL);
}

static scim_err_t *try_operation(job_t *job, scim_bulk_operation_t *operation)
{
    scim_reply_t reply;

    SCIM_TRY(check(job, operation));
    SCIM_TRY(serve(&reply, job, operation, operation->method,
                   path_of(job, operation,
                           scim_bulk_target(job->bulk, operation)),
                   operation->version,
                   scim_bulk_data(job->bulk, operation, job->scratch)));
    succeed(job, operation, &reply);
    return NULL;
}

static scim_err_t *carry_out(job_t *job, scim_bulk_operation_t *operation)
{
    scim_err_t *err = try_operation(job, operation);

    if (err) {
        fail(job, operation, err);
        log_error(job, operation, err);
    }
    job->answered += !err || err->kind != SCIM_ERR_UNAVAILABLE;
    return err;
}

/* --- a circle --- */

typedef struct circle_t {
    job_t *job;
    const scim_bulk_step_t *step;
    scim_work_t work;               /* done when all of it is */
    scim_bulk_operation_t *failed;  /* whose error it is; NULL: everybody's */
} circle_t;

static scim_bulk_operation_t *member(const circle_t *circle, int i)
{
    return &circle->job->bulk->operations[circle->step->operations[i]];
}

/* Create all without the attributes that refer to what is not there yet;
 * `later` gets a PATCH for each that has such. */
static scim_err_t *create_members(circle_t *circle, scim_json_t **later)
{
    job_t *job = circle->job;
    scim_reply_t reply;
    int i;

    for (i = 0; i < circle->step->count; i++) {
        scim_bulk_operation_t *operation = member(circle, i);
        scim_json_t *data = scim_bulk_data(job->bulk, operation,
                                           job->scratch);

        circle->failed = operation;
        SCIM_TRY(check_time(job));
        later[i] = data ? scim_bulk_part(data, job->scratch) : NULL;
        SCIM_TRY(serve(&reply, job, operation, "POST",
                       path_of(job, operation, NULL), operation->version,
                       data));
        succeed(job, operation, &reply);
    }
    return NULL;
}

static scim_err_t *patch_members(circle_t *circle, scim_json_t **later)
{
    job_t *job = circle->job;
    scim_reply_t reply;
    int i;

    for (i = 0; i < circle->step->count; i++) {
        scim_bulk_operation_t *operation = member(circle, i);

        if (!later[i]) {
            continue;
        }
        circle->failed = operation;
        SCIM_TRY(check_time(job));
        scim_bulk_resolve(job->bulk, later[i], job->scratch);
        SCIM_TRY(serve(&reply, job, operation, "PATCH",
                       path_of(job, operation, operation->id), NULL,
                       later[i]));
        operation->outcome.version =
            apr_pstrdup(job->call->request->pool, reply.etag);
    }
    circle->failed = NULL;
    return NULL;
}

/* A deadlock may bring us here again: nothing of the last time is left. */
static scim_err_t *talk_circle(scim_talk_t *talk, void *baton)
{
    circle_t *circle = baton;
    job_t *job = circle->job;
    scim_json_t **later = apr_pcalloc(job->scratch,
                                      (apr_size_t)circle->step->count
                                      * sizeof(*later));
    scim_err_t *err;
    int i;

    for (i = 0; i < circle->step->count; i++) {
        member(circle, i)->id = NULL;
    }
    circle->failed = NULL;
    memset(&circle->work, 0, sizeof(circle->work));
    SCIM_TRY(scim_pg_begin(talk->conn, job->scratch));
    job->held->is_joined = 1;
    err = create_members(circle, later);
    if (!err) {
        err = patch_members(circle, later);
    }
    job->held->is_joined = 0;
    return err ? err : scim_pg_commit(talk->conn, job->scratch);
}

/* What the others of a circle are told. */
static scim_err_t *shared_error(const circle_t *circle, scim_err_t *err)
{
    if (!circle->failed || err->kind == SCIM_ERR_UNAVAILABLE
        || err->kind == SCIM_ERR_UNAUTHORIZED) {
        return err;
    }
    return scim_err_make(SCIM_ERR_CONFLICT, circle->job->scratch,
                         "it belongs to a circle of references with the "
                         "bulkId \"%s\", whose operation failed; nothing of "
                         "the circle was done",
                         scim_err_quote(circle->failed->bulk_id,
                                        circle->job->scratch));
}

static scim_err_t *try_circle(circle_t *circle)
{
    job_t *job = circle->job;
    scim_work_t *work = job->work;
    scim_err_t *err;
    int i;

    for (i = 0; i < circle->step->count; i++) {
        circle->failed = member(circle, i);
        SCIM_TRY(check(job, circle->failed));
    }
    job->work = &circle->work;
    err = scim_talk(job->call, talk_circle, circle);
    job->work = work;
    if (!err) {
        scim_work_add(work, &circle->work);
    }
    return err;
}

static scim_err_t *carry_out_circle(job_t *job, const scim_bulk_step_t *step)
{
    circle_t circle = { .job = job, .step = step };
    scim_err_t *err = try_circle(&circle), *shared;
    int i;

    job->answered += !err || err->kind != SCIM_ERR_UNAVAILABLE;
    if (!err) {
        return NULL;
    }
    log_error(job, circle.failed ? circle.failed : member(&circle, 0), err);
    shared = shared_error(&circle, err);
    for (i = 0; i < step->count; i++) {
        scim_bulk_operation_t *operation = member(&circle, i);

        fail(job, operation, operation == circle.failed ? err : shared);
    }
    return err;
}

/* --- the job --- */

/* Whether it makes sense to go on after an operation that ended in `err`. */
static scim_err_t *judge(const job_t *job, const scim_err_t *err)
{
    if (!err || err->kind != SCIM_ERR_UNAVAILABLE) {
        return NULL;
    }
    return scim_conn_is_closed(job->held->conn)
         ? scim_err_make(SCIM_ERR_UNAVAILABLE, job->call->request->pool,
                         "the database went away during the job; send this "
                         "operation again")
         : check_time(job);
}

static void carry_out_step(job_t *job, const scim_bulk_step_t *step)
{
    scim_bulk_operation_t *operations = job->bulk->operations;
    scim_err_t *err;
    int i;

    if (!job->over) {
        job->over = check_time(job);
    }
    if (job->over) {
        for (i = 0; i < step->count; i++) {
            fail(job, &operations[step->operations[i]], job->over);
        }
    }
    else {
        err = step->is_circle ? carry_out_circle(job, step)
                              : carry_out(job, &operations[*step->operations]);
        job->over = judge(job, err);
    }
    for (i = 0; i < step->count; i++) {
        count(job, &operations[step->operations[i]]);
    }
    apr_pool_clear(job->scratch);
}

static void carry_out_all(job_t *job)
{
    const scim_bulk_t *bulk = job->bulk;
    int i;

    for (i = 0; i < bulk->steps->nelts; i++) {
        if (bulk->fail_on_errors && job->errors >= bulk->fail_on_errors) {
            break;
        }
        carry_out_step(job, &APR_ARRAY_IDX(bulk->steps, i, scim_bulk_step_t));
    }
}

static int values_max(const scim_service_t *service)
{
    int values = service->bulk_max * VALUES_PER_OPERATION;

    return values > service->limits.body_values ? values
                                                : service->limits.body_values;
}

static scim_err_t *run(job_t *job)
{
    const scim_request_t *request = job->call->request;
    int max = request->service->bulk_max;
    const scim_json_t *body;

    SCIM_TRY(scim_resources_authenticate(job->call));
    SCIM_TRY(scim_intake_job(&body, job->call,
                             values_max(request->service)));
    SCIM_TRY(scim_bulk_decode(&job->bulk, body, request->base_url, max,
                              request->pool));
    carry_out_all(job);
    return job->over && !job->answered ? job->over : NULL;
}

scim_err_t *scim_bulk_serve(scim_reply_t *reply, const scim_call_t *call)
{
    scim_request_t request = *call->request;
    scim_call_t over_held = *call;
    scim_held_t held;
    job_t job = { .call = &over_held, .held = &held, .work = &reply->work };
    scim_err_t *err;

    SCIM_TRY(scim_talk_hold(&held, call));
    request.held = &held;
    over_held.request = &request;
    held.caller = reply;
    job.end = apr_time_now()
            + JOB_TIMEOUTS * scim_pool_timeout(request.connections);
    apr_pool_create(&job.scratch, request.pool);
    err = run(&job);
    scim_talk_let_go(&held, call);
    if (err) {
        return err;
    }
    reply->status = 200;
    scim_bulk_format(&reply->body, job.bulk);
    return NULL;
}
