/*
 * store/receive.c
 *		Ticks that a standby ships, as the primary takes them; see receive.h.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/spi.h"
#include "core/tx.h"
#include "store/codec.h"
#include "store/node.h"
#include "store/object_batch.h"
#include "store/objects.h"
#include "store/receive.h"
#include "store/registry.h"
#include "store/reopen.h"
#include "store/retention.h"
#include "store/scan.h"
#include "store/ticks.h"

/* What one call takes: the sender stays far below. */
#define MAX_TICKS 10000
#define MAX_BYTES (32 * 1024 * 1024)
#define MAX_TICK_BYTES (16 * 1024 * 1024)

/* A few bytes can claim any number of rows, all of which are made to look at them. */
#define MAX_ROW_BYTES (256 * 1024 * 1024)

/* As long as a machine may have been suspended; sums of what samples cover must fit. */
#define LONGEST_COVERS_US (INT64CONST(1000) * USECS_PER_DAY)

#define KNOWN_FLAGS (TICK_QUIET | TICK_LATE | TICK_KEY | TICK_BASE)

/* Each server in the history is read by itself: there are to be servers, not any number. */
#define MAX_NODES 200

/*
 * A standby delivers every five minutes at least.  One that is connected but silent for longer has
 * gone without a word, and another of its name may be the same one after a restart.
 */
#define SILENT_US (6 * USECS_PER_MINUTE)

static const char *const count_nodes = "SELECT pg_catalog.count(*) FROM dbops.node";

static const char *const lock_shipper =
    "SELECT s.boot, s.seq, s.received_at,\n"
    "    s.pid = $2 AND s.backend_start = $3,\n"
    "    a.pid IS NOT NULL\n"
    "FROM dbops.shipper AS s\n"
    "    LEFT JOIN pg_catalog.pg_stat_get_activity(NULL) AS a\n"
    "        ON a.pid = s.pid AND a.backend_start = s.backend_start\n"
    "WHERE s.node = $1\n"
    "FOR UPDATE OF s";

static const char *const put_shipper =
    "INSERT INTO dbops.shipper AS s (node, boot, seq, at, received_at, pid, backend_start,\n"
    "    clock_ahead_us, ticks, refused, refusal)\n"
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)\n"
    "ON CONFLICT (node) DO UPDATE\n"
    "SET boot = excluded.boot,\n"
    "    seq = excluded.seq,\n"
    "    at = coalesce(excluded.at, s.at),\n"
    "    received_at = excluded.received_at,\n"
    "    pid = excluded.pid,\n"
    "    backend_start = excluded.backend_start,\n"
    "    clock_ahead_us = excluded.clock_ahead_us,\n"
    "    ticks = s.ticks + excluded.ticks,\n"
    "    refused = s.refused + excluded.refused,\n"
    "    refusal = coalesce(excluded.refusal, s.refusal)";

static const char *const last_shipped = "SELECT s.seq\n"
                                        "FROM dbops.shipper AS s\n"
                                        "    JOIN dbops.node AS n ON n.id = s.node\n"
                                        "WHERE n.name = $1 AND s.boot = $2";

/* What is looked at in a subtransaction: a tick of a family, or a batch of names. */
typedef struct Sample
{
	char *data;
	Size size;
	const Family *family; /* NULL: names */
	TimestampTz at;       /* of names */
} Sample;

/* A family and node, and from when on ticks of theirs have come. */
typedef struct Late
{
	HistoryKey key;
	TimestampTz first;
} Late;

/* ---- the sender ---- */

static void
check_sender(const Shipment *shipment)
{
	if (RecoveryInProgress())
		ereport(ERROR,
		        (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
		         errmsg("this server is a standby itself"),
		         errhint("dbops.primary_conninfo must lead to the primary.  With several hosts, "
		                 "target_session_attrs=read-write finds it.")));
	if (shipment->system_identifier != (int64) GetSystemIdentifier())
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("the sender is no standby of this server"),
		                errdetail("Their system identifiers differ."),
		                errhint("dbops.primary_conninfo must lead to the sender's primary.")));
	if (shipment->node[0] == '\0' || strlen(shipment->node) >= NAMEDATALEN * 4)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("a name of a node must have 1 to %d bytes", NAMEDATALEN * 4 - 1)));
	if (strcmp(shipment->node, dbops_node_name()) == 0)
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
		                errmsg("node \"%s\" is this server", shipment->node),
		                errhint("Give the standby a dbops.node_name of its own, and restart it.")));
}

static void
check_order(const TickBatch *ticks)
{
	Size bytes = 0;

	for (int i = 0; i < ticks->count; i++)
	{
		/* One that is too large is refused alone. */
		if (ticks->ticks[i].size <= MAX_TICK_BYTES)
			bytes += ticks->ticks[i].size;
		if (ticks->ticks[i].seq <= (i > 0 ? ticks->ticks[i - 1].seq : 0))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("numbers of samples must be positive and ascending")));
	}
	if (ticks->count > MAX_TICKS || bytes > MAX_BYTES)
		ereport(ERROR,
		        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		         errmsg("%d samples of %zu bytes are too many at once", ticks->count, bytes),
		         errdetail("At most %d samples and %d bytes are taken.", MAX_TICKS, MAX_BYTES)));
}

static int16
register_node(const char *name)
{
	bool isnull;
	SpiRows *rows = dbops_spi_query(count_nodes, NULL, 0);

	if (DatumGetInt64(dbops_spi_cell(rows, 0, 0, &isnull)) >= MAX_NODES &&
	    !dbops_node_is_registered(name))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("there are %d nodes in the history already", MAX_NODES)));
	return dbops_node_register(name);
}

static void
refuse_namesake(const char *node, TimestampTz received_at)
{
	ereport(
	    ERROR,
	    (errcode(ERRCODE_OBJECT_IN_USE), errmsg("another server ships as node \"%s\"", node),
	     errdetail("It is connected, and last delivered at %s.", timestamptz_to_str(received_at)),
	     errhint("Give each standby a dbops.node_name of its own, and restart it.")));
}

/*
 * The last tick of this boot that is here.  Whoever delivers under the name now goes on; a batch
 * under way is waited for, by the lock on the row.
 */
static int64
claim(const Shipment *shipment, int16 node, TimestampTz now)
{
	const SpiValue params[] = {{.type = INT2OID, .value = Int16GetDatum(node)},
	                           {.type = INT4OID, .value = Int32GetDatum(MyProcPid)},
	                           dbops_spi_instant(MyStartTimestamp)};
	SpiRows *rows = dbops_spi_query_now(lock_shipper, params, lengthof(params));
	TimestampTz received_at;
	bool same_boot;
	bool is_ours;
	bool connected;
	bool isnull;

	if (rows->nrows == 0)
		return 0;
	same_boot = DatumGetInt64(dbops_spi_cell(rows, 0, 0, &isnull)) == shipment->boot;
	received_at = DatumGetTimestampTz(dbops_spi_cell(rows, 0, 2, &isnull));
	is_ours = DatumGetBool(dbops_spi_cell(rows, 0, 3, &isnull));
	connected = DatumGetBool(dbops_spi_cell(rows, 0, 4, &isnull));
	if (!same_boot && connected && !is_ours && now - received_at < SILENT_US)
		refuse_namesake(shipment->node, received_at);
	return same_boot ? DatumGetInt64(dbops_spi_cell(rows, 0, 1, &isnull)) : 0;
}

/* ---- its ticks ---- */

static void
refuse(Receipt *receipt, const Tick *tick, int sqlerrcode, const char *why)
{
	const Family *family = dbops_registry_by_id(tick->family);

	receipt->refused++;
	receipt->sqlerrcode = sqlerrcode;
	snprintf(receipt->message, sizeof(receipt->message), "sample of %s at %s: %s",
	         family != NULL ? family->name : psprintf("family %d", tick->family),
	         timestamptz_to_str(tick->at), why);
	receipt->hint = NULL;
}

static bool
is_of_our_time(const Tick *tick, TimestampTz now, Receipt *receipt)
{
	if (tick->at >= dbops_scan_end_of(now))
	{
		refuse(receipt, tick, ERRCODE_DATETIME_FIELD_OVERFLOW,
		       "it is more than an hour ahead of this server's clock");
		receipt->hint = "Set the clocks of both servers.";
		return false;
	}
	if (tick->at <= now - dbops_retention_kept_us(RESOLUTION_RAW))
	{
		refuse(receipt, tick, ERRCODE_DATETIME_FIELD_OVERFLOW,
		       "it is older than samples are kept as taken");
		receipt->hint = "Set the clocks of both servers, or raise dbops.raw_retention on the "
		                "primary.";
		return false;
	}
	return true;
}

/* As readers do. */
static void
read_tick(void *arg)
{
	const Sample *sample = arg;
	Size row_bytes = sizeof(EntityKey) + sizeof(int64) * sample->family->nmetrics;
	Frame *frame;

	if (dbops_codec_rows(sample->data, sample->size) > MAX_ROW_BYTES / row_bytes)
		ereport(ERROR,
		        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("it claims too many rows")));
	frame = dbops_frame_create(sample->family);
	dbops_codec_decode(sample->data, sample->size, NULL, frame);
	dbops_frame_free(frame);
}

static bool
is_acceptable(const Tick *tick, char *data, TimestampTz now, Receipt *receipt)
{
	Sample sample = {
	    .data = data, .size = tick->size, .family = dbops_registry_by_id(tick->family)};
	TaskError error;

	if (!is_of_our_time(tick, now, receipt))
		return false;
	if (sample.family == NULL)
	{
		refuse(receipt, tick, ERRCODE_UNDEFINED_OBJECT, "this server does not know the family");
		receipt->hint = "Install on the primary the version of dbops that the standby has.";
	}
	else if (tick->size > MAX_TICK_BYTES)
		refuse(receipt, tick, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "it is too large");
	else if (tick->covers_us < 0 || tick->covers_us > LONGEST_COVERS_US ||
	         (tick->flags & ~KNOWN_FLAGS) != 0)
		refuse(receipt, tick, ERRCODE_DATA_CORRUPTED, "its time or its flags are out of range");
	else if (!dbops_tx_try(read_tick, &sample, TX_ANY_ERROR, &error))
		refuse(receipt, tick, error.sqlerrcode, error.message);
	else
		return true;
	return false;
}

static void
add_texts(void *arg)
{
	const Sample *names = arg;

	dbops_objects_add_statements(names->data, names->size, names->at);
}

/* Statements seen on the standby alone; other names are the primary's own. */
static void
take_names(const Tick *tick, char *data, TimestampTz now, Receipt *receipt)
{
	Sample names = {.data = palloc0(tick->size + 1), .size = tick->size, .at = Min(tick->at, now)};
	TaskError error;

	/* The last text need not end: strings are read as those of messages, behind which is a zero. */
	memcpy(names.data, data, tick->size);
	if (dbops_tx_try(add_texts, &names, TX_ANY_ERROR, &error))
		receipt->stored++;
	else
		refuse(receipt, tick, error.sqlerrcode, error.message);
}

/* Fills `accepted` with ticks after `seq` that are as they should be. */
static void
sort_out(const Shipment *shipment, int64 seq, TickBatch *accepted, Receipt *receipt)
{
	TimestampTz now = dbops_clock_now();
	MemoryContext work =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops receive", ALLOCSET_DEFAULT_SIZES);

	for (int i = 0; i < shipment->ticks.count; i++)
	{
		Tick tick = shipment->ticks.ticks[i];
		char *data = shipment->ticks.data[i];
		MemoryContext old;
		bool taken = false;

		CHECK_FOR_INTERRUPTS();
		if (tick.seq <= seq)
			continue;
		tick.boot = shipment->boot;
		old = MemoryContextSwitchTo(work);
		if (tick.family == OBJECTS_FAMILY && tick.size <= MAX_TICK_BYTES)
			take_names(&tick, data, now, receipt);
		else
			taken = is_acceptable(&tick, data, now, receipt);
		MemoryContextSwitchTo(old);
		MemoryContextReset(work);
		if (taken)
			dbops_quiet_add(accepted, &tick, data);
	}
	MemoryContextDelete(work);
}

static void
reopen(void *arg)
{
	const Late *late = arg;

	dbops_reopen_from(&late->key, late->first);
}

/* Windows that are packed already are packed anew, with what comes late. */
static void
reopen_windows(const TickBatch *ticks, int16 node)
{
	for (int f = 0; f < dbops_registry_count(); f++)
	{
		Late late = {.key = {.family = dbops_registry_at(f)->id, .node = node}, .first = DT_NOEND};
		TaskError error;

		for (int i = 0; i < ticks->count; i++)
		{
			const Tick *tick = &ticks->ticks[i];

			if (tick->family == late.key.family)
				late.first = Min(late.first, dbops_tick_place(tick->at, tick->covers_us));
		}
		/* A chunk that cannot be read stays, and is told of by who reads it. */
		if (late.first != DT_NOEND)
			(void) dbops_tx_try(reopen, &late, ERRCODE_DATA_CORRUPTED, &error);
	}
}

static void
note_delivery(const Shipment *shipment, int16 node, const TickBatch *taken, const Receipt *receipt)
{
	TimestampTz last_at = 0;

	for (int i = 0; i < taken->count; i++)
		last_at = last_at == 0 ? taken->ticks[i].at : Max(last_at, taken->ticks[i].at);
	dbops_spi_execute(put_shipper,
	                  (SpiValue[]){
	                      {.type = INT2OID, .value = Int16GetDatum(node)},
	                      {.type = INT8OID, .value = Int64GetDatum(shipment->boot)},
	                      {.type = INT8OID, .value = Int64GetDatum(receipt->seq)},
	                      dbops_spi_instant(last_at),
	                      dbops_spi_instant(dbops_clock_now()),
	                      {.type = INT4OID, .value = Int32GetDatum(MyProcPid)},
	                      dbops_spi_instant(MyStartTimestamp),
	                      {.type = INT8OID, .value = Int64GetDatum(receipt->clock_ahead_us)},
	                      {.type = INT8OID, .value = Int64GetDatum(receipt->stored)},
	                      {.type = INT8OID, .value = Int64GetDatum(receipt->refused)},
	                      dbops_spi_text(receipt->sqlerrcode == 0 ?
	                                         NULL :
	                                         psprintf("%s (SQLSTATE %s)", receipt->message,
	                                                  unpack_sql_state(receipt->sqlerrcode))),
	                  },
	                  11);
}

void
dbops_receive(const Shipment *shipment, Receipt *receipt)
{
	TimestampTz now = dbops_clock_now();
	TickBatch accepted = {0};
	int count = shipment->ticks.count;
	int16 node;
	int64 seq;

	memset(receipt, 0, sizeof(*receipt));
	check_sender(shipment);
	check_order(&shipment->ticks);
	receipt->clock_ahead_us = shipment->clock - now;
	node = register_node(shipment->node);
	seq = claim(shipment, node, now);
	sort_out(shipment, seq, &accepted, receipt);
	if (accepted.count > 0)
	{
		reopen_windows(&accepted, node);
		dbops_ticks_insert(&accepted, node);
	}
	receipt->stored += accepted.count;
	receipt->seq = count > 0 ? Max(seq, shipment->ticks.ticks[count - 1].seq) : seq;
	note_delivery(shipment, node, &accepted, receipt);
}

int64
dbops_receive_last(int64 boot)
{
	const SpiValue params[] = {dbops_spi_text(dbops_node_name()),
	                           {.type = INT8OID, .value = Int64GetDatum(boot)}};
	SpiRows *rows;
	bool isnull;

	/* An extension of before has no such table. */
	if (!OidIsValid(dbops_resolution_table_oid("shipper")))
		return 0;
	rows = dbops_spi_query(last_shipped, params, lengthof(params));
	return rows->nrows == 0 ? 0 : DatumGetInt64(dbops_spi_cell(rows, 0, 0, &isnull));
}
