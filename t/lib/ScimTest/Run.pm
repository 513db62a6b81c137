package ScimTest::Run;
# The runner behind t/TEST: Apache::TestRun with a PostgreSQL cluster beside
# httpd, the tests that need no server in front, and one result for all.
#
# Everything a run makes lies in a directory of its own below /tmp, so that
# runs do not meet, not even in one checkout, and so that the children of an
# httpd started by root can reach it when the checkout is private. What is
# worth reading afterwards is copied to t/logs.
#
# A test file wants its servers for itself, and waits for them most of its
# time. So there are several pairs of cluster and httpd, in "1", "2" and so on
# below the directory of the run, and as many files at a time; each takes a
# pair that is free (ScimTest::_attach). The first is made by Apache::Test.
use strict;
use warnings;
use File::Basename qw(basename dirname);
use File::Copy ();
use File::Path qw(remove_tree);
use File::Temp ();
use JSON::PP ();
use TAP::Harness ();
use parent 'Apache::TestRun';
use ScimTest::Cluster ();
use ScimTest::Httpd ();
use ScimTest::Log ();
use ScimTest::Sys qw(top test_user free_port port_taken make_dir slurp spew alive wait_until);
use ScimTest::Valgrind ();

my $T = top() . '/t';
my $POINTER = "$T/logs/server.json";    # servers left up by -start-httpd
my $BUILD = $ENV{SCIM_BUILD} || top() . '/build';

use constant PAIRS => 3;

# the run's directory and the first pair's; httpd and clusters of the others
my ($run, $pair, $cluster, $leave_up, $server, @others);
my ($aggregate, @trouble);
my $owner = $$;

sub new {
    my $class = shift;
    $ENV{APACHE_TEST_ULIMIT_SET} = 1;   # no second start through sh
    # whatever else is set on this machine must not reach libpq
    delete @ENV{ grep { /^PG(?!_BINDIR$)/ } keys %ENV };
    delete @ENV{qw(http_proxy HTTP_PROXY SCIM_TEST_RUN)};
    return $class->SUPER::new(@_);
}

# As root the parent process stays root, like in production; the children of
# httpd and the whole of PostgreSQL do not.
sub check_runtime_user { 1 }

sub run {
    my ($self, @argv) = @_;
    chdir top() or die "could not enter the checkout: $!\n";
    $SIG{INT} = $SIG{TERM} = $SIG{HUP} = sub { exit 1 };
    if (grep { /^--?(?:stop-httpd|clean)$/ } @argv
        and !grep { /^--?(?:start-httpd|run-tests)$/ } @argv) {
        exit _stop_left_up(grep { /clean/ } @argv);
    }
    # files that are no test scripts: C units, fuzz replays and properties
    my @native = grep { m{^(?:\./)?t/(?:unit|fuzz|property)/[^/]+\.c$} } @argv;
    @argv = grep { my $a = $_; !grep { $_ eq $a } @native } @argv;
    my @tests = grep { m{\.t$} || -d $_ } @argv;
    $_ =~ s{/$}{} for @argv;
    die "there is no test \"$_\"\n" for grep { !-e $_ } @tests;

    $aggregate = ScimTest::Run::Aggregate->new;
    $aggregate->start;
    $self->{verbosity} = (grep { /^--?v(?:erbose)?$/ } @argv) ? 1 : 0;
    @argv = map { /^--?v$/ ? '-verbose' : $_ } @argv;
    my $start_only = (grep { /^--?start-httpd$/ } @argv)
        && !grep { /^--?run-tests$/ } @argv;

    if (!$start_only) {
        my @offline = @native;
        if (!@tests && !@native) {
            @offline = (native('t/unit'), _scripts('guard'), native('t/fuzz'),
                        native('t/property'));
            @tests = ScimTest::Valgrind::bearable(map { _scripts($_) } qw(browser api client));
            push @argv, @tests;
        }
        else {
            push @offline, grep { m{^(?:\./)?t/guard(?:/|$)} } @tests;
            @offline = map { -d $_ ? glob("$_/*.t") : $_ } @offline;
            @tests = grep { !m{^(?:\./)?t/guard(?:/|$)} } @tests;
            @argv = grep { !m{^(?:\./)?t/guard(?:/|$)} } @argv;
        }
        $self->_report_logs;
        _start_cluster() if grep { m{t/property/} } @offline;
        $self->_harness(2)->aggregate_tests($aggregate, @offline) if @offline;
        $self->_finish unless @tests;
    }
    $self->SUPER::run(@argv);
}

# ---- tests that need no httpd ----

sub _scripts {
    my ($kind) = @_;
    return sort map { "t/$kind/" . basename($_) } glob("$T/$kind/*.t");
}

# C sources with a binary in the build directory; replay.c is the main of all
# replays, not one of them.
sub native {
    my ($dir) = @_;
    return sort grep { $_ ne 't/fuzz/replay.c' }
                map { "$dir/" . basename($_) } glob(top() . "/$dir/*.c");
}

sub _harness {
    my ($self, $jobs) = @_;
    return TAP::Harness->new({
        verbosity => $self->{verbosity},
        jobs      => $self->{verbosity} ? 1 : $jobs,
        lib       => ["$T/lib"],
        color     => 0,
        failures  => 1,
        exec      => sub {
            my (undef, $file) = @_;
            my ($kind, $name) = $file =~ m{t/(unit|fuzz|property)/([^/]+)\.c$}
                or return undef;
            my $program = "$BUILD/$kind/$name";
            return "1..1\nnot ok 1 - $program is not built\n" unless -x $program;
            my @program = ScimTest::Valgrind::command($program);
            return \@program if $kind eq 'unit';
            return [@program, $cluster->conninfo(user => ScimTest::Cluster::SUPERUSER)]
                if $kind eq 'property';
            return [@program, "$T/fuzz/corpus/$name"];
        },
    });
}

# ---- the servers ----

# One cluster for the properties, which keep to a schema of their own, and for
# httpd.
sub _start_cluster {
    return if $cluster;
    _make_run_dir();
    $cluster = ScimTest::Cluster->new(dir => "$pair/pg");
    $cluster->start;
}

sub pre_configure {
    my $self = shift;
    my $conf = $self->{conf_opts};
    _make_run_dir();

    # nothing is cached: each run has its own ports and directories
    delete $conf->{thaw};
    $conf->{save} = 1;
    my $root = "$pair/httpd";
    make_dir($_) for "$root/conf", "$root/logs", "$pair/htdocs";
    for my $in (glob "$T/conf/*.in") {
        File::Copy::copy($in, "$root/conf/") or die "could not copy $in: $!\n";
    }
    spew("$pair/modules.conf", ScimTest::Httpd::load_modules(ScimTest::Httpd::mpm()));
    $conf->{port}         ||= free_port();
    $conf->{servername}   = '127.0.0.1';
    $conf->{serverroot}   = $root;
    $conf->{documentroot} = "$pair/htdocs";
    $conf->{httpd_conf}   ||= "$pair/modules.conf";
    if (my ($user, undef, $gid) = test_user()) {
        @$conf{qw(user group)} = ($user, "#$gid");
    }
}

sub _make_run_dir {
    return if $run;
    $run = File::Temp::tempdir('scim-test-XXXXXX', DIR => '/tmp');
    $pair = "$run/1";
    mkdir $pair;
    chmod 0755, $run, $pair;
    $ENV{SCIM_TEST_RUN} = $run;
}

# Sanitizers and valgrind write where both we and the children of httpd may, or,
# when the parent is root, the former to error_log in spite of it: both are
# looked at.
sub _report_logs {
    return unless $ENV{SCIM_SANITIZE} || $ENV{SCIM_VALGRIND};
    _make_run_dir();
    mkdir "$run/reports";
    chmod 01777, "$run/reports";
    $ENV{ASAN_OPTIONS} = "detect_leaks=0:log_path=$run/reports/asan";
    $ENV{UBSAN_OPTIONS} = "print_stacktrace=1:log_path=$run/reports/ubsan";
    $ENV{SCIM_VALGRIND} = "$run/reports" if $ENV{SCIM_VALGRIND};
}

sub start {
    my $self = shift;
    my $opts = $self->{opts};
    die "t/TEST starts servers of its own; for those of -start-httpd use prove\n"
        unless $opts->{'start-httpd'};
    $leave_up = !$opts->{'stop-httpd'} && !$opts->{'run-tests'};
    die "servers of -start-httpd are up already: t/TEST -stop-httpd\n"
        if $leave_up && -e $POINTER;
    $server = $self->{server};
    # Apache::TestServer sends SIGTERM to this process when httpd dies early
    local $SIG{TERM} = sub { $self->_not_up };

    my $ok = eval {
        $self->_report_logs;
        $ENV{SCIM_MODULE} = ScimTest::Httpd::module_file();
        _start_cluster();
        my $url = "http://127.0.0.1:$self->{conf_opts}{port}";
        spew("$pair/httpd/conf/scim-reference.conf", ScimTest::Httpd::reference_conf(
            database => $cluster->conninfo,
            base_url => $url . ScimTest::Httpd::BASE_PATH));
        1;
    };
    if (!$ok) {
        print STDERR $@;
        $self->_not_up;
    }
    _describe($pair, $self->{conf_opts}{port});
    {
        # Apache::TestServer would ask through LWP, which wants a saved
        # configuration; whether somebody listens is all we need to know
        no warnings 'redefine';
        local *Apache::TestServer::wait_till_is_up = sub {
            return wait_until(60, sub { port_taken($self->{conf_opts}{port}) });
        };
        my $start_cmd = \&Apache::TestServer::start_cmd;
        local *Apache::TestServer::start_cmd = sub {
            return join ' ', ScimTest::Valgrind::command($start_cmd->(@_));
        };
        local $ENV{LD_PRELOAD} = $ENV{SCIM_PRELOAD} if $ENV{SCIM_PRELOAD};
        $server->start or $self->_not_up;
    }
    if ($leave_up) {
        make_dir(dirname($POINTER));
        File::Copy::copy("$pair/server.json", $POINTER)
            or die "could not write $POINTER: $!\n";
        print "servers are up: prove -It/lib t/api/x.t, then t/TEST -stop-httpd\n";
        exit 0;
    }
}

# Says where a pair is. The file's lock says whether a test has it.
sub _describe {
    my ($dir, $port) = @_;
    spew("$dir/server.json", JSON::PP->new->canonical->encode({
        dir     => $dir,
        cluster => "$dir/pg",
        httpd   => { dir => "$dir/httpd", port => $port,
                     mpm => ScimTest::Httpd::mpm() },
    }));
}

sub _start_others {
    for my $n (2 .. $_[0]) {
        my $dir = "$run/$n";
        make_dir($dir);
        my $pg = ScimTest::Cluster->new(dir => "$dir/pg");
        my $httpd = ScimTest::Httpd->new(dir => "$dir/httpd", cluster => $pg->start);
        push @others, { dir => $dir, cluster => $pg, httpd => $httpd->start };
        _describe($dir, $httpd->port);
    }
}

sub _not_up {
    my $self = shift;
    my $log = "$pair/httpd/logs/error_log";
    print STDERR "the servers did not start\n";
    if ($server) {
        my ($status, $said) = (bless { dir => "$pair/httpd" }, 'ScimTest::Httpd')
            ->command('-t');
        print STDERR "httpd -t: exit status $status\n$said";
    }
    if (-e $log) {
        my @line = split /\n/, slurp($log);
        print STDERR map { "  $_\n" } @line > 20 ? @line[-20 .. -1] : @line;
    }
    undef $leave_up;
    push @trouble, 'the servers did not start, so nothing that needs them was run';
    $self->_finish;
}

sub run_tests {
    my $self = shift;
    # what guard and unit gave is in the aggregate already
    my @tests = @{ $self->{tests} };
    my $jobs = @tests < PAIRS || $self->{verbosity} ? 1 : PAIRS;
    if (eval { _start_others($jobs); 1 }) {
        $self->_harness($jobs)->aggregate_tests($aggregate, @tests) if @tests;
    }
    else {
        push @trouble, $@;
    }
    $self->_finish;
}

sub stop { }    # _finish does, before the summary

# ---- the end ----

sub _finish {
    my $self = shift;
    $aggregate->stop;
    if ($run) {
        _shut_down();
        for my $dir (glob "$run/[0-9]*") {
            my $log = "$dir/httpd/logs/error_log";
            next unless -e $log;
            my @announced = ScimTest::Log::announced($dir);
            push @trouble, map { "not announced in error_log: $_" }
                ScimTest::Log::faults(slurp($log), @announced);
        }
        push @trouble, map { "report: $_" }
            grep { $_ ne '' } map { slurp($_) } glob "$run/reports/*";
        _keep_logs();
    }
    for my $parser ($aggregate->parsers) {
        my ($name) = grep { ($aggregate->parsers($_))[0] == $parser }
                     $aggregate->descriptions;
        push @trouble, "$name: skipped tests" if $parser->skipped || $parser->skip_all;
        push @trouble, "$name: tests to do"   if $parser->todo;
    }
    push @trouble, 'no tests were run' unless $aggregate->total;
    print map { "$_\n" } @trouble;
    $aggregate->{scim_trouble} = @trouble;
    my $harness = $self->_harness(1);
    $harness->formatter->prepare($aggregate->descriptions);     # column width
    $harness->summary($aggregate);
    my $bad = $aggregate->get_status ne 'PASS';
    remove_tree($run) if $run;
    undef $run;
    Apache::TestRun::exit_shell($bad ? 1 : 0);
}

sub _shut_down {
    if ($server) {
        # Apache::TestServer would sleep and talk; the pid file says enough
        my $httpd = bless { dir => "$pair/httpd" }, 'ScimTest::Httpd';
        eval { $httpd->stop; 1 } or push @trouble, $@;
        undef $server;
    }
    if ($cluster) {
        _stop_cluster($cluster, $pair);
        undef $cluster;
    }
    while (my $other = shift @others) {
        eval { $other->{httpd}->stop; 1 } or push @trouble, $@;
        _stop_cluster($other->{cluster}, $other->{dir});
    }
}

sub _stop_cluster {
    my ($pg, $dir) = @_;
    File::Copy::copy($pg->logfile, "$dir/postgresql.log") if -e $pg->logfile;
    eval { $pg->stop; 1 } or push @trouble, $@;
}

# For whoever wants to know why. Best effort: a run beside us does it too.
sub _keep_logs {
    eval { make_dir("$T/logs") };
    for my $log (glob "$run/*/httpd*/logs/*_log $run/*/postgresql.log") {
        my $name = $log =~ s{^\Q$run\E/}{}r =~ s{/logs/}{/}r =~ tr{/}{-}r;
        File::Copy::copy($log, "$T/logs/$name");
    }
}

# -stop-httpd and -clean: the servers that -start-httpd left.
sub _stop_left_up {
    my ($clean) = @_;
    if (-e $POINTER) {
        my $left = JSON::PP::decode_json(slurp($POINTER));
        (bless $left->{httpd}, 'ScimTest::Httpd')->stop;
        ScimTest::Cluster->attach($left->{cluster})->stop
            if -e "$left->{cluster}/cluster.json";
        remove_tree(dirname($left->{dir})) if $left->{dir} =~ m{^/tmp/scim-test-};
        unlink $POINTER;
        print "the servers are down\n";
    }
    elsif (!$clean) {
        print "no servers are up\n";
    }
    remove_tree("$T/logs") if $clean;
    return 0;
}

END {
    if ($owner == $$ && $run && !$leave_up) {
        my $status = $?;
        _shut_down();
        remove_tree($run);
        $? = $status;
    }
}

# What TAP::Harness adds up, with two more ways to fail: anything in @trouble.
package ScimTest::Run::Aggregate;
use strict;
use warnings;
use parent 'TAP::Parser::Aggregator';

sub has_problems { $_[0]{scim_trouble} || $_[0]->SUPER::has_problems }
sub all_passed   { !$_[0]{scim_trouble} && $_[0]->SUPER::all_passed }
sub get_status   { $_[0]{scim_trouble} ? 'FAIL' : $_[0]->SUPER::get_status }

1;
