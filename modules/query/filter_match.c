#include "query/filter.h"
#include "base/fold.h"
#include "base/time.h"
#include "schema/resource.h"

#include <string.h>

/* What the filter is applied to. */
typedef struct subject_t {
    const scim_rtype_t *type;
    const scim_json_t *resource;
    const scim_json_t *element;     /* set: between the brackets of its
                                     * attribute */
    apr_pool_t *pool;
} subject_t;

/* --- one value --- */

static int order_passes(scim_filter_op_t op, int order)
{
    switch (op) {
    case SCIM_OP_EQ:
        return order == 0;
    case SCIM_OP_NE:
        return order != 0;
    case SCIM_OP_GT:
        return order > 0;
    case SCIM_OP_GE:
        return order >= 0;
    case SCIM_OP_LT:
        return order < 0;
    case SCIM_OP_LE:
        return order <= 0;
    default:
        return 0;
    }
}

static int text_passes(scim_filter_op_t op, const char *text,
                       const char *wanted)
{
    size_t len = strlen(text), wanted_len = strlen(wanted);

    switch (op) {
    case SCIM_OP_CO:
        return strstr(text, wanted) != NULL;
    case SCIM_OP_SW:
        return strncmp(text, wanted, wanted_len) == 0;
    case SCIM_OP_EW:
        return len >= wanted_len
            && strcmp(text + len - wanted_len, wanted) == 0;
    default:
        return order_passes(op, strcmp(text, wanted));
    }
}

static int string_passes(const scim_filter_t *filter, const scim_attr_t *attr,
                         const scim_json_t *value, apr_pool_t *pool)
{
    const char *text = value->text, *wanted = filter->value->text;

    if (!attr->case_exact) {
        text = scim_fold(text, pool);
        wanted = scim_fold(wanted, pool);
    }
    return text_passes(filter->op, text, wanted);
}

static int time_passes(const scim_filter_t *filter, const scim_json_t *value)
{
    apr_time_t time;

    if (!scim_time_parse(&time, value->text)) {
        return filter->op == SCIM_OP_NE;
    }
    return order_passes(filter->op, (time > filter->time)
                                    - (time < filter->time));
}

/* The JSON type that values of an attribute have. */
static scim_json_type_t json_type(const scim_attr_t *attr)
{
    switch (attr->type) {
    case SCIM_TYPE_BOOLEAN:
        return SCIM_JSON_BOOL;
    case SCIM_TYPE_INTEGER:
    case SCIM_TYPE_DECIMAL:
        return SCIM_JSON_NUMBER;
    case SCIM_TYPE_COMPLEX:
        return SCIM_JSON_OBJECT;
    default:
        return SCIM_JSON_STRING;
    }
}

/* Whether a value that is there passes. One of another type than the
 * attribute's equals nothing. */
static int value_passes(const scim_filter_t *filter, const scim_json_t *value,
                        apr_pool_t *pool)
{
    const scim_attr_t *attr = filter->sub ? filter->sub : filter->attr;

    if (value->type != json_type(attr)) {
        return filter->op == SCIM_OP_NE;
    }
    switch (attr->type) {
    case SCIM_TYPE_BOOLEAN:
        return order_passes(filter->op,
                            !!value->boolean - !!filter->value->boolean);
    case SCIM_TYPE_INTEGER:
    case SCIM_TYPE_DECIMAL:
        return order_passes(filter->op,
                            scim_json_compare_numbers(value, filter->value));
    case SCIM_TYPE_DATETIME:
        return time_passes(filter, value);
    default:
        return string_passes(filter, attr, value, pool);
    }
}

/* --- the values of an attribute --- */

/* The first element of an array; a value that is none stands for itself. */
static const scim_json_t *first_element(const scim_json_t *value)
{
    return value && value->type == SCIM_JSON_ARRAY ? value->first : value;
}

static const scim_json_t *next_element(const scim_json_t *value,
                                       const scim_json_t *element)
{
    return value->type == SCIM_JSON_ARRAY ? element->next : NULL;
}

/* What the comparison looks at in an element; NULL: it is not there. */
static const scim_json_t *part(const scim_json_t *element,
                               const scim_attr_t *sub)
{
    const scim_json_t *value = sub ? scim_json_find(element, sub->name)
                                   : element;

    return scim_json_is_empty(value) ? NULL : value;
}

static int is_present(const scim_filter_t *filter, const scim_json_t *value)
{
    const scim_json_t *element;

    for (element = first_element(value); element;
         element = next_element(value, element)) {
        if (part(element, filter->sub)) {
            return 1;
        }
    }
    return 0;
}

static int any_value_passes(const scim_filter_t *filter,
                            const scim_json_t *value, apr_pool_t *pool)
{
    const scim_json_t *element, *found;

    for (element = first_element(value); element;
         element = next_element(value, element)) {
        found = part(element, filter->sub);
        if (found && value_passes(filter, found, pool)) {
            return 1;
        }
    }
    return 0;
}

static int comparison_passes(const scim_filter_t *filter,
                             const scim_json_t *value, apr_pool_t *pool)
{
    if (filter->op == SCIM_OP_PR) {
        return is_present(filter, value);
    }
    if (filter->value->type == SCIM_JSON_NULL) {
        return is_present(filter, value) == (filter->op == SCIM_OP_NE);
    }
    return any_value_passes(filter, value, pool)
        || (filter->op == SCIM_OP_NE && !is_present(filter, value));
}

/* --- the tree --- */

static int matches(const scim_filter_t *filter, const subject_t *subject);

/* The value of the attribute that the node is about: in brackets the element
 * at hand. */
static const scim_json_t *get_value(const scim_filter_t *filter,
                                    const subject_t *subject)
{
    return subject->element ? subject->element
                            : scim_resource_get(subject->type,
                                                subject->resource,
                                                filter->attr);
}

static int any_element_passes(const scim_filter_t *filter,
                              const subject_t *subject)
{
    const scim_json_t *value = get_value(filter, subject);
    subject_t inner = *subject;

    for (inner.element = first_element(value); inner.element;
         inner.element = next_element(value, inner.element)) {
        if (matches(filter->left, &inner)) {
            return 1;
        }
    }
    return 0;
}

static int matches(const scim_filter_t *filter, const subject_t *subject)
{
    switch (filter->kind) {
    case SCIM_FILTER_AND:
        return matches(filter->left, subject)
            && matches(filter->right, subject);
    case SCIM_FILTER_OR:
        return matches(filter->left, subject)
            || matches(filter->right, subject);
    case SCIM_FILTER_NOT:
        return !matches(filter->left, subject);
    case SCIM_FILTER_ELEMENT:
        return any_element_passes(filter, subject);
    case SCIM_FILTER_CONSTANT:
        return filter->holds;
    case SCIM_FILTER_COMPARE:
        break;
    }
    return comparison_passes(filter, get_value(filter, subject),
                             subject->pool);
}

int scim_filter_matches(const scim_filter_t *filter, const scim_rtype_t *type,
                        const scim_json_t *resource, apr_pool_t *scratch_pool)
{
    subject_t subject = { type, resource, NULL, scratch_pool };

    return matches(filter, &subject);
}

int scim_filter_matches_element(const scim_filter_t *filter,
                                const scim_json_t *element,
                                apr_pool_t *scratch_pool)
{
    subject_t subject = { NULL, NULL, element, scratch_pool };

    return matches(filter, &subject);
}
