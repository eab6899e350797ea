/*
 * judge/archiving.c
 *		How the archiver fares; see archiving.h.
 *
 * The states are asked for in the order of what they cost: WAL that is lost for good first.
 */
#include "postgres.h"

#include "collect/archiver.h"
#include "collect/archive_command.h"
#include "judge/archiving.h"
#include "store/family.h"

const char *const dbops_archiving_states[] = {
    [ARCHIVING_UNKNOWN] = "unknown",       [ARCHIVING_OFF] = "off",
    [ARCHIVING_WORKING] = "working",       [ARCHIVING_IDLE] = "idle",
    [ARCHIVING_FAILING] = "failing",       [ARCHIVING_HANGING] = "hanging",
    [ARCHIVING_DISCARDING] = "discarding", [ARCHIVING_DROPPING] = "dropping",
    [ARCHIVING_NO_COMMAND] = "no command", NULL};

/* In the order of ArchiveMode of the server. */
enum
{
	MODE_OFF,
	MODE_ON,
	MODE_ALWAYS,
};

/* One state: whether it is that one, with what tells so. */
typedef struct StateRule
{
	ArchivingState state;
	bool (*applies)(const ArchivingFacts *facts, char *evidence, Size size);
} StateRule;

void
dbops_archiving_load(const int64 *values, bool in_recovery, ArchivingFacts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->in_recovery = in_recovery;
	facts->known = values != NULL;
	if (values == NULL)
		return;
	facts->mode = values[ARCHIVER_MODE];
	facts->method = values[ARCHIVER_METHOD];
	facts->tool = values[ARCHIVER_TOOL];
	facts->discards = values[ARCHIVER_DISCARDS];
	facts->ready = values[ARCHIVER_READY];
	facts->ready_others = values[ARCHIVER_READY_OTHERS];
	facts->oldest_ready_age_us = values[ARCHIVER_OLDEST_READY_AGE_MS];
	facts->unarchived_us = values[ARCHIVER_UNARCHIVED_MS];
	facts->last_archived_at = values[ARCHIVER_LAST_ARCHIVED_TIME];
	facts->last_failed_at = values[ARCHIVER_LAST_FAILED_TIME];
	facts->waits_for = values[ARCHIVER_WAITS_FOR];
	facts->pid = values[ARCHIVER_PID];
	facts->same_us = values[ARCHIVER_SAME_MS];
	facts->spool_errors = values[ARCHIVER_SPOOL_ERRORS];
	facts->spool_dropped = values[ARCHIVER_SPOOL_DROPPED];
}

static long long
whole_seconds(int64 us)
{
	return (long long) (us / 1000000);
}

static bool
is_missing(const ArchivingFacts *facts, char *evidence, Size size)
{
	if (facts->known && facts->mode != FAMILY_NULL && facts->method != FAMILY_NULL)
		return false;
	snprintf(evidence, size, "the archiver has not been looked at yet");
	return true;
}

static bool
is_off(const ArchivingFacts *facts, char *evidence, Size size)
{
	if (facts->mode == MODE_OFF)
		snprintf(evidence, size, "archive_mode is off");
	else if (facts->in_recovery && facts->mode != MODE_ALWAYS)
		snprintf(evidence, size, "a standby archives only with archive_mode = always");
	else
		return false;
	return true;
}

static bool
is_discarding(const ArchivingFacts *facts, char *evidence, Size size)
{
	if (facts->discards != 1)
		return false;
	snprintf(evidence, size, "archive_command succeeds and keeps nothing");
	return true;
}

static bool
is_dropping(const ArchivingFacts *facts, char *evidence, Size size)
{
	if (facts->spool_dropped == FAMILY_NULL || facts->spool_dropped == 0)
		return false;
	snprintf(evidence, size,
	         "pgBackRest dropped %lld segments, as archive-push-queue-max was exceeded, and "
	         "reported success",
	         (long long) facts->spool_dropped);
	return true;
}

static bool
has_no_command(const ArchivingFacts *facts, char *evidence, Size size)
{
	if (facts->method != METHOD_NONE)
		return false;
	snprintf(evidence, size, "neither archive_command nor archive_library is set");
	if (facts->ready != FAMILY_NULL)
		snprintf(evidence + strlen(evidence), size - strlen(evidence), "; %lld segments wait",
		         (long long) facts->ready);
	return true;
}

static bool
is_unreadable(const ArchivingFacts *facts, char *evidence, Size size)
{
	if (facts->ready != FAMILY_NULL && facts->ready_others != FAMILY_NULL)
		return false;
	snprintf(evidence, size, "pg_wal/archive_status could not be read");
	return true;
}

static bool
is_hanging(const ArchivingFacts *facts, char *evidence, Size size)
{
	bool busy = facts->waits_for == ARCHIVER_BUSY;
	int64 patience_us = busy ? ARCHIVING_PATIENCE_US : ARCHIVING_REST_US;

	/* Both: the process may have got nowhere as there was nothing to do. */
	if (facts->ready + facts->ready_others == 0 || facts->same_us == FAMILY_NULL ||
	    facts->same_us <= patience_us ||
	    (facts->oldest_ready_age_us != FAMILY_NULL && facts->oldest_ready_age_us <= patience_us))
		return false;
	snprintf(evidence, size,
	         busy ? "archive_command has been running for %lld s; %lld segments wait" :
	                "the archiver has done nothing for %lld s; %lld segments wait",
	         whole_seconds(facts->same_us), (long long) facts->ready);
	return true;
}

static bool
is_failing(const ArchivingFacts *facts, char *evidence, Size size)
{
	bool waits = facts->ready + facts->ready_others > 0;
	bool failed_last =
	    facts->last_failed_at != FAMILY_NULL &&
	    (facts->last_archived_at == FAMILY_NULL || facts->last_failed_at > facts->last_archived_at);

	if (!waits)
		return false;
	if (facts->waits_for == ARCHIVER_ABSENT)
		snprintf(evidence, size, "there is no archiver process; %lld segments wait",
		         (long long) facts->ready);
	else if (failed_last)
		snprintf(evidence, size, "the last attempt failed; %lld segments wait",
		         (long long) facts->ready);
	else
		return false;
	if (facts->oldest_ready_age_us != FAMILY_NULL)
		snprintf(evidence + strlen(evidence), size - strlen(evidence), ", the first for %lld s",
		         whole_seconds(facts->oldest_ready_age_us));
	return true;
}

static bool
is_idle(const ArchivingFacts *facts, char *evidence, Size size)
{
	if (facts->ready != 0 || facts->unarchived_us != 0)
		return false;
	snprintf(evidence, size, "all that users committed is archived");
	return true;
}

static bool
is_working(const ArchivingFacts *facts, char *evidence, Size size)
{
	if (facts->ready > 0)
		snprintf(evidence, size, "%lld segments wait", (long long) facts->ready);
	else
		snprintf(evidence, size, "all but the segment being written is archived");
	return true;
}

static const StateRule rules[] = {
    {ARCHIVING_UNKNOWN, is_missing},
    {ARCHIVING_OFF, is_off},
    {ARCHIVING_DISCARDING, is_discarding},
    {ARCHIVING_DROPPING, is_dropping},
    {ARCHIVING_NO_COMMAND, has_no_command},
    {ARCHIVING_UNKNOWN, is_unreadable},
    {ARCHIVING_HANGING, is_hanging},
    {ARCHIVING_FAILING, is_failing},
    {ARCHIVING_IDLE, is_idle},
    {ARCHIVING_WORKING, is_working},
};

void
dbops_archiving_judge(const ArchivingFacts *facts, ArchivingVerdict *verdict)
{
	int i = 0;

	memset(verdict, 0, sizeof(*verdict));
	/* The last applies to whatever the others do not. */
	while (!rules[i].applies(facts, verdict->evidence, sizeof(verdict->evidence)))
		i++;
	verdict->state = rules[i].state;
}
