/* tap.h: the few lines of TAP that a C test needs.
 *
 *     int main(void)
 *     {
 *         ok(1 + 1 == 2, "addition");
 *         is_int(strlen("abc"), 3, "three bytes");
 *         is_str(name, "joy", "the name");
 *         return done_testing();
 *     }
 *
 * Each check is an expression that is true when the test passed. A name may be
 * a printf format, with up to seven arguments. All are evaluated once.
 */
#ifndef SCIM_TAP_H
#define SCIM_TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_run, tap_bad;

/* A test line; '#' in a name would read as a TAP directive. */
__attribute__((format(printf, 4, 0), unused))
static int tap_line(int passed, const char *file, int line,
                    const char *fmt, va_list args)
{
    char name[512];
    char *c;

    vsnprintf(name, sizeof(name), fmt, args);
    for (c = name; *c; c++) {
        if (*c == '#' || (unsigned char)*c < ' ') {
            *c = '.';
        }
    }
    printf("%sok %d - %s\n", passed ? "" : "not ", ++tap_run, name);
    if (!passed) {
        tap_bad++;
        printf("#   failed at %s line %d\n", file, line);
    }
    return passed;
}

__attribute__((format(printf, 5, 6), unused))
static int tap_ok(int passed, const char *what, const char *file, int line,
                  const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    tap_line(passed, file, line, fmt, args);
    va_end(args);
    if (!passed) {
        printf("#   not so: %s\n", what);
    }
    fflush(stdout);
    return passed;
}

__attribute__((format(printf, 5, 6), unused))
static int tap_is_int(long long got, long long want, const char *file,
                      int line, const char *fmt, ...)
{
    int passed = got == want;
    va_list args;

    va_start(args, fmt);
    tap_line(passed, file, line, fmt, args);
    va_end(args);
    if (!passed) {
        printf("#   got:  %lld\n#   want: %lld\n", got, want);
    }
    fflush(stdout);
    return passed;
}

/* Print a string so that it stays one line of diagnostics. */
__attribute__((unused))
static void tap_show(const char *label, const char *s)
{
    printf("#   %s ", label);
    if (!s) {
        printf("NULL");
    }
    else {
        putchar('"');
        for (; *s; s++) {
            if (*s == '\n') {
                printf("\\n");
            }
            else if (*s == '"' || *s == '\\') {
                printf("\\%c", *s);
            }
            else if ((unsigned char)*s < ' ') {
                printf("\\x%02x", (unsigned char)*s);
            }
            else {
                putchar(*s);
            }
        }
        putchar('"');
    }
    putchar('\n');
}

__attribute__((format(printf, 5, 6), unused))
static int tap_is_str(const char *got, const char *want, const char *file,
                      int line, const char *fmt, ...)
{
    int passed = got == want || (got && want && strcmp(got, want) == 0);
    va_list args;

    va_start(args, fmt);
    tap_line(passed, file, line, fmt, args);
    va_end(args);
    if (!passed) {
        tap_show("got: ", got);
        tap_show("want:", want);
    }
    fflush(stdout);
    return passed;
}

/* A name alone is taken as it is, per cent signs and all; with arguments
 * behind it, it is a format. */
#define TAP_NAME(...) \
    TAP_NAME_(__VA_ARGS__, TAP_F, TAP_F, TAP_F, TAP_F, TAP_F, TAP_F, TAP_F, \
              TAP_S, unused)(__VA_ARGS__)
#define TAP_NAME_(a, b, c, d, e, f, g, h, which, ...) which
#define TAP_S(name) "%s", (name)
#define TAP_F(...) __VA_ARGS__

/* ok(condition, name...): one test */
#define ok(cond, ...) \
    tap_ok(!!(cond), #cond, __FILE__, __LINE__, TAP_NAME(__VA_ARGS__))

/* is_int(got, want, name...): integers, compared as long long */
#define is_int(got, want, ...) \
    tap_is_int((long long)(got), (long long)(want), __FILE__, __LINE__, \
               TAP_NAME(__VA_ARGS__))

/* is_str(got, want, name...): strings; NULL equals only NULL */
#define is_str(got, want, ...) \
    tap_is_str((got), (want), __FILE__, __LINE__, TAP_NAME(__VA_ARGS__))

/* The plan; its value is what main() returns. */
#define done_testing() (printf("1..%d\n", tap_run), tap_bad != 0 || !tap_run)

#endif /* SCIM_TAP_H */
