/*
 * expose/status.c
 *		Is dbops itself well; see status.h.
 *
 * One function per component, in the table `checks`; the first says whether the others have
 * anything to look at.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/xlog.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "collect/dictionary.h"
#include "core/clock.h"
#include "core/compat.h"
#include "core/guc.h"
#include "core/preload.h"
#include "expose/release.h"
#include "expose/shipping_status.h"
#include "expose/status.h"
#include "store/damage.h"
#include "store/ring.h"
#include "store/selfstat.h"
#include "track/statements.h"
#include "worker/control.h"

/* A worker is late when it missed this many rounds. */
#define LATE_ROUNDS 3

/* A sampler that has not started by then got no slot from the server, which does not try again. */
#define NEVER_STARTED_US (10 * USECS_PER_SEC)

typedef struct Check
{
	const char *component;
	bool needs_preload;
	void (*check)(Finding *finding);
} Check;

static void
find(Finding *finding, FindingLevel level, char *detail, char *hint)
{
	finding->level = level;
	finding->detail = detail;
	finding->hint = hint;
}

static void
check_library(Finding *finding)
{
	if (!dbops_preload_done())
		find(finding, FINDING_CRITICAL, "the library is not loaded at server start",
		     DBOPS_PRELOAD_HINT);
	else if (!dbops_guc_enabled)
		find(finding, FINDING_WARNING, "switched off",
		     "ALTER SYSTEM SET dbops.enabled = on; SELECT pg_reload_conf();");
	else
		find(finding, FINDING_OK, "loaded at server start", NULL);
}

static void
check_pg_stat_statements(Finding *finding)
{
	int theirs = dbops_preload_position("pg_stat_statements");
	int ours = dbops_preload_position("dbops");

	if (theirs < 0)
		find(
		    finding, FINDING_CRITICAL,
		    "pg_stat_statements is not loaded at server start: blocks, WAL and texts of statements "
		    "are missing",
		    DBOPS_PRELOAD_HINT);
	else if (ours >= 0 && ours < theirs)
		find(finding, FINDING_WARNING,
		     "dbops stands before pg_stat_statements, which then measures each statement twice",
		     DBOPS_PRELOAD_HINT);
	else if (!OidIsValid(get_extension_oid("pg_stat_statements", true)))
		find(finding, FINDING_CRITICAL, "the extension pg_stat_statements is not in this database",
		     "CREATE EXTENSION pg_stat_statements;");
	else
		find(finding, FINDING_OK, "loaded before dbops", NULL);
}

static void
check_extension(Finding *finding)
{
	const Release *release = dbops_release_compare();
	int missing = release->missing_tables + release->missing_columns;

	if (release->extension == NULL)
		find(finding, FINDING_CRITICAL, "the extension is not in this database",
		     "CREATE EXTENSION dbops CASCADE;");
	else if (release->order < 0)
		find(finding, FINDING_WARNING,
		     psprintf("the library that runs is of version %s, the extension of version %s",
		              release->library, release->extension),
		     "Restart the server, so that it loads the library that came with the extension.");
	else if (release->order > 0)
		find(finding, FINDING_WARNING,
		     psprintf("the extension is of version %s, the library of version %s",
		              release->extension, release->library),
		     "ALTER EXTENSION dbops UPDATE;");
	else if (missing > 0)
		find(finding, FINDING_WARNING,
		     psprintf("the extension lacks what the library has: tables %d, columns %d",
		              release->missing_tables, release->missing_columns),
		     "SELECT dbops._refresh_history();");
	else
		find(finding, FINDING_OK, psprintf("version %s", release->extension), NULL);
}

static void
check_query_id(Finding *finding)
{
	const char *setting = GetConfigOption("compute_query_id", false, false);

	if (strcmp(setting, "off") == 0)
		find(finding, FINDING_CRITICAL, "statements cannot be told apart: compute_query_id is off",
		     "Put this line into postgresql.conf and reload: compute_query_id = auto");
	else
		find(finding, FINDING_OK, psprintf("compute_query_id is %s", setting), NULL);
}

static char *
seconds_ago(TimestampTz at)
{
	return psprintf("%lld s ago", (long long) ((dbops_clock_now() - at) / USECS_PER_SEC));
}

static void
check_sampler(Finding *finding)
{
	const WorkerState *sampler = &dbops_control()->workers[WORKER_SAMPLER];
	int64 late_us = LATE_ROUNDS * Max(dbops_guc_sample_interval, 1) * USECS_PER_SEC;

	if (sampler->started_at == 0 && dbops_clock_now() - dbops_ring_boot() > NEVER_STARTED_US)
		find(finding, FINDING_CRITICAL, "never started: no worker slot was free at server start",
		     psprintf("Raise max_worker_processes (now %d) and restart.", max_worker_processes));
	else if (sampler->pid == 0)
		find(finding, FINDING_CRITICAL, "not running",
		     "The server restarts it within seconds; if it does not stay, the server log has the "
		     "reason.");
	else if (sampler->last_at == 0)
		find(finding, FINDING_UNKNOWN, "no sample yet", NULL);
	else if (dbops_guc_enabled && dbops_clock_now() - sampler->last_at > late_us)
		find(finding, FINDING_CRITICAL, psprintf("last sample %s", seconds_ago(sampler->last_at)),
		     psprintf("See where process %d hangs: SELECT * FROM pg_stat_activity WHERE pid = %d",
		              (int) sampler->pid, (int) sampler->pid));
	else
		find(finding, FINDING_OK, psprintf("last sample %s", seconds_ago(sampler->last_at)), NULL);
}

/* Last error of the task that stores. */
static const char *
store_error(void)
{
	const WorkerState *keeper = &dbops_control()->workers[WORKER_KEEPER];

	for (int i = 0; i < TASK_STATES && keeper->tasks[i].name[0] != '\0'; i++)
	{
		if (strcmp(keeper->tasks[i].name, STORE_TASK) == 0)
			return keeper->tasks[i].error.message;
	}
	return "";
}

static void
check_store(Finding *finding)
{
	const WorkerState *keeper = &dbops_control()->workers[WORKER_KEEPER];
	const char *here = get_database_name(MyDatabaseId);

	if (!dbops_guc_enabled)
	{
		find(finding, FINDING_UNKNOWN, "nothing is stored: switched off", NULL);
		return;
	}
	switch (dbops_control()->store)
	{
		case STORE_STARTING:
			find(finding, FINDING_UNKNOWN, "the keeper is starting", NULL);
			break;
		case STORE_OK:
			if (strcmp(here, dbops_guc_database) != 0)
				find(
				    finding, FINDING_WARNING,
				    psprintf("the history is in database \"%s\", not here", dbops_guc_database),
				    "Ask there: here are only the latest samples, without names.  The extension is "
				    "not needed in this database.");
			else
				find(finding, FINDING_OK, psprintf("last stored %s", seconds_ago(keeper->last_at)),
				     NULL);
			break;
		case STORE_NO_DATABASE:
			find(finding, FINDING_CRITICAL,
			     psprintf("database \"%s\" does not exist", dbops_guc_database),
			     psprintf("CREATE DATABASE %s; or set dbops.database to another one and restart.",
			              quote_identifier(dbops_guc_database)));
			break;
		case STORE_NO_EXTENSION:
			find(finding, FINDING_CRITICAL,
			     psprintf("database \"%s\" has no extension dbops", dbops_guc_database),
			     psprintf("In database %s: CREATE EXTENSION dbops CASCADE;",
			              quote_identifier(dbops_guc_database)));
			break;
		case STORE_RECOVERY:
			find(finding, FINDING_OK, "standby: the last samples are kept in memory", NULL);
			break;
		case STORE_FAILED:
			find(finding, FINDING_CRITICAL, psprintf("storing failed: %s", store_error()),
			     "Samples wait in memory and are stored when the cause is gone.");
			break;
		case STORE_NO_WORKER:
			find(
			    finding, FINDING_CRITICAL, "no free worker slot for the keeper",
			    psprintf("Raise max_worker_processes (now %d) and restart.", max_worker_processes));
			break;
	}
}

static void
check_ring(Finding *finding)
{
	RingState state;

	dbops_ring_state(&state);
	if (state.size == 0)
		find(finding, FINDING_UNKNOWN, "not made yet", NULL);
	else if (state.dropped > 0)
		find(finding, FINDING_WARNING,
		     psprintf("%lld samples were too large for it", (long long) state.dropped),
		     psprintf("Raise dbops.ring_size (now %d kB) and restart.", dbops_guc_ring_size));
	else if (state.lost > 0 && !RecoveryInProgress())
		find(finding, FINDING_WARNING,
		     psprintf("%lld samples were overwritten before they could be stored",
		              (long long) state.lost),
		     "See the finding on the store; the count starts anew with the server.");
	else
		find(finding, FINDING_OK,
		     psprintf("%lld samples, %lld %% of %d kB used",
		              (long long) (state.last_seq - state.first_seq + 1),
		              (long long) (state.used * 100 / state.size), dbops_guc_ring_size),
		     NULL);
}

static void
check_statements(Finding *finding)
{
	StatementsState state;

	dbops_statements_state(&state);
	if (state.not_admitted > 0)
		find(finding, FINDING_WARNING,
		     psprintf("%lld executions or plans found no room among %lld statements",
		              (long long) state.not_admitted, (long long) state.capacity),
		     psprintf("Raise dbops.max_statements (now %lld) and restart.",
		              (long long) state.capacity));
	else if (state.pages_exhausted > 0)
		find(finding, FINDING_WARNING,
		     psprintf("%lld latencies found no room in the histograms",
		              (long long) state.pages_exhausted),
		     psprintf("Raise dbops.max_statements (now %lld) and restart.",
		              (long long) state.capacity));
	else
		find(finding, FINDING_OK,
		     psprintf("%lld of %lld statements, %lld evicted", (long long) state.used,
		              (long long) state.capacity, (long long) state.evicted),
		     NULL);
}

/* How much of the disk it may take, and whether any of it cannot be read. */
static void
check_history(Finding *finding)
{
	SelfStat keeper;
	DamageState damage;
	double limit_mb = dbops_guc_max_size;

	dbops_damage_state(&damage);
	if (damage.count > 0)
		find(
		    finding, FINDING_CRITICAL,
		    psprintf(
		        "left out as corrupted: %lld, the last of family \"%s\" at %s in table dbops.%s",
		        (long long) damage.count, damage.last.family, timestamptz_to_str(damage.last.at),
		        damage.last.table),
		    "Look: SELECT * FROM dbops.repair(true); then SELECT * FROM dbops.repair(); and check the "
		    "disk.");
	else if (!dbops_selfstat_read(SELF_KEEPER, &keeper) || keeper.history_bytes < 0)
		find(finding, FINDING_OK, "not measured yet", NULL);
	else if (keeper.cut_at != 0)
		find(finding, FINDING_WARNING,
		     psprintf(
		         "dbops.max_size (%.0f MB) is too small for the retention set: old samples were "
		         "dropped early, last %s",
		         limit_mb, seconds_ago(keeper.cut_at)),
		     "Raise dbops.max_size, or lower dbops.raw_retention, and reload.");
	else
		find(finding, FINDING_OK,
		     psprintf("%.0f of at most %.0f MB", keeper.history_bytes / (1024.0 * 1024), limit_mb),
		     NULL);
}

static const Check checks[] = {
    {"library", false, check_library},
    {"extension", false, check_extension},
    {"pg_stat_statements", false, check_pg_stat_statements},
    {"query identifiers", false, check_query_id},
    {"sampler", true, check_sampler},
    {"store", true, check_store},
    {"history", true, check_history},
    {"ring", true, check_ring},
    {"statements", true, check_statements},
};

/* A finding for each task of a worker whose last run failed. */
static List *
failing_tasks(List *findings, const WorkerState *worker)
{
	for (int i = 0; i < TASK_STATES && worker->tasks[i].name[0] != '\0'; i++)
	{
		const TaskState *task = &worker->tasks[i];
		Finding *finding;

		/* Storing has a finding of its own. */
		if (task->error.sqlerrcode == 0 || strcmp(task->name, STORE_TASK) == 0)
			continue;
		finding = palloc0(sizeof(Finding));
		finding->component = pstrdup(task->name);
		find(finding, FINDING_CRITICAL,
		     psprintf("failed %lld times in a row, last %s: %s (SQLSTATE %s)",
		              (long long) task->error.failures, seconds_ago(task->error.at),
		              task->error.message, unpack_sql_state(task->error.sqlerrcode)),
		     "Tried again with the next round.");
		findings = lappend(findings, finding);
	}
	return findings;
}

/* A finding for each family that a worker leaves out of rounds. */
static List *
skipped_tasks(List *findings, const WorkerState *worker)
{
	const char *trouble = dbops_breaker_trouble_name(dbops_control()->trouble);

	for (int i = 0; i < TASK_STATES && worker->tasks[i].name[0] != '\0'; i++)
	{
		const TaskState *task = &worker->tasks[i];
		Finding *finding;

		if (!task->expensive)
			continue;
		finding = palloc0(sizeof(Finding));
		finding->component = pstrdup(task->name);
		find(finding, FINDING_WARNING,
		     psprintf("takes too long (%.0f ms): left out of rounds, of the next %d%s%s",
		              task->last_us / 1000.0, task->skips_left, trouble != NULL ? "; " : "",
		              trouble != NULL ? trouble : ""),
		     psprintf("Raise dbops.wide_interval (now %d s) or dbops.sample_limit (now %d ms), and "
		              "reload.",
		              dbops_guc_wide_interval, dbops_guc_sample_limit));
		findings = lappend(findings, finding);
	}
	return findings;
}

static const char *
database_name(Oid datid)
{
	const char *name = get_database_name(datid);

	return name != NULL ? name : "?";
}

/* Without visits there are no names and sizes; a finding only when something is missing. */
static List *
find_visits(List *findings)
{
	const InspectorState *inspector = &dbops_control()->inspector;
	Finding *finding = palloc0(sizeof(Finding));

	if (dbops_control()->workers[WORKER_SAMPLER].pid == 0)
		return findings;
	finding->component = "inspector";
	if (inspector->no_slot)
		find(finding, FINDING_WARNING,
		     "no free worker slot: names and sizes of tables and indexes are not learned",
		     psprintf("Raise max_worker_processes (now %d) and restart.", max_worker_processes));
	else if (inspector->failing > 0)
		find(finding, FINDING_WARNING,
		     psprintf("databases whose last visit failed: %d, such as \"%s\": %s",
		              inspector->failing, database_name(inspector->failing_datid),
		              inspector->error.sqlerrcode != 0 ? inspector->error.message :
		                                                 "the visit did not end in time"),
		     "Names and sizes of tables and indexes there are as last learned; tried again.");
	else if (inspector->full)
		find(
		    finding, FINDING_WARNING,
		    psprintf("more than %d tables and indexes: the others are not watched", DICTIONARY_MAX),
		    NULL);
	else if (inspector->unfinished > 0)
		find(finding, FINDING_UNKNOWN,
		     psprintf("databases not read to the end yet: %d, such as \"%s\"",
		              inspector->unfinished, database_name(inspector->unfinished_datid)),
		     "Their other tables and indexes follow within minutes.");
	else
		return findings;
	return lappend(findings, finding);
}

/* Advice on indexes; a finding only when something is missing. */
static List *
find_advice(List *findings)
{
	const AdviserState *adviser = &dbops_control()->adviser;
	Finding *finding = palloc0(sizeof(Finding));

	finding->component = "index advice";
	if (adviser->no_slot)
		find(finding, FINDING_WARNING, "no free worker slot: no indexes are searched for",
		     psprintf("Raise max_worker_processes (now %d) and restart.", max_worker_processes));
	else if (adviser->failing > 0)
		find(finding, FINDING_WARNING,
		     psprintf("databases whose last search failed: %d, such as \"%s\": %s",
		              adviser->failing, database_name(adviser->failing_datid), adviser->error),
		     "SELECT * FROM dbops.index_advice_runs; it is tried again.");
	else
		return findings;
	return lappend(findings, finding);
}

static bool
is_gateway_installed(void)
{
	char path[MAXPGPATH];

	snprintf(path, sizeof(path), "%s/dbops_gateway%s", pkglib_path, DLSUFFIX);
	return access(path, R_OK) == 0;
}

static void
check_gateway(Finding *finding)
{
	const GatewayState *gateway = &dbops_control()->gateway;

	if (dbops_control()->workers[WORKER_GATEWAY].pid == 0)
	{
		if (gateway->launch == LAUNCH_NO_SLOT)
			find(
			    finding, FINDING_WARNING, "no free worker slot for the gateway",
			    psprintf("Raise max_worker_processes (now %d) and restart.", max_worker_processes));
		else if (!is_gateway_installed())
			find(finding, FINDING_WARNING, "the library dbops_gateway is not installed",
			     "Install libmicrohttpd-dev, zlib1g-dev and libpq-dev, then make and install dbops "
			     "again.");
		else
			find(finding, FINDING_WARNING, "not running yet",
			     "It is started within seconds; if it does not stay, the server log has the "
			     "reason.");
	}
	else if (gateway->problem[0] != '\0')
		find(finding, gateway->listening[0] == '\0' ? FINDING_CRITICAL : FINDING_WARNING,
		     psprintf("%s; listening on %s", gateway->problem,
		              gateway->listening[0] != '\0' ? gateway->listening : "nothing"),
		     "When it is mended: SELECT pg_reload_conf();");
	else
		find(finding, FINDING_OK,
		     psprintf("listening on %s; requests: %lld, refused: %lld, failed: %lld",
		              gateway->listening, (long long) gateway->requests,
		              (long long) gateway->refused, (long long) gateway->failed),
		     NULL);
}

/* A finding only where there is to be one. */
static List *
find_gateway(List *findings)
{
	Finding *finding;

	if (dbops_guc_http_listen[0] == '\0')
		return findings;
	finding = palloc0(sizeof(Finding));
	finding->component = "gateway";
	check_gateway(finding);
	return lappend(findings, finding);
}

/* Samples on their way to the primary; on a primary there are none. */
static List *
find_shipping(List *findings)
{
	Finding *finding;

	if (dbops_guc_primary_conninfo[0] == '\0' || !RecoveryInProgress())
		return findings;
	finding = palloc0(sizeof(Finding));
	finding->component = "shipping";
	if (dbops_control()->workers[WORKER_GATEWAY].pid == 0)
		check_gateway(finding);
	else
		dbops_shipping_status_find(finding);
	return lappend(findings, finding);
}

/* Findings of one level stay in the order of the checks. */
static List *
worst_first(List *findings)
{
	List *sorted = NIL;
	ListCell *cell;

	for (int level = FINDING_CRITICAL; level >= FINDING_OK; level--)
	{
		foreach (cell, findings)
		{
			if ((int) ((Finding *) lfirst(cell))->level == level)
				sorted = lappend(sorted, lfirst(cell));
		}
	}
	return sorted;
}

List *
dbops_status_findings(void)
{
	List *findings = NIL;
	bool preloaded = dbops_preload_done();

	for (int i = 0; i < lengthof(checks); i++)
	{
		Finding *finding;

		if (checks[i].needs_preload && !preloaded)
			continue;
		finding = palloc0(sizeof(Finding));
		finding->component = checks[i].component;
		checks[i].check(finding);
		findings = lappend(findings, finding);
	}
	for (int kind = 0; preloaded && kind < WORKER_KINDS; kind++)
	{
		findings = failing_tasks(findings, &dbops_control()->workers[kind]);
		findings = skipped_tasks(findings, &dbops_control()->workers[kind]);
	}
	if (preloaded)
		findings = find_shipping(find_gateway(find_advice(find_visits(findings))));
	return worst_first(findings);
}

const char *
dbops_status_level_name(FindingLevel level)
{
	static const char *const names[] = {
	    [FINDING_OK] = "ok",
	    [FINDING_UNKNOWN] = "unknown",
	    [FINDING_WARNING] = "warning",
	    [FINDING_CRITICAL] = "critical",
	};

	return names[level];
}
