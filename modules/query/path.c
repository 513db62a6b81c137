#include "query/path.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

static scim_err_t *refuse(const char *text, const char *why, apr_pool_t *pool)
{
    return scim_err_make(SCIM_ERR_INVALID_PATH, pool, "path \"%s\": %s",
                         scim_err_quote(text, pool), why);
}

/* Whether the text can be a URN, or a URN with a name behind it. Which
 * characters the client's own schemas use is not for us to judge; those of
 * filters are not among them. */
static int is_urn(const char *text)
{
    const char *at;

    for (at = text; *at; at++) {
        if (!apr_isgraph(*at) || strchr("\"[]()\\", *at)) {
            return 0;
        }
    }
    return apr_isalpha(text[0]) && at[-1] != ':' && at[-1] != '.';
}

/* Whether the text has the form of what stands before the brackets. */
static int is_name(const char *text, apr_pool_t *pool)
{
    const char *dot = strchr(text, '.');

    if (strchr(text, ':')) {
        return is_urn(text);
    }
    if (!dot) {
        return scim_attr_is_name(text);
    }
    return scim_attr_is_name(apr_pstrmemdup(pool, text,
                                            (apr_size_t)(dot - text)))
        && scim_attr_is_name(dot + 1);
}

static void parse_plain(scim_path_t *path, const char *text,
                        const scim_rtype_t *type, apr_pool_t *pool)
{
    scim_name_t name = scim_rtype_resolve(type, text, pool);

    path->known = name.kind != SCIM_NAME_UNKNOWN;
    path->schema = name.kind == SCIM_NAME_SCHEMA ? name.schema : NULL;
    path->attr = name.attr;
    path->sub = name.sub;
}

/* Whether `.value` behind the brackets is the element itself: a simple one. */
static int is_itself(const scim_attr_t *attr, const char *tail)
{
    return attr && attr->type != SCIM_TYPE_COMPLEX
        && apr_cstr_casecmp(tail, ".value") == 0;
}

/* `attr[filter]` and `attr[filter].sub`. The form is checked throughout, also
 * behind a name that is not known. */
static scim_err_t *parse_filtered(scim_path_t *path, const char *text,
                                  const char *open, const char *close,
                                  const scim_rtype_t *type,
                                  const scim_limits_t *limits,
                                  apr_pool_t *pool)
{
    const char *head = apr_pstrmemdup(pool, text, (apr_size_t)(open - text));
    const char *tail = close + 1;
    scim_name_t name = scim_rtype_resolve(type, head, pool);
    const scim_attr_t *attr = name.attr, *sub = NULL;
    const scim_filter_t *filter;

    if (name.kind != SCIM_NAME_UNKNOWN
        && (!attr || name.sub || !attr->multi)) {
        return refuse(text, "brackets belong behind an attribute that is"
                      " multi-valued", pool);
    }
    SCIM_TRY(scim_filter_parse_element(&filter, open + 1,
                                       (apr_size_t)(close - open - 1), attr,
                                       SCIM_ERR_INVALID_PATH, limits, pool));
    if (*tail && (*tail != '.' || !scim_attr_is_name(tail + 1))) {
        return refuse(text, "stray text behind the brackets", pool);
    }
    if (attr && *tail) {
        sub = scim_attr_sub(attr, tail + 1);
    }
    path->known = filter && (sub || !*tail || is_itself(attr, tail));
    if (path->known) {
        path->attr = attr;
        path->filter = filter;
        path->sub = sub;
    }
    return NULL;
}

scim_err_t *scim_path_parse(scim_path_t *ppath, const char *text,
                            const scim_rtype_t *type,
                            const scim_limits_t *limits, apr_pool_t *pool)
{
    /* Nothing behind the brackets can hold a bracket, so the last one closes
     * them whatever stands in the strings between. */
    const char *open = strchr(text, '['), *close = strrchr(text, ']');
    const char *end = open ? open : text + strlen(text);
    scim_path_t path = { 0 };

    if (!is_name(apr_pstrmemdup(pool, text, (apr_size_t)(end - text)), pool)) {
        return refuse(text, "not the name of an attribute", pool);
    }
    if (open) {
        if (!close || close < open) {
            return refuse(text, "the bracket is not closed", pool);
        }
        SCIM_TRY(parse_filtered(&path, text, open, close, type, limits,
                                pool));
    }
    else {
        parse_plain(&path, text, type, pool);
    }
    *ppath = path;
    return NULL;
}
