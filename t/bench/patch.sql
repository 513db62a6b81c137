\set n random(1, :users)
\set org :n % :orgs + 1
\set id :first + :n
WITH t AS (SELECT token_id, tenant, actor FROM scim.tokens WHERE token_sha256 = sha256(('scim_bench_' || :org)::bytea)), u AS (UPDATE public.users AS r SET active = NOT active FROM t WHERE r.organisation_id = t.tenant::bigint AND r.id = :id AND r.deleted_at IS NULL RETURNING r.id, r.username, r.external_id, r.email, r.active, r.first_name, r.last_name, r.created_at, r.updated_at, r.scim_extra), e AS (INSERT INTO scim.events (tenant, actor, token_id, operation, resource_type, resource_id, changes, outcome) SELECT t.tenant, t.actor, t.token_id, 'patch', 'User', u.id::text, jsonb_build_object('active', jsonb_build_object('old', NOT u.active, 'new', u.active)), 'applied' FROM t, u) SELECT t.*, u.* FROM t, u;
