/*
 * worker/activity.c
 *		Was anybody but dbops active, and did a long transaction end?  See activity.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/proc.h"
#include "storage/spin.h"
#include "utils/backend_status.h"

#include "core/clock.h"
#include "core/compat.h"
#include "store/receive.h"
#include "worker/activity.h"

/* A transaction that was already open at the look before, by the session that holds it. */
typedef struct OpenTransaction
{
	int pid;
	TimestampTz began_at;
} OpenTransaction;

struct ActivityState
{
	TimestampTz looked_at;
	int nopen;
	OpenTransaction *open; /* MaxBackends and more */
	OpenTransaction *next;
};

/* Every kind of process that has a status entry. */
static int
max_entries(void)
{
	return MaxBackends + NUM_AUXILIARY_PROCS;
}

ActivityState *
dbops_activity_create(void)
{
	ActivityState *state = palloc0(sizeof(ActivityState));

	state->looked_at = dbops_clock_now();
	state->open = palloc(sizeof(OpenTransaction) * max_entries());
	state->next = palloc(sizeof(OpenTransaction) * max_entries());
	return state;
}

/* A WAL sender always runs; only a base backup is work of its own. */
static bool
is_base_backup(int pid)
{
	bool found = false;

	for (int i = 0; i < max_wal_senders && !found; i++)
	{
		WalSnd *walsnd = &WalSndCtl->walsnds[i];

		SpinLockAcquire(&walsnd->mutex);
		found = walsnd->pid == pid && walsnd->state == WALSNDSTATE_BACKUP;
		SpinLockRelease(&walsnd->mutex);
	}
	return found;
}

/* Work for somebody: sessions but of standbys that ship, base backups, and workers of others. */
static bool
is_foreign(const PgBackendStatus *entry)
{
	if (entry->st_backendType == B_BG_WORKER)
	{
		const char *type = GetBackgroundWorkerTypeByPid(entry->st_procpid);

		return entry->st_databaseid != InvalidOid &&
		       (type == NULL || strncmp(type, "dbops ", strlen("dbops ")) != 0);
	}
	if (entry->st_backendType == B_WAL_SENDER)
		return is_base_backup(entry->st_procpid);
	return entry->st_backendType == B_BACKEND && strcmp(entry->st_appname, SHIPPING_SESSION) != 0;
}

static bool
has_been_active(const PgBackendStatus *entry, TimestampTz since)
{
	return entry->st_state == STATE_RUNNING || entry->st_state == STATE_FASTPATH ||
	       entry->st_state_start_timestamp > since || entry->st_proc_start_timestamp > since;
}

static bool
is_still_open(const OpenTransaction *transaction, const OpenTransaction *now, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (now[i].pid == transaction->pid)
			return now[i].began_at == transaction->began_at;
	}
	return false;
}

Activity
dbops_activity_look(ActivityState *state)
{
	Activity activity = {.quiet = true, .late = false};
	TimestampTz now = dbops_clock_now();
	OpenTransaction *previous = state->open;
	int nprevious = state->nopen;
	int nopen = 0;
	int nentries;

	pgstat_clear_backend_activity_snapshot();
	nentries = pgstat_fetch_stat_numbackends();
	for (int i = 1; i <= nentries; i++)
	{
		const PgBackendStatus *entry = &dbops_compat_local_beentry(i)->backendStatus;

		if (entry->st_backendType == B_BACKEND)
			activity.sessions++;
		if (!is_foreign(entry))
			continue;
		if (has_been_active(entry, state->looked_at))
			activity.quiet = false;
		if (entry->st_xact_start_timestamp != 0 &&
		    entry->st_xact_start_timestamp < state->looked_at && nopen < max_entries())
			state->next[nopen++] =
			    (OpenTransaction){entry->st_procpid, entry->st_xact_start_timestamp};
	}
	pgstat_clear_backend_activity_snapshot();

	for (int i = 0; i < nprevious && !activity.late; i++)
		activity.late = !is_still_open(&previous[i], state->next, nopen);

	state->open = state->next;
	state->next = previous;
	state->nopen = nopen;
	/* A clock that went back must not hide activity until it has caught up. */
	state->looked_at = now;
	return activity;
}
