/* grid.h - rows under headings, for people or for scripts. */
#ifndef SCIM_CTL_GRID_H
#define SCIM_CTL_GRID_H

#include <apr_tables.h>

#include "base/buf.h"

typedef struct scim_grid_t {
    const char *const *names;   /* headings; also the names in JSON */
    int columns;
    apr_array_header_t *cells;  /* of const char *, row by row; NULL: none */
} scim_grid_t;

/** Make an empty grid; @a names is borrowed. */
scim_grid_t *scim_grid_make(const char *const *names, int columns,
                            apr_pool_t *pool);

/** Add the next cell; the text is borrowed. */
void scim_grid_add(scim_grid_t *grid, const char *text);

/** The number of rows. */
int scim_grid_rows(const scim_grid_t *grid);

/** Print it aligned; nothing at all when there is no row. */
void scim_grid_print(const scim_grid_t *grid);

/** Append it as a JSON array of objects, without the cells that are NULL. */
void scim_grid_json(scim_buf_t *buf, const scim_grid_t *grid);

#endif
