/* rules.h - what may not happen to an account, and what is said of it.
 *
 * Protected are the rows of ScimProtect and always the row of the actor whose
 * token makes the request. Refusals are never 403: Entra would stop the whole
 * job for one account.
 */
#ifndef SCIM_SERVICE_RULES_H
#define SCIM_SERVICE_RULES_H

#include "service/talk.h"
#include "store/row.h"

/** Whether the row is protected from this caller. */
int scim_rules_is_protected(const scim_talk_t *talk, const scim_row_t *row);

/** Refuse to rename, link, deactivate a protected row. @return NULL, or
 * SCIM_ERR_MUTABILITY */
scim_err_t *scim_rules_check_change(const scim_talk_t *talk,
                                    const scim_row_t *row,
                                    const scim_json_t *before,
                                    const scim_json_t *after);

/** Refuse to delete a protected row. @return NULL, or SCIM_ERR_MUTABILITY */
scim_err_t *scim_rules_check_delete(const scim_talk_t *talk,
                                    const scim_row_t *row);

/** Refuse to let a resource grow, request by request, beyond what one body can
 * hold: it could not be replaced any more, and nobody would know how large a
 * page can be. What is larger already may stay. @return NULL, or
 * SCIM_ERR_INVALID_VALUE */
scim_err_t *scim_rules_check_size(const scim_talk_t *talk,
                                  const scim_state_t *old,
                                  const scim_state_t *new);

/** The conflict with a protected row that a create met. */
scim_err_t *scim_rules_protected_conflict(const scim_talk_t *talk,
                                          const scim_row_t *row);

/** The conflict over an attribute: `userName "x" is used by another
 * account`. */
scim_err_t *scim_rules_conflict(const scim_talk_t *talk,
                                const scim_attr_t *attr,
                                const scim_json_t *resource);

/** Name the attribute in what a unique index or a CHECK of the database
 * refused, and the reason in what the guard did; other errors are handed back
 * as they are. */
scim_err_t *scim_rules_word(const scim_talk_t *talk, scim_err_t *err,
                            const scim_state_t *state);

#endif
