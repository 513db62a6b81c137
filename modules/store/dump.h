/* dump.h - a mapping as a JSON document, and back.
 *
 * httpd writes it (httpd/dump.h) and scimctl reads it, so that the tool works
 * with the mapping as httpd has understood it and never with the text of a
 * configuration file. The document carries the schemas of the resource type
 * too: nothing in it depends on what either side has built in.
 */
#ifndef SCIM_STORE_DUMP_H
#define SCIM_STORE_DUMP_H

#include "base/json.h"
#include "store/mapping.h"

/** Append the mapping as a JSON object. */
void scim_dump_format(scim_buf_t *buf, const scim_mapping_t *mapping);

/**
 * Make the mapping that an object describes. Those of users and groups of one
 * location are the caller's to relate (scim_mapping_relate()).
 *
 * @param pmapping set on success, finished; lives in @a pool and borrows the
 *                 texts of @a object
 * @return NULL, or SCIM_ERR_INVALID_SYNTAX that says what is missing or wrong
 */
scim_err_t *scim_dump_decode(scim_mapping_t **pmapping,
                             const scim_json_t *object, apr_pool_t *pool);

#endif
