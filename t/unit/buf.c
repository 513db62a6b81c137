/* Text that grows, and JSON strings. */
#include "base/buf.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

static void test_growing(apr_pool_t *pool)
{
    scim_buf_t buf;
    int i, same = 1;

    scim_buf_init(&buf, 0, pool);
    is_str(buf.data, "", "empty at first");
    for (i = 0; i < 10000; i++) {
        scim_buf_putc(&buf, (char)('a' + i % 26));
    }
    is_int(buf.len, 10000, "10,000 bytes went in");
    is_int(strlen(buf.data), 10000, "and a NUL behind them");
    for (i = 0; i < 10000; i++) {
        same &= buf.data[i] == 'a' + i % 26;
    }
    ok(same, "nothing was lost while it grew");

    scim_buf_init(&buf, 4, pool);
    scim_buf_puts(&buf, "abcd");
    is_int(buf.size, 4, "what fits does not make it grow");
    scim_buf_add(&buf, "", 0);
    is_str(buf.data, "abcd", "nothing added, nothing changed");
    scim_buf_add(&buf, "x\0y", 3);
    is_int(buf.len, 7, "a NUL inside counts");
    scim_buf_reserve(&buf, 1000);
    ok(buf.size >= 1007, "room was made ahead");
    ok(memcmp(buf.data, "abcdx\0y", 8) == 0, "and the text kept");

    scim_buf_init(&buf, 8, pool);
    scim_buf_printf(&buf, "%s=%d", "a rather long name", 42);
    is_str(buf.data, "a rather long name=42", "formatted text");

    scim_buf_init(&buf, 1, pool);
    scim_buf_number(&buf, 0);
    scim_buf_putc(&buf, ' ');
    scim_buf_number(&buf, 1090);
    scim_buf_putc(&buf, ' ');
    scim_buf_number(&buf, ~(apr_size_t)0);
    is_str(buf.data, apr_psprintf(pool, "0 1090 %" APR_SIZE_T_FMT,
                                  ~(apr_size_t)0), "numbers");
}

static void test_json(apr_pool_t *pool)
{
    static const struct {
        const char *text;
        const char *json;
    } rows[] = {
        { "", "\"\"" },
        { "joy", "\"joy\"" },
        { "\"", "\"\\\"\"" },
        { "a\\b", "\"a\\\\b\"" },
        { "/", "\"/\"" },
        { "\n\r\t", "\"\\n\\r\\t\"" },
        { "\b\f\x01\x1f", "\"\\u0008\\u000c\\u0001\\u001f\"" },
        { "\x7f", "\"\x7f\"" },
        { "\xc3\xbc\xf0\x9f\x98\x80", "\"\xc3\xbc\xf0\x9f\x98\x80\"" }
    };
    scim_buf_t buf;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scim_buf_init(&buf, 1, pool);
        scim_buf_json(&buf, rows[i].text, strlen(rows[i].text));
        is_str(buf.data, rows[i].json, "JSON string, row %d", (int)i);
    }
    scim_buf_init(&buf, 1, pool);
    scim_buf_json(&buf, "a\0b", 3);
    is_str(buf.data, "\"a\\u0000b\"", "JSON string with NUL");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_growing(pool);
    test_json(pool);
    apr_terminate();
    return done_testing();
}
