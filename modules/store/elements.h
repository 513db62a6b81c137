/* elements.h - the elements of a multi-valued attribute in a condition: mapped
 * ones, whose values stand in columns, those in the JSONB column, and members
 * and groups. */
#ifndef SCIM_STORE_ELEMENTS_H
#define SCIM_STORE_ELEMENTS_H

#include "store/operand.h"

/**
 * Append that some element of the attribute passes. Elements of a mapped type
 * stand in columns and nowhere else, so a filter that asks for one needs not
 * look into the JSONB column, and an index serves.
 *
 * @param filter between brackets; NULL: any element
 * @return NULL, or what scim_operand_not_kept() says
 */
scim_err_t *scim_elements_some(const scim_writer_t *w,
                               const scim_attr_t *attr,
                               const scim_filter_t *filter);

/** Append a comparison outside brackets: any element that has the
 * sub-attribute will do. `ne` is also true, and `eq null` only, where there is
 * none. */
scim_err_t *scim_elements_any(const scim_writer_t *w,
                              const scim_filter_t *filter);

#endif
