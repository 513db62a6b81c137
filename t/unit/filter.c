/* Filters: what is read, and what is refused with which words. */
#include "query/filter.h"
#include "schema/builtin.h"
#include "t/unit/tap.h"
#include "t/unit/thing.h"
#include "t/unit/tree.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define USER    SCIM_URN_USER
#define ENT     SCIM_URN_ENTERPRISE

/* The tree, or the detail of the error. */
static const char *read_filter(const char *text, const scim_rtype_t *type,
                               apr_pool_t *pool)
{
    const scim_filter_t *filter = NULL;
    scim_err_t *err = scim_filter_parse(&filter, text, type, pool);

    if (!err) {
        return tree(filter, pool);
    }
    if (err->kind != SCIM_ERR_INVALID_FILTER || err->status != 400 || filter) {
        return "an error of the wrong kind, or the result was touched";
    }
    return err->detail;
}

static const struct {
    const char *text;
    const char *tree;
} good[] = {
    /* attributes, operators and words in any case, blanks */
    { "userName eq \"joy\"", "userName eq \"joy\"" },
    { "USERNAME EQ \"joy\"", "userName eq \"joy\"" },
    { "  userName   Eq\t\"joy\"  ", "userName eq \"joy\"" },
    { "userName eq\"joy\"", "userName eq \"joy\"" },
    { "externalId eq \"58342554-38d6-4ec8-948c-50044d0a33fd\"",
      "externalId eq \"58342554-38d6-4ec8-948c-50044d0a33fd\"" },
    { "id eq \"17\"", "id eq \"17\"" },
    { "displayName eq \"Joy\"", "displayName eq \"Joy\"" },
    { "active eq true", "active eq true" },
    { "title pr", "title pr" },
    { "title PR", "title pr" },
    { USER ":userName sw \"J\"", "userName sw \"J\"" },
    { USER ":name.familyName co \"O'Malley\"",
      "name.familyName co \"O'Malley\"" },
    { "URN:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User:department"
      " eq \"x\"", "department eq \"x\"" },
    { ENT ":manager.value eq \"26118915\"",
      "manager.value eq \"26118915\"" },
    { ENT ".department eq \"x\"", "department eq \"x\"" },
    { "department eq \"x\"", "department eq \"x\"" },
    { "schemas eq \"" ENT "\"", "schemas eq \"" ENT "\"" },
    { "groups.$ref eq \"x\"", "groups.$ref eq \"x\"" },
    /* all operators */
    { "title ne \"x\"", "title ne \"x\"" },
    { "title co \"x\"", "title co \"x\"" },
    { "title sw \"x\"", "title sw \"x\"" },
    { "title ew \"x\"", "title ew \"x\"" },
    { "title gt \"x\"", "title gt \"x\"" },
    { "title ge \"x\"", "title ge \"x\"" },
    { "title lt \"x\"", "title lt \"x\"" },
    { "title le \"x\"", "title le \"x\"" },
    { "profileUrl sw \"https:\"", "profileUrl sw \"https:\"" },
    /* precedence: parentheses, not, and, or */
    { "title pr or userType pr and active eq true",
      "(title pr | (userType pr & active eq true))" },
    { "title pr and userType pr or active eq true",
      "((title pr & userType pr) | active eq true)" },
    { "(title pr or userType pr) and active eq true",
      "((title pr | userType pr) & active eq true)" },
    { "not (title pr) and userType pr", "(!title pr & userType pr)" },
    { "NOT(title pr OR userType pr)AND(active eq true)",
      "(!(title pr | userType pr) & active eq true)" },
    { "not (not (title pr))", "!!title pr" },
    { "title pr and userType pr and active pr",
      "((title pr & userType pr) & active pr)" },
    { "((( title pr )))", "title pr" },
    { "userType eq \"Employee\" and (emails co \"example.com\" or"
      " emails.value co \"example.org\")",
      "(userType eq \"Employee\" & (emails.value co \"example.com\" |"
      " emails.value co \"example.org\"))" },
    /* multi-valued and complex attributes */
    { "emails eq \"x\"", "emails.value eq \"x\"" },
    { "emails.type ne \"work\"", "emails.type ne \"work\"" },
    { "emails pr", "emails pr" },
    { "emails.value pr", "emails.value pr" },
    { "name pr", "name pr" },
    { "manager eq \"1\"", "manager.value eq \"1\"" },
    { "emails[type eq \"work\"]", "emails[emails.type eq \"work\"]" },
    { "EMAILS[TYPE eq \"work\" AND value CO \"@example.com\"] or"
      " ims[type eq \"xmpp\"]",
      "(emails[(emails.type eq \"work\" & emails.value co \"@example.com\")]"
      " | ims[ims.type eq \"xmpp\"])" },
    { "emails [ type eq \"work\" ]", "emails[emails.type eq \"work\"]" },
    { "emails[not (type pr) or primary eq true]",
      "emails[(!emails.type pr | emails.primary eq true)]" },
    { USER ":emails[type eq \"work\"]", "emails[emails.type eq \"work\"]" },
    { "emails[type eq \"work\"].value eq \"x\"",
      "emails[(emails.type eq \"work\" & emails.value eq \"x\")]" },
    { "emails[type eq \"work\"].VALUE sw \"x\" and active eq true",
      "(emails[(emails.type eq \"work\" & emails.value sw \"x\")]"
      " & active eq true)" },
    { "emails[type eq \"work\" or type eq \"home\"].value pr",
      "emails[((emails.type eq \"work\" | emails.type eq \"home\")"
      " & emails.value pr)]" },
    { "name[givenName eq \"Joy\"]", "name[name.givenName eq \"Joy\"]" },
    /* values by the attribute's type */
    { "active eq True", "active eq true" },
    { "active eq \"False\"", "active eq false" },
    { "active ne \"true\"", "active ne true" },
    { "emails[primary eq \"TRUE\"]", "emails[emails.primary eq true]" },
    { "meta.lastModified gt \"2011-05-13T04:42:34Z\"",
      "meta.lastModified gt \"2011-05-13T04:42:34Z\"" },
    { "meta.lastModified le 2011-05-13T04:42:34.5+02:00",
      "meta.lastModified le \"2011-05-13T04:42:34.5+02:00\"" },
    { "userName eq akadmin", "userName eq \"akadmin\"" },
    { "userName eq joy@contoso.com and active eq true",
      "(userName eq \"joy@contoso.com\" & active eq true)" },
    { "userName eq 007", "userName eq \"007\"" },
    { "userName eq -1.5e3", "userName eq \"-1.5e3\"" },
    { "userName eq true", "userName eq \"true\"" },
    { "userName eq O'Brien", "userName eq \"O'Brien\"" },
    { "(userName eq x)", "userName eq \"x\"" },
    { "userName eq andy", "userName eq \"andy\"" },
    { "title eq null", "title eq null" },
    { "title ne null", "title ne null" },
    { "active eq null", "active eq null" },
    { "meta.created ne null", "meta.created ne null" },
    { "emails eq null", "emails.value eq null" },
    { "title eq \"null\"", "title eq \"null\"" },
    { "title eq NULL", "title eq \"NULL\"" },
    { "title eq \"\"", "title eq \"\"" },
    { "x509Certificates.value eq \"MIIB\"",
      "x509Certificates.value eq \"MIIB\"" },
    /* strings */
    { "title eq \"a\\\"b\\\\c\\u00fc\\n\"",
      "title eq \"a\\\"b\\\\c\xc3\xbc\\n\"" },
    { "title eq \"\\ud83d\\ude00\"", "title eq \"\xf0\x9f\x98\x80\"" },
    { "title eq \"and or ) ] \\\" and \"",
      "title eq \"and or ) ] \\\" and \"" },
    { "userName eq \"#'+\xc3\xa4\xf0\x9f\x98\x80\"",
      "userName eq \"#'+\xc3\xa4\xf0\x9f\x98\x80\"" },
    /* quotes and backslashes that were not escaped */
    { "userName eq \"a\"b\"", "userName eq \"a\\\"b\"" },
    { "userName eq \"a\"b\" and active eq true",
      "(userName eq \"a\\\"b\" & active eq true)" },
    { "userName eq \"a\"b\" AND title eq \"c\"d\"",
      "(userName eq \"a\\\"b\" & title eq \"c\\\"d\")" },
    { "(userName eq \"a\"b\" ) or title pr",
      "(userName eq \"a\\\"b\" | title pr)" },
    { "userName eq \"dom\\user\"", "userName eq \"dom\\\\user\"" },
    { "userName eq \"dom\\\"", "userName eq \"dom\\\\\"" },
    { "userName eq \"\"joy\"\"", "userName eq \"\\\"joy\\\"\"" },
    { "title eq \"R and D \"x\"\"", "title eq \"R and D \\\"x\\\"\"" },
    { "title eq \"a (b) \"c\" d\"", "title eq \"a (b) \\\"c\\\" d\"" },
    { "emails[type eq \"work\" and value eq \"a\"b\"]",
      "emails[(emails.type eq \"work\" & emails.value eq \"a\\\"b\")]" },
    { "emails[type eq \"work\"].value eq \"a\"b\"",
      "emails[(emails.type eq \"work\" & emails.value eq \"a\\\"b\")]" },
    { "title eq \"a\tb\"", "title eq \"a\\tb\"" }
};

static const struct {
    const char *text;
    const char *detail;
} bad[] = {
    { "", "filter: expected an attribute, not the end, at character 1" },
    { "   ", "filter: expected an attribute, not the end, at character 4" },
    /* names */
    { "nickNme eq \"x\"",
      "filter: unknown attribute \"nickNme\" at character 1" },
    { "title pr and nickNme eq \"x\"",
      "filter: unknown attribute \"nickNme\" at character 14" },
    { "title eq \"\xc3\xbc\" and nickNme eq \"x\"",
      "filter: unknown attribute \"nickNme\" at character 18" },
    { "emails.kind eq \"x\"",
      "filter: unknown attribute \"emails.kind\" at character 1" },
    { "emails[kind eq \"x\"]",
      "filter: unknown attribute \"kind\" at character 8" },
    { "emails[emails.type eq \"x\"]",
      "filter: unknown attribute \"emails.type\" at character 8" },
    { "emails[type eq \"x\"].kind eq \"x\"",
      "filter: unknown attribute \".kind\" at character 20" },
    { "urn:x:y:title eq \"x\"",
      "filter: unknown attribute \"urn:x:y:title\" at character 1" },
    { ENT " pr", "filter: unknown attribute \"" ENT "\" at character 1" },
    { "password eq \"x\"",
      "filter: unknown attribute \"password\" at character 1" },
    { "PASSWORD pr",
      "filter: unknown attribute \"PASSWORD\" at character 1" },
    { USER ":password sw \"x\"",
      "filter: unknown attribute \"" USER ":password\" at character 1" },
    { "\"userName\" eq \"x\"",
      "filter: expected an attribute, not \"userName\", at character 1" },
    { "and eq \"x\"",
      "filter: expected an attribute, not \"and\", at character 1" },
    /* operators */
    { "userName",
      "filter: expected an operator, not the end, at character 9" },
    { "userName is \"x\"",
      "filter: unknown operator \"is\" at character 10" },
    { "userName eqx \"x\"",
      "filter: unknown operator \"eqx\" at character 10" },
    { "userName \"x\"",
      "filter: expected an operator, not \"x\", at character 10" },
    { "userName =\"x\"",
      "filter: unknown operator \"=\" at character 10" },
    { "active gt true", "filter: operator \"gt\" does not suit the boolean"
      " \"active\" at character 8" },
    { "active co \"t\"", "filter: operator \"co\" does not suit the boolean"
      " \"active\" at character 8" },
    { "meta.created sw \"2011\"", "filter: operator \"sw\" does not suit the"
      " dateTime \"created\" at character 14" },
    { "x509Certificates.value ge \"x\"", "filter: operator \"ge\" does not"
      " suit the binary \"value\" at character 24" },
    { "name eq \"x\"", "filter: \"name\" cannot be compared, only its"
      " sub-attributes can, at character 1" },
    { "addresses co \"x\"", "filter: \"addresses\" cannot be compared, only"
      " its sub-attributes can, at character 1" },
    /* values */
    { "userName eq",
      "filter: expected a value, not the end, at character 12" },
    { "userName eq and active eq true",
      "filter: expected a value, not \"and\", at character 13" },
    { "userName eq (x)",
      "filter: expected a value, not \"(\", at character 13" },
    { "userName eq [\"x\"]",
      "filter: expected a value, not \"[\", at character 13" },
    { "active eq maybe",
      "filter: \"maybe\" is no boolean, at character 11" },
    { "active eq 1", "filter: \"1\" is no boolean, at character 11" },
    { "active eq \"\"", "filter: \"\" is no boolean, at character 11" },
    { "meta.created gt \"yesterday\"",
      "filter: \"yesterday\" is no dateTime, at character 17" },
    { "meta.created gt 2011-05-13",
      "filter: \"2011-05-13\" is no dateTime, at character 17" },
    { "meta.created gt 2011-02-30T00:00:00Z",
      "filter: \"2011-02-30T00:00:00Z\" is no dateTime, at character 17" },
    { "title gt null",
      "filter: null behind operator \"gt\" at character 10" },
    { "title co null",
      "filter: null behind operator \"co\" at character 10" },
    { "userName eq \"x", "filter: a string without end at character 13" },
    { "userName eq \"", "filter: a string without end at character 13" },
    { "userName eq x\"",
      "filter: a string without end at character 14" },
    { "userName eq \"x\" and title eq \"\\q\" foo",
      "filter: a malformed string at character 30" },
    /* structure */
    { "userName eq \"x\" y", "filter: expected \"and\" or \"or\", not \"y\","
      " at character 17" },
    { "userName eq joe smith", "filter: expected \"and\" or \"or\", not"
      " \"smith\", at character 17" },
    { "userName eq \"x\" and",
      "filter: expected an attribute, not the end, at character 20" },
    { "or userName eq \"x\"",
      "filter: expected an attribute, not \"or\", at character 1" },
    { "title pr and or userType pr",
      "filter: expected an attribute, not \"or\", at character 14" },
    { "title pr userType pr", "filter: expected \"and\" or \"or\", not"
      " \"userType\", at character 10" },
    { "title pr xor userType pr", "filter: expected \"and\" or \"or\", not"
      " \"xor\", at character 10" },
    { "userName eq \"x\" title eq \"y\"", "filter: expected \"and\" or"
      " \"or\", not \"title\", at character 17" },
    { "userName eq \"x\" nand title eq\"y\"", "filter: expected \"and\" or"
      " \"or\", not \"nand\", at character 17" },
    { "title eq \"Smith \"Jo\" and Co\"", "filter: expected \"and\" or"
      " \"or\", not \"Jo\", at character 18" },
    { "(title pr", "filter: expected \"and\", \"or\" or \")\", not the end,"
      " at character 10" },
    { "title pr)", "filter: expected \"and\" or \"or\", not \")\", at"
      " character 9" },
    { "()", "filter: expected an attribute, not \")\", at character 2" },
    { "not title pr",
      "filter: expected \"(\", not \"title\", at character 5" },
    { "not", "filter: expected \"(\", not the end, at character 4" },
    { "title (pr)",
      "filter: expected an operator, not \"(\", at character 7" },
    { "emails[type eq \"work\"", "filter: expected \"and\", \"or\" or \"]\","
      " not the end, at character 22" },
    { "emails[type eq \"work\")", "filter: expected \"and\", \"or\" or"
      " \"]\", not \")\", at character 22" },
    { "emails[]",
      "filter: expected an attribute, not \"]\", at character 8" },
    { "emails]", "filter: expected an operator, not \"]\", at character 7" },
    { "emails[type eq \"work\"] .value eq \"x\"", "filter: expected \"and\""
      " or \"or\", not \".value\", at character 24" },
    { "emails[type eq \"work\"].value",
      "filter: expected an operator, not the end, at character 29" },
    { "emails[type eq \"work\"] eq \"x\"", "filter: expected \"and\" or"
      " \"or\", not \"eq\", at character 24" },
    { "emails[type[x pr]]",
      "filter: expected an operator, not \"[\", at character 12" },
    { "userName[value eq \"x\"]", "filter: brackets behind an attribute"
      " without sub-attributes at character 9" },
    { "emails.value[type eq \"x\"]", "filter: brackets behind an attribute"
      " without sub-attributes at character 13" },
    { "title eq \"\xff\"",
      "filter: text that is not UTF-8 at character 1" }
};

static void test_reading(const scim_rtype_t *type, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(good); i++) {
        is_str(read_filter(good[i].text, type, pool), good[i].tree, "%s",
               good[i].text);
    }
    for (i = 0; i < COUNT(bad); i++) {
        is_str(read_filter(bad[i].text, type, pool), bad[i].detail,
               "refused: %s", bad[i].text);
    }
}

static void test_nodes(const scim_rtype_t *type, apr_pool_t *pool)
{
    const scim_filter_t *f;
    scim_err_t *err;

    err = scim_filter_parse(&f, "title pr and emails[type eq \"work\"]", type,
                            pool);
    ok(!err, "read");
    is_int(f->at, 9, "where the conjunction stands");
    is_int(f->left->at, 0, "where the comparison stands");
    is_int(f->right->at, 13, "where the element stands");
    is_int(f->right->left->at, 20, "where the comparison in it stands");
    ok(!f->left->value, "pr has no value");
    err = scim_filter_parse(&f, "meta.created eq 1970-01-01T00:00:01Z", type,
                            pool);
    ok(!err && f->time == apr_time_from_sec(1), "a dateTime is understood");
    ok(!err && f->value->type == SCIM_JSON_STRING, "and kept as text");
}

/* --- numbers, which the built-in schemas do not have --- */

static void test_numbers(apr_pool_t *pool)
{
    static const struct {
        const char *text;
        const char *tree;
    } rows[] = {
        { "size eq 7", "size eq 7" },
        { "size eq \"7\"", "size eq 7" },
        { "size ge -7", "size ge -7" },
        { "weight lt 1.50", "weight lt 1.50" },
        { "weight lt \"1e3\"", "weight lt 1e3" },
        { "size eq null", "size eq null" },
        { "size pr", "size pr" },
        { "size eq 1.5", "filter: \"1.5\" is no integer, at character 9" },
        { "size eq 1e3", "filter: \"1e3\" is no integer, at character 9" },
        { "size eq 007", "filter: \"007\" is no integer, at character 9" },
        { "size eq x", "filter: \"x\" is no integer, at character 9" },
        { "size eq \"\"", "filter: \"\" is no integer, at character 9" },
        { "size eq true", "filter: \"true\" is no integer, at character 9" },
        { "size eq 18446744073709551616",
          "filter: \"18446744073709551616\" is no integer, at character 9" },
        { "weight eq 1e999", "weight eq 1e999" },
        { "weight eq -1E-999", "weight eq -1E-999" },
        { "weight eq 1e1000", "filter: \"1e1000\" is no number, at character"
                              " 11" },
        { "weight gt 1E-1000", "filter: \"1E-1000\" is no number, at"
                               " character 11" },
        { "weight eq 1e99999999999999999999", "filter: \"1e99999999999999999999"
          "\" is no number, at character 11" },
        { "weight eq 1.", "filter: \"1.\" is no number, at character 11" },
        { "size co 7", "filter: operator \"co\" does not suit the integer"
          " \"size\" at character 6" },
        { "weight sw 7", "filter: operator \"sw\" does not suit the decimal"
          " \"weight\" at character 8" }
    };
    scim_rtype_t *type = make_number_type(pool);
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        is_str(read_filter(rows[i].text, type, pool), rows[i].tree, "%s",
               rows[i].text);
    }
}

/* --- limits --- */

static const char *repeat(const char *text, int count, apr_pool_t *pool)
{
    scim_buf_t buf;

    scim_buf_init(&buf, 1024, pool);
    while (count-- > 0) {
        scim_buf_puts(&buf, text);
    }
    return buf.data;
}

static const char *nest(const char *open, int count, apr_pool_t *pool)
{
    return apr_pstrcat(pool, repeat(open, count, pool), "title pr",
                       repeat(")", count, pool), NULL);
}

static void test_limits(const scim_rtype_t *type, apr_pool_t *pool)
{
    const char *text;

    is_str(read_filter(nest("(", 64, pool), type, pool), "title pr",
           "64 parentheses");
    is_str(read_filter(nest("(", 65, pool), type, pool),
           "filter: nesting deeper than 64 levels at character 65",
           "65 parentheses");
    is_str(read_filter(nest("(", 3000, pool), type, pool),
           "filter: nesting deeper than 64 levels at character 65",
           "3,000 parentheses");
    is_str(read_filter(repeat("(", 8192, pool), type, pool),
           "filter: nesting deeper than 64 levels at character 65",
           "8,192 parentheses that nothing closes");
    is_str(read_filter(nest("not (", 64, pool), type, pool),
           apr_pstrcat(pool, repeat("!", 64, pool), "title pr", NULL),
           "64 times not");
    is_str(read_filter(nest("not (", 65, pool), type, pool),
           "filter: nesting deeper than 64 levels at character 325",
           "65 times not");
    text = apr_pstrcat(pool, repeat("(", 64, pool), "emails[type pr]",
                       repeat(")", 64, pool), NULL);
    is_str(read_filter(text, type, pool),
           "filter: nesting deeper than 64 levels at character 71",
           "brackets count as well");
    text = apr_pstrcat(pool, repeat("id pr or ", 29, pool), "id pr", NULL);
    ok(strncmp(read_filter(text, type, pool), "(((((", 5) == 0,
       "a filter of 30 terms");
    text = apr_pstrcat(pool, repeat("id pr or ", 30, pool), "id pr", NULL);
    is_str(read_filter(text, type, pool),
           "filter: more than 30 comparisons at character 271",
           "one more is too much");
    text = apr_pstrcat(pool, "title eq \"", repeat("x", 8181, pool), "\"",
                       NULL);
    is_int(strlen(text), 8192, "a filter of 8,192 bytes");
    ok(strncmp(read_filter(text, type, pool), "title eq", 8) == 0, "is read");
    is_str(read_filter(apr_pstrcat(pool, text, " ", NULL), type, pool),
           "filter: more than 8192 bytes at character 1",
           "one byte more is too much");
    text = apr_pstrcat(pool, "title eq ", repeat("\"", 8000, pool), " x",
                       NULL);
    ok(strncmp(read_filter(text, type, pool), "filter: ", 8) == 0,
       "8,000 quotes");
}

/* --- what is between the brackets of a path --- */

static void test_elements(const scim_rtype_t *type, apr_pool_t *pool)
{
    static const struct {
        const char *text;
        const char *tree;
    } rows[] = {
        { "type eq \"work\"", "emails.type eq \"work\"" },
        { "primary eq \"True\"", "emails.primary eq true" },
        { "TYPE eq \"work\" and primary eq true",
          "(emails.type eq \"work\" & emails.primary eq true)" },
        { "value eq \"a\"b\"", "emails.value eq \"a\\\"b\"" },
        { "not (type pr)", "!emails.type pr" },
        { "kind eq \"x\"", "NULL" },
        { "type eq \"work\" and kind gt null", "NULL" },
        { "kind pr or (kind eq 1)", "NULL" },
        { "", "path: expected an attribute, not the end, at character 1"
          " between the brackets" },
        { "kind is \"x\"", "path: unknown operator \"is\" at character 6"
          " between the brackets" },
        { "kind", "path: expected an operator, not the end, at character 5"
          " between the brackets" },
        { "a.b eq \"x\"", "path: unknown attribute \"a.b\" at character 1"
          " between the brackets" },
        { "primary eq \"maybe\"", "path: \"maybe\" is no boolean, at"
          " character 12 between the brackets" },
        { "type eq \"x\"]", "path: expected \"and\" or \"or\", not \"]\", at"
          " character 12 between the brackets" },
        { "type[x pr]", "path: expected an operator, not \"[\", at character"
          " 5 between the brackets" }
    };
    const scim_attr_t *emails = scim_rtype_attr(type, NULL, "emails");
    const scim_filter_t *filter;
    scim_err_t *err;
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        err = scim_filter_parse_element(&filter, rows[i].text,
                                        strlen(rows[i].text), emails,
                                        SCIM_ERR_INVALID_PATH,
                                        &scim_limits_default, pool);
        is_str(err ? err->detail : filter ? tree(filter, pool) : "NULL",
               rows[i].tree, "in brackets: %s", rows[i].text);
        ok(!err || err->kind == SCIM_ERR_INVALID_PATH, "kind of the error");
    }
    err = scim_filter_parse_element(&filter, "type eq \"work\"].value", 14,
                                    emails, SCIM_ERR_INVALID_PATH,
                                    &scim_limits_default, pool);
    ok(!err && filter, "the length ends the text");
    err = scim_filter_parse_element(&filter, "bar eq 1", 8, NULL,
                                    SCIM_ERR_INVALID_PATH,
                                    &scim_limits_default, pool);
    ok(!err && !filter, "of an unknown attribute nothing is known");
    err = scim_filter_parse_element(&filter, "bar", 3, NULL,
                                    SCIM_ERR_INVALID_PATH,
                                    &scim_limits_default, pool);
    ok(err != NULL, "but the form is checked");
}

int main(void)
{
    scim_rtype_t *type;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = scim_builtin_user(pool);
    test_reading(type, pool);
    test_nodes(type, pool);
    test_numbers(pool);
    test_limits(type, pool);
    test_elements(type, pool);
    apr_terminate();
    return done_testing();
}
