/* piece.h - pieces that many statements are made of: columns by the alias of
 * their table, and which rows are there at all.
 */
#ifndef SCIM_STORE_PIECE_H
#define SCIM_STORE_PIECE_H

#include "store/sql.h"

/** Append a column: `alias."name"`. */
void scim_piece_column(scim_sql_t *sql, const char *alias, const char *name);

/** Append the condition that the row belongs to the tenant of the token `t`:
 * the first wall between tenants, outside everything a client can say. */
void scim_piece_tenant(scim_sql_t *sql, const char *alias,
                       const scim_mapping_t *mapping,
                       const scim_facts_t *facts);

/** The same where `t` is not joined. */
void scim_piece_tenant_once(scim_sql_t *sql, const char *alias,
                            const scim_mapping_t *mapping,
                            const scim_facts_t *facts);

/** Append the condition that the row is live; with @a live 0, a tombstone. */
void scim_piece_live(scim_sql_t *sql, const char *alias,
                     const scim_mapping_t *mapping,
                     const scim_facts_t *facts, int live);

#endif
