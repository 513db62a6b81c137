#include "ctl/csv.h"

#include <apr_strings.h>

#include <string.h>
#include <strings.h>

typedef struct reader_t {
    const char *at;
    int line;
    char separator;
    apr_pool_t *pool;
} reader_t;

/* The one that the first line has most of. */
static char find_separator(const char *text)
{
    static const char known[] = ",;\t";
    int i, best = 0, most = 0;

    for (i = 0; known[i]; i++) {
        const char *at;
        int count = 0;

        for (at = text; *at && *at != '\n' && *at != '\r'; at++) {
            count += *at == known[i];
        }
        if (count > most) {
            most = count;
            best = i;
        }
    }
    return known[best];
}

static int ends_field(const reader_t *reader, char c)
{
    return c == reader->separator || c == '\n' || c == '\r' || !c;
}

/* Behind the opening quote. */
static const char *read_quoted(const char **pfield, reader_t *reader)
{
    const char *end = reader->at;
    char *to;
    int start = reader->line;

    while (*end && (*end != '"' || end[1] == '"')) {
        end += *end == '"' ? 2 : 1;
    }
    if (!*end) {
        return apr_psprintf(reader->pool, "line %d: a quoted field does not "
                            "end", start);
    }
    *pfield = to = apr_palloc(reader->pool, end - reader->at + 1);
    for (; reader->at < end; reader->at++) {
        reader->at += *reader->at == '"';
        reader->line += *reader->at == '\n';
        *to++ = *reader->at;
    }
    *to = '\0';
    reader->at++;
    return ends_field(reader, *reader->at) ? NULL
         : apr_psprintf(reader->pool, "line %d: text behind a closing quote",
                        reader->line);
}

static const char *read_field(const char **pfield, reader_t *reader)
{
    const char *start = reader->at;

    if (*start == '"') {
        reader->at++;
        return read_quoted(pfield, reader);
    }
    while (!ends_field(reader, *reader->at)) {
        reader->at++;
    }
    *pfield = apr_pstrmemdup(reader->pool, start, reader->at - start);
    return NULL;
}

static const char *read_row(scim_csv_row_t *row, reader_t *reader)
{
    row->line = reader->line;
    row->fields = apr_array_make(reader->pool, 16, sizeof(const char *));
    for (;;) {
        const char *field = "", *wrong = read_field(&field, reader);

        if (wrong) {
            return wrong;
        }
        APR_ARRAY_PUSH(row->fields, const char *) = field;
        if (*reader->at != reader->separator) {
            break;
        }
        reader->at++;
    }
    if (*reader->at == '\r' && reader->at[1] == '\n') {
        reader->at++;
    }
    if (*reader->at) {
        reader->at++;
        reader->line++;
    }
    return NULL;
}

const char *scim_csv_parse(apr_array_header_t **prows, const char *text,
                           apr_pool_t *pool)
{
    apr_array_header_t *rows = apr_array_make(pool, 256,
                                              sizeof(scim_csv_row_t));
    reader_t reader = { text, 1, ',', pool };

    if (strncmp(text, "\xef\xbb\xbf", 3) == 0) {
        reader.at += 3;
    }
    reader.separator = find_separator(reader.at);
    while (*reader.at) {
        scim_csv_row_t row;
        const char *wrong = read_row(&row, &reader);

        if (wrong) {
            return wrong;
        }
        if (row.fields->nelts > 1
            || *APR_ARRAY_IDX(row.fields, 0, const char *)) {
            APR_ARRAY_PUSH(rows, scim_csv_row_t) = row;
        }
    }
    *prows = rows;
    return NULL;
}

const char *scim_csv_field(const scim_csv_row_t *row, int column)
{
    return column >= 0 && column < row->fields->nelts
         ? APR_ARRAY_IDX(row->fields, column, const char *) : "";
}

int scim_csv_column(const scim_csv_row_t *names, const char *wanted,
                    apr_pool_t *pool)
{
    char *name, *state;
    int i;

    for (name = apr_strtok(apr_pstrdup(pool, wanted), " ", &state); name;
         name = apr_strtok(NULL, " ", &state)) {
        for (i = 0; i < names->fields->nelts; i++) {
            if (strcasecmp(scim_csv_field(names, i), name) == 0) {
                return i;
            }
        }
    }
    return -1;
}
