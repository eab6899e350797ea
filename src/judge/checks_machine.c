/*
 * judge/checks_machine.c
 *		Checks of the machine: CPU, memory, devices, file systems, network.
 *
 * Limits are those that the rules in circulation agree on, or nearly so.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "judge/checks.h"
#include "judge/term.h"

static bool
memory_used_percent(const Fact *fact, double *value)
{
	if (!dbops_term_percent(fact, "memory_available_bytes", "memory_total_bytes", value))
		return false;
	*value = 100 - *value;
	return true;
}

static bool
open_files_percent(const Fact *fact, double *value)
{
	return dbops_term_percent(fact, "open_files", "open_files_limit", value);
}

static bool
has_memory_limit(const Fact *fact)
{
	double value;

	return dbops_term_get(fact, "cgroup_memory_limit_bytes", &value);
}

static bool
has_cpu_limit(const Fact *fact)
{
	double value;

	return dbops_term_get(fact, "cgroup_cpu_limit", &value);
}

static bool
has_pressure(const Fact *fact)
{
	double value;

	return dbops_term_get(fact, "pressure_io_full_ms", &value);
}

static const Check checks[] = {
    {
        .name = "cpu",
        .about = "Share of time in which the CPUs were busy",
        .family = &dbops_family_system,
        .scope = SCOPE_CLUSTER,
        .column = "busy_percent",
        .warning = 80,
        .critical = 95,
        .for_s = 60,
        .evidence = {"user_percent", "system_percent", "iowait_percent", "load_1", "cpus"},
        .points = 5,
        .why = "Statements wait for a CPU, and every latency grows",
        .what_to_do = "SELECT * FROM dbops.statements ORDER BY total_exec_ms DESC LIMIT 10;",
    },
    {
        .name = "cpu stolen",
        .about = "Share of time in which the hypervisor gave the CPUs to others",
        .family = &dbops_family_system,
        .scope = SCOPE_CLUSTER,
        .column = "steal_percent",
        .warning = 10,
        .critical = 30,
        .for_s = 60,
        .evidence = {"busy_percent", "cpus"},
        .points = 3,
        .why =
            "The machine has less CPU than it seems to have, and nothing in the database can change that",
        .what_to_do = "Ask whoever runs the hypervisor for CPUs that are not shared.",
    },
    {
        .name = "cpu throttled",
        .about = "Share of periods in which the control group had spent its CPU quota",
        .family = &dbops_family_system,
        .scope = SCOPE_CLUSTER,
        .column = "cgroup_throttled_percent",
        .applies = has_cpu_limit,
        .columns = {"cgroup_cpu_limit"},
        .warning = 10,
        .critical = 50,
        .for_s = 60,
        .evidence = {"cgroup_cpu_limit", "busy_percent"},
        .points = 3,
        .why = "The server stands still until the next period begins, although CPUs may be idle",
        .what_to_do = "Raise the CPU limit of the container.",
    },
    {
        .name = "memory",
        .about = "Share of the machine's memory that cannot be had without swapping",
        .family = &dbops_family_system,
        .scope = SCOPE_CLUSTER,
        .value = memory_used_percent,
        .unit = "percent",
        .columns = {"memory_available_bytes", "memory_total_bytes"},
        .warning = 90,
        .critical = 97,
        .for_s = 60,
        .evidence = {"memory_available_bytes", "memory_total_bytes", "server_memory_bytes"},
        .points = 5,
        .why = "Without memory the kernel kills a process of the server, and all sessions are lost",
        .what_to_do = "SELECT * FROM dbops.system; then lower work_mem or max_connections.",
    },
    {
        .name = "container memory",
        .about = "Share of the control group's memory limit in use",
        .family = &dbops_family_system,
        .scope = SCOPE_CLUSTER,
        .column = "cgroup_memory_used_percent",
        .applies = has_memory_limit,
        .columns = {"cgroup_memory_limit_bytes"},
        .warning = 90,
        .critical = 97,
        .for_s = 60,
        .evidence = {"cgroup_memory_used_bytes", "cgroup_memory_limit_bytes"},
        .points = 5,
        .why = "At the limit the kernel kills a process of the server, and all sessions are lost",
        .what_to_do =
            "Raise the memory limit of the container, or lower shared_buffers or work_mem.",
    },
    {
        .name = "out of memory",
        .about = "Processes that the kernel killed for want of memory, in the window",
        .family = &dbops_family_system,
        .scope = SCOPE_CLUSTER,
        .column = "oom_kills",
        .warning = NO_LIMIT,
        .critical = 1,
        .evidence = {"memory_available_bytes", "memory_total_bytes", "server_memory_bytes"},
        .points = 10,
        .why = "One killed process of the server ends all sessions",
        .what_to_do = "See the kernel's log for whom it killed; set vm.overcommit_memory = 2.",
    },
    {
        .name = "swapping",
        .about = "Pages read back from swap per second",
        .family = &dbops_family_system,
        .scope = SCOPE_CLUSTER,
        .column = "swap_in_pages_per_second",
        .warning = 100,
        .critical = 2000,
        .for_s = 60,
        .evidence = {"swap_total_bytes", "swap_free_bytes", "memory_available_bytes"},
        .points = 5,
        .why = "Memory that is on disk makes every statement that needs it wait",
        .what_to_do =
            "SELECT * FROM dbops.system; then lower shared_buffers, work_mem or max_connections.",
    },
    {
        .name = "io pressure",
        .about = "Share of time in which all processes waited for a device",
        .family = &dbops_family_system,
        .scope = SCOPE_CLUSTER,
        .column = "pressure_io_full_percent",
        .applies = has_pressure,
        .columns = {"pressure_io_full_ms"},
        .warning = 20,
        .critical = 60,
        .for_s = 60,
        .evidence = {"pressure_io_some_percent", "iowait_percent"},
        .points = 3,
        .why = "Nothing on the machine goes on while all wait",
        .what_to_do = "SELECT * FROM dbops.waits; and SELECT * FROM dbops.system;",
    },
    {
        .name = "open files",
        .about = "Share of the machine's file descriptors in use",
        .family = &dbops_family_system,
        .scope = SCOPE_CLUSTER,
        .value = open_files_percent,
        .unit = "percent",
        .columns = {"open_files", "open_files_limit"},
        .warning = 80,
        .critical = 95,
        .evidence = {"open_files", "open_files_limit"},
        .points = 3,
        .why = "Without file descriptors files cannot be opened, and the server stops",
        .what_to_do = "Raise fs.file-max, or lower max_files_per_process.",
    },
    {
        .name = "read latency",
        .about = "Time of a read from a device of the server",
        .family = &dbops_family_device,
        .scope = SCOPE_OBJECT,
        .column = "read_latency_ms",
        .enough = {"reads"},
        .at_least = 100,
        .warning = 10,
        .critical = 100,
        .for_s = 60,
        .evidence = {"reads_per_second", "read_bytes_per_second", "utilization_percent"},
        .points = 3,
        .why = "Every block that is not in memory costs that much",
        .what_to_do =
            "SELECT * FROM dbops.waits; to see who reads, SELECT * FROM dbops.tables; what.",
    },
    {
        .name = "write latency",
        .about = "Time of a write to a device of the server",
        .family = &dbops_family_device,
        .scope = SCOPE_OBJECT,
        .column = "write_latency_ms",
        .enough = {"writes"},
        .at_least = 100,
        .warning = 10,
        .critical = 100,
        .for_s = 60,
        .evidence = {"writes_per_second", "write_bytes_per_second", "utilization_percent"},
        .points = 3,
        .why = "Commits wait for WAL to be on disk",
        .what_to_do = "SELECT * FROM dbops.waits; put WAL on a device of its own.",
    },
    {
        .name = "device busy",
        .about = "Share of time in which a device of the server had something to do",
        .family = &dbops_family_device,
        .scope = SCOPE_OBJECT,
        .column = "utilization_percent",
        .warning = 90,
        .critical = NO_LIMIT,
        .for_s = 300,
        .evidence = {"queue_depth", "reads_per_second", "writes_per_second"},
        .points = 2,
        .why =
            "A device that is never idle has nothing left for a peak; one that works in parallel may have",
        .what_to_do = "SELECT * FROM dbops.io; to see who reads and writes.",
    },
    {
        .name = "disk space",
        .about = "Share of a file system of the server in use",
        .family = &dbops_family_filesystem,
        .scope = SCOPE_OBJECT,
        .column = "used_percent",
        .warning = 85,
        .critical = 95,
        .evidence = {"available_bytes", "total_bytes"},
        .points = 10,
        .why =
            "The server stops when there is no room for WAL, and writes fail when there is none for data",
        .what_to_do =
            "SELECT * FROM dbops.slots; for WAL that is kept, SELECT * FROM dbops.tables ORDER BY total_bytes DESC; for what is large.",
    },
    {
        .name = "inodes",
        .about = "Share of a file system's inodes in use",
        .family = &dbops_family_filesystem,
        .scope = SCOPE_OBJECT,
        .column = "inodes_used_percent",
        .warning = 85,
        .critical = 95,
        .evidence = {"inodes_free", "inodes"},
        .points = 5,
        .why = "Without an inode no file can be made, although there is room",
        .what_to_do = "Find the folder with the many small files; pg_wal/archive_status is one.",
    },
    {
        .name = "network received",
        .about = "Share of an interface's capacity that comes in",
        .family = &dbops_family_network,
        .scope = SCOPE_OBJECT,
        .column = "received_percent",
        .warning = 70,
        .critical = 90,
        .for_s = 60,
        .evidence = {"received_bytes_per_second"},
        .points = 3,
        .why = "Clients and replication wait for each other",
        .what_to_do = "SELECT * FROM dbops.connections; to see who is connected.",
    },
    {
        .name = "network sent",
        .about = "Share of an interface's capacity that goes out",
        .family = &dbops_family_network,
        .scope = SCOPE_OBJECT,
        .column = "sent_percent",
        .warning = 70,
        .critical = 90,
        .for_s = 60,
        .evidence = {"sent_bytes_per_second"},
        .points = 3,
        .why = "Clients and replication wait for each other",
        .what_to_do = "SELECT * FROM dbops.connections; to see who is connected.",
    },
    {
        .name = "network errors",
        .about = "Packets that an interface could not receive, per second",
        .family = &dbops_family_network,
        .scope = SCOPE_OBJECT,
        .column = "receive_errors_per_second",
        .warning = 1,
        .critical = 100,
        .evidence = {"receive_errors", "receive_drops", "received_packets"},
        .points = 2,
        .why = "Each is sent again after a pause",
        .what_to_do = "Check cable, port and driver.",
    },
};

const CheckTable dbops_checks_machine = CHECK_TABLE(checks);
