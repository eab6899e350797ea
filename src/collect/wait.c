/*
 * collect/wait.c
 *		The family "wait": what sessions were doing and waiting for, by statement.
 *
 * The sampler looks at all sessions far more often than it samples; what the looks see is counted
 * in its own memory until the next sample.  A session between transactions is not counted, nor is a
 * process of the server that has nothing to do.  Events are kept by number while they are counted
 * and by name in the history: numbers differ by version and, for those of extensions, by start.
 *
 * Time is counted in whole intervals because looks fall on multiples of the interval, a little late
 * each: what counts is not the moment that a look was late but how many are due.  So the sum never
 * drifts, and looks counted at one interval need no rescaling when the setting changes.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "collect/blocking.h"
#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/session.h"
#include "collect/tally.h"
#include "collect/wait.h"
#include "core/clock.h"
#include "store/frame.h"

#define TALLY_CAPACITY 8192
#define TALLY_RESERVE 1024

/* Who blocks whom is looked at this often at most: it takes locks of the server. */
#define BLOCKING_US (100 * INT64CONST(1000))

enum
{
	LABEL_DATID,
	LABEL_USERID,
	LABEL_QUERYID,
	LABEL_STATE,
	LABEL_EVENT_TYPE, /* in the tally: number of the event */
	LABEL_EVENT,      /* in the tally: 0 */
	WAIT_NLABELS
};

enum
{
	WAIT_SAMPLES,
	WAIT_SESSION_SECONDS,
	WAIT_PEAK_SESSIONS,
	WAIT_NMETRICS
};

static const Label labels[] = {
    [LABEL_DATID] = LABEL_OF_DATABASE("Database; 0 for processes that are in none"),
    [LABEL_USERID] = LABEL_OF_ROLE("Role that logged in; 0 for processes of the server"),
    [LABEL_QUERYID] =
        LABEL_OF_STATEMENT("Top-level statement, the last one when idle in a transaction; 0 "
                           "unknown, -1 others, when there were too many"),
    [LABEL_STATE] =
        LABEL_OF_WORDS("state", dbops_session_state_words,
                       "What the session was doing, or which process of the server it is"),
    [LABEL_EVENT_TYPE] = LABEL("wait_event_type", LABEL_TEXT, NAMES_NONE,
                               "What kind of thing it waited for; CPU when for nothing"),
    [LABEL_EVENT] =
        LABEL("wait_event", LABEL_TEXT, NAMES_NONE, "What it waited for; CPU when for nothing"),
};

static const Metric metrics[] = {
    [WAIT_SAMPLES] = COUNT(1, "samples", "Sessions seen so, summed over all looks"),
    [WAIT_SESSION_SECONDS] = {2, "session_seconds", METRIC_COUNTER, "seconds", 0.001,
                              ROLLUP_DEFAULT, "Time spent so, summed over sessions"},
    [WAIT_PEAK_SESSIONS] =
        GAUGE(3, "peak_sessions", "", ROLLUP_MAX, "Most sessions that one look saw so"),
};

static const Derived derived[] = {
    {"sessions", DERIVED_SHARE, 1, {"session_seconds"}, {NULL}, "", "Mean number of sessions so"},
};

StaticAssertDecl(lengthof(labels) == WAIT_NLABELS, "each label has its place");
StaticAssertDecl(lengthof(metrics) == WAIT_NMETRICS, "each metric has its place");

static Tally *tally = NULL;
static LookState state;
static int64 looked_us;       /* until when time has been given to looks; 0: not at all */
static int64 blocking_due_us; /* time that no look at blockers has stood for yet */

/* The time that a look stands for now. */
static int64
take_time(int interval_ms)
{
	int64 interval_us = interval_ms * INT64CONST(1000);
	int64 now_us = dbops_clock_monotonic_us();
	int64 time_us;

	if (looked_us == 0)
		looked_us = now_us - interval_us;
	time_us = (now_us - looked_us + interval_us / 2) / interval_us * interval_us;
	looked_us += time_us;
	return time_us;
}

/* What finds no room counts with the other statements of its database and role, or of all. */
static void
count_session(const Session *session)
{
	EntityKey key = {
	    {session->datid, session->userid, session->queryid, session->state, session->wait}};

	if (dbops_tally_add(tally, &key, false) != NULL)
		return;
	state.lumped++;
	key.num[LABEL_QUERYID] = WAIT_OTHER_STATEMENTS;
	if (dbops_tally_add(tally, &key, true) != NULL)
		return;
	key.num[LABEL_DATID] = key.num[LABEL_USERID] = 0;
	dbops_tally_add(tally, &key, true);
}

void
dbops_wait_look(int interval_ms)
{
	int64 time_us = take_time(interval_ms);
	int nslots = dbops_session_slots();
	bool blocking;

	if (tally == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		tally = dbops_tally_create(TALLY_CAPACITY, TALLY_RESERVE);
		MemoryContextSwitchTo(old);
	}
	state.taken++;
	dbops_tally_begin_look(tally, time_us);
	blocking_due_us += time_us;
	blocking = blocking_due_us >= BLOCKING_US;
	if (blocking)
	{
		dbops_blocking_begin_look(blocking_due_us);
		blocking_due_us = 0;
	}
	for (int slot = 0; slot < nslots; slot++)
	{
		Session session;

		if (!dbops_session_read_busy(slot, &session))
			continue;
		count_session(&session);
		if (blocking && dbops_session_waits_for_lock(&session))
			dbops_blocking_see(&session);
	}
}

void
dbops_wait_pause(void)
{
	looked_us = 0;
	blocking_due_us = 0;
}

void
dbops_wait_looks(LookState *looks)
{
	*looks = state;
}

/* ---- the family ---- */

/* An entry under the names of its event: several numbers can have one. */
typedef struct Named
{
	EntityKey key;
	const char *texts[2];
	const TallyEntry *entry;
} Named;

static int
compare_named(const void *a, const void *b)
{
	return dbops_entity_compare(&((const Named *) a)->key, &((const Named *) b)->key);
}

static Named
name_entry(const TallyEntry *entry)
{
	uint32 event = (uint32) entry->key.num[LABEL_EVENT_TYPE];
	Named named = {.key = entry->key, .texts = {"CPU", "CPU"}, .entry = entry};

	if (event != 0)
	{
		named.texts[0] = pgstat_get_wait_event_type(event);
		named.texts[1] = pgstat_get_wait_event(event);
	}
	named.key.num[LABEL_EVENT_TYPE] = dbops_entity_hash(named.texts[0]);
	named.key.num[LABEL_EVENT] = dbops_entity_hash(named.texts[1]);
	return named;
}

static void
add_entry(int64 *values, const TallyEntry *entry)
{
	values[WAIT_SAMPLES] += entry->samples;
	values[WAIT_SESSION_SECONDS] += entry->time_us / 1000;
	values[WAIT_PEAK_SESSIONS] += entry->most;
}

static void
read_waits(Frame *frame)
{
	TallyEntry *entries;
	int nentries = tally == NULL ? 0 : dbops_tally_entries(tally, &entries);
	Named *named = palloc(sizeof(Named) * (nentries + 1));
	int64 *values = NULL;
	int n = 0;

	for (int i = 0; i < nentries; i++)
	{
		if (entries[i].seen)
			named[n++] = name_entry(&entries[i]);
	}
	qsort(named, n, sizeof(Named), compare_named);
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || compare_named(&named[i - 1], &named[i]) != 0)
		{
			values = dbops_frame_add_texts(frame, &named[i].key, named[i].texts);
			memset(values, 0, sizeof(int64) * WAIT_NMETRICS);
		}
		add_entry(values, named[i].entry);
	}
	pfree(named);
	if (tally != NULL)
		dbops_tally_sweep(tally);
}

const Family dbops_family_wait = {
    .id = 12,
    .name = "wait",
    .help =
        "What sessions were doing and waiting for, by statement; seen every dbops.wait_interval",
    .cadence = CADENCE_NARROW,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .sampler_only = true,
    .read = read_waits,
};
