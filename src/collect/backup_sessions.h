/*
 * collect/backup_sessions.h
 *		Sessions that take a backup at this moment.
 *
 * A WAL sender reports a base backup as its progress; a receiver that applies nothing of what it is
 * sent keeps it; pg_dump and pgBackRest have names; and whoever else calls pg_backup_start() sends
 * nothing while files are copied, so that it still is the last statement of the session.
 */
#pragma once

#include "store/backups.h"

/* Calls `tell` with each, in the current memory context. */
extern void dbops_backup_sessions_tell(void (*tell)(const Backup *backup, void *arg), void *arg);

/* All processes there are, by process id and start. */
extern int dbops_backup_sessions_list(int **pids, TimestampTz **starts);
