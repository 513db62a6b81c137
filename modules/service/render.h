/* render.h - a row as the resource a client gets.
 *
 * Written straight from the row into the reply; the JSONB column is walked,
 * not parsed.
 */
#ifndef SCIM_SERVICE_RENDER_H
#define SCIM_SERVICE_RENDER_H

#include "base/buf.h"
#include "store/row.h"

typedef struct scim_render_t {
    const scim_mapping_t *mapping;
    const unsigned char *shown;     /* by attribute index */
    const char *base_url;
    struct scim_span_t *extras;     /* by attribute index; scratch */
} scim_render_t;

/** Prepare for any number of rows. */
void scim_render_init(scim_render_t *render, const scim_mapping_t *mapping,
                      const unsigned char *shown, const char *base_url,
                      apr_pool_t *pool);

/** Write one resource. */
void scim_render_resource(scim_buf_t *buf, const scim_render_t *render,
                          const scim_row_t *row);

#endif
