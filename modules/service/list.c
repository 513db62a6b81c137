/* Lists and searches: of one resource type, or from the root of all. */
#include "service/resources.h"

#include <apr_strings.h>

#include <string.h>

#include "pg/cursor_keys.h"
#include "pg/proof.h"
#include "proto/message.h"
#include "query/cursor.h"
#include "query/filter.h"
#include "query/list.h"
#include "query/projection.h"
#include "service/intake.h"
#include "service/render.h"
#include "service/talk.h"

/* What a list has of one resource type. */
typedef struct part_t {
    const scim_mapping_t *mapping;
    const scim_facts_t *facts;
    const unsigned char *shown;     /* by attribute index */
    int with_related;               /* members, or groups, are shown */
    const scim_filter_t *filter;    /* NULL: everything */
    scim_order_t order;
    scim_answer_t answer;
} part_t;

typedef struct search_t {
    const char *scope;              /* endpoint; "" for the root */
    scim_list_t list;
    apr_array_header_t *parts;      /* of part_t */
    const char *bound;              /* what a cursor is good for */
    int first;                      /* the part where the page begins */
    scim_place_t after;             /* with a cursor: behind this place of it */
    scim_cursor_t cursor;           /* as opened */
    apr_int64_t total;
    const char *next;               /* cursor of the page behind; NULL: none */
} search_t;

static part_t *part_at(const search_t *search, int i)
{
    return &APR_ARRAY_IDX(search->parts, i, part_t);
}

static int is_by_cursor(const search_t *search)
{
    return search->list.cursor != NULL;
}

/* Whether the page is not the first. */
static int has_cursor(const search_t *search)
{
    return search->list.cursor && *search->list.cursor;
}

/* Reading the request */

static scim_err_t *add_part(search_t *search, const scim_mapping_t *mapping,
                            const scim_scope_t *all,
                            const scim_limits_t *limits, apr_pool_t *pool)
{
    const scim_scope_t own = { mapping->type, mapping->kept };
    const scim_list_t *list = &search->list;
    const scim_attr_t *related = mapping->type->related;
    part_t *part = apr_array_push(search->parts);

    part->mapping = mapping;
    if (list->filter) {
        SCIM_TRY(scim_filter_parse_among(&part->filter, list->filter, &own,
                                         all, limits, pool));
    }
    SCIM_TRY(scim_projection_make(&part->shown, list->attributes,
                                  list->excluded, mapping->type, pool));
    part->with_related = related && part->shown[related->index];
    return NULL;
}

static scim_err_t *read_list(search_t *search, const scim_call_t *call,
                             int is_search)
{
    const scim_request_t *request = call->request;
    const scim_service_t *service = request->service;
    const scim_json_t *body;

    if (!is_search) {
        return scim_list_parse(&search->list, request->query, service->page,
                               service->page_max, request->pool);
    }
    SCIM_TRY(scim_intake_body(&body, call));
    return scim_list_decode(&search->list, body, service->page,
                            service->page_max, request->pool);
}

/* Cursors */

/* Filter and order, as they stand in SQL where the mapping has a say in it:
 * so a cursor ends with the configuration that it was made under. */
static const char *bound_of(const search_t *search, apr_pool_t *pool)
{
    const char *filter = search->list.filter;
    const char *bound = apr_pstrcat(pool, search->scope, "\n",
                                    filter ? filter : "", NULL);
    int i;

    for (i = 0; i < search->parts->nelts; i++) {
        const scim_order_t *order = &part_at(search, i)->order;

        bound = apr_pstrcat(pool, bound, "\n",
                            order->value ? order->value : "",
                            order->descending ? " DESC" : "", NULL);
    }
    return bound;
}

/* Find the place that an opened cursor names. */
static scim_err_t *find_place(search_t *search, apr_pool_t *pool)
{
    const scim_cursor_t *cursor = &search->cursor;
    int i;

    for (i = 0; i < search->parts->nelts; i++) {
        const part_t *part = part_at(search, i);

        if (strcmp(part->mapping->type->name, cursor->type) == 0
            && scim_sql_is_key(part->facts->key_type, cursor->key)) {
            search->first = i;
            search->after.key = cursor->key;
            search->after.value = cursor->value;
            search->total = cursor->total;
            return NULL;
        }
    }
    return scim_cursor_invalid(pool);
}

static scim_err_t *try_open(search_t *search, const scim_talk_t *talk)
{
    apr_pool_t *pool = talk->call->request->pool;

    SCIM_TRY(scim_cursor_open(&search->cursor, search->list.cursor,
                              scim_cursor_keys_get(talk->conn), search->bound,
                              pool));
    return find_place(search, pool);
}

/* Open the cursor with the keys that this connection knows. Whether there
 * are others is asked together with the token: so nobody without one learns
 * anything, or costs more than without a cursor. */
static scim_err_t *open_cursor(search_t *search, scim_talk_t *talk)
{
    if (!try_open(search, talk)) {
        return NULL;
    }
    SCIM_TRY(scim_talk_token(talk, SCIM_ASK_KEYS));
    return try_open(search, talk);
}

/* Cut what is more than the page and seal its end. One resource more than
 * wanted was asked for: it is there unless this is the last page. */
static scim_err_t *seal_next(search_t *search, const scim_talk_t *talk)
{
    apr_pool_t *pool = talk->call->request->pool;
    scim_cursor_t end = { 0 };
    int left = search->list.count, more = 0, i;

    for (i = search->first; i < search->parts->nelts; i++) {
        part_t *part = part_at(search, i);

        if (part->answer.count > left) {
            part->answer.count = left;
            more = 1;
        }
        left -= part->answer.count;
        if (part->answer.count) {
            const scim_found_t *last =
                &part->answer.found[part->answer.count - 1];

            end.type = part->mapping->type->name;
            end.key = last->row.id;
            end.value = last->sort;
        }
    }
    if (!more) {
        return NULL;
    }
    end.tenant = talk->call->reply->tenant;
    end.total = search->total;
    end.made = apr_time_now();
    search->next = scim_cursor_seal(&end, scim_cursor_keys_get(talk->conn),
                                    search->bound, pool);
    return search->next ? NULL
         : scim_err_make_cause(SCIM_ERR_INTERNAL,
               "the service could not make a cursor",
               "no key in scim.cursor_keys, or no random numbers; SELECT "
               "scim.rotate_key() makes a key", pool);
}

/* Conversation */

static scim_err_t *prepare(search_t *search, scim_talk_t *talk)
{
    const scim_list_t *list = &search->list;
    apr_pool_t *pool = talk->call->request->pool;
    int i;

    search->first = 0;
    search->total = 0;
    search->next = NULL;
    for (i = 0; i < search->parts->nelts; i++) {
        part_t *part = part_at(search, i);

        SCIM_TRY(scim_talk_facts(&part->facts, talk, part->mapping));
        scim_order_make(&part->order, part->mapping, part->facts,
                        list->sort_by, list->descending, pool);
        memset(&part->answer, 0, sizeof(part->answer));
    }
    search->bound = bound_of(search, pool);
    return NULL;
}

/* What is to be asked of one part. */
static scim_err_t *write_part(scim_sql_t *sql, const search_t *search,
                              const scim_talk_t *talk, const part_t *part,
                              apr_int64_t skip, int count)
{
    int begins = part == part_at(search, search->first);
    scim_page_t page = { part->filter, &part->order, NULL, skip, count,
                         !has_cursor(search) };

    if (begins && has_cursor(search)) {
        page.after = &search->after;
    }
    scim_sql_init(sql, talk->call->request->pool);
    sql->with_related = part->with_related;
    sql->base_url = talk->call->request->base_url;
    return scim_sql_list(sql, part->mapping, part->facts, &talk->call->asker,
                         &page);
}

static scim_err_t *ask_part(scim_talk_t *talk, part_t *part,
                            const scim_sql_t *sql, scim_ask_t ask)
{
    scim_talk_t its = *talk;

    its.mapping = part->mapping;
    its.facts = part->facts;
    return scim_talk_ask(&its, &part->answer, sql, ask);
}

/* Walk through the parts until the page is full. A filter by what is kept of
 * none of them is refused as a whole, to those whose token is valid. */
static scim_err_t *ask_parts(search_t *search, scim_talk_t *talk)
{
    int left = search->list.count, i;
    apr_int64_t skip = search->list.start - 1;
    scim_sql_t sql;

    if (is_by_cursor(search) && left) {
        left++;
    }
    for (i = search->first; i < search->parts->nelts; i++) {
        part_t *part = part_at(search, i);
        scim_err_t *err = write_part(&sql, search, talk, part, skip, left);

        if (err) {
            SCIM_TRY(scim_talk_token(talk, SCIM_ASK_ALONE));
            return err;
        }
        SCIM_TRY(ask_part(talk, part, &sql, is_by_cursor(search)
                                            ? SCIM_ASK_KEYS : SCIM_ASK_ALONE));
        left -= part->answer.count;
        skip -= skip < part->answer.total ? skip : part->answer.total;
        if (!has_cursor(search)) {
            search->total += part->answer.total;
        }
        else if (!left) {
            break;
        }
    }
    return NULL;
}

static scim_err_t *talk_search(scim_talk_t *talk, void *baton)
{
    search_t *search = baton;
    const scim_reply_t *reply = talk->call->reply;

    SCIM_TRY(prepare(search, talk));
    if (has_cursor(search)) {
        SCIM_TRY(open_cursor(search, talk));
    }
    SCIM_TRY(ask_parts(search, talk));
    if (has_cursor(search)
        && strcmp(search->cursor.tenant, reply->tenant) != 0) {
        return scim_cursor_invalid(talk->call->request->pool);
    }
    return is_by_cursor(search) ? seal_next(search, talk) : NULL;
}

/* Writing the reply */

static void put_resources(scim_buf_t *buf, const search_t *search,
                          const scim_call_t *call)
{
    int i, j, written = 0;

    for (i = 0; i < search->parts->nelts; i++) {
        const part_t *part = part_at(search, i);
        scim_render_t render;

        scim_render_init(&render, part->mapping, part->shown,
                         call->request->base_url, call->request->pool);
        for (j = 0; j < part->answer.count; j++) {
            if (written++) {
                scim_buf_putc(buf, ',');
            }
            scim_render_resource(buf, &render, &part->answer.found[j].row);
        }
    }
}

static void put_list(scim_reply_t *reply, const search_t *search,
                     const scim_call_t *call)
{
    int items = 0, i;

    for (i = 0; i < search->parts->nelts; i++) {
        items += part_at(search, i)->answer.count;
    }
    reply->status = 200;
    if (is_by_cursor(search)) {
        scim_message_page_open(&reply->body, search->total, items,
                               search->next);
    }
    else {
        scim_message_list_open(&reply->body, search->total,
                               search->list.start, items);
    }
    put_resources(&reply->body, search, call);
    scim_message_list_close(&reply->body);
}

static scim_err_t *read_search(search_t *search, const scim_call_t *call,
                               const scim_mapping_t *const *mappings,
                               int nmappings, int is_search)
{
    const scim_limits_t *limits = &call->request->service->limits;
    apr_pool_t *pool = call->request->pool;
    scim_scope_t *all = apr_pcalloc(pool, ((apr_size_t)nmappings + 1)
                                          * sizeof(*all));
    int i;

    for (i = 0; i < nmappings; i++) {
        all[i].type = mappings[i]->type;
        all[i].kept = mappings[i]->kept;
    }
    SCIM_TRY(read_list(search, call, is_search));
    for (i = 0; i < nmappings; i++) {
        SCIM_TRY(add_part(search, mappings[i], all, limits, pool));
    }
    return NULL;
}

static scim_err_t *serve(scim_reply_t *reply, const scim_call_t *call,
                         const char *scope,
                         const scim_mapping_t *const *mappings, int nmappings,
                         int is_search)
{
    search_t search = { scope };
    scim_err_t *err;

    search.parts = apr_array_make(call->request->pool, nmappings,
                                  sizeof(part_t));
    err = read_search(&search, call, mappings, nmappings, is_search);
    if (err) {
        return scim_resources_refuse(call, err);
    }
    SCIM_TRY(scim_talk(call, talk_search, &search));
    put_list(reply, &search, call);
    return NULL;
}

static scim_err_t *serve_one(scim_reply_t *reply, const scim_call_t *call,
                             int is_search)
{
    return serve(reply, call, call->mapping->type->endpoint, &call->mapping,
                 1, is_search);
}

/* All resource types that are served, in this order. */
static scim_err_t *serve_all(scim_reply_t *reply, const scim_call_t *call,
                             int is_search)
{
    const scim_service_t *service = call->request->service;
    const scim_mapping_t *mappings[] = { service->users, service->groups };

    return serve(reply, call, "", mappings, service->groups ? 2 : 1,
                 is_search);
}

scim_err_t *scim_resources_list(scim_reply_t *reply, const scim_call_t *call)
{
    return serve_one(reply, call, 0);
}

scim_err_t *scim_resources_search(scim_reply_t *reply,
                                  const scim_call_t *call)
{
    return serve_one(reply, call, 1);
}

scim_err_t *scim_resources_list_all(scim_reply_t *reply,
                                    const scim_call_t *call)
{
    return serve_all(reply, call, 0);
}

scim_err_t *scim_resources_search_all(scim_reply_t *reply,
                                      const scim_call_t *call)
{
    return serve_all(reply, call, 1);
}
