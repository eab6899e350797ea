/*
 * worker/backup_reader.h
 *		Reading the catalogues of backup tools, by the commands of dbops.backup_command.
 *
 * In a process of its own, which comes every dbops.backup_command_interval and goes when it is
 * done: a command may take a minute, and what the keeper stores is not to be late.  So it takes a
 * worker slot only for moments, and none where no command is set.
 */
#pragma once

/*
 * For the keeper: starts the reader when it is due, and forgets what was read when the setting is
 * empty.  In a transaction with a snapshot.  No free worker slot is an error.
 */
extern void dbops_backup_reader_tend(void);

/* The extension was made anew: what the commands tell is to be read at once. */
extern void dbops_backup_reader_begin_anew(void);
