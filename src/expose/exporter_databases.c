/*
 * expose/exporter_databases.c
 *		Sizes of databases by postgres_exporter's name; see exporter_databases.h.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "collect/collectors.h"
#include "core/clock.h"
#include "core/databases.h"
#include "expose/exporter_databases.h"
#include "store/history.h"
#include "store/node.h"
#include "store/registry.h"

/* How far back a size is looked for, and for how long what was found is good enough. */
#define WINDOW_US (2 * USECS_PER_HOUR)
#define KEPT_US USECS_PER_MINUTE

typedef struct KnownSize
{
	Oid datid;
	TimestampTz at;
	int64 bytes;
} KnownSize;

static MemoryContext context = NULL; /* of the array */
static KnownSize *sizes;
static int nsizes;
static TimestampTz read_at = 0;

static KnownSize *
find_size(Oid datid)
{
	for (int i = 0; i < nsizes; i++)
	{
		if (sizes[i].datid == datid)
			return &sizes[i];
	}
	return NULL;
}

static void
keep_size(Oid datid, TimestampTz at, int64 bytes)
{
	KnownSize *size = find_size(datid);

	if (size == NULL)
	{
		sizes = repalloc(sizes, sizeof(KnownSize) * (nsizes + 1));
		size = &sizes[nsizes++];
		*size = (KnownSize){.datid = datid};
	}
	if (at >= size->at)
		*size = (KnownSize){.datid = datid, .at = at, .bytes = bytes};
}

static void
read_sizes(TimestampTz now)
{
	const Family *family = &dbops_family_database;
	const int metric = dbops_family_metric(family, "size_bytes");
	bool *wanted = palloc0(sizeof(bool) * family->nmetrics);
	HistoryQuery query = {.family = family,
	                      .from = now - WINDOW_US,
	                      .to = now,
	                      .node = dbops_node_name(),
	                      .wanted = wanted};
	HistoryScan *scan;
	const HistoryRow *row;

	wanted[metric] = true;
	for (int i = 0; i < ENTITY_KEY_PARTS; i++)
		query.labels[i].nvalues = -1;
	scan = dbops_history_begin(&query);
	while ((row = dbops_history_next(scan)) != NULL)
	{
		if (row->values[metric] != FAMILY_NULL)
			keep_size((Oid) row->key->num[0], row->at, row->values[metric]);
	}
	dbops_history_end(scan);
}

static void
refresh_sizes(void)
{
	TimestampTz now = dbops_clock_now();

	if (read_at != 0 && now >= read_at && now - read_at < KEPT_US)
		return;
	if (context == NULL)
		context = AllocSetContextCreate(CacheMemoryContext, "dbops sizes of databases",
		                                ALLOCSET_SMALL_SIZES);
	MemoryContextReset(context);
	sizes = MemoryContextAlloc(context, sizeof(KnownSize));
	nsizes = 0;
	read_sizes(now);
	read_at = now;
}

void
dbops_exporter_databases(Exposition *exposition)
{
	ListCell *lc;

	refresh_sizes();
	dbops_exposition_metric(exposition, "pg_database_size_bytes", EXPOSED_GAUGE,
	                        "Size of all files of the database");
	foreach (lc, dbops_databases_list())
	{
		const Database *database = lfirst(lc);
		const KnownSize *size = find_size(database->oid);
		StringInfoData labels;

		if (size == NULL)
			continue;
		initStringInfo(&labels);
		dbops_exposition_label(&labels, "datname", NameStr(database->name));
		dbops_exposition_integer(exposition, &labels, size->bytes);
	}
}
