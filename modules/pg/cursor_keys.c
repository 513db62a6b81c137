#include "pg/cursor_keys.h"

#include <apr_escape.h>

#include <string.h>

static const char sql_keys[] =
    "SELECT encode(key, 'hex') FROM scim.cursor_keys ORDER BY made_at DESC "
    "LIMIT 8";

static const char memory_name[] = "cursor keys";

static scim_cursor_keys_t *keys_of(scim_conn_t *conn)
{
    apr_hash_t *memory = scim_conn_memory(conn);
    scim_cursor_keys_t *keys = apr_hash_get(memory, memory_name,
                                            APR_HASH_KEY_STRING);

    if (!keys) {
        keys = apr_pcalloc(scim_conn_memory_pool(conn), sizeof(*keys));
        apr_hash_set(memory, memory_name, APR_HASH_KEY_STRING, keys);
    }
    return keys;
}

void scim_cursor_keys_queue(scim_conn_t *conn)
{
    scim_conn_queue_text(conn, sql_keys);
}

void scim_cursor_keys_take(scim_conn_t *conn, const PGresult *result)
{
    scim_cursor_keys_t *keys = keys_of(conn);
    int i;

    keys->count = 0;
    for (i = 0; i < PQntuples(result) && keys->count < SCIM_CURSOR_KEYS_MAX;
         i++) {
        apr_size_t len;

        if (PQgetlength(result, i, 0) == 2 * SCIM_SEAL_KEY_LEN
            && apr_unescape_hex(keys->keys[keys->count],
                                PQgetvalue(result, i, 0), APR_ESCAPE_STRING,
                                0, &len) == APR_SUCCESS) {
            keys->count++;
        }
    }
}

const scim_cursor_keys_t *scim_cursor_keys_get(scim_conn_t *conn)
{
    return keys_of(conn);
}
