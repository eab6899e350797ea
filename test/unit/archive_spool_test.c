/*
 * test/unit/archive_spool_test.c
 *		The spool of pgBackRest: WAL that was dropped, errors, and where the spool is.
 *
 * sources: src/collect/archive_spool.c src/collect/archive_command.c
 */
#include "postgres.h"

#include <stdio.h>
#include <unistd.h>

#include "access/xlog.h"

#include "collect/archive_spool.h"
#include "core/clock.h"

#include "tap.h"

#define SEGMENT (16 * 1024 * 1024)

int wal_segment_size = SEGMENT;

static char folder[] = "/tmp/dbops_spool_XXXXXX";

int64
dbops_clock_monotonic_us(void)
{
	return 1;
}

static void
make(const char *name, const char *content)
{
	FILE *file = fopen(psprintf("%s/%s", folder, name), "w");

	if (file == NULL || fputs(content, file) < 0 || fclose(file) != 0)
		abort();
}

static void
test_files(void)
{
	static const char dropped[] = "0\ndropped WAL file 'x' because archive queue exceeded 2MB";
	ArchiveSpool spool;

	dbops_archive_spool_scan(psprintf("%s/none", folder), SEGMENT, &spool);
	ok(!spool.known, "without the folder nothing is known");
	make("000000010000000000000003.ok", "");
	make("000000010000000000000004.error", "39\nunable to");
	make("global.error", "39\nunable to");
	make("archive-push.lock", dropped);
	dbops_archive_spool_scan(folder, SEGMENT, &spool);
	ok(spool.known && spool.dropped == 0, "what is well tells of nothing dropped");
	is_int(spool.errors, 2, "errors are counted");

	make("000000020000000000000007.ok", dropped);
	make("000000010000000000000005.ok", dropped);
	make("000000010000000000000006.ok", "0\nanother warning");
	dbops_archive_spool_scan(folder, SEGMENT, &spool);
	is_int(spool.dropped, 2, "what was dropped is counted");
	is_int(spool.dropped_from, 5 * (int64) SEGMENT, "from the first");
	is_int(spool.dropped_to, 8 * (int64) SEGMENT, "to the end of the last");
	is_int(spool.timeline, 1, "the timeline is that of the first");
}

static void
test_configuration(void)
{
	char path[32] = "";

	ok(!dbops_archive_spool_configured("", "main", path, sizeof(path)), "nothing says nothing");
	ok(!dbops_archive_spool_configured("spool-path=/a\n[other]\nspool-path=/b\n", "main", path,
	                                   sizeof(path)),
	   "outside of a section, or in another one, it does not count");
	ok(dbops_archive_spool_configured("[global]\nspool-path = /a b \r\n[main]\npg1-path=/d", "main",
	                                  path, sizeof(path)),
	   "a global one counts");
	is_str(path, "/a b", "without the blanks around it");
	ok(dbops_archive_spool_configured(
	       "[main:archive-push]\nspool-path=/s\n[global]\nspool-path=/g\n"
	       "[main]\nspool-path=/m",
	       "main", path, sizeof(path)),
	   "of several");
	is_str(path, "/s", "the most special counts, in any order");
	ok(!dbops_archive_spool_configured("[global]\nspool-path=/0123456789012345678901234567890123",
	                                   "main", path, sizeof(path)),
	   "one that is too long does not");
}

static void
test_command(void)
{
	ArchiveSpool spool;

	dbops_archive_spool_look("cp %p /a/%f", &spool);
	ok(!spool.known, "other commands have no spool");
	dbops_archive_spool_look("pgbackrest archive-push %p", &spool);
	ok(!spool.known, "without a stanza it cannot be found");
	if (system(psprintf("mkdir -p %s/archive/main/out", folder)) != 0)
		abort();
	dbops_archive_spool_look(
	    psprintf("pgbackrest --stanza=main --spool-path=%s archive-push %%p", folder), &spool);
	ok(spool.known, "with both it is");
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		abort();
	test_files();
	test_configuration();
	test_command();
	return system(psprintf("rm -r %s", folder)) == 0 ? tap_done() : 1;
}
