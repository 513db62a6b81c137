/* related.h - the relation between users and groups in SQL: the members of a
 * group, and the groups of a user.
 *
 * Every piece joins the other type's table and asks for the token's tenant
 * and for live rows there, so whoever is deleted, or another tenant's, is
 * related to nobody. The rows of the relation have the alias `m`, the
 * others `o`. What is written needs mapping->relation and facts->others.
 */
#ifndef SCIM_STORE_RELATED_H
#define SCIM_STORE_RELATED_H

#include "store/sql.h"

/* The name of a column in answers: the others as a JSON array of objects with
 * `value` and `display`, NULL where there are none. */
#define SCIM_SQL_RELATED "related"

/** Append that column, of the row that @a alias names and its `id`. */
void scim_related_column(scim_sql_t *sql, const scim_mapping_t *mapping,
                         const scim_facts_t *facts, const char *alias);

/** Append `FROM relation AS m JOIN others AS o ... WHERE ...`, of all own
 * rows; a condition may follow. */
void scim_related_from(scim_sql_t *sql, const scim_mapping_t *mapping,
                       const scim_facts_t *facts);

/** What `type` says of each of the others: the resource type of a member;
 * that a user belongs to a group directly. */
const char *scim_related_type(const scim_mapping_t *mapping);

/** SQL that gives the name of one of the others as it is shown. */
const char *scim_related_display(const scim_mapping_t *mapping,
                                 apr_pool_t *pool);

/* Columns of the answer to scim_related_look(), behind those of the token. */
enum {
    SCIM_LOOK_ID = SCIM_SQL_ACTOR + 1,  /* NULL: none */
    SCIM_LOOK_IS_MEMBER,
    SCIM_LOOK_DISPLAY
};

/**
 * Which of the named users there are, and whether they are members. Keeps
 * their keys from going away until the transaction ends.
 *
 * @param id    the group, NULL: one that is not there yet
 * @param named of const char *, keys
 * @param all   the members too that are not named
 */
void scim_related_look(scim_sql_t *sql, const scim_mapping_t *mapping,
                       const scim_facts_t *facts, const scim_asker_t *asker,
                       const char *id, const apr_array_header_t *named,
                       int all);

/** Append the common table expressions `gone` and `come`, which take members
 * from the group in @a source, another one, and add members to it. Each has
 * the column `id` for those who really went or came. */
void scim_related_change(scim_sql_t *sql, const scim_mapping_t *mapping,
                         const scim_facts_t *facts, const char *source,
                         const scim_change_t *change);

/** Append what an event says of them, to be joined by `||` to a jsonb. */
void scim_related_event(scim_sql_t *sql, const scim_mapping_t *mapping,
                        const scim_change_t *change);

#endif
