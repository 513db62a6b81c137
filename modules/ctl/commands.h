/* commands.h - the commands of scimctl. Each gets the arguments behind its
 * name and answers with the exit status. */
#ifndef SCIM_CTL_COMMANDS_H
#define SCIM_CTL_COMMANDS_H

#include "ctl/ctl.h"

/** Prove the mappings of a web server against the database. */
int scim_ctl_check(scim_ctl_t *ctl, int argc, const char **argv);

/** Propose a mapping for an existing database. */
int scim_ctl_inspect(scim_ctl_t *ctl, int argc, const char **argv);

/** Issue, list, rotate and revoke tokens. */
int scim_ctl_token(scim_ctl_t *ctl, int argc, const char **argv);

/** Turn access on and off. */
int scim_ctl_access(scim_ctl_t *ctl, int argc, const char **argv);

/** Show what was changed. */
int scim_ctl_events(scim_ctl_t *ctl, int argc, const char **argv);

/** Let an organisation go on that a guard has stopped. */
int scim_ctl_release(scim_ctl_t *ctl, int argc, const char **argv);

/** Say what a directory's people would meet. */
int scim_ctl_adopt(scim_ctl_t *ctl, int argc, const char **argv);

/** Try a service provider the way identity providers use it. */
int scim_ctl_probe(scim_ctl_t *ctl, int argc, const char **argv);

#endif
