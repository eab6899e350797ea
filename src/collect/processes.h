/*
 * collect/processes.h
 *		What the server's processes take together: memory and CPU time.
 */
#pragma once

#include "store/family.h"

/* Values that cannot be had are FAMILY_NULL. */
typedef struct ProcessFacts
{
	int64 processes; /* the postmaster and its children */

	/*
	 * Resident memory that is not shared: the sum over the processes.  Pages that children still
	 * share with the postmaster since the fork, a few hundred kB each, are counted in every one.
	 */
	int64 private_bytes;

	/*
	 * Resident memory that is shared (shared_buffers, program text): that of the process that has
	 * touched most of it, since the same pages must not be added up.  Huge pages are not in it.
	 */
	int64 shared_bytes;

	/*
	 * CPU time of all of them and of children that have ended.  What a child started itself, such
	 * as an archive command, counts when that child ends.  Never goes down for one reader.
	 */
	int64 cpu_us;
} ProcessFacts;

/* Costs a small file a process.  Allocates scratch in the current context. */
extern void dbops_processes_read(ProcessFacts *facts);

/* Private resident memory of one process of this server. */
extern int64 dbops_processes_private_bytes(int pid);
