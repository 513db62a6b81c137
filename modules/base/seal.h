/* seal.h - texts that only we can read and only we can have made.
 *
 * AES-256-GCM under a key that all hosts share. The sealed text consists of
 * the characters that RFC 3986 calls unreserved, so it stands in a URL as it
 * is. Sealing the same twice gives two texts. The nonce is random: one key is
 * good for some thousand million texts.
 */
#ifndef SCIM_BASE_SEAL_H
#define SCIM_BASE_SEAL_H

#include <apr_pools.h>

#define SCIM_SEAL_KEY_LEN 32    /* bytes */

/**
 * Seal @a len bytes.
 *
 * @param bound what the text is for; it is not in the text, and who opens it
 *              has to know it
 * @return the text in @a pool; NULL when the system has no random numbers
 */
const char *scim_seal(const unsigned char key[SCIM_SEAL_KEY_LEN],
                      const char *data, apr_size_t len, const char *bound,
                      apr_pool_t *pool);

/**
 * Open a sealed text.
 *
 * @param pdata set on success to the bytes, in @a pool, with a NUL behind
 * @return whether the text was sealed with this key for the same @a bound,
 *         and is unchanged
 */
int scim_seal_open(const char **pdata, apr_size_t *plen,
                   const unsigned char key[SCIM_SEAL_KEY_LEN],
                   const char *text, const char *bound, apr_pool_t *pool);

#endif
