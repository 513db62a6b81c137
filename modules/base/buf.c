#include "base/buf.h"

#include <apr_strings.h>

#include <stdarg.h>

void scim_buf_init(scim_buf_t *buf, apr_size_t size, apr_pool_t *pool)
{
    buf->data = apr_palloc(pool, size + 1);
    buf->data[0] = '\0';
    buf->len = 0;
    buf->size = size;
    buf->pool = pool;
}

void scim_buf_reserve(scim_buf_t *buf, apr_size_t more)
{
    apr_size_t size = buf->size;
    char *data;

    if (size - buf->len >= more) {
        return;
    }
    size = size < 64 ? 64 : size;
    while (size - buf->len < more) {
        size *= 2;
    }
    data = apr_palloc(buf->pool, size + 1);
    memcpy(data, buf->data, buf->len + 1);
    buf->data = data;
    buf->size = size;
}

void scim_buf_number(scim_buf_t *buf, apr_size_t number)
{
    char digits[24], *at = digits + sizeof(digits);

    do {
        *--at = '0' + number % 10;
        number /= 10;
    } while (number);
    scim_buf_add(buf, at, digits + sizeof(digits) - at);
}

void scim_buf_printf(scim_buf_t *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    scim_buf_puts(buf, apr_pvsprintf(buf->pool, fmt, args));
    va_end(args);
}

void scim_buf_json(scim_buf_t *buf, const char *text, apr_size_t len)
{
    static const char hex[] = "0123456789abcdef";
    const char *end = text + len, *from = text;

    scim_buf_reserve(buf, len + 2);
    scim_buf_putc(buf, '"');
    for (; text < end; text++) {
        unsigned char c = (unsigned char)*text;

        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        scim_buf_add(buf, from, text - from);
        from = text + 1;
        switch (c) {
        case '"':
            scim_buf_add(buf, "\\\"", 2);
            break;
        case '\\':
            scim_buf_add(buf, "\\\\", 2);
            break;
        case '\n':
            scim_buf_add(buf, "\\n", 2);
            break;
        case '\r':
            scim_buf_add(buf, "\\r", 2);
            break;
        case '\t':
            scim_buf_add(buf, "\\t", 2);
            break;
        default:
            scim_buf_add(buf, "\\u00", 4);
            scim_buf_putc(buf, hex[c >> 4]);
            scim_buf_putc(buf, hex[c & 15]);
            break;
        }
    }
    scim_buf_add(buf, from, text - from);
    scim_buf_putc(buf, '"');
}
