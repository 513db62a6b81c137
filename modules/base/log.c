#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static scim_log_cb log_cb;

void scim_log_set(scim_log_cb cb)
{
    log_cb = cb;
}

void scim_log(scim_log_level_t level, int number, const char *fmt, ...)
{
    char text[2048];
    va_list args;

    if (!log_cb) {
        return;
    }
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    log_cb(level, number, text);
}
