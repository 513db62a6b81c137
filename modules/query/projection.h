/* projection.h - which attributes a reply shows: `attributes` and
 * `excludedAttributes` (RFC 7644 section 3.9) beside each attribute's
 * `returned`.
 */
#ifndef SCIM_QUERY_PROJECTION_H
#define SCIM_QUERY_PROJECTION_H

#include "base/err.h"
#include "schema/rtype.h"

/**
 * Find what is to be shown.
 *
 * Names are separated by commas; blanks around them and names that the type
 * does not have are ignored. A complex attribute stands for all its
 * sub-attributes, a schema URN for all attributes of that schema.
 *
 * @param pshown   set on success: by attribute index, whether it is shown; an
 *                 attribute with one shown sub-attribute is shown
 * @param included the parameter's text, or NULL
 * @param excluded the parameter's text, or NULL
 * @return NULL, or SCIM_ERR_INVALID_VALUE when both are given
 */
scim_err_t *scim_projection_make(const unsigned char **pshown,
                                 const char *included, const char *excluded,
                                 const scim_rtype_t *type, apr_pool_t *pool);

/**
 * Add what a request wrote, for a request that does not say what it wants to
 * see: to write what is returned on request is to ask for it (RFC 7643
 * section 7).
 *
 * @param shown of scim_projection_make(); left alone
 * @param named by index of top-level attributes
 */
const unsigned char *scim_projection_add(const unsigned char *shown,
                                         const unsigned char *named,
                                         const scim_rtype_t *type,
                                         apr_pool_t *pool);

#endif
