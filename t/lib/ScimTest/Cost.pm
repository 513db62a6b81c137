package ScimTest::Cost;
# How often the module turns to PostgreSQL for a request, and how many statements
# it has executed there.
#
#   my $cost = ScimTest::Cost->new($relay);
#   $cost->costs(NAME, TURNS, STATEMENTS, CODE of the answer, what to do);
#   $cost->costs(..., 2);                   # in so many transactions
#
# It is done once to warm up, which opens the connection and prepares what is to
# be prepared, and once to be counted. What is done gets a number, to differ
# between the two. The answer of the second time is returned.
#
# A request of a known caller that is refused is one turn and one statement more,
# for its event, after the answer. Each transaction begins with a statement that
# raises the second wall between tenants. Neither has to be given.
use strict;
use warnings;
use Test::More;
use ScimTest::Sys qw(wait_until);

sub new {
    my ($class, $relay, $dbh) = @_;
    return bless { relay => $relay, dbh => $dbh }, $class;
}

sub _refused { $_[0]{dbh}->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'refused'}) }

sub costs {
    my ($self, $name, $turns, $statements, $code, $do, $transactions) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $relay = $self->{relay};
    my $later = $code =~ /^4/ && $code != 401 ? 1 : 0;
    my $known = $self->_refused;
    my $recorded = sub {
        my ($n) = @_;
        return !$later || wait_until(10, sub { $self->_refused == $known + $n });
    };
    is($do->(1)->code, $code, "$name: the answer is $code");
    ok $recorded->(1), "$name: the refusal is recorded";
    $relay->reset_counts;
    my $res = $do->(2);
    $recorded->(2);
    my $counts = $relay->counts;
    $statements += $transactions // ($turns ? 1 : 0);
    $_ += $later for $turns, $statements;
    is($res->code, $code, "$name: and $code again");
    is($counts->{connections}, 0, "$name: over the connection that was there");
    is($counts->{turns}, $turns, "$name: turns");
    is($counts->{statements}, $statements, "$name: statements")
        or diag 'newly prepared: ', explain [$relay->sql];
    return $res;
}

1;
