/* Fuzzing of If-Match and If-None-Match: the two are judged alike, and a list
 * to which the version is put names it, unless it was no list. */
#include "proto/etag.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <stdint.h>
#include <stdlib.h>

#define VERSION "W/\"1f\""

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    apr_initialize();
    return 0;
}

static void check(int holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scim_conditions_t match = { 0 }, none_match = { 0 }, both;
    const char *list;
    apr_pool_t *pool;
    int is_named;

    apr_pool_create(&pool, NULL);
    list = apr_pstrmemdup(pool, (const char *)data, size);
    is_named = scim_etag_is_named(list, VERSION);
    match.if_match = none_match.if_none_match = list;
    both = match;
    both.if_none_match = list;
    check(scim_etag_judge(&match, VERSION, 0)
          == (is_named ? SCIM_ETAG_PROCEED : SCIM_ETAG_FAILED));
    check(scim_etag_judge(&none_match, VERSION, 0)
          == (is_named ? SCIM_ETAG_FAILED : SCIM_ETAG_PROCEED));
    check(scim_etag_judge(&both, VERSION, 1)
          == (is_named ? SCIM_ETAG_NOT_MODIFIED : SCIM_ETAG_FAILED));
    /* what has no version is named by `*` alone */
    check(is_named || !scim_etag_is_named(list, NULL));
    check(scim_etag_is_named(apr_pstrcat(pool, VERSION ", ", list, NULL),
                             VERSION));
    apr_pool_destroy(pool);
    return 0;
}
