/*
 * advise/index_outcome.h
 *		Whether an index that was created as advised does what it was meant to, or one that was
 *		dropped is missed.
 *
 * Pure: times of statements before and after in, an outcome out.  The statements that the index was
 * to make faster are compared, and what those that write to its table take more is set against it.
 */
#pragma once

/* Of one statement. */
typedef struct OutcomeStatement
{
	bool writes; /* to the table; else it was to become faster */
	double calls_before;
	double ms_before; /* in all */
	double calls_after;
	double ms_after;
} OutcomeStatement;

typedef struct OutcomeFacts
{
	double hours_before; /* of history */
	double hours_after;
	int nstatements;
	const OutcomeStatement *statements;
} OutcomeFacts;

typedef enum OutcomeKind
{
	OUTCOME_PENDING, /* too little is known yet */
	OUTCOME_CONFIRMED,
	OUTCOME_NEUTRAL,
	OUTCOME_REGRESSED,
} OutcomeKind;

/* Means are of a call of the statements it was meant for, as often as they were called after. */
typedef struct OutcomeVerdict
{
	OutcomeKind kind;
	const char *reason; /* of OUTCOME_PENDING; else NULL */
	double calls_before;
	double calls_after;
	double mean_before; /* ms; NaN where there is none */
	double mean_after;
	double saved_ratio; /* of their time, less what writing takes more; NaN while pending */
	double write_ratio; /* by how much writing became dearer, 0.2: a fifth; NaN: not known */
} OutcomeVerdict;

/* Enough is known with so many calls on both sides, or with some in so many hours on both. */
#define OUTCOME_CALLS 100
#define OUTCOME_HOURS 1.0

/* A change by less is none; nor is one by less time a call, which caches and timers make. */
#define OUTCOME_NOTABLE 0.10
#define OUTCOME_NOTABLE_MS 0.01

extern void dbops_index_outcome_judge(const OutcomeFacts *facts, OutcomeVerdict *verdict);

/* "created" (while pending), "confirmed", "neutral", "regressed". */
extern const char *dbops_index_outcome_name(OutcomeKind kind);
