#include "console/api.h"

#include <apr_strings.h>

#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "console/proof.h"

#define PARAMS_MAX 6
#define TRIES 3

#define HEALTH "health"
#define TOKENS "tokens"

typedef struct route_t {
    const char *name;
    int is_change;
    const char *sql;                /* the login is $1 */
    const char *params[PARAMS_MAX]; /* the names of $2 and what follows */
} route_t;

static const route_t routes[] = {
    { "organisation", 0,
      "SELECT scim.console_organisation($1::text, $2::text)",
      { "tenant" } },
    { HEALTH, 0,
      "SELECT scim.console_health($1::text, $2::text)",
      { "tenant" } },
    { "accounts", 0,
      "SELECT scim.console_accounts($1::text, $2::text, $3::text, $4::text, "
      "$5::text, $6::text)",
      { "tenant", "state", "search", "sort", "after" } },
    { "activity", 0,
      "SELECT scim.console_activity($1::text, $2::text, $3::text, $4::text, "
      "$5::text)",
      { "tenant", "outcome", "account", "before" } },
    { TOKENS, 0,
      "SELECT scim.console_tokens($1::text, $2::text)",
      { "tenant" } },
    { "enable", 1,
      "SELECT scim.console_enable($1::text, $2::text, $3::boolean)",
      { "tenant", "enabled" } },
    { "access", 1,
      "SELECT scim.console_access($1::text, $2::text, $3::text, $4::boolean)",
      { "tenant", "account", "enabled" } },
    { "issue", 1,
      "SELECT scim.console_issue($1::text, $2::text, $3::text, $4::text)",
      { "tenant", "account", "days" } },
    { "rotate", 1,
      "SELECT scim.console_rotate($1::text, $2::text, $3::text, $4::text, "
      "$5::text)",
      { "tenant", "token", "days", "overlap" } },
    { "revoke", 1,
      "SELECT scim.console_revoke($1::text, $2::text, $3::text)",
      { "tenant", "token" } },
    { "release", 1,
      "SELECT scim.console_release($1::text, $2::text)",
      { "tenant" } }
};

#define NROUTES (sizeof(routes) / sizeof(*routes))

/* What the page begins with: it is no route, for it tells the proof. */
#define SESSION "session"

static const char sql_keys[] = "SELECT scim.console_keys()";

static const route_t *find_route(const char *name)
{
    apr_size_t i;

    for (i = 0; i < NROUTES; i++) {
        if (strcmp(routes[i].name, name) == 0) {
            return &routes[i];
        }
    }
    return NULL;
}

static void queue_route(scim_conn_t *conn, const route_t *route,
                        const scim_console_call_t *call)
{
    scim_sql_t sql;
    int i;

    scim_sql_init(&sql, call->pool);
    scim_buf_puts(&sql.text, route->sql);
    APR_ARRAY_PUSH(sql.params, const char *) = call->login;
    for (i = 0; i < PARAMS_MAX && route->params[i]; i++) {
        APR_ARRAY_PUSH(sql.params, const char *) =
            apr_table_get(call->args, route->params[i]);
    }
    scim_conn_queue(conn, &sql);
}

static scim_err_t *no_keys(apr_pool_t *pool)
{
    return scim_err_make_cause(SCIM_ERR_INTERNAL,
                               "the service met an unexpected error; its log "
                               "has the details",
                               "there is no key; run scim.rotate_key()", pool);
}

/* The answer to SESSION. */
static scim_err_t *open_session(scim_buf_t *body, scim_conn_t *conn,
                                const scim_console_call_t *call)
{
    const char *proof;
    PGresult **results;
    scim_sql_t sql;

    scim_sql_init(&sql, call->pool);
    scim_buf_puts(&sql.text, "SELECT scim.console_tenants($1::text)");
    APR_ARRAY_PUSH(sql.params, const char *) = call->login;
    scim_conn_queue(conn, &sql);
    scim_conn_queue_text(conn, sql_keys);
    SCIM_TRY(scim_conn_turn(&results, conn, call->pool));
    proof = PQntuples(results[1])
          ? scim_console_proof_make(PQgetvalue(results[1], 0, 0), call->login,
                                    apr_time_now(), call->pool) : NULL;
    if (!proof) {
        return no_keys(call->pool);
    }
    scim_buf_puts(body, "{\"login\":");
    scim_buf_json(body, call->login, strlen(call->login));
    scim_buf_puts(body, ",\"url\":");
    scim_buf_json(body, call->url, strlen(call->url));
    scim_buf_puts(body, ",\"proof\":");
    scim_buf_json(body, proof, strlen(proof));
    scim_buf_puts(body, ",\"tenants\":");
    scim_buf_puts(body, PQgetvalue(results[0], 0, 0));
    scim_buf_putc(body, '}');
    return NULL;
}

/* Nothing is changed for a page that is not ours. */
static scim_err_t *check_proof(scim_conn_t *conn,
                               const scim_console_call_t *call)
{
    PGresult **results;
    int i;

    scim_conn_queue_text(conn, sql_keys);
    SCIM_TRY(scim_conn_turn(&results, conn, call->pool));
    for (i = 0; call->proof && i < PQntuples(results[0]); i++) {
        if (scim_console_proof_is_good(call->proof,
                                       PQgetvalue(results[0], i, 0),
                                       call->login, apr_time_now(),
                                       call->pool)) {
            return NULL;
        }
    }
    return scim_err_make(SCIM_ERR_FORBIDDEN, call->pool,
                         "this page is out of date; load it again");
}

/* When a request of the tenant last succeeded, which is known to this host
 * alone: one that only reads leaves nothing in the database. */
static const char *last_success(const scim_console_call_t *call)
{
    const char *tenant = apr_table_get(call->args, "tenant");
    const scim_tally_tenant_t *counts;
    char name[SCIM_TALLY_TEXT];
    apr_time_t time;

    if (!call->counts || !tenant) {
        return NULL;
    }
    counts = scim_tally_tenant(call->counts, tenant);
    time = (apr_time_t)scim_count_get(&counts->last_success);
    /* not what it shares with others */
    return time && scim_tally_tenant_name(name, counts)
        && strcmp(name, tenant) == 0
         ? scim_time_format(time, call->pool) : NULL;
}

/* The answer of the database, with what this host knows in front. */
static void add_health(scim_buf_t *body, const char *health,
                       const scim_console_call_t *call)
{
    const char *time = last_success(call);

    scim_buf_puts(body, "{\"succeeded_at\":");
    if (time) {
        scim_buf_json(body, time, strlen(time));
    }
    else {
        scim_buf_puts(body, "null");
    }
    scim_buf_putc(body, ',');
    scim_buf_puts(body, health + 1);
}

/* The later of what the database knows of a token and what this host knows. */
static void set_used(scim_json_t *token, const scim_console_call_t *call)
{
    const scim_json_t *id = scim_json_find(token, "token_id");
    const scim_json_t *used = scim_json_find(token, "used_at");
    apr_time_t here = scim_tally_last_used(call->counts, id->text), there;

    if (here && !(used && used->type == SCIM_JSON_STRING
                  && scim_time_parse(&there, used->text) && there > here)) {
        scim_json_set(token, "used_at",
                      scim_json_make_string(scim_time_format(here,
                                                             call->pool),
                                            call->pool));
    }
}

static void add_tokens(scim_buf_t *body, const char *tokens,
                       const scim_console_call_t *call)
{
    scim_json_t *list = scim_json_parse_stored(tokens, call->pool), *token;

    for (token = list->first; token && call->counts; token = token->next) {
        set_used(token, call);
    }
    scim_json_format(body, list);
}

static scim_err_t *converse(scim_buf_t *body, scim_conn_t *conn,
                            const route_t *route,
                            const scim_console_call_t *call)
{
    PGresult **results;

    if (!route) {
        return open_session(body, conn, call);
    }
    if (route->is_change) {
        SCIM_TRY(check_proof(conn, call));
    }
    queue_route(conn, route, call);
    SCIM_TRY(scim_conn_turn(&results, conn, call->pool));
    if (strcmp(route->name, HEALTH) == 0) {
        add_health(body, PQgetvalue(results[0], 0, 0), call);
    }
    else if (strcmp(route->name, TOKENS) == 0) {
        add_tokens(body, PQgetvalue(results[0], 0, 0), call);
    }
    else {
        scim_buf_puts(body, PQgetvalue(results[0], 0, 0));
    }
    return NULL;
}

/* For the log: what was done, and to what. */
static const char *describe(const route_t *route,
                            const scim_console_call_t *call)
{
    scim_buf_t text;
    int i;

    scim_buf_init(&text, 128, call->pool);
    scim_buf_puts(&text, route->name);
    for (i = 0; i < PARAMS_MAX && route->params[i]; i++) {
        const char *value = apr_table_get(call->args, route->params[i]);

        scim_buf_printf(&text, " %s %s", route->params[i],
                        value ? scim_err_quote(value, call->pool) : "none");
    }
    return text.data;
}

static scim_err_t *check_call(const route_t *route,
                              const scim_console_call_t *call)
{
    if (!route && strcmp(call->name, SESSION) != 0) {
        return scim_err_make(SCIM_ERR_NOT_FOUND, call->pool,
                             "there is nothing at this path");
    }
    if (call->is_change != (route ? route->is_change : 0)) {
        return scim_err_make(SCIM_ERR_METHOD, call->pool,
                             "this method is not possible here");
    }
    return NULL;
}

scim_err_t *scim_console_api_serve(scim_buf_t *body, const char **pchanged,
                                   const scim_console_call_t *call)
{
    const route_t *route = find_route(call->name);
    apr_time_t deadline = scim_pool_deadline(call->connections);
    apr_size_t len = body->len;
    scim_err_t *err;
    int tries = 0, again;

    *pchanged = NULL;
    SCIM_TRY(check_call(route, call));
    do {
        scim_conn_t *conn;

        body->len = len;
        SCIM_TRY(scim_pool_acquire(&conn, call->connections,
                                   route && route->is_change ? "" : NULL,
                                   deadline, call->pool));
        err = converse(body, conn, route, call);
        again = err && scim_conn_can_retry(conn) && ++tries < TRIES;
        scim_pool_release(call->connections, conn, call->pool);
    } while (again);
    if (!err && route && route->is_change) {
        *pchanged = describe(route, call);
    }
    return err;
}
