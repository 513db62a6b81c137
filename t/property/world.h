/* world.h - the tables whose rows filters are tried on: three, between them with
 * every form that a mapping can have, made and mapped.
 */
#ifndef SCIM_WORLD_H
#define SCIM_WORLD_H

#include <apr_strings.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg/conn.h"
#include "store/mapping.h"
#include "t/property/types.h"

#define ENT SCIM_URN_ENTERPRISE

#define SCHEMA "property"
#define ROWS 20                 /* in a table at a time */

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

#endif /* SCIM_WORLD_H */
