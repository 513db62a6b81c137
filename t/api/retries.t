# What PostgreSQL undoes for the sake of somebody else, a deadlock or a
# serialisation failure, is tried again: a bounded number of times, then it is
# 503, and nothing of it is left.
use ScimTest;
use Time::HiRes qw(time);

scim_reset();
use constant TRIES => 3;

# A trigger that fails so many times. What sequences count is not undone.
db()->do($_) for 'CREATE SEQUENCE public.tries',
    'CREATE TABLE public.failing (state text NOT NULL, times int NOT NULL)',
    'CREATE FUNCTION public.fail_again() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
     DECLARE
         f public.failing%ROWTYPE;
     BEGIN
         SELECT * INTO f FROM public.failing;
         IF nextval(\'public.tries\') <= f.times THEN
             RAISE \'once more\' USING ERRCODE = f.state;
         END IF;
         RETURN NEW;
     END $$',
    'CREATE TRIGGER a_fail BEFORE INSERT OR UPDATE ON public.users FOR EACH ROW
     EXECUTE FUNCTION public.fail_again()';

sub failing {
    my ($state, $times) = @_;
    db()->do($_) for 'TRUNCATE public.failing', 'ALTER SEQUENCE public.tries RESTART';
    db()->do('INSERT INTO public.failing VALUES (?, ?)', undef, $state, $times);
}
sub tries { return db()->selectrow_array('SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM public.tries') }

for my $state (qw(40001 40P01)) {
    for my $case (
        ['POST',   201, sub { ('/Users', { userName => $_[0], externalId => "x-$_[0]" }) }],
        ['PATCH',  200, sub { ("/Users/$_[1]", { Operations => [{ op => 'replace', path => 'title', value => $_[0] }] }) }],
        ['PUT',    200, sub { ("/Users/$_[1]", { userName => $_[0], title => $_[0] }) }],
        ['DELETE', 204, sub { ("/Users/$_[1]") }],
    ) {
        my ($method, $code, $request) = @$case;
        failing($state, 0);
        my $id = new_user()->{id};
        my $count = sub { [db()->selectrow_array('SELECT (SELECT count(*) FROM public.users), (SELECT count(*) FROM scim.events)')] };
        my ($row, $before) = (row_of($id), $count->());

        my @request = ($method, $request->(uniq('again'), $id));
        failing($state, 1000);
        my $start = time;
        is_error scim(@request), 503, undef, undef, "V15: $method that ends in $state each time";
        cmp_ok time - $start, '<', 4, 'V15: is answered at once';
        is tries(), TRIES, 'V15: after ' . TRIES . ' tries';
        is_deeply [row_of($id), $count->()], [$row, $before], 'V15: and nothing is changed, and there is no event';

        failing($state, TRIES - 1);
        is scim(@request)->code, $code, "V15: $method that ends in $state twice is done";
        is tries(), TRIES, 'V15: with the third try';
        is $count->()->[1], $before->[1] + 1, 'V15: with one event';
    }
}

db()->do($_) for 'DROP TRIGGER a_fail ON public.users', 'DROP FUNCTION public.fail_again()',
    'DROP SEQUENCE public.tries', 'DROP TABLE public.failing';
expect_log(qr/SCIM0013: .*once more \(SQLSTATE 40/);
done_testing;
