/* tally.h - what is counted, in memory that all children share.
 *
 * The memory is one block, made by the parent and inherited by its children
 * at the same address. It outlives them, and restarts too: counts only rise,
 * and those of a child that was killed stay. It has a fixed size, so all
 * tables in it are bounded; what finds no room shares a last slot, "other".
 * A slot once taken is never given to another location, tenant or series, so
 * pointers into the block stay good as long as the process.
 *
 * Any thread of any child may count at any time: there is no lock, nothing is
 * allocated, and a number is changed by one atomic instruction. Readers see
 * each number as it is at some moment, and no two at the same moment.
 */
#ifndef SCIM_BASE_TALLY_H
#define SCIM_BASE_TALLY_H

#include <apr_time.h>

#include "base/count.h"
#include "base/err.h"

/* What a request does, by the word that the metrics have for it. */
#define SCIM_OPERATIONS(X)                          \
    X(SCIM_OPERATION_OTHER,     "other")            \
    X(SCIM_OPERATION_GET,       "get")              \
    X(SCIM_OPERATION_LIST,      "list")             \
    X(SCIM_OPERATION_SEARCH,    "search")           \
    X(SCIM_OPERATION_CREATE,    "create")           \
    X(SCIM_OPERATION_PUT,       "put")              \
    X(SCIM_OPERATION_PATCH,     "patch")            \
    X(SCIM_OPERATION_DELETE,    "delete")           \
    X(SCIM_OPERATION_BULK,      "bulk")             \
    X(SCIM_OPERATION_DISCOVERY, "discovery")        \
    X(SCIM_OPERATION_OPTIONS,   "options")

/* And to what. */
#define SCIM_SUBJECTS(X)                            \
    X(SCIM_SUBJECT_NONE,        "none")             \
    X(SCIM_SUBJECT_USER,        "User")             \
    X(SCIM_SUBJECT_GROUP,       "Group")

/* Numbers of a location that have no further distinction. */
#define SCIM_TALLY_NUMBERS(X)                                   \
    X(SCIM_TALLY_EVENTS_APPLIED)    /* with their change */     \
    X(SCIM_TALLY_EVENTS_REFUSED)                                \
    X(SCIM_TALLY_EVENTS_LOST)       /* refusals not written */  \
    X(SCIM_TALLY_DISCARDED)         /* attributes not kept */   \
    X(SCIM_TALLY_HELD_BACK)         /* by the guard */          \
    X(SCIM_TALLY_UNAUTHORIZED)      /* no valid token */

#define SCIM_TALLY_WORD_(name, word) name,
#define SCIM_TALLY_NAME_(name) name,
typedef enum {
    SCIM_OPERATIONS(SCIM_TALLY_WORD_)
    SCIM_OPERATION_COUNT
} scim_operation_t;

typedef enum {
    SCIM_SUBJECTS(SCIM_TALLY_WORD_)
    SCIM_SUBJECT_COUNT
} scim_subject_t;

typedef enum {
    SCIM_TALLY_NUMBERS(SCIM_TALLY_NAME_)
    SCIM_TALLY_NUMBER_COUNT
} scim_tally_number_t;
#undef SCIM_TALLY_WORD_
#undef SCIM_TALLY_NAME_

/* Raised when the layout below changes and its size does not: the memory
 * outlives a module that is replaced by another one. */
#define SCIM_TALLY_FORM         2

/* The size of the tables, "other" not counted. */
#define SCIM_TALLY_LOCATIONS    32
#define SCIM_TALLY_TENANTS      4096    /* of all locations together */
#define SCIM_TALLY_SERIES       256     /* of a location */
#define SCIM_TALLY_CHILDREN     1024
#define SCIM_TALLY_TOKENS       8192
#define SCIM_TALLY_TEXT         128     /* bytes of a name, with its NUL */
#define SCIM_TALLY_BOUNDS       14      /* of a histogram */

/* How long something takes. A time counts in the first bucket whose bound is
 * not below it; in the last one when it is beyond all bounds. */
typedef struct scim_times_t {
    scim_count_t buckets[SCIM_TALLY_BOUNDS + 1];
    scim_count_t sum;           /* microseconds */
} scim_times_t;

/* How many requests went one way. */
typedef struct scim_tally_series_t {
    scim_count_t key;           /* see scim_tally_series_read(); 0: free */
    scim_count_t count;
} scim_tally_series_t;

/* A tenant of a location. The name is complete when is_named is not 0; for
 * that moment whoever looks for it may write it, too. */
typedef struct scim_tally_tenant_t {
    scim_count_t hash;          /* of location and name; 0: free */
    scim_count_t is_named;
    scim_count_t location;      /* its number */
    scim_count_t name[SCIM_TALLY_TEXT / sizeof(scim_count_t)];
    scim_count_t last_success;  /* an apr_time_t; 0: none yet */
    scim_count_t held_until;    /* likewise, when the guard has spoken */
    scim_count_t requested;     /* see base/rate.h */
    scim_count_t limited;       /* an apr_time_t: when that was last logged */
} scim_tally_tenant_t;

/* When a token was last used. */
typedef struct scim_tally_use_t {
    scim_count_t hash;          /* of location and token id; 0: free */
    scim_count_t at;            /* an apr_time_t */
} scim_tally_use_t;

typedef struct scim_tally_t scim_tally_t;

/* A <Location> of a server. */
typedef struct scim_tally_location_t {
    scim_tally_t *tally;        /* what it is part of; NULL: free */
    scim_count_t is_named;
    char server[SCIM_TALLY_TEXT];
    char path[SCIM_TALLY_TEXT];
    scim_count_t numbers[SCIM_TALLY_NUMBER_COUNT];
    scim_tally_series_t series[SCIM_TALLY_SERIES];
    scim_count_t other_series;
    scim_times_t requests[SCIM_OPERATION_COUNT];
    scim_times_t database[SCIM_OPERATION_COUNT];
    scim_tally_tenant_t other_tenants;
    scim_count_t callers;       /* refused, as far as logged: base/rate.h */
    scim_count_t callers_unsaid;    /* refused since without a line */
} scim_tally_location_t;

/* What a child has at the moment; goes with it. */
typedef struct scim_tally_child_t {
    scim_count_t pid;           /* 0: free */
    scim_count_t open;          /* connections */
    scim_count_t busy;
    scim_count_t waiting;       /* requests without one */
} scim_tally_child_t;

struct scim_tally_t {
    scim_tally_location_t locations[SCIM_TALLY_LOCATIONS + 1];
    scim_tally_tenant_t tenants[SCIM_TALLY_TENANTS];
    scim_tally_child_t children[SCIM_TALLY_CHILDREN + 1];
    scim_count_t tokens[SCIM_TALLY_TOKENS];     /* whose they are */
    scim_tally_use_t uses[SCIM_TALLY_TOKENS];
    scim_count_t opened;        /* connections */
    scim_count_t abandoned;     /* at a deadline, with work under way */
};

/** The words of the lists above. */
const char *scim_operation_word(scim_operation_t operation);
const char *scim_subject_word(scim_subject_t subject);

/** The bounds of a histogram in microseconds, SCIM_TALLY_BOUNDS of them. */
extern const apr_interval_time_t scim_times_bounds[SCIM_TALLY_BOUNDS];

/**
 * Find the location of that name, or give it a slot. In the parent alone, at
 * start, where there is one thread.
 *
 * @return never NULL
 */
scim_tally_location_t *
scim_tally_location_post_config(scim_tally_t *tally, const char *server,
                                const char *path);

/** Whether it is the slot that locations share which found no room. */
int scim_tally_is_shared(const scim_tally_location_t *location);

/**
 * Find the tenant, or give it a slot: the same one in every child, from then
 * on. Tenants who find no room, or have a name that does not fit, share one
 * slot for each location, as does one whose name is "other".
 *
 * @return never NULL
 *
 * Thread-safe.
 */
scim_tally_tenant_t *scim_tally_tenant(scim_tally_location_t *location,
                                       const char *tenant);

/** Copy the tenant's name. @return 0 when there is none, or not yet */
int scim_tally_tenant_name(char name[SCIM_TALLY_TEXT],
                           const scim_tally_tenant_t *tenant);

/**
 * The tenant that a token belonged to when it was last found valid.
 *
 * @param token any text that stands for it; only a hash of that is kept
 * @return NULL when that is not known, or not any more: the table forgets
 *
 * Thread-safe, as are the others.
 */
scim_tally_tenant_t *scim_tally_token_find(scim_tally_location_t *location,
                                           const char *token);

/** Remember it. @a tenant has a slot of its own. */
void scim_tally_token_keep(scim_tally_location_t *location, const char *token,
                           const scim_tally_tenant_t *tenant);

/** Forget it, as the token is not valid any more. */
void scim_tally_token_forget(scim_tally_location_t *location,
                             const char *token);

/** Remember that a request with the token of this id succeeded @a now.
 * Thread-safe. */
void scim_tally_used(scim_tally_location_t *location, const char *token_id,
                     apr_time_t now);

/** When that was last, as far as is known: the table forgets. 0: never.
 * Thread-safe. */
apr_time_t scim_tally_last_used(const scim_tally_location_t *location,
                                const char *token_id);

/* What a series is about. */
typedef struct scim_tally_key_t {
    scim_subject_t subject;
    scim_operation_t operation;
    int is_bulk;                /* it was an operation of a bulk job */
    int status;                 /* HTTP, three digits */
    const char *scim_type;      /* one of base/err.h; NULL: none */
} scim_tally_key_t;

/** Count a request that was answered. Thread-safe. */
void scim_tally_request(scim_tally_location_t *location,
                        const scim_tally_key_t *key);

/** Count a time in a histogram. Thread-safe. */
void scim_times_add(scim_times_t *times, apr_interval_time_t time);

/** Read the key of a series. @return 0 when there is none */
int scim_tally_series_read(scim_tally_key_t *pkey,
                           const scim_tally_series_t *series);

/** A child's own slot: for the process @a pid. Never NULL; children beyond
 * the table share one, which readers pass over. */
scim_tally_child_t *scim_tally_child(scim_tally_t *tally, apr_uint64_t pid);

/** Add up what all children have. The number of a process in @a psum is that
 * of children. */
void scim_tally_children(scim_tally_child_t *psum, const scim_tally_t *tally);

/** Clear the slot of a child that has ended, in any way. In the parent. */
void scim_tally_child_gone(scim_tally_t *tally, apr_uint64_t pid);

#endif
