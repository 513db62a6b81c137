/* csv.h - comma-separated text, as directories export it and spreadsheets
 * save it: quoted fields, line ends within them, a byte order mark,
 * semicolons or tabs in place of commas. */
#ifndef SCIM_CTL_CSV_H
#define SCIM_CTL_CSV_H

#include <apr_tables.h>

typedef struct scim_csv_row_t {
    int line;                   /* where it begins, from 1 on */
    apr_array_header_t *fields; /* of const char * */
} scim_csv_row_t;

/**
 * Take a text apart; empty lines are passed over.
 *
 * @param prows of scim_csv_row_t, the first with the names of the columns
 * @return NULL, or what is wrong and in which line
 */
const char *scim_csv_parse(apr_array_header_t **prows, const char *text,
                           apr_pool_t *pool);

/** The field of a column, "" when the row is shorter or there is no such
 * column (@a column < 0). */
const char *scim_csv_field(const scim_csv_row_t *row, int column);

/** The column with one of the names, blank-separated, in any case; the names
 * in their order. -1: none. */
int scim_csv_column(const scim_csv_row_t *names, const char *wanted,
                    apr_pool_t *pool);

#endif
