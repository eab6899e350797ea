/*
 * collect/archiver.c
 *		The family "archiver": what goes to the archive, what waits for it, and who sees to it.
 *
 * One row.  What waits is read from pg_wal, which a crash does not wipe as it does the statistics;
 * how far the archive is follows from that, not from the last name the archiver reported.  Whether
 * all this is good or bad is for judge/archiving to say.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "access/xlogarchive.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "collect/archive_command.h"
#include "collect/archive_spool.h"
#include "collect/archive_status.h"
#include "collect/archive_watch.h"
#include "collect/archiver.h"
#include "collect/collectors.h"
#include "collect/crash_replay.h"
#include "collect/descriptor.h"
#include "collect/recovery_rates.h"
#include "collect/wal_copies.h"
#include "collect/wal_position.h"
#include "core/clock.h"
#include "core/compat.h"
#include "core/guc.h"
#include "store/frame.h"
#include "store/lsn_time.h"

/* In the order of ArchiveMode. */
static const char *const modes[] = {"off", "on", "always", NULL};

static const char *const methods[] = {
    [METHOD_NONE] = "none", [METHOD_COMMAND] = "command", [METHOD_LIBRARY] = "library", NULL};

static const char *const waits[] = {[ARCHIVER_ABSENT] = "no process",
                                    [ARCHIVER_RESTING] = "work",
                                    [ARCHIVER_BUSY] = "archive_command",
                                    [ARCHIVER_OTHER] = "other",
                                    NULL};

static const Metric metrics[] = {
    [ARCHIVER_MODE] = WORD(1, "archive_mode", modes, "Setting archive_mode"),
    [ARCHIVER_METHOD] =
        WORD(2, "method", methods, "Whether archive_command or archive_library archives"),
    [ARCHIVER_TOOL] =
        WORD(3, "tool", dbops_archive_tools, "What archive_command calls, as its text tells"),
    [ARCHIVER_DISCARDS] =
        FLAG(4, "discards", "1 if archive_command succeeds and keeps nothing, else 0"),
    [ARCHIVER_TIMEOUT] = GAUGE(5, "archive_timeout_seconds", "seconds", ROLLUP_LAST,
                               "Setting archive_timeout; 0: a segment waits until it is full"),
    [ARCHIVER_READY] = GAUGE(6, "ready", "", ROLLUP_MAX, "Segments that wait to be archived"),
    [ARCHIVER_READY_OTHERS] =
        GAUGE(7, "ready_others", "", ROLLUP_MAX,
              "Histories of timelines and backups, and partial segments, that wait"),
    [ARCHIVER_OLDEST_READY_AGE_MS] =
        AGE_MS(8, "oldest_ready_age_ms", "Time since the first segment that waits was complete"),
    [ARCHIVER_ARCHIVED_LSN] = GAUGE(9, "archived_lsn", "bytes", ROLLUP_LAST,
                                    "WAL position up to which the archiver has been, as a number"),
    [ARCHIVER_TIMELINE] = GAUGE(10, "timeline", "", ROLLUP_LAST, "Timeline of the WAL written"),
    [ARCHIVER_UNARCHIVED_BYTES] =
        GAUGE(11, "unarchived_bytes", "bytes", ROLLUP_MAX, "WAL flushed since that position"),
    [ARCHIVER_UNARCHIVED_MS] = AGE_MS(
        12, "unarchived_ms",
        "For how long a transaction of a user may have been missing from the archive; 0 if none is"),
    [ARCHIVER_ARCHIVED_COUNT] = COUNT(13, "archived_count", "Files archived"),
    [ARCHIVER_FAILED_COUNT] = COUNT(14, "failed_count", "Failed attempts to archive a file"),
    [ARCHIVER_LAST_ARCHIVED_TIME] = INSTANT(15, "last_archived_time", "Last file archived"),
    [ARCHIVER_LAST_FAILED_TIME] = INSTANT(16, "last_failed_time", "Last failed attempt"),
    [ARCHIVER_LAST_ARCHIVED_LSN] =
        GAUGE(17, "last_archived_lsn", "bytes", ROLLUP_LAST,
              "End of the last segment archived, as a number; NULL if that was no segment"),
    [ARCHIVER_STATS_RESET] = INSTANT(18, "stats_reset", "Last reset of these counters"),
    [ARCHIVER_PID] = GAUGE(19, "pid", "", ROLLUP_LAST, "The archiver's process, if any"),
    [ARCHIVER_WAITS_FOR] = WORD(20, "waits_for", waits, "What the archiver waits for"),
    [ARCHIVER_SAME_MS] =
        AGE_MS(21, "same_ms", "For how long it has neither begun, succeeded nor failed"),
    [ARCHIVER_IMPORTANT_LSN] = GAUGE(
        22, "important_lsn", "bytes", ROLLUP_LAST,
        "Start of the last WAL record that matters, or else where WAL was at the start, as a number"),
    [ARCHIVER_SWITCH_LSN] =
        GAUGE(23, "last_switch_lsn", "bytes", ROLLUP_LAST,
              "Where archive_timeout or a user last began a new segment, as a number"),
    [ARCHIVER_SWITCH_TIME] = INSTANT(24, "last_switch_time", "When the last segment was begun"),
    [ARCHIVER_SPOOL_ERRORS] =
        GAUGE(25, "spool_errors", "", ROLLUP_MAX, "Errors in the spool of pgBackRest"),
    [ARCHIVER_SPOOL_DROPPED] = GAUGE(26, "spool_dropped", "", ROLLUP_MAX,
                                     "Segments that pgBackRest dropped and reported as archived"),
    [ARCHIVER_HOLE_KIND] = WORD(27, "hole_kind", dbops_archive_hole_kinds,
                                "How WAL was lost that was reported as archived, the last time"),
    [ARCHIVER_HOLE_START_LSN] = GAUGE(28, "hole_start_lsn", "bytes", ROLLUP_LAST,
                                      "Start of the WAL that was lost, as a number"),
    [ARCHIVER_HOLE_END_LSN] = GAUGE(29, "hole_end_lsn", "bytes", ROLLUP_LAST,
                                    "Its end, as a number; NULL while more is lost"),
    [ARCHIVER_RECEIVERS] = GAUGE(30, "receivers", "", ROLLUP_LAST,
                                 "Receivers that act as an archive, as pg_receivewal, connected"),
    [ARCHIVER_STANDBYS] = GAUGE(31, "standbys", "", ROLLUP_LAST, "Standbys connected"),
    [ARCHIVER_EXPOSED_MS] =
        AGE_MS(32, "exposed_ms",
               "For how long a transaction of a user may have been missing from both the archive "
               "and receivers; 0 if none is"),
    [ARCHIVER_RPO_OBJECTIVE] = GAUGE(33, "rpo_objective_seconds", "seconds", ROLLUP_LAST,
                                     "Setting dbops.rpo_objective; 0: none"),
    [ARCHIVER_RTO_OBJECTIVE] = GAUGE(34, "rto_objective_seconds", "seconds", ROLLUP_LAST,
                                     "Setting dbops.rto_objective; 0: none"),
    [ARCHIVER_REDO_BYTES] = GAUGE(35, "redo_bytes", "bytes", ROLLUP_MAX,
                                  "WAL since the last checkpoint: what a crash would replay"),
    [ARCHIVER_REPLAY_RATE] =
        GAUGE(36, "replay_bytes_per_second", "bytes/s", ROLLUP_LAST,
              "How fast WAL was replayed when the server last started after a crash"),
    [ARCHIVER_RESTORE_MS] = GAUGE_SCALED(37, "restore_ms", "ms", 0.001, ROLLUP_LAST,
                                         "How long it would take to restore the last backup and "
                                         "replay the WAL since, as last reckoned"),
};

static bool
has_library(void)
{
	const char *library = GetConfigOption("archive_library", true, false);

	return library != NULL && library[0] != '\0';
}

static void
read_settings(int64 *values)
{
	ArchiveTool tool = dbops_archive_command_tool(XLogArchiveCommand);

	values[ARCHIVER_MODE] = XLogArchiveMode;
	values[ARCHIVER_TIMEOUT] = XLogArchiveTimeout;
	values[ARCHIVER_DISCARDS] = 0;
	if (has_library())
	{
		values[ARCHIVER_METHOD] = METHOD_LIBRARY;
		values[ARCHIVER_TOOL] = ARCHIVE_TOOL_LIBRARY;
		return;
	}
	values[ARCHIVER_METHOD] = tool == ARCHIVE_TOOL_NONE ? METHOD_NONE : METHOD_COMMAND;
	values[ARCHIVER_TOOL] = tool;
	values[ARCHIVER_DISCARDS] = dbops_archive_command_discards(XLogArchiveCommand);
}

/* End of a segment by its name; FAMILY_NULL for what is no segment. */
static int64
segment_end(const char *name)
{
	TimeLineID timeline;
	XLogSegNo segment;
	XLogRecPtr end;

	if (!IsXLogFileName(name))
		return FAMILY_NULL;
	XLogFromFileName(name, &timeline, &segment, wal_segment_size);
	XLogSegNoOffsetToRecPtr(segment + 1, 0, wal_segment_size, end);
	return (int64) end;
}

static void
read_statistics(int64 *values)
{
	const PgStat_ArchiverStats *stats = pgstat_fetch_stat_archiver();

	values[ARCHIVER_ARCHIVED_COUNT] = stats->archived_count;
	values[ARCHIVER_FAILED_COUNT] = stats->failed_count;
	if (stats->last_archived_timestamp != 0)
		values[ARCHIVER_LAST_ARCHIVED_TIME] = stats->last_archived_timestamp;
	if (stats->last_failed_timestamp != 0)
		values[ARCHIVER_LAST_FAILED_TIME] = stats->last_failed_timestamp;
	values[ARCHIVER_LAST_ARCHIVED_LSN] = segment_end(stats->last_archived_wal);
	if (stats->stat_reset_timestamp != 0)
		values[ARCHIVER_STATS_RESET] = stats->stat_reset_timestamp;
}

static int
judge_wait(int pid)
{
	const PGPROC *proc = AuxiliaryPidGetProc(pid);
	const char *event;

	if (proc == NULL)
		return ARCHIVER_OTHER;
	event = pgstat_get_wait_event(*(volatile const uint32 *) &proc->wait_event_info);
	if (event == NULL)
		return ARCHIVER_OTHER;
	if (strcmp(event, "ArchiverMain") == 0)
		return ARCHIVER_RESTING;
	return strcmp(event, "ArchiveCommand") == 0 ? ARCHIVER_BUSY : ARCHIVER_OTHER;
}

static void
read_process(int64 *values)
{
	int nbackends = pgstat_fetch_stat_numbackends();
	bool busy;

	values[ARCHIVER_WAITS_FOR] = ARCHIVER_ABSENT;
	for (int i = 1; i <= nbackends; i++)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(i);

		if (local == NULL || local->backendStatus.st_backendType != B_ARCHIVER)
			continue;
		values[ARCHIVER_PID] = local->backendStatus.st_procpid;
		values[ARCHIVER_WAITS_FOR] = judge_wait(local->backendStatus.st_procpid);
	}
	busy = values[ARCHIVER_WAITS_FOR] == ARCHIVER_BUSY;
	values[ARCHIVER_SAME_MS] =
	    dbops_clock_now() - dbops_archive_watch_progress(values[ARCHIVER_ARCHIVED_COUNT],
	                                                     values[ARCHIVER_FAILED_COUNT], busy);
}

/* What waits, and how far the archive is behind `flushed`. */
static void
read_position(int64 *values, XLogRecPtr flushed)
{
	ArchiveStatus status;
	XLogRecPtr archived;

	dbops_archive_status_look(&status);
	if (!status.known)
		return;
	values[ARCHIVER_READY] = status.ready;
	values[ARCHIVER_READY_OTHERS] = status.others;
	if (status.ready > 0 && status.oldest_at != 0)
		values[ARCHIVER_OLDEST_READY_AGE_MS] = Max(0, dbops_clock_now() - status.oldest_at);
	archived = dbops_archive_status_position(&status, flushed, wal_segment_size);
	values[ARCHIVER_ARCHIVED_LSN] = dbops_wal_position_value(archived);
	values[ARCHIVER_UNARCHIVED_BYTES] = dbops_wal_position_lag(flushed, archived);
}

static void
read_spool(int64 *values)
{
	ArchiveSpool spool;

	if (values[ARCHIVER_METHOD] != METHOD_COMMAND || XLogArchiveMode == ARCHIVE_MODE_OFF)
		return;
	dbops_archive_spool_look(XLogArchiveCommand, &spool);
	if (!spool.known)
		return;
	values[ARCHIVER_SPOOL_ERRORS] = spool.errors;
	values[ARCHIVER_SPOOL_DROPPED] = spool.dropped;
}

/* Up to where WAL is safe: not beyond a hole that is there now. */
static int64
safe_position(const int64 *values, const ArchiveHole *hole)
{
	bool growing = hole->kind != HOLE_NONE && hole->end == InvalidXLogRecPtr;
	bool dropping = hole->kind == HOLE_DROPPED && values[ARCHIVER_SPOOL_DROPPED] > 0;

	return growing || dropping ? (int64) hole->start : values[ARCHIVER_ARCHIVED_LSN];
}

/* For how long something of a user's has been missing; see archive_watch.h. */
static void
read_watch(int64 *values)
{
	int64 missing_us = FAMILY_NULL;
	ArchiveWatch watch;
	int64 clean_us;
	int64 safe;

	if (!dbops_archive_watch_read(&watch) || values[ARCHIVER_ARCHIVED_LSN] == FAMILY_NULL)
		return;
	values[ARCHIVER_HOLE_KIND] = watch.hole.kind;
	if (watch.hole.kind != HOLE_NONE)
	{
		values[ARCHIVER_HOLE_START_LSN] = dbops_wal_position_value(watch.hole.start);
		values[ARCHIVER_HOLE_END_LSN] = dbops_wal_position_value(watch.hole.end);
	}
	safe = safe_position(values, &watch.hole);
	if (values[ARCHIVER_IMPORTANT_LSN] < safe)
		missing_us = 0;
	else
		(void) dbops_lsn_time_recent_age(safe, &missing_us);
	if (watch.clean_at != 0)
	{
		clean_us =
		    dbops_archive_watch_is_clean(&watch) ? 0 : Max(0, dbops_clock_now() - watch.clean_at);
		missing_us = missing_us == FAMILY_NULL ? clean_us : Min(missing_us, clean_us);
	}
	values[ARCHIVER_UNARCHIVED_MS] = missing_us;
}

/* Who else has WAL, and what they lack together with the archive. */
static void
read_copies(int64 *values)
{
	int64 exposed_us = values[ARCHIVER_UNARCHIVED_MS];
	int count;
	const WalCopy *copies = dbops_wal_copies_read(&count);
	ArchiveWatch watch;
	int64 age_us;

	(void) dbops_archive_watch_read(&watch);
	values[ARCHIVER_RECEIVERS] = 0;
	values[ARCHIVER_STANDBYS] = 0;
	for (int i = 0; i < count; i++)
	{
		values[ARCHIVER_STANDBYS] += copies[i].kind == WAL_COPY_STANDBY && copies[i].connected;
		if (copies[i].kind != WAL_COPY_RECEIVER)
			continue;
		values[ARCHIVER_RECEIVERS] += copies[i].connected;
		if (dbops_archive_watch_nothing_since(&watch, copies[i].flushed))
			exposed_us = 0;
		else if (dbops_lsn_time_recent_age(copies[i].flushed, &age_us))
			exposed_us = exposed_us == FAMILY_NULL ? age_us : Min(exposed_us, age_us);
	}
	values[ARCHIVER_EXPOSED_MS] = exposed_us;
}

static void
read_recovery_time(int64 *values)
{
	XLogRecPtr redo = GetRedoRecPtr();
	XLogRecPtr end = dbops_wal_position_end();
	int64 restore_us = dbops_recovery_rates_restore();
	CrashReplay replay;

	values[ARCHIVER_RPO_OBJECTIVE] = dbops_guc_rpo_objective;
	values[ARCHIVER_RTO_OBJECTIVE] = dbops_guc_rto_objective;
	values[ARCHIVER_REDO_BYTES] = end > redo ? (int64) (end - redo) : 0;
	values[ARCHIVER_RESTORE_MS] = restore_us;
	if (dbops_crash_replay_read(&replay) && replay.bytes >= RECOVERY_RATE_LEAST_BYTES &&
	    replay.took_us >= RECOVERY_RATE_LEAST_US)
		values[ARCHIVER_REPLAY_RATE] =
		    (int64) ((double) replay.bytes * USECS_PER_SEC / (double) replay.took_us);
}

static void
read_primary(int64 *values)
{
	XLogRecPtr switched;
	TimeLineID timeline;
	XLogRecPtr flushed = GetFlushRecPtr(&timeline);

	values[ARCHIVER_TIMELINE] = timeline;
	values[ARCHIVER_SWITCH_TIME] = time_t_to_timestamptz(GetLastSegSwitchData(&switched));
	values[ARCHIVER_SWITCH_LSN] = dbops_wal_position_value(switched);
	if (XLogArchiveMode != ARCHIVE_MODE_OFF)
		read_position(values, flushed);
	/* After the position: what matters up to here has ended before. */
	values[ARCHIVER_IMPORTANT_LSN] = dbops_wal_position_value(dbops_wal_position_important());
	if (XLogArchiveMode != ARCHIVE_MODE_OFF)
		read_watch(values);
	read_copies(values);
}

static void
read_archiver(Frame *frame)
{
	const EntityKey key = {{0}};
	int64 *values = dbops_frame_add(frame, &key, NULL);

	read_settings(values);
	read_statistics(values);
	read_process(values);
	read_spool(values);
	read_recovery_time(values);
	if (!RecoveryInProgress())
		read_primary(values);
	else if (XLogArchiveMode == ARCHIVE_MODE_ALWAYS)
		read_position(values, dbops_wal_position_end());
}

const Family dbops_family_archiver = {
    .id = 32,
    .name = "archiver",
    .help = "Archiving of WAL: what is archived, what waits, and the archiver itself",
    .cadence = CADENCE_NARROW,
    METRICS(metrics),
    .rates = true,
    .read = read_archiver,
};
