/*
 * advise/table_sample.c
 *		Expressions over some rows of a table; see table_sample.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "advise/table_sample.h"
#include "core/compat_sample.h"

/* Enough for the most common values and a histogram; read in a few milliseconds. */
#define SAMPLE_ROWS 3000
#define MIN_SAMPLE_PAGES 100
#define MAX_SAMPLE_PAGES 600

typedef struct Sampling
{
	Relation table;
	ExprState *state;
	bool is_condition;
	ExprContext *context;
	MemoryContext kept; /* of values */
	int16 typlen;
	bool typbyval;
	int n;
	int capacity;
	int holds; /* rows for which a condition is true */
	Datum *values;
	bool *isnull;
} Sampling;

/* ---- rows -------------------------------------------------------------------------------------- */

/* Reading rows for statistics is reading them. */
static bool
may_read(Relation table)
{
	Oid relid = RelationGetRelid(table);

	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
	       check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED && ActiveSnapshotSet() &&
	       table->rd_tableam != NULL && table->rd_tableam->scan_set_tidrange != NULL;
}

static void
take_row(Sampling *sampling)
{
	MemoryContext caller;
	bool isnull;
	Datum value;

	if (sampling->n == sampling->capacity)
	{
		sampling->capacity *= 2;
		sampling->values = repalloc(sampling->values, sizeof(Datum) * sampling->capacity);
		sampling->isnull = repalloc(sampling->isnull, sizeof(bool) * sampling->capacity);
	}
	value = ExecEvalExprSwitchContext(sampling->state, sampling->context, &isnull);
	sampling->isnull[sampling->n] = isnull;
	sampling->values[sampling->n] = 0;
	if (sampling->is_condition)
		sampling->holds += !isnull && DatumGetBool(value);
	else if (!isnull)
	{
		caller = MemoryContextSwitchTo(sampling->kept);
		sampling->values[sampling->n] = datumCopy(value, sampling->typbyval, sampling->typlen);
		MemoryContextSwitchTo(caller);
	}
	sampling->n++;
	ResetExprContext(sampling->context);
}

static void
read_page(Sampling *sampling, BlockNumber block, TupleTableSlot *slot)
{
	ItemPointerData first;
	ItemPointerData last;
	TableScanDesc scan;

	CHECK_FOR_INTERRUPTS();
	ItemPointerSet(&first, block, FirstOffsetNumber);
	ItemPointerSet(&last, block, MaxOffsetNumber);
	scan = dbops_compat_beginscan_tidrange(sampling->table, GetActiveSnapshot(), &first, &last);
	sampling->context->ecxt_scantuple = slot;
	while (table_scan_getnextslot_tidrange(scan, ForwardScanDirection, slot))
		take_row(sampling);
	table_endscan(scan);
}

static void
read_pages(Sampling *sampling)
{
	BlockNumber pages = RelationGetNumberOfBlocks(sampling->table);
	double rows = Max(sampling->table->rd_rel->reltuples, 1);
	double wanted = SAMPLE_ROWS / Max(rows / Max(pages, 1), 1);
	BlockNumber n = Min(pages, (BlockNumber) Min(Max(wanted, MIN_SAMPLE_PAGES), MAX_SAMPLE_PAGES));
	TupleTableSlot *slot = table_slot_create(sampling->table, NULL);

	for (BlockNumber i = 0; i < n; i++)
		read_page(sampling, (BlockNumber) ((uint64) i * pages / n), slot);
	ExecDropSingleTupleTableSlot(slot);
}

static void
sample(Sampling *sampling, Expr *expression)
{
	EState *estate = CreateExecutorState();

	sampling->kept = CurrentMemoryContext;
	sampling->capacity = SAMPLE_ROWS;
	sampling->values = palloc(sizeof(Datum) * sampling->capacity);
	sampling->isnull = palloc(sizeof(bool) * sampling->capacity);
	sampling->context = GetPerTupleExprContext(estate);
	sampling->state = ExecPrepareExpr(expression, estate);
	read_pages(sampling);
	FreeExecutorState(estate);
}

double
dbops_table_sample_share(Relation table, List *predicate)
{
	Sampling sampling = {.table = table, .is_condition = true};

	if (!may_read(table))
		return -1;
	sample(&sampling, make_ands_explicit(copyObject(predicate)));
	return sampling.n > 0 ? (double) sampling.holds / sampling.n : -1;
}

/* ---- statistics -------------------------------------------------------------------------------- */

static Datum
fetch_value(VacAttrStats *stats, int row, bool *isnull)
{
	*isnull = stats->exprnulls[row];
	return stats->exprvals[row];
}

/* As ANALYZE prepares it for an expression; NULL if the type has no statistics. */
static VacAttrStats *
prepare(Node *expression)
{
	VacAttrStats *stats = palloc0(sizeof(VacAttrStats));
	HeapTuple type;
	bool known;

	dbops_compat_default_target(stats);
	stats->attrtypid = exprType(expression);
	stats->attrtypmod = exprTypmod(expression);
	stats->attrcollid = exprCollation(expression);
	type = SearchSysCacheCopy1(TYPEOID, ObjectIdGetDatum(stats->attrtypid));
	if (!HeapTupleIsValid(type))
		elog(ERROR, "cache lookup failed for type %u", stats->attrtypid);
	stats->attrtype = (Form_pg_type) GETSTRUCT(type);
	stats->anl_context = CurrentMemoryContext;
	stats->tupattnum = InvalidAttrNumber;
	for (int i = 0; i < STATISTIC_NUM_SLOTS; i++)
	{
		stats->statypid[i] = stats->attrtypid;
		stats->statyplen[i] = stats->attrtype->typlen;
		stats->statypbyval[i] = stats->attrtype->typbyval;
		stats->statypalign[i] = stats->attrtype->typalign;
	}
	if (OidIsValid(stats->attrtype->typanalyze))
		known = DatumGetBool(OidFunctionCall1(stats->attrtype->typanalyze, PointerGetDatum(stats)));
	else
		known = std_typanalyze(stats);
	return known && stats->compute_stats != NULL ? stats : NULL;
}

static void
fill_slots(const VacAttrStats *stats, Datum *values, bool *nulls)
{
	for (int i = 0; i < STATISTIC_NUM_SLOTS; i++)
	{
		values[Anum_pg_statistic_stakind1 - 1 + i] = Int16GetDatum(stats->stakind[i]);
		values[Anum_pg_statistic_staop1 - 1 + i] = ObjectIdGetDatum(stats->staop[i]);
		values[Anum_pg_statistic_stacoll1 - 1 + i] = ObjectIdGetDatum(stats->stacoll[i]);
		nulls[Anum_pg_statistic_stanumbers1 - 1 + i] = stats->numnumbers[i] == 0;
		if (stats->numnumbers[i] > 0)
		{
			Datum *numbers = palloc(sizeof(Datum) * stats->numnumbers[i]);

			for (int k = 0; k < stats->numnumbers[i]; k++)
				numbers[k] = Float4GetDatum(stats->stanumbers[i][k]);
			values[Anum_pg_statistic_stanumbers1 - 1 + i] = PointerGetDatum(construct_array(
			    numbers, stats->numnumbers[i], FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
		}
		nulls[Anum_pg_statistic_stavalues1 - 1 + i] = stats->numvalues[i] == 0;
		if (stats->numvalues[i] > 0)
			values[Anum_pg_statistic_stavalues1 - 1 + i] = PointerGetDatum(
			    construct_array(stats->stavalues[i], stats->numvalues[i], stats->statypid[i],
			                    stats->statyplen[i], stats->statypbyval[i], stats->statypalign[i]));
	}
}

static HeapTuple
make_tuple(const VacAttrStats *stats)
{
	Relation catalog = table_open(StatisticRelationId, AccessShareLock);
	Datum values[Natts_pg_statistic] = {0};
	bool nulls[Natts_pg_statistic] = {0};
	HeapTuple tuple;

	values[Anum_pg_statistic_starelid - 1] = ObjectIdGetDatum(InvalidOid);
	values[Anum_pg_statistic_staattnum - 1] = Int16GetDatum(1);
	values[Anum_pg_statistic_stainherit - 1] = BoolGetDatum(false);
	values[Anum_pg_statistic_stanullfrac - 1] = Float4GetDatum(stats->stanullfrac);
	values[Anum_pg_statistic_stawidth - 1] = Int32GetDatum(stats->stawidth);
	values[Anum_pg_statistic_stadistinct - 1] = Float4GetDatum(stats->stadistinct);
	fill_slots(stats, values, nulls);
	tuple = heap_form_tuple(RelationGetDescr(catalog), values, nulls);
	table_close(catalog, AccessShareLock);
	return tuple;
}

HeapTuple
dbops_table_sample_expression(Relation table, Node *expression)
{
	Sampling sampling = {.table = table};
	VacAttrStats *stats;

	if (!may_read(table))
		return NULL;
	stats = prepare(expression);
	if (stats == NULL)
		return NULL;
	get_typlenbyval(stats->attrtypid, &sampling.typlen, &sampling.typbyval);
	sample(&sampling, (Expr *) copyObject(expression));
	if (sampling.n == 0)
		return NULL;
	stats->exprvals = sampling.values;
	stats->exprnulls = sampling.isnull;
	stats->rowstride = 1;
	stats->compute_stats(stats, fetch_value, sampling.n, Max(table->rd_rel->reltuples, sampling.n));
	return stats->stats_valid ? make_tuple(stats) : NULL;
}
