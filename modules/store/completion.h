/* completion.h - a mapping with what only the catalog knows of its attributes.
 *
 * The configuration leaves the type of an attribute to its column where it
 * says none, and does not know what is unique. Both are among the facts. A
 * mapping is never changed: the completed one is another, whose attributes
 * have the same places.
 */
#ifndef SCIM_STORE_COMPLETION_H
#define SCIM_STORE_COMPLETION_H

#include "store/mapping.h"

/** The mapping as the configuration has made it; itself if it is that. */
const scim_mapping_t *scim_mapping_origin(const scim_mapping_t *mapping);

/** The mapping completed by facts about it. */
const scim_mapping_t *scim_mapping_complete(const scim_mapping_t *mapping,
                                            const scim_facts_t *facts,
                                            apr_pool_t *pool);

/** Whether the attributes have the types that the facts say. What is open is
 * of any type. */
int scim_mapping_agrees(const scim_mapping_t *mapping,
                        const scim_facts_t *facts);

/** Whether the attributes are in all as the facts say: nothing is open, and
 * what is unique is known. */
int scim_mapping_is_completed_by(const scim_mapping_t *mapping,
                                 const scim_facts_t *facts);

#endif
