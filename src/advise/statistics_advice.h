/*
 * advise/statistics_advice.h
 *		Extended statistics for a workload: where estimates are off because columns depend on each
 *		other, or nothing is known of an expression.
 */
#pragma once

#include "advise/dependence_facts.h"
#include "advise/workload.h"

typedef struct StatisticsAdvice
{
	StatisticsFinding finding; /* where it is worst, with all kinds that serve some statement */
	List *columns;             /* of char *, as they are written */
	char *ddl;
	char *undo_ddl;
	int statements;
	double calls_per_day;
	double ms_per_day; /* of the statements; 0: not measured */
	double weight;     /* of the estimates: time, or calls, by the magnitude they are off */
	char *reason;
} StatisticsAdvice;

/*
 * A List of StatisticsAdvice, the worst first, in the current context.  Looks at statements in
 * their order, as long as time allows.
 */
extern List *dbops_statistics_advise(const Workload *workload, double seconds);
