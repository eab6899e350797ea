/*
 * collect/wal_copies.c
 *		Who else has this server's WAL; see wal_copies.h.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "pgstat.h"
#include "replication/slot.h"
#include "replication/syncrep.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/spin.h"

#include "collect/standbys.h"
#include "collect/wal_copies.h"
#include "core/compat.h"
#include "core/compat_replication.h"

/* What names of slots of receivers have in them, for those that were not seen since the start. */
static const char *const receiver_names[] = {"receivewal", "receive_wal", "barman", "archive"};

typedef struct Sender
{
	int pid;
	WalSndState state;
	XLogRecPtr flushed;
	XLogRecPtr replayed;
	bool synchronous;
	bool keeps;   /* it has a slot that stays */
	bool decodes; /* its slot is a logical one */
	char application[NAMEDATALEN];
} Sender;

static int
copy_senders(Sender *senders)
{
	int count = 0;

	for (int i = 0; i < max_wal_senders; i++)
	{
		WalSnd *walsnd = &WalSndCtl->walsnds[i];
		Sender *sender = &senders[count];

		SpinLockAcquire(&walsnd->mutex);
		sender->pid = walsnd->pid;
		sender->state = walsnd->state;
		sender->flushed = walsnd->flush;
		sender->replayed = walsnd->apply;
		sender->synchronous = walsnd->sync_standby_priority > 0;
		SpinLockRelease(&walsnd->mutex);
		if (sender->pid != 0)
			count++;
	}
	return count;
}

static void
name_senders(Sender *senders, int count)
{
	int nbackends = pgstat_fetch_stat_numbackends();

	for (int i = 1; i <= nbackends; i++)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(i);

		for (int s = 0; local != NULL && s < count; s++)
		{
			if (local->backendStatus.st_procpid == senders[s].pid)
				strlcpy(senders[s].application, local->backendStatus.st_appname, NAMEDATALEN);
		}
	}
}

static bool
is_receiver_name(const char *name)
{
	for (int i = 0; i < lengthof(receiver_names); i++)
	{
		if (strstr(name, receiver_names[i]) != NULL)
			return true;
	}
	return false;
}

/* A copy that only its slot tells of. */
static void
add_slot(WalCopy *copy, const char *name, XLogRecPtr confirmed)
{
	strlcpy(copy->name, name, NAMEDATALEN);
	copy->kind = is_receiver_name(name) ? WAL_COPY_RECEIVER : WAL_COPY_UNKNOWN;
	copy->flushed = confirmed;
}

static void
mark_sender(Sender *senders, int count, int pid, const ReplicationSlotPersistentData *slot)
{
	for (int s = 0; s < count; s++)
	{
		if (senders[s].pid != pid)
			continue;
		senders[s].decodes = OidIsValid(slot->database);
		senders[s].keeps = slot->persistency != RS_TEMPORARY;
	}
}

/* Marks what senders have slots, and adds physical ones that stay and that nobody uses. */
static int
look_at_slots(Sender *senders, int nsenders, WalCopy *copies)
{
	int count = 0;

	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (int i = 0; i < max_replication_slots; i++)
	{
		ReplicationSlot *slot = &ReplicationSlotCtl->replication_slots[i];
		ReplicationSlotPersistentData data;
		int pid;

		if (!slot->in_use)
			continue;
		SpinLockAcquire(&slot->mutex);
		data = slot->data;
		SpinLockRelease(&slot->mutex);
		pid = dbops_compat_slot_pid(slot);
		if (pid != 0)
			mark_sender(senders, nsenders, pid, &data);
		else if (data.persistency != RS_TEMPORARY && !OidIsValid(data.database) &&
		         data.restart_lsn != InvalidXLogRecPtr)
			add_slot(&copies[count++], NameStr(data.name), data.restart_lsn);
	}
	LWLockRelease(ReplicationSlotControlLock);
	return count;
}

/* Whether a sender serves a copy that stays: then *copy is it. */
static bool
is_copy(const Sender *sender, WalCopy *copy)
{
	bool streams = sender->state == WALSNDSTATE_STREAMING || sender->state == WALSNDSTATE_CATCHUP;

	if (!streams || sender->decodes || sender->flushed == InvalidXLogRecPtr)
		return false;
	if (sender->replayed == InvalidXLogRecPtr && !sender->keeps)
		return false;
	*copy = (WalCopy){.kind = sender->replayed == InvalidXLogRecPtr ? WAL_COPY_RECEIVER :
	                                                                  WAL_COPY_STANDBY,
	                  .connected = true,
	                  .synchronous = sender->synchronous,
	                  .flushed = sender->flushed,
	                  .replayed = sender->replayed};
	strlcpy(copy->name, sender->application, NAMEDATALEN);
	return true;
}

/* Those that are not connected, and were: what they are, and what they are called. */
static void
recall_kinds(WalCopy *copies, int count)
{
	int nknown;
	const KnownStandby *known = dbops_standbys_read(&nknown);

	for (int i = 0; i < nknown; i++)
	{
		for (int c = 0; c < count && known[i].slot_name[0] != '\0'; c++)
		{
			if (strcmp(copies[c].name, known[i].slot_name) != 0 ||
			    known[i].flush_lsn == InvalidXLogRecPtr)
				continue;
			copies[c].kind =
			    known[i].replay_lsn == InvalidXLogRecPtr ? WAL_COPY_RECEIVER : WAL_COPY_STANDBY;
			copies[c].flushed = Max(copies[c].flushed, known[i].flush_lsn);
			copies[c].replayed = known[i].replay_lsn;
			strlcpy(copies[c].name, known[i].application_name, NAMEDATALEN);
			break;
		}
	}
}

WalCopy *
dbops_wal_copies_read(int *count)
{
	Sender *senders = palloc0(sizeof(Sender) * Max(max_wal_senders, 1));
	WalCopy *copies = palloc0(sizeof(WalCopy) * (max_wal_senders + max_replication_slots + 1));
	int nsenders = copy_senders(senders);

	name_senders(senders, nsenders);
	*count = look_at_slots(senders, nsenders, copies);
	recall_kinds(copies, *count);
	for (int i = 0; i < nsenders; i++)
		*count += is_copy(&senders[i], &copies[*count]);
	return copies;
}
