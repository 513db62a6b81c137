/* What each filter becomes, and its parameters joined by "|". */
    { "userName eq \"Joy\"",
      "((r.\"name_key\" = lower($1::text)))",
      "Joy" },
    { "externalId eq \"E\"",
      "((r.\"ext\" = $1::text))",
      "E" },
    { "id eq \"7\"",
      "((r.\"id\" = $1::bigint))",
      "7" },
    { "id eq \"007\"",
      "(false)",
      "" },
    { "id co \"7\"",
      "((strpos(r.\"id\"::text, $1::text) > 0))",
      "7" },
    { "userName ne \"Joy\"",
      "(((r.\"name\" IS NOT NULL AND r.\"name\" <> '') IS NOT TRUE OR "
      "r.\"name_key\" IS DISTINCT FROM lower($1::text)))",
      "Joy" },
    { "not (userName eq \"Joy\")",
      "((NOT coalesce(r.\"name_key\" = lower($1::text), false)))",
      "Joy" },
    { "userName co \"a_b\"",
      "((strpos(r.\"name_key\", lower($1::text)) > 0))",
      "a_b" },
    { "userName sw \"a%\"",
      "((starts_with(r.\"name_key\", lower($1::text))))",
      "a%" },
    { "userName ew \"z\"",
      "((right(r.\"name_key\", length(lower($1::text))) = "
      "lower($2::text)))",
      "z|z" },
    { "userName gt \"m\"",
      "((r.\"name_key\" COLLATE \"C\" > lower($1::text)))",
      "m" },
    { "active eq true",
      "(((NOT r.\"off\") = $1::boolean))",
      "t" },
    { "active eq \"False\"",
      "(((NOT r.\"off\") = $1::boolean))",
      "f" },
    { "displayName eq \"D\"",
      "((lower((r.\"x\"->>'displayName')) = lower($1::text)))",
      "D" },
    { "displayName pr",
      "(((r.\"x\"->>'displayName') IS NOT NULL AND "
      "(r.\"x\"->>'displayName') <> ''))",
      "" },
    { "name.formatted eq \"F\"",
      "((lower((r.\"x\"->'name'->>'formatted')) = lower($1::text)))",
      "F" },
    { "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:departm"
      "ent eq \"X\"",
      "((lower((r.\"x\"->'urn:ietf:params:scim:schemas:extension:enterpri"
      "se:2.0:User'->>'department')) = lower($1::text)))",
      "X" },
    { "emails[type eq \"work\"].value eq \"M\"",
      "((((((lower('work'::text) = lower($1::text)) AND "
      "(lower(r.\"mail\") = lower($2::text))) AND ((r.\"mail\" IS NOT "
      "NULL AND r.\"mail\" <> ''))))))",
      "work|M" },
    { "emails[type eq \"work\" and value eq \"M\"]",
      "((((((lower('work'::text) = lower($1::text)) AND "
      "(lower(r.\"mail\") = lower($2::text))) AND ((r.\"mail\" IS NOT "
      "NULL AND r.\"mail\" <> ''))))))",
      "work|M" },
    { "emails.value eq \"M\"",
      "((((lower(r.\"mail\") = lower($1::text)) AND ((r.\"mail\" IS NOT "
      "NULL AND r.\"mail\" <> ''))) OR (r.\"x\" ? 'emails' AND EXISTS "
      "(SELECT FROM jsonb_array_elements(CASE "
      "jsonb_typeof(r.\"x\"->'emails') WHEN 'array' THEN "
      "r.\"x\"->'emails' END) AS e WHERE (lower(e->>'value') = "
      "lower($2::text))))))",
      "M|M" },
    { "phoneNumbers[type eq \"fax\"].value eq \"1\"",
      "((((r.\"x\" ? 'phoneNumbers' AND EXISTS (SELECT FROM "
      "jsonb_array_elements(CASE jsonb_typeof(r.\"x\"->'phoneNumbers') "
      "WHEN 'array' THEN r.\"x\"->'phoneNumbers' END) AS e WHERE "
      "((lower(e->>'type') = lower($1::text)) AND (lower(e->>'value') = "
      "lower($2::text))))))))",
      "fax|1" },
    { "meta.created gt \"2026-01-02T03:04:05Z\"",
      "((r.\"made\" > $1::timestamptz))",
      "2026-01-02T03:04:05Z" },
    { "meta.lastModified gt \"2026-01-02T03:04:05Z\"", NULL, NULL },
    { "title eq \"a\" and (active eq true or displayName pr)",
      "(((lower((r.\"x\"->>'title')) = lower($1::text)) AND (((NOT "
      "r.\"off\") = $2::boolean) OR ((r.\"x\"->>'displayName') IS NOT "
      "NULL AND (r.\"x\"->>'displayName') <> ''))))",
      "a|t" },
    { "externalId eq null",
      "((NOT (r.\"ext\" IS NOT NULL AND r.\"ext\" <> '')))",
      "" },
    { "meta.resourceType eq \"User\"",
      "(('User'::text = $1::text))",
      "User" },
    { "groups pr", NULL, NULL },
