/* Sealed texts: opened by the key for what they are bound to, and never when
 * anything is different. */
#include "base/seal.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

static apr_pool_t *pool;
static unsigned char key[SCIM_SEAL_KEY_LEN], other_key[SCIM_SEAL_KEY_LEN];

static int opens(const char *text, const unsigned char *with,
                 const char *bound)
{
    const char *data;
    apr_size_t len;

    return scim_seal_open(&data, &len, with, text, bound, pool);
}

static void test_round(const char *plain, apr_size_t size)
{
    const char *text = scim_seal(key, plain, size, "for this", pool);
    const char *data = NULL;
    apr_size_t len = 0;

    ok(text && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "abcdefghijklmnopqrstuvwxyz0123456789-_")
               == strlen(text), "%d bytes are sealed", (int)size);
    ok(scim_seal_open(&data, &len, key, text, "for this", pool)
       && len == size && memcmp(data, plain, size) == 0 && data[len] == '\0',
       "%d bytes are opened", (int)size);
    ok(!opens(text, other_key, "for this"), "not with another key");
    ok(!opens(text, key, "for that") && !opens(text, key, "")
       && !opens(text, key, "for this "), "nor for anything else");
    ok(strcmp(text, scim_seal(key, plain, size, "for this", pool)) != 0,
       "the same is sealed to another text");
}

/* Every text that differs in one place, or is cut, or goes on. */
static void test_tampered(void)
{
    /* B, R, h and x differ from A, Q, g and w, one of which is the last
     * digit, in a bit that carries nothing */
    static const char changes[] = "AQgwBRhxZa09-_.=%\x01\xff";
    char *text = apr_pstrdup(pool, scim_seal(key, "a plain text", 12, "b",
                                             pool));
    size_t len = strlen(text), i, j;
    int opened = 0, tried = 0;

    for (i = 0; i < len; i++) {
        char was = text[i];

        for (j = 0; j < sizeof(changes) - 1; j++) {
            text[i] = changes[j];
            if (text[i] != was) {
                opened += opens(text, key, "b");
                tried++;
            }
        }
        text[i] = '\0';
        opened += opens(text, key, "b");
        text[i] = was;
        opened += opens(text + i + 1, key, "b");
    }
    for (j = 0; j < sizeof(changes) - 1; j++) {
        char more[2] = { changes[j], '\0' };

        opened += opens(apr_pstrcat(pool, text, more, NULL), key, "b");
        opened += opens(apr_pstrcat(pool, more, text, NULL), key, "b");
    }
    is_int(opened, 0, "none of %d that differ in a place is opened", tried);
    ok(opens(text, key, "b"), "the one that does not is");
}

int main(void)
{
    static const char nothing[] = "";
    static const char bytes[] = "\0\xff\0 and a longer text \xc3\xbc\0";

    apr_initialize();
    apr_pool_create(&pool, NULL);
    key[0] = 1;
    other_key[SCIM_SEAL_KEY_LEN - 1] = 1;
    test_round(nothing, 0);
    test_round("a", 1);
    test_round("ab", 2);
    test_round("abc", 3);
    test_round(bytes, sizeof(bytes));
    test_tampered();
    ok(!opens("", key, ""), "an empty text is nothing");
    ok(!opens("A", key, "") && !opens("AAAA", key, ""), "nor a short one");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
