-- mod_scim: the contract between the module and your application's database.
--
--     psql -v ON_ERROR_STOP=1 -1 -f scim.sql DATABASE
--
-- Run it as the owner of the application's tables, or as a superuser where that
-- does not do, and in one transaction (-1). Run it again after each edit and
-- after each upgrade of mod_scim: it is idempotent, keeps what scim.events
-- holds, and leaves the role mod_scim with exactly the rights that stand here.
--
-- Part 1 is the module's: leave it alone, an upgrade replaces it.
-- Part 2 is yours: it names the tables of your application. As shipped it fits
-- the reference application in wiggledesk.sql.
--
-- docs/database.md explains all of it. PostgreSQL 15 or later, encoding UTF8.

SET client_min_messages = warning;      -- not "already exists, skipping"


-- =============================================================================
-- PART 1: THE MODULE'S. Leave it as it is.
-- =============================================================================

DO $$
DECLARE
    installed integer;
BEGIN
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'database "%" has encoding %, mod_scim needs UTF8',
            current_database(), current_setting('server_encoding');
    END IF;
    IF to_regprocedure('scim.version()') IS NOT NULL THEN
        EXECUTE 'SELECT scim.version()' INTO installed;
        IF installed > 2 THEN
            RAISE EXCEPTION 'schema "scim" already has version %, this file '
                'would take it back to version 2', installed;
        END IF;
    END IF;
END
$$;

-- On a server that is in use: the module's transactions lock scim.tokens before
-- scim.events. This file takes the lock on the view first as well, so that whoever
-- comes second waits, and none holds what the other wants. The statement changes
-- nothing; LOCK TABLE would lock the tables behind the view too.
ALTER VIEW IF EXISTS scim.tokens ALTER COLUMN token_sha256 DROP DEFAULT;

CREATE SCHEMA IF NOT EXISTS scim;

-- The module compares this with the version it was built for.
CREATE OR REPLACE FUNCTION scim.version() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 2;

-- Who changed what. A row with outcome "applied" is written in the transaction
-- of its change: both are there or neither. One with outcome "refused" is
-- written afterwards, if that is possible, and says why.
CREATE TABLE IF NOT EXISTS scim.events (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    tenant         text,
    actor          text,
    token_id       text,
    request_id     text,
    operation      text NOT NULL,
    resource_type  text,
    resource_id    text,
    changes        jsonb,
    outcome        text NOT NULL CHECK (outcome IN ('applied', 'refused'))
);

-- Since version 2: where the request came from; what a refused one was answered;
-- and the transaction, by which scim.events_after() tells what is finished.
ALTER TABLE scim.events
    ADD COLUMN IF NOT EXISTS client     text,
    ADD COLUMN IF NOT EXISTS status     smallint,
    ADD COLUMN IF NOT EXISTS scim_type  text,
    ADD COLUMN IF NOT EXISTS reason     text,
    ADD COLUMN IF NOT EXISTS xid        xid8 NOT NULL DEFAULT pg_current_xact_id();

-- "Who changed this user, and when?" and "what happened in this organisation?"
CREATE INDEX IF NOT EXISTS events_resource
    ON scim.events (tenant, resource_type, resource_id, id);
CREATE INDEX IF NOT EXISTS events_tenant
    ON scim.events (tenant, id);

-- For scim.events_after() and scim.forget_events().
CREATE INDEX IF NOT EXISTS events_in_order
    ON scim.events (xid, id) WHERE outcome = 'applied';
CREATE INDEX IF NOT EXISTS events_at
    ON scim.events USING brin (at);

-- For the console: what was refused of late, and which accounts were adopted.
CREATE INDEX IF NOT EXISTS events_refused
    ON scim.events (tenant, id) WHERE outcome = 'refused';
CREATE INDEX IF NOT EXISTS events_adopted
    ON scim.events (tenant, resource_id) WHERE operation = 'adopt';

-- Restored from another cluster, which has counted its transactions higher: here
-- they are over. Their order is that of their ids.
UPDATE scim.events SET xid = '0'
 WHERE EXISTS (SELECT FROM scim.events
                WHERE outcome = 'applied'
                  AND xid >= pg_snapshot_xmax(pg_current_snapshot()));

-- The changes behind a place, in order, each of them once and none left out: for
-- an application that follows them. Begin with NULL, and remember the place of
-- the last row in the transaction that does what follows from it.
--
--     SELECT * FROM scim.events_after(NULL);
--     SELECT * FROM scim.events_after('771.42', 500);
--
-- Ids are given before a transaction commits, so a higher one may be there when a
-- lower one still comes; who reads by id alone loses that. Here the order is that
-- of the transactions, then of the ids, and it ends before the first transaction
-- that is not over yet.
CREATE OR REPLACE FUNCTION scim.events_after(place text,
                                             how_many integer DEFAULT 100)
    RETURNS TABLE (next_place text, id bigint, at timestamptz, tenant text,
                   actor text, token_id text, request_id text, client text,
                   operation text, resource_type text, resource_id text,
                   changes jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- of the one snapshot that all below is seen by
    over    xid8 := pg_snapshot_xmin(pg_current_snapshot());
    unborn  xid8 := pg_snapshot_xmax(pg_current_snapshot());
    last_xid  xid8 := '0';
    last_id   bigint := 0;
BEGIN
    IF place IS NOT NULL THEN
        IF place !~ '^[0-9]{1,20}[.][0-9]{1,18}$' THEN
            RAISE EXCEPTION 'could not read events: "%" is not a place', place;
        END IF;
        last_xid := split_part(place, '.', 1)::xid8;
        last_id := split_part(place, '.', 2)::bigint;
        -- the row knows better, where the database was restored
        SELECT e.xid INTO last_xid FROM scim.events e WHERE e.id = last_id;
        IF NOT FOUND THEN
            last_xid := split_part(place, '.', 1)::xid8;
            IF last_xid >= unborn THEN
                last_xid := '0';
            END IF;
        END IF;
    END IF;
    IF EXISTS (SELECT FROM scim.events e
                WHERE e.outcome = 'applied' AND e.xid >= unborn) THEN
        RAISE EXCEPTION 'could not read events: they were restored from another '
            'cluster' USING HINT = 'Run scim.sql once more.';
    END IF;
    RETURN QUERY
        SELECT e.xid::text || '.' || e.id::text, e.id, e.at, e.tenant, e.actor,
               e.token_id, e.request_id, e.client, e.operation, e.resource_type,
               e.resource_id, e.changes
          FROM scim.events e
         WHERE e.outcome = 'applied'
           AND (e.xid, e.id) > (last_xid, last_id)
           AND e.xid < over
         ORDER BY e.xid, e.id
         LIMIT how_many;
END
$$;

-- Retention: delete what is older, and say how many rows that were.
--
--     SELECT scim.forget_events('2 years');
CREATE OR REPLACE FUNCTION scim.forget_events(age interval) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone bigint;
BEGIN
    IF (now() - age < now()) IS NOT TRUE THEN
        RAISE EXCEPTION 'could not forget events: say how old they have to be, '
            'not %', coalesce(age::text, 'NULL');
    END IF;
    DELETE FROM scim.events e WHERE e.at < now() - age;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;

-- What all hosts share. So far that is the key with which the cursors of lists
-- are sealed: a client can neither read nor forge one, and can go on with it at
-- any host. A key is in use until the next one is made, and opens what it has
-- sealed until ends_at.
CREATE TABLE IF NOT EXISTS scim.settings (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     text NOT NULL,
    value    bytea NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at  timestamptz,               -- NULL: in use
    CHECK (name <> 'cursor_key' OR octet_length(value) = 32)
);
CREATE UNIQUE INDEX IF NOT EXISTS settings_in_use
    ON scim.settings (name) WHERE ends_at IS NULL;

-- Make a new key. The one before it still opens cursors for an hour, which is
-- as long as a cursor can be used, so no walk through a list is broken off.
-- Rotate it once a year, and when somebody may have read the table:
--
--     SELECT scim.rotate_key();
CREATE OR REPLACE FUNCTION scim.rotate_key() RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOCK TABLE scim.settings IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM scim.settings WHERE name = 'cursor_key' AND ends_at <= now();
    UPDATE scim.settings
       SET ends_at = clock_timestamp() + interval '1 hour'
     WHERE name = 'cursor_key' AND ends_at IS NULL;

    -- 366 random bits, condensed into 256.
    INSERT INTO scim.settings (name, value)
    VALUES ('cursor_key', sha256(uuid_send(gen_random_uuid())
                                 || uuid_send(gen_random_uuid())
                                 || uuid_send(gen_random_uuid())));
END
$$;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM scim.settings
                    WHERE name = 'cursor_key' AND ends_at IS NULL) THEN
        PERFORM scim.rotate_key();
    END IF;
END
$$;

-- The keys that the module may see.
CREATE OR REPLACE VIEW scim.cursor_keys (key, made_at)
    WITH (security_barrier)
AS
SELECT s.value, s.made_at
  FROM scim.settings s
 WHERE s.name = 'cursor_key'
   AND (s.ends_at IS NULL OR s.ends_at > statement_timestamp());

-- What ScimGuard counts: how many accounts the tokens of a tenant have
-- deactivated or deleted since a window began. The row is locked by requests
-- that deactivate somebody, until they commit, and by no others.
CREATE TABLE IF NOT EXISTS scim.guards (
    tenant          text PRIMARY KEY,
    began_at        timestamptz,        -- the window; NULL: none is open
    active          bigint NOT NULL DEFAULT 0,  -- active accounts when it began
    taken           bigint NOT NULL DEFAULT 0,  -- deactivated since
    released_until  timestamptz         -- nothing is counted until then
);

-- Lock the row of a tenant, and say whether a window begins now, for which the
-- active accounts have to be counted. Both functions are called by the statement
-- that deactivates an account, whose one time they share.
CREATE OR REPLACE FUNCTION scim.guard_begins(tenant text, seconds integer)
    RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    guard scim.guards;
BEGIN
    LOOP
        SELECT g.* INTO guard FROM scim.guards g
         WHERE g.tenant = guard_begins.tenant
           FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO scim.guards (tenant) VALUES (guard_begins.tenant)
            ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN coalesce(guard.released_until <= statement_timestamp(), true)
       AND coalesce(guard.began_at + make_interval(secs => seconds)
                    <= statement_timestamp(), true);
END
$$;

-- Count one more, and refuse it when there are too many: the error undoes the
-- statement, the count included. "active" is NULL unless a window begins.
CREATE OR REPLACE FUNCTION scim.guard_count(tenant text, active bigint,
                                            at_least integer, percent integer,
                                            seconds integer)
    RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    guard scim.guards;
BEGIN
    UPDATE scim.guards g
       SET began_at = CASE WHEN guard_count.active IS NULL THEN g.began_at
                           ELSE statement_timestamp() END,
           active = coalesce(guard_count.active, g.active),
           taken = CASE WHEN guard_count.active IS NULL THEN g.taken
                        ELSE 0 END + 1
     WHERE g.tenant = guard_count.tenant
       AND coalesce(g.released_until <= statement_timestamp(), true)
     RETURNING g.* INTO guard;
    IF guard.taken > greatest(at_least, guard.active * percent / 100) THEN
        RAISE EXCEPTION 'too many deactivations for ScimGuard in tenant %',
                guard_count.tenant
            USING ERRCODE = 'SC503',
                  -- for the module, which puts it in words: how many there were,
                  -- of how many, and the seconds until the window ends
                  DETAIL = format('%s %s %s', guard.taken - 1, guard.active,
                      ceil(extract(epoch FROM guard.began_at
                           + make_interval(secs => seconds)
                           - statement_timestamp())));
    END IF;
    RETURN true;
END
$$;

-- It is meant: let everything through for a while. With it a new window begins.
-- Which organisations there are, the application knows; here it is known whose
-- tokens are valid, and of whom the guard has counted anything.
--
--     SELECT scim.release('1');
CREATE OR REPLACE FUNCTION scim.release(tenant text,
                                        duration interval DEFAULT '1 hour')
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF tenant IS NULL OR (now() + duration > now()) IS NOT TRUE THEN
        RAISE EXCEPTION 'could not release: say which tenant, and for how long';
    END IF;
    IF NOT EXISTS (SELECT FROM scim.guards g WHERE g.tenant = release.tenant)
       AND NOT EXISTS (SELECT FROM scim.tokens t
                        WHERE t.tenant = release.tenant) THEN
        RAISE EXCEPTION 'could not release: there is no organisation % with a '
                'valid token', tenant
            USING ERRCODE = 'SC404';
    END IF;
    INSERT INTO scim.guards (tenant, released_until)
    VALUES (release.tenant, now() + duration)
        ON CONFLICT ON CONSTRAINT guards_pkey
        DO UPDATE SET began_at = NULL, active = 0, taken = 0,
                      released_until = excluded.released_until;
END
$$;

-- Whose rows the transaction of a request may see and write: the tenant of its
-- token, which the module says at the beginning of each. For policies; NULL where
-- the token is not valid. An error where nobody has ever said it, so that a
-- connection from a time without policies is noticed, and opened anew.
CREATE OR REPLACE FUNCTION scim.tenant() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('scim.tenant'), '');

-- The console ("SetHandler scim-console") has a role of its own, which can call the
-- functions console_... and do nothing else. Each is given the login as httpd has
-- established it, and asks here itself whether that login administers the
-- organisation, by the view scim.console_users in part 2. So a mistake of the page
-- shows nobody another organisation. What they show is what the other views there
-- have, scim.organisations, scim.accounts, and scim.groups.
CREATE OR REPLACE FUNCTION scim.console_admit(login text, tenant text)
    RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM scim.console_users c
                    WHERE c.login = console_admit.login
                      AND c.tenant = console_admit.tenant) THEN
        RAISE EXCEPTION 'you do not administer this organisation'
            USING ERRCODE = 'SC403';
    END IF;
END
$$;

-- What a thing is called: an Organisation, User or Group, by its key. NULL where
-- it is not the organisation's, or is not there. Keys go into the statement as
-- they are written, and so become what the views of part 2 have: numbers, uuids,
-- or texts. Hence the indexes serve.
CREATE OR REPLACE FUNCTION scim.console_name(tenant text, kind text, key text)
    RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found text;
BEGIN
    IF kind = 'Organisation' THEN
        EXECUTE format('SELECT o.name FROM scim.organisations o '
                       'WHERE o.tenant = %L', key) INTO found;
    ELSIF kind = 'User' THEN
        EXECUTE format('SELECT a.user_name FROM scim.accounts a '
                       'WHERE a.tenant = %L AND a.id = %L', tenant, key)
           INTO found;
    ELSIF kind = 'Group' AND to_regclass('scim.groups') IS NOT NULL THEN
        EXECUTE format('SELECT g.name FROM scim.groups g '
                       'WHERE g.tenant = %L AND g.id = %L', tenant, key)
           INTO found;
    END IF;
    RETURN found;
EXCEPTION
    -- what stands in an event need not be a key
    WHEN data_exception THEN
        RETURN NULL;
END
$$;

-- The organisations of a login, with their names.
CREATE OR REPLACE FUNCTION scim.console_tenants(login text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('tenant', c.tenant, 'name',
               scim.console_name(c.tenant, 'Organisation', c.tenant))
               ORDER BY c.tenant)
      INTO found
      FROM scim.console_users c
     WHERE c.login = console_tenants.login;
    IF found IS NULL THEN
        RAISE EXCEPTION 'you do not administer any organisation'
            USING ERRCODE = 'SC403';
    END IF;
    RETURN found;
END
$$;

-- What the page proves with that it is ours: derived from the keys that all hosts
-- share, the newest first, so that any host knows what another has sealed.
CREATE OR REPLACE FUNCTION scim.console_keys() RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT encode(sha256(convert_to('console', 'UTF8') || k.key), 'hex')
      FROM scim.cursor_keys k
     ORDER BY k.made_at DESC
$$;

-- Is provisioning well? The last change, the last refusal, how many were refused
-- within a day, and what ScimGuard has held back in it since its window began.
CREATE OR REPLACE FUNCTION scim.console_health(login text, tenant text)
    RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    guard    scim.guards;
    changed  timestamptz;
    health   jsonb;
BEGIN
    PERFORM scim.console_admit(login, tenant);
    SELECT e.at INTO changed
      FROM scim.events e
     WHERE e.tenant = console_health.tenant AND e.outcome = 'applied'
     ORDER BY e.id DESC LIMIT 1;
    SELECT g.* INTO guard FROM scim.guards g
     WHERE g.tenant = console_health.tenant;
    -- a thousand are enough to know that much is wrong
    WITH refused AS (
        SELECT e.at, e.status, e.reason
          FROM scim.events e
         WHERE e.tenant = console_health.tenant AND e.outcome = 'refused'
         ORDER BY e.id DESC LIMIT 1000)
    SELECT jsonb_build_object(
               'changed_at', changed,
               'refused_at', max(r.at),
               'refused', (array_agg(r.reason ORDER BY r.at DESC))[1],
               'refused_in_day', count(*) FILTER (
                   WHERE r.at > statement_timestamp() - interval '1 day'),
               'guard', jsonb_build_object(
                   'began_at', guard.began_at,
                   'taken', guard.taken,
                   'active', guard.active,
                   'released_until', CASE WHEN guard.released_until
                       > statement_timestamp() THEN guard.released_until END,
                   'held_back', count(*) FILTER (
                       WHERE r.status = 503 AND r.at >= guard.began_at
                         AND r.at > statement_timestamp()
                                    - interval '1 day')))
      INTO health
      FROM refused r;
    RETURN health;
END
$$;

CREATE OR REPLACE FUNCTION scim.console_release(login text, tenant text)
    RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM scim.console_admit(login, tenant);
    PERFORM scim.release(tenant);
    RETURN '{}';
END
$$;

-- What happened, the newest first, a page at a time: of all, or of one account.
-- "before" is the id of the last event on the page before.
CREATE OR REPLACE FUNCTION scim.console_activity(login text, tenant text,
                                                 of_outcome text,
                                                 of_account text, before text,
                                                 how_many integer DEFAULT 50)
    RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    page jsonb;
BEGIN
    PERFORM scim.console_admit(login, tenant);
    -- the conditions that are not asked for are left out, so that each of the
    -- indexes serves what it is there for
    EXECUTE 'SELECT jsonb_agg(to_jsonb(p) ORDER BY p.id DESC) FROM ('
        'SELECT e.id, e.at, e.operation, e.resource_type, e.resource_id, '
        'scim.console_name(e.tenant, e.resource_type, e.resource_id) AS resource, '
        'scim.console_name(e.tenant, ''User'', e.actor) AS actor, e.token_id, '
        'e.client, e.changes, e.outcome, e.status, e.scim_type, e.reason '
        'FROM scim.events e WHERE e.tenant = $1'
        || CASE WHEN of_outcome IN ('applied', 'refused')
                THEN ' AND e.outcome = ' || quote_literal(of_outcome)
                ELSE '' END
        || CASE WHEN of_account <> ''
                THEN ' AND e.resource_type = ''User'' AND e.resource_id = $2'
                ELSE '' END
        || CASE WHEN before <> '' THEN ' AND e.id < $3::bigint' ELSE '' END
        || ' ORDER BY e.id DESC LIMIT $4) p'
       INTO page
      USING tenant, of_account, before, how_many + 1;
    page := coalesce(page, '[]');
    RETURN jsonb_build_object(
        'events', CASE WHEN jsonb_array_length(page) > how_many
                       THEN page - how_many ELSE page END,
        'next', CASE WHEN jsonb_array_length(page) > how_many
                     THEN page->(how_many - 1)->>'id' END);
END
$$;

-- The tokens of an organisation, those that are over last, and when each was last
-- met among its thousands of events of late: reading leaves none.
CREATE OR REPLACE FUNCTION scim.console_tokens(login text, tenant text)
    RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    list jsonb;
BEGIN
    PERFORM scim.console_admit(login, tenant);
    WITH used AS (
        SELECT e.token_id, max(e.at) AS at
          FROM (SELECT v.token_id, v.at FROM scim.events v
                 WHERE v.tenant = console_tokens.tenant
                 ORDER BY v.id DESC LIMIT 10000) e
         GROUP BY e.token_id)
    SELECT jsonb_agg(jsonb_build_object('token_id', t.token_id,
               'account', t.actor, 'user_name', t.username,
               'created_at', t.created_at, 'expires_at', t.expires_at,
               'state', t.state, 'used_at', used.at)
               ORDER BY t.state IN ('revoked', 'expired'), t.created_at DESC)
      INTO list
      FROM scim.token_list(console_tokens.tenant) t
      LEFT JOIN used ON used.token_id = t.token_id;
    RETURN coalesce(list, '[]');
END
$$;

-- Whether a token is the organisation's, and neither over nor revoked.
CREATE OR REPLACE FUNCTION scim.console_admit_token(tenant text, token_id text)
    RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM scim.token_list(console_admit_token.tenant) t
                    WHERE t.token_id = console_admit_token.token_id
                      AND t.state NOT IN ('revoked', 'expired')) THEN
        RAISE EXCEPTION 'this organisation has no such token that could be used'
            USING ERRCODE = 'SC404';
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION scim.console_days(days text, at_least integer,
                                             at_most integer)
    RETURNS interval
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- in this order: AND and OR have none
    IF (CASE WHEN days ~ '^[0-9]{1,4}$'
             THEN days::integer NOT BETWEEN at_least AND at_most
             ELSE true END) THEN
        RAISE EXCEPTION 'days must be a whole number from % to %', at_least, at_most
            USING ERRCODE = 'SC400';
    END IF;
    RETURN make_interval(days => days::integer);
END
$$;

-- The organisation, its switches, and how many accounts are in which state.
CREATE OR REPLACE FUNCTION scim.console_organisation(login text, tenant text)
    RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    organisation jsonb;
    accounts     jsonb;
BEGIN
    PERFORM scim.console_admit(login, tenant);
    EXECUTE format('SELECT jsonb_build_object(''name'', o.name, '
        '''available'', o.available, ''enabled'', o.enabled) '
        'FROM scim.organisations o WHERE o.tenant = %L', tenant)
       INTO organisation;
    EXECUTE format('SELECT jsonb_build_object(''all'', count(*), '
        '''provisioned'', count(a.external_id), '
        '''never'', count(*) - count(a.external_id), '
        '''inactive'', count(*) FILTER (WHERE NOT a.active), '
        '''protected'', count(*) FILTER (WHERE a.protected), '
        '''adopted'', (SELECT count(*) FROM scim.accounts b '
            'WHERE b.tenant = %1$L AND NOT b.deleted AND b.id::text IN ('
            'SELECT e.resource_id FROM scim.events e WHERE e.tenant = $1 '
            'AND e.operation = ''adopt'' AND e.resource_type = ''User''))) '
        'FROM scim.accounts a WHERE a.tenant = %1$L AND NOT a.deleted', tenant)
       INTO accounts
      USING tenant;
    RETURN organisation || jsonb_build_object('accounts', accounts);
END
$$;

CREATE OR REPLACE FUNCTION scim.console_enable(login text, tenant text,
                                               enabled boolean)
    RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM scim.console_admit(login, tenant);
    EXECUTE format('SELECT scim.access_organisation(%L, $1)', tenant)
      USING enabled;
    RETURN '{}';
END
$$;

-- Whether an account is the organisation's, by its key.
CREATE OR REPLACE FUNCTION scim.console_has(tenant text, account text)
    RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM scim.accounts a '
                   'WHERE a.tenant = %L AND a.id = %L AND NOT a.deleted '
                   'AND a.id::text = $1)', tenant, account)
       INTO found
      USING account;
    RETURN found;
EXCEPTION
    WHEN data_exception THEN            -- no key at all
        RETURN false;
END
$$;

CREATE OR REPLACE FUNCTION scim.console_admit_account(tenant text, account text)
    RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT scim.console_has(tenant, account) THEN
        RAISE EXCEPTION 'this organisation has no such account'
            USING ERRCODE = 'SC404';
    END IF;
END
$$;

-- A page of the accounts. Each order is that of an index, and a page begins behind
-- the last account of the one before ("after": its folded user name, or its key), so
-- every page costs the same. A search looks at the accounts of the one organisation
-- until the page is full; by LIKE, of which PostgreSQL can tell whether it finds
-- many, and without a meaning for any character. What it does to each account is what
-- it costs: hence one lower() and no key as text.
--
-- of_state: all, provisioned, inactive, adopted, protected, never
-- sort: name, -name, new, old
CREATE OR REPLACE FUNCTION scim.console_accounts(login text, tenant text,
                                                 of_state text, search text,
                                                 sort text, after text,
                                                 how_many integer DEFAULT 50)
    RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    adopted CONSTANT text := 'EXISTS (SELECT FROM scim.events e WHERE '
        'e.tenant = $1 AND e.resource_id = a.id::text '
        'AND e.operation = ''adopt'' AND e.resource_type = ''User'')';
    is_down boolean := coalesce(sort, '') IN ('new', '-name');
    place   text := CASE WHEN sort IN ('new', 'old') THEN 'id'
                         ELSE 'name_key' END;
    page    jsonb;
BEGIN
    PERFORM scim.console_admit(login, tenant);
    EXECUTE 'SELECT jsonb_agg(to_jsonb(p) ORDER BY p.place) FROM ('
        'SELECT a.id::text AS id, a.user_name, a.name_key, a.name, a.email, '
        'a.active, a.external_id IS NOT NULL AS synced, a.protected, '
        || adopted || ' AS adopted, a.api_access, a.created_at, a.updated_at, '
        'row_number() OVER () AS place '
        'FROM (SELECT * FROM scim.accounts a WHERE NOT a.deleted'
        || format(' AND a.tenant = %L', tenant)
        || CASE of_state
               WHEN 'provisioned' THEN ' AND a.external_id IS NOT NULL'
               WHEN 'inactive' THEN ' AND NOT a.active'
               WHEN 'adopted' THEN ' AND ' || adopted
               WHEN 'protected' THEN ' AND a.protected'
               WHEN 'never' THEN ' AND a.external_id IS NULL'
               ELSE '' END
        || CASE WHEN search <> '' THEN
               ' AND (a.name_key LIKE $4'
               ' OR lower(concat_ws('' '', a.email, a.name)) LIKE $4'
               ' OR a.external_id = $2'
               || CASE WHEN scim.console_has(tenant, search)
                       THEN format(' OR a.id = %L', search) ELSE '' END
               || ')'
               ELSE '' END
        || CASE WHEN after <> '' THEN
               format(' AND a.%s %s %L', place,
                      CASE WHEN is_down THEN '<' ELSE '>' END, after)
               ELSE '' END
        || format(CASE WHEN is_down
                       THEN ' ORDER BY a.tenant DESC, a.%s DESC'
                       ELSE ' ORDER BY a.tenant, a.%s' END, place)
        || ' LIMIT $3) a) p'
       INTO page
      USING tenant, search, how_many + 1,
            '%' || regexp_replace(lower(search), '([\\%_])', '\\\1', 'g') || '%';
    page := coalesce(page, '[]');
    RETURN jsonb_build_object(
        'accounts', CASE WHEN jsonb_array_length(page) > how_many
                         THEN page - how_many ELSE page END,
        'next', CASE WHEN jsonb_array_length(page) > how_many
                     THEN page->(how_many - 1)->>place END);
END
$$;

CREATE OR REPLACE FUNCTION scim.console_access(login text, tenant text,
                                               account text, enabled boolean)
    RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM scim.console_admit(login, tenant);
    PERFORM scim.console_admit_account(tenant, account);
    EXECUTE format('SELECT scim.access_user(%L, $1)', account)
      USING enabled;
    RETURN '{}';
END
$$;

CREATE OR REPLACE FUNCTION scim.console_issue(login text, tenant text,
                                              account text, days text)
    RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    token text;
BEGIN
    PERFORM scim.console_admit(login, tenant);
    PERFORM scim.console_admit_account(tenant, account);
    EXECUTE format('SELECT scim.token_issue(%L, $1)', account)
       INTO token
      USING scim.console_days(days, 1, 3650);
    RETURN jsonb_build_object('token', token);
END
$$;

CREATE OR REPLACE FUNCTION scim.console_rotate(login text, tenant text,
                                               token_id text, days text,
                                               overlap_days text)
    RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM scim.console_admit(login, tenant);
    PERFORM scim.console_admit_token(tenant, token_id);
    RETURN jsonb_build_object('token',
        scim.token_rotate(token_id, scim.console_days(days, 1, 3650),
                          scim.console_days(overlap_days, 0, 90)));
END
$$;

CREATE OR REPLACE FUNCTION scim.console_revoke(login text, tenant text,
                                               token_id text)
    RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM scim.console_admit(login, tenant);
    PERFORM scim.console_admit_token(tenant, token_id);
    PERFORM scim.token_revoke(token_id);
    RETURN '{}';
END
$$;

-- The role of the module: an ordinary one that owns nothing. It can log in; how
-- (peer, certificate, password) is yours to say, in pg_hba.conf and with
-- "\password mod_scim". The role of the console is another such one. Where the
-- owner of the application may not create roles, a superuser runs CREATE ROLE
-- mod_scim LOGIN and CREATE ROLE scim_console LOGIN beforehand.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['mod_scim', 'scim_console'] LOOP
        BEGIN
            IF to_regrole(name) IS NULL THEN
                EXECUTE format('CREATE ROLE %I LOGIN', name);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL;                   -- another database was quicker
        END;
    END LOOP;
END
$$;

-- Take back all that was granted to the roles in this database, by earlier runs
-- or by hand. What they may do is then granted anew, in the same transaction.
DO $$
DECLARE
    me   oid;
    item text;
BEGIN
    FOREACH me IN ARRAY ARRAY['mod_scim', 'scim_console']::regrole[] LOOP
        FOR item IN
            SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END
                   || c.oid::regclass
              FROM pg_catalog.pg_class c
             WHERE c.relowner <> me
               AND (EXISTS (SELECT FROM aclexplode(c.relacl) g
                             WHERE g.grantee = me)
                    OR EXISTS (SELECT FROM pg_catalog.pg_attribute a,
                                           aclexplode(a.attacl) g
                                WHERE a.attrelid = c.oid AND g.grantee = me))
            UNION ALL
            SELECT 'ROUTINE ' || p.oid::regprocedure
              FROM pg_catalog.pg_proc p, aclexplode(p.proacl) g
             WHERE p.proowner <> me AND g.grantee = me
            UNION ALL
            SELECT DISTINCT 'SCHEMA ' || quote_ident(n.nspname)
              FROM pg_catalog.pg_namespace n, aclexplode(n.nspacl) g
             WHERE n.nspowner <> me AND g.grantee = me
        LOOP
            EXECUTE format('REVOKE ALL ON %s FROM %s', item, me::regrole);
        END LOOP;
    END LOOP;
END
$$;

-- Nobody else reaches into the schema. The module may only append to the
-- events: it cannot read them, alter them, or choose their time. Keys it reads
-- through the view, and cannot make or change.
REVOKE ALL ON SCHEMA scim FROM PUBLIC;
REVOKE ALL ON scim.events, scim.settings, scim.cursor_keys, scim.guards
    FROM PUBLIC;
REVOKE ALL ON FUNCTION scim.version(), scim.tenant(), scim.rotate_key(),
                       scim.guard_begins(text, integer),
                       scim.guard_count(text, bigint, integer, integer,
                                        integer),
                       scim.release(text, interval),
                       scim.events_after(text, integer),
                       scim.forget_events(interval),
                       scim.console_admit(text, text),
                       scim.console_name(text, text, text),
                       scim.console_tenants(text), scim.console_keys(),
                       scim.console_health(text, text),
                       scim.console_release(text, text),
                       scim.console_activity(text, text, text, text, text,
                                             integer),
                       scim.console_tokens(text, text),
                       scim.console_admit_token(text, text),
                       scim.console_days(text, integer, integer),
                       scim.console_organisation(text, text),
                       scim.console_enable(text, text, boolean),
                       scim.console_accounts(text, text, text, text, text, text,
                                             integer),
                       scim.console_has(text, text),
                       scim.console_admit_account(text, text),
                       scim.console_access(text, text, text, boolean),
                       scim.console_issue(text, text, text, text),
                       scim.console_rotate(text, text, text, text, text),
                       scim.console_revoke(text, text, text)
    FROM PUBLIC;

GRANT USAGE ON SCHEMA scim TO mod_scim, scim_console;
GRANT EXECUTE ON FUNCTION scim.version(), scim.tenant(),
                          scim.guard_begins(text, integer),
                          scim.guard_count(text, bigint, integer, integer,
                                           integer)
    TO mod_scim;
GRANT SELECT ON scim.cursor_keys TO mod_scim;
GRANT INSERT (tenant, actor, token_id, request_id, client, operation,
              resource_type, resource_id, changes, outcome, status, scim_type,
              reason)
    ON scim.events TO mod_scim;

-- The console: functions that ask who asks, and no table.
GRANT EXECUTE ON FUNCTION scim.console_tenants(text), scim.console_keys(),
                          scim.console_health(text, text),
                          scim.console_release(text, text),
                          scim.console_activity(text, text, text, text, text,
                                                integer),
                          scim.console_tokens(text, text),
                          scim.console_organisation(text, text),
                          scim.console_enable(text, text, boolean),
                          scim.console_accounts(text, text, text, text, text, text,
                                                integer),
                          scim.console_access(text, text, text, boolean),
                          scim.console_issue(text, text, text, text),
                          scim.console_rotate(text, text, text, text, text),
                          scim.console_revoke(text, text, text)
    TO scim_console;

COMMENT ON SCHEMA scim IS 'mod_scim: tokens, events, and their functions';
COMMENT ON TABLE scim.events IS 'what was changed through SCIM, by whom, when';
COMMENT ON TABLE scim.settings IS 'what all hosts share: the key of cursors';
COMMENT ON VIEW scim.cursor_keys IS 'keys that open cursors now, newest in use';
COMMENT ON TABLE scim.guards IS 'deactivations of late, by tenant (ScimGuard)';


-- =============================================================================
-- PART 2: YOURS. Edit it to fit your application, then run the file again.
-- =============================================================================

-- -----------------------------------------------------------------------------
-- The tokens that are valid now
-- -----------------------------------------------------------------------------
-- A row is a token with which somebody may use SCIM at this moment. Every
-- statement of the module that reads or changes a user joins this view, so a
-- gate that closes here is closed at once, for requests under way too.
--
--     token_sha256  SHA-256 of the token's text; at most one row per value, and
--                   an index behind it, for each request looks here
--     token_id      names the token in scim.events; not a secret
--     tenant        whose users this token manages: the text form of the column
--                   that ScimTenant names
--     actor         who answers for it: the text form of the user's key. SCIM
--                   does not let a token lock out the user it belongs to
--
-- Columns, their order and their types are the contract. All of the WHERE is
-- your policy: add, drop or rewrite gates.
--
-- "OFFSET 0" makes PostgreSQL look the one user up by key. Left to itself it may
-- choose, from statistics of a time when the table was small, to walk all users
-- on every request.
--
-- "security_barrier" has these gates decided before any condition of the role
-- that asks, so that no function smuggled into a query gets to see the tokens
-- which they hold back. The look-up still uses the index, since equality of
-- bytea is leakproof.
CREATE OR REPLACE VIEW scim.tokens (token_sha256, token_id, tenant, actor)
    WITH (security_barrier)
AS
SELECT t.token_sha256, t.id::text, o.id::text, u.id::text
  FROM public.api_tokens t
 CROSS JOIN LATERAL (
       SELECT id, organisation_id, api_access, active, deleted_at
         FROM public.users
        WHERE id = t.user_id
       OFFSET 0) u
  JOIN public.organisations o ON o.id = u.organisation_id
 WHERE o.api_available          -- the vendor offers the API to this customer
   AND o.api_enabled            -- its administrator chose "Enable API Access"
   AND u.api_access             -- "API Access" is on for this user
   AND u.active                 -- the user is active
   AND u.deleted_at IS NULL     -- and not deleted
   AND t.revoked_at IS NULL     -- the token was not revoked
   AND t.expires_at > statement_timestamp();    -- and has not expired

-- About the last line. A token is valid before expires_at and no longer at that
-- very instant, by the clock of the database. statement_timestamp() is taken
-- anew for every execution, of prepared statements also. now() would be as old
-- as the transaction, and clock_timestamp() could change within one statement.

-- Instead of the view above: an application that keeps its tokens in clear.
-- Here a table api_keys(id, user_id, token, expires_at). The hash is computed
-- once, in an index; PostgreSQL wants the function behind an index to be
-- immutable, which convert_to() is not in general but is from UTF8 to UTF8.
-- Everybody may run it, and has to: the application does when it adds a token.
-- Keep these statements in this file in place of the view, add your gates, and
-- run ANALYZE on the table once the index is there. Prefer hashes when you can:
-- whoever reads a backup of this table can use the tokens.
--
-- CREATE OR REPLACE FUNCTION scim.token_sha256(token text) RETURNS bytea
--     LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
--     RETURN pg_catalog.sha256(pg_catalog.convert_to(token, 'UTF8'));
--
-- CREATE UNIQUE INDEX IF NOT EXISTS api_keys_token_sha256
--     ON public.api_keys (scim.token_sha256(token));
--
-- CREATE OR REPLACE VIEW scim.tokens (token_sha256, token_id, tenant, actor)
--     WITH (security_barrier)
-- AS
-- SELECT scim.token_sha256(k.token), k.id::text,
--        u.organisation_id::text, u.id::text
--   FROM public.api_keys k
--   JOIN public.users u ON u.id = k.user_id
--  WHERE u.active
--    AND u.deleted_at IS NULL
--    AND k.expires_at > statement_timestamp();

COMMENT ON VIEW scim.tokens IS 'tokens that are valid now, a row for each';


-- -----------------------------------------------------------------------------
-- Managing tokens and access
-- -----------------------------------------------------------------------------
-- For people and for the application's settings page; the module calls none of
-- these. They run with the rights of their owner. Drop or rewrite them when
-- your application manages its tokens itself.

-- Make a token for a user and return its text. Only its hash is stored, so this
-- is the only time that anybody sees it. Whether it opens anything is decided
-- by the gates above, at each use.
CREATE OR REPLACE FUNCTION scim.token_issue(user_id bigint, valid interval)
    RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    token text;
BEGIN
    IF NOT EXISTS (SELECT FROM public.users u
                    WHERE u.id = token_issue.user_id
                      AND u.deleted_at IS NULL) THEN
        RAISE EXCEPTION 'could not issue token: there is no user %',
            coalesce(user_id::text, 'NULL');
    END IF;
    IF valid IS NULL OR now() + valid <= now() THEN
        RAISE EXCEPTION 'could not issue token: validity must be a positive '
            'interval, not %', coalesce(valid::text, 'NULL');
    END IF;

    -- A random UUID carries 122 bits of the server's cryptographic generator.
    -- Three carry 366; SHA-256 condenses them into 256 bits without loss.
    token := 'scim_' || encode(sha256(uuid_send(gen_random_uuid())
                                      || uuid_send(gen_random_uuid())
                                      || uuid_send(gen_random_uuid())), 'hex');

    INSERT INTO public.api_tokens (user_id, token_sha256, created_at,
                                   expires_at)
    VALUES (token_issue.user_id, sha256(convert_to(token, 'UTF8')),
            now(), now() + valid);
    RETURN token;
END
$$;

-- End a token for good, by the token_id that scim.tokens and scim.events show.
-- True when there was one to revoke; false when it is unknown or was revoked.
CREATE OR REPLACE FUNCTION scim.token_revoke(token_id text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE public.api_tokens t
       SET revoked_at = now()
     WHERE t.id::text = token_revoke.token_id
       AND t.revoked_at IS NULL;
    RETURN FOUND;
END
$$;

-- Another token for the user of one that is not revoked; the old one ends when
-- the overlap has passed, so the directory can be given the new one in peace.
CREATE OR REPLACE FUNCTION scim.token_rotate(token_id text, valid interval,
                                             overlap interval)
    RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owner public.api_tokens.user_id%TYPE;
BEGIN
    IF overlap IS NULL OR now() + overlap < now() THEN
        RAISE EXCEPTION 'could not rotate token: overlap must be an interval '
            'that is not negative, not %', coalesce(overlap::text, 'NULL');
    END IF;
    UPDATE public.api_tokens t
       SET expires_at = least(t.expires_at, now() + overlap)
     WHERE t.id::text = token_rotate.token_id
       AND t.revoked_at IS NULL
    RETURNING t.user_id INTO owner;
    IF owner IS NULL THEN
        RAISE EXCEPTION 'could not rotate token: there is no token % that is '
            'not revoked', coalesce(token_id, 'NULL');
    END IF;
    RETURN scim.token_issue(owner, valid);
END
$$;

-- All tokens, of one organisation or of all, with what keeps each from being
-- valid: the same gates as in the view. A row that the view has is "valid".
CREATE OR REPLACE FUNCTION scim.token_list(of_tenant text DEFAULT NULL)
    RETURNS TABLE (token_id text, tenant text, organisation text, actor text,
                   username text, created_at timestamptz,
                   expires_at timestamptz, state text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.id::text, o.id::text, o.name, u.id::text, u.username,
           t.created_at, t.expires_at,
           CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked'
                WHEN t.expires_at <= statement_timestamp() THEN 'expired'
                WHEN v.token_id IS NOT NULL THEN 'valid'
                WHEN NOT o.api_available THEN 'organisation: API not available'
                WHEN NOT o.api_enabled THEN 'organisation: API access is off'
                WHEN NOT u.api_access THEN 'user: API access is off'
                WHEN u.deleted_at IS NOT NULL THEN 'user: deleted'
                WHEN NOT u.active THEN 'user: inactive'
                ELSE 'not valid'
           END
      FROM public.api_tokens t
      JOIN public.users u ON u.id = t.user_id
      JOIN public.organisations o ON o.id = u.organisation_id
      LEFT JOIN scim.tokens v ON v.token_sha256 = t.token_sha256
     WHERE of_tenant IS NULL OR o.id::text = of_tenant
     ORDER BY o.id, u.id, t.id
$$;

-- "Enable API Access" of an organisation. Whether it is offered the API at all
-- (api_available) is the vendor's decision and has no function.
CREATE OR REPLACE FUNCTION scim.access_organisation(organisation_id bigint,
                                                    enabled boolean)
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF enabled IS NULL THEN
        RAISE EXCEPTION 'could not set API access: say true or false, not NULL';
    END IF;
    UPDATE public.organisations o
       SET api_enabled = enabled
     WHERE o.id = access_organisation.organisation_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'could not set API access: there is no organisation %',
            coalesce(organisation_id::text, 'NULL');
    END IF;
END
$$;

-- "API Access" of a user.
CREATE OR REPLACE FUNCTION scim.access_user(user_id bigint, enabled boolean)
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF enabled IS NULL THEN
        RAISE EXCEPTION 'could not set API access: say true or false, not NULL';
    END IF;
    UPDATE public.users u
       SET api_access = enabled
     WHERE u.id = access_user.user_id
       AND u.deleted_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'could not set API access: there is no user %',
            coalesce(user_id::text, 'NULL');
    END IF;
END
$$;

-- By default PostgreSQL lets everybody run a new function.
REVOKE ALL ON FUNCTION scim.token_issue(bigint, interval),
                       scim.token_revoke(text),
                       scim.token_rotate(text, interval, interval),
                       scim.token_list(text),
                       scim.access_organisation(bigint, boolean),
                       scim.access_user(bigint, boolean)
    FROM PUBLIC, mod_scim;

-- The role of an application that calls them from its settings page:
--
-- GRANT USAGE ON SCHEMA scim TO wiggledesk;
-- GRANT EXECUTE ON FUNCTION scim.token_issue(bigint, interval),
--                           scim.token_revoke(text),
--                           scim.token_rotate(text, interval, interval),
--                           scim.token_list(text),
--                           scim.access_organisation(bigint, boolean),
--                           scim.access_user(bigint, boolean),
--                           scim.release(text, interval),
--                           scim.events_after(text, integer)
--     TO wiggledesk;


-- -----------------------------------------------------------------------------
-- The console
-- -----------------------------------------------------------------------------
-- For the page of "SetHandler scim-console" (docs/console.md). Without one, take
-- these out. Part 1 has the functions behind the page; they read these views with
-- the rights of their owner, and switch and issue by the functions above.

-- Which login administers which organisation: a row for each pair. The login is
-- what httpd's own authentication says, letter for letter, and must mean the same
-- person in all organisations; the tenant is that of scim.tokens. Each request looks
-- here, so whoever leaves is out at once.
CREATE OR REPLACE VIEW scim.console_users (login, tenant)
    WITH (security_barrier)
AS
SELECT u.username, u.organisation_id::text
  FROM public.users u
 WHERE u.role = 'admin'
   AND u.active
   AND u.deleted_at IS NULL;

-- The organisations: what each is called, whether it is offered the API at all, and
-- its switch. A tenant, here and below, and an id are columns as they are, not
-- turned into text: so their indexes serve.
CREATE OR REPLACE VIEW scim.organisations (tenant, name, available, enabled) AS
SELECT o.id, o.name, o.api_available, o.api_enabled
  FROM public.organisations o;

-- The accounts, the deleted too, whose names stay in the list of what happened.
--
--     id           the column that ScimKey names
--     name_key     the user name as it sorts and is found, whatever its case: what
--                  key= names
--     deleted      so written that NOT of it is the WHERE of your indexes
--     protected    what ScimProtect has
CREATE OR REPLACE VIEW scim.accounts
    (tenant, id, user_name, name_key, name, email, external_id, active, deleted,
     protected, api_access, created_at, updated_at)
AS
SELECT u.organisation_id, u.id, u.username, u.username_key,
       concat_ws(' ', u.first_name, u.last_name), u.email, u.external_id,
       u.active, u.deleted_at IS NOT NULL, u.role = 'admin', u.api_access,
       u.created_at, u.updated_at
  FROM public.users u;

-- Groups: only for a <ScimResource Group>. Without one, take this out.
CREATE OR REPLACE VIEW scim.groups (tenant, id, name) AS
SELECT t.organisation_id, t.id, t.name
  FROM public.teams t;

REVOKE ALL ON scim.console_users, scim.organisations, scim.accounts, scim.groups
    FROM PUBLIC, mod_scim;

COMMENT ON VIEW scim.console_users IS 'who may use the console for whom';
COMMENT ON VIEW scim.organisations IS 'what the console shows of organisations';
COMMENT ON VIEW scim.accounts IS 'what the console shows of accounts';
COMMENT ON VIEW scim.groups IS 'what the console calls groups';


-- -----------------------------------------------------------------------------
-- What the module may do
-- -----------------------------------------------------------------------------
-- Part 1 took everything away, so what stands here is all there is. A right
-- granted by hand somewhere else is gone after the next run: write it here.

-- Tokens: through the view, never the table behind it.
REVOKE ALL ON scim.tokens FROM PUBLIC, mod_scim;
GRANT SELECT ON scim.tokens TO mod_scim;

-- Users: column by column.
GRANT USAGE ON SCHEMA public TO mod_scim;

-- SELECT: what the directives of <ScimResource> name, ScimProtect included, and
-- no more. No password_hash, no api_access.
GRANT SELECT (id, organisation_id, username, username_key, email, email_key,
              first_name, last_name, role, active, external_id, deleted_at,
              scim_extra, created_at, updated_at)
    ON public.users TO mod_scim;

-- INSERT: the attributes, the tenant, the tombstone, and ScimDefault
-- (password_hash). No role and no api_access: nobody becomes an administrator
-- by way of SCIM.
GRANT INSERT (organisation_id, username, email, first_name, last_name, active,
              external_id, deleted_at, scim_extra, password_hash)
    ON public.users TO mod_scim;

-- UPDATE: the attributes and the tombstone. Nobody moves to another
-- organisation, and no password is overwritten. No DELETE.
GRANT UPDATE (username, email, first_name, last_name, active, external_id,
              deleted_at, scim_extra)
    ON public.users TO mod_scim;

-- Groups: only for a <ScimResource Group>. Without one, take these out.
--
-- The counter (version) is read and not written: a trigger of the application
-- raises it. Deleting a group is an UPDATE, as it is for users; a membership
-- comes and goes.
GRANT SELECT (id, organisation_id, name, name_key, external_id, version,
              deleted_at, created_at, updated_at),
      INSERT (organisation_id, name, external_id, deleted_at),
      UPDATE (name, external_id, deleted_at)
    ON public.teams TO mod_scim;
GRANT SELECT (team_id, user_id), INSERT (team_id, user_id), DELETE
    ON public.team_members TO mod_scim;


-- -----------------------------------------------------------------------------
-- The second wall between tenants
-- -----------------------------------------------------------------------------
-- Every statement of the module compares a row's organisation with that of the
-- token. Row-level security does so once more, in case that one of them should
-- be wrong: the module sees, changes and makes rows of that organisation alone.
--
-- Each table gets two policies. The one called everybody is for your application
-- and all others, who see what they have always seen; leave it out where your
-- tables have policies already. The one called scim is restrictive: it takes
-- away, from mod_scim only. The table of members has no column of the organisation
-- and goes by its users, who are seen through their own policy (and not by its
-- groups: one that is made in the same statement is not seen yet).
--
-- Write the comparison as it stands, column on the left, type on the right: so
-- indexes serve. Policies are made once, as that locks the table: after an edit,
-- DROP POLICY first. Without this wall, the module saves a statement in each
-- request.
DO $$
DECLARE
    wall record;
BEGIN
    FOR wall IN
        SELECT * FROM (VALUES
            ('public.users'::regclass,
             'organisation_id = (SELECT scim.tenant())::bigint'),

            -- Groups: only for a <ScimResource Group>. Without one, take these out.
            ('public.teams',
             'organisation_id = (SELECT scim.tenant())::bigint'),
            ('public.team_members',
             'EXISTS (SELECT FROM public.users u WHERE u.id = user_id)')
            ) AS v (name, condition)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_policy p
                        WHERE p.polrelid = wall.name
                          AND p.polname = 'everybody') THEN
            EXECUTE format('CREATE POLICY everybody ON %s '
                           'USING (true) WITH CHECK (true)', wall.name);
        END IF;
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_policy p
                        WHERE p.polrelid = wall.name
                          AND p.polname = 'scim') THEN
            EXECUTE format('CREATE POLICY scim ON %s AS RESTRICTIVE TO mod_scim '
                           'USING (%s) WITH CHECK (%s)',
                           wall.name, wall.condition, wall.condition);
        END IF;
        IF NOT (SELECT c.relrowsecurity FROM pg_catalog.pg_class c
                 WHERE c.oid = wall.name) THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', wall.name);
        END IF;
    END LOOP;
END
$$;


-- -----------------------------------------------------------------------------
-- Last, a check (leave it as it is)
-- -----------------------------------------------------------------------------
-- Grants to PUBLIC and membership of other roles reach mod_scim and scim_console
-- too, and this file cannot take those away without harm to your application. It
-- warns.
DO $$
DECLARE
    me  oid := 'mod_scim'::regrole;
    you oid := 'scim_console'::regrole;
    hit record;
BEGIN
    FOR hit IN
        SELECT c.oid::regclass AS relation
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
           AND has_schema_privilege(you, n.oid, 'USAGE')
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                            WHERE d.classid = 'pg_catalog.pg_class'::regclass
                              AND d.objid = c.oid AND d.deptype = 'e')
           AND (has_any_column_privilege(you, c.oid, 'SELECT, INSERT, UPDATE')
                OR has_table_privilege(you, c.oid, 'DELETE, TRUNCATE'))
         ORDER BY 1
    LOOP
        RAISE WARNING 'role "scim_console" has rights on %, and needs none on '
            'any table', hit.relation
            USING HINT = 'Look for a grant to PUBLIC or to a role that '
                'scim_console is a member of.';
    END LOOP;

    IF EXISTS (SELECT FROM pg_catalog.pg_roles r
                WHERE r.oid = me
                  AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb
                       OR r.rolreplication OR r.rolbypassrls)) THEN
        RAISE WARNING 'role "mod_scim" has more powers than an ordinary role'
            USING HINT = 'ALTER ROLE mod_scim NOSUPERUSER NOCREATEROLE '
                'NOCREATEDB NOREPLICATION NOBYPASSRLS;';
    END IF;

    FOR hit IN
        SELECT b.rolname
          FROM pg_catalog.pg_auth_members m
          JOIN pg_catalog.pg_roles b ON b.oid = m.roleid
         WHERE m.member = me
    LOOP
        RAISE WARNING 'role "mod_scim" is a member of role "%" and has its '
            'rights as well', hit.rolname;
    END LOOP;

    IF NOT has_database_privilege(me, current_database(), 'CONNECT') THEN
        RAISE WARNING 'role "mod_scim" cannot connect to database "%"',
            current_database()
            USING HINT = format('GRANT CONNECT ON DATABASE %I TO mod_scim;',
                                current_database());
    END IF;

    FOR hit IN
        SELECT n.nspname
          FROM pg_catalog.pg_namespace n
         WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
           AND has_schema_privilege(me, n.oid, 'CREATE')
    LOOP
        RAISE WARNING 'role "mod_scim" may create objects in schema "%"',
            hit.nspname
            USING HINT = format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC;',
                                hit.nspname);
    END LOOP;

    -- Rights on columns, and on whole tables, that nobody granted to mod_scim
    -- itself. What belongs to an extension is left to the extension.
    FOR hit IN
        SELECT c.oid::regclass AS relation, p.privilege,
               CASE WHEN p.privilege IN ('DELETE', 'TRUNCATE') THEN ''
                    ELSE '(' || string_agg(quote_ident(a.attname), ', '
                                           ORDER BY a.attnum) || ') '
               END AS columns
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
                                        AND a.attnum > 0
                                        AND NOT a.attisdropped
         CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'),
                            ('DELETE'), ('TRUNCATE')) p (privilege)
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
           AND has_schema_privilege(me, n.oid, 'USAGE')
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                            WHERE d.classid = 'pg_catalog.pg_class'::regclass
                              AND d.objid = c.oid AND d.deptype = 'e')
           AND CASE WHEN p.privilege IN ('DELETE', 'TRUNCATE')
                    THEN has_table_privilege(me, c.oid, p.privilege)
                    ELSE has_column_privilege(me, c.oid, a.attnum, p.privilege)
               END
           AND NOT EXISTS (SELECT FROM aclexplode(c.relacl) g
                            WHERE g.grantee = me
                              AND g.privilege_type = p.privilege)
           AND NOT EXISTS (SELECT FROM aclexplode(a.attacl) g
                            WHERE g.grantee = me
                              AND g.privilege_type = p.privilege)
         GROUP BY c.oid, p.privilege
         ORDER BY 1, 2
    LOOP
        RAISE WARNING 'role "mod_scim" also has % %on %, which is not '
            'granted here', hit.privilege, hit.columns, hit.relation
            USING HINT = 'Look for a grant to PUBLIC or to a role that '
                'mod_scim is a member of.';
    END LOOP;

    -- Functions that run with the rights of somebody else.
    FOR hit IN
        SELECT p.oid::regprocedure AS routine
          FROM pg_catalog.pg_proc p
          JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         WHERE p.prosecdef
           AND p.prorettype NOT IN ('trigger'::regtype,
                                    'event_trigger'::regtype)
           AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
           AND has_schema_privilege(me, n.oid, 'USAGE')
           AND has_function_privilege(me, p.oid, 'EXECUTE')
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                            WHERE d.classid = 'pg_catalog.pg_proc'::regclass
                              AND d.objid = p.oid AND d.deptype = 'e')
           AND NOT EXISTS (SELECT FROM aclexplode(p.proacl) g
                            WHERE g.grantee = me)
         ORDER BY 1
    LOOP
        RAISE WARNING 'role "mod_scim" may run %, which is SECURITY DEFINER',
            hit.routine
            USING HINT = format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC;',
                                hit.routine);
    END LOOP;
END
$$;

RESET client_min_messages;
