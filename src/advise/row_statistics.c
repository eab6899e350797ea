/*
 * advise/row_statistics.c
 *		What ANALYZE would find in some rows; see row_statistics.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"

#include "utils/rel.h"
#include "utils/syscache.h"

#include "advise/row_statistics.h"
#include "core/compat_sample.h"

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
dbops_row_statistics(const RowSample *sample, Node *expression, double rows)
{
	VacAttrStats *stats = prepare(expression);

	if (stats == NULL)
		return NULL;
	stats->exprvals = sample->values;
	stats->exprnulls = sample->nulls;
	stats->rowstride = 1;
	stats->compute_stats(stats, fetch_value, sample->nrows, Max(rows, sample->nrows));
	return stats->stats_valid ? make_tuple(stats) : NULL;
}
