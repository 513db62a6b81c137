#include "base/err.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <string.h>

#include "base/fold.h"

static const struct {
    int status;
    const char *scim_type;
} kinds[SCIM_ERR_KIND_COUNT] = {
#define SCIM_ERR_ROW_(kind, status, type) { status, type },
    SCIM_ERR_KINDS(SCIM_ERR_ROW_)
#undef SCIM_ERR_ROW_
};

scim_err_t *scim_err_make_cause(scim_err_kind_t kind, const char *detail,
                                const char *cause, apr_pool_t *pool)
{
    scim_err_t *err = apr_palloc(pool, sizeof(*err));

    err->kind = kind;
    err->status = kinds[kind].status;
    err->scim_type = kinds[kind].scim_type;
    err->detail = detail;
    err->cause = cause;
    return err;
}

scim_err_t *scim_err_make(scim_err_kind_t kind, apr_pool_t *pool,
                          const char *fmt, ...)
{
    const char *detail;
    va_list args;

    va_start(args, fmt);
    detail = apr_pvsprintf(pool, fmt, args);
    va_end(args);
    return scim_err_make_cause(kind, detail, NULL, pool);
}

const char *scim_err_quote(const char *text, apr_pool_t *pool)
{
    enum { LIMIT = 80 };
    static const char more[] = "...";
    apr_size_t len = strlen(text);
    char *out, *at;
    int cut = len > LIMIT;

    if (cut) {
        len = LIMIT - strlen(more);
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    out = apr_pstrcat(pool, apr_pstrmemdup(pool, text, len),
                      cut ? more : "", NULL);
    for (at = out; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7F
            || ((unsigned char)*at >= 0x80
                && !scim_utf8_is_valid(out, strlen(out)))) {
            *at = '?';
        }
    }
    return out;
}
