/* message.h - the messages that are not resources (RFC 7644 sections 3.4.2,
 * 3.5.2, 3.7 and 3.12). */
#ifndef SCIM_PROTO_MESSAGE_H
#define SCIM_PROTO_MESSAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

/** Write an error message. @a scim_type may be NULL. */
void scim_message_error(scim_buf_t *buf, int status, const char *scim_type,
                        const char *detail);

/** Write a list response up to its first resource. @a items is the number
 * of resources that will follow, separated by commas. */
void scim_message_list_open(scim_buf_t *buf, apr_int64_t total,
                            apr_int64_t start, int items);

/** The same of a page that a cursor led to (RFC 9865 section 2). @a next: the
 * cursor of the page behind it; NULL: there is none. */
void scim_message_page_open(scim_buf_t *buf, apr_int64_t total, int items,
                            const char *next);

/** Write the end of either. */
void scim_message_list_close(scim_buf_t *buf);

/** The array `Operations` of a PATCH or a bulk job.
 * @return NULL; SCIM_ERR_INVALID_SYNTAX when there is none */
scim_err_t *scim_message_operations(const scim_json_t **plist,
                                    const scim_json_t *body,
                                    apr_pool_t *pool);

#endif
