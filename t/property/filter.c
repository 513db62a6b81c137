/* Filters by chance: the rows that PostgreSQL picks by the condition of
 * store/condition.h are those whose resources scim_filter_matches() lets
 * pass, as composed for changes and as rendered for replies.
 *
 *     filter CONNINFO
 *
 * PROPERTY_FILTERS filters (1,000), each applied to some twenty rows of one
 * of three tables, by chance that PROPERTY_SEED begins (1). A difference is
 * shown with everything that led to it. What the tables hold besides their
 * columns is what an application may have written itself, so it need not have
 * the form of anything.
 *
 * At the end a fault is planted into the statements, one after the other, and
 * each must be found out. */
#include "t/property/random.h"
#include "t/property/types.h"

#include <apr_general.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fold.h"
#include "base/time.h"
#include "pg/proof.h"
#include "pg/resource.h"
#include "query/filter.h"
#include "schema/builtin.h"
#include "schema/resource.h"
#include "service/render.h"
#include "store/order.h"
#include "t/unit/tap.h"

#define ENT SCIM_URN_ENTERPRISE

#define SCHEMA "property"
#define ROWS 20                 /* in a table at a time */
#define FILTERS 50              /* applied to these */
#define DEPTH 4                 /* of a filter */
#define PLANTED_MAX 20000       /* filters until a fault must show */

/* --- the tables --- */

typedef struct column_t {
    const char *target, *spec, *key;
    const char *name, *type;            /* in SQL */
} column_t;

typedef struct table_t {
    const char *name;
    const char *key, *tenant_type;      /* definition; type */
    const char *tombstone;              /* definition; NULL: none */
    const char *extra;                  /* likewise */
    const char *session;                /* how its statements are run */
    const char *indexes;
    const char *mine, *other;           /* tenants */
    column_t columns[32];
} table_t;

static const table_t tables[] = {
    { "first", "bigint DEFAULT 0", "bigint", "timestamptz", "jsonb NOT NULL",
      "enable_seqscan=off",
      "CREATE INDEX ON property.first "
      "(tenant, lower(extra ->> 'displayName')) WHERE gone IS NULL;"
      "CREATE INDEX ON property.first USING gin "
      "((lower((extra -> 'phoneNumbers')::text)::jsonb) jsonb_path_ops);"
      "CREATE INDEX ON property.first USING gin "
      "((extra -> 'photos') jsonb_path_ops);"
      "CREATE INDEX ON property.first USING gin "
      "((lower((extra -> '" TST "' -> 'tags')::text)::jsonb) jsonb_path_ops)",
      "1", "2", {
        { "userName", "username", "username_key", "username", "text" },
        { "externalId", "ext", NULL, "ext", "text" },
        { "emails[type eq \"work\"].value", "email", "email_key", "email",
          "text" },
        { "emails[type eq \"work\"].primary", "second IS NULL", NULL,
          "second", "timestamptz" },
        { "emails[type eq \"home\"].value", "email2", NULL, "email2",
          "varchar(300)" },
        { "active", "active", NULL, "active", "boolean" },
        { "name.givenName", "first", NULL, "first", "text" },
        { "name.familyName", "last", "last_key", "last", "text" },
        { "addresses[type eq \"home\"].locality", "city", NULL, "city",
          "text" },
        { "addresses[type eq \"home\"].country", "country", NULL, "country",
          "text" },
        { "meta.created", "made", NULL, "made", "timestamptz" },
        { "meta.lastModified", "touched", NULL, "touched", "timestamptz" },
        { ENT ":department", "dept", NULL, "dept", "text" },
        { ENT ":manager.value", "boss", NULL, "boss", "text" },
        { TST ":codeOne", "code", NULL, "code", "text" },
        { TST ":flagOne", "!noflag", NULL, "noflag", "boolean" },
        { TST ":rankOne", "rank", NULL, "rank", "bigint" },
        { TST ":weightOne", "weight", NULL, "weight", "numeric" },
        { TST ":sinceOne", "since", NULL, "since", "timestamptz" },
        { TST ":blobOne", "blob", NULL, "blob", "text" },
        { TST ":seat.rank", "seatrank", NULL, "seatrank", "smallint" },
        { TST ":badges[type eq \"BÜro\"].value", "badge", NULL, "badge",
          "text" },
        { TST ":badges[type eq \"BÜro\"].since", "badged", NULL, "badged",
          "timestamptz" },
        { TST ":badges[type eq \"BÜro\"].flag", "unbadged IS NULL", NULL,
          "unbadged", "timestamptz" }
      } },
    { "second", "uuid DEFAULT gen_random_uuid()", "uuid", "boolean NOT NULL DEFAULT false", "jsonb",
      "enable_seqscan=on", NULL,
      "00000000-0000-0000-0000-000000000001",
      "00000000-0000-0000-0000-000000000002", {
        { "userName", "username", NULL, "username", "citext" },
        { "externalId", "ext", NULL, "ext", "varchar" },
        { "emails[type eq \"work\"].value", "email", NULL, "email",
          "citext" },
        { "active", "!blocked", NULL, "blocked", "boolean" },
        { "title", "title", "title_key", "title", "citext" },
        { "profileUrl", "url", NULL, "url", "citext" },
        { "nickName", "nick", NULL, "nick", "uuid" },
        { TST ":textOne", "text1", NULL, "text1", "varchar(300)" },
        { TST ":rankOne", "rank", NULL, "rank", "integer" },
        { TST ":weightOne", "weight", NULL, "weight", "double precision" },
        { TST ":weightTwo", "weight2", NULL, "weight2", "real" },
        { TST ":flagOne", "flag", NULL, "flag", "boolean" }
      } },
    { "third", "text DEFAULT '0'", "text", NULL, NULL, "enable_seqscan=on", NULL,
      "us", "them", {
        { "userName", "username", NULL, "username", "text" },
        { "externalId", "ext", NULL, "ext", "text" },
        { "active", "blocked IS NULL", NULL, "blocked", "timestamptz" },
        { "emails[type eq \"work\"].value", "email", NULL, "email", "text" },
        { "emails[type eq \"work\"].display", "shown", NULL, "shown",
          "text" },
        { "name.formatted", "formatted", NULL, "formatted", "text" },
        { "addresses[type eq \"work\"].locality", "city", NULL, "city",
          "text" }
      } }
};

/* Times around those that filters name. */
static const char *const times[] = {
    "2011-05-13T04:42:34Z", "2011-05-13T04:42:34.5Z",
    "2011-05-13T04:42:34.25Z", "2011-05-13T04:42:34.000001Z",
    "2011-05-13T04:42:35Z", "2012-02-29T23:59:59.999999Z",
    "1969-12-31T23:59:59.5Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z"
};

static const char *const asked_times[] = {
    "2011-05-13T06:42:34+02:00", "2011-05-13T04:42:34",
    "2011-05-13T04:42:34.2500000001Z", "2011-05-13T04:42:34.9999999Z",
    "2011-05-12T24:00:00Z", "2011-05-13T04:41:60Z", "2011-05-13t04:42:34z"
};

static const char *const integers[] = {
    "0", "1", "-1", "2", "10", "32767", "-32768"
};

static const char *const decimals[] = {
    "0", "1", "-1", "0.1", "-0.25", "1.5", "100", "1000000.125"
};

static const char *const asked_numbers[] = {
    "-0", "1.0", "1e0", "10e-2", "0.10", "1E2", "1.50",
    "0.1000000000000000055511151231257827", "1e300", "1e-300",
    "9223372036854775807", "-9223372036854775808", "1e999", "-1e999", "1e-999"
};

/* --- what the run is about --- */

/* A table and what its filters can name. */
typedef struct world_t {
    const table_t *table;
    scim_mapping_t *mapping;
    scim_conn_t *conn;
    PGconn *pg;                         /* to fill it */
    apr_array_header_t *names;          /* of scim_attr_t *: leaves and
                                         * complex ones that are kept */
    apr_array_header_t *mapped;         /* likewise, those with columns */
} world_t;

/* A row as it was read. */
typedef struct subject_t {
    const char *id;
    const char *extra;
    scim_json_t *composed;
    scim_json_t *rendered;
} subject_t;

static subject_t subjects[ROWS];
static int nsubjects;
static int odd;                 /* percent of values in a document that have
                                 * not the shape of their attribute */
static int unkept;              /* the filter names what is not kept */
static const char token[] =
    "\\x0000000000000000000000000000000000000000000000000000000000000000";

/* --- making tables --- */

static void die(const char *what, const char *why)
{
    printf("Bail out! %s: %s\n", what, why);
    exit(1);
}

static void run(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        die(sql, PQerrorMessage(pg));
    }
    PQclear(result);
}

static void create_table(world_t *world, apr_pool_t *pool)
{
    const table_t *t = world->table;
    const column_t *c;
    scim_buf_t sql;
    const char *live = !t->tombstone ? ""
                     : *t->tombstone == 'b' ? " WHERE NOT gone"
                     : " WHERE gone IS NULL";

    scim_buf_init(&sql, 2048, pool);
    scim_buf_puts(&sql, apr_psprintf(pool, "CREATE TABLE " SCHEMA ".%s ("
                  "id %s PRIMARY KEY, tenant %s NOT NULL", t->name,
                  t->key, t->tenant_type));
    if (t->tombstone) {
        scim_buf_printf(&sql, ", gone %s", t->tombstone);
    }
    if (t->extra) {
        scim_buf_printf(&sql, ", extra %s", t->extra);
    }
    for (c = t->columns; c->target; c++) {
        scim_buf_printf(&sql, ", %s %s", c->name, c->type);
        if (c->key) {
            scim_buf_printf(&sql, ", %s text GENERATED ALWAYS AS (lower(%s"
                            "::text)) STORED", c->key, c->name);
        }
    }
    scim_buf_puts(&sql, ")");
    run(world->pg, sql.data);
    for (c = t->columns; c->target; c++) {
        int name = strcmp(c->target, "userName") == 0;
        int ext = strcmp(c->target, "externalId") == 0;

        if (name || ext || strcmp(c->name, "email") == 0
            || strcmp(c->name, "email2") == 0) {
            int plain = ext || c->key || strcmp(c->type, "citext") == 0;

            run(world->pg, apr_psprintf(pool, "CREATE %s INDEX ON " SCHEMA
                ".%s (tenant, %s%s%s)%s", name || ext ? "UNIQUE" : "",
                t->name, plain ? "" : "lower(", c->key ? c->key : c->name,
                plain ? "" : ")", live));
        }
    }
    if (t->indexes) {
        run(world->pg, t->indexes);
    }
}

static int is_kept(const scim_mapping_t *mapping, const scim_attr_t *attr)
{
    const scim_rtype_t *type = mapping->type;

    if (attr == type->id || attr == type->meta
        || (attr->parent == type->meta
            && strcmp(attr->name, "resourceType") == 0)) {
        return 1;
    }
    return mapping->stored[attr->index] || mapping->places[attr->index] >= 0;
}

static void list_names(world_t *world, apr_pool_t *pool)
{
    const scim_rtype_t *type = world->mapping->type;
    int i;

    world->names = apr_array_make(pool, 100, sizeof(scim_attr_t *));
    world->mapped = apr_array_make(pool, 30, sizeof(scim_attr_t *));
    for (i = 0; i < type->nattrs; i++) {
        if (is_kept(world->mapping, type->attrs[i])) {
            APR_ARRAY_PUSH(world->names, const scim_attr_t *)
                = type->attrs[i];
        }
    }
    APR_ARRAY_PUSH(world->mapped, const scim_attr_t *) = type->id;
    for (i = 0; i < world->mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(world->mapping->columns, i, scim_column_t);

        APR_ARRAY_PUSH(world->mapped, const scim_attr_t *) = column->leaf;
    }
}

static void make_world(world_t *world, const table_t *table,
                       const char *conninfo, PGconn *pg,
                       const scim_rtype_t *type, apr_pool_t *pool)
{
    scim_mapping_t *mapping = scim_mapping_make(type, pool);
    const char *wrong;
    const column_t *c;

    world->table = table;
    world->pg = pg;
    world->mapping = mapping;
    mapping->location = "t/property";
    mapping->tokens = "\"" SCHEMA "\".\"tokens\"";
    mapping->key = "id";
    mapping->tenant = "tenant";
    mapping->tombstone = table->tombstone ? "gone" : NULL;
    mapping->extra = table->extra ? "extra" : NULL;
    scim_mapping_set_table(mapping, apr_pstrcat(pool, SCHEMA ".", table->name,
                                                NULL), pool);
    for (c = table->columns; c->target; c++) {
        wrong = scim_mapping_add(mapping, c->target, c->spec, c->key, pool);
        if (wrong) {
            die(c->target, wrong);
        }
    }
    if ((wrong = scim_mapping_finish(mapping, pool))) {
        die(table->name, wrong);
    }
    create_table(world, pool);
    list_names(world, pool);
    conninfo = apr_psprintf(pool, "%s options='-c %s'", conninfo,
                            table->session);
    world->conn = scim_conn_make(scim_hosts_make(conninfo, pool),
                                 apr_time_from_sec(60), pool);
}

/* --- rows by chance --- */

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

/* --- what the module makes of them --- */

static const char *random_name(const world_t *world, apr_pool_t *pool)
{
    const scim_rtype_t *type = world->mapping->type;

    return scim_attr_path(type->attrs[random_int(type->nattrs)], pool);
}

static scim_err_t *ask(scim_answer_t *answer, const world_t *world,
                       const scim_filter_t *filter, const char *plant[2],
                       const char **ptext, apr_pool_t *pool)
{
    scim_asker_t asker = { token, NULL };
    scim_page_t page = { .filter = filter, .count = 1000, .is_counted = 1 };
    const scim_facts_t *facts;
    scim_order_t order;
    scim_sql_t sql;

    SCIM_TRY(scim_conn_begin(world->conn, apr_time_now()
                                          + apr_time_from_sec(60), pool));
    SCIM_TRY(scim_proof_facts(&facts, world->conn, world->mapping, pool));
    /* the order must not matter, or fail */
    scim_order_make(&order, world->mapping, facts,
                    filter && chance(30) ? random_name(world, pool) : NULL,
                    chance(50), pool);
    page.order = &order;
    scim_sql_init(&sql, pool);
    SCIM_TRY(scim_sql_list(&sql, world->mapping, facts, &asker, &page));
    *ptext = sql.text.data;
    if (plant) {
        scim_buf_t spoilt;
        const char *at = sql.text.data, *found;

        scim_buf_init(&spoilt, sql.text.len, pool);
        while ((found = strstr(at, plant[0]))) {
            scim_buf_add(&spoilt, at, found - at);
            scim_buf_puts(&spoilt, plant[1]);
            at = found + strlen(plant[0]);
        }
        scim_buf_puts(&spoilt, at);
        sql.text = spoilt;
    }
    return scim_pg_ask(answer, world->conn, &sql, SCIM_ASK_ALONE,
                       world->mapping, pool);
}

static void add_meta(scim_json_t *resource, const world_t *world,
                     const scim_row_t *row, apr_pool_t *pool)
{
    const scim_attr_t *meta = world->mapping->type->meta;
    scim_json_t *object = scim_json_make(SCIM_JSON_OBJECT, pool);
    apr_time_t time;
    int i;

    scim_json_set(resource, "id", scim_json_make_string(row->id, pool));
    scim_json_set(resource, "meta", object);
    scim_json_set(object, "resourceType", scim_json_make_string("User", pool));
    for (i = 0; i < meta->nsubs; i++) {
        int place = world->mapping->places[meta->subs[i].index];

        if (place >= 0 && row->values[place]
            && scim_time_parse(&time, row->values[place])) {
            scim_json_set(object, meta->subs[i].name,
                          scim_json_make_string(scim_time_format(time, pool),
                                                pool));
        }
    }
}

static int read_rows(const world_t *world, apr_pool_t *pool)
{
    const scim_mapping_t *mapping = world->mapping;
    unsigned char *shown = apr_palloc(pool, mapping->type->nattrs);
    scim_render_t render;
    scim_answer_t answer;
    const char *text;
    scim_err_t *err;
    int i;

    memset(shown, 1, mapping->type->nattrs);
    scim_render_init(&render, mapping, shown, "https://x/v2", pool);
    err = ask(&answer, world, NULL, NULL, &text, pool);
    if (err) {
        die("a list without filter", err->cause ? err->cause : err->detail);
    }
    nsubjects = answer.count;
    for (i = 0; i < answer.count; i++) {
        const scim_row_t *row = &answer.found[i].row;
        subject_t *subject = &subjects[i];
        scim_buf_t buf;

        subject->id = row->id;
        subject->extra = row->extra;
        subject->composed = scim_row_compose(mapping, row, pool);
        add_meta(subject->composed, world, row, pool);
        scim_buf_init(&buf, 1024, pool);
        scim_render_resource(&buf, &render, row);
        err = scim_json_parse(&subject->rendered, buf.data, buf.len, pool);
        if (err) {
            tap_show("what is rendered is no JSON:", buf.data);
            tap_show("why:", err->detail);
            return 0;
        }
    }
    return 1;
}

/* --- filters by chance --- */

/* What stands in one of the rows under this attribute, or NULL. */
static const scim_json_t *existing(const world_t *world,
                                   const scim_attr_t *attr)
{
    const scim_attr_t *top = attr->parent ? attr->parent : attr;
    const scim_json_t *value;
    int n;

    if (!nsubjects) {
        return NULL;
    }
    value = scim_resource_get(world->mapping->type,
                              subjects[random_int(nsubjects)].composed, top);
    if (value && value->type == SCIM_JSON_ARRAY) {
        n = random_int(scim_json_count(value));
        for (value = value->first; n > 0; n--) {
            value = value->next;
        }
    }
    if (value && attr->parent) {
        value = scim_json_find(value, attr->name);
    }
    return value && (value->type == SCIM_JSON_STRING
                     || value->type == SCIM_JSON_NUMBER) ? value : NULL;
}

static int is_bare(const char *text)
{
    static const char *const words[] = { "and", "or", "not", "null" };
    int i;

    for (i = 0; i < COUNT(words); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            return 0;
        }
    }
    return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static void put_text(scim_buf_t *buf, const char *text)
{
    if (is_bare(text) && chance(30)) {
        scim_buf_puts(buf, text);
        return;
    }
    text = apr_pstrmemdup(buf->pool, text, characters(text, 200));
    scim_buf_json(buf, text, strlen(text));
}

static void put_filter_value(scim_buf_t *buf, const world_t *world,
                             const scim_attr_t *leaf)
{
    const scim_json_t *value = chance(60) ? existing(world, leaf) : NULL;
    const char *text = value ? value->text : NULL;

    switch (leaf->type) {
    case SCIM_TYPE_BOOLEAN:
        scim_buf_puts(buf, RANDOM_OF(((const char *const[]) {
            "true", "false", "\"True\"", "FALSE" })));
        break;
    case SCIM_TYPE_INTEGER:
        /* a document may have another number there */
        scim_buf_puts(buf, text && scim_json_is_integer(value)
                           ? text : RANDOM_OF(integers));
        break;
    case SCIM_TYPE_DECIMAL:
        scim_buf_puts(buf, text ? text : chance(50)
                           ? RANDOM_OF(asked_numbers) : RANDOM_OF(decimals));
        break;
    case SCIM_TYPE_DATETIME:
        put_text(buf, text ? text : chance(50) ? RANDOM_OF(asked_times)
                                               : RANDOM_OF(times));
        break;
    default:
        put_text(buf, text ? random_near(text, buf->pool)
                           : strcmp(leaf->name, "type") == 0 && chance(80)
                           ? random_type() : random_text(buf->pool));
        break;
    }
}

static const char *random_op(const scim_attr_t *leaf)
{
    static const char *const all[] = {
        "eq", "eq", "ne", "pr", "gt", "ge", "lt", "le", "co", "sw", "ew"
    };
    static const char *const loud[] = {
        "EQ", "Eq", "NE", "PR", "GT", "GE", "LT", "LE", "CO", "SW", "EW"
    };
    int n = leaf->type == SCIM_TYPE_STRING
            || leaf->type == SCIM_TYPE_REFERENCE ? 11
          : leaf->type == SCIM_TYPE_BOOLEAN
            || leaf->type == SCIM_TYPE_BINARY ? 4 : 8;
    int i = random_int(n);

    return chance(20) ? loud[i] : all[i];
}

static void put_blanks(scim_buf_t *buf)
{
    scim_buf_puts(buf, chance(5) ? "  " : " ");
}

/* Behind a name: operator and value. */
static void put_comparison(scim_buf_t *buf, const world_t *world,
                           const scim_attr_t *attr)
{
    const scim_attr_t *value = attr->type == SCIM_TYPE_COMPLEX
                             ? scim_attr_sub(attr, "value") : NULL;
    const scim_attr_t *leaf = value ? value : attr;
    const char *op;

    put_blanks(buf);
    if (leaf->type == SCIM_TYPE_COMPLEX) {
        scim_buf_puts(buf, "pr");
        return;
    }
    op = random_op(leaf);
    if (chance(5)) {
        scim_buf_puts(buf, chance(50) ? "eq null" : "ne null");
        op = NULL;
    }
    if (op) {
        scim_buf_puts(buf, op);
    }
    unkept |= value && !world->mapping->stored[value->index];
    if (op && strcasecmp(op, "pr") != 0) {
        put_blanks(buf);
        put_filter_value(buf, world, leaf);
    }
}

static void put_name(scim_buf_t *buf, const world_t *world,
                     const scim_attr_t *attr, int in_brackets)
{
    const scim_attr_t *top = attr->parent ? attr->parent : attr;
    const char *urn = top->schema ? top->schema->urn : SCIM_URN_USER;
    int extension = scim_rtype_is_extension(world->mapping->type,
                                            top->schema);
    const char *name = in_brackets || !attr->parent ? attr->name
        : apr_pstrcat(buf->pool, top->name, ".", attr->name, NULL);

    if (!in_brackets && chance(extension ? 60 : 10)) {
        name = apr_pstrcat(buf->pool, urn, ":", name, NULL);
    }
    scim_buf_puts(buf, chance(20) ? random_case(name, chance(50), buf->pool)
                                  : name);
}

static void put_expression(scim_buf_t *buf, const world_t *world,
                           const scim_attr_t *within, int depth);

static const scim_attr_t *random_sub(const world_t *world,
                                     const scim_attr_t *attr)
{
    const scim_attr_t *sub;
    int tries = 100;

    do {
        sub = &attr->subs[random_int(attr->nsubs)];
    } while (!is_kept(world->mapping, sub) && --tries);
    unkept |= !tries;
    return sub;
}

/* A comparison, or brackets with one inside. */
static void put_term(scim_buf_t *buf, const world_t *world,
                     const scim_attr_t *within, int depth)
{
    const scim_rtype_t *type = world->mapping->type;
    const apr_array_header_t *names = chance(40) ? world->mapped
                                                 : world->names;
    const scim_attr_t *attr;

    if (within && within->type != SCIM_TYPE_COMPLEX) {
        scim_buf_puts(buf, chance(80) ? "value" : "VALUE");
        put_comparison(buf, world, within);
        return;
    }
    if (within) {
        attr = random_sub(world, within);
        put_name(buf, world, attr, 1);
        put_comparison(buf, world, attr);
        return;
    }
    attr = APR_ARRAY_IDX(names, random_int(names->nelts), scim_attr_t *);
    if (chance(1)) {
        do {
            attr = type->attrs[random_int(type->nattrs)];
        } while (attr->returned == SCIM_RETURNED_NEVER);
        unkept |= !is_kept(world->mapping, attr);
    }
    if (attr->parent && attr->parent->multi && chance(50)) {
        attr = attr->parent;
    }
    if ((attr->type != SCIM_TYPE_COMPLEX && !attr->multi) || chance(40)) {
        put_name(buf, world, attr, 0);
        put_comparison(buf, world, attr);
        return;
    }
    put_name(buf, world, attr, 0);
    scim_buf_puts(buf, "[");
    put_expression(buf, world, attr, depth - 1);
    scim_buf_puts(buf, "]");
    if (chance(30)) {
        scim_buf_puts(buf, ".");
        put_term(buf, world, attr, 0);
    }
}

static void put_expression(scim_buf_t *buf, const world_t *world,
                           const scim_attr_t *within, int depth)
{
    int what = depth > 0 ? random_int(10) : 0;

    if (what < 5) {
        put_term(buf, world, within, depth);
        return;
    }
    if (what == 5) {
        scim_buf_puts(buf, chance(50) ? "not (" : "NOT(");
        put_expression(buf, world, within, depth - 1);
        scim_buf_puts(buf, ")");
        return;
    }
    if (what == 6) {
        scim_buf_puts(buf, "( ");
        put_expression(buf, world, within, depth - 1);
        scim_buf_puts(buf, " )");
        return;
    }
    put_expression(buf, world, within, depth - 1);
    put_blanks(buf);
    scim_buf_puts(buf, what == 7 ? "or" : what == 8 ? "and" : "AND");
    put_blanks(buf);
    put_expression(buf, world, within, depth - 1);
}

/* --- both sides --- */

static int is_picked(const scim_answer_t *answer, const char *id)
{
    int i;

    for (i = 0; i < answer->count; i++) {
        if (strcmp(answer->found[i].row.id, id) == 0) {
            return 1;
        }
    }
    return 0;
}

static void show_difference(const char *filter, const char *sql,
                            const subject_t *subject, int picked,
                            int composed, int rendered, apr_pool_t *pool)
{
    printf("#   SQL %s it, as composed it %s, as rendered it %s\n",
           picked ? "picks" : "leaves", composed ? "matches" : "does not match",
           rendered ? "matches" : "does not match");
    tap_show("filter:  ", filter);
    tap_show("id:      ", subject->id);
    tap_show("extra:   ", subject->extra);
    tap_show("composed:", scim_json_text(subject->composed, pool));
    tap_show("rendered:", scim_json_text(subject->rendered, pool));
    tap_show("SQL:     ", sql);
}

/* Whether a filter picks the same rows on both sides; shows where not. */
static int is_same(const world_t *world, const char *text,
                   const char *plant[2], int *phits, apr_pool_t *pool)
{
    const scim_rtype_t *type = world->mapping->type;
    const scim_filter_t *filter;
    scim_answer_t answer;
    const char *sql = "";
    scim_err_t *err;
    int i;

    err = scim_filter_parse(&filter, text, type, pool);
    if (err) {
        tap_show("a filter is refused:", text);
        tap_show("why:", err->detail);
        return 0;
    }
    err = ask(&answer, world, filter, plant, &sql, pool);
    if (err && unkept && err->kind == SCIM_ERR_INVALID_FILTER) {
        return 1;
    }
    if (err) {
        if (!plant) {
            tap_show("a filter fails:", text);
            tap_show("why:", err->cause ? err->cause : err->detail);
            tap_show("SQL:", sql);
        }
        return 0;
    }
    for (i = 0; i < nsubjects; i++) {
        int picked = is_picked(&answer, subjects[i].id);
        int composed = scim_filter_matches(filter, type, subjects[i].composed,
                                           pool);
        int rendered = scim_filter_matches(filter, type, subjects[i].rendered,
                                           pool);

        *phits += picked;
        if (picked != composed || picked != rendered) {
            if (!plant) {
                show_difference(text, sql, &subjects[i], picked, composed,
                                rendered, pool);
            }
            return 0;
        }
    }
    return answer.count <= nsubjects && answer.total == answer.count;
}

static void fill(const world_t *world, apr_pool_t *pool)
{
    int i;

    run(world->pg, apr_psprintf(pool, "BEGIN; UPDATE " SCHEMA ".tokens "
                                "SET tenant = '%s'", world->table->mine));
    run(world->pg, apr_pstrcat(pool, "DELETE FROM " SCHEMA ".",
                               world->table->name, NULL));
    for (i = 0; i < ROWS; i++) {
        insert_row(world, i + 1, pool);
    }
    run(world->pg, "COMMIT");
}

static const char *random_filter(const world_t *world, apr_pool_t *pool)
{
    scim_buf_t buf;

    unkept = 0;
    scim_buf_init(&buf, 256, pool);
    put_expression(&buf, world, NULL, DEPTH);
    return buf.data;
}

/* Some filters on rows of one table. Returns whether all is well. */
static int run_round(const world_t *world, const char *plant[2], int *phits,
                     apr_pool_t *parent)
{
    apr_pool_t *rows, *pool;
    int i, good;

    apr_pool_create(&rows, parent);
    apr_pool_create(&pool, rows);
    fill(world, rows);
    good = read_rows(world, rows);
    for (i = 0; good && i < FILTERS; i++) {
        const char *text = random_filter(world, pool);

        good = is_same(world, text, plant, phits, pool);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(rows);
    return good;
}

/* What would show if the statements were wrong in one place. */
static void test_planted(const world_t *worlds, apr_pool_t *pool)
{
    static const char *plants[][2] = {
        { "starts_with(", "NOT starts_with(" },
        { ") > 0", ") >= 0" },
        { "right(", "left(" },
        { " <= ", " < " },
        { " COLLATE \"C\" > ", " COLLATE \"C\" >= " },
        { "NOT coalesce(", "NOT nullif(" },
        { " IS NOT TRUE OR ", " IS NULL OR " },
        { "lower((", "((" },
        { ") AND (", ") OR (" }
    };
    int i, n, hits = 0;

    for (i = 0; i < COUNT(plants); i++) {
        int found = 0;

        for (n = 0; !found && n < PLANTED_MAX; n += FILTERS) {
            found = !run_round(&worlds[i % 2], plants[i], &hits, pool);
        }
        ok(found, "a planted fault is found: %s", plants[i][1]);
    }
}

int main(int argc, char **argv)
{
    const char *filters = getenv("PROPERTY_FILTERS");
    const char *seed = getenv("PROPERTY_SEED");
    int n = 0, total = filters ? atoi(filters) : 1000, hits = 0;
    world_t worlds[COUNT(tables)];
    const scim_rtype_t *type;
    apr_pool_t *pool;
    PGconn *pg;
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (argc != 2) {
        die("usage", "filter CONNINFO");
    }
    random_seed(seed ? strtoull(seed, NULL, 10) : 1);
    printf("# PROPERTY_SEED=%s PROPERTY_FILTERS=%d\n", seed ? seed : "1",
           total);
    pg = PQconnectdb(argv[1]);
    if (PQstatus(pg) != CONNECTION_OK) {
        die("no connection", PQerrorMessage(pg));
    }
    run(pg, apr_pstrcat(pool, "SET client_min_messages = warning; "
            "DROP SCHEMA IF EXISTS " SCHEMA " CASCADE; "
            "CREATE EXTENSION IF NOT EXISTS citext; "
            "CREATE SCHEMA " SCHEMA "; CREATE TABLE " SCHEMA ".tokens "
            "(token_sha256 bytea, token_id text, tenant text, actor text); "
            "INSERT INTO " SCHEMA ".tokens VALUES ('", token,
            "', '1', '', '0')", NULL));
    type = make_test_type(pool);
    for (i = 0; i < COUNT(tables); i++) {
        make_world(&worlds[i], &tables[i], argv[1], pg, type, pool);
    }
    for (i = 0; n < total; i = (i + 1) % COUNT(tables), n += FILTERS) {
        if (!run_round(&worlds[i], NULL, &hits, pool)) {
            ok(0, "filters %d to %d, table %s", n + 1, n + FILTERS,
               tables[i].name);
            break;
        }
    }
    ok(n >= total, "%d filters pick the same rows on both sides", n);
    ok(hits > total, "many rows are picked: %d", hits);
    if (n >= total) {
        test_planted(worlds, pool);
    }
    run(pg, "DROP SCHEMA " SCHEMA " CASCADE; DROP EXTENSION citext");
    PQfinish(pg);
    apr_pool_destroy(pool);
    return done_testing();
}
