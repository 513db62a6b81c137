/* document.h - a JSON document that a test has as text. */
#ifndef SCIM_DOCUMENT_H
#define SCIM_DOCUMENT_H

#include <apr_pools.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

static scim_json_t *json(const char *text, apr_pool_t *pool)
{
    scim_json_t *value = NULL;
    scim_err_t *err = scim_json_parse(&value, text, strlen(text), pool);

    if (err) {
        printf("Bail out! the test has a document that cannot be read: %s\n"
               "%s\n", err->detail, text);
    }
    return value;
}

#endif
