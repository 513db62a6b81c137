#include "httpd/shared.h"

#include <http_config.h>
#include <http_log.h>

#include <apr_shm.h>

#include <string.h>

APLOG_USE_MODULE(scim);

#define RETAINED "mod_scim-tally"

typedef struct retained_t {
    scim_tally_t *tally;
    apr_size_t size;
    int form;
} retained_t;

/* Without a name, or where the system has only such with one, by that of a
 * file, as httpd's own scoreboard. */
static apr_status_t make_segment(apr_shm_t **pshm, apr_pool_t *pool)
{
    apr_status_t status = apr_shm_create(pshm, sizeof(scim_tally_t), NULL,
                                         pool);
    const char *file;

    if (APR_STATUS_IS_ENOTIMPL(status)) {
        file = ap_runtime_dir_relative(pool, RETAINED);
        apr_shm_remove(file, pool);
        status = apr_shm_create(pshm, sizeof(scim_tally_t), file, pool);
    }
    return status;
}

scim_tally_t *scim_shared_make_post_config(apr_pool_t *pconf,
                                           server_rec *server)
{
    retained_t *retained = ap_retained_data_get(RETAINED);
    apr_status_t status;
    apr_shm_t *shm;

    if (!retained) {
        retained = ap_retained_data_create(RETAINED, sizeof(*retained));
    }
    if (retained->tally && retained->size == sizeof(scim_tally_t)
        && retained->form == SCIM_TALLY_FORM) {
        return retained->tally;
    }
    status = make_segment(&shm, server->process->pool);
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, status, server,
                     "SCIM0077: could not make shared memory of %"
                     APR_SIZE_T_FMT " bytes; each child counts for itself",
                     sizeof(scim_tally_t));
        return apr_pcalloc(pconf, sizeof(scim_tally_t));
    }
    retained->tally = apr_shm_baseaddr_get(shm);
    retained->size = sizeof(scim_tally_t);
    retained->form = SCIM_TALLY_FORM;
    memset(retained->tally, 0, sizeof(scim_tally_t));
    return retained->tally;
}
