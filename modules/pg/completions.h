/* completions.h - what the mappings of a child have become with the answers of
 * its database (store/completion.h).
 *
 * Requests are read by these before they have a connection. One is made for
 * each answer that differs, which is seldom more than one in the life of a
 * child, and lives as long as the child: a request may be using it.
 */
#ifndef SCIM_PG_COMPLETIONS_H
#define SCIM_PG_COMPLETIONS_H

#include <apr_errno.h>

#include "store/completion.h"

typedef struct scim_completions_t scim_completions_t;

/** Begin with none, in child_init. */
apr_status_t scim_completions_make(scim_completions_t **pcompletions,
                                   apr_pool_t *pool);

/** The mapping as it was completed last; NULL: not yet. Thread-safe. */
const scim_mapping_t *scim_completions_get(scim_completions_t *completions,
                                           const scim_mapping_t *mapping);

/** Complete a mapping by what a connection has just proven. Thread-safe. */
void scim_completions_put(scim_completions_t *completions,
                          const scim_mapping_t *mapping,
                          const scim_facts_t *facts);

#endif
