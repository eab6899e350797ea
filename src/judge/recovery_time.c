/*
 * judge/recovery_time.c
 *		How long it would take to be back; see recovery_time.h.
 */
#include "postgres.h"

#include "judge/recovery_time.h"
#include "store/family.h"

#define US_PER_SECOND 1000000.0
#define LONGEST_US (INT64CONST(1000000) * 3600 * 24 * 365 * 10)

static RecoveryRate
rate_or(const RecoveryRate *measured, double assumed)
{
	if (measured->bytes_per_second > 0)
		return *measured;
	return (RecoveryRate){
	    .bytes_per_second = assumed, .confidence = CONFIDENCE_LOW, .source = "an assumption"};
}

static double
megabytes(double bytes)
{
	return bytes / (1024 * 1024);
}

static int64
time_for(int64 bytes, double bytes_per_second)
{
	double us = (double) Max(bytes, 0) / bytes_per_second * US_PER_SECOND;

	return us < (double) LONGEST_US ? (int64) us : LONGEST_US;
}

/* Replay of some WAL, and a start. */
static void
judge_replay(const RecoveryTimeFacts *facts, int64 bytes, const char *of, RecoveryTime *result)
{
	RecoveryRate rate = rate_or(&facts->replay, REPLAY_RATE_ASSUMED);

	if (bytes == FAMILY_NULL)
	{
		snprintf(result->why, sizeof(result->why), "it is not known how much WAL %s", of);
		return;
	}
	result->rto_us = START_US + time_for(bytes, rate.bytes_per_second);
	result->confidence = rate.confidence;
	snprintf(result->why, sizeof(result->why), "%.0f MB of WAL %s at %.0f MB/s, by %s",
	         megabytes((double) bytes), of, megabytes(rate.bytes_per_second), rate.source);
}

/* In the worst case all WAL of an interval is to be replayed. */
static int64
interval_for(const RecoveryTimeFacts *facts, int64 base_us, double replay_rate)
{
	int64 left_us = facts->objective_us - base_us - START_US;
	double us;

	if (facts->objective_us == 0 || facts->wal_per_second <= 0)
		return FAMILY_NULL;
	if (left_us <= 0)
		return 0;
	us = (double) left_us * replay_rate / facts->wal_per_second;
	return us < (double) LONGEST_US ? (int64) us : LONGEST_US;
}

static void
judge_restore(const RecoveryTimeFacts *facts, RecoveryTime *result)
{
	RecoveryRate restore = rate_or(&facts->restore, RESTORE_RATE_ASSUMED);
	RecoveryRate replay = rate_or(&facts->replay, REPLAY_RATE_ASSUMED);
	int64 base_us;

	if (!facts->backup)
		return;
	if (facts->backup_bytes == FAMILY_NULL || facts->replay_bytes == FAMILY_NULL)
	{
		snprintf(result->why, sizeof(result->why),
		         "the size or the start of the last backup is not known");
		return;
	}
	base_us = time_for(facts->backup_bytes, restore.bytes_per_second);
	result->rto_us = START_US + base_us + time_for(facts->replay_bytes, replay.bytes_per_second);
	result->confidence = Min(restore.confidence, replay.confidence);
	result->backup_every_us = interval_for(facts, base_us, replay.bytes_per_second);
	snprintf(result->why, sizeof(result->why),
	         "%.0f MB to restore at %.0f MB/s, by %s, and %.0f MB of WAL at %.0f MB/s, by %s",
	         megabytes((double) facts->backup_bytes), megabytes(restore.bytes_per_second),
	         restore.source, megabytes((double) facts->replay_bytes),
	         megabytes(replay.bytes_per_second), replay.source);
}

void
dbops_recovery_time_judge(const RecoveryTimeFacts *facts, DisasterKind failure,
                          RecoveryTime *result)
{
	memset(result, 0, sizeof(*result));
	result->rto_us = FAMILY_NULL;
	result->backup_every_us = FAMILY_NULL;
	switch (failure)
	{
		case DISASTER_CRASH:
			judge_replay(facts, facts->redo_bytes, "since the last checkpoint", result);
			break;
		case DISASTER_SERVER:
			if (facts->standby)
				judge_replay(facts, facts->standby_bytes, "the standby has not replayed", result);
			break;
		case DISASTER_SITE:
		case DISASTER_TABLE:
			judge_restore(facts, result);
			break;
		case DISASTER_KINDS:
			break;
	}
}
