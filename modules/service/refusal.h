/* refusal.h - which requests scim.events keeps as refused, and how.
 *
 * Those that a caller with a valid token made and that were answered 4xx, or
 * held back by the guard. They are noted here while they are served; whoever
 * has sent the reply writes them (pg/event.h).
 */
#ifndef SCIM_SERVICE_REFUSAL_H
#define SCIM_SERVICE_REFUSAL_H

#include "service/call.h"

/** Note a request that ended in @a err, if it is one of those. What is noted
 * lives in the pool of the list. */
void scim_refusal_note(const scim_call_t *call, const scim_err_t *err);

#endif
