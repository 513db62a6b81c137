/* Fuzzing of Authorization headers: there is either a hash or a challenge,
 * and neither repeats what was sent. */
#include "service/auth.h"
#include "t/fuzz/harness.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>
#include <strings.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    apr_initialize();
    return 0;
}

/* As PostgreSQL reads a bytea of 32 bytes. */
static int is_hash(const char *text)
{
    return strncmp(text, "\\x", 2) == 0 && strlen(text) == 66
        && strspn(text + 2, "0123456789abcdef") == 64;
}

/* Longer words than any that the module says itself. */
static void check_keeps_secret(const char *said, const char *header)
{
    const char *token = header ? strpbrk(header, " \t") : NULL;

    check(!token || strlen(token) < 30 || !strstr(said, token + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *sha256 = NULL, *authenticate = NULL, *again = NULL, *header;
    apr_pool_t *pool;
    scim_err_t *err;

    apr_pool_create(&pool, NULL);
    /* no bytes: no header */
    header = size ? apr_pstrmemdup(pool, (const char *)data, size) : NULL;
    err = scim_auth_read(&sha256, &authenticate, header, pool);
    if (err) {
        check(err->kind == SCIM_ERR_UNAUTHORIZED && !sha256);
        check(strncmp(authenticate, "Bearer ", 7) == 0);
        check_keeps_secret(err->detail, header);
        check_keeps_secret(authenticate, header);
    }
    else {
        check(is_hash(sha256) && !authenticate);
        check(strncasecmp(header, "Bearer", 6) == 0);
        /* blanks around it are not part of it */
        header = apr_pstrcat(pool, "bEARER \t", header + 6, " ", NULL);
        check(!scim_auth_read(&again, &authenticate, header, pool)
              && strcmp(again, sha256) == 0);
        /* one that the database does not have */
        err = scim_auth_refuse(&authenticate, pool);
        check(err->kind == SCIM_ERR_UNAUTHORIZED);
        check(strstr(authenticate, "error=\"invalid_token\"") != NULL);
    }
    apr_pool_destroy(pool);
    return 0;
}
