/*
 * judge/recovery_windows.c
 *		Times that can be gone back to; see recovery_windows.h.
 */
#include "postgres.h"

#include "judge/recovery_windows.h"

/* Where a walk over WAL has come to. */
typedef struct Walk
{
	TimeLineID timeline;
	XLogRecPtr at;
} Walk;

/* The place of a timeline in the list of those that were left; nleft if it is not in it. */
static int
find_left(const WindowFacts *facts, TimeLineID timeline)
{
	int i = 0;

	while (i < facts->nleft && facts->left[i].timeline != timeline)
		i++;
	return i;
}

/* The hole that follows on a position, or has it within. */
static const WalHole *
find_hole(const WindowFacts *facts, const Walk *walk)
{
	const WalHole *first = NULL;

	for (int i = 0; i < facts->nholes; i++)
	{
		const WalHole *hole = &facts->holes[i];

		if (hole->timeline == walk->timeline &&
		    (hole->end == InvalidXLogRecPtr || hole->end > walk->at) &&
		    (first == NULL || hole->start < first->start))
			first = hole;
	}
	return first;
}

/* How far a piece leads on; not at all when it does not have the position. */
static XLogRecPtr
lead_on(const WindowFacts *facts, const WalPiece *piece, const Walk *walk)
{
	const WalHole *hole = piece->archived ? find_hole(facts, walk) : NULL;

	if (piece->timeline != walk->timeline || piece->start > walk->at || piece->end <= walk->at)
		return walk->at;
	if (hole == NULL)
		return piece->end;
	return Max(walk->at, Min(piece->end, hole->start));
}

/* As far as WAL of its timeline leads, up to `limit`. */
static void
walk_timeline(const WindowFacts *facts, Walk *walk, XLogRecPtr limit)
{
	XLogRecPtr before;

	do
	{
		before = walk->at;
		for (int i = 0; i < facts->npieces && walk->at < limit; i++)
			walk->at = Min(Max(lead_on(facts, &facts->pieces[i], walk), walk->at), limit);
	} while (walk->at > before);
}

/* The first segment of the next timeline has all of the last one of this. */
static bool
leads_over(const WindowFacts *facts, const Walk *walk, const LeftTimeline *left)
{
	return walk->at >= left->at - left->at % facts->segment_size && walk->at <= left->at;
}

/* Along the timelines that led to the current one. */
static void
walk_to_now(const WindowFacts *facts, Walk *walk)
{
	for (int i = find_left(facts, walk->timeline); i < facts->nleft; i++)
	{
		const LeftTimeline *left = &facts->left[i];

		if (walk->at > left->at)
			break;
		walk_timeline(facts, walk, left->at);
		if (!leads_over(facts, walk, left))
			return;
		walk->timeline = i + 1 < facts->nleft ? facts->left[i + 1].timeline : facts->timeline;
	}
	walk_timeline(facts, walk, PG_UINT64_MAX);
}

/* Of receivers alone, or of whatever there is. */
static bool
has_wal_behind(const WindowFacts *facts, const Walk *walk, bool received)
{
	for (int i = 0; i < facts->npieces; i++)
	{
		const WalPiece *piece = &facts->pieces[i];

		if (piece->timeline == walk->timeline && piece->end > walk->at &&
		    !(received && piece->archived))
			return true;
	}
	return false;
}

/* A receiver takes on what comes behind. */
static bool
is_received(const WindowFacts *facts, const Walk *walk)
{
	for (int i = 0; i < facts->npieces; i++)
	{
		const WalPiece *piece = &facts->pieces[i];

		if (piece->timeline == walk->timeline && piece->grows && piece->end == walk->at)
			return true;
	}
	return false;
}

/* On the current timeline, with nothing behind. */
static WindowEnd
explain_last(const WindowFacts *facts, TimeLineID timeline)
{
	WindowEnd end = WINDOW_NO_WAL;

	for (int i = 0; i < facts->npieces; i++)
	{
		if (facts->pieces[i].timeline != timeline)
			continue;
		if (facts->pieces[i].archived)
			return WINDOW_GOES_ON;
		end = WINDOW_STOPPED;
	}
	return end;
}

/* Why a walk came no further. */
static WindowEnd
explain_end(const WindowFacts *facts, const Walk *walk, const char **kind)
{
	const WalHole *hole = find_hole(facts, walk);
	int left = find_left(facts, walk->timeline);

	if (left < facts->nleft ? walk->at > facts->left[left].at : walk->timeline != facts->timeline)
		return WINDOW_BRANCH;
	if (has_wal_behind(facts, walk, true))
		return WINDOW_GAP;
	if (is_received(facts, walk))
		return WINDOW_GOES_ON;
	if (hole != NULL && hole->start <= walk->at)
	{
		*kind = hole->kind;
		return WINDOW_HOLE;
	}
	if (has_wal_behind(facts, walk, false))
		return WINDOW_GAP;
	if (left < facts->nleft)
		return WINDOW_UNKNOWN;
	return explain_last(facts, walk->timeline);
}

/* Adds it to the window that ends there, or makes that. */
static void
add_window(RecoveryWindow *windows, int *count, const RecoveryWindow *new)
{
	RecoveryWindow *window = NULL;

	for (int i = 0; i < *count && window == NULL; i++)
	{
		if (windows[i].timeline == new->timeline &&
		    windows[i].to == new->to &&windows[i].end == new->end)
			window = &windows[i];
	}
	if (window == NULL)
	{
		windows[(*count)++] = *new;
		return;
	}
	window->backups += new->backups;
	window->last_backup_at = Max(window->last_backup_at, new->last_backup_at);
	if (new->from >= window->from)
		return;
	window->from = new->from;
	window->from_at = new->from_at;
}

static void
add_backup(const WindowFacts *facts, const KeptBackup *backup, RecoveryWindow *windows, int *count)
{
	Walk walk = {.timeline = backup->timeline, .at = backup->stop};
	RecoveryWindow window = {.from = backup->stop,
	                         .from_at = backup->ended_at,
	                         .last_backup_at = backup->ended_at,
	                         .backups = 1};

	walk_to_now(facts, &walk);
	window.end = explain_end(facts, &walk, &window.kind);
	window.timeline = walk.timeline;
	window.to = walk.at;
	add_window(windows, count, &window);
}

/* What a backup from before a timeline was left leads to behind that. */
static void
add_branch(const WindowFacts *facts, const KeptBackup *backup, RecoveryWindow *windows, int *count)
{
	int i = find_left(facts, backup->timeline);
	Walk walk = {.timeline = backup->timeline, .at = backup->stop};

	if (i == facts->nleft || backup->stop > facts->left[i].at)
		return;
	walk_timeline(facts, &walk, PG_UINT64_MAX);
	if (walk.at > facts->left[i].at)
		add_window(windows, count,
		           &(RecoveryWindow){.timeline = walk.timeline,
		                             .from = facts->left[i].at,
		                             .to = walk.at,
		                             .backups = 1,
		                             .end = WINDOW_BRANCH});
}

static int
compare_windows(const void *a, const void *b)
{
	const RecoveryWindow *left = a;
	const RecoveryWindow *right = b;

	if (left->to != right->to)
		return left->to < right->to ? -1 : 1;
	return left->timeline < right->timeline ? -1 : left->timeline > right->timeline;
}

RecoveryWindow *
dbops_recovery_windows_find(const WindowFacts *facts, int *count)
{
	RecoveryWindow *windows = palloc(sizeof(RecoveryWindow) * (2 * facts->nbackups + 1));

	*count = 0;
	for (int i = 0; i < facts->nbackups; i++)
	{
		add_backup(facts, &facts->backups[i], windows, count);
		add_branch(facts, &facts->backups[i], windows, count);
	}
	qsort(windows, *count, sizeof(RecoveryWindow), compare_windows);
	return windows;
}
