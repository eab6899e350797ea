/*
 * worker/pressure.c
 *		Is the machine or the server in trouble?  See pressure.h.
 */
#include "postgres.h"

#include <unistd.h>

#include "miscadmin.h"

#include "collect/cgroup.h"
#include "collect/procfs.h"
#include "worker/pressure.h"

#define UNKNOWN (-1.0)

/* "avg10" of the line "some" or "full" of a pressure file. */
static double
read_stall(const char *resource, const char *kind)
{
	char path[MAXPGPATH];
	char content[512];
	char *cursor = content;
	char *line;

	dbops_cgroup_pressure_path(resource, path, sizeof(path));
	dbops_procfs_read(path, content, sizeof(content));
	while ((line = dbops_procfs_line(&cursor)) != NULL)
	{
		const char *average = strstr(line, "avg10=");

		if (average != NULL && strncmp(line, kind, strlen(kind)) == 0)
			return strtod(average + strlen("avg10="), NULL);
	}
	return UNKNOWN;
}

static double
read_load_per_cpu(void)
{
	char content[128];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (!dbops_procfs_read("/proc/loadavg", content, sizeof(content)) || cpus < 1)
		return UNKNOWN;
	return strtod(content, NULL) / (double) cpus;
}

Trouble
dbops_pressure_look(int connections)
{
	TroubleFacts facts = {.cpu_percent = read_stall("cpu", "some"),
	                      .io_percent = read_stall("io", "full"),
	                      .memory_percent = read_stall("memory", "full"),
	                      .load_per_cpu = read_load_per_cpu(),
	                      .connections = connections,
	                      .max_connections = MaxConnections};

	return dbops_breaker_trouble(&facts);
}
