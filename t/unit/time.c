/* Instants: xsd:dateTime and PostgreSQL's ISO text. */
#include "base/time.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

#define SECONDS(n) ((n) * APR_TIME_C(1000000))

static const struct {
    const char *text;
    apr_time_t time;
} good[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "1970-01-01T00:00:00", 0 },
    { "1970-01-01t00:00:00z", 0 },
    { "1970-01-01 00:00:00+00", 0 },
    { "1970-01-01T01:00:00+01:00", 0 },
    { "1969-12-31T14:00:00-10:00", 0 },
    { "1970-01-01 05:30:00+05:30", 0 },
    { "1970-01-01 05:30:00+0530", 0 },
    { "1970-01-01 00:53:28+00:53:28", 0 },
    { "1970-01-01T00:00:01.5Z", SECONDS(1) + 500000 },
    { "1970-01-01T00:00:00.000001Z", 1 },
    { "1970-01-01T00:00:00.0000019Z", 1 },
    { "1969-12-31T23:59:59.75Z", -250000 },
    { "1970-01-01T24:00:00Z", SECONDS(86400) },
    { "1970-01-01T00:00:60Z", SECONDS(60) },
    { "2000-02-29T12:00:00Z", SECONDS(951825600) },
    { "2011-05-13T04:42:34Z", SECONDS(1305261754) },
    { "2100-03-01T00:00:00Z", SECONDS(4107542400) },
    { "9999-12-31T23:59:59Z", SECONDS(253402300799) },
    { "0001-01-01T00:00:00Z", SECONDS(-62135596800) }
};

static const char *const bad[] = {
    "", "x", "2011", "2011-05-13", "2011-05-13T", "2011-05-13T04:42",
    "2011-05-13T04:42:34.", "2011-05-13T04:42:34.Z", "2011-05-13T04:42:34Zx",
    "2011-05-13T04:42:34 Z", "2011-05-13  04:42:34", "2011-5-13T04:42:34Z",
    "2011-00-13T04:42:34Z", "2011-13-13T04:42:34Z", "2011-05-00T04:42:34Z",
    "2011-05-32T04:42:34Z", "2011-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
    "2011-05-13T24:00:01Z", "2011-05-13T25:00:00Z", "2011-05-13T04:60:00Z",
    "2011-05-13T04:42:61Z", "2011-05-13T04:42:34+", "2011-05-13T04:42:34+1",
    "2011-05-13T04:42:34+24:00", "2011-05-13T04:42:34+01:60",
    "2011-05-13T04:42:34+01:0", "0000-01-01T00:00:00Z",
    "-2011-05-13T04:42:34Z", "12011-05-13T04:42:34Z", " 2011-05-13T04:42:34Z",
    "2011-05-13T-4:42:34Z", "infinity", "today"
};

static const struct {
    apr_time_t time;
    const char *text;
} written[] = {
    { 0, "1970-01-01T00:00:00Z" },
    { 1, "1970-01-01T00:00:00.000001Z" },
    { 250000, "1970-01-01T00:00:00.25Z" },
    { -1, "1969-12-31T23:59:59.999999Z" },
    { -SECONDS(1), "1969-12-31T23:59:59Z" },
    { -SECONDS(1) - 500000, "1969-12-31T23:59:58.5Z" },
    { SECONDS(253402300799), "9999-12-31T23:59:59Z" },
    { SECONDS(-62135596800), "0001-01-01T00:00:00Z" }
};

/* What is an instant, but no xsd:dateTime. */
static const char *const lax[] = {
    "1970-01-01t00:00:00Z", "1970-01-01T00:00:00z", "1970-01-01 00:00:00Z",
    "1970-01-01T00:00:00+00", "1970-01-01T05:30:00+0530",
    "1970-01-01T00:53:28+00:53:28", "1970-01-01T00:00:60Z",
    "1970-01-01T00:00:00+14:01", "1970-01-01T00:00:00-23:59"
};

static const char *const xsd[] = {
    "1970-01-01T00:00:00Z", "1970-01-01T00:00:00", "1970-01-01T24:00:00Z",
    "1970-01-01T00:00:01.5Z", "1970-01-01T00:00:01.5",
    "1970-01-01T00:00:00.000000001+05:30", "1970-01-01T00:00:00-14:00"
};

static const char *const unformatted[] = {
    "", "x", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z",
    "1970-01-01T00:00:00+00:00", "1970-01-01T00:00:00.50Z",
    "1970-01-01T00:00:00.0000001Z", "1970-02-30T00:00:00Z",
    "1970-01-01T24:00:00Z", "1970-01-01T00:00:00Z "
};

/* Days from the year 1 to 9999, against the calendar of APR. */
static void test_days(apr_pool_t *pool)
{
    apr_time_t time = SECONDS(-62135596800) + SECONDS(3723);
    int days = 0, bad = 0;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    for (; time < SECONDS(253402300800); time += SECONDS(11 * 86400), days++) {
        apr_time_exp_t t;

        apr_time_exp_gmt(&t, time);
        bad += strcmp(scim_time_format(time, scratch),
                      apr_psprintf(scratch, "%04d-%02d-%02dT01:02:03Z",
                                   t.tm_year + 1900, t.tm_mon + 1,
                                   t.tm_mday)) != 0;
        if (days % 1000 == 0) {
            apr_pool_clear(scratch);
        }
    }
    is_int(days, 332006, "every eleventh day");
    is_int(bad, 0, "is written as in APR's calendar");
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

int main(void)
{
    apr_time_t time;
    apr_pool_t *pool;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < COUNT(good); i++) {
        ok(scim_time_parse(&time, good[i].text), "\"%s\" is one",
           good[i].text);
        is_int(time, good[i].time, "\"%s\" means the right instant",
               good[i].text);
    }
    for (i = 0; i < COUNT(bad); i++) {
        time = 42;
        ok(!scim_time_parse(&time, bad[i]) && time == 42, "\"%s\" is none",
           bad[i]);
    }
    for (i = 0; i < COUNT(bad); i++) {
        ok(!scim_time_parse_xsd(&time, bad[i]), "\"%s\" is no xsd:dateTime",
           bad[i]);
    }
    for (i = 0; i < COUNT(lax); i++) {
        ok(scim_time_parse(&time, lax[i])
           && !scim_time_parse_xsd(&time, lax[i]),
           "\"%s\" is an instant, and no xsd:dateTime", lax[i]);
    }
    for (i = 0; i < COUNT(xsd); i++) {
        apr_time_t same;

        ok(scim_time_parse(&same, xsd[i])
           && scim_time_parse_xsd(&time, xsd[i]) && time == same,
           "\"%s\" is an xsd:dateTime", xsd[i]);
    }
    for (i = 0; i < COUNT(written); i++) {
        is_str(scim_time_format(written[i].time, pool), written[i].text,
               "written as %s", written[i].text);
        ok(scim_time_parse(&time, written[i].text)
           && time == written[i].time, "%s read back", written[i].text);
        ok(scim_time_is_formatted(written[i].text, pool),
           "%s is in the form", written[i].text);
    }
    for (i = 0; i < COUNT(unformatted); i++) {
        ok(!scim_time_is_formatted(unformatted[i], pool),
           "%s is not in the form", unformatted[i]);
    }
    test_days(pool);
    apr_terminate();
    return done_testing();
}
