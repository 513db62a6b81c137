/* probe_life.h - the life of a throw-away user, as each client lives it:
 * created, found, changed, disabled, deleted, and hired again. */
#ifndef SCIM_CTL_PROBE_LIFE_H
#define SCIM_CTL_PROBE_LIFE_H

#include "ctl/trial.h"

/** Try a life in each dialect. Nobody stays behind, but for what is said.
 * @a domain is that of the users' names. */
void scim_probe_lives(scim_trial_t *trial, const char *domain);

#endif
