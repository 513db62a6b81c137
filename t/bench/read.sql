\set n random(1, :users)
\set org :n % :orgs + 1
\set id :first + :n
SELECT t.token_id, t.tenant, t.actor, u.id, u.username, u.external_id, u.email, u.active, u.first_name, u.last_name, u.created_at, u.updated_at, u.scim_extra FROM scim.tokens t LEFT JOIN public.users u ON u.organisation_id = t.tenant::bigint AND u.id = :id AND u.deleted_at IS NULL WHERE t.token_sha256 = sha256(('scim_bench_' || :org)::bytea);
