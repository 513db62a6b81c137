#include "store/fit.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "store/mapping.h"

/* Beyond this no numeric can have digits. */
#define EXPONENT_MAX 100000

#define UUID_LENGTH 36

/* Write what is left of a number's digits, `scale` of them behind the point,
 * or, if that is negative, as many zeros before it. */
static const char *lay_out(const char *digits, int count, int scale,
                           int is_negative, apr_pool_t *pool)
{
    int zeros = scale > 0 && count <= scale ? scale + 1 - count : 0;
    int after = scale < 0 ? -scale : 0, i;
    char *text, *at;

    if ((int)strspn(digits, "0") >= count) {
        return "0";
    }
    text = at = apr_palloc(pool, count + zeros + after + sizeof("-."));
    if (is_negative) {
        *at++ = '-';
    }
    for (i = 0; i < zeros + count; i++) {
        if (scale > 0 && i == zeros + count - scale) {
            *at++ = '.';
        }
        *at++ = i < zeros ? '0' : digits[i - zeros];
    }
    memset(at, '0', after);
    at[after] = '\0';
    return text;
}

/* Add one to the last of the digits, before which there is room for another.
 * Returns where they begin now. */
static char *add_one(char *digits, int *pcount)
{
    int i;

    for (i = *pcount - 1; i >= 0 && digits[i] == '9'; i--) {
        digits[i] = '0';
    }
    if (i >= 0) {
        digits[i]++;
        return digits;
    }
    *--digits = '1';
    ++*pcount;
    return digits;
}

/* A JSON number in a numeric: half is rounded away from zero. */
static const char *fit_numeric(const char *text, int scale, apr_pool_t *pool)
{
    const char *at = text + (*text == '-');
    const char *end = at + strspn(at, "0123456789.");
    apr_int64_t exponent = *end ? apr_strtoi64(end + 1, NULL, 10) : 0, keep;
    char *room = apr_palloc(pool, strlen(text) + 2), *digits = room + 1;
    int all = 0, before = -1, count;

    for (; at < end; at++) {
        if (*at == '.') {
            before = all;
        }
        else {
            digits[all++] = *at;
        }
    }
    digits[all] = '\0';
    if (scale == SCIM_UNSCALED || exponent > EXPONENT_MAX) {
        return text;
    }
    keep = exponent < -EXPONENT_MAX ? -1
         : (before < 0 ? all : before) + exponent + scale;
    if (keep >= all) {
        return text;
    }
    if (keep < 0) {
        return "0";
    }
    count = (int)keep;
    if (digits[count] >= '5') {
        digits = add_one(digits, &count);
    }
    return lay_out(digits, count, scale, *text == '-', pool);
}

/* The shortest number that the column tells from its neighbours, as it is
 * printed. */
static const char *fit_float(const char *text, int is_single,
                             apr_pool_t *pool)
{
    char again[32], *end;
    double value = is_single ? strtof(text, &end) : strtod(text, &end);
    int digits = 1;

    if (*end || value == 0 || isinf(value)) {
        return text;
    }
    do {
        snprintf(again, sizeof(again), "%.*g", digits, value);
    } while ((is_single ? strtof(again, NULL) : strtod(again, NULL)) != value
             && ++digits <= 17);
    /* a locale may have written a comma */
    return again[strspn(again, "0123456789.e+-")] ? text
         : apr_pstrdup(pool, again);
}

/* Half is rounded away from the beginning of the year 2000. */
static const char *fit_time(const char *text, int scale, apr_pool_t *pool)
{
    const apr_time_t origin = apr_time_from_sec(APR_INT64_C(946684800));
    apr_time_t time, unit = 1;
    int i;

    if (scale >= 6 || !scim_time_parse(&time, text)) {
        return text;
    }
    for (i = scale; i < 6; i++) {
        unit *= 10;
    }
    time -= origin;
    time += time < 0 ? -(unit / 2) : unit / 2;
    return scim_time_format(origin + time / unit * unit, pool);
}

/* Braces around it and hyphens between every four digits may be there or
 * not. */
static const char *fit_uuid(const char *text, apr_pool_t *pool)
{
    char *uuid = apr_palloc(pool, UUID_LENGTH + 1), *to = uuid;
    const char *at = text + (*text == '{');
    int i;

    for (i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) {
            *to++ = '-';
        }
        if (i && i % 4 == 0 && *at == '-') {
            at++;
        }
        if (!apr_isxdigit(*at)) {
            return text;
        }
        *to++ = (char)apr_tolower(*at++);
    }
    *to = '\0';
    return strcmp(at, *text == '{' ? "}" : "") == 0 ? uuid : text;
}

const char *scim_fit(const char *text, const char *type, int scale,
                     apr_pool_t *pool)
{
    if (strcmp(type, "numeric") == 0) {
        return fit_numeric(text, scale, pool);
    }
    if (strcmp(type, "real") == 0) {
        return fit_float(text, 1, pool);
    }
    if (strcmp(type, "double precision") == 0) {
        return fit_float(text, 0, pool);
    }
    if (strcmp(type, "timestamp with time zone") == 0) {
        return fit_time(text, scale, pool);
    }
    if (strcmp(type, "uuid") == 0) {
        return fit_uuid(text, pool);
    }
    return text;
}
