/*
 * worker/sampler.c
 *		The sampler: the one static worker, which keeps time and never runs SQL.
 *
 * Connected to no database, it sees shared catalogs and shared memory: enough to sample the
 * machine, the server and the statistics of every database.  It owns the ring of ticks and starts
 * the other workers.  A round reads some families, each in a transaction of its own, and then
 * appends their ticks with common flags; a family that fails is missing from the round and nothing
 * else.
 *
 * Time is kept by the wall clock, so that samples fall on round times; the length of a span is
 * taken from the monotonic clock, so that a clock set back or forward makes no span wrong.
 *
 * Between rounds it looks at what sessions do, up to a hundred times a second.  Waking up for a
 * look and nothing else must stay cheap: all other duties are seen to once a second, when a round
 * is due, or when somebody wakes the sampler up.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "collect/archive_watch.h"
#include "collect/collectors.h"
#include "collect/crash_replay.h"
#include "collect/dictionary.h"
#include "collect/standbys.h"
#include "collect/wait.h"
#include "core/clock.h"
#include "core/databases.h"
#include "core/guc.h"
#include "store/lsn_time.h"
#include "store/ring.h"
#include "store/selfstat.h"
#include "store/upstream.h"
#include "track/captures.h"
#include "track/errors.h"
#include "track/logins.h"
#include "track/nesting.h"
#include "track/plans.h"
#include "track/statements.h"
#include "worker/activity.h"
#include "worker/control.h"
#include "worker/heartbeat.h"
#include "worker/inspector.h"
#include "worker/launch.h"
#include "worker/pressure.h"
#include "worker/round.h"
#include "worker/sampler.h"
#include "worker/timer.h"

#define WAKE_UP_MS 1000
#define RESTART_AFTER_S 5

/* While a standby catches up, so that one look follows on each of its answers. */
#define MEASURE_MS 100

typedef struct Sampler
{
	WorkerState *worker;
	ActivityState *activity;
	Round *round;
	Timer narrow;
	Timer wide;
	Timer look;
	Timer duties; /* all but looks: the intervals of rounds are multiples of its second */
	int sessions; /* at the last look */
	bool was_enabled;
} Sampler;

extern PGDLLEXPORT void dbops_sampler_main(Datum argument);

void
dbops_sampler_register(void)
{
	BackgroundWorker worker = {
	    .bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
	    .bgw_start_time = BgWorkerStart_ConsistentState,
	    .bgw_restart_time = RESTART_AFTER_S,
	};

	strlcpy(worker.bgw_name, "dbops sampler", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "dbops sampler", sizeof(worker.bgw_type));
	strlcpy(worker.bgw_library_name, "dbops", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "dbops_sampler_main", sizeof(worker.bgw_function_name));
	RegisterBackgroundWorker(&worker);
}

/*
 * Nobody but dbops was active.  Sessions that came and went between two looks leave their number in
 * the statistics of their database.
 */
static bool
is_quiet(const Sampler *sampler, const Activity *activity)
{
	return activity->quiet && dbops_round_sum(sampler->round, "sessions") == 0;
}

static void
run_round(Sampler *sampler, RoundExtent extent)
{
	int64 begun_us;
	Activity activity;

	if (extent != ROUND_NARROW)
	{
		dbops_control()->trouble = dbops_pressure_look(sampler->sessions);
		if (dbops_control()->workers[WORKER_KEEPER].pid == 0)
			dbops_statements_note_read(0);
		dbops_statements_evict(dbops_guc_wide_interval * USECS_PER_SEC);
		dbops_captures_tend();
		dbops_plans_evict(dbops_guc_wide_interval * USECS_PER_SEC);
		dbops_errors_evict();
		dbops_logins_evict();
	}
	begun_us = dbops_clock_monotonic_us();
	dbops_round_take(sampler->round, extent);
	if (dbops_round_changes(sampler->round, &dbops_family_plan) != NULL)
		dbops_plans_note_read(begun_us);
	activity = dbops_activity_look(sampler->activity);
	sampler->sessions = activity.sessions;
	dbops_round_append(sampler->round, (is_quiet(sampler, &activity) ? TICK_QUIET : 0) |
	                                       (activity.late ? TICK_LATE : 0));
}

/* Takes the rounds that are due or asked for. */
static void
sample_if_due(Sampler *sampler)
{
	WorkerControl *control = dbops_control();
	uint64 requested = pg_atomic_read_u64(&control->requested);
	TimestampTz now = dbops_clock_now();
	bool narrow = dbops_timer_is_due(&sampler->narrow, dbops_guc_sample_interval, now);
	bool wide = dbops_timer_is_due(&sampler->wide, dbops_guc_wide_interval, now);
	bool asked = requested > sampler->worker->served;
	if (!dbops_guc_enabled)
	{
		if (sampler->was_enabled)
			dbops_round_forget(sampler->round);
		sampler->was_enabled = false;
	}
	else if (narrow || wide || asked)
	{
		sampler->was_enabled = true;
		dbops_selfstat_begin(SELF_SAMPLER);
		run_round(sampler, asked ? ROUND_WHOLE : wide ? ROUND_WIDE : ROUND_NARROW);
		dbops_selfstat_publish(SELF_SAMPLER);
		dbops_control_serve(sampler->worker, requested);
		dbops_control_wake(WORKER_KEEPER);
	}
}

static void
run_inspector(void *arg)
{
	dbops_inspector_run();
}

/* Takes in what the inspector has found, and sends it where names or sizes are missing. */
static void
inspect_if_due(Sampler *sampler)
{
	static const Task task = {.name = "inspect databases", .run = run_inspector};

	if (dbops_control()->names_wanted)
	{
		dbops_control()->names_wanted = false;
		dbops_dictionary_hand_on_again();
	}
	if (dbops_guc_enabled && dbops_inspector_is_due())
		dbops_control_run(sampler->worker, &task, NULL);
}

static void
find_store_database(void *arg)
{
	*(bool *) arg = dbops_databases_find(dbops_guc_database) != NULL;
}

/* Keeps the keeper running while there is a database for it. */
static void
keep_keeper(Sampler *sampler, Launch *keeper)
{
	static const Task find_database = {.name = "find database", .run = find_store_database};
	WorkerControl *control = dbops_control();
	bool exists = false;

	if (control->workers[WORKER_KEEPER].pid != 0)
		return;
	if (!dbops_control_run(sampler->worker, &find_database, &exists))
		return;
	if (!exists)
	{
		/* Whoever creates it is not to wait. */
		dbops_launch_forget(keeper);
		control->store = STORE_NO_DATABASE;
	}
	else if (dbops_launch_keep(keeper) == LAUNCH_NO_SLOT)
		control->store = STORE_NO_WORKER;
}

static bool
is_gateway_wanted(void)
{
	return dbops_guc_http_listen[0] != '\0' ||
	       (dbops_guc_primary_conninfo[0] != '\0' && RecoveryInProgress());
}

/* The gateway ends by itself when there is nothing for it to do. */
static void
keep_gateway(Launch *gateway)
{
	WorkerControl *control = dbops_control();

	if (!is_gateway_wanted())
		dbops_launch_forget(gateway);
	else if (control->workers[WORKER_GATEWAY].pid == 0 && control->store != STORE_NO_DATABASE)
		control->gateway.launch = dbops_launch_keep(gateway);
}

static void
look_if_due(Sampler *sampler, TimestampTz now)
{
	if (!dbops_guc_enabled)
		dbops_wait_pause();
	else if (dbops_timer_is_due_ms(&sampler->look, dbops_guc_wait_interval, now))
		dbops_wait_look(dbops_guc_wait_interval);
}

static long
milliseconds_to_next(const Sampler *sampler, TimestampTz now)
{
	long ms = dbops_timer_wait_ms(&sampler->duties, now, WAKE_UP_MS);

	if (dbops_guc_enabled && dbops_standbys_measure())
		ms = Min(ms, MEASURE_MS);
	return dbops_guc_enabled ? dbops_timer_wait_ms(&sampler->look, now, ms) : ms;
}

static void
name_standbys(void *arg)
{
	dbops_standbys_name();
}

/* Who replicates, and how far. */
static void
note_replication(Sampler *sampler)
{
	static const Task task = {.name = "name standbys", .run = name_standbys};

	dbops_lsn_time_note();
	dbops_upstream_report_replay();
	dbops_heartbeat_beat();
	if (dbops_standbys_note())
		dbops_control_run(sampler->worker, &task, NULL);
}

static void
see_to_duties(Sampler *sampler, Launch *keeper, Launch *gateway)
{
	if (dbops_guc_enabled)
	{
		note_replication(sampler);
		dbops_archive_watch_look();
	}
	sample_if_due(sampler);
	inspect_if_due(sampler);
	keep_keeper(sampler, keeper);
	keep_gateway(gateway);
}

static void
start_up(Sampler *sampler)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);

	MemoryContextSwitchTo(
	    AllocSetContextCreate(TopMemoryContext, "dbops sampler", ALLOCSET_DEFAULT_SIZES));
	dbops_nesting_exclude_process();
	dbops_crash_replay_note_end();
	dbops_ring_create();
	sampler->worker = dbops_control_enlist(WORKER_SAMPLER);
	sampler->activity = dbops_activity_create();
	sampler->round = dbops_round_create(sampler->worker, ROUND_OF_SAMPLER);
}

void
dbops_sampler_main(Datum argument)
{
	Sampler sampler = {0};
	Launch keeper = {.name = "dbops keeper", .function = "dbops_keeper_main"};
	Launch gateway = {
	    .name = "dbops gateway", .library = "dbops_gateway", .function = "dbops_gateway_main"};
	int woken = WL_LATCH_SET;

	start_up(&sampler);
	while (!ShutdownRequestPending)
	{
		TimestampTz now = dbops_clock_now();

		look_if_due(&sampler, now);
		if (dbops_timer_is_due_ms(&sampler.duties, WAKE_UP_MS, now) || (woken & WL_LATCH_SET) != 0)
		{
			see_to_duties(&sampler, &keeper, &gateway);
			now = dbops_clock_now();
		}
		woken = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
		                  milliseconds_to_next(&sampler, now), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			/* What is archived up to here was so by the settings as they were. */
			if (dbops_guc_enabled)
				dbops_archive_watch_look();
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
	/* Not zero: a worker that was terminated alone is to come back. */
	proc_exit(1);
}
