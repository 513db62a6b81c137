#include "base/digest.h"

#include <openssl/sha.h>

void scim_sha256(unsigned char digest[SCIM_SHA256_LEN], const void *data,
                 apr_size_t len)
{
    SHA256(data, len, digest);
}

char *scim_hex(const unsigned char *data, apr_size_t len, apr_pool_t *pool)
{
    static const char hex[] = "0123456789abcdef";
    char *out = apr_palloc(pool, 2 * len + 1), *at = out;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        *at++ = hex[data[i] >> 4];
        *at++ = hex[data[i] & 15];
    }
    *at = '\0';
    return out;
}
