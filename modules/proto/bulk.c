#include "proto/bulk.h"

#include <apr_cstr.h>
#include <apr_escape.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#include "proto/message.h"
#include "proto/quirks.h"

#define PREFIX "bulkId:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

/* The resources that an operation may be about; nothing else has a URL that
 * makes sense here. */
static const char users[] = "Users";
static const char *const endpoints[] = { users, "Groups" };

/* --- references --- */

/* What is done with references: `stand_in` is asked for the text in place of
 * each; NULL leaves it. */
typedef struct walk_t walk_t;
struct walk_t {
    const char *(*stand_in)(const walk_t *walk, const char *bulk_id);
    void *baton;
    const char *endpoint;   /* of what is referred to; NULL: of anything */
    apr_pool_t *pool;
};

/* The bulkId that the text refers to as a whole, or NULL. */
static const char *referred(const char *text)
{
    return strncmp(text, PREFIX, PREFIX_LEN) == 0 && text[PREFIX_LEN]
         ? text + PREFIX_LEN : NULL;
}

/* `../Users/bulkId:x`, with or without a host in front. */
static const char *replace_in_url(const char *text, const walk_t *walk)
{
    const char *slash = strrchr(text, '/');
    const char *bulk_id = referred(slash ? slash + 1 : text);
    const char *id = bulk_id ? walk->stand_in(walk, bulk_id) : NULL;

    return id ? apr_pstrcat(walk->pool,
                            apr_pstrmemdup(walk->pool, text, slash
                                           ? (apr_size_t)(slash + 1 - text)
                                           : 0),
                            apr_pescape_path_segment(walk->pool, id), NULL)
              : NULL;
}

/* The length of the token that a path begins with: a quoted value with its
 * quotes, a word, or one other character. */
static apr_size_t token_length(const char *at)
{
    apr_size_t len = *at == '"' ? 1 : strcspn(at, " \"()[]");

    if (*at != '"') {
        return len ? len : 1;
    }
    while (at[len] && at[len] != '"') {
        len += at[len] == '\\' && at[len + 1] ? 2 : 1;
    }
    return at[len] ? len + 1 : len;
}

/* `members[value eq "bulkId:x"].display`; quotes may be missing, as in
 * filters. */
static const char *replace_in_path(const char *at, const walk_t *walk)
{
    scim_buf_t out;
    int changed = 0;

    scim_buf_init(&out, strlen(at) + 32, walk->pool);
    while (*at) {
        apr_size_t len = token_length(at);
        apr_size_t quote = *at == '"' && len > 1;
        const char *token = apr_pstrmemdup(walk->pool, at + quote,
                                           len - 2 * quote);
        const char *bulk_id = referred(token);
        const char *id = bulk_id ? walk->stand_in(walk, bulk_id)
                                 : NULL;

        if (id) {
            scim_buf_json(&out, id, strlen(id));
            changed = 1;
        }
        else {
            scim_buf_add(&out, at, len);
        }
        at += len;
    }
    return changed ? out.data : NULL;
}

static const char *replace(const scim_json_t *value, const walk_t *walk)
{
    const char *bulk_id = referred(value->text);

    if (bulk_id) {
        return walk->stand_in(walk, bulk_id);
    }
    if (value->name && apr_cstr_casecmp(value->name, "$ref") == 0) {
        return replace_in_url(value->text, walk);
    }
    if (value->name && apr_cstr_casecmp(value->name, "path") == 0
        && strchr(value->text, '[')) {
        return replace_in_path(value->text, walk);
    }
    return NULL;
}

/* Whether a path leads to where a user is meant: a member, a manager. */
static int is_about_user(const char *path)
{
    apr_size_t len;

    for (; *path && *path != '['; path += len) {
        path += strspn(path, ":.");
        len = strcspn(path, ":.[");
        if (len == 7 && (apr_cstr_casecmpn(path, "members", len) == 0
                         || apr_cstr_casecmpn(path, "manager", len) == 0)) {
            return 1;
        }
    }
    return 0;
}

/* Whether an attribute, or an operation of a PATCH, is about users. */
static int is_place_of_user(const scim_json_t *value)
{
    const scim_json_t *path = value->type == SCIM_JSON_OBJECT
                            ? scim_json_find(value, "path") : NULL;

    return (value->name && is_about_user(value->name))
        || (path && path->type == SCIM_JSON_STRING
            && is_about_user(path->text));
}

/* Visit every reference in a document; the names of a PATCH value's members
 * are paths as well. */
static void walk_value(scim_json_t *value, const walk_t *walk)
{
    const char *text = value->type == SCIM_JSON_STRING ? replace(value, walk)
                                                       : NULL;
    scim_json_t *child;

    if (text) {
        value->text = text;
        value->len = strlen(text);
    }
    for (child = value->first; child; child = child->next) {
        walk_t inner = *walk;
        const char *name;

        if (is_place_of_user(child)) {
            inner.endpoint = users;
        }
        name = child->name && strchr(child->name, '[')
             ? replace_in_path(child->name, &inner) : NULL;
        if (name) {
            child->name = name;
        }
        walk_value(child, &inner);
    }
}

static const char *id_of(const scim_bulk_t *bulk, const char *bulk_id)
{
    const scim_bulk_operation_t *create =
        apr_hash_get(bulk->creates, bulk_id, APR_HASH_KEY_STRING);

    return create ? create->id : NULL;
}

static const char *stand_in_id(const walk_t *walk, const char *bulk_id)
{
    return id_of(walk->baton, bulk_id);
}

void scim_bulk_resolve(const scim_bulk_t *bulk, scim_json_t *value,
                       apr_pool_t *pool)
{
    walk_t walk = { stand_in_id, (void *)bulk, NULL, pool };

    walk_value(value, &walk);
}

scim_json_t *scim_bulk_data(const scim_bulk_t *bulk,
                            const scim_bulk_operation_t *operation,
                            apr_pool_t *pool)
{
    scim_json_t *copy;

    if (!operation->data) {
        return NULL;
    }
    copy = scim_json_copy(operation->data, pool);
    scim_bulk_resolve(bulk, copy, pool);
    return copy;
}

const char *scim_bulk_target(const scim_bulk_t *bulk,
                             const scim_bulk_operation_t *operation)
{
    const char *bulk_id = operation->target ? referred(operation->target)
                                            : NULL;

    return bulk_id ? id_of(bulk, bulk_id) : operation->target;
}

const scim_bulk_operation_t *
scim_bulk_failed_need(const scim_bulk_t *bulk,
                      const scim_bulk_operation_t *operation)
{
    int i;

    for (i = 0; i < operation->needs->nelts; i++) {
        const scim_bulk_operation_t *create =
            &bulk->operations[APR_ARRAY_IDX(operation->needs, i, int)];

        if (create->outcome.status && !create->id) {
            return create;
        }
    }
    return NULL;
}

/* --- a create in two parts --- */

static const char *note_reference(const walk_t *walk, const char *bulk_id)
{
    (void)bulk_id;
    *(int *)walk->baton = 1;
    return NULL;
}

static int refers(scim_json_t *value, apr_pool_t *pool)
{
    int found = 0;
    walk_t walk = { note_reference, &found, NULL, pool };

    walk_value(value, &walk);
    return found;
}

/* An extension's attributes are parted within it: the others of them may be
 * required. */
static scim_json_t *part(scim_json_t *object, apr_pool_t *pool)
{
    scim_json_t *later = scim_json_make(SCIM_JSON_OBJECT, pool);
    scim_json_t *member, *next;

    for (member = object->first; member; member = next) {
        const char *name = member->name;

        next = member->next;
        if (!refers(member, pool)) {
            continue;
        }
        if (member->type == SCIM_JSON_OBJECT
            && apr_cstr_casecmpn(name, "urn:", 4) == 0) {
            scim_json_set(later, name, part(member, pool));
        }
        else {
            scim_json_unlink(object, member);
            scim_json_set(later, name, member);
        }
    }
    return later;
}

scim_json_t *scim_bulk_part(scim_json_t *data, apr_pool_t *pool)
{
    scim_json_t *later, *operation, *operations, *message;

    /* whatever else it is has no attributes, and is refused by the create */
    if (data->type != SCIM_JSON_OBJECT) {
        return NULL;
    }
    later = part(data, pool);
    if (!later->first) {
        return NULL;
    }
    operation = scim_json_make(SCIM_JSON_OBJECT, pool);
    scim_json_set(operation, "op", scim_json_make_string("replace", pool));
    scim_json_set(operation, "value", later);
    operations = scim_json_make(SCIM_JSON_ARRAY, pool);
    scim_json_append(operations, operation);
    message = scim_json_make(SCIM_JSON_OBJECT, pool);
    scim_json_set(message, "Operations", operations);
    return message;
}

/* --- reading --- */

/* The text of a member that must be a string where it is given. */
static scim_err_t *read_text(const char **ptext, const scim_json_t *object,
                             const char *name, apr_pool_t *pool)
{
    const scim_json_t *member = scim_json_find(object, name);

    *ptext = NULL;
    if (!member || member->type == SCIM_JSON_NULL) {
        return NULL;
    }
    if (member->type != SCIM_JSON_STRING) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "the %s of the operation is not a string", name);
    }
    *ptext = member->text;
    return NULL;
}

static scim_err_t *read_method(scim_bulk_operation_t *operation,
                               apr_pool_t *pool)
{
    static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE" };
    const char *method = operation->method;
    apr_size_t i;

    for (i = 0; method && i < sizeof(methods) / sizeof(*methods); i++) {
        if (apr_cstr_casecmp(method, methods[i]) == 0) {
            operation->method = methods[i];
            return NULL;
        }
    }
    return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                         "the method of an operation must be POST, PUT, PATCH "
                         "or DELETE, not \"%s\"",
                         scim_err_quote(method ? method : "", pool));
}

/* What stands behind the base URL, or behind its path. */
static const char *below_base(const char *path, const char *base_url)
{
    const char *scheme = strstr(base_url, "://");
    const char *base_path = scheme ? strchr(scheme + 3, '/') : NULL;
    apr_size_t len = strlen(base_url);

    if (strncmp(path, base_url, len) == 0 && path[len] == '/') {
        return path + len;
    }
    len = base_path ? strlen(base_path) : 0;
    return len && strncmp(path, base_path, len) == 0 && path[len] == '/'
         ? path + len : path;
}

static const char *find_endpoint(const char *name, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < sizeof(endpoints) / sizeof(*endpoints); i++) {
        if (strlen(endpoints[i]) == len
            && memcmp(name, endpoints[i], len) == 0) {
            return endpoints[i];
        }
    }
    return NULL;
}

/* Take the path apart; it is a URL, so its id may be escaped, and what
 * follows a question mark says nothing here. */
static scim_err_t *read_path(scim_bulk_operation_t *operation,
                             const char *path, const char *base_url,
                             apr_pool_t *pool)
{
    const char *at = below_base(path, base_url);
    int creates = strcmp(operation->method, "POST") == 0, valid = 1;
    apr_size_t len;

    at += strspn(at, "/");
    len = strcspn(at, "/?");
    operation->endpoint = find_endpoint(at, len);
    at += len;
    at += strspn(at, "/");
    len = strcspn(at, "/?");
    if (len) {
        operation->target = apr_punescape_url(pool,
                                              apr_pstrmemdup(pool, at, len),
                                              "/", NULL, 0);
        valid = operation->target && *operation->target;
        at += len;
        at += strspn(at, "/");
    }
    if (!operation->endpoint || !valid || (*at && *at != '?')
        || creates == (operation->target != NULL)) {
        operation->endpoint = operation->target = NULL;
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "the path \"%s\" is none for %s: it must be "
                             "/Users%s or /Groups%s",
                             scim_err_quote(path, pool), operation->method,
                             creates ? "" : "/ID", creates ? "" : "/ID");
    }
    return NULL;
}

/* A create has a bulkId of its own. */
static scim_err_t *note_create(scim_bulk_t *bulk,
                               scim_bulk_operation_t *operation,
                               apr_pool_t *pool)
{
    const char *bulk_id = operation->bulk_id;

    if (!bulk_id || !*bulk_id) {
        return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                             "a POST must have a bulkId");
    }
    if (apr_hash_get(bulk->creates, bulk_id, APR_HASH_KEY_STRING)) {
        return scim_err_make(SCIM_ERR_INVALID_VALUE, pool,
                             "another POST of this job has the bulkId \"%s\"",
                             scim_err_quote(bulk_id, pool));
    }
    apr_hash_set(bulk->creates, bulk_id, APR_HASH_KEY_STRING, operation);
    return NULL;
}

static scim_err_t *decode_operation(scim_bulk_t *bulk,
                                    scim_bulk_operation_t *operation,
                                    const scim_json_t *in,
                                    const char *base_url, apr_pool_t *pool)
{
    const char *path;
    scim_json_t *data = scim_json_find(in, "data");
    scim_err_t *err = read_text(&operation->bulk_id, in, "bulkId", pool);

    /* the answer has both, as far as they are known */
    SCIM_TRY(read_text(&operation->method, in, "method", pool));
    SCIM_TRY(err);
    SCIM_TRY(read_text(&operation->version, in, "version", pool));
    SCIM_TRY(read_text(&path, in, "path", pool));
    SCIM_TRY(read_method(operation, pool));
    if (strcmp(operation->method, "POST") == 0) {
        SCIM_TRY(note_create(bulk, operation, pool));
    }
    if (strcmp(operation->method, "DELETE") != 0
        && data && data->type != SCIM_JSON_NULL) {
        operation->data = strcmp(operation->method, "PATCH") == 0
                        ? scim_quirk_bare_operations(data, pool) : data;
    }
    return read_path(operation, path ? path : "", base_url, pool);
}

/* --- what needs what --- */

typedef struct collect_t {
    const scim_bulk_t *bulk;
    scim_bulk_operation_t *operation;
} collect_t;

static void refuse(scim_bulk_operation_t *operation, const char *bulk_id,
                   const char *why, apr_pool_t *pool)
{
    if (!operation->err) {
        operation->err = scim_err_make(SCIM_ERR_INVALID_VALUE, pool,
            "it refers to the bulkId \"%s\", %s",
            scim_err_quote(bulk_id, pool), why);
    }
}

/* Users and groups may have the same ids, so one must not pass for the
 * other. */
static const char *collect(const walk_t *walk, const char *bulk_id)
{
    const collect_t *into = walk->baton;
    const scim_bulk_operation_t *create =
        apr_hash_get(into->bulk->creates, bulk_id, APR_HASH_KEY_STRING);

    if (!create) {
        refuse(into->operation, bulk_id, "which no POST of this job has",
               walk->pool);
    }
    else if (walk->endpoint && create->endpoint
             && strcmp(walk->endpoint, create->endpoint) != 0) {
        refuse(into->operation, bulk_id, walk->endpoint == users
               ? "which is a group, where a user is meant"
               : "which is a user, where a group is meant", walk->pool);
    }
    else {
        APR_ARRAY_PUSH(into->operation->needs, int) =
            (int)(create - into->bulk->operations);
    }
    return NULL;
}

static void collect_needs(scim_bulk_t *bulk, scim_bulk_operation_t *operation,
                          apr_pool_t *pool)
{
    collect_t into = { bulk, operation };
    walk_t of_data = { collect, &into, NULL, pool };
    walk_t of_path = { collect, &into, operation->endpoint, pool };
    const char *bulk_id = operation->target ? referred(operation->target)
                                            : NULL;

    operation->needs = apr_array_make(pool, 2, sizeof(int));
    if (operation->err) {
        return;
    }
    if (bulk_id) {
        collect(&of_path, bulk_id);
    }
    if (operation->data) {
        walk_value(operation->data, &of_data);
    }
    if (operation->err) {
        apr_array_clear(operation->needs);
    }
}

/* --- the order --- */

/* Tarjan's search for strongly connected components. It finds them in the
 * order in which they need each other, and begins with the first operation of
 * the message, so nothing moves that need not. Not recursive: a chain may be
 * as long as the message. */
typedef struct visit_t {
    int number;             /* when it was met, from 1; 0: not yet */
    int low;                /* the earliest that it leads back to */
    int is_open;            /* its component is not complete */
    int need;               /* the next of its needs to follow */
} visit_t;

typedef struct order_t {
    const scim_bulk_t *bulk;
    visit_t *visits;
    int met;
    int *trail, trail_len;  /* from the first to the one being visited */
    int *open, open_len;    /* met, and not in a step yet */
    apr_pool_t *pool;
} order_t;

static int compare_ints(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void enter(order_t *order, int at)
{
    visit_t *visit = &order->visits[at];

    visit->number = visit->low = ++order->met;
    visit->is_open = 1;
    order->trail[order->trail_len++] = at;
    order->open[order->open_len++] = at;
}

static int needs_itself(const scim_bulk_t *bulk, int at)
{
    const apr_array_header_t *needs = bulk->operations[at].needs;
    int i;

    for (i = 0; i < needs->nelts; i++) {
        if (APR_ARRAY_IDX(needs, i, int) == at) {
            return 1;
        }
    }
    return 0;
}

/* All that was met since `at` is one component. */
static void add_step(order_t *order, int at)
{
    scim_bulk_step_t *step = apr_array_push(order->bulk->steps);
    int *members, first = order->open_len;

    do {
        order->visits[order->open[--first]].is_open = 0;
    } while (order->open[first] != at);
    step->count = order->open_len - first;
    members = apr_pmemdup(order->pool, order->open + first,
                          (apr_size_t)step->count * sizeof(int));
    qsort(members, (size_t)step->count, sizeof(int), compare_ints);
    step->operations = members;
    step->is_circle = step->count > 1 || needs_itself(order->bulk, at);
    order->open_len = first;
}

/* Follow the next need of the operation, or leave it when there is none. */
static void go_on(order_t *order)
{
    int at = order->trail[order->trail_len - 1];
    const apr_array_header_t *needs = order->bulk->operations[at].needs;
    visit_t *visit = &order->visits[at];

    if (visit->need < needs->nelts) {
        int to = APR_ARRAY_IDX(needs, visit->need++, int);

        if (!order->visits[to].number) {
            enter(order, to);
        }
        else if (order->visits[to].is_open
                 && order->visits[to].number < visit->low) {
            visit->low = order->visits[to].number;
        }
        return;
    }
    order->trail_len--;
    if (order->trail_len) {
        visit_t *from =
            &order->visits[order->trail[order->trail_len - 1]];

        from->low = visit->low < from->low ? visit->low : from->low;
    }
    if (visit->low == visit->number) {
        add_step(order, at);
    }
}

static void find_order(scim_bulk_t *bulk, apr_pool_t *pool)
{
    apr_size_t size = (apr_size_t)bulk->count;
    order_t order = { bulk };
    int i;

    order.visits = apr_pcalloc(pool, size * sizeof(visit_t));
    order.trail = apr_palloc(pool, size * sizeof(int));
    order.open = apr_palloc(pool, size * sizeof(int));
    order.pool = pool;
    for (i = 0; i < bulk->count; i++) {
        if (!order.visits[i].number) {
            enter(&order, i);
        }
        while (order.trail_len) {
            go_on(&order);
        }
    }
}

/* --- the message --- */

static scim_err_t *read_fail_on_errors(scim_bulk_t *bulk,
                                       const scim_json_t *body,
                                       apr_pool_t *pool)
{
    const scim_json_t *member = scim_json_find(body, "failOnErrors");
    apr_int64_t number;
    char *end;

    if (!member || member->type == SCIM_JSON_NULL) {
        return NULL;
    }
    if (member->type == SCIM_JSON_NUMBER) {
        number = apr_strtoi64(member->text, &end, 10);
        if (!*end && number >= 0) {
            bulk->fail_on_errors = number > APR_INT32_MAX ? APR_INT32_MAX
                                                          : (int)number;
            return NULL;
        }
    }
    return scim_err_make(SCIM_ERR_INVALID_VALUE, pool,
                         "failOnErrors must be a whole number that is not "
                         "negative");
}

static scim_err_t *decode_operations(scim_bulk_t *bulk,
                                     const scim_json_t *list,
                                     const char *base_url, apr_pool_t *pool)
{
    const scim_json_t *in;
    int i = 0;

    for (in = list->first; in; in = in->next, i++) {
        scim_bulk_operation_t *operation = &bulk->operations[i];

        if (in->type != SCIM_JSON_OBJECT) {
            return scim_err_make(SCIM_ERR_INVALID_SYNTAX, pool,
                                 "operation %d is not an object", i + 1);
        }
        operation->err = decode_operation(bulk, operation, in, base_url,
                                          pool);
    }
    return NULL;
}

scim_err_t *scim_bulk_decode(scim_bulk_t **pbulk, const scim_json_t *body,
                             const char *base_url, int max, apr_pool_t *pool)
{
    scim_bulk_t *bulk = apr_pcalloc(pool, sizeof(*bulk));
    const scim_json_t *list;
    int i;

    SCIM_TRY(scim_message_operations(&list, body, pool));
    bulk->count = scim_json_count(list);
    if (bulk->count > max) {
        return scim_err_make(SCIM_ERR_TOO_LARGE, pool,
                             "the job has %d operations, more than the %d "
                             "that are accepted (maxOperations)", bulk->count,
                             max);
    }
    SCIM_TRY(read_fail_on_errors(bulk, body, pool));
    bulk->operations = apr_pcalloc(pool, ((apr_size_t)bulk->count + 1)
                                         * sizeof(scim_bulk_operation_t));
    bulk->creates = apr_hash_make(pool);
    bulk->steps = apr_array_make(pool, bulk->count + 1,
                                 sizeof(scim_bulk_step_t));
    SCIM_TRY(decode_operations(bulk, list, base_url, pool));
    for (i = 0; i < bulk->count; i++) {
        collect_needs(bulk, &bulk->operations[i], pool);
    }
    find_order(bulk, pool);
    *pbulk = bulk;
    return NULL;
}

/* --- writing --- */

static void put_member(scim_buf_t *buf, const char *name, const char *text)
{
    if (text) {
        scim_buf_puts(buf, ",\"");
        scim_buf_puts(buf, name);
        scim_buf_puts(buf, "\":");
        scim_buf_json(buf, text, strlen(text));
    }
}

static void format_operation(scim_buf_t *buf,
                             const scim_bulk_operation_t *operation)
{
    const scim_bulk_outcome_t *outcome = &operation->outcome;

    scim_buf_printf(buf, "{\"status\":\"%d\"", outcome->status);
    put_member(buf, "method", operation->method);
    put_member(buf, "bulkId", operation->bulk_id);
    put_member(buf, "location", outcome->location);
    put_member(buf, "version", outcome->version);
    if (outcome->response) {
        scim_buf_puts(buf, ",\"response\":");
        scim_buf_puts(buf, outcome->response);
    }
    scim_buf_putc(buf, '}');
}

void scim_bulk_format(scim_buf_t *buf, const scim_bulk_t *bulk)
{
    const char *comma = "";
    int i;

    scim_buf_puts(buf, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:"
                       "BulkResponse\"],\"Operations\":[");
    for (i = 0; i < bulk->count; i++) {
        if (bulk->operations[i].outcome.status) {
            scim_buf_puts(buf, comma);
            format_operation(buf, &bulk->operations[i]);
            comma = ",";
        }
    }
    scim_buf_puts(buf, "]}");
}
