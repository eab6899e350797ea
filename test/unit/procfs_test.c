/*
 * test/unit/procfs_test.c
 *		Small files of the kernel: numbers, "key value" lines, mounts, and what is not there.
 *
 * sources: src/collect/procfs.c src/collect/mounts.c
 */
#include "postgres.h"

#include "collect/mounts.h"
#include "collect/procfs.h"

#include "tap.h"

static void
test_numbers(void)
{
	is_int(dbops_procfs_number("42 kB"), 42, "a number ends where its digits end");
	is_int(dbops_procfs_number("   7"), 7, "blanks before a number are passed over");
	is_int(dbops_procfs_number("max"), FAMILY_NULL, "a word is no number");
	is_int(dbops_procfs_number(""), FAMILY_NULL, "nothing is no number");
	is_int(dbops_procfs_number("-"), FAMILY_NULL, "a sign alone is no number");
	is_int(dbops_procfs_read_number("/number/largest"), PG_INT64_MAX, "the largest number is kept");
	is_int(dbops_procfs_read_number("/number/too_large"), PG_INT64_MAX,
	       "a number that does not fit is cut");
	is_int(dbops_procfs_read_number("/number/negative"), -1, "a negative number is read");
	is_int(dbops_procfs_read_number("/number/word"), FAMILY_NULL, "a file with a word is unknown");
	is_int(dbops_procfs_read_number("/number/empty"), FAMILY_NULL, "an empty file is unknown");
	is_int(dbops_procfs_read_number("/number/none"), FAMILY_NULL, "a missing file is unknown");
}

static void
test_fields(void)
{
	static const ProcfsField fields[] = {
	    {"MemTotal", 0, 1024}, {"Cached", 1, 1024}, {"HugePages_Total", 2, 1}, {"NotThere", 3, 1}};
	int64 values[4] = {FAMILY_NULL, FAMILY_NULL, FAMILY_NULL, FAMILY_NULL};
	char content[PROCFS_SMALL];

	ok(dbops_procfs_read("/proc/meminfo", content, sizeof(content)), "a file is read");
	dbops_procfs_fields(content, fields, lengthof(fields), values);
	is_int(values[0], 16384 * 1024, "a value takes its factor");
	is_int(values[1], 2000 * 1024, "a key is matched whole: Cached is not Cache");
	is_int(values[2], 3, "a value without unit is read");
	is_int(values[3], FAMILY_NULL, "a key that is not there leaves its column unknown");
}

static void
test_reading_is_bounded(void)
{
	char content[8];
	char *whole;

	ok(dbops_procfs_read("/proc/meminfo", content, sizeof(content)), "a long file is cut");
	is_str(content, "MemTota", "and its beginning is read");
	ok(!dbops_procfs_read("/proc/none", content, sizeof(content)), "a missing file is not read");
	is_str(content, "", "and leaves an empty text");
	ok(!dbops_procfs_read("/proc", content, sizeof(content)), "a folder is not read");
	ok(dbops_procfs_load("/proc/none") == NULL, "a missing file cannot be loaded");
	whole = dbops_procfs_load("/proc/meminfo");
	ok(whole != NULL && strstr(whole, "2048 kB\n") != NULL, "a loaded file is whole");
}

static void
test_lines_and_words(void)
{
	char content[] = "one two\n\n three  four ";
	char *cursor = content;
	char *words[2];

	is_int(dbops_procfs_split(dbops_procfs_line(&cursor), words, 2), 2, "two words are two");
	is_str(words[1], "two", "and the second is the second");
	is_int(dbops_procfs_split(dbops_procfs_line(&cursor), words, 2), 0, "an empty line has none");
	is_int(dbops_procfs_split(dbops_procfs_line(&cursor), words, 2), 2,
	       "blanks around do not count");
	is_str(words[1], "four", "and are no part of a word");
	ok(dbops_procfs_line(&cursor) == NULL, "after the last line there is none");
}

static void
test_steady(void)
{
	int64 highest = 0;

	is_int(dbops_procfs_steady(&highest, 100, 10), 100, "a counter grows");
	is_int(dbops_procfs_steady(&highest, 95, 10), 100, "a small step back is not shown");
	is_int(dbops_procfs_steady(&highest, 101, 10), 101, "and growth goes on from the highest");
	is_int(dbops_procfs_steady(&highest, FAMILY_NULL, 10), FAMILY_NULL, "unknown stays unknown");
	is_int(dbops_procfs_steady(&highest, 3, 10), 3, "a large step back is a reset");
}

static void
find(const char *path, const char *source, int device_major)
{
	char *content = dbops_procfs_load("/proc/self/mountinfo");
	Mount mount;

	ok(dbops_mounts_find(content, path, &mount), "%s is on a mount", path);
	is_str(mount.source, source, "%s is on %s", path, source);
	is_int(mount.device_major, device_major, "%s has its device's number", path);
}

static void
test_mounts(void)
{
	find("/var/lib/postgresql", "/dev/vda1", 254);
	find("/srv/pg", "/dev/mapper/vg-data", 253);
	find("/srv/pgother", "/dev/vda1", 254);
	find("/srv/pg/my wal/x", "/dev/nvme1n1p3", 259);
	find("/over/data", "overlay", 0);
	find("/twice/x", "/dev/sdb1", 8);
	is_str(dbops_mounts_below("/a/b", "/a"), "/b", "/a/b is /b below /a");
	is_str(dbops_mounts_below("/a", "/a"), "", "a folder is below itself");
	is_str(dbops_mounts_below("/", "/"), "", "and the root too");
	ok(dbops_mounts_below("/ab", "/a") == NULL, "/ab is not below /a");
	ok(dbops_mounts_option("rw,cpu,cpuacct", "cpu"), "an option is found in its list");
	ok(!dbops_mounts_option("rw,cpuacct,cpuset", "cpu"), "and not in part of a word");
}

int
main(void)
{
	dbops_procfs_set_root("fixtures/machine");
	test_numbers();
	test_fields();
	test_reading_is_bounded();
	test_lines_and_words();
	test_steady();
	test_mounts();
	return tap_done();
}
