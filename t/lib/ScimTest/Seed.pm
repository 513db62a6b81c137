package ScimTest::Seed;
# The data every test starts from, and many users on demand.
#
# Organisations 1 'Contoso' and 2 'Fabrikam', both with API access; in each
# one administrator who holds an API token.
use strict;
use warnings;

# Fill an empty database; returns { organisation id => token text }.
sub seed {
    my ($dbh) = @_;
    my %token;
    for my $org ([1, 'Contoso', 'contoso.com', 'Megan', 'Bowen'],
                 [2, 'Fabrikam', 'fabrikam.com', 'Lidia', 'Holloway']) {
        my ($id, $name, $domain, $first, $last) = @$org;
        $dbh->do(<<'END', undef, $id, $name);
INSERT INTO public.organisations (id, name, api_available, api_enabled)
VALUES (?, ?, true, true)
END
        my ($user) = $dbh->selectrow_array(<<'END', undef, $id, "admin\@$domain", "admin\@$domain", $first, $last);
INSERT INTO public.users (organisation_id, username, email, first_name,
                          last_name, role, api_access, password_hash)
VALUES (?, ?, ?, ?, ?, 'admin', true, '!') RETURNING id
END
        ($token{$id}) = $dbh->selectrow_array(
            q{SELECT scim.token_issue(?, interval '1 year')}, undef, $user);
    }
    # the identities above were given, so the counter has not moved
    $dbh->do(q{SELECT setval(pg_get_serial_sequence('public.organisations', 'id'), 2)});
    return \%token;
}

# users(DBH, ORGANISATION, COUNT): what an application has grown over years.
# Names repeat, user names do not; external ids look like those of a directory.
sub users {
    my ($dbh, $org, $count) = @_;
    my ($domain) = map { lc . '.com' } $dbh->selectrow_array(
        'SELECT name FROM public.organisations WHERE id = ?', undef, $org);
    $dbh->do(<<'END', undef, $org, $domain, $count);
INSERT INTO public.users (organisation_id, username, email, first_name,
                          last_name, password_hash, external_id)
SELECT ?::bigint, lower(first_name || '.' || last_name) || n || '@' || domain,
       lower(first_name || '.' || last_name) || n || '@' || domain,
       first_name, last_name, '!', gen_random_uuid()::text
  FROM (SELECT n, ?::text AS domain,
               (ARRAY['Adele','Alex','Allan','Amy','Bianca','Brian','Cameron',
                      'Chloe','Diego','Emily','Enrico','Fatima','Grady',
                      'Henrietta','Irvin','Isaiah','Joni','Johanna','Kavya',
                      'Lee','Lynne','Miriam','Nestor','Olga','Patti','Pradeep',
                      'Raul','Sakura','Tomas','Ursula','Wei'])[1 + n % 31],
               (ARRAY['Abebe','Albrecht','Barnes','Castro','Cramer','Dewitt',
                      'Eriksson','Fischer','Garcia','Gruber','Hansen','Ito',
                      'Jensen','Kowalski','Larsson','Mueller','Nguyen',
                      'Okafor','Pereira','Quinn','Rossi','Schmidt','Sherman',
                      'Tanaka','Vance','Wilber','Yamamoto','Young',
                      'Zielinski'])[1 + (n / 31) % 29]
          FROM generate_series(1, ?::int) AS n)
       AS person (n, domain, first_name, last_name)
END
    $dbh->do('ANALYZE public.users');
}

# Tables that tests write: all of the application's, and the module's events.
my $TABLES = <<'END';
SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
       quote_ident(n.nspname || '_' || c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND (n.nspname = 'public' OR n.nspname = 'scim' AND c.relname IN ('events', 'guards'))
 ORDER BY c.oid
END

# Keep the present rows in the schema scim_rig, for restore(). Sequences too:
# ids must not come back that a client may have seen.
sub snapshot {
    my ($dbh) = @_;
    my @copy;
    $dbh->do(q{SET client_min_messages = warning});
    $dbh->do('DROP SCHEMA IF EXISTS scim_rig CASCADE');
    $dbh->do('CREATE SCHEMA scim_rig');
    for my $table (@{ $dbh->selectall_arrayref($TABLES) }) {
        my ($oid, $name, $kept) = @$table;
        next unless $dbh->selectrow_array("SELECT EXISTS (SELECT FROM $name)");
        $dbh->do("CREATE TABLE scim_rig.$kept AS TABLE $name");
        my $columns = join ', ', map { $_->[0] }
            @{ $dbh->selectall_arrayref(<<'END', undef, $oid) };
SELECT quote_ident(attname) FROM pg_attribute
 WHERE attrelid = ? AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
 ORDER BY attnum
END
        push @copy, "INSERT INTO $name ($columns) OVERRIDING SYSTEM VALUE "
            . "SELECT $columns FROM scim_rig.$kept";
    }
    my $all = join ', ', map { $_->[1] } @{ $dbh->selectall_arrayref($TABLES) };
    my @counter = map { "SELECT setval('$_->[0]', $_->[1], true)" }
        @{ $dbh->selectall_arrayref(<<'END') };
SELECT format('%I.%I', schemaname, sequencename), last_value
  FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
END
    $dbh->do('CREATE TABLE scim_rig.steps (n serial, sql text)');
    $dbh->do('INSERT INTO scim_rig.steps (sql) VALUES (?)', undef, $_)
        for "TRUNCATE $all RESTART IDENTITY CASCADE", @copy, @counter;
}

# Back to the rows of the snapshot.
sub restore {
    my ($dbh) = @_;
    my $steps = $dbh->selectcol_arrayref(
        'SELECT sql FROM scim_rig.steps ORDER BY n');
    die "there is no snapshot to go back to\n" unless @$steps;
    $dbh->begin_work;
    # not the application's triggers: the rows are to come back as they were
    $dbh->do('SET LOCAL session_replication_role = replica');
    $dbh->do(q{SET LOCAL lock_timeout = '10s'});
    $dbh->do($_) for @$steps;
    $dbh->commit;
}

1;
