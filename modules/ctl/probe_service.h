/* probe_service.h - what a service provider has to do before there is a user:
 * tokens, URLs, filters, lists, discovery. Nothing is changed. */
#ifndef SCIM_CTL_PROBE_SERVICE_H
#define SCIM_CTL_PROBE_SERVICE_H

#include "ctl/trial.h"

/** Try it. @return whether there is any use in going on */
int scim_probe_service(scim_trial_t *trial);

#endif
