/* shown.h - a statement as text, with what its parameters are. */
#ifndef SCIM_SHOWN_H
#define SCIM_SHOWN_H

#include <apr_strings.h>

#include "store/sql.h"

static const char *shown(const scim_sql_t *sql, apr_pool_t *pool)
{
    const char *text = sql->text.data;
    int i;

    for (i = 0; i < sql->params->nelts; i++) {
        const char *value = APR_ARRAY_IDX(sql->params, i, const char *);

        text = apr_pstrcat(pool, text, i ? ", " : " <- ",
                           value ? value : "NULL", NULL);
    }
    return text;
}

#endif
