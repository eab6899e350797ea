/*
 * advise/dependence.h
 *		Whether conditions on one table depend on each other so that estimates are wrong, and which
 *		extended statistics would mend them.
 *
 * Pure: facts in, verdict out.  A condition is on an operand, a column or an expression; which of
 * the rows of a sample meet it is known for one or several probes: the values that are asked for,
 * or, where these are not known, those of some rows.
 */
#pragma once

#include "advise/row_groups.h"

#define DEPENDENCE_OPERANDS 6

typedef enum StatisticsKind
{
	STATISTICS_NONE = 0,
	STATISTICS_EXPRESSION = 1, /* of one expression */
	STATISTICS_DEPENDENCIES = 2,
	STATISTICS_MCV = 4,
	STATISTICS_NDISTINCT = 8,
} StatisticsKind;

typedef enum AdviceConfidence
{
	ADVICE_LOW,
	ADVICE_MEDIUM,
	ADVICE_HIGH,
} AdviceConfidence;

typedef struct DependenceOperand
{
	const RowGroups *groups; /* rows by its value; NULL is one */
	bool equality;           /* it is compared with =, or IN */
	bool unknown;            /* an expression that there are no statistics of */
} DependenceOperand;

typedef struct DependenceProbe
{
	double estimated;                   /* share of rows, by the planner, for all conditions */
	double single[DEPENDENCE_OPERANDS]; /* for each alone */
	const uint8 *met;                   /* of each row: a bit for each operand */
} DependenceProbe;

typedef struct DependenceFacts
{
	int nrows;
	double table_rows;
	bool complete;   /* the sample is the table */
	bool typical;    /* values are those of some rows, as those that are asked for are not known */
	double together; /* matching rows of the sample for each block that has one, at least 1 */
	int target;      /* values that statistics keep */
	int noperands;
	DependenceOperand operands[DEPENDENCE_OPERANDS];
	int nprobes;
	const DependenceProbe *probes;
} DependenceFacts;

typedef struct DependenceVerdict
{
	StatisticsKind kind;
	uint32 members;   /* of the statistics: a bit for each operand */
	double estimated; /* rows */
	double actual;
	double after; /* what the planner would say then */
	AdviceConfidence confidence;
} DependenceVerdict;

/*
 * Statistics are advised where the estimate is off by a factor of 3 and statistics on some of the
 * operands bring it within 2, if that is 100 rows or more, and 10 rows of the sample, in different
 * blocks, bear witness.  Confidence is low as long as two standard errors could bring the factor
 * below 3; high if there is no sampling error, or there are 100 witnesses.
 */
extern DependenceVerdict dbops_dependence_judge(const DependenceFacts *facts);

/* The same for one operand whose expression has no statistics. */
extern DependenceVerdict dbops_dependence_judge_one(const DependenceFacts *facts, int operand);

/* By what factor one number is off the other; both count as one row at least. */
extern double dbops_dependence_factor(double estimated, double actual);

/* Estimates are not worth mending that are off by less, or for fewer rows. */
#define DEPENDENCE_FACTOR 3
#define DEPENDENCE_ROWS 100
