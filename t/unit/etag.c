/* Entity tags as clients send them back. */
#include "proto/etag.h"
#include "t/unit/tap.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define MINE "W/\"0a1b\""

static const struct {
    const char *list;
    int named;
} lists[] = {
    { MINE, 1 },
    { "\"0a1b\"", 1 },
    { "  W/\"0a1b\"\t", 1 },
    { "*", 1 },
    { " * ", 1 },
    { "W/\"x\", W/\"0a1b\"", 1 },
    { "W/\"x\",\"y\" ,\"0a1b\",\"z\"", 1 },
    { ",, \"0a1b\"", 1 },
    { "W/\"0a1b-gzip\"", 1 },
    { "\"0a1b-gzip\"", 1 },
    { "W/\"0a1b-br\"", 1 },
    { "W/\"a,b\", W/\"0a1b\"", 1 },
    { "W/\"x\"", 0 },
    { "W/\"\"", 0 },
    { "W/\"0A1B\"", 0 },
    { "W/\"0a1\"", 0 },
    { "W/\"0a1b0\"", 0 },
    { "W/\"0a1b-zip\"", 0 },
    { "W/\"0a1b-gzip-gzip\"", 0 },
    { "w/\"0a1b\"", 0 },
    { "0a1b", 0 },
    { "W/0a1b", 0 },
    { "W/\"0a1b", 0 },
    { "\"", 0 },
    { "", 0 },
    { " , ", 0 },
    { "*, \"x\"", 0 },
    { "x \"0a1b\"", 0 },
    { "\"x\" \"0a1b\"", 0 }
};

static void test_lists(void)
{
    size_t i;

    for (i = 0; i < COUNT(lists); i++) {
        is_int(scim_etag_is_named(lists[i].list, MINE), lists[i].named,
               "<%s> %s the version", lists[i].list,
               lists[i].named ? "names" : "does not name");
    }
    ok(scim_etag_is_named("*", NULL), "* names what has no version");
    ok(!scim_etag_is_named(MINE, NULL), "a tag does not");
    ok(!scim_etag_is_named("\"\"", NULL), "nor does an empty one");
}

static const struct {
    const char *match, *none_match;
    scim_etag_verdict_t read, write;
} conditions[] = {
    { NULL, NULL, SCIM_ETAG_PROCEED, SCIM_ETAG_PROCEED },
    { MINE, NULL, SCIM_ETAG_PROCEED, SCIM_ETAG_PROCEED },
    { "*", NULL, SCIM_ETAG_PROCEED, SCIM_ETAG_PROCEED },
    { "\"x\"", NULL, SCIM_ETAG_FAILED, SCIM_ETAG_FAILED },
    { "", NULL, SCIM_ETAG_FAILED, SCIM_ETAG_FAILED },
    { NULL, MINE, SCIM_ETAG_NOT_MODIFIED, SCIM_ETAG_FAILED },
    { NULL, "*", SCIM_ETAG_NOT_MODIFIED, SCIM_ETAG_FAILED },
    { NULL, "\"x\"", SCIM_ETAG_PROCEED, SCIM_ETAG_PROCEED },
    { NULL, "", SCIM_ETAG_PROCEED, SCIM_ETAG_PROCEED },
    { MINE, MINE, SCIM_ETAG_NOT_MODIFIED, SCIM_ETAG_FAILED },
    { "\"x\"", MINE, SCIM_ETAG_FAILED, SCIM_ETAG_FAILED },
    { MINE, "\"x\"", SCIM_ETAG_PROCEED, SCIM_ETAG_PROCEED }
};

static void test_conditions(void)
{
    size_t i;

    for (i = 0; i < COUNT(conditions); i++) {
        scim_conditions_t both = {
            conditions[i].match, conditions[i].none_match
        };
        const char *match = both.if_match ? both.if_match : "none";
        const char *none = both.if_none_match ? both.if_none_match : "none";

        is_int(scim_etag_judge(&both, MINE, 1), conditions[i].read,
               "a read, If-Match %s, If-None-Match %s", match, none);
        is_int(scim_etag_judge(&both, MINE, 0), conditions[i].write,
               "a write, If-Match %s, If-None-Match %s", match, none);
    }
}

int main(void)
{
    test_lists();
    test_conditions();
    return done_testing();
}
