/* log.h - the port through which code below httpd/ speaks to error_log.
 *
 * Requests need it not: what they meet comes back as an error or in the
 * reply. It serves what happens beside requests, such as connections.
 */
#ifndef SCIM_BASE_LOG_H
#define SCIM_BASE_LOG_H

typedef enum {
    SCIM_LOG_ERR,           /* the module could not do its job */
    SCIM_LOG_WARNING,       /* worked around; someone should look */
    SCIM_LOG_NOTICE,        /* a rare fact of life */
    SCIM_LOG_INFO,          /* once per start */
    SCIM_LOG_DEBUG
} scim_log_level_t;

/** Takes one line, without number and newline. @a number is the SCIMnnnn of
 * docs/errors.md. */
typedef void (*scim_log_cb)(scim_log_level_t level, int number,
                            const char *text);

/** Set where lines go; before that they are dropped. Only while there is one
 * thread: at start, or in a child's initialisation. */
void scim_log_set(scim_log_cb cb);

/** Write a line. Thread-safe. */
void scim_log(scim_log_level_t level, int number, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
