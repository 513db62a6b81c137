#include "schema/draft.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* An attribute; one that has sub-attributes may be known by them alone. */
typedef struct entry_t {
    scim_attr_t attr;
    const char *target;             /* as it was said; NULL: not yet */
    apr_array_header_t *subs;       /* of entry_t * */
} entry_t;

typedef struct own_schema_t {
    scim_schema_t schema;
    apr_array_header_t *entries;    /* of entry_t * */
    int is_said;                    /* by scim_draft_schema() */
} own_schema_t;

struct scim_draft_t {
    const scim_rtype_t *type;
    apr_array_header_t *schemas;    /* of own_schema_t * */
    apr_pool_t *pool;
};

scim_draft_t *scim_draft_make(const scim_rtype_t *type, apr_pool_t *pool)
{
    scim_draft_t *draft = apr_palloc(pool, sizeof(*draft));

    draft->type = type;
    draft->schemas = apr_array_make(pool, 2, sizeof(own_schema_t *));
    draft->pool = pool;
    return draft;
}

/* URNs */

/* Names that only an RFC gives a meaning to. */
static int is_reserved(const char *urn)
{
    static const char *const reserved[] = {
        "urn:ietf:params:scim:api:", "urn:ietf:params:scim:schemas:core:",
        "urn:ietf:params:scim:schemas:extension:enterprise:"
    };
    apr_size_t i;

    for (i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
        if (apr_cstr_casecmpn(urn, reserved[i], strlen(reserved[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

/* `urn:` NID `:` NSS (RFC 8141), of the characters that can stand in paths,
 * filters and URLs as they are. */
static int is_urn(const char *text)
{
    apr_size_t nid;
    const char *at;

    if (apr_cstr_casecmpn(text, "urn:", 4) != 0) {
        return 0;
    }
    for (at = text + 4; apr_isalnum(*at) || *at == '-'; at++) {
    }
    nid = (apr_size_t)(at - text) - 4;
    if (nid < 2 || nid > 32 || !apr_isalnum(text[4]) || !apr_isalnum(at[-1])
        || *at != ':' || !at[1]) {
        return 0;
    }
    for (; *at; at++) {
        if (!apr_isalnum(*at) && !strchr("-_.:", *at)) {
            return 0;
        }
    }
    return at[-1] != ':' && at[-1] != '.';
}

static const char *check_urn(const scim_draft_t *draft, const char *urn)
{
    if (!is_urn(urn)) {
        return apr_psprintf(draft->pool, "\"%s\" is not a URN such as "
                            "urn:example:params:scim:schemas:desk:2.0:User, "
                            "made of letters, digits and - _ . :", urn);
    }
    if (is_reserved(urn)) {
        return apr_psprintf(draft->pool, "\"%s\" is for schemas of SCIM "
                            "itself; choose a URN of your own", urn);
    }
    return NULL;
}

/* Whether the text begins with the URN of a built-in schema. */
static int is_built_in(const scim_draft_t *draft, const char *text)
{
    return scim_rtype_resolve(draft->type, text, draft->pool).schema != NULL;
}

/* Finding and making */

/* What a schema is called unless something else is said: of
 * `urn:..:desk:2.0:User` desk, of others the last word. */
static const char *default_name(const char *urn, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 8, sizeof(char *));
    char *rest = apr_pstrdup(pool, urn), *state, *word;
    int n;

    for (word = apr_strtok(rest, ":", &state); word;
         word = apr_strtok(NULL, ":", &state)) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    n = words->nelts;
    return n > 4 && apr_isdigit(*APR_ARRAY_IDX(words, n - 2, const char *))
         ? APR_ARRAY_IDX(words, n - 3, const char *)
         : APR_ARRAY_IDX(words, n - 1, const char *);
}

static own_schema_t *get_schema(scim_draft_t *draft, const char *urn)
{
    own_schema_t *own;
    int i;

    for (i = 0; i < draft->schemas->nelts; i++) {
        own = APR_ARRAY_IDX(draft->schemas, i, own_schema_t *);
        if (apr_cstr_casecmp(own->schema.urn, urn) == 0) {
            return own;
        }
    }
    own = apr_pcalloc(draft->pool, sizeof(*own));
    own->schema.urn = apr_pstrdup(draft->pool, urn);
    own->schema.name = default_name(urn, draft->pool);
    own->schema.description = apr_pstrcat(draft->pool, "Extension ",
                                          own->schema.name, NULL);
    own->schema.configured = 1;
    own->entries = apr_array_make(draft->pool, 4, sizeof(entry_t *));
    APR_ARRAY_PUSH(draft->schemas, own_schema_t *) = own;
    return own;
}

static entry_t *get_entry(apr_array_header_t *entries, const char *name)
{
    apr_pool_t *pool = entries->pool;
    entry_t *entry;
    int i;

    for (i = 0; i < entries->nelts; i++) {
        entry = APR_ARRAY_IDX(entries, i, entry_t *);
        if (apr_cstr_casecmp(entry->attr.name, name) == 0) {
            return entry;
        }
    }
    entry = apr_pcalloc(pool, sizeof(*entry));
    entry->attr.name = apr_pstrdup(pool, name);
    entry->subs = apr_array_make(pool, 2, sizeof(entry_t *));
    APR_ARRAY_PUSH(entries, entry_t *) = entry;
    return entry;
}

/* Options */

static int is_option(const scim_option_t *option, const char *name)
{
    return apr_cstr_casecmp(option->name, name) == 0;
}

static const char *not_an_option(const char *of, const scim_option_t *option,
                                 const char *known, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s: \"%s%s%s\" is not an option; %s", of,
                        option->name, option->value ? "=" : "",
                        option->value ? option->value : "", known);
}

/* The options that take one word of a list. Returns whether it is one of
 * them; *pwrong is set when the word is none of the list. */
static int set_word(const char **pwrong, entry_t *entry,
                    const scim_option_t *option, apr_pool_t *pool)
{
    static const struct {
        const char *name;
        int (*find)(const char *word);
        const char *known;
    } lists[] = {
        { "type", scim_attr_type_find, "string, boolean, decimal, integer, "
          "dateTime, binary, reference or complex" },
        { "mutability", scim_mutability_find, "readWrite, readOnly, immutable "
          "or writeOnly" },
        { "returned", scim_returned_find, "default, always, request or "
          "never" },
        { "uniqueness", scim_uniqueness_find, "none, server or global" }
    };
    const int count = (int)(sizeof(lists) / sizeof(*lists));
    scim_attr_t *attr = &entry->attr;
    int which = 0, word;

    while (which < count && !is_option(option, lists[which].name)) {
        which++;
    }
    if (which == count) {
        return 0;
    }
    word = lists[which].find(option->value);
    if (word < 0) {
        *pwrong = apr_psprintf(pool, "%s: %s must be %s", entry->target,
                               option->name, lists[which].known);
        return 1;
    }
    switch (which) {
    case 0:
        attr->type = (scim_attr_type_t)word;
        break;
    case 1:
        attr->mutability = (scim_mutability_t)word;
        break;
    case 2:
        attr->returned = (scim_returned_t)word;
        break;
    default:
        attr->uniqueness = (scim_uniqueness_t)word;
        break;
    }
    return 1;
}

/* The options that take a text. Returns whether it is one of them. */
static int set_text(entry_t *entry, const scim_option_t *option,
                    apr_pool_t *pool)
{
    const char **ptext = is_option(option, "canonical")
                         ? &entry->attr.canonical
                         : is_option(option, "references")
                         ? &entry->attr.references
                         : is_option(option, "description")
                         ? &entry->attr.description : NULL;

    if (ptext) {
        *ptext = apr_pstrdup(pool, option->value);
    }
    return ptext != NULL;
}

/* The options that stand alone. Returns whether it is one of them. */
static int set_flag(entry_t *entry, const scim_option_t *option)
{
    int *pflag = is_option(option, "multi") ? &entry->attr.multi
               : is_option(option, "required") ? &entry->attr.required
               : is_option(option, "caseExact") ? &entry->attr.case_exact
               : NULL;

    if (pflag) {
        *pflag = 1;
    }
    return pflag != NULL;
}

static const char *set_option(entry_t *entry, const scim_option_t *option,
                              apr_pool_t *pool)
{
    const char *wrong = NULL;

    if (option->value ? set_word(&wrong, entry, option, pool)
                        || set_text(entry, option, pool)
                      : set_flag(entry, option)) {
        return wrong;
    }
    return not_an_option(entry->target, option, "known are type=, multi, "
                         "required, caseExact, mutability=, returned=, "
                         "uniqueness=, canonical=, references=, description= "
                         "and key=", pool);
}

/* What one attribute's options say together. */
static const char *check_options(entry_t *entry, int is_sub, apr_pool_t *pool)
{
    scim_attr_t *attr = &entry->attr;
    const char *wrong = NULL;

    if (attr->type == SCIM_TYPE_OPEN
        && (attr->case_exact || attr->canonical)) {
        attr->type = SCIM_TYPE_STRING;
    }
    if (is_sub && (attr->multi || attr->required
                   || attr->type == SCIM_TYPE_COMPLEX)) {
        wrong = "a sub-attribute is a single value and never required";
    }
    else if (attr->case_exact && attr->type != SCIM_TYPE_STRING) {
        wrong = "caseExact goes with type=string; references and binaries "
                "are so anyway";
    }
    else if (attr->references && attr->type != SCIM_TYPE_REFERENCE) {
        wrong = "references= goes with type=reference";
    }
    else if (attr->mutability == SCIM_WRITE_ONLY
             && attr->returned != SCIM_RETURNED_DEFAULT
             && attr->returned != SCIM_RETURNED_NEVER) {
        wrong = "what is writeOnly is never returned";
    }
    else if (attr->mutability == SCIM_READ_ONLY
             && (attr->required || attr->returned == SCIM_RETURNED_NEVER)) {
        wrong = "what is readOnly can neither be required of clients nor be "
                "kept from them";
    }
    if (wrong) {
        return apr_psprintf(pool, "%s: %s", entry->target, wrong);
    }
    if (attr->mutability == SCIM_WRITE_ONLY) {
        attr->returned = SCIM_RETURNED_NEVER;
    }
    if (attr->type == SCIM_TYPE_REFERENCE
        || attr->type == SCIM_TYPE_BINARY) {
        attr->case_exact = 1;
    }
    if (attr->type == SCIM_TYPE_REFERENCE && !attr->references) {
        attr->references = "external";
    }
    return NULL;
}

/* Lines */

/* The entry of `URN:attr` or `URN:attr.sub`: the URN ends at the last
 * colon. NULL: there is something wrong with it. */
static entry_t *find_entry(const char **pwrong, int *pis_sub,
                           scim_draft_t *draft, const char *target)
{
    apr_pool_t *pool = draft->pool;
    const char *colon = strrchr(target, ':'), *dot = strchr(colon, '.');
    const char *urn = apr_pstrmemdup(pool, target,
                                     (apr_size_t)(colon - target));
    const char *name = dot ? apr_pstrmemdup(pool, colon + 1,
                                            (apr_size_t)(dot - colon) - 1)
                           : colon + 1;
    entry_t *entry;

    if (!scim_attr_is_name(name) || (dot && !scim_attr_is_name(dot + 1))) {
        *pwrong = apr_psprintf(pool, "\"%s\" does not end in the name of an "
                               "attribute", target);
        return NULL;
    }
    if ((*pwrong = check_urn(draft, urn))) {
        return NULL;
    }
    entry = get_entry(get_schema(draft, urn)->entries, name);
    *pis_sub = dot != NULL;
    return dot ? get_entry(entry->subs, dot + 1) : entry;
}

const char *scim_draft_attribute(scim_draft_t *draft, const char *target,
                                 scim_attr_type_t type,
                                 const apr_array_header_t *options)
{
    apr_pool_t *pool = draft->pool;
    entry_t *entry;
    const char *wrong = NULL;
    int is_sub = 0, i;

    if (apr_cstr_casecmpn(target, "urn:", 4) != 0 || strchr(target, '[')
        || is_built_in(draft, target)) {
        return !options->nelts ? NULL
             : not_an_option(target,
                             &APR_ARRAY_IDX(options, 0, scim_option_t),
                             "known is key=COLUMN", pool);
    }
    entry = find_entry(&wrong, &is_sub, draft, target);
    if (!entry) {
        return wrong;
    }
    if (entry->target) {
        return apr_psprintf(pool, "\"%s\" is defined twice", target);
    }
    entry->target = apr_pstrdup(pool, target);
    entry->attr.type = type;
    for (i = 0; i < options->nelts && !wrong; i++) {
        wrong = set_option(entry, &APR_ARRAY_IDX(options, i, scim_option_t),
                           pool);
    }
    return wrong ? wrong : check_options(entry, is_sub, pool);
}

const char *scim_draft_schema(scim_draft_t *draft, const char *urn,
                              const apr_array_header_t *options)
{
    own_schema_t *own;
    const char *wrong = check_urn(draft, urn);
    int i;

    if (wrong) {
        return wrong;
    }
    own = get_schema(draft, urn);
    if (own->is_said) {
        return apr_psprintf(draft->pool, "\"%s\" is described twice", urn);
    }
    own->is_said = 1;
    for (i = 0; i < options->nelts; i++) {
        const scim_option_t *option =
            &APR_ARRAY_IDX(options, i, scim_option_t);
        const char *value = option->value
                          ? apr_pstrdup(draft->pool, option->value) : NULL;

        if (value && is_option(option, "name")) {
            own->schema.name = value;
        }
        else if (value && is_option(option, "description")) {
            own->schema.description = value;
        }
        else if (!value && is_option(option, "required")) {
            own->schema.required = 1;
        }
        else {
            return not_an_option(urn, option, "known are name=, description= "
                                 "and required", draft->pool);
        }
    }
    return NULL;
}

/* Linking */

/* An attribute of which only sub-attributes were named is a single complex
 * one. */
static const char *settle_complex(entry_t *entry, const own_schema_t *own,
                                  apr_pool_t *pool)
{
    scim_attr_t *attr = &entry->attr;
    int i;

    if (!entry->target && entry->subs->nelts) {
        attr->type = SCIM_TYPE_COMPLEX;
    }
    if ((attr->type == SCIM_TYPE_COMPLEX) != (entry->subs->nelts > 0)) {
        return apr_psprintf(pool, entry->subs->nelts
                            ? "has sub-attributes of %s:%s, which needs "
                              "type=complex"
                            : "has no sub-attribute of %s:%s, which is "
                              "complex",
                            own->schema.urn, attr->name);
    }
    for (i = 0; attr->multi && i < entry->subs->nelts; i++) {
        const entry_t *sub = APR_ARRAY_IDX(entry->subs, i, entry_t *);

        if (sub->attr.mutability == SCIM_READ_ONLY) {
            return apr_psprintf(pool, "has a readOnly %s, which belongs to an "
                                "attribute with many values; nothing says to "
                                "which of them it goes when they change",
                                sub->target);
        }
    }
    return NULL;
}

/* What is required of a resource is an attribute; a required extension has at
 * least one. */
static const char *check_required(const own_schema_t *own, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < own->entries->nelts; i++) {
        if (!own->schema.required
            || APR_ARRAY_IDX(own->entries, i, entry_t *)->attr.required) {
            return NULL;
        }
    }
    return apr_psprintf(pool, own->entries->nelts
                        ? "requires %s, but none of its attributes"
                        : "has no attribute of %s", own->schema.urn);
}

/* The definitions of a list of entries. */
static const scim_attr_t *flatten(const apr_array_header_t *entries,
                                  apr_pool_t *pool)
{
    scim_attr_t *attrs = apr_palloc(pool, (apr_size_t)entries->nelts
                                          * sizeof(*attrs));
    int i;

    for (i = 0; i < entries->nelts; i++) {
        const entry_t *entry = APR_ARRAY_IDX(entries, i, entry_t *);

        attrs[i] = entry->attr;
        attrs[i].nsubs = entry->subs->nelts;
        attrs[i].subs = attrs[i].nsubs ? flatten(entry->subs, pool) : NULL;
    }
    return attrs;
}

/* One URN may begin with another; then a name could mean two things. */
static const char *check_names(const scim_rtype_t *type, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < type->nattrs; i++) {
        const scim_attr_t *attr = type->attrs[i];
        const char *path = scim_attr_path(attr, pool);
        scim_name_t name = scim_rtype_resolve(type, path, pool);

        if ((name.sub ? name.sub : name.attr) != attr) {
            return apr_psprintf(pool, "has an attribute %s, whose name means "
                                "something else as well; change one of the "
                                "URNs", path);
        }
    }
    return NULL;
}

const char *scim_draft_link(const scim_rtype_t **ptype,
                            const scim_draft_t *draft)
{
    apr_pool_t *pool = draft->pool;
    int count = draft->schemas->nelts, i, j;
    const scim_schema_t **schemas = apr_palloc(pool, ((apr_size_t)count + 1)
                                                     * sizeof(*schemas));
    const char *wrong;

    for (i = 0; i < count; i++) {
        own_schema_t *own = APR_ARRAY_IDX(draft->schemas, i, own_schema_t *);

        for (j = 0; j < own->entries->nelts; j++) {
            wrong = settle_complex(APR_ARRAY_IDX(own->entries, j, entry_t *),
                                   own, pool);
            if (wrong) {
                return wrong;
            }
        }
        if ((wrong = check_required(own, pool))) {
            return wrong;
        }
        own->schema.attrs = flatten(own->entries, pool);
        own->schema.nattrs = own->entries->nelts;
        schemas[i] = &own->schema;
    }
    *ptype = !count ? draft->type
           : scim_rtype_extend(draft->type, schemas, count, pool);
    return check_names(*ptype, pool);
}
