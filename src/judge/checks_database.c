/*
 * judge/checks_database.c
 *		Checks of each database: what its sessions do and suffer.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "judge/checks.h"
#include "judge/term.h"

static bool
percent_of_limit(const Fact *fact, double *value)
{
	double limit;

	if (!dbops_term_get(fact, "connections", value) ||
	    !dbops_term_get(fact, "connection_limit", &limit) || limit <= 0)
		return false;
	*value = 100 * *value / limit;
	return true;
}

static bool
has_limit(const Fact *fact)
{
	double percent;

	return percent_of_limit(fact, &percent);
}

static bool
sessions_lost(const Fact *fact, double *value)
{
	static const char *const columns[] = {"sessions_abandoned", "sessions_fatal", "sessions_killed",
	                                      NULL};

	return dbops_term_sum(fact, columns, value);
}

static bool
recovery_conflicts(const Fact *fact, double *value)
{
	static const char *const columns[] = {"confl_tablespace", "confl_lock",     "confl_snapshot",
	                                      "confl_bufferpin",  "confl_deadlock", NULL};

	return dbops_term_sum(fact, columns, value);
}

static const Check checks[] = {
    {
        .name = "cache hit",
        .about = "Share of blocks found in shared buffers",
        .family = &dbops_family_database,
        .scope = SCOPE_DATABASE,
        .column = "hit_percent",
        .enough = {"blks_hit", "blks_read"},
        .at_least = 100000,
        .bad = BAD_BELOW,
        .warning = 90,
        .critical = NO_LIMIT,
        .for_s = 300,
        .evidence = {"blks_read", "blks_hit"},
        .points = 2,
        .why = "Blocks that are not there are read from the kernel or the disk",
        .what_to_do =
            "SELECT * FROM dbops.tables ORDER BY hit_percent; an index may be missing, or shared_buffers is small.",
    },
    {
        .name = "rollbacks",
        .about = "Share of transactions that were rolled back",
        .family = &dbops_family_database,
        .scope = SCOPE_DATABASE,
        .column = "rollback_percent",
        .enough = {"xact_commit", "xact_rollback"},
        .at_least = 500,
        .warning = 10,
        .critical = 50,
        .for_s = 60,
        .evidence = {"xact_rollback", "xact_commit"},
        .points = 3,
        .why = "Work was done in vain, and somebody saw an error",
        .what_to_do = "SELECT * FROM dbops.errors;",
    },
    {
        .name = "deadlocks",
        .about = "Deadlocks in the window",
        .family = &dbops_family_database,
        .scope = SCOPE_DATABASE,
        .column = "deadlocks",
        .warning = 1,
        .critical = 20,
        .evidence = {"deadlocks", "xact_rollback"},
        .points = 3,
        .why = "Each ended one transaction after deadlock_timeout",
        .what_to_do =
            "SELECT * FROM dbops.errors WHERE sqlstate = '40P01'; lock rows in the same order everywhere.",
    },
    {
        .name = "temporary files",
        .about = "Bytes per second that statements wrote to temporary files",
        .family = &dbops_family_database,
        .scope = SCOPE_DATABASE,
        .column = "temp_bytes_per_second",
        .warning = 10485760,
        .critical = 104857600,
        .for_s = 60,
        .evidence = {"temp_files", "temp_bytes"},
        .points = 2,
        .why = "Sorts and hashes that do not fit work_mem go to disk",
        .what_to_do = "SELECT * FROM dbops.statements ORDER BY temp_blks_written DESC LIMIT 10;",
    },
    {
        .name = "checksum failures",
        .about = "Pages whose checksum was wrong, in the window",
        .family = &dbops_family_database,
        .scope = SCOPE_DATABASE,
        .column = "checksum_failures",
        .warning = NO_LIMIT,
        .critical = 1,
        .evidence = {"checksum_failures", "last_checksum_failure_at"},
        .points = 10,
        .why =
            "The storage returns other bytes than were written: data is lost, and backups may hold it, too",
        .what_to_do = "Stop writing, copy the data directory, restore from a backup that is older.",
    },
    {
        .name = "database connections",
        .about = "Share of the database's connection limit in use",
        .family = &dbops_family_database,
        .scope = SCOPE_DATABASE,
        .value = percent_of_limit,
        .unit = "percent",
        .applies = has_limit,
        .columns = {"connections", "connection_limit"},
        .warning = 80,
        .critical = 95,
        .evidence = {"connections", "connection_limit"},
        .points = 3,
        .why = "When none is left nobody can connect to it",
        .what_to_do = "SELECT * FROM dbops.connections; ALTER DATABASE %d CONNECTION LIMIT n;",
    },
    {
        .name = "sessions lost",
        .about = "Sessions in the window that ended by a lost client, a fatal error or a signal",
        .family = &dbops_family_database,
        .scope = SCOPE_DATABASE,
        .value = sessions_lost,
        .unit = "",
        .columns = {"sessions_abandoned", "sessions_fatal", "sessions_killed"},
        .warning = 20,
        .critical = NO_LIMIT,
        .evidence = {"sessions_abandoned", "sessions_fatal", "sessions_killed", "sessions"},
        .points = 2,
        .why = "Clients crash, time out or lose their network",
        .what_to_do =
            "SELECT * FROM dbops.errors WHERE sqlstate LIKE '57P%%' OR sqlstate LIKE '08%%';",
    },
    {
        .name = "recovery conflicts",
        .about = "Queries in the window that replay cancelled",
        .family = &dbops_family_database,
        .scope = SCOPE_DATABASE,
        .value = recovery_conflicts,
        .unit = "",
        .columns = {"confl_tablespace", "confl_lock", "confl_snapshot", "confl_bufferpin",
                    "confl_deadlock"},
        .warning = 1,
        .critical = 50,
        .evidence = {"confl_lock", "confl_snapshot", "confl_bufferpin", "confl_deadlock"},
        .points = 2,
        .why = "Replay could not wait any longer for what they read",
        .what_to_do = "Set hot_standby_feedback = on, or raise max_standby_streaming_delay.",
    },
};

const CheckTable dbops_checks_database = CHECK_TABLE(checks);
