/*
 * store/verdicts.h
 *		The board of verdicts in shared memory: what was judged last, for all to read.
 *
 * Written by the keeper once per round, read by functions, by the families "verdict" and "health"
 * and, later, by alerts; also on a standby.  One LWLock, held for a copy.
 */
#pragma once

#include "store/family.h"

/* Worst last, so that they can be compared. */
typedef enum VerdictStatus
{
	VERDICT_OK,
	VERDICT_UNKNOWN,
	VERDICT_WARNING,
	VERDICT_CRITICAL,
} VerdictStatus;

/* "ok", "unknown", "warning", "critical": a list of words as family.h has them. */
extern const char *const dbops_verdict_words[];

typedef enum VerdictScope
{
	SCOPE_CLUSTER,
	SCOPE_DATABASE,
	SCOPE_OBJECT,
} VerdictScope;

#define VERDICT_TEXTS 128
#define VERDICT_EVIDENCE 224

typedef struct Verdict
{
	char check[NAMEDATALEN];
	int16 family;
	VerdictScope scope;
	Oid datid;                 /* of the database it is about, or 0 */
	bool whole;                /* about all entities of the family: there is no key */
	EntityKey key;             /* of the entity */
	char texts[VERDICT_TEXTS]; /* its text labels, see texts.h; the last may be cut short */
	VerdictStatus status;
	double value;   /* NaN when unknown */
	double warning; /* the limits it was judged by; NaN when there is none */
	double critical;
	TimestampTz since;   /* since when it has had the status */
	int points;          /* it takes from the score of the server */
	int database_points; /* and from that of its database */
	char evidence[VERDICT_EVIDENCE];
} Verdict;

/* The most the board takes: those that do not fit are counted. */
#define VERDICTS_MAX 1000

extern Size dbops_verdicts_shmem_size(void);
extern void dbops_verdicts_shmem_init(void);

/* Replaces what is on the board. */
extern void dbops_verdicts_publish(const Verdict *verdicts, int nverdicts, TimestampTz at);

/*
 * A copy of the board in the current context, and when it was written (0: never).  NULL where the
 * library is not preloaded.
 */
extern Verdict *dbops_verdicts_copy(int *nverdicts, TimestampTz *at);

/* With a critical verdict the score is at most this. */
#define SCORE_MOST_WITH_CRITICAL 49

/*
 * The score of the verdicts that are in the database, or of all (InvalidOid): 100 less their
 * points, at least 0, at most SCORE_MOST_WITH_CRITICAL with a critical one; -1 when none of them is
 * known.
 */
extern int dbops_verdicts_score(const Verdict *verdicts, int nverdicts, Oid datid);
