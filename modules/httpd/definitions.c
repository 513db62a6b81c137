#include "httpd/definitions.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "httpd/directives.h"
#include "store/mapping.h"

/* The next option: `name`, `name=value`, `name="a value"`, or the whole in
 * quotes. */
static scim_option_t next_option(const char **pargs, apr_pool_t *pool)
{
    scim_option_t option = { NULL, NULL };
    const char *args = *pargs;
    apr_size_t len = strcspn(args, "= \t");

    if (*args == '"' || *args == '\'') {
        char *word = ap_getword_conf(pool, pargs);
        char *equals = strchr(word, '=');

        if (equals) {
            *equals = '\0';
            option.value = equals + 1;
        }
        option.name = word;
        return option;
    }
    option.name = apr_pstrmemdup(pool, args, len);
    args += len;
    if (*args == '=') {
        args++;
        option.value = !*args || apr_isspace(*args)
                     ? "" : ap_getword_conf(pool, &args);
    }
    while (apr_isspace(*args)) {
        args++;
    }
    *pargs = args;
    return option;
}

static apr_array_header_t *read_options(const char *args, apr_pool_t *pool)
{
    apr_array_header_t *options = apr_array_make(pool, 4,
                                                 sizeof(scim_option_t));

    while (*args) {
        APR_ARRAY_PUSH(options, scim_option_t) = next_option(&args, pool);
    }
    return options;
}

const char *scim_attribute_line_parse(scim_attribute_line_t *line,
                                      const char *args, apr_pool_t *pool)
{
    apr_array_header_t *all;
    int i;

    line->target = ap_getword_conf(pool, &args);
    line->column = ap_getword_conf(pool, &args);
    line->key = NULL;
    line->options = apr_array_make(pool, 4, sizeof(scim_option_t));
    if (!*line->target || !*line->column) {
        return SCIM_DIRECTIVE_ATTRIBUTE " must name an attribute and a column";
    }
    all = read_options(args, pool);
    for (i = 0; i < all->nelts; i++) {
        const scim_option_t *option = &APR_ARRAY_IDX(all, i, scim_option_t);

        if (option->value && *option->value
            && !ap_cstr_casecmp(option->name, "key")) {
            line->key = option->value;
        }
        else {
            APR_ARRAY_PUSH(line->options, scim_option_t) = *option;
        }
    }
    return NULL;
}

static const char *read_line(scim_draft_t *draft,
                             const ap_directive_t *directive, apr_pool_t *pool)
{
    const char *args = directive->args, *wrong = NULL, *urn;
    scim_attribute_line_t line;

    if (!ap_cstr_casecmp(directive->directive, SCIM_DIRECTIVE_ATTRIBUTE)) {
        if ((wrong = scim_attribute_line_parse(&line, args, pool))) {
            return wrong;
        }
        wrong = scim_draft_attribute(draft, line.target,
                                     scim_mapping_type_of(line.column,
                                                          line.key, pool),
                                     line.options);
    }
    else if (!ap_cstr_casecmp(directive->directive, SCIM_DIRECTIVE_SCHEMA)) {
        urn = ap_getword_conf(pool, &args);
        wrong = scim_draft_schema(draft, urn, read_options(args, pool));
    }
    return wrong ? apr_pstrcat(pool, directive->directive, " ", wrong, NULL)
                 : NULL;
}

const char *scim_definitions_read(const scim_rtype_t **ptype, cmd_parms *cmd)
{
    scim_draft_t *draft = scim_draft_make(*ptype, cmd->pool);
    const ap_directive_t *directive = cmd->directive->first_child;
    const char *wrong;

    for (; directive; directive = directive->next) {
        if ((wrong = read_line(draft, directive, cmd->pool))) {
            cmd->err_directive = directive;
            return wrong;
        }
    }
    wrong = scim_draft_link(ptype, draft);
    return wrong ? apr_pstrcat(cmd->pool, "<ScimResource ", (*ptype)->name,
                               "> ", wrong, NULL) : NULL;
}
