/*
 * store/columns.c
 *		The SQL columns of a family's tables; see columns.h.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/syscache.h"

#include "store/columns.h"

static const char *const kind_names[TABLE_KINDS] = {
    [TABLE_HISTORY] = "history",
    [TABLE_NOW] = "now",
};

static const struct
{
	const char *name;
	Oid oid;
} types[] = {
    [COLUMN_BOOLEAN] = {"boolean", BOOLOID},
    [COLUMN_BIGINT] = {"bigint", INT8OID},
    [COLUMN_FLOAT8] = {"double precision", FLOAT8OID},
    [COLUMN_OID] = {"oid", OIDOID},
    [COLUMN_NAME] = {"name", NAMEOID},
    [COLUMN_TEXT] = {"text", TEXTOID},
    [COLUMN_TIMESTAMPTZ] = {"timestamp with time zone", TIMESTAMPTZOID},
    [COLUMN_INTERVAL] = {"interval", INTERVALOID},
    [COLUMN_HISTOGRAM] = {"dbops.histogram", InvalidOid},
};

/* What every row of a history has. */
static const Column row_columns[] = {
    {"node", COLUMN_TEXT, COLUMN_NODE, 0, "", "Server that the row is about", NULL},
    {"at", COLUMN_TIMESTAMPTZ, COLUMN_AT, 0, "",
     "When the sample was taken; with a step, when the step began", NULL},
    {"covers", COLUMN_INTERVAL, COLUMN_COVERS, 0, "",
     "Time that the samples of the row really cover", NULL},
    {"step", COLUMN_INTERVAL, COLUMN_STEP, 0, "",
     "Step of the row; NULL for a sample as taken; WHERE step = ... asks for one", NULL},
    {"late", COLUMN_BOOLEAN, COLUMN_LATE, 0, "",
     "Whether counters include work of a transaction that began before the time covered", NULL},
};

/* The columns of names that a label brings, ended by the first without a name. */
static const Column name_columns[][2] = {
    [NAMES_NONE] = {{.name = NULL}},
    [NAMES_DATABASE] = {{"datname", COLUMN_NAME, COLUMN_DATNAME, 0, "", "Name of the database",
                         NULL}},
    [NAMES_RELATION] =
        {
            {"schemaname", COLUMN_NAME, COLUMN_SCHEMANAME, 0, "", "Name of the schema", NULL},
            {"relname", COLUMN_NAME, COLUMN_RELNAME, 0, "", "Name of the relation", NULL},
        },
    [NAMES_FUNCTION] =
        {
            {"schemaname", COLUMN_NAME, COLUMN_SCHEMANAME, 0, "", "Name of the schema", NULL},
            {"funcname", COLUMN_NAME, COLUMN_RELNAME, 0, "", "Name of the function", NULL},
        },
    [NAMES_ROLE] = {{"rolname", COLUMN_NAME, COLUMN_ROLNAME, 0, "", "Name of the role", NULL}},
};

static const ColumnType label_types[] = {
    [LABEL_OID] = COLUMN_OID,       [LABEL_INT8] = COLUMN_BIGINT, [LABEL_BOOL] = COLUMN_BOOLEAN,
    [LABEL_SQLSTATE] = COLUMN_TEXT, [LABEL_TEXT] = COLUMN_TEXT,   [LABEL_WORD] = COLUMN_TEXT,
};

typedef struct ColumnList
{
	Column *columns;
	int count;
} ColumnList;

static void
add_column(ColumnList *list, Column column)
{
	if (column.comment == NULL)
		column.comment = column.help;
	list->columns[list->count++] = column;
}

/* Help, then what the number is, then its unit. */
static const char *
compose_comment(const char *help, const char *meaning, const char *unit)
{
	bool has_unit = unit[0] != '\0';

	if (meaning[0] == '\0' && !has_unit)
		return help;
	return psprintf("%s; %s%s%s%s", help, meaning, meaning[0] != '\0' && has_unit ? ", " : "",
	                has_unit ? "in " : "", unit);
}

/* "one of idle, active" */
static const char *
list_words(const char *const *words)
{
	char *list = "one of ";

	for (int i = 0; words[i] != NULL; i++)
		list = psprintf("%s%s%s", list, i == 0 ? "" : ", ", words[i]);
	return list;
}

static void
add_label(ColumnList *list, const Label *label, int index)
{
	Column column = {.name = label->name,
	                 .type = label_types[label->type],
	                 .source = COLUMN_LABEL,
	                 .index = index,
	                 .unit = "",
	                 .help = label->help};

	if (label->words != NULL)
		column.comment = compose_comment(label->help, list_words(label->words), "");
	add_column(list, column);
	for (int i = 0; i < lengthof(name_columns[0]); i++)
	{
		column = name_columns[label->names][i];
		if (column.name == NULL)
			break;
		column.index = index;
		add_column(list, column);
	}
}

static ColumnType
get_metric_type(const Metric *metric)
{
	switch (metric->kind)
	{
		case METRIC_TIMESTAMP:
			return COLUMN_TIMESTAMPTZ;
		case METRIC_HISTOGRAM:
			return COLUMN_HISTOGRAM;
		case METRIC_COUNTER:
		case METRIC_GAUGE:
			break;
	}
	if (metric->words != NULL)
		return COLUMN_TEXT;
	return metric->scale == 0 || metric->scale == 1 ? COLUMN_BIGINT : COLUMN_FLOAT8;
}

static void
add_metric(ColumnList *list, const Metric *metric, int index, TableKind kind)
{
	const char *meaning = "";
	Column column = {.name = metric->name,
	                 .type = get_metric_type(metric),
	                 .source = COLUMN_METRIC,
	                 .index = index,
	                 .unit = metric->unit,
	                 .help = metric->help};

	if (metric->kind == METRIC_COUNTER)
		meaning = kind == TABLE_HISTORY ? "increase over the time covered" : "total";
	if (metric->words != NULL)
		meaning = list_words(metric->words);
	column.comment = compose_comment(metric->help, meaning,
	                                 metric->kind == METRIC_HISTOGRAM ? "" : metric->unit);
	add_column(list, column);
}

static void
add_rate(ColumnList *list, const Metric *metric, int index)
{
	add_column(list,
	           (Column){.name = psprintf("%s_per_second", metric->name),
	                    .type = COLUMN_FLOAT8,
	                    .source = COLUMN_RATE,
	                    .index = index,
	                    .unit = metric->unit,
	                    .help = metric->help,
	                    .comment = compose_comment(metric->help, "per second", metric->unit)});
}

static void
add_derived(ColumnList *list, const Derived *derived, int index)
{
	add_column(list, (Column){.name = derived->name,
	                          .type = COLUMN_FLOAT8,
	                          .source = COLUMN_DERIVED,
	                          .index = index,
	                          .unit = derived->unit,
	                          .help = derived->help,
	                          .comment = compose_comment(derived->help, "", derived->unit)});
}

bool
dbops_columns_has_table(const Family *family, TableKind kind)
{
	return kind == TABLE_HISTORY || !family->sampler_only;
}

Column *
dbops_columns_list(const Family *family, TableKind kind, int *ncolumns)
{
	Size room = lengthof(row_columns) + (1 + lengthof(name_columns[0])) * family->nlabels +
	            2 * family->nmetrics + family->nderived;
	ColumnList list = {.columns = palloc(sizeof(Column) * room)};

	if (kind == TABLE_HISTORY)
	{
		for (int i = 0; i < lengthof(row_columns); i++)
			add_column(&list, row_columns[i]);
	}
	for (int i = 0; i < family->nlabels; i++)
		add_label(&list, &family->labels[i], i);
	for (int i = 0; i < family->nmetrics; i++)
		add_metric(&list, &family->metrics[i], i, kind);
	for (int i = 0; i < family->nmetrics && kind == TABLE_HISTORY && family->rates; i++)
	{
		if (family->metrics[i].kind == METRIC_COUNTER)
			add_rate(&list, &family->metrics[i], i);
	}
	for (int i = 0; i < family->nderived; i++)
	{
		/* A share of the time covered needs a time. */
		if (kind == TABLE_HISTORY || family->derived[i].kind != DERIVED_SHARE)
			add_derived(&list, &family->derived[i], i);
	}
	*ncolumns = list.count;
	return list.columns;
}

const char *
dbops_columns_kind_name(TableKind kind)
{
	return kind_names[kind];
}

char *
dbops_columns_table(const Family *family, TableKind kind)
{
	return psprintf("%s_%s", family->name, kind_names[kind]);
}

const char *
dbops_columns_type_name(ColumnType type)
{
	return types[type].name;
}

Oid
dbops_columns_type_oid(ColumnType type)
{
	Oid namespace;

	if (type != COLUMN_HISTOGRAM)
		return types[type].oid;
	namespace = get_namespace_oid("dbops", true);
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("histogram"),
	                       ObjectIdGetDatum(namespace));
}
