/*
 * collect/archive_holes.h
 *		Holes in the archive, kept over restarts: the table dbops.archive_hole.
 *
 * A file of its own because it is the one writer of the table.  Runs in the keeper, inside a
 * transaction with a snapshot, in the database that has the extension.
 */
#pragma once

/* Stores the hole that is watched, and takes up one that grew when the server went down. */
extern void dbops_archive_holes_store(void);
