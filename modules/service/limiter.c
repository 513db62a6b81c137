#include "service/limiter.h"

#include "base/rate.h"
#include "service/resources.h"

/* Where it is counted, or NULL where nothing is limited: by the limit of one
 * location, requests of another would be refused. */
static scim_tally_location_t *tally_of(const scim_call_t *call)
{
    const scim_service_t *service = call->request->service;

    return service->rate.per_second && service->tally
        && !scim_tally_is_shared(service->tally) ? service->tally : NULL;
}

/* The check costs a look at the row of the token, no more. */
static scim_err_t *refuse(const scim_call_t *call, apr_interval_time_t wait)
{
    int seconds = (int)apr_time_sec(wait + APR_USEC_PER_SEC - 1);

    SCIM_TRY(scim_resources_authenticate(call));
    call->reply->retry_after = seconds;
    return scim_err_make(SCIM_ERR_RATE, call->request->pool,
                         "more requests than the %d per second that are "
                         "accepted from one organisation; try again in %d "
                         "second%s", call->request->service->rate.per_second,
                         seconds, seconds == 1 ? "" : "s");
}

/* An operation of a bulk job is part of a request that was measured. */
scim_err_t *scim_limiter_check(const scim_call_t *call)
{
    scim_tally_location_t *tally = tally_of(call);
    scim_tally_tenant_t *tenant;
    apr_interval_time_t wait = 0;

    if (!tally || call->request->held) {
        return NULL;
    }
    tenant = scim_tally_token_find(tally, call->asker.token_sha256);
    if (tenant) {
        wait = scim_rate_take(&tenant->requested,
                              &call->request->service->rate, apr_time_now());
    }
    return wait ? refuse(call, wait) : NULL;
}

/* Tenants that share a slot are not limited: one would pay for another. */
void scim_limiter_know(const scim_call_t *call, const char *tenant)
{
    scim_tally_location_t *tally = tally_of(call);
    const char *token = call->asker.token_sha256;
    scim_tally_tenant_t *slot;

    if (!tally || !tenant) {
        return;
    }
    slot = scim_tally_tenant(tally, tenant);
    if (slot == &tally->other_tenants
        || slot == scim_tally_token_find(tally, token)) {
        return;
    }
    scim_tally_token_keep(tally, token, slot);
    scim_rate_take(&slot->requested, &call->request->service->rate,
                   apr_time_now());
}

void scim_limiter_forget(const scim_call_t *call)
{
    if (tally_of(call)) {
        scim_tally_token_forget(tally_of(call), call->asker.token_sha256);
    }
}
