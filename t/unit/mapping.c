/* The meaning of a <ScimResource> block: what can be mapped, what
 * contradicts, and what is kept where. */
#include "store/mapping.h"
#include "schema/builtin.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define USER SCIM_URN_USER
#define ENT  SCIM_URN_ENTERPRISE
#define MAIL "emails[type eq \"work\"].value"
#define X63  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static scim_mapping_t *empty(apr_pool_t *pool)
{
    return scim_mapping_make(scim_builtin_user(pool), pool);
}

static const scim_attr_t *named(const scim_mapping_t *mapping,
                                const char *name, apr_pool_t *pool)
{
    scim_name_t found = scim_rtype_resolve(mapping->type, name, pool);

    if (found.kind != SCIM_NAME_ATTR) {
        printf("Bail out! there is no attribute %s\n", name);
    }
    return found.sub ? found.sub : found.attr;
}

/* attr, sub, element, form, column, key */
static const struct {
    const char *target, *spec, *key;
    const char *means;
} good[] = {
    { "userName", "username", NULL, "userName - - plain username -" },
    { "USERNAME", "username", NULL, "userName - - plain username -" },
    { USER ":userName", "username", NULL, "userName - - plain username -" },
    { "userName", "username", "username_key",
      "userName - - plain username username_key" },
    { "userName", " username ", NULL, "userName - - plain username -" },
    { "externalId", "external_id", NULL,
      "externalId - - plain external_id -" },
    { "name.givenName", "first_name", NULL,
      "name givenName - plain first_name -" },
    { MAIL, "email", "email_key", "emails value work plain email email_key" },
    { "EMAILS[TYPE EQ \"Work\"].VALUE", "email", NULL,
      "emails value Work plain email -" },
    { "phoneNumbers[type eq \"mobile\"].value", "mobile", NULL,
      "phoneNumbers value mobile plain mobile -" },
    { "addresses[type eq \"work\"].locality", "city", NULL,
      "addresses locality work plain city -" },
    { "active", "active", NULL, "active - - plain active -" },
    { "active", "!blocked", NULL, "active - - inverted blocked -" },
    { "active", "! blocked", NULL, "active - - inverted blocked -" },
    { "active", "disabled_at IS NULL", NULL,
      "active - - null disabled_at -" },
    { "active", "disabled_at  is null", NULL,
      "active - - null disabled_at -" },
    { "active", "disabled_at\tIs Null", NULL,
      "active - - null disabled_at -" },
    { "meta.created", "created_at", NULL, "meta created - plain created_at -" },
    { "meta.lastModified", "updated_at", NULL,
      "meta lastModified - plain updated_at -" },
    { ENT ":department", "dept", NULL, "department - - plain dept -" },
    { "department", "dept", NULL, "department - - plain dept -" },
    { "manager.value", "boss", NULL, "manager value - plain boss -" },
    { "profileUrl", "url", NULL, "profileUrl - - plain url -" },
    { "emails[type eq \"work\"].primary", "!secondary", NULL,
      "emails primary work inverted secondary -" },
    { "title", X63, NULL, "title - - plain " X63 " -" },
    { "title", "Job Title", NULL, "title - - plain Job Title -" }
};

static const struct {
    const char *target, *spec, *key;
    const char *sentence;
} bad[] = {
    { "shoeSize", "x", NULL, "\"shoeSize\" is not an attribute of User" },
    { "name.nick", "x", NULL, "\"name.nick\" is not an attribute of User" },
    { ENT, "x", NULL, "\"" ENT "\" is not an attribute of User" },
    { "urn:x:y", "x", NULL, "\"urn:x:y\" is not an attribute of User" },
    { "emails[kind eq \"x\"].value", "x", NULL,
      "\"emails[kind eq \"x\"].value\" is not an attribute of User" },
    { "", "x", NULL, "\"\" is not an attribute: path \"\": not the name of an"
      " attribute" },
    { "user name", "x", NULL, "\"user name\" is not an attribute: path \"user"
      " name\": not the name of an attribute" },
    { "emails[type eq \"work\"", "x", NULL, "\"emails[type eq \"work\"\" is"
      " not an attribute: path \"emails[type eq \"work\"\": the bracket is"
      " not closed" },
    { "name", "x", NULL, "\"name\" is complex; map its sub-attributes, such as"
      " \"name.formatted\"" },
    { "manager", "x", NULL, "\"manager\" is complex; map its sub-attributes,"
      " such as \"manager.value\"" },
    { "emails", "x", NULL, "\"emails\" can have many values; map one of them,"
      " such as 'emails[type eq \"work\"].value'" },
    { "emails.value", "x", NULL, "\"emails.value\" can have many values; map"
      " one of them, such as 'emails[type eq \"work\"].value'" },
    { "emails[type eq \"work\"]", "x", NULL, "\"emails[type eq \"work\"]\" is"
      " complex; map its sub-attributes, such as \"emails[type eq"
      " \"work\"].value\"" },
    { "emails[type eq \"work\"].type", "x", NULL, "\"emails[type eq"
      " \"work\"].type\" is fixed by the brackets and needs no column" },
    { "emails[type ne \"work\"].value", "x", NULL, "\"emails[type ne"
      " \"work\"].value\": between the brackets only type eq \"...\" can be"
      " mapped" },
    { "emails[type eq \"\"].value", "x", NULL, "\"emails[type eq \"\"].value\""
      ": between the brackets only type eq \"...\" can be mapped" },
    { "emails[type pr].value", "x", NULL, "\"emails[type pr].value\": between"
      " the brackets only type eq \"...\" can be mapped" },
    { "emails[value eq \"x\"].value", "x", NULL, "\"emails[value eq"
      " \"x\"].value\": between the brackets only type eq \"...\" can be"
      " mapped" },
    { "emails[type eq \"a\" or type eq \"b\"].value", "x", NULL, "\"emails["
      "type eq \"a\" or type eq \"b\"].value\": between the brackets only type"
      " eq \"...\" can be mapped" },
    { "id", "x", NULL, "\"id\" cannot be mapped: it is the column of"
      " ScimKey" },
    { "schemas", "x", NULL, "\"schemas\" can have many values; map one of"
      " them, such as 'schemas[type eq \"work\"].value'" },
    { "password", "x", NULL, "\"password\" cannot be mapped: it is not for"
      " clients to read and write" },
    { "groups[type eq \"direct\"].value", "x", NULL, "\"groups[type eq"
      " \"direct\"].value\" cannot be mapped: it is not for clients to read"
      " and write" },
    { "manager.displayName", "x", NULL, "\"manager.displayName\" cannot be"
      " mapped: it is not for clients to read and write" },
    { "meta.version", "x", NULL, "of meta only meta.created and"
      " meta.lastModified can be mapped, not \"meta.version\"" },
    { "meta.resourceType", "x", NULL, "of meta only meta.created and"
      " meta.lastModified can be mapped, not \"meta.resourceType\"" },
    { "title", "", NULL, "\"\" is not a column; give COLUMN, !COLUMN or"
      " \"COLUMN IS NULL\"" },
    { "title", "  ", NULL, "\"  \" is not a column; give COLUMN, !COLUMN or"
      " \"COLUMN IS NULL\"" },
    { "title", X63 "x", NULL, "\"" X63 "x\" is not a column; give COLUMN,"
      " !COLUMN or \"COLUMN IS NULL\"" },
    { "title", "!x", NULL, "\"title\" is not a boolean, so its column cannot"
      " be inverted or tested for NULL" },
    { "title", "x IS NULL", NULL, "\"title\" is not a boolean, so its column"
      " cannot be inverted or tested for NULL" },
    { "active", "x", "y", "\"active\" is not compared without case, so key="
      " does not apply" },
    { "externalId", "x", "y", "\"externalId\" is not compared without case, so"
      " key= does not apply" },
    { "profileUrl", "x", "y", "\"profileUrl\" is not compared without case, so"
      " key= does not apply" }
};

static const char *meaning(const scim_column_t *column, apr_pool_t *pool)
{
    static const char *const forms[] = { "plain", "inverted", "null" };

    return apr_psprintf(pool, "%s %s %s %s %s %s", column->attr->name,
                        column->sub ? column->sub->name : "-",
                        column->element ? column->element : "-",
                        forms[column->form], column->name,
                        column->key_name ? column->key_name : "-");
}

static void test_targets(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(good); i++) {
        scim_mapping_t *mapping = empty(pool);
        const char *wrong = scim_mapping_add(mapping, good[i].target,
                                             good[i].spec, good[i].key, pool);
        const scim_column_t *column;

        is_str(wrong, NULL, "%s to \"%s\"", good[i].target, good[i].spec);
        if (wrong || !is_int(mapping->columns->nelts, 1, "is one column")) {
            continue;
        }
        column = &APR_ARRAY_IDX(mapping->columns, 0, scim_column_t);
        is_str(meaning(column, pool), good[i].means, "%s to \"%s\": means",
               good[i].target, good[i].spec);
        is_str(column->target, good[i].target, "%s: as it was written",
               good[i].target);
        ok(column->leaf == (column->sub ? column->sub : column->attr),
           "%s: the leaf", good[i].target);
        is_int(mapping->elements->nelts, column->element != NULL,
               "%s: elements", good[i].target);
        ok(column->element
           ? mapping->places[column->leaf->index] == -1
           : scim_mapping_column(mapping, column->attr, column->sub) == column,
           "%s: found again", good[i].target);
    }
    for (i = 0; i < COUNT(bad); i++) {
        scim_mapping_t *mapping = empty(pool);

        is_str(scim_mapping_add(mapping, bad[i].target, bad[i].spec,
                                bad[i].key, pool), bad[i].sentence,
               "refused: %s to \"%s\"", bad[i].target, bad[i].spec);
        is_int(mapping->columns->nelts, 0, "and nothing is mapped");
    }
}

/* One after the other in one mapping. */
static const struct {
    const char *target, *spec;
    const char *sentence;       /* NULL: taken */
} together[] = {
    { "userName", "username", NULL },
    { "userName", "login", "\"userName\" is mapped twice" },
    { "Username", "login", "\"Username\" is mapped twice" },
    { USER ":userName", "login", "\"" USER ":userName\" is mapped twice" },
    { "title", "username",
      "column \"username\" is mapped to both \"userName\" and \"title\"" },
    { "title", "Username", NULL },
    { MAIL, "email", NULL },
    { "emails[type eq \"WORK\"].value", "mail",
      "\"emails[type eq \"WORK\"].value\" is mapped twice" },
    { "emails[type eq \"home\"].value", "home_mail", NULL },
    { "emails[type eq \"work\"].display", "mail_name", NULL },
    { "emails[type eq \"other\"].value", "home_mail", "column \"home_mail\" is"
      " mapped to both \"emails[type eq \"home\"].value\" and \"emails[type eq"
      " \"other\"].value\"" },
    { "phoneNumbers[type eq \"work\"].value", "phone", NULL },
    { "name.givenName", "first", NULL },
    { "name.givenName", "first2", "\"name.givenName\" is mapped twice" },
    { "name.familyName", "last", NULL },
    { "active", "!off", NULL },
    { "active", "off IS NULL", "\"active\" is mapped twice" }
};

static void test_together(apr_pool_t *pool)
{
    scim_mapping_t *mapping = empty(pool);
    const scim_attr_t *emails = named(mapping, "emails", pool);
    const scim_element_t *work, *home;
    size_t i;

    for (i = 0; i < COUNT(together); i++) {
        is_str(scim_mapping_add(mapping, together[i].target, together[i].spec,
                                NULL, pool), together[i].sentence,
               "together: %s to %s", together[i].target, together[i].spec);
    }
    is_int(mapping->elements->nelts, 3, "three elements");
    work = scim_mapping_element(mapping, emails, "Work");
    home = scim_mapping_element(mapping, emails, "home");
    ok(work && home && work != home, "found by their types, in any case");
    is_str(work ? work->key : NULL, "emails[type eq \"work\"]",
           "the name of what an element leaves over");
    ok(!scim_mapping_element(mapping, emails, "other"), "no such element");
    ok(!scim_mapping_element(mapping, named(mapping, "ims", pool), "work"),
       "nor of another attribute");
    ok(!scim_mapping_column(mapping, named(mapping, "nickName", pool), NULL),
       "what is not mapped has no column");
    ok(!scim_mapping_column(mapping, emails,
                            named(mapping, "emails.value", pool)),
       "nor has the value of just any address");
}

/* A mapping of which nothing is missing, then without one line each. */
enum { TABLE = 1, KEY = 2, TENANT = 4, NAME = 8, ACTIVE = 16, EXTERNAL = 32,
       ADOPT = 64, TOMBSTONE = 128, EXTRA = 256, MAILS = 512 };

static scim_mapping_t *some(int what, apr_pool_t *pool)
{
    scim_mapping_t *mapping = empty(pool);

    if (what & TABLE) {
        scim_mapping_set_table(mapping, "public.users", pool);
    }
    mapping->key = what & KEY ? "id" : NULL;
    mapping->tenant = what & TENANT ? "org" : NULL;
    mapping->tombstone = what & TOMBSTONE ? "deleted_at" : NULL;
    mapping->extra = what & EXTRA ? "extra" : NULL;
    mapping->adopt = (what & ADOPT) != 0;
    if (what & NAME) {
        scim_mapping_add(mapping, "userName", "username", NULL, pool);
    }
    if (what & ACTIVE) {
        scim_mapping_add(mapping, "active", "active", NULL, pool);
    }
    if (what & EXTERNAL) {
        scim_mapping_add(mapping, "externalId", "ext", NULL, pool);
    }
    if (what & MAILS) {
        scim_mapping_add(mapping, MAIL, "email", NULL, pool);
        scim_mapping_add(mapping, "name.givenName", "first", NULL, pool);
        scim_mapping_add(mapping, "meta.created", "made", NULL, pool);
    }
    return mapping;
}

static const struct {
    int what;
    const char *sentence;
} finished[] = {
    { 1023, NULL },
    { 1023 - TABLE, "has no ScimTable" },
    { 1023 - KEY, "has no ScimKey; name the column that becomes the id" },
    { 1023 - TENANT, "has no ScimTenant; name the column with the"
      " organisation" },
    { 1023 - NAME, "has no ScimAttribute userName" },
    { 1023 - ACTIVE, "has no ScimAttribute active; name the column that lets a"
      " user in" },
    { 1023 - EXTERNAL, "has ScimAdopt, but no ScimAttribute externalId" },
    { 1023 - EXTERNAL - ADOPT, NULL },
    { 1023 - TOMBSTONE, NULL },
    { 1023 - EXTRA, NULL },
    { TABLE + KEY + TENANT + NAME + ACTIVE, NULL }
};

static void test_finish(apr_pool_t *pool)
{
    scim_mapping_t *mapping;
    size_t i;

    for (i = 0; i < COUNT(finished); i++) {
        is_str(scim_mapping_finish(some(finished[i].what, pool), pool),
               finished[i].sentence, "finished: %d", finished[i].what);
    }
    mapping = some(1023, pool);
    mapping->tombstone = "active";
    is_str(scim_mapping_finish(mapping, pool), "uses column \"active\" for"
           " active and as ScimTombstone; an inactive user and a deleted one"
           " must differ", "active and tombstone in one column");
    mapping = some(1023, pool);
    mapping->tenant = "id";
    is_str(scim_mapping_finish(mapping, pool), "uses column \"id\" both as"
           " ScimKey and as ScimTenant; name a column for each",
           "key and tenant in one column");
    mapping = some(1023, pool);
    scim_mapping_add(mapping, "emails[type eq \"home\"].value", "home",
                     "extra", pool);
    is_str(scim_mapping_finish(mapping, pool), "uses column \"extra\" for"
           " emails[type eq \"home\"].value and as ScimExtra; an attribute"
           " needs a column of its own", "a key column for something else");
    mapping = some(1023 - MAILS, pool);
    scim_mapping_add(mapping, "emails[type eq \"work\"].display", "d", NULL,
                     pool);
    is_str(scim_mapping_finish(mapping, pool), "maps part of emails[type eq"
           " \"work\"], but not 'emails[type eq \"work\"].value'",
           "part of an element");
    scim_mapping_add(mapping, "emails[type eq \"WORK\"].value", "v", NULL,
                     pool);
    is_str(scim_mapping_finish(mapping, pool), NULL, "and its value");
    mapping = some(1023, pool);
    scim_mapping_add(mapping, "addresses[type eq \"work\"].country", "c", NULL,
                     pool);
    is_str(scim_mapping_finish(mapping, pool), NULL,
           "an element of what has no value");
}

/* What is kept: m mapped, x extra, - not at all; then whether what is left
 * over of it is extra. */
static const struct {
    const char *attr;
    const char *with_extra, *without;
} fates[] = {
    { "userName", "stored", "stored" },
    { "active", "stored", "stored" },
    { "externalId", "stored", "stored" },
    { "name", "stored extra", "stored" },
    { "name.givenName", "stored", "stored" },
    { "name.familyName", "stored extra", "-" },
    { "emails", "stored extra", "stored" },
    { "emails.value", "stored extra", "stored" },
    { "emails.type", "stored extra", "stored" },
    { "emails.display", "stored extra", "-" },
    { "phoneNumbers", "stored extra", "-" },
    { "phoneNumbers.value", "stored extra", "-" },
    { "title", "stored extra", "-" },
    { "department", "stored extra", "-" },
    { "manager", "stored extra", "-" },
    { "manager.value", "stored extra", "-" },
    { "manager.displayName", "-", "-" },
    { "password", "-", "-" },
    { "groups", "-", "-" },
    { "groups.value", "-", "-" },
    { "id", "-", "-" },
    { "schemas", "-", "-" },
    { "meta", "-", "-" },
    { "meta.created", "-", "-" },
    { "meta.lastModified", "-", "-" }
};

static const char *fate(const scim_mapping_t *mapping, const char *name,
                        apr_pool_t *pool)
{
    const scim_attr_t *attr = named(mapping, name, pool);
    int stored = mapping->stored[attr->index];
    int extra = scim_mapping_is_extra(mapping, attr)
             && mapping->places[attr->index] < 0;

    return stored ? extra ? "stored extra" : "stored" : extra ? "extra" : "-";
}

static void test_fates(apr_pool_t *pool)
{
    scim_mapping_t *with = some(1023, pool), *without = some(1023 - EXTRA,
                                                             pool);
    size_t i;

    scim_mapping_finish(with, pool);
    scim_mapping_finish(without, pool);
    for (i = 0; i < COUNT(fates); i++) {
        is_str(fate(with, fates[i].attr, pool), fates[i].with_extra,
               "with ScimExtra: %s", fates[i].attr);
        is_str(fate(without, fates[i].attr, pool), fates[i].without,
               "without: %s", fates[i].attr);
    }
}

static const struct {
    const char *name;
    const char *table_schema, *table_name, *table;
    const char *sentence;
} tables[] = {
    { "users", NULL, "users", "\"users\"", NULL },
    { "public.users", "public", "users", "\"public\".\"users\"", NULL },
    { "Crm.My Users", "Crm", "My Users", "\"Crm\".\"My Users\"", NULL },
    { "we\"ird", NULL, "we\"ird", "\"we\"\"ird\"", NULL },
    { "users; DROP TABLE x", NULL, "users; DROP TABLE x",
      "\"users; DROP TABLE x\"", NULL },
    { "a.b.c", NULL, NULL, NULL,
      "\"a.b.c\" is not the name of a table; give TABLE or SCHEMA.TABLE" },
    { ".users", NULL, NULL, NULL,
      "\".users\" is not the name of a table; give TABLE or SCHEMA.TABLE" },
    { "public.", NULL, NULL, NULL,
      "\"public.\" is not the name of a table; give TABLE or SCHEMA.TABLE" },
    { "", NULL, NULL, NULL,
      "\"\" is not the name of a table; give TABLE or SCHEMA.TABLE" },
    { ".", NULL, NULL, NULL,
      "\".\" is not the name of a table; give TABLE or SCHEMA.TABLE" }
};

static void test_tables(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(tables); i++) {
        scim_mapping_t *mapping = empty(pool);

        is_str(scim_mapping_set_table(mapping, tables[i].name, pool),
               tables[i].sentence, "ScimTable %s", tables[i].name);
        is_str(mapping->table, tables[i].table, "%s: quoted", tables[i].name);
        is_str(mapping->table_schema, tables[i].table_schema, "%s: its schema",
               tables[i].name);
        is_str(mapping->table_name, tables[i].table_name, "%s: its name",
               tables[i].name);
    }
    is_str(scim_mapping_quote("id", pool), "\"id\"", "a name is quoted");
    is_str(scim_mapping_quote("a\"b", pool), "\"a\"\"b\"",
           "its quotes are doubled");
    is_str(scim_mapping_quote("\"\"", pool), "\"\"\"\"\"\"", "all of them");
    is_str(scim_mapping_quote("scim.tokens", pool), "\"scim\".\"tokens\"",
           "two names");
    is_str(scim_mapping_quote("\xc3\xbc $1 ?", pool), "\"\xc3\xbc $1 ?\"",
           "other signs have no meaning");
}

static const struct {
    const char *target;
    const char *redacted;       /* names, or "!": refused */
} redactions[] = {
    { "title", "title" },
    { "TITLE", "title" },
    { "name.givenName", "name.givenName" },
    { "name", "name name.formatted name.familyName name.givenName"
      " name.middleName name.honorificPrefix name.honorificSuffix" },
    { "emails", "emails emails.value emails.display emails.type"
      " emails.primary" },
    { "emails.value", "emails.value" },
    { ENT ":department", ENT ":department" },
    { "shoeSize", "!\"shoeSize\" is not an attribute of User" },
    { ENT, "!\"" ENT "\" is not an attribute of User" },
    { "emails[type eq \"work\"].value", "!\"emails[type eq \"work\"].value\" is"
      " not an attribute of User" },
    { "a b", "!\"a b\" is not an attribute of User" }
};

static void test_redactions(apr_pool_t *pool)
{
    size_t i;
    int j;

    for (i = 0; i < COUNT(redactions); i++) {
        scim_mapping_t *mapping = empty(pool);
        const char *wrong = scim_mapping_redact(mapping, redactions[i].target,
                                                pool);
        const char *got = wrong ? apr_pstrcat(pool, "!", wrong, NULL) : "";

        for (j = 0; j < mapping->type->nattrs; j++) {
            if (mapping->redacted[j]) {
                got = apr_pstrcat(pool, got, *got ? " " : "",
                                  scim_attr_path(mapping->type->attrs[j],
                                                 pool), NULL);
            }
        }
        is_str(got, redactions[i].redacted, "ScimRedact %s",
               redactions[i].target);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_targets(pool);
    test_together(pool);
    test_finish(pool);
    test_fates(pool);
    test_tables(pool);
    test_redactions(pool);
    apr_terminate();
    return done_testing();
}
