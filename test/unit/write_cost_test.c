/*
 * test/unit/write_cost_test.c
 *		What an index costs those who write: by how rows come, what updates set, and what is unknown.
 *
 * sources: src/advise/write_cost.c
 */
#include "postgres.h"

#include <math.h>

#include "access/attnum.h"
#include "access/sysattr.h"
#include "catalog/pg_am_d.h"

#include "advise/write_cost.h"

#include "tap.h"

#define DAY_ROWS 1000000.0

/* The server's, of one word, which is all these tests need. */
bool
bms_overlap(const Bitmapset *a, const Bitmapset *b)
{
	return a != NULL && b != NULL && (a->words[0] & b->words[0]) != 0;
}

bool
bms_is_member(int x, const Bitmapset *a)
{
	return a != NULL && (a->words[0] & ((bitmapword) 1 << x)) != 0;
}

/* Columns by number; 0 ends the list, -1 is the whole row. */
static Bitmapset *
columns(int first, int second)
{
	Bitmapset *set = palloc0(offsetof(Bitmapset, words) + sizeof(bitmapword));
	const int numbers[] = {first, second};

	set->nwords = 1;
	for (int i = 0; i < lengthof(numbers); i++)
		if (numbers[i] != 0)
			set->words[0] |= (bitmapword) 1
			                 << (Max(numbers[i], 0) - FirstLowInvalidHeapAttributeNumber);
	return set;
}

/* Column 1, as CREATE INDEX leaves it for half a million random integers. */
static WriteIndex
an_index(int column)
{
	return (WriteIndex){.am = BTREE_AM_OID,
	                    .columns = columns(column, 0),
	                    .nkeys = 1,
	                    .ncolumns = 1,
	                    .pages = 1370,
	                    .tuples = 500000,
	                    .tree_height = 2,
	                    .selectivity = 1,
	                    .correlation = 0};
}

static WriteFacts
some_facts(void)
{
	return (WriteFacts){.table_tuples = 500000, .cached_ratio = 1};
}

/* us for each of a million rows inserted. */
static double
insert_us(WriteIndex index)
{
	WriteFacts facts = some_facts();

	facts.inserts = DAY_ROWS;
	return dbops_write_cost(&facts, &index).ms_per_day * 1000 / DAY_ROWS;
}

static bool
is_within(double model, double lowest, double highest, const char *name)
{
	return ok(model > lowest / 1.5 && model < highest * 1.5,
	          "%s: %.2f us is near what was measured, %g to %g", name, model, lowest, highest);
}

/*
 * What test/bench/index_upkeep measured of rows inserted, with 1 to 4 such indexes; each within a
 * factor of 1.5.
 */
static void
test_inserts(void)
{
	static const struct
	{
		const char *name;
		double lowest_us;
		double highest_us;
		WriteIndex index; /* of half a million rows where it does not say */
	} cases[] = {
	    {"ascending", 0.6, 1.15, {.am = BTREE_AM_OID, .correlation = 1}},
	    {"random", 2.8, 3.8, {.am = BTREE_AM_OID}},
	    {"random, 100 thousand", 2.7, 3.7, {.am = BTREE_AM_OID, .tuples = 100000}},
	    {"random, 3 million", 2.7, 5.3, {.am = BTREE_AM_OID, .tuples = 3000000}},
	    {"of 100 values", 1.1, 1.8, {.am = BTREE_AM_OID, .ndistinct = 100}},
	    {"text C", 5.0, 7.3, {.am = BTREE_AM_OID, .key = WRITE_KEY_BYTES}},
	    {"text C, 100 thousand",
	     3.2,
	     4.6,
	     {.am = BTREE_AM_OID, .key = WRITE_KEY_BYTES, .tuples = 100000}},
	    {"text C, 3 million",
	     5.5,
	     12.3,
	     {.am = BTREE_AM_OID, .key = WRITE_KEY_BYTES, .tuples = 3000000}},
	    {"text ICU", 6.9, 8.5, {.am = BTREE_AM_OID, .key = WRITE_KEY_COLLATED}},
	    {"two columns", 4.1, 5.2, {.am = BTREE_AM_OID, .ncolumns = 2}},
	    {"100 values and text",
	     5.1,
	     5.5,
	     {.am = BTREE_AM_OID, .key = WRITE_KEY_BYTES, .ncolumns = 2}},
	    {"a covered text", 4.9, 4.9, {.am = BTREE_AM_OID, .ncolumns = 2}},
	    {"abs()", 3.7, 3.7, {.am = BTREE_AM_OID, .nexpressions = 1}},
	    {"lower()", 7.4, 7.4, {.am = BTREE_AM_OID, .key = WRITE_KEY_BYTES, .nexpressions = 1}},
	    {"partial, a tenth", 0.11, 0.32, {.am = BTREE_AM_OID, .tuples = 50000, .selectivity = 0.1}},
	    {"hash", 1.0, 1.6, {.am = HASH_AM_OID}},
	    {"GIN, 5 keys", 14.2, 14.2, {.am = GIN_AM_OID, .nelements = 5}},
	    {"GIN, 20 keys", 59.8, 59.8, {.am = GIN_AM_OID, .nelements = 20}},
	    {"GiST of points", 8.9, 8.9, {.am = GIST_AM_OID}},
	    {"GiST of ranges", 17.4, 17.4, {.am = GIST_AM_OID}},
	    {"SP-GiST", 3.5, 4.1, {.am = SPGIST_AM_OID}},
	    {"BRIN", 0.3, 0.6, {.am = BRIN_AM_OID, .correlation = 1}},
	};

	for (int i = 0; i < lengthof(cases); i++)
	{
		WriteIndex index = cases[i].index;

		index.pages = 1370;
		index.tuples = index.tuples > 0 ? index.tuples : 500000;
		index.selectivity = index.selectivity > 0 ? index.selectivity : 1;
		is_within(insert_us(index), cases[i].lowest_us, cases[i].highest_us, cases[i].name);
	}
}

/* The same of rows updated, and of rows deleted and vacuumed, 100000 at once. */
static void
test_updates(void)
{
	static const struct
	{
		const char *name;
		double lowest_us;
		double highest_us;
		double tuples;
		WriteKey key;
		bool vacuums;
	} cases[] = {
	    {"updates, random", 2.2, 4.2, 250000, WRITE_KEY_NUMBER, false},
	    {"updates, random, 50 thousand", 2.2, 3.9, 50000, WRITE_KEY_NUMBER, false},
	    {"updates, random, 1.5 million", 4.6, 6.4, 1500000, WRITE_KEY_NUMBER, false},
	    {"updates, text C", 9.4, 10.8, 250000, WRITE_KEY_BYTES, false},
	    {"updates, text C, 50 thousand", 6.1, 7.2, 50000, WRITE_KEY_BYTES, false},
	    {"updates, text C, 1.5 million", 7.1, 10.4, 1500000, WRITE_KEY_BYTES, false},
	    {"vacuum", 0.5, 1.25, 600000, WRITE_KEY_NUMBER, true},
	    {"vacuum, 3 million", 2.3, 3.3, 3100000, WRITE_KEY_NUMBER, true},
	};

	for (int i = 0; i < lengthof(cases); i++)
	{
		WriteFacts facts = some_facts();
		WriteIndex index = an_index(1);
		WriteCost cost;

		index.tuples = cases[i].tuples;
		index.key = cases[i].key;
		facts.dead_per_vacuum = 100000;
		if (cases[i].vacuums)
			facts.deletes = 100000;
		else
			facts.updates = 100000;
		cost = dbops_write_cost(&facts, &index);
		is_within(
		    (cases[i].vacuums ? cost.vacuum_ms_per_day : cost.ms_per_day - cost.vacuum_ms_per_day) /
		        100,
		    cases[i].lowest_us, cases[i].highest_us, cases[i].name);
	}
}

static void
test_order(void)
{
	WriteIndex index = an_index(1);
	const double random = insert_us(index);
	double ordered;
	double half;

	index.correlation = 1;
	ordered = insert_us(index);
	ok(ordered < random / 2, "keys in the order of insertion cost less than half");
	index.correlation = -1;
	is_near(insert_us(index), ordered, 1e-9, "a falling order is an order");
	index.correlation = M_SQRT1_2;
	half = insert_us(index);
	is_near(half, (ordered + random) / 2, 1e-9, "correlation counts by its square");
	index.correlation = NAN;
	is_near(insert_us(index), random, 1e-9, "an unknown order is none");

	index = an_index(1);
	index.ndistinct = 499999;
	is_near(insert_us(index), random, 0.01, "as many values as rows are random");
	index.tuples = 0;
	index.pages = 0;
	ok(insert_us(index) > 0, "an empty index costs, too");
}

static void
test_partial(void)
{
	WriteIndex index = an_index(1);
	const double whole = insert_us(index);
	double none;

	index.selectivity = 0;
	none = insert_us(index);
	ok(none > 0 && none < whole / 20, "rows left out cost a look at the predicate");
	index.selectivity = 0.1;
	is_near(insert_us(index) - none, whole / 10, 1e-9, "a tenth of the rows costs a tenth");
}

static void
test_cache(void)
{
	WriteFacts facts = some_facts();
	const WriteIndex index = an_index(1);
	double cached;

	facts.inserts = 1000;
	cached = dbops_write_cost(&facts, &index).ms_per_day;
	facts.cached_ratio = 0.9;
	facts.read_ms = 5;
	is_near(dbops_write_cost(&facts, &index).ms_per_day - cached, 1000 * 0.3 * 5, 1e-6,
	        "with 3 levels and 1 of 10 blocks missing, 3 of 10 entries read one");
	facts.cached_ratio = 0;
	is_near(dbops_write_cost(&facts, &index).ms_per_day - cached, 1000 * 5, 1e-6,
	        "each entry reads one block at most");
	facts.cached_ratio = NAN;
	is_near(dbops_write_cost(&facts, &index).ms_per_day, cached, 1e-9,
	        "where nothing was read nothing is missing");
}

static void
test_images(void)
{
	WriteFacts facts = some_facts();
	WriteIndex index = an_index(1);
	WriteCost plain;
	WriteCost images;

	facts.inserts = 100 * 288;
	facts.checkpoint_seconds = 300;
	plain = dbops_write_cost(&facts, &index);
	facts.full_page_writes = true;
	images = dbops_write_cost(&facts, &index);
	is_near((images.wal_bytes_per_day - plain.wal_bytes_per_day) / 8192 / 288, 96.5, 0.1,
	        "100 random keys between two checkpoints dirty nearly as many pages");
	facts.checkpoint_seconds = 86400;
	images = dbops_write_cost(&facts, &index);
	is_near((images.wal_bytes_per_day - plain.wal_bytes_per_day) / 8192, 1370, 0.1,
	        "a page is dirtied once between two checkpoints");
	facts.checkpoint_seconds = 300;
	index.correlation = 1;
	images = dbops_write_cost(&facts, &index);
	is_near((images.wal_bytes_per_day / 288 - 100 * 66) / 8192, 1.27, 0.01,
	        "keys in order dirty a page or two");
	facts.inserts = 0;
	is_near(dbops_write_cost(&facts, &index).ms_per_day, 0, 1e-9,
	        "without writes it costs nothing");
}

static void
test_speed(void)
{
	WriteFacts facts = some_facts();
	const WriteIndex index = an_index(1);
	double usual;

	facts.inserts = DAY_ROWS;
	usual = dbops_write_cost(&facts, &index).ms_per_day;
	facts.ms_per_cost = 0.01;
	is_near(dbops_write_cost(&facts, &index).ms_per_day, 2 * usual, 1e-6,
	        "a server half as fast takes twice as long");
	facts.ms_per_cost = 10;
	is_near(dbops_write_cost(&facts, &index).ms_per_day, 4 * usual, 1e-6,
	        "what waits for disks is not a slow processor");
	facts.ms_per_cost = NAN;
	is_near(dbops_write_cost(&facts, &index).ms_per_day, usual, 1e-6, "an unknown speed is usual");
}

static void
test_vacuum(void)
{
	WriteFacts facts = some_facts();
	const WriteIndex index = an_index(1);
	WriteCost cost;

	facts.deletes = 100000;
	facts.dead_per_vacuum = 100000;
	cost = dbops_write_cost(&facts, &index);
	is_near(cost.ms_per_day, cost.vacuum_ms_per_day, 1e-9, "a delete costs when vacuum comes");
	ok(cost.ms_per_day > 50 && cost.ms_per_day < 100, "by what was measured, 60 to 125 ms: %g",
	   cost.ms_per_day);
	facts.dead_per_vacuum = 10000;
	ok(dbops_write_cost(&facts, &index).ms_per_day > 3 * cost.ms_per_day,
	   "and more if it comes more often");
	facts.dead_per_vacuum = 0;
	is_near(dbops_write_cost(&facts, &index).ms_per_day,
	        (100000.0 / 100050 * 500000 * 60 + 100000 * 350) / 1e6, 1e-3,
	        "unknown settings are those it comes with");
}

/* A table with an index on column 1, whose updates set one column. */
static WriteFacts
updated_facts(UpdateFacts *kind, WriteIndex *existing, int column)
{
	WriteFacts facts = some_facts();

	*existing = an_index(1);
	*kind = (UpdateFacts){.columns = columns(column, 0), .rows = 1000};
	facts.updates = 1000;
	facts.hot_updates = 1000;
	facts.nindexes = 1;
	facts.indexes = existing;
	facts.nkinds = 1;
	facts.kinds = kind;
	return facts;
}

static void
test_hot(void)
{
	UpdateFacts kind;
	WriteIndex existing;
	WriteFacts facts = updated_facts(&kind, &existing, 2);
	WriteIndex index = an_index(3);
	WriteCost cost = dbops_write_cost(&facts, &index);
	double lost;

	is_near(cost.ms_per_day, 0, 1e-9, "an index on columns nobody sets leaves updates HOT");
	is_int(cost.known, WRITES_KNOWN, "which is known");

	index = an_index(2);
	cost = dbops_write_cost(&facts, &index);
	lost = cost.ms_per_day;
	is_near(cost.hot_updates_per_day, 1000, 1e-6, "one on the column they set ends that");
	is_near(cost.hot_ms_per_day, lost, 1e-9, "and all its cost is of that");
	facts.nindexes = 0;
	is_near(dbops_write_cost(&facts, &index).ms_per_day, lost / 2, 1e-9,
	        "half of it in the other index");
	facts.nindexes = 1;

	index.columns = columns(3, -1);
	is_near(dbops_write_cost(&facts, &index).ms_per_day, lost, 1e-9,
	        "an expression of the whole row is of all columns");
	index.columns = columns(3, 2);
	is_near(dbops_write_cost(&facts, &index).ms_per_day, lost, 1e-9,
	        "so it is for a predicate or a covered column");
	index.summarizing = true;
	index.am = BRIN_AM_OID;
	cost = dbops_write_cost(&facts, &index);
	ok(cost.ms_per_day > 0 && cost.ms_per_day < lost / 10 && cost.hot_updates_per_day == 0,
	   "BRIN, where it is spared, looks at the rows and leaves them HOT");
	index.summarizing = false;
	is_near(dbops_write_cost(&facts, &index).hot_updates_per_day, 1000, 1e-6,
	        "where it is not spared it ends HOT updates as any other");
}

static void
test_hot_share(void)
{
	UpdateFacts kind;
	WriteIndex existing;
	WriteFacts facts = updated_facts(&kind, &existing, 2);
	const WriteIndex index = an_index(2);
	const WriteIndex other = an_index(3);

	facts.hot_updates = 400;
	is_near(dbops_write_cost(&facts, &index).hot_updates_per_day, 400, 1e-6,
	        "only those that were HOT are lost");
	ok(dbops_write_cost(&facts, &other).ms_per_day > 0, "the others cost in any index");
	facts.hot_updates = 0;
	is_near(dbops_write_cost(&facts, &index).hot_updates_per_day, 0, 1e-6,
	        "where none were HOT none are lost");

	/* All set column 1, which is indexed, and 700 of 1000 are HOT all the same. */
	facts = updated_facts(&kind, &existing, 1);
	kind.columns = columns(1, 2);
	facts.hot_updates = 700;
	is_near(dbops_write_cost(&facts, &index).hot_updates_per_day, 700 * 0.3, 1e-6,
	        "what is set to what it is changes as seldom in another column");
	kind.rows = 10;
	is_near(dbops_write_cost(&facts, &index).hot_updates_per_day, 700 * 0.3, 1e-6,
	        "kinds count by their shares");
	facts.hot_updates = 2000;
	is_near(dbops_write_cost(&facts, &index).hot_updates_per_day, 0, 1e-6,
	        "counters that contradict each other do no harm");
}

static void
test_existing(void)
{
	UpdateFacts kind;
	WriteIndex existing;
	WriteFacts facts = updated_facts(&kind, &existing, 1);
	WriteCost cost;

	facts.hot_updates = 0;
	cost = dbops_write_cost_existing(&facts, 0);
	is_near(cost.hot_updates_per_day, 500, 1e-6,
	        "without the only index on what is set, as many would be HOT as not");
	ok(cost.ms_per_day > cost.hot_ms_per_day && cost.hot_ms_per_day > 0, "a part of its cost");
	kind.columns = columns(2, 0);
	facts.hot_updates = 600;
	cost = dbops_write_cost_existing(&facts, 0);
	is_near(cost.hot_updates_per_day, 0, 1e-6, "one on other columns has no part in it");
	ok(cost.ms_per_day > 0, "but has an entry for each that is not HOT");
}

static void
test_unknown(void)
{
	UpdateFacts kind;
	WriteIndex existing;
	WriteFacts facts = updated_facts(&kind, &existing, 2);
	const WriteIndex index = an_index(2);
	const double lost = dbops_write_cost(&facts, &index).ms_per_day;
	WriteCost cost;

	facts.nkinds = 0;
	cost = dbops_write_cost(&facts, &index);
	is_int(cost.known, WRITES_COLUMNS_UNKNOWN, "what updates set is not known");
	is_near(cost.hot_ms_per_day, NAN, 0, "so what it costs by that is not");
	is_near(cost.ms_per_day + cost.hot_ms_at_risk, lost, 1e-9, "but what it can cost at most is");
	ok(dbops_write_cost_unknown(cost.known) != NULL, "which has a reason");
	facts.hot_updates = 0;
	is_int(dbops_write_cost(&facts, &index).known, WRITES_KNOWN,
	       "without HOT updates there are none to lose");
	is_int(dbops_write_cost_existing(&facts, 0).known, WRITES_COLUMNS_UNKNOWN,
	       "but some to win by a drop");
	facts.updates = 0;
	is_int(dbops_write_cost(&facts, &index).known, WRITES_KNOWN,
	       "nothing updated, nothing unknown");

	for (int i = 0; i < 4; i++)
	{
		double *const counts[] = {&facts.inserts, &facts.updates, &facts.hot_updates,
		                          &facts.deletes};

		facts = some_facts();
		*counts[i] = NAN;
		cost = dbops_write_cost(&facts, &index);
		ok(cost.known == WRITES_UNKNOWN && isnan(cost.ms_per_day) && isnan(cost.bytes_per_day),
		   "without count %d the cost is unknown, not 0", i);
	}
}

int
main(void)
{
	test_inserts();
	test_updates();
	test_order();
	test_partial();
	test_cache();
	test_images();
	test_speed();
	test_vacuum();
	test_hot();
	test_hot_share();
	test_existing();
	test_unknown();
	return tap_done();
}
