/*
 * collect/sequence.c
 *		The family "sequence": where each stands, and how far it is from its end.
 *
 * A file of its own because its source is what the inspector found (collect/key_fill.h): a sequence
 * can only be read in its database.  One that was locked keeps what was read before, with its time.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/key_fill.h"
#include "store/frame.h"

enum
{
	SEQUENCE_LAST_VALUE,
	SEQUENCE_MIN_VALUE,
	SEQUENCE_MAX_VALUE,
	SEQUENCE_INCREMENT_BY,
	SEQUENCE_CYCLES,
	SEQUENCE_TYPE_BYTES,
	SEQUENCE_USED_PERCENT,
	SEQUENCE_REMAINING,
	SEQUENCE_READ_AT,
	SEQUENCE_NMETRICS
};

static const Label labels[] = {
    LABEL_OF_DATABASE("OID of the database"),
    LABEL_OF_RELATION("OID of the sequence"),
};

static const Metric metrics[] = {
    [SEQUENCE_LAST_VALUE] =
        GAUGE(1, "last_value", "", ROLLUP_LAST, "Last value given out; NULL before the first"),
    [SEQUENCE_MIN_VALUE] = GAUGE(2, "min_value", "", ROLLUP_LAST, "Least value it may give"),
    [SEQUENCE_MAX_VALUE] = GAUGE(3, "max_value", "", ROLLUP_LAST, "Greatest value it may give"),
    [SEQUENCE_INCREMENT_BY] =
        GAUGE(4, "increment_by", "", ROLLUP_LAST, "From one value to the next"),
    [SEQUENCE_CYCLES] = FLAG(5, "cycles", "1 when it starts anew at its end, else 0"),
    [SEQUENCE_TYPE_BYTES] = GAUGE(6, "type_bytes", "bytes", ROLLUP_LAST, "Size of its data type"),
    [SEQUENCE_USED_PERCENT] =
        GAUGE_SCALED(7, "used_percent", "percent", 0.0001, ROLLUP_LAST,
                     "Share of its range that is behind it, in its direction"),
    [SEQUENCE_REMAINING] =
        GAUGE(8, "remaining", "", ROLLUP_LAST, "Values it can still give before its end"),
    [SEQUENCE_READ_AT] = SIGN_OF_LIFE(9, "read_at", "When it was last read"),
};

StaticAssertDecl(lengthof(metrics) == SEQUENCE_NMETRICS, "each column has its metric");

/* The least 64-bit number is FAMILY_NULL: a range that begins there begins one later. */
static int64
stored(int64 value)
{
	return Max(value, PG_INT64_MIN + 1);
}

static void
fill_progress(int64 *values, const SeenSequence *seen)
{
	double range = (double) seen->max_value - (double) seen->min_value + 1;
	bool down = seen->increment < 0;
	uint64 step = down ? (uint64) 0 - (uint64) seen->increment : (uint64) seen->increment;
	uint64 ahead;
	uint64 calls;

	/* Before the first call last_value is where it starts: that one is still ahead. */
	ahead = down ? (uint64) seen->last_value - (uint64) seen->min_value :
	               (uint64) seen->max_value - (uint64) seen->last_value;
	calls = ahead / Max(step, 1) + (seen->called || ahead == PG_UINT64_MAX ? 0 : 1);
	values[SEQUENCE_REMAINING] = (int64) Min(calls, (uint64) PG_INT64_MAX);
	if (seen->called)
		values[SEQUENCE_USED_PERCENT] =
		    (int64) (1000000.0 * Max(0, Min(1, 1 - (double) ahead / range)));
	else
		values[SEQUENCE_USED_PERCENT] = 0;
}

static void
add_sequence(const KnownSequence *known, void *arg)
{
	const SeenSequence *seen = &known->seen;
	const EntityKey key = {{seen->datid, seen->relid}};
	int64 *values = dbops_frame_add(arg, &key, NULL);

	values[SEQUENCE_MIN_VALUE] = stored(seen->min_value);
	values[SEQUENCE_MAX_VALUE] = stored(seen->max_value);
	values[SEQUENCE_INCREMENT_BY] = stored(seen->increment);
	values[SEQUENCE_CYCLES] = seen->cycles;
	values[SEQUENCE_TYPE_BYTES] = seen->type_bytes;
	if (known->read_at == 0)
		return;
	values[SEQUENCE_READ_AT] = known->read_at;
	if (seen->called)
		values[SEQUENCE_LAST_VALUE] = stored(seen->last_value);
	fill_progress(values, seen);
}

static void
read_sequences(Frame *frame)
{
	dbops_key_fill_walk_sequences(add_sequence, frame);
}

const Family dbops_family_sequence = {
    .id = 28,
    .name = "sequence",
    .help = "Sequences of all databases: where they stand in their range",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    .refresh_hourly = true,
    .sampler_only = true,
    .read = read_sequences,
};
