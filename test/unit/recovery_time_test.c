/*
 * test/unit/recovery_time_test.c
 *		How long it would take to be back: by amounts and rates, measured, assumed and missing.
 *
 * sources: src/judge/recovery_time.c
 */
#include "postgres.h"

#include "judge/recovery_time.h"
#include "store/family.h"

#include "tap.h"

#define MB (INT64CONST(1024) * 1024)
#define SECOND INT64CONST(1000000)

static const RecoveryTimeFacts measured = {
    .redo_bytes = 640 * MB,
    .standby_bytes = 64 * MB,
    .standby = true,
    .backup = true,
    .backup_bytes = 1000 * MB,
    .replay_bytes = 6400 * MB,
    .replay = {.bytes_per_second = 64.0 * MB,
               .confidence = CONFIDENCE_MEDIUM,
               .source = "the last crash recovery"},
    .restore = {.bytes_per_second = 50.0 * MB, .confidence = CONFIDENCE_HIGH, .source = "a test"},
    .wal_per_second = 1.0 * MB,
    .objective_us = 3621 * SECOND,
};

static RecoveryTime
judge(const RecoveryTimeFacts *facts, DisasterKind failure)
{
	RecoveryTime time;

	dbops_recovery_time_judge(facts, failure, &time);
	return time;
}

static void
test_measured(void)
{
	RecoveryTime time = judge(&measured, DISASTER_CRASH);

	is_int(time.rto_us, START_US + 10 * SECOND,
	       "a crash takes what there is to replay by its rate");
	is_int(time.confidence, CONFIDENCE_MEDIUM, "as sure as the rate is");
	is_str(time.why,
	       "640 MB of WAL since the last checkpoint at 64 MB/s, by the last crash recovery",
	       "and says so");
	time = judge(&measured, DISASTER_SERVER);
	is_int(time.rto_us, START_US + 1 * SECOND,
	       "a promotion takes what the standby has not replayed");
	time = judge(&measured, DISASTER_SITE);
	is_int(time.rto_us, START_US + 20 * SECOND + 100 * SECOND,
	       "a restore takes a copy, and replay");
	is_int(time.confidence, CONFIDENCE_MEDIUM, "as sure as the less sure of both");
	is_int(time.backup_every_us, 3600 * 64 * SECOND,
	       "in what the objective leaves, the WAL of so much time can be replayed");
	is_int(judge(&measured, DISASTER_TABLE).rto_us, time.rto_us, "a dropped table takes the same");
}

static void
test_objective(void)
{
	RecoveryTimeFacts facts = measured;

	facts.objective_us = 0;
	is_int(judge(&facts, DISASTER_SITE).backup_every_us, FAMILY_NULL, "no objective asks nothing");
	facts.objective_us = START_US + 20 * SECOND;
	is_int(judge(&facts, DISASTER_SITE).backup_every_us, 0,
	       "one that the copy alone takes cannot be met");
	facts.objective_us++;
	facts.wal_per_second = 64.0 * MB;
	is_int(judge(&facts, DISASTER_SITE).backup_every_us, 1, "one that is longer can, just so");
	facts.wal_per_second = 0;
	is_int(judge(&facts, DISASTER_SITE).backup_every_us, FAMILY_NULL,
	       "without knowing how much WAL is written it cannot be told");
}

static void
test_missing(void)
{
	RecoveryTimeFacts facts = measured;
	RecoveryTime time;

	facts.replay = (RecoveryRate){0};
	facts.restore = (RecoveryRate){0};
	time = judge(&facts, DISASTER_CRASH);
	is_int(time.rto_us, START_US + 20 * SECOND, "what was not measured is assumed");
	is_int(time.confidence, CONFIDENCE_LOW, "and not relied on");
	is_int(judge(&facts, DISASTER_SITE).rto_us, START_US + 10 * SECOND + 200 * SECOND,
	       "so is how fast a copy is");
	facts.redo_bytes = FAMILY_NULL;
	is_int(judge(&facts, DISASTER_CRASH).rto_us, FAMILY_NULL, "an unknown amount cannot be told");
	is_int(judge(&facts, DISASTER_CRASH).confidence, CONFIDENCE_NONE, "not even roughly");
	facts.standby = false;
	is_int(judge(&facts, DISASTER_SERVER).rto_us, FAMILY_NULL, "nor the time of no standby");
	facts.backup_bytes = FAMILY_NULL;
	is_int(judge(&facts, DISASTER_SITE).rto_us, FAMILY_NULL, "nor that of a backup without a size");
	facts.backup = false;
	is_int(judge(&facts, DISASTER_SITE).rto_us, FAMILY_NULL, "nor that of no backup");
	facts = measured;
	facts.replay_bytes = PG_INT64_MAX;
	facts.replay.bytes_per_second = 1e-6;
	ok(judge(&facts, DISASTER_SITE).rto_us > 0, "absurd amounts do not overflow");
	facts.redo_bytes = -5;
	is_int(judge(&facts, DISASTER_CRASH).rto_us, START_US, "nor do negative ones");
}

int
main(void)
{
	test_measured();
	test_objective();
	test_missing();
	return tap_done();
}
