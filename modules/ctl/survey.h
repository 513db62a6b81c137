/* survey.h - what an existing database seems to mean: which table has the
 * accounts, which column is what. Guesses by names, types and foreign keys;
 * nothing is changed.
 */
#ifndef SCIM_CTL_SURVEY_H
#define SCIM_CTL_SURVEY_H

#include "ctl/ctl.h"

/* A column of the table of accounts. */
typedef struct scim_survey_column_t {
    const char *name;
    const char *quoted;         /* as SQL wants it */
    const char *type;           /* of a domain: its base */
    char category;              /* pg_type.typcategory */
    int is_not_null;
    int is_filled;              /* by a default, identity or generator */
    int is_generated;
    const char *expression;     /* of a generated column, or NULL */
    int is_key;                 /* the primary key, alone */
    const char *to_table;       /* foreign key: SQL names and the type there */
    const char *to_column;
    const char *to_type;
    const char *sequence;       /* of a serial: SQL name, or NULL */
    const char *plain;          /* the name in small letters and digits */
    int is_nameless;            /* no line of a configuration can name it */
    int is_used;
} scim_survey_column_t;

/* What becomes a ScimAttribute. */
typedef struct scim_survey_attribute_t {
    const char *target;
    const scim_survey_column_t *column;
    const char *form;           /* "", "!" in front, or " IS NULL" behind */
    const char *key;            /* SQL name of the caseless form, or NULL */
    int makes_key;              /* which is not there yet */
} scim_survey_attribute_t;

/* Where tokens are kept; all are SQL names. */
typedef struct scim_survey_tokens_t {
    const char *table;
    const char *id, *user, *hash, *created, *expires, *revoked;
} scim_survey_tokens_t;

typedef struct scim_survey_t {
    const char *schema, *name;  /* of the table */
    const char *table;          /* as SQL wants it, with the schema */
    int is_view;
    apr_array_header_t *columns;        /* of scim_survey_column_t */
    apr_array_header_t *attributes;     /* of scim_survey_attribute_t */
    const scim_survey_column_t *key;
    const scim_survey_column_t *tenant;     /* NULL: none was found; likewise
                                             * the others */
    const scim_survey_column_t *tombstone;
    const scim_survey_column_t *extra;
    const scim_survey_column_t *role;       /* says who is administrator */
    const scim_survey_column_t *access;     /* API access of a user */
    const char *gates;          /* SQL on the organisation `o`; "": none */
    const char *enabled;        /* SQL name of its switch, or NULL */
    const char *available;      /* SQL: the gates but for its switch */
    const char *title;          /* SQL name of its name, or NULL */
    scim_survey_tokens_t tokens;        /* .table NULL: none was found */
} scim_survey_t;

/**
 * Look at the database.
 *
 * @param table NULL: look for it; else `name` or `schema.name`
 * @return SCIM_EXIT_OK, or the status to end with after a complaint
 */
int scim_survey_read(scim_survey_t **psurvey, scim_ctl_t *ctl,
                     const char *table);

/** The attribute of that name, or NULL. */
const scim_survey_attribute_t *scim_survey_attribute(
    const scim_survey_t *survey, const char *target);

/** Whether the type is a timestamp with time zone, a text that can hold any
 * value, and so on. */
int scim_survey_is_timestamp(const scim_survey_column_t *column);
int scim_survey_is_text(const scim_survey_column_t *column);
int scim_survey_is_boolean(const scim_survey_column_t *column);

#endif
