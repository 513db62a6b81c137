/* definitions.h - the lines of a <ScimResource> that define attributes and
 * schemas. They are read ahead of the others, so that the resource type is
 * complete, and never written again, before anything refers to it, and the
 * order of the lines does not matter.
 */
#ifndef SCIM_HTTPD_DEFINITIONS_H
#define SCIM_HTTPD_DEFINITIONS_H

#include <httpd.h>
#include <http_config.h>

#include "schema/draft.h"

/* A ScimAttribute, taken apart. */
typedef struct scim_attribute_line_t {
    const char *target;
    const char *column;
    const char *key;                /* of key=, or NULL */
    apr_array_header_t *options;    /* of scim_option_t: the others */
} scim_attribute_line_t;

/** Take the arguments of a ScimAttribute apart. NULL or a sentence. */
const char *scim_attribute_line_parse(scim_attribute_line_t *line,
                                      const char *args, apr_pool_t *pool);

/**
 * Read what the container that @a cmd opens defines.
 *
 * @param ptype the built-in resource type; set to the one with all of it
 * @return NULL, or a sentence, about the line that cmd->err_directive is set
 *         to
 */
const char *scim_definitions_read(const scim_rtype_t **ptype, cmd_parms *cmd);

#endif
