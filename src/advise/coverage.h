/*
 * advise/coverage.h
 *		How much of the time advice can speak of, and why it cannot of the rest.
 *
 * Pure arithmetic over a workload, so that it can be asked before statements are analysed and again
 * when more of them were left out.
 */
#pragma once

#include "advise/workload.h"

typedef struct CoveragePart
{
	const char *reason; /* NULL: these can be analysed */
	bool toplevel;      /* else as run by functions, whose callers' time has it, too */
	int statements;
	double ms_per_day;
	double share; /* of the time of all top-level statements, 0 to 1; 0 where there is none */
} CoveragePart;

typedef struct WorkloadCoverage
{
	double share; /* that can be analysed, of the time of all top-level statements, 0 to 1 */
	int nparts;   /* top-level ones first, what can be analysed before the rest, by time */
	CoveragePart *parts;
} WorkloadCoverage;

/* By time; of a workload that is given, by weight.  In the current context. */
extern WorkloadCoverage *dbops_coverage_of(const Workload *workload);
