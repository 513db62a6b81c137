/* Counting in shared memory: every slot is found again, by every process, and
 * what finds none shares one. */
#include "base/tally.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_shm.h>
#include <apr_strings.h>

#include <sys/wait.h>
#include <unistd.h>

static apr_pool_t *pool;

static scim_tally_t *make_tally(void)
{
    apr_shm_t *shm;

    if (apr_shm_create(&shm, sizeof(scim_tally_t), NULL, pool)
        != APR_SUCCESS) {
        return NULL;
    }
    memset(apr_shm_baseaddr_get(shm), 0, sizeof(scim_tally_t));
    return apr_shm_baseaddr_get(shm);
}

static void test_locations(scim_tally_t *tally)
{
    scim_tally_location_t *first, *other;
    char name[16];
    int i;

    first = scim_tally_location_post_config(tally, "a:80", "/scim/v2");
    is_str(first->server, "a:80", "a location keeps its server");
    is_str(first->path, "/scim/v2", "and its path");
    ok(scim_tally_location_post_config(tally, "a:80", "/scim/v2") == first,
       "the next reading of the configuration finds it");
    ok(scim_tally_location_post_config(tally, "b:80", "/scim/v2") != first,
       "the same path of another server is another location");
    for (i = 2; i < SCIM_TALLY_LOCATIONS; i++) {
        apr_snprintf(name, sizeof(name), "/%d", i);
        other = scim_tally_location_post_config(tally, "a:80", name);
        if (strcmp(other->path, name) != 0) {
            break;
        }
    }
    is_int(i, SCIM_TALLY_LOCATIONS, "every slot is given away");
    other = scim_tally_location_post_config(tally, "a:80", "/more");
    is_str(other->path, "other", "the next location shares one");
    ok(scim_tally_location_post_config(tally, "a:80", "/yet/more") == other,
       "and so does the one after");
    ok(scim_tally_is_shared(other), "which is known by that");
    ok(!scim_tally_is_shared(first)
       && !scim_tally_is_shared(&tally->locations[SCIM_TALLY_LOCATIONS - 1]),
       "the first and the last of the others are not");
    ok(scim_tally_location_post_config(tally, "a:80", "/scim/v2") == first,
       "what was there is still found");
}

static void test_long_location(scim_tally_t *tally)
{
    char path[SCIM_TALLY_TEXT + 1];

    memset(path, 'x', sizeof(path));
    path[SCIM_TALLY_TEXT] = '\0';
    is_str(scim_tally_location_post_config(tally, "a", path)->path, "other",
           "a path that does not fit is counted elsewhere");
    path[SCIM_TALLY_TEXT - 1] = '\0';
    is_str(scim_tally_location_post_config(tally, "a", path)->path, path,
           "the longest that fits is not");
}

static void test_tenants(scim_tally_location_t *here,
                         scim_tally_location_t *there)
{
    scim_tally_tenant_t *tenant = scim_tally_tenant(here, "1");
    char name[SCIM_TALLY_TEXT], text[SCIM_TALLY_TEXT + 1];

    ok(scim_tally_tenant_name(name, tenant), "a tenant has a name");
    is_str(name, "1", "its own");
    ok(scim_tally_tenant(here, "1") == tenant, "it is found again");
    ok(scim_tally_tenant(there, "1") != tenant,
       "the tenant of another location is another one");
    ok(scim_tally_tenant(here, "2") != tenant, "and so is another tenant");
    ok(scim_tally_tenant(here, "other") == &here->other_tenants,
       "one who is called like those without a slot is among them");
    ok(scim_tally_tenant(here, "") != &here->other_tenants,
       "a name of nothing is a name");
    memset(text, 'y', sizeof(text));
    text[SCIM_TALLY_TEXT] = '\0';
    ok(scim_tally_tenant(here, text) == &here->other_tenants,
       "one whose name does not fit has no slot");
    text[SCIM_TALLY_TEXT - 1] = '\0';
    tenant = scim_tally_tenant(here, text);
    ok(scim_tally_tenant_name(name, tenant) && strcmp(name, text) == 0,
       "the longest that fits has one");
}

/* A process that was killed between taking a slot and naming it. */
static void test_killed(scim_tally_location_t *here)
{
    scim_tally_tenant_t *tenant = scim_tally_tenant(here, "killed");
    char name[SCIM_TALLY_TEXT];

    scim_count_set(&tenant->is_named, 0);
    memset(tenant->name, 0, sizeof(tenant->name));
    ok(!scim_tally_tenant_name(name, tenant), "a slot without a name");
    ok(scim_tally_tenant(here, "killed") == tenant,
       "is found by whom it was taken for");
    ok(scim_tally_tenant_name(name, tenant) && strcmp(name, "killed") == 0,
       "who gives it the name");
}

/* Two names with one hash: one of them is made so here. */
static void test_collision(scim_tally_location_t *here)
{
    scim_tally_tenant_t *slot = scim_tally_tenant(here, "first"), *next;

    memcpy(slot->name, "other one", sizeof("other one"));
    next = scim_tally_tenant(here, "first");
    ok(next != slot, "a slot with the hash and another name is another's");
    ok(scim_tally_tenant(here, "first") == next, "the next one is found again");
}

static void test_full(scim_tally_location_t *here)
{
    scim_tally_tenant_t *tenant, *first = scim_tally_tenant(here, "1");
    char name[SCIM_TALLY_TEXT];
    int i, own = 0, taken = 0;

    for (i = 0; i < 4 * SCIM_TALLY_TENANTS; i++) {
        own += scim_tally_tenant(here, apr_psprintf(pool, "t%d", i))
            != &here->other_tenants;
    }
    for (i = 0; i < SCIM_TALLY_TENANTS; i++) {
        taken += scim_count_get(&here->tally->tenants[i].hash) != 0;
    }
    ok(taken > SCIM_TALLY_TENANTS * 9 / 10, "nearly all slots are given away "
       "(%d)", taken);
    for (i = 0; i < 4 * SCIM_TALLY_TENANTS; i++) {
        const char *text = apr_psprintf(pool, "t%d", i);

        tenant = scim_tally_tenant(here, text);
        own -= tenant != &here->other_tenants;
        if (!scim_tally_tenant_name(name, tenant)
            || strcmp(name, tenant == &here->other_tenants ? "other"
                                                           : text) != 0) {
            break;
        }
    }
    is_int(i, 4 * SCIM_TALLY_TENANTS, "each tenant is found under its name");
    is_int(own, 0, "and by the slot that it was given, or with the others");
    ok(scim_tally_tenant(here, "1") == first, "the first among them, too");
}

static void request(scim_tally_location_t *location, scim_subject_t subject,
                    scim_operation_t operation, int status,
                    const char *scim_type)
{
    scim_tally_key_t key = { subject, operation, 0, status, scim_type };

    scim_tally_request(location, &key);
}

static apr_uint64_t count_of(const scim_tally_location_t *location,
                             scim_operation_t operation, int status,
                             const char *scim_type)
{
    apr_uint64_t count = 0;
    scim_tally_key_t key;
    int i;

    for (i = 0; i < SCIM_TALLY_SERIES; i++) {
        if (scim_tally_series_read(&key, &location->series[i])
            && key.operation == operation && key.status == status
            && (scim_type ? key.scim_type
                            && strcmp(key.scim_type, scim_type) == 0
                          : !key.scim_type)) {
            count += scim_count_get(&location->series[i].count);
        }
    }
    return count;
}

static void test_requests(scim_tally_location_t *here)
{
    apr_uint64_t sum = 0;
    int i;

    request(here, SCIM_SUBJECT_USER, SCIM_OPERATION_GET, 200, NULL);
    request(here, SCIM_SUBJECT_USER, SCIM_OPERATION_GET, 200, NULL);
    request(here, SCIM_SUBJECT_USER, SCIM_OPERATION_PATCH, 400,
            "invalidPath");
    request(here, SCIM_SUBJECT_USER, SCIM_OPERATION_PATCH, 400,
            "noTarget");
    request(here, SCIM_SUBJECT_GROUP, SCIM_OPERATION_PATCH, 400,
            "noTarget");
    is_int(count_of(here, SCIM_OPERATION_GET, 200, NULL), 2, "two of a kind");
    is_int(count_of(here, SCIM_OPERATION_PATCH, 400, "invalidPath"), 1,
           "one by its scimType");
    is_int(count_of(here, SCIM_OPERATION_PATCH, 400, "noTarget"), 2,
           "of users and of groups");
    is_int(count_of(here, SCIM_OPERATION_PATCH, 400, NULL), 0,
           "and none without");
    for (i = 0; i < 2 * SCIM_TALLY_SERIES; i++) {
        request(here, SCIM_SUBJECT_NONE, SCIM_OPERATION_OTHER, 400 + i,
                NULL);
    }
    for (i = 0; i < SCIM_TALLY_SERIES; i++) {
        sum += scim_count_get(&here->series[i].count);
    }
    is_int(sum, SCIM_TALLY_SERIES + 1, "the table of series is full");
    is_int(scim_count_get(&here->other_series) + sum,
           5 + 2 * SCIM_TALLY_SERIES, "and no request goes uncounted");
}

static void test_times(void)
{
    scim_times_t times = { 0 };

    scim_times_add(&times, 500);
    scim_times_add(&times, 501);
    scim_times_add(&times, 10000001);
    scim_times_add(&times, -5);
    is_int(scim_count_get(&times.buckets[0]), 2, "a bound is in its bucket");
    is_int(scim_count_get(&times.buckets[1]), 1, "what is above, in the next");
    is_int(scim_count_get(&times.buckets[SCIM_TALLY_BOUNDS]), 1,
           "what is beyond all, in the last");
    is_int(scim_count_get(&times.sum), 10001002,
           "the sum, which a clock that was set back does not lower");
}

static void test_children(scim_tally_t *tally)
{
    scim_tally_child_t *child = scim_tally_child(tally, 17);
    scim_tally_child_t *second = scim_tally_child(tally, 18), sum;
    int i;

    ok(second != child, "each child has its own slot");
    scim_count_add(&child->busy, 3);
    scim_count_add(&second->busy, 4);
    scim_count_add(&second->open, 5);
    scim_count_add(&second->waiting, 6);
    scim_count_sub(&second->waiting, 1);
    scim_tally_children(&sum, tally);
    ok(sum.pid == 2 && sum.busy == 7 && sum.open == 5 && sum.waiting == 5,
       "what all have");
    scim_tally_child_gone(tally, 17);
    is_int(scim_count_get(&child->busy), 0, "what one had goes with it");
    ok(scim_tally_child(tally, 19) == child, "and its slot to the next");
    for (i = 0; i < SCIM_TALLY_CHILDREN; i++) {
        child = scim_tally_child(tally, 100 + i);
    }
    ok(child == &tally->children[SCIM_TALLY_CHILDREN],
       "a child too many has the slot of nobody");
}

#define WORKERS 4
#define ROUNDS 2000

static void work(scim_tally_location_t *here)
{
    char name[16];
    int i;

    for (i = 0; i < ROUNDS; i++) {
        apr_snprintf(name, sizeof(name), "p%d", i % 500);
        scim_count_add(&scim_tally_tenant(here, name)->last_success, 1);
        request(here, SCIM_SUBJECT_USER, SCIM_OPERATION_PUT,
                200 + i % 50, NULL);
    }
}

/* Several processes at once, on tenants and series that are new to all. */
static void test_processes(scim_tally_location_t *here)
{
    apr_uint64_t sum = 0;
    char name[16];
    int i, status, bad = 0, uneven = 0;

    fflush(stdout);
    for (i = 0; i < WORKERS; i++) {
        if (fork() == 0) {
            work(here);
            _exit(0);
        }
    }
    for (i = 0; i < WORKERS; i++) {
        bad += wait(&status) < 0 || status != 0;
    }
    is_int(bad, 0, "%d processes count at once", WORKERS);
    for (i = 0; i < 500; i++) {
        apr_snprintf(name, sizeof(name), "p%d", i);
        uneven += scim_count_get(&scim_tally_tenant(here, name)->last_success)
               != WORKERS * ROUNDS / 500;
    }
    is_int(uneven, 0, "each tenant has one slot, with all of its counts");
    for (i = 0; i < 50; i++) {
        sum += count_of(here, SCIM_OPERATION_PUT, 200 + i, NULL);
    }
    is_int(sum, WORKERS * ROUNDS, "no request is lost");
}

int main(void)
{
    scim_tally_t *tally;
    scim_tally_location_t *here, *there;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    tally = make_tally();
    if (!ok(tally != NULL, "there is memory to share")) {
        return done_testing();
    }
    test_long_location(tally);
    here = scim_tally_location_post_config(tally, "here", "/");
    there = scim_tally_location_post_config(tally, "there", "/");
    test_tenants(here, there);
    test_killed(here);
    test_collision(here);
    test_processes(here);
    test_full(there);
    test_requests(there);
    test_times();
    test_children(tally);
    test_locations(make_tally());
    return done_testing();
}
