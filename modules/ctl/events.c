#include "ctl/commands.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define FOLLOW_EVERY apr_time_from_sec(1)

/* An event is numbered before its transaction commits, so that a lower number
 * may come after a higher one: by this many at most. */
#define LATE_MAX 1000

typedef struct wanted_t {
    const char *user;       /* each of these may be NULL */
    const char *tenant;
    const char *since;
    const char *limit;
    const char *behind;     /* ids from here on */
} wanted_t;

/* A user is meant by id, or by a name that it had or got: of somebody who was
 * renamed all events are shown, under either name. A refused request that made
 * nobody has the name in its reason at best. A time without a date in
 * front is how long ago. */
#define WHERE                                                               \
    "WHERE ($1::text IS NULL OR e.resource_id = $1 OR e.resource_id IN ("   \
    "SELECT n.resource_id FROM scim.events n WHERE lower($1) IN ("          \
    "lower(n.changes #>> '{userName,new}'), "                               \
    "lower(n.changes #>> '{userName,old}'))) OR (e.outcome = 'refused' "    \
    "AND strpos(lower(e.reason), lower($1)) > 0)) "                         \
    "AND ($2::text IS NULL OR e.tenant = $2) "                              \
    "AND ($3::text IS NULL OR e.at >= CASE "                                \
    "WHEN $3 ~ '^\\s*(\\d{4}-|now|today|yesterday)' "                       \
    "THEN $3::timestamptz ELSE now() - $3::interval END) "                  \
    "AND e.id > $4::bigint "

static const char sql_events[] =
    "SELECT * FROM (SELECT e.id, e.at, e.tenant, e.actor, e.token_id, "
    "e.operation, e.resource_type AS resource, e.resource_id, e.outcome, "
    "e.status, e.scim_type, e.reason, e.client, e.request_id, e.changes FROM scim.events e " WHERE
    "ORDER BY e.id DESC LIMIT $5::int) newest ORDER BY id";

static int ask(scim_table_t *table, scim_ctl_t *ctl, const wanted_t *wanted)
{
    const char *params[] = { wanted->user, wanted->tenant, wanted->since,
                             wanted->behind, wanted->limit };

    return scim_ctl_query(table, ctl, sql_events, 5, params);
}

/* In the order of the statement. */
enum {
    EVENT_ID, EVENT_AT, EVENT_TENANT, EVENT_ACTOR, EVENT_TOKEN,
    EVENT_OPERATION, EVENT_TYPE, EVENT_RESOURCE, EVENT_OUTCOME, EVENT_STATUS,
    EVENT_SCIM_TYPE, EVENT_REASON, EVENT_CLIENT, EVENT_REQUEST,
    EVENT_CHANGES
};

/* Each event is a line of JSON: where they are followed, an array would have
 * no end. */
static void print_line(const scim_table_t *table, int row, apr_pool_t *pool)
{
    const char *comma = "";
    scim_buf_t buf;
    int i;

    scim_buf_init(&buf, 512, pool);
    scim_buf_putc(&buf, '{');
    for (i = 0; i < table->ncolumns; i++) {
        const char *value = scim_table_value(table, row, i);

        if (!value) {
            continue;
        }
        scim_buf_printf(&buf, "%s\"%s\":", comma, table->names[i]);
        if (i == EVENT_CHANGES) {
            scim_buf_puts(&buf, value);
        }
        else {
            scim_buf_json(&buf, value, strlen(value));
        }
        comma = ",";
    }
    scim_buf_putc(&buf, '}');
    scim_print_json(buf.data, pool);
}

/* One value of a change: text as it is, the rest as JSON. */
static const char *value_of(const scim_json_t *change, const char *name,
                            apr_pool_t *pool)
{
    const scim_json_t *value = scim_json_find(change, name);

    return !value || value->type == SCIM_JSON_NULL ? "nothing"
         : value->type == SCIM_JSON_STRING
         ? apr_pstrcat(pool, "\"", value->text, "\"", NULL)
         : scim_json_text(value, pool);
}

static void print_changes(const char *text, apr_pool_t *pool)
{
    scim_json_t *changes;
    const scim_json_t *change;

    if (!text || scim_json_parse(&changes, text, strlen(text), pool)) {
        return;
    }
    for (change = changes->first; change; change = change->next) {
        if (change->type != SCIM_JSON_OBJECT
            || (!scim_json_find(change, "old")
                && !scim_json_find(change, "new"))) {
            scim_print_line(stdout, pool, "    %s  %s", change->name,
                            scim_json_text(change, pool));
            continue;
        }
        scim_print_line(stdout, pool, "    %s  %s -> %s", change->name,
                        value_of(change, "old", pool),
                        value_of(change, "new", pool));
    }
}

static const char *shown(const scim_table_t *table, int row, int column)
{
    const char *value = scim_table_value(table, row, column);

    return value ? value : "-";
}

static void print_event(const scim_table_t *table, int row, apr_pool_t *pool)
{
    scim_print_line(stdout, pool, "%s  %s %s %s  organisation %s, token %s of "
                    "user %s", shown(table, row, EVENT_AT),
                    shown(table, row, EVENT_OPERATION),
                    shown(table, row, EVENT_TYPE),
                    shown(table, row, EVENT_RESOURCE),
                    shown(table, row, EVENT_TENANT),
                    shown(table, row, EVENT_TOKEN),
                    shown(table, row, EVENT_ACTOR));
    if (strcmp(shown(table, row, EVENT_OUTCOME), "refused") == 0) {
        scim_print_line(stdout, pool, "    REFUSED %s %s: %s",
                        shown(table, row, EVENT_STATUS),
                        shown(table, row, EVENT_SCIM_TYPE),
                        shown(table, row, EVENT_REASON));
    }
    print_changes(scim_table_value(table, row, EVENT_CHANGES), pool);
}

/* What is to be shown, once each. @return the highest id */
static apr_int64_t print_new(const scim_ctl_t *ctl, const scim_table_t *table,
                             apr_hash_t *seen, apr_pool_t *keep)
{
    apr_int64_t last = 0;
    int i;

    for (i = 0; i < table->nrows; i++) {
        const char *id = scim_table_value(table, i, EVENT_ID);

        last = apr_atoi64(id);
        if (apr_hash_get(seen, id, APR_HASH_KEY_STRING)) {
            continue;
        }
        apr_hash_set(seen, apr_pstrdup(keep, id), APR_HASH_KEY_STRING, "");
        if (ctl->json) {
            print_line(table, i, ctl->pool);
        }
        else {
            print_event(table, i, ctl->pool);
        }
    }
    return last;
}

/* Every second those that are new, and those that came late. What a round
 * needs is cleared after it, but for the numbers that were shown. */
static int show(scim_ctl_t *ctl, wanted_t *wanted, int follow)
{
    apr_pool_t *pool = ctl->pool;
    apr_hash_t *seen = apr_hash_make(pool);
    apr_int64_t floor = -1, behind = 0;
    int status = scim_ctl_connect(ctl);

    apr_pool_create(&ctl->pool, pool);
    while (status == SCIM_EXIT_OK) {
        scim_table_t table;
        apr_int64_t last;

        wanted->behind = apr_psprintf(ctl->pool, "%" APR_INT64_T_FMT, behind);
        status = ask(&table, ctl, wanted);
        if (status != SCIM_EXIT_OK) {
            break;
        }
        last = print_new(ctl, &table, seen, pool);
        if (!follow) {
            break;
        }
        if (floor < 0) {        /* older ones were left out at the start */
            floor = table.nrows == atoi(wanted->limit)
                  ? apr_atoi64(scim_table_value(&table, 0, EVENT_ID)) : 0;
        }
        behind = last > behind + LATE_MAX ? last - LATE_MAX : behind;
        behind = behind > floor ? behind : floor;
        wanted->limit = "100000";
        apr_pool_clear(ctl->pool);
        apr_sleep(FOLLOW_EVERY);
    }
    ctl->pool = pool;
    return status;
}

int scim_ctl_events(scim_ctl_t *ctl, int argc, const char **argv)
{
    wanted_t wanted = { NULL, NULL, NULL, "100", "0" };
    int follow = 0;
    const scim_ctl_option_t options[] = {
        { "--user", NULL, &wanted.user, NULL },
        { "--tenant", NULL, &wanted.tenant, NULL },
        { "--since", NULL, &wanted.since, NULL },
        { "--limit", NULL, &wanted.limit, NULL },
        { "--follow", NULL, NULL, &follow },
        { NULL }
    };
    int status = scim_ctl_options(ctl, options, &argc, argv);

    if (status != SCIM_EXIT_OK) {
        return status;
    }
    if (argc) {
        return scim_ctl_usage(ctl, "\"%s\" is no option", argv[0]);
    }
    if (atoi(wanted.limit) < 1) {
        return scim_ctl_usage(ctl, "--limit is a number from 1 on");
    }
    return show(ctl, &wanted, follow);
}
