/* ctl.h - what the commands of scimctl have in common: options, how they
 * complain, how they end, and the way to the database.
 */
#ifndef SCIM_CTL_CTL_H
#define SCIM_CTL_CTL_H

#include <apr_pools.h>

#include "base/buf.h"
#include "base/err.h"
#include "ctl/grid.h"
#include "ctl/print.h"
#include "pg/table.h"

/* Exit statuses; docs/scimctl.1 names them. */
enum {
    SCIM_EXIT_OK,
    SCIM_EXIT_FINDINGS,     /* done, and something is wrong; or refused */
    SCIM_EXIT_USAGE,
    SCIM_EXIT_AWAY          /* what it takes could not be reached */
};

#define SCIM_CTL_TIMEOUT apr_time_from_sec(30)

typedef struct scim_ctl_t {
    const char *command;    /* "token" */
    const char *database;   /* conninfo; "": what PG... variables say */
    int json;
    scim_conn_t *conn;      /* NULL until it is needed */
    apr_pool_t *pool;
} scim_ctl_t;

/* An option of a command, beside those that all have. */
typedef struct scim_ctl_option_t {
    const char *name;       /* "--tenant"; NULL ends a list */
    const char *letter;     /* "-t", or NULL */
    const char **value;     /* where its argument goes; NULL: takes none */
    int *flag;              /* set to 1 where it takes none */
} scim_ctl_option_t;

/**
 * Take the options out of the arguments.
 *
 * @param argc, argv afterwards what is left, in order
 * @return SCIM_EXIT_OK, or SCIM_EXIT_USAGE after a complaint
 */
int scim_ctl_options(scim_ctl_t *ctl, const scim_ctl_option_t *options,
                     int *argc, const char **argv);

/** Complain of the way it was called. @return SCIM_EXIT_USAGE */
int scim_ctl_usage(const scim_ctl_t *ctl, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Say on standard error what went wrong. @return @a status */
int scim_ctl_complain(const scim_ctl_t *ctl, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** Say what an error of the database says. @return the exit status of it */
int scim_ctl_fail(const scim_ctl_t *ctl, const scim_err_t *err);

/** See to it that there is a connection, not yet open. @return
 * SCIM_EXIT_OK, or SCIM_EXIT_USAGE after a complaint */
int scim_ctl_connect(scim_ctl_t *ctl);

/**
 * Run a statement; connects first if need be.
 *
 * @return SCIM_EXIT_OK, or the status to end with after a complaint
 */
int scim_ctl_query(scim_table_t *table, scim_ctl_t *ctl, const char *text,
                   int nparams, const char *const *params);

/** Print what a statement answered, as a table or as JSON. */
void scim_ctl_print(const scim_ctl_t *ctl, const scim_table_t *table);

/** Print a grid, as a table or as JSON. */
void scim_ctl_print_grid(const scim_ctl_t *ctl, const scim_grid_t *grid);

#endif
