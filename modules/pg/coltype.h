/* coltype.h - what the type of a column can hold, as PostgreSQL names it. */
#ifndef SCIM_PG_COLTYPE_H
#define SCIM_PG_COLTYPE_H

#include "pg/catalog.h"

/** Not character(n): PostgreSQL pads its values, and a cast to it cuts them;
 * one to name cuts them, too. */
int scim_coltype_is_text(const scim_catalog_column_t *column);

/** A type whose every value text names, so that values can be compared as
 * text. */
int scim_coltype_is_like_text(const scim_catalog_column_t *column);

/** Text that is compared without case by itself. */
int scim_coltype_is_citext(const scim_catalog_column_t *column);

int scim_coltype_is_integer(const scim_catalog_column_t *column);

/** Not money: its text is none of a number. */
int scim_coltype_is_number(const scim_catalog_column_t *column);

/** With a time zone. */
int scim_coltype_is_timestamp(const scim_catalog_column_t *column);

int scim_coltype_is_boolean(const scim_catalog_column_t *column);
int scim_coltype_is_bytea(const scim_catalog_column_t *column);

/** Whether it is the type of a key: of a resource's, or of a tenant's. */
int scim_coltype_is_key(const scim_catalog_column_t *column);

/** The type of an attribute whose column is to say it. Not every column that
 * says one has the form in which such values are kept. */
scim_attr_type_t scim_coltype_attr(const scim_catalog_column_t *column);

#endif
