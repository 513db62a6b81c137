/* Text without case, and UTF-8. */
#include "base/fold.h"
#include "t/unit/tap.h"

#include <apr_general.h>

#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <wchar.h>
#include <wctype.h>

enum { BLOCK = 0x1000 };

/* Fold the code points of a block at once, and compare with what the C
 * library makes of each. */
static int block_is_right(wchar_t first, apr_pool_t *pool)
{
    static char text[BLOCK * MB_LEN_MAX + 1], lower[BLOCK * MB_LEN_MAX + 1];
    size_t text_len = 0, lower_len = 0;
    wchar_t c;

    for (c = first; c < first + BLOCK; c++) {
        if (c == 0 || (c >= 0xD800 && c <= 0xDFFF)) {
            continue;
        }
        text_len += (size_t)wctomb(text + text_len, c);
        lower_len += (size_t)wctomb(lower + lower_len,
                                    (wchar_t)towlower((wint_t)c));
    }
    text[text_len] = lower[lower_len] = '\0';
    return strcmp(scim_fold(text, pool), lower) == 0;
}

static void test_all_characters(apr_pool_t *pool)
{
    apr_pool_t *turn;
    wchar_t first;
    int wrong = 0;

    ok(setlocale(LC_CTYPE, "C.UTF-8") != NULL, "there is a UTF-8 locale");
    apr_pool_create(&turn, pool);
    for (first = 0; first < 0x110000; first += BLOCK) {
        wrong += !block_is_right(first, turn);
        apr_pool_clear(turn);
    }
    is_int(wrong, 0, "all code points are folded as towlower() does");
    setlocale(LC_CTYPE, "C");
    is_str(scim_fold("\xc3\x84\xd0\x96", pool), "\xc3\xa4\xd0\xb6",
           "whatever the process's locale is");
}

static void test_fold(apr_pool_t *pool)
{
    static const struct {
        const char *text;
        const char *folded;
    } rows[] = {
        { "", "" },
        { "Joy@Contoso.COM", "joy@contoso.com" },
        { "@[`{\x7f", "@[`{\x7f" },
        { "J\xc3\x96RG", "j\xc3\xb6rg" },
        { "STRASSE \xe1\xba\x9e", "strasse \xc3\x9f" },
        { "stra\xc3\x9f" "e", "stra\xc3\x9f" "e" },
        { "\xf0\x90\x90\x80", "\xf0\x90\x90\xa8" },
        { "\xf0\x9f\x98\x80X", "\xf0\x9f\x98\x80x" },
        /* no UTF-8: these bytes stay */
        { "\xff" "A", "\xff" "a" },
        { "A\xc3", "a\xc3" },
        { "\xc3" "A", "\xc3" "a" },
        { "\xed\xa0\x80Z", "\xed\xa0\x80z" }
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(scim_fold(rows[i].text, pool), rows[i].folded, "fold, row %d",
               (int)i);
    }
}

static void test_equal(void)
{
    static const struct {
        const char *a, *b;
        int equal;
    } rows[] = {
        { "", "", 1 },
        { "Joy", "jOY", 1 },
        { "joy", "joyce", 0 },
        { "joyce", "joy", 0 },
        { "joy", "jay", 0 },
        { "@", "`", 0 },
        { "J\xc3\x96rg", "j\xc3\xb6RG", 1 },
        { "joy\xc3\x96", "JOY\xc3\xb6", 1 },
        { "joy\xc3\x96", "joy", 0 },
        { "j\xc3\x96rg", "j\xc3\xa4rg", 0 },
        { "joy", "joy\xc3\x96", 0 },
        { "\xe2\x84\xaa" "elvin", "kelvin", 1 },     /* of another length */
        { "\xf0\x90\x90\x80x", "\xf0\x90\x90\xa8X", 1 },
        /* no UTF-8: these bytes are themselves */
        { "\xff" "A", "\xff" "a", 1 },
        { "\xff", "\xfe", 0 },
        { "\xc3" "A", "\xc3" "a", 1 },
        { "A\xc3", "a\xc3", 1 },
        { "\xf0\x90\x90", "\xf0\x90\x90", 1 },
        { "\xf0\x90\x90", "\xf0\x90\x90\x80", 0 },
        { "\xf0", "", 0 }
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_int(scim_fold_is_equal(rows[i].a, rows[i].b), rows[i].equal,
               "equal, row %d", (int)i);
    }
}

static void test_utf8(void)
{
    static const struct {
        const char *text;
        int valid;
    } rows[] = {
        { "", 1 },
        { "abc", 1 },
        { "\xc2\x80", 1 },
        { "\xdf\xbf", 1 },
        { "\xe0\xa0\x80", 1 },
        { "\xed\x9f\xbf", 1 },
        { "\xee\x80\x80", 1 },
        { "\xef\xbf\xbf", 1 },
        { "\xf0\x90\x80\x80", 1 },
        { "\xf4\x8f\xbf\xbf", 1 },
        { "\x80", 0 },
        { "\xbf", 0 },
        { "\xc0\x80", 0 },                  /* overlong */
        { "\xc1\xbf", 0 },
        { "\xe0\x80\x80", 0 },
        { "\xe0\x9f\xbf", 0 },
        { "\xf0\x80\x80\x80", 0 },
        { "\xf0\x8f\xbf\xbf", 0 },
        { "\xed\xa0\x80", 0 },              /* surrogates */
        { "\xed\xbf\xbf", 0 },
        { "\xf4\x90\x80\x80", 0 },          /* beyond U+10FFFF */
        { "\xf5\x80\x80\x80", 0 },
        { "\xff", 0 },
        { "\xc2", 0 },                      /* cut off */
        { "\xe0\xa0", 0 },
        { "\xf0\x90\x80", 0 },
        { "\xc2" "a", 0 },
        { "a\xe0\xa0" "a", 0 }
    };
    static const char text[] = "\xc2\x9b" "a";
    const char *next;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_int(scim_utf8_is_valid(rows[i].text, strlen(rows[i].text)),
               rows[i].valid, "UTF-8, row %d", (int)i);
    }
    ok(scim_utf8_is_valid("a\0b", 3), "NUL is a character too");
    ok(!scim_utf8_is_valid("a\xc3\xbc", 2), "cut off by the length");
    is_int(scim_utf8_next(&next, text, text + 3), 0x9B, "a character");
    ok(next == text + 2, "and the next");
    is_int(scim_utf8_next(&next, text + 1, text + 3), -1, "none");
    ok(next == text + 2, "and the next byte");
    is_int(scim_utf8_length("a\xc3\xbc\xf0\x9f\x98\x80"), 3, "characters");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_all_characters(pool);
    test_fold(pool);
    test_equal();
    test_utf8();
    apr_terminate();
    return done_testing();
}
