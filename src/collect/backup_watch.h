/*
 * collect/backup_watch.h
 *		Backups that this server sees: sessions that take one now, those that did, history files.
 *
 * Nothing needs to be configured.  The keeper stores what is seen; on a standby, which cannot, and
 * until the keeper has looked, readers see it in memory.
 */
#pragma once

#include "store/backups.h"

/* Brings the catalogue up to date; in a transaction with a snapshot, where that can be written. */
extern void dbops_backup_watch_store(void);

/* Whether something waits to be stored. */
extern bool dbops_backup_watch_waits(void);

/* What the last dbops_backup_watch_store() stored is there to stay. */
extern void dbops_backup_watch_committed(void);

/* The catalogue is another one, which has nothing of what was stored. */
extern void dbops_backup_watch_forget(void);

/* Calls `tell` with each backup that runs now, and with each end that is not stored yet. */
extern void dbops_backup_watch_tell(void (*tell)(const Backup *backup, void *arg), void *arg);
