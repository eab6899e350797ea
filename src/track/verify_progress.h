/*
 * track/verify_progress.h
 *		How far the verifications of backups are that run.
 *
 * In shared memory of our own, as the server's progress views know only its own commands.  A slot
 * belongs to the process that took it until its memory context ends, by whatever way.  Others read
 * it without a lock: a number may be a moment old.
 */
#pragma once

#include "datatype/timestamp.h"

#define VERIFY_SLOTS 16

typedef enum VerifyPhase
{
	VERIFY_MANIFEST,
	VERIFY_FOLDER,
	VERIFY_CHECKSUMS,
} VerifyPhase;

typedef struct VerifyProgress
{
	int pid;
	Oid userid;
	TimestampTz started_at;
	VerifyPhase phase;
	int64 files; /* that have a checksum to be computed */
	int64 files_done;
	int64 bytes;
	int64 bytes_done;
	int64 problems;
	char path[MAXPGPATH];
} VerifyProgress;

extern Size dbops_verify_progress_shmem_size(void);
extern void dbops_verify_progress_shmem_init(void);

/*
 * Takes a slot for the rest of the current memory context; an error when all are taken.  Without
 * the library preloaded nobody sees it, and it is local memory.
 */
extern VerifyProgress *dbops_verify_progress_begin(const char *path);

/* Copies what the slot has; false when nobody has it. */
extern bool dbops_verify_progress_read(int slot, VerifyProgress *progress);

extern const char *dbops_verify_progress_phase(VerifyPhase phase);
