#include "schema/builtin.h"

#define COUNT(list)     ((int)(sizeof(list) / sizeof((list)[0])))
#define SUBS(list)      .type = SCIM_TYPE_COMPLEX, .subs = list, \
                        .nsubs = COUNT(list)

/* What is not said of an attribute is RFC 7643's default (section 2.2): an
 * optional, caseless, single string that may be read and written.
 *
 * References and binaries are case exact (sections 2.3.6 and 2.3.7); section
 * 8.7.1 prints the opposite for some of them. */

#define SUB_DISPLAY \
    { .name = "display", \
      .description = "A name for the value, for showing it." }
#define SUB_PRIMARY \
    { .name = "primary", .type = SCIM_TYPE_BOOLEAN, \
      .description = "Whether this is the preferred one; at most one is." }
#define SUB_TYPE(words) \
    { .name = "type", .canonical = words, \
      .description = "What the value is for." }

/* --- common attributes (section 3) --- */

static const scim_attr_t meta_subs[] = {
    { .name = "resourceType", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .description = "The name of the resource type." },
    { .name = "created", .type = SCIM_TYPE_DATETIME,
      .mutability = SCIM_READ_ONLY,
      .description = "When the resource was created." },
    { .name = "lastModified", .type = SCIM_TYPE_DATETIME,
      .mutability = SCIM_READ_ONLY,
      .description = "When the resource was last changed." },
    { .name = "location", .type = SCIM_TYPE_REFERENCE, .case_exact = 1,
      .mutability = SCIM_READ_ONLY, .references = "uri",
      .description = "The URL of the resource." },
    { .name = "version", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .description = "The version of the resource, as in its ETag." }
};

static const scim_attr_t common_attrs[] = {
    { .name = "schemas", .type = SCIM_TYPE_REFERENCE, .multi = 1,
      .required = 1, .case_exact = 1, .returned = SCIM_RETURNED_ALWAYS,
      .references = "uri",
      .description = "The URNs of the schemas the resource makes use of." },
    { .name = "id", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .returned = SCIM_RETURNED_ALWAYS, .uniqueness = SCIM_UNIQUE_SERVER,
      .description = "The identifier the server gave the resource; it never"
                     " changes." },
    { .name = "externalId", .case_exact = 1, .uniqueness = SCIM_UNIQUE_SERVER,
      .description = "The identifier the client gave the resource." },
    { .name = "meta", .mutability = SCIM_READ_ONLY, SUBS(meta_subs),
      .description = "Facts about the resource itself." }
};

/* --- User (sections 4.1 and 8.7.1) --- */

static const scim_attr_t name_subs[] = {
    { .name = "formatted",
      .description = "The full name as it is shown, with all titles." },
    { .name = "familyName", .description = "The family name." },
    { .name = "givenName", .description = "The given name." },
    { .name = "middleName", .description = "The middle name or names." },
    { .name = "honorificPrefix",
      .description = "What stands in front of the name, such as \"Dr.\"." },
    { .name = "honorificSuffix",
      .description = "What stands behind the name, such as \"III\"." }
};

static const scim_attr_t email_subs[] = {
    { .name = "value", .description = "The e-mail address." },
    SUB_DISPLAY,
    SUB_TYPE("work home other"),
    SUB_PRIMARY
};

static const scim_attr_t phone_subs[] = {
    { .name = "value", .description = "The telephone number." },
    SUB_DISPLAY,
    SUB_TYPE("work home mobile fax pager other"),
    SUB_PRIMARY
};

static const scim_attr_t im_subs[] = {
    { .name = "value", .description = "The instant messaging address." },
    SUB_DISPLAY,
    SUB_TYPE("aim gtalk icq xmpp msn skype qq yahoo"),
    SUB_PRIMARY
};

static const scim_attr_t photo_subs[] = {
    { .name = "value", .type = SCIM_TYPE_REFERENCE, .case_exact = 1,
      .references = "external", .description = "The URL of the picture." },
    SUB_DISPLAY,
    SUB_TYPE("photo thumbnail"),
    SUB_PRIMARY
};

static const scim_attr_t address_subs[] = {
    { .name = "formatted",
      .description = "The whole address as it is printed, on several lines"
                     " if need be." },
    { .name = "streetAddress",
      .description = "Street and number, or what stands for them." },
    { .name = "locality", .description = "The city." },
    { .name = "region", .description = "The state or region." },
    { .name = "postalCode", .description = "The postal code." },
    { .name = "country", .description = "The country, as two letters." },
    SUB_TYPE("work home other"),
    SUB_PRIMARY
};

static const scim_attr_t group_subs[] = {
    { .name = "value", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .description = "The id of the group." },
    { .name = "$ref", .type = SCIM_TYPE_REFERENCE, .case_exact = 1,
      .mutability = SCIM_READ_ONLY, .references = "User Group",
      .description = "The URL of the group." },
    { .name = "display", .mutability = SCIM_READ_ONLY,
      .description = "The name of the group." },
    { .name = "type", .mutability = SCIM_READ_ONLY,
      .canonical = "direct indirect",
      .description = "Whether the user is a member itself or through another"
                     " group." }
};

static const scim_attr_t entitlement_subs[] = {
    { .name = "value", .description = "The entitlement." },
    SUB_DISPLAY,
    SUB_TYPE(NULL),
    SUB_PRIMARY
};

static const scim_attr_t role_subs[] = {
    { .name = "value", .description = "The role." },
    SUB_DISPLAY,
    SUB_TYPE(NULL),
    SUB_PRIMARY
};

static const scim_attr_t certificate_subs[] = {
    { .name = "value", .type = SCIM_TYPE_BINARY, .case_exact = 1,
      .description = "One certificate, DER in base64." },
    SUB_DISPLAY,
    SUB_TYPE(NULL),
    SUB_PRIMARY
};

static const scim_attr_t user_attrs[] = {
    { .name = "userName", .required = 1, .uniqueness = SCIM_UNIQUE_SERVER,
      .description = "The name the user signs in with." },
    { .name = "name", SUBS(name_subs),
      .description = "The parts of the user's name." },
    { .name = "displayName",
      .description = "The name of the user as it is shown to others." },
    { .name = "nickName",
      .description = "What the user is called in everyday life." },
    { .name = "profileUrl", .type = SCIM_TYPE_REFERENCE, .case_exact = 1,
      .references = "external",
      .description = "The URL of a page about the user." },
    { .name = "title", .description = "The title, such as \"Vice"
                                      " President\"." },
    { .name = "userType",
      .description = "How the user belongs to the organisation, such as"
                     " \"Contractor\"." },
    { .name = "preferredLanguage",
      .description = "The languages preferred, as in Accept-Language." },
    { .name = "locale",
      .description = "Where the user is, for formats of numbers and dates,"
                     " such as \"en-US\"." },
    { .name = "timezone",
      .description = "The time zone by its IANA name, such as"
                     " \"Europe/Zurich\"." },
    { .name = "active", .type = SCIM_TYPE_BOOLEAN,
      .description = "Whether the user may make use of the application." },
    { .name = "password", .mutability = SCIM_WRITE_ONLY,
      .returned = SCIM_RETURNED_NEVER,
      .description = "The password in clear, to be set only." },
    { .name = "emails", .multi = 1, SUBS(email_subs),
      .description = "E-mail addresses." },
    { .name = "phoneNumbers", .multi = 1, SUBS(phone_subs),
      .description = "Telephone numbers." },
    { .name = "ims", .multi = 1, SUBS(im_subs),
      .description = "Instant messaging addresses." },
    { .name = "photos", .multi = 1, SUBS(photo_subs),
      .description = "URLs of pictures of the user." },
    { .name = "addresses", .multi = 1, SUBS(address_subs),
      .description = "Postal addresses." },
    { .name = "groups", .multi = 1, .mutability = SCIM_READ_ONLY,
      SUBS(group_subs),
      .description = "The groups the user belongs to; they are changed at the"
                     " group." },
    { .name = "entitlements", .multi = 1, SUBS(entitlement_subs),
      .description = "Things the user is entitled to." },
    { .name = "roles", .multi = 1, SUBS(role_subs),
      .description = "Roles of the user, such as \"Student\"." },
    { .name = "x509Certificates", .multi = 1, SUBS(certificate_subs),
      .description = "Certificates issued to the user." }
};

static const scim_schema_t user_schema = {
    .urn = SCIM_URN_USER,
    .name = "User",
    .description = "User account",
    .attrs = user_attrs,
    .nattrs = COUNT(user_attrs)
};

/* --- the Enterprise extension (sections 4.3 and 8.7.1) --- */

static const scim_attr_t manager_subs[] = {
    { .name = "value", .description = "The id of the manager." },
    { .name = "$ref", .type = SCIM_TYPE_REFERENCE, .case_exact = 1,
      .references = "User", .description = "The URL of the manager." },
    { .name = "displayName", .mutability = SCIM_READ_ONLY,
      .description = "The manager's name as it is shown." }
};

static const scim_attr_t enterprise_attrs[] = {
    { .name = "employeeNumber",
      .description = "The number or code the organisation gave the person." },
    { .name = "costCenter", .description = "The name of the cost center." },
    { .name = "organization", .description = "The name of the organisation." },
    { .name = "division", .description = "The name of the division." },
    { .name = "department", .description = "The name of the department." },
    { .name = "manager", SUBS(manager_subs),
      .description = "The user's manager." }
};

static const scim_schema_t enterprise_schema = {
    .urn = SCIM_URN_ENTERPRISE,
    .name = "EnterpriseUser",
    .description = "Enterprise user",
    .attrs = enterprise_attrs,
    .nattrs = COUNT(enterprise_attrs)
};

/* --- Group (sections 4.2 and 8.7.1) --- */

/* An id is compared as the common attribute is: exactly. Only users are
 * members here. */
static const scim_attr_t member_subs[] = {
    { .name = "value", .case_exact = 1, .mutability = SCIM_IMMUTABLE,
      .description = "The id of the member." },
    { .name = "$ref", .type = SCIM_TYPE_REFERENCE, .case_exact = 1,
      .mutability = SCIM_IMMUTABLE, .references = "User",
      .description = "The URL of the member." },
    { .name = "type", .mutability = SCIM_IMMUTABLE, .canonical = "User",
      .description = "The resource type of the member." },
    { .name = "display", .mutability = SCIM_READ_ONLY,
      .description = "The name of the member as it is shown." }
};

static const scim_attr_t group_attrs[] = {
    { .name = "displayName", .required = 1,
      .description = "The name of the group." },
    { .name = "members", .multi = 1, SUBS(member_subs),
      .description = "The users that belong to the group." }
};

static const scim_schema_t group_schema = {
    .urn = SCIM_URN_GROUP,
    .name = "Group",
    .description = "Group",
    .attrs = group_attrs,
    .nattrs = COUNT(group_attrs)
};

const scim_attr_t *scim_builtin_common(int *pcount)
{
    *pcount = COUNT(common_attrs);
    return common_attrs;
}

scim_rtype_t *scim_builtin_user(apr_pool_t *pool)
{
    static const scim_schema_t *const schemas[] = {
        &user_schema, &enterprise_schema
    };

    return scim_rtype_make("User", "Users", "User account", schemas,
                           COUNT(schemas), pool);
}

scim_rtype_t *scim_builtin_group(apr_pool_t *pool)
{
    static const scim_schema_t *const schemas[] = { &group_schema };

    return scim_rtype_make("Group", "Groups", "Group", schemas,
                           COUNT(schemas), pool);
}
