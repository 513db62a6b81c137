/* tree.h - a filter that was read, as text: with all parentheses, and every
 * name with the attribute it belongs to. */
#ifndef SCIM_TREE_H
#define SCIM_TREE_H

#include <apr_strings.h>

#include "base/buf.h"
#include "query/filter.h"
#include "query/filter_lex.h"

static void show(scim_buf_t *buf, const scim_filter_t *f)
{
    const char *between = f->kind == SCIM_FILTER_AND ? " & " : " | ";

    switch (f->kind) {
    case SCIM_FILTER_AND:
    case SCIM_FILTER_OR:
        scim_buf_putc(buf, '(');
        show(buf, f->left);
        scim_buf_puts(buf, between);
        show(buf, f->right);
        scim_buf_putc(buf, ')');
        break;
    case SCIM_FILTER_NOT:
        scim_buf_putc(buf, '!');
        show(buf, f->left);
        break;
    case SCIM_FILTER_ELEMENT:
        scim_buf_printf(buf, "%s[", f->attr->name);
        show(buf, f->left);
        scim_buf_putc(buf, ']');
        break;
    case SCIM_FILTER_CONSTANT:
        scim_buf_puts(buf, f->holds ? "true" : "false");
        break;
    case SCIM_FILTER_COMPARE:
        scim_buf_printf(buf, "%s%s%s %s", f->attr->name, f->sub ? "." : "",
                        f->sub ? f->sub->name : "",
                        scim_lexer_op_name((int)f->op));
        if (f->value) {
            scim_buf_putc(buf, ' ');
            scim_json_format(buf, f->value);
        }
        break;
    }
}

static const char *tree(const scim_filter_t *filter, apr_pool_t *pool)
{
    scim_buf_t buf;

    scim_buf_init(&buf, 64, pool);
    show(&buf, filter);
    return buf.data;
}

#endif
