#include "pg/hosts.h"

#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include <stdlib.h>
#include <string.h>

/* How long a host that said nothing is tried last. */
#define SILENT_SECONDS 60

/* The options of which each host may have a value of its own. */
enum { HOST, HOSTADDR, PORT, LISTS };

static const char *const keywords[LISTS] = { "host", "hostaddr", "port" };

struct scim_hosts_t {
    const char *conninfo;
    int count;
    const char **lists[LISTS];              /* a value for each host, or NULL */
    apr_interval_time_t patience;           /* connect_timeout; 0: none */
    apr_uint32_t *silent_until;             /* for each host, in seconds */
};

static const char *option(const PQconninfoOption *options, const char *keyword)
{
    for (; options && options->keyword; options++) {
        if (strcmp(options->keyword, keyword) == 0 && options->val
            && *options->val) {
            return options->val;
        }
    }
    return NULL;
}

static int is_option(const PQconninfoOption *options, const char *keyword,
                     const char *value)
{
    const char *found = option(options, keyword);

    return found && strcmp(found, value) == 0;
}

/* The values between the commas, or NULL where one is empty: libpq has a
 * default for it that is not said here. */
static apr_array_header_t *split(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *values = apr_array_make(pool, 4, sizeof(char *));

    for (;;) {
        apr_size_t len = strcspn(text, ",");

        if (!len) {
            return NULL;
        }
        APR_ARRAY_PUSH(values, const char *) = apr_pstrmemdup(pool, text, len);
        if (!text[len]) {
            return values;
        }
        text += len + 1;
    }
}

/* Returns whether this list goes with the others. */
static int add_list(scim_hosts_t *hosts, int list, const char *text,
                    apr_pool_t *pool)
{
    apr_array_header_t *values = split(text, pool);
    const char **each;
    int i;

    if (!values) {
        return 0;
    }
    if (list == PORT && values->nelts == 1) {
        each = apr_palloc(pool, hosts->count * sizeof(*each));
        for (i = 0; i < hosts->count; i++) {
            each[i] = APR_ARRAY_IDX(values, 0, const char *);
        }
        hosts->lists[list] = each;
        return 1;
    }
    hosts->lists[list] = (const char **)values->elts;
    if (list != PORT && !hosts->lists[HOST + HOSTADDR - list]) {
        hosts->count = values->nelts;
    }
    return values->nelts == hosts->count;
}

static int take_apart(scim_hosts_t *hosts, const PQconninfoOption *options,
                      apr_pool_t *pool)
{
    int i;

    if (is_option(options, "target_session_attrs", "prefer-standby")
        || is_option(options, "load_balance_hosts", "random")) {
        return 0;
    }
    for (i = 0; i < LISTS; i++) {
        const char *text = option(options, keywords[i]);

        if (text && !add_list(hosts, i, text, pool)) {
            return 0;
        }
    }
    return hosts->lists[HOST] || hosts->lists[HOSTADDR];
}

scim_hosts_t *scim_hosts_make(const char *conninfo, apr_pool_t *pool)
{
    scim_hosts_t *hosts = apr_pcalloc(pool, sizeof(*hosts));
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    const char *patience = option(options, "connect_timeout");

    hosts->conninfo = conninfo;
    hosts->count = 1;
    if (!take_apart(hosts, options, pool)) {
        hosts->count = 1;
        memset(hosts->lists, 0, sizeof(hosts->lists));
    }
    if (patience && atoi(patience) > 0) {
        hosts->patience = apr_time_from_sec(atoi(patience));
    }
    hosts->silent_until = apr_pcalloc(pool, hosts->count
                                            * sizeof(*hosts->silent_until));
    PQconninfoFree(options);
    return hosts;
}

int scim_hosts_count(const scim_hosts_t *hosts)
{
    return hosts->count;
}

const char *scim_hosts_name(const scim_hosts_t *hosts, int host)
{
    return hosts->lists[HOST]     ? hosts->lists[HOST][host]
         : hosts->lists[HOSTADDR] ? hosts->lists[HOSTADDR][host]
         : "of the connection string";
}

/* What stands behind the string overrides it. */
PGconn *scim_hosts_start(const scim_hosts_t *hosts, int host)
{
    const char *keys[4 + LISTS] = {
        "dbname", "fallback_application_name", "client_encoding"
    };
    const char *values[4 + LISTS] = { hosts->conninfo, "mod_scim", "UTF8" };
    int i, n = 3;

    for (i = 0; i < LISTS; i++) {
        if (hosts->lists[i]) {
            keys[n] = keywords[i];
            values[n++] = hosts->lists[i][host];
        }
    }
    return PQconnectStartParams(keys, values, 1);
}

static apr_uint32_t now_in_seconds(void)
{
    return (apr_uint32_t)apr_time_sec(apr_time_now());
}

const int *scim_hosts_order(const scim_hosts_t *hosts, apr_pool_t *pool)
{
    int *order = apr_palloc(pool, hosts->count * sizeof(*order));
    int *silent = apr_palloc(pool, hosts->count * sizeof(*silent));
    apr_uint32_t now = now_in_seconds();
    int i, n = 0, nsilent = 0;

    for (i = 0; i < hosts->count; i++) {
        if (apr_atomic_read32(&hosts->silent_until[i]) > now) {
            silent[nsilent++] = i;
        }
        else {
            order[n++] = i;
        }
    }
    memcpy(order + n, silent, nsilent * sizeof(*silent));
    return order;
}

apr_time_t scim_hosts_until(const scim_hosts_t *hosts, int left,
                            apr_time_t now, apr_time_t deadline)
{
    apr_time_t until = now + (deadline - now) / left;

    return hosts->patience && now + hosts->patience < until
         ? now + hosts->patience : until;
}

int scim_hosts_set_silent(scim_hosts_t *hosts, int host)
{
    apr_uint32_t now = now_in_seconds();

    return apr_atomic_xchg32(&hosts->silent_until[host],
                             now + SILENT_SECONDS) <= now;
}
