/*
 * worker/relation_files.c
 *		Sizes of a database's files; see relation_files.h.
 *
 * A file that goes away during the walk is not counted; temporary relations count in the total
 * alone.
 */
#include "postgres.h"

#include <limits.h>
#include <sys/stat.h>

#include "catalog/pg_tablespace_d.h"
#include "common/relpath.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "worker/relation_files.h"

typedef struct FileKey
{
	Oid tablespace;
	Oid filenode;
} FileKey;

typedef struct FileSizes
{
	FileKey key;
	int64 main_bytes;
	int64 all_bytes;
} FileSizes;

struct RelationFiles
{
	HTAB *sizes;
	int64 total_bytes;
};

/* The parts of a name such as "16384_fsm.1"; false when it is not a relation's. */
static bool
parse_name(const char *name, Oid *filenode, bool *is_main)
{
	char *end;
	unsigned long number;

	if (*name < '1' || *name > '9')
		return false;
	number = strtoul(name, &end, 10);
	if (number > OID_MAX || (*end != '\0' && *end != '_' && *end != '.'))
		return false;
	*filenode = (Oid) number;
	*is_main = *end != '_';
	return true;
}

static void
add_file(RelationFiles *files, Oid tablespace, const char *name, int64 bytes)
{
	FileKey key = {.tablespace = tablespace};
	bool is_main;
	bool found;
	FileSizes *sizes;

	if (tablespace != GLOBALTABLESPACE_OID)
		files->total_bytes += bytes;
	if (!parse_name(name, &key.filenode, &is_main))
		return;
	sizes = hash_search(files->sizes, &key, HASH_ENTER, &found);
	if (!found)
		sizes->main_bytes = sizes->all_bytes = 0;
	sizes->all_bytes += bytes;
	if (is_main)
		sizes->main_bytes += bytes;
}

/* A tablespace in which the database has nothing has no folder for it. */
static void
add_folder(RelationFiles *files, Oid tablespace)
{
	char *folder =
	    GetDatabasePath(tablespace == GLOBALTABLESPACE_OID ? InvalidOid : MyDatabaseId, tablespace);
	DIR *dir = AllocateDir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = ReadDirExtended(dir, folder, DEBUG1)) != NULL)
	{
		char path[MAXPGPATH * 2];
		struct stat facts;

		CHECK_FOR_INTERRUPTS();
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (stat(path, &facts) == 0 && S_ISREG(facts.st_mode))
			add_file(files, tablespace, entry->d_name, facts.st_size);
	}
	if (dir != NULL)
		FreeDir(dir);
	pfree(folder);
}

static void
add_tablespaces(RelationFiles *files)
{
	static const char folder[] = "pg_tblspc";
	DIR *dir = AllocateDir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = ReadDirExtended(dir, folder, DEBUG1)) != NULL)
	{
		Oid tablespace = (Oid) strtoul(entry->d_name, NULL, 10);

		if (OidIsValid(tablespace))
			add_folder(files, tablespace);
	}
	if (dir != NULL)
		FreeDir(dir);
}

RelationFiles *
dbops_relation_files_read(void)
{
	RelationFiles *files = palloc0(sizeof(RelationFiles));
	HASHCTL table = {
	    .keysize = sizeof(FileKey), .entrysize = sizeof(FileSizes), .hcxt = CurrentMemoryContext};

	files->sizes =
	    hash_create("dbops relation files", 1024, &table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	add_folder(files, GLOBALTABLESPACE_OID);
	add_folder(files, DEFAULTTABLESPACE_OID);
	add_tablespaces(files);
	return files;
}

bool
dbops_relation_files_find(const RelationFiles *files, Oid tablespace, Oid filenode,
                          int64 *main_bytes, int64 *all_bytes)
{
	const FileKey key = {OidIsValid(tablespace) ? tablespace : MyDatabaseTableSpace, filenode};
	const FileSizes *sizes = hash_search(files->sizes, &key, HASH_FIND, NULL);

	if (sizes == NULL)
		return false;
	*main_bytes = sizes->main_bytes;
	*all_bytes = sizes->all_bytes;
	return true;
}

int64
dbops_relation_files_total(const RelationFiles *files)
{
	return files->total_bytes;
}
