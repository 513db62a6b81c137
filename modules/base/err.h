/* err.h - errors as values.
 *
 * An error lives in the pool of the request that met it; no error is NULL
 * and nobody frees one. The caller hands it on or turns it into something
 * better. One list gives each kind its HTTP status and its RFC 7644 (section
 * 3.12) scimType; nothing else in the module chooses a status.
 */
#ifndef SCIM_BASE_ERR_H
#define SCIM_BASE_ERR_H

#include <apr_pools.h>

/* One line per kind: HTTP status and scimType (NULL: none).
 * New kinds go to the end; docs/errors.md names them all. */
#define SCIM_ERR_KINDS(X)                               \
    X(SCIM_ERR_INTERNAL,        500, NULL)              \
    X(SCIM_ERR_MISCONFIGURED,   500, NULL)              \
    X(SCIM_ERR_INVALID_FILTER,  400, "invalidFilter")   \
    X(SCIM_ERR_INVALID_SYNTAX,  400, "invalidSyntax")   \
    X(SCIM_ERR_INVALID_PATH,    400, "invalidPath")     \
    X(SCIM_ERR_INVALID_VALUE,   400, "invalidValue")    \
    X(SCIM_ERR_NO_TARGET,       400, "noTarget")        \
    X(SCIM_ERR_MUTABILITY,      400, "mutability")      \
    X(SCIM_ERR_UNIQUENESS,      409, "uniqueness")      \
    X(SCIM_ERR_UNAUTHORIZED,    401, NULL)              \
    X(SCIM_ERR_FORBIDDEN,       403, NULL)              \
    X(SCIM_ERR_NOT_FOUND,       404, NULL)              \
    X(SCIM_ERR_METHOD,          405, NULL)              \
    X(SCIM_ERR_TOO_LARGE,       413, NULL)              \
    X(SCIM_ERR_MEDIA_TYPE,      415, NULL)              \
    X(SCIM_ERR_NOT_IMPLEMENTED, 501, NULL)              \
    X(SCIM_ERR_UNAVAILABLE,     503, NULL)              \
    X(SCIM_ERR_APPLICATION,     400, NULL)              \
    X(SCIM_ERR_PRECONDITION,    412, NULL)              \
    X(SCIM_ERR_CONFLICT,        409, NULL)              \
    X(SCIM_ERR_INVALID_CURSOR,  400, "invalidCursor")   \
    X(SCIM_ERR_EXPIRED_CURSOR,  400, "expiredCursor")   \
    X(SCIM_ERR_INVALID_COUNT,   400, "invalidCount")    \
    X(SCIM_ERR_HELD_BACK,       503, NULL)              \
    X(SCIM_ERR_RATE,            429, NULL)

typedef enum {
#define SCIM_ERR_ENUM_(kind, status, type) kind,
    SCIM_ERR_KINDS(SCIM_ERR_ENUM_)
#undef SCIM_ERR_ENUM_
    SCIM_ERR_KIND_COUNT
} scim_err_kind_t;

typedef struct scim_err_t {
    scim_err_kind_t kind;
    int status;             /* HTTP; the kind's, unless the application chose
                             * one by SQLSTATE SC4xx */
    const char *scim_type;  /* RFC 7644 table 9; NULL: none */
    const char *detail;     /* for the client: no secret, no SQL */
    const char *cause;      /* for the log only; NULL: nothing to add */
} scim_err_t;

/* Hand the error of the called function to our own caller. */
#define SCIM_TRY(call)                          \
    do {                                        \
        scim_err_t *try_err_ = (call);          \
        if (try_err_) {                         \
            return try_err_;                    \
        }                                       \
    } while (0)

/**
 * Make an error of @a kind whose detail is the formatted text.
 *
 * @return the error, allocated from @a pool, never NULL
 */
scim_err_t *scim_err_make(scim_err_kind_t kind, apr_pool_t *pool,
                          const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * Make an error that tells the client @a detail and the log @a cause.
 *
 * Both texts are borrowed: they live as long as @a pool.
 */
scim_err_t *scim_err_make_cause(scim_err_kind_t kind, const char *detail,
                                const char *cause, apr_pool_t *pool);

/**
 * Shorten a client's text for use in a detail: at most 80 bytes, cut at a
 * character, control characters replaced by '?'.
 */
const char *scim_err_quote(const char *text, apr_pool_t *pool);

#endif
