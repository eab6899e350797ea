/*
 * collect/backup_files.c
 *		The files a manifest lists; see backup_files.h.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "collect/backup_files.h"

#define FIRST_ROOM 1024

void
dbops_backup_files_add(BackupFiles *files, const ManifestFile *file)
{
	BackupFile *added;
	uint8 *checksum = palloc(Max(file->checksum_size, 1));

	if (files->count == files->room)
	{
		files->room = Max(FIRST_ROOM, files->room * 2);
		files->files =
		    files->files == NULL ?
		        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(BackupFile) * files->room) :
		        repalloc_huge(files->files, sizeof(BackupFile) * files->room);
	}
	memcpy(checksum, file->checksum, file->checksum_size);
	added = &files->files[files->count++];
	*added = (BackupFile){.path = pstrdup(file->path),
	                      .checksum = checksum,
	                      .size = file->size,
	                      .checksum_type = file->checksum_type,
	                      .checksum_size = file->checksum_size};
}

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(((const BackupFile *) a)->path, ((const BackupFile *) b)->path);
}

void
dbops_backup_files_sort(BackupFiles *files)
{
	if (files->count > 1)
		qsort(files->files, files->count, sizeof(BackupFile), compare_paths);
}

BackupFile *
dbops_backup_files_find(const BackupFiles *files, const char *path)
{
	BackupFile wanted = {.path = path};

	if (files->count == 0)
		return NULL;
	return bsearch(&wanted, files->files, files->count, sizeof(BackupFile), compare_paths);
}
