#include "base/rate.h"

/* A time that lies further ahead than it can was written before the clock was
 * set back, or the burst was lowered. Threads do not read the clock at the same
 * moment, so not every small step counts. */
#define SLACK apr_time_from_sec(10)

apr_interval_time_t scim_rate_take(scim_count_t *until,
                                   const scim_rate_t *rate, apr_time_t now)
{
    apr_interval_time_t each = APR_USEC_PER_SEC / rate->per_second;
    apr_interval_time_t most = each * rate->burst;
    apr_time_t there, from, next;

    do {
        there = (apr_time_t)scim_count_get(until);
        from = there < now || there > now + most + SLACK ? now : there;
        next = from + each;
        if (next - now > most) {
            return next - now - most;
        }
    } while (!scim_count_swap(until, (apr_uint64_t)there,
                              (apr_uint64_t)next));
    return 0;
}
