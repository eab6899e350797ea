/*
 * test/unit/archiving_test.c
 *		How the archiver fares: a word for each set of facts, at the limits too.
 *
 * sources: src/judge/archiving.c
 */
#include "postgres.h"

#include "collect/archiver.h"
#include "judge/archiving.h"
#include "store/family.h"

#include "tap.h"

#define UNKNOWN FAMILY_NULL
#define SECOND INT64CONST(1000000)

/* A server that archives, and is up to date; examples say where they differ. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define WELL                                                                                     \
	.known = true, .mode = 1, .method = METHOD_COMMAND, .discards = 0, .ready = 0,               \
	.ready_others = 0, .oldest_ready_age_us = UNKNOWN, .unarchived_us = 0,                       \
	.last_archived_at = 100, .last_failed_at = UNKNOWN, .waits_for = ARCHIVER_RESTING, .pid = 7, \
	.same_us = 3600 * SECOND, .spool_errors = UNKNOWN, .spool_dropped = UNKNOWN

typedef struct Example
{
	const char *name;
	ArchivingState state;
	ArchivingFacts facts;
} Example;

static const Example examples[] = {
    {"no row", ARCHIVING_UNKNOWN, {.known = false}},
    {"no mode", ARCHIVING_UNKNOWN, {WELL, .mode = UNKNOWN}},
    {"an unreadable folder", ARCHIVING_UNKNOWN, {WELL, .ready = UNKNOWN}},
    {"archive_mode off", ARCHIVING_OFF, {WELL, .mode = 0}},
    {"a standby with on", ARCHIVING_OFF, {WELL, .in_recovery = true}},
    {"a standby with always", ARCHIVING_IDLE, {WELL, .in_recovery = true, .mode = 2}},
    {"all archived", ARCHIVING_IDLE, {WELL}},
    {"a commit not archived", ARCHIVING_WORKING, {WELL, .unarchived_us = 1}},
    {"unknown whether a commit is not", ARCHIVING_WORKING, {WELL, .unarchived_us = UNKNOWN}},
    {"segments wait", ARCHIVING_WORKING, {WELL, .ready = 3, .same_us = 0}},
    {"a long rest, something new", ARCHIVING_WORKING, {WELL, .ready = 1, .oldest_ready_age_us = 1}},
    {"the last attempt failed",
     ARCHIVING_FAILING,
     {WELL, .ready = 1, .same_us = 0, .last_failed_at = 101}},
    {"the first attempt failed",
     ARCHIVING_FAILING,
     {WELL, .ready = 1, .same_us = 0, .last_archived_at = UNKNOWN, .last_failed_at = 1}},
    {"a history failed",
     ARCHIVING_FAILING,
     {WELL, .ready_others = 1, .same_us = 0, .last_failed_at = 101}},
    {"a failure before the last success",
     ARCHIVING_WORKING,
     {WELL, .ready = 1, .same_us = 0, .last_failed_at = 99}},
    {"a failure, and nothing waits", ARCHIVING_IDLE, {WELL, .last_failed_at = 101}},
    {"no process, and segments wait",
     ARCHIVING_FAILING,
     {WELL, .ready = 1, .same_us = 0, .waits_for = ARCHIVER_ABSENT}},
    {"a failing one rests",
     ARCHIVING_FAILING,
     {WELL, .ready = 1, .same_us = ARCHIVING_REST_US, .last_failed_at = 101,
      .oldest_ready_age_us = 900 * SECOND}},
    {"a command at its limit",
     ARCHIVING_WORKING,
     {WELL, .ready = 1, .waits_for = ARCHIVER_BUSY, .same_us = ARCHIVING_PATIENCE_US,
      .oldest_ready_age_us = 90 * SECOND}},
    {"a command beyond it",
     ARCHIVING_HANGING,
     {WELL, .ready = 1, .waits_for = ARCHIVER_BUSY, .same_us = ARCHIVING_PATIENCE_US + 1,
      .oldest_ready_age_us = 90 * SECOND}},
    {"a command beyond it after failures",
     ARCHIVING_HANGING,
     {WELL, .ready = 1, .waits_for = ARCHIVER_BUSY, .same_us = 61 * SECOND,
      .oldest_ready_age_us = 90 * SECOND, .last_failed_at = 101}},
    {"a library that does nothing",
     ARCHIVING_HANGING,
     {WELL, .ready = 1, .method = METHOD_LIBRARY, .waits_for = ARCHIVER_OTHER,
      .same_us = ARCHIVING_REST_US + 1, .oldest_ready_age_us = ARCHIVING_REST_US + 1}},
    {"nothing to do for long", ARCHIVING_IDLE, {WELL, .same_us = 86400 * SECOND}},
    {"nothing set", ARCHIVING_NO_COMMAND, {WELL, .method = METHOD_NONE, .ready = 5}},
    {"nothing set, unknown what waits",
     ARCHIVING_NO_COMMAND,
     {WELL, .method = METHOD_NONE, .ready = UNKNOWN}},
    {"a command that keeps nothing", ARCHIVING_DISCARDING, {WELL, .discards = 1}},
    {"one that keeps nothing while off", ARCHIVING_OFF, {WELL, .discards = 1, .mode = 0}},
    {"dropped WAL", ARCHIVING_DROPPING, {WELL, .spool_dropped = 1}},
    {"none dropped", ARCHIVING_IDLE, {WELL, .spool_dropped = 0, .spool_errors = 2}},
};

int
main(void)
{
	int64 values[ARCHIVER_NMETRICS];
	ArchivingVerdict verdict;
	ArchivingFacts facts;

	for (int i = 0; i < lengthof(examples); i++)
	{
		dbops_archiving_judge(&examples[i].facts, &verdict);
		is_str(dbops_archiving_states[verdict.state], dbops_archiving_states[examples[i].state],
		       "%s: %s", examples[i].name, verdict.evidence);
	}
	dbops_archiving_load(NULL, false, &facts);
	ok(!facts.known, "no row gives no facts");
	for (int i = 0; i < ARCHIVER_NMETRICS; i++)
		values[i] = i;
	dbops_archiving_load(values, true, &facts);
	ok(facts.known && facts.in_recovery && facts.ready == ARCHIVER_READY &&
	       facts.same_us == ARCHIVER_SAME_MS && facts.spool_dropped == ARCHIVER_SPOOL_DROPPED,
	   "a row gives those in it");
	return tap_done();
}
