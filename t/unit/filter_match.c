/* Filters: what they make of a resource. */
#include "query/filter.h"
#include "schema/builtin.h"
#include "t/unit/tap.h"
#include "t/unit/thing.h"

#include <apr_general.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define ENT     SCIM_URN_ENTERPRISE

static const char joy[] =
    "{\"id\":\"2819c223\",\"externalId\":\"E1\","
    "\"userName\":\"Joy@Contoso.com\",\"displayName\":\"J\xc3\x96Y\","
    "\"title\":\"100%_a\\\\b\",\"active\":true,\"userType\":\"Employee\","
    "\"profileUrl\":\"https://example.com/Joy\","
    "\"name\":{\"givenName\":\"Joy\",\"familyName\":\"M\xc3\xbcller\"},"
    "\"emails\":["
    "{\"type\":\"work\",\"value\":\"joy@contoso.com\",\"primary\":true},"
    "{\"type\":\"home\",\"value\":\"joy@example.org\"},"
    "{\"value\":\"third@example.net\"}],"
    "\"phoneNumbers\":[{\"value\":\"+1 555\"}],"
    "\"x509Certificates\":[{\"value\":\"QUJD\"}],"
    "\"meta\":{\"resourceType\":\"User\","
    "\"created\":\"2011-05-13T04:42:34Z\","
    "\"lastModified\":\"2011-05-13T04:42:34.25Z\"},"
    "\"" ENT "\":{\"department\":\"R&D\",\"manager\":{\"value\":\"7\"}}}";

static const struct {
    const char *text;
    int matches;
} asked[] = {
    /* strings by caseExact */
    { "userName eq \"joy@contoso.COM\"", 1 },
    { "userName eq \"joy@contoso.co\"", 0 },
    { "userName eq \"joy_contoso.com\"", 0 },
    { "id eq \"2819c223\"", 1 },
    { "id eq \"2819C223\"", 0 },
    { "externalId eq \"E1\"", 1 },
    { "externalId eq \"e1\"", 0 },
    { "externalId co \"e\"", 0 },
    { "displayName eq \"j\xc3\xb6y\"", 1 },
    { "name.familyName eq \"M\xc3\x9cLLER\"", 1 },
    { "profileUrl eq \"https://example.com/Joy\"", 1 },
    { "profileUrl eq \"https://example.com/joy\"", 0 },
    { "x509Certificates.value eq \"QUJD\"", 1 },
    { "x509Certificates.value eq \"qujd\"", 0 },
    { "userName ne \"joy@contoso.com\"", 0 },
    { "userName ne \"x\"", 1 },
    { "userName co \"CONTOSO\"", 1 },
    { "userName co \"contosi\"", 0 },
    { "userName sw \"JOY\"", 1 },
    { "userName sw \"oy\"", 0 },
    { "userName ew \".COM\"", 1 },
    { "userName ew \"Joy@Contoso.com\"", 1 },
    { "userName ew \".co\"", 0 },
    { "userName ew \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"", 0 },
    { "userName co \"\"", 1 },
    { "nickName co \"\"", 0 },
    { "title eq \"\"", 0 },
    { "title ne \"\"", 1 },
    { "title eq \"100%_A\\\\b\"", 1 },
    { "title co \"%_\"", 1 },
    { "title co \"%a\"", 0 },
    { "title sw \"1%\"", 0 },
    { "userType gt \"contractor\"", 1 },
    { "userType gt \"EMPLOYEE\"", 0 },
    { "userType ge \"EMPLOYEE\"", 1 },
    { "userType lt \"employees\"", 1 },
    { "userType le \"employe\"", 0 },
    { "name.familyName gt \"mzzz\"", 1 },   /* u-umlaut comes behind z */
    { "userType eq \"Employ\xc3\xa9" "e\"", 0 },
    /* absence */
    { "title pr", 1 },
    { "nickName pr", 0 },
    { "nickName eq \"x\"", 0 },
    { "nickName ne \"x\"", 1 },
    { "not (nickName eq \"x\")", 1 },
    { "nickName gt \"a\"", 0 },
    { "nickName lt \"z\"", 0 },
    { "not (nickName lt \"z\")", 1 },
    { "nickName sw \"a\"", 0 },
    { "nickName eq null", 1 },
    { "nickName ne null", 0 },
    { "title eq null", 0 },
    { "title ne null", 1 },
    { "name.middleName pr", 0 },
    { "name.middleName ne \"x\"", 1 },
    { "name pr", 1 },
    { "ims pr", 0 },
    { "ims.value ne \"x\"", 1 },
    { "ims eq null", 1 },
    { "emails eq null", 0 },
    { "emails ne null", 1 },
    { "division ne \"x\"", 1 },
    /* booleans */
    { "active eq true", 1 },
    { "active eq \"False\"", 0 },
    { "active ne false", 1 },
    { "active pr", 1 },
    /* dateTimes */
    { "meta.created eq \"2011-05-13T06:42:34+02:00\"", 1 },
    { "meta.created eq \"2011-05-13T06:42:34Z\"", 0 },
    { "meta.created ne \"2011-05-13T04:42:34.000Z\"", 0 },
    { "meta.created lt \"2011-05-13T04:42:34.1Z\"", 1 },
    { "meta.lastModified gt \"2011-05-13T04:42:34Z\"", 1 },
    { "meta.lastModified gt \"2011-05-13T04:42:34.3Z\"", 0 },
    { "meta.lastModified ge 2011-05-13T04:42:34.250Z", 1 },
    { "meta.lastModified le 2011-05-13T04:42:34.250Z", 1 },
    { "meta.resourceType eq \"User\"", 1 },
    /* what every answer has, and no resource in memory */
    { "meta.version pr", 1 },
    { "meta.location pr", 1 },
    { "meta[version pr]", 1 },
    { "meta.version eq null", 0 },
    { "meta.version ne null", 1 },
    { "not (schemas pr)", 0 },
    { "schemas pr and userName pr", 1 },
    /* multi-valued */
    { "emails eq \"JOY@example.org\"", 1 },
    { "emails.value eq \"nobody@example.org\"", 0 },
    { "emails co \"@example.\"", 1 },
    { "emails.type eq \"home\"", 1 },
    { "emails.type eq \"other\"", 0 },
    { "emails.type ne \"work\"", 1 },
    { "emails.value ne \"joy@contoso.com\"", 1 },
    { "phoneNumbers.value ne \"+1 555\"", 0 },
    { "phoneNumbers.type ne \"work\"", 1 },
    { "phoneNumbers.type pr", 0 },
    { "phoneNumbers pr", 1 },
    { "emails.primary eq true", 1 },
    /* a missing primary is false */
    { "emails.primary eq false", 1 },
    { "emails.primary ne true", 1 },
    { "emails.primary ne false", 1 },
    { "emails[value sw \"third\" and primary eq false]", 1 },
    { "emails[value sw \"third\" and primary ne false]", 0 },
    { "emails[value sw \"third\"].primary eq false", 1 },
    { "emails[type eq \"work\" and primary eq false]", 0 },
    { "phoneNumbers.primary eq false", 1 },
    { "phoneNumbers.primary eq true", 0 },
    { "phoneNumbers.primary ne false", 0 },
    { "phoneNumbers.primary pr", 0 },
    { "ims.primary eq false", 0 },
    { "ims.primary ne false", 1 },
    { "ims.primary ne true", 1 },
    /* one and the same element */
    { "emails[type eq \"work\" and value eq \"joy@contoso.com\"]", 1 },
    { "emails[type eq \"work\" and value eq \"joy@example.org\"]", 0 },
    { "emails.type eq \"work\" and emails.value eq \"joy@example.org\"", 1 },
    { "emails[type eq \"work\"].value eq \"joy@contoso.com\"", 1 },
    { "emails[type eq \"home\"].value eq \"joy@contoso.com\"", 0 },
    { "emails[type eq \"home\" or type eq \"other\"].value ew \".org\"", 1 },
    { "emails[type ne \"work\" and value sw \"third\"]", 1 },
    { "emails[not (type pr)]", 1 },
    { "emails[not (value pr)]", 0 },
    { "not (emails[type eq \"other\"])", 1 },
    { "emails[type eq null]", 1 },
    { "emails[type eq null and value sw \"joy\"]", 0 },
    { "emails[primary eq true and type eq \"work\"]", 1 },
    { "emails[primary ne true]", 1 },
    { "ims[type eq \"xmpp\"]", 0 },
    { "ims[type ne \"xmpp\"]", 0 },
    { "not (ims[type eq \"xmpp\"])", 1 },
    { "name[givenName eq \"joy\" and familyName pr]", 1 },
    { "name[givenName eq \"x\"]", 0 },
    /* extension */
    { "department eq \"r&d\"", 1 },
    { ENT ":department eq \"r&d\"", 1 },
    { ENT ":manager.value eq \"7\"", 1 },
    { "manager eq \"8\"", 0 },
    { "manager pr", 1 },
    { "manager.displayName pr", 0 },
    /* logic */
    { "active eq true and title pr", 1 },
    { "active eq true and nickName pr", 0 },
    { "active eq false or title pr", 1 },
    { "active eq false or nickName pr", 0 },
    { "active eq true or nickName pr and nickName pr", 1 },
    { "(active eq true or nickName pr) and nickName pr", 0 },
    { "not (active eq false) and not (nickName pr)", 1 }
};

static int matches(const char *text, const char *resource,
                   const scim_rtype_t *type, apr_pool_t *pool)
{
    const scim_filter_t *filter;
    scim_json_t *value;

    if (scim_filter_parse(&filter, text, type, pool)
        || scim_json_parse(&value, resource, strlen(resource), pool)) {
        return -1;
    }
    return scim_filter_matches(filter, type, value, pool);
}

static void test_matching(const scim_rtype_t *type, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(asked); i++) {
        is_int(matches(asked[i].text, joy, type, pool), asked[i].matches,
               "matching: %s", asked[i].text);
    }
    is_int(matches("userName eq \"x\"", "{}", type, pool), 0,
           "nothing in the resource");
    is_int(matches("department ne \"x\"", "{}", type, pool), 1,
           "not even the extension");
}

/* Resources out of the ordinary make no answer, but no crash either. */
static void test_odd_values(const scim_rtype_t *type, apr_pool_t *pool)
{
    static const char odd[] =
        "{\"userName\":7,\"active\":\"True\",\"emails\":{\"value\":\"x\"},"
        "\"name\":\"Joy\",\"roles\":[\"admin\",null,{}],\"title\":\"\","
        "\"meta\":{\"created\":\"yesterday\"},\"" ENT "\":[]}";

    is_int(matches("userName eq \"7\"", odd, type, pool), 0, "number");
    is_int(matches("userName ne \"7\"", odd, type, pool), 1, "number, ne");
    is_int(matches("active eq true", odd, type, pool), 0, "string");
    is_int(matches("emails eq \"x\"", odd, type, pool), 1, "no array");
    is_int(matches("emails[value eq \"x\"]", odd, type, pool), 1,
           "no array, brackets");
    is_int(matches("name.givenName eq \"Joy\"", odd, type, pool), 0,
           "no object");
    is_int(matches("roles eq \"admin\"", odd, type, pool), 0,
           "elements that are no objects");
    is_int(matches("roles[value eq \"admin\"]", odd, type, pool), 0,
           "the same, brackets");
    is_int(matches("title pr", odd, type, pool), 0, "empty string");
    is_int(matches("meta.created gt 2011-05-13T04:42:34Z", odd, type, pool),
           0, "no dateTime");
    is_int(matches("meta.created ne 2011-05-13T04:42:34Z", odd, type, pool),
           1, "no dateTime, ne");
    is_int(matches("manager eq \"x\"", odd, type, pool), 0, "no extension");
}

static void test_matching_numbers(apr_pool_t *pool)
{
    static const char thing[] =
        "{\"size\":10,\"weight\":1.50,\"tags\":[\"a\",\"B\"]}";
    static const struct {
        const char *text;
        int matches;
    } rows[] = {
        { "size eq 10", 1 }, { "size gt 9", 1 }, { "size lt 9", 0 },
        { "size ge \"10\"", 1 }, { "size ne 10", 0 }, { "size le 9", 0 },
        { "weight eq 1.5", 1 }, { "weight eq 15e-1", 1 },
        { "weight lt 1.51", 1 }, { "weight gt 1.5", 0 },
        { "tags eq \"B\"", 1 }, { "tags eq \"b\"", 0 },
        { "tags co \"a\"", 1 }, { "tags pr", 1 }, { "tags ne \"a\"", 1 }
    };
    scim_rtype_t *type = make_number_type(pool);
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        is_int(matches(rows[i].text, thing, type, pool), rows[i].matches,
               "matching: %s", rows[i].text);
    }
}

static void test_matching_elements(const scim_rtype_t *type, apr_pool_t *pool)
{
    static const struct {
        const char *text;
        const char *element;
        int matches;
    } rows[] = {
        { "type eq \"work\"", "{\"type\":\"Work\"}", 1 },
        { "type eq \"work\"", "{\"value\":\"x\"}", 0 },
        { "type ne \"work\"", "{\"value\":\"x\"}", 1 },
        { "primary eq \"True\"", "{\"primary\":true}", 1 },
        { "primary eq \"False\"", "{\"value\":\"x\"}", 1 },
        { "primary eq false", "{\"primary\":false}", 1 },
        { "primary eq false", "{\"primary\":true}", 0 },
        { "primary ne false", "{\"value\":\"x\"}", 0 },
        { "type eq \"work\" and value pr", "{\"type\":\"work\"}", 0 },
        { "not (value pr)", "{\"type\":\"work\"}", 1 },
        { "value eq null", "{\"type\":\"work\"}", 1 },
        { "value eq \"x\"", "\"x\"", 0 }
    };
    const scim_attr_t *emails = scim_rtype_attr(type, NULL, "emails");
    const scim_filter_t *filter;
    scim_json_t *element;
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        ok(!scim_filter_parse_element(&filter, rows[i].text,
                                      strlen(rows[i].text), emails,
                                      SCIM_ERR_INVALID_PATH,
                                      &scim_limits_default, pool)
           && !scim_json_parse(&element, rows[i].element,
                               strlen(rows[i].element), pool)
           && scim_filter_matches_element(filter, element, pool)
              == rows[i].matches,
           "element: %s and %s", rows[i].text, rows[i].element);
    }
}

int main(void)
{
    scim_rtype_t *type;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = scim_builtin_user(pool);
    test_matching(type, pool);
    test_odd_values(type, pool);
    test_matching_numbers(pool);
    test_matching_elements(type, pool);
    apr_terminate();
    return done_testing();
}
