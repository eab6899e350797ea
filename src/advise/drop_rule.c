/*
 * advise/drop_rule.c
 *		When an index may be dropped; see drop_rule.h.
 */
#include "postgres.h"

#include <math.h>

#include "advise/drop_rule.h"

/*
 * So much of the scans must be of statements that are known.  A statement that runs the scan in a
 * loop counts once a call, so what is not reached may be known all the same; it stays then.
 */
#define KNOWN_SHARE 0.9

/* What runs every week, or every month, was seen if it uses the index. */
#define WEEK_DAYS 7
#define MONTH_DAYS 31

#define MINUTES_A_DAY 1440
#define HOURS_A_DAY 24

enum
{
	CONFIDENCE_LOW,
	CONFIDENCE_MEDIUM,
	CONFIDENCE_HIGH
};

static const char *const confidences[] = {
    [CONFIDENCE_LOW] = "low",
    [CONFIDENCE_MEDIUM] = "medium",
    [CONFIDENCE_HIGH] = "high",
};

static const char *const duties[] = {
    [INDEX_NO_DUTY] = NULL,
    [INDEX_PRIMARY_KEY] = "is the primary key",
    [INDEX_EXCLUSION] = "enforces an exclusion constraint",
    [INDEX_CONSTRAINT] = "enforces a unique constraint",
    [INDEX_UNIQUE] = "keeps values unique",
    [INDEX_REPLICA_IDENTITY] = "is the replica identity of its table",
    [INDEX_CLUSTERED] = "is what its table is clustered on",
    [INDEX_OF_EXTENSION] = "belongs to an extension",
    [INDEX_OF_PARTITION] = "is part of the index of a partitioned table",
    [INDEX_INVALID] = "is invalid",
    [INDEX_UNKNOWN] = "is of a kind that cannot be described",
};

StaticAssertDecl(lengthof(duties) == INDEX_NDUTIES, "each duty has a phrase");

const char *
dbops_index_duty_phrase(IndexDuty duty)
{
	return duties[duty];
}

DropCondition
dbops_drop_judge(const DropFacts *facts)
{
	if (facts->duty != INDEX_NO_DUTY)
		return DROP_NEVER;
	if (facts->given || !(facts->days > 0) || isnan(facts->scans))
		return DROP_COVERED;
	if (facts->scans == 0)
		return DROP_UNUSED;
	return facts->known_scans >= KNOWN_SHARE * facts->scans ? DROP_KNOWN : DROP_COVERED;
}

const char *
dbops_drop_confidence(const DropFacts *facts, DropCondition because)
{
	int confidence = CONFIDENCE_LOW;

	/* The other index is wherever this one is. */
	if (because == DROP_COVERED)
		return confidences[CONFIDENCE_HIGH];
	if (facts->days >= WEEK_DAYS)
		confidence = facts->days >= MONTH_DAYS ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	if (because == DROP_KNOWN)
		confidence = Min(confidence, CONFIDENCE_MEDIUM);
	if (facts->standbys_unknown > 0 && confidence > CONFIDENCE_LOW)
		confidence--;
	return confidences[confidence];
}

static char *
write_span(double days)
{
	if (days * HOURS_A_DAY < 2)
		return psprintf("%.0f minutes", Max(days * MINUTES_A_DAY, 1));
	return days < 2 ? psprintf("%.0f hours", days * HOURS_A_DAY) : psprintf("%.0f days", days);
}

char *
dbops_drop_unused_phrase(const DropFacts *facts)
{
	char *unused = psprintf("not used in the %s that are known", write_span(facts->days));

	if (facts->standbys_unknown == 0)
		return unused;
	return psprintf("%s; %d %s may use it, of which nothing is known", unused,
	                facts->standbys_unknown, facts->standbys_unknown == 1 ? "standby" : "standbys");
}
