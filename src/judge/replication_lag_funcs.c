/*
 * judge/replication_lag_funcs.c
 *		dbops._replication() and dbops.replication_lag(text).
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "core/preload.h"
#include "core/rows.h"
#include "judge/replication_facts.h"

PG_FUNCTION_INFO_V1(dbops__replication);
PG_FUNCTION_INFO_V1(dbops_replication_lag);

/* Columns of numbers in the order of the stages. */
static const char *const lsn_columns[LAG_STAGES] = {"sent_lsn", "write_lsn", "flush_lsn",
                                                    "replay_lsn"};
static const char *const bytes_columns[LAG_STAGES] = {"sent_lag_bytes", "write_lag_bytes",
                                                      "flush_lag_bytes", "replay_lag_bytes"};
static const char *const seconds_columns[LAG_STAGES] = {"sent_lag_seconds", "write_lag_seconds",
                                                        "flush_lag_seconds", "replay_lag_seconds"};
static const char *const interval_columns[LAG_STAGES] = {NULL, "write_lag", "flush_lag",
                                                         "replay_lag"};

static void
put_number(RowSet *rows, const char *column, int64 value)
{
	if (value != LAG_UNKNOWN)
		dbops_rows_put(rows, column, Int64GetDatum(value));
}

static void
put_seconds(RowSet *rows, const char *column, int64 value_us)
{
	if (value_us != LAG_UNKNOWN)
		dbops_rows_put(rows, column, Float8GetDatum((double) value_us / USECS_PER_SEC));
}

static void
put_instant(RowSet *rows, const char *column, TimestampTz at)
{
	if (at != 0)
		dbops_rows_put(rows, column, TimestampTzGetDatum(at));
}

/* An empty name is none. */
static void
put_name(RowSet *rows, const char *column, const char *name)
{
	dbops_rows_put_text(rows, column, name == NULL || name[0] == '\0' ? NULL : name);
}

static void
put_stages(RowSet *rows, const LagRow *row)
{
	for (int stage = 0; stage < LAG_STAGES; stage++)
	{
		int64 reported_us = row->reported_us[stage];

		if (row->lsn[stage] != InvalidXLogRecPtr)
			dbops_rows_put(rows, lsn_columns[stage], LSNGetDatum(row->lsn[stage]));
		put_number(rows, bytes_columns[stage], row->facts.behind_bytes[stage]);
		if (stage != LAG_REPLAY)
			put_seconds(rows, seconds_columns[stage], row->facts.behind_us[stage]);
		if (interval_columns[stage] != NULL && reported_us != LAG_UNKNOWN)
			dbops_rows_put(rows, interval_columns[stage],
			               DirectFunctionCall2(timestamp_mi, TimestampGetDatum(reported_us),
			                                   TimestampGetDatum(0)));
	}
}

static void
put_sync(RowSet *rows, const LagRow *row, const SyncRule *sync)
{
	dbops_rows_put_text(rows, "sync_state", row->sync_state);
	put_number(rows, "sync_priority", row->sync_priority);
	if (!sync->used || row->facts.kind == LAG_SUBSCRIPTION)
		return;
	dbops_rows_put(rows, "sync_satisfied", BoolGetDatum(sync->candidates >= sync->required));
	dbops_rows_put(rows, "sync_required", Int32GetDatum(sync->required));
	dbops_rows_put(rows, "sync_candidates", Int32GetDatum(sync->candidates));
	dbops_rows_put(rows, "sync_waiters", Int32GetDatum(sync->waiters));
	put_seconds(rows, "sync_waiting_seconds", sync->waiting_us);
}

static void
put_verdict(RowSet *rows, const LagRow *row, const LagVerdict *verdict)
{
	put_seconds(rows, seconds_columns[LAG_REPLAY], verdict->lag_us);
	dbops_rows_put(rows, "certain", BoolGetDatum(verdict->certain));
	dbops_rows_put_text(rows, "lost_in", dbops_replication_lag_places[verdict->lost_in]);
	dbops_rows_put_text(rows, "cause", dbops_replication_lag_causes[verdict->cause]);
	dbops_rows_put(rows, "rank", Int32GetDatum(verdict->rank));
	put_seconds(rows, "wal_left_seconds", verdict->wal_left_us);
	put_number(rows, "loss_bytes", verdict->loss_bytes);
	put_seconds(rows, "loss_seconds", verdict->loss_us);
	if (verdict->loss_bytes != LAG_UNKNOWN)
		put_number(rows, "loss_commits", verdict->loss_bytes == 0 ? 0 : row->loss_transactions);
}

static void
put_row(RowSet *rows, const LagRow *row, const SyncRule *sync)
{
	const LagFacts *facts = &row->facts;
	LagVerdict verdict;

	dbops_replication_lag_judge(facts, &verdict);
	dbops_rows_put_text(rows, "kind", dbops_replication_lag_kinds[facts->kind]);
	put_name(rows, "name", row->name);
	put_name(rows, "application_name", row->application_name);
	put_name(rows, "client_addr", row->client_addr);
	put_name(rows, "slot_name", row->slot_name);
	dbops_rows_put_text(rows, "state", row->state);
	if (row->pid != 0)
		dbops_rows_put(rows, "pid", Int32GetDatum(row->pid));
	if (row->conflict_pid != 0)
		dbops_rows_put(rows, "conflict_pid", Int32GetDatum(row->conflict_pid));
	put_instant(rows, "backend_start", row->backend_start);
	put_instant(rows, "reply_time", row->reply_time);
	put_seconds(rows, "silent_seconds", facts->silent_us);
	if (row->timeline != 0)
		dbops_rows_put(rows, "timeline", Int32GetDatum((int32) row->timeline));
	if (facts->kind == LAG_UPSTREAM)
		dbops_rows_put(rows, "diverged", BoolGetDatum(facts->diverged));
	put_stages(rows, row);
	put_sync(rows, row, sync);
	put_verdict(rows, row, &verdict);
	if (facts->has_slot)
	{
		dbops_rows_put_text(rows, "wal_status", row->wal_status);
		put_number(rows, "wal_kept_bytes", row->wal_kept_bytes);
		put_seconds(rows, "wal_kept_seconds", row->wal_kept_us);
		put_number(rows, "safe_wal_size", facts->safe_bytes);
	}
	put_seconds(rows, "clock_ahead_seconds", row->clock_ahead_us);
	dbops_rows_emit(rows);
}

Datum
dbops__replication(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	const LagRows *replication;

	dbops_preload_require();
	replication = dbops_replication_facts_load();
	for (int i = 0; i < replication->count; i++)
		put_row(rows, &replication->items[i], &replication->sync);
	PG_RETURN_VOID();
}

/* ---- one number ---- */

static bool
is_named(const LagRow *row, const char *name)
{
	const char *const names[] = {row->name, row->application_name, row->slot_name};

	for (int i = 0; i < lengthof(names); i++)
	{
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void
complain_of_name(const LagRows *replication, const char *name)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < replication->count; i++)
	{
		const char *known = replication->items[i].name;

		if (known != NULL && known[0] != '\0')
			appendStringInfo(&names, "%s\"%s\"", names.len == 0 ? "" : ", ", known);
	}
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
	                errmsg("nothing that replicates has the name \"%s\"", name),
	                names.len == 0 ? errhint("Nothing replicates from or to this server.") :
	                                 errhint("There are: %s.", names.data)));
}

/* Without a name: this standby's own, or that of the standby that is furthest behind. */
static bool
is_asked_for(const LagRow *row, const char *name, bool in_recovery)
{
	if (name != NULL)
		return is_named(row, name);
	return row->facts.kind == (in_recovery ? LAG_UPSTREAM : LAG_STANDBY);
}

Datum
dbops_replication_lag(PG_FUNCTION_ARGS)
{
	const char *name = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool in_recovery;
	const LagRows *replication;
	int64 longest_us = LAG_UNKNOWN;
	bool found = false;

	dbops_preload_require();
	replication = dbops_replication_facts_load();
	in_recovery = replication->in_recovery;
	for (int i = 0; i < replication->count; i++)
	{
		const LagRow *row = &replication->items[i];
		LagVerdict verdict;

		if (!is_asked_for(row, name, in_recovery))
			continue;
		dbops_replication_lag_judge(&row->facts, &verdict);
		longest_us = Max(longest_us, verdict.lag_us);
		found = true;
	}
	if (name != NULL && !found)
		complain_of_name(replication, name);
	if (longest_us == LAG_UNKNOWN)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) longest_us / USECS_PER_SEC);
}
