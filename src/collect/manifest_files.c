/*
 * collect/manifest_files.c
 *		The files a manifest lists; see manifest_files.h.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "collect/manifest_files.h"

#define FIRST_ROOM 1024

void
dbops_manifest_files_add(ListedFiles *files, const ManifestFile *file)
{
	ListedFile *added;
	uint8 *checksum = palloc(Max(file->checksum_size, 1));

	if (files->count == files->room)
	{
		files->room = Max(FIRST_ROOM, files->room * 2);
		files->files =
		    files->files == NULL ?
		        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(ListedFile) * files->room) :
		        repalloc_huge(files->files, sizeof(ListedFile) * files->room);
	}
	memcpy(checksum, file->checksum, file->checksum_size);
	added = &files->files[files->count++];
	*added = (ListedFile){.path = pstrdup(file->path),
	                      .checksum = checksum,
	                      .size = file->size,
	                      .checksum_type = file->checksum_type,
	                      .checksum_size = file->checksum_size};
}

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(((const ListedFile *) a)->path, ((const ListedFile *) b)->path);
}

void
dbops_manifest_files_sort(ListedFiles *files)
{
	if (files->count > 1)
		qsort(files->files, files->count, sizeof(ListedFile), compare_paths);
}

ListedFile *
dbops_manifest_files_find(const ListedFiles *files, const char *path)
{
	ListedFile wanted = {.path = path};

	if (files->count == 0)
		return NULL;
	return bsearch(&wanted, files->files, files->count, sizeof(ListedFile), compare_paths);
}
