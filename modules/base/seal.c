#include "base/seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <limits.h>
#include <string.h>

#define NONCE_LEN 12
#define TAG_LEN 16

/* RFC 4648 section 5, without padding. */
static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const char *encode(const unsigned char *data, apr_size_t len,
                          apr_pool_t *pool)
{
    char *out = apr_palloc(pool, (len + 2) / 3 * 4 + 1), *at = out;
    unsigned int bits = 0;
    int held = 0;

    for (; len; data++, len--) {
        bits = bits << 8 | *data;
        for (held += 8; held >= 6; held -= 6) {
            *at++ = digits[bits >> (held - 6) & 63];
        }
    }
    if (held) {
        *at++ = digits[bits << (6 - held) & 63];
    }
    *at = '\0';
    return out;
}

/* NULL unless the text is exactly what encode() writes: of the last digit's
 * bits, those that carry nothing are 0. */
static unsigned char *decode(const char *text, apr_size_t *plen,
                             apr_pool_t *pool)
{
    unsigned char *out = apr_palloc(pool, strlen(text) / 4 * 3 + 3);
    unsigned char *at = out;
    unsigned int bits = 0;
    int held = 0;

    for (; *text; text++) {
        const char *digit = strchr(digits, *text);

        if (!digit) {
            return NULL;
        }
        bits = bits << 6 | (unsigned int)(digit - digits);
        held += 6;
        if (held >= 8) {
            held -= 8;
            *at++ = (unsigned char)(bits >> held);
        }
    }
    *plen = at - out;
    return held < 6 && !(bits & ((1U << held) - 1)) ? out : NULL;
}

static int encrypt(EVP_CIPHER_CTX *ctx, unsigned char *sealed,
                   const unsigned char *key, const char *data, int len,
                   const char *bound)
{
    unsigned char *at = sealed + NONCE_LEN;
    int n;

    return RAND_bytes(sealed, NONCE_LEN) == 1
        && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, sealed) == 1
        && EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)bound,
                             (int)strlen(bound)) == 1
        && EVP_EncryptUpdate(ctx, at, &n, (const unsigned char *)data,
                             len) == 1
        && EVP_EncryptFinal_ex(ctx, at + n, &n) == 1
        && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN,
                               at + len) == 1;
}

static int decrypt(EVP_CIPHER_CTX *ctx, unsigned char *data,
                   const unsigned char *key, unsigned char *sealed, int len,
                   const char *bound)
{
    unsigned char *at = sealed + NONCE_LEN;
    int n;

    return EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, sealed) == 1
        && EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)bound,
                             (int)strlen(bound)) == 1
        && EVP_DecryptUpdate(ctx, data, &n, at, len) == 1
        && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN,
                               at + len) == 1
        && EVP_DecryptFinal_ex(ctx, data + n, &n) == 1;
}

const char *scim_seal(const unsigned char key[SCIM_SEAL_KEY_LEN],
                      const char *data, apr_size_t len, const char *bound,
                      apr_pool_t *pool)
{
    apr_size_t size = NONCE_LEN + len + TAG_LEN;
    unsigned char *sealed = apr_palloc(pool, size);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = ctx && encrypt(ctx, sealed, key, data, (int)len, bound);

    EVP_CIPHER_CTX_free(ctx);
    return done ? encode(sealed, size, pool) : NULL;
}

int scim_seal_open(const char **pdata, apr_size_t *plen,
                   const unsigned char key[SCIM_SEAL_KEY_LEN],
                   const char *text, const char *bound, apr_pool_t *pool)
{
    EVP_CIPHER_CTX *ctx;
    unsigned char *sealed, *data;
    apr_size_t size;
    int done;

    sealed = decode(text, &size, pool);
    if (!sealed || size < NONCE_LEN + TAG_LEN || size > INT_MAX) {
        return 0;
    }
    size -= NONCE_LEN + TAG_LEN;
    data = apr_palloc(pool, size + 1);
    ctx = EVP_CIPHER_CTX_new();
    done = ctx && decrypt(ctx, data, key, sealed, (int)size, bound);
    EVP_CIPHER_CTX_free(ctx);
    data[size] = '\0';
    *pdata = (const char *)data;
    *plen = size;
    return done;
}
