/*
 * collect/pgstat_scan.c
 *		Copies of all statistics of one kind; see pgstat_scan.h.
 *
 * A file of its own because it is the only code that walks the server's shared statistics.
 *
 * The scan holds one partition of the shared hash after another, shared; whoever creates or drops
 * an object of that partition waits meanwhile.  So the loop only copies: memory is there before,
 * nothing is allocated, thrown or logged in it, and no pointer into shared memory leaves it.  An
 * entry cannot go away under the partition lock; its own lock is taken shared so that the copy is
 * not torn.
 */
#include "postgres.h"

#include "collect/pgstat_scan.h"
#include "core/compat.h"
#include "core/compat_statistics.h"

/* Head room over the last count, so that a growing server seldom needs a second scan. */
#define SPARE_ENTRIES 1024
#define SCANS_MAX 4

typedef struct ScanKind
{
	PgStat_Kind kind;
	Size item_size;   /* of the array */
	Size item_offset; /* of the statistics in an item */
	Size body_offset; /* of the statistics in shared memory */
	Size body_size;
} ScanKind;

/* All items begin with these. */
typedef struct ScanItem
{
	Oid datid;
	Oid objid;
} ScanItem;

static const ScanKind relations = {
    .kind = PGSTAT_KIND_RELATION,
    .item_size = sizeof(RelationStats),
    .item_offset = offsetof(RelationStats, stats),
    .body_offset = offsetof(PgStatShared_Relation, stats),
    .body_size = sizeof(PgStat_StatTabEntry),
};

static const ScanKind functions = {
    .kind = PGSTAT_KIND_FUNCTION,
    .item_size = sizeof(FunctionStats),
    .item_offset = offsetof(FunctionStats, stats),
    .body_offset = offsetof(PgStatShared_Function, stats),
    .body_size = sizeof(PgStat_StatFuncEntry),
};

static const ScanKind databases = {
    .kind = PGSTAT_KIND_DATABASE,
    .item_size = sizeof(DatabaseStats),
    .item_offset = offsetof(DatabaseStats, stats),
    .body_offset = offsetof(PgStatShared_Database, stats),
    .body_size = sizeof(PgStat_StatDBEntry),
};

static char *scan(const ScanKind *kind, int *expected, int *count);

RelationStats *
dbops_pgstat_scan_relations(int *count)
{
	static int expected = 0;

	return (RelationStats *) scan(&relations, &expected, count);
}

FunctionStats *
dbops_pgstat_scan_functions(int *count)
{
	static int expected = 0;

	return (FunctionStats *) scan(&functions, &expected, count);
}

DatabaseStats *
dbops_pgstat_scan_databases(int *count)
{
	static int expected = 0;

	return (DatabaseStats *) scan(&databases, &expected, count);
}

/* Copies up to `capacity` entries and returns how many there are. */
static int
copy_entries(const ScanKind *kind, char *items, int capacity)
{
	dshash_seq_status status;
	PgStatShared_HashEntry *entry;
	int found = 0;

	dshash_seq_init(&status, pgStatLocal.shared_hash, false);
	while ((entry = dshash_seq_next(&status)) != NULL)
	{
		PgStatShared_Common *body;
		char *item;

		if (entry->key.kind != kind->kind || entry->dropped)
			continue;
		if (found++ >= capacity)
			continue;
		item = items + (Size) (found - 1) * kind->item_size;
		((ScanItem *) item)->datid = entry->key.dboid;
		((ScanItem *) item)->objid = (Oid) dbops_compat_stat_objid(&entry->key);
		body = dsa_get_address(pgStatLocal.dsa, entry->body);
		LWLockAcquire(&body->lock, LW_SHARED);
		memcpy(item + kind->item_offset, (char *) body + kind->body_offset, kind->body_size);
		LWLockRelease(&body->lock);
	}
	dshash_seq_term(&status);
	return found;
}

/*
 * Scans again with more room when entries were added meanwhile; what still does not fit then is
 * left for the next sample.
 */
static char *
scan(const ScanKind *kind, int *expected, int *count)
{
	char *items = NULL;
	int capacity = 0;
	int found = *expected;

	for (int i = 0; i < SCANS_MAX && (items == NULL || found > capacity); i++)
	{
		if (items != NULL)
			pfree(items);
		capacity = found + found / 4 + SPARE_ENTRIES;
		items = palloc_extended(kind->item_size * (Size) capacity, MCXT_ALLOC_HUGE);
		found = copy_entries(kind, items, capacity);
	}
	*expected = found;
	*count = Min(found, capacity);
	return items;
}
