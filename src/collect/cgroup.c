/*
 * collect/cgroup.c
 *		The control group the server runs in; see cgroup.h.
 *
 * A file of its own because finding the group is a matter of two kernel interfaces and the view a
 * container has of them, and none of it concerns the metrics.  The group's folders are looked for
 * again only when /proc/self/cgroup changes.
 *
 * Memory in use is what is charged less active_file, inactive_file and slab_reclaimable: pages the
 * kernel drops before it kills anybody.  tmpfs and shared memory, and with them shared_buffers, are
 * not among these and count as used.
 */
#include "postgres.h"

#include <unistd.h>

#include "collect/cgroup.h"
#include "collect/mounts.h"
#include "collect/procfs.h"

typedef enum Controller
{
	CONTROLLER_MEMORY,
	CONTROLLER_CPU,
	CONTROLLER_CPUACCT,
	CONTROLLER_COUNT
} Controller;

static const char *const controller_names[CONTROLLER_COUNT] = {"memory", "cpu", "cpuacct"};

/* Where a controller's files are.  version 0: nowhere. */
typedef struct Group
{
	int version;
	Size mount_length; /* the part of `folder` that is the mount point: ancestors end there */
	char folder[MAXPGPATH];
} Group;

/* Version 1 writes "no limit" as the largest number of whole pages. */
#define UNLIMITED_BYTES (INT64CONST(1) << 60)

/*
 * Counters of the group that sets a limit.  When a limit is set on another level, they go on from
 * where they were: the totals of two groups must not be subtracted from each other.
 */
#define SOURCE_COUNTERS 4

typedef struct CounterSource
{
	char folder[MAXPGPATH]; /* "" before the first reading */
	int64 offset[SOURCE_COUNTERS];
	int64 shown[SOURCE_COUNTERS];
} CounterSource;

static Group groups[CONTROLLER_COUNT];
static CounterSource sources[CONTROLLER_COUNT];
static char groups_text[PROCFS_SMALL]; /* of /proc/self/cgroup when groups were found */
static bool own_pressure;

typedef int64 (*LimitReader)(int version, const char *folder);

/* Reads `folder`/`name`. */
static bool
read_text(const char *folder, const char *name, char *content, Size size)
{
	char path[MAXPGPATH];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return dbops_procfs_read(path, content, size);
}

static int64
read_number(const char *folder, const char *name)
{
	char content[64];

	return read_text(folder, name, content, sizeof(content)) ? dbops_procfs_number(content) :
	                                                           FAMILY_NULL;
}

/* The group's path for a controller in a line "id:controllers:path"; NULL if it is another's. */
static const char *
match_line(const char *line, int version, const char *controller)
{
	const char *names = strchr(line, ':');
	const char *path = names ? strchr(names + 1, ':') : NULL;
	char list[128];

	if (path == NULL)
		return NULL;
	strlcpy(list, names + 1, Min(sizeof(list), (Size) (path - names)));
	if (version == 2)
		return list[0] == '\0' ? path + 1 : NULL;
	return dbops_mounts_option(list, controller) ? path + 1 : NULL;
}

/* The group's path for a controller in that version's hierarchy; false if it is in none. */
static bool
find_path(int version, const char *controller, char *path, Size size)
{
	char content[PROCFS_SMALL];
	char *cursor = content;
	char *line;

	strlcpy(content, groups_text, sizeof(content));
	while ((line = dbops_procfs_line(&cursor)) != NULL)
	{
		const char *found = match_line(line, version, controller);

		if (found != NULL)
		{
			strlcpy(path, found, size);
			return true;
		}
	}
	return false;
}

/*
 * The folder of a group.  A container sees its own group, or one above it, as the mounted root;
 * where the path leads outside of what is mounted, the mount itself is the nearest there is.
 */
static void
set_folder(Group *group, const Mount *mount, const char *path)
{
	const char *rest = dbops_mounts_below(path, mount->root);
	char full[MAXPGPATH];

	group->mount_length = strlcpy(group->folder, mount->point, sizeof(group->folder));
	if (rest == NULL || strstr(rest, "/..") != NULL || strcmp(rest, "/") == 0)
		return;
	strlcat(group->folder, rest, sizeof(group->folder));
	dbops_procfs_path(full, sizeof(full), group->folder);
	if (access(full, F_OK) != 0)
		group->folder[group->mount_length] = '\0';
}

static void
find_group(int version, Controller controller, const char *mounts)
{
	const char *name = controller_names[controller];
	Group *group = &groups[controller];
	char path[MAXPGPATH];
	char *content;
	Mount mount;

	group->version = 0;
	if (!find_path(version, name, path, sizeof(path)))
		return;
	content = pstrdup(mounts);
	while (group->version == 0 && dbops_mounts_next(&content, &mount))
	{
		if (version == 2 ?
		        strcmp(mount.type, "cgroup2") != 0 :
		        strcmp(mount.type, "cgroup") != 0 || !dbops_mounts_option(mount.options, name))
			continue;
		set_folder(group, &mount, path);
		group->version = version;
	}
}

/* Looks for the groups when the process has been moved, or for the first time. */
static bool
refresh_groups(void)
{
	char content[PROCFS_SMALL];
	char *mounts;

	dbops_procfs_read("/proc/self/cgroup", content, sizeof(content));
	if (strcmp(content, groups_text) == 0)
		return false;
	strlcpy(groups_text, content, sizeof(groups_text));
	memset(sources, 0, sizeof(sources));
	mounts = dbops_procfs_load("/proc/self/mountinfo");
	for (int i = 0; i < CONTROLLER_COUNT; i++)
	{
		groups[i].version = 0;
		for (int version = 1; version <= 2 && mounts != NULL && groups[i].version == 0; version++)
			find_group(version, i, mounts);
	}
	return true;
}

/* "quota period", in v2 one file with "max" for none, in v1 two and -1 for none. */
static int64
read_cpu_limit(int version, const char *folder)
{
	char content[64];
	char *words[2];
	int64 quota;
	int64 period;

	if (version == 1)
	{
		quota = read_number(folder, "cpu.cfs_quota_us");
		period = read_number(folder, "cpu.cfs_period_us");
	}
	else
	{
		if (!read_text(folder, "cpu.max", content, sizeof(content)) ||
		    dbops_procfs_split(content, words, 2) != 2)
			return FAMILY_NULL;
		quota = dbops_procfs_number(words[0]);
		period = dbops_procfs_number(words[1]);
	}
	return quota > 0 && period > 0 ? quota * 1000 / period : FAMILY_NULL;
}

static int64
read_memory_limit(int version, const char *folder)
{
	int64 limit = read_number(folder, version == 1 ? "memory.limit_in_bytes" : "memory.max");

	return limit < UNLIMITED_BYTES ? limit : FAMILY_NULL;
}

/*
 * The smallest limit of the group and its ancestors, FAMILY_NULL when there is none.  `folder` is
 * then the one that sets it, else the group's own.
 */
static int64
find_limit(const Group *group, LimitReader read_limit, char *folder)
{
	int64 smallest = FAMILY_NULL;
	char level[MAXPGPATH];
	char *slash;

	strlcpy(folder, group->folder, MAXPGPATH);
	strlcpy(level, group->folder, sizeof(level));
	for (;;)
	{
		int64 limit = read_limit(group->version, level);

		if (limit != FAMILY_NULL && (smallest == FAMILY_NULL || limit < smallest))
		{
			smallest = limit;
			strlcpy(folder, level, MAXPGPATH);
		}
		if (strlen(level) <= group->mount_length || (slash = strrchr(level, '/')) == NULL)
			break;
		*slash = '\0';
	}
	return smallest;
}

static void
continue_counters(CounterSource *source, const char *folder, int64 *const *counters, int ncounters)
{
	bool other = source->folder[0] != '\0' && strcmp(source->folder, folder) != 0;

	strlcpy(source->folder, folder, sizeof(source->folder));
	for (int i = 0; i < ncounters; i++)
	{
		if (*counters[i] == FAMILY_NULL)
			continue;
		if (other)
			source->offset[i] = source->shown[i] - *counters[i];
		*counters[i] += source->offset[i];
		source->shown[i] = *counters[i];
	}
}

static void
read_memory(const Group *group, CgroupFacts *facts)
{
	enum
	{
		ACTIVE,
		INACTIVE,
		SLAB,
		KILLS,
		NVALUES
	};
	static const ProcfsField stat_fields[2][3] = {
	    {{"total_active_file", ACTIVE, 1}, {"total_inactive_file", INACTIVE, 1}},
	    {{"active_file", ACTIVE, 1}, {"inactive_file", INACTIVE, 1}, {"slab_reclaimable", SLAB, 1}},
	};
	static const ProcfsField kill_fields[] = {{"oom_kill", KILLS, 1}};
	bool v1 = group->version == 1;
	int64 values[NVALUES] = {FAMILY_NULL, FAMILY_NULL, 0, FAMILY_NULL};
	char folder[MAXPGPATH];
	char content[PROCFS_SMALL];

	facts->memory_limit_bytes = find_limit(group, read_memory_limit, folder);
	facts->memory_charged_bytes =
	    read_number(folder, v1 ? "memory.usage_in_bytes" : "memory.current");
	if (read_text(folder, "memory.stat", content, sizeof(content)))
		dbops_procfs_fields(content, stat_fields[v1 ? 0 : 1], v1 ? 2 : 3, values);
	if (read_text(folder, v1 ? "memory.oom_control" : "memory.events", content, sizeof(content)))
		dbops_procfs_fields(content, kill_fields, lengthof(kill_fields), values);
	facts->oom_kills = values[KILLS];
	continue_counters(&sources[CONTROLLER_MEMORY], folder, (int64 *[]){&facts->oom_kills}, 1);
	if (facts->memory_charged_bytes != FAMILY_NULL && values[ACTIVE] != FAMILY_NULL &&
	    values[INACTIVE] != FAMILY_NULL)
		facts->memory_used_bytes =
		    Max(facts->memory_charged_bytes - values[ACTIVE] - values[INACTIVE] - values[SLAB], 0);
}

static void
read_cpu(const Group *group, const Group *accounting, CgroupFacts *facts)
{
	enum
	{
		USED_US,
		PERIODS,
		THROTTLED,
		THROTTLED_US,
		THROTTLED_NS,
		NVALUES
	};
	static const ProcfsField fields[] = {
	    {"usage_usec", USED_US, 1},          {"nr_periods", PERIODS, 1},
	    {"nr_throttled", THROTTLED, 1},      {"throttled_usec", THROTTLED_US, 1}, /* version 2 */
	    {"throttled_time", THROTTLED_NS, 1},                                      /* version 1 */
	};
	int64 values[NVALUES] = {FAMILY_NULL, FAMILY_NULL, FAMILY_NULL, FAMILY_NULL, FAMILY_NULL};
	char folder[MAXPGPATH];
	char content[PROCFS_SMALL];
	int64 used_ns;

	facts->cpu_limit_millis = find_limit(group, read_cpu_limit, folder);
	if (read_text(folder, "cpu.stat", content, sizeof(content)))
		dbops_procfs_fields(content, fields, lengthof(fields), values);
	facts->cpu_used_us = values[USED_US];
	facts->cpu_periods = values[PERIODS];
	facts->cpu_throttled_periods = values[THROTTLED];
	facts->cpu_throttled_us =
	    values[THROTTLED_NS] != FAMILY_NULL ? values[THROTTLED_NS] / 1000 : values[THROTTLED_US];
	if (group->version == 1 && accounting->version == 1)
	{
		used_ns = read_number(accounting->folder, "cpuacct.usage");
		facts->cpu_used_us = used_ns == FAMILY_NULL ? used_ns : used_ns / 1000;
	}
	continue_counters(&sources[CONTROLLER_CPU], folder,
	                  (int64 *[]){&facts->cpu_used_us, &facts->cpu_periods,
	                              &facts->cpu_throttled_periods, &facts->cpu_throttled_us},
	                  SOURCE_COUNTERS);
}

void
dbops_cgroup_read(CgroupFacts *facts)
{
	bool moved = refresh_groups();

	*facts = (CgroupFacts){FAMILY_NULL, FAMILY_NULL, FAMILY_NULL, FAMILY_NULL, FAMILY_NULL,
	                       FAMILY_NULL, FAMILY_NULL, FAMILY_NULL, FAMILY_NULL};
	if (groups[CONTROLLER_MEMORY].version != 0)
		read_memory(&groups[CONTROLLER_MEMORY], facts);
	if (groups[CONTROLLER_CPU].version != 0)
		read_cpu(&groups[CONTROLLER_CPU], &groups[CONTROLLER_CPUACCT], facts);

	/* Decided once: the totals of the group and of the machine must not be subtracted. */
	if (moved)
		own_pressure =
		    (facts->memory_limit_bytes != FAMILY_NULL || facts->cpu_limit_millis != FAMILY_NULL) &&
		    groups[CONTROLLER_MEMORY].version == 2;
}

void
dbops_cgroup_pressure_path(const char *resource, char *path, Size size)
{
	if (own_pressure)
	{
		char full[MAXPGPATH];

		snprintf(path, size, "%s/%s.pressure", groups[CONTROLLER_MEMORY].folder, resource);
		dbops_procfs_path(full, sizeof(full), path);
		if (access(full, R_OK) == 0)
			return;
	}
	snprintf(path, size, "/proc/pressure/%s", resource);
}
