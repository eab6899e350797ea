/*
 * judge/recovery_funcs.c
 *		dbops._recovery(…), dbops._archiving().
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "collect/archiver.h"
#include "collect/collectors.h"
#include "collect/wal_copies.h"
#include "core/guc.h"
#include "core/preload.h"
#include "core/rows.h"
#include "judge/recovery_facts.h"
#include "store/frame.h"

PG_FUNCTION_INFO_V1(dbops__recovery);
PG_FUNCTION_INFO_V1(dbops__archiving);

/* In the order of the arguments of dbops._recovery(). */
enum
{
	ARG_BACKUP,
	ARG_BACKUP_START,
	ARG_BACKUP_STOP,
	ARG_BACKUP_AT,
	ARG_BACKUP_BYTES,
	ARG_DUMP_AT,
	ARG_HOLE,
	ARG_HOLE_SINCE,
	ARG_REPLAY_RATE,
	ARG_REPLAY_SOURCE,
	ARG_RESTORE_RATE,
	ARG_RESTORE_SOURCE,
	ARG_RESTORE_CONFIDENCE,
};

static RecoveryRate
rate_argument(FunctionCallInfo fcinfo, int rate, int source, Confidence confidence)
{
	if (PG_ARGISNULL(rate) || PG_ARGISNULL(source) || PG_GETARG_FLOAT8(rate) <= 0)
		return (RecoveryRate){0};
	return (RecoveryRate){.bytes_per_second = PG_GETARG_FLOAT8(rate),
	                      .confidence = confidence,
	                      .source = text_to_cstring(PG_GETARG_TEXT_PP(source))};
}

static RecoveryKnowledge
read_arguments(FunctionCallInfo fcinfo)
{
	Confidence restore = !PG_ARGISNULL(ARG_RESTORE_CONFIDENCE) &&
	                             PG_GETARG_INT32(ARG_RESTORE_CONFIDENCE) >= CONFIDENCE_HIGH ?
	                         CONFIDENCE_HIGH :
	                         CONFIDENCE_MEDIUM;
	RecoveryKnowledge known = {
	    .backup_bytes = FAMILY_NULL,
	    .replay = rate_argument(fcinfo, ARG_REPLAY_RATE, ARG_REPLAY_SOURCE, CONFIDENCE_MEDIUM),
	    .restore = rate_argument(fcinfo, ARG_RESTORE_RATE, ARG_RESTORE_SOURCE, restore)};

	known.backup = !PG_ARGISNULL(ARG_BACKUP) && PG_GETARG_BOOL(ARG_BACKUP);
	if (!PG_ARGISNULL(ARG_BACKUP_START))
		known.backup_start = PG_GETARG_LSN(ARG_BACKUP_START);
	if (!PG_ARGISNULL(ARG_BACKUP_STOP))
		known.backup_stop = PG_GETARG_LSN(ARG_BACKUP_STOP);
	if (!PG_ARGISNULL(ARG_BACKUP_AT))
		known.backup_at = PG_GETARG_TIMESTAMPTZ(ARG_BACKUP_AT);
	if (!PG_ARGISNULL(ARG_BACKUP_BYTES))
		known.backup_bytes = PG_GETARG_INT64(ARG_BACKUP_BYTES);
	if (!PG_ARGISNULL(ARG_DUMP_AT))
		known.dump_at = PG_GETARG_TIMESTAMPTZ(ARG_DUMP_AT);
	if (!PG_ARGISNULL(ARG_HOLE))
		known.hole = PG_GETARG_LSN(ARG_HOLE);
	if (!PG_ARGISNULL(ARG_HOLE_SINCE))
		known.hole_since = PG_GETARG_TIMESTAMPTZ(ARG_HOLE_SINCE);
	return known;
}

static void
put_seconds(RowSet *rows, const char *column, int64 us)
{
	if (us != FAMILY_NULL)
		dbops_rows_put(rows, column, Float8GetDatum((double) us / USECS_PER_SEC));
}

static void
put_objective(RowSet *rows, const char *column, int seconds)
{
	if (seconds > 0)
		dbops_rows_put(rows, column, Int32GetDatum(seconds));
}

static void
put_texts(RowSet *rows, const Exposure *exposure, const RecoveryTime *time)
{
	StringInfoData why;

	initStringInfo(&why);
	appendStringInfoString(&why, exposure->why);
	if (time->why[0] != '\0')
		appendStringInfo(&why, "%s%s", why.len > 0 ? "; " : "", time->why);
	dbops_rows_put_text(rows, "why", why.data);
	if (exposure->what_to_do[0] != '\0')
		dbops_rows_put_text(rows, "what_to_do", exposure->what_to_do);
}

/* That of the less certain; what cannot be told at all says nothing of the other. */
static Confidence
combine(const Exposure *exposure, const RecoveryTime *time)
{
	if (exposure->confidence == CONFIDENCE_NONE || time->confidence == CONFIDENCE_NONE)
		return Max(exposure->confidence, time->confidence);
	return Min(exposure->confidence, time->confidence);
}

Datum
dbops__recovery(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	RecoveryKnowledge known;
	ExposureFacts exposure_facts;
	RecoveryTimeFacts time_facts;

	dbops_preload_require();
	known = read_arguments(fcinfo);
	dbops_recovery_facts_load(&known, &exposure_facts, &time_facts);
	for (DisasterKind failure = 0; failure < DISASTER_KINDS; failure++)
	{
		Exposure exposure;
		RecoveryTime time;
		Confidence confidence;

		dbops_exposure_judge(&exposure_facts, failure, &exposure);
		dbops_recovery_time_judge(&time_facts, failure, &time);
		confidence = combine(&exposure, &time);
		dbops_rows_put_text(rows, "failure", dbops_disaster_kinds[failure]);
		put_objective(rows, "rpo_objective_seconds", dbops_guc_rpo_objective);
		put_seconds(rows, "rpo_seconds", exposure.rpo_us);
		if (exposure.rpo_bytes != FAMILY_NULL)
			dbops_rows_put(rows, "rpo_bytes", Int64GetDatum(exposure.rpo_bytes));
		put_seconds(rows, "rpo_by_design_seconds", exposure.design_us);
		put_objective(rows, "rto_objective_seconds", dbops_guc_rto_objective);
		put_seconds(rows, "rto_seconds", time.rto_us);
		dbops_rows_put_text(rows, "confidence", dbops_confidences[confidence]);
		put_seconds(rows, "backup_interval_needed_seconds", time.backup_every_us);
		put_texts(rows, &exposure, &time);
		dbops_rows_emit(rows);
	}
	PG_RETURN_VOID();
}

/* How far the furthest receiver that acts as an archive is; invalid if there is none. */
static XLogRecPtr
find_receiver(void)
{
	XLogRecPtr furthest = InvalidXLogRecPtr;
	int count;
	const WalCopy *copies = dbops_wal_copies_read(&count);

	for (int i = 0; i < count; i++)
	{
		if (copies[i].kind == WAL_COPY_RECEIVER)
			furthest = Max(furthest, copies[i].flushed);
	}
	return furthest;
}

Datum
dbops__archiving(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	Frame *frame = dbops_frame_create(&dbops_family_archiver);
	XLogRecPtr received;
	const int64 *values;
	ArchivingFacts facts;
	ArchivingVerdict verdict;

	dbops_preload_require();
	received = find_receiver();
	dbops_family_archiver.read(frame);
	values = dbops_frame_row(frame, 0);
	dbops_archiving_load(values, RecoveryInProgress(), &facts);
	dbops_archiving_judge(&facts, &verdict);
	dbops_rows_put_text(rows, "state", dbops_archiving_states[verdict.state]);
	dbops_rows_put_text(rows, "evidence", verdict.evidence);
	if (values[ARCHIVER_ARCHIVED_LSN] != FAMILY_NULL)
		dbops_rows_put(rows, "archived_lsn", LSNGetDatum(values[ARCHIVER_ARCHIVED_LSN]));
	if (received != InvalidXLogRecPtr)
		dbops_rows_put(rows, "receiver_lsn", LSNGetDatum(received));
	dbops_rows_emit(rows);
	PG_RETURN_VOID();
}
