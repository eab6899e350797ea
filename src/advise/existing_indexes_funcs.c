/*
 * advise/existing_indexes_funcs.c
 *		dbops.index_duties(): of each index of a table, what speaks for keeping it.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_constraint.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "advise/existing_indexes.h"
#include "advise/search.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops_index_duties);

typedef enum Answer
{
	ANSWER_NO,
	ANSWER_YES,
	ANSWER_UNKNOWN
} Answer;

/* The other index that covers it, NULL if none does; of two that are the same, the older. */
static const ExistingIndex *
find_cover(const ExistingIndexes *existing, const ExistingIndex *index, IndexCover *cover)
{
	const ExistingIndex *found = NULL;

	*cover = COVER_NONE;
	for (int i = 0; i < existing->count; i++)
	{
		const ExistingIndex *other = &existing->indexes[i];
		IndexCover covers;

		if (other == index || other->spec == NULL || other->duty == INDEX_INVALID)
			continue;
		covers = dbops_index_cover(index->spec, other->spec);
		if (covers > *cover && !(covers == COVER_DUPLICATE && other->duty == INDEX_NO_DUTY &&
		                         other->indexid > index->indexid))
		{
			*cover = covers;
			found = other;
		}
	}
	return found;
}

static bool
is_served(const ExistingIndexes *existing, const ForeignKey *key, const ExistingIndex *but)
{
	for (int i = 0; i < existing->count; i++)
	{
		const ExistingIndex *index = &existing->indexes[i];

		if (index != but && index->spec != NULL && index->duty != INDEX_INVALID &&
		    dbops_index_serves_key(index->spec, key))
			return true;
	}
	return false;
}

/* The foreign key that has no other index; NULL: there is none. */
static const ForeignKey *
find_key(const ExistingIndexes *existing, const ExistingIndex *index)
{
	for (int i = 0; i < existing->nkeys; i++)
	{
		const ForeignKey *key = &existing->keys[i];

		if (dbops_index_serves_key(index->spec, key) && !is_served(existing, key, index))
			return key;
	}
	return NULL;
}

static char *
write_duty(const ExistingIndex *index)
{
	if (index->duty == INDEX_INVALID)
		return psprintf("is invalid: REINDEX INDEX CONCURRENTLY %s builds it anew", index->name);
	return pstrdup(dbops_index_duty_phrase(index->duty));
}

/* What the catalogs and the history say; what plans say is left to recommend_indexes(). */
static char *
judge_index(const ExistingIndexes *existing, const ExistingIndex *index, Answer *may_drop)
{
	const DropFacts facts = {.duty = index->duty,
	                         .days = index->days,
	                         .scans = index->scans,
	                         .standbys_unknown = existing->standbys_unknown};
	const ExistingIndex *other;
	const ForeignKey *key;
	IndexCover cover;

	*may_drop = ANSWER_NO;
	if (index->duty != INDEX_NO_DUTY)
		return write_duty(index);
	key = find_key(existing, index);
	if (key != NULL)
		return psprintf("is the only index for foreign key %s",
		                quote_identifier(get_constraint_name(key->constraint)));
	*may_drop = ANSWER_YES;
	other = find_cover(existing, index, &cover);
	if (other != NULL)
		return dbops_index_cover_phrase(cover, other->name);
	if (dbops_drop_judge(&facts) == DROP_UNUSED)
		return dbops_drop_unused_phrase(&facts);
	*may_drop = ANSWER_UNKNOWN;
	if (!(index->days > 0) || isnan(index->scans))
		return "nothing is known of its use";
	return "is used: what statements lose without it is for dbops.recommend_indexes() to say";
}

static void
emit_index(RowSet *rows, const ExistingIndexes *existing, const ExistingIndex *index)
{
	Answer may_drop;
	const char *reason = judge_index(existing, index, &may_drop);

	dbops_rows_put_text(rows, "index_name", index->name);
	if (may_drop != ANSWER_UNKNOWN)
		dbops_rows_put(rows, "may_drop", BoolGetDatum(may_drop == ANSWER_YES));
	dbops_rows_put_text(rows, "reason", reason);
	if (index->days > 0 && !isnan(index->scans))
	{
		dbops_rows_put(rows, "days", Float8GetDatum(index->days));
		dbops_rows_put(rows, "scans", Int64GetDatum((int64) index->scans));
	}
	if (index->last_scan_at != 0)
		dbops_rows_put(rows, "last_scan_at", TimestampTzGetDatum(index->last_scan_at));
	dbops_rows_emit(rows);
}

Datum
dbops_index_duties(PG_FUNCTION_ARGS)
{
	const Oid table = PG_GETARG_OID(0);
	RowSet *rows = dbops_rows_begin(fcinfo);
	ExistingIndexes *existing =
	    dbops_existing_indexes_load(list_make1_oid(table), WORKLOAD_WINDOW_MS);

	for (int i = 0; i < existing->count; i++)
	{
		if (existing->indexes[i].duty != INDEX_INVALID)
			dbops_existing_index_describe(&existing->indexes[i]);
	}
	for (int i = 0; i < existing->count; i++)
	{
		/* A definition that is gone is an index that is gone. */
		if (existing->indexes[i].table == table && existing->indexes[i].definition != NULL &&
		    (existing->indexes[i].spec != NULL || existing->indexes[i].duty != INDEX_NO_DUTY))
			emit_index(rows, existing, &existing->indexes[i]);
	}
	PG_RETURN_NULL();
}
