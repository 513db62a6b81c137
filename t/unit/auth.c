/* The Authorization header. */
#include "service/auth.h"
#include "base/digest.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define CHALLENGE "Bearer realm=\"SCIM\""

/* The hash that a header gives, by the token that was meant. */
static const struct {
    const char *header, *token;
} good[] = {
    { "Bearer abc", "abc" },
    { "bearer abc", "abc" },
    { "BEARER abc", "abc" },
    { "bEaReR abc", "abc" },
    { "Bearer  abc", "abc" },
    { "Bearer\tabc", "abc" },
    { "Bearer \t abc", "abc" },
    { "Bearer abc ", "abc" },
    { "Bearer abc\t ", "abc" },
    { "Bearer a", "a" },
    { "Bearer abc=", "abc=" },
    { "Bearer abc==", "abc==" },
    { "Bearer a-._~+/Z9", "a-._~+/Z9" },
    { "Bearer scim_0123456789abcdef", "scim_0123456789abcdef" },
    { "Bearer ABC", "ABC" },
    { "Bearer Bearer", "Bearer" }
};

static const struct {
    const char *header;         /* NULL: none */
    const char *authenticate;
    const char *detail;
} bad[] = {
    { NULL, CHALLENGE, "the request has no API token; it must be sent as"
      " \"Authorization: Bearer TOKEN\"" },
    { "", CHALLENGE, "only Bearer tokens are accepted" },
    { "abc", CHALLENGE, "only Bearer tokens are accepted" },
    { "Basic YWRtaW46YWRtaW4=", CHALLENGE, "only Bearer tokens are accepted" },
    { "Bearerabc", CHALLENGE, "only Bearer tokens are accepted" },
    { "Bearerx abc", CHALLENGE, "only Bearer tokens are accepted" },
    { " Bearer abc", CHALLENGE, "only Bearer tokens are accepted" },
    { "Token abc", CHALLENGE, "only Bearer tokens are accepted" },
    { "Bearer=abc", CHALLENGE, "only Bearer tokens are accepted" },
    { "Bearer", CHALLENGE ", error=\"invalid_request\"", NULL },
    { "Bearer ", CHALLENGE ", error=\"invalid_request\"", NULL },
    { "Bearer  \t ", CHALLENGE ", error=\"invalid_request\"", NULL },
    { "Bearer a b", CHALLENGE ", error=\"invalid_request\"", NULL },
    { "Bearer abc, Bearer abc", CHALLENGE ", error=\"invalid_request\"",
      NULL },
    { "Bearer abc,Bearer", CHALLENGE ", error=\"invalid_request\"", NULL },
    { "Bearer \"abc\"", CHALLENGE ", error=\"invalid_request\"", NULL },
    { "Bearer =abc", CHALLENGE ", error=\"invalid_request\"", NULL },
    { "Bearer ==", CHALLENGE ", error=\"invalid_request\"", NULL },
    { "Bearer a=b", CHALLENGE ", error=\"invalid_request\"", NULL },
    { "Bearer ab\x01", CHALLENGE ", error=\"invalid_request\"", NULL },
    { "Bearer \xc3\xbc", CHALLENGE ", error=\"invalid_request\"", NULL },
    { "Bearer ' OR '1'='1", CHALLENGE ", error=\"invalid_request\"", NULL }
};

static const char *hash_of(const char *token, apr_pool_t *pool)
{
    unsigned char digest[SCIM_SHA256_LEN];

    scim_sha256(digest, token, strlen(token));
    return apr_pstrcat(pool, "\\x", scim_hex(digest, sizeof(digest), pool),
                       NULL);
}

static const char *token_of_length(int len, apr_pool_t *pool)
{
    char *token = apr_palloc(pool, len + 1);

    memset(token, 'x', len);
    token[len] = '\0';
    return token;
}

int main(void)
{
    const char *hash, *authenticate, *token;
    apr_pool_t *pool;
    scim_err_t *err;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < COUNT(good); i++) {
        hash = authenticate = NULL;
        err = scim_auth_read(&hash, &authenticate, good[i].header, pool);
        ok(!err && !authenticate, "T5: \"%s\" is taken", good[i].header);
        is_str(hash, hash_of(good[i].token, pool), "T5: \"%s\": its hash",
               good[i].header);
    }
    is_str(hash_of("abc", pool), "\\xba7816bf8f01cfea414140de5dae2223"
           "b00361a396177a9cb410ff61f20015ad", "the hash is SHA-256");
    for (i = 0; i < COUNT(bad); i++) {
        const char *name = bad[i].header ? bad[i].header : "no header";

        hash = authenticate = NULL;
        err = scim_auth_read(&hash, &authenticate, bad[i].header, pool);
        ok(err && err->kind == SCIM_ERR_UNAUTHORIZED && err->status == 401,
           "T5: \"%s\" is refused", name);
        ok(!hash, "T5: \"%s\": nothing is hashed", name);
        is_str(authenticate, bad[i].authenticate, "T5: \"%s\": the challenge",
               name);
        is_str(err ? err->detail : NULL, bad[i].detail ? bad[i].detail
               : "the Authorization header has no well-formed Bearer token",
               "T5: \"%s\": what is said", name);
        ok(!err || !bad[i].header || strlen(bad[i].header) < 8
           || !strstr(err->detail, bad[i].header + 7),
           "T5: \"%s\": the token is not said", name);
    }

    token = token_of_length(4096, pool);
    err = scim_auth_read(&hash, &authenticate,
                         apr_pstrcat(pool, "Bearer ", token, NULL), pool);
    ok(!err && strcmp(hash, hash_of(token, pool)) == 0,
       "T5: a token may have 4096 characters");
    err = scim_auth_read(&hash, &authenticate,
                         apr_pstrcat(pool, "Bearer x", token, NULL), pool);
    ok(err != NULL, "T5: one more is none of ours");

    err = scim_auth_refuse(&authenticate, pool);
    ok(err->kind == SCIM_ERR_UNAUTHORIZED && err->status == 401
       && !err->scim_type, "T5: a token that is not valid is 401");
    is_str(authenticate, CHALLENGE ", error=\"invalid_token\"",
           "T5: and the challenge says so");
    apr_terminate();
    return done_testing();
}
