/* patch_work.h - a resource in memory that a PATCH or a body is being applied
 * to, and the elements of its multi-valued attributes. For the parts of
 * patch.h, proto/patch_*.c. */
#ifndef SCIM_PROTO_PATCH_WORK_H
#define SCIM_PROTO_PATCH_WORK_H

#include "proto/membership.h"
#include "proto/value.h"

/* What one call works on. */
typedef struct scim_patch_work_t {
    scim_json_t *resource;
    scim_intake_t *intake;
    const scim_rtype_t *type;
    apr_pool_t *pool;
    apr_pool_t *scratch;        /* cleared after each operation */
    int merging;                /* a body, not a PATCH: clears nothing */
    const scim_json_t *before;  /* the resource as it was */
    unsigned char *removed;     /* by attribute index: what `remove` named */
    scim_membership_t *members; /* set: only operations on members count, and
                                 * are taken down; NULL: only the others */
    apr_uint64_t looked;        /* what filters have looked through, bytes */
} scim_patch_work_t;

/** The value of an attribute; an empty array or object is set where there is
 * none. */
scim_json_t *scim_patch_get_or_make(scim_patch_work_t *work,
                                    const scim_attr_t *attr);

/** Set the given members of an object; JSON null clears one. */
void scim_patch_merge_into(scim_json_t *object, const scim_json_t *members,
                           apr_pool_t *pool);

/**
 * Add an element in normal form, or let the one that it describes have what it
 * says: the same element is not there twice.
 *
 * @return NULL, or SCIM_ERR_MUTABILITY
 */
scim_err_t *scim_patch_add_element(scim_patch_work_t *work,
                                   const scim_attr_t *attr,
                                   const scim_json_t *element);

/** Whether @a element is what @a wanted describes: the same `value` where one
 * is given, else the same in all that is given. */
int scim_patch_is_described(const scim_json_t *element,
                            const scim_json_t *wanted,
                            const scim_attr_t *attr);

/** If the element is the primary one now, no other is (RFC 7644 section
 * 3.5.2). */
void scim_patch_keep_one_primary(scim_json_t *array,
                                 const scim_json_t *chosen);

/** Only the first of several primary elements in one list stays one. */
void scim_patch_keep_first_primary(scim_json_t *array);

/** Take out elements that must not exist, and the attribute with its last
 * one. */
void scim_patch_drop_hollow(scim_patch_work_t *work, const scim_attr_t *attr);

/** Take out elements that are there twice (RFC 7643 section 2.4): the first
 * gets what a later one says. */
void scim_patch_drop_repeated(scim_patch_work_t *work,
                              const scim_attr_t *attr);

#endif
