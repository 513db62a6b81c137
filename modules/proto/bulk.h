/* bulk.h - bulk messages (RFC 7644 section 3.7): many operations in one
 * request, which may refer to what others of them create.
 *
 * A reference is the text `bulkId:x`, x being the bulkId of a POST of the
 * same message. It stands wherever an id can stand: as a value, at the end of
 * a `$ref`, between the brackets of a PATCH path, in the path of an operation.
 *
 * The order is that of the message, but for a create which operations before
 * it refer to: it moves in front of them. Creates that refer to each other in
 * a circle are one step, which happens as a whole or not at all.
 *
 * Nothing here does I/O. The caller carries out the steps in order and notes
 * in each operation what came of it.
 */
#ifndef SCIM_PROTO_BULK_H
#define SCIM_PROTO_BULK_H

#include <apr_hash.h>
#include <apr_tables.h>

#include "base/err.h"
#include "base/json.h"

/* What came of an operation. */
typedef struct scim_bulk_outcome_t {
    int status;                 /* HTTP; 0: it was not carried out */
    const char *location;       /* NULL: none */
    const char *version;        /* NULL: none */
    const char *response;       /* JSON; NULL: none */
    const char *scim_type;      /* of an error; NULL: none */
} scim_bulk_outcome_t;

typedef struct scim_bulk_operation_t {
    const char *method;         /* POST, PUT, PATCH or DELETE */
    const char *bulk_id;        /* NULL: none */
    const char *version;        /* what If-Match would say; NULL: nothing */
    const char *endpoint;       /* Users or Groups */
    const char *target;         /* an id or a reference, decoded; NULL: none */
    scim_json_t *data;          /* NULL: none */
    apr_array_header_t *needs;  /* of int: the creates that it refers to */
    scim_err_t *err;            /* why it cannot be carried out, or NULL; then
                                 * members above may be missing */
    const char *id;             /* the caller's: what a create has made */
    scim_bulk_outcome_t outcome;/* the caller's */
} scim_bulk_operation_t;

/* Operations that are carried out together. */
typedef struct scim_bulk_step_t {
    int count;
    const int *operations;      /* by their place in the message */
    int is_circle;              /* creates that refer to each other, or one to
                                 * itself */
} scim_bulk_step_t;

typedef struct scim_bulk_t {
    int fail_on_errors;         /* errors after which it stops; 0: never */
    int count;
    scim_bulk_operation_t *operations;  /* in the order of the message */
    apr_array_header_t *steps;  /* of scim_bulk_step_t, in the order in which
                                 * they are carried out */
    apr_hash_t *creates;        /* bulkId to scim_bulk_operation_t */
} scim_bulk_t;

/**
 * Read a bulk message and put its operations in order. Names and methods in
 * any case, unknown members ignored, `schemas` not asked for, an empty list
 * of operations allowed, the base URL in front of a path allowed.
 *
 * @param pbulk    set on success; borrows from @a body
 * @param base_url of the service
 * @param max      how many operations there may be
 * @return NULL; SCIM_ERR_INVALID_SYNTAX for no object, no Operations, one that
 *         is no object; SCIM_ERR_INVALID_VALUE for failOnErrors;
 *         SCIM_ERR_TOO_LARGE. What is wrong with one operation stands in it
 */
scim_err_t *scim_bulk_decode(scim_bulk_t **pbulk, const scim_json_t *body,
                             const char *base_url, int max, apr_pool_t *pool);

/** The first create that this operation refers to and that was carried out
 * and made nothing; or NULL. */
const scim_bulk_operation_t *
scim_bulk_failed_need(const scim_bulk_t *bulk,
                      const scim_bulk_operation_t *operation);

/** The id that the operation's path names, or NULL where it names none or
 * one that is not known yet. */
const char *scim_bulk_target(const scim_bulk_t *bulk,
                             const scim_bulk_operation_t *operation);

/** A copy of the operation's data with the ids that are known by now; NULL:
 * it has none. */
scim_json_t *scim_bulk_data(const scim_bulk_t *bulk,
                            const scim_bulk_operation_t *operation,
                            apr_pool_t *pool);

/** Put the ids that are known by now into @a value, in place. */
void scim_bulk_resolve(const scim_bulk_t *bulk, scim_json_t *value,
                       apr_pool_t *pool);

/**
 * Take the attributes that still refer to something out of a create's data.
 *
 * @return a PatchOp message that would set them, or NULL when there are none
 */
scim_json_t *scim_bulk_part(scim_json_t *data, apr_pool_t *pool);

/** Write the response: what was carried out, in the order of the message. */
void scim_bulk_format(scim_buf_t *buf, const scim_bulk_t *bulk);

#endif
