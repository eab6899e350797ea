/*
 * dbops.c
 *		Loading the library: settings, shared memory, hooks, workers.
 *
 * The library is loaded in three ways: by shared_preload_libraries (everything works), by CREATE
 * EXTENSION or a call in a session of a server that does not preload it (functions say what is
 * missing), and by pg_upgrade or a single-user backend (no workers).
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "collect/archive_watch.h"
#include "collect/collectors.h"
#include "collect/crash_replay.h"
#include "collect/recovery_rates.h"
#include "collect/standbys.h"
#include "core/guc.h"
#include "core/preload.h"
#include "store/backup_board.h"
#include "store/lsn_time.h"
#include "store/damage.h"
#include "store/readings.h"
#include "store/ring.h"
#include "store/selfstat.h"
#include "store/setting_board.h"
#include "store/verdicts.h"
#include "track/backup_ends.h"
#include "store/upstream.h"
#include "track/capture_arena.h"
#include "track/errors.h"
#include "track/hooks.h"
#include "track/logins.h"
#include "track/plans.h"
#include "track/statements.h"
#include "track/verify_progress.h"
#include "worker/control.h"
#include "worker/sampler.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

/* A module's part of the main shared memory segment. */
typedef struct ShmemPart
{
	Size (*size)(void);
	void (*init)(void); /* under AddinShmemInitLock */
} ShmemPart;

static const ShmemPart shmem_parts[] = {
    {dbops_archive_watch_shmem_size, dbops_archive_watch_shmem_init},
    {dbops_crash_replay_shmem_size, dbops_crash_replay_shmem_init},
    {dbops_recovery_rates_shmem_size, dbops_recovery_rates_shmem_init},
    {dbops_ring_shmem_size, dbops_ring_shmem_init},
    {dbops_verdicts_shmem_size, dbops_verdicts_shmem_init},
    {dbops_upstream_shmem_size, dbops_upstream_shmem_init},
    {dbops_lsn_time_shmem_size, dbops_lsn_time_shmem_init},
    {dbops_standbys_shmem_size, dbops_standbys_shmem_init},
    {dbops_selfstat_shmem_size, dbops_selfstat_shmem_init},
    {dbops_damage_shmem_size, dbops_damage_shmem_init},
    {dbops_control_shmem_size, dbops_control_shmem_init},
    {dbops_statements_shmem_size, dbops_statements_shmem_init},
    {dbops_capture_arena_shmem_size, dbops_capture_arena_shmem_init},
    {dbops_plans_shmem_size, dbops_plans_shmem_init},
    {dbops_errors_shmem_size, dbops_errors_shmem_init},
    {dbops_logins_shmem_size, dbops_logins_shmem_init},
    {dbops_backup_board_shmem_size, dbops_backup_board_shmem_init},
    {dbops_readings_shmem_size, dbops_readings_shmem_init},
    {dbops_setting_board_shmem_size, dbops_setting_board_shmem_init},
    {dbops_verify_progress_shmem_size, dbops_verify_progress_shmem_init},
    {dbops_backup_ends_shmem_size, dbops_backup_ends_shmem_init},
};

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

static void
request_shmem(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	for (int i = 0; i < lengthof(shmem_parts); i++)
		RequestAddinShmemSpace(shmem_parts[i].size());
}

static void
init_shmem(void)
{
	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	for (int i = 0; i < lengthof(shmem_parts); i++)
		shmem_parts[i].init();
	LWLockRelease(AddinShmemInitLock);
}

void
_PG_init(void)
{
	bool preloaded = process_shared_preload_libraries_in_progress;

	dbops_collectors_register();
	dbops_guc_define(preloaded);
	if (!preloaded)
		return;

	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_shmem;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = init_shmem;
	if (!IsBinaryUpgrade)
		dbops_sampler_register();
	dbops_preload_note();
	dbops_hooks_install();
}
