/*
 * judge/recovery_windows_funcs.c
 *		dbops._recovery_windows().
 *
 * What is kept lies in tables that a caller may read; it is read as him.
 */
#include "postgres.h"

#include "access/timeline.h"
#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "collect/archiver.h"
#include "collect/collectors.h"
#include "core/preload.h"
#include "core/rows.h"
#include "core/spi.h"
#include "judge/archiving.h"
#include "judge/recovery_windows.h"
#include "store/frame.h"
#include "store/node.h"

PG_FUNCTION_INFO_V1(dbops__recovery_windows);

static const char backups_query[] =
    "SELECT timeline, stop_lsn, ended_at\n"
    "FROM dbops.backups\n"
    "WHERE kind IN ('base', 'incremental', 'differential') AND restorable\n"
    "    AND stop_lsn IS NOT NULL AND ended_at IS NOT NULL\n"
    "ORDER BY stop_lsn";

static const char receivers_query[] = "SELECT start_lsn, stop_lsn, node = $1, status = 'running'\n"
                                      "FROM dbops.backups\n"
                                      "WHERE kind = 'archive' AND start_lsn < stop_lsn";

static const char holes_query[] = "SELECT timeline, start_lsn, end_lsn, kind\n"
                                  "FROM dbops.archive_holes";

/* What servers before this one, or the primary of this one, were last seen to have archived. */
static const char others_query[] =
    "SELECT timeline, max(archived_lsn)\n"
    "FROM dbops.archiver_history\n"
    "WHERE archive_mode <> 'off' AND timeline < $1 AND archived_lsn IS NOT NULL\n"
    "GROUP BY timeline";

typedef enum PieceKind
{
	PIECE_ARCHIVED,
	PIECE_RECEIVED,
	PIECE_GROWS, /* it is being received */
} PieceKind;

typedef struct Gathering
{
	WindowFacts facts;
	LeftTimeline *left;
	WalPiece *pieces;
	int npieces;
} Gathering;

static void
gather_timelines(Gathering *gathering)
{
	List *history;

	if (RecoveryInProgress())
		(void) GetXLogReplayRecPtr(&gathering->facts.timeline);
	else
		gathering->facts.timeline = GetWALInsertionTimeLine();
	history = readTimeLineHistory(gathering->facts.timeline);
	gathering->left = palloc(sizeof(LeftTimeline) * Max(list_length(history), 1));
	/* The newest is first in it. */
	for (int i = list_length(history) - 1; i > 0; i--)
	{
		const TimeLineHistoryEntry *entry = list_nth(history, i);

		gathering->left[gathering->facts.nleft++] =
		    (LeftTimeline){.timeline = entry->tli, .at = entry->end};
	}
	gathering->facts.left = gathering->left;
	gathering->facts.segment_size = wal_segment_size;
}

/* Where the WAL of a timeline begins: with the segment in which the one before was left. */
static XLogRecPtr
begin_of(const Gathering *gathering, TimeLineID timeline)
{
	XLogRecPtr at = InvalidXLogRecPtr;

	for (int i = 0; i < gathering->facts.nleft && gathering->left[i].timeline < timeline; i++)
		at = gathering->left[i].at;
	return at - at % wal_segment_size;
}

static TimeLineID
timeline_at(const Gathering *gathering, XLogRecPtr lsn)
{
	for (int i = 0; i < gathering->facts.nleft; i++)
	{
		if (lsn <= gathering->left[i].at)
			return gathering->left[i].timeline;
	}
	return gathering->facts.timeline;
}

static void
add_piece(Gathering *gathering, TimeLineID timeline, XLogRecPtr start, XLogRecPtr end,
          PieceKind kind)
{
	if (gathering->pieces == NULL)
		gathering->pieces = palloc(sizeof(WalPiece) * 8);
	else if (gathering->npieces >= 8 && (gathering->npieces & (gathering->npieces - 1)) == 0)
		gathering->pieces =
		    repalloc(gathering->pieces, sizeof(WalPiece) * 2 * (Size) gathering->npieces);
	gathering->pieces[gathering->npieces++] = (WalPiece){.timeline = timeline,
	                                                     .start = start,
	                                                     .end = end,
	                                                     .archived = kind == PIECE_ARCHIVED,
	                                                     .grows = kind == PIECE_GROWS};
}

/* A server that archives what it receives has archived all of the timelines before. */
static void
gather_own_archive(Gathering *gathering)
{
	Frame *frame = dbops_frame_create(&dbops_family_archiver);
	const TimeLineID timeline = gathering->facts.timeline;
	ArchivingFacts facts;
	ArchivingVerdict verdict;
	const int64 *values;

	dbops_family_archiver.read(frame);
	values = dbops_frame_row(frame, 0);
	dbops_archiving_load(values, RecoveryInProgress(), &facts);
	dbops_archiving_judge(&facts, &verdict);
	if (verdict.state == ARCHIVING_OFF || values[ARCHIVER_ARCHIVED_LSN] == FAMILY_NULL)
		return;
	add_piece(gathering, timeline, begin_of(gathering, timeline),
	          (XLogRecPtr) values[ARCHIVER_ARCHIVED_LSN], PIECE_ARCHIVED);
	for (int i = 0; i < gathering->facts.nleft && XLogArchiveMode == ARCHIVE_MODE_ALWAYS; i++)
		add_piece(gathering, gathering->left[i].timeline,
		          begin_of(gathering, gathering->left[i].timeline), gathering->left[i].at,
		          PIECE_ARCHIVED);
}

static void
gather_archives_of_others(Gathering *gathering)
{
	const int64 below = (int64) gathering->facts.timeline + (RecoveryInProgress() ? 1 : 0);
	const SpiValue param = {.type = INT8OID, .value = Int64GetDatum(below)};
	const SpiRows *rows;

	if (below == 1)
		return;
	rows = dbops_spi_query(others_query, &param, 1);
	for (uint64 i = 0; i < rows->nrows; i++)
	{
		bool isnull;
		TimeLineID timeline = (TimeLineID) DatumGetInt64(dbops_spi_cell(rows, i, 0, &isnull));

		add_piece(gathering, timeline, begin_of(gathering, timeline),
		          (XLogRecPtr) DatumGetInt64(dbops_spi_cell(rows, i, 1, &isnull)), PIECE_ARCHIVED);
	}
}

/*
 * What a receiver took in one go, on each timeline that it went along.  One of the server before is
 * not known to have gone along with the promotion.
 */
static void
gather_receivers(Gathering *gathering)
{
	const SpiValue param = dbops_spi_text(dbops_node_name());
	const SpiRows *rows = dbops_spi_query(receivers_query, &param, 1);
	const int nleft = gathering->facts.nleft;

	for (uint64 i = 0; i < rows->nrows; i++)
	{
		bool isnull;
		XLogRecPtr start = DatumGetLSN(dbops_spi_cell(rows, i, 0, &isnull));
		XLogRecPtr end = DatumGetLSN(dbops_spi_cell(rows, i, 1, &isnull));
		bool own = DatumGetBool(dbops_spi_cell(rows, i, 2, &isnull));
		bool runs = DatumGetBool(dbops_spi_cell(rows, i, 3, &isnull));

		if (!own && nleft > 0)
		{
			add_piece(gathering, gathering->left[nleft - 1].timeline, start, end, PIECE_RECEIVED);
			continue;
		}
		for (int t = 0; t < nleft; t++)
		{
			if (start < gathering->left[t].at)
				add_piece(gathering, gathering->left[t].timeline, start,
				          Min(end, gathering->left[t].at), PIECE_RECEIVED);
		}
		add_piece(gathering, gathering->facts.timeline, start, end,
		          runs ? PIECE_GROWS : PIECE_RECEIVED);
	}
}

static void
gather_holes(Gathering *gathering)
{
	const SpiRows *rows = dbops_spi_query(holes_query, NULL, 0);
	WalHole *holes = palloc(sizeof(WalHole) * (rows->nrows + 1));

	for (uint64 i = 0; i < rows->nrows; i++)
	{
		bool isnull;
		Datum end = dbops_spi_cell(rows, i, 2, &isnull);

		holes[i].end = isnull ? InvalidXLogRecPtr : DatumGetLSN(end);
		holes[i].timeline = (TimeLineID) DatumGetInt64(dbops_spi_cell(rows, i, 0, &isnull));
		holes[i].start = DatumGetLSN(dbops_spi_cell(rows, i, 1, &isnull));
		holes[i].kind = TextDatumGetCString(dbops_spi_cell(rows, i, 3, &isnull));
	}
	gathering->facts.holes = holes;
	gathering->facts.nholes = (int) rows->nrows;
}

/* Where nothing tells its timeline, it is of the one that had its end. */
static void
gather_backups(Gathering *gathering)
{
	const SpiRows *rows = dbops_spi_query(backups_query, NULL, 0);
	KeptBackup *backups = palloc(sizeof(KeptBackup) * (rows->nrows + 1));

	for (uint64 i = 0; i < rows->nrows; i++)
	{
		bool isnull;
		Datum timeline;

		backups[i].stop = DatumGetLSN(dbops_spi_cell(rows, i, 1, &isnull));
		backups[i].ended_at = DatumGetTimestampTz(dbops_spi_cell(rows, i, 2, &isnull));
		timeline = dbops_spi_cell(rows, i, 0, &isnull);
		backups[i].timeline =
		    isnull ? timeline_at(gathering, backups[i].stop) : (TimeLineID) DatumGetInt64(timeline);
	}
	gathering->facts.backups = backups;
	gathering->facts.nbackups = (int) rows->nrows;
}

static const char *
describe_end(const RecoveryWindow *window)
{
	switch (window->end)
	{
		case WINDOW_GOES_ON:
			return NULL;
		case WINDOW_HOLE:
			return strcmp(window->kind, "discarded") == 0 ? "archive_command kept nothing" :
			                                                "pgBackRest dropped WAL";
		case WINDOW_GAP:
			return "WAL behind is kept nowhere: a receiver was away for too long, or began later";
		case WINDOW_NO_WAL:
			return "no WAL is kept";
		case WINDOW_STOPPED:
			return "no WAL is kept any more: a receiver was there, and is gone";
		case WINDOW_UNKNOWN:
			return psprintf("timeline %u was left, and the rest of it is not known to be archived",
			                window->timeline);
		case WINDOW_BRANCH:
			return psprintf("timeline %u was left: it is reached with recovery_target_timeline = "
			                "'%u', without what came after the promotion",
			                window->timeline, window->timeline);
	}
	return NULL;
}

static void
emit(RowSet *rows, const RecoveryWindow *window)
{
	const char *reason = describe_end(window);

	dbops_rows_put(rows, "timeline", Int64GetDatum(window->timeline));
	dbops_rows_put(rows, "from_lsn", LSNGetDatum(window->from));
	dbops_rows_put(rows, "to_lsn", LSNGetDatum(window->to));
	if (window->from_at != 0)
		dbops_rows_put(rows, "from_at", TimestampTzGetDatum(window->from_at));
	if (window->last_backup_at != 0)
		dbops_rows_put(rows, "last_backup_at", TimestampTzGetDatum(window->last_backup_at));
	dbops_rows_put(rows, "backups", Int64GetDatum(window->backups));
	if (reason != NULL)
		dbops_rows_put_text(rows, "ends_because", reason);
	dbops_rows_put(rows, "branch", BoolGetDatum(window->end == WINDOW_BRANCH));
	dbops_rows_emit(rows);
}

Datum
dbops__recovery_windows(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	Gathering gathering = {0};
	const RecoveryWindow *windows;
	int count;

	dbops_preload_require();
	gather_timelines(&gathering);
	gather_own_archive(&gathering);
	gather_archives_of_others(&gathering);
	gather_receivers(&gathering);
	gather_holes(&gathering);
	gather_backups(&gathering);
	gathering.facts.pieces = gathering.pieces;
	gathering.facts.npieces = gathering.npieces;
	windows = dbops_recovery_windows_find(&gathering.facts, &count);
	for (int i = 0; i < count; i++)
		emit(rows, &windows[i]);
	PG_RETURN_VOID();
}
