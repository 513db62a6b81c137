/* Fuzzing of what requests do to the members of a group. Who is to come was
 * not there, and who is to go was; a POST brings whom it names, and a PATCH
 * that says one thing and is sent again changes nothing more.
 *
 * An input is two lines of JSON, the body of a POST and that of a PATCH. Users
 * are 1 to 6. */
#include "proto/patch.h"
#include "schema/builtin.h"
#include "t/fuzz/harness.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

#define USERS 6

static scim_rtype_t *type;
static unsigned char *stored;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    apr_pool_t *pool;

    (void)argc;
    (void)argv;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = scim_builtin_group(pool);
    stored = memset(apr_palloc(pool, type->nattrs), 1, type->nattrs);
    return 0;
}

/* Which of the users there are. @return 0: none of them */
static int number_of(const char *id)
{
    return id[0] > '0' && id[0] <= '0' + USERS && !id[1] ? id[0] - '0' : 0;
}

/* Let those come, or go, who are not there, or are. */
static void change(int *is_member, const apr_array_header_t *ids, int becomes)
{
    int i;

    for (i = 0; ids && i < ids->nelts; i++) {
        int n = number_of(APR_ARRAY_IDX(ids, i, const char *));

        check(n && is_member[n] != becomes);
        is_member[n] = becomes;
    }
}

/* Carry out what was noted, as the service does: told is of those who are
 * named and, where it is asked for, of all members. */
static scim_err_t *carry_out(scim_membership_t *membership, int *is_member,
                             apr_pool_t *pool)
{
    const apr_array_header_t *added, *removed;
    scim_err_t *err;
    int i;

    scim_membership_forget(membership);
    for (i = 0; i < membership->named->nelts; i++) {
        const char *id = APR_ARRAY_IDX(membership->named, i, const char *);
        int n = number_of(id);

        if (n) {
            scim_membership_tell(membership, id, is_member[n], "Joy");
        }
    }
    for (i = 1; i <= USERS; i++) {
        const char *id = apr_itoa(pool, i);

        if (membership->needs_all && is_member[i]
            && !apr_hash_get(membership->seen, id, APR_HASH_KEY_STRING)) {
            scim_membership_tell(membership, id, 1, i % 2 ? "Joy" : NULL);
        }
    }
    err = scim_membership_resolve(&added, &removed, membership);
    if (!err) {
        change(is_member, added, 1);
        change(is_member, removed, 0);
    }
    return err;
}

static int is_refusal(const scim_err_t *err)
{
    return err->status >= 400 && err->status < 500 && err->detail[0];
}

static void check_post(int *is_member, const scim_json_t *body,
                       apr_pool_t *pool)
{
    scim_membership_t *membership = scim_membership_make(scim_builtin_user(pool), "https://x/v2", pool);
    scim_err_t *err;
    int i, count = 0;

    err = scim_patch_merge_members(membership, body,
                                   scim_intake_make(type, stored, pool));
    if (!err) {
        err = carry_out(membership, is_member, pool);
    }
    if (err) {
        check(is_refusal(err));
        return;
    }
    for (i = 1; i <= USERS; i++) {
        count += is_member[i];
    }
    check(count == membership->named->nelts);
}

static int is_single(const scim_json_t *message)
{
    const scim_json_t *one = scim_json_find(message, "Operations")->first;

    return one && !one->next && scim_json_find(one, "path");
}

static void check_patch(int *is_member, const scim_json_t *message,
                        apr_pool_t *pool)
{
    scim_membership_t *membership = scim_membership_make(scim_builtin_user(pool), "https://x/v2", pool);
    int before[USERS + 1];
    scim_patch_t *patch;
    scim_err_t *err;

    err = scim_patch_decode(&patch, message, type, &scim_limits_default, pool);
    if (!err) {
        err = scim_patch_note_members(membership, patch,
                                      scim_intake_make(type, stored, pool));
    }
    if (!err) {
        err = carry_out(membership, is_member, pool);
    }
    if (err) {
        check(is_refusal(err));
        return;
    }
    memcpy(before, is_member, sizeof(before));
    check(!carry_out(membership, is_member, pool));
    check(!is_single(message)
          || memcmp(before, is_member, sizeof(before)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    size_t len = end ? (size_t)(end - data) : size;
    int is_member[USERS + 1] = { 0 };
    scim_json_t *value;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    if (!scim_json_parse(&value, (const char *)data, len, pool)) {
        check_post(is_member, value, pool);
    }
    if (end && !scim_json_parse(&value, (const char *)end + 1,
                                size - len - 1, pool)) {
        check_patch(is_member, value, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
