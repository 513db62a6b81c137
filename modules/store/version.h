/* version.h - the version of a resource (RFC 7644 section 3.14).
 *
 * A hash of what a client can see of the row, so it changes exactly when that
 * does, whoever changed it, and is the same on every host. What stands beside
 * the resource is left out: key, tombstone, meta. For the members of a group
 * stands the counter of ScimVersion, so nobody has to read them.
 *
 * Where members, or a user's groups, were read to be shown, and there are any,
 * a second hash follows behind a dot: these say the name of each, and who is
 * not deleted, which neither the row nor the counter knows. proto/etag.h says
 * which of the two a condition is about.
 *
 * It is a weak validator: two representations of one version may differ in
 * what `attributes` leaves out and in how they are compressed.
 */
#ifndef SCIM_STORE_VERSION_H
#define SCIM_STORE_VERSION_H

#include "store/row.h"

/** The version of a row as ETag and meta.version have it: `W/"..."`, with
 * nothing between the quotes but hexadecimal digits and the dot. */
const char *scim_row_version(const scim_mapping_t *mapping,
                             const scim_row_t *row, apr_pool_t *pool);

#endif
