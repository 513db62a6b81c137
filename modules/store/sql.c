#include "store/sql.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "store/condition.h"
#include "store/piece.h"
#include "store/related.h"

/* The name of a column: the version of a row when it has been written. */
#define WRITTEN "written"

#define PUTS(sql, string) scim_buf_puts(&(sql)->text, string)

void scim_sql_init(scim_sql_t *sql, apr_pool_t *pool)
{
    scim_buf_init(&sql->text, 1024, pool);
    sql->params = apr_array_make(pool, 16, sizeof(const char *));
    sql->with_related = 0;
    sql->base_url = NULL;
}

void scim_sql_param(scim_sql_t *sql, const char *value, const char *type)
{
    APR_ARRAY_PUSH(sql->params, const char *) = value;
    scim_buf_printf(&sql->text, type ? "$%d::%s" : "$%d", sql->params->nelts,
                    type);
}

void scim_sql_literal(scim_sql_t *sql, const char *text)
{
    if (strchr(text, '\\')) {
        PUTS(sql, "E");
    }
    PUTS(sql, "'");
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') {
            scim_buf_putc(&sql->text, *text);
        }
        scim_buf_putc(&sql->text, *text);
    }
    PUTS(sql, "'");
}

/* Keys */

static int is_integer_key(const char *text, const char *type)
{
    apr_int64_t value;
    char *end, again[32];

    errno = 0;
    value = apr_strtoi64(text, &end, 10);
    apr_snprintf(again, sizeof(again), "%" APR_INT64_T_FMT, value);
    if (errno || *end || strcmp(again, text) != 0) {
        return 0;
    }
    if (strcmp(type, "bigint") == 0) {
        return 1;
    }
    return strcmp(type, "smallint") == 0
         ? value >= -32768 && value <= 32767
         : value >= -APR_INT64_C(2147483648)
           && value <= APR_INT64_C(2147483647);
}

static int is_uuid_key(const char *text)
{
    int i;

    for (i = 0; i < 36; i++) {
        int dash = i == 8 || i == 13 || i == 18 || i == 23;
        int hex = (text[i] >= '0' && text[i] <= '9')
               || (text[i] >= 'a' && text[i] <= 'f');

        if (dash ? text[i] != '-' : !hex) {
            return 0;
        }
    }
    return text[36] == '\0';
}

static int is_integer(const char *key_type)
{
    return strcmp(key_type, "bigint") == 0 || strcmp(key_type, "integer") == 0
        || strcmp(key_type, "smallint") == 0;
}

int scim_sql_is_key(const char *key_type, const char *text)
{
    if (strcmp(key_type, "uuid") == 0) {
        return is_uuid_key(text);
    }
    if (is_integer(key_type)) {
        return is_integer_key(text, key_type);
    }
    return *text && scim_utf8_is_valid(text, strlen(text));
}

int scim_sql_is_text_key(const char *key_type)
{
    return strcmp(key_type, "uuid") != 0 && !is_integer(key_type);
}

/* Pieces */

static void put_column(scim_sql_t *sql, const char *name)
{
    scim_piece_column(sql, "r", name);
}

/* What is neither active nor inactive lets nobody in. */
static void put_value(scim_sql_t *sql, const scim_column_t *column,
                      const scim_rtype_t *type)
{
    int is_active = column->attr == type->active;

    if (is_active) {
        PUTS(sql, "coalesce(");
    }
    if (column->form == SCIM_COLUMN_INVERTED) {
        PUTS(sql, "NOT ");
    }
    put_column(sql, column->name);
    if (column->form == SCIM_COLUMN_IS_NULL) {
        PUTS(sql, " IS NULL");
    }
    if (is_active) {
        PUTS(sql, ", false)");
    }
}

/* What distinguishes one state of a row from another; not when it was
 * written. */
static void put_version(scim_sql_t *sql, const scim_mapping_t *mapping)
{
    const char *comma = "";
    int i;

    PUTS(sql, "md5(ROW(");
    if (mapping->tombstone) {
        put_column(sql, mapping->tombstone);
        comma = ", ";
    }
    if (mapping->extra) {
        PUTS(sql, comma);
        put_column(sql, mapping->extra);
        comma = ", ";
    }
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (column->attr != mapping->type->meta) {
            PUTS(sql, comma);
            put_column(sql, column->name);
            comma = ", ";
        }
    }
    PUTS(sql, ")::text)");
}

/* Whether the application protects the row. Only where no other relation is
 * in reach, whose columns the condition could mean as well. */
static void put_protected(scim_sql_t *sql, const scim_mapping_t *mapping)
{
    PUTS(sql, "coalesce((");
    PUTS(sql, mapping->protect);
    PUTS(sql, "), false)");
}

static void put_unprotected(scim_sql_t *sql, const scim_mapping_t *mapping)
{
    if (mapping->protect) {
        PUTS(sql, " AND NOT ");
        put_protected(sql, mapping);
    }
}

/* The resource's columns, in the order of the enumeration in the header. */
static void put_columns(scim_sql_t *sql, const scim_mapping_t *mapping,
                        int for_writing)
{
    int i;

    put_column(sql, mapping->key);
    PUTS(sql, " AS id, ");
    if (for_writing && mapping->protect) {
        put_protected(sql, mapping);
    }
    else {
        PUTS(sql, "false");
    }
    PUTS(sql, " AS protected, ");
    if (for_writing) {
        put_version(sql, mapping);
    }
    else {
        PUTS(sql, "NULL");
    }
    PUTS(sql, " AS version, ");
    if (mapping->extra) {
        put_column(sql, mapping->extra);
    }
    else {
        PUTS(sql, "NULL");
    }
    PUTS(sql, " AS extra");
    for (i = 0; i < mapping->columns->nelts; i++) {
        PUTS(sql, ", ");
        put_value(sql, &APR_ARRAY_IDX(mapping->columns, i, scim_column_t),
                  mapping->type);
        PUTS(sql, " AS v");
        scim_buf_number(&sql->text, i);
    }
    if (mapping->version) {
        PUTS(sql, ", ");
        put_column(sql, mapping->version);
        PUTS(sql, " AS " SCIM_SQL_COUNTER);
    }
}

/* Outside of the row's own query, so that of a page the relation is read for
 * the rows on it alone. */
static void put_related(scim_sql_t *sql, const scim_mapping_t *mapping,
                        const scim_facts_t *facts, const char *alias)
{
    if (sql->with_related && mapping->relation) {
        scim_related_column(sql, mapping, facts, alias);
    }
}

static void put_live(scim_sql_t *sql, const scim_mapping_t *mapping,
                     const scim_facts_t *facts, int live)
{
    scim_piece_live(sql, "r", mapping, facts, live);
}

static void put_tenant(scim_sql_t *sql, const scim_mapping_t *mapping,
                       const scim_facts_t *facts)
{
    scim_piece_tenant(sql, "r", mapping, facts);
}

static void put_from_live(scim_sql_t *sql, const scim_mapping_t *mapping,
                          const scim_facts_t *facts)
{
    PUTS(sql, " FROM ");
    PUTS(sql, mapping->table);
    PUTS(sql, " AS r WHERE ");
    put_tenant(sql, mapping, facts);
    PUTS(sql, " AND ");
    put_live(sql, mapping, facts, 1);
}

/* A token that is valid now, as the common table expression t. */
static void put_with_token(scim_sql_t *sql, const scim_mapping_t *mapping,
                           const scim_asker_t *asker)
{
    PUTS(sql, "WITH t AS MATERIALIZED (SELECT token_id, tenant, actor FROM ");
    PUTS(sql, mapping->tokens);
    PUTS(sql, " WHERE token_sha256 = ");
    scim_sql_param(sql, asker->token_sha256, "bytea");
    PUTS(sql, ")");
}

static void put_where_token(scim_sql_t *sql, const scim_asker_t *asker)
{
    PUTS(sql, " WHERE t.token_sha256 = ");
    scim_sql_param(sql, asker->token_sha256, "bytea");
}

/* Not of a change that was none: the members may be as they are to be, and a
 * trigger may have made of the row what it was. @a version: what it was, where
 * that is asked. */
static void put_if_changed(scim_sql_t *sql, const scim_change_t *change,
                           const char *version)
{
    const char *or = " WHERE ";

    if (version) {
        PUTS(sql, " WHERE s." WRITTEN " <> ");
        scim_sql_param(sql, version, "text");
        or = " OR ";
    }
    if (change->added) {
        PUTS(sql, or);
        PUTS(sql, "EXISTS (SELECT FROM come)");
        or = " OR ";
    }
    if (change->removed) {
        PUTS(sql, or);
        PUTS(sql, "EXISTS (SELECT FROM gone)");
    }
}

/* The event of whatever rows `source` has, in the same statement. */
static void put_event(scim_sql_t *sql, const scim_mapping_t *mapping,
                      const scim_asker_t *asker, const char *source,
                      const scim_change_t *change)
{
    PUTS(sql, ", event AS (INSERT INTO scim.events (tenant, actor, token_id, "
              "request_id, operation, resource_type, resource_id, changes, "
              "client, outcome) SELECT t.tenant, t.actor, t.token_id, ");
    scim_sql_param(sql, asker->request_id, "text");
    PUTS(sql, ", ");
    scim_sql_param(sql, change->operation, "text");
    PUTS(sql, ", ");
    scim_sql_param(sql, mapping->type->name, "text");
    PUTS(sql, ", s.id::text, ");
    scim_sql_param(sql, change->changes, "jsonb");
    if (change->added || change->removed) {
        scim_related_event(sql, mapping, change);
    }
    PUTS(sql, ", ");
    scim_sql_param(sql, asker->client, "text");
    PUTS(sql, ", 'applied' FROM t, ");
    PUTS(sql, source);
    PUTS(sql, " AS s");
}

/* The actor, who need not be a user of the table, as a key; NULL when the text
 * can be none. CASE keeps the cast from being tried on such a text, and what
 * it gives is compared by the index. */
static void put_actor(scim_sql_t *sql, const char *type)
{
    static const char integer[] = "^(0|-?[1-9][0-9]{0,18})$";
    static const struct {
        const char *type, *form, *limit;
    } forms[] = {
        { "uuid", "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", NULL },
        { "bigint", integer, "9223372036854775807" },
        { "integer", integer, "2147483647" },
        { "smallint", integer, "32767" }
    };
    size_t i;

    PUTS(sql, "CASE");
    for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        if (strcmp(forms[i].type, type) != 0) {
            continue;
        }
        PUTS(sql, " WHEN t.actor !~ '");
        PUTS(sql, forms[i].form);
        PUTS(sql, "' THEN NULL");
        if (forms[i].limit) {
            PUTS(sql, " WHEN abs(t.actor::numeric) > ");
            PUTS(sql, forms[i].limit);
            PUTS(sql, " THEN NULL");
        }
    }
    PUTS(sql, " WHEN true THEN t.actor::");
    PUTS(sql, type);
    PUTS(sql, " END");
}

/* Whether the account is active before and not after. */
static int deactivates(const scim_mapping_t *mapping,
                       const scim_state_t *before, const scim_state_t *after)
{
    const scim_attr_t *active = mapping->type->active;
    int place = active ? mapping->places[active->index] : -1;

    return place >= 0 && before->values[place]
        && *before->values[place] == 't'
        && (!after->values[place] || *after->values[place] != 't');
}

/* For RETURNING, so that it is reached by a row that is really written: count
 * it, and fail with all of the statement when there are too many. It locks the
 * row of the tenant's guard first. The accounts are counted once in a window
 * only: CASE does not look at the query before it is wanted. */
static void put_guard(scim_sql_t *sql, const scim_mapping_t *mapping,
                      const scim_facts_t *facts)
{
    const scim_guard_t *guard = mapping->guard;

    scim_buf_printf(&sql->text, ", (SELECT scim.guard_count(t.tenant, CASE "
                    "WHEN scim.guard_begins(t.tenant, %d) THEN (SELECT "
                    "count(*)", guard->seconds);
    put_from_live(sql, mapping, facts);
    PUTS(sql, " AND ");
    put_value(sql, scim_mapping_column(mapping, mapping->type->active, NULL),
              mapping->type);
    scim_buf_printf(&sql->text, ") END, %d, %d, %d) FROM t) AS counted",
                    guard->least, guard->percent, guard->seconds);
}

/* Statements */

void scim_sql_token(scim_sql_t *sql, const scim_mapping_t *mapping,
                    const scim_asker_t *asker)
{
    PUTS(sql, "SELECT t.token_id, t.tenant, t.actor FROM ");
    PUTS(sql, mapping->tokens);
    PUTS(sql, " AS t");
    put_where_token(sql, asker);
}

void scim_sql_wall(scim_sql_t *sql, const scim_mapping_t *mapping,
                   const scim_asker_t *asker)
{
    PUTS(sql, "SELECT pg_catalog.set_config('scim.tenant', coalesce((SELECT "
              "t.tenant FROM ");
    PUTS(sql, mapping->tokens);
    PUTS(sql, " AS t");
    put_where_token(sql, asker);
    PUTS(sql, "), ''), true)");
}

void scim_sql_get(scim_sql_t *sql, const scim_mapping_t *mapping,
                  const scim_facts_t *facts, const scim_asker_t *asker,
                  const char *id, int lock)
{
    PUTS(sql, "SELECT t.token_id, t.tenant, t.actor, NULL AS how, r.*");
    put_related(sql, mapping, facts, "r");
    PUTS(sql, " FROM ");
    PUTS(sql, mapping->tokens);
    PUTS(sql, " AS t LEFT JOIN LATERAL (SELECT ");
    put_columns(sql, mapping, lock);
    put_from_live(sql, mapping, facts);
    PUTS(sql, " AND ");
    put_column(sql, mapping->key);
    PUTS(sql, " = ");
    if (id) {
        scim_sql_param(sql, id, facts->key_type);
    }
    else {
        put_actor(sql, facts->key_type);
    }
    PUTS(sql, lock ? " FOR NO KEY UPDATE) AS r ON true" : ") AS r ON true");
    put_where_token(sql, asker);
}

static scim_err_t *put_filter(scim_sql_t *sql, const scim_mapping_t *mapping,
                              const scim_facts_t *facts,
                              const scim_filter_t *filter)
{
    if (!filter) {
        return NULL;
    }
    PUTS(sql, " AND ");
    return scim_condition_write(sql, mapping, facts, filter);
}

/* A stretch of an order, as far as an index knows it: NULL stands at one end
 * of an index, and no comparison reaches it. */
typedef enum {
    STRETCH_ALL,
    STRETCH_BEHIND,         /* behind the place */
    STRETCH_NULL,           /* all without a value */
    STRETCH_NULL_BEHIND,    /* those of them that are behind the place */
    STRETCH_VALUE           /* all with one */
} stretch_t;

/* Of what a page consists, in order. Returns how many there are. */
static int find_stretches(stretch_t stretches[2], const scim_page_t *page)
{
    const scim_order_t *order = page->order;
    int by_null = order->value && page->after && !page->after->value;

    stretches[0] = !page->after ? STRETCH_ALL
                 : by_null ? STRETCH_NULL_BEHIND : STRETCH_BEHIND;
    stretches[1] = by_null ? STRETCH_VALUE : STRETCH_NULL;
    return page->after && order->value && order->can_be_null
        && by_null == order->descending ? 2 : 1;
}

static void put_stretch(scim_sql_t *sql, const scim_mapping_t *mapping,
                        const scim_facts_t *facts, const scim_page_t *page,
                        stretch_t stretch)
{
    const scim_order_t *order = page->order;
    const char *beyond = order->descending ? " < " : " > ";
    int by_value = stretch == STRETCH_BEHIND && order->value;

    if (stretch == STRETCH_ALL) {
        return;
    }
    PUTS(sql, " AND ");
    if (by_value) {
        PUTS(sql, "(");
    }
    if (order->value) {
        PUTS(sql, order->value);
        PUTS(sql, by_value ? ", "
                  : stretch == STRETCH_VALUE ? " IS NOT NULL" : " IS NULL");
    }
    if (stretch == STRETCH_NULL || stretch == STRETCH_VALUE) {
        return;
    }
    if (stretch == STRETCH_NULL_BEHIND) {
        PUTS(sql, " AND ");
    }
    put_column(sql, mapping->key);
    PUTS(sql, by_value ? ")" : "");
    PUTS(sql, beyond);
    if (by_value) {
        PUTS(sql, "(");
        scim_sql_param(sql, page->after->value, order->type);
        PUTS(sql, ", ");
    }
    scim_sql_param(sql, page->after->key, facts->key_type);
    PUTS(sql, by_value ? ")" : "");
}

static void put_limit(scim_sql_t *sql, const scim_page_t *page)
{
    PUTS(sql, " LIMIT ");
    scim_sql_param(sql, apr_itoa(sql->text.pool, page->count), "bigint");
    if (!page->after) {
        PUTS(sql, " OFFSET ");
        scim_sql_param(sql, apr_psprintf(sql->text.pool, "%" APR_INT64_T_FMT,
                                         page->skip), "bigint");
    }
}

/* By tenant first, though it is one: so the index on both is walked, and not
 * the key's through all tenants. */
static void put_order(scim_sql_t *sql, const scim_mapping_t *mapping,
                      const scim_page_t *page)
{
    const scim_order_t *order = page->order;
    const char *direction = order->descending ? " DESC" : "";

    PUTS(sql, " ORDER BY ");
    put_column(sql, mapping->tenant);
    PUTS(sql, direction);
    PUTS(sql, ", ");
    if (order->value) {
        PUTS(sql, order->value);
        PUTS(sql, direction);
        PUTS(sql, ", ");
    }
    put_column(sql, mapping->key);
    PUTS(sql, direction);
    put_limit(sql, page);
}

/* Whether the filter leaves one row at most, and the page has room for it:
 * nothing to count, to sort or to cut. */
static int is_single(const scim_page_t *page, const scim_mapping_t *mapping)
{
    return page->filter && page->count && !page->skip
        && scim_condition_is_unique(page->filter, mapping->type);
}

static scim_err_t *put_rows(scim_sql_t *sql, const scim_mapping_t *mapping,
                            const scim_facts_t *facts,
                            const scim_page_t *page, stretch_t stretch)
{
    const scim_order_t *order = page->order;

    PUTS(sql, "SELECT ");
    put_columns(sql, mapping, 0);
    if (order->value) {
        PUTS(sql, ", ");
        PUTS(sql, order->value);
        PUTS(sql, " AS " SCIM_SQL_SORT);
    }
    put_from_live(sql, mapping, facts);
    SCIM_TRY(put_filter(sql, mapping, facts, page->filter));
    put_stretch(sql, mapping, facts, page, stretch);
    if (!is_single(page, mapping)) {
        put_order(sql, mapping, page);
    }
    return NULL;
}

/* Each stretch is a walk along the index; as one condition with OR the two
 * would be a walk from its beginning. */
static scim_err_t *put_page(scim_sql_t *sql, const scim_mapping_t *mapping,
                            const scim_facts_t *facts,
                            const scim_page_t *page)
{
    const char *direction = page->order->descending ? " DESC" : "";
    stretch_t stretches[2];

    if (find_stretches(stretches, page) == 1) {
        return put_rows(sql, mapping, facts, page, stretches[0]);
    }
    PUTS(sql, "SELECT * FROM ((");
    SCIM_TRY(put_rows(sql, mapping, facts, page, stretches[0]));
    PUTS(sql, ") UNION ALL (");
    SCIM_TRY(put_rows(sql, mapping, facts, page, stretches[1]));
    PUTS(sql, ")) AS u ORDER BY u." SCIM_SQL_SORT);
    PUTS(sql, direction);
    PUTS(sql, ", u.id");
    PUTS(sql, direction);
    put_limit(sql, page);
    return NULL;
}

scim_err_t *scim_sql_list(scim_sql_t *sql, const scim_mapping_t *mapping,
                          const scim_facts_t *facts,
                          const scim_asker_t *asker, const scim_page_t *page)
{
    int counted = page->is_counted && !is_single(page, mapping);

    PUTS(sql, "SELECT t.token_id, t.tenant, t.actor, ");
    PUTS(sql, counted ? "n.total AS how" : "NULL AS how");
    if (page->count) {
        PUTS(sql, ", r.*");
        put_related(sql, mapping, facts, "r");
    }
    PUTS(sql, " FROM ");
    PUTS(sql, mapping->tokens);
    PUTS(sql, " AS t");
    if (counted) {
        PUTS(sql, " CROSS JOIN LATERAL (SELECT count(*) AS total");
        put_from_live(sql, mapping, facts);
        SCIM_TRY(put_filter(sql, mapping, facts, page->filter));
        PUTS(sql, ") AS n");
    }
    if (page->count) {
        PUTS(sql, " LEFT JOIN LATERAL (");
        SCIM_TRY(put_page(sql, mapping, facts, page));
        PUTS(sql, ") AS r ON true");
    }
    put_where_token(sql, asker);
    return NULL;
}

/* One kind of row that stands in the way of a create. */
static void put_met(scim_sql_t *sql, const scim_mapping_t *mapping,
                    const scim_facts_t *facts, const char *how,
                    const scim_column_t *column, const char *value, int live)
{
    const char *citext = scim_facts_citext(facts, mapping, column);

    PUTS(sql, "SELECT '");
    PUTS(sql, how);
    PUTS(sql, "' AS how, x.* FROM t CROSS JOIN LATERAL (SELECT ");
    put_columns(sql, mapping, 1);
    PUTS(sql, " FROM ");
    PUTS(sql, mapping->table);
    PUTS(sql, " AS r WHERE ");
    put_tenant(sql, mapping, facts);
    PUTS(sql, " AND ");
    put_live(sql, mapping, facts, live);
    PUTS(sql, " AND ");
    if (column->leaf->case_exact || (citext && !column->key_name)) {
        put_column(sql, column->name);
        PUTS(sql, " = ");
        scim_sql_param(sql, value, citext ? citext : "text");
    }
    else {
        if (column->key_name) {
            put_column(sql, column->key_name);
        }
        else {
            PUTS(sql, "lower(");
            put_column(sql, column->name);
            PUTS(sql, ")");
        }
        PUTS(sql, " = lower(");
        scim_sql_param(sql, value, "text");
        PUTS(sql, ")");
    }
    if (!live) {
        put_unprotected(sql, mapping);
        PUTS(sql, " ORDER BY ");
        put_column(sql, mapping->tombstone);
        PUTS(sql, " DESC, ");
        put_column(sql, mapping->key);
        PUTS(sql, " DESC LIMIT 1");
    }
    PUTS(sql, ") AS x");
}

/* Of what nothing else can be like, nothing stands in the way. */
static void put_nothing_met(scim_sql_t *sql, const scim_mapping_t *mapping)
{
    PUTS(sql, "SELECT NULL AS how, ");
    put_columns(sql, mapping, 1);
    PUTS(sql, " FROM ");
    PUTS(sql, mapping->table);
    PUTS(sql, " AS r WHERE false");
}

static void put_all_met(scim_sql_t *sql, const scim_mapping_t *mapping,
                        const scim_facts_t *facts, const scim_state_t *state)
{
    const scim_rtype_t *type = mapping->type;
    const char *or = "";
    int i;

    if (!type->user_name
        && !scim_mapping_column(mapping, type->external_id, NULL)) {
        put_nothing_met(sql, mapping);
        return;
    }
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);
        int external = column->attr == type->external_id;

        if (!external && column->attr != type->user_name) {
            continue;
        }
        PUTS(sql, or);
        put_met(sql, mapping, facts, external ? "e" : "u", column,
                state->values[i], 1);
        or = " UNION ALL ";
        if (external && mapping->tombstone && type->active) {
            PUTS(sql, or);
            PUTS(sql, "(");
            put_met(sql, mapping, facts, "t", column, state->values[i], 0);
            PUTS(sql, ")");
        }
    }
}

/* The value of a column as it is stored, from the attribute's value. */
static void put_stored(scim_sql_t *sql, const scim_column_t *column,
                       const char *value, const char *type)
{
    switch (column->form) {
    case SCIM_COLUMN_INVERTED:
        PUTS(sql, "NOT ");
        scim_sql_param(sql, value, "boolean");
        break;
    case SCIM_COLUMN_IS_NULL:
        PUTS(sql, "CASE WHEN ");
        scim_sql_param(sql, value, "boolean");
        PUTS(sql, " THEN NULL ELSE now() END::");
        PUTS(sql, type);
        break;
    default:
        scim_sql_param(sql, value, type);
        break;
    }
}

/* Whether the state gives the column a value, so that it needs no constant. */
static int is_given(const scim_mapping_t *mapping, const scim_state_t *state,
                    const char *name)
{
    int i;

    for (i = 0; i < mapping->columns->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(mapping->columns, i, scim_column_t).name,
                   name) == 0) {
            return state->values[i] != NULL;
        }
    }
    return 0;
}

static void put_insert(scim_sql_t *sql, const scim_mapping_t *mapping,
                       const scim_facts_t *facts, const scim_state_t *state)
{
    apr_pool_t *pool = sql->text.pool;
    int i;

    PUTS(sql, "INSERT INTO ");
    PUTS(sql, mapping->table);
    PUTS(sql, " AS r (");
    PUTS(sql, scim_mapping_quote(mapping->tenant, pool));
    for (i = 0; i < mapping->columns->nelts; i++) {
        if (state->values[i]) {
            PUTS(sql, ", ");
            PUTS(sql, scim_mapping_quote(
                     APR_ARRAY_IDX(mapping->columns, i, scim_column_t).name,
                     pool));
        }
    }
    if (state->extra) {
        PUTS(sql, ", ");
        PUTS(sql, scim_mapping_quote(mapping->extra, pool));
    }
    for (i = 0; i < mapping->constants->nelts; i++) {
        const scim_constant_t *constant =
            &APR_ARRAY_IDX(mapping->constants, i, scim_constant_t);

        if (!is_given(mapping, state, constant->name)) {
            PUTS(sql, ", ");
            PUTS(sql, scim_mapping_quote(constant->name, pool));
        }
    }
    PUTS(sql, ") SELECT t.tenant::");
    PUTS(sql, facts->tenant_type);
    for (i = 0; i < mapping->columns->nelts; i++) {
        if (state->values[i]) {
            PUTS(sql, ", ");
            put_stored(sql,
                       &APR_ARRAY_IDX(mapping->columns, i, scim_column_t),
                       state->values[i], facts->types[i]);
        }
    }
    if (state->extra) {
        PUTS(sql, ", ");
        scim_sql_param(sql, scim_json_text(state->extra, pool), "jsonb");
    }
    for (i = 0; i < mapping->constants->nelts; i++) {
        const scim_constant_t *constant =
            &APR_ARRAY_IDX(mapping->constants, i, scim_constant_t);

        if (!is_given(mapping, state, constant->name)) {
            PUTS(sql, ", ");
            scim_sql_literal(sql, constant->value);
        }
    }
    PUTS(sql, " FROM t WHERE NOT EXISTS (SELECT FROM met) RETURNING ");
    put_columns(sql, mapping, 0);
}

void scim_sql_create(scim_sql_t *sql, const scim_mapping_t *mapping,
                     const scim_facts_t *facts, const scim_asker_t *asker,
                     const scim_state_t *state, const scim_change_t *change)
{
    put_with_token(sql, mapping, asker);
    PUTS(sql, ", met AS MATERIALIZED (");
    put_all_met(sql, mapping, facts, state);
    PUTS(sql, "), made AS (");
    put_insert(sql, mapping, facts, state);
    PUTS(sql, ")");
    scim_related_change(sql, mapping, facts, "made", change);
    put_event(sql, mapping, asker, "made", change);
    PUTS(sql, ") SELECT t.token_id, t.tenant, t.actor, x.*");
    put_related(sql, mapping, facts, "x");
    PUTS(sql, " FROM t LEFT JOIN "
              "(SELECT 'i' AS how, made.* FROM made UNION ALL "
              "SELECT met.* FROM met) AS x ON true");
}

static void put_assignments(scim_sql_t *sql, const scim_mapping_t *mapping,
                            const scim_facts_t *facts,
                            const scim_state_t *before,
                            const scim_state_t *after,
                            scim_update_mode_t mode)
{
    apr_pool_t *pool = sql->text.pool;
    const char *comma = "";
    int i;

    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (scim_state_is_same_value(mapping, before, after, i)) {
            continue;
        }
        PUTS(sql, comma);
        PUTS(sql, scim_mapping_quote(column->name, pool));
        PUTS(sql, " = ");
        put_stored(sql, column, after->values[i], facts->types[i]);
        comma = ", ";
    }
    if (after->extra && !scim_json_is_equal(before->extra, after->extra)) {
        PUTS(sql, comma);
        PUTS(sql, scim_mapping_quote(mapping->extra, pool));
        PUTS(sql, " = ");
        scim_sql_param(sql, scim_json_text(after->extra, pool), "jsonb");
        comma = ", ";
    }
    if ((mode == SCIM_UPDATE_DELETE || mode == SCIM_UPDATE_REVIVE)
        && mapping->tombstone) {
        int gone = mode == SCIM_UPDATE_DELETE;

        PUTS(sql, comma);
        PUTS(sql, scim_mapping_quote(mapping->tombstone, pool));
        PUTS(sql, facts->tombstone_is_boolean
                  ? (gone ? " = true" : " = false")
                  : (gone ? " = now()" : " = NULL"));
    }
}

void scim_sql_update(scim_sql_t *sql, const scim_mapping_t *mapping,
                     const scim_facts_t *facts, const scim_asker_t *asker,
                     const char *id, const scim_state_t *before,
                     const scim_state_t *after, scim_update_mode_t mode,
                     const char *version, const scim_change_t *change)
{
    int has_own = mode != SCIM_UPDATE_LIVE
               || !scim_state_is_equal(mapping, before, after);
    int is_compared = has_own && mode == SCIM_UPDATE_LIVE;

    put_with_token(sql, mapping, asker);
    if (has_own) {
        PUTS(sql, ", changed AS (UPDATE ");
        PUTS(sql, mapping->table);
        PUTS(sql, " AS r SET ");
        put_assignments(sql, mapping, facts, before, after, mode);
    }
    else {
        PUTS(sql, ", changed AS (SELECT ");
        put_columns(sql, mapping, 0);
        PUTS(sql, " FROM ");
        PUTS(sql, mapping->table);
        PUTS(sql, " AS r");
    }
    PUTS(sql, " WHERE ");
    scim_piece_tenant_once(sql, "r", mapping, facts);
    PUTS(sql, " AND ");
    put_column(sql, mapping->key);
    PUTS(sql, " = ");
    scim_sql_param(sql, id, facts->key_type);
    PUTS(sql, " AND ");
    if (mode == SCIM_UPDATE_MET || mode == SCIM_UPDATE_REVIVE) {
        put_version(sql, mapping);
        PUTS(sql, " = ");
        scim_sql_param(sql, version, "text");
        put_unprotected(sql, mapping);
    }
    else {
        put_live(sql, mapping, facts, 1);
    }
    if (has_own) {
        PUTS(sql, " RETURNING ");
        put_columns(sql, mapping, 0);
        if (is_compared) {
            PUTS(sql, ", ");
            put_version(sql, mapping);
            PUTS(sql, " AS " WRITTEN);
        }
        if (mapping->guard && deactivates(mapping, before, after)) {
            put_guard(sql, mapping, facts);
        }
    }
    PUTS(sql, ")");
    scim_related_change(sql, mapping, facts, "changed", change);
    put_event(sql, mapping, asker, "changed", change);
    put_if_changed(sql, change, is_compared ? version : NULL);
    PUTS(sql, ") SELECT t.token_id, t.tenant, t.actor, NULL AS how, changed.*");
    put_related(sql, mapping, facts, "changed");
    PUTS(sql, " FROM t LEFT JOIN changed ON true");
}
