/* Fuzzing of filters: what is read is applied to a resource, and to each
 * e-mail address where it can stand in brackets. */
#include "query/filter.h"
#include "t/fuzz/harness.h"
#include "t/property/types.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

static const char joy[] =
    "{\"id\":\"1\",\"externalId\":\"E1\",\"userName\":\"Joy@Contoso.com\","
    "\"displayName\":\"J\xc3\x96Y\",\"active\":true,"
    "\"name\":{\"givenName\":\"Joy\",\"familyName\":\"M\xc3\xbcller\"},"
    "\"emails\":["
    "{\"type\":\"work\",\"value\":\"joy@contoso.com\",\"primary\":true},"
    "{\"type\":\"home\",\"value\":\"joy@example.org\"},"
    "{\"value\":\"third@example.net\"}],"
    "\"x509Certificates\":[{\"value\":\"QUJD\"}],"
    "\"meta\":{\"resourceType\":\"User\","
    "\"created\":\"2011-05-13T04:42:34Z\"},"
    "\"" SCIM_URN_ENTERPRISE "\":{\"department\":\"R&D\","
    "\"manager\":{\"value\":\"7\"}},"
    /* with two values of another type than their attribute's */
    "\"" TST "\":{\"flagOne\":true,\"rankOne\":7,\"weightOne\":-1.5e2,"
    "\"sinceOne\":\"2011-05-13T04:42:34Z\",\"sinceTwo\":\"yesterday\","
    "\"rankTwo\":\"7\",\"tags\":[\"a\",\"B\"],"
    "\"seat\":{\"code\":\"x\",\"rank\":1}}}";

static scim_rtype_t *type;
static scim_scope_t scopes[3];      /* users, groups */
static scim_json_t *resource;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    apr_pool_t *pool;

    (void)argc;
    (void)argv;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = make_test_type(pool);
    scopes[0].type = type;
    scopes[1].type = scim_builtin_group(pool);
    check(!scim_json_parse(&resource, joy, strlen(joy), pool));
    return 0;
}

static void check_nodes(const scim_filter_t *filter, size_t len)
{
    check(filter->at < len);
    if (filter->kind == SCIM_FILTER_COMPARE) {
        check(filter->attr && (!filter->value == (filter->op == SCIM_OP_PR)));
        check(!filter->sub || filter->sub->parent == filter->attr);
        return;
    }
    if (filter->kind == SCIM_FILTER_CONSTANT) {
        return;
    }
    check_nodes(filter->left, len);
    if (filter->right) {
        check_nodes(filter->right, len);
    }
}

static void check_filter(const char *text, apr_pool_t *pool)
{
    const scim_filter_t *filter;
    scim_err_t *err = scim_filter_parse(&filter, text, type, pool);

    if (err) {
        check(err->kind == SCIM_ERR_INVALID_FILTER && err->detail[0]);
        return;
    }
    check_nodes(filter, strlen(text));
    scim_filter_matches(filter, type, resource, pool);
    /* what can be asked of users can be asked of groups beside them */
    check(!scim_filter_parse_among(&filter, text, &scopes[1], scopes,
                                   &scim_limits_default, pool));
    check_nodes(filter, strlen(text));
    scim_filter_matches(filter, scopes[1].type, resource, pool);
}

static void check_element(const char *text, apr_pool_t *pool)
{
    const scim_attr_t *emails = scim_rtype_attr(type, NULL, "emails");
    const scim_json_t *email = scim_json_find(resource, "emails")->first;
    const scim_filter_t *filter;

    if (scim_filter_parse_element(&filter, text, strlen(text), emails,
                                  SCIM_ERR_INVALID_PATH,
                                  &scim_limits_default, pool) || !filter) {
        return;
    }
    for (; email; email = email->next) {
        scim_filter_matches_element(filter, email, pool);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *text;

    apr_pool_create(&pool, NULL);
    text = apr_pstrmemdup(pool, (const char *)data, size);
    check_filter(text, pool);
    check_element(text, pool);
    apr_pool_destroy(pool);
    return 0;
}
