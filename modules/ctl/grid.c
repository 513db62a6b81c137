#include "ctl/grid.h"

#include <string.h>

#include "base/fold.h"
#include "ctl/print.h"

/* A cell wider than this does not push the others away. */
#define WIDTH_MAX 44

scim_grid_t *scim_grid_make(const char *const *names, int columns,
                            apr_pool_t *pool)
{
    scim_grid_t *grid = apr_palloc(pool, sizeof(*grid));

    grid->names = names;
    grid->columns = columns;
    grid->cells = apr_array_make(pool, 64, sizeof(const char *));
    return grid;
}

void scim_grid_add(scim_grid_t *grid, const char *text)
{
    APR_ARRAY_PUSH(grid->cells, const char *) = text;
}

int scim_grid_rows(const scim_grid_t *grid)
{
    return grid->cells->nelts / grid->columns;
}

static const char *cell(const scim_grid_t *grid, int row, int column)
{
    return row < 0 ? grid->names[column]
         : APR_ARRAY_IDX(grid->cells, row * grid->columns + column,
                         const char *);
}

/* In characters. */
static int width_of(const char *text)
{
    return text ? (int)scim_utf8_length(text) : 0;
}

/* The same as it is printed, which may be wider. */
static const scim_grid_t *shown(const scim_grid_t *grid)
{
    apr_pool_t *pool = grid->cells->pool;
    const char **names = apr_palloc(pool, grid->columns * sizeof(*names));
    scim_grid_t *copy = scim_grid_make(names, grid->columns, pool);
    int i;

    for (i = 0; i < grid->columns; i++) {
        names[i] = scim_print_shown(grid->names[i], pool);
    }
    for (i = 0; i < grid->cells->nelts; i++) {
        const char *text = APR_ARRAY_IDX(grid->cells, i, const char *);

        scim_grid_add(copy, text ? scim_print_shown(text, pool) : NULL);
    }
    return copy;
}

static void print_row(const scim_grid_t *grid, int row, const int *widths)
{
    int i, last = grid->columns - 1;
    scim_buf_t line;

    scim_buf_init(&line, 256, grid->cells->pool);
    while (last > 0 && !width_of(cell(grid, row, last))) {
        last--;
    }
    for (i = 0; i <= last; i++) {
        const char *text = cell(grid, row, i);
        int pad = i < last ? widths[i] - width_of(text) : 0;

        scim_buf_printf(&line, "%s%*s%s", text ? text : "",
                        pad > 0 ? pad : 0, "", i < last ? "  " : "");
    }
    scim_print_line(stdout, line.pool, "%s", line.data);
}

void scim_grid_print(const scim_grid_t *grid)
{
    int rows = scim_grid_rows(grid), i, j;
    int *widths = apr_pcalloc(grid->cells->pool,
                              grid->columns * sizeof(*widths));

    if (!rows) {
        return;
    }
    grid = shown(grid);
    for (i = -1; i < rows; i++) {
        for (j = 0; j < grid->columns; j++) {
            int width = width_of(cell(grid, i, j));

            widths[j] = width > widths[j] && width <= WIDTH_MAX ? width
                                                                : widths[j];
        }
    }
    for (i = -1; i < rows; i++) {
        print_row(grid, i, widths);
    }
}

void scim_grid_json(scim_buf_t *buf, const scim_grid_t *grid)
{
    int rows = scim_grid_rows(grid), i, j;

    scim_buf_putc(buf, '[');
    for (i = 0; i < rows; i++) {
        const char *comma = "";

        scim_buf_puts(buf, i ? ",\n{" : "\n{");
        for (j = 0; j < grid->columns; j++) {
            const char *text = cell(grid, i, j);

            if (text) {
                scim_buf_printf(buf, "%s\"%s\":", comma, grid->names[j]);
                scim_buf_json(buf, text, strlen(text));
                comma = ",";
            }
        }
        scim_buf_putc(buf, '}');
    }
    scim_buf_puts(buf, rows ? "\n]" : "]");
}
