/* digest.h - SHA-256 and hexadecimal text. */
#ifndef SCIM_BASE_DIGEST_H
#define SCIM_BASE_DIGEST_H

#include <apr_pools.h>

#define SCIM_SHA256_LEN 32      /* bytes */

/** Hash @a len bytes into @a digest. */
void scim_sha256(unsigned char digest[SCIM_SHA256_LEN], const void *data,
                 apr_size_t len);

/** @a len bytes as lower-case hexadecimal digits, in @a pool. */
char *scim_hex(const unsigned char *data, apr_size_t len, apr_pool_t *pool);

#endif
