#include "ctl/print.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/fold.h"

typedef enum {
    FORM_LINE,              /* nothing that a terminal obeys */
    FORM_LINES,             /* but newlines and tabs */
    FORM_JSON               /* likewise: within strings JSON has none */
} form_t;

/* -1, for what is no UTF-8, as well. */
static int is_obeyed(apr_int32_t c, form_t form)
{
    return c < 0x20 ? form == FORM_LINE || (c != '\n' && c != '\t')
         : (c >= 0x7F && c <= 0x9F)         /* DEL, C1 */
        || c == 0x061C || c == 0x200E || c == 0x200F
        || (c >= 0x2028 && c <= 0x202E)     /* separators, directions */
        || (c >= 0x2066 && c <= 0x2069);
}

static const char *escape(const char *text, form_t form, apr_pool_t *pool)
{
    const char *end = text + strlen(text), *at = text, *next;
    scim_buf_t buf;

    scim_buf_init(&buf, end - text, pool);
    for (; at < end; at = next) {
        apr_int32_t c = scim_utf8_next(&next, at, end);

        if (!is_obeyed(c, form)) {
            scim_buf_add(&buf, at, next - at);
        }
        else if (c >= 0) {
            scim_buf_printf(&buf, "\\u%04x", (unsigned)c);
        }
        else if (form == FORM_JSON) {
            scim_buf_puts(&buf, "\\ufffd");
        }
        else {
            scim_buf_printf(&buf, "\\x%02x", (unsigned char)*at);
        }
    }
    return buf.data;
}

const char *scim_print_shown(const char *text, apr_pool_t *pool)
{
    return escape(text, FORM_LINE, pool);
}

void scim_print_line(FILE *out, apr_pool_t *pool, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fprintf(out, "%s\n", escape(apr_pvsprintf(pool, fmt, args), FORM_LINE,
                                pool));
    va_end(args);
}

void scim_print_lines(FILE *out, const char *text, apr_pool_t *pool)
{
    fputs(escape(text, FORM_LINES, pool), out);
}

void scim_print_json(const char *json, apr_pool_t *pool)
{
    puts(escape(json, FORM_JSON, pool));
}
