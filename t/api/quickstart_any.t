# The commands of docs/quickstart-any.md, run as they stand there.
use ScimTest;

scim_reset();

my ($script) = ScimTest::Sys::slurp(ScimTest::Sys::top() . '/docs/quickstart-any.md') =~ /^## 3\. Try it with curl\n.*?^```sh\n(.*?)^```$/ms;
ok $script, 'the document has commands' or BAIL_OUT('no commands');
my $base = base_url();
$script =~ s{^SCIM=https://\S+$}{SCIM=$base}m or die 'no URL';
my ($set, @command) = split /^(?=curl )/m, $script =~ s/^#.*\n//mgr;

# What a command says, and the status behind it.
my $id;
sub run_it {
    my ($command) = @_;
    $command =~ s{/ID"}{/$id"} if defined $id;
    $command =~ s/^curl -si? /curl -s -w '\\n%{http_code}' /;
    my $said = ScimTest::Sys::run_cmd({ env => { TOKEN => token_a() } }, 'sh', '-c', "$set\n$command");
    my ($body, $status) = $said =~ /\A(.*)\n(\d+)\s*\z/s;
    return ($status, eval { JSON::PP::decode_json($body) } // {});
}

is scalar(@command), 6, 'six of them';
my ($status, $json) = run_it(shift @command);
is_deeply [$status, $json->{totalResults}], [200, 0], 'the connection';
($status, $json) = run_it(shift @command);
is $status, 201, 'a new account';
$id = $json->{id};
is row_of($id)->{username}, 'joy@contoso.com', 'a new account: the row';
($status, $json) = run_it(shift @command);
is_deeply [$status, map { @$_{qw(id active)} } @{ $json->{Resources} }], [200, $id, json_true()], 'found';
is +(run_it(shift @command))[0], 200, 'deactivated';
is row_of($id)->{active}, 0, 'deactivated: the row';
is +(run_it(shift @command))[0], 200, 'activated';
is row_of($id)->{active}, 1, 'activated: the row';
is +(run_it(shift @command))[0], 204, 'deleted';
ok row_of($id)->{deleted_at}, 'deleted: the row';

done_testing;
