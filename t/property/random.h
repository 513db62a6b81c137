/* random.h - numbers and texts by chance, the same for the same seed; or, for
 * fuzzing, by the bytes of an input, 0 when they are used up.
 *
 * The texts are what filters stumble over: characters that LIKE, SQL, JSON or
 * regular expressions give a meaning, letters whose cases differ in number or
 * length, scripts without case, and words of the filter grammar. There are
 * few of them, so that two texts are often equal, or nearly so.
 */
#ifndef SCIM_RANDOM_H
#define SCIM_RANDOM_H

#include <apr_strings.h>

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base/buf.h"

static uint64_t random_state = 1;
static const unsigned char *random_bytes;   /* NULL: by the seed */
static size_t random_left;

static uint64_t random_byte(void)
{
    if (!random_left) {
        return 0;
    }
    random_left--;
    return *random_bytes++;
}

/* xorshift64* */
static uint64_t random_next(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(2685821657736338717);
}

__attribute__((unused))
static void random_seed(uint64_t seed)
{
    int i;

    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (i = 0; i < 8; i++) {
        random_next();
    }
}

/* 0 to count - 1 */
static int random_int(int count)
{
    if (random_bytes) {
        return (int)(random_byte() % (unsigned)count);
    }
    return (int)(random_next() >> 33) % count;
}

/* Whether it happens that happens in `percent` of all cases. */
static int chance(int percent)
{
    return random_int(100) < percent;
}

#define RANDOM_OF(list) \
    ((list)[random_int((int)(sizeof(list) / sizeof((list)[0])))])

/* How many bytes of text make `count` characters. */
static size_t characters(const char *text, int count)
{
    size_t at = 0;

    while (text[at] && count > 0) {
        for (at++; ((unsigned char)text[at] & 0xC0) == 0x80; at++) {
        }
        count--;
    }
    return at;
}

/* The text in upper (or lower) case, as far as single characters go. */
__attribute__((unused))
static const char *random_case(const char *text, int upper, apr_pool_t *pool)
{
    static locale_t utf8;
    wchar_t wide[512];
    char narrow[2048];
    size_t len, i;
    locale_t before;

    if (!utf8) {
        utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
    }
    before = uselocale(utf8);
    len = mbstowcs(wide, text, sizeof(wide) / sizeof(wide[0]));
    if (len != (size_t)-1 && len < sizeof(wide) / sizeof(wide[0])) {
        for (i = 0; i < len; i++) {
            wide[i] = (wchar_t)(upper ? towupper((wint_t)wide[i])
                                      : towlower((wint_t)wide[i]));
        }
        if (wcstombs(narrow, wide, sizeof(narrow)) < sizeof(narrow)) {
            text = apr_pstrdup(pool, narrow);
        }
    }
    uselocale(before);
    return text;
}

static const char *const random_words[] = {
    "a", "A", "b", "joy", "Joy", "JOY", "joy@contoso.com", "Joy@Contoso.COM",
    "a_b", "axb", "A_B", "100%", "100Z", "%", "_", "%%", "a%", "\\", "a\\b",
    "\\\\", "\\%", "\"", "a\"b", "'", "o'Brien", "x' OR '1'='1", "--", "/*",
    "$1", "$$", "?", "@>", "E'\\x41'", ".*", "^a$", "[", "]", "(", ")", "()",
    "a\" or id pr", "straße", "STRASSE", "STRAẞE", "ß", "ẞ", "ss", "İ", "i",
    "ı", "I", "i̇", "Σ", "σ", "ς", "ΟΔΟΣ", "οδος", "οδοσ", "é", "É", "e\u0301",
    "\u212a", "k", "K", "\u212b", "å", "Å", "ǅ", "ǆ", "Ǆ", "ﬁ", "FI", "fi",
    "日本語", "العربية", "עברית", "हिन्दी", "ไทย", "Ა", "ა", "Ꭰ", "ꭰ", "𐐀",
    "𐐨", "😀", "😀😀", "\u00a0", "\u200b", "\u202e", "\ufffd", "\ufeffa",
    "\U0010ffff", " ", "  ", " a", "a ", "\t", "\n", "a\nb", "\r\n", "\x01",
    "\x1f", "\x7f", "null", "true", "false", "True", "not", "and", "or", "eq",
    "pr", "0", "1", "-1", "007", "1.0", "1e3", "{}", "[]", "{\"a\":1}", "work",
    "Work", "WOR\u212a", "home", "büro", "BÜRO", "User", "value", "type"
};

__attribute__((unused))
static const char *random_text(apr_pool_t *pool)
{
    const char *text = RANDOM_OF(random_words);

    if (chance(20)) {
        text = apr_pstrcat(pool, text, RANDOM_OF(random_words), NULL);
    }
    if (chance(10)) {
        text = random_case(text, chance(50), pool);
    }
    return text;
}

/* Some thousand characters. */
__attribute__((unused))
static const char *random_long_text(apr_pool_t *pool)
{
    const char *word = RANDOM_OF(random_words);
    scim_buf_t buf;

    scim_buf_init(&buf, 8192, pool);
    while (buf.len < 4000) {
        scim_buf_puts(&buf, word);
    }
    scim_buf_puts(&buf, RANDOM_OF(random_words));
    return buf.data;
}

/* The text itself, a part of it, or nearly it. */
__attribute__((unused))
static const char *random_near(const char *text, apr_pool_t *pool)
{
    int count = 0;
    size_t from, to;

    switch (random_int(8)) {
    case 0:
        return random_case(text, 1, pool);
    case 1:
        return random_case(text, 0, pool);
    case 2:
        return apr_pstrcat(pool, text, RANDOM_OF(random_words), NULL);
    case 3:
    case 4:
        while (text[characters(text, count)]) {
            count++;
        }
        from = characters(text, random_int(count + 1));
        to = characters(text + from, random_int(count + 1));
        return apr_pstrmemdup(pool, text + from, to);
    default:
        return text;
    }
}

#endif /* SCIM_RANDOM_H */
