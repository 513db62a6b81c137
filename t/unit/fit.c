/* What columns make of values, as PostgreSQL has been seen to make it. */
#include "store/fit.h"
#include "store/mapping.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define NUMERIC "numeric"
#define TIME    "timestamp with time zone"
#define NONE    SCIM_UNSCALED

/* want NULL: the very text */
static const struct {
    const char *text, *type;
    int scale;
    const char *want;
} cases[] = {
    { "4.5", NUMERIC, 2, NULL },
    { "4.50", NUMERIC, 2, NULL },
    { "4.504", NUMERIC, 2, "4.50" },
    { "4.505", NUMERIC, 2, "4.51" },
    { "-4.505", NUMERIC, 2, "-4.51" },
    { "4.5049999", NUMERIC, 2, "4.50" },
    { "9.999", NUMERIC, 2, "10.00" },
    { "99.5", NUMERIC, 0, "100" },
    { "0.5", NUMERIC, 0, "1" },
    { "0.4", NUMERIC, 0, "0" },
    { "-0.4", NUMERIC, 0, "0" },
    { "-0.001", NUMERIC, 2, "0" },
    { "0.001", NUMERIC, 2, "0" },
    { "0.005", NUMERIC, 2, "0.01" },
    { "0.0951", NUMERIC, 3, "0.095" },
    { "0.0959", NUMERIC, 3, "0.096" },
    { "1e-9", NUMERIC, 2, "0" },
    { "1e-999999999999", NUMERIC, 2, "0" },
    { "1e999999999999", NUMERIC, 2, NULL },
    { "12345e-4", NUMERIC, 2, "1.23" },
    { "1.2345E+2", NUMERIC, 1, "123.5" },
    { "123.456e1", NUMERIC, 1, "1234.6" },
    { "1234", NUMERIC, -2, "1200" },
    { "1250", NUMERIC, -2, "1300" },
    { "49", NUMERIC, -2, "0" },
    { "50", NUMERIC, -2, "100" },
    { "9950", NUMERIC, -2, "10000" },
    { "1e5", NUMERIC, -2, NULL },
    { "1.23456789", NUMERIC, NONE, NULL },

    { "0.1", "real", NONE, "0.1" },
    { "0.123456789", "real", NONE, "0.12345679" },
    { "16777217", "real", NONE, "16777216" },
    { "-3.0000001", "real", NONE, "-3" },
    { "1e39", "real", NONE, NULL },
    { "1e-60", "real", NONE, NULL },
    { "0", "real", NONE, NULL },
    { "0.123456789", "double precision", NONE, "0.123456789" },
    { "0.12345678901234567890", "double precision", NONE,
      "0.12345678901234568" },
    { "9007199254740993", "double precision", NONE, "9007199254740992" },

    { "2026-01-31T12:00:00.25Z", TIME, NONE, NULL },
    { "2026-01-31T12:00:00.25Z", TIME, 6, NULL },
    { "2026-01-31T12:00:00.25Z", TIME, 1, "2026-01-31T12:00:00.3Z" },
    { "2026-01-31T12:00:00.25Z", TIME, 0, "2026-01-31T12:00:00Z" },
    { "2026-01-31T12:00:00.5Z", TIME, 0, "2026-01-31T12:00:01Z" },
    { "2026-01-31T12:00:00.499999Z", TIME, 0, "2026-01-31T12:00:00Z" },
    { "2025-12-31T23:59:59.9999Z", TIME, 3, "2026-01-01T00:00:00Z" },
    { "1999-12-31T23:59:58.5Z", TIME, 0, "1999-12-31T23:59:58Z" },
    { "1999-12-31T23:59:58.500001Z", TIME, 0, "1999-12-31T23:59:59Z" },
    { "1960-01-01T00:00:00.123456Z", TIME, 3, "1960-01-01T00:00:00.123Z" },

    { "0F3F6C5E-6D0D-4B0A-9A53-5C7B6A6F1B11", "uuid", NONE,
      "0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b11" },
    { "{0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b11}", "uuid", NONE,
      "0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b11" },
    { "0f3f6c5e6d0d4b0a9a535c7b6a6f1b11", "uuid", NONE,
      "0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b11" },
    { "0f3f-6c5e-6d0d-4b0a-9a53-5c7b-6a6f-1b11", "uuid", NONE,
      "0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b11" },
    { "{0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b11", "uuid", NONE, NULL },
    { "0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b11}", "uuid", NONE, NULL },
    { "0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b111", "uuid", NONE, NULL },
    { "0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b1", "uuid", NONE, NULL },
    { "0f3f6c5e--6d0d-4b0a-9a53-5c7b6a6f1b11", "uuid", NONE, NULL },
    { "0f-3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b11", "uuid", NONE, NULL },
    { "x", "uuid", NONE, NULL },

    { "ABC  ", "text", NONE, NULL },
    { "1.50", "text", NONE, NULL },
    { "17", "bigint", NONE, NULL }
};

int main(void)
{
    apr_pool_t *pool;
    apr_size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < COUNT(cases); i++) {
        const char *text = cases[i].text, *want = cases[i].want;
        const char *got = scim_fit(text, cases[i].type, cases[i].scale, pool);
        const char *name = apr_psprintf(pool, "%s in %s, %d: %s", text,
                                        cases[i].type, cases[i].scale,
                                        want ? want : "all of it");

        if (want) {
            is_str(got, want, name);
        }
        else {
            ok(got == text, name);
        }
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
