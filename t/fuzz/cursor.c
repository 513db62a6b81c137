/* Fuzzing of cursors: no text that a client makes up is opened, and what is
 * sealed comes back, whatever it is bound to. */
#include "query/cursor.h"
#include "t/fuzz/harness.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

static scim_cursor_keys_t keys = { 2, { { 1, 2, 3 }, { 4, 5, 6 } } };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    apr_initialize();
    return 0;
}

/* The input as the text of a cursor. */
static void check_text(const char *text, apr_pool_t *pool)
{
    scim_cursor_t cursor;
    scim_err_t *err = scim_cursor_open(&cursor, text, &keys, "", pool);

    check(err && err->kind == SCIM_ERR_INVALID_CURSOR && err->detail[0]);
}

/* The input as what was sealed by somebody with the key. */
static void check_sealed(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    scim_cursor_t cursor;
    const char *text = scim_seal(keys.keys[1], (const char *)data, size, "b",
                                 pool);

    check(text != NULL);
    if (!scim_cursor_open(&cursor, text, &keys, "b", pool)) {
        check(cursor.key && cursor.type && cursor.tenant);
    }
}

/* The input as the values of a cursor. */
static void check_round(const char *text, apr_pool_t *pool)
{
    scim_cursor_t cursor = { text, "User", text, text, 5, apr_time_now() };
    scim_cursor_t again;

    check(!scim_cursor_open(&again, scim_cursor_seal(&cursor, &keys, text,
                                                     pool),
                            &keys, text, pool));
    check(strcmp(again.tenant, text) == 0 && strcmp(again.key, text) == 0
          && strcmp(again.value, text) == 0 && again.total == 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *text;

    apr_pool_create(&pool, NULL);
    text = apr_pstrmemdup(pool, (const char *)data, size);
    check_text(text, pool);
    check_sealed(data, size, pool);
    check_round(text, pool);
    apr_pool_destroy(pool);
    return 0;
}
