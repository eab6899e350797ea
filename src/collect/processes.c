/*
 * collect/processes.c
 *		What the server's processes take together; see processes.h.
 *
 * A file of its own because it is the one source whose cost grows with the number of connections:
 * statm and the CPU clock of each process and nothing else, about 7 us.  Children come from the
 * kernel's list, so that the logger is among them, or where the kernel has none, from shared
 * memory.
 */
#include "postgres.h"

#include <time.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/proc.h"

#include "collect/processes.h"
#include "collect/procfs.h"

/* Fields of /proc/<pid>/stat counted from the one behind the command name. */
#define STAT_CUTIME 13
#define STAT_CSTIME 14

/* Reads resident and shared memory of a process; false if it is gone. */
static bool
read_memory(int pid, int64 *private_bytes, int64 *shared_bytes)
{
	static int64 page_size = 0;
	char path[64];
	char content[128];
	char *words[3];
	int64 shared;

	if (page_size == 0)
		page_size = sysconf(_SC_PAGESIZE);
	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	if (!dbops_procfs_read(path, content, sizeof(content)) ||
	    dbops_procfs_split(content, words, 3) != 3)
		return false;
	shared = dbops_procfs_number(words[2]);
	*private_bytes = (dbops_procfs_number(words[1]) - shared) * page_size;
	*shared_bytes = shared * page_size;
	return true;
}

/* CPU time a process has used by itself; 0 if it is gone.  A clock costs a tenth of a file. */
static int64
read_cpu_us(int pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
		return 0;
	return (int64) used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

/* CPU time of a process's ended children, and theirs; 0 if it is gone. */
static int64
read_ended_cpu_us(int pid)
{
	char path[64];
	char content[512];
	char *words[STAT_CSTIME + 1];
	char *behind_name;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (!dbops_procfs_read(path, content, sizeof(content)))
		return 0;
	behind_name = strrchr(content, ')');
	if (behind_name == NULL ||
	    dbops_procfs_split(behind_name + 1, words, lengthof(words)) != lengthof(words))
		return 0;
	return (dbops_procfs_number(words[STAT_CUTIME]) + dbops_procfs_number(words[STAT_CSTIME])) *
	       (1000000 / sysconf(_SC_CLK_TCK));
}

static void
add_process(int pid, ProcessFacts *facts)
{
	int64 private_bytes;
	int64 shared_bytes;

	if (!read_memory(pid, &private_bytes, &shared_bytes))
		return;
	facts->processes++;
	facts->private_bytes += private_bytes;
	facts->shared_bytes = Max(facts->shared_bytes, shared_bytes);
	facts->cpu_us += read_cpu_us(pid);
}

/* Adds the children that the kernel names; false where it was built without that list. */
static bool
add_listed_children(int parent, ProcessFacts *facts)
{
	char path[64];
	char *content;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	content = dbops_procfs_load(path);
	if (content == NULL)
		return false;
	for (; *content != '\0'; content += strcspn(content, " \n"))
	{
		content += strspn(content, " \n");
		if (*content != '\0')
			add_process((int) dbops_procfs_number(content), facts);
	}
	return true;
}

static void
add_known_children(ProcessFacts *facts)
{
	for (uint32 i = 0; i < ProcGlobal->allProcCount; i++)
	{
		int pid = ProcGlobal->allProcs[i].pid;

		if (pid > 0)
			add_process(pid, facts);
	}
}

/*
 * The postmaster is read before its children: one that ends meanwhile is then missed once, which
 * keeping the highest sum hides, and never counted twice.
 */
void
dbops_processes_read(ProcessFacts *facts)
{
	static int64 highest_us = 0;
	int parent = IsUnderPostmaster ? PostmasterPid : MyProcPid;

	*facts = (ProcessFacts){0};
	add_process(parent, facts);
	if (facts->processes == 0)
	{
		*facts = (ProcessFacts){FAMILY_NULL, FAMILY_NULL, FAMILY_NULL, FAMILY_NULL};
		return;
	}
	facts->cpu_us += read_ended_cpu_us(parent);
	if (IsUnderPostmaster && !add_listed_children(parent, facts))
		add_known_children(facts);
	facts->cpu_us = dbops_procfs_steady(&highest_us, facts->cpu_us, PG_INT64_MAX);
}

int64
dbops_processes_private_bytes(int pid)
{
	int64 private_bytes;
	int64 shared_bytes;

	return read_memory(pid, &private_bytes, &shared_bytes) ? private_bytes : FAMILY_NULL;
}
