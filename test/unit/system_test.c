/*
 * test/unit/system_test.c
 *		The family system on machines of fixtures: one with most files, one with hardly any.
 *
 * sources: src/collect/system.c src/collect/cgroup.c src/collect/mounts.c src/collect/procfs.c
 * sources: src/store/frame.c src/store/registry.c
 */
#include "postgres.h"

#include <math.h>
#include <unistd.h>

#include "collect/collectors.h"
#include "collect/processes.h"
#include "collect/procfs.h"
#include "store/frame.h"
#include "store/registry.h"

#include "tap.h"

static ProcessFacts processes = {
    .processes = 7, .private_bytes = 1000, .shared_bytes = 300, .cpu_us = 5000};

void
dbops_processes_read(ProcessFacts *facts)
{
	*facts = processes;
}

typedef struct Expected
{
	const char *metric;
	double value;
} Expected;

/* The shown value; NAN when it is unknown. */
static double
value_of(const Frame *frame, const char *name)
{
	int metric = dbops_family_metric(frame->family, name);
	int64 stored = dbops_frame_row(frame, 0)[metric];

	return stored == FAMILY_NULL ? NAN :
	                               dbops_metric_value(&frame->family->metrics[metric], stored);
}

static void
test_machine(Frame *frame)
{
	static const Expected expected[] = {
	    {"cpus", 2},
	    {"load_1", 0.26},
	    {"load_5", 12.08},
	    {"load_15", 100.5},
	    {"context_switches", 370366},
	    {"forks", 6673},
	    {"processes_running", 2},
	    {"processes_blocked", 1},
	    {"memory_total_bytes", 16384 * 1024},
	    {"memory_available_bytes", 8192 * 1024},
	    {"memory_cached_bytes", 2000 * 1024},
	    {"huge_pages", 3},
	    {"huge_page_size_bytes", 2048 * 1024},
	    {"swap_total_bytes", NAN},
	    {"swap_in_pages", 11},
	    {"swap_out_pages", 12},
	    {"major_faults", 13},
	    {"oom_kills", 14},
	    {"open_files", 738},
	    {"open_files_limit", 2466170},
	    {"pressure_cpu_some_ms", 0.042},
	    {"pressure_cpu_full_ms", NAN},
	    {"pressure_memory_some_ms", NAN},
	    {"pressure_io_some_ms", 6625.49},
	    {"pressure_io_full_ms", 0.005},
	    {"cgroup_memory_limit_bytes", NAN},
	    {"server_processes", 7},
	    {"server_memory_bytes", 1300},
	    {"server_private_bytes", 1000},
	    {"server_shared_bytes", 300},
	    {"server_cpu_ms", 5},
	};

	is_int(frame->nrows, 1, "the system is one entity");
	for (int i = 0; i < lengthof(expected); i++)
		is_near(value_of(frame, expected[i].metric), expected[i].value, 1e-9, "%s is right",
		        expected[i].metric);
}

static void
test_cpu_times(Frame *frame)
{
	static const Expected expected[] = {
	    {"cpu_user_ms", 100},  {"cpu_nice_ms", 2}, {"cpu_system_ms", 50}, {"cpu_idle_ms", 1000},
	    {"cpu_iowait_ms", 30}, {"cpu_irq_ms", 4},  {"cpu_softirq_ms", 5}, {"cpu_steal_ms", 6},
	};
	double tick_ms = 1000.0 / sysconf(_SC_CLK_TCK);

	for (int i = 0; i < lengthof(expected); i++)
		is_near(value_of(frame, expected[i].metric), expected[i].value * tick_ms, 1e-9,
		        "%s is in milliseconds", expected[i].metric);
}

static void
test_bare_machine(Frame *frame)
{
	int known = 0;

	for (int i = 0; i < frame->family->nmetrics; i++)
		known += dbops_frame_row(frame, 0)[i] != FAMILY_NULL &&
		         strncmp(frame->family->metrics[i].name, "server_", 7) != 0;
	is_int(known, 1, "without /proc, nothing but the CPUs allowed is known");
	ok(!isnan(value_of(frame, "cpus_allowed")), "the CPUs allowed come from no file");
}

int
main(void)
{
	Frame *frame = dbops_frame_create(&dbops_family_system);

	dbops_procfs_set_root("fixtures/machine");
	dbops_family_system.read(frame);
	test_machine(frame);
	test_cpu_times(frame);

	dbops_frame_reset(frame);
	dbops_procfs_set_root("fixtures/none");
	dbops_family_system.read(frame);
	test_bare_machine(frame);
	return tap_done();
}
