#include "ctl/commands.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define FOLLOW_EVERY apr_time_from_sec(1)

/* Room for the number of an event. */
#define NUMBER_SIZE 24

typedef struct wanted_t {
    const char *user;       /* each of these may be NULL */
    const char *tenant;
    const char *since;
    const char *limit;
    const char *last;       /* id of the newest that was shown */
} wanted_t;

/* A user is meant by id, or by a name that it had or got: of somebody who was
 * renamed all events are shown, under either name. A time without a date in
 * front is how long ago. */
#define WHERE                                                               \
    "WHERE ($1::text IS NULL OR e.resource_id = $1 OR e.resource_id IN ("   \
    "SELECT n.resource_id FROM scim.events n WHERE lower($1) IN ("          \
    "lower(n.changes #>> '{userName,new}'), "                               \
    "lower(n.changes #>> '{userName,old}')))) "                             \
    "AND ($2::text IS NULL OR e.tenant = $2) "                              \
    "AND ($3::text IS NULL OR e.at >= CASE "                                \
    "WHEN $3 ~ '^\\s*(\\d{4}-|now|today|yesterday)' "                       \
    "THEN $3::timestamptz ELSE now() - $3::interval END) "                  \
    "AND e.id > $4::bigint "

static const char sql_events[] =
    "SELECT * FROM (SELECT e.id, e.at, e.tenant, e.actor, e.token_id, "
    "e.operation, e.resource_type AS resource, e.resource_id, e.outcome, "
    "e.request_id, e.changes FROM scim.events e " WHERE
    "ORDER BY e.id DESC LIMIT $5::int) newest ORDER BY id";

static int ask(scim_table_t *table, scim_ctl_t *ctl, const wanted_t *wanted)
{
    const char *params[] = { wanted->user, wanted->tenant, wanted->since,
                             wanted->last, wanted->limit };

    return scim_ctl_query(table, ctl, sql_events, 5, params);
}

/* Each event is a line of JSON while they are followed: an array would have
 * no end. */
static void print_lines(const scim_table_t *table, apr_pool_t *pool)
{
    int i, j;

    for (i = 0; i < table->nrows; i++) {
        const char *comma = "";
        scim_buf_t buf;

        scim_buf_init(&buf, 512, pool);
        scim_buf_putc(&buf, '{');
        for (j = 0; j < table->ncolumns; j++) {
            const char *value = scim_table_value(table, i, j);

            if (!value) {
                continue;
            }
            scim_buf_printf(&buf, "%s\"%s\":", comma, table->names[j]);
            if (strcmp(table->names[j], "changes") == 0) {
                scim_buf_puts(&buf, value);
            }
            else {
                scim_buf_json(&buf, value, strlen(value));
            }
            comma = ",";
        }
        scim_buf_putc(&buf, '}');
        puts(buf.data);
    }
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
            printf("    %s  %s\n", change->name,
                   scim_json_text(change, pool));
            continue;
        }
        printf("    %s  %s -> %s\n", change->name,
               value_of(change, "old", pool), value_of(change, "new", pool));
    }
}

static void print_events(const scim_table_t *table, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < table->nrows; i++) {
        const char *value[11];
        int j;

        for (j = 0; j < 11; j++) {
            value[j] = scim_table_value(table, i, j);
            value[j] = value[j] ? value[j] : "-";
        }
        printf("%s  %s %s %s  organisation %s, token %s of user %s%s\n",
               value[1], value[5], value[6], value[7], value[2], value[4],
               value[3], strcmp(value[8], "applied") ? "  REFUSED" : "");
        print_changes(scim_table_value(table, i, 10), pool);
    }
}

static int show(scim_ctl_t *ctl, wanted_t *wanted, int follow)
{
    apr_pool_t *pool = ctl->pool;
    scim_table_t table;
    char *last = apr_pcalloc(pool, NUMBER_SIZE);
    int status;

    *last = '0';
    wanted->last = last;
    /* the connection lives in the pool that was there before the rounds */
    status = scim_ctl_connect(ctl);
    apr_pool_create(&ctl->pool, pool);
    while (status == SCIM_EXIT_OK) {
        status = ask(&table, ctl, wanted);
        if (status != SCIM_EXIT_OK) {
            break;
        }
        if (table.nrows) {
            apr_cpystrn(last, scim_table_value(&table, table.nrows - 1, 0),
                        NUMBER_SIZE);
        }
        if (ctl->json) {
            print_lines(&table, ctl->pool);
        }
        else {
            print_events(&table, ctl->pool);
        }
        if (!follow) {
            break;
        }
        apr_pool_clear(ctl->pool);
        apr_sleep(FOLLOW_EVERY);
        wanted->limit = "1000";
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
