/*
 * test/unit/places_test.c
 *		Places of the server's files: links followed, mounts found, and changes noticed.
 *
 * sources: src/collect/places.c src/collect/mounts.c src/collect/procfs.c
 */
#include "postgres.h"

#include <sys/stat.h>
#include <unistd.h>

#include "miscadmin.h"

#include "collect/places.h"
#include "collect/procfs.h"

#include "tap.h"

char *DataDir;

static char base[] = "/tmp/dbops_places_XXXXXX";

static char *
below(const char *path)
{
	return psprintf("%s%s", base, path);
}

/* A data directory, a second disk beside it, and a table of mounts that says so. */
static void
make_machine(void)
{
	static const char *const folders[] = {"/data", "/data/pg_wal", "/data/pg_tblspc",
	                                      "/disk", "/disk/wal",    "/disk/space",
	                                      "/proc", "/proc/self"};
	FILE *mounts;

	if (mkdtemp(base) == NULL)
		abort();
	for (int i = 0; i < lengthof(folders); i++)
		mkdir(below(folders[i]), 0700);
	mounts = fopen(below("/proc/self/mountinfo"), "w");
	fprintf(mounts, "1 0 254:1 / / rw - ext4 /dev/vda1 rw\n");
	fprintf(mounts, "2 1 0:50 / %s rw - btrfs /dev/sdz9 rw\n", below("/disk"));
	fclose(mounts);
	dbops_procfs_set_root(base);
	DataDir = below("/data");
}

static void
test_one_place(void)
{
	int nplaces;
	const Place *places = dbops_places_read(&nplaces);

	is_int(nplaces, 1, "what lies on one file system is one place");
	is_int(places[0].holds, PLACE_DATA | PLACE_WAL, "it tells what it holds");
	is_str(places[0].mount, "/", "it knows where it is mounted");
	is_int(places[0].device_major, 254, "it knows its device's number");
}

static void
test_links(void)
{
	const Place *places;
	int nplaces;

	ok(symlink(below("/disk/space"), below("/data/pg_tblspc/16384")) == 0, "a tablespace is made");
	places = dbops_places_read(&nplaces);
	is_int(nplaces, 2, "a new tablespace is noticed");
	is_int(places[1].holds, PLACE_TABLESPACE, "the disk holds it");
	is_str(places[1].mount, below("/disk"), "its link was followed to its mount");
	is_str(places[1].folder, below("/disk/space"), "and to its folder");
	is_int(places[1].device_major, 0, "a file system that numbers itself has no device number");
	is_str(places[1].device_name, "sdz9", "its device is known by name");

	ok(rmdir(below("/data/pg_wal")) == 0 && symlink(below("/disk/wal"), below("/data/pg_wal")) == 0,
	   "pg_wal moves to the disk");
	places = dbops_places_read(&nplaces);
	is_int(places[0].holds, PLACE_DATA, "WAL has left the first place");
	is_int(places[1].holds, PLACE_WAL | PLACE_TABLESPACE, "and is on the second");

	ok(unlink(below("/data/pg_tblspc/16384")) == 0 && unlink(below("/data/pg_wal")) == 0,
	   "both links are gone");
	dbops_places_read(&nplaces);
	is_int(nplaces, 1, "what is gone has no place");
}

int
main(void)
{
	make_machine();
	test_one_place();
	test_links();
	return system(psprintf("rm -r %s", base)) == 0 ? tap_done() : 1;
}
