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

#define BOTH "W/\"0a1b.77\""

static const struct {
    const char *list, *mine;
    int whole, own;
} parts[] = {
    { BOTH, BOTH, 1, 1 },
    { "\"0a1b.77-gzip\"", BOTH, 1, 1 },
    { "W/\"0a1b.78\"", BOTH, 0, 1 },
    { MINE, BOTH, 0, 1 },
    { "\"0a1b-br\"", BOTH, 0, 1 },
    { BOTH, MINE, 0, 1 },
    { MINE, MINE, 1, 1 },
    { "\"x\", \"0a1b.78\"", BOTH, 0, 1 },
    { "W/\"0a1c.77\"", BOTH, 0, 0 },
    { "W/\"0a1.77\"", BOTH, 0, 0 },
    { "W/\".77\"", BOTH, 0, 0 }
};

static void test_lists(void)
{
    size_t i;

    for (i = 0; i < COUNT(lists); i++) {
        is_int(scim_etag_is_named(lists[i].list, MINE, 0), lists[i].named,
               "<%s> %s the version", lists[i].list,
               lists[i].named ? "names" : "does not name");
    }
    for (i = 0; i < COUNT(parts); i++) {
        is_int(scim_etag_is_named(parts[i].list, parts[i].mine, 0),
               parts[i].whole, "<%s> %s all of <%s>", parts[i].list,
               parts[i].whole ? "names" : "does not name", parts[i].mine);
        is_int(scim_etag_is_named(parts[i].list, parts[i].mine, 1),
               parts[i].own, "<%s> %s the first part of <%s>", parts[i].list,
               parts[i].own ? "names" : "does not name", parts[i].mine);
    }
    ok(scim_etag_is_named("*", NULL, 0), "* names what has no version");
    ok(!scim_etag_is_named(MINE, NULL, 0), "a tag does not");
    ok(!scim_etag_is_named("\"\"", NULL, 0), "nor does an empty one");
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

/* Somebody else was renamed: the answer is sent again, the change is made. */
static void test_parts(void)
{
    scim_conditions_t match = { "W/\"0a1b.78\"", NULL };
    scim_conditions_t none = { NULL, "W/\"0a1b.78\"" };

    is_int(scim_etag_judge(&match, BOTH, 0), SCIM_ETAG_PROCEED,
           "a write, If-Match by the first part");
    is_int(scim_etag_judge(&match, BOTH, 1), SCIM_ETAG_PROCEED,
           "a read, If-Match by the first part");
    is_int(scim_etag_judge(&none, BOTH, 1), SCIM_ETAG_PROCEED,
           "a read, If-None-Match by both parts");
    is_int(scim_etag_judge(&none, BOTH, 0), SCIM_ETAG_FAILED,
           "a write, If-None-Match by the first part");
}

int main(void)
{
    test_lists();
    test_parts();
    test_conditions();
    return done_testing();
}
