#include "console/proof.h"

#include <apr_strings.h>

#include <string.h>

#include "base/digest.h"
#include "base/seal.h"

#define GOOD_FOR apr_time_from_sec(12 * 3600)

/* What is sealed is the end of its time. */
static const char *bound(const char *login, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "console ", login, NULL);
}

const char *scim_console_proof_make(const char *secret, const char *login,
                                    apr_time_t now, apr_pool_t *pool)
{
    unsigned char key[SCIM_SEAL_KEY_LEN];
    const char *end = apr_psprintf(pool, "%" APR_TIME_T_FMT, now + GOOD_FOR);

    scim_sha256(key, secret, strlen(secret));
    return scim_seal(key, end, strlen(end), bound(login, pool), pool);
}

int scim_console_proof_is_good(const char *proof, const char *secret,
                               const char *login, apr_time_t now,
                               apr_pool_t *scratch_pool)
{
    unsigned char key[SCIM_SEAL_KEY_LEN];
    const char *end;
    apr_size_t len;

    scim_sha256(key, secret, strlen(secret));
    return scim_seal_open(&end, &len, key, proof,
                          bound(login, scratch_pool), scratch_pool)
        && apr_atoi64(end) > now;
}
