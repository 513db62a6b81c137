/* directives.h - the directives: their names, once, and what each does to the
 * configuration.
 *
 * docs/directives.md documents each, conf/scim.conf shows each; a guard keeps
 * the three in step.
 */
#ifndef SCIM_HTTPD_DIRECTIVES_H
#define SCIM_HTTPD_DIRECTIVES_H

#include <httpd.h>
#include <http_config.h>

extern const command_rec scim_directives_commands[];

/* Where the service stands */
#define SCIM_DIRECTIVE_DATABASE         "ScimDatabase"
#define SCIM_DIRECTIVE_POOL_MAX         "ScimPoolMax"
#define SCIM_DIRECTIVE_POOL_TIMEOUT     "ScimPoolTimeout"
#define SCIM_DIRECTIVE_TIMEOUT          "ScimTimeout"
#define SCIM_DIRECTIVE_BASE_URL         "ScimBaseURL"
#define SCIM_DIRECTIVE_TOKENS           "ScimTokens"
#define SCIM_DIRECTIVE_REQUIRE_TLS      "ScimRequireTLS"
#define SCIM_DIRECTIVE_PUBLIC_DISCOVERY "ScimPublicDiscovery"
#define SCIM_DIRECTIVE_PAGE             "ScimPage"
#define SCIM_DIRECTIVE_PAGE_MAX         "ScimPageMax"
#define SCIM_DIRECTIVE_BODY_MAX         "ScimBodyMax"
#define SCIM_DIRECTIVE_BODY_DEPTH_MAX   "ScimBodyDepthMax"
#define SCIM_DIRECTIVE_BODY_VALUES_MAX  "ScimBodyValuesMax"
#define SCIM_DIRECTIVE_VALUES_MAX       "ScimValuesMax"
#define SCIM_DIRECTIVE_PATCH_MAX        "ScimPatchMax"
#define SCIM_DIRECTIVE_BULK_MAX         "ScimBulkMax"
#define SCIM_DIRECTIVE_FILTER_LENGTH_MAX "ScimFilterLengthMax"
#define SCIM_DIRECTIVE_FILTER_DEPTH_MAX "ScimFilterDepthMax"
#define SCIM_DIRECTIVE_FILTER_TERMS_MAX "ScimFilterTermsMax"
#define SCIM_DIRECTIVE_RATE_LIMIT       "ScimRateLimit"
#define SCIM_DIRECTIVE_CONSOLE_DATABASE "ScimConsoleDatabase"
#define SCIM_DIRECTIVE_RESOURCE         "<ScimResource"

/* Inside <ScimResource> */
#define SCIM_DIRECTIVE_TABLE            "ScimTable"
#define SCIM_DIRECTIVE_KEY              "ScimKey"
#define SCIM_DIRECTIVE_TENANT           "ScimTenant"
#define SCIM_DIRECTIVE_TOMBSTONE        "ScimTombstone"
#define SCIM_DIRECTIVE_EXTRA            "ScimExtra"
#define SCIM_DIRECTIVE_ADOPT            "ScimAdopt"
#define SCIM_DIRECTIVE_PROTECT          "ScimProtect"
#define SCIM_DIRECTIVE_GUARD            "ScimGuard"
#define SCIM_DIRECTIVE_DEFAULT          "ScimDefault"
#define SCIM_DIRECTIVE_VERSION          "ScimVersion"
#define SCIM_DIRECTIVE_MEMBERS          "ScimMembers"
#define SCIM_DIRECTIVE_ATTRIBUTE        "ScimAttribute"
#define SCIM_DIRECTIVE_SCHEMA           "ScimSchema"
#define SCIM_DIRECTIVE_REDACT           "ScimRedact"

#endif
