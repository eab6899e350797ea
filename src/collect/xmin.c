/*
 * collect/xmin.c
 *		Who keeps old row versions from being removed; see xmin.h.
 *
 * Follows the rules by which the server computes its horizons: a lazy VACUUM and a process that
 * decodes WAL hold nothing by themselves, and a process that sends standby feedback binds all
 * databases.  Each source is copied under its lock into an array made before.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/twophase.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "replication/slot.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/spin.h"

#include "collect/xmin.h"
#include "core/compat.h"

#define HOLDS_NOTHING (PROC_IN_VACUUM | PROC_IN_LOGICAL_DECODING)

typedef struct Holders
{
	int count;
	int capacity;
	XminHolder *items;
} Holders;

const char *const dbops_xmin_kinds[] = {
    [XMIN_NONE] = "none",
    [XMIN_SESSION] = "session",
    [XMIN_PREPARED] = "prepared transaction",
    [XMIN_SLOT] = "replication slot",
    [XMIN_SLOT_CATALOG] = "replication slot (catalogs)",
    [XMIN_STANDBY] = "standby feedback",
    NULL,
};

/* Never allocates, since it is called under locks. */
static void
add_holder(Holders *holders, const XminHolder *holder)
{
	if (TransactionIdIsNormal(holder->xmin) && holders->count < holders->capacity)
		holders->items[holders->count++] = *holder;
}

static TransactionId
older_of(TransactionId a, TransactionId b)
{
	if (!TransactionIdIsNormal(a))
		return b;
	if (!TransactionIdIsNormal(b))
		return a;
	return TransactionIdPrecedes(a, b) ? a : b;
}

static void
add_session(Holders *holders, const PGPROC *proc)
{
	XminHolder holder = {.kind = XMIN_SESSION, .pid = proc->pid};

	if (proc->pid == 0 || proc->pid == MyProcPid || (proc->statusFlags & HOLDS_NOTHING) != 0)
		return;
	holder.xid = *(volatile const TransactionId *) &proc->xid;
	holder.xmin = older_of(holder.xid, *(volatile const TransactionId *) &proc->xmin);
	holder.roleid = proc->roleId;
	if ((proc->statusFlags & PROC_AFFECTS_ALL_HORIZONS) != 0)
		holder.kind = XMIN_STANDBY;
	else
		holder.datid = proc->databaseId;
	add_holder(holders, &holder);
}

/*
 * A slot for prepared transactions keeps the XID of its last use, so it counts only while the
 * server's array of running XIDs has that XID in its place.
 */
static void
add_prepared(Holders *holders, const PGPROC *proc)
{
	XminHolder holder = {.kind = XMIN_PREPARED, .datid = proc->databaseId, .roleid = proc->roleId};

	if (!TransactionIdIsNormal(proc->xid) || ProcGlobal->xids[proc->pgxactoff] != proc->xid)
		return;
	holder.xid = proc->xid;
	holder.xmin = proc->xid;
	add_holder(holders, &holder);
}

static void
add_processes(Holders *holders)
{
	LWLockAcquire(ProcArrayLock, LW_SHARED);
	for (int i = 0; i < (int) ProcGlobal->allProcCount; i++)
		add_session(holders, &ProcGlobal->allProcs[i]);
	for (int i = 0; i < max_prepared_xacts; i++)
		add_prepared(holders, &PreparedXactProcs[i]);
	LWLockRelease(ProcArrayLock);
}

static void
add_slots(Holders *holders)
{
	if (max_replication_slots == 0)
		return;
	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (int i = 0; i < max_replication_slots; i++)
	{
		ReplicationSlot *slot = &ReplicationSlotCtl->replication_slots[i];
		XminHolder holder = {.kind = XMIN_SLOT};
		TransactionId catalog_xmin;

		if (!slot->in_use)
			continue;
		SpinLockAcquire(&slot->mutex);
		holder.xmin = slot->effective_xmin;
		catalog_xmin = slot->effective_catalog_xmin;
		holder.slot = slot->data.name;
		SpinLockRelease(&slot->mutex);
		add_holder(holders, &holder);
		holder.kind = XMIN_SLOT_CATALOG;
		holder.xmin = catalog_xmin;
		add_holder(holders, &holder);
	}
	LWLockRelease(ReplicationSlotControlLock);
}

static void
fill_since(Holders *holders)
{
	int nbackends = pgstat_fetch_stat_numbackends();

	for (int i = 1; i <= nbackends; i++)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(i);

		for (int h = 0; local != NULL && h < holders->count; h++)
		{
			if (holders->items[h].pid == local->backendStatus.st_procpid)
				holders->items[h].since = local->backendStatus.st_xact_start_timestamp;
		}
	}
}

static int
compare_holders(const void *a, const void *b)
{
	const XminHolder *x = a;
	const XminHolder *y = b;

	if (x->age != y->age)
		return x->age > y->age ? -1 : 1;
	return (int) x->kind - (int) y->kind;
}

XminHolder *
dbops_xmin_read(int *count)
{
	Holders holders = {0};
	TransactionId next_xid;

	holders.capacity =
	    (int) ProcGlobal->allProcCount + max_prepared_xacts + 2 * max_replication_slots;
	holders.items = palloc(sizeof(XminHolder) * holders.capacity);
	add_processes(&holders);
	add_slots(&holders);
	fill_since(&holders);

	next_xid = ReadNextTransactionId();
	for (int i = 0; i < holders.count; i++)
		holders.items[i].age = (int32) (next_xid - holders.items[i].xmin);
	qsort(holders.items, holders.count, sizeof(XminHolder), compare_holders);
	*count = holders.count;
	return holders.items;
}
