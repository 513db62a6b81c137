/* filters.h - filters by chance: of any form, on what the tables have and on
 * what they have not, with values that stand in their rows and such as stand
 * in none.
 */
#ifndef SCIM_FILTERS_H
#define SCIM_FILTERS_H

#include "base/fold.h"
#include "query/filter.h"
#include "schema/resource.h"
#include "t/property/random.h"
#include "t/property/rows.h"
#include "t/property/world.h"

#define DEPTH 4                 /* of a filter */

static int unkept;              /* the filter names what is not kept */

static const char *const asked_times[] = {
    "2011-05-13T06:42:34+02:00", "2011-05-13T04:42:34",
    "2011-05-13T04:42:34.2500000001Z", "2011-05-13T04:42:34.9999999Z",
    "2011-05-12T24:00:00Z", "2011-05-13T04:41:60Z", "2011-05-13t04:42:34z"
};

static const char *const asked_numbers[] = {
    "-0", "1.0", "1e0", "10e-2", "0.10", "1E2", "1.50",
    "0.1000000000000000055511151231257827", "1e300", "1e-300",
    "9223372036854775807", "-9223372036854775808", "1e999", "-1e999", "1e-999"
};

/* What stands in one of the rows under this attribute, or NULL. */
static const scim_json_t *existing(const world_t *world,
                                   const scim_attr_t *attr)
{
    const scim_attr_t *top = attr->parent ? attr->parent : attr;
    const scim_json_t *value;
    int n;

    if (!nsubjects) {
        return NULL;
    }
    value = scim_resource_get(world->mapping->type,
                              subjects[random_int(nsubjects)].composed, top);
    if (value && value->type == SCIM_JSON_ARRAY) {
        n = random_int(scim_json_count(value));
        for (value = value->first; n > 0; n--) {
            value = value->next;
        }
    }
    if (value && attr->parent) {
        value = scim_json_find(value, attr->name);
    }
    return value && (value->type == SCIM_JSON_STRING
                     || value->type == SCIM_JSON_NUMBER) ? value : NULL;
}

static int is_bare(const char *text)
{
    static const char *const words[] = { "and", "or", "not", "null" };
    int i;

    for (i = 0; i < COUNT(words); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            return 0;
        }
    }
    return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static void put_text(scim_buf_t *buf, const char *text)
{
    if (is_bare(text) && chance(30)) {
        scim_buf_puts(buf, text);
        return;
    }
    text = apr_pstrmemdup(buf->pool, text, characters(text, 200));
    scim_buf_json(buf, text, strlen(text));
}

static void put_filter_value(scim_buf_t *buf, const world_t *world,
                             const scim_attr_t *leaf)
{
    const scim_json_t *value = chance(60) ? existing(world, leaf) : NULL;
    const char *text = value ? value->text : NULL;

    switch (leaf->type) {
    case SCIM_TYPE_BOOLEAN:
        scim_buf_puts(buf, RANDOM_OF(((const char *const[]) {
            "true", "false", "\"True\"", "FALSE" })));
        break;
    case SCIM_TYPE_INTEGER:
        /* a document may have another number there */
        scim_buf_puts(buf, text && scim_json_is_integer(value)
                           ? text : RANDOM_OF(integers));
        break;
    case SCIM_TYPE_DECIMAL:
        scim_buf_puts(buf, text ? text : chance(50)
                           ? RANDOM_OF(asked_numbers) : RANDOM_OF(decimals));
        break;
    case SCIM_TYPE_DATETIME:
        put_text(buf, text ? text : chance(50) ? RANDOM_OF(asked_times)
                                               : RANDOM_OF(times));
        break;
    default:
        put_text(buf, text ? random_near(text, buf->pool)
                           : strcmp(leaf->name, "type") == 0 && chance(80)
                           ? random_type() : random_text(buf->pool));
        break;
    }
}

static const char *random_op(const scim_attr_t *leaf)
{
    static const char *const all[] = {
        "eq", "eq", "ne", "pr", "gt", "ge", "lt", "le", "co", "sw", "ew"
    };
    static const char *const loud[] = {
        "EQ", "Eq", "NE", "PR", "GT", "GE", "LT", "LE", "CO", "SW", "EW"
    };
    int n = leaf->type == SCIM_TYPE_STRING
            || leaf->type == SCIM_TYPE_REFERENCE ? 11
          : leaf->type == SCIM_TYPE_BOOLEAN
            || leaf->type == SCIM_TYPE_BINARY ? 4 : 8;
    int i = random_int(n);

    return chance(20) ? loud[i] : all[i];
}

static void put_blanks(scim_buf_t *buf)
{
    scim_buf_puts(buf, chance(5) ? "  " : " ");
}

/* Behind a name: operator and value. */
static void put_comparison(scim_buf_t *buf, const world_t *world,
                           const scim_attr_t *attr)
{
    const scim_attr_t *value = attr->type == SCIM_TYPE_COMPLEX
                             ? scim_attr_sub(attr, "value") : NULL;
    const scim_attr_t *leaf = value ? value : attr;
    const char *op;

    put_blanks(buf);
    if (leaf->type == SCIM_TYPE_COMPLEX) {
        scim_buf_puts(buf, "pr");
        return;
    }
    op = random_op(leaf);
    if (chance(5)) {
        scim_buf_puts(buf, chance(50) ? "eq null" : "ne null");
        op = NULL;
    }
    if (op) {
        scim_buf_puts(buf, op);
    }
    unkept |= value && !world->mapping->stored[value->index];
    if (op && strcasecmp(op, "pr") != 0) {
        put_blanks(buf);
        put_filter_value(buf, world, leaf);
    }
}

static void put_name(scim_buf_t *buf, const world_t *world,
                     const scim_attr_t *attr, int in_brackets)
{
    const scim_attr_t *top = attr->parent ? attr->parent : attr;
    const char *urn = top->schema ? top->schema->urn : SCIM_URN_USER;
    int extension = scim_rtype_is_extension(world->mapping->type,
                                            top->schema);
    const char *name = in_brackets || !attr->parent ? attr->name
        : apr_pstrcat(buf->pool, top->name, ".", attr->name, NULL);

    if (!in_brackets && chance(extension ? 60 : 10)) {
        name = apr_pstrcat(buf->pool, urn, ":", name, NULL);
    }
    scim_buf_puts(buf, chance(20) ? random_case(name, chance(50), buf->pool)
                                  : name);
}

static void put_expression(scim_buf_t *buf, const world_t *world,
                           const scim_attr_t *within, int depth);

static const scim_attr_t *random_sub(const world_t *world,
                                     const scim_attr_t *attr)
{
    const scim_attr_t *sub;
    int tries = 100;

    do {
        sub = &attr->subs[random_int(attr->nsubs)];
    } while (!is_kept(world->mapping, sub) && --tries);
    unkept |= !tries;
    return sub;
}

/* A comparison, or brackets with one inside. */
static void put_term(scim_buf_t *buf, const world_t *world,
                     const scim_attr_t *within, int depth)
{
    const scim_rtype_t *type = world->mapping->type;
    const apr_array_header_t *names = chance(40) ? world->mapped
                                                 : world->names;
    const scim_attr_t *attr;

    if (within && within->type != SCIM_TYPE_COMPLEX) {
        scim_buf_puts(buf, chance(80) ? "value" : "VALUE");
        put_comparison(buf, world, within);
        return;
    }
    if (within) {
        attr = random_sub(world, within);
        put_name(buf, world, attr, 1);
        put_comparison(buf, world, attr);
        return;
    }
    attr = APR_ARRAY_IDX(names, random_int(names->nelts), scim_attr_t *);
    if (chance(1)) {
        do {
            attr = type->attrs[random_int(type->nattrs)];
        } while (attr->returned == SCIM_RETURNED_NEVER);
        unkept |= !is_kept(world->mapping, attr);
    }
    if (attr->parent && attr->parent->multi && chance(50)) {
        attr = attr->parent;
    }
    if ((attr->type != SCIM_TYPE_COMPLEX && !attr->multi) || chance(40)) {
        put_name(buf, world, attr, 0);
        put_comparison(buf, world, attr);
        return;
    }
    put_name(buf, world, attr, 0);
    scim_buf_puts(buf, "[");
    put_expression(buf, world, attr, depth - 1);
    scim_buf_puts(buf, "]");
    if (chance(30)) {
        scim_buf_puts(buf, ".");
        put_term(buf, world, attr, 0);
    }
}

static void put_expression(scim_buf_t *buf, const world_t *world,
                           const scim_attr_t *within, int depth)
{
    int what = depth > 0 ? random_int(10) : 0;

    if (what < 5) {
        put_term(buf, world, within, depth);
        return;
    }
    if (what == 5) {
        scim_buf_puts(buf, chance(50) ? "not (" : "NOT(");
        put_expression(buf, world, within, depth - 1);
        scim_buf_puts(buf, ")");
        return;
    }
    if (what == 6) {
        scim_buf_puts(buf, "( ");
        put_expression(buf, world, within, depth - 1);
        scim_buf_puts(buf, " )");
        return;
    }
    put_expression(buf, world, within, depth - 1);
    put_blanks(buf);
    scim_buf_puts(buf, what == 7 ? "or" : what == 8 ? "and" : "AND");
    put_blanks(buf);
    put_expression(buf, world, within, depth - 1);
}

static const char *random_filter(const world_t *world, apr_pool_t *pool)
{
    scim_buf_t buf;

    unkept = 0;
    scim_buf_init(&buf, 256, pool);
    put_expression(&buf, world, NULL, DEPTH);
    return buf.data;
}

#endif /* SCIM_FILTERS_H */
