/*
 * store/registry_funcs.c
 *		The registry as rows: dbops.metrics(), and the tables and columns made from it.
 */
#include "postgres.h"

#include "fmgr.h"

#include "core/rows.h"
#include "store/columns.h"
#include "store/registry.h"

PG_FUNCTION_INFO_V1(dbops_metrics);
PG_FUNCTION_INFO_V1(dbops_columns);

static const char *const metric_kinds[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_TIMESTAMP] = "timestamp",
    [METRIC_HISTOGRAM] = "histogram",
};

static const char *const derived_kinds[] = {
    [DERIVED_RATIO] = "ratio",
    [DERIVED_SHARE] = "share",
    [DERIVED_QUANTILE] = "quantile",
};

static const char *const rollups[] = {
    [ROLLUP_LAST] = "last",
    [ROLLUP_MAX] = "max",
    [ROLLUP_MIN] = "min",
    [ROLLUP_AVG] = "avg",
};

/* What ROLLUP_DEFAULT means. */
static const char *const default_rollups[] = {
    [METRIC_COUNTER] = "sum",
    [METRIC_GAUGE] = "last",
    [METRIC_TIMESTAMP] = "max",
    [METRIC_HISTOGRAM] = "merge",
};

static const char *const cadences[] = {
    [CADENCE_NARROW] = "narrow",
    [CADENCE_WIDE] = "wide",
    [CADENCE_KEEPER] = "keeper",
};

/* Counters always sum and histograms always merge, whatever is said. */
static const char *
get_rollup(const Metric *metric)
{
	if (metric->rollup == ROLLUP_DEFAULT || metric->kind == METRIC_COUNTER ||
	    metric->kind == METRIC_HISTOGRAM)
		return default_rollups[metric->kind];
	return rollups[metric->rollup];
}

static const char *
get_kind(const Family *family, const Column *column)
{
	switch (column->source)
	{
		case COLUMN_METRIC:
			return metric_kinds[family->metrics[column->index].kind];
		case COLUMN_DERIVED:
			return derived_kinds[family->derived[column->index].kind];
		case COLUMN_RATE:
			return "rate";
		case COLUMN_LABEL:
			return "label";
		case COLUMN_DATNAME:
		case COLUMN_SCHEMANAME:
		case COLUMN_RELNAME:
		case COLUMN_ROLNAME:
			return "name";
		case COLUMN_NODE:
		case COLUMN_AT:
		case COLUMN_COVERS:
		case COLUMN_STEP:
		case COLUMN_LATE:
			break;
	}
	return NULL;
}

static void
emit_metric(RowSet *rows, const Family *family, const Column *column)
{
	dbops_rows_put_text(rows, "family", family->name);
	dbops_rows_put_text(rows, "name", column->name);
	dbops_rows_put_text(rows, "type", dbops_columns_type_name(column->type));
	dbops_rows_put_text(rows, "kind", get_kind(family, column));
	dbops_rows_put_text(rows, "unit", column->unit);
	if (column->source == COLUMN_METRIC)
		dbops_rows_put_text(rows, "rollup", get_rollup(&family->metrics[column->index]));
	dbops_rows_put_text(rows, "cadence", cadences[family->cadence]);
	dbops_rows_put_text(rows, "help", column->help);
	dbops_rows_emit(rows);
}

Datum
dbops_metrics(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);

	for (int f = 0; f < dbops_registry_count(); f++)
	{
		const Family *family = dbops_registry_at(f);
		int ncolumns;
		Column *columns = dbops_columns_list(family, TABLE_HISTORY, &ncolumns);

		for (int c = 0; c < ncolumns; c++)
		{
			if (columns[c].source >= COLUMN_LABEL)
				emit_metric(rows, family, &columns[c]);
		}
	}
	return (Datum) 0;
}

static void
emit_table(RowSet *rows, const Family *family, TableKind kind)
{
	char *table = dbops_columns_table(family, kind);
	int ncolumns;
	Column *columns = dbops_columns_list(family, kind, &ncolumns);

	for (int c = 0; c < ncolumns; c++)
	{
		dbops_rows_put_text(rows, "family", family->name);
		dbops_rows_put_text(rows, "kind", dbops_columns_kind_name(kind));
		dbops_rows_put_text(rows, "table_name", table);
		dbops_rows_put_text(rows, "family_help", family->help);
		dbops_rows_put_text(rows, "column_name", columns[c].name);
		dbops_rows_put_text(rows, "column_type", dbops_columns_type_name(columns[c].type));
		dbops_rows_put_text(rows, "column_comment", columns[c].comment);
		dbops_rows_put(rows, "column_number", Int32GetDatum(c + 1));
		dbops_rows_emit(rows);
	}
}

Datum
dbops_columns(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);

	for (int f = 0; f < dbops_registry_count(); f++)
	{
		const Family *family = dbops_registry_at(f);

		for (int kind = 0; kind < TABLE_KINDS; kind++)
		{
			if (dbops_columns_has_table(family, kind))
				emit_table(rows, family, kind);
		}
	}
	return (Datum) 0;
}
