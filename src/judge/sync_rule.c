/*
 * judge/sync_rule.c
 *		Whether commits get the confirmations they ask for; see sync_rule.h.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "replication/syncrep.h"
#include "storage/proc.h"

#include "judge/sync_rule.h"
#include "store/lsn_time.h"

/* Without a lock, as a count of this moment: who waits says so himself. */
static void
count_waiters(SyncRule *rule)
{
	XLogRecPtr oldest = InvalidXLogRecPtr;

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
	if (oldest == InvalidXLogRecPtr || !dbops_lsn_time_age(oldest - 1, &rule->waiting_us))
		rule->waiting_us = PG_INT64_MIN;
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
