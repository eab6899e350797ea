# dbops: database operations inside PostgreSQL.
#
#   make demo       a throw-away cluster with real load; shows what dbops sees   (make demo-stop)
#   make test       builds strictly and runs lint, unit, regress, isolation and TAP tests
#   make matrix     the same on each PostgreSQL that Debian ships, in folders of its own (root)
#   make upgrade-test   pg_upgrade with history, in such a folder
#   make fuzz       libFuzzer on what reads stored and sent bytes
#   make smith      SQLsmith against a server with dbops
#   make, make install      as for any PGXS extension; needs postgresql-server-dev
#
# `make demo` and `make test` need nothing installed: test/setup brings what is missing, and a
# second make then sees the pg_config it installed.

# ---- what the extension is made of, in install order -------------------------------------------
# A module <layer>/<m> is sql/<layer>/<m>.tables.sql (if present) and sql/<layer>/<m>.sql.
SQL_MODULES = \
	core/schema \
	math/histogram \
	track/statements track/errors track/captures store/registry store/objects store/node \
	store/ticks store/shipping store/history store/lsn_time track/plans store/repair collect/xmin worker/sampling \
	worker/gateway_report worker/receive expose/status expose/now expose/gaps expose/counters expose/locks \
	expose/connections expose/maintenance expose/slots expose/settings expose/keys expose/waits \
	expose/holders collect/known_plans expose/plans judge/health judge/drift store/readings \
	store/backups store/restore_tests collect/archive_holes collect/recovery_rates judge/recovery \
	store/repositories store/verifications collect/verify_backup expose/verifications \
	expose/backup_repositories expose/restore_drill judge/replication advise/recommend \
	advise/explain_whatif advise/size_facts advise/role_planning advise/workload advise/candidates \
	advise/table_writes advise/upkeep advise/why_not advise/existing_indexes advise/index_ledger \
	expose/prometheus expose/prometheus_rules expose/grafana advise/recommend_statistics judge/amount expose/sparkline expose/trends expose/report

DATA_VERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" dbops.control)

PG_CONFIG ?= pg_config
PGXS := $(wildcard $(shell command -v $(PG_CONFIG) >/dev/null 2>&1 && $(PG_CONFIG) --pgxs))

.DEFAULT_GOAL := all
.PHONY: demo demo-stop test matrix upgrade-test fuzz smith setup lint unit strict bench

demo test: setup
	+@$(MAKE) --no-print-directory _$@

demo-stop:
	@test/demo/stop

matrix:
	@test/matrix/run

upgrade-test:
	@test/matrix/upgrade

fuzz smith:
	@SETUP_FOR=$@ PG_CONFIG='$(PG_CONFIG)' test/setup
	@PG_CONFIG='$(PG_CONFIG)' test/$@/run

setup:
	@SETUP_FOR='$(filter test,$(MAKECMDGOALS))' PG_CONFIG='$(PG_CONFIG)' test/setup

ifneq ($(PGXS),)

MODULE_big = dbops
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/core/*.c src/math/*.c src/track/*.c \
	src/store/*.c src/collect/*.c src/judge/*.c src/advise/*.c src/act/*.c src/expose/*.c src/worker/*.c)))
EXTENSION = dbops
BUILT_SQL = sql/dbops--$(DATA_VERSION).sql
DATA_built = $(BUILT_SQL)
DATA = $(wildcard sql/dbops--*--*.sql)
PG_CPPFLAGS = -I$(srcdir)/src -DDBOPS_VERSION='"$(DATA_VERSION)"'
PG_CFLAGS = -Wall -Wextra -Wmissing-prototypes -Wshadow \
	-Wno-unused-parameter -Wno-sign-compare -Wno-declaration-after-statement $(STRICT_CFLAGS)

REGRESS := $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --temp-instance=tmp_check --temp-config=test/postgresql.conf
ISOLATION := $(sort $(patsubst test/specs/%.spec,%,$(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=. --temp-instance=tmp_check_iso --temp-config=test/postgresql.conf
TAP_TESTS := $(if $(wildcard test/t/*.pl),1)
PROVE_TESTS = test/t/*.pl

EXTRA_CLEAN = tmp_check tmp_check_iso output_iso results regression.diffs regression.out log test/unit/bin test/fuzz/bin

include $(PGXS)

# The database that test/postgresql.conf keeps the history in, for isolation tests, too.
ISOLATION_TESTDB = contrib_regression

HEADERS_ALL := $(wildcard src/*.h src/*/*.h)
$(OBJS): $(HEADERS_ALL)
$(OBJS:.o=.bc): $(HEADERS_ALL)

# A piece that is in no module of the manifest is a mistake, noticed whenever make runs.
SQL_PIECES := $(foreach m,$(SQL_MODULES),$(wildcard sql/$m.tables.sql) sql/$m.sql)
SQL_ORPHANS := $(filter-out $(SQL_PIECES),$(wildcard sql/*/*.sql))
ifneq ($(SQL_ORPHANS),)
$(error not in SQL_MODULES: $(SQL_ORPHANS))
endif

$(BUILT_SQL): $(SQL_PIECES) Makefile
	@{ printf '%s\n' '\echo Use "CREATE EXTENSION dbops CASCADE" to load this file. \quit'; \
	   for piece in $(SQL_PIECES); do echo; echo "-- $$piece"; cat $$piece; done; } > $@.tmp
	@mv $@.tmp $@

# The gateway is a module of its own, made where the headers of its libraries are.
GATEWAY := $(shell echo | $(CC) -E -I'$(shell $(PG_CONFIG) --includedir)' -include microhttpd.h -include zlib.h -include libpq-fe.h - >/dev/null 2>&1 && echo yes)
.PHONY: gateway install-gateway uninstall-gateway clean-gateway
ifeq ($(GATEWAY),yes)
gateway:
	+@$(MAKE) --no-print-directory -C src/gateway all PG_CONFIG='$(PG_CONFIG)'
install-gateway: gateway
	+@$(MAKE) --no-print-directory -C src/gateway install PG_CONFIG='$(PG_CONFIG)'
else
gateway install-gateway:
	@echo >&2 'dbops: without the gateway (/metrics for Prometheus, shipping of standbys), as microhttpd.h, zlib.h or libpq-fe.h' \
		'is missing: apt-get install libmicrohttpd-dev zlib1g-dev libpq-dev'
endif
uninstall-gateway clean-gateway:
	+@$(MAKE) --no-print-directory -C src/gateway $(@:-gateway=) PG_CONFIG='$(PG_CONFIG)'
all: gateway
install: install-gateway
uninstall: uninstall-gateway
clean: clean-gateway

strict:
	+@$(MAKE) --no-print-directory all with_llvm=no \
		STRICT_CFLAGS='-Werror -DUSE_ASSERT_CHECKING'

_demo:
	@PG_CONFIG='$(PG_CONFIG)' test/demo/run

_test:
	@PG_CONFIG='$(PG_CONFIG)' test/run

lint: all
	@test/lint/run

unit:
	@$(MAKE) --no-print-directory -C test/unit check PG_CONFIG=$(PG_CONFIG)

else

all install installcheck clean lint unit strict _demo _test:
	@echo >&2 'dbops: PostgreSQL server headers not found; run: sudo test/setup'; exit 1

endif
