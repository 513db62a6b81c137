#include "httpd/status.h"

#include <http_protocol.h>
#include <mod_status.h>

#include "base/tally.h"
#include "httpd/lifecycle.h"

/* Requests by what came of them, and the rest of a location's numbers. */
typedef struct summary_t {
    apr_uint64_t requests;
    apr_uint64_t refused;       /* 4xx */
    apr_uint64_t failed;        /* 5xx */
    apr_uint64_t numbers[SCIM_TALLY_NUMBER_COUNT];
} summary_t;

static void add_location(summary_t *sum, const scim_tally_location_t *location)
{
    scim_tally_key_t key;
    int i;

    for (i = 0; i < SCIM_TALLY_SERIES; i++) {
        const scim_tally_series_t *series = &location->series[i];
        apr_uint64_t count = scim_count_get(&series->count);

        if (scim_tally_series_read(&key, series) && !key.is_bulk) {
            sum->requests += count;
            sum->refused += key.status / 100 == 4 ? count : 0;
            sum->failed += key.status / 100 == 5 ? count : 0;
        }
    }
    sum->requests += scim_count_get(&location->other_series);
    for (i = 0; i < SCIM_TALLY_NUMBER_COUNT; i++) {
        sum->numbers[i] += scim_count_get(&location->numbers[i]);
    }
}

/* HTML */

static void put_row(request_rec *r, const scim_tally_location_t *location)
{
    summary_t sum = { 0 };

    add_location(&sum, location);
    ap_rprintf(r, "<tr><td>%s</td><td>%s</td><td>%" APR_UINT64_T_FMT "</td>"
               "<td>%" APR_UINT64_T_FMT "</td><td>%" APR_UINT64_T_FMT "</td>"
               "<td>%" APR_UINT64_T_FMT "</td><td>%" APR_UINT64_T_FMT "</td>"
               "<td>%" APR_UINT64_T_FMT "</td></tr>\n",
               ap_escape_html(r->pool, location->server),
               ap_escape_html(r->pool, location->path), sum.requests,
               sum.refused, sum.failed, sum.numbers[SCIM_TALLY_UNAUTHORIZED],
               sum.numbers[SCIM_TALLY_EVENTS_APPLIED],
               sum.numbers[SCIM_TALLY_HELD_BACK]);
}

static void put_html(request_rec *r, const scim_tally_t *tally,
                     const scim_tally_child_t *children)
{
    int i;

    ap_rputs("<hr />\n<h2>SCIM</h2>\n<table border=\"0\"><tr><th>Server</th>"
             "<th>Location</th><th>Requests</th><th>4xx</th><th>5xx</th>"
             "<th>Without a valid token</th><th>Changes</th><th>Held back</th>"
             "</tr>\n", r);
    for (i = 0; i <= SCIM_TALLY_LOCATIONS; i++) {
        if (scim_count_get(&tally->locations[i].is_named)) {
            put_row(r, &tally->locations[i]);
        }
    }
    ap_rprintf(r, "</table>\n<p>Connections to databases: %" APR_UINT64_T_FMT
               " open, %" APR_UINT64_T_FMT " busy; requests waiting for one: %"
               APR_UINT64_T_FMT "</p>\n", children->open, children->busy,
               children->waiting);
}

/* Text: of all locations together */

static void put_line(request_rec *r, const char *name, apr_uint64_t number)
{
    ap_rprintf(r, "Scim%s: %" APR_UINT64_T_FMT "\n", name, number);
}

static void put_lines(request_rec *r, const scim_tally_t *tally,
                      const scim_tally_child_t *children)
{
    summary_t sum = { 0 };
    int i;

    for (i = 0; i <= SCIM_TALLY_LOCATIONS; i++) {
        add_location(&sum, &tally->locations[i]);
    }
    put_line(r, "Requests", sum.requests);
    put_line(r, "RequestsRefused", sum.refused);
    put_line(r, "RequestsFailed", sum.failed);
    put_line(r, "Unauthorized", sum.numbers[SCIM_TALLY_UNAUTHORIZED]);
    put_line(r, "Changes", sum.numbers[SCIM_TALLY_EVENTS_APPLIED]);
    put_line(r, "HeldBack", sum.numbers[SCIM_TALLY_HELD_BACK]);
    put_line(r, "ConnectionsOpen", children->open);
    put_line(r, "ConnectionsBusy", children->busy);
    put_line(r, "RequestsWaiting", children->waiting);
}

int scim_status_hook(request_rec *r, int flags)
{
    const scim_tally_t *tally = scim_lifecycle_tally();
    scim_tally_child_t children;

    scim_tally_children(&children, tally);
    if (flags & AP_STATUS_SHORT) {
        put_lines(r, tally, &children);
    }
    else {
        put_html(r, tally, &children);
    }
    return OK;
}
