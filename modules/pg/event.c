#include "pg/event.h"

static const char sql_refusal[] =
    "INSERT INTO scim.events (tenant, actor, token_id, request_id, client, "
    "operation, resource_type, resource_id, status, scim_type, reason, "
    "outcome) VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, "
    "$6::text, $7::text, $8::text, $9::smallint, $10::text, $11::text, "
    "'refused')";

static void queue(scim_conn_t *conn, const scim_refusal_t *refusal,
                  apr_pool_t *pool)
{
    const char *values[] = {
        refusal->tenant, refusal->actor, refusal->token_id,
        refusal->request_id, refusal->client, refusal->operation,
        refusal->resource_type, refusal->resource_id, refusal->status,
        refusal->scim_type, refusal->reason
    };
    apr_size_t i;
    scim_sql_t sql;

    scim_sql_init(&sql, pool);
    scim_buf_puts(&sql.text, sql_refusal);
    for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
        APR_ARRAY_PUSH(sql.params, const char *) = values[i];
    }
    scim_conn_queue(conn, &sql);
}

scim_err_t *scim_event_write_refusals(scim_pool_t *connections,
                                      const apr_array_header_t *refusals,
                                      apr_pool_t *pool)
{
    apr_time_t deadline = apr_time_now() + scim_pool_timeout(connections) / 5;
    PGresult **results;
    scim_conn_t *conn;
    scim_err_t *err;
    int i;

    SCIM_TRY(scim_pool_acquire(&conn, connections, NULL, deadline, pool));
    for (i = 0; i < refusals->nelts; i++) {
        queue(conn, &APR_ARRAY_IDX(refusals, i, scim_refusal_t), pool);
    }
    err = scim_conn_turn(&results, conn, pool);
    scim_pool_release(connections, conn, pool);
    return err;
}
