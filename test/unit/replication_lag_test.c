/*
 * test/unit/replication_lag_test.c
 *		Facts of who replicates in, verdict out.
 *
 * sources: src/judge/replication_lag.c
 */
#include "postgres.h"

#include "datatype/timestamp.h"

#include "judge/replication_lag.h"

#include "tap.h"

#define S USECS_PER_SEC
#define MS (USECS_PER_SEC / 1000)
#define NONE LAG_UNKNOWN

/* All that a verdict says, but for loss and WAL left. */
typedef struct Case
{
	const char *name;
	LagFacts facts;
	int64 lag_us;
	bool certain;
	LagPlace lost_in;
	LagCause cause;
	LagRank rank;
} Case;

#define UNLIMITED .safe_bytes = NONE, .disk_free_bytes = NONE, .wal_rate = -1
#define HEARD \
	.connected = true, .silent_us = 1 * S, .usual_pause_us = 1 * S, .longest_pause_us = 35 * S
#define HERE .kind = LAG_UPSTREAM, .has_sender = true, UNLIMITED

static const Case here[] = {
    {"all is replayed and the sender is heard of",
     {HERE, HEARD, .caught_up = true},
     0,
     true,
     LAG_PLACE_NONE,
     LAG_CAUSE_NONE,
     LAG_FINE},
    {"what came is not replayed yet",
     {HERE, HEARD, .behind_us = {0, 0, 0, 5 * S}},
     5 * S,
     true,
     LAG_PLACE_APPLY,
     LAG_CAUSE_CATCHING_UP,
     LAG_BEHIND},
    {"what exists has not come yet",
     {HERE, HEARD, .behind_us = {0, 5 * S, 5 * S, 5 * S}},
     5 * S,
     true,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_NETWORK,
     LAG_BEHIND},
    {"below a second nobody asks why",
     {HERE, HEARD, .behind_us = {0, 0, 0, S - 1}},
     S - 1,
     true,
     LAG_PLACE_NONE,
     LAG_CAUSE_NONE,
     LAG_FINE},
    {"silent for as long as is usual",
     {HERE, .connected = true, .silent_us = 2500 * MS, .usual_pause_us = 1 * S,
      .longest_pause_us = 35 * S, .caught_up = true},
     0,
     true,
     LAG_PLACE_NONE,
     LAG_CAUSE_NONE,
     LAG_FINE},
    {"silent for longer than is usual",
     {HERE, .connected = true, .silent_us = 2500 * MS + 1, .usual_pause_us = 1 * S,
      .longest_pause_us = 35 * S, .caught_up = true},
     2500 * MS + 1,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_SILENT,
     LAG_STALLED},
    {"where nothing is usual it is waited for an answer",
     {HERE, .connected = true, .silent_us = 35 * S, .usual_pause_us = -1,
      .longest_pause_us = 35 * S, .caught_up = true},
     0,
     true,
     LAG_PLACE_NONE,
     LAG_CAUSE_NONE,
     LAG_FINE},
    {"and not beyond that",
     {HERE, .connected = true, .silent_us = 35 * S + 1, .usual_pause_us = -1,
      .longest_pause_us = 35 * S, .caught_up = true},
     35 * S + 1,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_SILENT,
     LAG_STALLED},
    {"long pauses that are usual wait for no more than an answer",
     {HERE, .connected = true, .silent_us = 36 * S, .usual_pause_us = 34 * S,
      .longest_pause_us = 35 * S, .caught_up = true},
     36 * S,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_SILENT,
     LAG_STALLED},
    {"without a timeout silence means nothing by itself",
     {HERE, .connected = true, .silent_us = 3600 * S, .usual_pause_us = -1,
      .longest_pause_us = PG_INT64_MAX, .caught_up = true},
     0,
     true,
     LAG_PLACE_NONE,
     LAG_CAUSE_NONE,
     LAG_FINE},
    {"disconnected with all replayed: the time since that was known",
     {HERE, .silent_us = 20 * S, .usual_pause_us = 1 * S, .longest_pause_us = 35 * S,
      .behind_us = {20 * S, 20 * S, 20 * S, 20 * S}, .caught_up = true},
     20 * S,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_DISCONNECTED,
     LAG_STALLED},
    {"disconnected and not all replayed: what is known to exist is that old for certain",
     {HERE, .silent_us = 20 * S, .usual_pause_us = 1 * S, .longest_pause_us = 35 * S,
      .behind_us = {20 * S, 20 * S, 20 * S, 60 * S}},
     60 * S,
     true,
     LAG_PLACE_APPLY,
     LAG_CAUSE_DISCONNECTED,
     LAG_STALLED},
    {"never heard of, but with the time of a commit",
     {HERE, .silent_us = NONE, .usual_pause_us = -1, .longest_pause_us = 35 * S,
      .behind_us = {NONE, 9 * S, 9 * S, 9 * S}, .caught_up = true},
     9 * S,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_DISCONNECTED,
     LAG_STALLED},
    {"never heard of, and nothing is known",
     {HERE, .silent_us = NONE, .usual_pause_us = -1, .longest_pause_us = 35 * S,
      .behind_us = {NONE, NONE, NONE, NONE}, .caught_up = true},
     NONE,
     false,
     LAG_PLACE_NONE,
     LAG_CAUSE_DISCONNECTED,
     LAG_STALLED},
    {"there is a backlog of unknown age",
     {HERE, HEARD, .behind_us = {0, NONE, NONE, NONE}},
     NONE,
     false,
     LAG_PLACE_NONE,
     LAG_CAUSE_NONE,
     LAG_FINE},
    {"from the archive only",
     {.kind = LAG_UPSTREAM,
      UNLIMITED,
      .has_archive = true,
      .silent_us = NONE,
      .usual_pause_us = -1,
      .longest_pause_us = 35 * S,
      .behind_us = {NONE, 70 * S, 70 * S, 70 * S},
      .caught_up = true},
     70 * S,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_ARCHIVE_ONLY,
     LAG_BEHIND},
    {"paused, even before anything came",
     {HERE, HEARD, .caught_up = true, .replay = LAG_REPLAY_PAUSED},
     0,
     true,
     LAG_PLACE_NONE,
     LAG_CAUSE_PAUSED,
     LAG_STALLED},
    {"paused, and behind",
     {HERE, HEARD, .behind_us = {0, 0, 0, 5 * S}, .replay = LAG_REPLAY_PAUSED},
     5 * S,
     true,
     LAG_PLACE_APPLY,
     LAG_CAUSE_PAUSED,
     LAG_STALLED},
    {"held up by a reader",
     {HERE, HEARD, .behind_us = {0, 0, 0, 5 * S}, .replay = LAG_REPLAY_CONFLICT},
     5 * S,
     true,
     LAG_PLACE_APPLY,
     LAG_CAUSE_CONFLICT,
     LAG_STALLED},
    {"a conflict of a moment is none",
     {HERE, HEARD, .behind_us = {0, 0, 0, 5 * MS}, .replay = LAG_REPLAY_CONFLICT},
     5 * MS,
     true,
     LAG_PLACE_NONE,
     LAG_CAUSE_NONE,
     LAG_FINE},
    {"delayed on purpose",
     {HERE, HEARD, .behind_us = {0, 0, 0, 60 * S}, .replay = LAG_REPLAY_DELAYED},
     60 * S,
     true,
     LAG_PLACE_APPLY,
     LAG_CAUSE_DELAYED,
     LAG_BEHIND},
    {"waits for its disk",
     {HERE, HEARD, .behind_us = {0, 0, 0, 60 * S}, .replay = LAG_REPLAY_IO},
     60 * S,
     true,
     LAG_PLACE_APPLY,
     LAG_CAUSE_IO,
     LAG_BEHIND},
    {"diverged is worse than all else",
     {HERE, HEARD, .caught_up = true, .diverged = true, .replay = LAG_REPLAY_PAUSED},
     0,
     true,
     LAG_PLACE_NONE,
     LAG_CAUSE_DIVERGED,
     LAG_BROKEN},
};

#define THERE .kind = LAG_STANDBY, UNLIMITED
#define ANSWERS .connected = true, .silent_us = 1 * S

static const Case there[] = {
    {"it has everything", {THERE, ANSWERS}, 0, true, LAG_PLACE_NONE, LAG_CAUSE_NONE, LAG_FINE},
    {"it has everything, and has not said so again for long",
     {THERE, .connected = true, .silent_us = 3600 * S},
     0,
     true,
     LAG_PLACE_NONE,
     LAG_CAUSE_NONE,
     LAG_FINE},
    {"WAL is not sent",
     {THERE, ANSWERS, .behind_us = {4 * S, 5 * S, 5 * S, 5 * S}},
     5 * S,
     true,
     LAG_PLACE_SENDER,
     LAG_CAUSE_SENDING,
     LAG_BEHIND},
    {"WAL is under way",
     {THERE, ANSWERS, .behind_us = {0, 5 * S, 5 * S, 5 * S}},
     5 * S,
     true,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_NETWORK,
     LAG_BEHIND},
    {"WAL is not flushed",
     {THERE, ANSWERS, .behind_us = {0, 1 * S, 5 * S, 6 * S}},
     6 * S,
     true,
     LAG_PLACE_FSYNC,
     LAG_CAUSE_FSYNC,
     LAG_BEHIND},
    {"WAL is not replayed",
     {THERE, ANSWERS, .behind_us = {0, 0, 1 * S, 6 * S}},
     6 * S,
     true,
     LAG_PLACE_APPLY,
     LAG_CAUSE_APPLYING,
     LAG_BEHIND},
    {"it gets old WAL first",
     {THERE, ANSWERS, .catching_up = true, .behind_us = {60 * S, 60 * S, 60 * S, 61 * S}},
     61 * S,
     true,
     LAG_PLACE_SENDER,
     LAG_CAUSE_CATCHING_UP,
     LAG_BEHIND},
    {"an answer as old as it may be",
     {THERE, .connected = true, .silent_us = 12 * S, .behind_us = {0, 0, 0, 12 * S}},
     12 * S,
     true,
     LAG_PLACE_APPLY,
     LAG_CAUSE_APPLYING,
     LAG_BEHIND},
    {"no answer any more",
     {THERE, .connected = true, .silent_us = 12 * S + 1, .behind_us = {0, 12 * S, 12 * S, 12 * S}},
     12 * S,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_SILENT,
     LAG_STALLED},
    {"gone, and behind since",
     {THERE, .silent_us = 60 * S, .behind_us = {60 * S, 60 * S, 60 * S, 60 * S}},
     60 * S,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_DISCONNECTED,
     LAG_STALLED},
    {"gone, but nothing was written since",
     {THERE, .silent_us = 60 * S},
     0,
     true,
     LAG_PLACE_NONE,
     LAG_CAUSE_DISCONNECTED,
     LAG_STALLED},
    {"never there",
     {THERE, .silent_us = NONE, .behind_us = {NONE, NONE, NONE, NONE}},
     NONE,
     false,
     LAG_PLACE_NONE,
     LAG_CAUSE_DISCONNECTED,
     LAG_STALLED},
    {"its slot is lost",
     {THERE, .silent_us = 60 * S, .behind_us = {NONE, NONE, 60 * S, NONE}, .has_slot = true,
      .lost = true},
     60 * S,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_LOST,
     LAG_BROKEN},
    {"a receiver that replays nothing is measured by what it flushed",
     {.kind = LAG_RECEIVER, UNLIMITED, ANSWERS, .behind_us = {0, 0, 3 * S, NONE}},
     3 * S,
     true,
     LAG_PLACE_FSYNC,
     LAG_CAUSE_FSYNC,
     LAG_BEHIND},
    {"one that does not tell that either by what it wrote",
     {.kind = LAG_RECEIVER, UNLIMITED, ANSWERS, .behind_us = {0, 3 * S, NONE, NONE}},
     3 * S,
     true,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_NETWORK,
     LAG_BEHIND},
    {"a consumer is measured by what it confirmed",
     {.kind = LAG_CONSUMER,
      UNLIMITED,
      ANSWERS,
      .behind_us = {0, 0, 3 * S, 9 * S},
      .has_slot = true},
     3 * S,
     true,
     LAG_PLACE_FSYNC,
     LAG_CAUSE_FSYNC,
     LAG_BEHIND},
    {"a slot that is copied to this standby waits to be used",
     {.kind = LAG_CONSUMER,
      UNLIMITED,
      .silent_us = NONE,
      .behind_us = {NONE, NONE, 9 * S, NONE},
      .has_slot = true,
      .copied = true},
     9 * S,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_NONE,
     LAG_FINE},
    {"a slot nobody uses",
     {.kind = LAG_SLOT,
      UNLIMITED,
      .silent_us = NONE,
      .behind_us = {NONE, NONE, 9 * S, NONE},
      .has_slot = true},
     9 * S,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_UNUSED,
     LAG_STALLED},
};

#define SUBSCRIBES .kind = LAG_SUBSCRIPTION, UNLIMITED, .longest_pause_us = 35 * S

static const Case subscriptions[] = {
    {"a worker that hears of its publisher",
     {SUBSCRIBES, .enabled = true, .connected = true, .silent_us = 35 * S},
     0,
     true,
     LAG_PLACE_NONE,
     LAG_CAUSE_NONE,
     LAG_FINE},
    {"one that does not",
     {SUBSCRIBES, .enabled = true, .connected = true, .silent_us = 36 * S},
     36 * S,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_SILENT,
     LAG_STALLED},
    {"no worker",
     {SUBSCRIBES, .enabled = true, .silent_us = 10 * S},
     10 * S,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_NOT_RUNNING,
     LAG_STALLED},
    {"none that was ever heard of",
     {SUBSCRIBES, .enabled = true, .silent_us = NONE},
     NONE,
     false,
     LAG_PLACE_NONE,
     LAG_CAUSE_NOT_RUNNING,
     LAG_STALLED},
    {"disabled",
     {SUBSCRIBES, .silent_us = 10 * S},
     10 * S,
     false,
     LAG_PLACE_NETWORK,
     LAG_CAUSE_DISABLED,
     LAG_STALLED},
};

static void
run_cases(const Case *cases, int ncases)
{
	for (int i = 0; i < ncases; i++)
	{
		const Case *c = &cases[i];
		LagVerdict verdict;

		dbops_replication_lag_judge(&c->facts, &verdict);
		is_int(verdict.lag_us, c->lag_us, "%s: lag", c->name);
		is_int(verdict.certain, c->certain, "%s: certain", c->name);
		is_int(verdict.lost_in, c->lost_in, "%s: where", c->name);
		is_int(verdict.cause, c->cause, "%s: why", c->name);
		is_int(verdict.rank, c->rank, "%s: how bad", c->name);
	}
}

static LagVerdict
judge(LagFacts facts)
{
	LagVerdict verdict;

	dbops_replication_lag_judge(&facts, &verdict);
	return verdict;
}

static void
test_loss(void)
{
	LagVerdict verdict = judge((LagFacts){THERE, ANSWERS, .behind_us = {0, 0, 2 * S, 9 * S},
	                                      .behind_bytes = {0, 0, 200, 900}});

	is_int(verdict.loss_us, 2 * S, "what is flushed there is not lost, replayed or not");
	is_int(verdict.loss_bytes, 200, "nor in bytes");
	verdict = judge(
	    (LagFacts){.kind = LAG_CONSUMER, UNLIMITED, ANSWERS, .behind_us = {0, 0, 2 * S, 9 * S}});
	is_int(verdict.loss_us, NONE, "nobody fails over to a logical consumer");
	verdict = judge((LagFacts){HERE, HEARD, .caught_up = true, .behind_bytes = {0, 0, 7, 7}});
	is_int(verdict.loss_bytes, 7, "a standby that is heard loses what has not come");
	verdict = judge((LagFacts){HERE, .silent_us = 20 * S, .usual_pause_us = -1,
	                           .longest_pause_us = 35 * S, .caught_up = true});
	is_int(verdict.loss_us, 20 * S, "one that is cut off up to all since it was heard of");
	is_int(verdict.loss_bytes, NONE, "of how many bytes nobody knows");
}

static void
test_wal_left(void)
{
	LagFacts facts = {.kind = LAG_SLOT,
	                  .has_slot = true,
	                  .silent_us = NONE,
	                  .safe_bytes = 1000,
	                  .disk_free_bytes = 5000,
	                  .wal_rate = 10};

	is_int(judge(facts).wal_left_us, 100 * S, "a slot that is limited is lost at the limit");
	facts.safe_bytes = -1;
	is_int(judge(facts).wal_left_us, 0, "beyond it at any moment");
	facts.safe_bytes = NONE;
	is_int(judge(facts).wal_left_us, 500 * S, "one that is not when the disk is full");
	facts.disk_free_bytes = NONE;
	is_int(judge(facts).wal_left_us, NONE, "which may be unknown");
	facts.safe_bytes = 1000;
	facts.wal_rate = 0;
	is_int(judge(facts).wal_left_us, NONE, "never while nothing is written");
	facts.wal_rate = -1;
	is_int(judge(facts).wal_left_us, NONE, "nor does anybody know without a rate");
	facts.safe_bytes = PG_INT64_MAX;
	facts.wal_rate = 0.001;
	is_int(judge(facts).wal_left_us, NONE, "what takes for ever is no time");
	facts.lost = true;
	is_int(judge(facts).wal_left_us, 0, "a lost one has no time left");
	facts.has_slot = false;
	is_int(judge(facts).wal_left_us, NONE, "without a slot nothing is kept");
}

int
main(void)
{
	run_cases(here, lengthof(here));
	run_cases(there, lengthof(there));
	run_cases(subscriptions, lengthof(subscriptions));
	test_loss();
	test_wal_left();
	return tap_done();
}
