/*
 * judge/exposure.c
 *		What would be lost; see exposure.h.
 */
#include "postgres.h"

#include "judge/exposure.h"
#include "store/family.h"

const char *const dbops_disaster_kinds[] = {
    [DISASTER_CRASH] = "crash",
    [DISASTER_SERVER] = "loss of the server, a standby is left",
    [DISASTER_SITE] = "loss of all but the archive",
    [DISASTER_TABLE] = "dropped table",
};

const char *const dbops_confidences[] = {[CONFIDENCE_NONE] = "none",
                                         [CONFIDENCE_LOW] = "low",
                                         [CONFIDENCE_MEDIUM] = "medium",
                                         [CONFIDENCE_HIGH] = "high"};

/* Commits that do not wait are flushed within three rounds of the WAL writer. */
#define WRITER_ROUNDS 3

/* What to do about a state of archiving that exposes data. */
static const char *const remedies[] = {
    [ARCHIVING_OFF] =
        "set archive_mode = on with archive_command, or run pg_receivewal with a slot elsewhere",
    [ARCHIVING_FAILING] =
        "SELECT last_failed_wal, last_failed_time FROM pg_stat_archiver; the server's log has what "
        "archive_command said",
    [ARCHIVING_HANGING] =
        "see what archive_command waits for: ps -ef | grep archiver; end it and it is tried again",
    [ARCHIVING_DISCARDING] =
        "set archive_command to one that keeps %p elsewhere, SELECT pg_reload_conf(), then take a "
        "base backup",
    [ARCHIVING_DROPPING] =
        "mend the repository or raise archive-push-queue-max, then take a base backup",
    [ARCHIVING_NO_COMMAND] = "set archive_command or archive_library, SELECT pg_reload_conf()",
    [ARCHIVING_UNKNOWN] = NULL,
    [ARCHIVING_WORKING] = NULL,
    [ARCHIVING_IDLE] = NULL,
};

static void
add_reason(Exposure *exposure, const char *reason)
{
	if (exposure->why[0] != '\0')
		strlcat(exposure->why, "; ", sizeof(exposure->why));
	strlcat(exposure->why, reason, sizeof(exposure->why));
}

static void
advise(Exposure *exposure, const char *advice)
{
	if (exposure->what_to_do[0] == '\0' && advice != NULL)
		strlcpy(exposure->what_to_do, advice, sizeof(exposure->what_to_do));
}

/* Whether a copy leaves less behind: a known exposure before an unknown one. */
static bool
is_better(const SafeCopy *copy, const SafeCopy *than)
{
	if (copy->what == NULL)
		return false;
	if (than == NULL)
		return true;
	if ((copy->exposed_us == FAMILY_NULL) != (than->exposed_us == FAMILY_NULL))
		return than->exposed_us == FAMILY_NULL;
	if (copy->exposed_us != than->exposed_us)
		return copy->exposed_us < than->exposed_us;
	return copy->lsn > than->lsn;
}

static const SafeCopy *
choose_best(const SafeCopy *const *copies, int count)
{
	const SafeCopy *best = NULL;

	for (int i = 0; i < count; i++)
	{
		if (is_better(copies[i], best))
			best = copies[i];
	}
	return best;
}

/* The least of what the copies promise; NULL if none promises anything. */
static const SafeCopy *
choose_promise(const SafeCopy *const *copies, int count)
{
	const SafeCopy *best = NULL;

	for (int i = 0; i < count; i++)
	{
		if (copies[i]->what != NULL && copies[i]->design_us != FAMILY_NULL &&
		    (best == NULL || copies[i]->design_us < best->design_us))
			best = copies[i];
	}
	return best;
}

/* Loss by the best of some copies. */
static void
expose(const ExposureFacts *facts, const SafeCopy *const *copies, int count, Exposure *exposure)
{
	const SafeCopy *best = choose_best(copies, count);
	const SafeCopy *promise = choose_promise(copies, count);
	char reason[128];

	exposure->design_us = promise != NULL ? promise->design_us : FAMILY_NULL;
	if (best == NULL)
		return;
	exposure->rpo_us = best->exposed_us;
	exposure->confidence = best->exposed_us == FAMILY_NULL ? CONFIDENCE_NONE : CONFIDENCE_HIGH;
	if (best->lsn != InvalidXLogRecPtr)
		exposure->rpo_bytes = best->exposed_us != 0 && facts->flushed > best->lsn ?
		                          (int64) (facts->flushed - best->lsn) :
		                          0;
	if (best->exposed_us == 0)
		snprintf(reason, sizeof(reason), "%s has all that was committed", best->what);
	else if (best->exposed_us == FAMILY_NULL)
		snprintf(reason, sizeof(reason), "%s is older than all that is remembered of WAL",
		         best->what);
	else
		snprintf(reason, sizeof(reason), "%s ends before the latest commits", best->what);
	add_reason(exposure, reason);
	if (promise == NULL && best->unlimited != NULL)
		add_reason(exposure, best->unlimited);
}

static void
lower(Exposure *exposure, Confidence confidence)
{
	exposure->confidence = Min(exposure->confidence, confidence);
}

static void
judge_crash(const ExposureFacts *facts, Exposure *exposure)
{
	exposure->rpo_us = 0;
	exposure->rpo_bytes = 0;
	exposure->design_us = 0;
	exposure->confidence = CONFIDENCE_HIGH;
	if (facts->unsafe_fsync || facts->unsafe_pages)
	{
		exposure->rpo_us = FAMILY_NULL;
		exposure->rpo_bytes = FAMILY_NULL;
		exposure->design_us = FAMILY_NULL;
		exposure->confidence = CONFIDENCE_NONE;
		add_reason(exposure, facts->unsafe_fsync ?
		                         "fsync is off: a crash of the machine may destroy everything" :
		                         "full_page_writes is off: a crash of the machine may tear pages");
		advise(exposure, facts->unsafe_fsync ? "ALTER SYSTEM SET fsync = on" :
		                                       "ALTER SYSTEM SET full_page_writes = on");
	}
	else if (facts->off_commit)
	{
		exposure->design_us = WRITER_ROUNDS * facts->writer_us;
		exposure->rpo_bytes =
		    facts->inserted > facts->flushed ? (int64) (facts->inserted - facts->flushed) : 0;
		exposure->rpo_us = exposure->rpo_bytes > 0 ? exposure->design_us : 0;
		add_reason(exposure, "synchronous_commit is off");
	}
	else
		add_reason(exposure, "commits wait until their WAL is on disk");
}

static void
judge_server(const ExposureFacts *facts, Exposure *exposure)
{
	const SafeCopy *const copies[] = {&facts->standby};

	expose(facts, copies, lengthof(copies), exposure);
	if (facts->standby.what != NULL)
		return;
	add_reason(exposure, "no standby is connected");
	advise(exposure, "set up a standby, or rely on the archive");
}

/* What its primary archives, a standby cannot see. */
static bool
refer_to_primary(const ExposureFacts *facts, Exposure *exposure)
{
	if (!facts->asks_primary)
		return false;
	add_reason(exposure, "a standby does not know what its primary archives");
	advise(exposure, "SELECT * FROM dbops.recovery on the primary");
	return true;
}

static void
judge_site(const ExposureFacts *facts, Exposure *exposure)
{
	const SafeCopy *const copies[] = {&facts->archive, &facts->receiver, &facts->backup};
	const SafeCopy *const keepers[] = {&facts->receiver, &facts->archive};
	const SafeCopy *best;

	if (refer_to_primary(facts, exposure))
		return;
	expose(facts, copies, lengthof(copies), exposure);
	best = choose_best(keepers, lengthof(keepers));
	if (best == NULL && facts->backup.what == NULL)
		add_reason(exposure, "no WAL is kept elsewhere");
	if (facts->receiver.what == NULL || facts->archiving == ARCHIVING_DISCARDING ||
	    facts->archiving == ARCHIVING_DROPPING)
		add_reason(exposure, facts->archiving_evidence);
	if (facts->hole)
		add_reason(exposure, "the archive has a hole since the last backup, and what is behind it "
		                     "is of no use");
	if (best != &facts->receiver || exposure->rpo_us != 0)
		advise(exposure, remedies[facts->archiving]);
	if (facts->hole)
		advise(exposure, "take a base backup");
	if (facts->backup.what == NULL)
	{
		lower(exposure, CONFIDENCE_LOW);
		add_reason(exposure, "no backup is known that WAL could be replayed on");
		advise(exposure, "take a base backup, or tell of one with dbops.record_backup()");
	}
	if (exposure->design_us == FAMILY_NULL && facts->archive.what != NULL)
		advise(exposure, "ALTER SYSTEM SET archive_timeout = '5min'");
}

/* The server goes on, so WAL that it still has is not lost: only holes and the past are. */
static void
judge_table(const ExposureFacts *facts, Exposure *exposure)
{
	const SafeCopy *const copies[] = {&facts->archive, &facts->receiver, &facts->backup,
	                                  &facts->dump};
	bool keeps_wal = facts->receiver.what != NULL || (facts->archive.what != NULL && !facts->hole);

	if (refer_to_primary(facts, exposure))
		return;
	if (facts->backup.what != NULL && keeps_wal && facts->archiving != ARCHIVING_DISCARDING)
	{
		exposure->rpo_us = 0;
		exposure->rpo_bytes = 0;
		exposure->design_us = 0;
		exposure->confidence = CONFIDENCE_HIGH;
		add_reason(exposure, "a backup and all WAL since lead to the moment before");
		return;
	}
	if (facts->backup.what == NULL && facts->dump.what == NULL)
	{
		add_reason(exposure, "no backup is known");
		advise(exposure, "take a base backup, or tell of one with dbops.record_backup()");
		return;
	}
	if (facts->backup.what == NULL)
		expose(facts, &copies[3], 1, exposure);
	else
		expose(facts, copies, lengthof(copies), exposure);
	exposure->design_us = FAMILY_NULL;
	add_reason(exposure, facts->backup.what == NULL ? "nothing but a dump is known" :
	                     facts->hole                ? "WAL since is missing in the archive" :
	                                                  "no WAL is kept since");
	advise(exposure, facts->hole ? "take a base backup" : remedies[facts->archiving]);
	advise(exposure, "take a base backup");
}

typedef void (*DisasterJudge)(const ExposureFacts *facts, Exposure *exposure);

static const DisasterJudge judges[] = {
    [DISASTER_CRASH] = judge_crash,
    [DISASTER_SERVER] = judge_server,
    [DISASTER_SITE] = judge_site,
    [DISASTER_TABLE] = judge_table,
};

void
dbops_exposure_judge(const ExposureFacts *facts, DisasterKind failure, Exposure *exposure)
{
	memset(exposure, 0, sizeof(*exposure));
	exposure->rpo_us = FAMILY_NULL;
	exposure->rpo_bytes = FAMILY_NULL;
	exposure->design_us = FAMILY_NULL;
	judges[failure](facts, exposure);
}
