/*
 * collect/filesystem.c
 *		The family "filesystem": room on the file systems with the server's files.
 *
 * A file of its own because space is asked of the file system, whatever lies below it.
 */
#include "postgres.h"

#include <sys/statvfs.h>

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/places.h"
#include "store/frame.h"

enum
{
	FILESYSTEM_TOTAL_BYTES,
	FILESYSTEM_USED_BYTES,
	FILESYSTEM_FREE_BYTES,
	FILESYSTEM_AVAILABLE_BYTES,
	FILESYSTEM_INODES,
	FILESYSTEM_INODES_USED,
	FILESYSTEM_INODES_FREE,
	FILESYSTEM_HOLDS,
	FILESYSTEM_NMETRICS
};

static const Label labels[] = {
    LABEL("mount", LABEL_TEXT, NAMES_NONE, "Where the file system is mounted"),
};

static const Metric metrics[] = {
    [FILESYSTEM_TOTAL_BYTES] = GAUGE(1, "total_bytes", "bytes", ROLLUP_LAST, "Size"),
    [FILESYSTEM_USED_BYTES] = GAUGE(2, "used_bytes", "bytes", ROLLUP_MAX, "Space in use"),
    [FILESYSTEM_FREE_BYTES] = GAUGE(3, "free_bytes", "bytes", ROLLUP_MIN,
                                    "Space not in use, with what is reserved for root"),
    [FILESYSTEM_AVAILABLE_BYTES] =
        GAUGE(4, "available_bytes", "bytes", ROLLUP_MIN, "Space the server can still take"),
    [FILESYSTEM_INODES] =
        GAUGE(5, "inodes", "", ROLLUP_LAST, "Inodes in all; NULL where they are made as needed"),
    [FILESYSTEM_INODES_USED] = GAUGE(6, "inodes_used", "", ROLLUP_MAX, "Inodes in use"),
    [FILESYSTEM_INODES_FREE] =
        GAUGE(7, "inodes_free", "", ROLLUP_MIN, "Inodes the server can still take"),
    [FILESYSTEM_HOLDS] =
        GAUGE(8, "holds", "", ROLLUP_LAST,
              "What lies on it, added up: 1 data directory, 2 pg_wal, 4 a tablespace"),
};

/* As df has it: what root alone may take counts as neither used nor available. */
static const Derived derived[] = {
    {"used_percent",
     DERIVED_RATIO,
     100,
     {"used_bytes"},
     {"used_bytes", "available_bytes"},
     "percent",
     "Share in use of what the server could have"},
    RATIO("inodes_used_percent", 100, "inodes_used", "inodes", "percent",
          "Share of the inodes in use"),
};

static void
read_filesystem(const Place *place, Frame *frame)
{
	EntityKey key = {{0}};
	struct statvfs fs;
	int64 *values;
	int64 block;

	if (statvfs(place->folder, &fs) != 0)
		return;
	block = fs.f_frsize;
	values = dbops_frame_add(frame, &key, place->mount);
	values[FILESYSTEM_TOTAL_BYTES] = (int64) fs.f_blocks * block;
	values[FILESYSTEM_USED_BYTES] = (int64) (fs.f_blocks - fs.f_bfree) * block;
	values[FILESYSTEM_FREE_BYTES] = (int64) fs.f_bfree * block;
	values[FILESYSTEM_AVAILABLE_BYTES] = (int64) fs.f_bavail * block;
	values[FILESYSTEM_HOLDS] = place->holds;
	if (fs.f_files == 0)
		return;
	values[FILESYSTEM_INODES] = fs.f_files;
	values[FILESYSTEM_INODES_USED] = fs.f_files - fs.f_ffree;
	values[FILESYSTEM_INODES_FREE] = fs.f_favail;
}

static void
read_filesystems(Frame *frame)
{
	MemoryContext old = MemoryContextSwitchTo(frame->context);
	int nplaces;
	const Place *places = dbops_places_read(&nplaces);

	for (int i = 0; i < nplaces; i++)
		read_filesystem(&places[i], frame);
	MemoryContextSwitchTo(old);
}

StaticAssertDecl(lengthof(metrics) == FILESYSTEM_NMETRICS, "each column has its metric");

const Family dbops_family_filesystem = {
    .id = 3,
    .name = "filesystem",
    .help = "Room on the file systems of the data directory, pg_wal and the tablespaces",
    .cadence = CADENCE_NARROW,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .read = read_filesystems,
};
