#include "httpd/storage.h"

#include <http_protocol.h>

#include <apr_strings.h>

#include "httpd/config.h"

/* By the path, as the location's own configuration is not there yet: httpd
 * sets it anew behind these hooks. */
static int is_ours(const request_rec *r)
{
    return scim_config_base(r->server, r->uri)
        || scim_config_is_console(r->server, r->uri);
}

int scim_storage_translate_name(request_rec *r)
{
    if (!is_ours(r)) {
        return DECLINED;
    }
    /* a name without ending, from which nobody can guess a type */
    r->filename = apr_pstrdup(r->pool, "scim");
    return OK;
}

int scim_storage_map_to_storage(request_rec *r)
{
    if (!is_ours(r)) {
        return DECLINED;
    }
    return r->method_number == M_TRACE ? HTTP_METHOD_NOT_ALLOWED : OK;
}
