/* rows.h - rows by chance. What the tables hold besides their columns is what an
 * application may have written itself, so it need not have the form of
 * anything.
 */
#ifndef SCIM_ROWS_H
#define SCIM_ROWS_H

#include "t/property/random.h"
#include "t/property/world.h"

static int odd;                 /* percent of values in a document that have
                                 * not the shape of their attribute */

/* Times around those that filters name. */
static const char *const times[] = {
    "2011-05-13T04:42:34Z", "2011-05-13T04:42:34.5Z",
    "2011-05-13T04:42:34.25Z", "2011-05-13T04:42:34.000001Z",
    "2011-05-13T04:42:35Z", "2012-02-29T23:59:59.999999Z",
    "1969-12-31T23:59:59.5Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z"
};

static const char *const integers[] = {
    "0", "1", "-1", "2", "10", "32767", "-32768"
};

static const char *const decimals[] = {
    "0", "1", "-1", "0.1", "-0.25", "1.5", "100", "1000000.125"
};

static const char *random_type(void)
{
    static const char *const types[] = {
        "work", "home", "Work", "other", "BÜRO", "büro", "WOR\u212a", "mobile"
    };

    return RANDOM_OF(types);
}

static void put_scalar(scim_buf_t *buf, const scim_attr_t *attr)
{
    const char *text;

    switch (attr->type) {
    case SCIM_TYPE_BOOLEAN:
        scim_buf_puts(buf, chance(50) ? "true" : "false");
        return;
    case SCIM_TYPE_INTEGER:
        scim_buf_puts(buf, RANDOM_OF(integers));
        return;
    case SCIM_TYPE_DECIMAL:
        scim_buf_puts(buf, RANDOM_OF(decimals));
        return;
    case SCIM_TYPE_DATETIME:
        text = RANDOM_OF(times);
        break;
    default:
        text = strcmp(attr->name, "type") == 0 && attr->parent && chance(80)
             ? random_type() : chance(1) ? random_long_text(buf->pool)
             : random_text(buf->pool);
        break;
    }
    scim_buf_json(buf, text, strlen(text));
}

static void put_members(scim_buf_t *buf, const scim_attr_t *attrs, int count,
                        int percent);

static void put_document_value(scim_buf_t *buf, const scim_attr_t *attr)
{
    static const char *const oddities[] = {
        "null", "\"\"", "[]", "{}", "5", "-0.5",
        "123456789012345678901234567890", "1e300", "true", "false", "\"x\"",
        "\"true\"", "\"1\"", "\"2011-05-13T06:42:34+02:00\"",
        "\"2011-05-13T04:42:34.500Z\"", "\"2011-05-13\"", "[\"x\"]",
        "{\"a\":1}", "[{}]", "[null]", "[[]]", "[{\"a\":1}]",
        "[{\"value\":\"\"}]", "[{\"value\":{}}]", "[{\"value\":1}]",
        "[[{\"value\":\"joy\"}]]", "{\"value\":\"joy\"}", "[\"joy\", {}]",
        "{\"value\":[\"joy\"]}", "[{\"type\":\"work\"}]",
        "[{\"value\":\"joy\",\"type\":7}]", "[{\"Value\":\"joy\"}]"
    };
    int i, n;

    if (chance(odd)) {
        scim_buf_puts(buf, RANDOM_OF(oddities));
        return;
    }
    n = attr->multi ? 1 + random_int(3) : 1;
    scim_buf_puts(buf, attr->multi ? "[" : "");
    for (i = 0; i < n; i++) {
        scim_buf_puts(buf, i ? "," : "");
        if (attr->type == SCIM_TYPE_COMPLEX) {
            scim_buf_puts(buf, "{");
            put_members(buf, attr->subs, attr->nsubs, 50);
            scim_buf_puts(buf, "}");
        }
        else {
            put_scalar(buf, attr);
        }
    }
    scim_buf_puts(buf, attr->multi ? "]" : "");
}

static void put_member_name(scim_buf_t *buf, const char *name)
{
    if (!strchr("{", buf->data[buf->len - 1])) {
        scim_buf_puts(buf, ",");
    }
    scim_buf_json(buf, name, strlen(name));
    scim_buf_puts(buf, ":");
}

static void put_members(scim_buf_t *buf, const scim_attr_t *attrs, int count,
                        int percent)
{
    int i;

    for (i = 0; i < count; i++) {
        const scim_attr_t *attr = &attrs[i];

        if (chance(percent)) {
            put_member_name(buf, attr->name);
            put_document_value(buf, attr);
        }
        if (chance(odd / 8)) {
            put_member_name(buf, random_case(attr->name, 1, buf->pool));
            put_document_value(buf, attr);
        }
    }
    if (chance(odd)) {
        put_member_name(buf, "unknown");
        scim_buf_puts(buf, chance(50) ? "\"joy\"" : "{\"value\":\"joy\"}");
    }
}

/* A JSONB column: what is mapped may stand in it too, as a leftover. */
static const char *random_document(const world_t *world, apr_pool_t *pool)
{
    static const char *const no_objects[] = {
        "[]", "null", "7", "\"emails\"", "[\"emails\", \"displayName\"]",
        "[{\"displayName\": \"joy\"}]"
    };
    const scim_mapping_t *mapping = world->mapping;
    const scim_rtype_t *type = mapping->type;
    scim_buf_t buf;
    int i, percent = random_int(60);

    if (chance(2)) {
        return RANDOM_OF(no_objects);
    }
    odd = chance(40) ? 25 : 0;
    scim_buf_init(&buf, 1024, pool);
    scim_buf_puts(&buf, "{");
    put_members(&buf, type->schemas[0]->attrs, type->schemas[0]->nattrs,
                percent);
    for (i = 0; i < mapping->elements->nelts; i++) {
        const scim_element_t *element =
            &APR_ARRAY_IDX(mapping->elements, i, scim_element_t);

        if (chance(percent)) {
            put_member_name(&buf, element->key);
            if (chance(odd)) {
                put_document_value(&buf, element->attr);
                continue;
            }
            scim_buf_puts(&buf, "{");
            put_members(&buf, element->attr->subs, element->attr->nsubs, 40);
            scim_buf_puts(&buf, "}");
        }
    }
    for (i = 1; i < type->nschemas; i++) {
        if (chance(80)) {
            put_member_name(&buf, type->schemas[i]->urn);
            if (chance(odd / 2)) {
                put_document_value(&buf, type->id);
                continue;
            }
            scim_buf_puts(&buf, "{");
            put_members(&buf, type->schemas[i]->attrs,
                        type->schemas[i]->nattrs, percent);
            scim_buf_puts(&buf, "}");
        }
    }
    scim_buf_puts(&buf, "}");
    return buf.data;
}

static const char *random_column(const column_t *column, apr_pool_t *pool)
{
    static const char *const never[] = { "infinity", "-infinity",
                                         "0044-03-15 12:00:00 BC",
                                         "10000-01-01 00:00:00Z" };
    static const char *const nowhere[] = { "NaN", "Infinity", "-Infinity" };
    const char *type = column->type;

    if (strcmp(column->target, "userName") != 0 && chance(25)) {
        return NULL;
    }
    if (strcmp(type, "boolean") == 0) {
        return chance(50) ? "t" : "f";
    }
    if (strcmp(type, "uuid") == 0) {
        return apr_psprintf(pool, "abcdef%02x-0000-4000-8000-000000000000",
                            random_int(4));
    }
    if (strcmp(type, "timestamptz") == 0) {
        return chance(10) ? RANDOM_OF(never) : RANDOM_OF(times);
    }
    if (strstr(type, "int")) {
        return RANDOM_OF(integers);
    }
    if (strcmp(type, "numeric") == 0 || strcmp(type, "real") == 0
        || strcmp(type, "double precision") == 0) {
        return chance(10) ? RANDOM_OF(nowhere) : RANDOM_OF(decimals);
    }
    return chance(10) ? "" : random_text(pool);
}

static const char *random_key(const world_t *world, int number,
                              apr_pool_t *pool)
{
    if (*world->table->key == 'u') {
        return apr_psprintf(pool, "%08x-0000-4000-8000-%012x", number,
                            random_int(4096));
    }
    return *world->table->key == 'b' ? apr_itoa(pool, number)
                                          : random_text(pool);
}

/* One of our own tenant, mostly; two of the same name are not both kept. */
static void insert_row(const world_t *world, int number, apr_pool_t *pool)
{
    const table_t *t = world->table;
    const char *values[40];
    const column_t *c;
    PGresult *result;
    scim_buf_t sql;
    int n = 0, i;

    scim_buf_init(&sql, 512, pool);
    scim_buf_puts(&sql, apr_pstrcat(pool, "INSERT INTO " SCHEMA ".", t->name,
                                    " (id, tenant", NULL));
    values[n++] = random_key(world, number, pool);
    values[n++] = chance(85) ? t->mine : t->other;
    if (t->tombstone) {
        int gone = chance(10);

        scim_buf_puts(&sql, ", gone");
        values[n++] = *t->tombstone == 'b' ? (gone ? "t" : "f")
                                           : gone ? "2020-01-01" : NULL;
    }
    if (t->extra) {
        scim_buf_puts(&sql, ", extra");
        values[n++] = strcmp(t->extra, "jsonb") == 0 && chance(20)
                    ? NULL : random_document(world, pool);
    }
    for (c = t->columns; c->target; c++) {
        scim_buf_printf(&sql, ", %s", c->name);
        values[n++] = random_column(c, pool);
    }
    scim_buf_puts(&sql, ") VALUES (");
    for (i = 0; i < n; i++) {
        scim_buf_printf(&sql, "%s$%d", i ? ", " : "", i + 1);
    }
    scim_buf_puts(&sql, ") ON CONFLICT DO NOTHING");
    result = PQexecParams(world->pg, sql.data, n, NULL, values, NULL, NULL,
                          0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        die("a row cannot be stored", PQerrorMessage(world->pg));
    }
    PQclear(result);
}

#endif /* SCIM_ROWS_H */
