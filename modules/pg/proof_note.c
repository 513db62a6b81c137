#include "pg/proof_note.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <string.h>

void scim_proof_begin(scim_proof_t *proof, const scim_mapping_t *mapping,
                      apr_pool_t *pool)
{
    memset(proof, 0, sizeof(*proof));
    proof->mapping = mapping;
    proof->pool = pool;
    proof->findings = apr_array_make(pool, 4, sizeof(const char *));
    proof->abouts = apr_array_make(pool, 4, sizeof(const char *));
}

void scim_proof_note(const scim_proof_t *proof, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    APR_ARRAY_PUSH(proof->findings, const char *) =
        apr_pvsprintf(proof->pool, fmt, args);
    va_end(args);
    APR_ARRAY_PUSH(proof->abouts, const char *) = proof->about;
}

const scim_catalog_column_t *scim_proof_column(const scim_proof_t *proof,
                                               const char *name)
{
    return apr_hash_get(proof->catalog->columns, name, APR_HASH_KEY_STRING);
}
