/*
 * expose/exporter_tables.c
 *		Tables and indexes by postgres_exporter's names; see exporter_tables.h.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "core/compat_statistics.h"
#include "expose/exporter_tables.h"
#include "expose/ring_families.h"
#include "store/registry.h"

/* What a relation has of its own, and a table of what belongs to it. */
typedef struct Total
{
	const PgStat_StatTabEntry *stats;
	int64 index_scans;
	int64 index_fetched;
	int64 index_read;
	int64 index_hit;
	int64 toast_read;
	int64 toast_hit;
	int64 toast_index_read;
	int64 toast_index_hit;
	int64 index_bytes; /* FAMILY_NULL: not known */
	int64 total_bytes;
} Total;

typedef struct Tables
{
	const RelationNames *names;
	Total *totals;          /* by the place of the name */
	int *shown;             /* places of those that are written */
	StringInfoData *labels; /* of each of these */
	int64 *values;          /* by field, and of each of these */
	int nshown;
	int ntables;
} Tables;

typedef enum FieldKind
{
	FIELD_STATISTIC, /* place in PgStat_StatTabEntry */
	FIELD_INSTANT,   /* the same, 0 being never */
	FIELD_TOTAL,     /* place in Total */
} FieldKind;

typedef struct Field
{
	const char *name;
	ExposedType type;
	FieldKind kind;
	int offset;
	const char *help;
} Field;

#define TOTAL(field) FIELD_TOTAL, offsetof(Total, field)
#define STATISTIC(place) FIELD_STATISTIC, place
#define WHEN(place) FIELD_INSTANT, place

/* clang-format off */
static const Field fields[] = {
	{"pg_stat_user_tables_seq_scan", EXPOSED_COUNTER, STATISTIC(DBOPS_TABLE_STAT(numscans)), "Sequential scans started"},
	{"pg_stat_user_tables_seq_tup_read", EXPOSED_COUNTER, STATISTIC(DBOPS_TABLE_STAT(tuples_returned)), "Live rows read by sequential scans"},
	{"pg_stat_user_tables_idx_scan", EXPOSED_COUNTER, TOTAL(index_scans), "Scans of the table's indexes started"},
	{"pg_stat_user_tables_idx_tup_fetch", EXPOSED_COUNTER, TOTAL(index_fetched), "Live rows fetched by way of an index"},
	{"pg_stat_user_tables_n_tup_ins", EXPOSED_COUNTER, STATISTIC(DBOPS_TABLE_STAT(tuples_inserted)), "Rows inserted"},
	{"pg_stat_user_tables_n_tup_upd", EXPOSED_COUNTER, STATISTIC(DBOPS_TABLE_STAT(tuples_updated)), "Rows updated, in any way"},
	{"pg_stat_user_tables_n_tup_del", EXPOSED_COUNTER, STATISTIC(DBOPS_TABLE_STAT(tuples_deleted)), "Rows deleted"},
	{"pg_stat_user_tables_n_tup_hot_upd", EXPOSED_COUNTER, STATISTIC(DBOPS_TABLE_STAT(tuples_hot_updated)), "Rows updated without a new index entry"},
	{"pg_stat_user_tables_n_live_tup", EXPOSED_GAUGE, STATISTIC(DBOPS_TABLE_LIVE_TUPLES), "Estimated number of live rows"},
	{"pg_stat_user_tables_n_dead_tup", EXPOSED_GAUGE, STATISTIC(DBOPS_TABLE_DEAD_TUPLES), "Estimated number of dead rows"},
	{"pg_stat_user_tables_n_mod_since_analyze", EXPOSED_GAUGE, STATISTIC(DBOPS_TABLE_MOD_SINCE_ANALYZE), "Rows changed since the last ANALYZE"},
	{"pg_stat_user_tables_last_vacuum", EXPOSED_GAUGE, WHEN(DBOPS_TABLE_LAST_VACUUM), "Last VACUUM by hand; 0: never"},
	{"pg_stat_user_tables_last_autovacuum", EXPOSED_GAUGE, WHEN(DBOPS_TABLE_LAST_AUTOVACUUM), "Last automatic VACUUM; 0: never"},
	{"pg_stat_user_tables_last_analyze", EXPOSED_GAUGE, WHEN(DBOPS_TABLE_LAST_ANALYZE), "Last ANALYZE by hand; 0: never"},
	{"pg_stat_user_tables_last_autoanalyze", EXPOSED_GAUGE, WHEN(DBOPS_TABLE_LAST_AUTOANALYZE), "Last automatic ANALYZE; 0: never"},
	{"pg_stat_user_tables_vacuum_count", EXPOSED_COUNTER, STATISTIC(DBOPS_TABLE_STAT(vacuum_count)), "VACUUM runs by hand, other than FULL"},
	{"pg_stat_user_tables_autovacuum_count", EXPOSED_COUNTER, STATISTIC(DBOPS_TABLE_AUTOVACUUM_COUNT), "VACUUM runs by autovacuum"},
	{"pg_stat_user_tables_analyze_count", EXPOSED_COUNTER, STATISTIC(DBOPS_TABLE_STAT(analyze_count)), "ANALYZE runs by hand"},
	{"pg_stat_user_tables_autoanalyze_count", EXPOSED_COUNTER, STATISTIC(DBOPS_TABLE_AUTOANALYZE_COUNT), "ANALYZE runs by autovacuum"},
	{"pg_stat_user_tables_index_size_bytes", EXPOSED_GAUGE, TOTAL(index_bytes), "Size of its indexes"},
	{"pg_stat_user_tables_table_size_bytes", EXPOSED_GAUGE, TOTAL(total_bytes), "Size with TOAST and all forks, without indexes"},
	{"pg_statio_user_tables_heap_blocks_read", EXPOSED_COUNTER, STATISTIC(DBOPS_TABLE_STAT(blocks_fetched)), "Blocks of the table not found in the buffers"},
	{"pg_statio_user_tables_heap_blocks_hit", EXPOSED_COUNTER, STATISTIC(DBOPS_TABLE_STAT(blocks_hit)), "Blocks of the table found in the buffers"},
	{"pg_statio_user_tables_idx_blocks_read", EXPOSED_COUNTER, TOTAL(index_read), "Blocks of its indexes not found in the buffers"},
	{"pg_statio_user_tables_idx_blocks_hit", EXPOSED_COUNTER, TOTAL(index_hit), "Blocks of its indexes found in the buffers"},
	{"pg_statio_user_tables_toast_blocks_read", EXPOSED_COUNTER, TOTAL(toast_read), "Blocks of its TOAST table not found in the buffers"},
	{"pg_statio_user_tables_toast_blocks_hit", EXPOSED_COUNTER, TOTAL(toast_hit), "Blocks of its TOAST table found in the buffers"},
	{"pg_statio_user_tables_tidx_blocks_read", EXPOSED_COUNTER, TOTAL(toast_index_read), "Blocks of its TOAST table's index not found in the buffers"},
	{"pg_statio_user_tables_tidx_blocks_hit", EXPOSED_COUNTER, TOTAL(toast_index_hit), "Blocks of its TOAST table's index found in the buffers"},
};
/* clang-format on */

static bool
is_kind(const RelationName *name, const char *kind)
{
	return strcmp(name->kind, kind) == 0;
}

static bool
is_users_table(const RelationName *name)
{
	return name->users && (is_kind(name, "table") || is_kind(name, "matview") ||
	                       is_kind(name, "partitioned table"));
}

/* ---- what is known of them ------------------------------------------------------------------- */

static void
take_statistics(Tables *tables, const ExposedRelations *relations)
{
	for (int i = 0; i < tables->names->count; i++)
	{
		tables->totals[i].stats = relations->stats[i];
		tables->totals[i].index_bytes = FAMILY_NULL;
		tables->totals[i].total_bytes = FAMILY_NULL;
	}
}

static void
add_index(const Tables *tables, const RelationName *name, const PgStat_StatTabEntry *stats)
{
	const RelationName *table = &tables->names->names[name->parent];
	Total *total = &tables->totals[name->parent];
	int64 read = stats->blocks_fetched - stats->blocks_hit;

	if (is_kind(table, "toast"))
	{
		if (table->parent < 0)
			return;
		total = &tables->totals[table->parent];
		total->toast_index_read += read;
		total->toast_index_hit += stats->blocks_hit;
		return;
	}
	total->index_scans += stats->numscans;
	total->index_fetched += stats->tuples_fetched;
	total->index_read += read;
	total->index_hit += stats->blocks_hit;
}

/* What belongs to tables counts with them. */
static void
add_parts(const Tables *tables)
{
	for (int i = 0; i < tables->names->count; i++)
	{
		const RelationName *name = &tables->names->names[i];
		const PgStat_StatTabEntry *stats = tables->totals[i].stats;
		Total *total;

		tables->totals[i].index_fetched += stats->tuples_fetched;
		if (name->parent < 0)
			continue;
		if (is_kind(name, "index"))
			add_index(tables, name, stats);
		if (!is_kind(name, "toast"))
			continue;
		total = &tables->totals[name->parent];
		total->toast_read += stats->blocks_fetched - stats->blocks_hit;
		total->toast_hit += stats->blocks_hit;
	}
}

/* Sizes as the last visit to the database found them, from the ring of ticks. */
static void
take_sizes(Tables *tables)
{
	const Family *family = &dbops_family_table;
	Facts *facts = dbops_ring_families_facts(family);
	const int index_bytes = dbops_family_metric(family, "index_bytes");
	const int total_bytes = dbops_family_metric(family, "total_bytes");

	for (int i = 0; i < dbops_facts_count(facts); i++)
	{
		const Fact *fact = dbops_facts_at(facts, i);
		int place = dbops_relation_names_find(tables->names, (Oid) fact->key->num[0],
		                                      (Oid) fact->key->num[1]);
		Total *total = place < 0 ? NULL : &tables->totals[place];

		if (total == NULL || fact->values[index_bytes] == FAMILY_NULL ||
		    fact->values[total_bytes] == FAMILY_NULL)
			continue;
		total->index_bytes = fact->values[index_bytes];
		total->total_bytes = fact->values[total_bytes] - total->index_bytes;
	}
}

/* ---- which are shown ------------------------------------------------------------------------*/

static int
compare_sizes(const void *a, const void *b, void *arg)
{
	const Tables *tables = arg;
	const Total *x = &tables->totals[*(const int *) a];
	const Total *y = &tables->totals[*(const int *) b];
	int64 bytes_x = x->total_bytes == FAMILY_NULL ? -1 : x->total_bytes + x->index_bytes;
	int64 bytes_y = y->total_bytes == FAMILY_NULL ? -1 : y->total_bytes + y->index_bytes;

	if (bytes_x != bytes_y)
		return bytes_x > bytes_y ? -1 : 1;
	return *(const int *) a - *(const int *) b;
}

static void
choose_tables(Tables *tables, int most)
{
	tables->shown = palloc(sizeof(int) * Max(tables->names->count, 1));
	for (int i = 0; i < tables->names->count; i++)
	{
		if (is_users_table(&tables->names->names[i]))
			tables->shown[tables->ntables++] = i;
	}
	tables->nshown = Min(tables->ntables, most);
	if (tables->nshown < tables->ntables)
		qsort_arg(tables->shown, tables->ntables, sizeof(int), compare_sizes, tables);
}

static void
label_tables(Tables *tables, Names *names)
{
	StringInfoData labels;

	initStringInfo(&labels);
	tables->labels =
	    palloc_extended(sizeof(StringInfoData) * Max(tables->nshown, 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < tables->nshown; i++)
	{
		const RelationName *name = &tables->names->names[tables->shown[i]];
		const char *datname =
		    dbops_names_lookup(names, NAME_DATABASE, InvalidOid, name->datid)->objname;

		resetStringInfo(&labels);
		dbops_exposition_label(&labels, "datname", datname == NULL ? "" : datname);
		dbops_exposition_label(&labels, "schemaname", name->schemaname);
		dbops_exposition_label(&labels, "relname", name->relname);
		tables->labels[i] = dbops_exposition_keep(&labels);
	}
}

/* ---- writing --------------------------------------------------------------------------------*/

static int64
value_of(const Total *total, const Field *field)
{
	const char *base =
	    field->kind == FIELD_TOTAL ? (const char *) total : (const char *) total->stats;
	int64 value;

	memcpy(&value, base + field->offset, sizeof(value));
	/* The server counts what was asked for, and what of that was there. */
	if (field->kind == FIELD_STATISTIC && field->offset == DBOPS_TABLE_STAT(blocks_fetched))
		value -= total->stats->blocks_hit;
	return value;
}

/* Table by table, as they lie in memory; they are written metric by metric. */
static void
take_values(Tables *tables)
{
	tables->values =
	    palloc_extended(sizeof(int64) * lengthof(fields) * Max(tables->nshown, 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < tables->nshown; i++)
	{
		const Total *total = &tables->totals[tables->shown[i]];

		for (int field = 0; field < lengthof(fields); field++)
			tables->values[(Size) field * tables->nshown + i] = value_of(total, &fields[field]);
	}
}

static void
write_field(Exposition *exposition, const Tables *tables, int number)
{
	const Field *field = &fields[number];
	const int64 *values = &tables->values[(Size) number * tables->nshown];

	dbops_exposition_metric(exposition, field->name, field->type, field->help);
	for (int i = 0; i < tables->nshown; i++)
	{
		if (values[i] == FAMILY_NULL)
			continue;
		if (field->kind == FIELD_INSTANT && values[i] != 0)
			dbops_exposition_number(exposition, &tables->labels[i],
			                        dbops_exposition_time(values[i]));
		else
			dbops_exposition_integer(exposition, &tables->labels[i], values[i]);
	}
}

void
dbops_exporter_tables(Exposition *exposition, Names *names, const ExposedRelations *relations,
                      int most)
{
	Tables tables = {.names = relations->names};

	tables.totals = MemoryContextAllocExtended(CurrentMemoryContext,
	                                           sizeof(Total) * Max(tables.names->count, 1),
	                                           MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	take_statistics(&tables, relations);
	add_parts(&tables);
	take_sizes(&tables);
	choose_tables(&tables, most);
	label_tables(&tables, names);
	take_values(&tables);
	for (int i = 0; i < lengthof(fields); i++)
		write_field(exposition, &tables, i);
	dbops_exposition_metric(exposition, "dbops_tables", EXPOSED_GAUGE,
	                        "Tables of users in all databases, those that are not shown included");
	dbops_exposition_integer(exposition, NULL, tables.ntables);
}
