/* Errors as values: status, scimType and texts. */
#include "base/err.h"
#include "base/fold.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

static scim_err_t *fail(apr_pool_t *pool)
{
    SCIM_TRY(NULL);
    SCIM_TRY(scim_err_make(SCIM_ERR_UNIQUENESS, pool, "userName '%s'", "x"));
    return NULL;
}

static void test_kinds(apr_pool_t *pool)
{
    scim_err_t *err = fail(pool);

    ok(err != NULL, "SCIM_TRY hands the error on");
    is_int(err->kind, SCIM_ERR_UNIQUENESS, "its kind");
    is_int(err->status, 409, "its status");
    is_str(err->scim_type, "uniqueness", "its scimType");
    is_str(err->detail, "userName 'x'", "its detail");
    is_str(err->cause, NULL, "no cause");

    err = scim_err_make_cause(SCIM_ERR_UNAVAILABLE, "later", "refused", pool);
    is_int(err->status, 503, "unavailable");
    is_str(err->scim_type, NULL, "scimType goes with few kinds only");
    is_str(err->cause, "refused", "the cause is kept for the log");
}

static void test_quote(apr_pool_t *pool)
{
    const char *long_text = apr_pstrcat(pool, "0123456789", "0123456789",
                                        "0123456789", "0123456789",
                                        "0123456789", "0123456789",
                                        "0123456789", "0123456789", NULL);
    const char *quoted;
    int i;

    is_str(scim_err_quote("", pool), "", "nothing to quote");
    is_str(scim_err_quote("a\nb\x7f", pool), "a?b?", "control characters");
    is_str(scim_err_quote("\xc3\xbc", pool), "\xc3\xbc", "other characters");
    is_str(scim_err_quote("a\xff", pool), "a?", "what is no UTF-8");
    is_str(scim_err_quote(long_text, pool), long_text, "80 bytes stay");
    quoted = scim_err_quote(apr_pstrcat(pool, long_text, "x", NULL), pool);
    is_int(strlen(quoted), 80, "81 bytes are cut to 80");
    is_str(quoted + 77, "...", "which shows");
    for (i = 0; i < 4; i++) {
        quoted = scim_err_quote(apr_pstrcat(pool, &"aaa"[i],
                                            "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
                                            "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
                                            "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                                            "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                                            "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                                            "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                                            "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                                            "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                                            "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                                            "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                                            "\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
                                            NULL), pool);
        ok(strlen(quoted) <= 80
           && scim_utf8_is_valid(quoted, strlen(quoted)),
           "cut between two characters, %d", i);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_kinds(pool);
    test_quote(pool);
    apr_terminate();
    return done_testing();
}
