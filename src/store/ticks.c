/*
 * store/ticks.c
 *		Moving ticks from the ring into tables; see ticks.h.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/spi.h"
#include "store/node.h"
#include "store/quiet.h"
#include "store/receive.h"
#include "store/registry.h"
#include "store/retention.h"
#include "store/tick_arrays.h"
#include "store/ticks.h"

/* What one transaction takes on: an hour's backlog needs a few rounds, none of them long. */
#define MAX_BATCH_TICKS 2000
#define MAX_BATCH_BYTES (8 * 1024 * 1024)

static const char *const insert_ticks =
    "INSERT INTO %s (at, boot, seq, covers_us, node, family, flags, data)\n"
    "SELECT at, boot, seq, covers_us, $1, family, flags, data\n"
    "FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4),\n"
    "    pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7),\n"
    "    pg_catalog.unnest($8))\n"
    "    AS tick(at, boot, seq, covers_us, family, flags, data)\n"
    "ON CONFLICT DO NOTHING";

static int64 find_begin(void);
static int64 read_ring(int64 after, TickBatch *batch, bool *active);

int64
dbops_ticks_store(TicksToStore which)
{
	TickBatch batch = {0};
	bool active = false;
	int64 begin = find_begin();
	int64 last = read_ring(begin, &batch, &active);

	/* Nothing to tell: wait until it is worth a row for each family. */
	if (which == TICKS_DUE && !active && batch.count > 0 &&
	    dbops_clock_now() - batch.ticks[0].at < QUIET_SPAN_US)
		return begin;
	dbops_quiet_merge(&batch);
	if (batch.count > 0)
		dbops_ticks_insert(&batch, dbops_node_register(dbops_node_name()));
	return last;
}

/*
 * After what this process has stored.  What a standby has shipped came back by replication: once it
 * is promoted it goes on after that, as far as it has come back.
 */
static int64
find_begin(void)
{
	int64 stored = dbops_ring_stored();

	return stored > 0 ? stored : dbops_receive_last(dbops_ring_boot());
}

/* Fills the batch; `active` tells whether somebody but dbops was.  Returns the last seq read. */
static int64
read_ring(int64 after, TickBatch *batch, bool *active)
{
	int64 last = after;
	Size bytes = 0;
	Tick tick;
	char *data;

	for (int i = 0; i < MAX_BATCH_TICKS && bytes < MAX_BATCH_BYTES &&
	                dbops_ring_next(last, RING_ANY_FAMILY, &tick, &data);
	     i++)
	{
		last = tick.seq;
		bytes += tick.size;
		if (!(tick.flags & TICK_QUIET))
			*active = true;
		/* The ring also carries what is no family's tick; its readers take it from there. */
		if (dbops_registry_by_id(tick.family) != NULL)
			dbops_quiet_add(batch, &tick, data);
	}
	return last;
}

void
dbops_ticks_insert(const TickBatch *batch, int16 node)
{
	static const TickColumn columns[] = {TICK_COLUMN_AT,     TICK_COLUMN_BOOT,   TICK_COLUMN_SEQ,
	                                     TICK_COLUMN_COVERS, TICK_COLUMN_FAMILY, TICK_COLUMN_FLAGS,
	                                     TICK_COLUMN_DATA};
	SpiValue params[1 + lengthof(columns)] = {{.type = INT2OID, .value = Int16GetDatum(node)}};
	char *member = dbops_resolution_member(RESOLUTION_RAW, dbops_retention_member(RESOLUTION_RAW));

	for (int c = 0; c < lengthof(columns); c++)
		params[1 + c] = (SpiValue){.type = dbops_tick_array_type(columns[c]),
		                           .value = dbops_tick_array(batch, columns[c])};
	dbops_spi_execute(psprintf(insert_ticks, member), params, lengthof(params));
}
