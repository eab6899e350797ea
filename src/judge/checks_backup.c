/*
 * judge/checks_backup.c
 *		Checks of backups: whether there is a good one, young enough, tried, and somewhere else.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "judge/checks.h"
#include "judge/term.h"

/* Where nothing is known of a schedule: a backup a day, which takes a day at most. */
#define DAY_SECONDS 86400.0

/* More often than that is nobody's schedule. */
#define HOUR_SECONDS 3600.0

/* Small ones vary by more than their size. */
#define LEAST_SECONDS 600.0

/* Of the usual time, or a day where that is not known. */
static bool
share_of_usual(const Fact *fact, const char *age_column, const char *usual_column, double least,
               double *percent)
{
	double age;
	double usual;

	if (!dbops_term_get(fact, age_column, &age))
		return false;
	if (!dbops_term_get(fact, usual_column, &usual))
		usual = DAY_SECONDS;
	*percent = 100 * age / Max(usual, least);
	return true;
}

static bool
base_age(const Fact *fact, double *value)
{
	return share_of_usual(fact, "base_good_at", "base_interval_seconds", HOUR_SECONDS, value);
}

static bool
base_running(const Fact *fact, double *value)
{
	return share_of_usual(fact, "base_running_since", "base_usual_seconds", LEAST_SECONDS, value);
}

static bool
is_running(const Fact *fact)
{
	double age;

	return dbops_term_get(fact, "base_running_since", &age);
}

static bool
is_unsafe(const Fact *fact)
{
	double age;

	return dbops_term_get(fact, "base_unsafe_since", &age);
}

static bool
has_ended(const Fact *fact)
{
	double failed;

	return dbops_term_get(fact, "base_failed", &failed);
}

static bool
has_dumps(const Fact *fact)
{
	double failed;

	return dbops_term_get(fact, "dump_failed", &failed);
}

static bool
has_tests(const Fact *fact)
{
	double failed;

	return dbops_term_get(fact, "test_failed", &failed);
}

static bool
has_backup(const Fact *fact)
{
	double age;

	return dbops_term_get(fact, "untested_since", &age);
}

static bool
days_untested(const Fact *fact, double *value)
{
	double age;

	if (!dbops_term_get(fact, "untested_since", &age))
		return false;
	*value = age / DAY_SECONDS;
	return true;
}

static bool
has_places(const Fact *fact)
{
	double copies;

	return dbops_term_get(fact, "copies", &copies);
}

/* What has no location may be in another one. */
static bool
is_one_place(const Fact *fact, double *value)
{
	double places;
	double unplaced;

	if (!dbops_term_get(fact, "places", &places) ||
	    !dbops_term_get(fact, "copies_unplaced", &unplaced))
		return false;
	*value = places <= 1;
	return places > 1 || unplaced == 0;
}

static const Check checks[] = {
    {
        .name = "base backup age",
        .about =
            "Age of the last good base backup, as a share of the usual time between two, or of 24 h while that is not known",
        .family = &dbops_family_backup,
        .scope = SCOPE_CLUSTER,
        .value = base_age,
        .unit = "percent",
        .columns = {"base_good_at", "base_interval_seconds"},
        .warning = 150,
        .critical = 300,
        .evidence = {"base_good_at", "base_interval_seconds"},
        .points = 10,
        .why = "The older it is, the more WAL must be there and be replayed before all is back",
        .what_to_do = "SELECT * FROM dbops.backup_status(); then take one.",
    },
    {
        .name = "base backup failed",
        .about = "Whether the last base backup failed",
        .family = &dbops_family_backup,
        .scope = SCOPE_CLUSTER,
        .column = "base_failed",
        .applies = has_ended,
        .columns = {"base_failed"},
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"base_good_at"},
        .points = 5,
        .why = "The next one is likely to fail, too, and meanwhile the last good one gets older",
        .what_to_do =
            "SELECT tool, ended_at, evidence FROM dbops.backups WHERE status = 'failed' LIMIT 3;",
    },
    {
        .name = "base backup running",
        .about =
            "How long a base backup has been running, as a share of what one usually takes, or of 24 h while that is not known",
        .family = &dbops_family_backup,
        .scope = SCOPE_CLUSTER,
        .value = base_running,
        .unit = "percent",
        .applies = is_running,
        .columns = {"base_running_since", "base_usual_seconds"},
        .warning = 300,
        .critical = NO_LIMIT,
        .evidence = {"base_running_since", "base_usual_seconds"},
        .points = 3,
        .why = "It hangs, or its client is gone: such a backup never ends",
        .what_to_do =
            "SELECT * FROM dbops.progress; SELECT * FROM dbops.backups WHERE status = 'running';",
    },
    {
        .name = "base backup wal",
        .about = "Time since a base backup ended whose WAL is not known to be archived",
        .family = &dbops_family_backup,
        .scope = SCOPE_CLUSTER,
        .column = "base_unsafe_since",
        .applies = is_unsafe,
        .columns = {"base_unsafe_since"},
        .warning = 600,
        .critical = 3600,
        .evidence = {"base_unsafe_since", "base_good_at"},
        .points = 5,
        .why = "Without the WAL written while it was taken it cannot be restored",
        .what_to_do = "SELECT * FROM pg_stat_archiver; then mend archive_command.",
    },
    {
        .name = "dump failed",
        .about = "Whether the last dump of a database failed",
        .family = &dbops_family_backup,
        .scope = SCOPE_CLUSTER,
        .column = "dump_failed",
        .applies = has_dumps,
        .columns = {"dump_failed"},
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"dump_good_at"},
        .points = 3,
        .why = "What it left behind looks like a dump and lacks tables",
        .what_to_do =
            "SELECT datname, ended_at, evidence FROM dbops.backups WHERE kind = 'dump' AND status = 'failed' LIMIT 3;",
    },
    {
        .name = "restore test overdue",
        .about = "Days since a backup was last restored for a test",
        .family = &dbops_family_backup,
        .scope = SCOPE_CLUSTER,
        .value = days_untested,
        .unit = "days",
        .applies = has_backup,
        .columns = {"untested_since"},
        .warning = 90,
        .critical = NO_LIMIT,
        .evidence = {"untested_since"},
        .points = 3,
        .why = "A backup that was never restored is a hope, and how long it takes is a guess",
        .what_to_do = "SELECT dbops.restore_drill_command();",
    },
    {
        .name = "restore test failed",
        .about = "Whether the last restore test failed",
        .family = &dbops_family_backup,
        .scope = SCOPE_CLUSTER,
        .column = "test_failed",
        .applies = has_tests,
        .columns = {"test_failed"},
        .warning = NO_LIMIT,
        .critical = 1,
        .evidence = {"untested_since"},
        .points = 5,
        .why = "There are backups, and no way back from them",
        .what_to_do = "SELECT * FROM dbops.restore_tests ORDER BY tested_at DESC LIMIT 3;",
    },
    {
        .name = "copies in one place",
        .about = "Whether this server and all copies of it are in one location of dbops.locations",
        .family = &dbops_family_backup,
        .scope = SCOPE_CLUSTER,
        .value = is_one_place,
        .unit = UNIT_OF_FLAG,
        .applies = has_places,
        .columns = {"copies", "places", "copies_unplaced"},
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"copies", "places", "copies_unplaced"},
        .points = 5,
        .why = "What destroys one copy there destroys all",
        .what_to_do =
            "Keep a copy elsewhere, and say where: INSERT INTO dbops.locations VALUES ('repository', ..., ...);",
    },
};

const CheckTable dbops_checks_backup = CHECK_TABLE(checks);
