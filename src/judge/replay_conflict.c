/*
 * judge/replay_conflict.c
 *		Which session keeps replay from going on; see replay_conflict.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/proc.h"

#include "collect/blockers.h"
#include "collect/xmin.h"
#include "core/compat.h"
#include "judge/replay_conflict.h"

static PGPROC *
find_startup_process(void)
{
	int nbackends = pgstat_fetch_stat_numbackends();

	for (int i = 1; i <= nbackends; i++)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(i);

		if (local != NULL && local->backendStatus.st_backendType == B_STARTUP)
			return AuxiliaryPidGetProc(local->backendStatus.st_procpid);
	}
	return NULL;
}

static int
find_lock_holder(void)
{
	PGPROC *startup = find_startup_process();
	Blocked blocked;

	if (startup == NULL || !dbops_blockers_find(startup, BLOCKERS_WAIT, &blocked) ||
	    blocked.nblockers == 0)
		return 0;
	return blocked.blockers[0].pid;
}

/* Rows that replay has to remove are those that the oldest snapshot still sees. */
static int
find_oldest_snapshot(void)
{
	int count;
	const XminHolder *holders = dbops_xmin_read(&count);

	for (int i = 0; i < count; i++)
	{
		if (holders[i].kind == XMIN_SESSION)
			return holders[i].pid;
	}
	return 0;
}

int
dbops_replay_conflict_pid(const char *waits_for)
{
	if (strcmp(waits_for, "conflict: lock") == 0)
		return find_lock_holder();
	if (strcmp(waits_for, "conflict: snapshot") == 0)
		return find_oldest_snapshot();
	return 0;
}
