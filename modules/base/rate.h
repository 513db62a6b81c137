/* rate.h - how often something may happen: so many times a second, and for a
 * while more often.
 *
 * All that has to be remembered is one time, in memory that several processes
 * share: that at which everything so far would be over, had it come evenly.
 * How far it lies ahead says how much of the burst is used up (the "generic
 * cell rate algorithm").
 */
#ifndef SCIM_BASE_RATE_H
#define SCIM_BASE_RATE_H

#include <apr_time.h>

#include "base/count.h"

typedef struct scim_rate_t {
    int per_second;         /* 1 to 1,000,000 */
    int burst;              /* how often at once, after a rest; at least 1 */
} scim_rate_t;

/**
 * Let it happen once more, if it may.
 *
 * @param until 0 in the beginning
 * @return 0, or how long it has to wait; then nothing was taken
 *
 * Thread-safe.
 */
apr_interval_time_t scim_rate_take(scim_count_t *until,
                                   const scim_rate_t *rate, apr_time_t now);

#endif
