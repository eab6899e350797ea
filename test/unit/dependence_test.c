/*
 * test/unit/dependence_test.c
 *		Which statistics are advised for which rows and estimates, and how sure that is.
 *
 * sources: src/advise/dependence.c src/advise/row_groups.c
 */
#include "postgres.h"

#include "advise/dependence.h"

#include "tap.h"

#define NROWS 10000

/* A column whose value is row / every % modulus / width, and a condition on it. */
typedef struct Column
{
	int every;
	int modulus;
	int width;
	int value;  /* that is asked for */
	bool range; /* or more */
	bool unknown;
} Column;

typedef struct Case
{
	const char *what;
	int noperands;
	Column columns[3];
	double estimated;  /* share; 0: product of single ones */
	double table_rows; /* 0: as many as the sample */
	double together;
	bool typical;
	StatisticsKind kind;
	uint32 members;
	AdviceConfidence confidence;
} Case;

static const Case cases[] = {
    {"a value that determines another",
     2,
     {{1, 20, 1, 7}, {1, 20, 2, 3}},
     .kind = STATISTICS_DEPENDENCIES,
     .members = 3,
     .confidence = ADVICE_HIGH},
    {"values that never meet",
     2,
     {{1, 10, 1, 7}, {1, 10, 2, 4}},
     .kind = STATISTICS_MCV,
     .members = 3,
     .confidence = ADVICE_HIGH},
    {"a range and a value that determine each other",
     2,
     {{1, 20, 1, 18, true}, {1, 20, 2, 9}},
     .kind = STATISTICS_MCV,
     .members = 3,
     .confidence = ADVICE_HIGH},
    {"independent values", 2, {{1, 20, 1, 7}, {20, 20, 1, 3}}},
    {"the planner knows it", 2, {{1, 20, 1, 7}, {1, 20, 2, 3}}, .estimated = 0.05},
    {"at the factor",
     2,
     {{1, 20, 1, 7}, {1, 20, 2, 3}},
     .estimated = 0.05 / 3 - 1e-6,
     .kind = STATISTICS_DEPENDENCIES,
     .members = 3,
     .confidence = ADVICE_HIGH},
    {"below the factor", 2, {{1, 20, 1, 7}, {1, 20, 2, 3}}, .estimated = 0.05 / 3 + 1e-4},
    {"100 rows",
     2,
     {{1, 100, 1, 7}, {1, 100, 1, 7}},
     .kind = STATISTICS_DEPENDENCIES,
     .members = 3,
     .confidence = ADVICE_HIGH},
    {"fewer rows", 2, {{1, 101, 1, 7}, {1, 101, 1, 7}}},
    {"one of three is independent",
     3,
     {{1, 20, 1, 7}, {20, 5, 1, 3}, {1, 20, 2, 3}},
     .kind = STATISTICS_DEPENDENCIES,
     .members = 5,
     .confidence = ADVICE_HIGH},
    {"all three depend",
     3,
     {{1, 20, 1, 7}, {1, 20, 2, 3}, {1, 20, 4, 1}},
     .kind = STATISTICS_DEPENDENCIES,
     .members = 7,
     .confidence = ADVICE_HIGH},
    {"a sample, many witnesses",
     2,
     {{1, 20, 1, 7}, {1, 20, 2, 3}},
     .table_rows = 1e6,
     .kind = STATISTICS_DEPENDENCIES,
     .members = 3,
     .confidence = ADVICE_HIGH},
    {"values of some rows",
     2,
     {{1, 20, 1, 7}, {1, 20, 2, 3}},
     .table_rows = 1e6,
     .typical = true,
     .kind = STATISTICS_DEPENDENCIES,
     .members = 3,
     .confidence = ADVICE_MEDIUM},
    {"some witnesses",
     2,
     {{1, 20, 1, 7}, {1, 20, 2, 3}},
     .table_rows = 1e6,
     .together = 6,
     .kind = STATISTICS_DEPENDENCIES,
     .members = 3,
     .confidence = ADVICE_MEDIUM},
    {"some witnesses, near the factor",
     2,
     {{1, 20, 1, 7}, {1, 20, 2, 3}},
     .table_rows = 1e6,
     .together = 6,
     .estimated = 0.015,
     .kind = STATISTICS_DEPENDENCIES,
     .members = 3,
     .confidence = ADVICE_LOW},
    {"10 witnesses",
     2,
     {{1, 20, 1, 7}, {1, 20, 2, 3}},
     .table_rows = 1e6,
     .together = 50,
     .kind = STATISTICS_DEPENDENCIES,
     .members = 3,
     .confidence = ADVICE_MEDIUM},
    {"too few witnesses", 2, {{1, 20, 1, 7}, {1, 20, 2, 3}}, .table_rows = 1e6, .together = 50.1},
    {"expected witnesses that are not there",
     2,
     {{1, 20, 1, 7}, {1, 20, 2, 4}},
     .table_rows = 1e6,
     .together = 5,
     .kind = STATISTICS_MCV,
     .members = 3,
     .confidence = ADVICE_MEDIUM},
    {"too few of them", 2, {{1, 20, 1, 7}, {1, 20, 2, 4}}, .table_rows = 1e6, .together = 5.1},
    {"a single condition", 1, {{1, 20, 1, 7}}, .estimated = 0.9},
};

static uint64
value_of(const Column *column, int row)
{
	return row / column->every % column->modulus / column->width;
}

static double
share_of(const uint8 *met, uint8 set)
{
	int rows = 0;

	for (int row = 0; row < NROWS; row++)
		rows += (met[row] & set) == set;
	return (double) rows / NROWS;
}

static void
make_facts(const Case *c, DependenceFacts *facts, DependenceProbe *probe)
{
	uint8 *met = palloc0(NROWS);
	uint64 *keys = palloc(sizeof(uint64) * NROWS);

	*facts = (DependenceFacts){.nrows = NROWS,
	                           .table_rows = c->table_rows > 0 ? c->table_rows : NROWS,
	                           .complete = c->table_rows == 0,
	                           .typical = c->typical,
	                           .together = c->together > 0 ? c->together : 1,
	                           .target = 100,
	                           .noperands = c->noperands,
	                           .nprobes = 1,
	                           .probes = probe};
	probe->met = met;
	probe->estimated = 1;
	for (int i = 0; i < c->noperands; i++)
	{
		const Column *column = &c->columns[i];

		for (int row = 0; row < NROWS; row++)
		{
			uint64 value = value_of(column, row);
			bool meets = column->range ? value >= column->value : value == column->value;

			keys[row] = value;
			met[row] |= meets << i;
		}
		facts->operands[i].groups = dbops_row_groups_by(keys, NROWS);
		facts->operands[i].equality = !column->range;
		facts->operands[i].unknown = column->unknown;
		probe->single[i] = column->unknown ? 0.005 : share_of(met, 1 << i);
		probe->estimated *= probe->single[i];
	}
	if (c->estimated > 0)
		probe->estimated = c->estimated;
}

static void
test_cases(void)
{
	for (int i = 0; i < lengthof(cases); i++)
	{
		const Case *c = &cases[i];
		DependenceFacts facts;
		DependenceProbe probe;
		DependenceVerdict verdict;

		make_facts(c, &facts, &probe);
		verdict = dbops_dependence_judge(&facts);
		is_int(verdict.kind, c->kind, c->what);
		if (c->kind == STATISTICS_NONE)
			continue;
		is_int(verdict.members, c->members, c->what);
		is_int(verdict.confidence, c->confidence, c->what);
		ok(dbops_dependence_factor(verdict.after, verdict.actual) <= 2, "%s: mended", c->what);
	}
}

/* An expression without statistics is judged alone, and taken for known beside others. */
static void
test_expressions(void)
{
	const Case half = {.noperands = 2, .columns = {{1, 2, 1, 0, .unknown = true}, {2, 5, 1, 3}}};
	DependenceFacts facts;
	DependenceProbe probe;
	DependenceVerdict verdict;

	make_facts(&half, &facts, &probe);
	is_int(dbops_dependence_judge(&facts).kind, STATISTICS_NONE, "it depends on nothing");
	verdict = dbops_dependence_judge_one(&facts, 0);
	is_int(verdict.kind, STATISTICS_EXPRESSION, "a guess that is off");
	ok(verdict.estimated == 50 && verdict.actual == 5000, "by how much");
	is_int(dbops_dependence_judge_one(&facts, 1).kind, STATISTICS_NONE, "a column has statistics");
	probe.single[0] = 0.2;
	is_int(dbops_dependence_judge_one(&facts, 0).kind, STATISTICS_NONE, "a guess that is near");
}

static void
test_factor(void)
{
	ok(dbops_dependence_factor(10, 40) == 4 && dbops_dependence_factor(40, 10) == 4,
	   "it is the same both ways");
	ok(dbops_dependence_factor(0.01, 0) == 1, "less than a row is a row");
}

int
main(void)
{
	test_cases();
	test_expressions();
	test_factor();
	return tap_done();
}
