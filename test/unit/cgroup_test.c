/*
 * test/unit/cgroup_test.c
 *		Control groups of both versions, nested, in containers, and where there are none.
 *
 * sources: src/collect/cgroup.c src/collect/mounts.c src/collect/procfs.c
 */
#include "postgres.h"

#include "collect/cgroup.h"
#include "collect/procfs.h"

#include "tap.h"

static CgroupFacts
read_machine(const char *root)
{
	CgroupFacts facts;

	dbops_procfs_set_root(root);
	dbops_cgroup_read(&facts);
	return facts;
}

static void
test_version_2(void)
{
	CgroupFacts facts = read_machine("fixtures/cgroup_v2");
	char path[MAXPGPATH];

	is_int(facts.memory_limit_bytes, INT64CONST(3221225472), "the limit above binds if smaller");
	is_int(facts.memory_charged_bytes, 2000000000, "use is that of the group that sets the limit");
	is_int(facts.memory_used_bytes, 1000000000, "use is without page cache and reclaimable slabs");
	is_int(facts.oom_kills, 2, "OOM kills are counted");
	is_int(facts.cpu_limit_millis, 1500, "the quota is in thousandths of a CPU");
	is_int(facts.cpu_used_us, 123456789, "CPU use is that of the group that sets the quota");
	is_int(facts.cpu_periods, 1000, "periods are read");
	is_int(facts.cpu_throttled_periods, 250, "throttled periods are read");
	is_int(facts.cpu_throttled_us, 9876543, "throttled time is read");
	dbops_cgroup_pressure_path("io", path, sizeof(path));
	is_str(path, "/sys/fs/cgroup/pod/server/io.pressure", "a limited group has its own pressure");
}

/* The same machine, after the quota has moved to the group above. */
static void
test_limit_moves(void)
{
	CgroupFacts facts = read_machine("fixtures/cgroup_v2_moved");

	is_int(facts.cpu_limit_millis, 1000, "a quota set on the group above is found");
	is_int(facts.cpu_used_us, 123456789, "counters go on from where they were");
	is_int(facts.cpu_throttled_periods, 250, "and throttling too");
	is_int(facts.oom_kills, 2, "what did not move is as it was");
}

static void
test_version_1(void)
{
	CgroupFacts facts = read_machine("fixtures/cgroup_v1");
	char path[MAXPGPATH];

	is_int(facts.memory_limit_bytes, 1073741824, "v1 in a container: the limit is found");
	is_int(facts.memory_used_bytes, 550000000, "v1: use is without page cache, of the whole tree");
	is_int(facts.oom_kills, 5, "v1: OOM kills are counted");
	is_int(facts.cpu_limit_millis, 500, "v1: the quota is in thousandths of a CPU");
	is_int(facts.cpu_used_us, 5000000, "v1: CPU use is in microseconds");
	is_int(facts.cpu_throttled_periods, 4, "v1: throttled periods are read");
	is_int(facts.cpu_throttled_us, 7000, "v1: throttled time is in microseconds");
	dbops_cgroup_pressure_path("io", path, sizeof(path));
	is_str(path, "/proc/pressure/io", "v1 has the pressure of the machine");
}

static void
test_unlimited(void)
{
	CgroupFacts facts = read_machine("fixtures/cgroup_v1_unlimited");

	is_int(facts.memory_limit_bytes, FAMILY_NULL, "the largest number of pages is no limit");
	is_int(facts.memory_charged_bytes, 1000, "use is that of the group itself");
	is_int(facts.memory_used_bytes, FAMILY_NULL, "use without page cache needs memory.stat");
	is_int(facts.cpu_limit_millis, FAMILY_NULL, "a quota of -1 is none");
	is_int(facts.cpu_used_us, FAMILY_NULL, "CPU use is unknown without accounting");
}

static void
test_outside(void)
{
	CgroupFacts facts = read_machine("fixtures/cgroup_outside");

	is_int(facts.memory_limit_bytes, 77, "a path that leads outside means what is mounted");
	is_int(facts.memory_charged_bytes, 55, "and its use is read");
}

static void
test_none(void)
{
	CgroupFacts facts = read_machine("fixtures/machine");

	is_int(facts.memory_limit_bytes, FAMILY_NULL, "no control group: no limit is known");
	is_int(facts.memory_charged_bytes, FAMILY_NULL, "no control group: no use is known");
	is_int(facts.cpu_used_us, FAMILY_NULL, "no control group: no CPU use is known");
}

int
main(void)
{
	test_version_2();
	test_limit_moves();
	test_version_1();
	test_unlimited();
	test_outside();
	test_none();
	return tap_done();
}
