/* Fuzzing of query strings and, where an input begins with `{`, of the bodies
 * of searches: what is read stays within its bounds, and the attributes that
 * it names make a projection. */
#include "query/list.h"
#include "base/fold.h"
#include "query/projection.h"
#include "t/fuzz/harness.h"
#include "t/property/types.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

#define PAGE 100
#define PAGE_MAX 1000

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

/* What a request wrote is shown besides, and what is never shown is not. */
static void check_more(const unsigned char *shown, apr_pool_t *pool)
{
    unsigned char *named = memset(apr_palloc(pool, type->nattrs), 1,
                                  type->nattrs);
    const unsigned char *more = scim_projection_add(shown, named, type, pool);
    int i;

    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];

        check(more[i] >= shown[i]);
        check(attr->returned != SCIM_RETURNED_NEVER || !more[i]);
    }
}

static void check_list(const scim_list_t *list, apr_pool_t *pool)
{
    const unsigned char *shown;
    int i;

    check(!list->sort_by || *list->sort_by);
    check(!list->cursor || list->start == 1);
    check(list->start >= 1 && list->count >= 0 && list->count <= PAGE_MAX);
    check(!list->attributes || *list->attributes);
    check(!list->excluded || *list->excluded);
    check(!list->filter
          || (*list->filter
              && scim_utf8_is_valid(list->filter, strlen(list->filter))));
    if (!scim_projection_make(&shown, list->attributes, list->excluded, type,
                              pool)) {
        /* what is always or never returned, whatever is asked for */
        for (i = 0; i < type->nattrs; i++) {
            const scim_attr_t *attr = type->attrs[i];

            check(attr->returned != SCIM_RETURNED_ALWAYS || attr->parent
                  || shown[i]);
            check(attr->returned != SCIM_RETURNED_NEVER || !shown[i]);
        }
        check_more(shown, pool);
    }
}

static void check_refusal(const scim_err_t *err)
{
    check(err->status == 400 && err->detail[0]);
    check(err->kind == SCIM_ERR_INVALID_VALUE
          || err->kind == SCIM_ERR_INVALID_FILTER
          || err->kind == SCIM_ERR_INVALID_CURSOR
          || err->kind == SCIM_ERR_INVALID_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scim_json_t *body;
    scim_list_t list;
    apr_pool_t *pool;
    scim_err_t *err = NULL;
    int is_read = 1;

    apr_pool_create(&pool, NULL);
    if (!size || *data != '{') {
        err = scim_list_parse(&list, apr_pstrmemdup(pool, (const char *)data,
                                                    size), PAGE, PAGE_MAX,
                              pool);
    }
    else if (!scim_json_parse(&body, (const char *)data, size, pool)) {
        err = scim_list_decode(&list, body, PAGE, PAGE_MAX, pool);
    }
    else {
        is_read = 0;
    }
    if (err) {
        check_refusal(err);
    }
    else if (is_read) {
        check_list(&list, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
