/* comparison.h - a comparison of a filter as SQL: an operand with a value. */
#ifndef SCIM_STORE_COMPARISON_H
#define SCIM_STORE_COMPARISON_H

#include "store/operand.h"

/**
 * Append a comparison, `pr` among them. Of null, `eq` means "not present" and
 * `ne` "present".
 *
 * SQL knows a third truth value where a value is absent. It is as good as
 * false except below a NOT.
 *
 * @param exact 1: true or false, never NULL
 */
void scim_comparison_write(const scim_writer_t *w,
                           const scim_operand_t *operand,
                           const scim_filter_t *filter, int exact);

/** Append whether the operand has a value: true or false, never NULL. */
void scim_comparison_present(const scim_writer_t *w,
                             const scim_operand_t *operand);

/** Append the filter's value, in the form of the operand. */
void scim_comparison_value(const scim_writer_t *w,
                           const scim_operand_t *operand,
                           const scim_filter_t *filter);

/** Append a comparison of the resource's id, or of the id of somebody related:
 * as a key, so that its index serves. What cannot be a key equals none.
 * @return 0: the filter is none of that kind; nothing is appended */
int scim_comparison_id(const scim_writer_t *w, const scim_filter_t *filter);
int scim_comparison_related_id(const scim_writer_t *w,
                               const scim_filter_t *filter);

#endif
