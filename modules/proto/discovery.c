#include "proto/discovery.h"

#include <string.h>

#include "query/cursor.h"

#define TEXT(buf, text) scim_buf_json(buf, text, strlen(text))
#define PUTS(buf, text) scim_buf_puts(buf, text)

static void put_flag(scim_buf_t *buf, const char *name, int value)
{
    PUTS(buf, ",\"");
    PUTS(buf, name);
    PUTS(buf, value ? "\":true" : "\":false");
}

static void put_meta(scim_buf_t *buf, const char *resource_type,
                     const char *base_url, const char *endpoint,
                     const char *name)
{
    PUTS(buf, ",\"meta\":{\"resourceType\":\"");
    PUTS(buf, resource_type);
    PUTS(buf, "\",\"location\":\"");
    PUTS(buf, base_url);
    PUTS(buf, endpoint);
    PUTS(buf, name);
    PUTS(buf, "\"}}");
}

static void put_bulk(scim_buf_t *buf, int bulk_max, apr_off_t body_max)
{
    scim_buf_printf(buf, ",\"bulk\":{\"supported\":%s,\"maxOperations\":%d,"
                    "\"maxPayloadSize\":%" APR_OFF_T_FMT "}",
                    bulk_max ? "true" : "false", bulk_max,
                    bulk_max ? body_max : 0);
}

static void put_pagination(scim_buf_t *buf, int page, int page_max)
{
    scim_buf_printf(buf, ",\"pagination\":{\"cursor\":true,\"index\":true,"
                    "\"defaultPaginationMethod\":\"index\","
                    "\"defaultPageSize\":%d,\"maxPageSize\":%d,"
                    "\"cursorTimeout\":%d}", page, page_max,
                    SCIM_CURSOR_TIMEOUT);
}

void scim_discovery_config(scim_buf_t *buf, const char *base_url, int page,
                           int page_max, int bulk_max, apr_off_t body_max)
{
    PUTS(buf, "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:"
              "ServiceProviderConfig\"],\"patch\":{\"supported\":true}");
    put_bulk(buf, bulk_max, body_max);
    PUTS(buf, ",\"filter\":{\"supported\":true,");
    scim_buf_printf(buf, "\"maxResults\":%d}", page_max);
    put_pagination(buf, page, page_max);
    PUTS(buf, ",\"changePassword\":{\"supported\":false},"
              "\"sort\":{\"supported\":true},\"etag\":{\"supported\":true},"
              "\"authenticationSchemes\":[{\"type\":\"oauthbearertoken\","
              "\"name\":\"API token\",\"description\":\"The API token of an "
              "administrator of the organisation, sent as Authorization: "
              "Bearer\",\"specUri\":\"https://www.rfc-editor.org/info/rfc6750"
              "\",\"primary\":true}]");
    put_meta(buf, "ServiceProviderConfig", base_url, "/ServiceProviderConfig",
             "");
}

/* What is kept and returned. Who reads of an attribute here may send a value
 * and look for it in the answer. */
static int is_shown(const scim_served_t *served, const scim_attr_t *attr)
{
    return served->stored[attr->index] && scim_attr_is_readable(attr);
}

int scim_discovery_is_served(const scim_served_t *served,
                             const scim_schema_t *schema)
{
    int i;

    for (i = 0; i < schema->nattrs; i++) {
        if (is_shown(served, &schema->attrs[i])) {
            return 1;
        }
    }
    return 0;
}

void scim_discovery_type(scim_buf_t *buf, const scim_served_t *served,
                         const char *base_url)
{
    const scim_rtype_t *type = served->type;
    const char *comma = "";
    int i;

    PUTS(buf, "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:"
              "ResourceType\"],\"id\":");
    TEXT(buf, type->name);
    PUTS(buf, ",\"name\":");
    TEXT(buf, type->name);
    PUTS(buf, ",\"description\":");
    TEXT(buf, type->description);
    PUTS(buf, ",\"endpoint\":\"/");
    PUTS(buf, type->endpoint);
    PUTS(buf, "\",\"schema\":");
    TEXT(buf, type->schemas[0]->urn);
    PUTS(buf, ",\"schemaExtensions\":[");
    for (i = 1; i < type->nschemas; i++) {
        if (scim_discovery_is_served(served, type->schemas[i])) {
            PUTS(buf, comma);
            PUTS(buf, "{\"schema\":");
            TEXT(buf, type->schemas[i]->urn);
            put_flag(buf, "required", type->schemas[i]->required);
            PUTS(buf, "}");
            comma = ",";
        }
    }
    PUTS(buf, "]");
    put_meta(buf, "ResourceType", base_url, "/ResourceTypes/", type->name);
}

/* A blank-separated list as a JSON array. */
static void put_words(scim_buf_t *buf, const char *name, const char *words)
{
    const char *comma = "";

    if (!words || !*words) {
        return;
    }
    PUTS(buf, ",\"");
    PUTS(buf, name);
    PUTS(buf, "\":[");
    while (*words) {
        apr_size_t len = strcspn(words, " ");

        PUTS(buf, comma);
        scim_buf_json(buf, words, len);
        words += len + strspn(words + len, " ");
        comma = ",";
    }
    PUTS(buf, "]");
}

static void put_attrs(scim_buf_t *buf, const scim_served_t *served,
                      const scim_attr_t *attrs, int count);

static void put_attr(scim_buf_t *buf, const scim_served_t *served,
                     const scim_attr_t *attr)
{
    PUTS(buf, "{\"name\":");
    TEXT(buf, attr->name);
    PUTS(buf, ",\"type\":");
    TEXT(buf, scim_attr_type_name(attr->type));
    if (attr->type == SCIM_TYPE_COMPLEX) {
        PUTS(buf, ",\"subAttributes\":");
        put_attrs(buf, served, attr->subs, attr->nsubs);
    }
    put_flag(buf, "multiValued", attr->multi);
    PUTS(buf, ",\"description\":");
    TEXT(buf, attr->description ? attr->description : attr->name);
    put_flag(buf, "required", attr->required);
    put_words(buf, "canonicalValues", attr->canonical);
    put_flag(buf, "caseExact", attr->case_exact);
    PUTS(buf, ",\"mutability\":");
    TEXT(buf, scim_mutability_name(attr->mutability));
    PUTS(buf, ",\"returned\":");
    TEXT(buf, scim_returned_name(attr->returned));
    PUTS(buf, ",\"uniqueness\":");
    TEXT(buf, scim_uniqueness_name(attr->uniqueness));
    put_words(buf, "referenceTypes", attr->references);
    PUTS(buf, "}");
}

static void put_attrs(scim_buf_t *buf, const scim_served_t *served,
                      const scim_attr_t *attrs, int count)
{
    const char *comma = "";
    int i;

    PUTS(buf, "[");
    for (i = 0; i < count; i++) {
        if (is_shown(served, &attrs[i])) {
            PUTS(buf, comma);
            put_attr(buf, served, &attrs[i]);
            comma = ",";
        }
    }
    PUTS(buf, "]");
}

void scim_discovery_schema(scim_buf_t *buf, const scim_served_t *served,
                           const scim_schema_t *schema, const char *base_url)
{
    PUTS(buf, "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Schema\"],"
              "\"id\":");
    TEXT(buf, schema->urn);
    PUTS(buf, ",\"name\":");
    TEXT(buf, schema->name);
    PUTS(buf, ",\"description\":");
    TEXT(buf, schema->description);
    PUTS(buf, ",\"attributes\":");
    put_attrs(buf, served, schema->attrs, schema->nattrs);
    put_meta(buf, "Schema", base_url, "/Schemas/", schema->urn);
}
