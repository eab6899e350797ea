/*
 * store/repair.c
 *		Setting stored ticks and chunks aside that cannot be read; see repair.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/spi.h"
#include "store/registry.h"
#include "store/repair.h"
#include "store/rollup.h"
#include "store/verify.h"

static const char *const keep_tick =
    "INSERT INTO dbops.set_aside (table_name, node, family, at, error, boot, seq, covers_us,\n"
    "    flags, data)\n"
    "SELECT $4, $5, $6, at, $7, boot, seq, covers_us, flags, CASE WHEN $8 THEN data END\n"
    "FROM %s\n"
    "WHERE family = $1 AND node = $2 AND at = $3";

static const char *const keep_chunk =
    "INSERT INTO dbops.set_aside (table_name, node, family, at, error, to_at, head, data)\n"
    "SELECT $4, $5, $6, from_at, $7, to_at, CASE WHEN $8 THEN head END,\n"
    "    CASE WHEN $8 THEN data END\n"
    "FROM %s\n"
    "WHERE family = $1 AND node = $2 AND from_at = $3";

static const char *const delete_tick = "DELETE FROM %s WHERE family = $1 AND node = $2 AND at = $3";

static const char *const delete_chunk =
    "DELETE FROM %s WHERE family = $1 AND node = $2 AND from_at = $3";

/* A row on its way out of its table. */
typedef struct Removal
{
	const HistoryKey *key;
	const Repaired *repaired;
	bool with_bytes;
} Removal;

/* One pass over the history of a family and node at one resolution. */
typedef struct Pass
{
	HistoryKey key;
	const char *node;
	MemoryContext found_in; /* of the list */
	List *found;            /* of Repaired: rows that are corrupted */
} Pass;

static void check_pass(Pass *pass, const Family *family);
static void find_corrupted(void *arg);
static void mend(const Pass *pass, Repaired *repaired);

void
dbops_repair_run(bool only_check, void (*report)(const Repaired *repaired, void *arg), void *arg)
{
	StoredNode *nodes;
	int nnodes = dbops_scan_nodes(&nodes);
	Pass pass = {.found_in = CurrentMemoryContext};
	ListCell *cell;

	/* The finest first: what is coarser may be written anew from it. */
	for (pass.key.resolution = 0; pass.key.resolution < RESOLUTION_COUNT; pass.key.resolution++)
	{
		for (int i = 0; i < nnodes * dbops_registry_count(); i++)
		{
			const Family *family = dbops_registry_at(i / nnodes);

			pass.node = nodes[i % nnodes].name;
			pass.key.node = nodes[i % nnodes].id;
			pass.key.family = family->id;
			check_pass(&pass, family);
			foreach (cell, pass.found)
			{
				Repaired *repaired = lfirst(cell);

				if (!only_check && repaired->is_place)
					mend(&pass, repaired);
				report(repaired, arg);
			}
		}
	}
	if (!only_check)
		dbops_damage_forget();
}

static void
add_found(Pass *pass, const Repaired *repaired)
{
	MemoryContext old = MemoryContextSwitchTo(pass->found_in);

	pass->found =
	    lappend(pass->found, memcpy(palloc(sizeof(Repaired)), repaired, sizeof(Repaired)));
	MemoryContextSwitchTo(old);
}

/* Lists what is corrupted; if the table itself is, that too. */
static void
check_pass(Pass *pass, const Family *family)
{
	Repaired whole = {.act = REPAIR_FAILED};

	pass->found = NIL;
	if (dbops_tx_try(find_corrupted, pass, ERRCODE_DATA_CORRUPTED, &whole.error))
		return;
	strlcpy(whole.place.table, dbops_resolutions[pass->key.resolution].table, NAMEDATALEN);
	strlcpy(whole.place.node, pass->node, NAMEDATALEN);
	strlcpy(whole.place.family, family->name, NAMEDATALEN);
	add_found(pass, &whole);
}

static void
find_corrupted(void *arg)
{
	Pass *pass = arg;
	MemoryContext row =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops repair", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = CurrentMemoryContext;
	MemberScan *scan;
	const Stored *stored;

	PushActiveSnapshot(GetLatestSnapshot());
	scan = dbops_scan_begin(&pass->key, DT_NOBEGIN, DT_NOEND, false);
	while ((stored = dbops_scan_next(scan)) != NULL)
	{
		Repaired repaired = {.is_place = true};

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(row);
		if (!dbops_verify_stored(&pass->key, stored, &repaired.error))
		{
			repaired.place = dbops_verify_place(&pass->key, stored, pass->node);
			add_found(pass, &repaired);
		}
		MemoryContextSwitchTo(old);
		MemoryContextReset(row);
	}
	dbops_scan_end(scan);
	PopActiveSnapshot();
	MemoryContextDelete(row);
}

static Datum
text_datum(const char *value)
{
	return PointerGetDatum(cstring_to_text(value));
}

/* Moves the row to dbops.set_aside. */
static void
remove_row(void *arg)
{
	const Removal *removal = arg;
	const Repaired *repaired = removal->repaired;
	bool is_raw = removal->key->resolution == RESOLUTION_RAW;
	char *table = psprintf("dbops.%s", quote_identifier(repaired->place.table));
	SpiValue params[] = {
	    {.type = INT2OID, .value = Int16GetDatum(removal->key->family)},
	    {.type = INT2OID, .value = Int16GetDatum(removal->key->node)},
	    dbops_spi_instant(repaired->place.at),
	    {.type = TEXTOID, .value = text_datum(repaired->place.table)},
	    {.type = TEXTOID, .value = text_datum(repaired->place.node)},
	    {.type = TEXTOID, .value = text_datum(repaired->place.family)},
	    {.type = TEXTOID, .value = text_datum(repaired->error.message)},
	    {.type = BOOLOID, .value = BoolGetDatum(removal->with_bytes)},
	};

	dbops_spi_execute(psprintf(is_raw ? keep_tick : keep_chunk, table), params, lengthof(params));
	dbops_spi_execute(psprintf(is_raw ? delete_tick : delete_chunk, table), params, 3);
}

/* Sets the row aside; a chunk may be written anew. */
static void
mend(const Pass *pass, Repaired *repaired)
{
	Removal removal = {.key = &pass->key, .repaired = repaired, .with_bytes = true};
	TaskError error;

	repaired->act = REPAIR_SET_ASIDE;
	if (!dbops_tx_try(remove_row, &removal, ERRCODE_DATA_CORRUPTED, &error))
	{
		removal.with_bytes = false;
		remove_row(&removal);
		repaired->act = REPAIR_LOST;
	}
	if (pass->key.resolution == RESOLUTION_RAW)
		return;
	PushActiveSnapshot(GetLatestSnapshot());
	if (dbops_rollup_rebuild(&pass->key, pass->node, repaired->place.at))
		repaired->act = REPAIR_REBUILT;
	PopActiveSnapshot();
}

const char *
dbops_repair_act_name(RepairAct act)
{
	static const char *const names[] = {
	    [REPAIR_NONE] = "none",
	    [REPAIR_SET_ASIDE] = "set aside",
	    [REPAIR_LOST] = "removed: its bytes cannot be read",
	    [REPAIR_REBUILT] = "set aside, written anew from what finer history has",
	    [REPAIR_FAILED] = "none: the table itself cannot be read",
	};

	return names[act];
}
