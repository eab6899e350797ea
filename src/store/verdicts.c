/*
 * store/verdicts.c
 *		The board of verdicts; see verdicts.h.
 */
#include "postgres.h"

#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "core/compat.h"
#include "store/verdicts.h"

typedef struct Board
{
	LWLock lock;
	TimestampTz at;
	int nverdicts;
	Verdict verdicts[VERDICTS_MAX];
} Board;

static Board *board = NULL;

const char *const dbops_verdict_words[] = {
    [VERDICT_OK] = "ok",
    [VERDICT_UNKNOWN] = "unknown",
    [VERDICT_WARNING] = "warning",
    [VERDICT_CRITICAL] = "critical",
    NULL,
};

Size
dbops_verdicts_shmem_size(void)
{
	return MAXALIGN(sizeof(Board));
}

void
dbops_verdicts_shmem_init(void)
{
	bool found;

	board = ShmemInitStruct("dbops verdicts", dbops_verdicts_shmem_size(), &found);
	if (found)
		return;
	LWLockInitialize(&board->lock, dbops_compat_new_tranche("dbops_verdicts"));
	board->at = 0;
	board->nverdicts = 0;
}

void
dbops_verdicts_publish(const Verdict *verdicts, int nverdicts, TimestampTz at)
{
	LWLockAcquire(&board->lock, LW_EXCLUSIVE);
	board->nverdicts = Min(nverdicts, VERDICTS_MAX);
	memcpy(board->verdicts, verdicts, sizeof(Verdict) * board->nverdicts);
	board->at = at;
	LWLockRelease(&board->lock);
}

Verdict *
dbops_verdicts_copy(int *nverdicts, TimestampTz *at)
{
	Verdict *copy;

	if (board == NULL)
		return NULL;
	copy = palloc(sizeof(Verdict) * VERDICTS_MAX);
	LWLockAcquire(&board->lock, LW_SHARED);
	*nverdicts = board->nverdicts;
	memcpy(copy, board->verdicts, sizeof(Verdict) * board->nverdicts);
	*at = board->at;
	LWLockRelease(&board->lock);
	return copy;
}

int
dbops_verdicts_score(const Verdict *verdicts, int nverdicts, Oid datid)
{
	VerdictStatus worst = VERDICT_OK;
	bool known = false;
	int score = 100;

	for (int i = 0; i < nverdicts; i++)
	{
		const Verdict *verdict = &verdicts[i];

		known = known || verdict->status != VERDICT_UNKNOWN;
		if (OidIsValid(datid) && verdict->datid != datid)
			continue;
		worst = Max(worst, verdict->status);
		score -= OidIsValid(datid) ? verdict->database_points : verdict->points;
	}
	if (!known)
		return -1;
	if (worst == VERDICT_CRITICAL)
		score = Min(score, SCORE_MOST_WITH_CRITICAL);
	return Max(score, 0);
}
