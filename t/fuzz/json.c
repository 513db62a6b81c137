/* Fuzzing of JSON documents: what is read is written, read again, and must
 * say the same. */
#include "base/json.h"
#include "t/fuzz/harness.h"

#include <apr_general.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    apr_initialize();
    return 0;
}

static void check_round_trip(const scim_json_t *value, apr_pool_t *pool)
{
    scim_json_t *again;
    scim_buf_t buf;

    scim_buf_init(&buf, 64, pool);
    scim_json_format(&buf, value);
    check(!scim_json_parse(&again, buf.data, buf.len, pool));
    check(scim_json_is_equal(value, again));
    check(scim_json_is_equal(again, scim_json_copy(value, pool)));
    check(strcmp(scim_json_text(again, pool), buf.data) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scim_json_t *value;
    apr_pool_t *pool;
    scim_err_t *err;

    apr_pool_create(&pool, NULL);
    err = scim_json_parse(&value, (const char *)data, size, pool);
    if (err) {
        check((err->kind == SCIM_ERR_INVALID_SYNTAX
               || err->kind == SCIM_ERR_TOO_LARGE) && err->detail[0]);
    }
    else {
        check_round_trip(value, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
