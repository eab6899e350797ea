/*
 * store/backups_funcs.c
 *		dbops.record_backup(): a person or a script tells of a backup.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "store/backups.h"

PG_FUNCTION_INFO_V1(dbops_record_backup);

/* Clocks of two machines differ by less. */
#define FUTURE_US (5 * USECS_PER_MINUTE)

enum
{
	ARG_TOOL,
	ARG_KIND,
	ARG_LABEL,
	ARG_STATUS,
	ARG_STARTED_AT,
	ARG_ENDED_AT,
	ARG_SIZE_BYTES,
	ARG_START_LSN,
	ARG_STOP_LSN,
	ARG_TIMELINE,
	ARG_REPOSITORY,
	ARG_WAL_INCLUDED,
	ARG_PRIOR,
	ARG_DATNAME,
	ARG_EVIDENCE,
	ARG_NODE,
};

static const char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

static int64
number_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? 0 : PG_GETARG_INT64(argument);
}

/* The number of a word of a list. */
static int
find_word(const char *const *words, const char *word, const char *argument, const char *hint)
{
	for (int i = 0; word != NULL && words[i] != NULL; i++)
	{
		if (strcmp(words[i], word) == 0)
			return i;
	}
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         errmsg("invalid %s of a backup: \"%s\"", argument, word == NULL ? "NULL" : word),
	         errhint("%s", hint)));
}

static void
check_backup(const Backup *backup, int64 timeline)
{
	if (backup->tool == NULL || backup->tool[0] == '\0')
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("a backup needs the name of its tool"),
		                errhint("Any name will do, always the same for the same tool.")));
	if (backup->ended_at != 0 && backup->started_at > backup->ended_at)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("a backup cannot end before it starts"),
		         errhint("Give both started_at and ended_at; ended_at is now unless given.")));
	if (Max(backup->started_at, backup->ended_at) > dbops_clock_now() + FUTURE_US)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
		                errmsg("a backup cannot be in the future")));
	if (backup->start_lsn != 0 && backup->stop_lsn != 0 && backup->start_lsn > backup->stop_lsn)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("a backup cannot need WAL up to before where it starts"),
		                errhint("start_lsn and stop_lsn are START and STOP WAL LOCATION of its "
		                        "history file.")));
	if (backup->size_bytes < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("size_bytes cannot be negative")));
	if (timeline < 0 || timeline > PG_UINT32_MAX)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("timeline is out of range: " INT64_FORMAT, timeline)));
}

Datum
dbops_record_backup(PG_FUNCTION_ARGS)
{
	Backup backup = {
	    .source = BACKUP_FROM_RECORD,
	    .tool = text_argument(fcinfo, ARG_TOOL),
	    .label = text_argument(fcinfo, ARG_LABEL),
	    .started_at = number_argument(fcinfo, ARG_STARTED_AT),
	    .ended_at = number_argument(fcinfo, ARG_ENDED_AT),
	    .size_bytes = number_argument(fcinfo, ARG_SIZE_BYTES),
	    .start_lsn = number_argument(fcinfo, ARG_START_LSN),
	    .stop_lsn = number_argument(fcinfo, ARG_STOP_LSN),
	    .timeline = (TimeLineID) number_argument(fcinfo, ARG_TIMELINE),
	    .repository = text_argument(fcinfo, ARG_REPOSITORY),
	    .prior = text_argument(fcinfo, ARG_PRIOR),
	    .datname = text_argument(fcinfo, ARG_DATNAME),
	    .evidence = text_argument(fcinfo, ARG_EVIDENCE),
	    .node = text_argument(fcinfo, ARG_NODE),
	};

	backup.kind = find_word(dbops_backup_kinds, text_argument(fcinfo, ARG_KIND), "kind",
	                        "It is base, incremental, differential, dump or archive.");
	backup.status = find_word(dbops_backup_statuses, text_argument(fcinfo, ARG_STATUS), "status",
	                          "It is running, ok or failed.");
	if (backup.status == BACKUP_RUNNING)
		backup.ended_at = 0;
	if (backup.kind == BACKUP_DUMP && backup.status == BACKUP_OK)
		backup.partial = BACKUP_NO;
	if (!PG_ARGISNULL(ARG_WAL_INCLUDED))
		backup.wal_included = PG_GETARG_BOOL(ARG_WAL_INCLUDED) ? BACKUP_YES : BACKUP_NO;
	check_backup(&backup, number_argument(fcinfo, ARG_TIMELINE));
	PG_RETURN_INT64(dbops_backups_store(&backup));
}
