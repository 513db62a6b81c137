/* Fuzzing of bulk messages: every operation stands in one step, nothing is
 * carried out before what it needs, and what is written is JSON. */
#include "proto/bulk.h"
#include "t/fuzz/harness.h"

#include <apr_general.h>
#include <apr_strings.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    apr_initialize();
    return 0;
}

/* The step of each operation. */
static int *find_steps(const scim_bulk_t *bulk, apr_pool_t *pool)
{
    int *steps = apr_pcalloc(pool, ((size_t)bulk->count + 1) * sizeof(int));
    int i, j, count = 0;

    for (i = 0; i < bulk->steps->nelts; i++) {
        const scim_bulk_step_t *step = &APR_ARRAY_IDX(bulk->steps, i,
                                                      scim_bulk_step_t);

        check(step->count == 1 || step->is_circle);
        for (j = 0; j < step->count; j++) {
            check(!steps[step->operations[j]]);
            steps[step->operations[j]] = i + 1;
            count++;
        }
    }
    check(count == bulk->count);
    return steps;
}

static void check_order(const scim_bulk_t *bulk, apr_pool_t *pool)
{
    const int *steps = find_steps(bulk, pool);
    int i, j;

    for (i = 0; i < bulk->count; i++) {
        const apr_array_header_t *needs = bulk->operations[i].needs;

        for (j = 0; j < needs->nelts; j++) {
            int need = APR_ARRAY_IDX(needs, j, int);

            check(bulk->operations[need].bulk_id != NULL);
            check(steps[need] < steps[i]
                  || (steps[need] == steps[i]
                      && APR_ARRAY_IDX(bulk->steps, steps[i] - 1,
                                       scim_bulk_step_t).is_circle));
        }
    }
}

static void check_is_json(const char *text, apr_pool_t *pool)
{
    scim_json_t *value;

    check(!scim_json_parse(&value, text, strlen(text), pool));
}

/* One in three makes nothing, and none waits for it then. */
static void carry_out(scim_bulk_t *bulk, int i, apr_pool_t *pool)
{
    scim_bulk_operation_t *operation = &bulk->operations[i];
    const scim_bulk_operation_t *failed = scim_bulk_failed_need(bulk,
                                                                operation);
    scim_json_t *data;

    check(!failed || (failed->outcome.status == 400 && !failed->id));
    scim_bulk_target(bulk, operation);
    data = scim_bulk_data(bulk, operation, pool);
    if (data) {
        scim_bulk_part(data, pool);
        check_is_json(scim_json_text(data, pool), pool);
    }
    if (failed || i % 3 == 2) {
        operation->outcome.status = 400;
        operation->outcome.response = "{\"status\":\"400\"}";
        return;
    }
    operation->id = apr_psprintf(pool, "\"%d", i);
    operation->outcome.status = 200;
    operation->outcome.location = "x";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scim_json_t *body;
    scim_bulk_t *bulk;
    apr_pool_t *pool;
    scim_buf_t buf;
    int i;

    apr_pool_create(&pool, NULL);
    if (!scim_json_parse(&body, (const char *)data, size, pool)
        && !scim_bulk_decode(&bulk, body, "https://h.example/scim/v2", 100,
                             pool)) {
        check_order(bulk, pool);
        for (i = 0; i < bulk->count; i++) {
            carry_out(bulk, i, pool);
        }
        /* what they refer to is known by now */
        for (i = 0; i < bulk->count; i++) {
            carry_out(bulk, i, pool);
        }
        scim_buf_init(&buf, 64, pool);
        scim_bulk_format(&buf, bulk);
        check_is_json(buf.data, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
