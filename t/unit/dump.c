/* A mapping as a document: what is written is read back the same, and what is
 * no mapping is refused. */
#include "store/dump.h"
#include "schema/builtin.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define MAIL "emails[type eq \"work\"].value"
#define URN "urn:example:params:scim:Extra"

/* A resource type with an extension that nothing has built in. */
static const scim_rtype_t *made_type(apr_pool_t *pool)
{
    static const scim_attr_t sub[] = {
        { .name = "depth", .type = SCIM_TYPE_DECIMAL, .case_exact = 1,
          .returned = SCIM_RETURNED_REQUEST }
    };
    static const scim_attr_t attrs[] = {
        { .name = "costCentre", .type = SCIM_TYPE_STRING, .case_exact = 1,
          .required = 1, .uniqueness = SCIM_UNIQUE_GLOBAL },
        { .name = "desk", .type = SCIM_TYPE_COMPLEX, .subs = sub, .nsubs = 1,
          .mutability = SCIM_IMMUTABLE },
        { .name = "badge", .type = SCIM_TYPE_OPEN }
    };
    static const scim_schema_t extension = { URN, "Extra", "", attrs, 3,
                                             .configured = 1, .required = 1 };
    const scim_rtype_t *user = scim_builtin_user(pool);
    const scim_schema_t *schemas[] = { user->schemas[0], user->schemas[1],
                                       &extension };

    return scim_rtype_make("User", "Users", "", schemas, 3, pool);
}

static scim_mapping_t *filled(apr_pool_t *pool)
{
    scim_mapping_t *mapping = scim_mapping_make(made_type(pool), pool);
    scim_constant_t *constant;
    const char *wrong = scim_mapping_set_table(mapping, "crm.odd \"name\"",
                                               pool);
    static const char *const columns[][3] = {
        { "userName", "login", "login_key" },
        { "externalId", "ext", NULL },
        { "active", "disabled_at IS NULL", NULL },
        { MAIL, "mail", NULL },
        { URN ":costCentre", "cost", NULL }
    };
    apr_size_t i;

    for (i = 0; i < COUNT(columns) && !wrong; i++) {
        wrong = scim_mapping_add(mapping, columns[i][0], columns[i][1],
                                 columns[i][2], pool);
    }
    mapping->location = "<Location \"/scim/v2\">";
    mapping->tokens = "\"scim\".\"tokens\"";
    mapping->key = "id";
    mapping->tenant = "org";
    mapping->tombstone = "gone";
    mapping->extra = "extra";
    mapping->protect = "role = 'admin' AND note <> '\n'";
    mapping->adopt = 1;
    constant = apr_array_push(mapping->constants);
    constant->name = "secret";
    constant->value = "!";
    wrong = wrong ? wrong : scim_mapping_redact(mapping, "addresses", pool);
    wrong = wrong ? wrong : scim_mapping_finish(mapping, pool);
    is_str(wrong, NULL, "the mapping is one");
    return mapping;
}

static const char *written(const scim_mapping_t *mapping, apr_pool_t *pool)
{
    scim_buf_t buf;

    scim_buf_init(&buf, 64, pool);
    scim_dump_format(&buf, mapping);
    return buf.data;
}

static const char *decode(scim_mapping_t **pmapping, const char *text,
                          apr_pool_t *pool)
{
    scim_json_t *json;
    scim_err_t *err = scim_json_parse(&json, text, strlen(text), pool);

    err = err ? err : scim_dump_decode(pmapping, json, pool);
    return err ? err->detail : NULL;
}

static void check_round_trip(apr_pool_t *pool)
{
    scim_mapping_t *mapping = filled(pool), *again = NULL;
    const char *text = written(mapping, pool);
    const scim_column_t *column;
    scim_name_t name;

    is_str(decode(&again, text, pool), NULL, "it is read back");
    is_str(written(again, pool), text, "and written the same");
    is_str(again->table, "\"crm\".\"odd \"\"name\"\"\"", "the table");
    is_str(again->protect, mapping->protect, "the condition");
    is_int(again->adopt, 1, "adoption");
    is_int(memcmp(again->stored, mapping->stored, mapping->type->nattrs), 0,
           "what is kept");
    is_int(memcmp(again->redacted, mapping->redacted, mapping->type->nattrs),
           0, "what is redacted");
    column = &APR_ARRAY_IDX(again->columns, 2, scim_column_t);
    is_str(column->name, "disabled_at", "a column");
    is_int(column->form, SCIM_COLUMN_IS_NULL, "and its form");
    name = scim_rtype_resolve(again->type, URN ":costCentre", pool);
    ok(name.attr && name.attr->case_exact && name.attr->required
       && name.attr->uniqueness == SCIM_UNIQUE_GLOBAL,
       "an attribute of the extension");
    ok(name.schema && name.schema->required && name.schema->configured
       && name.schema->extension, "and the extension");
    name = scim_rtype_resolve(again->type, URN ":desk.depth", pool);
    ok(name.sub && name.sub->type == SCIM_TYPE_DECIMAL
       && name.sub->returned == SCIM_RETURNED_REQUEST
       && name.attr->mutability == SCIM_IMMUTABLE, "a sub-attribute");
    name = scim_rtype_resolve(again->type, URN ":badge", pool);
    ok(name.attr && name.attr->type == SCIM_TYPE_OPEN,
       "a type that is left to the column");
}

static void check_groups(apr_pool_t *pool)
{
    scim_mapping_t *mapping = scim_mapping_make(scim_builtin_group(pool),
                                                pool), *again = NULL;
    const char *text;

    mapping->location = "<Location \"/scim/v2\">";
    mapping->tokens = "\"scim\".\"tokens\"";
    mapping->key = "id";
    mapping->tenant = "org";
    mapping->version = "version";
    is_str(scim_mapping_set_table(mapping, "teams", pool), NULL, "a table");
    is_str(scim_mapping_add(mapping, "displayName", "name", NULL, pool), NULL,
           "a name");
    is_str(scim_mapping_set_members(mapping, "crm.team_members", "team",
                                    "person", pool), NULL, "members");
    is_str(scim_mapping_finish(mapping, pool), NULL, "groups are mapped");
    text = written(mapping, pool);
    is_str(decode(&again, text, pool), NULL, "and read back");
    is_str(again ? written(again, pool) : NULL, text, "the same");
    is_str(again && again->relation ? again->relation->table : NULL,
           "\"crm\".\"team_members\"", "with the table of members");
    is_str(again && again->relation ? again->relation->other : NULL, "person",
           "and its columns");
    ok(decode(&again, apr_pstrcat(pool, "{\"members\":{},", text + 1, NULL),
              pool) != NULL, "members twice are no document");
}

/* One thing of a good document replaced. */
static const struct {
    const char *from, *to, *says;
} bad[] = {
    { "\"table\":", "\"tabel\":", "no location, tokens or table" },
    { "\"schemas\":", "\"schema\":", "no schemas" },
    { "\"resource\":", "\"resourse\":", "no schemas, resource" },
    { "\"column\":\"login\"", "\"col\":\"login\"", "without column" },
    { "\"attribute\":\"userName\"", "\"attribute\":\"userNome\"",
      "is not an attribute" },
    { "\"key\":\"id\"", "\"kee\":\"id\"", "has no ScimKey" },
    { "\"value\":\"!\"", "\"valu\":\"!\"", "default without" },
    { "\"redacted\":[", "\"redacted\":[1,", "redacted attribute" },
    { "{\"name\":\"costCentre\"", "{\"nome\":\"costCentre\"",
      "attribute without name" },
    { "\"id\":\"" URN "\"", "\"id\":1", "schema without id" }
};

static void check_bad(apr_pool_t *pool)
{
    const char *text = written(filled(pool), pool);
    apr_size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        const char *at = strstr(text, bad[i].from), *said;
        scim_mapping_t *mapping = NULL;

        if (!ok(at != NULL, "there is %s", bad[i].from)) {
            continue;
        }
        said = decode(&mapping, apr_psprintf(pool, "%.*s%s%s",
                      (int)(at - text), text, bad[i].to,
                      at + strlen(bad[i].from)), pool);
        ok(said && strstr(said, bad[i].says), "%s: %s", bad[i].to,
           said ? said : "accepted");
        ok(!mapping, "no mapping then");
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    check_round_trip(pool);
    check_groups(pool);
    check_bad(pool);
    apr_terminate();
    return done_testing();
}
