#include "base/digest.h"

#include <openssl/evp.h>

#include <pthread.h>
#include <stdlib.h>

/* Looked up once: to find it costs as much as to hash a row. */
static EVP_MD *sha256;

static void find_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void scim_sha256(unsigned char digest[SCIM_SHA256_LEN], const void *data,
                 apr_size_t len)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, find_sha256);
    if (!EVP_Digest(data, len, digest, NULL, sha256, NULL)) {
        abort();
    }
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
