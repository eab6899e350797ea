/*
 * expose/exporter_indexes.c
 *		Indexes, and bloat, by the names that others have for them; see exporter_indexes.h.
 *
 * Counters are as the server's statistics stand; sizes and bloat as the last visit to the database
 * found them.  Bloat is told of what is large enough to have been estimated.
 */
#include "postgres.h"

#include <math.h>

#include "collect/collectors.h"
#include "expose/exporter_indexes.h"
#include "expose/ring_families.h"
#include "store/registry.h"

typedef struct Shown
{
	const RelationName *name;
	const RelationName *table; /* of an index */
	int64 bytes;
	int64 bloat_bytes; /* FAMILY_NULL: not estimated */
	bool invalid;
	const PgStat_StatTabEntry *stats;
	StringInfoData labels;
} Shown;

typedef struct ShownList
{
	Shown *items;
	int count;
	int nrelations; /* those that are not shown included */
} ShownList;

/* ---- choosing ------------------------------------------------------------------------------- */

static int
compare_shown(const void *a, const void *b)
{
	const Shown *x = a;
	const Shown *y = b;

	if (x->invalid != y->invalid)
		return x->invalid ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x->name == y->name ? 0 : x->name < y->name ? -1 : 1;
}

static const RelationName *
find_name(const RelationNames *names, Oid datid, Oid relid)
{
	int place = dbops_relation_names_find(names, datid, relid);

	return place < 0 ? NULL : &names->names[place];
}

/* NULL where it is nobody's, or not known. */
static const RelationName *
find_users(const RelationNames *names, const Fact *fact)
{
	const RelationName *name = find_name(names, (Oid) fact->key->num[0], (Oid) fact->key->num[1]);

	return name != NULL && name->users ? name : NULL;
}

static ShownList
choose_relations(const ExposedRelations *relations, const Family *family, const char *size,
                 int most)
{
	const RelationNames *names = relations->names;
	Facts *facts = dbops_ring_families_facts(family);
	const int bytes = dbops_family_metric(family, size);
	const int bloat = dbops_family_metric(family, "bloat_bytes");
	const int invalid = dbops_family_metric(family, "invalid");
	ShownList list = {.items = MemoryContextAllocHuge(
	                      CurrentMemoryContext, sizeof(Shown) * Max(dbops_facts_count(facts), 1))};

	for (int i = 0; i < dbops_facts_count(facts); i++)
	{
		const Fact *fact = dbops_facts_at(facts, i);
		const RelationName *name = find_users(names, fact);

		if (name == NULL || fact->values[bytes] == FAMILY_NULL)
			continue;
		list.items[list.count++] = (Shown){
		    .name = name,
		    .table = name->parent < 0 ? NULL : &names->names[name->parent],
		    .bytes = fact->values[bytes],
		    .bloat_bytes = fact->values[bloat],
		    .invalid = invalid >= 0 && fact->values[invalid] == 1,
		    .stats = relations->stats[name - names->names],
		};
	}
	list.nrelations = list.count;
	qsort(list.items, list.count, sizeof(Shown), compare_shown);
	list.count = Min(list.count, most);
	return list;
}

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct RelationLabels
{
	const char *table; /* NULL: it has none */
	const char *name;
} RelationLabels;

static void
label_relations(const ShownList *list, Names *names, const RelationLabels *called)
{
	for (int i = 0; i < list->count; i++)
	{
		Shown *shown = &list->items[i];
		const char *datname =
		    dbops_names_lookup(names, NAME_DATABASE, InvalidOid, shown->name->datid)->objname;

		initStringInfo(&shown->labels);
		dbops_exposition_label(&shown->labels, "datname", datname == NULL ? "" : datname);
		dbops_exposition_label(&shown->labels, "schemaname", shown->name->schemaname);
		if (called->table != NULL)
			dbops_exposition_label(&shown->labels, called->table,
			                       shown->table == NULL ? "" : shown->table->relname);
		dbops_exposition_label(&shown->labels, called->name, shown->name->relname);
	}
}

static int64
size_of(const Shown *shown)
{
	return shown->bytes;
}

static int64
scans_of(const Shown *shown)
{
	return shown->stats->numscans;
}

static int64
read_of(const Shown *shown)
{
	return shown->stats->tuples_returned;
}

static int64
fetched_of(const Shown *shown)
{
	return shown->stats->tuples_fetched;
}

static int64
missed_of(const Shown *shown)
{
	return shown->stats->blocks_fetched - shown->stats->blocks_hit;
}

static int64
hit_of(const Shown *shown)
{
	return shown->stats->blocks_hit;
}

static int64
bloated_size_of(const Shown *shown)
{
	return shown->bloat_bytes == FAMILY_NULL ? FAMILY_NULL : shown->bytes;
}

static int64
bloat_percent_of(const Shown *shown)
{
	return shown->bloat_bytes == FAMILY_NULL || shown->bytes == 0 ?
	           FAMILY_NULL :
	           (int64) rint(100.0 * (double) shown->bloat_bytes / (double) shown->bytes);
}

typedef struct Field
{
	const char *name;
	ExposedType type;
	int64 (*value)(const Shown *shown);
	const char *help;
} Field;

/* clang-format off */
static const Field index_fields[] = {
	{"pg_general_index_info_pg_relation_size", EXPOSED_GAUGE, size_of, "Size of the index in bytes"},
	{"pg_stat_user_indexes_idx_scan", EXPOSED_COUNTER, scans_of, "Scans of the index started"},
	{"pg_stat_user_indexes_idx_tup_read", EXPOSED_COUNTER, read_of, "Entries of the index returned"},
	{"pg_stat_user_indexes_idx_tup_fetch", EXPOSED_COUNTER, fetched_of, "Live rows fetched by plain scans of the index"},
	{"pg_statio_user_indexes_idx_blks_read_total", EXPOSED_COUNTER, missed_of, "Blocks of the index not found in the buffers"},
	{"pg_statio_user_indexes_idx_blks_hit_total", EXPOSED_COUNTER, hit_of, "Blocks of the index found in the buffers"},
};

static const Field index_bloat_fields[] = {
	{"pg_bloat_btree_real_size", EXPOSED_GAUGE, bloated_size_of, "Size of the index in bytes"},
	{"pg_bloat_btree_bloat_pct", EXPOSED_GAUGE, bloat_percent_of, "Percent of it that REINDEX would give back, estimated"},
};

static const Field table_bloat_fields[] = {
	{"pg_bloat_table_real_size", EXPOSED_GAUGE, bloated_size_of, "Size of the table in bytes, without TOAST"},
	{"pg_bloat_table_bloat_pct", EXPOSED_GAUGE, bloat_percent_of, "Percent of it that VACUUM FULL would give back, estimated"},
};
/* clang-format on */

static void
write_fields(Exposition *exposition, const ShownList *list, const Field *fields, int nfields)
{
	for (int i = 0; i < nfields; i++)
	{
		dbops_exposition_metric(exposition, fields[i].name, fields[i].type, fields[i].help);
		for (int j = 0; j < list->count; j++)
		{
			int64 value = fields[i].value(&list->items[j]);

			if (value != FAMILY_NULL)
				dbops_exposition_integer(exposition, &list->items[j].labels, value);
		}
	}
}

void
dbops_exporter_indexes(Exposition *exposition, Names *names, const ExposedRelations *relations,
                       int most)
{
	static const RelationLabels of_index = {"relname", "indexrelname"};
	static const RelationLabels of_bloated_index = {"relname", "idxname"};
	static const RelationLabels of_table = {NULL, "relname"};
	ShownList indexes = choose_relations(relations, &dbops_family_index, "total_bytes", most);
	ShownList tables = choose_relations(relations, &dbops_family_table, "main_bytes", most);

	label_relations(&indexes, names, &of_index);
	write_fields(exposition, &indexes, index_fields, lengthof(index_fields));
	dbops_exposition_metric(exposition, "dbops_indexes", EXPOSED_GAUGE,
	                        "Indexes of users in all databases, those that are not shown included");
	dbops_exposition_integer(exposition, NULL, indexes.nrelations);
	label_relations(&indexes, names, &of_bloated_index);
	write_fields(exposition, &indexes, index_bloat_fields, lengthof(index_bloat_fields));
	label_relations(&tables, names, &of_table);
	write_fields(exposition, &tables, table_bloat_fields, lengthof(table_bloat_fields));
}
