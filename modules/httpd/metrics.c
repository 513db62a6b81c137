#include "httpd/metrics.h"

#include <http_protocol.h>
#include <http_request.h>

#include <apr_strings.h>

#include <string.h>

#include "base/buf.h"
#include "base/fold.h"
#include "base/tally.h"
#include "httpd/lifecycle.h"

#define PREFIX "mod_scim_"

typedef struct label_t {
    const char *name;
    const char *value;
} label_t;

#define NLABELS_MAX 6

/* The labels of a sample. */
typedef struct labels_t {
    int count;
    label_t labels[NLABELS_MAX];
} labels_t;

/* The text format */

static void put_family(scim_buf_t *buf, const char *name, const char *type,
                       const char *unit, const char *help)
{
    scim_buf_printf(buf, "# TYPE " PREFIX "%s %s\n", name, type);
    if (unit) {
        scim_buf_printf(buf, "# UNIT " PREFIX "%s %s\n", name, unit);
    }
    scim_buf_printf(buf, "# HELP " PREFIX "%s %s\n", name, help);
}

/* The text has to be UTF-8, which the path of a location need not be. */
static void put_value(scim_buf_t *buf, const char *value)
{
    int is_valid = scim_utf8_is_valid(value, strlen(value));

    scim_buf_putc(buf, '"');
    for (; *value; value++) {
        if (*value == '\n') {
            scim_buf_puts(buf, "\\n");
        }
        else if (!is_valid && (unsigned char)*value > 0x7f) {
            scim_buf_putc(buf, '?');
        }
        else {
            if (*value == '"' || *value == '\\') {
                scim_buf_putc(buf, '\\');
            }
            scim_buf_putc(buf, *value);
        }
    }
    scim_buf_putc(buf, '"');
}

/* Up to the blank in front of the number. @a bound NULL: no bucket */
static void put_name(scim_buf_t *buf, const char *name, const char *suffix,
                     const labels_t *labels, const char *bound)
{
    int i;

    scim_buf_printf(buf, PREFIX "%s%s", name, suffix);
    for (i = 0; i < labels->count; i++) {
        scim_buf_putc(buf, i ? ',' : '{');
        scim_buf_printf(buf, "%s=", labels->labels[i].name);
        put_value(buf, labels->labels[i].value);
    }
    if (bound) {
        scim_buf_printf(buf, ",le=\"%s\"", bound);
    }
    scim_buf_puts(buf, labels->count ? "} " : " ");
}

static void put_number(scim_buf_t *buf, const char *name, const char *suffix,
                       const labels_t *labels, apr_uint64_t number)
{
    put_name(buf, name, suffix, labels, NULL);
    scim_buf_printf(buf, "%" APR_UINT64_T_FMT "\n", number);
}

/* As 0.5 or 10.0, whatever the locale has for a point. */
static const char *seconds(apr_uint64_t microseconds, char text[32])
{
    apr_size_t len = (apr_size_t)apr_snprintf(text, 32,
        "%" APR_UINT64_T_FMT ".%06d", microseconds / 1000000,
        (int)(microseconds % 1000000));

    while (text[len - 1] == '0' && text[len - 2] != '.') {
        text[--len] = '\0';
    }
    return text;
}

static void put_seconds(scim_buf_t *buf, const char *name, const char *suffix,
                        const labels_t *labels, apr_uint64_t microseconds)
{
    char text[32];

    put_name(buf, name, suffix, labels, NULL);
    scim_buf_printf(buf, "%s\n", seconds(microseconds, text));
}

static void add_label(labels_t *labels, const char *name, const char *value)
{
    labels->labels[labels->count].name = name;
    labels->labels[labels->count].value = value;
    labels->count++;
}

static labels_t label_location(const scim_tally_location_t *location)
{
    labels_t labels = { 0 };

    add_label(&labels, "server", location->server);
    add_label(&labels, "location", location->path);
    return labels;
}

/* Families of a location */

typedef void (*put_cb)(scim_buf_t *buf, const char *name,
                       const scim_tally_location_t *location,
                       apr_uint64_t which);

static void put_locations(scim_buf_t *buf, const scim_tally_t *tally,
                          const char *name, put_cb put, apr_uint64_t which)
{
    int i;

    for (i = 0; i <= SCIM_TALLY_LOCATIONS; i++) {
        if (scim_count_get(&tally->locations[i].is_named)) {
            put(buf, name, &tally->locations[i], which);
        }
    }
}

static void put_request(scim_buf_t *buf, const char *name,
                        const scim_tally_location_t *location,
                        const char *const values[4], apr_uint64_t number)
{
    static const char *const names[] = {
        "resource", "operation", "status", "scim_type"
    };
    labels_t labels = label_location(location);
    int i;

    for (i = 0; i < 4; i++) {
        add_label(&labels, names[i], values[i]);
    }
    put_number(buf, name, "_total", &labels, number);
}

/* What a series is when there was no room for one more. */
static void put_other_requests(scim_buf_t *buf, const char *name,
                               const scim_tally_location_t *location)
{
    static const char *const values[] = { "none", "other", "other", "none" };
    apr_uint64_t count = scim_count_get(&location->other_series);

    if (count) {
        put_request(buf, name, location, values, count);
    }
}

static void put_requests(scim_buf_t *buf, const char *name,
                         const scim_tally_location_t *location,
                         apr_uint64_t is_bulk)
{
    scim_tally_key_t key;
    char status[16];
    int i;

    for (i = 0; i < SCIM_TALLY_SERIES; i++) {
        const scim_tally_series_t *series = &location->series[i];

        if (scim_tally_series_read(&key, series)
            && key.is_bulk == (int)is_bulk) {
            const char *const values[] = {
                scim_subject_word(key.subject),
                scim_operation_word(key.operation), status,
                key.scim_type ? key.scim_type : "none"
            };

            apr_snprintf(status, sizeof(status), "%d", key.status);
            put_request(buf, name, location, values,
                        scim_count_get(&series->count));
        }
    }
    if (!is_bulk) {
        put_other_requests(buf, name, location);
    }
}

/* The count is the sum of the buckets, so the two never contradict. */
static void put_histogram(scim_buf_t *buf, const char *name,
                          const labels_t *labels, const scim_times_t *times)
{
    apr_uint64_t count = 0;
    char bound[32];
    int i;

    for (i = 0; i <= SCIM_TALLY_BOUNDS; i++) {
        count += scim_count_get(&times->buckets[i]);
        put_name(buf, name, "_bucket", labels, i == SCIM_TALLY_BOUNDS ? "+Inf"
                 : seconds((apr_uint64_t)scim_times_bounds[i], bound));
        scim_buf_printf(buf, "%" APR_UINT64_T_FMT "\n", count);
    }
    put_number(buf, name, "_count", labels, count);
    put_seconds(buf, name, "_sum", labels, scim_count_get(&times->sum));
}

static int has_times(const scim_times_t *times)
{
    int i;

    for (i = 0; i <= SCIM_TALLY_BOUNDS; i++) {
        if (scim_count_get(&times->buckets[i])) {
            return 1;
        }
    }
    return 0;
}

/* Of operations that there were. */
static void put_times(scim_buf_t *buf, const char *name,
                      const scim_tally_location_t *location,
                      apr_uint64_t is_database)
{
    const scim_times_t *times = is_database ? location->database
                                            : location->requests;
    int i;

    for (i = 0; i < SCIM_OPERATION_COUNT; i++) {
        if (has_times(&times[i])) {
            labels_t labels = label_location(location);

            add_label(&labels, "operation",
                      scim_operation_word((scim_operation_t)i));
            put_histogram(buf, name, &labels, &times[i]);
        }
    }
}

static void put_location_number(scim_buf_t *buf, const char *name,
                                const scim_tally_location_t *location,
                                apr_uint64_t which)
{
    labels_t labels = label_location(location);

    put_number(buf, name, "_total", &labels,
               scim_count_get(&location->numbers[which]));
}

static void put_events(scim_buf_t *buf, const char *name,
                       const scim_tally_location_t *location,
                       apr_uint64_t unused)
{
    labels_t labels = label_location(location);

    (void)unused;
    add_label(&labels, "outcome", "applied");
    put_number(buf, name, "_total", &labels,
               scim_count_get(&location->numbers[SCIM_TALLY_EVENTS_APPLIED]));
    labels.labels[labels.count - 1].value = "refused";
    put_number(buf, name, "_total", &labels,
               scim_count_get(&location->numbers[SCIM_TALLY_EVENTS_REFUSED]));
}

/* Families of tenants */

typedef void (*put_tenant_cb)(scim_buf_t *buf, const char *name,
                              const labels_t *labels,
                              const scim_tally_tenant_t *tenant,
                              apr_time_t now);

static void put_tenant(scim_buf_t *buf, const scim_tally_t *tally,
                       const char *name, const scim_tally_tenant_t *tenant,
                       put_tenant_cb put, apr_time_t now)
{
    char text[SCIM_TALLY_TEXT];
    labels_t labels;

    if (scim_tally_tenant_name(text, tenant)) {
        labels = label_location(
            &tally->locations[scim_count_get(&tenant->location)]);
        add_label(&labels, "tenant", text);
        put(buf, name, &labels, tenant, now);
    }
}

static void put_tenants(scim_buf_t *buf, const scim_tally_t *tally,
                        const char *name, put_tenant_cb put, apr_time_t now)
{
    int i;

    for (i = 0; i < SCIM_TALLY_TENANTS; i++) {
        put_tenant(buf, tally, name, &tally->tenants[i], put, now);
    }
    for (i = 0; i <= SCIM_TALLY_LOCATIONS; i++) {
        put_tenant(buf, tally, name, &tally->locations[i].other_tenants, put,
                   now);
    }
}

/* Another child may have had its success since we looked at the clock. */
static void put_age(scim_buf_t *buf, const char *name, const labels_t *labels,
                    const scim_tally_tenant_t *tenant, apr_time_t now)
{
    apr_time_t then = (apr_time_t)scim_count_get(&tenant->last_success);

    if (then) {
        put_seconds(buf, name, "", labels,
                    now > then ? (apr_uint64_t)(now - then) : 0);
    }
}

static void put_held(scim_buf_t *buf, const char *name, const labels_t *labels,
                     const scim_tally_tenant_t *tenant, apr_time_t now)
{
    apr_time_t until = (apr_time_t)scim_count_get(&tenant->held_until);

    if (until) {
        put_number(buf, name, "", labels, until > now);
    }
}

/* All of it */

static void put_all_requests(scim_buf_t *buf, const scim_tally_t *tally)
{
    put_family(buf, "requests", "counter", NULL, "Requests answered.");
    put_locations(buf, tally, "requests", put_requests, 0);
    put_family(buf, "bulk_operations", "counter", NULL,
               "Operations of bulk jobs answered.");
    put_locations(buf, tally, "bulk_operations", put_requests, 1);
    put_family(buf, "request_duration_seconds", "histogram", "seconds",
               "Time from the request line to the answer.");
    put_locations(buf, tally, "request_duration_seconds", put_times, 0);
    put_family(buf, "database_duration_seconds", "histogram", "seconds",
               "The part of it that a connection was waited for and used.");
    put_locations(buf, tally, "database_duration_seconds", put_times, 1);
}

static void put_all_numbers(scim_buf_t *buf, const scim_tally_t *tally)
{
    static const struct {
        const char *name;
        scim_tally_number_t number;
        const char *help;
    } numbers[] = {
        { "events_lost", SCIM_TALLY_EVENTS_LOST,
          "Refused requests whose event could not be written." },
        { "attributes_discarded", SCIM_TALLY_DISCARDED,
          "Attributes that were sent and that nothing here keeps." },
        { "authentication_failures", SCIM_TALLY_UNAUTHORIZED,
          "Requests without a valid token." },
        { "guard_refusals", SCIM_TALLY_HELD_BACK,
          "Deactivations and deletions that ScimGuard has held back." }
    };
    apr_size_t i;

    put_family(buf, "events", "counter", NULL, "Rows written to scim.events.");
    put_locations(buf, tally, "events", put_events, 0);
    for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        put_family(buf, numbers[i].name, "counter", NULL, numbers[i].help);
        put_locations(buf, tally, numbers[i].name, put_location_number,
                      numbers[i].number);
    }
}

static void put_all_connections(scim_buf_t *buf, const scim_tally_t *tally)
{
    static const labels_t none = { 0 };
    scim_tally_child_t sum;

    scim_tally_children(&sum, tally);
    put_family(buf, "connections_open", "gauge", NULL,
               "Connections to databases, of all children.");
    put_number(buf, "connections_open", "", &none, sum.open);
    put_family(buf, "connections_busy", "gauge", NULL,
               "Connections that serve a request.");
    put_number(buf, "connections_busy", "", &none, sum.busy);
    put_family(buf, "requests_waiting", "gauge", NULL,
               "Requests that wait for a connection.");
    put_number(buf, "requests_waiting", "", &none, sum.waiting);
    put_family(buf, "connections_opened", "counter", NULL,
               "Connections that were opened.");
    put_number(buf, "connections_opened", "_total", &none,
               scim_count_get(&tally->opened));
    put_family(buf, "connections_abandoned", "counter", NULL,
               "Connections closed at a deadline, over unfinished work.");
    put_number(buf, "connections_abandoned", "_total", &none,
               scim_count_get(&tally->abandoned));
}

static void put_all_tenants(scim_buf_t *buf, const scim_tally_t *tally)
{
    apr_time_t now = apr_time_now();

    put_family(buf, "guard_holding", "gauge", NULL,
               "Whether ScimGuard holds deactivations of the tenant back.");
    put_tenants(buf, tally, "guard_holding", put_held, now);
    put_family(buf, "last_success_age_seconds", "gauge", "seconds",
               "Time since the tenant's last successful request.");
    put_tenants(buf, tally, "last_success_age_seconds", put_age, now);
}

static int send_text(request_rec *r, const scim_buf_t *buf)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, alloc);

    ap_set_content_type(r, SCIM_METRICS_CONTENT_TYPE);
    ap_set_content_length(r, buf->len);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_pool_create(
        buf->data, buf->len, r->pool, alloc));
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(alloc));
    return ap_pass_brigade(r->output_filters, brigade) == APR_SUCCESS
         ? OK : AP_FILTER_ERROR;
}

int scim_metrics_handler(request_rec *r)
{
    const scim_tally_t *tally = scim_lifecycle_tally();
    scim_buf_t buf;

    if (!r->handler || strcmp(r->handler, "scim-metrics") != 0) {
        return DECLINED;
    }
    if (r->method_number != M_GET) {
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, -1);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    scim_buf_init(&buf, 32768, r->pool);
    put_all_requests(&buf, tally);
    put_all_numbers(&buf, tally);
    put_all_connections(&buf, tally);
    put_all_tenants(&buf, tally);
    scim_buf_puts(&buf, "# EOF\n");
    return send_text(r, &buf);
}
