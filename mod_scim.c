/* mod_scim.c - the module: its struct and its hooks. Everything else stands
 * in modules/. */
#include <ap_mpm.h>
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_status.h>

#include "console/console.h"
#include "httpd/config.h"
#include "httpd/core_errors.h"
#include "httpd/directives.h"
#include "httpd/dump.h"
#include "httpd/exchange.h"
#include "httpd/lifecycle.h"
#include "httpd/metrics.h"
#include "httpd/status.h"
#include "httpd/storage.h"

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_pre_config(scim_lifecycle_pre_config, NULL, NULL,
                       APR_HOOK_MIDDLE);
    ap_hook_check_config(scim_lifecycle_check_config, NULL, NULL,
                         APR_HOOK_MIDDLE);
    ap_hook_test_config(scim_dump_test_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(scim_lifecycle_post_config, NULL, NULL,
                        APR_HOOK_MIDDLE);
    ap_hook_child_init(scim_lifecycle_child_init, NULL, NULL,
                       APR_HOOK_MIDDLE);
    ap_hook_child_status(scim_lifecycle_child_status, NULL, NULL,
                         APR_HOOK_MIDDLE);
    ap_hook_post_read_request(scim_core_errors_post_read_request, NULL, NULL,
                              APR_HOOK_REALLY_FIRST);
    ap_hook_translate_name(scim_storage_translate_name, NULL, NULL,
                           APR_HOOK_REALLY_FIRST);
    ap_hook_map_to_storage(scim_storage_map_to_storage, NULL, NULL,
                           APR_HOOK_REALLY_FIRST);
    ap_hook_handler(scim_exchange_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(scim_console_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(scim_metrics_handler, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ap, status_hook, scim_status_hook, NULL, NULL,
                      APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(scim_core_errors_insert, NULL, NULL,
                                APR_HOOK_LAST);
    ap_hook_insert_filter(scim_core_errors_insert, NULL, NULL,
                          APR_HOOK_LAST);
    scim_core_errors_register(pool);
}

AP_DECLARE_MODULE(scim) = {
    STANDARD20_MODULE_STUFF,
    scim_config_dir_create,
    scim_config_dir_merge,
    scim_config_server_create,
    scim_config_server_merge,
    scim_directives_commands,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
