#include "proto/value.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "base/time.h"
#include "proto/quirks.h"
#include "schema/resource.h"

scim_intake_t *scim_intake_make(const scim_rtype_t *type,
                                const unsigned char *stored,
                                apr_pool_t *pool)
{
    scim_intake_t *intake = apr_palloc(pool, sizeof(*intake));

    intake->type = type;
    intake->stored = stored;
    intake->limits = &scim_limits_default;
    intake->before = NULL;
    intake->ignored = apr_array_make(pool, 4, sizeof(const char *));
    intake->named = apr_pcalloc(pool, type->nattrs);
    intake->pool = pool;
    return intake;
}

void scim_intake_ignore(scim_intake_t *intake, const char *name)
{
    APR_ARRAY_PUSH(intake->ignored, const char *) =
        scim_err_quote(name, intake->pool);
}

static scim_err_t *wrong(const scim_attr_t *attr, const char *rule,
                         scim_intake_t *intake)
{
    return scim_err_make(SCIM_ERR_INVALID_VALUE, intake->pool, "%s %s",
                         scim_attr_path(attr, intake->pool), rule);
}

/* RFC 4648 section 4, and the letters of section 5. Lines may be broken, and
 * the padding left out; where it is, it is complete. */
static int is_base64(const char *text)
{
    apr_size_t digits = 0, pad;

    for (; *text && *text != '='; text++) {
        if (apr_isalnum(*text) || strchr("+/-_", *text)) {
            digits++;
        }
        else if (*text != '\r' && *text != '\n') {
            return 0;
        }
    }
    pad = strspn(text, "=");
    text += pad;
    return text[strspn(text, "\r\n")] == '\0' && digits % 4 != 1
        && pad <= 2 && (!pad || (digits + pad) % 4 == 0);
}

/* A URI or a relative reference, leniently: people and directories write
 * blanks and letters that a URI would have to escape, and a refusal would take
 * the rest of the request with it. */
static int is_reference(const char *text)
{
    for (; *text; text++) {
        if (apr_iscntrl(*text)) {
            return 0;
        }
    }
    return 1;
}

static scim_err_t *decode_simple(scim_json_t **pvalue, const scim_json_t *in,
                                 const scim_attr_t *attr,
                                 scim_intake_t *intake)
{
    apr_time_t time;
    int boolean;

    switch (attr->type) {
    case SCIM_TYPE_BOOLEAN:
        boolean = scim_quirk_boolean(in);
        if (boolean < 0) {
            return wrong(attr, "must be true or false", intake);
        }
        *pvalue = scim_json_make_bool(boolean, intake->pool);
        return NULL;
    case SCIM_TYPE_INTEGER:
        if (!scim_json_is_integer(in)) {
            return wrong(attr, "must be a whole number", intake);
        }
        break;
    case SCIM_TYPE_DECIMAL:
        if (in->type != SCIM_JSON_NUMBER) {
            return wrong(attr, "must be a number", intake);
        }
        break;
    case SCIM_TYPE_DATETIME:
        if (in->type != SCIM_JSON_STRING
            || !scim_time_parse_xsd(&time, in->text)) {
            return wrong(attr, "must be a date and time such as "
                               "\"2026-01-31T12:00:00Z\"", intake);
        }
        *pvalue = scim_json_make_string(scim_time_format(time, intake->pool),
                                        intake->pool);
        return NULL;
    case SCIM_TYPE_BINARY:
        if (in->type != SCIM_JSON_STRING || !is_base64(in->text)) {
            return wrong(attr, "must be base64 text", intake);
        }
        break;
    case SCIM_TYPE_REFERENCE:
        if (in->type != SCIM_JSON_STRING || !is_reference(in->text)) {
            return wrong(attr, "must be a URI, on one line", intake);
        }
        break;
    default:
        if (in->type != SCIM_JSON_STRING) {
            return wrong(attr, "must be a string", intake);
        }
        break;
    }
    *pvalue = scim_json_copy(in, intake->pool);
    return NULL;
}

/* What the resource had of an attribute, or NULL. */
static const scim_json_t *before_of(const scim_intake_t *intake,
                                    const scim_attr_t *attr)
{
    return intake->before && !attr->parent
         ? scim_resource_get(intake->type, intake->before, attr) : NULL;
}

scim_err_t *scim_value_check_count(const scim_json_t *values,
                                   const scim_attr_t *attr, int spare,
                                   const scim_intake_t *intake)
{
    const scim_json_t *before = before_of(intake, attr);
    int max = intake->limits->values, count;

    if (!values || values->type != SCIM_JSON_ARRAY) {
        return NULL;
    }
    count = scim_json_count(values) - spare;
    if (count <= max || (before && count <= scim_json_count(before))) {
        return NULL;
    }
    return scim_err_make(SCIM_ERR_INVALID_VALUE, intake->pool,
                         "%s has more than the %d values that can be kept",
                         scim_attr_path(attr, intake->pool), max);
}

int scim_value_is_nothing(const scim_json_t *value, const scim_attr_t *attr)
{
    return scim_json_is_empty(value)
        && !(value && value->type == SCIM_JSON_OBJECT
             && attr->type != SCIM_TYPE_COMPLEX);
}

static int is_same_text(const scim_json_t *a, const scim_json_t *b,
                        const scim_attr_t *attr)
{
    apr_time_t at, bt;

    if (attr->type == SCIM_TYPE_DATETIME && scim_time_parse(&at, a->text)
        && scim_time_parse(&bt, b->text)) {
        return at == bt;
    }
    return attr->case_exact ? strcmp(a->text, b->text) == 0
                            : scim_fold_is_equal(a->text, b->text);
}

int scim_value_is_same_one(const scim_json_t *a, const scim_json_t *b,
                           const scim_attr_t *attr)
{
    int i;

    if (scim_json_is_empty(a) || scim_json_is_empty(b)) {
        return scim_json_is_empty(a) && scim_json_is_empty(b);
    }
    if (a->type == SCIM_JSON_STRING && b->type == SCIM_JSON_STRING) {
        return is_same_text(a, b, attr);
    }
    if (attr->type != SCIM_TYPE_COMPLEX) {
        return scim_json_is_equal(a, b);
    }
    for (i = 0; i < attr->nsubs; i++) {
        const scim_attr_t *sub = &attr->subs[i];

        if (!scim_value_is_same(scim_json_find(a, sub->name),
                                scim_json_find(b, sub->name), sub)) {
            return 0;
        }
    }
    return 1;
}

static int has_one(const scim_json_t *array, const scim_json_t *wanted,
                   const scim_attr_t *attr)
{
    const scim_json_t *one;

    for (one = array->first; one; one = one->next) {
        if (scim_value_is_same_one(one, wanted, attr)) {
            return 1;
        }
    }
    return 0;
}

int scim_value_is_same(const scim_json_t *a, const scim_json_t *b,
                       const scim_attr_t *attr)
{
    const scim_json_t *one;

    if (!attr->multi || !a || !b || a->type != SCIM_JSON_ARRAY
        || b->type != SCIM_JSON_ARRAY) {
        return scim_value_is_same_one(a, b, attr);
    }
    for (one = a->first; one; one = one->next) {
        if (!has_one(b, one, attr)) {
            return 0;
        }
    }
    return scim_json_count(a) == scim_json_count(b);
}

int scim_value_is_same_element(const scim_json_t *a, const scim_json_t *b,
                               const scim_attr_t *attr)
{
    const scim_attr_t *value = scim_attr_sub(attr, "value");
    const scim_attr_t *type = scim_attr_sub(attr, "type");

    if (!value) {
        return scim_value_is_same_one(a, b, attr);
    }
    return !scim_json_is_empty(scim_json_find(a, "value"))
        && scim_value_is_same_one(scim_json_find(a, "value"),
                                  scim_json_find(b, "value"), value)
        && (!type || scim_value_is_same_one(scim_json_find(a, "type"),
                                            scim_json_find(b, "type"), type));
}

int scim_value_is_hollow(const scim_json_t *element, const scim_attr_t *attr)
{
    if (!element->first) {
        return 1;
    }
    return scim_attr_sub(attr, "value")
        && scim_json_is_empty(scim_json_find(element, "value"));
}

scim_err_t *scim_value_decode_element(scim_json_t **pvalue,
                                      const scim_json_t *in,
                                      const scim_attr_t *attr, int keep_clears,
                                      scim_intake_t *intake)
{
    const scim_json_t *member;
    scim_json_t *out;

    *pvalue = NULL;
    if (scim_json_is_empty(in)) {
        return NULL;
    }
    if (in->type != SCIM_JSON_OBJECT) {
        in = scim_quirk_bare_value(in, attr, intake->pool);
        if (!in) {
            return wrong(attr, "must be an object", intake);
        }
    }
    out = scim_json_make(SCIM_JSON_OBJECT, intake->pool);
    for (member = in->first; member; member = member->next) {
        const scim_attr_t *sub = scim_attr_sub(attr, member->name);
        scim_json_t *value;

        if (!sub || !intake->stored[sub->index]
            || (sub->mutability == SCIM_READ_ONLY
                && attr->mutability != SCIM_READ_ONLY)) {
            if (!scim_json_is_empty(member)) {
                scim_intake_ignore(intake,
                    apr_pstrcat(intake->pool, attr->name, ".", member->name,
                                NULL));
            }
            continue;
        }
        SCIM_TRY(scim_value_decode(&value, member, sub, intake));
        if (!value && keep_clears) {
            value = scim_json_make(SCIM_JSON_NULL, intake->pool);
        }
        if (value) {
            scim_json_set(out, sub->name, value);
        }
    }
    if (out->first) {
        *pvalue = out;
    }
    return NULL;
}

scim_err_t *scim_value_decode(scim_json_t **pvalue, const scim_json_t *in,
                              const scim_attr_t *attr, scim_intake_t *intake)
{
    const scim_json_t *child;
    scim_json_t *out, *value;

    *pvalue = NULL;
    if (scim_value_is_nothing(in, attr)) {
        return NULL;
    }
    if (!attr->multi) {
        in = scim_quirk_single_in_array(in);
        if (scim_value_is_nothing(in, attr)) {
            return NULL;
        }
        if (attr->type != SCIM_TYPE_COMPLEX) {
            return decode_simple(pvalue, in, attr, intake);
        }
        SCIM_TRY(scim_value_decode_element(&value, in, attr, 0, intake));
        *pvalue = value && !scim_value_is_hollow(value, attr) ? value : NULL;
        return NULL;
    }
    SCIM_TRY(scim_value_check_count(in, attr, 0, intake));
    out = scim_json_make(SCIM_JSON_ARRAY, intake->pool);
    child = in->type == SCIM_JSON_ARRAY ? in->first : in;
    for (; child; child = in->type == SCIM_JSON_ARRAY ? child->next : NULL) {
        if (attr->type != SCIM_TYPE_COMPLEX) {
            if (scim_value_is_nothing(child, attr)) {
                continue;
            }
            SCIM_TRY(decode_simple(&value, child, attr, intake));
        }
        else {
            SCIM_TRY(scim_value_decode_element(&value, child, attr, 0,
                                               intake));
            if (value && scim_value_is_hollow(value, attr)) {
                value = NULL;
            }
        }
        if (value) {
            scim_json_append(out, value);
        }
    }
    if (out->first) {
        *pvalue = out;
    }
    return NULL;
}
