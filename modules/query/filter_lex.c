#include "query/filter_lex.h"
#include "base/fold.h"
#include "base/json.h"

#include <apr_cstr.h>
#include <apr_strings.h>

#include <stdarg.h>
#include <string.h>

static const char *const op_names[] = {
    "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"
};

const char *scim_lexer_op_name(int op)
{
    return op_names[op];
}

int scim_lexer_op_find(const char *word, apr_size_t len)
{
    int i;

    for (i = 0; i < (int)(sizeof(op_names) / sizeof(op_names[0])); i++) {
        if (len == strlen(op_names[i])
            && apr_cstr_casecmpn(word, op_names[i], len) == 0) {
            return i;
        }
    }
    return -1;
}

scim_err_t *scim_lexer_refuse(const scim_lexer_t *lexer, apr_size_t at,
                              const char *fmt, ...)
{
    int path = lexer->on_error == SCIM_ERR_INVALID_PATH;
    const char *before = apr_pstrmemdup(lexer->pool, lexer->text, at);
    const char *what;
    va_list args;

    va_start(args, fmt);
    what = apr_pvsprintf(lexer->pool, fmt, args);
    va_end(args);
    return scim_err_make(lexer->on_error, lexer->pool,
                         "%s: %s at character %" APR_SIZE_T_FMT "%s",
                         path ? "path" : "filter", what,
                         scim_utf8_length(before) + 1,
                         path ? " between the brackets" : "");
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static apr_size_t skip_blanks(const scim_lexer_t *lexer, apr_size_t at)
{
    while (at < lexer->len && is_blank(lexer->text[at])) {
        at++;
    }
    return at;
}

static int is_word_char(char c)
{
    return !is_blank(c) && !strchr("()[]\"", c);
}

/* Behind the quote that ends a JSON string; 0 when there is none. */
static apr_size_t find_string_end(const scim_lexer_t *lexer)
{
    apr_size_t at = lexer->at + 1;

    while (at < lexer->len && lexer->text[at] != '"') {
        at += lexer->text[at] == '\\' ? 2 : 1;
    }
    return at < lexer->len ? at + 1 : 0;
}

static int is_conjunction(const scim_lexer_t *lexer, apr_size_t at)
{
    const char *text = lexer->text + at;
    apr_size_t left = lexer->len - at;

    return (left > 2 && apr_cstr_casecmpn(text, "or", 2) == 0
            && is_blank(text[2]))
        || (left > 3 && apr_cstr_casecmpn(text, "and", 3) == 0
            && is_blank(text[3]));
}

/* Whether a value may end here, seen by what follows. */
static int is_value_end(const scim_lexer_t *lexer, apr_size_t at)
{
    apr_size_t next = skip_blanks(lexer, at);

    return next == lexer->len || lexer->text[next] == ')'
        || lexer->text[next] == ']'
        || (next > at && is_conjunction(lexer, next));
}

/* Whether an operator stands before the quote, so that it begins the value of
 * another comparison. */
static int is_value_start(const scim_lexer_t *lexer, apr_size_t at)
{
    const char *text = lexer->text;
    apr_size_t end = at, start;

    while (end > lexer->at && is_blank(text[end - 1])) {
        end--;
    }
    start = end;
    while (start > lexer->at && is_word_char(text[start - 1])) {
        start--;
    }
    return is_blank(text[start - 1])
        && scim_lexer_op_find(text + start, end - start) >= 0;
}

/* Behind the first quote that a value may end with; 0 when there is none
 * before the next comparison. */
static apr_size_t find_literal_end(const scim_lexer_t *lexer)
{
    apr_size_t at;

    for (at = lexer->at + 1; at < lexer->len; at++) {
        if (lexer->text[at] != '"') {
            continue;
        }
        if (is_value_end(lexer, at + 1)) {
            return at + 1;
        }
        if (is_value_start(lexer, at)) {
            return 0;
        }
    }
    return 0;
}

/* Whether a JSON string, without its quotes, is the text that it stands for. */
static int is_plain(const char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (text[i] == '\\' || (unsigned char)text[i] < ' ') {
            return 0;
        }
    }
    return scim_utf8_is_valid(text, len);
}

static scim_err_t *read_string(scim_token_t *token, scim_lexer_t *lexer)
{
    const char *text = lexer->text + lexer->at;
    scim_json_t *value;

    token->kind = SCIM_TOKEN_STRING;
    token->end = lexer->literal ? find_literal_end(lexer)
                                : find_string_end(lexer);
    if (!token->end) {
        return scim_lexer_refuse(lexer, token->at, "a string without end");
    }
    if (lexer->literal || is_plain(text + 1, token->end - token->at - 2)) {
        token->text = apr_pstrmemdup(lexer->pool, text + 1,
                                     token->end - token->at - 2);
        return NULL;
    }
    if (scim_json_parse(&value, text, token->end - token->at, lexer->pool)) {
        return scim_lexer_refuse(lexer, token->at, "a malformed string");
    }
    token->text = value->text;
    return NULL;
}

static void read_word(scim_token_t *token, scim_lexer_t *lexer)
{
    apr_size_t end = lexer->at;

    while (end < lexer->len && is_word_char(lexer->text[end])) {
        end++;
    }
    token->kind = SCIM_TOKEN_WORD;
    token->text = apr_pstrmemdup(lexer->pool, lexer->text + lexer->at,
                                 end - lexer->at);
    token->end = end;
}

static void read_sign(scim_token_t *token, scim_lexer_t *lexer)
{
    static const char signs[] = "()[]";
    static const scim_token_kind_t kinds[] = {
        SCIM_TOKEN_OPEN, SCIM_TOKEN_CLOSE, SCIM_TOKEN_OPEN_BRACKET,
        SCIM_TOKEN_CLOSE_BRACKET
    };
    char sign = lexer->text[lexer->at];

    token->kind = kinds[strchr(signs, sign) - signs];
    token->text = apr_pstrmemdup(lexer->pool, &sign, 1);
    token->end = lexer->at + 1;
}

scim_err_t *scim_lexer_next(scim_token_t *token, scim_lexer_t *lexer)
{
    lexer->at = skip_blanks(lexer, lexer->at);
    token->at = lexer->at;
    if (lexer->at == lexer->len) {
        token->kind = SCIM_TOKEN_END;
        token->text = "";
        token->end = lexer->at;
    }
    else if (lexer->text[lexer->at] == '"') {
        SCIM_TRY(read_string(token, lexer));
    }
    else if (is_word_char(lexer->text[lexer->at])) {
        read_word(token, lexer);
    }
    else {
        read_sign(token, lexer);
    }
    lexer->at = token->end;
    return NULL;
}
