/* proof.h - that a change was asked for by our own page.
 *
 * The browser sends the login with requests of any page. So ours sends a text
 * in a header that it was told on the same origin, where no other page can
 * read it. The text is sealed for the login and good for half a day.
 */
#ifndef SCIM_CONSOLE_PROOF_H
#define SCIM_CONSOLE_PROOF_H

#include <apr_pools.h>
#include <apr_time.h>

/**
 * Make a proof for a login.
 *
 * @param secret what all hosts share, a text
 * @return the proof in @a pool; NULL when the system has no random numbers
 */
const char *scim_console_proof_make(const char *secret, const char *login,
                                    apr_time_t now, apr_pool_t *pool);

/** Whether @a proof was made for the login with that secret, and not too long
 * ago. */
int scim_console_proof_is_good(const char *proof, const char *secret,
                               const char *login, apr_time_t now,
                               apr_pool_t *scratch_pool);

#endif
