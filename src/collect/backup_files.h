/*
 * collect/backup_files.h
 *		The backup history files in pg_wal.
 *
 * Read as soon as they are seen, because that of an older backup goes when a newer one is archived.
 */
#pragma once

#include "store/backups.h"

/*
 * Whether there is a file that was not there at the last look: cheap enough to ask twice a second,
 * in or outside of a transaction, as most times the folder has not changed.
 */
extern bool dbops_backup_files_are_new(void);

/*
 * Calls `tell` with the backup of each file that is complete and not known yet, in the current
 * memory context.
 */
extern void dbops_backup_files_tell(void (*tell)(const Backup *backup, void *arg), void *arg);

/* Those told of last are known from now on. */
extern void dbops_backup_files_know(void);

/* No file is known. */
extern void dbops_backup_files_forget(void);
