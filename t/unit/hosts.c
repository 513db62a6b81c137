/* Connection strings with several hosts, taken apart. */
#include "pg/hosts.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

static apr_pool_t *pool;

static const struct {
    const char *conninfo;
    const char *attempts[4];    /* host, hostaddr, port as libpq is told */
} cases[] = {
    { "dbname=d", { "--" } },
    { "host=a dbname=d", { "a--" } },
    { "host=a port=1 dbname=d", { "a--1" } },
    { "host=a,b dbname=d", { "a--", "b--" } },
    { "host=a,b port=1 dbname=d", { "a--1", "b--1" } },
    { "host=a,b,c port=1,2,3", { "a--1", "b--2", "c--3" } },
    { "hostaddr=127.0.0.1,127.0.0.2 port=7",
      { "-127.0.0.1-7", "-127.0.0.2-7" } },
    { "host=a,b hostaddr=127.0.0.1,127.0.0.2",
      { "a-127.0.0.1-", "b-127.0.0.2-" } },
    { "postgresql://u@a:1,b:2/d?target_session_attrs=read-write",
      { "a--1", "b--2" } },
    { "host=/tmp/x,/tmp/y user=u", { "/tmp/x--", "/tmp/y--" } },
    /* libpq's to complete, to choose or to refuse */
    { "host=a,,b", { "a,,b--" } },
    { "host=a,b,", { "a,b,--" } },
    { "host=a,b port=1,", { "a,b--1," } },
    { "host=a,b port=1,2,3", { "a,b--1,2,3" } },
    { "host=a,b hostaddr=127.0.0.1", { "a,b-127.0.0.1-" } },
    { "host=a,b target_session_attrs=prefer-standby", { "a,b--" } },
    { "host=a,b target_session_attrs=read-write", { "a--", "b--" } }
};

static const char *told(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword; options++) {
        if (strcmp(options->keyword, keyword) == 0) {
            return options->val ? options->val : "";
        }
    }
    return "?";
}

/* What libpq understands of an attempt. Nobody is there; the answer is not
 * waited for. */
static const char *attempt(const scim_hosts_t *hosts, int host)
{
    PGconn *pg = scim_hosts_start(hosts, host);
    PQconninfoOption *options = PQconninfo(pg);
    const char *port = told(options, "port");
    const char *text = apr_pstrcat(pool, told(options, "host"), "-",
                                   told(options, "hostaddr"), "-",
                                   strcmp(port, "5432") == 0 ? "" : port,
                                   NULL);

    PQconninfoFree(options);
    PQfinish(pg);
    return text;
}

static void test_apart(void)
{
    size_t i;
    int j;

    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        scim_hosts_t *hosts = scim_hosts_make(cases[i].conninfo, pool);
        int count = scim_hosts_count(hosts);

        for (j = 0; j < count && j < 3; j++) {
            is_str(attempt(hosts, j), cases[i].attempts[j], "%s, attempt %d",
                   cases[i].conninfo, j);
        }
        ok(j == count && !cases[i].attempts[j], "%s: no more attempts",
           cases[i].conninfo);
    }
    is_int(scim_hosts_count(scim_hosts_make("no connection string", pool)), 1,
           "what libpq will refuse is one host");
}

static void is_order(const scim_hosts_t *hosts, const char *want,
                     const char *name)
{
    const int *order = scim_hosts_order(hosts, pool);
    char text[4] = "";
    int i;

    for (i = 0; i < scim_hosts_count(hosts); i++) {
        text[i] = scim_hosts_name(hosts, order[i])[0];
    }
    is_str(text, want, "%s", name);
}

static void test_silent(void)
{
    scim_hosts_t *hosts = scim_hosts_make("host=a,b,c", pool);

    is_order(hosts, "abc", "at first, as they stand in the string");
    ok(scim_hosts_set_silent(hosts, 0), "that one says nothing is news");
    ok(!scim_hosts_set_silent(hosts, 0), "once");
    is_order(hosts, "bca", "then it comes last");
    scim_hosts_set_silent(hosts, 2);
    is_order(hosts, "bac", "of several, as they stand in the string");
    scim_hosts_set_silent(hosts, 1);
    is_order(hosts, "abc", "and of all");
}

static void test_until(void)
{
    static const struct {
        const char *conninfo;
        int left, deadline, until;
    } rows[] = {
        { "host=a,b,c", 3, 6, 2 },
        { "host=a,b,c", 2, 6, 3 },
        { "host=a,b,c", 1, 6, 6 },
        { "host=a,b,c connect_timeout=1", 3, 6, 1 },
        { "host=a,b,c connect_timeout=3", 3, 6, 2 },
        { "host=a connect_timeout=3", 1, 6, 3 },
        { "host=a connect_timeout=0", 1, 6, 6 },
        { "host=a connect_timeout=-1", 1, 6, 6 }
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        scim_hosts_t *hosts = scim_hosts_make(rows[i].conninfo, pool);

        is_int(scim_hosts_until(hosts, rows[i].left, 1000000,
                                1000000 + apr_time_from_sec(rows[i].deadline)),
               1000000 + apr_time_from_sec(rows[i].until),
               "%s, %d left, %d s", rows[i].conninfo, rows[i].left,
               rows[i].deadline);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_apart();
    test_silent();
    test_until();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
