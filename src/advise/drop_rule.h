/*
 * advise/drop_rule.h
 *		When an index may be dropped: duties, use, and what is known of it.
 *
 * Pure: facts in, verdict out.  What plans lose without the index is not asked here: whatever this
 * allows is dropped only if the planner finds no statement that becomes dearer.
 */
#pragma once

/* What an index is there for beside being read. */
typedef enum IndexDuty
{
	INDEX_NO_DUTY,
	INDEX_PRIMARY_KEY,
	INDEX_EXCLUSION,
	INDEX_CONSTRAINT, /* unique, as a constraint */
	INDEX_UNIQUE,
	INDEX_REPLICA_IDENTITY,
	INDEX_CLUSTERED,
	INDEX_OF_EXTENSION,
	INDEX_OF_PARTITION, /* of a partitioned index, which is what advice is for */
	INDEX_INVALID,
	INDEX_UNKNOWN, /* nobody can say what it is */
	INDEX_NDUTIES
} IndexDuty;

typedef struct DropFacts
{
	IndexDuty duty;
	bool given;           /* the workload was given: it says nothing of other uses */
	double days;          /* that its use is known of; 0: it is not */
	double scans;         /* in these days; NaN: not known */
	double known_scans;   /* of them, at least those of statements that are planned */
	int standbys_unknown; /* standbys whose use of it is not known */
} DropFacts;

typedef enum DropCondition
{
	DROP_NEVER,
	DROP_COVERED, /* beside another index that can stand in for it */
	DROP_KNOWN,   /* who uses it is known: if they cost the same without it */
	DROP_UNUSED,
} DropCondition;

extern DropCondition dbops_drop_judge(const DropFacts *facts);

/* high, medium or low: how sure it is that nobody misses it. */
extern const char *dbops_drop_confidence(const DropFacts *facts, DropCondition because);

/* "not used in the 12 days that are known": and who may have used it unseen. */
extern char *dbops_drop_unused_phrase(const DropFacts *facts);

/* "is the primary key": why it stays, whoever uses it; NULL: for no such reason. */
extern const char *dbops_index_duty_phrase(IndexDuty duty);
