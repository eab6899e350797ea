/*
 * core/preload.c
 *		Whether the server preloads dbops; see preload.h.
 *
 * A file of its own because every function that reads shared memory asks, and the line for
 * postgresql.conf has one home.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/varlena.h"

#include "core/preload.h"

static bool preloaded = false;

void
dbops_preload_note(void)
{
	preloaded = true;
}

bool
dbops_preload_done(void)
{
	return preloaded;
}

void
dbops_preload_require(void)
{
	if (preloaded)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	         errmsg("dbops must be loaded when the server starts"), errhint(DBOPS_PRELOAD_HINT)));
}

/* A library may be given with its folder and its ending. */
static bool
is_library(const char *path, const char *library)
{
	const char *name = last_dir_separator(path);
	Size length = strlen(library);

	name = name != NULL ? name + 1 : path;
	return strncmp(name, library, length) == 0 &&
	       (name[length] == '\0' || strcmp(name + length, DLSUFFIX) == 0);
}

int
dbops_preload_position(const char *library)
{
	char *names = pstrdup(shared_preload_libraries_string ? shared_preload_libraries_string : "");
	List *libraries = NIL;
	ListCell *cell;

	if (!SplitDirectoriesString(names, ',', &libraries))
		return -1;
	foreach (cell, libraries)
	{
		if (is_library(lfirst(cell), library))
			return foreach_current_index(cell);
	}
	return -1;
}
