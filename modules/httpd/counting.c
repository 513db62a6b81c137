#include "httpd/counting.h"

static void count_number(scim_tally_location_t *tally,
                         scim_tally_number_t number, int more)
{
    if (more) {
        scim_count_add(&tally->numbers[number], (apr_uint64_t)more);
    }
}

/* Only what a valid token asked for has a tenant, so their number is that of
 * customers, and nobody can fill the table from outside. */
static void count_tenant(scim_tally_location_t *tally,
                         const scim_reply_t *reply, apr_time_t now)
{
    int is_success = reply->status < HTTP_BAD_REQUEST;
    scim_tally_tenant_t *tenant;

    if (reply->tenant && (is_success || reply->work.held_for)) {
        tenant = scim_tally_tenant(tally, reply->tenant);
        if (is_success) {
            scim_count_set(&tenant->last_success, (apr_uint64_t)now);
            if (reply->token_id) {
                scim_tally_used(tally, reply->token_id, now);
            }
        }
        if (reply->work.held_for) {
            scim_count_set(&tenant->held_until, (apr_uint64_t)
                           (now + apr_time_from_sec(reply->work.held_for)));
        }
    }
}

void scim_counting_reply(const request_rec *r, const scim_dir_config_t *conf,
                         const scim_reply_t *reply)
{
    scim_tally_location_t *tally = conf->tally;
    const scim_err_t *err = reply->err;
    const scim_work_t *work = &reply->work;
    scim_tally_key_t key = {
        reply->subject, reply->operation, 0, reply->status,
        err ? err->scim_type : NULL
    };
    apr_time_t now = apr_time_now();

    if (!tally) {
        return;
    }
    scim_tally_request(tally, &key);
    scim_times_add(&tally->requests[key.operation], now - r->request_time);
    if (work->database) {
        scim_times_add(&tally->database[key.operation], work->database);
    }
    count_number(tally, SCIM_TALLY_EVENTS_APPLIED, work->changes);
    count_number(tally, SCIM_TALLY_DISCARDED, work->discarded);
    count_number(tally, SCIM_TALLY_HELD_BACK, work->held_back);
    count_number(tally, SCIM_TALLY_UNAUTHORIZED,
                 err && err->kind == SCIM_ERR_UNAUTHORIZED);
    count_tenant(tally, reply, now);
}

void scim_counting_status(const request_rec *r, const scim_base_t *base)
{
    scim_tally_key_t key = {
        SCIM_SUBJECT_NONE, SCIM_OPERATION_OTHER, 0, r->status, NULL
    };

    if (base && base->dir->tally) {
        scim_tally_request(base->dir->tally, &key);
        scim_times_add(&base->dir->tally->requests[key.operation],
                       apr_time_now() - r->request_time);
    }
}

void scim_counting_refusals(const scim_dir_config_t *conf, int refusals,
                            const scim_err_t *err)
{
    if (conf->tally) {
        count_number(conf->tally, err ? SCIM_TALLY_EVENTS_LOST
                                      : SCIM_TALLY_EVENTS_REFUSED, refusals);
    }
}
