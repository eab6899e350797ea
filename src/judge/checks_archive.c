/*
 * judge/checks_archive.c
 *		Checks of what would be lost and how long it would take to be back: archiving, and the
 *		objectives of recovery.
 */
#include "postgres.h"

#include "collect/archiver.h"
#include "collect/collectors.h"
#include "judge/archiving.h"
#include "judge/checks.h"
#include "judge/recovery_time.h"
#include "judge/term.h"

/* What the state of archiving is told by. */
#define ARCHIVING_COLUMNS                                                                     \
	{                                                                                         \
		"archive_mode", "method", "tool", "discards", "ready", "ready_others",                \
		    "oldest_ready_age_ms", "unarchived_ms", "last_archived_time", "last_failed_time", \
		    "waits_for", "same_ms", "spool_dropped", "timeline"                               \
	}

#define SECONDS(us) ((double) (us) / USECS_PER_SEC)

static ArchivingState
state_of(const Fact *fact)
{
	/* Only a primary knows the timeline it writes. */
	bool in_recovery = fact->values[ARCHIVER_TIMELINE] == FAMILY_NULL;
	ArchivingFacts facts;
	ArchivingVerdict verdict;

	dbops_archiving_load(fact->values, in_recovery, &facts);
	dbops_archiving_judge(&facts, &verdict);
	return verdict.state;
}

static bool
archives(const Fact *fact)
{
	return state_of(fact) != ARCHIVING_OFF;
}

/* The seconds of a metric kept in us while archiving is in that state, 0 while it is not. */
static bool
seconds_while(const Fact *fact, ArchivingState state, int metric, double *value)
{
	ArchivingState is = state_of(fact);

	if (is == ARCHIVING_UNKNOWN)
		return false;
	*value = 0;
	if (is == state && fact->values[metric] != FAMILY_NULL)
		*value = SECONDS(fact->values[metric]);
	return true;
}

static bool
is_state(const Fact *fact, ArchivingState state, double *value)
{
	ArchivingState is = state_of(fact);

	*value = is == state;
	return is != ARCHIVING_UNKNOWN;
}

static bool
failing_for(const Fact *fact, double *value)
{
	return seconds_while(fact, ARCHIVING_FAILING, ARCHIVER_OLDEST_READY_AGE_MS, value);
}

static bool
hanging_for(const Fact *fact, double *value)
{
	return seconds_while(fact, ARCHIVING_HANGING, ARCHIVER_SAME_MS, value);
}

static bool
discards(const Fact *fact, double *value)
{
	return is_state(fact, ARCHIVING_DISCARDING, value);
}

static bool
drops(const Fact *fact, double *value)
{
	return is_state(fact, ARCHIVING_DROPPING, value);
}

static bool
lacks_command(const Fact *fact, double *value)
{
	return is_state(fact, ARCHIVING_NO_COMMAND, value);
}

static bool
is_primary(const Fact *fact)
{
	return fact->values[ARCHIVER_TIMELINE] != FAMILY_NULL;
}

/* Nobody but this server has its WAL. */
static bool
keeps_nothing(const Fact *fact, double *value)
{
	if (fact->values[ARCHIVER_RECEIVERS] == FAMILY_NULL)
		return false;
	*value = !archives(fact) && fact->values[ARCHIVER_RECEIVERS] == 0 &&
	         fact->values[ARCHIVER_STANDBYS] == 0;
	return true;
}

/* archive_timeout is 0 and no receiver makes up for it. */
static bool
is_unlimited(const Fact *fact, double *value)
{
	if (fact->values[ARCHIVER_RECEIVERS] == FAMILY_NULL)
		return false;
	*value = fact->values[ARCHIVER_TIMEOUT] == 0 && fact->values[ARCHIVER_RECEIVERS] == 0;
	return true;
}

static bool
archives_here(const Fact *fact)
{
	return is_primary(fact) && archives(fact);
}

static bool
has_point_objective(const Fact *fact)
{
	return is_primary(fact) && fact->values[ARCHIVER_RPO_OBJECTIVE] > 0;
}

static bool
has_time_objective(const Fact *fact)
{
	return fact->values[ARCHIVER_RTO_OBJECTIVE] > 0;
}

static bool
share_of_point_objective(const Fact *fact, double *value)
{
	if (fact->values[ARCHIVER_EXPOSED_MS] == FAMILY_NULL)
		return false;
	*value = 100 * SECONDS(fact->values[ARCHIVER_EXPOSED_MS]) /
	         (double) fact->values[ARCHIVER_RPO_OBJECTIVE];
	return true;
}

static bool
crash_seconds(const Fact *fact, double *value)
{
	RecoveryTimeFacts facts = {.redo_bytes = fact->values[ARCHIVER_REDO_BYTES]};
	RecoveryTime time;

	if (fact->values[ARCHIVER_REPLAY_RATE] != FAMILY_NULL)
		facts.replay =
		    (RecoveryRate){.bytes_per_second = (double) fact->values[ARCHIVER_REPLAY_RATE],
		                   .confidence = CONFIDENCE_MEDIUM,
		                   .source = "the last crash recovery"};
	dbops_recovery_time_judge(&facts, DISASTER_CRASH, &time);
	if (time.rto_us == FAMILY_NULL)
		return false;
	*value = SECONDS(time.rto_us);
	return true;
}

/* By the longer of both: a start after a crash, and a restore if a backup is known. */
static bool
share_of_time_objective(const Fact *fact, double *value)
{
	double seconds;

	if (!crash_seconds(fact, &seconds))
		return false;
	if (fact->values[ARCHIVER_RESTORE_MS] != FAMILY_NULL)
		seconds = Max(seconds, SECONDS(fact->values[ARCHIVER_RESTORE_MS]));
	*value = 100 * seconds / (double) fact->values[ARCHIVER_RTO_OBJECTIVE];
	return true;
}

static const Check checks[] = {
    {
        .name = "archiving fails",
        .about = "Time that the first segment waits while attempts to archive fail",
        .family = &dbops_family_archiver,
        .scope = SCOPE_CLUSTER,
        .value = failing_for,
        .unit = "seconds",
        .applies = archives,
        .columns = ARCHIVING_COLUMNS,
        .warning = 60,
        .critical = 900,
        .evidence = {"ready", "failed_count", "last_failed_time", "last_archived_time"},
        .points = 10,
        .why =
            "What is committed exists on this machine only, and pg_wal grows until its disk is full",
        .what_to_do =
            "SELECT last_failed_wal FROM pg_stat_archiver; the server's log has what archive_command said.",
    },
    {
        .name = "archiving hangs",
        .about = "Time that the archiver has done nothing while segments wait",
        .family = &dbops_family_archiver,
        .scope = SCOPE_CLUSTER,
        .value = hanging_for,
        .unit = "seconds",
        .applies = archives,
        .columns = ARCHIVING_COLUMNS,
        .warning = 60,
        .critical = 900,
        .evidence = {"ready", "waits_for", "pid", "last_archived_time"},
        .points = 10,
        .why =
            "It counts no failure, but nothing is archived, and pg_wal grows until its disk is full",
        .what_to_do =
            "See what the child of the archiver's process waits for, and end it: it is tried again.",
    },
    {
        .name = "archiving keeps nothing",
        .about = "archive_command succeeds without keeping anything",
        .family = &dbops_family_archiver,
        .scope = SCOPE_CLUSTER,
        .value = discards,
        .unit = UNIT_OF_FLAG,
        .applies = archives,
        .columns = ARCHIVING_COLUMNS,
        .warning = NO_LIMIT,
        .critical = 1,
        .evidence = {"hole_start_lsn", "unarchived_ms"},
        .points = 10,
        .why =
            "WAL is thrown away while all counters look well: no backup can be brought up to date",
        .what_to_do =
            "Set archive_command to one that keeps %%p, SELECT pg_reload_conf(), take a base backup.",
    },
    {
        .name = "archive lacks WAL",
        .about = "pgBackRest dropped WAL and reported success",
        .family = &dbops_family_archiver,
        .scope = SCOPE_CLUSTER,
        .value = drops,
        .unit = UNIT_OF_FLAG,
        .applies = archives,
        .columns = ARCHIVING_COLUMNS,
        .warning = NO_LIMIT,
        .critical = 1,
        .evidence = {"spool_dropped", "spool_errors", "hole_start_lsn", "hole_end_lsn"},
        .points = 10,
        .why =
            "WAL behind the hole is of no use: nothing later can be restored until there is a new backup",
        .what_to_do =
            "Mend the repository or raise archive-push-queue-max, then take a base backup.",
    },
    {
        .name = "archiving without a command",
        .about = "archive_mode is on and there is neither archive_command nor archive_library",
        .family = &dbops_family_archiver,
        .scope = SCOPE_CLUSTER,
        .value = lacks_command,
        .unit = UNIT_OF_FLAG,
        .applies = archives,
        .columns = ARCHIVING_COLUMNS,
        .warning = 1,
        .critical = NO_LIMIT,
        .for_s = 600,
        .evidence = {"ready", "unarchived_ms"},
        .points = 5,
        .why = "Nothing is archived, and all WAL is kept until the disk is full",
        .what_to_do = "Set archive_command or archive_library, then SELECT pg_reload_conf().",
    },
    {
        .name = "no copy of WAL",
        .about = "No archive, no receiver and no standby has this server's WAL",
        .family = &dbops_family_archiver,
        .scope = SCOPE_CLUSTER,
        .value = keeps_nothing,
        .unit = UNIT_OF_FLAG,
        .applies = is_primary,
        .columns = {"archive_mode", "method", "discards", "receivers", "standbys", "timeline"},
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"archive_mode", "receivers", "standbys"},
        .points = 5,
        .why = "With this machine goes all that was committed since the last backup",
        .what_to_do =
            "Set archive_mode and archive_command, or run pg_receivewal with a slot elsewhere, or a standby.",
    },
    {
        .name = "recovery point",
        .about =
            "Time of which everything committed would be lost, as share of dbops.rpo_objective",
        .family = &dbops_family_archiver,
        .scope = SCOPE_CLUSTER,
        .value = share_of_point_objective,
        .unit = "percent",
        .applies = has_point_objective,
        .columns = {"exposed_ms", "rpo_objective_seconds", "timeline"},
        .warning = 100,
        .critical = 300,
        .evidence = {"exposed_ms", "rpo_objective_seconds", "unarchived_ms", "receivers"},
        .points = 10,
        .why = "More would be lost with this machine and its standbys than was agreed",
        .what_to_do = "SELECT * FROM dbops.recovery;",
    },
    {
        .name = "recovery point by design",
        .about = "archive_timeout is 0, and no receiver makes up for it",
        .family = &dbops_family_archiver,
        .scope = SCOPE_CLUSTER,
        .value = is_unlimited,
        .unit = UNIT_OF_FLAG,
        .applies = archives_here,
        .columns = {"archive_mode", "method", "discards", "archive_timeout_seconds", "receivers",
                    "ready", "ready_others", "timeline"},
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"archive_timeout_seconds", "receivers"},
        .points = 1,
        .why =
            "On a quiet server what is committed waits for days until its segment is full and archived",
        .what_to_do = "ALTER SYSTEM SET archive_timeout = '5min'; then SELECT pg_reload_conf();",
    },
    {
        .name = "recovery time",
        .about =
            "Time to be back, after a crash or by the last backup, as share of dbops.rto_objective",
        .family = &dbops_family_archiver,
        .scope = SCOPE_CLUSTER,
        .value = share_of_time_objective,
        .unit = "percent",
        .applies = has_time_objective,
        .columns = {"redo_bytes", "replay_bytes_per_second", "restore_ms", "rto_objective_seconds"},
        .warning = 100,
        .critical = 300,
        .evidence = {"redo_bytes", "replay_bytes_per_second", "restore_ms",
                     "rto_objective_seconds"},
        .points = 5,
        .why = "It would take longer to be back than was agreed",
        .what_to_do =
            "SELECT * FROM dbops.recovery; backup_interval_needed_seconds tells how often to take a backup.",
    },
    {
        .name = "crash recovery time",
        .about = "Time to replay the WAL since the last checkpoint",
        .family = &dbops_family_archiver,
        .scope = SCOPE_CLUSTER,
        .value = crash_seconds,
        .unit = "seconds",
        .columns = {"redo_bytes", "replay_bytes_per_second"},
        .warning = 300,
        .critical = 1800,
        .evidence = {"redo_bytes", "replay_bytes_per_second"},
        .points = 3,
        .why = "For so long nobody could work after a crash",
        .what_to_do = "Lower max_wal_size or checkpoint_timeout.",
    },
};

const CheckTable dbops_checks_archive = CHECK_TABLE(checks);
