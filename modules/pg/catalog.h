/* catalog.h - what PostgreSQL's catalog says of a mapped table and of schema
 * `scim`. Read, not judged: that is proof.h's. */
#ifndef SCIM_PG_CATALOG_H
#define SCIM_PG_CATALOG_H

#include "pg/conn.h"
#include "store/mapping.h"

typedef struct scim_catalog_column_t {
    const char *name;
    const char *type;           /* of a domain: its base */
    char category;              /* pg_type.typcategory */
    int length;                 /* characters; 0: no limit */
    int scale;                  /* digits behind the point; SCIM_UNSCALED: no
                                 * limit */
    int is_not_null;
    int is_filled;              /* by a default, an identity or a generator */
    const char *generation;     /* its expression; "": not generated */
    const char *closed_sequence;/* SQL name of the one that its default draws
                                 * from, when the role may not; "": none */
    int is_by_code_point;       /* its text has this order by itself */
    int can_select, can_insert, can_update;
} scim_catalog_column_t;

typedef struct scim_catalog_index_t {
    const char *name;
    int is_unique;
    const char *predicate;      /* "" for none */
    apr_array_header_t *keys;   /* of const char *: column or expression */
} scim_catalog_index_t;

/* A CHECK and one of its columns. */
typedef struct scim_catalog_check_t {
    const char *name;
    const char *column;
} scim_catalog_check_t;

typedef struct scim_catalog_t {
    int exists;                 /* 0: no such relation; the rest is empty */
    int is_view;
    int is_writable;            /* a table is; a view by itself or by triggers */
    const char *role;           /* whom the connection acts for */
    apr_hash_t *columns;        /* name to scim_catalog_column_t */
    apr_array_header_t *indexes;/* of scim_catalog_index_t, valid ones */
    apr_array_header_t *checks; /* of scim_catalog_check_t */
    int tokens_fit;             /* the token view has its four columns */
    int can_select_tokens;
    int has_events;
    int can_insert_events;
    int has_version;            /* scim.version() exists */
    int can_call_version;
    int has_cursor_keys;
    int can_select_cursor_keys;
    int can_call_guard;         /* both functions of ScimGuard */
    int has_policy;             /* a policy or view asks for scim.tenant() */
} scim_catalog_t;

/** Schemas that the role may not use, of const char *: of `scim` and of the
 * mapped table. Names cannot even be looked up in those, so this is asked
 * first. @a prole is the role. */
scim_err_t *scim_catalog_read_closed(apr_array_header_t **pschemas,
                                     const char **prole, scim_conn_t *conn,
                                     const scim_mapping_t *mapping,
                                     apr_pool_t *pool);

/** Read all of it, in one turn. */
scim_err_t *scim_catalog_read(scim_catalog_t **pcatalog, scim_conn_t *conn,
                              const scim_mapping_t *mapping,
                              apr_pool_t *pool);

#endif
