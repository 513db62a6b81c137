#include "proto/message.h"

#include <apr_strings.h>

#include <string.h>

void scim_message_error(scim_buf_t *buf, int status, const char *scim_type,
                        const char *detail)
{
    scim_buf_puts(buf, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:"
                       "Error\"],\"status\":\"");
    scim_buf_puts(buf, apr_itoa(buf->pool, status));
    scim_buf_putc(buf, '"');
    if (scim_type) {
        scim_buf_puts(buf, ",\"scimType\":\"");
        scim_buf_puts(buf, scim_type);
        scim_buf_putc(buf, '"');
    }
    scim_buf_puts(buf, ",\"detail\":");
    scim_buf_json(buf, detail, strlen(detail));
    scim_buf_putc(buf, '}');
}

static void open_list(scim_buf_t *buf, apr_int64_t total)
{
    scim_buf_puts(buf, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:"
                       "ListResponse\"],\"totalResults\":");
    scim_buf_number(buf, total);
}

static void open_resources(scim_buf_t *buf, int items)
{
    scim_buf_puts(buf, ",\"itemsPerPage\":");
    scim_buf_number(buf, items);
    scim_buf_puts(buf, ",\"Resources\":[");
}

void scim_message_list_open(scim_buf_t *buf, apr_int64_t total,
                            apr_int64_t start, int items)
{
    open_list(buf, total);
    scim_buf_puts(buf, ",\"startIndex\":");
    scim_buf_number(buf, start);
    open_resources(buf, items);
}

void scim_message_page_open(scim_buf_t *buf, apr_int64_t total, int items,
                            const char *next)
{
    open_list(buf, total);
    if (next) {
        scim_buf_puts(buf, ",\"nextCursor\":\"");
        scim_buf_puts(buf, next);
        scim_buf_putc(buf, '"');
    }
    open_resources(buf, items);
}

void scim_message_list_close(scim_buf_t *buf)
{
    scim_buf_puts(buf, "]}");
}

scim_err_t *scim_message_operations(const scim_json_t **plist,
                                    const scim_json_t *body, apr_pool_t *pool)
{
    const scim_json_t *list;

    if (body->type != SCIM_JSON_OBJECT) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "the body is not a JSON object");
    }
    list = scim_json_find(body, "Operations");
    if (!list || list->type != SCIM_JSON_ARRAY) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "the body has no array \"Operations\"");
    }
    *plist = list;
    return NULL;
}
