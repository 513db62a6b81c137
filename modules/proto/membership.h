/* membership.h - what a request does to the members of a group.
 *
 * Members are not part of the resource in memory: a group may have any number
 * of them, and a change is to cost what it changes. So the operations on
 * `members` are taken down in order as steps; the caller asks the database
 * about the users they name, and only if there is no other way about all
 * members; then the steps say who comes and who goes.
 *
 * Members are users. Their sub-attributes are never changed: a member is
 * added or removed as a whole (RFC 7643 section 4.2).
 */
#ifndef SCIM_PROTO_MEMBERSHIP_H
#define SCIM_PROTO_MEMBERSHIP_H

#include <apr_hash.h>
#include <apr_tables.h>

#include "base/err.h"
#include "base/json.h"
#include "query/path.h"

/* What an operation of a PATCH does. */
typedef enum {
    SCIM_PATCH_ADD,
    SCIM_PATCH_REPLACE,
    SCIM_PATCH_REMOVE
} scim_patch_op_t;

typedef struct scim_membership_t {
    apr_array_header_t *steps;
    apr_array_header_t *named;  /* ids that the steps name, of const char *,
                                 * each once */
    int needs_all;              /* a step asks about members it does not
                                 * name */
    int filters;                /* steps that look at every member */
    apr_hash_t *told;           /* by id: what scim_membership_tell() told */
    apr_hash_t *seen;           /* the ids of `named` */
    const scim_rtype_t *users;  /* what members are */
    const char *base_url;       /* and where they are found */
    apr_pool_t *pool;
} scim_membership_t;

/* How many filters of a request may have to look at every member. */
#define SCIM_MEMBERS_FILTERS_MAX 10

/** Begin with no steps. Everything lives in @a pool; @a base_url has no slash
 * at its end. */
scim_membership_t *scim_membership_make(const scim_rtype_t *users,
                                        const char *base_url,
                                        apr_pool_t *pool);

/**
 * Take down one operation.
 *
 * @param path  of the operation; its attr is `members`
 * @param value NULL: none given. Members as objects, one object, or the bare
 *              id of one. To add or to replace by null, "" and [] is to do so
 *              with nobody; to remove, no value and null mean everybody. An
 *              object without an id is refused in each of them
 * @return NULL; SCIM_ERR_INVALID_VALUE for a value that does not say who is
 *         meant, or names a group; SCIM_ERR_MUTABILITY for what would change
 *         a member in place; SCIM_ERR_TOO_LARGE for one filter too many
 */
scim_err_t *scim_membership_note(scim_membership_t *membership,
                                 scim_patch_op_t op,
                                 const scim_path_t *path,
                                 const scim_json_t *value);

/** Whether there is nothing to do. */
int scim_membership_is_empty(const scim_membership_t *membership);

/** Forget who was told of, before the database is asked anew. */
void scim_membership_forget(scim_membership_t *membership);

/** Tell of a user who exists. Texts are borrowed. */
void scim_membership_tell(scim_membership_t *membership, const char *id,
                          int is_member, const char *display);

/**
 * Find out who comes and who goes, when all has been told.
 *
 * @param padded   ids, of const char *; NULL: nobody
 * @param premoved likewise
 * @return NULL, or SCIM_ERR_INVALID_VALUE when a user who is to be added does
 *         not exist
 */
scim_err_t *scim_membership_resolve(const apr_array_header_t **padded,
                                    const apr_array_header_t **premoved,
                                    scim_membership_t *membership);

#endif
