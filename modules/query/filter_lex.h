/* filter_lex.h - the words of a filter: text to tokens.
 *
 * A token is a bracket, a parenthesis, a quoted string or a word; words end at
 * blanks, brackets, parentheses and quotes. What a word means (attribute,
 * operator, value) is up to filter.c.
 */
#ifndef SCIM_QUERY_FILTER_LEX_H
#define SCIM_QUERY_FILTER_LEX_H

#include "base/err.h"

typedef enum {
    SCIM_TOKEN_END,
    SCIM_TOKEN_OPEN,            /* ( */
    SCIM_TOKEN_CLOSE,           /* ) */
    SCIM_TOKEN_OPEN_BRACKET,    /* [ */
    SCIM_TOKEN_CLOSE_BRACKET,   /* ] */
    SCIM_TOKEN_WORD,
    SCIM_TOKEN_STRING
} scim_token_kind_t;

typedef struct scim_token_t {
    scim_token_kind_t kind;
    const char *text;           /* WORD: as written; STRING: what it means;
                                 * others: the sign, END: "" */
    apr_size_t at;              /* its first byte */
    apr_size_t end;             /* behind its last one */
} scim_token_t;

typedef struct scim_lexer_t {
    const char *text;
    apr_size_t len;
    apr_size_t at;              /* the next byte */
    int literal;                /* quoted strings hold no escapes, see
                                 * scim_filter_parse() */
    scim_err_kind_t on_error;
    apr_pool_t *pool;
} scim_lexer_t;

/** The name of an operator by its place in scim_filter_op_t. */
const char *scim_lexer_op_name(int op);

/** The operator of that name (ASCII case ignored), or -1. */
int scim_lexer_op_find(const char *word, apr_size_t len);

/** Read the next token; behind the last one there is END, again and again. */
scim_err_t *scim_lexer_next(scim_token_t *token, scim_lexer_t *lexer);

/**
 * Make an error that tells what is wrong at a byte of the text.
 *
 * The detail begins with "filter: ", or "path: " where paths are read, and
 * ends with the character.
 */
scim_err_t *scim_lexer_refuse(const scim_lexer_t *lexer, apr_size_t at,
                              const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
