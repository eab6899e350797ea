/*
 * test/unit/archive_status_test.c
 *		What waits for the archiver: names of all kinds, and many of them.
 *
 * sources: src/collect/archive_status.c
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog.h"
#include "utils/timestamp.h"

#include "collect/archive_status.h"
#include "core/clock.h"

#include "tap.h"

#define SEGMENT (16 * 1024 * 1024)

int wal_segment_size = SEGMENT;

static char folder[] = "/tmp/dbops_status_XXXXXX";

int64
dbops_clock_monotonic_us(void)
{
	return 0;
}

TimestampTz
time_t_to_timestamptz(pg_time_t tm)
{
	return (TimestampTz) tm * USECS_PER_SEC;
}

static void
make(const char *name)
{
	int fd = open(psprintf("%s/%s", folder, name), O_CREAT | O_WRONLY, 0600);

	if (fd < 0 || close(fd) != 0)
		abort();
}

static void
test_names(void)
{
	ArchiveStatus status;

	dbops_archive_status_scan(psprintf("%s/none", folder), SEGMENT, &status);
	ok(!status.known, "without the folder nothing is known");
	dbops_archive_status_scan(folder, SEGMENT, &status);
	ok(status.known && status.ready == 0, "nothing waits in an empty one");
	is_int(dbops_archive_status_position(&status, 5 * SEGMENT + 7, SEGMENT), 5 * SEGMENT,
	       "then all but the segment being written is archived");

	make("000000010000000000000003.done");
	make("000000010000000000000002.00000028.backup.ready");
	make("00000002.history.ready");
	make("000000010000000000000004.partial.ready");
	make("junk");
	dbops_archive_status_scan(folder, SEGMENT, &status);
	is_int(status.ready, 0, "none of these is a segment that waits");
	is_int(status.others, 3, "three others wait");

	make("000000020000000000000005.ready");
	make("000000010000000000000004.ready");
	make("000000020000000100000000.ready");
	dbops_archive_status_scan(folder, SEGMENT, &status);
	is_int(status.ready, 3, "three segments wait");
	is_int(status.oldest, 4 * (int64) SEGMENT, "the first by position, whatever its timeline");
	is_int(status.timeline, 1, "which is told");
	ok(status.oldest_at > 0, "with its time");
	is_int(dbops_archive_status_position(&status, 9 * (int64) SEGMENT, SEGMENT),
	       4 * (int64) SEGMENT, "the archive ends where it begins");
	is_int(dbops_archive_status_position(&status, 3 * (int64) SEGMENT + 5, SEGMENT),
	       3 * (int64) SEGMENT, "or where WAL does");
}

static void
test_many(void)
{
	ArchiveStatus status;

	for (int i = 0; i < 4000; i++)
		make(psprintf("0000000100000002%08X.ready", i));
	dbops_archive_status_scan(folder, SEGMENT, &status);
	is_int(status.ready, 4003, "many are counted");
	is_int(status.oldest, 4 * (int64) SEGMENT, "and the first is found among them");
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		abort();
	test_names();
	test_many();
	return system(psprintf("rm -r %s", folder)) == 0 ? tap_done() : 1;
}
