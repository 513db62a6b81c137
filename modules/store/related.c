#include "store/related.h"

#include <apr_strings.h>

#include <string.h>

#include "store/piece.h"

#define PUTS(sql, string) scim_buf_puts(&(sql)->text, string)

/* An attribute of the others as text, NULL where it has none; NULL: it is not
 * kept. */
static const char *text_of(const scim_mapping_t *others, const char *name,
                           apr_pool_t *pool)
{
    const scim_attr_t *attr = scim_rtype_attr(others->type, NULL, name);
    const scim_column_t *column =
        attr ? scim_mapping_column(others, attr, NULL) : NULL;

    if (column) {
        return apr_pstrcat(pool, "nullif(o.",
                           scim_mapping_quote(column->name, pool),
                           "::text, '')", NULL);
    }
    if (attr && scim_mapping_is_extra(others, attr)) {
        return apr_pstrcat(pool, "nullif(o.",
                           scim_mapping_quote(others->extra, pool), "->>'",
                           attr->name, "', '')", NULL);
    }
    return NULL;
}

const char *scim_related_type(const scim_mapping_t *mapping)
{
    /* a group says who belongs to it; a user is told, and never of groups
     * within groups */
    return mapping->type->related->mutability == SCIM_READ_ONLY
         ? "direct" : mapping->relation->others->type->name;
}

const char *scim_related_display(const scim_mapping_t *mapping,
                                 apr_pool_t *pool)
{
    const scim_mapping_t *others = mapping->relation->others;
    const char *shown = text_of(others, "displayName", pool);
    const char *name = text_of(others, "userName", pool);

    return shown && name
         ? apr_pstrcat(pool, "coalesce(", shown, ", ", name, ")", NULL)
         : shown ? shown : name;
}

void scim_related_from(scim_sql_t *sql, const scim_mapping_t *mapping,
                       const scim_facts_t *facts)
{
    const scim_relation_t *relation = mapping->relation;

    PUTS(sql, " FROM ");
    PUTS(sql, relation->table);
    PUTS(sql, " AS m JOIN ");
    PUTS(sql, relation->others->table);
    PUTS(sql, " AS o ON ");
    scim_piece_column(sql, "o", relation->others->key);
    PUTS(sql, " = ");
    scim_piece_column(sql, "m", relation->other);
    PUTS(sql, " WHERE ");
    scim_piece_tenant(sql, "o", relation->others, facts->others);
    PUTS(sql, " AND ");
    scim_piece_live(sql, "o", relation->others, facts->others, 1);
    PUTS(sql, " AND ");
    scim_piece_column(sql, "m", relation->own);
    PUTS(sql, " = ");
}

void scim_related_column(scim_sql_t *sql, const scim_mapping_t *mapping,
                         const scim_facts_t *facts, const char *alias)
{
    const char *key = mapping->relation->others->key;

    PUTS(sql, ", (SELECT json_agg(json_build_object('value', ");
    scim_piece_column(sql, "o", key);
    PUTS(sql, "::text, 'display', ");
    PUTS(sql, scim_related_display(mapping, sql->text.pool));
    PUTS(sql, ") ORDER BY ");
    scim_piece_column(sql, "o", key);
    PUTS(sql, ")");
    scim_related_from(sql, mapping, facts);
    scim_piece_column(sql, alias, "id");
    PUTS(sql, ") AS " SCIM_SQL_RELATED);
}

/* Keys as an array of PostgreSQL. */
static void put_keys(scim_sql_t *sql, const apr_array_header_t *keys,
                     const char *type)
{
    scim_buf_t text;
    int i;

    scim_buf_init(&text, 16 * (apr_size_t)keys->nelts + 16, sql->text.pool);
    scim_buf_putc(&text, '{');
    for (i = 0; i < keys->nelts; i++) {
        const char *at = APR_ARRAY_IDX(keys, i, const char *);

        scim_buf_puts(&text, i ? ",\"" : "\"");
        for (; *at; at++) {
            if (*at == '"' || *at == '\\') {
                scim_buf_putc(&text, '\\');
            }
            scim_buf_putc(&text, *at);
        }
        scim_buf_putc(&text, '"');
    }
    scim_buf_putc(&text, '}');
    PUTS(sql, "ANY (");
    scim_sql_param(sql, text.data, apr_pstrcat(sql->text.pool, type, "[]",
                                               NULL));
    PUTS(sql, ")");
}

/* The users with these keys, of the token's tenant and live. */
static void put_named(scim_sql_t *sql, const scim_mapping_t *others,
                      const scim_facts_t *facts,
                      const apr_array_header_t *keys)
{
    scim_piece_tenant(sql, "o", others, facts);
    PUTS(sql, " AND ");
    scim_piece_live(sql, "o", others, facts, 1);
    PUTS(sql, " AND ");
    scim_piece_column(sql, "o", others->key);
    PUTS(sql, " = ");
    put_keys(sql, keys, facts->key_type);
}

/* Whether the user in `o` is a member. A subquery with LIMIT is looked up
 * user by user; without it, PostgreSQL might read the whole group for it. */
static void put_is_member(scim_sql_t *sql, const scim_mapping_t *mapping,
                          const scim_facts_t *facts, const char *id)
{
    const scim_relation_t *relation = mapping->relation;

    if (!id) {
        PUTS(sql, "false");
        return;
    }
    PUTS(sql, "coalesce((SELECT true FROM ");
    PUTS(sql, relation->table);
    PUTS(sql, " AS m WHERE ");
    scim_piece_column(sql, "m", relation->own);
    PUTS(sql, " = ");
    scim_sql_param(sql, id, facts->key_type);
    PUTS(sql, " AND ");
    scim_piece_column(sql, "m", relation->other);
    PUTS(sql, " = ");
    scim_piece_column(sql, "o", relation->others->key);
    PUTS(sql, " LIMIT 1), false)");
}

static void put_look_columns(scim_sql_t *sql, const scim_mapping_t *mapping)
{
    PUTS(sql, " AS is_member, ");
    PUTS(sql, scim_related_display(mapping, sql->text.pool));
    PUTS(sql, " AS display");
}

void scim_related_look(scim_sql_t *sql, const scim_mapping_t *mapping,
                       const scim_facts_t *facts, const scim_asker_t *asker,
                       const char *id, const apr_array_header_t *named,
                       int all)
{
    const scim_mapping_t *others = mapping->relation->others;

    PUTS(sql, "SELECT t.token_id, t.tenant, t.actor, x.* FROM ");
    PUTS(sql, mapping->tokens);
    PUTS(sql, " AS t LEFT JOIN LATERAL (SELECT * FROM (SELECT ");
    scim_piece_column(sql, "o", others->key);
    PUTS(sql, " AS id, ");
    put_is_member(sql, mapping, facts, id);
    put_look_columns(sql, mapping);
    PUTS(sql, " FROM ");
    PUTS(sql, others->table);
    PUTS(sql, " AS o WHERE ");
    put_named(sql, others, facts->others, named);
    PUTS(sql, " FOR KEY SHARE) AS named");
    if (all && id) {
        PUTS(sql, " UNION ALL SELECT ");
        scim_piece_column(sql, "o", others->key);
        PUTS(sql, ", true");
        put_look_columns(sql, mapping);
        scim_related_from(sql, mapping, facts);
        scim_sql_param(sql, id, facts->key_type);
    }
    PUTS(sql, ") AS x ON true WHERE t.token_sha256 = ");
    scim_sql_param(sql, asker->token_sha256, "bytea");
}

static void put_gone(scim_sql_t *sql, const scim_mapping_t *mapping,
                     const scim_facts_t *facts, const char *source,
                     const apr_array_header_t *keys)
{
    const scim_relation_t *relation = mapping->relation;

    PUTS(sql, ", gone AS (DELETE FROM ");
    PUTS(sql, relation->table);
    PUTS(sql, " AS m USING ");
    PUTS(sql, source);
    PUTS(sql, " AS s WHERE ");
    scim_piece_column(sql, "m", relation->own);
    PUTS(sql, " = s.id AND ");
    scim_piece_column(sql, "m", relation->other);
    PUTS(sql, " = ");
    put_keys(sql, keys, facts->others->key_type);
    PUTS(sql, " RETURNING ");
    scim_piece_column(sql, "m", relation->other);
    PUTS(sql, " AS id)");
}

/* Somebody else may have added one meanwhile: then it is there already. */
static void put_come(scim_sql_t *sql, const scim_mapping_t *mapping,
                     const scim_facts_t *facts, const char *source,
                     const apr_array_header_t *keys)
{
    const scim_relation_t *relation = mapping->relation;
    const scim_mapping_t *others = relation->others;

    PUTS(sql, ", come AS (INSERT INTO ");
    PUTS(sql, relation->table);
    PUTS(sql, " AS m (");
    PUTS(sql, scim_mapping_quote(relation->own, sql->text.pool));
    PUTS(sql, ", ");
    PUTS(sql, scim_mapping_quote(relation->other, sql->text.pool));
    PUTS(sql, ") SELECT s.id, ");
    scim_piece_column(sql, "o", others->key);
    PUTS(sql, " FROM t, ");
    PUTS(sql, source);
    PUTS(sql, " AS s, ");
    PUTS(sql, others->table);
    PUTS(sql, " AS o WHERE ");
    put_named(sql, others, facts->others, keys);
    PUTS(sql, " ON CONFLICT DO NOTHING RETURNING ");
    scim_piece_column(sql, "m", relation->other);
    PUTS(sql, " AS id)");
}

void scim_related_change(scim_sql_t *sql, const scim_mapping_t *mapping,
                         const scim_facts_t *facts, const char *source,
                         const scim_change_t *change)
{
    if (change->removed) {
        put_gone(sql, mapping, facts, source, change->removed);
    }
    if (change->added) {
        put_come(sql, mapping, facts, source, change->added);
    }
}

void scim_related_event(scim_sql_t *sql, const scim_mapping_t *mapping,
                        const scim_change_t *change)
{
    int redacted = mapping->redacted[mapping->type->related->index];
    const char *comma = "";
    int i;

    PUTS(sql, " || jsonb_build_object('members', jsonb_strip_nulls("
              "jsonb_build_object(");
    for (i = 0; i < 2; i++) {
        if (i ? !change->removed : !change->added) {
            continue;
        }
        PUTS(sql, comma);
        PUTS(sql, i ? "'removed', " : "'added', ");
        PUTS(sql, redacted ? "(SELECT true FROM "
                           : "(SELECT jsonb_agg(id::text ORDER BY id) FROM ");
        PUTS(sql, i ? "gone" : "come");
        PUTS(sql, redacted ? " LIMIT 1)" : ")");
        comma = ", ";
    }
    PUTS(sql, ")))");
}
