#include "proto/etag.h"

#include <string.h>

/* What stands between the quotes, or NULL; *pend is set behind the tag. */
static const char *tag_at(const char **pend, apr_size_t *plen,
                          const char *text)
{
    const char *close;

    if (text[0] == 'W' && text[1] == '/') {
        text += 2;
    }
    close = *text == '"' ? strchr(text + 1, '"') : NULL;
    if (!close) {
        return NULL;
    }
    *plen = (apr_size_t)(close - text) - 1;
    *pend = close + 1;
    return text + 1;
}

static int is_coding(const char *text, apr_size_t len)
{
    return (len == 5 && memcmp(text, "-gzip", 5) == 0)
        || (len == 3 && memcmp(text, "-br", 3) == 0);
}

/* The length of a tag's first part. */
static apr_size_t own_len(const char *tag, apr_size_t len)
{
    const char *dot = memchr(tag, '.', len);

    return dot ? (apr_size_t)(dot - tag) : len;
}

int scim_etag_is_named(const char *list, const char *version, int is_own)
{
    const char *mine = NULL, *end;
    apr_size_t my_len = 0;

    if (version) {
        mine = tag_at(&end, &my_len, version);
    }
    if (mine && is_own) {
        my_len = own_len(mine, my_len);
    }
    list += strspn(list, " \t,");
    if (*list == '*') {
        return list[1 + strspn(list + 1, " \t")] == '\0';
    }
    while (*list) {
        apr_size_t len;
        const char *tag = tag_at(&end, &len, list);

        if (!tag) {
            return 0;
        }
        if (is_own) {
            len = own_len(tag, len);
        }
        if (mine && len >= my_len && memcmp(tag, mine, my_len) == 0
            && (len == my_len || is_coding(tag + my_len, len - my_len))) {
            return 1;
        }
        list = end + strspn(end, " \t");
        if (*list && *list != ',') {
            return 0;
        }
        list += strspn(list, " \t,");
    }
    return 0;
}

scim_etag_verdict_t scim_etag_judge(const scim_conditions_t *conditions,
                                    const char *version, int is_read)
{
    if (conditions->if_match
        && !scim_etag_is_named(conditions->if_match, version, 1)) {
        return SCIM_ETAG_FAILED;
    }
    if (conditions->if_none_match
        && scim_etag_is_named(conditions->if_none_match, version, !is_read)) {
        return is_read ? SCIM_ETAG_NOT_MODIFIED : SCIM_ETAG_FAILED;
    }
    return SCIM_ETAG_PROCEED;
}
