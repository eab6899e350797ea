/*
 * advise/write_cost.c
 *		What keeping an index costs; see write_cost.h.
 *
 * Constants are nanoseconds of CPU time and bytes as test/bench/index_upkeep measured them with
 * PostgreSQL 15 on an AMD EPYC, all in memory, tables of half a million rows.  advise/cpu_speed.h
 * tells how slow a server is beside that one.
 */
#include "postgres.h"

#include <math.h>

#include "access/attnum.h"
#include "access/sysattr.h"
#include "catalog/pg_am_d.h"

#include "advise/cpu_speed.h"
#include "advise/write_cost.h"

/* What the entry of a row takes by access method. */
typedef struct MethodCost
{
	Oid am;
	double entry_ns;   /* forming it, placing it where the last one went, WAL */
	double element_ns; /* for each of the keys that GIN makes of the row */
	bool searches;     /* for the place of the key, by comparisons */
	double wal_bytes;  /* of its record, beside the entry itself; 0: next to none */
	double vacuum_ns;  /* for each entry that a vacuum passes, or each of its elements */
} MethodCost;

/*
 * By the lines "insert" and "vacuum" of the bench.  B-trees took 0.6 to 1.1 us for ascending keys,
 * 2.7 to 3.8 for random ones, hash 1.0 to 1.6, GIN 14 for 5 keys and 60 for 20 (the merge of its
 * pending list included), GiST 8.9 for points and 17 for ranges, SP-GiST 3.5 to 4.1, BRIN 0.3 to
 * 0.6 (the summary by vacuum included).
 */
static const MethodCost method_costs[] = {
    {.am = BTREE_AM_OID, .entry_ns = 750, .searches = true, .wal_bytes = 46, .vacuum_ns = 60},
    {.am = HASH_AM_OID, .entry_ns = 1400, .wal_bytes = 55, .vacuum_ns = 100},
    {.am = GIN_AM_OID, .entry_ns = 500, .element_ns = 2900, .wal_bytes = 200, .vacuum_ns = 110},
    {.am = GIST_AM_OID, .entry_ns = 12500, .wal_bytes = 130, .vacuum_ns = 150},
    {.am = SPGIST_AM_OID, .entry_ns = 3500, .wal_bytes = 90, .vacuum_ns = 90},
    {.am = BRIN_AM_OID, .entry_ns = 400},
};

/* What an extension brings is most like GiST, if anything. */
#define OTHER_METHOD (&method_costs[3])

/*
 * A comparison on the way to the place of a key that is not where the last one went, misses of the
 * processor's caches included: 2.7 us for log2(500000) of random integers, 4.5 to 6.5 for texts.
 */
static const double compare_ns[] = {
    [WRITE_KEY_NUMBER] = 140,
    [WRITE_KEY_BYTES] = 260,
    [WRITE_KEY_COLLATED] = 300,
};

/* Each column beyond the first (1.3 to 2.0 us were seen), and each expression (0.8 to 2.3). */
#define COLUMN_NS 1000
#define EXPRESSION_NS 800

/* Of all rows, also those that the predicate leaves out. */
#define PREDICATE_NS 50

/*
 * The new version of an updated row has an equal key as a rule: it is compared with more, and full
 * pages are first searched for old versions.  Updates took 1.1 to 1.5 times as long as inserts.
 */
#define UPDATED_FACTOR 1.3

/* A page image is copied and checksummed, and the page written once more by the checkpoint. */
#define IMAGE_NS 6000
#define PAGE_BYTES 8192

/* Splits copy half a page for as many bytes of entries: each way, of random keys. */
#define SPLIT_WAL 2
#define LEAST_ENTRY_BYTES 20
#define PAGE_FILL 0.8

/* Taking a dead entry out of its page, and remembering its row until then. */
#define DEAD_ENTRY_NS 350

/* Where the server does not say: an SSD, checkpoint_timeout, and autovacuum as they come. */
#define READ_MS 0.1
#define CHECKPOINT_SECONDS 300
#define VACUUM_THRESHOLD 50
#define VACUUM_SCALE 0.2

#define SECONDS_A_DAY 86400
#define NS_A_MS 1e6

/*
 * Share of updates that find room in their page, where none could be seen because all of them set
 * columns that are indexed: as often as not.
 */
#define HOT_ASSUMED 0.5

/* The indexes of a table, with one more or one less. */
typedef struct IndexSet
{
	const WriteFacts *facts;
	const WriteIndex *more; /* NULL: none */
	int less;               /* -1: none */
} IndexSet;

/* How updates behave that could be HOT, and that could not. */
typedef struct HotShares
{
	double scale;   /* rows there are for each row of the kinds that are known */
	double fits;    /* of updates that change no indexed column: those that are HOT */
	double changes; /* of updates that set indexed columns: those where a value differs */
} HotShares;

/* Rows a day. */
typedef struct Rows
{
	double hot;
	double not_hot;
} Rows;

static bool
sets_column_of(const UpdateFacts *kind, const WriteIndex *index)
{
	const int whole_row = InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber;

	return bms_overlap(kind->columns, index->columns) ||
	       (kind->columns != NULL && bms_is_member(whole_row, index->columns));
}

static const WriteIndex *
index_at(const IndexSet *set, int i)
{
	if (i == set->less)
		return NULL;
	return i < set->facts->nindexes ? &set->facts->indexes[i] : set->more;
}

/* Whether an update of the kind cannot be HOT if it changes what it sets. */
static bool
sets_indexed(const IndexSet *set, const UpdateFacts *kind)
{
	for (int i = 0; i <= set->facts->nindexes; i++)
	{
		const WriteIndex *index = index_at(set, i);

		if (index != NULL && !index->summarizing && sets_column_of(kind, index))
			return true;
	}
	return false;
}

/*
 * What the share of HOT updates, with the indexes that exist, says of them.  If more are HOT than
 * set no indexed column, some set columns to what they are: mappers of objects to rows do.
 */
static HotShares
find_shares(const WriteFacts *facts)
{
	const IndexSet existing = {.facts = facts, .less = -1};
	HotShares shares = {.scale = 0, .fits = HOT_ASSUMED, .changes = 1};
	double seen = 0;
	double indexed = 0;
	double free;
	double hot;

	for (int i = 0; i < facts->nkinds; i++)
	{
		seen += facts->kinds[i].rows;
		if (sets_indexed(&existing, &facts->kinds[i]))
			indexed += facts->kinds[i].rows;
	}
	if (seen <= 0)
		return shares;

	hot = Min(facts->hot_updates, facts->updates);
	shares.scale = facts->updates / seen;
	indexed *= shares.scale;
	free = facts->updates - indexed;
	if (hot > free)
	{
		shares.fits = 1;
		shares.changes = Max(0, 1 - (hot - free) / indexed);
	}
	else if (free > 0)
		shares.fits = hot / free;
	return shares;
}

/* Rows of a kind with these indexes. */
static Rows
rows_of_kind(const IndexSet *set, const HotShares *shares, const UpdateFacts *kind)
{
	const IndexSet existing = {.facts = set->facts, .less = -1};
	const double rows = kind->rows * shares->scale;
	double hot = rows * shares->fits;

	if (sets_indexed(set, kind))
		hot *= 1 - shares->changes;
	/* Another column of theirs is as likely to change. */
	if (set->more != NULL && !set->more->summarizing && sets_column_of(kind, set->more) &&
	    sets_indexed(&existing, kind))
		hot *= 1 - shares->changes;
	return (Rows){.hot = hot, .not_hot = rows - hot};
}

/* All updates with these indexes. */
static Rows
find_updates(const IndexSet *set, const HotShares *shares)
{
	const WriteFacts *facts = set->facts;
	Rows sum = {0};

	if (shares->scale == 0)
		return (Rows){.hot = facts->hot_updates, .not_hot = facts->updates - facts->hot_updates};
	for (int i = 0; i < facts->nkinds; i++)
	{
		const Rows rows = rows_of_kind(set, shares, &facts->kinds[i]);

		sum.hot += rows.hot;
		sum.not_hot += rows.not_hot;
	}
	return sum;
}

/* HOT updates that a summarizing index has to look at all the same. */
static double
find_summarized(const IndexSet *set, const HotShares *shares, const WriteIndex *index)
{
	double sum = 0;

	if (!index->summarizing)
		return 0;
	for (int i = 0; i < set->facts->nkinds; i++)
		if (sets_column_of(&set->facts->kinds[i], index))
			sum += rows_of_kind(set, shares, &set->facts->kinds[i]).hot;
	return sum;
}

static const MethodCost *
find_method(Oid am)
{
	for (int i = 0; i < lengthof(method_costs); i++)
		if (method_costs[i].am == am)
			return &method_costs[i];
	return OTHER_METHOD;
}

static double
count_pages(const WriteIndex *index)
{
	return Max(index->pages, 1);
}

/* How much of what comes in goes to places of its own, 0 to 1. */
static double
find_randomness(const WriteIndex *index)
{
	if (isnan(index->correlation))
		return 1;
	return 1 - index->correlation * index->correlation;
}

/* CPU time of an entry that goes anywhere, or where the last one went. */
static double
price_entry(const WriteIndex *index, bool anywhere)
{
	const MethodCost *method = find_method(index->am);
	const double distinct = index->ndistinct > 0 ? index->ndistinct : index->tuples;
	double ns = method->entry_ns;

	if (method->element_ns > 0)
		ns += Max(index->nelements, 1) * method->element_ns;
	if (method->searches && anywhere)
		ns += log2(Max(distinct, 2)) * compare_ns[index->key];
	if (method->searches)
		ns += Max(index->ncolumns - 1, 0) * COLUMN_NS;
	return ns + index->nexpressions * EXPRESSION_NS;
}

/* Bytes of an entry with its line pointer, or of those of all its elements. */
static double
measure_entry(const WriteIndex *index)
{
	if (find_method(index->am)->wal_bytes == 0)
		return 0;
	if (index->am == GIN_AM_OID)
		return LEAST_ENTRY_BYTES * Max(index->nelements, 1);
	return Max(index->pages * PAGE_BYTES * PAGE_FILL / Max(index->tuples, 1), LEAST_ENTRY_BYTES);
}

/* Pages that an index gets dirty in a day, counted once between two checkpoints. */
static double
count_dirtied(const WriteFacts *facts, const WriteIndex *index, double random, double ordered)
{
	const double seconds =
	    facts->checkpoint_seconds > 0 ? facts->checkpoint_seconds : CHECKPOINT_SECONDS;
	const double checkpoints = SECONDS_A_DAY / seconds;
	const double pages = count_pages(index);
	/* Equal keys are in the order of the table: new ones go to the end of theirs. */
	const double places = index->ndistinct > 0 ? Min(pages, index->ndistinct) : pages;
	const double per_page = Max(index->tuples / pages, 1);

	return checkpoints * places * -expm1(-random / checkpoints / places) +
	       Min(ordered, ordered / per_page + checkpoints);
}

/* What vacuum does in this index for so many dead rows. */
static double
price_vacuum(const WriteFacts *facts, const WriteIndex *index, double dead)
{
	const MethodCost *method = find_method(index->am);
	const double tuples = isnan(facts->table_tuples) ? index->tuples : facts->table_tuples;
	const double enough = facts->dead_per_vacuum > 0 ? facts->dead_per_vacuum :
	                                                   VACUUM_THRESHOLD + VACUUM_SCALE * tuples;
	const double elements = index->am == GIN_AM_OID ? Max(index->nelements, 1) : 1;

	if (method->vacuum_ns == 0)
		return 0;
	return elements * (dead / enough * index->tuples * method->vacuum_ns +
	                   dead * index->selectivity * DEAD_ENTRY_NS);
}

/* Time to read what is not cached of the pages on the way to an entry that goes anywhere. */
static double
price_misses(const WriteFacts *facts, const WriteIndex *index)
{
	const double ratio = isnan(facts->cached_ratio) ? 0 : 1 - facts->cached_ratio;
	/* The levels above the leaves are asked for as often, and always there. */
	const double misses = Min(ratio * (Max(index->tree_height, 0) + 1), 1);

	return misses * (facts->read_ms > 0 ? facts->read_ms : READ_MS);
}

/* Adds what one index costs in a day; `updates` are not HOT, `summarized` ones are. */
static void
add_index(const WriteFacts *facts, const WriteIndex *index, double updates, double summarized,
          WriteCost *sum)
{
	const MethodCost *method = find_method(index->am);
	const double share = index->selectivity;
	const double randomness = find_randomness(index);
	/* What is updated lies anywhere, whatever order rows come in. */
	const double updated = updates * share;
	const double random = facts->inserts * randomness * share;
	const double ordered = facts->inserts * (1 - randomness) * share;
	const double elements = index->am == GIN_AM_OID ? Max(index->nelements, 1) : 1;
	const double dirtied = count_dirtied(facts, index, (random + updated) * elements, ordered);
	const double images = facts->full_page_writes && method->wal_bytes > 0 ? dirtied : 0;
	const double vacuum = price_vacuum(facts, index, facts->deletes + updates);
	const double entry_bytes = measure_entry(index);
	const double speed = dbops_cpu_speed_factor(facts->ms_per_cost);
	double ns = (random + updated * UPDATED_FACTOR) * price_entry(index, true) +
	            ordered * price_entry(index, false) + summarized * method->entry_ns +
	            images * IMAGE_NS + vacuum;

	if (share < 1)
		ns += (facts->inserts + updates) * PREDICATE_NS;
	sum->vacuum_ms_per_day += vacuum / NS_A_MS * speed;
	sum->ms_per_day += ns / NS_A_MS * speed;
	if (method->wal_bytes == 0)
		return;
	sum->ms_per_day += (random + updated) * price_misses(facts, index);
	sum->bytes_per_day += (random + updated + ordered) * entry_bytes;
	sum->wal_bytes_per_day +=
	    (random + updated + ordered) * (method->wal_bytes * elements + entry_bytes) +
	    (random + updated) * entry_bytes * SPLIT_WAL + images * PAGE_BYTES;
}

/* What the indexes of a set cost if so many updates are not HOT. */
static WriteCost
price_set(const IndexSet *set, const HotShares *shares, double updates)
{
	WriteCost sum = {0};

	for (int i = 0; i <= set->facts->nindexes; i++)
	{
		const WriteIndex *index = index_at(set, i);

		if (index != NULL)
			add_index(set->facts, index, updates, find_summarized(set, shares, index), &sum);
	}
	return sum;
}

static bool
counts_known(const WriteFacts *facts)
{
	return !isnan(facts->inserts) && !isnan(facts->updates) && !isnan(facts->hot_updates) &&
	       !isnan(facts->deletes);
}

/*
 * Where it is not known what updates set: at worst all of them are HOT without the index, and none
 * with it.
 */
static void
mark_risk(WriteCost *cost, const IndexSet *with, const IndexSet *without, const HotShares *shares)
{
	const double updates = find_updates(with, shares).not_hot;
	const double most = with->more == NULL ? updates : with->facts->updates;
	const double least = with->more == NULL ? 0 : updates;

	if (most <= least)
		return;
	cost->known = WRITES_COLUMNS_UNKNOWN;
	cost->hot_ms_per_day = NAN;
	cost->hot_updates_per_day = NAN;
	cost->hot_ms_at_risk = price_set(with, shares, most).ms_per_day -
	                       price_set(without, shares, least).ms_per_day - cost->ms_per_day;
}

/* What a set costs more than another, which lacks one of its indexes. */
static WriteCost
compare_sets(const IndexSet *with, const IndexSet *without, const WriteIndex *index)
{
	const WriteFacts *facts = with->facts;
	HotShares shares;
	double updates;
	double updates_without;
	WriteCost cost;
	WriteCost base;

	if (!counts_known(facts))
		return (WriteCost){WRITES_UNKNOWN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};

	shares = find_shares(facts);
	updates = find_updates(with, &shares).not_hot;
	updates_without = find_updates(without, &shares).not_hot;
	cost = price_set(with, &shares, updates);
	base = price_set(without, &shares, updates_without);
	cost.hot_updates_per_day = updates - updates_without;
	cost.hot_ms_per_day = cost.ms_per_day - price_set(with, &shares, updates_without).ms_per_day;
	cost.ms_per_day -= base.ms_per_day;
	cost.vacuum_ms_per_day -= base.vacuum_ms_per_day;
	cost.bytes_per_day -= base.bytes_per_day;
	cost.wal_bytes_per_day -= base.wal_bytes_per_day;
	if (shares.scale == 0 && !index->summarizing)
		mark_risk(&cost, with, without, &shares);
	return cost;
}

WriteCost
dbops_write_cost(const WriteFacts *facts, const WriteIndex *index)
{
	const IndexSet with = {.facts = facts, .more = index, .less = -1};
	const IndexSet without = {.facts = facts, .less = -1};

	return compare_sets(&with, &without, index);
}

WriteCost
dbops_write_cost_existing(const WriteFacts *facts, int i)
{
	const IndexSet with = {.facts = facts, .less = -1};
	const IndexSet without = {.facts = facts, .less = i};

	return compare_sets(&with, &without, &facts->indexes[i]);
}

const char *
dbops_write_cost_unknown(WriteKnown known)
{
	static const char *const reasons[] = {
	    [WRITES_KNOWN] = NULL,
	    [WRITES_COLUMNS_UNKNOWN] = "which columns the updates set is not known",
	    [WRITES_UNKNOWN] = "how many rows are written is not known",
	};

	return reasons[known];
}
