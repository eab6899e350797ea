/*
 * test/unit/coverage_test.c
 *		The share of time that can be analysed, and for each reason how much is lost.
 *
 * sources: src/advise/coverage.c src/advise/left_out.c
 */
#include "postgres.h"

#include "advise/coverage.h"
#include "advise/left_out.h"

#include "tap.h"

#define ROUNDING 1e-9

static const CoveragePart *
find_part(const WorkloadCoverage *coverage, bool toplevel, const char *reason)
{
	for (int i = 0; i < coverage->nparts; i++)
	{
		const CoveragePart *part = &coverage->parts[i];

		if (part->toplevel == toplevel && (part->reason == NULL) == (reason == NULL) &&
		    (reason == NULL || strcmp(part->reason, reason) == 0))
			return part;
	}
	return NULL;
}

static void
test_measured(void)
{
	/* Equal words at different places are one reason. */
	char cut[] = "text was cut";
	WorkloadStatement statements[] = {
	    {.ms_per_day = 50, .toplevel_ms_per_day = 50},
	    {.ms_per_day = 20, .toplevel_ms_per_day = 20, .left_out = "text was cut"},
	    {.ms_per_day = 30, .toplevel_ms_per_day = 10},
	    {.ms_per_day = 8, .toplevel_ms_per_day = 0, .left_out = "variables"},
	    {.ms_per_day = 5, .toplevel_ms_per_day = 5, .left_out = cut},
	    {.ms_per_day = 5, .toplevel_ms_per_day = 5, .left_out = "hidden"},
	};
	Workload workload = {.since = 1,
	                     .ms_per_day = 100,
	                     .nstatements = lengthof(statements),
	                     .statements = statements,
	                     .nomitted = 3};
	const WorkloadCoverage *coverage = dbops_coverage_of(&workload);
	double shares = 0;

	is_near(coverage->share, 0.6, ROUNDING, "what can be analysed is a share of clients' time");
	ok(coverage->parts[0].toplevel && coverage->parts[0].reason == NULL, "it is the first line");
	is_int(coverage->parts[0].statements, 2, "with its statements");
	is_str(coverage->parts[1].reason, "text was cut", "then reasons by what they cost");
	is_near(coverage->parts[1].share, 0.25, ROUNDING, "the same reason is one");
	is_near(find_part(coverage, true, dbops_left_out_phrase(LEFT_OUT_NOT_LOOKED_AT, 0))->share,
	        0.10, ROUNDING, "what is beyond the dearest is lost, too");
	is_near(find_part(coverage, false, NULL)->ms_per_day, 20, ROUNDING,
	        "what functions run of a statement is apart");
	is_near(find_part(coverage, false, "variables")->share, 0.08, ROUNDING,
	        "with the same whole as the rest");
	ok(find_part(coverage, true, "variables") == NULL, "and not among clients'");
	for (int i = 0; i < coverage->nparts; i++)
		shares += coverage->parts[i].toplevel ? coverage->parts[i].share : 0;
	is_near(shares, 1, ROUNDING, "clients' parts are the whole");
	ok(!coverage->parts[coverage->nparts - 1].toplevel, "functions' parts come last");
}

static void
test_edges(void)
{
	WorkloadStatement given[] = {{.weight = 3}, {.weight = 1, .left_out = "text was cut"}};
	WorkloadStatement unseen[] = {{.left_out = "not captured yet"}};
	Workload workload = {.nstatements = 2, .statements = given};
	const WorkloadCoverage *coverage = dbops_coverage_of(&workload);

	is_near(coverage->share, 0.75, ROUNDING, "given statements count by weight");
	workload = (Workload){.since = 1};
	coverage = dbops_coverage_of(&workload);
	is_int(coverage->nparts, 1, "of nothing there is one line");
	is_near(coverage->share, 0, 0, "and it covers nothing");
	workload = (Workload){.since = 1, .nstatements = 1, .statements = unseen};
	coverage = dbops_coverage_of(&workload);
	is_int(find_part(coverage, true, "not captured yet")->statements, 1,
	       "what took no time is counted");
	is_near(coverage->share, 0, 0, "no time has no share");
}

static void
test_phrases(void)
{
	is_str(dbops_left_out_phrase(LEFT_OUT_CUT, 65536), "text was cut at 65536 bytes",
	       "a phrase has its number");
	for (int reason = 0; reason < LEFT_OUT_COUNT; reason++)
		ok(strlen(dbops_left_out_phrase(reason, 1000)) > 10, "reason %d has a phrase", reason);
}

int
main(void)
{
	test_measured();
	test_edges();
	test_phrases();
	return tap_done();
}
