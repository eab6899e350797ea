/*
 * test/unit/statements_test.c
 *		The table of statements when it is full: who is turned away, who goes, and what is left.
 *
 * sources: src/track/statements.c src/track/slots.c src/track/pages.c
 * sources: src/track/capture_slot.c src/track/capture_arena.c
 * covers: track/slots
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/guc.h"

#include "core/clock.h"
#include "core/guc.h"
#include "track/statements.h"

#include "tap.h"

#define CAPACITY 100
#define MINUTE INT64CONST(60000000)
#define MILLISECOND INT64CONST(1000000)
#define USER 10

int dbops_guc_max_statements = -1;
int dbops_guc_capture_size = 0;
Oid MyDatabaseId = 5;

static TimestampTz now = 1000 * MINUTE;

/* The server's side, as far as the table needs it. */
void *
ShmemInitStruct(const char *name, Size size, bool *found)
{
	*found = false;
	return calloc(1, size);
}

const char *
GetConfigOption(const char *name, bool missing_ok, bool restrict_privileged)
{
	return strcmp(name, "pg_stat_statements.max") == 0 ? "100" : NULL;
}

TimestampTz
GetCurrentStatementStartTimestamp(void)
{
	return now;
}

TimestampTz
dbops_clock_now(void)
{
	return now;
}

int64
dbops_clock_monotonic_us(void)
{
	return now;
}

static void
run(uint64 queryid)
{
	dbops_statements_add_plan(queryid, USER, true, MILLISECOND / 10);
	dbops_statements_add_execution(queryid, USER, true, MILLISECOND, 3);
}

/* The statement as the table has it; false if it has not. */
static bool
find(uint64 queryid, StatementCopy *copy)
{
	StatementScan scan = {0};

	while (dbops_statements_next(&scan, copy))
	{
		if (copy->key.queryid == queryid)
			return true;
	}
	return false;
}

static int
count_changed(uint32 since)
{
	StatementScan scan = {.changed_since = since};
	StatementCopy copy;
	int count = 0;

	while (dbops_statements_next(&scan, &copy))
		count++;
	return count;
}

static StatementsState
state_now(void)
{
	StatementsState state;

	dbops_statements_state(&state);
	return state;
}

static void
test_counts(void)
{
	StatementKey key = dbops_statements_key(1, USER, true);
	StatementCopy copy;
	Histogram *histogram;

	is_int(state_now().capacity, CAPACITY, "the capacity is that of pg_stat_statements");
	run(1);
	run(1);
	dbops_statements_add_rows(&key, 4);
	dbops_statements_add_failure(&key, FAILURE_TIMEOUT);
	dbops_statements_add_failure(&key, FAILURE_ERROR);
	ok(find(1, &copy), "a statement that ran is in the table");
	ok(copy.calls == 2 && copy.rows == 10 && copy.exec_ns == 2 * MILLISECOND && copy.plans == 2,
	   "its executions and rows are counted");
	ok(copy.errors == 2 && copy.timeouts == 1 && copy.cancels == 0, "its failures are counted");
	histogram = dbops_statements_histogram(&copy, PHASE_EXEC);
	ok(histogram->nbuckets == 1 && histogram->buckets[0].count == 2 &&
	       histogram->buckets[0].bucket == dbops_histogram_bucket_inline(MILLISECOND),
	   "its latencies are in their bucket");
	is_int(state_now().pages_used, 2, "a statement of even latencies takes two pages");
}

static void
test_epochs(void)
{
	uint32 epoch = dbops_statements_epoch();

	is_int(count_changed(epoch), 0, "nothing changed since the epoch began");
	run(2);
	is_int(count_changed(epoch), 1, "what ran since is found");
	is_int(count_changed(0), 2, "and all when all are asked for");
}

static void
test_full_table(void)
{
	StatementCopy copy;

	for (int i = 3; i <= CAPACITY; i++)
		run(i);
	is_int(state_now().not_admitted, 0, "as many statements as the capacity find room");
	run(CAPACITY + 1);
	ok(!find(CAPACITY + 1, &copy), "the next one does not");
	is_int(state_now().not_admitted, 2, "and its planning and execution are counted as such");
	run(1);
	find(1, &copy);
	is_int(copy.calls, 3, "a statement that has its place goes on counting");
}

static void
test_eviction(void)
{
	StatementCopy copy;
	int64 pages = state_now().pages_used;

	/* All but 11 to 20 run again later. */
	dbops_statements_epoch();
	for (int i = 1; i <= CAPACITY; i++)
	{
		if (i <= 10 || i > 20)
			run(i);
	}
	now += MINUTE;
	is_int(dbops_statements_evict(MINUTE), 5, "a full table gives up a share");
	is_int(count_changed(0), CAPACITY - 5, "which is not listed any more");
	ok(find(1, &copy) && find(10, &copy) && find(21, &copy) && find(CAPACITY, &copy),
	   "those that ran lately stay");
	is_int(state_now().pages_used, pages, "pages are kept in quarantine");
	run(CAPACITY + 1);
	ok(!find(CAPACITY + 1, &copy), "and so is the place");

	now += MINUTE;
	dbops_statements_evict(MINUTE);
	is_int(state_now().pages_used, pages - 2 * 5, "after the quarantine pages are free again");
	run(CAPACITY + 1);
	ok(find(CAPACITY + 1, &copy) && copy.calls == 1 && copy.errors == 0,
	   "and a newcomer finds a clean place");
	ok(dbops_statements_histogram(&copy, PHASE_EXEC)->buckets[0].count == 1,
	   "with a clean histogram");
}

static void
test_return(void)
{
	StatementCopy copy;
	int missing = 0;
	int wrong = 0;

	/* Those evicted come back, though this session still has their old slots in its cache. */
	for (int i = 11; i <= 20; i++)
	{
		bool present = find(i, &copy);
		int64 calls = present ? copy.calls : 0;

		run(i);
		if (!find(i, &copy))
			missing++;
		else
			wrong += copy.calls != calls + 1;
	}
	is_int(wrong, 0, "a statement that returns begins at zero");
	ok(missing > 0, "or waits while there is no room");
	for (int i = 0; i < 20; i++)
	{
		now += MINUTE;
		dbops_statements_evict(MINUTE);
		for (int k = 0; k < CAPACITY; k++)
			run(1000 + i * CAPACITY + k);
	}
	ok(count_changed(0) <= CAPACITY && state_now().used <= CAPACITY,
	   "after much coming and going the table is no larger than it was");
	is_int(state_now().pages_used, 2 * state_now().used, "and no page is lost");
	is_int(state_now().pages_exhausted, 0, "nor missed");
}

/* All the places are taken, by statements that run now. */
static void
fill(uint64 first)
{
	int evicted;

	/* Until no place is in quarantine. */
	do
	{
		now += MINUTE;
		evicted = dbops_statements_evict(MINUTE);
		for (int i = 0; i < 2 * CAPACITY; i++)
			run(first + i);
	} while (evicted > 0);
	dbops_statements_epoch();
	now += MINUTE;
}

static int
count_from(uint64 first)
{
	StatementScan scan = {0};
	StatementCopy copy;
	int count = 0;

	while (dbops_statements_next(&scan, &copy))
		count += copy.key.queryid >= first;
	return count;
}

static void
test_unread(void)
{
	int newcomers;

	fill(5000);
	dbops_statements_note_read(now - 1);
	is_int(dbops_statements_evict(MINUTE), 0, "what a reader has not read yet stays");
	dbops_statements_note_read(now + 1);
	now += MINUTE;
	ok(dbops_statements_evict(MINUTE) > 0, "once it has, it may go");
	fill(6000);
	newcomers = count_from(6000);
	ok(newcomers > 0 && dbops_statements_evict(MINUTE) > 0 && count_from(6000) == newcomers,
	   "but not what ran since");
	dbops_statements_note_read(0);
	ok(dbops_statements_evict(MINUTE) > 0, "nor does it wait for a reader that is gone");
}

int
main(void)
{
	dbops_statements_shmem_init();
	test_counts();
	test_epochs();
	test_full_table();
	test_eviction();
	test_return();
	test_unread();
	return tap_done();
}
