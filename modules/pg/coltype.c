#include "pg/coltype.h"

#include <string.h>

typedef scim_catalog_column_t dbcolumn_t;

int scim_coltype_is_text(const dbcolumn_t *column)
{
    return column->category == 'S' && strcmp(column->type, "character") != 0
        && strcmp(column->type, "name") != 0;
}

int scim_coltype_is_integer(const dbcolumn_t *column)
{
    return strcmp(column->type, "bigint") == 0
        || strcmp(column->type, "integer") == 0
        || strcmp(column->type, "smallint") == 0;
}

int scim_coltype_is_like_text(const dbcolumn_t *column)
{
    return column->category == 'E' || strcmp(column->type, "uuid") == 0;
}

int scim_coltype_is_number(const dbcolumn_t *column)
{
    return scim_coltype_is_integer(column) || strcmp(column->type, "real") == 0
        || strcmp(column->type, "numeric") == 0
        || strcmp(column->type, "double precision") == 0;
}

int scim_coltype_is_timestamp(const dbcolumn_t *column)
{
    return strcmp(column->type, "timestamp with time zone") == 0;
}

int scim_coltype_is_boolean(const dbcolumn_t *column)
{
    return strcmp(column->type, "boolean") == 0;
}

int scim_coltype_is_citext(const dbcolumn_t *column)
{
    const char *dot = strrchr(column->type, '.');

    return strcmp(dot ? dot + 1 : column->type, "citext") == 0;
}

int scim_coltype_is_bytea(const dbcolumn_t *column)
{
    return strcmp(column->type, "bytea") == 0;
}

int scim_coltype_is_key(const dbcolumn_t *column)
{
    return scim_coltype_is_integer(column) || scim_coltype_is_text(column)
        || strcmp(column->type, "uuid") == 0;
}

scim_attr_type_t scim_coltype_attr(const dbcolumn_t *column)
{
    return scim_coltype_is_boolean(column) ? SCIM_TYPE_BOOLEAN
         : scim_coltype_is_integer(column) ? SCIM_TYPE_INTEGER
         : scim_coltype_is_number(column) ? SCIM_TYPE_DECIMAL
         : strcmp(column->type, "date") == 0
           || strncmp(column->type, "timestamp", 9) == 0 ? SCIM_TYPE_DATETIME
         : scim_coltype_is_bytea(column) ? SCIM_TYPE_BINARY : SCIM_TYPE_STRING;
}
