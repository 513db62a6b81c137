/* sql.h - the statements, as text and parameter values.
 *
 * Pure: mapping, facts and the request's values in, text out; a unit test
 * compares it. The text depends on the shape of a request alone, never on
 * its values, so a connection prepares each text once. Identifiers come from
 * the configuration and are quoted; values are only ever parameters.
 *
 * Every statement that reads or changes a resource joins the token view
 * itself: what it does, it does under a token that is valid at that moment.
 * Its answer begins with the columns token_id, tenant, actor; no row at all
 * means that the token is not valid. What follows is NULL where nothing was
 * found.
 */
#ifndef SCIM_STORE_SQL_H
#define SCIM_STORE_SQL_H

#include <apr_tables.h>

#include "base/buf.h"
#include "query/filter.h"
#include "store/mapping.h"
#include "store/order.h"
#include "store/row.h"

typedef struct scim_sql_t {
    scim_buf_t text;
    apr_array_header_t *params;     /* of const char *; NULL: SQL NULL */
    int with_related;               /* the resources in the answer come with
                                     * their members, or groups; for the caller
                                     * to set. The relation is not read without
                                     * need */
    const char *base_url;           /* under which clients find resources, for
                                     * filters that look at their URLs; for the
                                     * caller to set */
} scim_sql_t;

/* The name of a further column: the counter of ScimVersion. */
#define SCIM_SQL_COUNTER "counter"

/* Columns of every answer. */
enum {
    SCIM_SQL_TOKEN_ID,
    SCIM_SQL_TENANT,
    SCIM_SQL_ACTOR,
    SCIM_SQL_HOW,           /* create: 'i' inserted, 'e' met by externalId,
                             * 'u' by userName, 't' a tombstone; list: the
                             * total, NULL when all rows are in the answer;
                             * get, update: NULL */
    SCIM_SQL_ID,            /* the resource from here on; NULL: none */
    SCIM_SQL_PROTECTED,
    SCIM_SQL_VERSION,       /* hash of the row, where asked for */
    SCIM_SQL_EXTRA,
    SCIM_SQL_VALUES         /* by place in mapping->columns */
};

/* Who asks, as every statement needs it. */
typedef struct scim_asker_t {
    const char *token_sha256;   /* as `\x` and hexadecimal digits */
    const char *request_id;     /* for events; NULL: none */
    const char *client;         /* address; likewise */
} scim_asker_t;

/* What an event says besides who and when. */
typedef struct scim_change_t {
    const char *operation;      /* create, patch, put, delete ... */
    const char *changes;        /* JSON object */
    const apr_array_header_t *added;    /* to a group: keys of users, of const
                                 * char *; NULL: nobody */
    const apr_array_header_t *removed;  /* likewise from it */
} scim_change_t;

/** Begin a statement. */
void scim_sql_init(scim_sql_t *sql, apr_pool_t *pool);

/** Add a parameter (borrowed) and append `$n::type`; @a type NULL: no cast. */
void scim_sql_param(scim_sql_t *sql, const char *value, const char *type);

/** Append `text` as an SQL string literal; for names, never for values. */
void scim_sql_literal(scim_sql_t *sql, const char *text);

/** Whether the text can be a key of this type, in the one spelling that the
 * server itself would give it. */
int scim_sql_is_key(const char *key_type, const char *text);

/** Whether keys of this type are texts of any characters. */
int scim_sql_is_text_key(const char *key_type);

/** Only the token. */
void scim_sql_token(scim_sql_t *sql, const scim_mapping_t *mapping,
                    const scim_asker_t *asker);

/** Tell row-level security whose rows this transaction may see and write:
 * the tenant's of the token, or nobody's. */
void scim_sql_wall(scim_sql_t *sql, const scim_mapping_t *mapping,
                   const scim_asker_t *asker);

/** One resource. @a lock: keep others from changing it until the transaction
 * ends. @a id must be a key; NULL: the one that the token's actor is. */
void scim_sql_get(scim_sql_t *sql, const scim_mapping_t *mapping,
                  const scim_facts_t *facts, const scim_asker_t *asker,
                  const char *id, int lock);

/* The name of a further column in the answer to a list that is sorted: what
 * each resource is sorted by. */
#define SCIM_SQL_SORT "sort"

/* What is wanted of a list. */
typedef struct scim_page_t {
    const scim_filter_t *filter;    /* NULL: everything */
    const scim_order_t *order;
    const scim_place_t *after;      /* the page begins behind this place;
                                     * NULL: at the beginning */
    apr_int64_t skip;               /* without a place: resources before the
                                     * page */
    int count;                      /* resources on it at most */
    int is_counted;                 /* the total is asked for */
} scim_page_t;

/**
 * A page of a list.
 *
 * @return NULL, or SCIM_ERR_INVALID_FILTER for an attribute that is not kept
 */
scim_err_t *scim_sql_list(scim_sql_t *sql, const scim_mapping_t *mapping,
                          const scim_facts_t *facts,
                          const scim_asker_t *asker,
                          const scim_page_t *page);

/**
 * Insert a resource and its event, unless a row stands in the way: then
 * nothing is written and the answer has those rows, by externalId, by
 * userName (both live) and the newest tombstone with the externalId that is
 * not protected.
 */
void scim_sql_create(scim_sql_t *sql, const scim_mapping_t *mapping,
                     const scim_facts_t *facts, const scim_asker_t *asker,
                     const scim_state_t *state, const scim_change_t *change);

typedef enum {
    SCIM_UPDATE_LIVE,       /* the row is locked and live */
    SCIM_UPDATE_DELETE,     /* locked and live; becomes a tombstone */
    SCIM_UPDATE_MET,        /* create met it: it must still be as it was, and
                             * not have become protected */
    SCIM_UPDATE_REVIVE      /* likewise; a tombstone that becomes live */
} scim_update_mode_t;

/**
 * Write what differs and the event. Something must differ, or members come or
 * go, or the mode must be one that changes the tombstone. A live row that is
 * afterwards what it was, by a trigger, has no event. Triggers that members
 * set off have not run when the answer is made.
 * An account that is deactivated is counted by the mapping's guard, which may
 * refuse it.
 *
 * @param version SCIM_SQL_VERSION of the row as it was locked or met; not for
 *                DELETE
 */
void scim_sql_update(scim_sql_t *sql, const scim_mapping_t *mapping,
                     const scim_facts_t *facts, const scim_asker_t *asker,
                     const char *id, const scim_state_t *before,
                     const scim_state_t *after, scim_update_mode_t mode,
                     const char *version, const scim_change_t *change);

#endif
