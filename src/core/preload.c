/*
 * core/preload.c
 *		Whether the server preloads dbops; see preload.h.
 *
 * A file of its own because every function that reads shared memory asks, and the line for
 * postgresql.conf has one home.
 */
#include "postgres.h"

#include "miscadmin.h"

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
