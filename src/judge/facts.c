/*
 * judge/facts.c
 *		Following the ring of ticks; see facts.h.
 *
 * Counters are kept in two halves of the window.  When the younger is full it becomes the older and
 * a new one begins: cells of an entity are [latest gauge][younger][older] for each wanted metric.
 * Instants are those of the ticks; a clock that was set back begins a new half.
 */
#include "postgres.h"

#include <math.h>

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "core/tx.h"
#include "judge/facts.h"
#include "math/histogram.h"
#include "store/codec.h"
#include "store/frame.h"
#include "store/registry.h"
#include "store/ring.h"
#include "store/texts.h"

#define HALF_US (FACTS_WINDOW_S * USECS_PER_SEC / 2)

typedef enum Part
{
	PART_LATEST,
	PART_YOUNGER,
	PART_OLDER,
	PART_COUNT
} Part;

typedef struct Entity
{
	EntityKey key;
	char *texts;
	int64 *cells;  /* PART_COUNT runs of the wanted metrics */
	int64 seen_at; /* seq of the last tick that had it */
} Entity;

/* What has one value at a time, see Family.slot, and the entity that is its value. */
typedef struct Slot
{
	EntityKey key;
	EntityKey value;
} Slot;

typedef struct Usual
{
	EntityKey key;
	double usual;
} Usual;

struct Facts
{
	const Family *family;
	MemoryContext context;
	bool *wanted;
	int *places;   /* by metric: its cell, or -1 */
	int *followed; /* by cell: its metric */
	int nwanted;   /* -1 before the first update */
	bool live;     /* gauges are read, not followed */
	bool known;
	Frame *tick;
	Frame *now;          /* of a live family */
	TaskError error;     /* of reading it */
	HTAB *entities;      /* of Entity */
	HTAB *slots;         /* of Slot; NULL where the family has none */
	HTAB *usuals;        /* of Usual; NULL when nothing is usual */
	TimestampTz half_at; /* when the younger half began */
	int64 covers_us[PART_COUNT];
	Entity **list; /* the entities in turn, of a family that is not live; NULL: to be made anew */
	Fact fact;
	int64 *values; /* of the fact */
};

struct FactSet
{
	MemoryContext context;
	int64 seq;     /* of the last tick taken in */
	Facts **facts; /* by the family's place in the registry; NULL where nobody asked */
};

FactSet *
dbops_facts_create(void)
{
	FactSet *set = palloc0(sizeof(FactSet));

	set->context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops facts", ALLOCSET_DEFAULT_SIZES);
	set->facts = palloc0(sizeof(Facts *) * dbops_registry_count());
	return set;
}

static HTAB *
create_table(MemoryContext context, const char *name, Size entry_size)
{
	HASHCTL table = {.keysize = sizeof(EntityKey), .entrysize = entry_size, .hcxt = context};

	return hash_create(name, 64, &table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

Facts *
dbops_facts_of(FactSet *set, const Family *family)
{
	Facts **place = &set->facts[dbops_registry_index(family)];
	MemoryContext caller;
	Facts *facts;

	if (*place != NULL)
		return *place;
	caller = MemoryContextSwitchTo(set->context);
	facts = palloc0(sizeof(Facts));
	facts->context =
	    AllocSetContextCreate(set->context, "dbops facts of a family", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(facts->context);
	facts->family = family;
	facts->wanted = palloc0(sizeof(bool) * family->nmetrics);
	facts->places = palloc(sizeof(int) * family->nmetrics);
	facts->followed = palloc(sizeof(int) * family->nmetrics);
	facts->values = palloc(sizeof(int64) * family->nmetrics);
	facts->nwanted = -1;
	facts->live = !family->sampler_only && family->cadence != CADENCE_KEEPER;
	facts->tick = dbops_frame_create(family);
	facts->now = dbops_frame_create(family);
	facts->entities = create_table(facts->context, "dbops facts", sizeof(Entity));
	if (family->slot != NULL)
		facts->slots = create_table(facts->context, "dbops values", sizeof(Slot));
	*place = facts;
	MemoryContextSwitchTo(caller);
	return facts;
}

bool *
dbops_facts_wanted(Facts *facts)
{
	Assert(facts->nwanted < 0);
	return facts->wanted;
}

static void
place_metrics(Facts *facts)
{
	facts->nwanted = 0;
	for (int i = 0; i < facts->family->nmetrics; i++)
	{
		facts->places[i] = facts->wanted[i] ? facts->nwanted : -1;
		if (facts->wanted[i])
			facts->followed[facts->nwanted++] = i;
		facts->values[i] = FAMILY_NULL;
	}
}

static int64 *
cells_of(const Facts *facts, const Entity *entity, Part part)
{
	return &entity->cells[part * facts->nwanted];
}

/* ---- parts of the window -------------------------------------------------------------------- */

static bool
is_histogram(const Facts *facts, int metric)
{
	return facts->family->metrics[metric].kind == METRIC_HISTOGRAM;
}

static void
clear_part(Facts *facts, Entity *entity, Part part)
{
	int64 *cells = cells_of(facts, entity, part);

	for (int place = 0; place < facts->nwanted; place++)
	{
		if (is_histogram(facts, facts->followed[place]) && cells[place] != FAMILY_NULL)
			pfree((void *) (intptr_t) cells[place]);
		cells[place] = FAMILY_NULL;
	}
}

static void
begin_half(Facts *facts, TimestampTz at)
{
	bool keep = facts->half_at != 0 && at >= facts->half_at && at < facts->half_at + 2 * HALF_US;
	Size run = sizeof(int64) * facts->nwanted;
	HASH_SEQ_STATUS iterator;
	Entity *entity;

	hash_seq_init(&iterator, facts->entities);
	while ((entity = hash_seq_search(&iterator)) != NULL)
	{
		clear_part(facts, entity, PART_OLDER);
		if (keep)
		{
			memcpy(cells_of(facts, entity, PART_OLDER), cells_of(facts, entity, PART_YOUNGER), run);
			for (int i = 0; i < facts->nwanted; i++)
				cells_of(facts, entity, PART_YOUNGER)[i] = FAMILY_NULL;
		}
		else
			clear_part(facts, entity, PART_YOUNGER);
	}
	facts->covers_us[PART_OLDER] = keep ? facts->covers_us[PART_YOUNGER] : 0;
	facts->covers_us[PART_YOUNGER] = 0;
	facts->half_at = at;
}

/* ---- taking in a tick ----------------------------------------------------------------------- */

static void
forget_list(Facts *facts)
{
	if (facts->list != NULL)
		pfree(facts->list);
	facts->list = NULL;
}

static Entity *
meet_entity(Facts *facts, const EntityKey *key, const char *texts)
{
	bool found;
	Entity *entity = hash_search(facts->entities, key, HASH_ENTER, &found);

	if (found)
		return entity;
	forget_list(facts);
	entity->cells = MemoryContextAlloc(facts->context, sizeof(int64) * facts->nwanted * PART_COUNT);
	for (int i = 0; i < facts->nwanted * PART_COUNT; i++)
		entity->cells[i] = FAMILY_NULL;
	entity->texts = NULL;
	if (texts != NULL)
	{
		Size size = dbops_texts_size(texts, facts->tick->ntexts);

		entity->texts = MemoryContextAlloc(facts->context, size);
		memcpy(entity->texts, texts, size);
	}
	return entity;
}

static void
forget_entity(Facts *facts, Entity *entity)
{
	forget_list(facts);
	clear_part(facts, entity, PART_YOUNGER);
	clear_part(facts, entity, PART_OLDER);
	pfree(entity->cells);
	if (entity->texts != NULL)
		pfree(entity->texts);
	hash_search(facts->entities, &entity->key, HASH_REMOVE, NULL);
}

/* Another value of the same thing is gone with this one. */
static void
take_place(Facts *facts, const EntityKey *key)
{
	EntityKey slot_key = *key;
	Entity *before;
	Slot *slot;
	bool found;

	facts->family->slot(&slot_key);
	slot = hash_search(facts->slots, &slot_key, HASH_ENTER, &found);
	if (found && dbops_entity_compare(&slot->value, key) != 0)
	{
		before = hash_search(facts->entities, &slot->value, HASH_FIND, NULL);
		if (before != NULL)
			forget_entity(facts, before);
	}
	slot->value = *key;
}

/* The sum of two histograms, either of which may be missing; a new one in the current context. */
static Histogram *
add_histograms(const Histogram *a, const Histogram *b)
{
	uint64 *dense = palloc0(sizeof(uint64) * HISTOGRAM_BUCKETS);
	Histogram *sum;

	if (a != NULL)
		dbops_histogram_add_to(a, dense);
	if (b != NULL)
		dbops_histogram_add_to(b, dense);
	sum = palloc(HISTOGRAM_SIZE(dbops_histogram_nonzero(dense)));
	dbops_histogram_from_dense(dense, sum);
	pfree(dense);
	return sum;
}

static void
add_histogram(Facts *facts, int64 *cell, const Histogram *histogram)
{
	Histogram *before = *cell == FAMILY_NULL ? NULL : (Histogram *) (intptr_t) *cell;
	MemoryContext caller;

	if (histogram == NULL)
		return;
	caller = MemoryContextSwitchTo(facts->context);
	*cell = (int64) (intptr_t) add_histograms(before, histogram);
	MemoryContextSwitchTo(caller);
	if (before != NULL)
		pfree(before);
}

static void
take_row(Facts *facts, const Frame *tick, int row, int64 seq)
{
	const int64 *values = dbops_frame_row(tick, row);
	Entity *entity = meet_entity(facts, &tick->keys[row], tick->texts ? tick->texts[row] : NULL);
	int64 *latest = cells_of(facts, entity, PART_LATEST);
	int64 *sums = cells_of(facts, entity, PART_YOUNGER);

	if (facts->slots != NULL)
		take_place(facts, &tick->keys[row]);
	entity->seen_at = seq;
	for (int place = 0; place < facts->nwanted; place++)
	{
		int i = facts->followed[place];

		switch (facts->family->metrics[i].kind)
		{
			case METRIC_COUNTER:
				if (values[i] != FAMILY_NULL)
					sums[place] = sums[place] == FAMILY_NULL ? values[i] : sums[place] + values[i];
				break;
			case METRIC_HISTOGRAM:
				add_histogram(facts, &sums[place], dbops_frame_histogram(values, i));
				break;
			case METRIC_GAUGE:
			case METRIC_TIMESTAMP:
				latest[place] = values[i];
				break;
		}
	}
}

/* A tick of all entities: one that it lacks is gone. */
static void
forget_gone(Facts *facts, int64 seq)
{
	HASH_SEQ_STATUS iterator;
	Entity *entity;

	hash_seq_init(&iterator, facts->entities);
	while ((entity = hash_seq_search(&iterator)) != NULL)
	{
		if (entity->seen_at != seq)
			forget_entity(facts, entity);
	}
}

static void
take_tick(Facts *facts, const Tick *tick, const char *data)
{
	bool base = (tick->flags & TICK_BASE) != 0;

	if (facts->half_at == 0 || tick->at < facts->half_at || tick->at >= facts->half_at + HALF_US)
		begin_half(facts, tick->at);
	dbops_codec_decode(data, tick->size, facts->wanted, facts->tick);
	for (int i = 0; i < facts->tick->nrows; i++)
		take_row(facts, facts->tick, i, tick->seq);
	if (base || (tick->flags & TICK_KEY) != 0)
		forget_gone(facts, tick->seq);
	if (!base)
		facts->covers_us[PART_YOUNGER] += tick->covers_us;
	facts->known = true;
	facts->fact.sampled_at = tick->at;
}

static void
read_family(void *arg)
{
	Facts *facts = arg;

	facts->family->read(facts->now);
}

/* Somebody may have a catalog locked, say: that is no reason to know nothing of all the rest. */
static void
read_now(Facts *facts)
{
	dbops_frame_reset(facts->now);
	facts->now->bookmark = 0;
	facts->error.sqlerrcode = 0;
	if (!dbops_tx_try(read_family, facts, TX_ANY_ERROR, &facts->error))
		dbops_frame_reset(facts->now);
}

static int
compare_entities(const void *a, const void *b)
{
	return dbops_entity_compare(&(*(Entity *const *) a)->key, &(*(Entity *const *) b)->key);
}

static void
list_entities(Facts *facts)
{
	HASH_SEQ_STATUS iterator;
	Entity *entity;
	int n = 0;

	if (facts->list != NULL)
		return;
	facts->list = MemoryContextAllocHuge(
	    facts->context, sizeof(Entity *) * Max(hash_get_num_entries(facts->entities), 1));
	hash_seq_init(&iterator, facts->entities);
	while ((entity = hash_seq_search(&iterator)) != NULL)
		facts->list[n++] = entity;
	/* As ticks have them, and so in the order of memory, which is read many times as fast. */
	qsort(facts->list, n, sizeof(Entity *), compare_entities);
}

void
dbops_facts_update(FactSet *set, TimestampTz now)
{
	Tick tick;
	char *data;

	for (int i = 0; i < dbops_registry_count(); i++)
	{
		if (set->facts[i] != NULL && set->facts[i]->nwanted < 0)
			place_metrics(set->facts[i]);
	}
	while (dbops_ring_next(set->seq, RING_ANY_FAMILY, &tick, &data))
	{
		const Family *family = dbops_registry_by_id(tick.family);
		Facts *facts = family == NULL ? NULL : set->facts[dbops_registry_index(family)];

		set->seq = tick.seq;
		if (facts != NULL)
			take_tick(facts, &tick, data);
		pfree(data);
	}
	for (int i = 0; i < dbops_registry_count(); i++)
	{
		Facts *facts = set->facts[i];

		if (facts == NULL)
			continue;
		facts->fact.now = now;
		if (facts->live)
			read_now(facts);
		else
			list_entities(facts);
	}
}

void
dbops_facts_forget_usual(Facts *facts)
{
	if (facts->usuals != NULL)
		hash_destroy(facts->usuals);
	facts->usuals = NULL;
}

void
dbops_facts_set_usual(Facts *facts, const EntityKey *key, double usual)
{
	Usual *entry;

	if (facts->usuals == NULL)
		facts->usuals = create_table(facts->context, "dbops usual values", sizeof(Usual));
	entry = hash_search(facts->usuals, key, HASH_ENTER, NULL);
	entry->usual = usual;
}

static double
usual_of(const Facts *facts, const EntityKey *key)
{
	const Usual *entry =
	    facts->usuals == NULL ? NULL : hash_search(facts->usuals, key, HASH_FIND, NULL);

	return entry == NULL ? NAN : entry->usual;
}

/* ---- for judges ----------------------------------------------------------------------------- */

bool
dbops_facts_known(const Facts *facts)
{
	return facts->known;
}

const char *
dbops_facts_error(const Facts *facts)
{
	return facts->error.sqlerrcode == 0 ? NULL : facts->error.message;
}

int
dbops_facts_count(const Facts *facts)
{
	return facts->live ? facts->now->nrows : (int) hash_get_num_entries(facts->entities);
}

/* Both halves together; a histogram of both lasts as long as the current context. */
static int64
sum_of_window(const Facts *facts, const Entity *entity, int metric)
{
	int place = facts->places[metric];
	int64 younger = cells_of(facts, entity, PART_YOUNGER)[place];
	int64 older = cells_of(facts, entity, PART_OLDER)[place];

	if (younger == FAMILY_NULL || older == FAMILY_NULL)
		return younger == FAMILY_NULL ? older : younger;
	if (is_histogram(facts, metric))
		return (int64) (intptr_t) add_histograms((const Histogram *) (intptr_t) younger,
		                                         (const Histogram *) (intptr_t) older);
	return younger + older;
}

/* No change is an increase of 0, once there were two samples. */
static int64
increase_of(const Facts *facts, const Entity *entity, int metric)
{
	int64 sum = entity == NULL ? FAMILY_NULL : sum_of_window(facts, entity, metric);

	if (sum == FAMILY_NULL && !is_histogram(facts, metric) && facts->fact.covers_us > 0)
		return 0;
	return sum;
}

static bool
is_gauge(const Facts *facts, int metric)
{
	MetricKind kind = facts->family->metrics[metric].kind;

	return kind == METRIC_GAUGE || kind == METRIC_TIMESTAMP;
}

/* As it is now, or as the sampler last gave it. */
static int64
gauge_of(const Facts *facts, const Entity *entity, const int64 *now, int metric)
{
	if (now != NULL && !facts->family->metrics[metric].sampler_only)
		return now[metric];
	return entity == NULL ? FAMILY_NULL :
	                        cells_of(facts, entity, PART_LATEST)[facts->places[metric]];
}

const Fact *
dbops_facts_at(Facts *facts, int index)
{
	Fact *fact = &facts->fact;
	const Entity *entity =
	    facts->live ? hash_search(facts->entities, &facts->now->keys[index], HASH_FIND, NULL) :
	                  facts->list[index];
	const int64 *now = facts->live ? dbops_frame_row(facts->now, index) : NULL;

	fact->family = facts->family;
	fact->key = facts->live ? &facts->now->keys[index] : &entity->key;
	fact->texts =
	    facts->live ? (facts->now->texts ? facts->now->texts[index] : NULL) : entity->texts;
	fact->values = facts->values;
	fact->usual = usual_of(facts, fact->key);
	fact->covers_us = facts->covers_us[PART_YOUNGER] + facts->covers_us[PART_OLDER];
	for (int place = 0; place < facts->nwanted; place++)
	{
		int i = facts->followed[place];

		if (is_gauge(facts, i))
			facts->values[i] = gauge_of(facts, entity, now, i);
		else if (now != NULL && now[i] == FAMILY_NULL)
			facts->values[i] = FAMILY_NULL;
		else
			facts->values[i] = increase_of(facts, entity, i);
	}
	return fact;
}
