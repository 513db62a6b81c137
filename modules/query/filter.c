#include "query/filter.h"
#include "base/fold.h"
#include "base/time.h"
#include "query/filter_lex.h"

#include <apr_cstr.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

typedef struct parser_t {
    scim_lexer_t lexer;
    scim_token_t token;         /* the next one */
    const scim_rtype_t *type;   /* NULL: what is parsed stands in brackets */
    const scim_scope_t *own;    /* the same with what of it is kept, and */
    const scim_scope_t *all;    /* whose attributes are known as well; NULL:
                                 * no others */
    const scim_attr_t *within;  /* in brackets: the attribute they belong to;
                                 * NULL: one that is not known */
    int bracketed;
    int depth;                  /* parentheses and brackets open */
    int terms;                  /* comparisons met */
    int unknown;                /* a name was met that is not known */
    const scim_limits_t *limits;
    apr_pool_t *pool;
} parser_t;

/* What a comparison is about. */
typedef struct target_t {
    const scim_attr_t *attr;    /* NULL: not known */
    const scim_attr_t *sub;
    int is_foreign;             /* the attribute of another type, or kept of
                                 * that alone */
    apr_size_t at;
} target_t;

static scim_err_t *parse_or(const scim_filter_t **pnode, parser_t *p);

/* --- small things --- */

static scim_err_t *advance(parser_t *p)
{
    return scim_lexer_next(&p->token, &p->lexer);
}

static int is_word(const parser_t *p, const char *word)
{
    return p->token.kind == SCIM_TOKEN_WORD
        && apr_cstr_casecmp(p->token.text, word) == 0;
}

static int is_conjunction(const parser_t *p)
{
    return is_word(p, "and") || is_word(p, "or");
}

static const char *quote(const parser_t *p, const char *text)
{
    return apr_pstrcat(p->pool, "\"", scim_err_quote(text, p->pool), "\"",
                       NULL);
}

static const char *describe_token(const parser_t *p)
{
    return p->token.kind == SCIM_TOKEN_END ? "the end"
                                           : quote(p, p->token.text);
}

/* Say that the next token is not what must stand here. */
static scim_err_t *expected(const parser_t *p, const char *what)
{
    return scim_lexer_refuse(&p->lexer, p->token.at, "expected %s, not %s,",
                             what, describe_token(p));
}

static scim_err_t *expect(parser_t *p, scim_token_kind_t kind,
                          const char *what)
{
    if (p->token.kind != kind) {
        return expected(p, what);
    }
    return advance(p);
}

/* Go one level deeper, past the parenthesis or bracket. */
static scim_err_t *enter(parser_t *p)
{
    if (p->depth == p->limits->filter_depth) {
        return scim_lexer_refuse(&p->lexer, p->token.at,
                                 "nesting deeper than %d levels",
                                 p->limits->filter_depth);
    }
    p->depth++;
    return advance(p);
}

static scim_filter_t *make_node(scim_filter_kind_t kind,
                                const scim_filter_t *left,
                                const scim_filter_t *right, apr_size_t at,
                                const parser_t *p)
{
    scim_filter_t *node = apr_pcalloc(p->pool, sizeof(*node));

    node->kind = kind;
    node->left = left;
    node->right = right;
    node->at = at;
    return node;
}

/* --- values --- */

static scim_err_t *value_error(const parser_t *p, const char *what)
{
    return scim_lexer_refuse(&p->lexer, p->token.at, "%s is no %s,",
                             describe_token(p), what);
}

static scim_err_t *convert_boolean(scim_filter_t *node, const parser_t *p)
{
    int is_true = apr_cstr_casecmp(p->token.text, "true") == 0;

    if (!is_true && apr_cstr_casecmp(p->token.text, "false") != 0) {
        return value_error(p, "boolean");
    }
    node->value = scim_json_make_bool(is_true, p->pool);
    return NULL;
}

static scim_err_t *convert_number(scim_filter_t *node, int integer,
                                  const parser_t *p)
{
    const char *text = p->token.text, *e = strpbrk(text, "eE");
    long exponent = e ? strtol(e + 1, NULL, 10) : 0;
    scim_json_t *value;

    if (scim_json_parse(&value, text, strlen(text), p->pool)
        || value->type != SCIM_JSON_NUMBER
        || (integer && !scim_json_is_integer(value))
        || exponent > SCIM_FILTER_EXPONENT_MAX
        || exponent < -SCIM_FILTER_EXPONENT_MAX) {
        return value_error(p, integer ? "integer" : "number");
    }
    node->value = value;
    return NULL;
}

static scim_err_t *convert_time(scim_filter_t *node, const parser_t *p)
{
    if (!scim_time_parse(&node->time, p->token.text)) {
        return value_error(p, "dateTime");
    }
    node->value = scim_json_make_string(p->token.text, p->pool);
    return NULL;
}

/* null says that there is no value; only eq and ne can ask for that. */
static scim_err_t *convert_null(scim_filter_t *node, const parser_t *p)
{
    if (node->op != SCIM_OP_EQ && node->op != SCIM_OP_NE) {
        return scim_lexer_refuse(&p->lexer, p->token.at,
                                 "null behind operator \"%s\"",
                                 scim_lexer_op_name(node->op));
    }
    node->value = scim_json_make(SCIM_JSON_NULL, p->pool);
    return NULL;
}

/* Make the next token the value of the node, by the attribute's type. */
static scim_err_t *convert_value(scim_filter_t *node, const parser_t *p)
{
    const scim_attr_t *attr = node->sub ? node->sub : node->attr;

    if (p->token.kind == SCIM_TOKEN_WORD
        && strcmp(p->token.text, "null") == 0) {
        return convert_null(node, p);
    }
    switch (attr->type) {
    case SCIM_TYPE_BOOLEAN:
        return convert_boolean(node, p);
    case SCIM_TYPE_INTEGER:
    case SCIM_TYPE_DECIMAL:
        return convert_number(node, attr->type == SCIM_TYPE_INTEGER, p);
    case SCIM_TYPE_DATETIME:
        return convert_time(node, p);
    default:
        node->value = scim_json_make_string(p->token.text, p->pool);
        return NULL;
    }
}

/* --- comparisons --- */

static int suits(scim_filter_op_t op, scim_attr_type_t type)
{
    int textual = type == SCIM_TYPE_STRING || type == SCIM_TYPE_REFERENCE;

    switch (op) {
    case SCIM_OP_EQ:
    case SCIM_OP_NE:
    case SCIM_OP_PR:
        return 1;
    case SCIM_OP_CO:
    case SCIM_OP_SW:
    case SCIM_OP_EW:
        return textual;
    default:
        return textual || type == SCIM_TYPE_INTEGER
            || type == SCIM_TYPE_DECIMAL || type == SCIM_TYPE_DATETIME;
    }
}

static scim_err_t *parse_op(scim_filter_op_t *pop, parser_t *p)
{
    int op;

    if (p->token.kind != SCIM_TOKEN_WORD) {
        return expected(p, "an operator");
    }
    op = scim_lexer_op_find(p->token.text, strlen(p->token.text));
    if (op < 0) {
        return scim_lexer_refuse(&p->lexer, p->token.at, "unknown operator %s",
                                 describe_token(p));
    }
    *pop = (scim_filter_op_t)op;
    return NULL;
}

/* Let an attribute that has sub-attributes stand for its `value`, and see to
 * it that the operator suits what is compared. */
static scim_err_t *settle_target(scim_filter_t *node, const parser_t *p)
{
    const scim_attr_t *attr = node->attr;

    if (node->op == SCIM_OP_PR) {
        return NULL;
    }
    if (attr->type == SCIM_TYPE_COMPLEX && !node->sub) {
        node->sub = scim_attr_sub(attr, "value");
        if (!node->sub) {
            return scim_lexer_refuse(&p->lexer, node->at, "\"%s\" cannot be"
                                     " compared, only its sub-attributes can,",
                                     attr->name);
        }
    }
    attr = node->sub ? node->sub : attr;
    if (!suits(node->op, attr->type)) {
        return scim_lexer_refuse(&p->lexer, p->token.at, "operator \"%s\" does"
                                 " not suit the %s \"%s\"",
                                 scim_lexer_op_name(node->op),
                                 scim_attr_type_name(attr->type), attr->name);
    }
    return NULL;
}

/* --- primary: where it is missing it is false (RFC 7643 section 2.4) --- */

static int is_about_primary(const scim_filter_t *node)
{
    return node->attr && node->attr->multi && node->sub
        && node->sub->type == SCIM_TYPE_BOOLEAN
        && apr_cstr_casecmp(node->sub->name, "primary") == 0
        && node->value && node->value->type == SCIM_JSON_BOOL;
}

/* Of one element: to be false is not to be true. */
static void ask_for_true(scim_filter_t *node, const parser_t *p)
{
    if (!node->value->boolean) {
        node->op = node->op == SCIM_OP_EQ ? SCIM_OP_NE : SCIM_OP_EQ;
        node->value = scim_json_make_bool(1, p->pool);
    }
}

/* Outside of brackets: some element passes, or, for `ne`, there is none. */
static const scim_filter_t *ask_elements(const scim_filter_t *node,
                                         const parser_t *p)
{
    scim_filter_t *inner, *some, *any;

    if (node->op == SCIM_OP_EQ && node->value->boolean) {
        return node;
    }
    inner = apr_pmemdup(p->pool, node, sizeof(*node));
    ask_for_true(inner, p);
    some = make_node(SCIM_FILTER_ELEMENT, inner, NULL, node->at, p);
    some->attr = node->attr;
    if (node->op == SCIM_OP_EQ) {
        return some;
    }
    any = make_node(SCIM_FILTER_COMPARE, NULL, NULL, node->at, p);
    any->attr = node->attr;
    any->op = SCIM_OP_PR;
    return make_node(SCIM_FILTER_OR, some,
                     make_node(SCIM_FILTER_NOT, any, NULL, node->at, p),
                     node->at, p);
}

/* Whether every answer has the attribute, though nothing keeps it: it is made
 * when a resource is shown. */
static int is_made(const scim_filter_t *node)
{
    const char *name = node->sub ? node->sub->name : "";

    if (!node->attr || node->attr->schema) {
        return 0;
    }
    return strcmp(node->attr->name, "schemas") == 0
        || (strcmp(node->attr->name, "meta") == 0
            && (strcmp(name, "version") == 0
                || strcmp(name, "location") == 0));
}

/* Whether it is there needs not be looked up. */
static void settle_presence(scim_filter_t *node)
{
    if (is_made(node)
        && (node->op == SCIM_OP_PR
            || node->value->type == SCIM_JSON_NULL)) {
        node->kind = SCIM_FILTER_CONSTANT;
        node->holds = node->op != SCIM_OP_EQ;
    }
}

/* Operator and value behind a name. */
static scim_err_t *parse_comparison(const scim_filter_t **pnode,
                                    target_t target, parser_t *p)
{
    scim_filter_t *node = make_node(SCIM_FILTER_COMPARE, NULL, NULL, target.at,
                                    p);

    if (++p->terms > p->limits->filter_terms) {
        return scim_lexer_refuse(&p->lexer, target.at, "more than %d "
                                 "comparisons", p->limits->filter_terms);
    }
    node->attr = target.attr;
    node->sub = target.sub;
    SCIM_TRY(parse_op(&node->op, p));
    if (target.attr) {
        SCIM_TRY(settle_target(node, p));
    }
    SCIM_TRY(advance(p));
    *pnode = node;
    if (node->op == SCIM_OP_PR) {
        settle_presence(node);
        return NULL;
    }
    if ((p->token.kind != SCIM_TOKEN_WORD
         && p->token.kind != SCIM_TOKEN_STRING) || is_conjunction(p)) {
        return expected(p, "a value");
    }
    if (target.attr) {
        SCIM_TRY(convert_value(node, p));
    }
    settle_presence(node);
    if (p->bracketed && is_about_primary(node)) {
        ask_for_true(node, p);
    }
    return advance(p);
}

/* --- names --- */

static scim_err_t *unknown_attribute(const parser_t *p,
                                     const scim_token_t *token)
{
    return scim_lexer_refuse(&p->lexer, token->at, "unknown attribute %s",
                             quote(p, token->text));
}

/* Of an attribute with many simple values, `value` is each of them. */
static int is_element_itself(const scim_attr_t *attr, const char *name)
{
    return attr->type != SCIM_TYPE_COMPLEX
        && apr_cstr_casecmp(name, "value") == 0;
}

/* A name between the brackets of p->within. Where a path is read, a
 * well-formed one may be unknown. */
static scim_err_t *resolve_sub(target_t *target, const char *name,
                               const scim_token_t *token, parser_t *p)
{
    target->at = token->at;
    target->attr = p->within;
    target->sub = p->within ? scim_attr_sub(p->within, name) : NULL;
    if (target->sub ? scim_attr_is_readable(target->sub)
                    : p->within && is_element_itself(p->within, name)) {
        return NULL;
    }
    if (p->type || !scim_attr_is_name(name)) {
        return unknown_attribute(p, token);
    }
    target->attr = NULL;
    p->unknown = 1;
    return NULL;
}

/* What is never returned may not be asked for either: answers would betray
 * it. */
static int resolve_in(target_t *target, const scim_scope_t *scope,
                      const char *text, int must_be_kept, const parser_t *p)
{
    scim_name_t name = scim_rtype_resolve(scope->type, text, p->pool);

    if (name.kind != SCIM_NAME_ATTR || !scim_attr_is_readable(name.attr)
        || (name.sub && !scim_attr_is_readable(name.sub))) {
        return 0;
    }
    target->attr = name.attr;
    target->sub = name.sub;
    return !must_be_kept || !scope->kept
        || scope->kept[(name.sub ? name.sub : name.attr)->index];
}

/* Of the type itself, or else of another one. */
static int resolve_among(target_t *target, const char *text, int must_be_kept,
                         const parser_t *p)
{
    const scim_scope_t *scope = p->all;

    target->is_foreign = 0;
    if (resolve_in(target, p->own, text, must_be_kept, p)) {
        return 1;
    }
    target->is_foreign = 1;
    for (; scope && scope->type; scope++) {
        if (resolve_in(target, scope, text, must_be_kept, p)) {
            return 1;
        }
    }
    return 0;
}

static scim_err_t *resolve_attr(target_t *target, const scim_token_t *token,
                                const parser_t *p)
{
    target->at = token->at;
    return resolve_among(target, token->text, 1, p)
        || resolve_among(target, token->text, 0, p)
         ? NULL : unknown_attribute(p, token);
}

/* Whether a resource passes that has no value to be compared. */
static int passes_without_value(const scim_filter_t *filter)
{
    if (filter->kind != SCIM_FILTER_COMPARE || filter->op == SCIM_OP_PR) {
        return 0;
    }
    return filter->value->type == SCIM_JSON_NULL ? filter->op == SCIM_OP_EQ
                                                 : filter->op == SCIM_OP_NE;
}

static const scim_filter_t *make_constant(const scim_filter_t *filter,
                                          const parser_t *p)
{
    scim_filter_t *node = make_node(SCIM_FILTER_CONSTANT, NULL, NULL,
                                    filter->at, p);

    node->holds = passes_without_value(filter);
    return node;
}

/* --- the grammar --- */

/* `.sub op value` behind the brackets of A[F] holds for the same element as
 * F. */
static scim_err_t *parse_behind_brackets(const scim_filter_t **pnode,
                                         parser_t *p)
{
    scim_token_t name = p->token;
    const scim_filter_t *comparison;
    target_t target;

    SCIM_TRY(resolve_sub(&target, name.text + 1, &name, p));
    SCIM_TRY(advance(p));
    SCIM_TRY(parse_comparison(&comparison, target, p));
    *pnode = make_node(SCIM_FILTER_AND, *pnode, comparison, name.at, p);
    return NULL;
}

/* A[F] and A[F].s op V; the next token is the bracket. */
static scim_err_t *parse_element(const scim_filter_t **pnode,
                                 const target_t *target, parser_t *p)
{
    const scim_filter_t *inner;
    scim_filter_t *node;
    apr_size_t end;

    if (target->sub || (target->attr->type != SCIM_TYPE_COMPLEX
                        && !target->attr->multi)) {
        return scim_lexer_refuse(&p->lexer, p->token.at, "brackets behind an"
                                 " attribute without sub-attributes");
    }
    SCIM_TRY(enter(p));
    p->bracketed = 1;
    p->within = target->attr;
    SCIM_TRY(parse_or(&inner, p));
    end = p->token.end;
    SCIM_TRY(expect(p, SCIM_TOKEN_CLOSE_BRACKET, "\"and\", \"or\" or \"]\""));
    if (p->token.at == end && p->token.text[0] == '.') {
        SCIM_TRY(parse_behind_brackets(&inner, p));
    }
    p->bracketed = 0;
    p->depth--;
    node = make_node(SCIM_FILTER_ELEMENT, inner, NULL, target->at, p);
    node->attr = target->attr;
    *pnode = node;
    return NULL;
}

/* What begins with a name. */
static scim_err_t *parse_expression(const scim_filter_t **pnode, parser_t *p)
{
    scim_token_t name = p->token;
    target_t target;

    if (name.kind != SCIM_TOKEN_WORD || is_conjunction(p)) {
        return expected(p, "an attribute");
    }
    if (p->bracketed) {
        SCIM_TRY(resolve_sub(&target, name.text, &name, p));
        SCIM_TRY(advance(p));
        return parse_comparison(pnode, target, p);
    }
    SCIM_TRY(resolve_attr(&target, &name, p));
    SCIM_TRY(advance(p));
    SCIM_TRY(p->token.kind == SCIM_TOKEN_OPEN_BRACKET
             ? parse_element(pnode, &target, p)
             : parse_comparison(pnode, target, p));
    /* what another type alone keeps, this one has no value of */
    if (target.is_foreign) {
        *pnode = make_constant(*pnode, p);
    }
    else if (is_about_primary(*pnode)) {
        *pnode = ask_elements(*pnode, p);
    }
    return NULL;
}

static scim_err_t *parse_group(const scim_filter_t **pnode, parser_t *p)
{
    SCIM_TRY(enter(p));
    SCIM_TRY(parse_or(pnode, p));
    p->depth--;
    return expect(p, SCIM_TOKEN_CLOSE, "\"and\", \"or\" or \")\"");
}

static scim_err_t *parse_term(const scim_filter_t **pnode, parser_t *p)
{
    const scim_filter_t *inner;
    apr_size_t at = p->token.at;

    if (p->token.kind == SCIM_TOKEN_OPEN) {
        return parse_group(pnode, p);
    }
    if (!is_word(p, "not")) {
        return parse_expression(pnode, p);
    }
    SCIM_TRY(advance(p));
    if (p->token.kind != SCIM_TOKEN_OPEN) {
        return expected(p, "\"(\"");
    }
    SCIM_TRY(parse_group(&inner, p));
    *pnode = make_node(SCIM_FILTER_NOT, inner, NULL, at, p);
    return NULL;
}

static scim_err_t *parse_and(const scim_filter_t **pnode, parser_t *p)
{
    const scim_filter_t *right;
    apr_size_t at;

    SCIM_TRY(parse_term(pnode, p));
    while (is_word(p, "and")) {
        at = p->token.at;
        SCIM_TRY(advance(p));
        SCIM_TRY(parse_term(&right, p));
        *pnode = make_node(SCIM_FILTER_AND, *pnode, right, at, p);
    }
    return NULL;
}

static scim_err_t *parse_or(const scim_filter_t **pnode, parser_t *p)
{
    const scim_filter_t *right;
    apr_size_t at;

    SCIM_TRY(parse_and(pnode, p));
    while (is_word(p, "or")) {
        at = p->token.at;
        SCIM_TRY(advance(p));
        SCIM_TRY(parse_and(&right, p));
        *pnode = make_node(SCIM_FILTER_OR, *pnode, right, at, p);
    }
    return NULL;
}

/* --- the way in --- */

static scim_err_t *parse_once(const scim_filter_t **pfilter, parser_t p)
{
    const scim_filter_t *filter;

    SCIM_TRY(advance(&p));
    SCIM_TRY(parse_or(&filter, &p));
    SCIM_TRY(expect(&p, SCIM_TOKEN_END, "\"and\" or \"or\""));
    *pfilter = p.unknown ? NULL : filter;
    return NULL;
}

/* Read the text by the book; where that fails, take quoted strings
 * literally. */
static scim_err_t *parse(const scim_filter_t **pfilter, parser_t p)
{
    scim_err_t *err;

    if (p.lexer.len > (apr_size_t)p.limits->filter_length) {
        return scim_lexer_refuse(&p.lexer, 0, "more than %d bytes",
                                 p.limits->filter_length);
    }
    if (!scim_utf8_is_valid(p.lexer.text, p.lexer.len)) {
        return scim_lexer_refuse(&p.lexer, 0, "text that is not UTF-8");
    }
    err = parse_once(pfilter, p);
    if (err && memchr(p.lexer.text, '"', p.lexer.len)) {
        p.lexer.literal = 1;
        if (!parse_once(pfilter, p)) {
            return NULL;
        }
    }
    return err;
}

static scim_lexer_t make_lexer(const char *text, apr_size_t len,
                               scim_err_kind_t on_error, apr_pool_t *pool)
{
    scim_lexer_t lexer = { text, len, 0, 0, on_error, pool };

    return lexer;
}

scim_err_t *scim_filter_parse_among(const scim_filter_t **pfilter,
                                    const char *text,
                                    const scim_scope_t *own,
                                    const scim_scope_t *all,
                                    const scim_limits_t *limits,
                                    apr_pool_t *pool)
{
    parser_t p = { make_lexer(text, strlen(text), SCIM_ERR_INVALID_FILTER,
                              pool) };

    p.type = own->type;
    p.own = own;
    p.all = all;
    p.limits = limits;
    p.pool = pool;
    return parse(pfilter, p);
}

scim_err_t *scim_filter_parse(const scim_filter_t **pfilter, const char *text,
                              const scim_rtype_t *type, apr_pool_t *pool)
{
    scim_scope_t own = { type, NULL };

    return scim_filter_parse_among(pfilter, text, &own, NULL,
                                   &scim_limits_default, pool);
}

scim_err_t *scim_filter_parse_element(const scim_filter_t **pfilter,
                                      const char *text, apr_size_t len,
                                      const scim_attr_t *attr,
                                      scim_err_kind_t on_error,
                                      const scim_limits_t *limits,
                                      apr_pool_t *pool)
{
    parser_t p = { make_lexer(text, len, on_error, pool) };

    p.within = attr;
    p.bracketed = 1;
    p.limits = limits;
    p.pool = pool;
    return parse(pfilter, p);
}
