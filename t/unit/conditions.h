/* conditions.h - a mapping whose filters become conditions, compared to the
 * letter. */
#ifndef SCIM_CONDITIONS_H
#define SCIM_CONDITIONS_H

#include "store/condition.h"
#include "t/unit/shown.h"
#include "t/unit/tap.h"
#include "t/unit/users.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* userName with a caseless column, externalId, an e-mail address with one, an
 * inverted flag, a time in place of a flag, a name without a caseless column;
 * the rest is extra. */
static scim_mapping_t *make_mapping(const char *extra, apr_pool_t *pool)
{
    static const column_t columns[] = {
        { "userName", "username", "username_key" },
        { "externalId", "ext", NULL },
        { "emails[type eq \"work\"].value", "email", "email_key" },
        { "emails[type eq \"work\"].primary", "first_mail IS NULL", NULL },
        { "active", "!blocked", NULL },
        { "name.givenName", "first", NULL },
        { "addresses[type eq \"home\"].locality", "city", NULL },
        { "addresses[type eq \"home\"].country", "country", NULL },
        { "meta.created", "made", NULL }
    };

    return make_users(columns, COUNT(columns), extra, pool);
}

static const char *const types[] = {
    "text", "text", "text", "text", "text", "text", "text", "text", "text",
    "text", "text", "text", "text", "text", "text", "text", "text", "text"
};

static const scim_facts_t facts = { .types = types,
                                    .key_type = "bigint",
                                    .tenant_type = "bigint" };

/* The condition, then what its parameters are. */
static const char *written(const char *text, const scim_mapping_t *mapping,
                           apr_pool_t *pool)
{
    const scim_filter_t *filter;
    scim_err_t *err = scim_filter_parse(&filter, text, mapping->type, pool);
    scim_sql_t sql;

    if (err) {
        return apr_pstrcat(pool, "not a filter: ", err->detail, NULL);
    }
    scim_sql_init(&sql, pool);
    err = scim_condition_write(&sql, mapping, &facts, filter);
    if (err) {
        return err->kind == SCIM_ERR_INVALID_FILTER
             ? apr_pstrcat(pool, "!", err->detail, NULL)
             : "an error of the wrong kind";
    }
    return shown(&sql, pool);
}

/* A filter, its condition with a place for extra attributes, and without one
 * (NULL: the same). `!` begins the detail of a refusal. */
typedef struct condition_t {
    const char *filter, *with_extra, *without;
} condition_t;

static void test_conditions(const condition_t *rows, size_t count,
                            apr_pool_t *pool)
{
    const scim_mapping_t *with_extra = make_mapping("extra", pool);
    const scim_mapping_t *without = make_mapping(NULL, pool);
    size_t i;

    for (i = 0; i < count; i++) {
        is_str(written(rows[i].filter, with_extra, pool), rows[i].with_extra,
               "%s", rows[i].filter);
        is_str(written(rows[i].filter, without, pool), rows[i].without
               ? rows[i].without : rows[i].with_extra, "without ScimExtra: %s",
               rows[i].filter);
    }
}

#endif
