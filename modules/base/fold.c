#include "base/fold.h"

#include <apr_lib.h>
#include "base/buf.h"

#include <locale.h>
#include <pthread.h>
#include <stdint.h>
#include <wctype.h>

/* Opening a locale maps a file, which takes far longer than folding a name: it
 * is opened once, then only read. 0: the C library has none in UTF-8. */
static locale_t utf8;
static pthread_once_t utf8_once = PTHREAD_ONCE_INIT;

static void open_utf8(void)
{
    utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* Decode the character at *at and move behind it. Returns -1, and moves one
 * byte, where there is no valid UTF-8. */
static int32_t decode(const unsigned char **at, const unsigned char *end)
{
    static const int32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    const unsigned char *s = *at;
    int32_t c = *s++;
    int more = c < 0x80 ? 0 : c < 0xC2 ? -1 : c < 0xE0 ? 1
             : c < 0xF0 ? 2 : c < 0xF5 ? 3 : -1;
    int i;

    *at = s;
    if (more <= 0) {
        return more ? -1 : c;
    }
    if (end - s < more) {
        return -1;
    }
    c &= 0x3F >> more;
    for (i = 0; i < more; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return -1;
        }
        c = c << 6 | (s[i] & 0x3F);
    }
    if (c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) {
        return -1;
    }
    *at = s + more;
    return c;
}

static void encode(scim_buf_t *buf, int32_t c)
{
    char out[4];
    int len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    int i;

    for (i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    out[0] = (char)(len == 1 ? c : (0xF00 >> len & 0xFF) | c);
    scim_buf_add(buf, out, len);
}

static int is_ascii(const char *text)
{
    while (*text) {
        if ((unsigned char)*text++ >= 0x80) {
            return 0;
        }
    }
    return 1;
}

const char *scim_fold(const char *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(text);
    const unsigned char *at = (const unsigned char *)text, *end = at + len;
    scim_buf_t buf;

    scim_buf_init(&buf, len, pool);
    if (is_ascii(text)) {
        for (; at < end; at++) {
            scim_buf_putc(&buf, *at >= 'A' && *at <= 'Z' ? *at | 0x20 : *at);
        }
        return buf.data;
    }
    pthread_once(&utf8_once, open_utf8);
    while (at < end) {
        const unsigned char *from = at;
        int32_t c = decode(&at, end);

        if (c < 0 || !utf8) {
            scim_buf_add(&buf, (const char *)from, at - from);
        }
        else {
            encode(&buf, (int32_t)towlower_l((wint_t)c, utf8));
        }
    }
    return buf.data;
}

/* Move on by one character, in lower case; a byte that is no UTF-8 is a number
 * of its own. The NUL at the end continues no character, so that where the text
 * ends need not be known. */
static int32_t next_folded(const unsigned char **at)
{
    const unsigned char *from = *at;
    int32_t c;

    if (*from < 0x80) {
        (*at)++;
        return apr_tolower(*from);
    }
    c = decode(at, from + 4);
    if (c < 0) {
        return -(int32_t)*from;
    }
    pthread_once(&utf8_once, open_utf8);
    return utf8 ? (int32_t)towlower_l((wint_t)c, utf8) : c;
}

int scim_fold_is_equal(const char *a, const char *b)
{
    const unsigned char *x = (const unsigned char *)a;
    const unsigned char *y = (const unsigned char *)b;

    while (*x && *y) {
        if (*x == *y && *x < 0x80) {
            x++;
            y++;
        }
        else if (next_folded(&x) != next_folded(&y)) {
            return 0;
        }
    }
    return *x == *y;
}

int scim_utf8_is_valid(const char *text, apr_size_t len)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + len;

    while (at < end) {
        if (decode(&at, end) < 0) {
            return 0;
        }
    }
    return 1;
}

apr_int32_t scim_utf8_next(const char **pnext, const char *at,
                           const char *end)
{
    const unsigned char *next = (const unsigned char *)at;
    apr_int32_t c = decode(&next, (const unsigned char *)end);

    *pnext = (const char *)next;
    return c;
}

apr_size_t scim_utf8_length(const char *text)
{
    apr_size_t count = 0;

    for (; *text; text++) {
        count += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return count;
}
