/*
 * collect/places.c
 *		Where the server keeps its files; see places.h.
 *
 * A file of its own because devices and file systems are two views of the same places.  A cycle
 * costs a stat() of each folder; only when their devices or inodes differ from the last time are
 * the links resolved and the mounts read.
 */
#include "postgres.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "collect/mounts.h"
#include "collect/places.h"
#include "collect/procfs.h"

/* More file systems than this are not told apart: those beyond are left out. */
#define MAX_PLACES 64

static Place *places = NULL;
static int place_count = 0;
static uint64 places_signature = 0;

typedef void (*FolderVisitor)(const char *folder, int holds, void *arg);

/*
 * Calls visit for each folder of the server, in an order that only changes with the folders.  It
 * must not throw: a directory is open.
 */
static void
visit_folders(FolderVisitor visit, void *arg)
{
	char folder[MAXPGPATH];
	struct dirent *entry;
	DIR *spaces;

	visit(DataDir, PLACE_DATA, arg);
	snprintf(folder, sizeof(folder), "%s/pg_wal", DataDir);
	visit(folder, PLACE_WAL, arg);

	snprintf(folder, sizeof(folder), "%s/pg_tblspc", DataDir);
	spaces = opendir(folder);
	if (spaces == NULL)
		return;
	while ((entry = readdir(spaces)) != NULL)
	{
		if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name))
			continue;
		snprintf(folder, sizeof(folder), "%s/pg_tblspc/%s", DataDir, entry->d_name);
		visit(folder, PLACE_TABLESPACE, arg);
	}
	closedir(spaces);
}

static void
add_signature(const char *folder, int holds, void *arg)
{
	uint64 *signature = arg;
	struct stat st;

	*signature = hash_combine64(*signature, holds);
	if (stat(folder, &st) != 0)
		return;
	*signature = hash_combine64(*signature, st.st_dev);
	*signature = hash_combine64(*signature, st.st_ino);
}

static void
set_device(Place *place, const Mount *mount)
{
	struct stat st;

	if (mount->device_major != 0)
	{
		place->device_major = mount->device_major;
		place->device_minor = mount->device_minor;
		return;
	}
	/* A file system that numbers itself, as btrfs does, names its device as the source. */
	if (strncmp(mount->source, "/dev/", 5) != 0)
		return;
	if (stat(mount->source, &st) == 0 && S_ISBLK(st.st_mode))
	{
		place->device_major = major(st.st_rdev);
		place->device_minor = minor(st.st_rdev);
	}
	else
		strlcpy(place->device_name, strrchr(mount->source, '/') + 1, sizeof(place->device_name));
}

/* The table of mounts, and room for a copy that a search may cut. */
typedef struct MountTable
{
	const char *content;
	char *copy;
} MountTable;

static bool
find_mount(const MountTable *mounts, const char *path, Mount *mount)
{
	if (mounts->content == NULL)
		return false;
	strcpy(mounts->copy, mounts->content);
	return dbops_mounts_find(mounts->copy, path, mount);
}

static void
add_place(const char *folder, int holds, void *arg)
{
	char real[PATH_MAX];
	Place *place = &places[place_count];
	Mount mount;

	if (realpath(folder, real) == NULL || place_count == MAX_PLACES)
		return;
	*place = (Place){.holds = holds};
	strlcpy(place->folder, real, sizeof(place->folder));
	if (find_mount(arg, real, &mount))
	{
		strlcpy(place->mount, mount.point, sizeof(place->mount));
		set_device(place, &mount);
	}
	else
		strlcpy(place->mount, real, sizeof(place->mount));

	for (int i = 0; i < place_count; i++)
	{
		if (strcmp(places[i].mount, place->mount) == 0)
		{
			places[i].holds |= holds;
			return;
		}
	}
	place_count++;
}

const Place *
dbops_places_read(int *nplaces)
{
	uint64 signature = 0;
	MountTable mounts;

	visit_folders(add_signature, &signature);
	if (places == NULL || signature != places_signature)
	{
		if (places == NULL)
			places = MemoryContextAlloc(TopMemoryContext, sizeof(Place) * MAX_PLACES);
		place_count = 0;
		places_signature = signature;
		mounts.content = dbops_procfs_load("/proc/self/mountinfo");
		mounts.copy = mounts.content ? pstrdup(mounts.content) : NULL;
		visit_folders(add_place, &mounts);
	}
	*nplaces = place_count;
	return places;
}
