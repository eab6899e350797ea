/*
 * worker/visit_density.c
 *		How large relations of a database would be without bloat; see visit_density.h.
 *
 * A relation whose table somebody has locked, or wants to, is passed over: what was known of it
 * stays.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "advise/dense_size.h"
#include "collect/dictionary.h"
#include "core/clock.h"
#include "core/spi.h"
#include "store/family.h"
#include "worker/visit_density.h"

#define PAGE_RELATIONS 500

/* Time for it, and what must be left of the visit to begin. */
#define DENSITY_MS 300
#define DENSITY_LIMIT_MS 500

static const char relations_query[] =
    "SELECT c.oid, c.relkind\n"
    "FROM pg_catalog.pg_class AS c\n"
    "WHERE c.oid > $1 AND c.relkind IN ('r', 'm', 'i') AND c.relpersistence <> 't'\n"
    "    AND c.relpages >= $2\n"
    "ORDER BY c.oid\n"
    "LIMIT $3";

typedef struct Density
{
	shm_mq_handle *queue;
	VisitSegment *segment;
	int64 until_us;
	MemoryContext page_context;
} Density;

/* Opens a relation without waiting; NULL when that cannot be, or it is gone. */
static Relation
open_relation(Oid relid)
{
	Relation relation;

	if (!OidIsValid(relid) || !ConditionalLockRelationOid(relid, AccessShareLock))
		return NULL;
	relation = try_relation_open(relid, NoLock);
	if (relation == NULL)
		UnlockRelationOid(relid, AccessShareLock);
	return relation;
}

static double
size_table(Oid relid)
{
	Relation table = open_relation(relid);
	double bytes = -1;

	if (table == NULL)
		return -1;
	if (table->rd_rel->relkind == RELKIND_RELATION || table->rd_rel->relkind == RELKIND_MATVIEW)
		bytes = dbops_dense_size_of_table(table);
	relation_close(table, AccessShareLock);
	return bytes;
}

static double
size_index(Oid relid)
{
	Relation table = open_relation(IndexGetRelation(relid, true));
	Relation index = table == NULL ? NULL : open_relation(relid);
	double bytes = -1;

	if (index != NULL)
	{
		if (index->rd_rel->relkind == RELKIND_INDEX &&
		    index->rd_index->indrelid == RelationGetRelid(table))
			bytes = dbops_dense_size_of_index(index, table);
		relation_close(index, AccessShareLock);
	}
	if (table != NULL)
		relation_close(table, AccessShareLock);
	return bytes;
}

static SeenDensity
see_density(const SpiRows *rows, uint64 row)
{
	bool isnull;
	SeenDensity seen = {.datid = MyDatabaseId};
	double bytes;

	seen.relid = DatumGetObjectId(dbops_spi_cell(rows, row, 0, &isnull));
	bytes = DatumGetChar(dbops_spi_cell(rows, row, 1, &isnull)) == RELKIND_INDEX ?
	            size_index(seen.relid) :
	            size_table(seen.relid);
	seen.dense_bytes = bytes < 0 ? FAMILY_NULL : (int64) bytes;
	return seen;
}

static bool
is_time_up(const Density *density)
{
	return dbops_clock_monotonic_us() >= density->until_us;
}

/* Sends a page, or what there is time for, one at least; whether there may be more. */
static bool
send_page(Density *density)
{
	const SpiValue params[] = {
	    {.type = OIDOID, .value = ObjectIdGetDatum(density->segment->after_density)},
	    {.type = INT4OID, .value = Int32GetDatum(DENSITY_LEAST_PAGES)},
	    {.type = INT8OID, .value = Int64GetDatum(PAGE_RELATIONS)},
	};
	const SpiRows *rows = dbops_spi_query(relations_query, params, lengthof(params));
	VisitFill fill = {.kind = VISIT_DENSITY, .ended = rows->nrows == 0};
	StringInfoData message;

	initStringInfo(&message);
	appendBinaryStringInfo(&message, (const char *) &fill, sizeof(fill));
	while (fill.count < rows->nrows && (fill.count == 0 || !is_time_up(density)))
	{
		const SeenDensity seen = see_density(rows, fill.count++);

		CHECK_FOR_INTERRUPTS();
		fill.after = seen.relid;
		appendBinaryStringInfo(&message, (const char *) &seen, sizeof(seen));
	}
	memcpy(message.data, &fill, sizeof(fill));
	dbops_visit_send(density->queue, message.len, message.data);
	density->segment->after_density = fill.after;
	return !fill.ended;
}

static void
send_pages(void *arg)
{
	Density *density = arg;
	bool more;

	density->until_us = dbops_clock_monotonic_us() + DENSITY_MS * INT64CONST(1000);
	density->page_context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops density page", ALLOCSET_DEFAULT_SIZES);
	do
	{
		MemoryContext old = MemoryContextSwitchTo(density->page_context);

		more = send_page(density);
		MemoryContextSwitchTo(old);
		MemoryContextReset(density->page_context);
	} while (more && !is_time_up(density));
}

void
dbops_visit_density_run(shm_mq_handle *queue, VisitSegment *segment, int64 started_us)
{
	static const Task task = {
	    .name = "inspect density", .timeout_ms = DENSITY_LIMIT_MS, .sql = true, .run = send_pages};
	Density density = {.queue = queue, .segment = segment};
	int64 spent_us = dbops_clock_monotonic_us() - started_us;

	if (spent_us < (VISIT_LIMIT_MS - DENSITY_LIMIT_MS) * INT64CONST(1000))
		dbops_tx_run(&task, &density, &segment->density_error);
}
