/*
 * track/verify_progress.c
 *		How far the verifications of backups are; see verify_progress.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

#include "core/clock.h"
#include "track/verify_progress.h"

typedef struct VerifySlot
{
	pg_atomic_uint32 owner; /* process id, 0: free */
	pg_atomic_uint32 ready; /* the owner has filled it */
	VerifyProgress progress;
} VerifySlot;

static VerifySlot *slots = NULL;

static const char *const phases[] = {
    [VERIFY_MANIFEST] = "reading manifest",
    [VERIFY_FOLDER] = "comparing files",
    [VERIFY_CHECKSUMS] = "computing checksums",
};

Size
dbops_verify_progress_shmem_size(void)
{
	return MAXALIGN(sizeof(VerifySlot) * VERIFY_SLOTS);
}

void
dbops_verify_progress_shmem_init(void)
{
	bool found;

	slots = ShmemInitStruct("dbops verifications", dbops_verify_progress_shmem_size(), &found);
	if (found)
		return;
	memset(slots, 0, dbops_verify_progress_shmem_size());
	for (int i = 0; i < VERIFY_SLOTS; i++)
	{
		pg_atomic_init_u32(&slots[i].owner, 0);
		pg_atomic_init_u32(&slots[i].ready, 0);
	}
}

static void
release_slot(void *arg)
{
	VerifySlot *slot = arg;

	pg_atomic_write_u32(&slot->ready, 0);
	pg_write_barrier();
	pg_atomic_write_u32(&slot->owner, 0);
}

static VerifySlot *
take_slot(void)
{
	MemoryContextCallback *callback =
	    MemoryContextAlloc(CurrentMemoryContext, sizeof(MemoryContextCallback));

	for (int i = 0; i < VERIFY_SLOTS; i++)
	{
		uint32 nobody = 0;

		if (!pg_atomic_compare_exchange_u32(&slots[i].owner, &nobody, (uint32) MyProcPid))
			continue;
		callback->func = release_slot;
		callback->arg = &slots[i];
		MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
		return &slots[i];
	}
	ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
	                errmsg("%d verifications are running already", VERIFY_SLOTS),
	                errhint("See SELECT * FROM dbops.verifications.")));
}

VerifyProgress *
dbops_verify_progress_begin(const char *path)
{
	VerifySlot *slot = slots == NULL ? palloc0(sizeof(VerifySlot)) : take_slot();
	VerifyProgress *progress = &slot->progress;

	memset(progress, 0, sizeof(*progress));
	progress->pid = MyProcPid;
	progress->userid = GetSessionUserId();
	progress->started_at = dbops_clock_now();
	strlcpy(progress->path, path, sizeof(progress->path));
	if (slots != NULL)
	{
		pg_write_barrier();
		pg_atomic_write_u32(&slot->ready, 1);
	}
	return progress;
}

bool
dbops_verify_progress_read(int slot, VerifyProgress *progress)
{
	uint32 owner;

	if (slots == NULL)
		return false;
	owner = pg_atomic_read_u32(&slots[slot].owner);
	if (owner == 0 || pg_atomic_read_u32(&slots[slot].ready) == 0)
		return false;
	pg_read_barrier();
	*progress = slots[slot].progress;
	pg_read_barrier();
	return pg_atomic_read_u32(&slots[slot].ready) != 0 &&
	       pg_atomic_read_u32(&slots[slot].owner) == owner;
}

const char *
dbops_verify_progress_phase(VerifyPhase phase)
{
	return phases[phase];
}
