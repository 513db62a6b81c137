#include "store/version.h"

#include <apr_strings.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/span.h"
#include "base/time.h"

#define VERSION_BYTES 16    /* of the hash; two states never meet by chance */
#define RELATED_BYTES 8     /* tells two states of one resource apart */

/* With the length in front, so that nothing can move from one value into the
 * next unseen. */
static void add(scim_buf_t *buf, const char *text, apr_size_t len)
{
    scim_buf_number(buf, len);
    scim_buf_putc(buf, ':');
    scim_buf_add(buf, text, len);
}

/* NULL is no text, not even an empty one. A timestamp comes in the time zone of
 * the session, which need not be the same everywhere. */
static void add_column(scim_buf_t *buf, const scim_column_t *column,
                       const char *text)
{
    apr_time_t time;

    if (text && column->leaf->type == SCIM_TYPE_DATETIME
        && scim_time_parse(&time, text)) {
        text = scim_time_format(time, buf->pool);
    }
    if (text) {
        add(buf, text, strlen(text));
    }
    else {
        scim_buf_putc(buf, '-');
    }
}

static void add_stored(scim_buf_t *buf, const scim_attr_t *attr,
                       scim_span_t value)
{
    scim_span_walk_t walk;
    scim_span_t key, child;

    if (attr->type != SCIM_TYPE_COMPLEX || !value.len
        || (*value.text != '{' && *value.text != '[')) {
        add(buf, value.text, value.len);
        return;
    }
    scim_buf_putc(buf, *value.text);
    scim_span_walk(&walk, value);
    while (scim_span_next(&walk, &key, &child)) {
        const char *name = apr_pstrmemdup(buf->pool, key.text, key.len);
        const scim_attr_t *sub = *value.text == '['
                               ? attr : scim_attr_sub(attr, name);

        if (sub && scim_attr_is_readable(sub)) {
            add(buf, key.text, key.len);
            add_stored(buf, sub, child);
        }
    }
    scim_buf_putc(buf, '.');
}

/* The mapped element whose rest stands under this name, as it is written. */
static const scim_attr_t *element_attr(const scim_mapping_t *mapping,
                                       scim_span_t key)
{
    int i;

    for (i = 0; i < mapping->elements->nelts; i++) {
        const scim_element_t *element =
            &APR_ARRAY_IDX(mapping->elements, i, scim_element_t);

        if (scim_span_is(key, element->written)) {
            return element->attr;
        }
    }
    return NULL;
}

/* The members of the JSONB column that are attributes, in its order, which
 * does not depend on who wrote it. What is never returned is not among them:
 * whoever knows the rest of an account could find it by trying. What the
 * application keeps there of its own is passed over. */
static void add_document(scim_buf_t *buf, const scim_mapping_t *mapping,
                         const scim_schema_t *schema, scim_span_t object)
{
    const scim_rtype_t *type = mapping->type;
    scim_span_walk_t walk;
    scim_span_t key, value;

    scim_span_walk(&walk, object);
    while (scim_span_next(&walk, &key, &value)) {
        const char *name = apr_pstrmemdup(buf->pool, key.text, key.len);
        const scim_attr_t *attr = scim_rtype_attr(type, schema, name);
        const scim_schema_t *extension =
            schema || attr ? NULL : scim_rtype_schema(type, name);

        if (!schema && !attr && !extension) {
            attr = element_attr(mapping, key);
        }
        if (extension) {
            add(buf, key.text, key.len);
            add_document(buf, mapping, extension, value);
            scim_buf_putc(buf, '.');
        }
        else if (attr && mapping->stored[attr->index]
                 && scim_attr_is_readable(attr)) {
            add(buf, key.text, key.len);
            add_stored(buf, attr, value);
        }
    }
}

const char *scim_row_version(const scim_mapping_t *mapping,
                             const scim_row_t *row, apr_pool_t *pool)
{
    scim_span_t document = { row->extra, row->extra ? strlen(row->extra) : 0 };
    unsigned char digest[SCIM_SHA256_LEN];
    const char *own;
    scim_buf_t buf;
    int i;

    scim_buf_init(&buf, 512, pool);
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (column->attr != mapping->type->meta
            && scim_attr_is_readable(column->attr)
            && scim_attr_is_readable(column->leaf)) {
            add_column(&buf, column, row->values[i]);
        }
    }
    add_document(&buf, mapping, NULL, document);
    if (row->counter) {
        add(&buf, row->counter, strlen(row->counter));
    }
    scim_sha256(digest, buf.data, buf.len);
    own = scim_hex(digest, VERSION_BYTES, pool);
    if (!row->related) {
        return apr_pstrcat(pool, "W/\"", own, "\"", NULL);
    }
    scim_sha256(digest, row->related, strlen(row->related));
    return apr_pstrcat(pool, "W/\"", own, ".",
                       scim_hex(digest, RELATED_BYTES, pool), "\"", NULL);
}
