/* request.h - a request and its reply, as the service sees them: plain
 * structs, no httpd.
 */
#ifndef SCIM_SERVICE_REQUEST_H
#define SCIM_SERVICE_REQUEST_H

#include <apr_tables.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/rate.h"
#include "base/tally.h"
#include "pg/pool.h"
#include "proto/etag.h"
#include "store/mapping.h"

/* What a location is configured to be; never written after that. */
typedef struct scim_service_t {
    const scim_mapping_t *users;
    const scim_mapping_t *groups;   /* NULL: groups are off */
    int page;                   /* resources per page unless asked */
    int page_max;               /* and at most */
    int public_discovery;       /* no token for discovery */
    int retry_after;            /* seconds; what a 503 asks for */
    int bulk_max;               /* operations of a bulk job; 0: no bulk */
    scim_limits_t limits;
    apr_off_t body_max;         /* bytes of a body */
    scim_rate_t rate;           /* of a tenant's requests; 0 per second: any */
    scim_tally_location_t *tally;   /* what is counted of it; NULL: nothing */
} scim_service_t;

/* A connection that serves several requests, one after the other. */
typedef struct scim_held_t {
    scim_conn_t *conn;
    int is_joined;              /* the requests are parts of one transaction,
                                 * which is open */
    const struct scim_reply_t *caller;  /* has who asks; NULL: nobody knows */
} scim_held_t;

typedef struct scim_request_t {
    const scim_service_t *service;
    scim_pool_t *connections;   /* of this child; NULL: none could be made */
    scim_held_t *held;          /* to be used; NULL: take one */
    const char *method;         /* GET also stands for HEAD */
    const char *path;           /* below the base, decoded, with its slash */
    const char *query;          /* raw; NULL: none */
    const char *authorization;  /* the header, or NULL */
    const char *content_type;   /* the header, or NULL */
    scim_conditions_t conditions;
    const char *body;           /* NULL: none */
    apr_size_t body_len;
    const scim_json_t *data;    /* the body when it is parsed already; NULL */
    scim_err_t *body_err;       /* why the body could not be taken, or NULL;
                                 * judged when the token is known to be valid */
    const char *base_url;       /* no slash at its end */
    const char *request_id;     /* for events; NULL: none */
    const char *client;         /* address, likewise */
    apr_array_header_t *refusals;   /* of scim_refusal_t (pg/event.h), to be
                                 * written when the reply is sent; NULL: not
                                 * kept */
    apr_pool_t *pool;
} scim_request_t;

/* What a request did beside its answer; of a bulk job, all its operations. */
typedef struct scim_work_t {
    int changes;                /* committed, each with its event */
    int discarded;              /* attributes that nothing here keeps */
    int held_back;              /* times that the guard refused */
    int held_for;               /* seconds until it lets go; 0: it did not */
    apr_interval_time_t database;   /* from asking for a connection until it
                                 * was given back */
} scim_work_t;

typedef struct scim_reply_t {
    int status;
    scim_subject_t subject;
    scim_operation_t operation;
    scim_work_t work;
    scim_buf_t body;            /* empty: no body */
    const char *id;             /* of the resource in it; NULL: none */
    const char *location;       /* headers; NULL: none */
    const char *content_location;
    const char *etag;
    const char *allow;
    const char *authenticate;
    int retry_after;            /* seconds; 0: none */
    const char *actor;          /* who asked, once known; else NULL */
    const char *tenant;
    const char *token_id;
    const scim_err_t *err;      /* what the body says, for the log; or NULL */
    const apr_array_header_t *ignored;  /* of const char *: what the client
                                 * sent and nothing here keeps; or NULL */
} scim_reply_t;

#define SCIM_REPLY_CONTENT_TYPE "application/scim+json"

/** Add what a part of a request did. */
void scim_work_add(scim_work_t *work, const scim_work_t *part);

/** Make a reply that says an error. */
void scim_reply_refuse(scim_reply_t *reply, const scim_err_t *err,
                       apr_pool_t *pool);

/** Make a reply that says an HTTP status which httpd has found by itself. */
void scim_reply_status(scim_reply_t *reply, int status, const char *detail,
                       apr_pool_t *pool);

/**
 * Answer a request. Always gives a reply: errors become SCIM error messages.
 *
 * Thread-safe; the reply lives in the request's pool.
 */
void scim_request_serve(scim_reply_t *reply, const scim_request_t *request);

#endif
