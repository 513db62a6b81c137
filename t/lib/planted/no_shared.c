/* Gives mod_scim no shared memory, as a system does that has none to give. For
 * httpd to be started with; its own scoreboard is made as ever. */
#include <apr_shm.h>

#include <dlfcn.h>
#include <string.h>

typedef apr_status_t (*create_t)(apr_shm_t **, apr_size_t, const char *,
                                 apr_pool_t *);

APR_DECLARE(apr_status_t) apr_shm_create(apr_shm_t **pshm, apr_size_t size,
                                         const char *file, apr_pool_t *pool)
{
    create_t create;
    Dl_info caller;

    if (dladdr(__builtin_return_address(0), &caller) && caller.dli_fname
        && strstr(caller.dli_fname, "mod_scim")) {
        return APR_ENOMEM;
    }
    *(void **)&create = dlsym(RTLD_NEXT, "apr_shm_create");
    return create(pshm, size, file, pool);
}
