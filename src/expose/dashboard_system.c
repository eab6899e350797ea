/*
 * expose/dashboard_system.c
 *		Dashboard: the machine that the server runs on.
 */
#include "postgres.h"

#include "expose/dashboards.h"

#define SYSTEM "  FROM dbops.system_history\n WHERE " WITHIN "\n ORDER BY 1"
#define SERVER "  FROM dbops.server_history\n WHERE " WITHIN "\n ORDER BY 1"
#define DEVICE "  FROM dbops.device_history\n WHERE " WITHIN "\n ORDER BY 1"
#define FILE_SYSTEM "  FROM dbops.filesystem_history\n WHERE " WITHIN "\n ORDER BY 1"
#define NETWORK "  FROM dbops.network_history\n WHERE " WITHIN "\n"

static const Panel panels[] = {
    {
        .title = "Resources, at the moment",
        .about = "The fullest first",
        .kind = PANEL_TABLE,
        .queries = {{"SELECT resource, used_percent, detail FROM dbops.system"}},
    },
    {.title = "CPU", .kind = PANEL_ROW},
    {
        .title = "CPU",
        .about = "Share of the time of all CPUs, by what they did",
        .kind = PANEL_STACK,
        .check = "cpu",
        .queries =
            {{"SELECT at AS time, user_percent AS user, system_percent AS system,\n"
              "       iowait_percent AS \"waiting for disk\", steal_percent AS \"taken by other machines\"\n" SYSTEM}},
    },
    {
        .title = "CPUs the server keeps busy",
        .about = "All its processes together, and how many CPUs there are",
        .kind = PANEL_LINES,
        .unit = "short",
        .queries =
            {{"SELECT at AS time, server_cpus AS server, cpus_allowed AS \"there are\"\n" SYSTEM}},
    },
    {
        .title = "Load",
        .about = "Processes that run or wait for disk, mean over 1, 5 and 15 minutes",
        .kind = PANEL_LINES,
        .unit = "short",
        .queries =
            {{"SELECT at AS time, load_1 AS \"1 min\", load_5 AS \"5 min\", load_15 AS \"15 min\"\n" SYSTEM}},
    },
    {
        .title = "Pressure",
        .about =
            "Share of the time in which somebody waited for CPU, memory or disk; where the kernel "
            "does not tell there is nothing",
        .kind = PANEL_LINES,
        .check = "io pressure",
        .nothing = "the kernel does not tell",
        .queries =
            {{"SELECT at AS time, pressure_cpu_some_percent AS cpu, pressure_memory_some_percent AS memory,\n"
              "       pressure_io_some_percent AS disk\n" SYSTEM}},
    },
    {.title = "Memory", .kind = PANEL_ROW},
    {
        .title = "Memory",
        .about = "Memory of the machine",
        .kind = PANEL_LINES,
        .unit = "bytes",
        .queries =
            {{"SELECT at AS time, memory_total_bytes AS total, memory_available_bytes AS available,\n"
              "       memory_cached_bytes AS \"page cache\", memory_dirty_bytes AS \"not yet on disk\",\n"
              "       swap_total_bytes - swap_free_bytes AS swapped\n" SYSTEM}},
    },
    {
        .title = "Memory in use",
        .about = "Share of the memory of the machine that cannot be had for anything else",
        .kind = PANEL_LINES,
        .check = "memory",
        .queries = {{"SELECT at AS time, 100 - memory_available_percent AS \"in use\"\n" SYSTEM}},
    },
    {
        .title = "Memory of the server",
        .about = "Private memory of all its processes, and what they share",
        .kind = PANEL_STACK,
        .unit = "bytes",
        .queries =
            {{"SELECT at AS time, server_private_bytes AS private, server_shared_bytes AS shared\n" SYSTEM}},
    },
    {
        .title = "Swapping",
        .about = "Pages a second to and from swap",
        .kind = PANEL_LINES,
        .check = "swapping",
        .queries = {{"SELECT at AS time, swap_in_pages_per_second AS \"in\",\n"
                     "       swap_out_pages_per_second AS \"out\"\n" SYSTEM}},
    },
    {
        .title = "Memory of the container",
        .about = "Share of the limit of its control group, where there is one",
        .kind = PANEL_LINES,
        .check = "container memory",
        .nothing = "no limit",
        .queries = {{"SELECT at AS time, cgroup_memory_used_percent AS used\n" SYSTEM}},
    },
    {
        .title = "CPU held back",
        .about =
            "Share of periods in which the control group had used up its CPU, where it has a limit",
        .kind = PANEL_LINES,
        .check = "cpu throttled",
        .nothing = "no limit",
        .queries = {{"SELECT at AS time, cgroup_throttled_percent AS throttled\n" SYSTEM}},
    },
    {.title = "Disks", .kind = PANEL_ROW},
    {
        .title = "Disks busy",
        .about = "Share of the time in which a device had something to do",
        .kind = PANEL_LINES,
        .check = "device busy",
        .nothing = "no device",
        .queries = {{"SELECT at AS time, device AS metric, utilization_percent AS value\n" DEVICE}},
    },
    {
        .title = "Time of a read",
        .about = "Mean time that a read from a device took",
        .kind = PANEL_LINES,
        .check = "read latency",
        .nothing = "nothing was read",
        .queries = {{"SELECT at AS time, device AS metric, read_latency_ms AS value\n" DEVICE}},
    },
    {
        .title = "Time of a write",
        .about = "Mean time that a write to a device took",
        .kind = PANEL_LINES,
        .check = "write latency",
        .nothing = "nothing was written",
        .queries = {{"SELECT at AS time, device AS metric, write_latency_ms AS value\n" DEVICE}},
    },
    {
        .title = "Read and written",
        .about = "Bytes a second, all devices",
        .kind = PANEL_LINES,
        .unit = "Bps",
        .nothing = "no device",
        .queries =
            {{"SELECT at AS time, sum(read_bytes_per_second) AS read, sum(write_bytes_per_second) AS written\n"
              "  FROM dbops.device_history\n"
              " WHERE " WITHIN "\n"
              " GROUP BY 1\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Disk space used",
        .about = "By file system that the server uses",
        .kind = PANEL_LINES,
        .check = "disk space",
        .queries = {{"SELECT at AS time, mount AS metric, used_percent AS value\n" FILE_SYSTEM}},
    },
    {
        .title = "Space left",
        .about = "By file system that the server uses",
        .kind = PANEL_LINES,
        .unit = "bytes",
        .queries = {{"SELECT at AS time, mount AS metric, available_bytes AS value\n" FILE_SYSTEM}},
    },
    {.title = "Network", .kind = PANEL_ROW},
    {
        .title = "Network",
        .about = "Bytes a second, by interface",
        .kind = PANEL_LINES,
        .unit = "Bps",
        .nothing = "no interface",
        .queries =
            {{"SELECT at AS time, interface || ' in' AS metric, received_bytes_per_second AS value\n" NETWORK
              " UNION ALL\n"
              "SELECT at, interface || ' out', sent_bytes_per_second\n" NETWORK " ORDER BY 1"}},
    },
    {
        .title = "Network errors",
        .about = "Packets a second that were lost, by interface",
        .kind = PANEL_LINES,
        .check = "network errors",
        .nothing = "no interface",
        .queries =
            {{"SELECT at AS time, interface AS metric,\n"
              "       receive_errors_per_second + receive_drops_per_second + send_errors_per_second\n"
              "           + send_drops_per_second AS value\n" NETWORK " ORDER BY 1"}},
    },
    {.title = "Server", .kind = PANEL_ROW},
    {
        .title = "Checkpoints",
        .about = "Checkpoints a minute: by time, and because the WAL became too much",
        .kind = PANEL_BARS,
        .unit = "short",
        .queries = {{"SELECT at AS time, checkpoints_timed" A_MINUTE " AS \"by time\",\n"
                     "       checkpoints_requested" A_MINUTE " AS requested\n" SERVER}},
    },
    {
        .title = "WAL",
        .about = "WAL written a second, and the part that is whole pages",
        .kind = PANEL_LINES,
        .check = "wal volume",
        .queries =
            {{"SELECT at AS time, wal_bytes_per_second AS wal,\n"
              "       wal_fpi_per_second * current_setting('block_size')::int AS \"whole pages, at most\"\n" SERVER}},
    },
    {
        .title = "What dbops costs",
        .about = "Share of one CPU, by process of dbops",
        .kind = PANEL_LINES,
        .check = "dbops cpu",
        .queries = {{"SELECT at AS time, process AS metric, cpu_percent AS value\n"
                     "  FROM dbops.self_history\n"
                     " WHERE " WITHIN "\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Reads and writes by process",
        .about = "Bytes a second that kinds of processes read and wrote; from PostgreSQL 16",
        .kind = PANEL_LINES,
        .unit = "Bps",
        .interval = WIDE,
        .nothing = "from PostgreSQL 16",
        .queries = {{"SELECT at AS time, backend_type AS metric,\n"
                     "       sum(read_bytes_per_second + write_bytes_per_second) AS value\n"
                     "  FROM dbops.io_history\n"
                     " WHERE " WITHIN "\n"
                     " GROUP BY 1, 2\n"
                     " ORDER BY 1"}},
    },
};

const Dashboard dbops_dashboard_system = {
    .name = "system",
    .title = "dbops / System",
    .answers = "How busy are CPU, memory, disks and network, and who waits for them?",
    .variables = {&dbops_dashboard_node},
    DASHBOARD_PANELS(panels),
};
