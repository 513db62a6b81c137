/* types.h - the resource type User with an extension of the tests, which has
 * every type of attribute in every place.
 */
#ifndef SCIM_TYPES_H
#define SCIM_TYPES_H

#include "schema/builtin.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

#define TST "urn:example:params:scim:schemas:test:2.0:User"

#define ALL_TYPES(suffix) \
    { .name = "text" suffix }, \
    { .name = "code" suffix, .case_exact = 1 }, \
    { .name = "flag" suffix, .type = SCIM_TYPE_BOOLEAN }, \
    { .name = "rank" suffix, .type = SCIM_TYPE_INTEGER }, \
    { .name = "weight" suffix, .type = SCIM_TYPE_DECIMAL }, \
    { .name = "since" suffix, .type = SCIM_TYPE_DATETIME }, \
    { .name = "blob" suffix, .type = SCIM_TYPE_BINARY, .case_exact = 1 }, \
    { .name = "link" suffix, .type = SCIM_TYPE_REFERENCE, .case_exact = 1 }

static const scim_attr_t badge_subs[] = {
    { .name = "value" },
    { .name = "type" },
    { .name = "primary", .type = SCIM_TYPE_BOOLEAN },
    ALL_TYPES("")
};

static const scim_attr_t seat_subs[] = { ALL_TYPES("") };

static const scim_attr_t key_subs[] = {
    { .name = "value" },
    { .name = "type" },
    { .name = "door", .required = 1 },
    { .name = "cut", .mutability = SCIM_IMMUTABLE }
};

static const scim_attr_t plate_subs[] = {
    { .name = "text", .required = 1 },
    { .name = "metal", .case_exact = 1 }
};

static const scim_attr_t test_attrs[] = {
    ALL_TYPES("One"),
    ALL_TYPES("Two"),
    { .name = "seat", .type = SCIM_TYPE_COMPLEX, .subs = seat_subs,
      .nsubs = COUNT(seat_subs) },
    { .name = "badges", .type = SCIM_TYPE_COMPLEX, .multi = 1,
      .subs = badge_subs, .nsubs = COUNT(badge_subs) },
    { .name = "keys", .type = SCIM_TYPE_COMPLEX, .multi = 1,
      .subs = key_subs, .nsubs = COUNT(key_subs) },
    { .name = "plate", .type = SCIM_TYPE_COMPLEX, .subs = plate_subs,
      .nsubs = COUNT(plate_subs) },
    { .name = "asked", .returned = SCIM_RETURNED_REQUEST },
    { .name = "tags", .multi = 1 },
    { .name = "codes", .multi = 1, .case_exact = 1 },
    { .name = "flags", .multi = 1, .type = SCIM_TYPE_BOOLEAN },
    { .name = "ranks", .multi = 1, .type = SCIM_TYPE_INTEGER },
    { .name = "weights", .multi = 1, .type = SCIM_TYPE_DECIMAL },
    { .name = "times", .multi = 1, .type = SCIM_TYPE_DATETIME }
};

static const scim_schema_t test_schema = {
    .urn = TST, .name = "Test", .attrs = test_attrs,
    .nattrs = COUNT(test_attrs)
};

static scim_rtype_t *make_test_type(apr_pool_t *pool)
{
    const scim_rtype_t *user = scim_builtin_user(pool);
    const scim_schema_t *schemas[3];

    schemas[0] = user->schemas[0];
    schemas[1] = user->schemas[1];
    schemas[2] = &test_schema;
    return scim_rtype_make("User", "Users", "", schemas, 3, pool);
}

#endif /* SCIM_TYPES_H */
