/* Fuzzing of If-Match and If-None-Match: the two are judged alike, but that a
 * read is answered by the whole version, and a list to which the version is put
 * names it, unless it was no list. */
#include "proto/etag.h"
#include "t/fuzz/harness.h"

#include <apr_general.h>
#include <apr_strings.h>

#define VERSION "W/\"1f.2e\""

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    apr_initialize();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scim_conditions_t match = { 0 }, none_match = { 0 }, both;
    const char *list;
    apr_pool_t *pool;
    int is_own, is_whole;

    apr_pool_create(&pool, NULL);
    list = apr_pstrmemdup(pool, (const char *)data, size);
    is_own = scim_etag_is_named(list, VERSION, 1);
    is_whole = scim_etag_is_named(list, VERSION, 0);
    check(is_own || !is_whole);
    match.if_match = none_match.if_none_match = list;
    both = match;
    both.if_none_match = list;
    check(scim_etag_judge(&match, VERSION, 0)
          == (is_own ? SCIM_ETAG_PROCEED : SCIM_ETAG_FAILED));
    check(scim_etag_judge(&none_match, VERSION, 0)
          == (is_own ? SCIM_ETAG_FAILED : SCIM_ETAG_PROCEED));
    check(scim_etag_judge(&none_match, VERSION, 1)
          == (is_whole ? SCIM_ETAG_NOT_MODIFIED : SCIM_ETAG_PROCEED));
    check(scim_etag_judge(&both, VERSION, 1)
          == (is_whole ? SCIM_ETAG_NOT_MODIFIED
              : is_own ? SCIM_ETAG_PROCEED : SCIM_ETAG_FAILED));
    /* what has no version is named by `*` alone */
    check(is_whole || !scim_etag_is_named(list, NULL, 0));
    check(scim_etag_is_named(apr_pstrcat(pool, VERSION ", ", list, NULL),
                             VERSION, 0));
    apr_pool_destroy(pool);
    return 0;
}
