/*
 * advise/coverage.c
 *		How much of the time advice can speak of; see coverage.h.
 */
#include "postgres.h"

#include "advise/coverage.h"
#include "advise/left_out.h"

/* Sums of doubles differ in their last digits by the order of terms. */
#define SAME_RATIO 1e-9

static bool
is_same_reason(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static CoveragePart *
find_part(WorkloadCoverage *coverage, const char *reason, bool toplevel)
{
	CoveragePart *part;

	for (int i = 0; i < coverage->nparts; i++)
	{
		part = &coverage->parts[i];
		if (part->toplevel == toplevel && is_same_reason(part->reason, reason))
			return part;
	}
	coverage->parts = repalloc(coverage->parts, sizeof(CoveragePart) * (coverage->nparts + 1));
	part = &coverage->parts[coverage->nparts++];
	*part = (CoveragePart){.reason = reason, .toplevel = toplevel};
	return part;
}

static void
add_time(CoveragePart *part, int statements, double ms_per_day)
{
	part->statements += statements;
	part->ms_per_day += ms_per_day;
}

static int
compare_parts(const void *a, const void *b)
{
	const CoveragePart *left = a;
	const CoveragePart *right = b;

	if (left->toplevel != right->toplevel)
		return left->toplevel ? -1 : 1;
	if ((left->reason == NULL) != (right->reason == NULL))
		return left->reason == NULL ? -1 : 1;
	if (left->ms_per_day != right->ms_per_day)
		return left->ms_per_day > right->ms_per_day ? -1 : 1;
	return left->reason == NULL ? 0 : strcmp(left->reason, right->reason);
}

/* What has no time of clients is run by functions alone; a part of one may be of the other. */
static double
add_statement(WorkloadCoverage *coverage, const WorkloadStatement *statement, bool given)
{
	double toplevel = given ? statement->weight : statement->toplevel_ms_per_day;
	double nested = given ? 0 : statement->ms_per_day - toplevel;

	if (toplevel > 0 || nested <= statement->ms_per_day * SAME_RATIO)
		add_time(find_part(coverage, statement->left_out, true), 1, toplevel);
	if (nested > statement->ms_per_day * SAME_RATIO)
		add_time(find_part(coverage, statement->left_out, false), 1, nested);
	return toplevel;
}

WorkloadCoverage *
dbops_coverage_of(const Workload *workload)
{
	WorkloadCoverage *coverage = palloc0(sizeof(WorkloadCoverage));
	bool given = workload->since == 0;
	double seen = 0;
	double total;

	coverage->parts = palloc(sizeof(CoveragePart));
	/* There is a line for what can be analysed even when that is nothing. */
	(void) find_part(coverage, NULL, true);
	for (int i = 0; i < workload->nstatements; i++)
		seen += add_statement(coverage, &workload->statements[i], given);
	total = given ? seen : workload->ms_per_day;
	if (workload->nomitted > 0)
		add_time(find_part(coverage, dbops_left_out_phrase(LEFT_OUT_NOT_LOOKED_AT, 0), true),
		         workload->nomitted, Max(total - seen, 0));
	for (int i = 0; i < coverage->nparts; i++)
		coverage->parts[i].share = total > 0 ? coverage->parts[i].ms_per_day / total : 0;
	qsort(coverage->parts, coverage->nparts, sizeof(CoveragePart), compare_parts);
	coverage->share = coverage->parts[0].share;
	return coverage;
}
