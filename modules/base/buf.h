/* buf.h - text that grows.
 *
 * Replies, SQL statements and event documents are written into one of these
 * from left to right. The bytes are followed by a NUL that does not count.
 * Growing doubles the room; the old bytes stay in the pool until it ends.
 */
#ifndef SCIM_BASE_BUF_H
#define SCIM_BASE_BUF_H

#include <apr_pools.h>

#include <string.h>

typedef struct scim_buf_t {
    char *data;             /* NUL-terminated */
    apr_size_t len;         /* bytes, without the NUL */
    apr_size_t size;        /* bytes that fit before it grows */
    apr_pool_t *pool;
} scim_buf_t;

/** Make an empty buffer in @a pool with room for @a size bytes. */
void scim_buf_init(scim_buf_t *buf, apr_size_t size, apr_pool_t *pool);

/** See to it that @a more bytes fit. */
void scim_buf_reserve(scim_buf_t *buf, apr_size_t more);

/** Append @a len bytes. */
static inline void scim_buf_add(scim_buf_t *buf, const char *text,
                                apr_size_t len)
{
    if (buf->size - buf->len < len) {
        scim_buf_reserve(buf, len);
    }
    memcpy(buf->data + buf->len, text, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

/** Append a NUL-terminated text. */
static inline void scim_buf_puts(scim_buf_t *buf, const char *text)
{
    scim_buf_add(buf, text, strlen(text));
}

/** Append one byte. */
static inline void scim_buf_putc(scim_buf_t *buf, char c)
{
    scim_buf_add(buf, &c, 1);
}

/** Append a number in decimal. */
void scim_buf_number(scim_buf_t *buf, apr_size_t number);

/** Append formatted text; meant for short pieces. */
void scim_buf_printf(scim_buf_t *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Append @a text as a JSON string, quotes included (RFC 8259 section 7). */
void scim_buf_json(scim_buf_t *buf, const char *text, apr_size_t len);

#endif
