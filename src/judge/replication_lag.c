/*
 * judge/replication_lag.c
 *		How far behind whoever replicates is; see replication_lag.h.
 */
#include "postgres.h"

#include "datatype/timestamp.h"

#include "judge/replication_lag.h"

/*
 * A receiver answers at least every wal_receiver_status_interval, 10 s unless it is set otherwise
 * there; what it said longer ago may be out of date.
 */
#define ANSWERS_WITHIN_US (12 * USECS_PER_SEC)

/* Nobody asks where less than this is lost. */
#define WORTH_A_CAUSE_US USECS_PER_SEC

/* A silence is unusual when it is this much longer than the longest of the last minutes. */
#define UNUSUAL_BESIDES_US (1500 * INT64CONST(1000))

const char *const dbops_replication_lag_kinds[LAG_KINDS] = {
    [LAG_UPSTREAM] = "upstream", [LAG_STANDBY] = "standby", [LAG_RECEIVER] = "receiver",
    [LAG_CONSUMER] = "consumer", [LAG_SLOT] = "slot",       [LAG_SUBSCRIPTION] = "subscription",
};

const char *const dbops_replication_lag_places[LAG_PLACES] = {
    [LAG_PLACE_SENDER] = "sender",
    [LAG_PLACE_NETWORK] = "network",
    [LAG_PLACE_FSYNC] = "fsync",
    [LAG_PLACE_APPLY] = "apply",
};

const char *const dbops_replication_lag_causes[LAG_CAUSES] = {
    [LAG_CAUSE_LOST] = "the WAL it needs is gone",
    [LAG_CAUSE_DIVERGED] = "timelines have diverged",
    [LAG_CAUSE_DISCONNECTED] = "disconnected",
    [LAG_CAUSE_SILENT] = "no answer",
    [LAG_CAUSE_PAUSED] = "replay is paused",
    [LAG_CAUSE_CONFLICT] = "recovery conflict",
    [LAG_CAUSE_DELAYED] = "recovery_min_apply_delay",
    [LAG_CAUSE_ARCHIVE_ONLY] = "WAL from the archive only",
    [LAG_CAUSE_IO] = "replay waits for I/O",
    [LAG_CAUSE_SENDING] = "WAL is not sent fast enough",
    [LAG_CAUSE_NETWORK] = "WAL is under way",
    [LAG_CAUSE_FSYNC] = "WAL is not flushed there",
    [LAG_CAUSE_APPLYING] = "WAL is not replayed there",
    [LAG_CAUSE_CATCHING_UP] = "catching up",
    [LAG_CAUSE_UNUSED] = "nobody uses it",
    [LAG_CAUSE_DISABLED] = "disabled",
    [LAG_CAUSE_NOT_RUNNING] = "its worker does not run",
};

static const LagRank ranks[LAG_CAUSES] = {
    [LAG_CAUSE_NONE] = LAG_FINE,           [LAG_CAUSE_LOST] = LAG_BROKEN,
    [LAG_CAUSE_DIVERGED] = LAG_BROKEN,     [LAG_CAUSE_DISCONNECTED] = LAG_STALLED,
    [LAG_CAUSE_SILENT] = LAG_STALLED,      [LAG_CAUSE_PAUSED] = LAG_STALLED,
    [LAG_CAUSE_CONFLICT] = LAG_STALLED,    [LAG_CAUSE_DELAYED] = LAG_BEHIND,
    [LAG_CAUSE_ARCHIVE_ONLY] = LAG_BEHIND, [LAG_CAUSE_IO] = LAG_BEHIND,
    [LAG_CAUSE_SENDING] = LAG_BEHIND,      [LAG_CAUSE_NETWORK] = LAG_BEHIND,
    [LAG_CAUSE_FSYNC] = LAG_BEHIND,        [LAG_CAUSE_APPLYING] = LAG_BEHIND,
    [LAG_CAUSE_CATCHING_UP] = LAG_BEHIND,  [LAG_CAUSE_UNUSED] = LAG_STALLED,
    [LAG_CAUSE_DISABLED] = LAG_STALLED,    [LAG_CAUSE_NOT_RUNNING] = LAG_STALLED,
};

static const LagCause causes_of_places[LAG_PLACES] = {
    [LAG_PLACE_SENDER] = LAG_CAUSE_SENDING,
    [LAG_PLACE_NETWORK] = LAG_CAUSE_NETWORK,
    [LAG_PLACE_FSYNC] = LAG_CAUSE_FSYNC,
    [LAG_PLACE_APPLY] = LAG_CAUSE_APPLYING,
};

static const LagCause causes_of_replay[] = {
    [LAG_REPLAY_RUNS] = LAG_CAUSE_NONE,       [LAG_REPLAY_PAUSED] = LAG_CAUSE_PAUSED,
    [LAG_REPLAY_DELAYED] = LAG_CAUSE_DELAYED, [LAG_REPLAY_CONFLICT] = LAG_CAUSE_CONFLICT,
    [LAG_REPLAY_IO] = LAG_CAUSE_IO,
};

/* The stage at which the longest time passes, up to one; unknown positions have none. */
static LagPlace
find_place(const LagFacts *facts, LagStage last)
{
	LagPlace place = LAG_PLACE_NONE;
	int64 longest_us = 0;
	int64 before_us = 0;

	for (int stage = LAG_SENT; stage <= (int) last; stage++)
	{
		int64 behind_us = facts->behind_us[stage];

		if (behind_us == LAG_UNKNOWN)
			continue;
		if (behind_us - before_us > longest_us)
		{
			longest_us = behind_us - before_us;
			place = LAG_PLACE_SENDER + (stage - LAG_SENT);
		}
		before_us = Max(before_us, behind_us);
	}
	return place;
}

static bool
is_worth_a_cause(const LagVerdict *verdict)
{
	return verdict->lag_us != LAG_UNKNOWN && verdict->lag_us >= WORTH_A_CAUSE_US;
}

/* ---- this standby ---- */

/* How long nothing may be heard before that means something. */
static int64
patience_us(const LagFacts *facts)
{
	if (facts->usual_pause_us < 0)
		return facts->longest_pause_us;
	return Min(facts->usual_pause_us + UNUSUAL_BESIDES_US, facts->longest_pause_us);
}

static bool
is_heard(const LagFacts *facts)
{
	return facts->connected && facts->silent_us != LAG_UNKNOWN &&
	       facts->silent_us <= patience_us(facts);
}

static LagCause
find_cause_here(const LagFacts *facts, const LagVerdict *verdict)
{
	LagCause replay = causes_of_replay[facts->replay];

	if (facts->diverged)
		return LAG_CAUSE_DIVERGED;
	if (replay == LAG_CAUSE_PAUSED || (replay != LAG_CAUSE_NONE && is_worth_a_cause(verdict)))
		return replay;
	if (!facts->connected)
		return facts->has_sender || !facts->has_archive ? LAG_CAUSE_DISCONNECTED :
		                                                  LAG_CAUSE_ARCHIVE_ONLY;
	if (!is_heard(facts))
		return LAG_CAUSE_SILENT;
	if (!is_worth_a_cause(verdict))
		return LAG_CAUSE_NONE;
	return verdict->lost_in == LAG_PLACE_APPLY ? LAG_CAUSE_CATCHING_UP : LAG_CAUSE_NETWORK;
}

static void
judge_upstream(const LagFacts *facts, LagVerdict *verdict)
{
	int64 behind_us = facts->behind_us[LAG_REPLAY];
	bool heard = is_heard(facts);

	if (!facts->caught_up)
	{
		/* What it knows to exist came at a time it knows, whether or not more has come since. */
		verdict->lag_us = behind_us;
		verdict->certain = behind_us != LAG_UNKNOWN;
	}
	else if (heard)
	{
		verdict->lag_us = 0;
		verdict->certain = true;
	}
	else if (behind_us != LAG_UNKNOWN && behind_us > 0)
		verdict->lag_us = behind_us;
	else
		verdict->lag_us = facts->silent_us;

	if (is_worth_a_cause(verdict))
		verdict->lost_in = facts->caught_up ? LAG_PLACE_NETWORK : find_place(facts, LAG_REPLAY);
	verdict->cause = find_cause_here(facts, verdict);

	/* What it has received is replayed when it takes over. */
	verdict->loss_us =
	    heard ? facts->behind_us[LAG_FLUSH] : Max(facts->behind_us[LAG_FLUSH], facts->silent_us);
	if (heard)
		verdict->loss_bytes = facts->behind_bytes[LAG_FLUSH];
}

/* ---- those that receive from this server ---- */

/* The position that counts, or the nearest before it that is known. */
static LagStage
find_stage(const LagFacts *facts)
{
	LagStage stage = facts->kind == LAG_STANDBY ? LAG_REPLAY : LAG_FLUSH;

	while (stage > LAG_SENT && facts->behind_us[stage] == LAG_UNKNOWN)
		stage--;
	return stage;
}

static LagCause
find_cause_there(const LagFacts *facts, const LagVerdict *verdict)
{
	if (facts->lost)
		return LAG_CAUSE_LOST;
	if (facts->copied)
		return LAG_CAUSE_NONE;
	if (!facts->connected)
		return facts->kind == LAG_SLOT ? LAG_CAUSE_UNUSED : LAG_CAUSE_DISCONNECTED;
	if (!is_worth_a_cause(verdict))
		return LAG_CAUSE_NONE;
	if (facts->silent_us != LAG_UNKNOWN && facts->silent_us > ANSWERS_WITHIN_US)
		return LAG_CAUSE_SILENT;
	return facts->catching_up ? LAG_CAUSE_CATCHING_UP : causes_of_places[verdict->lost_in];
}

static void
judge_receiver(const LagFacts *facts, LagVerdict *verdict)
{
	bool answers = facts->connected && facts->silent_us != LAG_UNKNOWN &&
	               facts->silent_us <= ANSWERS_WITHIN_US;
	LagStage stage = find_stage(facts);

	verdict->lag_us = facts->behind_us[stage];
	/* Who has everything has it, whether or not he is still there. */
	verdict->certain = verdict->lag_us != LAG_UNKNOWN && (verdict->lag_us == 0 || answers);
	if (is_worth_a_cause(verdict))
		verdict->lost_in = facts->connected ? find_place(facts, stage) : LAG_PLACE_NETWORK;
	verdict->cause = find_cause_there(facts, verdict);
	if (facts->kind == LAG_STANDBY || facts->kind == LAG_RECEIVER)
	{
		verdict->loss_us = facts->behind_us[LAG_FLUSH];
		/* WAL that does not matter is no loss. */
		verdict->loss_bytes = verdict->loss_us == 0 ? 0 : facts->behind_bytes[LAG_FLUSH];
	}
}

static void
judge_slot(const LagFacts *facts, LagVerdict *verdict)
{
	int64 left_bytes =
	    facts->safe_bytes != LAG_UNKNOWN ? facts->safe_bytes : facts->disk_free_bytes;

	if (!facts->has_slot)
		return;
	if (facts->lost)
		verdict->wal_left_us = 0;
	else if (left_bytes != LAG_UNKNOWN && facts->wal_rate > 0)
	{
		double left_us = Max(left_bytes, 0) / facts->wal_rate * USECS_PER_SEC;

		/* What takes longer than an age does not matter. */
		verdict->wal_left_us =
		    left_us < (double) (PG_INT64_MAX / 2) ? (int64) left_us : LAG_UNKNOWN;
	}
}

/* ---- what this server receives by logical replication ---- */

static void
judge_subscription(const LagFacts *facts, LagVerdict *verdict)
{
	bool heard = facts->connected && facts->silent_us != LAG_UNKNOWN &&
	             facts->silent_us <= facts->longest_pause_us;

	verdict->lag_us = heard ? 0 : facts->silent_us;
	verdict->certain = heard;
	if (!facts->enabled)
		verdict->cause = LAG_CAUSE_DISABLED;
	else if (!facts->connected)
		verdict->cause = LAG_CAUSE_NOT_RUNNING;
	else if (!heard)
		verdict->cause = LAG_CAUSE_SILENT;
	if (is_worth_a_cause(verdict))
		verdict->lost_in = LAG_PLACE_NETWORK;
}

void
dbops_replication_lag_judge(const LagFacts *facts, LagVerdict *verdict)
{
	*verdict = (LagVerdict){.lag_us = LAG_UNKNOWN,
	                        .wal_left_us = LAG_UNKNOWN,
	                        .loss_us = LAG_UNKNOWN,
	                        .loss_bytes = LAG_UNKNOWN};
	if (facts->kind == LAG_UPSTREAM)
		judge_upstream(facts, verdict);
	else if (facts->kind == LAG_SUBSCRIPTION)
		judge_subscription(facts, verdict);
	else
		judge_receiver(facts, verdict);
	judge_slot(facts, verdict);
	verdict->rank = ranks[verdict->cause];
}
