#include "service/auth.h"

#include <apr_strings.h>

#include <string.h>
#include <strings.h>

#include "base/digest.h"

#define CHALLENGE "Bearer realm=\"SCIM\""

/* Longer ones are no tokens of ours; hashing them would be work for nothing. */
#define TOKEN_MAX 4096

static int is_token(const char *text)
{
    apr_size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz"
                                  "0123456789-._~+/");

    return len > 0 && len <= TOKEN_MAX && !text[len + strspn(text + len, "=")];
}

scim_err_t *scim_auth_read(const char **psha256, const char **pauthenticate,
                           const char *header, apr_pool_t *pool)
{
    unsigned char digest[SCIM_SHA256_LEN];
    char *token;
    apr_size_t len;

    if (!header) {
        *pauthenticate = CHALLENGE;
        return scim_err_make(SCIM_ERR_UNAUTHORIZED, pool,
                             "the request has no API token; it must be sent "
                             "as \"Authorization: Bearer TOKEN\"");
    }
    if (strncasecmp(header, "Bearer", 6) != 0
        || (header[6] && header[6] != ' ' && header[6] != '\t')) {
        *pauthenticate = CHALLENGE;
        return scim_err_make(SCIM_ERR_UNAUTHORIZED, pool,
                             "only Bearer tokens are accepted");
    }
    token = apr_pstrdup(pool, header + 6 + strspn(header + 6, " \t"));
    for (len = strlen(token); len && strchr(" \t", token[len - 1]); len--) {
        token[len - 1] = '\0';
    }
    if (!is_token(token)) {
        *pauthenticate = CHALLENGE ", error=\"invalid_request\"";
        return scim_err_make(SCIM_ERR_UNAUTHORIZED, pool,
                             "the Authorization header has no well-formed "
                             "Bearer token");
    }
    scim_sha256(digest, token, strlen(token));
    *psha256 = apr_pstrcat(pool, "\\x",
                           scim_hex(digest, sizeof(digest), pool), NULL);
    return NULL;
}

scim_err_t *scim_auth_refuse(const char **pauthenticate, apr_pool_t *pool)
{
    *pauthenticate = CHALLENGE ", error=\"invalid_token\"";
    return scim_err_make(SCIM_ERR_UNAUTHORIZED, pool,
                         "the API token is not valid: it may be mistyped, "
                         "expired or revoked, or API access may be switched "
                         "off for the organisation or the token's owner");
}
