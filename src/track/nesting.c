/*
 * track/nesting.c
 *		Where this session stands; see nesting.h.
 */
#include "postgres.h"

#include "access/parallel.h"

#include "track/nesting.h"

Nesting dbops_nesting = {.process = PROCESS_UNKNOWN};

bool
dbops_nesting_is_excluded(void)
{
	return dbops_nesting.process == PROCESS_EXCLUDED || IsParallelWorker();
}

bool
dbops_nesting_decide_process(void)
{
	dbops_nesting.process = dbops_nesting_is_excluded() ? PROCESS_EXCLUDED : PROCESS_RECORDED;
	if (dbops_nesting.process == PROCESS_RECORDED)
		dbops_failures_begin_session();
	return dbops_nesting.process == PROCESS_RECORDED;
}

void
dbops_nesting_exclude_process(void)
{
	dbops_nesting.process = PROCESS_EXCLUDED;
}
