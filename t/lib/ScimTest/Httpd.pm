package ScimTest::Httpd;
# A private httpd on loopback that runs the module with the repository's own
# reference configuration, conf/scim.conf. Two values of it are replaced, the
# database and the base URL; the rest is served as the operator gets it.
#
#   my $httpd = ScimTest::Httpd->new(
#       dir      => '/tmp/x',               # ServerRoot, made here
#       cluster  => $cluster,               # or conninfo => '...'
#       port     => 8642,                   # else a free one
#       mpm      => 'worker',               # else $ENV{MPM}, else event
#       conf     => "more\n",               # at server level, behind the rest
#       location => "ScimPoolMax 2\n",      # at the end of the Location
#       resource => "ScimAttribute ...\n",  # at the end of the first resource
#       groups   => 1,                      # with the commented Group block
#       edit     => sub { s/^\s*ScimAdopt.*\n//m },  # $_: reference conf
#       guard    => 1,                      # keep its ScimGuard, else it is off
#       console  => { admin => 'secret' },  # with the commented console, behind
#                                           # Basic, for these logins
#       modules  => ['status'],             # more of httpd's own modules
#       build    => 'wall',                 # another build of ours, by its place
#                                           # beside the usual one
#   );
#   $httpd->start;  $httpd->url;  $httpd->base;  $httpd->stop;
#
# As root the parent stays root, as it does in production, and its children
# are "nobody"; hence no file that only a child reads may lie in the checkout.
use strict;
use warnings;
use File::Path qw(remove_tree);
use Scalar::Util qw(blessed);
use Time::HiRes qw(sleep);
use ScimTest::Sys qw(top test_user run_cmd free_port make_dir slurp slurp_from
                     spew alive pid_in wait_until);
use ScimTest::Valgrind ();

use constant BASE_PATH => '/scim/v2';
use constant CONSOLE_PATH => '/scim/console';
use constant LOGIN_MODULES => qw(auth_basic authn_core authn_file authz_user);
use constant MODULES   => qw(authz_core alias mime dir);

my %apxs;
sub _apxs {
    my ($name) = @_;
    if (!defined $apxs{$name}) {
        $apxs{$name} = run_cmd('apxs', '-q', $name);
        $apxs{$name} =~ s/\s+\z//;
    }
    return $apxs{$name};
}

sub program { _apxs('SBINDIR') . '/' . _apxs('PROGNAME') }

sub mpm { $ENV{MPM} || 'event' }

# The module under test: build/mod_scim.so unless SCIM_MODULE says otherwise.
sub module_file {
    my $file = $ENV{SCIM_MODULE} || top() . '/build/mod_scim.so';
    $file = top() . "/$file" if $file !~ m{^/};
    die "$file is missing: run make\n" unless -e $file;
    return $file;
}

# The same module, built another way.
sub other_build {
    my ($place) = @_;
    my $file = module_file() =~ s{/([^/]+)\z}{/$place/$1}r;
    die "$file is missing: run make test\n" unless -e $file;
    return $file;
}

# LoadModule lines for an MPM and the few modules every server has.
sub load_modules {
    my ($mpm, @more) = @_;
    my $dir = _apxs('LIBEXECDIR');
    my $text = '';
    for my $name ("mpm_$mpm", MODULES, @more) {
        die "httpd has no module \"$name\": $dir/mod_$name.so is missing\n"
            unless -e "$dir/mod_$name.so";
        $text .= "LoadModule ${name}_module $dir/mod_$name.so\n";
    }
    return $text;
}

# reference_conf(database => CONNINFO, base_url => URL [, location, resource,
# groups, console, edit, guard, rate]): conf/scim.conf with those two values. The
# console takes its database and the file of its logins.
sub reference_conf {
    my (%opt) = @_;
    my $file = top() . '/conf/scim.conf';
    die "conf/scim.conf is missing\n" unless -e $file;
    my $text = slurp($file);
    my %value = (ScimDatabase => $opt{database}, ScimBaseURL => $opt{base_url});
    for my $name (sort keys %value) {
        my $n = () = $text =~ /^[ \t]*$name[ \t]/mg;
        die "conf/scim.conf: $name must be there exactly once, not $n times\n"
            if $n != 1;
        $text =~ s/^([ \t]*$name[ \t]+).*$/$1"$value{$name}"/m;
    }
    if ($opt{groups}) {
        $text =~ s{^[ \t]*#<ScimResource Group>.*?#</ScimResource>\n}
                  {$& =~ s/#(?=<|Scim)//gr}mse
            or die "conf/scim.conf: there is no commented <ScimResource Group>\n";
    }
    # time enough where all takes longer
    $text =~ s/^#(ScimTimeout|ScimPoolTimeout) .*/$1 60s/mg if $ENV{SCIM_VALGRIND};
    if (my $console = $opt{console}) {
        $text =~ s{^#<Location "\Q${\ CONSOLE_PATH}\E">.*?#</Location>\n}
                  {$& =~ s/^( *)#(?=\S)/$1/gmr}mse
            or die "conf/scim.conf: there is no commented console\n";
        for my $name (sort keys %$console) {
            $text =~ s/^([ \t]*$name[ \t]+).*$/$1"$console->{$name}"/m
                or die "conf/scim.conf: the console has no $name\n";
        }
    }
    # a limit of deactivations within an hour is a poor companion of tests
    $opt{guard} or $text =~ s/^([ \t]*)(?=ScimGuard[ \t])/$1#/m
        or die "conf/scim.conf has no ScimGuard\n";
    # and so is one of requests: ours come in a hurry
    $opt{rate} or $text =~ s/^([ \t]*)#ScimRateLimit[ \t].*$/$1ScimRateLimit off/m
        or die "conf/scim.conf has no ScimRateLimit\n";
    if ($opt{edit}) {
        local $_ = $text;
        $opt{edit}->();
        die "the edit changed nothing in conf/scim.conf\n" if $_ eq $text;
        $text = $_;
    }
    for my $part ([resource => qr{^[ \t]*</ScimResource>}m],
                  [location => qr{^[ \t]*</Location>}m]) {
        my ($key, $end) = @$part;
        next unless defined $opt{$key} && $opt{$key} ne '';
        (my $more = $opt{$key}) =~ s/\n?\z/\n/;
        $text =~ s/(?=$end)/$more/
            or die "conf/scim.conf: no place for the extra text ($key)\n";
    }
    return $text;
}

sub new {
    my ($class, %opt) = @_;
    my $self = bless {
        port => free_port(),
        mpm  => mpm(),
        map { $_ => $opt{$_} } grep { defined $opt{$_} } keys %opt,
    }, $class;
    die "ScimTest::Httpd: dir is missing\n" unless $self->{dir};
    $self->{conninfo} = $self->{cluster}->conninfo
        if !$self->{conninfo} && blessed $self->{cluster};
    die "ScimTest::Httpd: cluster or conninfo is missing\n"
        unless $self->{conninfo};
    $self->{htdocs} ||= "$self->{dir}/htdocs";
    return $self;
}

sub dir        { $_[0]{dir} }
sub port       { $_[0]{port} }
sub url        { "http://127.0.0.1:$_[0]{port}" }
sub base       { $_[0]->url . BASE_PATH }
sub console    { $_[0]->url . CONSOLE_PATH . '/' }
sub conf_file  { "$_[0]{dir}/conf/httpd.conf" }
sub log_file   { "$_[0]{dir}/logs/error_log" }
sub access_log_file { "$_[0]{dir}/logs/access_log" }
sub pid_file   { "$_[0]{dir}/logs/httpd.pid" }
sub pid        { pid_in($_[0]->pid_file) }
sub running    { alive($_[0]->pid) }
sub relay      { $_[0]{relay} }
sub error_log  { -e $_[0]->log_file ? slurp($_[0]->log_file) : '' }
sub access_log { -e $_[0]->access_log_file ? slurp($_[0]->access_log_file) : '' }
sub log_size   { -s $_[0]->log_file || 0 }

# The error_log from byte POS on.
sub log_from {
    my ($self, $pos) = @_;
    return -e $self->log_file ? slurp_from($self->log_file, $pos) : '';
}

# Process ids of the children.
sub children {
    my $self = shift;
    my $pid = $self->pid or return;
    open my $fh, '<', "/proc/$pid/task/$pid/children" or return;
    return split ' ', scalar(<$fh>) // '';
}

# The logins of the console, which children read: beside htdocs.
sub _write_logins {
    my $self = shift;
    my $file = "$self->{htdocs}.logins";
    my $login = $self->{console};
    spew($file, join '', map { "$_:" . crypt($login->{$_}, "\$6\$rounds=1000\$$self->{port}\$") . "\n" }
        sort keys %$login);
    return $file;
}

# Write the configuration; start() and configtest() do it by themselves.
sub write_conf {
    my $self = shift;
    my $dir = $self->{dir};
    make_dir($_) for "$dir/conf", "$dir/logs", $self->{htdocs};
    # the rest of the web site
    spew("$self->{htdocs}/index.html", "<title>here</title>\n");
    spew("$dir/conf/scim-reference.conf", reference_conf(
        database => $self->{conninfo}, base_url => $self->base,
        console => $self->{console} && {
            ScimConsoleDatabase => $self->{conninfo} =~ s/user=mod_scim/user=scim_console/r,
            AuthUserFile => $self->_write_logins },
        map { $_ => $self->{$_} } qw(edit groups guard rate location resource)));
    my %value = (
        port         => $self->{port},
        serverroot   => $dir,
        documentroot => $self->{htdocs},
        t_logs       => "$dir/logs",
        t_conf       => "$dir/conf",
        t_pid_file   => $self->pid_file,
    );
    my $text = load_modules($self->{mpm}, @{ $self->{modules} || [] },
        $self->{console} ? LOGIN_MODULES : ());
    if (my ($user, undef, $gid) = test_user()) {
        $text .= "User $user\nGroup #$gid\n";
    }
    $text .= "ServerName 127.0.0.1:$self->{port}\n"
        . 'Define SCIM_MODULE "' . ($self->{build} ? other_build($self->{build}) : module_file()) . "\"\n";
    for my $part ('httpd.conf', 'extra.conf') {
        my $in = slurp(top() . "/t/conf/$part.in");
        $in =~ s{\@(\w+)\@}{$value{lc $1}
            // die "t/conf/$part.in: unknown name \@$1\@\n"}ge;
        $text .= $in;
    }
    $text .= $self->{conf} if defined $self->{conf};
    spew($self->conf_file, "$text\n");
    return $self;
}

# Run httpd with this configuration: (exit status, what it said).
sub command {
    my ($self, @args) = @_;
    my %env = (LD_PRELOAD => $ENV{SCIM_PRELOAD});
    delete $env{LD_PRELOAD} unless $env{LD_PRELOAD};
    return run_cmd({ status => 1, env => \%env }, ScimTest::Valgrind::command(program()),
        '-d', $self->{dir}, '-f', $self->conf_file, @args);
}

# (exit status, what it said): is the configuration one that httpd takes?
sub configtest {
    my $self = shift;
    $self->write_conf;
    return $self->command('-t');
}

sub start {
    my $self = shift;
    $self->write_conf;
    my $pos = $self->log_size;
    my ($status, $said) = $self->command('-k', 'start');
    # the parent writes its pid, then opens for business
    my $up = !$status && wait_until(60, sub {
        $self->log_from($pos) =~ /resuming normal operations/
            || !$self->running && $self->log_from($pos) =~ /AH00016|emerg\]/;
    }) && $self->running;
    die "httpd did not start (exit status $status)\n$said"
        . join("\n", _tail($self->log_from($pos), 20)) . "\n" unless $up;
    return $self;
}

sub _tail {
    my ($text, $n) = @_;
    my @line = split /\n/, $text;
    return @line > $n ? @line[-$n .. -1] : @line;
}

# SIGTERM, a moment after whatever happened last: a child of the event MPM that
# is told to end while a thread of it is closing a connection may crash over that
# (close_worker_sockets in httpd's event.c), and clients have just hung up. A
# server that has to be killed is a fault worth hearing about.
sub stop {
    my $self = shift;
    my $pid = $self->pid;
    return 1 unless alive($pid);
    sleep 0.1;
    kill TERM => $pid;
    return 1 if wait_until(20, sub { !alive($pid) });
    my @all = ($pid, $self->children);
    kill KILL => @all;
    die "httpd (process $pid) did not end within 20 seconds of SIGTERM\n";
}

# Reread the configuration, without losing a request.
sub graceful { $_[0]->_restart('USR1') }
sub restart  { $_[0]->_restart('HUP') }

sub _restart {
    my ($self, $signal) = @_;
    my $pos = $self->log_size;
    kill $signal => $self->pid or die "httpd is not running\n";
    return 1 if wait_until(30, sub {
        $self->log_from($pos) =~ /resuming normal operations/ });
    die "httpd did not come back after SIG$signal\n"
        . join("\n", _tail($self->log_from($pos), 20)) . "\n";
}

sub remove {
    my $self = shift;
    $self->stop;
    remove_tree($self->{dir});
}

1;
