/*
 * advise/workload_arguments.h
 *		The arguments that functions which advise have in common: for which statements, and how long
 *		they may take.
 *
 * A file of its own because several functions read them, and refuse the same ones.
 */
#pragma once

#include "fmgr.h"

#include "advise/workload.h"

/*
 * The statements of argument `texts`, with the weights of argument `weights`, if it is not NULL;
 * those that were tracked in this database, if `texts` is.
 */
extern Workload *dbops_workload_arguments_read(FunctionCallInfo fcinfo, int texts, int weights);

/* An interval, in seconds; NULL: 30. */
extern double dbops_workload_arguments_seconds(FunctionCallInfo fcinfo, int arg);
