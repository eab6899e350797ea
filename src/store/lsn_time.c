/*
 * store/lsn_time.c
 *		The time of an LSN; see lsn_time.h.
 *
 * One process writes the curve, the sampler.  Readers take no lock: they look at a counter before
 * and after, which is odd while the sampler writes, and try again if it moved.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "catalog/pg_control.h"
#include "common/controldata_utils.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "store/history.h"
#include "store/lsn_time.h"
#include "store/registry.h"
#include "store/upstream.h"

/* A little less than the sampler's pause, so that none is left out. */
#define NOTE_EVERY_US (900 * INT64CONST(1000))

/* Between two looks at two clocks a process may lose its CPU for a while. */
#define SET_BACK_LEAST_US USECS_PER_SEC

/* A standby that gives WAL on later than this is not looked for in the primary's history. */
#define LONGEST_DELAY_US USECS_PER_DAY

/* WAL is counted over this time, and not below the second. */
#define RATE_OVER_US (10 * USECS_PER_MINUTE)
#define RATE_LEAST_US USECS_PER_SEC

/* Unlucky readers pause. */
#define TRIES_WITHOUT_PAUSE 100
#define PAUSE_US 100

typedef struct LsnTime
{
	pg_atomic_uint64 changes; /* odd while the curve changes */
	int64 noted_us;           /* when, by the monotonic clock; 0: never */
	TimestampTz noted_at;     /* and by the wall clock */
	bool of_upstream;         /* the latest point is of another server, by its clock */
	LsnCurve curve;
} LsnTime;

/* The position that counts as the latest, as it stands. */
typedef struct Present
{
	bool in_recovery;
	bool current;    /* nothing newer exists, as far as anybody can know */
	LsnPoint point;  /* no point if it is not known at all */
	LsnPoint replay; /* on a standby: replayed so far, with the time of the last commit in it */
	XLogRecPtr end;  /* what is beyond is ahead of the present */
	TimestampTz now; /* by the clock that tells the points */
} Present;

static LsnTime *shared = NULL;

Size
dbops_lsn_time_shmem_size(void)
{
	return MAXALIGN(sizeof(LsnTime));
}

void
dbops_lsn_time_shmem_init(void)
{
	bool found;

	shared = ShmemInitStruct("dbops LSN times", dbops_lsn_time_shmem_size(), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(*shared));
	pg_atomic_init_u64(&shared->changes, 0);
}

/* ---- the present ---- */

static void
look_at_standby(Present *present, const UpstreamMessage *message)
{
	TimestampTz now = dbops_clock_now();
	TimestampTz committed_at = GetLatestXTime();
	LsnPoint *point = &present->point;

	present->now = now + dbops_upstream_ahead_us();
	present->replay.lsn = GetXLogReplayRecPtr(&present->replay.timeline);
	present->replay.first_at = committed_at;
	present->replay.last_at = committed_at;
	present->end = Max(message->end, present->replay.lsn);
	if (message->end != InvalidXLogRecPtr && message->end >= present->replay.lsn)
	{
		*point = (LsnPoint){.lsn = message->end,
		                    .first_at = message->end_at,
		                    .last_at = message->sent_at,
		                    .timeline = message->timeline};
		present->current = dbops_upstream_is_alive(message, now);
		if (present->current)
			point->last_at = Max(point->last_at, present->now);
	}
	else if (committed_at != 0)
		*point = present->replay;
}

static void
look_at_primary(Present *present)
{
	LsnPoint *point = &present->point;

	present->now = dbops_clock_now();
	present->current = true;
	point->first_at = present->now;
	point->last_at = present->now;
	point->lsn = GetFlushRecPtr(&point->timeline);
	present->end = Max(GetXLogInsertRecPtr(), point->lsn);
}

static Present
look(void)
{
	Present present = {.in_recovery = RecoveryInProgress()};
	UpstreamMessage message;

	if (present.in_recovery)
	{
		message = dbops_upstream_message();
		look_at_standby(&present, &message);
	}
	else
		look_at_primary(&present);
	return present;
}

/* ---- the curve in shared memory ---- */

static void
add(const LsnPoint *point, int64 set_back_us)
{
	pg_atomic_fetch_add_u64(&shared->changes, 1);
	dbops_lsn_curve_add(&shared->curve, point, set_back_us);
	pg_atomic_fetch_add_u64(&shared->changes, 1);
}

static void
note_standby(void)
{
	UpstreamMessage message = dbops_upstream_message();
	int64 set_back_us = dbops_upstream_note(&message);
	const LsnCurve *curve = &shared->curve;
	Present present = {0};

	look_at_standby(&present, &message);
	/* Without a living connection, a position that is known says nothing new. */
	if (present.point.lsn != InvalidXLogRecPtr &&
	    (present.current || curve->count == 0 ||
	     present.point.lsn > curve->points[curve->count - 1].lsn))
		add(&present.point, set_back_us);
	shared->of_upstream = true;
}

/*
 * Before the first look, the last checkpoint: a slot keeps WAL from there on, and at a start
 * nothing has been written since.
 */
static void
note_checkpoint(void)
{
	bool is_whole;
	ControlFileData *control = get_controlfile(DataDir, &is_whole);
	const CheckPoint *checkpoint = &control->checkPointCopy;
	TimestampTz at = time_t_to_timestamptz(checkpoint->time);

	if (is_whole)
		add(&(LsnPoint){.lsn = checkpoint->redo,
		                .important = checkpoint->redo,
		                .first_at = at,
		                .last_at = at,
		                .next_xid = U64FromFullTransactionId(checkpoint->nextXid),
		                .timeline = checkpoint->ThisTimeLineID},
		    0);
	pfree(control);
}

static void
note_primary(int64 now_us)
{
	Present present = {0};
	int64 set_back_us = 0;

	if (shared->curve.count == 0)
		note_checkpoint();
	look_at_primary(&present);
	present.point.important = GetLastImportantRecPtr();
	present.point.next_xid = U64FromFullTransactionId(ReadNextFullTransactionId());
	if (shared->of_upstream)
		set_back_us = dbops_upstream_ahead_us();
	else if (shared->noted_us != 0)
	{
		set_back_us = shared->noted_at + (now_us - shared->noted_us) - present.now;
		if (set_back_us < SET_BACK_LEAST_US)
			set_back_us = 0;
	}
	add(&present.point, set_back_us);
	shared->noted_at = present.now;
	shared->of_upstream = false;
}

void
dbops_lsn_time_note(void)
{
	int64 now_us = dbops_clock_monotonic_us();

	if (shared == NULL || (shared->noted_us != 0 && now_us - shared->noted_us < NOTE_EVERY_US))
		return;
	if (RecoveryInProgress())
		note_standby();
	else
		note_primary(now_us);
	shared->noted_us = now_us;
}

/* Begins a look at the curve: the counter to compare with when it is done. */
static uint64
begin_look(int tries)
{
	uint64 changes;

	CHECK_FOR_INTERRUPTS();
	if (tries > TRIES_WITHOUT_PAUSE)
		pg_usleep(PAUSE_US);
	changes = pg_atomic_read_u64(&shared->changes);
	pg_read_barrier();
	return changes;
}

static bool
end_look(uint64 changes)
{
	pg_read_barrier();
	return changes % 2 == 0 && changes == pg_atomic_read_u64(&shared->changes);
}

static void
find_in_curve(LsnBracket *bracket)
{
	LsnBracket found;
	uint64 changes;
	int tries = 0;

	do
	{
		changes = begin_look(tries++);
		found = *bracket;
		dbops_lsn_curve_find(&shared->curve, &found);
	} while (!end_look(changes));
	*bracket = found;
}

LsnPoint *
dbops_lsn_time_points(int *count)
{
	LsnPoint *points = palloc(sizeof(LsnPoint) * LSN_CURVE_POINTS);
	uint64 changes;
	int tries = 0;

	*count = 0;
	if (shared == NULL)
		return points;
	do
	{
		changes = begin_look(tries++);
		*count = Max(0, Min(shared->curve.count, LSN_CURVE_POINTS));
		memcpy(points, shared->curve.points, sizeof(LsnPoint) * *count);
	} while (!end_look(changes));
	return points;
}

/* ---- the history ---- */

/* Narrows the bracket by the rows of a time range: those of the node that was the primary. */
static void
narrow_by_rows(LsnBracket *bracket, TimestampTz from, TimestampTz to, int64 step_us)
{
	const Family *family = dbops_registry_by_name("server");
	int wal_lsn = dbops_family_metric(family, "wal_lsn");
	int in_recovery = dbops_family_metric(family, "in_recovery");
	bool *wanted = palloc0(sizeof(bool) * family->nmetrics);
	HistoryQuery query = {
	    .family = family, .from = from, .to = to, .step_us = step_us, .wanted = wanted};
	HistoryScan *scan;
	const HistoryRow *row;

	wanted[wal_lsn] = true;
	wanted[in_recovery] = true;
	scan = dbops_history_begin(&query);
	while ((row = dbops_history_next(scan)) != NULL)
	{
		/* A row of many samples has the last one's value, from near its end. */
		LsnPoint point = {.first_at = row->at + row->step_us, .last_at = row->at + row->step_us};

		if (row->values[in_recovery] != 0 || row->values[wal_lsn] == FAMILY_NULL)
			continue;
		point.lsn = (XLogRecPtr) row->values[wal_lsn];
		dbops_lsn_bracket_narrow(bracket, &point);
	}
	dbops_history_end(scan);
	pfree(wanted);
}

/*
 * First by hours, which are few, then as stored between the two that enclose the LSN: not always in
 * that order, as the clock may have been set back between them.
 */
static void
narrow_by_history(LsnBracket *bracket, TimestampTz since)
{
	LsnBracket hours = {.lsn = bracket->lsn, .question = bracket->question};
	const LsnPoint *low = &hours.low;
	const LsnPoint *high = &hours.high;

	narrow_by_rows(&hours, since, DT_NOEND, USECS_PER_HOUR);
	if (low->lsn == InvalidXLogRecPtr && high->lsn == InvalidXLogRecPtr)
		return;
	if (low->lsn == InvalidXLogRecPtr)
		narrow_by_rows(bracket, high->first_at - USECS_PER_HOUR, high->first_at, 0);
	else if (high->lsn == InvalidXLogRecPtr)
		narrow_by_rows(bracket, low->last_at - USECS_PER_HOUR, DT_NOEND, 0);
	else
		narrow_by_rows(bracket, Min(low->last_at, high->first_at) - USECS_PER_HOUR,
		               Max(low->last_at, high->first_at), 0);
}

/* ---- answers ---- */

/* Behind another standby WAL arrives late; the primary's history knows better, if less finely. */
static TimestampTz
correct_by_history(const LsnBracket *history, TimestampTz at)
{
	if (history->high.lsn != InvalidXLogRecPtr)
		at = Min(at, history->high.first_at);
	if (history->low.lsn != InvalidXLogRecPtr)
		at = Max(at, history->low.last_at);
	return at;
}

static bool
answer_on_standby(const Present *present, LsnBracket *bracket, TimestampTz *at)
{
	LsnBracket history = {.lsn = bracket->lsn, .question = bracket->question};

	if (bracket->low.lsn != InvalidXLogRecPtr && dbops_lsn_bracket_answer(bracket, at))
	{
		narrow_by_history(&history, *at - LONGEST_DELAY_US);
		*at = correct_by_history(&history, *at);
		return true;
	}
	narrow_by_history(&history, DT_NOBEGIN);
	if (present->replay.first_at != 0)
		dbops_lsn_bracket_narrow(bracket, &present->replay);
	if (history.low.lsn != InvalidXLogRecPtr)
		dbops_lsn_bracket_narrow(bracket, &history.low);
	if (history.high.lsn != InvalidXLogRecPtr)
		dbops_lsn_bracket_narrow(bracket, &history.high);
	return dbops_lsn_bracket_answer(bracket, at);
}

/* By the points in shared memory, and by the history where there is one to look at. */
static bool
answer(const Present *present, LsnBracket *bracket, bool with_history, TimestampTz *at)
{
	find_in_curve(bracket);
	if (present->point.lsn != InvalidXLogRecPtr)
		dbops_lsn_bracket_narrow(bracket, &present->point);
	if (with_history && present->in_recovery)
		return answer_on_standby(present, bracket, at);
	if (with_history && bracket->low.lsn == InvalidXLogRecPtr)
		narrow_by_history(bracket, DT_NOBEGIN);
	return dbops_lsn_bracket_answer(bracket, at);
}

bool
dbops_lsn_time_reached(XLogRecPtr lsn, TimestampTz *at)
{
	Present present = look();
	LsnBracket bracket = {.lsn = lsn, .question = LSN_REACHED};

	if (lsn == InvalidXLogRecPtr || lsn > present.end)
		return false;
	/* Written and not flushed yet. */
	if (!present.in_recovery && lsn > present.point.lsn)
	{
		*at = present.now;
		return true;
	}
	return answer(&present, &bracket, true, at);
}

/* When what matters went beyond the LSN: not before it was last seen not to. */
static TimestampTz
skip_unimportant(XLogRecPtr lsn, TimestampTz passed_at)
{
	TimestampTz until = 0;
	TimestampTz found;
	uint64 changes;
	int tries = 0;

	do
	{
		changes = begin_look(tries++);
		until = dbops_lsn_curve_unimportant_until(&shared->curve, lsn, &found) ? found : passed_at;
	} while (!end_look(changes));
	return Max(passed_at, until);
}

static bool
find_age(XLogRecPtr lsn, bool with_history, int64 *age_us)
{
	Present present = look();
	LsnBracket bracket = {.lsn = lsn, .question = LSN_PASSED};
	TimestampTz passed_at;

	if (lsn == InvalidXLogRecPtr || present.point.lsn == InvalidXLogRecPtr)
		return false;
	if (lsn >= present.point.lsn)
		passed_at = present.current ? present.now : present.point.last_at;
	else if (!present.in_recovery && lsn > GetLastImportantRecPtr())
		passed_at = present.now;
	else if (!answer(&present, &bracket, with_history, &passed_at))
		return false;
	if (!present.in_recovery)
		passed_at = skip_unimportant(lsn, passed_at);
	*age_us = Max(0, present.now - passed_at);
	return true;
}

bool
dbops_lsn_time_age(XLogRecPtr lsn, int64 *age_us)
{
	return find_age(lsn, true, age_us);
}

bool
dbops_lsn_time_recent_age(XLogRecPtr lsn, int64 *age_us)
{
	return shared != NULL && find_age(lsn, false, age_us);
}

bool
dbops_lsn_time_transactions_since(XLogRecPtr lsn, int64 *transactions)
{
	LsnBracket bracket = {.lsn = lsn, .question = LSN_PASSED};
	Present present = {0};
	uint64 next_xid = U64FromFullTransactionId(ReadNextFullTransactionId());
	uint64 xid_then;

	if (shared == NULL || RecoveryInProgress() || lsn == InvalidXLogRecPtr)
		return false;
	look_at_primary(&present);
	present.point.next_xid = next_xid;
	find_in_curve(&bracket);
	dbops_lsn_bracket_narrow(&bracket, &present.point);
	if (lsn >= present.point.lsn)
		*transactions = 0;
	else if (dbops_lsn_bracket_xid(&bracket, &xid_then))
		*transactions = (int64) (next_xid - Min(xid_then, next_xid));
	else
		return false;
	return true;
}

bool
dbops_lsn_time_rate(double *bytes_per_second)
{
	int count;
	LsnPoint *points = dbops_lsn_time_points(&count);
	Present present = {0};
	int from = count - 1;
	int64 span_us;

	if (count == 0)
		return false;
	present = look();
	while (from > 0 && present.now - points[from].last_at < RATE_OVER_US)
		from--;
	span_us = present.now - points[from].first_at;
	if (present.now - points[from].last_at > RATE_OVER_US)
		span_us = present.now - points[from].last_at;
	if (span_us < RATE_LEAST_US || present.end < points[from].lsn)
		return false;
	*bytes_per_second =
	    (double) (present.end - points[from].lsn) * USECS_PER_SEC / (double) span_us;
	pfree(points);
	return true;
}
