/* path.h - PATCH paths (RFC 7644 section 3.5.2, figure 7).
 *
 * `attr`, `attr.sub`, `attr[filter]`, `attr[filter].sub`, each with a schema
 * URN in front if wanted, in any case; a bare schema URN means the extension
 * as a whole.
 */
#ifndef SCIM_QUERY_PATH_H
#define SCIM_QUERY_PATH_H

#include "query/filter.h"

typedef struct scim_path_t {
    int known;                  /* 0: well formed, but names something that
                                 * this type does not have; then the rest is
                                 * empty */
    const scim_schema_t *schema;/* the URN alone was given; attr is NULL */
    const scim_attr_t *attr;    /* top-level attribute */
    const scim_filter_t *filter;/* between the brackets, or NULL */
    const scim_attr_t *sub;     /* sub-attribute, or NULL */
} scim_path_t;

/**
 * Parse a path; @a limits are for the filter between the brackets.
 *
 * @param ppath filled on success
 * @return NULL, or SCIM_ERR_INVALID_PATH for what is no path: empty, unclosed
 *         bracket, stray characters, a filter that cannot be read, brackets
 *         behind an attribute that is not multi-valued
 */
scim_err_t *scim_path_parse(scim_path_t *ppath, const char *text,
                            const scim_rtype_t *type,
                            const scim_limits_t *limits, apr_pool_t *pool);

#endif
