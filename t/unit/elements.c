/* Filters on multi-valued attributes as SQL: the text and its parameters, to the
 * letter. */
#include "t/unit/conditions.h"

#include <apr_general.h>

static const condition_t rows[] = {
    { "emails eq \"w@x\"",
      "((((r.\"email_key\" = lower($1::text)) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($2::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((lower((e->>'value')) = lower($3::text)"
      " AND jsonb_typeof(e->'value') = 'string')))))) <- w@x, w@x, w@x",
      "((((r.\"email_key\" = lower($1::text)) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> ''))))) <- w@x" },
    { "emails.value eq \"w@x\"",
      "((((r.\"email_key\" = lower($1::text)) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($2::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((lower((e->>'value')) = lower($3::text)"
      " AND jsonb_typeof(e->'value') = 'string')))))) <- w@x, w@x, w@x",
      "((((r.\"email_key\" = lower($1::text)) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> ''))))) <- w@x" },
    { "emails.value ne \"w@x\"",
      "((((((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> '') IS NOT TRUE OR"
      " r.\"email_key\" IS DISTINCT FROM lower($1::text))) AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND ((((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> '') AND (((e->>'value') IS NOT NULL AND"
      " jsonb_typeof(e->'value') = 'string' AND (e->>'value') <> '') IS"
      " NOT TRUE OR lower((e->>'value')) IS DISTINCT FROM"
      " lower($2::text))))))) OR (((r.\"email\" IS NOT NULL AND"
      " r.\"email\" <> '') AND ((r.\"email\" IS NOT NULL AND r.\"email\""
      " <> ''))) OR (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND (((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> ''))))) IS NOT TRUE)) <- w@x, w@x",
      "((((((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> '') IS NOT TRUE OR"
      " r.\"email_key\" IS DISTINCT FROM lower($1::text))) AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> '')))) OR"
      " (((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> '')))) IS NOT TRUE))"
      " <- w@x" },
    { "emails.value co \"x\"",
      "((((strpos(r.\"email_key\", lower($1::text)) > 0) AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND"
      " ((strpos(lower((e->>'value')), lower($2::text)) > 0 AND"
      " jsonb_typeof(e->'value') = 'string')))))) <- x, x",
      "((((strpos(r.\"email_key\", lower($1::text)) > 0) AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))))) <- x" },
    { "emails.type eq \"work\"",
      "((((lower('work'::text) = lower($1::text)) AND ((r.\"email\" IS"
      " NOT NULL AND r.\"email\" <> ''))))) <- work",
      NULL },
    { "emails.display eq \"D\"",
      "((((lower((r.\"extra\"->'emails[type eq \"work\"]'->>'display')) ="
      " lower($1::text) AND jsonb_typeof(r.\"extra\"->'emails[type eq"
      " \"work\"]'->'display') = 'string') AND ((r.\"email\" IS NOT NULL"
      " AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('display', lower($2::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((lower((e->>'display')) ="
      " lower($3::text) AND jsonb_typeof(e->'display') = 'string'))))))"
      " <- D, D, D",
      "!filter: attribute \"emails.display\" at character 1 is not kept"
      " by this service, so nothing can be found by it" },
    { "emails.primary eq true",
      "(((((r.\"first_mail\" IS NULL) = $1::boolean) AND ((r.\"email\" IS"
      " NOT NULL AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND"
      " EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((CASE (e->'primary') WHEN 'true' THEN"
      " true WHEN 'false' THEN false END = $2::boolean)))))) <- t, t",
      "(((((r.\"first_mail\" IS NULL) = $1::boolean) AND ((r.\"email\" IS"
      " NOT NULL AND r.\"email\" <> ''))))) <- t" },
    { "emails pr",
      "(((((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND ((((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> '') OR ((e->>'display') IS NOT NULL AND"
      " jsonb_typeof(e->'display') = 'string' AND (e->>'display') <> '')"
      " OR ((e->>'type') IS NOT NULL AND jsonb_typeof(e->'type') ="
      " 'string' AND (e->>'type') <> '') OR ((e->>'primary') IS NOT NULL"
      " AND jsonb_typeof(e->'primary') = 'boolean')))))))",
      "(((((r.\"email\" IS NOT NULL AND r.\"email\" <> '')))))" },
    { "emails.display pr",
      "(((((r.\"extra\"->'emails[type eq \"work\"]'->>'display') IS NOT"
      " NULL AND jsonb_typeof(r.\"extra\"->'emails[type eq"
      " \"work\"]'->'display') = 'string' AND (r.\"extra\"->'emails[type"
      " eq \"work\"]'->>'display') <> '') AND ((r.\"email\" IS NOT NULL"
      " AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND EXISTS"
      " (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND (((e->>'display') IS NOT NULL AND"
      " jsonb_typeof(e->'display') = 'string' AND (e->>'display') <>"
      " ''))))))",
      "!filter: attribute \"emails.display\" at character 1 is not kept"
      " by this service, so nothing can be found by it" },
    { "emails.value eq null",
      "(((((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND (((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> ''))))) IS NOT TRUE))",
      "(((((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> '')))) IS NOT TRUE))" },
    { "emails.value ne null",
      "(((((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND (((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> '')))))))",
      "(((((r.\"email\" IS NOT NULL AND r.\"email\" <> '') AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))))))" },
    { "not (emails.value eq \"w@x\")",
      "((NOT coalesce((((r.\"email_key\" = lower($1::text)) AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($2::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((lower((e->>'value')) = lower($3::text)"
      " AND jsonb_typeof(e->'value') = 'string'))))), false))) <- w@x,"
      " w@x, w@x",
      "((NOT coalesce((((r.\"email_key\" = lower($1::text)) AND"
      " ((r.\"email\" IS NOT NULL AND r.\"email\" <> '')))), false))) <-"
      " w@x" },
    { "emails[type eq \"work\"].value eq \"W@x\"",
      "((((((lower('work'::text) = lower($1::text)) AND (r.\"email_key\""
      " = lower($2::text))) AND ((r.\"email\" IS NOT NULL AND"
      " r.\"email\" <> '')))))) <- work, W@x",
      NULL },
    { "emails[type eq \"work\" and value eq \"w@x\"]",
      "((((((lower('work'::text) = lower($1::text)) AND (r.\"email_key\""
      " = lower($2::text))) AND ((r.\"email\" IS NOT NULL AND"
      " r.\"email\" <> '')))))) <- work, w@x",
      NULL },
    { "emails[value eq \"w@x\" and type eq \"WORK\"]",
      "((((((r.\"email_key\" = lower($1::text)) AND (lower('work'::text)"
      " = lower($2::text))) AND ((r.\"email\" IS NOT NULL AND"
      " r.\"email\" <> '')))))) <- w@x, WORK",
      NULL },
    { "emails[type eq \"home\"].value eq \"h@x\"",
      "((((r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($1::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND (((lower((e->>'type')) = lower($2::text)"
      " AND jsonb_typeof(e->'type') = 'string') AND (lower((e->>'value'))"
      " = lower($3::text) AND jsonb_typeof(e->'value') = 'string'))))))))"
      " <- h@x, home, h@x",
      "(((false)))" },
    { "emails[type eq \"home\" and value eq \"h@x\"]",
      "((((r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($1::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND (((lower((e->>'type')) = lower($2::text)"
      " AND jsonb_typeof(e->'type') = 'string') AND (lower((e->>'value'))"
      " = lower($3::text) AND jsonb_typeof(e->'value') = 'string'))))))))"
      " <- h@x, home, h@x",
      "(((false)))" },
    { "emails[type eq \"work\"]",
      "(((((lower('work'::text) = lower($1::text)) AND ((r.\"email\" IS"
      " NOT NULL AND r.\"email\" <> '')))))) <- work",
      NULL },
    { "emails[type eq \"home\"]",
      "((((r.\"extra\" ? 'emails' AND"
      " lower((r.\"extra\"->'emails')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('type', lower($1::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((lower((e->>'type')) = lower($2::text)"
      " AND jsonb_typeof(e->'type') = 'string'))))))) <- home, home",
      "(((false)))" },
    { "emails[type ne \"work\"]",
      "(((((('work'::text IS NOT NULL) IS NOT TRUE OR lower('work'::text)"
      " IS DISTINCT FROM lower($1::text)) AND ((r.\"email\" IS NOT NULL"
      " AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND EXISTS"
      " (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND ((((e->>'type') IS NOT NULL AND"
      " jsonb_typeof(e->'type') = 'string' AND (e->>'type') <> '') IS NOT"
      " TRUE OR lower((e->>'type')) IS DISTINCT FROM lower($2::text)) AND"
      " (((e->>'value') IS NOT NULL AND jsonb_typeof(e->'value') ="
      " 'string' AND (e->>'value') <> '') OR ((e->>'display') IS NOT NULL"
      " AND jsonb_typeof(e->'display') = 'string' AND (e->>'display') <>"
      " '') OR ((e->>'type') IS NOT NULL AND jsonb_typeof(e->'type') ="
      " 'string' AND (e->>'type') <> '') OR ((e->>'primary') IS NOT NULL"
      " AND jsonb_typeof(e->'primary') = 'boolean')))))))) <- work, work",
      "(((((('work'::text IS NOT NULL) IS NOT TRUE OR lower('work'::text)"
      " IS DISTINCT FROM lower($1::text)) AND ((r.\"email\" IS NOT NULL"
      " AND r.\"email\" <> '')))))) <- work" },
    { "emails[type eq \"work\" or type eq \"home\"]",
      "((((((lower('work'::text) = lower($1::text)) OR"
      " (lower('work'::text) = lower($2::text))) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND"
      " EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND (((lower((e->>'type')) = lower($3::text)"
      " AND jsonb_typeof(e->'type') = 'string') OR (lower((e->>'type')) ="
      " lower($4::text) AND jsonb_typeof(e->'type') = 'string')))))))) <-"
      " work, home, work, home",
      "((((((lower('work'::text) = lower($1::text)) OR"
      " (lower('work'::text) = lower($2::text))) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> '')))))) <- work, home" },
    { "emails[not (type eq \"work\")]",
      "(((((NOT coalesce(lower('work'::text) = lower($1::text), false))"
      " AND ((r.\"email\" IS NOT NULL AND r.\"email\" <> ''))) OR"
      " (r.\"extra\" ? 'emails' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'emails')"
      " WHEN 'array' THEN r.\"extra\"->'emails' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'work' AND ((NOT"
      " coalesce(lower((e->>'type')) = lower($2::text) AND"
      " jsonb_typeof(e->'type') = 'string', false)) AND (((e->>'value')"
      " IS NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> '') OR ((e->>'display') IS NOT NULL AND"
      " jsonb_typeof(e->'display') = 'string' AND (e->>'display') <> '')"
      " OR ((e->>'type') IS NOT NULL AND jsonb_typeof(e->'type') ="
      " 'string' AND (e->>'type') <> '') OR ((e->>'primary') IS NOT NULL"
      " AND jsonb_typeof(e->'primary') = 'boolean')))))))) <- work, work",
      "(((((NOT coalesce(lower('work'::text) = lower($1::text), false))"
      " AND ((r.\"email\" IS NOT NULL AND r.\"email\" <> '')))))) <- work" },
    { "emails[type eq \"work\" and primary eq true]",
      "((((((lower('work'::text) = lower($1::text)) AND"
      " ((r.\"first_mail\" IS NULL) = $2::boolean)) AND ((r.\"email\" IS"
      " NOT NULL AND r.\"email\" <> '')))))) <- work, t",
      NULL },
    { "emails[type eq \"work\" and display co \"d\"]",
      "((((((lower('work'::text) = lower($1::text)) AND"
      " (strpos(lower((r.\"extra\"->'emails[type eq"
      " \"work\"]'->>'display')), lower($2::text)) > 0 AND"
      " jsonb_typeof(r.\"extra\"->'emails[type eq \"work\"]'->'display')"
      " = 'string')) AND ((r.\"email\" IS NOT NULL AND r.\"email\" <>"
      " '')))))) <- work, d",
      "!filter: attribute \"emails.display\" at character 27 is not kept"
      " by this service, so nothing can be found by it" },
    { "emails[type pr]",
      "((((('work'::text IS NOT NULL) AND ((r.\"email\" IS NOT NULL AND"
      " r.\"email\" <> ''))) OR (r.\"extra\" ? 'emails' AND EXISTS"
      " (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'emails') WHEN 'array' THEN"
      " r.\"extra\"->'emails' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'work' AND (((e->>'type') IS NOT NULL AND"
      " jsonb_typeof(e->'type') = 'string' AND (e->>'type') <> '')))))))",
      "((((('work'::text IS NOT NULL) AND ((r.\"email\" IS NOT NULL AND"
      " r.\"email\" <> ''))))))" },
    { "not (emails[type eq \"work\" and value eq \"w@x\"])",
      "((NOT coalesce(((((lower('work'::text) = lower($1::text)) AND"
      " (r.\"email_key\" = lower($2::text))) AND ((r.\"email\" IS NOT"
      " NULL AND r.\"email\" <> '')))), false))) <- work, w@x",
      NULL },
    { "addresses.country eq \"CH\"",
      "((((lower(r.\"country\") = lower($1::text))) OR (r.\"extra\" ?"
      " 'addresses' AND lower((r.\"extra\"->'addresses')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('country', lower($2::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'addresses') WHEN 'array' THEN"
      " r.\"extra\"->'addresses' END) AS e WHERE lower(e->>'type') IS"
      " DISTINCT FROM 'home' AND ((lower((e->>'country')) ="
      " lower($3::text) AND jsonb_typeof(e->'country') = 'string'))))))"
      " <- CH, CH, CH",
      "((((lower(r.\"country\") = lower($1::text))))) <- CH" },
    { "addresses[type eq \"home\"].locality eq \"Zurich\"",
      "((((((lower('home'::text) = lower($1::text)) AND"
      " (lower(r.\"city\") = lower($2::text))))))) <- home, Zurich",
      NULL },
    { "addresses[type eq \"home\" and region eq \"ZH\"]",
      "((((((lower('home'::text) = lower($1::text)) AND"
      " (lower((r.\"extra\"->'addresses[type eq \"home\"]'->>'region')) ="
      " lower($2::text) AND jsonb_typeof(r.\"extra\"->'addresses[type eq"
      " \"home\"]'->'region') = 'string')))))) <- home, ZH",
      "!filter: attribute \"addresses.region\" at character 30 is not"
      " kept by this service, so nothing can be found by it" },
    { "addresses[type eq \"work\"].locality eq \"Zurich\"",
      "((((r.\"extra\" ? 'addresses' AND"
      " lower((r.\"extra\"->'addresses')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('locality',"
      " lower($1::text))) AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE jsonb_typeof(r.\"extra\"->'addresses')"
      " WHEN 'array' THEN r.\"extra\"->'addresses' END) AS e WHERE"
      " lower(e->>'type') IS DISTINCT FROM 'home' AND"
      " (((lower((e->>'type')) = lower($2::text) AND"
      " jsonb_typeof(e->'type') = 'string') AND (lower((e->>'locality'))"
      " = lower($3::text) AND jsonb_typeof(e->'locality') ="
      " 'string')))))))) <- Zurich, work, Zurich",
      "(((false)))" },
    { "phoneNumbers eq \"1\"",
      "(((r.\"extra\" ? 'phoneNumbers' AND"
      " lower((r.\"extra\"->'phoneNumbers')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($1::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'phoneNumbers') WHEN 'array' THEN"
      " r.\"extra\"->'phoneNumbers' END) AS e WHERE"
      " ((lower((e->>'value')) = lower($2::text) AND"
      " jsonb_typeof(e->'value') = 'string')))))) <- 1, 1",
      "!filter: attribute \"phoneNumbers.value\" at character 1 is not"
      " kept by this service, so nothing can be found by it" },
    { "phoneNumbers[type eq \"work\"].value sw \"+41\"",
      "((((r.\"extra\" ? 'phoneNumbers' AND"
      " lower((r.\"extra\"->'phoneNumbers')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('type', lower($1::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'phoneNumbers') WHEN 'array' THEN"
      " r.\"extra\"->'phoneNumbers' END) AS e WHERE"
      " (((lower((e->>'type')) = lower($2::text) AND"
      " jsonb_typeof(e->'type') = 'string') AND"
      " (starts_with(lower((e->>'value')), lower($3::text)) AND"
      " jsonb_typeof(e->'value') = 'string')))))))) <- work, work, +41",
      "!filter: attribute \"phoneNumbers\" at character 1 is not kept by"
      " this service, so nothing can be found by it" },
    { "phoneNumbers.value ne \"1\"",
      "((((r.\"extra\" ? 'phoneNumbers' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'phoneNumbers') WHEN 'array' THEN"
      " r.\"extra\"->'phoneNumbers' END) AS e WHERE ((((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> '') AND (((e->>'value') IS NOT NULL AND"
      " jsonb_typeof(e->'value') = 'string' AND (e->>'value') <> '') IS"
      " NOT TRUE OR lower((e->>'value')) IS DISTINCT FROM"
      " lower($1::text))))))) OR ((r.\"extra\" ? 'phoneNumbers' AND"
      " EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'phoneNumbers') WHEN 'array' THEN"
      " r.\"extra\"->'phoneNumbers' END) AS e WHERE (((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> ''))))) IS NOT TRUE)) <- 1",
      "!filter: attribute \"phoneNumbers.value\" at character 1 is not"
      " kept by this service, so nothing can be found by it" },
    { "phoneNumbers pr",
      "(((r.\"extra\" ? 'phoneNumbers' AND EXISTS (SELECT FROM"
      " jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'phoneNumbers') WHEN 'array' THEN"
      " r.\"extra\"->'phoneNumbers' END) AS e WHERE ((((e->>'value') IS"
      " NOT NULL AND jsonb_typeof(e->'value') = 'string' AND"
      " (e->>'value') <> '') OR ((e->>'display') IS NOT NULL AND"
      " jsonb_typeof(e->'display') = 'string' AND (e->>'display') <> '')"
      " OR ((e->>'type') IS NOT NULL AND jsonb_typeof(e->'type') ="
      " 'string' AND (e->>'type') <> '') OR ((e->>'primary') IS NOT NULL"
      " AND jsonb_typeof(e->'primary') = 'boolean')))))))",
      "!filter: attribute \"phoneNumbers\" at character 1 is not kept by"
      " this service, so nothing can be found by it" },
    { "roles[primary eq \"True\"].value eq \"r\"",
      "((((r.\"extra\" ? 'roles' AND"
      " lower((r.\"extra\"->'roles')::text)::jsonb @>"
      " jsonb_build_array(jsonb_build_object('value', lower($1::text)))"
      " AND EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'roles') WHEN 'array' THEN"
      " r.\"extra\"->'roles' END) AS e WHERE (((CASE (e->'primary') WHEN"
      " 'true' THEN true WHEN 'false' THEN false END = $2::boolean) AND"
      " (lower((e->>'value')) = lower($3::text) AND"
      " jsonb_typeof(e->'value') = 'string')))))))) <- r, t, r",
      "!filter: attribute \"roles\" at character 1 is not kept by this"
      " service, so nothing can be found by it" },
    { "x509Certificates eq \"QUJD\"",
      "(((r.\"extra\" ? 'x509Certificates' AND"
      " r.\"extra\"->'x509Certificates' @>"
      " jsonb_build_array(jsonb_build_object('value', $1::text)) AND"
      " EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'x509Certificates') WHEN 'array' THEN"
      " r.\"extra\"->'x509Certificates' END) AS e WHERE (((e->>'value') ="
      " $2::text AND jsonb_typeof(e->'value') = 'string')))))) <- QUJD,"
      " QUJD",
      "!filter: attribute \"x509Certificates.value\" at character 1 is"
      " not kept by this service, so nothing can be found by it" },
    { "photos eq \"https://X\"",
      "(((r.\"extra\" ? 'photos' AND r.\"extra\"->'photos' @>"
      " jsonb_build_array(jsonb_build_object('value', $1::text)) AND"
      " EXISTS (SELECT FROM jsonb_array_elements(CASE"
      " jsonb_typeof(r.\"extra\"->'photos') WHEN 'array' THEN"
      " r.\"extra\"->'photos' END) AS e WHERE (((e->>'value') ="
      " $2::text AND jsonb_typeof(e->'value') = 'string')))))) <-"
      " https://X, https://X",
      "!filter: attribute \"photos.value\" at character 1 is not kept by"
      " this service, so nothing can be found by it" }
};

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_conditions(rows, COUNT(rows), pool);
    apr_terminate();
    return done_testing();
}
