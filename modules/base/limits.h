/* limits.h - how much a request may ask for.
 *
 * Plain numbers, which whoever reads a request hands down. What goes beyond
 * is refused in words that name the limit.
 */
#ifndef SCIM_BASE_LIMITS_H
#define SCIM_BASE_LIMITS_H

typedef struct scim_limits_t {
    int body_values;        /* values and names in a body: a tree takes many
                             * times the room of its text */
    int body_depth;         /* arrays and objects within each other */
    int patch_operations;   /* of one PATCH */
    int values;             /* of one attribute, but for members */
    int filter_length;      /* bytes */
    int filter_terms;       /* comparisons; the worst of them walk an array in
                             * the JSONB column of every user */
    int filter_depth;       /* nested parentheses, nots, brackets */
} scim_limits_t;

/* Where nobody says otherwise. So many comparisons take a tenth of the usual
 * deadline for some thousands of users. */
#define SCIM_BODY_VALUES_MAX        20000
#define SCIM_BODY_DEPTH_MAX         32
#define SCIM_PATCH_OPERATIONS_MAX   1000
#define SCIM_VALUES_MAX             200
#define SCIM_FILTER_LENGTH_MAX      8192
#define SCIM_FILTER_TERMS_MAX       30
#define SCIM_FILTER_DEPTH_MAX       64

/** These. */
extern const scim_limits_t scim_limits_default;

#endif
