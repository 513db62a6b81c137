/* api.h - the calls of the page, each one function of the schema scim.
 *
 * Which login may see what is decided there; here the login is only ever the
 * first parameter. Answers are the functions' own JSON.
 */
#ifndef SCIM_CONSOLE_API_H
#define SCIM_CONSOLE_API_H

#include <apr_tables.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/tally.h"
#include "pg/pool.h"

typedef struct scim_console_call_t {
    const char *name;           /* what follows api/ in the path */
    int is_change;              /* POST, which may change something */
    const char *login;          /* as httpd has authenticated it */
    const char *proof;          /* of proof.h; NULL: none was sent */
    const apr_table_t *args;    /* by name */
    const char *url;            /* of the SCIM base */
    scim_tally_location_t *counts;  /* likewise; NULL: there is none */
    scim_pool_t *connections;   /* of the role scim_console */
    apr_pool_t *pool;
} scim_console_call_t;

/**
 * Serve a call.
 *
 * @param body     appended to: JSON
 * @param pchanged set to what was done, for the log, or to NULL; it has no
 *                 secret
 * @return NULL, or an error whose detail is for the page
 */
scim_err_t *scim_console_api_serve(scim_buf_t *body, const char **pchanged,
                                   const scim_console_call_t *call);

#endif
