/* How often something may happen: by the clock that the caller has. */
#include "base/rate.h"
#include "t/unit/tap.h"

#define START apr_time_from_sec(1700000000)

/* How often it may happen at that moment. */
static int times(scim_count_t *until, const scim_rate_t *rate, apr_time_t now)
{
    int count = 0;

    while (count < 100000 && !scim_rate_take(until, rate, now)) {
        count++;
    }
    return count;
}

static void test_burst(void)
{
    static const scim_rate_t rates[] = {
        { 1, 1 }, { 1, 5 }, { 25, 25 }, { 200, 1000 }, { 300, 7 },
        { 10000, 100000 - 1 }
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        const scim_rate_t *rate = &rates[i];
        scim_count_t until = 0;

        is_int(times(&until, rate, START), rate->burst,
               "%d at once, at %d per second", rate->burst, rate->per_second);
        is_int(times(&until, rate, START), 0, "and no more");
        is_int(times(&until, rate, START + APR_USEC_PER_SEC / 2),
               (rate->per_second / 2 < rate->burst ? rate->per_second / 2
                                                   : rate->burst),
               "half as many in half a second");
        is_int(times(&until, rate, START + apr_time_from_sec(100000)),
               rate->burst, "after a rest as in the beginning");
    }
}

static void test_wait(void)
{
    static const scim_rate_t rate = { 4, 2 };
    scim_count_t until = 0;
    apr_interval_time_t wait;

    times(&until, &rate, START);
    wait = scim_rate_take(&until, &rate, START);
    is_int((int)wait, 250000, "how long to wait");
    ok(scim_rate_take(&until, &rate, START + wait - 1), "not earlier");
    ok(!scim_rate_take(&until, &rate, START + wait), "but then");
}

static void test_clock(void)
{
    static const scim_rate_t rate = { 4, 2 };
    scim_count_t until = 0;

    times(&until, &rate, START);
    is_int(times(&until, &rate, START - 1000), 0,
           "a clock that is a little behind gives nothing away");
    is_int(times(&until, &rate, START - apr_time_from_sec(3600)), 2,
           "one that was set back holds nobody up");
}

int main(void)
{
    test_burst();
    test_wait();
    test_clock();
    return done_testing();
}
