/*
 * judge/sync_rule.c
 *		Whether commits get the confirmations they ask for; see sync_rule.h.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "replication/syncrep.h"
#include "storage/proc.h"

#include "core/clock.h"
#include "judge/sync_rule.h"
#include "store/lsn_time.h"

/* Without a lock, as a count of this moment: who waits says so himself. */
static void
count_waiters(SyncRule *rule)
{
	XLogRecPtr oldest = InvalidXLogRecPtr;
	TimestampTz committed_at;

	for (int i = 0; i < (int) ProcGlobal->allProcCount; i++)
	{
		const volatile PGPROC *proc = &ProcGlobal->allProcs[i];
		XLogRecPtr lsn = proc->waitLSN;

		if (proc->pid == 0 || proc->syncRepState != SYNC_REP_WAITING || lsn == InvalidXLogRecPtr)
			continue;
		rule->waiters++;
		if (oldest == InvalidXLogRecPtr || lsn < oldest)
			oldest = lsn;
	}
	/* It has waited since its commit was written. */
	if (oldest != InvalidXLogRecPtr && dbops_lsn_time_reached(oldest, &committed_at))
		rule->waiting_us = Max(0, dbops_clock_now() - committed_at);
}

void
dbops_sync_rule_load(SyncRule *rule)
{
	SyncRepStandbyData *candidates;

	*rule = (SyncRule){.waiting_us = PG_INT64_MIN};
	if (RecoveryInProgress() || SyncRepConfig == NULL)
		return;
	rule->used = true;
	rule->required = SyncRepConfig->num_sync;
	rule->candidates = SyncRepGetCandidateStandbys(&candidates);
	count_waiters(rule);
}
