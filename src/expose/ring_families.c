/*
 * expose/ring_families.c
 *		Families as the ring of ticks has them; see ring_families.h.
 *
 * Of waits the statement, role and state are left out: what remains are the events of each
 * database, a number that does not grow.  Of keys and sequences those nearest to their end are
 * told.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "collect/collectors.h"
#include "core/clock.h"
#include "expose/ring_families.h"
#include "judge/facts.h"
#include "store/codec.h"
#include "store/registry.h"
#include "store/ring.h"

#define MOST_GAUGES 5

/* Of a family that has a worst. */
#define MOST_ENTITIES 50

typedef struct RingFamily
{
	const Family *family;
	const char *worst; /* the metric whose highest values are told; NULL: all entities */
	const char *gauges[MOST_GAUGES]; /* that are followed; NULL ends, and stands for all of them */
	const char *counter;             /* what is summed up; NULL: the gauges are told */
	uint32 kept; /* by bit: labels that entities are told apart by, of a counter */
} RingFamily;

static const RingFamily ring_families[] = {
    {.family = &dbops_family_table,
     .gauges = {"main_bytes", "index_bytes", "total_bytes", "bloat_bytes"}},
    {.family = &dbops_family_index, .gauges = {"total_bytes", "bloat_bytes", "invalid"}},
    {.family = &dbops_family_sequence, .worst = "used_percent"},
    {.family = &dbops_family_integer_key, .worst = "used_percent"},
    {.family = &dbops_family_autovacuum},
    {.family = &dbops_family_backup},
    {.family = &dbops_family_wait, .counter = "session_seconds", .kept = 1 << 0 | 1 << 4 | 1 << 5},
};

static const RingFamily *
find_family(const Family *family)
{
	for (int i = 0; i < lengthof(ring_families); i++)
	{
		if (ring_families[i].family == family)
			return &ring_families[i];
	}
	return NULL;
}

bool
dbops_ring_families_have(const Family *family)
{
	return find_family(family) != NULL;
}

/* ---- gauges --------------------------------------------------------------------------------- */

static bool
is_followed(const RingFamily *ring, const Metric *metric)
{
	for (int i = 0; i < MOST_GAUGES && ring->gauges[i] != NULL; i++)
	{
		if (strcmp(ring->gauges[i], metric->name) == 0)
			return true;
	}
	return ring->gauges[0] == NULL &&
	       (metric->kind == METRIC_GAUGE || metric->kind == METRIC_TIMESTAMP);
}

/* Made by who asks first, and kept. */
static FactSet *
followed_gauges(void)
{
	static FactSet *set = NULL;
	MemoryContext caller;

	if (set != NULL)
		return set;
	caller = MemoryContextSwitchTo(TopMemoryContext);
	set = dbops_facts_create();

	for (int i = 0; i < lengthof(ring_families); i++)
	{
		const Family *family = ring_families[i].family;
		bool *wanted;

		if (ring_families[i].counter != NULL)
			continue;
		wanted = dbops_facts_wanted(dbops_facts_of(set, family));
		for (int metric = 0; metric < family->nmetrics; metric++)
			wanted[metric] = is_followed(&ring_families[i], &family->metrics[metric]);
	}
	MemoryContextSwitchTo(caller);
	return set;
}

typedef struct Candidate
{
	int64 value;
	int index;
} Candidate;

static int
compare_candidates(const void *a, const void *b)
{
	const Candidate *x = a;
	const Candidate *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->index - y->index;
}

/* Places of the facts that are told.  Where there is a worst, who has nothing of that is not. */
static Candidate *
choose_facts(Facts *facts, const RingFamily *ring, int *count)
{
	const int worst = ring->worst == NULL ? -1 : dbops_family_metric(ring->family, ring->worst);
	Candidate *candidates = palloc(sizeof(Candidate) * Max(dbops_facts_count(facts), 1));

	*count = 0;
	for (int i = 0; i < dbops_facts_count(facts); i++)
	{
		int64 value = worst < 0 ? 1 : dbops_facts_at(facts, i)->values[worst];

		if (value != FAMILY_NULL && value > 0)
			candidates[(*count)++] = (Candidate){.value = value, .index = i};
	}
	if (worst >= 0)
	{
		qsort(candidates, *count, sizeof(Candidate), compare_candidates);
		*count = Min(*count, MOST_ENTITIES);
	}
	return candidates;
}

void
dbops_ring_families_update(void)
{
	dbops_facts_update(followed_gauges(), dbops_clock_now());
}

Facts *
dbops_ring_families_facts(const Family *family)
{
	return dbops_facts_of(followed_gauges(), family);
}

static void
tell_gauges(const RingFamily *ring, Frame *frame)
{
	Facts *facts = dbops_ring_families_facts(ring->family);
	Candidate *chosen;
	int count;

	chosen = choose_facts(facts, ring, &count);
	for (int i = 0; i < count; i++)
	{
		const Fact *fact = dbops_facts_at(facts, chosen[i].index);
		int64 *values = dbops_frame_append(frame, fact->key, fact->texts);

		memcpy(values, fact->values, sizeof(int64) * ring->family->nmetrics);
	}
	pfree(chosen);
}

/* ---- counters ------------------------------------------------------------------------------- */

typedef struct Total
{
	EntityKey key;
	char *texts;
	int64 sum;
} Total;

/* What one family's counter grew by so far. */
typedef struct Totals
{
	HTAB *table; /* of Total, in a context of its own */
	MemoryContext context;
	int64 seq; /* of the last tick taken in */
} Totals;

static Totals totals[lengthof(ring_families)];

static Totals *
totals_of(const RingFamily *ring)
{
	Totals *of = &totals[ring - ring_families];
	HASHCTL table = {.keysize = sizeof(EntityKey), .entrysize = sizeof(Total)};

	if (of->table != NULL)
		return of;
	of->context =
	    AllocSetContextCreate(TopMemoryContext, "dbops sums of a family", ALLOCSET_SMALL_SIZES);
	table.hcxt = of->context;
	of->table = hash_create("dbops sums", 64, &table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return of;
}

static void
add_row(Totals *of, const EntityKey *key, const char *texts, int ntexts, int64 value)
{
	Total *total = hash_search(of->table, key, HASH_FIND, NULL);

	if (total == NULL)
	{
		Size size = dbops_texts_size(texts, ntexts);
		char *copy = memcpy(MemoryContextAlloc(of->context, size), texts, size);

		total = hash_search(of->table, key, HASH_ENTER, NULL);
		total->texts = copy;
		total->sum = 0;
	}
	total->sum += value;
}

static void
take_tick(Totals *of, const RingFamily *ring, const Frame *tick)
{
	const int counter = dbops_family_metric(ring->family, ring->counter);

	for (int row = 0; row < tick->nrows; row++)
	{
		EntityKey key = tick->keys[row];
		int64 value = dbops_frame_row(tick, row)[counter];

		for (int part = 0; part < ENTITY_KEY_PARTS; part++)
		{
			if ((ring->kept & 1 << part) == 0)
				key.num[part] = 0;
		}
		if (value != FAMILY_NULL)
			add_row(of, &key, tick->texts[row], tick->ntexts, value);
	}
}

static void
sum_up(Totals *of, const RingFamily *ring)
{
	const Family *family = ring->family;
	bool *wanted = palloc0(sizeof(bool) * family->nmetrics);
	Frame *frame = dbops_frame_create(family);
	Tick tick;
	char *data;

	wanted[dbops_family_metric(family, ring->counter)] = true;
	while (dbops_ring_next(of->seq, family->id, &tick, &data))
	{
		of->seq = tick.seq;
		if ((tick.flags & TICK_BASE) == 0)
		{
			dbops_codec_decode(data, tick.size, wanted, frame);
			take_tick(of, ring, frame);
		}
		pfree(data);
	}
	dbops_frame_free(frame);
	pfree(wanted);
}

static void
tell_totals(const RingFamily *ring, Frame *frame)
{
	const int counter = dbops_family_metric(ring->family, ring->counter);
	Totals *of = totals_of(ring);
	HASH_SEQ_STATUS iterator;
	Total *total;

	sum_up(of, ring);
	hash_seq_init(&iterator, of->table);
	while ((total = hash_seq_search(&iterator)) != NULL)
		dbops_frame_append(frame, &total->key, total->texts)[counter] = total->sum;
}

Frame *
dbops_ring_families_frame(const Family *family)
{
	const RingFamily *ring = find_family(family);
	Frame *frame = dbops_frame_create(family);

	if (ring->counter == NULL)
		tell_gauges(ring, frame);
	else
		tell_totals(ring, frame);
	return frame;
}
