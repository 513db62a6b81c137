/* A module with faults, for the proof that the sanitizers and memcheck see what
 * happens inside httpd: /planted/heap reads behind a heap block, /planted/pool
 * behind a piece of a pool, /planted/overflow overflows a signed integer,
 * /planted/blank decides by memory that was never written, and /planted/leak
 * loses a heap block. Never part of a normal build.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>

#include <limits.h>
#include <stdlib.h>

/* volatile: the compiler must not see through the faults */
static volatile int planted_one = 1;
static char *volatile planted_block;

static int planted_handler(request_rec *r)
{
    if (strcmp(r->uri, "/planted/heap") == 0) {
        char behind;

        planted_block = calloc(1, 8);
        behind = planted_block[7 + planted_one];
        free(planted_block);
        return behind ? OK : HTTP_NO_CONTENT;
    }
    if (strcmp(r->uri, "/planted/pool") == 0) {
        planted_block = apr_pcalloc(r->pool, 8);
        return planted_block[7 + planted_one] ? OK : HTTP_NO_CONTENT;
    }
    if (strcmp(r->uri, "/planted/overflow") == 0) {
        return INT_MAX - 1 + planted_one + planted_one < 0 ? OK
                                                          : HTTP_NO_CONTENT;
    }
    if (strcmp(r->uri, "/planted/blank") == 0) {
        int rv;

        planted_block = malloc(8);
        rv = planted_block[planted_one] ? OK : HTTP_NO_CONTENT;
        free(planted_block);
        return rv;
    }
    if (strcmp(r->uri, "/planted/leak") == 0) {
        planted_block = malloc(8);
        planted_block = NULL;
        return HTTP_NO_CONTENT;
    }
    return DECLINED;
}

static void planted_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_handler(planted_handler, NULL, NULL, APR_HOOK_FIRST);
}

AP_DECLARE_MODULE(planted) = {
    STANDARD20_MODULE_STUFF,
    NULL, NULL, NULL, NULL, NULL, planted_hooks,
    AP_MODULE_FLAG_NONE
};
