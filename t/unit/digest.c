/* SHA-256 (the examples of FIPS 180) and hexadecimal text. */
#include "base/digest.h"
#include "t/unit/tap.h"

#include <apr_general.h>

static const struct {
    const char *text;
    const char *hex;
} rows[] = {
    { "",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" }
};

int main(void)
{
    static const unsigned char bytes[] = { 0x00, 0x7f, 0x80, 0xff };
    unsigned char digest[SCIM_SHA256_LEN];
    apr_pool_t *pool;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scim_sha256(digest, rows[i].text, strlen(rows[i].text));
        is_str(scim_hex(digest, sizeof(digest), pool), rows[i].hex,
               "SHA-256 of \"%s\"", rows[i].text);
    }
    is_str(scim_hex(bytes, sizeof(bytes), pool), "007f80ff", "hexadecimal");
    is_str(scim_hex(bytes, 0, pool), "", "no bytes, no digits");
    apr_terminate();
    return done_testing();
}
