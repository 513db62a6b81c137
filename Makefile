# mod_scim. "make help" lists the targets.
#
# Objects and binaries of a variant lie in a directory of their own, so that
# the sanitizers, clang and the ordinary build do not disturb each other.

VARIANT ?= normal
B       := $(if $(filter normal,$(VARIANT)),build,build/$(VARIANT))
APXS    ?= apxs
PKGS     = json-c libpq libcrypto
# what scimctl alone needs
CTL_PKGS = libcurl
Q        = $(if $(V),,@)
MAKEFLAGS += --no-print-directory

# Everything that t/TEST, t/bin/up and t/bin/fuzz read. MPM: event, worker or prefork.
export MPM SCIM_PORT PG_PORT UP_DIR USERS SCIM_GROUPS SCIM_GUARD SCIM_EXTRA_CONF \
    FUZZ_SECONDS FUZZ_RUNS FUZZ_JOBS FUZZ_ONLY THREADS THREADS_SECONDS \
    THREADS_SEED

.DELETE_ON_ERROR:
.SECONDARY:

# One build at a time in a directory: two shells may well say "make test" in
# one checkout, and half an object file helps neither.
JOBS   = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
LOCKED = @mkdir -p build && flock build/$(VARIANT).lock $(MAKE) $(JOBS)

all: need
	$(LOCKED) programs

help:
	@echo 'make                 build/mod_scim.so and build/scimctl (V=1 shows the commands)'
	@echo 'make deps            install the Debian packages that are missing'
	@echo 'make demo            users of two directories, provisioned; USERS=2400'
	@echo 'make up, make down   a private PostgreSQL and httpd to play with'
	@echo '                     SCIM_PORT=8642 PG_PORT=54329 UP_DIR=build/up MPM=event'
	@echo '                     USERS=0 SCIM_GROUPS=off SCIM_GUARD=off'
	@echo '                     SCIM_EXTRA_CONF=file'
	@echo 'make test            all tests; MPM=worker, TESTS="t/api/rig.t -v"'
	@echo 'make check-sanitize  the same under ASan and UBSan'
	@echo 'make check-memory    the same under valgrind, which takes its time'
	@echo 'make check-threads   many threads on the core under TSan; THREADS=16'
	@echo '                     THREADS_SECONDS=30 THREADS_SEED=1'
	@echo 'make check-faults    faults under load, and a soak; FAULTS="kill-child failover"'
	@echo '                     SOAK_REQUESTS=1000000'
	@echo 'make check-static    gcc and clang -Werror, -fanalyzer, clang-tidy, cppcheck'
	@echo 'make coverage        lines of the parsers that corpora and unit tests reach'
	@echo 'make fuzz            new inputs for the parsers; FUZZ_SECONDS=30 each, or'
	@echo '                     FUZZ_RUNS=10000000; FUZZ_JOBS=2 FUZZ_ONLY="patch json"; then'
	@echo '                     filters by chance; PROPERTY_FILTERS=100000 PROPERTY_SEED=n'
	@echo 'make bench           what it costs; BENCH_USERS=100000 BENCH_ROUNDS=5'
	@echo 'make check-mutants   plant faults, one at a time; the tests must notice each'
	@echo 'make install         module through apxs, configuration; DESTDIR='
	@echo 'make deb             a Debian package in build/deb'
	@echo 'make check-deb       installs it in a new Debian 12 and tries it; root'
	@echo 'make clean           what the others made'

# ---- what has to be installed ----

# DEPS=true installs nothing, for builds that have seen to it themselves.
DEPS ?= t/bin/deps

deps:
	@$(DEPS) --test

# Asked by everything that builds; some milliseconds when nothing is missing.
need:
	@$(DEPS)

need-test:
	@$(DEPS) --test

need-clang:
	@t/bin/deps --static

need-valgrind:
	@t/bin/deps --memory

# What apxs and pkg-config say. Made once, because asking takes longer than
# compiling a file, and included, so that a bare machine gets its packages
# before anything is asked.
build/flags.mk: Makefile t/bin/deps
	@$(DEPS)
	@command -v $(APXS) >/dev/null || { echo '$(APXS) is missing: it belongs to httpd' >&2; exit 1; }
	@pkg-config --print-errors --exists $(PKGS) $(CTL_PKGS)
	@mkdir -p build
	@{ echo "HTTPD_CFLAGS := $$($(APXS) -q CFLAGS)"; \
	   echo "HTTPD_CPPFLAGS := $$($(APXS) -q CPPFLAGS EXTRA_CPPFLAGS | tr ';\n' '  ')" \
	        "-isystem $$($(APXS) -q INCLUDEDIR)"; \
	   echo "APR_CFLAGS := $$(apr-1-config --cppflags)" \
	        "$$(apr-1-config --includes | sed 's/-I/-isystem /g')" \
	        "$$(apu-1-config --includes | sed 's,-I/usr/include$$,,; s,-I/usr/include ,,; s/-I/-isystem /g')"; \
	   echo "APR_LIBS := $$(apu-1-config --link-ld) $$(apr-1-config --link-ld)"; \
	   echo "PKG_CFLAGS := $$(pkg-config --cflags $(PKGS) | sed 's/-I/-isystem /g')"; \
	   echo "PKG_LIBS := $$(pkg-config --libs $(PKGS))"; \
	   echo "CTL_CFLAGS := $$(pkg-config --cflags $(CTL_PKGS) | sed 's/-I/-isystem /g')"; \
	   echo "CTL_LIBS := $$(pkg-config --libs $(CTL_PKGS))"; \
	 } | tr -d '\r' >$@.$$$$ && mv $@.$$$$ $@

ifneq ($(filter-out help clean down deps need need-test need-clang need-valgrind deb check-deb,$(or $(MAKECMDGOALS),all)),)
ifeq ($(shell mkdir -p build 2>/dev/null && test -w build && echo yes),)
$(error $(shell id -un) may not write to $(CURDIR)/build, where everything is made; work in a checkout of your own)
endif
include build/flags.mk
endif

# ---- flags ----

WARN = -std=gnu11 -Wall -Wextra -Werror -Wno-missing-field-initializers

SANITIZERS = -fsanitize=address,undefined
EXTRA_asan     = $(SANITIZERS) -fno-sanitize-recover=all \
                 -fno-omit-frame-pointer -U_FORTIFY_SOURCE
LINK_asan      = $(SANITIZERS)
EXTRA_analyzer = -fanalyzer
EXTRA_fuzzer   = -fsanitize=fuzzer-no-link,address,undefined \
                 -fno-sanitize-recover=all -fno-omit-frame-pointer \
                 -U_FORTIFY_SOURCE
LINK_fuzzer    = -fsanitize=fuzzer,address,undefined
EXTRA_tsan     = -fsanitize=thread -fno-omit-frame-pointer -U_FORTIFY_SOURCE
LINK_tsan      = -fsanitize=thread
# as fast as may be, and lines that can be found again
EXTRA_valgrind = -O1 -fno-omit-frame-pointer -U_FORTIFY_SOURCE
EXTRA_coverage = --coverage -O0 -U_FORTIFY_SOURCE
LINK_coverage  = --coverage

ifneq ($(filter clang fuzzer,$(VARIANT)),)
CC = clang
endif

CFLAGS  ?= -O2 -g
INCLUDES = -I. -Imodules $(HTTPD_CPPFLAGS) $(APR_CFLAGS) $(PKG_CFLAGS) \
           $(CTL_CFLAGS)
COMPILE  = $(CC) $(filter-out -flto%,$(HTTPD_CFLAGS)) $(CFLAGS) $(WARN) -fPIC \
           $(INCLUDES) $(EXTRA_$(VARIANT)) -MMD -MP

# ---- sources ----

SRC      = $(wildcard mod_scim.c) $(wildcard modules/*/*.c)
# the command-line tool is no part of the module
MOD_SRC  = $(filter-out modules/ctl/%,$(SRC))
# what knows nothing of httpd: unit tests, fuzzing and scimctl link this
LIB_SRC  = $(filter-out mod_scim.c modules/httpd/% modules/console/console.c \
             modules/console/page.c,$(MOD_SRC))
# with which each piece of memory can be told from the next
ifneq ($(filter asan valgrind,$(VARIANT)),)
BLOCKS   = t/memory/blocks.c
endif
UNIT_SRC = $(wildcard t/unit/*.c)
PROP_SRC = $(wildcard t/property/*.c)
FUZZ_SRC = $(filter-out t/fuzz/replay.c,$(wildcard t/fuzz/*.c))

# the console's page, which is compiled into the module
PAGES    = $(wildcard modules/console/page/*.*)

MOD_OBJ  = $(MOD_SRC:%.c=$(B)/obj/%.o) $(B)/obj/console_pages.o
LIB_OBJ  = $(LIB_SRC:%.c=$(B)/obj/%.o) $(BLOCKS:%.c=$(B)/obj/%.o)
CTL_OBJ  = $(patsubst %.c,$(B)/obj/%.o,$(wildcard modules/ctl/*.c))
UNIT_BIN = $(UNIT_SRC:t/unit/%.c=$(B)/unit/%)
PROP_BIN = $(PROP_SRC:t/property/%.c=$(B)/property/%)
FUZZ_BIN = $(FUZZ_SRC:t/fuzz/%.c=$(B)/fuzz/%)

$(B)/obj/%.o: %.c Makefile build/flags.mk | need
	@mkdir -p $(@D)
	@$(if $(V),:,echo '  CC      $<')
	$(Q)$(COMPILE) -c -o $@ $<

$(B)/console_pages.c: $(PAGES) modules/console/page/embed
	@mkdir -p $(@D)
	@modules/console/page/embed $(PAGES) >$@

$(B)/obj/console_pages.o: $(B)/console_pages.c Makefile build/flags.mk | need
	@mkdir -p $(@D)
	@$(if $(V),:,echo '  CC      $<')
	$(Q)$(COMPILE) -c -o $@ $<

-include $(shell find $(B)/obj $(B)/wall -name '*.d' 2>/dev/null)

# Touched when a source file comes or goes, so that what was linked from the
# others is linked again.
$(B)/sources: FORCE
	@mkdir -p $(@D)
	@echo $(SRC) $(PAGES) | cmp -s - $@ || echo $(SRC) $(PAGES) >$@

# apxs links through libtool, which knows how httpd was built. One symbol is
# exported; -fvisibility=hidden would hide that one too.
$(B)/mod_scim.so: $(MOD_OBJ) $(B)/sources
	@test -f mod_scim.c || { echo 'mod_scim.c is missing: there is no module to link' >&2; exit 1; }
	@$(if $(V),:,echo '  LINK    $@')
	$(call LINK_MODULE,$(B),$(MOD_OBJ))

# directory, objects
define LINK_MODULE
$(Q)$(APXS) -c -o $(1)/mod_scim.la '-Wl,-export-symbols-regex' \
    '-Wl,^scim_module$$' $(foreach f,$(LINK_$(VARIANT)),-Wl,$(f)) \
    $(2) $(PKG_LIBS) >$(1)/link.log 2>&1 || { cat $(1)/link.log >&2; exit 1; }
$(Q)cp $(1)/.libs/mod_scim.so $@.new && mv $@.new $@
endef

# The module without the first wall between tenants, for the test that the
# second one holds alone.
WALL_SRC = modules/store/piece.c
WALL_OBJ = $(WALL_SRC:%.c=$(B)/wall/%.o)
REST_OBJ = $(filter-out $(WALL_SRC:%.c=$(B)/obj/%.o),$(MOD_OBJ))

$(B)/wall/%.o: %.c Makefile build/flags.mk | need
	@mkdir -p $(@D)
	@$(if $(V),:,echo '  CC      $< (without the first wall)')
	$(Q)$(COMPILE) -DSCIM_WITHOUT_FIRST_WALL -c -o $@ $<

$(B)/wall/mod_scim.so: $(REST_OBJ) $(WALL_OBJ) $(B)/sources
	@$(if $(V),:,echo '  LINK    $@')
	$(call LINK_MODULE,$(B)/wall,$(REST_OBJ) $(WALL_OBJ))

# No httpd in these: a call of an ap_ function from below does not link.
LINK_CORE = $(CC) $(LINK_$(VARIANT)) -o $@ $(filter %.o,$^) $(PKG_LIBS) $(APR_LIBS)

$(B)/scimctl: $(CTL_OBJ) $(LIB_OBJ) $(B)/sources
	@$(if $(V),:,echo '  LINK    $@')
	$(Q)$(LINK_CORE) $(CTL_LIBS)

$(B)/unit/%: $(B)/obj/t/unit/%.o $(LIB_OBJ) $(B)/sources
	@mkdir -p $(@D)
	@$(if $(V),:,echo '  LINK    $@')
	$(Q)$(LINK_CORE)

$(B)/property/%: $(B)/obj/t/property/%.o $(LIB_OBJ) $(B)/sources
	@mkdir -p $(@D)
	@$(if $(V),:,echo '  LINK    $@')
	$(Q)$(LINK_CORE)

ifeq ($(VARIANT),fuzzer)
$(B)/fuzz/%: $(B)/obj/t/fuzz/%.o $(LIB_OBJ) $(B)/sources
else
$(B)/fuzz/%: $(B)/obj/t/fuzz/%.o $(B)/obj/t/fuzz/replay.o $(LIB_OBJ) $(B)/sources
endif
	@mkdir -p $(@D)
	@$(if $(V),:,echo '  LINK    $@')
	$(Q)$(LINK_CORE)

$(B)/threads/service: $(B)/obj/t/threads/service.o $(B)/obj/t/threads/watch.o \
        $(LIB_OBJ) $(B)/sources
	@mkdir -p $(@D)
	@$(if $(V),:,echo '  LINK    $@')
	$(Q)$(LINK_CORE)

# The same for httpd.
$(B)/blocks.so: $(BLOCKS:%.c=$(B)/obj/%.o)
	$(Q)$(CC) -shared -o $@ $(LINK_$(VARIANT)) $^

programs: $(B)/mod_scim.so $(if $(CTL_OBJ),$(B)/scimctl) \
    $(if $(filter asan valgrind,$(VARIANT)),$(B)/blocks.so)

# ---- tests ----

# t/TEST needs these; they are built before any of them runs.
test-programs: need
	$(LOCKED) all-programs

all-programs: programs $(B)/wall/mod_scim.so $(B)/no_shared.so $(UNIT_BIN) \
    $(PROP_BIN) $(FUZZ_BIN)

# For httpd to be started with, so that it takes no exhausted system.
$(B)/no_shared.so: $(B)/obj/t/lib/planted/no_shared.o
	$(Q)$(CC) -shared -o $@ $(LINK_$(VARIANT)) $^ -ldl

RUN_valgrind = SCIM_VALGRIND=1 SCIM_PRELOAD='$(CURDIR)/$(B)/blocks.so'
RUN_asan = SCIM_SANITIZE=1 SCIM_PRELOAD="$$($(CC) -print-file-name=libasan.so) $$($(CC) -print-file-name=libubsan.so) $(CURDIR)/$(B)/blocks.so"

test: need-test test-programs
	@SCIM_BUILD='$(CURDIR)/$(B)' SCIM_MODULE='$(CURDIR)/$(B)/mod_scim.so' \
	    $(RUN_$(VARIANT)) t/TEST $(TESTS)

# First that an error would be seen at all, then the suite. Leaks are not
# looked for: httpd keeps its pools until the end.
check-sanitize:
	@$(MAKE) VARIANT=asan planted
	@$(MAKE) VARIANT=asan test

# The same under valgrind, which takes its time: what each process read and
# wrote, and what it lost.
check-memory: need-valgrind
	@$(MAKE) VARIANT=valgrind planted
	@$(MAKE) VARIANT=valgrind test

planted: all
	$(LOCKED) $(B)/mod_planted.so
	@SCIM_MODULE='$(CURDIR)/$(B)/mod_scim.so' $(RUN_$(VARIANT)) \
	    t/bin/planted '$(CURDIR)/$(B)/mod_planted.so'

$(B)/mod_planted.so: $(B)/obj/t/lib/planted/mod_planted.o
	$(Q)$(APXS) -c -o $(B)/mod_planted.la $(foreach f,$(LINK_$(VARIANT)),-Wl,$(f)) \
	    $^ >$(B)/link.log 2>&1 || { cat $(B)/link.log >&2; exit 1; }
	$(Q)cp $(B)/.libs/mod_planted.so $@

# First that a race would be seen at all, then many threads on the core, without
# httpd. The module itself is asked for the mappings.
check-threads: all
	@$(MAKE) VARIANT=tsan threads-program
	@SCIM_MODULE='$(CURDIR)/build/mod_scim.so' t/bin/threads build/tsan/threads/service

threads-program: need
	$(LOCKED) build/tsan/threads/service

# Servers and databases that fail under load. A disk is made full by a library
# that PostgreSQL is started with, so that it takes no root.
check-faults: all
	$(LOCKED) $(B)/full_disk.so
	@SCIM_BUILD='$(CURDIR)/$(B)' SCIM_MODULE='$(CURDIR)/$(B)/mod_scim.so' t/bin/check-faults

$(B)/full_disk.so: $(B)/obj/t/lib/Faults/full_disk.o
	$(Q)$(CC) -shared -o $@ $^ -ldl

export FAULTS SOAK_REQUESTS

check-static: need-clang
	@$(MAKE) test-programs
	@$(MAKE) VARIANT=clang test-programs
	@$(MAKE) $(JOBS) VARIANT=analyzer objects
	@$(MAKE) $(JOBS) tidy
	@$(MAKE) cppcheck

objects: $(MOD_OBJ) $(CTL_OBJ)

TIDY_OK = $(SRC:%=build/tidy/%.ok)

tidy: $(TIDY_OK)

build/tidy/%.ok: % .clang-tidy build/flags.mk $(wildcard modules/*/*.h) | need-clang
	@mkdir -p $(@D)
	@$(if $(V),:,echo '  TIDY    $<')
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $< -- $(WARN) $(INCLUDES) \
	    2>build/tidy/stderr.$$$$ || { cat build/tidy/stderr.$$$$ >&2; exit 1; }
	@rm -f build/tidy/stderr.* && touch $@

# missingIncludeSystem, toomanyconfigs: system headers are not read here
# returnDanglingLifetime, uninitvar: the error that a callback returns is taken
#   for a pointer into what the callback was given; gcc and clang look for both
# unusedFunction is not asked for: the library serves tests and tools too
cppcheck: | need-clang
	@echo '  CPPCHECK'
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr -j2 \
	    --enable=warning,performance,portability \
	    --suppress=missingIncludeSystem --suppress=toomanyconfigs \
	    --suppress=returnDanglingLifetime --suppress=uninitvar \
	    -Imodules $(SRC)

# What takes apart what clients send, and how much of it the corpora and the
# unit tests reach.
PARSERS = $(wildcard modules/query/*.c modules/base/json*.c) \
          modules/base/fold.c modules/base/seal.c modules/base/time.c \
          modules/proto/bulk.c modules/proto/etag.c \
          modules/proto/membership.c $(wildcard modules/proto/patch*.c) \
          modules/proto/quirks.c modules/proto/value.c modules/service/auth.c

coverage: need
	@$(MAKE) VARIANT=coverage coverage-programs
	@t/bin/coverage build/coverage $(PARSERS)

coverage-programs: need
	$(LOCKED) reached-programs

reached-programs: $(UNIT_BIN) $(FUZZ_BIN)

# One line of C changed at a time, in a copy: some test must fail. MUTANTS="pg
# store:7" takes some of t/mutants, MUTANTS=--again goes on where a run ended.
check-mutants: need
	@t/bin/mutants $(MUTANTS)

# FUZZ_SECONDS, or FUZZ_RUNS, for each harness: see t/bin/fuzz.
fuzz: need-clang
	@$(MAKE) VARIANT=asan fuzz-programs
	@$(MAKE) VARIANT=fuzzer fuzz-programs
	@t/bin/fuzz build/fuzzer/fuzz build/asan/fuzz
	@$(MAKE) property

# Filters by chance, on PostgreSQL and in memory.
PROPERTY_FILTERS ?= 100000
PROPERTY_SEED    ?= $(shell date +%s)

property:
	@PROPERTY_FILTERS=$(PROPERTY_FILTERS) PROPERTY_SEED=$(PROPERTY_SEED) \
	    $(MAKE) test TESTS='t/property/filter.c -v'

fuzz-programs: need
	$(LOCKED) harnesses

harnesses: $(FUZZ_BIN)

# What it costs, beside static files and bare SQL. Nothing else should run.
bench: all
	@SCIM_MODULE='$(CURDIR)/$(B)/mod_scim.so' t/bin/bench

# ---- running and installing ----

# The directories' people: USERS=2400.
demo: all
	@SCIM_MODULE='$(CURDIR)/$(B)/mod_scim.so' t/bin/demo

up: all
	@SCIM_MODULE='$(CURDIR)/$(B)/mod_scim.so' t/bin/up

down:
	@t/bin/up --down

# An operator's own scim.conf is left alone; the new one lies beside it.
MODS = $(DESTDIR)$(shell $(APXS) -q SYSCONFDIR)/mods-available
LIBEXEC = $(DESTDIR)$(shell $(APXS) -q LIBEXECDIR)
SHARE = $(DESTDIR)/usr/share/mod_scim
BIN = $(DESTDIR)/usr/bin
MAN = $(DESTDIR)/usr/share/man/man1

install: all
	@mkdir -p $(LIBEXEC) $(MODS) $(SHARE) $(BIN) $(MAN)
	$(APXS) -i -S LIBEXECDIR=$(LIBEXEC) -n scim $(B)/mod_scim.la
	install -m 644 conf/scim.load $(MODS)/scim.load
	@to=$(MODS)/scim.conf; test ! -e $$to || cmp -s conf/scim.conf $$to || to=$$to.new; \
	    echo "install -m 644 conf/scim.conf $$to"; install -m 644 conf/scim.conf $$to
	install -m 644 conf/sql/scim.sql $(SHARE)/scim.sql
	install -m 755 $(B)/scimctl $(BIN)/scimctl
	install -m 644 docs/scimctl.1 $(MAN)/scimctl.1

# ---- the Debian package ----

# The sources and conf/debian become a source tree in build/deb; what comes out
# lies beside it. What lintian calls an error or a warning ends it.
DEB = build/deb
DEB_SOURCES = Makefile README.md mod_scim.c modules conf docs t/bin/deps

deb:
	@t/bin/deps --deb
	@rm -rf $(DEB) && mkdir -p $(DEB)/mod-scim
	@tar -cf - --exclude=conf/debian $(DEB_SOURCES) | tar -xf - -C $(DEB)/mod-scim
	@cp -R conf/debian $(DEB)/mod-scim/debian
	cd $(DEB)/mod-scim && dpkg-buildpackage -b -us -uc >../build.log 2>&1 || { cat ../build.log >&2; exit 1; }
	lintian --allow-root --fail-on error,warning $(DEB)/*.deb
	@ls $(DEB)/libapache2-mod-scim_*.deb

# In a new Debian of its own; takes some minutes, and root.
check-deb: deb
	t/bin/check-deb $(DEB)/libapache2-mod-scim_*.deb

clean:
	@if test -e build/up/env; then UP_DIR=build/up t/bin/up --down; fi
	rm -rf build
	@if test -e t/logs; then t/TEST -clean; fi

FORCE:

.PHONY: all help deps need need-test need-clang need-valgrind programs test test-programs all-programs \
    check-sanitize check-memory planted check-faults check-threads threads-program \
    check-static check-mutants objects tidy cppcheck \
    fuzz fuzz-programs harnesses bench demo up down install deb check-deb property coverage \
    coverage-programs reached-programs clean FORCE
