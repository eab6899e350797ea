/*
 * collect/blocking.c
 *		The family "blocking": which statements kept which others waiting for locks.
 *
 * A file of its own beside the waits because its entities are pairs, and because finding the other
 * one of a pair takes locks of the server (collect/blockers.h).  A session counts once for each
 * that holds its lock, or, if nobody does, for each that waits for it ahead; the root of a chain is
 * the one whose state is not "blocked".
 */
#include "postgres.h"

#include "storage/proc.h"
#include "utils/memutils.h"

#include "collect/blockers.h"
#include "collect/blocking.h"
#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/tally.h"
#include "collect/wait.h"
#include "core/clock.h"
#include "store/frame.h"

#define TALLY_CAPACITY 2048
#define TALLY_RESERVE 256

enum
{
	LABEL_DATID,
	LABEL_RELID,
	LABEL_QUERYID,
	LABEL_BLOCKER_QUERYID,
	LABEL_BLOCKER_STATE,
	LABEL_LOCK_TYPE,
	BLOCKING_NLABELS
};

enum
{
	BLOCKING_SAMPLES,
	BLOCKING_SECONDS,
	BLOCKING_PEAK_SESSIONS,
	BLOCKING_LONGEST_MS,
	BLOCKING_MODE,
	BLOCKING_NMETRICS
};

static const Label labels[] = {
    [LABEL_DATID] = LABEL_OF_DATABASE("Database of who waited"),
    [LABEL_RELID] =
        LABEL_OF_RELATION("Relation that the lock is about, if any: for a row its table"),
    [LABEL_QUERYID] =
        LABEL_OF_STATEMENT("Statement that waited; 0 unknown, -1 others, when there were too many"),
    [LABEL_BLOCKER_QUERYID] =
        LABEL("blocker_queryid", LABEL_INT8, NAMES_NONE,
              "Statement that the one in the way ran, or had run last; 0 unknown, -1 others"),
    [LABEL_BLOCKER_STATE] =
        LABEL_OF_WORDS("blocker_state", dbops_session_state_words,
                       "What the one in the way was doing; blocked: it waited for a lock itself"),
    [LABEL_LOCK_TYPE] = LABEL_OF_WORDS("locktype", dbops_blockers_lock_words,
                                       "Kind of the lock; transactionid: a row that it changed"),
};

static const Metric metrics[] = {
    [BLOCKING_SAMPLES] = COUNT(1, "samples", "Times that a look saw it"),
    [BLOCKING_SECONDS] = {2, "blocked_seconds", METRIC_COUNTER, "seconds", 0.001, ROLLUP_DEFAULT,
                          "Time spent waiting, summed over sessions"},
    [BLOCKING_PEAK_SESSIONS] =
        GAUGE(3, "peak_sessions", "", ROLLUP_MAX, "Most sessions that waited so at once"),
    [BLOCKING_LONGEST_MS] =
        LONGEST_MS(4, "longest_ms", "Longest time that one had waited when seen"),
    [BLOCKING_MODE] = {5, "mode", METRIC_GAUGE, "", 0, ROLLUP_MAX,
                       "Mode in which the lock was wanted, the strongest",
                       .words = dbops_blockers_mode_words},
};

static const Derived derived[] = {
    {"sessions",
     DERIVED_SHARE,
     1,
     {"blocked_seconds"},
     {NULL},
     "",
     "Mean number of sessions that waited so"},
};

StaticAssertDecl(lengthof(labels) == BLOCKING_NLABELS, "each label has its place");
StaticAssertDecl(lengthof(metrics) == BLOCKING_NMETRICS, "each metric has its place");

static Tally *tally = NULL;

void
dbops_blocking_begin_look(int64 time_us)
{
	if (tally == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		tally = dbops_tally_create(TALLY_CAPACITY, TALLY_RESERVE);
		MemoryContextSwitchTo(old);
	}
	dbops_tally_begin_look(tally, time_us);
}

/* Fills the blocker's labels. */
static void
describe_blocker(const Blocker *blocker, EntityKey *key)
{
	int slot = dbops_session_slot_of(blocker->proc);
	const SessionProcess *process = slot < 0 ? NULL : dbops_session_process(slot);
	Session session;

	if (process == NULL || process->pid != blocker->pid ||
	    !dbops_session_read(slot, process, &session))
	{
		key->num[LABEL_BLOCKER_STATE] = blocker->pid == 0 ? SESSION_PREPARED : SESSION_STARTING;
		return;
	}
	key->num[LABEL_BLOCKER_QUERYID] = session.queryid;
	key->num[LABEL_BLOCKER_STATE] =
	    dbops_session_waits_for_lock(&session) ? SESSION_BLOCKED : session.state;
}

static void
count_pair(EntityKey *key, const Blocked *blocked)
{
	TallyEntry *entry = dbops_tally_add(tally, key, false);

	if (entry == NULL)
	{
		key->num[LABEL_QUERYID] = WAIT_OTHER_STATEMENTS;
		key->num[LABEL_BLOCKER_QUERYID] = WAIT_OTHER_STATEMENTS;
		entry = dbops_tally_add(tally, key, true);
	}
	if (entry == NULL)
		return;
	if (blocked->since != 0)
		entry->longest = Max(entry->longest, dbops_clock_now() - blocked->since);
	entry->highest = Max(entry->highest, blocked->mode);
}

void
dbops_blocking_see(const Session *waiter)
{
	Blocked blocked;
	Oid relid;

	if (!dbops_blockers_find(waiter->proc, BLOCKERS_TRY, &blocked) || blocked.nblockers == 0)
		return;
	relid = dbops_blockers_relation(&blocked, BLOCKERS_TRY);
	for (int i = 0; i < blocked.nblockers; i++)
	{
		EntityKey key = {{0}};

		/* Those who hold it come first. */
		if (blocked.blockers[0].holds && !blocked.blockers[i].holds)
			break;
		key.num[LABEL_DATID] = waiter->datid;
		key.num[LABEL_RELID] = relid;
		key.num[LABEL_QUERYID] = waiter->queryid;
		key.num[LABEL_LOCK_TYPE] = blocked.tag.locktag_type;
		describe_blocker(&blocked.blockers[i], &key);
		count_pair(&key, &blocked);
	}
}

static void
read_blocking(Frame *frame)
{
	TallyEntry *entries;
	int nentries = tally == NULL ? 0 : dbops_tally_entries(tally, &entries);

	for (int i = 0; i < nentries; i++)
	{
		const TallyEntry *entry = &entries[i];
		int64 *values;

		if (!entry->seen)
			continue;
		values = dbops_frame_add(frame, &entry->key, NULL);
		values[BLOCKING_SAMPLES] = entry->samples;
		values[BLOCKING_SECONDS] = entry->time_us / 1000;
		values[BLOCKING_PEAK_SESSIONS] = entry->most;
		values[BLOCKING_LONGEST_MS] = entry->longest;
		values[BLOCKING_MODE] = entry->highest;
	}
	if (tally != NULL)
		dbops_tally_sweep(tally);
}

const Family dbops_family_blocking = {
    .id = 13,
    .name = "blocking",
    .help = "Which statements kept which others waiting for locks; seen every dbops.wait_interval",
    .cadence = CADENCE_NARROW,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .sampler_only = true,
    .read = read_blocking,
};
