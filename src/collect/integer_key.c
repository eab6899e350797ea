/*
 * collect/integer_key.c
 *		The family "integer_key": how much of its type's range each integer key has used.
 *
 * A file of its own because keys are measured against their column's type, not their sequence's
 * range: an int4 column is full at 2^31 though a bigint sequence feeds it.  The source is what the
 * inspector found (collect/key_fill.h); a foreign key without values of its own to go by is as far
 * as the key it refers to.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/key_fill.h"
#include "store/frame.h"

/* A foreign key may refer to a foreign key, and so on. */
#define REFERENCES_MAX 8

enum
{
	KEY_FARTHEST_VALUE,
	KEY_LIMIT_VALUE,
	KEY_USED_PERCENT,
	KEY_REMAINING,
	KEY_TYPE_BYTES,
	KEY_READ_FROM,
	KEY_SEQUENCEID,
	KEY_READ_AT,
	KEY_NMETRICS
};

static const char *const read_from_words[] = {
    [KEY_FROM_NOTHING] = "nothing",
    [KEY_FROM_SEQUENCE] = "sequence",
    [KEY_FROM_INDEX] = "index",
    [KEY_FROM_STATISTICS] = "statistics",
    [KEY_FROM_REFERENCED] = "referenced key",
    NULL,
};

static const Label labels[] = {
    LABEL_OF_DATABASE("OID of the database"),
    LABEL_OF_RELATION("OID of the table"),
    LABEL("column_name", LABEL_TEXT, NAMES_NONE, "Column that is a key"),
};

static const Metric metrics[] = {
    [KEY_FARTHEST_VALUE] = GAUGE(1, "farthest_value", "", ROLLUP_LAST,
                                 "Highest value used, lowest where its sequence counts down"),
    [KEY_LIMIT_VALUE] =
        GAUGE(2, "limit_value", "", ROLLUP_LAST, "Farthest value that the column's type can hold"),
    [KEY_USED_PERCENT] = GAUGE_SCALED(3, "used_percent", "percent", 0.0001, ROLLUP_LAST,
                                      "Share of the way from zero to the limit that is used"),
    [KEY_REMAINING] = GAUGE(4, "remaining", "", ROLLUP_LAST,
                            "Values left, in the steps of its sequence if it has one"),
    [KEY_TYPE_BYTES] =
        GAUGE(5, "type_bytes", "bytes", ROLLUP_LAST, "Size of the column's data type"),
    [KEY_READ_FROM] = WORD(6, "read_from", read_from_words, "Where the value is from"),
    [KEY_SEQUENCEID] =
        GAUGE(7, "sequenceid", "", ROLLUP_LAST, "OID of the sequence that feeds it; NULL if none"),
    [KEY_READ_AT] = SIGN_OF_LIFE(8, "read_at", "When it was last read"),
};

StaticAssertDecl(lengthof(metrics) == KEY_NMETRICS, "each column has its metric");

/* The key whose value counts for this one: itself, or what it refers to. */
static const KnownKey *
find_measured(const KnownKey *known)
{
	for (int i = 0; i < REFERENCES_MAX && known != NULL; i++)
	{
		const SeenKey *seen = &known->seen;

		if (seen->source != KEY_FROM_NOTHING)
			return known;
		if (!OidIsValid(seen->referenced))
			return NULL;
		known = dbops_key_fill_find_key(seen->datid, seen->referenced, seen->referenced_attnum);
	}
	return NULL;
}

static int64
limit_of(const SeenKey *seen)
{
	static const struct
	{
		int16 bytes;
		int64 limit;
	} limits[] = {{2, PG_INT16_MAX}, {4, PG_INT32_MAX}, {8, PG_INT64_MAX}};

	for (int i = 0; i < lengthof(limits); i++)
	{
		/* The one number more below zero is left out: for bigint it is FAMILY_NULL. */
		if (limits[i].bytes == seen->type_bytes)
			return seen->counts_down ? -limits[i].limit : limits[i].limit;
	}
	return FAMILY_NULL;
}

static void
fill_progress(int64 *values, const SeenKey *seen, int64 farthest)
{
	int64 limit = limit_of(seen);
	bool full = seen->counts_down ? farthest <= limit : farthest >= limit;
	uint64 ahead =
	    seen->counts_down ? (uint64) farthest - (uint64) limit : (uint64) limit - (uint64) farthest;

	values[KEY_FARTHEST_VALUE] = Max(farthest, PG_INT64_MIN + 1);
	values[KEY_LIMIT_VALUE] = limit;
	values[KEY_USED_PERCENT] =
	    (int64) (1000000.0 * Max(0, Min(1, (double) farthest / (double) limit)));
	values[KEY_REMAINING] =
	    full ? 0 : (int64) Min(ahead / (uint64) seen->step, (uint64) PG_INT64_MAX);
}

static void
add_key(const KnownKey *known, void *arg)
{
	const SeenKey *seen = &known->seen;
	const KnownKey *measured = find_measured(known);
	const EntityKey key = {{seen->datid, seen->relid}};
	int64 *values = dbops_frame_add(arg, &key, seen->column);

	values[KEY_TYPE_BYTES] = seen->type_bytes;
	values[KEY_LIMIT_VALUE] = limit_of(seen);
	if (OidIsValid(seen->sequenceid))
		values[KEY_SEQUENCEID] = seen->sequenceid;
	if (known->read_at != 0)
		values[KEY_READ_AT] = measured == NULL ? known->read_at : measured->read_at;
	if (measured == NULL)
		return;
	values[KEY_READ_FROM] = measured == known ? seen->source : KEY_FROM_REFERENCED;
	fill_progress(values, seen, measured->seen.farthest);
}

static void
read_keys(Frame *frame)
{
	dbops_key_fill_walk_keys(add_key, frame);
}

const Family dbops_family_integer_key = {
    .id = 29,
    .name = "integer_key",
    .help = "Integer keys of all databases: how much of their type's range is used",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    .refresh_hourly = true,
    .sampler_only = true,
    .read = read_keys,
};
