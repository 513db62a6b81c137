/* statements.h - two mappings whose statements are compared to the letter, and
 * the pieces that many of these share. */
#ifndef SCIM_STATEMENTS_H
#define SCIM_STATEMENTS_H

#include <apr_strings.h>

#include "schema/builtin.h"
#include "store/sql.h"
#include "t/unit/shown.h"
#include "t/unit/tap.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* A small mapping with every kind of thing in it, and one with nothing that
 * can be left out. */
static const struct {
    const char *target, *spec, *key;
} columns[] = {
    { "userName", "username", "username_key" },
    { "active", "!blocked", NULL },
    { "externalId", "ext", NULL },
    { "meta.created", "made", NULL }
};

static const char *const types[] = {
    "character varying", "boolean", "text", "timestamp with time zone"
};
static const char *const bare_types[] = {
    "character varying", "timestamp with time zone"
};
static const int lengths[] = { 0, 0, 0, 0 };
static const unsigned char not_null[] = { 1, 1, 0, 1 };
static const unsigned char by_code_point[] = { 1, 1, 0, 1 };

static const scim_facts_t facts = {
    .key_type = "bigint", .tenant_type = "uuid", .types = types,
    .lengths = lengths, .not_null = not_null, .by_code_point = by_code_point
};
static const scim_facts_t bare_facts = {
    .key_type = "uuid", .tenant_type = "text", .types = bare_types,
    .lengths = lengths, .not_null = not_null, .by_code_point = by_code_point
};
static const scim_facts_t flag_facts = {
    .key_type = "bigint", .tenant_type = "uuid", .types = types,
    .lengths = lengths, .not_null = not_null, .by_code_point = by_code_point,
    .tombstone_is_boolean = 1
};

static scim_mapping_t *make_mapping(int bare, apr_pool_t *pool)
{
    scim_mapping_t *mapping = scim_mapping_make(scim_builtin_user(pool), pool);
    const char *wrong;
    size_t i;

    scim_mapping_set_table(mapping, "crm.users", pool);
    mapping->tokens = scim_mapping_quote("scim.tokens", pool);
    mapping->key = "id";
    mapping->tenant = "org";
    if (!bare) {
        scim_constant_t *constant = apr_array_push(mapping->constants);

        constant->name = "hash";
        constant->value = "it's \\ $1";
        /* what has a column may have a constant for when it is not sent */
        constant = apr_array_push(mapping->constants);
        constant->name = "ext";
        constant->value = "none";
        mapping->tombstone = "deleted_at";
        mapping->extra = "extra";
        mapping->protect = "role = 'admin' OR vip";
    }
    for (i = 0; i < COUNT(columns); i++) {
        const char *spec = bare && i == 1 ? "off_at IS NULL" : columns[i].spec;

        if (bare && i > 1) {
            break;
        }
        wrong = scim_mapping_add(mapping, columns[i].target, spec,
                                 bare ? NULL : columns[i].key, pool);
        if (wrong) {
            printf("Bail out! %s\n", wrong);
        }
    }
    if ((wrong = scim_mapping_finish(mapping, pool))) {
        printf("Bail out! %s\n", wrong);
    }
    return mapping;
}

static const scim_asker_t asker = { "\\x00ff", "request-1", "192.0.2.1" };

#define SHOWN \
    "r.\"id\" AS id, false AS protected, NULL AS version, r.\"extra\" AS" \
    " extra, r.\"username\" AS v0, coalesce(NOT r.\"blocked\", false) AS" \
    " v1, r.\"ext\" AS v2, r.\"made\" AS v3"
#define BARE_SHOWN \
    "r.\"id\" AS id, false AS protected, NULL AS version, NULL AS extra," \
    " r.\"username\" AS v0, coalesce(r.\"off_at\" IS NULL, false) AS v1"
#define USERS \
    " FROM \"crm\".\"users\" AS r WHERE r.\"org\" = t.tenant::uuid AND "
#define BARE_USERS \
    " FROM \"crm\".\"users\" AS r WHERE r.\"org\" = t.tenant::text AND "
#define WHO \
    "SELECT t.token_id, t.tenant, t.actor, "
#define TOKENS \
    " FROM \"scim\".\"tokens\" AS t"
#define EACH \
    "x.* FROM t CROSS JOIN LATERAL (SELECT "

/* A statement by name: with the full mapping, with the bare one, and with the
 * full one where the tombstone is a flag (NULL: not asked). */
typedef struct statement_t {
    const char *name;
    const char *full, *bare, *flag;
} statement_t;

typedef const char *statement_fn(const char *name,
                                 const scim_mapping_t *mapping,
                                 const scim_facts_t *known, apr_pool_t *pool);

static void check(const char *name, const char *which, const char *got,
                  const char *want)
{
    if (want) {
        is_str(got, want, "%s: %s", name, which);
    }
}

static void test_statements(const statement_t *rows, size_t count,
                            statement_fn *statement, apr_pool_t *pool)
{
    const scim_mapping_t *full = make_mapping(0, pool);
    const scim_mapping_t *bare = make_mapping(1, pool);
    size_t i;

    for (i = 0; i < count; i++) {
        const char *name = rows[i].name;

        check(name, "the full mapping", statement(name, full, &facts, pool),
              rows[i].full);
        check(name, "the bare mapping", statement(name, bare, &bare_facts,
                                                  pool), rows[i].bare);
        check(name, "a flag as tombstone", statement(name, full, &flag_facts,
                                                     pool), rows[i].flag);
    }
}

#endif
