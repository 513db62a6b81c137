#include "store/mapping.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>
#include <strings.h>

#include "query/path.h"

/* PostgreSQL cuts longer identifiers, which would then name something else. */
#define IDENTIFIER_MAX 63

scim_mapping_t *scim_mapping_make(const scim_rtype_t *type, apr_pool_t *pool)
{
    scim_mapping_t *mapping = apr_pcalloc(pool, sizeof(*mapping));

    mapping->type = type;
    mapping->columns = apr_array_make(pool, 16, sizeof(scim_column_t));
    mapping->constants = apr_array_make(pool, 4, sizeof(scim_constant_t));
    mapping->elements = apr_array_make(pool, 4, sizeof(scim_element_t));
    mapping->places = apr_palloc(pool, type->nattrs * sizeof(int));
    memset(mapping->places, -1, type->nattrs * sizeof(int));
    mapping->stored = apr_pcalloc(pool, type->nattrs);
    mapping->kept = apr_pcalloc(pool, type->nattrs);
    mapping->redacted = apr_pcalloc(pool, type->nattrs);
    return mapping;
}

const char *scim_facts_citext(const scim_facts_t *facts,
                              const scim_mapping_t *mapping,
                              const scim_column_t *column)
{
    static const char name[] = "citext";
    const char *type = facts->types[column - (const scim_column_t *)
                                             mapping->columns->elts];
    apr_size_t len = strlen(type), tail = sizeof(name) - 1;

    /* with its schema in front where that is not in the search path */
    return len >= tail && strcmp(type + len - tail, name) == 0
           && (len == tail || type[len - tail - 1] == '.') ? type : NULL;
}

int scim_facts_is_as_text(const scim_facts_t *facts,
                          const scim_mapping_t *mapping,
                          const scim_column_t *column)
{
    return facts->as_text
        && facts->as_text[column - (const scim_column_t *)
                                   mapping->columns->elts];
}

const char *scim_mapping_quote(const char *name, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 3 * strlen(name) + 3), *at = out;

    *at++ = '"';
    for (; *name; name++) {
        if (*name == '.') {
            *at++ = '"';
            *at++ = '.';
            *at++ = '"';
            continue;
        }
        if (*name == '"') {
            *at++ = '"';
        }
        *at++ = *name;
    }
    *at++ = '"';
    *at = '\0';
    return out;
}

/* Take the name of a table apart. */
static const char *parse_table(const char **pschema, const char **ptable,
                               const char *name, apr_pool_t *pool)
{
    const char *dot = strchr(name, '.');

    if (!*name || (dot && (dot == name || !dot[1] || strchr(dot + 1, '.')))) {
        return apr_psprintf(pool, "\"%s\" is not the name of a table; give "
                            "TABLE or SCHEMA.TABLE", name);
    }
    *pschema = dot ? apr_pstrmemdup(pool, name, dot - name) : NULL;
    *ptable = apr_pstrdup(pool, dot ? dot + 1 : name);
    return NULL;
}

const char *scim_mapping_set_table(scim_mapping_t *mapping, const char *name,
                                   apr_pool_t *pool)
{
    const char *wrong = parse_table(&mapping->table_schema,
                                    &mapping->table_name, name, pool);

    if (!wrong) {
        mapping->table = scim_mapping_quote(name, pool);
    }
    return wrong;
}

/* Whether the related resources are the resource's own to say. */
static int is_group(const scim_rtype_t *type)
{
    return type->related && type->related->mutability != SCIM_READ_ONLY;
}

const char *scim_mapping_set_members(scim_mapping_t *mapping,
                                     const char *name, const char *group,
                                     const char *user, apr_pool_t *pool)
{
    scim_relation_t *relation = apr_pcalloc(pool, sizeof(*relation));
    const char *wrong, *table;

    if (!is_group(mapping->type)) {
        return "only groups have members";
    }
    if ((wrong = parse_table(&relation->table_schema, &table, name, pool))) {
        return wrong;
    }
    if (!*group || !*user || strcmp(group, user) == 0) {
        return "the columns with the group and the user must be two";
    }
    relation->table = scim_mapping_quote(name, pool);
    relation->own = apr_pstrdup(pool, group);
    relation->other = apr_pstrdup(pool, user);
    mapping->relation = relation;
    return NULL;
}

/* Take `spec` apart into form and column name. */
static const char *parse_spec(scim_column_t *column, const char *spec,
                              apr_pool_t *pool)
{
    static const char is_null[] = "IS NULL";
    const char *given = spec;
    apr_size_t len = strlen(spec), tail = sizeof(is_null) - 1;
    char *name;

    column->form = SCIM_COLUMN_PLAIN;
    if (*spec == '!') {
        column->form = SCIM_COLUMN_INVERTED;
        spec++;
        len--;
    }
    else if (len > tail && strcasecmp(spec + len - tail, is_null) == 0
             && apr_isspace(spec[len - tail - 1])) {
        column->form = SCIM_COLUMN_IS_NULL;
        len -= tail;
    }
    while (len && apr_isspace(*spec)) {
        spec++;
        len--;
    }
    while (len && apr_isspace(spec[len - 1])) {
        len--;
    }
    name = apr_pstrmemdup(pool, spec, len);
    if (!*name || strlen(name) > IDENTIFIER_MAX) {
        return apr_psprintf(pool, "\"%s\" is not a column; give COLUMN, "
                            "!COLUMN or \"COLUMN IS NULL\"", given);
    }
    column->name = name;
    return NULL;
}

scim_attr_type_t scim_mapping_type_of(const char *spec, const char *key,
                                      apr_pool_t *pool)
{
    scim_column_t column = { 0 };

    return strcmp(spec, "-") == 0 || key || parse_spec(&column, spec, pool)
         ? SCIM_TYPE_STRING
         : column.form != SCIM_COLUMN_PLAIN ? SCIM_TYPE_BOOLEAN
                                            : SCIM_TYPE_OPEN;
}

/* The X of a filter `type eq "X"`, or NULL. */
static const char *element_type(const scim_filter_t *filter)
{
    if (filter->kind != SCIM_FILTER_COMPARE || filter->op != SCIM_OP_EQ
        || !filter->sub || strcasecmp(filter->sub->name, "type") != 0
        || filter->value->type != SCIM_JSON_STRING || !filter->value->len) {
        return NULL;
    }
    return filter->value->text;
}

static const char *parse_target(scim_column_t *column, const char *target,
                                const scim_rtype_t *type, apr_pool_t *pool)
{
    scim_path_t path;
    scim_err_t *err = scim_path_parse(&path, target, type,
                                      &scim_limits_default, pool);

    if (err) {
        return apr_psprintf(pool, "\"%s\" is not an attribute: %s", target,
                            err->detail);
    }
    if (!path.known || !path.attr) {
        return apr_psprintf(pool, "\"%s\" is not an attribute of %s", target,
                            type->name);
    }
    column->target = apr_pstrdup(pool, target);
    column->attr = path.attr;
    column->sub = path.sub;
    column->leaf = path.sub ? path.sub : path.attr;
    if (path.filter) {
        column->element = element_type(path.filter);
        if (!column->element) {
            return apr_psprintf(pool, "\"%s\": between the brackets only "
                                "type eq \"...\" can be mapped", target);
        }
    }
    return NULL;
}

static const char *check_target(const scim_mapping_t *mapping,
                                const scim_column_t *column, apr_pool_t *pool)
{
    const scim_attr_t *attr = column->attr, *leaf = column->leaf;

    if (is_group(mapping->type) && attr == mapping->type->related) {
        return apr_psprintf(pool, "\"%s\" stands in a table of its own, which "
                            "ScimMembers names", column->target);
    }
    if (attr->multi && !column->element
        && scim_attr_is_configured(attr)) {
        return apr_psprintf(pool, "\"%s\" can have many values, which no "
                            "column holds; write - in place of the column",
                            column->target);
    }
    if (attr->multi && !column->element) {
        return apr_psprintf(pool, "\"%s\" can have many values; map one of "
                            "them, such as '%s[type eq \"work\"].%s'",
                            column->target, attr->name,
                            column->sub ? column->sub->name : "value");
    }
    if (leaf->type == SCIM_TYPE_COMPLEX) {
        return apr_psprintf(pool, "\"%s\" is complex; map its sub-attributes, "
                            "such as \"%s.%s\"", column->target,
                            column->target, leaf->subs[0].name);
    }
    if (column->element && column->sub
        && strcasecmp(column->sub->name, "type") == 0) {
        return apr_psprintf(pool, "\"%s\" is fixed by the brackets and needs "
                            "no column", column->target);
    }
    if (attr == mapping->type->meta) {
        if (leaf->type != SCIM_TYPE_DATETIME) {
            return apr_psprintf(pool, "of meta only meta.created and "
                                "meta.lastModified can be mapped, not \"%s\"",
                                column->target);
        }
        return NULL;
    }
    if (scim_attr_is_configured(attr)) {
        return NULL;
    }
    if (attr->mutability == SCIM_READ_ONLY
        || leaf->mutability != SCIM_READ_WRITE
        || leaf->returned == SCIM_RETURNED_NEVER) {
        return apr_psprintf(pool, "\"%s\" cannot be mapped: it is %s",
                            column->target,
                            attr == mapping->type->id
                            ? "the column of ScimKey"
                            : "not for clients to read and write");
    }
    return NULL;
}

static const char *check_form(const scim_column_t *column, const char *key,
                              apr_pool_t *pool)
{
    if (column->form != SCIM_COLUMN_PLAIN
        && column->leaf->type != SCIM_TYPE_BOOLEAN) {
        return apr_psprintf(pool, "\"%s\" is not a boolean, so its column "
                            "cannot be inverted or tested for NULL",
                            column->target);
    }
    if (key && (column->leaf->type != SCIM_TYPE_STRING
                || column->leaf->case_exact)) {
        return apr_psprintf(pool, "\"%s\" is not compared without case, so "
                            "key= does not apply", column->target);
    }
    return NULL;
}

static void add_element(scim_mapping_t *mapping, const scim_column_t *column,
                        apr_pool_t *pool)
{
    scim_element_t *element;
    scim_buf_t json;

    if (!column->element
        || scim_mapping_element(mapping, column->attr, column->element)) {
        return;
    }
    element = apr_array_push(mapping->elements);
    element->attr = column->attr;
    element->element = column->element;
    element->key = apr_psprintf(pool, "%s[type eq \"%s\"]",
                                scim_attr_path(column->attr, pool),
                                column->element);
    scim_buf_init(&json, 2 * strlen(element->key), pool);
    scim_buf_json(&json, element->key, strlen(element->key));
    element->written = apr_pstrmemdup(pool, json.data + 1, json.len - 2);
}

/* `-` for a column: what the configuration has defined, and the JSONB column
 * keeps. */
static const char *add_extra(scim_mapping_t *mapping,
                             const scim_column_t *column, const char *key,
                             apr_pool_t *pool)
{
    const char *why = !scim_attr_is_configured(column->attr)
                      ? "no schema of your own defines it; leave the line out"
                    : column->element || key
                      ? "that takes a column"
                    : column->leaf->uniqueness != SCIM_UNIQUE_NONE
                      ? "only a column can be unique" : NULL;

    if (why) {
        return apr_psprintf(pool, "\"%s\" cannot have - for a column: %s",
                            column->target, why);
    }
    mapping->needs_extra = column->target;
    return NULL;
}

const char *scim_mapping_add(scim_mapping_t *mapping, const char *target,
                             const char *spec, const char *key,
                             apr_pool_t *pool)
{
    scim_column_t column = { 0 };
    const char *wrong;
    int i;

    if ((wrong = parse_target(&column, target, mapping->type, pool))) {
        return wrong;
    }
    if (strcmp(spec, "-") == 0) {
        return add_extra(mapping, &column, key, pool);
    }
    if ((wrong = check_target(mapping, &column, pool))
        || (wrong = parse_spec(&column, spec, pool))
        || (wrong = check_form(&column, key, pool))) {
        return wrong;
    }
    column.key_name = key ? apr_pstrdup(pool, key) : NULL;
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *other =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (other->leaf == column.leaf
            && (!other->element || !column.element
                || strcasecmp(other->element, column.element) == 0)) {
            return apr_psprintf(pool, "\"%s\" is mapped twice", target);
        }
        if (strcmp(other->name, column.name) == 0) {
            return apr_psprintf(pool, "column \"%s\" is mapped to both \"%s\" "
                                "and \"%s\"", column.name, other->target,
                                target);
        }
    }
    if (!column.element) {
        mapping->places[column.leaf->index] = mapping->columns->nelts;
    }
    APR_ARRAY_PUSH(mapping->columns, scim_column_t) = column;
    add_element(mapping, &column, pool);
    return NULL;
}

const char *scim_mapping_redact(scim_mapping_t *mapping, const char *target,
                                apr_pool_t *pool)
{
    scim_path_t path;
    int i;

    if (scim_path_parse(&path, target, mapping->type, &scim_limits_default,
                        pool)
        || !path.known || !path.attr || path.filter) {
        return apr_psprintf(pool, "\"%s\" is not an attribute of %s", target,
                            mapping->type->name);
    }
    mapping->redacts = 1;
    if (path.sub) {
        mapping->redacted[path.sub->index] = 1;
        return NULL;
    }
    mapping->redacted[path.attr->index] = 1;
    for (i = 0; i < path.attr->nsubs; i++) {
        mapping->redacted[path.attr->subs[i].index] = 1;
    }
    return NULL;
}

/* What the JSONB column may hold: all that clients write and read, and what
 * the configuration defines. */
static int can_be_extra(const scim_rtype_t *type, const scim_attr_t *attr)
{
    const scim_attr_t *top = attr->parent ? attr->parent : attr;

    if (scim_attr_is_configured(attr)) {
        return 1;
    }
    return top->schema != NULL && top != type->related
        && top != type->active && top != type->user_name
        && attr->mutability == SCIM_READ_WRITE
        && top->mutability == SCIM_READ_WRITE
        && attr->returned != SCIM_RETURNED_NEVER;
}

static void find_kept(scim_mapping_t *mapping)
{
    const scim_rtype_t *type = mapping->type;
    int i;

    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];

        mapping->kept[i] = mapping->stored[i] || attr == type->id
            || attr == type->meta
            || (attr->parent == type->meta
                && (mapping->places[i] >= 0
                    || strcmp(attr->name, "resourceType") == 0));
    }
}

static void mark_related(scim_mapping_t *mapping)
{
    const scim_attr_t *related = mapping->type->related;
    int i;

    mapping->stored[related->index] = 1;
    for (i = 0; i < related->nsubs; i++) {
        mapping->stored[related->subs[i].index] = 1;
    }
    find_kept(mapping);
}

/* What clients never see, events do not show either. */
static void redact_secrets(scim_mapping_t *mapping)
{
    int i;

    for (i = 0; i < mapping->type->nattrs; i++) {
        const scim_attr_t *attr = mapping->type->attrs[i];

        if (attr->returned == SCIM_RETURNED_NEVER
            || (attr->parent
                && attr->parent->returned == SCIM_RETURNED_NEVER)) {
            mapping->redacted[i] = 1;
        }
    }
}

static void find_stored(scim_mapping_t *mapping)
{
    int i;

    if (mapping->extra) {
        for (i = 0; i < mapping->type->nattrs; i++) {
            mapping->stored[i] = can_be_extra(mapping->type,
                                              mapping->type->attrs[i]);
        }
    }
    if (mapping->relation) {
        mark_related(mapping);
    }
    for (i = 0; i < mapping->columns->nelts; i++) {
        const scim_column_t *column =
            &APR_ARRAY_IDX(mapping->columns, i, scim_column_t);

        if (column->attr == mapping->type->meta) {
            continue;
        }
        mapping->stored[column->attr->index] = 1;
        mapping->stored[column->leaf->index] = 1;
        if (column->element) {
            const scim_attr_t *sub = scim_attr_sub(column->attr, "type");

            mapping->stored[sub->index] = 1;
        }
    }
}

/* An element is there when its `value` is, so that has to have a column
 * before anything else of the element can have one. */
static const char *check_elements(const scim_mapping_t *mapping,
                                  apr_pool_t *pool)
{
    int i, j;

    for (i = 0; i < mapping->elements->nelts; i++) {
        const scim_element_t *element =
            &APR_ARRAY_IDX(mapping->elements, i, scim_element_t);
        const scim_attr_t *value = scim_attr_sub(element->attr, "value");
        int found = value == NULL;

        for (j = 0; j < mapping->columns->nelts; j++) {
            const scim_column_t *column =
                &APR_ARRAY_IDX(mapping->columns, j, scim_column_t);

            found |= value && column->sub == value
                  && strcasecmp(column->element, element->element) == 0;
        }
        if (!found) {
            return apr_psprintf(pool, "maps part of %s, but not '%s.value'",
                                element->key, element->key);
        }
    }
    return NULL;
}

/* A column that is not there for an attribute. */
typedef struct own_t {
    const char *directive;
    const char *column;         /* NULL: none */
} own_t;

#define OWN_MAX 5

static void list_own(own_t *own, const scim_mapping_t *mapping)
{
    const own_t list[OWN_MAX] = {
        { "ScimKey", mapping->key }, { "ScimTenant", mapping->tenant },
        { "ScimTombstone", mapping->tombstone },
        { "ScimExtra", mapping->extra }, { "ScimVersion", mapping->version }
    };

    memcpy(own, list, sizeof(list));
}

static int is_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* The column of an id, of the wall between tenants and the like must not be
 * what a client writes. */
static const char *check_own_columns(const scim_mapping_t *mapping,
                                     apr_pool_t *pool)
{
    const scim_attr_t *active = mapping->type->active;
    own_t own[OWN_MAX];
    int i, j;

    list_own(own, mapping);
    for (i = 0; i < OWN_MAX; i++) {
        for (j = 0; j < i; j++) {
            if (is_same(own[i].column, own[j].column)) {
                return apr_psprintf(pool, "uses column \"%s\" both as %s and "
                                    "as %s; name a column for each",
                                    own[i].column, own[j].directive,
                                    own[i].directive);
            }
        }
        for (j = 0; j < mapping->columns->nelts; j++) {
            const scim_column_t *column =
                &APR_ARRAY_IDX(mapping->columns, j, scim_column_t);

            if (!is_same(own[i].column, column->name)
                && !is_same(own[i].column, column->key_name)) {
                continue;
            }
            return apr_psprintf(pool, "uses column \"%s\" for %s and as %s; "
                                "%s", own[i].column, column->target,
                                own[i].directive,
                                active && column->attr == active
                                && own[i].column == mapping->tombstone
                                ? "an inactive user and a deleted one must "
                                  "differ"
                                : "an attribute needs a column of its own");
        }
    }
    return NULL;
}

/* A constant for a column that every INSERT fills anyway would come second,
 * or never be used. In the column of an attribute that a request may leave
 * out, it is what such a request gets. */
static const char *check_constants(const scim_mapping_t *mapping,
                                   apr_pool_t *pool)
{
    const scim_rtype_t *type = mapping->type;
    int i, j;

    for (i = 0; i < mapping->constants->nelts; i++) {
        const char *name = APR_ARRAY_IDX(mapping->constants, i,
                                         scim_constant_t).name;
        const char *by = is_same(name, mapping->key) ? "the database"
                       : is_same(name, mapping->tenant) ? "ScimTenant"
                       : is_same(name, mapping->extra) ? "ScimExtra" : NULL;

        for (j = 0; j < mapping->columns->nelts; j++) {
            const scim_column_t *column =
                &APR_ARRAY_IDX(mapping->columns, j, scim_column_t);

            if (is_same(name, column->key_name)
                || (is_same(name, column->name)
                    && (column->attr == type->user_name
                        || column->attr == type->active))) {
                by = column->target;
            }
        }
        for (j = 0; j < i; j++) {
            if (is_same(name, APR_ARRAY_IDX(mapping->constants, j,
                                            scim_constant_t).name)) {
                by = "another one";
            }
        }
        if (by) {
            return apr_psprintf(pool, "has a ScimDefault for column \"%s\", "
                                "which %s fills; remove it", name, by);
        }
    }
    return NULL;
}

/* What a group must have, and what only accounts can have. */
static const char *check_group(const scim_mapping_t *mapping)
{
    const scim_rtype_t *type = mapping->type;

    if (!is_group(type)) {
        return mapping->version ? "has ScimVersion, which is for groups"
                                : NULL;
    }
    if (!scim_mapping_column(mapping, scim_rtype_attr(type, NULL,
                                                      "displayName"), NULL)) {
        return "has no ScimAttribute displayName";
    }
    if (!mapping->relation) {
        return "has no ScimMembers; name the table of members, its column "
               "with the group and its column with the user";
    }
    if (!mapping->version) {
        return "has no ScimVersion; name the counter that a trigger raises "
               "with every change of the members";
    }
    if (mapping->adopt) {
        return "has ScimAdopt, which is for accounts";
    }
    return mapping->protect ? "has ScimProtect, which is for accounts" : NULL;
}

const char *scim_mapping_finish(scim_mapping_t *mapping, apr_pool_t *pool)
{
    const char *wrong;
    const scim_rtype_t *type = mapping->type;

    if (!mapping->table) {
        return "has no ScimTable";
    }
    if (!mapping->key) {
        return "has no ScimKey; name the column that becomes the id";
    }
    if (!mapping->tenant) {
        return "has no ScimTenant; name the column with the organisation";
    }
    if (type->user_name
        && !scim_mapping_column(mapping, type->user_name, NULL)) {
        return "has no ScimAttribute userName";
    }
    if (type->active && !scim_mapping_column(mapping, type->active, NULL)) {
        return "has no ScimAttribute active; name the column that lets a "
               "user in";
    }
    if ((wrong = check_own_columns(mapping, pool))
        || (wrong = check_constants(mapping, pool))) {
        return wrong;
    }
    if (mapping->adopt
        && !scim_mapping_column(mapping, type->external_id, NULL)) {
        return "has ScimAdopt, but no ScimAttribute externalId";
    }
    if (mapping->guard && !type->active) {
        return "has ScimGuard, but nothing in it can be deactivated";
    }
    if (mapping->needs_extra && !mapping->extra) {
        return apr_psprintf(pool, "has no ScimExtra to keep \"%s\" in; add "
                            "one, or name a column for it",
                            mapping->needs_extra);
    }
    if ((wrong = check_group(mapping))
        || (wrong = check_elements(mapping, pool))) {
        return wrong;
    }
    find_stored(mapping);
    find_kept(mapping);
    redact_secrets(mapping);
    return NULL;
}

void scim_mapping_relate(scim_mapping_t *groups, scim_mapping_t *users,
                         apr_pool_t *pool)
{
    scim_relation_t *members = apr_pmemdup(pool, groups->relation,
                                           sizeof(*members));
    scim_relation_t *back = apr_pmemdup(pool, members, sizeof(*back));

    members->others = users;
    groups->relation = members;
    back->own = members->other;
    back->other = members->own;
    back->others = groups;
    users->relation = back;
    mark_related(users);
}

const scim_column_t *scim_mapping_column(const scim_mapping_t *mapping,
                                         const scim_attr_t *attr,
                                         const scim_attr_t *sub)
{
    int place = mapping->places[sub ? sub->index : attr->index];

    return place < 0 ? NULL
         : &APR_ARRAY_IDX(mapping->columns, place, scim_column_t);
}

const scim_element_t *scim_mapping_element(const scim_mapping_t *mapping,
                                           const scim_attr_t *attr,
                                           const char *type)
{
    int i;

    for (i = 0; i < mapping->elements->nelts; i++) {
        const scim_element_t *element =
            &APR_ARRAY_IDX(mapping->elements, i, scim_element_t);

        if (element->attr == attr && strcasecmp(element->element, type) == 0) {
            return element;
        }
    }
    return NULL;
}

int scim_mapping_is_extra(const scim_mapping_t *mapping,
                          const scim_attr_t *attr)
{
    return mapping->extra && can_be_extra(mapping->type, attr)
        && !scim_mapping_column(mapping, attr, NULL);
}
