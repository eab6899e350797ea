/*
 * store/ticks.c
 *		Moving ticks from the ring into tables; see ticks.h.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/spi.h"
#include "store/node.h"
#include "store/quiet.h"
#include "store/registry.h"
#include "store/retention.h"
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

static int64 read_ring(TickBatch *batch, bool *active);

int64
dbops_ticks_store(TicksToStore which)
{
	TickBatch batch = {0};
	bool active = false;
	int64 last = read_ring(&batch, &active);

	/* Nothing to tell: wait until it is worth a row for each family. */
	if (which == TICKS_DUE && !active && batch.count > 0 &&
	    dbops_clock_now() - batch.ticks[0].at < QUIET_SPAN_US)
		return dbops_ring_stored();
	dbops_quiet_merge(&batch);
	if (batch.count > 0)
		dbops_ticks_insert(&batch, dbops_node_register(dbops_node_name()));
	return last;
}

/* Fills the batch; `active` tells whether somebody but dbops was.  Returns the last seq read. */
static int64
read_ring(TickBatch *batch, bool *active)
{
	int64 last = dbops_ring_stored();
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

static Datum
make_array(Datum *values, int n, Oid type)
{
	return PointerGetDatum(construct_array(values, n, type,
	                                       type == BYTEAOID ? -1 :
	                                       type == INT2OID  ? sizeof(int16) :
	                                                          sizeof(int64),
	                                       type != BYTEAOID,
	                                       type == BYTEAOID ? TYPALIGN_INT :
	                                       type == INT2OID  ? TYPALIGN_SHORT :
	                                                          TYPALIGN_DOUBLE));
}

static Datum
make_bytea(const char *data, int size)
{
	bytea *copy = palloc(VARHDRSZ + size);

	SET_VARSIZE(copy, VARHDRSZ + size);
	memcpy(VARDATA(copy), data, size);
	return PointerGetDatum(copy);
}

void
dbops_ticks_insert(const TickBatch *batch, int16 node)
{
	enum
	{
		AT,
		BOOT,
		SEQ,
		COVERS,
		FAMILY,
		FLAGS,
		DATA,
		NCOLUMNS
	};
	static const Oid types[NCOLUMNS] = {TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID,
	                                    INT2OID,        INT2OID, BYTEAOID};
	static const Oid array_types[NCOLUMNS] = {TIMESTAMPTZARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
	                                          INT8ARRAYOID,        INT2ARRAYOID, INT2ARRAYOID,
	                                          BYTEAARRAYOID};
	SpiValue params[1 + NCOLUMNS] = {{.type = INT2OID, .value = Int16GetDatum(node)}};
	Datum *columns[NCOLUMNS];
	char *member = dbops_resolution_member(RESOLUTION_RAW, dbops_retention_member(RESOLUTION_RAW));

	for (int c = 0; c < NCOLUMNS; c++)
		columns[c] = palloc(sizeof(Datum) * batch->count);
	for (int i = 0; i < batch->count; i++)
	{
		const Tick *tick = &batch->ticks[i];

		columns[AT][i] = TimestampTzGetDatum(tick->at);
		columns[BOOT][i] = Int64GetDatum(tick->boot);
		columns[SEQ][i] = Int64GetDatum(tick->seq);
		columns[COVERS][i] = Int64GetDatum(tick->covers_us);
		columns[FAMILY][i] = Int16GetDatum(tick->family);
		columns[FLAGS][i] = Int16GetDatum((int16) tick->flags);
		columns[DATA][i] = make_bytea(batch->data[i], tick->size);
	}
	for (int c = 0; c < NCOLUMNS; c++)
		params[1 + c] = (SpiValue){.type = array_types[c],
		                           .value = make_array(columns[c], batch->count, types[c])};
	dbops_spi_execute(psprintf(insert_ticks, member), params, lengthof(params));
}
