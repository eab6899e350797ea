/*
 * store/scan.c
 *		Reading the members of a ring in order of time; see scan.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "store/scan.h"

/* Columns of dbops.tick_N, as in sql/store/ticks.tables.sql. */
enum
{
	TICK_AT = 1,
	TICK_BOOT,
	TICK_SEQ,
	TICK_COVERS_US,
	TICK_NODE,
	TICK_FAMILY,
	TICK_FLAGS,
	TICK_DATA
};

/* Columns of dbops.chunk_*_N. */
enum
{
	CHUNK_FROM_AT = 1,
	CHUNK_TO_AT,
	CHUNK_NODE,
	CHUNK_FAMILY,
	CHUNK_HEAD,
	CHUNK_DATA
};

#define SCAN_KEYS 4

/* One member with its next row. */
typedef struct Member
{
	Relation table;
	Relation index;
	SysScanDesc scan;
	HeapTuple tuple;
	TimestampTz at; /* of the tuple */
} Member;

struct MemberScan
{
	MemoryContext context; /* lives as long as the scan */
	bool is_raw;
	ScanDirection direction;
	int nmembers;
	Member members[RESOLUTION_MEMBERS];
	Member *latest; /* the member of the row handed out */
	Stored stored;
};

static bool open_member(MemberScan *scan, Oid table, const ScanKeyData *keys, Member *member);
static void close_member(Member *member);
static void advance(MemberScan *scan, Member *member);
static void fill_stored(MemberScan *scan);

MemberScan *
dbops_scan_begin(const HistoryKey *key, TimestampTz from, TimestampTz to, bool backward)
{
	MemberScan *scan = palloc0(sizeof(MemberScan));
	bool is_raw = key->resolution == RESOLUTION_RAW;
	AttrNumber at = is_raw ? TICK_AT : CHUNK_FROM_AT;
	ScanKeyData keys[SCAN_KEYS];

	scan->context = CurrentMemoryContext;
	scan->is_raw = is_raw;
	scan->direction = backward ? BackwardScanDirection : ForwardScanDirection;
	for (int member = 0; member < RESOLUTION_MEMBERS; member++)
	{
		Oid table = dbops_resolution_member_oid(key->resolution, member);

		/* The scan changes the keys it is given. */
		ScanKeyInit(&keys[0], is_raw ? TICK_FAMILY : CHUNK_FAMILY, BTEqualStrategyNumber, F_INT2EQ,
		            Int16GetDatum(key->family));
		ScanKeyInit(&keys[1], is_raw ? TICK_NODE : CHUNK_NODE, BTEqualStrategyNumber, F_INT2EQ,
		            Int16GetDatum(key->node));
		ScanKeyInit(&keys[2], at, BTGreaterEqualStrategyNumber, F_TIMESTAMPTZ_GE,
		            TimestampTzGetDatum(from));
		ScanKeyInit(&keys[3], at, BTLessStrategyNumber, F_TIMESTAMPTZ_LT, TimestampTzGetDatum(to));
		if (OidIsValid(table) && open_member(scan, table, keys, &scan->members[scan->nmembers]))
			scan->nmembers++;
	}
	return scan;
}

static bool
open_member(MemberScan *scan, Oid table, const ScanKeyData *keys, Member *member)
{
	List *indexes;

	member->table = try_table_open(table, AccessShareLock);
	if (member->table == NULL)
		return false;
	/* The primary key is the only index. */
	indexes = RelationGetIndexList(member->table);
	if (indexes == NIL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("table \"dbops.%s\" has lost its primary key",
		                       RelationGetRelationName(member->table)),
		                errhint("DROP EXTENSION dbops; and CREATE EXTENSION dbops; make it anew, "
		                        "without what the history had.")));
	member->index = index_open(linitial_oid(indexes), AccessShareLock);
	list_free(indexes);
	member->scan = systable_beginscan_ordered(member->table, member->index, GetActiveSnapshot(),
	                                          SCAN_KEYS, unconstify(ScanKeyData *, keys));
	advance(scan, member);
	if (member->tuple != NULL)
		return true;
	close_member(member);
	return false;
}

static void
close_member(Member *member)
{
	systable_endscan_ordered(member->scan);
	index_close(member->index, AccessShareLock);
	table_close(member->table, AccessShareLock);
	member->tuple = NULL;
	member->scan = NULL;
}

static Datum
column(const Member *member, AttrNumber attribute)
{
	bool isnull;

	/* All columns are NOT NULL. */
	return heap_getattr(member->tuple, attribute, RelationGetDescr(member->table), &isnull);
}

/* An index scan keeps what it allocates on the way, as the list of dead entries it has met. */
static void
advance(MemberScan *scan, Member *member)
{
	MemoryContext old = MemoryContextSwitchTo(scan->context);

	member->tuple = systable_getnext_ordered(member->scan, scan->direction);
	MemoryContextSwitchTo(old);
	if (member->tuple != NULL)
		member->at = DatumGetTimestampTz(column(member, scan->is_raw ? TICK_AT : CHUNK_FROM_AT));
}

const Stored *
dbops_scan_next(MemberScan *scan)
{
	if (scan->latest != NULL)
		advance(scan, scan->latest);
	scan->latest = NULL;
	for (int i = 0; i < scan->nmembers; i++)
	{
		Member *member = &scan->members[i];

		if (member->tuple == NULL)
			continue;
		if (scan->latest == NULL ||
		    (ScanDirectionIsForward(scan->direction) ? member->at < scan->latest->at :
		                                               member->at > scan->latest->at))
			scan->latest = member;
	}
	if (scan->latest == NULL)
		return NULL;
	fill_stored(scan);
	return &scan->stored;
}

static void
fill_stored(MemberScan *scan)
{
	const Member *member = scan->latest;
	Stored *stored = &scan->stored;

	stored->at = member->at;
	stored->table = RelationGetRelationName(member->table);
	if (!scan->is_raw)
	{
		stored->to_at = DatumGetTimestampTz(column(member, CHUNK_TO_AT));
		stored->head = column(member, CHUNK_HEAD);
		stored->data = column(member, CHUNK_DATA);
		return;
	}
	stored->boot = DatumGetInt64(column(member, TICK_BOOT));
	stored->seq = DatumGetInt64(column(member, TICK_SEQ));
	stored->covers_us = DatumGetInt64(column(member, TICK_COVERS_US));
	stored->flags = (uint16) DatumGetInt16(column(member, TICK_FLAGS));
	stored->data = column(member, TICK_DATA);
}

void
dbops_scan_end(MemberScan *scan)
{
	for (int i = 0; i < scan->nmembers; i++)
		close_member(&scan->members[i]);
	pfree(scan);
}

static bool
scan_edge(const HistoryKey *key, TimestampTz to, bool backward, Stored *stored)
{
	MemberScan *scan = dbops_scan_begin(key, DT_NOBEGIN, to, backward);
	const Stored *found = dbops_scan_next(scan);

	if (found != NULL)
	{
		*stored = *found;
		stored->head = stored->data = (Datum) 0;
	}
	dbops_scan_end(scan);
	return found != NULL;
}

bool
dbops_scan_first(const HistoryKey *key, Stored *stored)
{
	return scan_edge(key, DT_NOEND, false, stored);
}

bool
dbops_scan_last(const HistoryKey *key, TimestampTz end, Stored *stored)
{
	return scan_edge(key, end - dbops_resolutions[key->resolution].window_us, true, stored);
}

int
dbops_scan_nodes(StoredNode **nodes)
{
	Oid table = dbops_resolution_table_oid("node");
	Relation relation = OidIsValid(table) ? try_table_open(table, AccessShareLock) : NULL;
	SysScanDesc scan;
	HeapTuple tuple;
	int count = 0;
	int capacity = 8;

	*nodes = palloc(sizeof(StoredNode) * capacity);
	if (relation == NULL)
		return 0;
	scan = systable_beginscan(relation, InvalidOid, false, GetActiveSnapshot(), 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool isnull;
		Datum id = heap_getattr(tuple, 1, RelationGetDescr(relation), &isnull);
		Datum name = heap_getattr(tuple, 2, RelationGetDescr(relation), &isnull);

		if (count == capacity)
			*nodes = repalloc(*nodes, sizeof(StoredNode) * (capacity *= 2));
		(*nodes)[count++] =
		    (StoredNode){.id = DatumGetInt16(id), .name = TextDatumGetCString(name)};
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return count;
}
