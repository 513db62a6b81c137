#include "base/tally.h"

#include <apr_strings.h>

#include <string.h>

#define WORDS (SCIM_TALLY_TEXT / sizeof(scim_count_t))

/* How far a tenant is looked for from where its hash points to. Runs that
 * long are rare below nine tenths of the table. */
#define STEPS_MAX 256

#define OTHER "other"

const apr_interval_time_t scim_times_bounds[SCIM_TALLY_BOUNDS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
    1000000, 2500000, 5000000, 10000000
};

static const char *const operations[] = {
#define WORD_(name, word) word,
    SCIM_OPERATIONS(WORD_)
};

static const char *const subjects[] = {
    SCIM_SUBJECTS(WORD_)
#undef WORD_
};

/* The scimTypes there are, by the first kind of error that has each. */
static const char *const scim_types[] = {
#define TYPE_(kind, status, type) type,
    SCIM_ERR_KINDS(TYPE_)
#undef TYPE_
};

const char *scim_operation_word(scim_operation_t operation)
{
    return operations[operation];
}

const char *scim_subject_word(scim_subject_t subject)
{
    return subjects[subject];
}

/* Locations */

static int fits(const char *text)
{
    return strlen(text) < SCIM_TALLY_TEXT;
}

/* Children of an earlier generation may be reading: the name first. */
static void name_location(scim_tally_location_t *location, scim_tally_t *tally,
                          const char *server, const char *path)
{
    location->tally = tally;
    apr_cpystrn(location->server, server, SCIM_TALLY_TEXT);
    apr_cpystrn(location->path, path, SCIM_TALLY_TEXT);
    scim_count_set(&location->is_named, 1);
}

scim_tally_location_t *
scim_tally_location_post_config(scim_tally_t *tally, const char *server,
                                const char *path)
{
    scim_tally_location_t *location = tally->locations;
    scim_tally_location_t *end = location + SCIM_TALLY_LOCATIONS;

    if (!fits(server) || !fits(path)) {
        location = end;
    }
    for (; location < end && location->is_named; location++) {
        if (strcmp(location->server, server) == 0
            && strcmp(location->path, path) == 0) {
            return location;
        }
    }
    if (!location->is_named) {
        name_location(location, tally, location < end ? server : OTHER,
                      location < end ? path : OTHER);
    }
    return location;
}

int scim_tally_is_shared(const scim_tally_location_t *location)
{
    return location == &location->tally->locations[SCIM_TALLY_LOCATIONS];
}

/* Tenants */

/* FNV-1a, never 0. */
static apr_uint64_t hash_of(apr_uint64_t location, const char *name)
{
    apr_uint64_t hash = APR_UINT64_C(14695981039346656037) ^ location;

    for (; *name; name++) {
        hash = (hash ^ (unsigned char)*name) * APR_UINT64_C(1099511628211);
    }
    return hash ? hash : 1;
}

static void write_name(scim_tally_tenant_t *tenant, apr_uint64_t location,
                       const char *name)
{
    apr_uint64_t words[WORDS] = { 0 };
    apr_size_t i;

    memcpy(words, name, strlen(name));
    for (i = 0; i < WORDS; i++) {
        scim_count_set(&tenant->name[i], words[i]);
    }
    scim_count_set(&tenant->location, location);
    scim_count_set(&tenant->is_named, 1);
}

static int has_name(const scim_tally_tenant_t *tenant, apr_uint64_t location,
                    const char *name)
{
    char text[SCIM_TALLY_TEXT];

    return scim_tally_tenant_name(text, tenant)
        && scim_count_get(&tenant->location) == location
        && strcmp(text, name) == 0;
}

/* Whether the slot is the tenant's, or has just become so. Where somebody is
 * writing a name with this hash, or was killed over it, it is written once
 * more: it is the same one. */
static int is_slot_of(scim_tally_tenant_t *tenant, apr_uint64_t hash,
                      apr_uint64_t location, const char *name)
{
    apr_uint64_t there = scim_count_get(&tenant->hash);

    if (!there && scim_count_swap(&tenant->hash, 0, hash)) {
        there = hash;
    }
    else if (!there) {
        there = scim_count_get(&tenant->hash);
    }
    if (there != hash) {
        return 0;
    }
    if (!scim_count_get(&tenant->is_named)) {
        write_name(tenant, location, name);
    }
    return has_name(tenant, location, name);
}

scim_tally_tenant_t *scim_tally_tenant(scim_tally_location_t *location,
                                       const char *tenant)
{
    scim_tally_t *tally = location->tally;
    apr_uint64_t number = location - tally->locations;
    apr_uint64_t hash = hash_of(number, tenant);
    int step;

    for (step = 0; step < STEPS_MAX && fits(tenant)
                   && strcmp(tenant, OTHER) != 0; step++) {
        scim_tally_tenant_t *slot =
            &tally->tenants[(hash + step) % SCIM_TALLY_TENANTS];

        if (is_slot_of(slot, hash, number, tenant)) {
            return slot;
        }
    }
    if (!scim_count_get(&location->other_tenants.is_named)) {
        write_name(&location->other_tenants, number, OTHER);
    }
    return &location->other_tenants;
}

int scim_tally_tenant_name(char name[SCIM_TALLY_TEXT],
                           const scim_tally_tenant_t *tenant)
{
    apr_uint64_t words[WORDS];
    apr_size_t i;

    if (!scim_count_get(&tenant->is_named)) {
        return 0;
    }
    for (i = 0; i < WORDS; i++) {
        words[i] = scim_count_get(&tenant->name[i]);
    }
    memcpy(name, words, SCIM_TALLY_TEXT);
    return 1;
}

/* Tokens */

/* One number holds both: the tenant's place in the table in its low bits, the
 * token's hash above. So it is read and written as a whole. */
#define TENANT_BITS 12
#define TENANT_MASK ((APR_UINT64_C(1) << TENANT_BITS) - 1)

/* In how many places a token may be. */
#define PLACES 8

_Static_assert(SCIM_TALLY_TENANTS <= 1 << TENANT_BITS,
               "the number of a tenant has to fit");

static apr_uint64_t token_hash(const scim_tally_location_t *location,
                               const char *token)
{
    return hash_of(location - location->tally->locations, token);
}

static scim_count_t *place_at(const scim_tally_location_t *location,
                              apr_uint64_t hash, int i)
{
    return &location->tally->tokens[((hash >> TENANT_BITS) + i)
                                    % SCIM_TALLY_TOKENS];
}

/* Where the token is, or NULL. */
static scim_count_t *find_place(const scim_tally_location_t *location,
                                apr_uint64_t hash)
{
    int i;

    for (i = 0; i < PLACES; i++) {
        scim_count_t *place = place_at(location, hash, i);
        apr_uint64_t there = scim_count_get(place);

        if (there && (there ^ hash) <= TENANT_MASK) {
            return place;
        }
    }
    return NULL;
}

scim_tally_tenant_t *scim_tally_token_find(scim_tally_location_t *location,
                                           const char *token)
{
    apr_uint64_t hash = token_hash(location, token), there;
    const scim_count_t *place = find_place(location, hash);

    there = place ? scim_count_get(place) : 0;
    return there && (there ^ hash) <= TENANT_MASK
         ? &location->tally->tenants[there & TENANT_MASK] : NULL;
}

/* Where all places are taken, one is given up. */
void scim_tally_token_keep(scim_tally_location_t *location, const char *token,
                           const scim_tally_tenant_t *tenant)
{
    apr_uint64_t hash = token_hash(location, token);
    apr_uint64_t number = tenant - location->tally->tenants;
    scim_count_t *place = find_place(location, hash);
    int i;

    for (i = 0; i < PLACES && !place; i++) {
        if (!scim_count_get(place_at(location, hash, i))) {
            place = place_at(location, hash, i);
        }
    }
    if (!place) {
        place = place_at(location, hash, (int)(hash % PLACES));
    }
    scim_count_set(place, (hash & ~TENANT_MASK) | number);
}

void scim_tally_token_forget(scim_tally_location_t *location,
                             const char *token)
{
    scim_count_t *place = find_place(location, token_hash(location, token));

    if (place) {
        scim_count_set(place, 0);
    }
}

static scim_tally_use_t *use_at(const scim_tally_location_t *location,
                                apr_uint64_t hash, int i)
{
    return &location->tally->uses[(hash + i) % SCIM_TALLY_TOKENS];
}

static scim_tally_use_t *find_use(const scim_tally_location_t *location,
                                  apr_uint64_t hash)
{
    int i;

    for (i = 0; i < PLACES; i++) {
        scim_tally_use_t *use = use_at(location, hash, i);

        if (scim_count_get(&use->hash) == hash) {
            return use;
        }
    }
    return NULL;
}

/* A free place, or the one that has been idle for longest. It says nothing
 * while it changes hands. */
static scim_tally_use_t *take_use(const scim_tally_location_t *location,
                                  apr_uint64_t hash)
{
    scim_tally_use_t *use = use_at(location, hash, 0);
    int i;

    for (i = 1; i < PLACES && scim_count_get(&use->hash); i++) {
        scim_tally_use_t *other = use_at(location, hash, i);

        if (!scim_count_get(&other->hash)
            || scim_count_get(&other->at) < scim_count_get(&use->at)) {
            use = other;
        }
    }
    scim_count_set(&use->at, 0);
    scim_count_set(&use->hash, hash);
    return use;
}

void scim_tally_used(scim_tally_location_t *location, const char *token_id,
                     apr_time_t now)
{
    apr_uint64_t hash = token_hash(location, token_id);
    scim_tally_use_t *use = find_use(location, hash);

    if (!use) {
        use = take_use(location, hash);
    }
    scim_count_set(&use->at, (apr_uint64_t)now);
}

apr_time_t scim_tally_last_used(const scim_tally_location_t *location,
                                const char *token_id)
{
    const scim_tally_use_t *use = find_use(location,
                                           token_hash(location, token_id));

    return use ? (apr_time_t)scim_count_get(&use->at) : 0;
}

/* Requests */

static apr_uint64_t number_of_type(const char *scim_type)
{
    apr_size_t i;

    for (i = 0; scim_type && i < SCIM_ERR_KIND_COUNT; i++) {
        if (scim_types[i] && strcmp(scim_types[i], scim_type) == 0) {
            return i + 1;
        }
    }
    return 0;
}

void scim_tally_request(scim_tally_location_t *location,
                        const scim_tally_key_t *about)
{
    apr_uint64_t key = (apr_uint64_t)about->is_bulk << 48
                     | (apr_uint64_t)about->status << 32
                     | (apr_uint64_t)about->operation << 16
                     | (apr_uint64_t)about->subject << 8
                     | number_of_type(about->scim_type);
    int i;

    for (i = 0; i < SCIM_TALLY_SERIES; i++) {
        scim_tally_series_t *series = &location->series[i];
        apr_uint64_t there = scim_count_get(&series->key);

        if (!there && scim_count_swap(&series->key, 0, key)) {
            there = key;
        }
        else if (!there) {
            there = scim_count_get(&series->key);
        }
        if (there == key) {
            scim_count_add(&series->count, 1);
            return;
        }
    }
    scim_count_add(&location->other_series, 1);
}

int scim_tally_series_read(scim_tally_key_t *pkey,
                           const scim_tally_series_t *series)
{
    apr_uint64_t key = scim_count_get(&series->key);
    apr_size_t type = key & 0xff;

    pkey->subject = (scim_subject_t)(key >> 8 & 0xff);
    pkey->operation = (scim_operation_t)(key >> 16 & 0xff);
    pkey->status = (int)(key >> 32 & 0xffff);
    pkey->is_bulk = (int)(key >> 48);
    pkey->scim_type = type ? scim_types[type - 1] : NULL;
    return key != 0;
}

void scim_times_add(scim_times_t *times, apr_interval_time_t time)
{
    int i = 0;

    while (i < SCIM_TALLY_BOUNDS && time > scim_times_bounds[i]) {
        i++;
    }
    scim_count_add(&times->buckets[i], 1);
    scim_count_add(&times->sum, time > 0 ? (apr_uint64_t)time : 0);
}

/* Children */

scim_tally_child_t *scim_tally_child(scim_tally_t *tally, apr_uint64_t pid)
{
    int i;

    for (i = 0; i < SCIM_TALLY_CHILDREN; i++) {
        if (scim_count_swap(&tally->children[i].pid, 0, pid)) {
            return &tally->children[i];
        }
    }
    return &tally->children[SCIM_TALLY_CHILDREN];
}

/* The number of the process last: from then on the slot is somebody else's. */
void scim_tally_child_gone(scim_tally_t *tally, apr_uint64_t pid)
{
    int i;

    for (i = 0; i < SCIM_TALLY_CHILDREN; i++) {
        scim_tally_child_t *child = &tally->children[i];

        if (scim_count_get(&child->pid) == pid) {
            scim_count_set(&child->open, 0);
            scim_count_set(&child->busy, 0);
            scim_count_set(&child->waiting, 0);
            scim_count_set(&child->pid, 0);
        }
    }
}

void scim_tally_children(scim_tally_child_t *psum, const scim_tally_t *tally)
{
    int i;

    memset(psum, 0, sizeof(*psum));
    for (i = 0; i < SCIM_TALLY_CHILDREN; i++) {
        const scim_tally_child_t *child = &tally->children[i];

        if (scim_count_get(&child->pid)) {
            psum->pid++;
            psum->open += scim_count_get(&child->open);
            psum->busy += scim_count_get(&child->busy);
            psum->waiting += scim_count_get(&child->waiting);
        }
    }
}
