/* Fuzzing of PATCH paths. */
#include "query/path.h"
#include "t/fuzz/harness.h"
#include "t/property/types.h"

#include <apr_general.h>
#include <apr_strings.h>

static scim_rtype_t *type;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    apr_pool_t *pool;

    (void)argc;
    (void)argv;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = make_test_type(pool);
    return 0;
}

static void check_path(const scim_path_t *path)
{
    if (!path->known) {
        check(!path->schema && !path->attr && !path->filter && !path->sub);
        return;
    }
    check(!path->schema == (path->attr != NULL));
    check(!path->filter || path->attr->multi);
    check(!path->sub || path->sub->parent == path->attr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    scim_path_t path;
    scim_err_t *err;

    apr_pool_create(&pool, NULL);
    err = scim_path_parse(&path, apr_pstrmemdup(pool, (const char *)data,
                                                size), type,
                          &scim_limits_default, pool);
    if (err) {
        check(err->kind == SCIM_ERR_INVALID_PATH && err->detail[0]);
    }
    else {
        check_path(&path);
    }
    apr_pool_destroy(pool);
    return 0;
}
