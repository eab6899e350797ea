/*
 * test/unit/checks_backup_test.c
 *		Checks of backups: at, below and above each limit, and with missing facts.
 *
 * sources: src/judge/checks_backup.c src/judge/check.c src/judge/term.c src/collect/backup.c
 * sources: src/store/registry.c src/store/derived.c src/math/histogram.c src/store/label_words.c
 */
#include "postgres.h"

#include "catalog/objectaddress.h"
#include "commands/extension.h"
#include "utils/builtins.h"

#include "collect/collectors.h"
#include "core/spi.h"
#include "judge/checks.h"
#include "judge/term.h"
#include "store/columns.h"
#include "store/derived.h"
#include "store/frame.h"
#include "store/node.h"
#include "store/registry.h"

#include "tap.h"

#define NOW (INT64CONST(1000) * USECS_PER_DAY)
#define HOURS INT64CONST(3600)
#define MOST_METRICS 32

/* What reading the family would need is never called. */
SpiRows *
dbops_spi_query(const char *query, const SpiValue *params, int nparams)
{
	return NULL;
}

int64 *
dbops_frame_add(Frame *frame, const EntityKey *key, const char *texts)
{
	return NULL;
}

const char *
dbops_node_name(void)
{
	return "";
}

text *
cstring_to_text(const char *s)
{
	return NULL;
}

Oid
get_extension_oid(const char *extname, bool missing_ok)
{
	return InvalidOid;
}

static int64 values[MOST_METRICS];

static int
metric_of(const char *name)
{
	for (int i = 0; i < dbops_family_backup.nmetrics; i++)
	{
		if (strcmp(dbops_family_backup.metrics[i].name, name) == 0)
			return i;
	}
	ok(false, "there is a column %s", name);
	return 0;
}

static void
forget_all(void)
{
	for (int i = 0; i < MOST_METRICS; i++)
		values[i] = FAMILY_NULL;
}

static void
set_value(const char *name, int64 value)
{
	values[metric_of(name)] = value;
}

static void
set_age(const char *name, int64 seconds)
{
	set_value(name, NOW - seconds * USECS_PER_SEC);
}

static const Check *
find_check(const char *name)
{
	for (int i = 0; i < dbops_checks_backup.count; i++)
	{
		if (strcmp(dbops_checks_backup.checks[i].name, name) == 0)
			return &dbops_checks_backup.checks[i];
	}
	return NULL;
}

/* The verdict, or "-" where the check does not apply. */
static const char *
judge(const char *name)
{
	static const char *const words[] = {[VERDICT_OK] = "ok",
	                                    [VERDICT_UNKNOWN] = "unknown",
	                                    [VERDICT_WARNING] = "warning",
	                                    [VERDICT_CRITICAL] = "critical"};
	const Check *check = find_check(name);
	const Limits limits = {.enabled = true, .warning = check->warning, .critical = check->critical};
	const Fact fact = {
	    .family = &dbops_family_backup, .values = values, .sampled_at = NOW, .now = NOW};
	double value;

	if (check->applies != NULL && !check->applies(&fact))
		return "-";
	if (!(check->column != NULL ? dbops_term_get(&fact, check->column, &value) :
	                              check->value(&fact, &value)))
		value = NAN;
	return words[dbops_check_judge(&limits, check->bad, value)];
}

static void
test_age(void)
{
	forget_all();
	is_str(judge("base backup age"), "unknown", "no backup is known");
	set_age("base_good_at", 36 * HOURS - 1);
	is_str(judge("base backup age"), "ok", "one and a half days old, of unknown schedule");
	set_age("base_good_at", 36 * HOURS);
	is_str(judge("base backup age"), "warning", "not younger than that");
	set_age("base_good_at", 72 * HOURS);
	is_str(judge("base backup age"), "critical", "three days old");
	set_value("base_interval_seconds", 7 * 24 * HOURS);
	is_str(judge("base backup age"), "ok", "where one is taken every week");
	set_age("base_good_at", 2 * HOURS);
	set_value("base_interval_seconds", HOURS);
	is_str(judge("base backup age"), "warning", "where one is taken every hour");
	set_value("base_interval_seconds", 60);
	is_str(judge("base backup age"), "warning", "every minute is nobody's schedule");
	set_age("base_good_at", HOURS);
	is_str(judge("base backup age"), "ok", "so the hour counts");
}

static void
test_running(void)
{
	forget_all();
	is_str(judge("base backup running"), "-", "none runs");
	set_age("base_running_since", 72 * HOURS - 1);
	is_str(judge("base backup running"), "ok", "of unknown size it may take its time");
	set_age("base_running_since", 72 * HOURS);
	is_str(judge("base backup running"), "warning", "but not three days");
	set_value("base_usual_seconds", 48 * HOURS);
	is_str(judge("base backup running"), "ok", "unless it usually takes two");
	set_value("base_usual_seconds", 1);
	set_age("base_running_since", 1799);
	is_str(judge("base backup running"), "ok", "a small one may take a while");
	set_age("base_running_since", 1800);
	is_str(judge("base backup running"), "warning", "not half an hour");
}

static void
test_flags(void)
{
	static const struct
	{
		const char *check;
		const char *column;
		const char *bad;
	} cases[] = {
	    {"base backup failed", "base_failed", "warning"},
	    {"dump failed", "dump_failed", "warning"},
	    {"restore test failed", "test_failed", "critical"},
	};

	for (int i = 0; i < lengthof(cases); i++)
	{
		forget_all();
		is_str(judge(cases[i].check), "-", "%s: there was none", cases[i].check);
		set_value(cases[i].column, 0);
		is_str(judge(cases[i].check), "ok", "%s: the last did not", cases[i].check);
		set_value(cases[i].column, 1);
		is_str(judge(cases[i].check), cases[i].bad, "%s: it did", cases[i].check);
	}
}

static void
test_wal(void)
{
	forget_all();
	is_str(judge("base backup wal"), "-", "all WAL is safe");
	set_age("base_unsafe_since", 599);
	is_str(judge("base backup wal"), "ok", "the archiver has ten minutes");
	set_age("base_unsafe_since", 600);
	is_str(judge("base backup wal"), "warning", "no more");
	set_age("base_unsafe_since", 3600);
	is_str(judge("base backup wal"), "critical", "after an hour nobody waits for it");
}

static void
test_restore(void)
{
	forget_all();
	is_str(judge("restore test overdue"), "-", "there is nothing to restore");
	set_age("untested_since", 90 * 24 * HOURS - 1);
	is_str(judge("restore test overdue"), "ok", "within ninety days");
	set_age("untested_since", 90 * 24 * HOURS);
	is_str(judge("restore test overdue"), "warning", "not longer");
}

static void
test_places(void)
{
	forget_all();
	is_str(judge("copies in one place"), "-", "nobody says where anything is");
	set_value("copies", 3);
	set_value("copies_unplaced", 0);
	set_value("places", 1);
	is_str(judge("copies in one place"), "warning", "all are in one");
	set_value("places", 2);
	is_str(judge("copies in one place"), "ok", "they are in two");
	set_value("copies_unplaced", 1);
	is_str(judge("copies in one place"), "ok", "wherever another is");
	set_value("places", 1);
	is_str(judge("copies in one place"), "unknown", "another may be elsewhere");
}

int
main(void)
{
	test_age();
	test_running();
	test_flags();
	test_wal();
	test_restore();
	test_places();
	return tap_done();
}
