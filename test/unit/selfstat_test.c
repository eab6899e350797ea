/*
 * test/unit/selfstat_test.c
 *		What workers publish: sums over cycles, over restarts, and what is left when one has ended.
 *
 * sources: src/store/selfstat.c
 */
#include "postgres.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access/xact.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "storage/spin.h"

#include "core/clock.h"
#include "store/selfstat.h"

#include "tap.h"

/* ---- the server around it -------------------------------------------------------------------- */

WalUsage pgWalUsage;

static int64 now_us = 1000;
static XactCallback transaction_callback;
static SubXactCallback subtransaction_callback;
static pg_on_exit_callback exit_callback;
static Datum exit_arg;

int64
dbops_clock_monotonic_us(void)
{
	return now_us;
}

/* Shared with the processes that the test forks. */
void *
ShmemInitStruct(const char *name, Size size, bool *found)
{
	*found = false;
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

void
RegisterXactCallback(XactCallback callback, void *arg)
{
	transaction_callback = callback;
}

void
RegisterSubXactCallback(SubXactCallback callback, void *arg)
{
	subtransaction_callback = callback;
}

static TransactionId current_id;

TransactionId
GetTopTransactionIdIfAny(void)
{
	return current_id;
}

TransactionId
GetCurrentTransactionIdIfAny(void)
{
	return current_id;
}

void
before_shmem_exit(pg_on_exit_callback function, Datum arg)
{
	exit_callback = function;
	exit_arg = arg;
}

int
s_lock(volatile slock_t *lock, const char *file, int line, const char *func)
{
	abort(); /* nobody holds a lock here for long */
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* A cycle of 250 us that writes 100 bytes of WAL in two transactions. */
static void
run_cycle(SelfKind kind)
{
	dbops_selfstat_begin(kind);
	now_us += 250;
	pgWalUsage.wal_bytes += 100;
	pgWalUsage.wal_records++;
	transaction_callback(XACT_EVENT_PRE_COMMIT, NULL);
	transaction_callback(XACT_EVENT_COMMIT, NULL);
	transaction_callback(XACT_EVENT_ABORT, NULL);
	dbops_selfstat_publish(kind);
}

/* A worker process of two cycles, which ends after some more WAL. */
static void
run_worker(SelfKind kind)
{
	pid_t pid = fork();

	if (pid == 0)
	{
		MyProcPid = getpid();
		run_cycle(kind);
		run_cycle(kind);
		pgWalUsage.wal_bytes += 7;
		exit_callback(0, exit_arg);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void
test_nothing_published(void)
{
	SelfStat stat;

	ok(!dbops_selfstat_read(SELF_SAMPLER, &stat), "without shared memory nothing is known");
	dbops_selfstat_begin(SELF_SAMPLER);
	dbops_selfstat_publish(SELF_SAMPLER);
	dbops_selfstat_set_history(1);
	dbops_selfstat_shmem_init();
	ok(!dbops_selfstat_read(SELF_SAMPLER, &stat), "before the first cycle nothing is known");
}

static void
test_restarts(void)
{
	SelfStat stat;

	run_worker(SELF_INSPECTOR);
	run_worker(SELF_INSPECTOR);
	ok(dbops_selfstat_read(SELF_INSPECTOR, &stat), "a worker that ended is still known");
	is_int(stat.starts, 2, "both processes are counted");
	is_int(stat.cycles, 4, "cycles add up over restarts");
	is_int(stat.cycle_us, 1000, "their time too");
	is_int(stat.last_cycle_us, 250, "the last cycle has its own");
	is_int(stat.wal_bytes, 414, "WAL adds up, that of the way out included");
	is_int(stat.wal_records, 4, "its records too");
	is_int(stat.transactions, 8, "a transaction counts once, committed or not");
	is_int(stat.pid, 0, "a process that ended has no pid");
	is_int(stat.history_bytes, PG_INT64_MIN, "the size of the history is not known");
}

static void
test_running(void)
{
	SelfStat stat;

	run_cycle(SELF_KEEPER);
	dbops_selfstat_set_history(4096);
	ok(dbops_selfstat_read(SELF_KEEPER, &stat), "a worker that runs is known");
	is_int(stat.pid, MyProcPid, "by its pid");
	is_int(stat.history_bytes, 4096, "the size of the history is the keeper's to say");
	ok(stat.cpu_user_us + stat.cpu_system_us > 0, "CPU time is measured");
	ok(!dbops_selfstat_read(SELF_SAMPLER, &stat), "kinds do not mix");
}

static void
test_writing(void)
{
	int64 count;

	ok(dbops_selfstat_writing(&count), "while nothing ends, what wrote can be told");
	is_int(count, 0, "transactions without an id wrote nothing");
	current_id = 700;
	transaction_callback(XACT_EVENT_PRE_COMMIT, NULL);
	ok(!dbops_selfstat_writing(&count), "while one ends, the server may have counted it or not");
	transaction_callback(XACT_EVENT_COMMIT, NULL);
	ok(dbops_selfstat_writing(&count) && count == 1, "it counts before the cycle ends");
	transaction_callback(XACT_EVENT_ABORT, NULL);
	ok(dbops_selfstat_writing(&count) && count == 2, "one that is rolled back counts");
	subtransaction_callback(SUBXACT_EVENT_ABORT_SUB, 2, 1, NULL);
	ok(dbops_selfstat_writing(&count) && count == 3, "and so does a part of one");
	transaction_callback(XACT_EVENT_PRE_COMMIT, NULL);
	transaction_callback(XACT_EVENT_ABORT, NULL);
	ok(dbops_selfstat_writing(&count) && count == 4, "one that fails at its end counts once");
}

int
main(void)
{
	test_nothing_published();
	test_restarts();
	test_running();
	test_writing();
	is_str(dbops_selfstat_name(SELF_INSPECTOR), "inspector", "kinds have names");
	return tap_done();
}
