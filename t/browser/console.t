# The console in a real browser: from switching access on, over issuing a token and
# provisioning with it, to seeing the user and the events.
use ScimTest;
use ScimTest::Browser;
use ScimTest::Seed;

scim_reset();
db()->do('UPDATE public.organisations SET api_enabled = false WHERE id = 1');
db()->do(q{DELETE FROM public.api_tokens USING public.users u WHERE user_id = u.id AND organisation_id = 1});
my $h = extra_httpd(console => { 'admin@contoso.com' => 'secret' }, guard => 1);
my $b = ScimTest::Browser->new;
$b->devtools('Browser.grantPermissions', { permissions => ['clipboardReadWrite', 'clipboardSanitizedWrite'],
    origin => $h->url });
my @there = (base => $h->base);

# rows of a table, as text
sub rows { return @{ $b->js(q{return [...document.querySelectorAll(arguments[0] + ' tbody tr')].map(
    row => [...row.cells].map(cell => cell.innerText.trim()).join('|'))}, $_[0]) } }

sub wait_rows { my ($css, $re) = @_; $b->wait_for(q{[...document.querySelectorAll(arguments[0] + ' tbody tr')]
    .some(row => new RegExp(arguments[1], 's').test(row.innerText))}, $css, $re) }

sub clipboard { return $b->js('return navigator.clipboard.readText()') }

# ---- the first look ----

(my $with_login = $h->console) =~ s{//}{//admin%40contoso.com:secret@};
$b->open($with_login);
$b->wait_for(q{document.body.dataset.view === 'setup'});
is $b->text('#organisation-name'), 'Contoso', 'the organisation';
is $b->text('#login'), 'admin@contoso.com', 'who has logged in';
ok !$b->js(q{return document.getElementById('enabled').checked}), 'API access is off';
is $b->value('#url'), $h->base . '/?aadOptscim062020', 'the tenant URL';
$b->click('#copy-url');
$b->wait_for(q{document.getElementById('said').textContent});
is clipboard(), $h->base . '/?aadOptscim062020', 'a button copies it';
$b->click('#copy-mapping');
$b->wait_for(q{document.getElementById('said').textContent.includes('table')});
is((split /\n/, clipboard())[4], "Not([IsSoftDeleted])\texpression\tactive\tno", 'another one the mapping');

# ---- access on, a token ----

$b->click('#enabled');
$b->wait_for(q{document.getElementById('said').textContent === 'API access is on.'});
ok db()->selectrow_array('SELECT api_enabled FROM public.organisations WHERE id = 1'), 'API access is on';

db()->do(q{UPDATE public.users SET api_access = false WHERE organisation_id = 1});
$b->type('#issue-user', 'nobody@contoso.com');
$b->click('#issue button');
$b->wait_for(q{document.getElementById('error').textContent.includes('there is no user')});
pass 'a user who is not there is said so';
db()->do(q{INSERT INTO public.users (organisation_id, username, password_hash)
           SELECT 1, lpad(n::text, 3, '0') || 'admin@contoso.com', '!' FROM generate_series(1, 120) AS n});
$b->type('#issue-user', 'Admin@Contoso.com');
$b->choose('#issue-days', 90);
$b->click('#issue button');
$b->wait_for(q{document.getElementById('confirm').open});
like $b->text('#confirm-title'), qr/^Give \x{2068}admin\@contoso.com\x{2069} API access/,
    'who has no API access is given it, when asked, and is found among many with such a name';
db()->do(q{DELETE FROM public.users WHERE username ~ '^[0-9]{3}admin'});
$b->click('#confirm-yes');
$b->wait_for(q{document.getElementById('token-dialog').open});
my $token = $b->value('#token');
like $token, qr/^scim_[0-9a-f]{64}$/, 'the token is shown';
$b->click('#copy-token');
$b->wait_for(q{document.getElementById('token-said').textContent});
is clipboard(), $token, 'and copied by a button';
$b->click('#token-done');
$b->wait_for(q{document.getElementById('token').value === ''});
is $b->js(q{return document.documentElement.outerHTML + document.getElementById('token').value}) =~ /\Q$token/ ? 'there' : 'gone',
    'gone', 'when the dialog is closed, it is nowhere any more';
wait_rows('#tokens', 'valid');
is scalar(rows('#tokens')), 1, 'it is in the list';

# ---- provisioning ----

my $evil = '<img src=x onerror=document.title=666>"\'&';
my $joy = new_user(@there, token => $token, userName => 'joy@contoso.com', name => { givenName => 'Joy', familyName => $evil });
patch("/Users/$joy->{id}", { Operations => [{ op => 'Replace', path => 'name.givenName', value => 'Joyce' }] }, @there, token => $token);
post('/Users', { userName => 'joy@contoso.com' }, @there, token => $token);
wait_until(10, sub { db()->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'refused'}) });

# ---- the user ----

$b->click('nav a[href="#users"]');
$b->wait_for(q{document.body.dataset.view === 'users'});
is $b->focus, 'users-title', 'the focus goes with the section';
is scalar(rows('#accounts')), 2, 'two users';
my ($row) = grep { /joy/ } rows('#accounts');
like $row, qr/^joy\@contoso\.com\|Joyce \Q$evil\E\|.*active.*provisioned/s, 'the new one, whatever its name is';
like $b->js('return document.title'), qr/^User provisioning/, 'which is not carried out';
$b->choose('#state', 'never');
$b->wait_for(q{document.querySelectorAll('#accounts tbody tr').length === 1});
like join('', rows('#accounts')), qr/^admin.*never synced.*protected/s, 'one was never synced, and is protected';
$b->choose('#state', 'all');
$b->type('#search', 'joyce');
$b->wait_for(q{document.querySelectorAll('#accounts tbody tr').length === 1
    && document.querySelector('#accounts tbody td').innerText.startsWith('joy')});
pass 'a search finds by name';
$b->click('#accounts input[role=switch]');
$b->wait_for(q{document.getElementById('said').textContent === 'API access of \u2068joy@contoso.com\u2069 is on.'});
ok row_of($joy->{id})->{api_access}, 'API access of a user by a switch';

# ---- its events ----

$b->click('#accounts button');
$b->wait_for(q{document.body.dataset.view === 'activity'});
is_deeply [map { (split /\|/)[1] } rows('#events')], [qw(Changed Created)], 'the activity of one user';
like +(rows('#events'))[0], qr/givenName\s*Joy \x{2192} Joyce\|admin\@contoso\.com\s*token \d+/, 'old and new value, who, and by which token';
$b->click('#only-clear');
$b->wait_for(q{document.querySelectorAll('#events tbody tr').length === 3});
like +(rows('#events'))[0], qr/Refused create, 409.*"joy\@contoso\.com" is used by another account/, 'a refusal, with the reason in words';
like $b->text('#health-errors'), qr/^1, the last just now/, 'and in the health strip';

# ---- the guard ----

{
    my @leaver = map { new_user(@there, token => $token) } 1 .. 21;
    my @answer = map { patch("/Users/$_->{id}", { Operations => [{ op => 'replace', path => 'active', value => 'False' }] },
        @there, token => $token) } @leaver;
    is $answer[-1]->code, 503, 'the guard holds a deactivation back';
    expect_log(qr/SCIM0065/);
    wait_until(10, sub { db()->selectrow_array(q{SELECT count(*) FROM scim.events WHERE status = 503}) });
    $b->click('nav a[href="#setup"]');
    $b->wait_for(q{document.getElementById('health-guard').textContent.startsWith('holds back: 1 deactivation')});
    $b->click('#release');
    $b->wait_for(q{document.getElementById('confirm').open});
    $b->click('#confirm-yes');
    $b->wait_for(q{document.getElementById('health-guard').textContent.startsWith('released')});
    ok db()->selectrow_array(q{SELECT released_until > now() FROM scim.guards WHERE tenant = '1'}), 'it is released by a button';
}

# ---- rotation, revocation ----

$b->click('#tokens button');
$b->wait_for(q{document.getElementById('confirm').open});
$b->click('#confirm-yes');
$b->wait_for(q{document.getElementById('token-dialog').open});
my $second = $b->value('#token');
$b->click('#token-done');
is get('/Users?count=0', @there, token => $_)->code, 200, 'rotated: old and new are valid' for $token, $second;
$b->wait_for(q{document.querySelectorAll('#tokens tbody tr').length === 2});
my ($old) = db()->selectrow_array(q{SELECT min(token_id::int) FROM scim.token_list('1')});
$b->click(qq{button[aria-label^="Revoke token $old "]});
$b->wait_for(q{document.getElementById('confirm').open});
$b->click('#confirm-yes');
wait_rows('#tokens', 'revoked');
is get('/Users?count=0', @there, token => $token)->code, 401, 'revoked: the old one is over';
is get('/Users?count=0', @there, token => $second)->code, 200, 'the new one is not';

$b->click('#enabled');
$b->wait_for(q{document.getElementById('confirm').open});
$b->press('Escape');
$b->wait_for(q{document.getElementById('enabled').checked});
is get('/Users?count=0', @there, token => $second)->code, 200, 'switching off is asked about, and Escape means no';

# ---- pages ----

ScimTest::Seed::users(db(), 1, 120);
$b->click('nav a[href="#users"]');
$b->wait_for(q{document.body.dataset.view === 'users'});
$b->type('#search', 'a');
$b->choose('#sort', '-name');
$b->wait_for(q{!document.getElementById('accounts-next').disabled});
my @first = rows('#accounts');
$b->click('#accounts-next');
$b->wait_for(q{document.getElementById('accounts-page').textContent === 'Page 2'});
is scalar(grep { my $row = $_; grep { $_ eq $row } @first } rows('#accounts')), 0, 'the second page has others than the first';
$b->click('#accounts-back');
$b->wait_for(q{document.getElementById('accounts-page').textContent === 'Page 1'});
is_deeply [rows('#accounts')], \@first, 'and back';

# ---- narrow, light and dark ----

sub luminance { return $b->js(q{const c = getComputedStyle(document.body)[arguments[0]].match(/\d+/g).map(Number);
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];}, $_[0]) }
for my $width (390, 320) {
    $b->size($width, 844);
    for my $view (qw(users activity setup)) {
        $b->click(qq{nav a[href="#$view"]});
        $b->wait_for(qq{document.body.dataset.view === '$view'});
        is_deeply $b->js(q{return [document.documentElement.scrollWidth <= innerWidth,
            [...document.querySelectorAll('main *, header *')].filter(e => e.getClientRects().length
                && e.getBoundingClientRect().right > innerWidth + 1
                && !e.closest('.unseen, thead')).map(e => e.outerHTML.slice(0, 80))]}),
            [json_true(), []], "$view at $width pixels needs no scrolling to the side";
    }
    $b->click('#tokens button');
    $b->wait_for(q{document.getElementById('confirm').open});
    ok $b->js(q{const r = document.getElementById('confirm').getBoundingClientRect(); return r.left >= 0 && r.right <= innerWidth}),
        "a dialog fits in $width pixels";
    $b->press('Escape');
    $b->wait_for(q{!document.getElementById('confirm').open});
}
for my $scheme (qw(light dark)) {
    $b->scheme($scheme);
    my ($paper, $ink) = (luminance('backgroundColor'), luminance('color'));
    ok $scheme eq 'light' ? $paper > 230 && $ink < 60 : $paper < 40 && $ink > 200, "$scheme: paper $paper, ink $ink";
    # what is written on what, at WCAG's 4.5 to 1
    my $faint = $b->js(q{
        const rgb = (text) => text.match(/[\d.]+/g).map(Number);
        const light = (c) => { const [r, g, b] = c.map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
            return .2126 * r + .7152 * g + .0722 * b; };
        const under = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
            if (c.length < 4 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
        return [...document.querySelectorAll('body *')].filter(e => e.getClientRects().length && !e.disabled
            && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).filter(e => {
            const a = light(rgb(getComputedStyle(e).color).slice(0, 3)), b = light(under(e));
            return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5; }).map(e => e.outerHTML.slice(0, 100));});
    is_deeply $faint, [], "$scheme: everything can be read";
}
$b->scheme('light');
$b->size(1280, 900);

# ---- the keyboard alone ----

$b->open($h->console);
$b->wait_for(q{document.body.dataset.view === 'setup'});
$b->js('document.activeElement.blur()');
{
    my @path;
    for (1 .. 25) {
        $b->press('Tab');
        push @path, $b->focus;
        last if $path[-1] eq 'copy-mapping';
    }
    is_deeply [map { s/ token \d+ of .*//r } @path], ['To the content', qw(Set-up Users Activity enabled issue-user
        issue-days), 'Issue a token', qw(Rotate Revoke url copy-url copy-mapping)], 'Tab goes through everything in order';
    $b->js(q{document.getElementById('enabled').focus()});
    $b->press('Space');
    $b->wait_for(q{document.getElementById('confirm').open});
    is $b->js(q{return document.activeElement.closest('dialog').id}), 'confirm', 'a dialog takes the focus';
    $b->press('Tab') until $b->focus eq 'confirm-yes';
    $b->press('Enter');
    $b->wait_for(q{document.getElementById('said').textContent === 'API access is off.'});
    is $b->focus, 'enabled', 'and gives it back';
    ok !db()->selectrow_array('SELECT api_enabled FROM public.organisations WHERE id = 1'), 'switched off by keys alone';
    $b->press('Shift+Tab', 'Shift+Tab', 'Enter');
    $b->wait_for(q{document.body.dataset.view === 'users'});
    $b->press('Tab', 'joyce');
    $b->wait_for(q{document.querySelectorAll('#accounts tbody tr').length === 1});
    pass 'and searched';
}

# ---- for screen readers ----

$b->js(q{location.hash = 'setup'});
$b->wait_for(q{document.body.dataset.view === 'setup'});
is_deeply $b->js(q{return [...document.querySelectorAll('input, select, button, textarea, a')].filter(e => !(
    e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels.length))).map(e => e.outerHTML)}), [],
    'each control has a name';
is_deeply $b->js(q{return [...document.querySelectorAll('table')].filter(t => !t.caption).map(t => t.id)}), [], 'each table has one';
is $b->js(q{return document.documentElement.lang}), 'en', 'the language is said';

# ---- two organisations of one login ----

ok $b->js(q{return document.getElementById('tenant-label').hidden}), 'with one organisation there is nothing to choose';
db()->do(q{INSERT INTO public.users (organisation_id, username, role, password_hash) VALUES (2, 'admin@contoso.com', 'admin', '!')});
$b->open($h->console . '?again#users');
$b->wait_for(q{document.body.dataset.view === 'users'});
$b->choose('#tenant', 2);
$b->wait_for(q{document.getElementById('organisation-name').textContent === 'Fabrikam'
    && document.querySelectorAll('#accounts tbody tr').length === 2});
is_deeply [grep { /contoso/ && !/^admin/ } rows('#accounts')], [], 'with two one chooses, and sees only that';

is_deeply [grep { !/ 40\d / } $b->complaints], [], 'the browser has nothing to complain about';
$b->stop;
done_testing;
