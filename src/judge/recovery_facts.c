/*
 * judge/recovery_facts.c
 *		Gathers the facts for what would be lost and how long it would take; see recovery_facts.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "miscadmin.h"
#include "postmaster/walwriter.h"
#include "replication/walreceiver.h"
#include "replication/walsender.h"

#include "collect/archive_watch.h"
#include "collect/archiver.h"
#include "collect/collectors.h"
#include "collect/recovery_rates.h"
#include "collect/wal_copies.h"
#include "collect/wal_position.h"
#include "core/clock.h"
#include "core/guc.h"
#include "core/spi.h"
#include "judge/recovery_facts.h"
#include "store/frame.h"
#include "store/lsn_time.h"

/* The archiver looks for work at least this often, and tries again after as long. */
#define ARCHIVER_ROUND_US (60 * USECS_PER_SEC)

/* WAL written per second is taken over this time, as far as it is remembered. */
#define WAL_RATE_US (USECS_PER_HOUR)

static const char restore_query[] = "SELECT rto_seconds FROM dbops.recovery\n"
                                    "WHERE failure = 'loss of all but the archive'";

/* For how long a commit behind the position has existed; 0 if there is none. */
static int64
exposed_since(const ArchiveWatch *watch, XLogRecPtr lsn)
{
	int64 age_us;

	if (dbops_archive_watch_nothing_since(watch, lsn))
		return 0;
	return dbops_lsn_time_age(lsn, &age_us) ? age_us : FAMILY_NULL;
}

/* The earlier of two unknown or known times. */
static int64
shorter(int64 a, int64 b)
{
	if (a == FAMILY_NULL || b == FAMILY_NULL)
		return a == FAMILY_NULL ? b : a;
	return Min(a, b);
}

static int64
since(TimestampTz at)
{
	return at == 0 ? FAMILY_NULL : Max(0, dbops_clock_now() - at);
}

/* The archive has all up to its first hole, or else up to where the archiver is. */
static void
load_archive(const RecoveryKnowledge *known, const int64 *values, const ArchiveWatch *watch,
             ExposureFacts *facts)
{
	SafeCopy *archive = &facts->archive;
	int64 archived = values[ARCHIVER_ARCHIVED_LSN];

	if (facts->archiving == ARCHIVING_OFF || facts->archiving == ARCHIVING_UNKNOWN ||
	    archived == FAMILY_NULL)
		return;
	archive->what = "the archive";
	facts->hole = known->hole != InvalidXLogRecPtr;
	if (facts->hole)
	{
		archive->lsn = Min(known->hole, (XLogRecPtr) archived);
		archive->exposed_us = shorter(exposed_since(watch, archive->lsn), since(known->hole_since));
	}
	else
	{
		archive->lsn = (XLogRecPtr) archived;
		archive->exposed_us = values[ARCHIVER_UNARCHIVED_MS];
		if (archive->exposed_us == FAMILY_NULL)
			archive->exposed_us = exposed_since(watch, archive->lsn);
	}
	archive->design_us = FAMILY_NULL;
	if (facts->archiving == ARCHIVING_DISCARDING || facts->archiving == ARCHIVING_NO_COMMAND)
		archive->unlimited = "nothing is archived";
	else if (XLogArchiveTimeout == 0)
		archive->unlimited = "archive_timeout is 0: what is committed on a quiet server waits "
		                     "until its segment is full";
	else
		archive->design_us = XLogArchiveTimeout * USECS_PER_SEC + ARCHIVER_ROUND_US;
}

/* The one of a kind that has most. */
static const WalCopy *
furthest(const WalCopy *copies, int count, WalCopyKind kind)
{
	const WalCopy *best = NULL;

	for (int i = 0; i < count; i++)
	{
		if (copies[i].kind == kind && (best == NULL || copies[i].flushed > best->flushed))
			best = &copies[i];
	}
	return best;
}

static void
load_copy(const WalCopy *copy, const ArchiveWatch *watch, const char *kind, SafeCopy *safe)
{
	if (copy == NULL)
		return;
	safe->what = psprintf("%s \"%s\"%s", kind, copy->name,
	                      copy->connected ? "" : ", which is not connected,");
	safe->lsn = copy->flushed;
	safe->exposed_us = exposed_since(watch, copy->flushed);
	safe->design_us = FAMILY_NULL;
	if (copy->synchronous && synchronous_commit >= SYNCHRONOUS_COMMIT_REMOTE_FLUSH)
		safe->design_us = 0;
	else if (copy->connected && wal_sender_timeout > 0)
		safe->design_us = wal_sender_timeout * INT64CONST(1000);
	else
		safe->unlimited = "nothing limits how far it may be behind";
}

/* A standby is the copy itself. */
static void
load_self(const ArchiveWatch *watch, ExposureFacts *facts)
{
	XLogRecPtr received = dbops_wal_position_end();

	facts->asks_primary = facts->archiving == ARCHIVING_OFF;
	facts->standby = (SafeCopy){.what = "this standby",
	                            .lsn = received,
	                            .exposed_us = exposed_since(watch, received),
	                            .design_us = FAMILY_NULL,
	                            .unlimited = "nothing limits how far it may be behind"};
}

static void
load_backups(const RecoveryKnowledge *known, const ArchiveWatch *watch, ExposureFacts *facts)
{
	if (known->backup)
	{
		facts->backup = (SafeCopy){.what = "the last backup",
		                           .lsn = known->backup_stop,
		                           .design_us = FAMILY_NULL,
		                           .unlimited = "no WAL is kept elsewhere"};
		facts->backup.exposed_us = known->backup_stop == InvalidXLogRecPtr ?
		                               since(known->backup_at) :
		                               exposed_since(watch, known->backup_stop);
		if (facts->backup.exposed_us == FAMILY_NULL)
			facts->backup.exposed_us = since(known->backup_at);
	}
	if (known->dump_at != 0)
		facts->dump = (SafeCopy){
		    .what = "the last dump", .exposed_us = since(known->dump_at), .design_us = FAMILY_NULL};
}

static void
load_settings(ExposureFacts *facts)
{
	facts->off_commit = synchronous_commit == SYNCHRONOUS_COMMIT_OFF;
	facts->writer_us = WalWriterDelay * INT64CONST(1000);
	facts->unsafe_fsync = !enableFsync;
	facts->unsafe_pages = !fullPageWrites;
}

/* WAL written per second lately; 0 while that is not known. */
static double
wal_rate(void)
{
	int count;
	const LsnPoint *points = dbops_lsn_time_points(&count);
	const LsnPoint *last = count > 0 ? &points[count - 1] : NULL;

	for (int i = 0; i < count; i++)
	{
		int64 span_us = last->last_at - points[i].first_at;

		if (span_us > WAL_RATE_US || span_us <= 0)
			continue;
		return (double) (last->lsn - points[i].lsn) * USECS_PER_SEC / span_us;
	}
	return 0;
}

static void
load_time(const RecoveryKnowledge *known, const WalCopy *standby, RecoveryTimeFacts *time)
{
	bool in_recovery = RecoveryInProgress();
	XLogRecPtr end = dbops_wal_position_end();
	XLogRecPtr inserted = in_recovery ? end : GetXLogInsertRecPtr();
	XLogRecPtr redo = GetRedoRecPtr();

	time->redo_bytes = inserted > redo ? (int64) (inserted - redo) : 0;
	time->standby = standby != NULL || in_recovery;
	time->standby_bytes = FAMILY_NULL;
	if (in_recovery)
		time->standby_bytes = dbops_wal_position_lag(end, GetXLogReplayRecPtr(NULL));
	else if (standby != NULL && standby->replayed != InvalidXLogRecPtr)
		time->standby_bytes = dbops_wal_position_lag(standby->flushed, standby->replayed);
	time->backup = known->backup;
	time->backup_bytes = known->backup_bytes;
	time->replay_bytes = known->backup_start == InvalidXLogRecPtr ?
	                         FAMILY_NULL :
	                         dbops_wal_position_lag(end, known->backup_start);
	time->replay = known->replay;
	time->restore = known->restore;
	time->wal_per_second = wal_rate();
	time->objective_us = dbops_guc_rto_objective * USECS_PER_SEC;
}

void
dbops_recovery_facts_load(const RecoveryKnowledge *known, ExposureFacts *exposure,
                          RecoveryTimeFacts *time)
{
	Frame *frame = dbops_frame_create(&dbops_family_archiver);
	ArchivingFacts archiving;
	ArchivingVerdict verdict;
	ArchiveWatch watch;
	const WalCopy *copies;
	const int64 *values;
	int count;

	memset(exposure, 0, sizeof(*exposure));
	memset(time, 0, sizeof(*time));
	/* Positions of copies first: what is written meanwhile counts as missing, never the reverse. */
	copies = dbops_wal_copies_read(&count);
	dbops_family_archiver.read(frame);
	values = dbops_frame_row(frame, 0);
	(void) dbops_archive_watch_read(&watch);
	dbops_archiving_load(values, RecoveryInProgress(), &archiving);
	dbops_archiving_judge(&archiving, &verdict);
	exposure->archiving = verdict.state;
	strlcpy(exposure->archiving_evidence, verdict.evidence, sizeof(exposure->archiving_evidence));
	exposure->flushed = dbops_wal_position_end();
	exposure->inserted = RecoveryInProgress() ? exposure->flushed : GetXLogInsertRecPtr();
	load_archive(known, values, &watch, exposure);
	load_copy(furthest(copies, count, WAL_COPY_RECEIVER), &watch, "receiver", &exposure->receiver);
	load_copy(furthest(copies, count, WAL_COPY_STANDBY), &watch, "standby", &exposure->standby);
	if (RecoveryInProgress())
		load_self(&watch, exposure);
	load_backups(known, &watch, exposure);
	load_settings(exposure);
	load_time(known, furthest(copies, count, WAL_COPY_STANDBY), time);
	dbops_frame_free(frame);
}

void
dbops_recovery_facts_reckon(void)
{
	const SpiRows *rows = dbops_spi_query(restore_query, NULL, 0);
	bool isnull = true;
	double seconds = 0;

	if (rows->nrows > 0)
	{
		const Datum cell = dbops_spi_cell(rows, 0, 0, &isnull);

		if (!isnull)
			seconds = DatumGetFloat8(cell);
	}
	dbops_recovery_rates_set_restore(isnull ? FAMILY_NULL : (int64) (seconds * USECS_PER_SEC));
}
