/*
 * worker/keeper.c
 *		The keeper: connected to dbops.database, it samples what only SQL gives and stores the
 *		history.
 *
 * Everything it does is a task in a transaction of its own, with a time limit.  Ticks are marked
 * stored after the commit that stored them; what fails stays in the ring and is tried again with
 * the next round.  On a standby the same loop runs, and storing is simply not possible yet.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "advise/index_ledger.h"
#include "collect/archive_holes.h"
#include "collect/backup_watch.h"
#include "collect/collectors.h"
#include "collect/known_plans.h"
#include "collect/recovery_rates.h"
#include "core/clock.h"
#include "core/compat.h"
#include "core/guc.h"
#include "judge/drift_facts.h"
#include "judge/judging.h"
#include "judge/recovery_facts.h"
#include "store/advice_board.h"
#include "store/backups.h"
#include "store/backup_board.h"
#include "store/frame.h"
#include "store/objects.h"
#include "store/retention.h"
#include "store/ring.h"
#include "store/rollup.h"
#include "store/selfstat.h"
#include "store/ticks.h"
#include "track/nesting.h"
#include "track/statements.h"
#include "worker/adviser.h"
#include "worker/backup_reader.h"
#include "worker/control.h"
#include "worker/round.h"
#include "worker/timer.h"

#define WAKE_UP_MS 5000
#define LOOK_MS 500 /* for what does not wake us up, and is not there for long */
#define STORE_LIMIT_MS 10000
#define UPKEEP_LIMIT_MS 30000
#define SAMPLER_WAIT_MS 5000
#define JUDGE_LIMIT_MS 5000
#define USUAL_S 600

typedef struct Keeper
{
	MemoryContext context; /* of what lasts as long as the process */
	WorkerState *worker;
	Round *round;
	Timer wide;
	Timer narrow;
	Timer usual;
	Drifting *drifting;
	Judging *judging;
	bool has_extension;
	Oid extension;    /* the last one seen: another one after DROP and CREATE */
	int64 stored_seq; /* set by the store task, published after its commit */
} Keeper;

/* Work that waits for the extension, and nearly all for a server that can be written. */
typedef struct Upkeep
{
	const char *name;
	int interval_s; /* 0: with every wide round */
	void (*run)(void *arg);
	bool (*waited_for)(void); /* whether to run at once; NULL: never */
	void (*committed)(void);  /* what may be forgotten once it is stored; NULL: nothing */
	bool on_standby;          /* too: it writes no table there */
	Timer timer;
} Upkeep;

/* A standby looks for texts that are to be shipped. */
static void
learn_statements(void *arg)
{
	if (RecoveryInProgress() &&
	    (dbops_guc_primary_conninfo[0] == '\0' || !OidIsValid(get_extension_oid("dbops", true))))
		return;
	dbops_objects_learn_statements();
}

static void
learn_shared(void *arg)
{
	dbops_objects_learn_shared(dbops_clock_now());
}

static void
learn_plans(void *arg)
{
	dbops_known_plans_learn();
}

static void
note_archive(void *arg)
{
	dbops_archive_holes_store();
}

static void
learn_rates(void *arg)
{
	dbops_recovery_rates_learn();
	dbops_recovery_facts_reckon();
}

static void
learn_backups(void *arg)
{
	dbops_backup_watch_store();
}

static void
roll_up(void *arg)
{
	dbops_rollup_run();
}

static void
retain(void *arg)
{
	int64 bytes = 0;

	dbops_retention_run();
	for (int i = 0; i < RESOLUTION_COUNT; i++)
		bytes += dbops_retention_size(i);
	dbops_selfstat_set_history(bytes);
	dbops_objects_prune(dbops_clock_now() - dbops_retention_kept_us(RESOLUTION_HOUR));
	dbops_backups_prune(dbops_clock_now() - dbops_retention_kept_us(RESOLUTION_HOUR));
	dbops_known_plans_prune(dbops_clock_now() - dbops_retention_kept_us(RESOLUTION_HOUR));
	dbops_index_ledger_prune(dbops_clock_now() - dbops_retention_kept_us(RESOLUTION_HOUR));
}

static void
tend_backup_reader(void *arg)
{
	if (!OidIsValid(get_extension_oid("dbops", true)))
		return;
	dbops_backup_reader_tend();
}

static void
write_backup_board(void *arg)
{
	if (!OidIsValid(get_extension_oid("dbops", true)))
		return;
	dbops_backup_board_write();
}

static void
follow_advice(void *arg)
{
	dbops_index_ledger_follow(dbops_clock_now());
	dbops_advice_board_write();
}

static void
tend_adviser(void *arg)
{
	dbops_adviser_tend();
}

static Upkeep upkeeps[] = {
    {.name = "learn names", .interval_s = 60, .run = learn_shared},
    {.name = "learn statement texts", .interval_s = 0, .run = learn_statements, .on_standby = true},
    {.name = "learn plans", .interval_s = 0, .run = learn_plans},
    {.name = "note holes in the archive", .interval_s = 5, .run = note_archive},
    {.name = "learn rates of recovery", .interval_s = 0, .run = learn_rates},
    {.name = "roll up", .interval_s = 60, .run = roll_up},
    {.name = "learn backups",
     .interval_s = 5,
     .run = learn_backups,
     .waited_for = dbops_backup_watch_waits,
     .committed = dbops_backup_watch_committed},
    {.name = "retain", .interval_s = 60, .run = retain},
    {.name = "tell of backups", .interval_s = 0, .run = write_backup_board, .on_standby = true},
    {.name = "start backup reader", .interval_s = 1, .run = tend_backup_reader, .on_standby = true},
    {.name = "follow index advice", .interval_s = 0, .run = follow_advice},
    {.name = "advise on indexes",
     .interval_s = 1,
     .run = tend_adviser,
     .waited_for = dbops_adviser_waits,
     .committed = dbops_adviser_committed},
};

/* Settings of the session: bounded waits, no traces in the users' statistics. */
static const char *const session_settings[][2] = {
    {"search_path", "pg_catalog, pg_temp"},
    {"synchronous_commit", "local"},
    {"lock_timeout", "500ms"}, /* before a user could be the victim of a deadlock with it */
    {"idle_in_transaction_session_timeout", "0"},
    {"stats_fetch_consistency", "none"},
    {"jit", "off"},
    {"work_mem", "32MB"}, /* statements of pg_stat_statements, without a temporary file */
    {"compute_query_id", "off"},
    {"default_transaction_read_only", "off"},
    {"default_transaction_isolation", "read committed"},
    {"row_security", "off"},
};

static volatile sig_atomic_t waiting = false;

extern PGDLLEXPORT void dbops_keeper_main(Datum argument);

/* Statements with a change may be new ones, whose texts are not known. */
static void
note_statements(const Keeper *keeper, int64 begun_us)
{
	const Frame *changes = dbops_round_changes(keeper->round, &dbops_family_statement);

	if (changes != NULL)
		dbops_statements_note_read(begun_us);
	for (int i = 0; changes != NULL && i < changes->nrows; i++)
		dbops_objects_note_statement((Oid) changes->keys[i].num[STATEMENT_LABEL_DATID],
		                             changes->keys[i].num[STATEMENT_LABEL_QUERYID]);
}

static void
run_round(Keeper *keeper, RoundExtent extent)
{
	int64 begun_us = dbops_clock_monotonic_us();

	dbops_round_take(keeper->round, extent);
	note_statements(keeper, begun_us);
	dbops_round_append(keeper->round, dbops_round_rows(keeper->round) == 0 ? TICK_QUIET : 0);
}

/* Waits until the sampler has served the request, so that its ticks are stored with ours. */
static void
await_sampler(uint64 request)
{
	WorkerControl *control = dbops_control();
	WorkerState *sampler = &control->workers[WORKER_SAMPLER];
	int64 give_up_us = dbops_clock_monotonic_us() + SAMPLER_WAIT_MS * 1000;

	ConditionVariablePrepareToSleep(&control->served);
	while (sampler->pid != 0 && sampler->served < request &&
	       dbops_clock_monotonic_us() < give_up_us)
		(void) ConditionVariableTimedSleep(&control->served, 100, PG_WAIT_EXTENSION);
	ConditionVariableCancelSleep();
}

/* Names found by the inspector travel in the ring like ticks do. */
static void
store_objects(int64 up_to)
{
	int64 after = dbops_ring_stored();
	Tick tick;
	char *batch;

	while (dbops_ring_next(after, OBJECTS_FAMILY, &tick, &batch) && tick.seq <= up_to)
	{
		dbops_objects_store_batch(batch, tick.size, tick.at);
		after = tick.seq;
	}
}

/* The extension was made anew: its tables know none of the names and texts handed on so far. */
static void
begin_anew(Keeper *keeper)
{
	dbops_round_forget(keeper->round);
	dbops_objects_forget_statements();
	dbops_known_plans_forget();
	dbops_backup_reader_begin_anew();
	dbops_backup_watch_forget();
	dbops_control()->names_wanted = true;
	dbops_control_wake(WORKER_SAMPLER);
}

static void
store(void *arg)
{
	Keeper *keeper = arg;
	Oid extension = get_extension_oid("dbops", true);

	if (OidIsValid(extension) && OidIsValid(keeper->extension) && extension != keeper->extension)
		begin_anew(keeper);
	/* Remembered over a DROP, so that the next one is seen to be another. */
	if (OidIsValid(extension))
		keeper->extension = extension;
	keeper->has_extension = OidIsValid(extension);
	if (!keeper->has_extension)
		return;
	keeper->stored_seq = dbops_ticks_store(ShutdownRequestPending ? TICKS_ALL : TICKS_DUE);
	store_objects(keeper->stored_seq);
}

static StoreState
store_if_possible(Keeper *keeper)
{
	static const Task task = {
	    .name = STORE_TASK, .timeout_ms = STORE_LIMIT_MS, .sql = true, .run = store};

	if (RecoveryInProgress())
		return STORE_RECOVERY;
	if (!dbops_control_run(keeper->worker, &task, keeper))
		return STORE_FAILED;
	if (!keeper->has_extension)
		return STORE_NO_EXTENSION;
	dbops_ring_set_stored(keeper->stored_seq);
	return STORE_OK;
}

/* Also on a standby, and where nothing can be stored. */
static void
judge(void *arg)
{
	Keeper *keeper = arg;

	if (keeper->judging == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(keeper->context);

		keeper->judging = dbops_judging_create();
		MemoryContextSwitchTo(caller);
	}
	dbops_judging_run(keeper->judging, dbops_clock_now());
}

static void
compare_settings(void *arg)
{
	Keeper *keeper = arg;

	if (keeper->drifting == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(keeper->context);

		keeper->drifting = dbops_drift_create();
		MemoryContextSwitchTo(caller);
	}
	dbops_drift_run(keeper->drifting, dbops_clock_now());
}

static void
learn_usual(void *arg)
{
	const Keeper *keeper = arg;

	if (keeper->judging != NULL)
		dbops_judging_learn_usual(keeper->judging);
}

static void
run_judge(Keeper *keeper, bool wide)
{
	static const Task compare_task = {.name = "compare settings",
	                                  .timeout_ms = JUDGE_LIMIT_MS,
	                                  .sql = true,
	                                  .run = compare_settings};
	static const Task judge_task = {
	    .name = "judge", .timeout_ms = JUDGE_LIMIT_MS, .sql = true, .run = judge};
	static const Task learn_task = {.name = "learn what is usual",
	                                .timeout_ms = UPKEEP_LIMIT_MS,
	                                .sql = true,
	                                .run = learn_usual};

	if (wide)
		dbops_control_run(keeper->worker, &compare_task, keeper);
	dbops_control_run(keeper->worker, &judge_task, keeper);
	if (dbops_timer_is_due(&keeper->usual, USUAL_S, dbops_clock_now()))
		dbops_control_run(keeper->worker, &learn_task, keeper);
}

static bool
is_due(Upkeep *upkeep, bool wide)
{
	if (upkeep->waited_for != NULL && upkeep->waited_for())
		return true;
	return upkeep->interval_s == 0 ?
	           wide :
	           dbops_timer_is_due(&upkeep->timer, upkeep->interval_s, dbops_clock_now());
}

static void
run_upkeep(Keeper *keeper, bool wide)
{
	for (int i = 0; i < lengthof(upkeeps); i++)
	{
		Upkeep *upkeep = &upkeeps[i];
		Task task = {
		    .name = upkeep->name, .timeout_ms = UPKEEP_LIMIT_MS, .sql = true, .run = upkeep->run};

		if (RecoveryInProgress() && !upkeep->on_standby)
			continue;
		if (is_due(upkeep, wide) && dbops_control_run(keeper->worker, &task, keeper) &&
		    upkeep->committed != NULL)
			upkeep->committed();
	}
}

static void
run_once(Keeper *keeper)
{
	WorkerControl *control = dbops_control();
	uint64 requested = pg_atomic_read_u64(&control->requested);
	bool asked = requested > keeper->worker->served;
	bool wide = dbops_timer_is_due(&keeper->wide, dbops_guc_wide_interval, dbops_clock_now());
	bool narrow = dbops_timer_is_due(&keeper->narrow, dbops_guc_sample_interval, dbops_clock_now());

	if (!dbops_guc_enabled)
	{
		/* The next samples begin anew.  What waits in the ring is stored then, too. */
		dbops_round_forget(keeper->round);
		return;
	}
	if (wide || asked)
		run_round(keeper, asked ? ROUND_WHOLE : ROUND_WIDE);
	if (asked)
		await_sampler(requested);
	control->store = store_if_possible(keeper);
	if (narrow || asked)
		run_judge(keeper, wide || asked);
	dbops_control_serve(keeper->worker, requested);
	if (control->store == STORE_OK || control->store == STORE_RECOVERY)
		run_upkeep(keeper, wide || asked);
}

/*
 * While the keeper waits, it may take leave and store what the ring still holds.  A task is ended
 * as any backend's work would be.
 */
static void
request_shutdown(SIGNAL_ARGS)
{
	if (waiting)
		SignalHandlerForShutdownRequest(COMPAT_SIGNAL_VALUES);
	else
		die(COMPAT_SIGNAL_VALUES);
}

static void
wait_for_work(const Keeper *keeper)
{
	long wait_ms =
	    dbops_timer_wait_ms(&keeper->narrow, dbops_clock_now(),
	                        dbops_timer_wait_ms(&keeper->wide, dbops_clock_now(), WAKE_UP_MS));
	int events = WL_TIMEOUT;

	waiting = true;
	while (events == WL_TIMEOUT && wait_ms > 0)
	{
		events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
		                   Min(wait_ms, LOOK_MS), PG_WAIT_EXTENSION);
		wait_ms -= LOOK_MS;
		if (dbops_guc_enabled && dbops_control()->store == STORE_OK && dbops_backup_watch_waits())
			break;
	}
	waiting = false;
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

static void
start_up(Keeper *keeper)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, request_shutdown);
	BackgroundWorkerUnblockSignals();
	dbops_nesting_exclude_process();
	BackgroundWorkerInitializeConnection(dbops_guc_database, NULL, 0);
	for (int i = 0; i < lengthof(session_settings); i++)
		SetConfigOption(session_settings[i][0], session_settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
	if (GetConfigOption("pg_stat_statements.track", true, false) != NULL)
		SetConfigOption("pg_stat_statements.track", "none", PGC_SUSET, PGC_S_OVERRIDE);

	keeper->context =
	    AllocSetContextCreate(TopMemoryContext, "dbops keeper", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(keeper->context);
	keeper->worker = dbops_control_enlist(WORKER_KEEPER);
	keeper->round = dbops_round_create(keeper->worker, ROUND_OF_KEEPER);
	dbops_adviser_start_up();
}

void
dbops_keeper_main(Datum argument)
{
	Keeper keeper = {0};

	start_up(&keeper);
	while (!ShutdownRequestPending)
	{
		dbops_selfstat_begin(SELF_KEEPER);
		run_once(&keeper);
		dbops_selfstat_publish(SELF_KEEPER);
		wait_for_work(&keeper);
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
	/* On a server that goes down nothing else would store it. */
	if (dbops_guc_enabled)
		(void) store_if_possible(&keeper);
}
