/* Filters by chance: the rows that PostgreSQL picks by the condition of
 * store/condition.h are those whose resources scim_filter_matches() lets
 * pass, as composed for changes and as rendered for replies.
 *
 *     filter CONNINFO
 *
 * PROPERTY_FILTERS filters (1,000), each applied to some twenty rows of one
 * of three tables, by chance that PROPERTY_SEED begins (1). A difference is
 * shown with everything that led to it.
 *
 * At the end a fault is planted into the statements, one after the other, and
 * each must be found out. */
#include "t/property/filters.h"
#include "t/property/random.h"
#include "t/property/rows.h"
#include "t/property/world.h"

#include <apr_general.h>

#include "base/time.h"
#include "pg/proof.h"
#include "pg/resource.h"
#include "service/render.h"
#include "store/order.h"
#include "t/unit/tap.h"

#define FILTERS 50              /* applied to the rows of a table */
#define PLANTED_MAX 20000       /* filters until a fault must show */

static const char token[] =
    "\\x0000000000000000000000000000000000000000000000000000000000000000";

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
