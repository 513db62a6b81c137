# What error_log says of a request, and whose it was.
use ScimTest;

use constant BULK => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

scim_reset();
my ($actor) = db()->selectrow_array("SELECT id FROM public.users WHERE organisation_id = 1 AND role = 'admin'");
my $h = extra_httpd(modules => ['unique_id'], guard => 1,
    edit => sub { s/ScimGuard .*/ScimGuard 1 0% 1h/; s/^ +ScimExtra .*\n//m },
    conf => "LogFormat \"%{UNIQUE_ID}e\" id\nCustomLog logs/ids id\n");
my $plain = extra_httpd();

# The lines of the module with that number that came with one request.
sub lines_of {
    my ($server, $number, $code) = @_;
    log_lines_since($server);
    $code->();
    my @line;
    wait_until(10, sub { push @line, grep { /\bSCIM$number: / } log_lines_since($server); scalar @line });
    return @line;
}

sub whose {
    my ($number, $name, $code) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @line = lines_of($h, $number, $code);
    is scalar(@line), 1, "SCIM$number: one line for $name";
    my ($id) = ($line[0] // '') =~ /SCIM$number: .* \[tenant 1, actor $actor, request ([\w@-]{20,})\]$/
        or diag $line[0];
    ok wait_until(10, sub { grep { $_ eq ($id // '') } split /\n/, ScimTest::Sys::slurp($h->dir . '/logs/ids') }),
        "SCIM$number: with tenant, actor and the id of the request";
}

my @there = (base => $h->base);
my @id = map { new_user(@there)->{id} } 1 .. 3;
my $off = { Operations => [{ op => 'replace', path => 'active', value => json_false() }] };

whose('0015', 'what is not there', sub { get('/Users/987654', @there) });
whose('0015', 'a filter', sub { get('/Users?filter=x', @there) });
whose('0011', 'what is not kept', sub { post('/Users', { userName => uniq('x'), title => 'T' }, @there) });
expect_log(qr/SCIM0065: PATCH .* held back/);
is patch("/Users/$id[0]", $off, @there)->code, 200, 'a deactivation';
whose('0065', 'another one, held back', sub { patch("/Users/$id[1]", $off, @there) });

# Without a valid token there is an id all the same.
for my $token (undef, 'scim_' . '0' x 64) {
    my @line = lines_of($h, '0014', sub { get('/Users', @there, token => $token) });
    like $line[0], qr/SCIM0014: refused a caller from 127\.0\.0\.1: [^\[]+ \[request [\w@-]{20,}\]$/, 'SCIM0014: a caller who is nobody';
}

# Without mod_unique_id there is none.
my @line = lines_of($plain, '0015', sub { get('/Users/987654', base => $plain->base) });
like $line[0], qr/ \[tenant 1, actor $actor\]$/, 'SCIM0015: on a server whose requests have no ids';
@line = lines_of($plain, '0014', sub { get('/Users', base => $plain->base, token => undef) });
unlike $line[0], qr/ \[(?:tenant|request)[^]]*\]$/, 'SCIM0014: nothing is known there';

# An operation of a bulk job.
@line = lines_of($h, '0050', sub { post('/Bulk', { schemas => [BULK],
    Operations => [{ method => 'DELETE', path => '/Users/987654' }] }, @there) });
like $line[0], qr/SCIM0050: bulk job [\w@-]{20,}, operation 1 answered 404: .* \[tenant 1, actor $actor\]$/,
    'SCIM0050: the job, and whose it was';

# The database's own words come first.
{
    db()->do($_) for q{CREATE FUNCTION public.break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = 'XX000'; END $$},
        'CREATE TRIGGER z_break BEFORE INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION public.break()';
    expect_log(qr/SCIM0012: /);
    whose('0012', 'a trigger that is broken', sub { post('/Users', { userName => uniq('x') }, @there) });
    db()->do($_) for 'DROP TRIGGER z_break ON public.users', 'DROP FUNCTION public.break()';
}

# 503: the database does not answer.
{
    my ($h, $relay) = extra_httpd(relay => 1, modules => ['unique_id'], conf => "ScimTimeout 300ms\n");
    get('/Users?count=1', base => $h->base) for 1 .. 8;
    expect_log(qr/SCIM0013: /);
    $relay->mode('deaf');
    @line = lines_of($h, '0013', sub { get('/Users', base => $h->base) });
    like $line[0], qr/SCIM0013: GET \S+ answered 503: [^\[]+ \[request [\w@-]{20,}\]$/, 'SCIM0013: nobody has said who it is';
    $h->stop;
}

done_testing;
