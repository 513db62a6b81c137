#include "store/piece.h"

#define PUTS(sql, string) scim_buf_puts(&(sql)->text, string)

void scim_piece_column(scim_sql_t *sql, const char *alias, const char *name)
{
    PUTS(sql, alias);
    PUTS(sql, ".");
    PUTS(sql, scim_mapping_quote(name, sql->text.pool));
}

#ifdef SCIM_WITHOUT_FIRST_WALL

/* As a test builds it: the second wall has to hold alone. */

void scim_piece_tenant(scim_sql_t *sql, const char *alias,
                       const scim_mapping_t *mapping,
                       const scim_facts_t *facts)
{
    (void)alias;
    (void)mapping;
    (void)facts;
    PUTS(sql, "true");
}

void scim_piece_tenant_once(scim_sql_t *sql, const char *alias,
                            const scim_mapping_t *mapping,
                            const scim_facts_t *facts)
{
    (void)alias;
    (void)mapping;
    (void)facts;
    PUTS(sql, "EXISTS (SELECT FROM t)");
}

#else

void scim_piece_tenant(scim_sql_t *sql, const char *alias,
                       const scim_mapping_t *mapping,
                       const scim_facts_t *facts)
{
    scim_piece_column(sql, alias, mapping->tenant);
    PUTS(sql, " = t.tenant::");
    PUTS(sql, facts->tenant_type);
}

void scim_piece_tenant_once(scim_sql_t *sql, const char *alias,
                            const scim_mapping_t *mapping,
                            const scim_facts_t *facts)
{
    scim_piece_column(sql, alias, mapping->tenant);
    PUTS(sql, " = (SELECT t.tenant FROM t)::");
    PUTS(sql, facts->tenant_type);
}

#endif

void scim_piece_live(scim_sql_t *sql, const char *alias,
                     const scim_mapping_t *mapping,
                     const scim_facts_t *facts, int live)
{
    if (!mapping->tombstone) {
        PUTS(sql, live ? "true" : "false");
        return;
    }
    if (facts->tombstone_is_boolean) {
        PUTS(sql, live ? "NOT " : "");
        scim_piece_column(sql, alias, mapping->tombstone);
        return;
    }
    scim_piece_column(sql, alias, mapping->tombstone);
    PUTS(sql, live ? " IS NULL" : " IS NOT NULL");
}
