/*
 * collect/system.c
 *		The family "system": CPU, memory, pressure and limits of the machine and of its
 *		control group.
 *
 * A file of its own because all of it is one entity, read from a handful of kernel files.  Each
 * reader below fills what its file has; what a kernel, a container or a permission lacks stays
 * unknown.  CPU times are in microseconds, whatever the clock tick of the kernel.
 */
#include "postgres.h"

#include <sched.h>
#include <unistd.h>

#include "collect/cgroup.h"
#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/processes.h"
#include "collect/procfs.h"
#include "store/frame.h"

enum
{
	SYSTEM_CPU_USER_MS,
	SYSTEM_CPU_NICE_MS,
	SYSTEM_CPU_SYSTEM_MS,
	SYSTEM_CPU_IDLE_MS,
	SYSTEM_CPU_IOWAIT_MS,
	SYSTEM_CPU_IRQ_MS,
	SYSTEM_CPU_SOFTIRQ_MS,
	SYSTEM_CPU_STEAL_MS,
	SYSTEM_CPUS,
	SYSTEM_CPUS_ALLOWED,
	SYSTEM_LOAD_1,
	SYSTEM_LOAD_5,
	SYSTEM_LOAD_15,
	SYSTEM_CONTEXT_SWITCHES,
	SYSTEM_FORKS,
	SYSTEM_PROCESSES_RUNNING,
	SYSTEM_PROCESSES_BLOCKED,
	SYSTEM_MEMORY_TOTAL_BYTES,
	SYSTEM_MEMORY_AVAILABLE_BYTES,
	SYSTEM_MEMORY_FREE_BYTES,
	SYSTEM_MEMORY_BUFFERS_BYTES,
	SYSTEM_MEMORY_CACHED_BYTES,
	SYSTEM_MEMORY_SHARED_BYTES,
	SYSTEM_MEMORY_DIRTY_BYTES,
	SYSTEM_MEMORY_WRITEBACK_BYTES,
	SYSTEM_SLAB_RECLAIMABLE_BYTES,
	SYSTEM_PAGE_TABLES_BYTES,
	SYSTEM_SWAP_TOTAL_BYTES,
	SYSTEM_SWAP_FREE_BYTES,
	SYSTEM_COMMIT_LIMIT_BYTES,
	SYSTEM_COMMITTED_BYTES,
	SYSTEM_HUGE_PAGE_SIZE_BYTES,
	SYSTEM_HUGE_PAGES,
	SYSTEM_HUGE_PAGES_FREE,
	SYSTEM_HUGE_PAGES_RESERVED,
	SYSTEM_SWAP_IN_PAGES,
	SYSTEM_SWAP_OUT_PAGES,
	SYSTEM_MAJOR_FAULTS,
	SYSTEM_OOM_KILLS,
	SYSTEM_OPEN_FILES,
	SYSTEM_OPEN_FILES_LIMIT,
	SYSTEM_CGROUP_MEMORY_LIMIT_BYTES,
	SYSTEM_CGROUP_MEMORY_CHARGED_BYTES,
	SYSTEM_CGROUP_MEMORY_USED_BYTES,
	SYSTEM_CGROUP_OOM_KILLS,
	SYSTEM_CGROUP_CPU_LIMIT,
	SYSTEM_CGROUP_CPU_MS,
	SYSTEM_CGROUP_CPU_PERIODS,
	SYSTEM_CGROUP_CPU_THROTTLED_PERIODS,
	SYSTEM_CGROUP_CPU_THROTTLED_MS,
	SYSTEM_PRESSURE_CPU_SOME_MS,
	SYSTEM_PRESSURE_CPU_FULL_MS,
	SYSTEM_PRESSURE_MEMORY_SOME_MS,
	SYSTEM_PRESSURE_MEMORY_FULL_MS,
	SYSTEM_PRESSURE_IO_SOME_MS,
	SYSTEM_PRESSURE_IO_FULL_MS,
	SYSTEM_SERVER_PROCESSES,
	SYSTEM_SERVER_MEMORY_BYTES,
	SYSTEM_SERVER_PRIVATE_BYTES,
	SYSTEM_SERVER_SHARED_BYTES,
	SYSTEM_SERVER_CPU_MS,
	SYSTEM_NMETRICS
};

static const Metric metrics[] = {
    [SYSTEM_CPU_USER_MS] =
        COUNT_MS(1, "cpu_user_ms", 0.001, "Time of all CPUs in programs, guests included"),
    [SYSTEM_CPU_NICE_MS] =
        COUNT_MS(2, "cpu_nice_ms", 0.001, "Time of all CPUs in programs of lowered priority"),
    [SYSTEM_CPU_SYSTEM_MS] = COUNT_MS(3, "cpu_system_ms", 0.001, "Time of all CPUs in the kernel"),
    [SYSTEM_CPU_IDLE_MS] = COUNT_MS(4, "cpu_idle_ms", 0.001, "Time of all CPUs with nothing to do"),
    [SYSTEM_CPU_IOWAIT_MS] =
        COUNT_MS(5, "cpu_iowait_ms", 0.001, "Time of all CPUs idle while a device was awaited"),
    [SYSTEM_CPU_IRQ_MS] =
        COUNT_MS(6, "cpu_irq_ms", 0.001, "Time of all CPUs in hardware interrupts"),
    [SYSTEM_CPU_SOFTIRQ_MS] =
        COUNT_MS(7, "cpu_softirq_ms", 0.001, "Time of all CPUs in deferred interrupts"),
    [SYSTEM_CPU_STEAL_MS] =
        COUNT_MS(8, "cpu_steal_ms", 0.001,
                 "Time of all CPUs wanted, and given to other guests by the hypervisor"),
    [SYSTEM_CPUS] = GAUGE(9, "cpus", "", ROLLUP_LAST, "CPUs online on the machine"),
    [SYSTEM_CPUS_ALLOWED] =
        GAUGE(10, "cpus_allowed", "", ROLLUP_LAST, "CPUs that dbops, like the server, may run on"),
    [SYSTEM_LOAD_1] = GAUGE_SCALED(11, "load_1", "", 0.01, ROLLUP_AVG,
                                   "Processes running or blocked on disk, mean over a minute"),
    [SYSTEM_LOAD_5] = GAUGE_SCALED(12, "load_5", "", 0.01, ROLLUP_AVG,
                                   "Processes running or blocked on disk, mean over 5 minutes"),
    [SYSTEM_LOAD_15] = GAUGE_SCALED(13, "load_15", "", 0.01, ROLLUP_AVG,
                                    "Processes running or blocked on disk, mean over 15 minutes"),
    [SYSTEM_CONTEXT_SWITCHES] =
        COUNT(14, "context_switches", "Switches from one process to another"),
    [SYSTEM_FORKS] = COUNT(15, "forks", "Processes and threads started on the machine"),
    [SYSTEM_PROCESSES_RUNNING] =
        GAUGE(16, "processes_running", "", ROLLUP_AVG, "Processes that run or could"),
    [SYSTEM_PROCESSES_BLOCKED] =
        GAUGE(17, "processes_blocked", "", ROLLUP_AVG, "Processes that wait for a device"),
    [SYSTEM_MEMORY_TOTAL_BYTES] =
        GAUGE(18, "memory_total_bytes", "bytes", ROLLUP_LAST, "Memory of the machine"),
    [SYSTEM_MEMORY_AVAILABLE_BYTES] =
        GAUGE(19, "memory_available_bytes", "bytes", ROLLUP_MIN,
              "Memory that could be had without swapping, by the estimate of the kernel"),
    [SYSTEM_MEMORY_FREE_BYTES] =
        GAUGE(20, "memory_free_bytes", "bytes", ROLLUP_MIN, "Memory that nobody uses"),
    [SYSTEM_MEMORY_BUFFERS_BYTES] =
        GAUGE(21, "memory_buffers_bytes", "bytes", ROLLUP_LAST, "Memory that caches block devices"),
    [SYSTEM_MEMORY_CACHED_BYTES] = GAUGE(22, "memory_cached_bytes", "bytes", ROLLUP_LAST,
                                         "Memory that caches files; shared memory is in it"),
    [SYSTEM_MEMORY_SHARED_BYTES] =
        GAUGE(23, "memory_shared_bytes", "bytes", ROLLUP_LAST,
              "Memory of tmpfs and shared segments, as shared_buffers without huge pages"),
    [SYSTEM_MEMORY_DIRTY_BYTES] = GAUGE(24, "memory_dirty_bytes", "bytes", ROLLUP_MAX,
                                        "Cached writes that no device has begun to take"),
    [SYSTEM_MEMORY_WRITEBACK_BYTES] = GAUGE(25, "memory_writeback_bytes", "bytes", ROLLUP_MAX,
                                            "Cached writes on their way to a device"),
    [SYSTEM_SLAB_RECLAIMABLE_BYTES] = GAUGE(26, "slab_reclaimable_bytes", "bytes", ROLLUP_LAST,
                                            "Kernel caches that can be dropped"),
    [SYSTEM_PAGE_TABLES_BYTES] =
        GAUGE(27, "page_tables_bytes", "bytes", ROLLUP_MAX, "Memory spent on page tables"),
    [SYSTEM_SWAP_TOTAL_BYTES] = GAUGE(28, "swap_total_bytes", "bytes", ROLLUP_LAST, "Swap space"),
    [SYSTEM_SWAP_FREE_BYTES] =
        GAUGE(29, "swap_free_bytes", "bytes", ROLLUP_MIN, "Swap space that nobody uses"),
    [SYSTEM_COMMIT_LIMIT_BYTES] = GAUGE(30, "commit_limit_bytes", "bytes", ROLLUP_LAST,
                                        "Memory that may be promised when overcommit is forbidden"),
    [SYSTEM_COMMITTED_BYTES] =
        GAUGE(31, "committed_bytes", "bytes", ROLLUP_MAX, "Memory promised to programs"),
    [SYSTEM_HUGE_PAGE_SIZE_BYTES] =
        GAUGE(32, "huge_page_size_bytes", "bytes", ROLLUP_LAST, "Size of a huge page"),
    [SYSTEM_HUGE_PAGES] = GAUGE(33, "huge_pages", "", ROLLUP_LAST, "Huge pages set aside"),
    [SYSTEM_HUGE_PAGES_FREE] =
        GAUGE(34, "huge_pages_free", "", ROLLUP_MIN, "Huge pages that nobody uses"),
    [SYSTEM_HUGE_PAGES_RESERVED] =
        GAUGE(35, "huge_pages_reserved", "", ROLLUP_MAX, "Huge pages promised but not yet touched"),
    [SYSTEM_SWAP_IN_PAGES] = {36, "swap_in_pages", METRIC_COUNTER, "pages", 0, ROLLUP_DEFAULT,
                              "Pages read from swap"},
    [SYSTEM_SWAP_OUT_PAGES] = {37, "swap_out_pages", METRIC_COUNTER, "pages", 0, ROLLUP_DEFAULT,
                               "Pages written to swap"},
    [SYSTEM_MAJOR_FAULTS] = COUNT(38, "major_faults", "Page faults that had to read from a device"),
    [SYSTEM_OOM_KILLS] = COUNT(39, "oom_kills", "Processes the kernel killed for want of memory"),
    [SYSTEM_OPEN_FILES] =
        GAUGE(40, "open_files", "", ROLLUP_MAX, "File descriptors in use on the machine"),
    [SYSTEM_OPEN_FILES_LIMIT] =
        GAUGE(41, "open_files_limit", "", ROLLUP_LAST, "File descriptors the machine allows"),
    [SYSTEM_CGROUP_MEMORY_LIMIT_BYTES] =
        GAUGE(42, "cgroup_memory_limit_bytes", "bytes", ROLLUP_LAST,
              "Smallest memory limit of the server's control group and those above it"),
    [SYSTEM_CGROUP_MEMORY_CHARGED_BYTES] =
        GAUGE(43, "cgroup_memory_charged_bytes", "bytes", ROLLUP_MAX,
              "Memory charged to the group that sets the limit, page cache included"),
    [SYSTEM_CGROUP_MEMORY_USED_BYTES] =
        GAUGE(44, "cgroup_memory_used_bytes", "bytes", ROLLUP_MAX,
              "The same without page cache and slabs that the kernel can reclaim"),
    [SYSTEM_CGROUP_OOM_KILLS] =
        COUNT(45, "cgroup_oom_kills", "Processes of the group killed for want of memory"),
    [SYSTEM_CGROUP_CPU_LIMIT] =
        GAUGE_SCALED(46, "cgroup_cpu_limit", "CPUs", 0.001, ROLLUP_LAST,
                     "Smallest CPU quota of the server's control group and those above it"),
    [SYSTEM_CGROUP_CPU_MS] = COUNT_MS(47, "cgroup_cpu_ms", 0.001, "CPU time the group has used"),
    [SYSTEM_CGROUP_CPU_PERIODS] =
        COUNT(48, "cgroup_cpu_periods", "Enforcement periods of the quota in which the group ran"),
    [SYSTEM_CGROUP_CPU_THROTTLED_PERIODS] =
        COUNT(49, "cgroup_cpu_throttled_periods", "Periods in which the group had spent its quota"),
    [SYSTEM_CGROUP_CPU_THROTTLED_MS] = COUNT_MS(
        50, "cgroup_cpu_throttled_ms", 0.001, "Time the group's CPUs were held back by the quota"),
    [SYSTEM_PRESSURE_CPU_SOME_MS] =
        COUNT_MS(51, "pressure_cpu_some_ms", 0.001, "Time in which some task waited for a CPU"),
    [SYSTEM_PRESSURE_CPU_FULL_MS] =
        COUNT_MS(52, "pressure_cpu_full_ms", 0.001, "Time in which all tasks waited for a CPU"),
    [SYSTEM_PRESSURE_MEMORY_SOME_MS] =
        COUNT_MS(53, "pressure_memory_some_ms", 0.001, "Time in which some task waited for memory"),
    [SYSTEM_PRESSURE_MEMORY_FULL_MS] =
        COUNT_MS(54, "pressure_memory_full_ms", 0.001, "Time in which all tasks waited for memory"),
    [SYSTEM_PRESSURE_IO_SOME_MS] =
        COUNT_MS(55, "pressure_io_some_ms", 0.001, "Time in which some task waited for a device"),
    [SYSTEM_PRESSURE_IO_FULL_MS] =
        COUNT_MS(56, "pressure_io_full_ms", 0.001, "Time in which all tasks waited for a device"),
    [SYSTEM_SERVER_PROCESSES] = GAUGE(57, "server_processes", "", ROLLUP_MAX,
                                      "Processes of the server: the postmaster and its children"),
    [SYSTEM_SERVER_MEMORY_BYTES] =
        GAUGE(58, "server_memory_bytes", "bytes", ROLLUP_MAX,
              "Resident memory of the server: private of each process, and shared once"),
    [SYSTEM_SERVER_PRIVATE_BYTES] =
        GAUGE(59, "server_private_bytes", "bytes", ROLLUP_MAX,
              "Resident private memory, the sum over the server's processes"),
    [SYSTEM_SERVER_SHARED_BYTES] =
        GAUGE(60, "server_shared_bytes", "bytes", ROLLUP_MAX,
              "Resident shared memory, without huge pages, of the process that has most"),
    [SYSTEM_SERVER_CPU_MS] = COUNT_MS(61, "server_cpu_ms", 0.001,
                                      "CPU time of the server's processes, ended ones included"),
};

#define CPU_TIMES                                                                      \
	{                                                                                  \
		"cpu_user_ms", "cpu_nice_ms", "cpu_system_ms", "cpu_idle_ms", "cpu_iowait_ms", \
		    "cpu_irq_ms", "cpu_softirq_ms", "cpu_steal_ms"                             \
	}

/* Milliseconds of each second, as a percentage. */
#define PERCENT_OF_TIME 0.1

static const Derived derived[] = {
    {"user_percent",
     DERIVED_RATIO,
     100,
     {"cpu_user_ms", "cpu_nice_ms"},
     CPU_TIMES,
     "percent",
     "Share of CPU time in programs"},
    {"system_percent",
     DERIVED_RATIO,
     100,
     {"cpu_system_ms", "cpu_irq_ms", "cpu_softirq_ms"},
     CPU_TIMES,
     "percent",
     "Share of CPU time in the kernel, interrupts included"},
    {"iowait_percent",
     DERIVED_RATIO,
     100,
     {"cpu_iowait_ms"},
     CPU_TIMES,
     "percent",
     "Share of CPU time idle while a device was awaited"},
    {"steal_percent",
     DERIVED_RATIO,
     100,
     {"cpu_steal_ms"},
     CPU_TIMES,
     "percent",
     "Share of CPU time given to other guests by the hypervisor"},
    {"busy_percent",
     DERIVED_RATIO,
     100,
     {"cpu_user_ms", "cpu_nice_ms", "cpu_system_ms", "cpu_irq_ms", "cpu_softirq_ms",
      "cpu_steal_ms"},
     CPU_TIMES,
     "percent",
     "Share of CPU time neither idle nor waiting for a device"},
    RATIO("memory_available_percent", 100, "memory_available_bytes", "memory_total_bytes",
          "percent", "Share of the memory that could be had without swapping"),
    RATIO("cgroup_memory_used_percent", 100, "cgroup_memory_used_bytes",
          "cgroup_memory_limit_bytes", "percent", "Share of the memory limit in use"),
    RATIO("cgroup_throttled_percent", 100, "cgroup_cpu_throttled_periods", "cgroup_cpu_periods",
          "percent", "Share of periods in which the CPU quota was spent"),
    {"server_cpus",
     DERIVED_SHARE,
     0.001,
     {"server_cpu_ms"},
     {NULL},
     "CPUs",
     "CPUs the server kept busy"},
    {"pressure_cpu_some_percent",
     DERIVED_SHARE,
     PERCENT_OF_TIME,
     {"pressure_cpu_some_ms"},
     {NULL},
     "percent",
     "Share of time in which some task waited for a CPU"},
    {"pressure_cpu_full_percent",
     DERIVED_SHARE,
     PERCENT_OF_TIME,
     {"pressure_cpu_full_ms"},
     {NULL},
     "percent",
     "Share of time in which all tasks waited for a CPU"},
    {"pressure_memory_some_percent",
     DERIVED_SHARE,
     PERCENT_OF_TIME,
     {"pressure_memory_some_ms"},
     {NULL},
     "percent",
     "Share of time in which some task waited for memory"},
    {"pressure_memory_full_percent",
     DERIVED_SHARE,
     PERCENT_OF_TIME,
     {"pressure_memory_full_ms"},
     {NULL},
     "percent",
     "Share of time in which all tasks waited for memory"},
    {"pressure_io_some_percent",
     DERIVED_SHARE,
     PERCENT_OF_TIME,
     {"pressure_io_some_ms"},
     {NULL},
     "percent",
     "Share of time in which some task waited for a device"},
    {"pressure_io_full_percent",
     DERIVED_SHARE,
     PERCENT_OF_TIME,
     {"pressure_io_full_ms"},
     {NULL},
     "percent",
     "Share of time in which all tasks waited for a device"},
};

/* Idle and iowait are estimates that the kernel may take back by a few ticks. */
#define CPU_SLACK_US (60 * INT64CONST(1000000))

#define CPU_KINDS (SYSTEM_CPU_STEAL_MS - SYSTEM_CPU_USER_MS + 1)

/* The line "cpu": user nice system idle iowait irq softirq steal, in clock ticks. */
static void
read_cpu_times(char *line, int64 *values)
{
	static int64 highest[CPU_KINDS];
	int64 tick_us = 1000000 / sysconf(_SC_CLK_TCK);
	char *words[CPU_KINDS + 1];
	int nwords = dbops_procfs_split(line, words, CPU_KINDS + 1);

	for (int i = 0; i + 1 < nwords; i++)
	{
		int64 us = dbops_procfs_number(words[i + 1]) * tick_us;

		values[SYSTEM_CPU_USER_MS + i] = dbops_procfs_steady(&highest[i], us, CPU_SLACK_US);
	}
}

static void
read_stat(int64 *values)
{
	static const ProcfsField fields[] = {
	    {"ctxt", SYSTEM_CONTEXT_SWITCHES, 1},
	    {"processes", SYSTEM_FORKS, 1},
	    {"procs_running", SYSTEM_PROCESSES_RUNNING, 1},
	    {"procs_blocked", SYSTEM_PROCESSES_BLOCKED, 1},
	};
	char *content = dbops_procfs_load("/proc/stat");
	int64 cpus = 0;
	char *line;

	if (content == NULL)
		return;
	while (strncmp(content, "cpu", 3) == 0 && (line = dbops_procfs_line(&content)) != NULL)
	{
		if (line[3] == ' ')
			read_cpu_times(line, values);
		else
			cpus++;
	}
	if (cpus > 0)
		values[SYSTEM_CPUS] = cpus;
	dbops_procfs_fields(content, fields, lengthof(fields), values);
}

static void
read_affinity(int64 *values)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		values[SYSTEM_CPUS_ALLOWED] = CPU_COUNT(&set);
}

/* "0.26 0.08 0.02 1/90 6673": always two decimals. */
static void
read_load(int64 *values)
{
	char content[128];
	char *words[3];

	dbops_procfs_read("/proc/loadavg", content, sizeof(content));
	if (dbops_procfs_split(content, words, 3) != 3)
		return;
	for (int i = 0; i < 3; i++)
	{
		const char *dot = strchr(words[i], '.');

		if (dot != NULL)
			values[SYSTEM_LOAD_1 + i] =
			    dbops_procfs_number(words[i]) * 100 + dbops_procfs_number(dot + 1);
	}
}

static void
read_meminfo(int64 *values)
{
	static const ProcfsField fields[] = {
	    {"MemTotal", SYSTEM_MEMORY_TOTAL_BYTES, 1024},
	    {"MemFree", SYSTEM_MEMORY_FREE_BYTES, 1024},
	    {"MemAvailable", SYSTEM_MEMORY_AVAILABLE_BYTES, 1024},
	    {"Buffers", SYSTEM_MEMORY_BUFFERS_BYTES, 1024},
	    {"Cached", SYSTEM_MEMORY_CACHED_BYTES, 1024},
	    {"SwapTotal", SYSTEM_SWAP_TOTAL_BYTES, 1024},
	    {"SwapFree", SYSTEM_SWAP_FREE_BYTES, 1024},
	    {"Dirty", SYSTEM_MEMORY_DIRTY_BYTES, 1024},
	    {"Writeback", SYSTEM_MEMORY_WRITEBACK_BYTES, 1024},
	    {"Shmem", SYSTEM_MEMORY_SHARED_BYTES, 1024},
	    {"SReclaimable", SYSTEM_SLAB_RECLAIMABLE_BYTES, 1024},
	    {"PageTables", SYSTEM_PAGE_TABLES_BYTES, 1024},
	    {"CommitLimit", SYSTEM_COMMIT_LIMIT_BYTES, 1024},
	    {"Committed_AS", SYSTEM_COMMITTED_BYTES, 1024},
	    {"HugePages_Total", SYSTEM_HUGE_PAGES, 1},
	    {"HugePages_Free", SYSTEM_HUGE_PAGES_FREE, 1},
	    {"HugePages_Rsvd", SYSTEM_HUGE_PAGES_RESERVED, 1},
	    {"Hugepagesize", SYSTEM_HUGE_PAGE_SIZE_BYTES, 1024},
	};
	char content[PROCFS_SMALL];

	dbops_procfs_read("/proc/meminfo", content, sizeof(content));
	dbops_procfs_fields(content, fields, lengthof(fields), values);
}

static void
read_vmstat(int64 *values)
{
	static const ProcfsField fields[] = {
	    {"pswpin", SYSTEM_SWAP_IN_PAGES, 1},
	    {"pswpout", SYSTEM_SWAP_OUT_PAGES, 1},
	    {"pgmajfault", SYSTEM_MAJOR_FAULTS, 1},
	    {"oom_kill", SYSTEM_OOM_KILLS, 1},
	};
	char content[PROCFS_SMALL];

	dbops_procfs_read("/proc/vmstat", content, sizeof(content));
	dbops_procfs_fields(content, fields, lengthof(fields), values);
}

/* "allocated unused limit" */
static void
read_files(int64 *values)
{
	char content[128];
	char *words[3];

	dbops_procfs_read("/proc/sys/fs/file-nr", content, sizeof(content));
	if (dbops_procfs_split(content, words, 3) != 3)
		return;
	values[SYSTEM_OPEN_FILES] = dbops_procfs_number(words[0]);
	values[SYSTEM_OPEN_FILES_LIMIT] = dbops_procfs_number(words[2]);
}

static void
read_cgroup(int64 *values)
{
	CgroupFacts facts;

	dbops_cgroup_read(&facts);
	values[SYSTEM_CGROUP_MEMORY_LIMIT_BYTES] = facts.memory_limit_bytes;
	values[SYSTEM_CGROUP_MEMORY_CHARGED_BYTES] = facts.memory_charged_bytes;
	values[SYSTEM_CGROUP_MEMORY_USED_BYTES] = facts.memory_used_bytes;
	values[SYSTEM_CGROUP_OOM_KILLS] = facts.oom_kills;
	values[SYSTEM_CGROUP_CPU_LIMIT] = facts.cpu_limit_millis;
	values[SYSTEM_CGROUP_CPU_MS] = facts.cpu_used_us;
	values[SYSTEM_CGROUP_CPU_PERIODS] = facts.cpu_periods;
	values[SYSTEM_CGROUP_CPU_THROTTLED_PERIODS] = facts.cpu_throttled_periods;
	values[SYSTEM_CGROUP_CPU_THROTTLED_MS] = facts.cpu_throttled_us;
}

/* "some avg10=0.22 avg60=0.88 avg300=0.32 total=6625490", then the same for "full". */
static void
read_pressure_of(const char *resource, int64 *some, int64 *full)
{
	char path[MAXPGPATH];
	char content[512];
	char *cursor = content;
	char *line;

	dbops_cgroup_pressure_path(resource, path, sizeof(path));
	dbops_procfs_read(path, content, sizeof(content));
	while ((line = dbops_procfs_line(&cursor)) != NULL)
	{
		const char *total = strstr(line, "total=");

		if (total == NULL)
			continue;
		*(strncmp(line, "some", 4) == 0 ? some : full) =
		    dbops_procfs_number(total + strlen("total="));
	}
}

static void
read_pressure(int64 *values)
{
	static const char *const resources[] = {"cpu", "memory", "io"};

	for (int i = 0; i < lengthof(resources); i++)
		read_pressure_of(resources[i], &values[SYSTEM_PRESSURE_CPU_SOME_MS + 2 * i],
		                 &values[SYSTEM_PRESSURE_CPU_FULL_MS + 2 * i]);
}

static void
read_processes(int64 *values)
{
	ProcessFacts facts;

	dbops_processes_read(&facts);
	values[SYSTEM_SERVER_PROCESSES] = facts.processes;
	values[SYSTEM_SERVER_PRIVATE_BYTES] = facts.private_bytes;
	values[SYSTEM_SERVER_SHARED_BYTES] = facts.shared_bytes;
	if (facts.private_bytes != FAMILY_NULL)
		values[SYSTEM_SERVER_MEMORY_BYTES] = facts.private_bytes + facts.shared_bytes;
	values[SYSTEM_SERVER_CPU_MS] = facts.cpu_us;
}

/* The control group comes before the pressure, whose place depends on it. */
static void (*const readers[])(int64 *values) = {
    read_stat,  read_affinity, read_load,     read_meminfo,   read_vmstat,
    read_files, read_cgroup,   read_pressure, read_processes,
};

/* Scratch lives in the frame's context, until the frame is reset. */
static void
read_system(Frame *frame)
{
	MemoryContext old = MemoryContextSwitchTo(frame->context);
	EntityKey key = {{0}};
	int64 *values = dbops_frame_add(frame, &key, NULL);

	for (int i = 0; i < lengthof(readers); i++)
		readers[i](values);
	MemoryContextSwitchTo(old);
}

StaticAssertDecl(lengthof(metrics) == SYSTEM_NMETRICS, "each column has its metric");

const Family dbops_family_system = {
    .id = 1,
    .name = "system",
    .help = "The machine and the server's share of it: CPU, memory, pressure, control group",
    .cadence = CADENCE_NARROW,
    METRICS(metrics),
    DERIVED(derived),
    .rates = true,
    .read = read_system,
};
