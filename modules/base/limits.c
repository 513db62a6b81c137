#include "base/limits.h"

const scim_limits_t scim_limits_default = {
    .body_values = SCIM_BODY_VALUES_MAX,
    .body_depth = SCIM_BODY_DEPTH_MAX,
    .patch_operations = SCIM_PATCH_OPERATIONS_MAX,
    .values = SCIM_VALUES_MAX,
    .filter_length = SCIM_FILTER_LENGTH_MAX,
    .filter_terms = SCIM_FILTER_TERMS_MAX,
    .filter_depth = SCIM_FILTER_DEPTH_MAX
};
