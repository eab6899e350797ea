/*
 * store/regroup.c
 *		Regrouping rows into buckets of the step a query asks for; see regroup.h.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "store/regroup.h"
#include "store/registry.h"
#include "store/resolution.h"

typedef struct OpenKey
{
	EntityKey key;
	TimestampTz bucket;
} OpenKey;

/* A row in the making. */
typedef struct Open
{
	OpenKey id;
	char *texts;
	Accumulator *accumulator;
} Open;

/* What is known of a bucket, whoever changed in it. */
typedef struct Bucket
{
	TimestampTz start;
	int64 covers_us;
	uint16 flags;
} Bucket;

struct Regroup
{
	const Family *family;
	int64 step_us;
	TimestampTz unit_from;
	TimestampTz unit_to;
	MemoryContext context;       /* carried rows, open buckets */
	MemoryContext batch_context; /* rows of one batch, and those handed out */
	HTAB *carried;               /* Open */
	HTAB *local;                 /* Open, or NULL before the first row of a batch */
	HTAB *buckets;               /* Bucket */
	TimestampTz due;             /* before it no carried row and no bucket is finished */
	Open *latest;                /* that took a row in this batch, and may take the next; or NULL */
	Accumulator **spent;         /* carried ones that were handed out */
	int nspent;
	int spent_capacity;
	RegroupedRow *rows;
	int nrows;
	int capacity;
};

static HTAB *create_open_table(MemoryContext context);
static HTAB *local_table(Regroup *regroup);
static Open *find_open(Regroup *regroup, const OpenKey *id, const char *texts);
static void hand_out(Regroup *regroup, Open **open, int count);
static int compare_open(const void *a, const void *b);

Regroup *
dbops_regroup_create(const Family *family, int64 step_us)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops regroup", ALLOCSET_DEFAULT_SIZES);
	Regroup *regroup = MemoryContextAllocZero(context, sizeof(Regroup));
	HASHCTL control = {
	    .keysize = sizeof(TimestampTz), .entrysize = sizeof(Bucket), .hcxt = context};

	regroup->family = family;
	regroup->step_us = step_us;
	regroup->due = DT_NOEND;
	regroup->context = context;
	regroup->batch_context =
	    AllocSetContextCreate(context, "dbops regroup batch", ALLOCSET_DEFAULT_SIZES);
	regroup->carried = create_open_table(context);
	regroup->buckets =
	    hash_create("dbops buckets", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return regroup;
}

static uint32
hash_open(const void *key, Size size)
{
	const OpenKey *id = key;

	return dbops_entity_key_hash(&id->key) ^ (uint32) (id->bucket / USECS_PER_SEC);
}

static HTAB *
create_open_table(MemoryContext context)
{
	HASHCTL control = {
	    .keysize = sizeof(OpenKey), .entrysize = sizeof(Open), .hash = hash_open, .hcxt = context};

	return hash_create("dbops open rows", 256, &control, HASH_ELEM | HASH_FUNCTION | HASH_CONTEXT);
}

/* Keeps in mind when a row or bucket that starts there is finished. */
static void
expect_end(Regroup *regroup, TimestampTz start)
{
	regroup->due = Min(regroup->due, start + regroup->step_us);
}

void
dbops_regroup_begin_batch(Regroup *regroup)
{
	for (int i = 0; i < regroup->nspent; i++)
		dbops_merge_free(regroup->spent[i]);
	regroup->nspent = 0;
	regroup->spent = NULL;
	regroup->spent_capacity = 0;
	regroup->local = NULL;
	regroup->latest = NULL;
	regroup->rows = NULL;
	regroup->nrows = 0;
	regroup->capacity = 0;
	MemoryContextReset(regroup->batch_context);
}

void
dbops_regroup_begin_unit(Regroup *regroup, TimestampTz from, TimestampTz to)
{
	regroup->unit_from = from;
	regroup->unit_to = to;
}

void
dbops_regroup_cover(Regroup *regroup, TimestampTz place, int64 covers_us, uint16 flags)
{
	TimestampTz start = dbops_bucket_start(place, regroup->step_us);
	bool found;
	Bucket *bucket = hash_search(regroup->buckets, &start, HASH_ENTER, &found);

	if (!found)
	{
		bucket->covers_us = 0;
		bucket->flags = 0;
		expect_end(regroup, start);
	}
	bucket->covers_us += covers_us;
	bucket->flags |= flags;
}

void
dbops_regroup_add(Regroup *regroup, const Sample *sample)
{
	OpenKey id = {.key = *sample->key,
	              .bucket = dbops_bucket_start(sample->place, regroup->step_us)};

	/* Rows of a chunk come entity by entity. */
	if (regroup->latest == NULL || regroup->latest->id.bucket != id.bucket ||
	    dbops_entity_compare(&regroup->latest->id.key, &id.key) != 0)
		regroup->latest = find_open(regroup, &id, sample->texts);
	dbops_merge_add(regroup->latest->accumulator, sample->values, sample->covers_us);
}

/* Made when it is needed: a tick's rows are all carried. */
static HTAB *
local_table(Regroup *regroup)
{
	if (regroup->local == NULL)
		regroup->local = create_open_table(regroup->batch_context);
	return regroup->local;
}

/*
 * Brings the row that an entity has carried into the unit to those of the batch: it is complete
 * with them, and comes before them.
 */
static void
bring_carried(Regroup *regroup, const EntityKey *key)
{
	OpenKey id = {.key = *key, .bucket = dbops_bucket_start(regroup->unit_from, regroup->step_us)};
	Open *carried;
	Open *open;
	bool found;

	if (id.bucket + regroup->step_us > regroup->unit_to)
		return;
	carried = hash_search(regroup->carried, &id, HASH_FIND, NULL);
	if (carried == NULL)
		return;
	open = hash_search(local_table(regroup), &id, HASH_ENTER, &found);
	*open = *carried;
	hash_search(regroup->carried, &id, HASH_REMOVE, NULL);
}

/* The row that takes samples of an entity and bucket: begun, carried on, or new. */
static Open *
find_open(Regroup *regroup, const OpenKey *id, const char *texts)
{
	bool is_local = id->bucket + regroup->step_us <= regroup->unit_to;
	MemoryContext old;
	Open *open;
	bool found;

	bring_carried(regroup, &id->key);
	open = hash_search(is_local ? local_table(regroup) : regroup->carried, id, HASH_ENTER, &found);
	if (found)
		return open;
	if (!is_local)
		expect_end(regroup, id->bucket);
	old = MemoryContextSwitchTo(is_local ? regroup->batch_context : regroup->context);
	open->texts = NULL;
	if (texts != NULL)
	{
		Size size = dbops_texts_size(texts, dbops_family_text_labels(regroup->family));

		open->texts = palloc(size);
		memcpy(open->texts, texts, size);
	}
	open->accumulator = dbops_merge_create(regroup->family);
	MemoryContextSwitchTo(old);
	return open;
}

void
dbops_regroup_end_batch(Regroup *regroup)
{
	MemoryContext old = MemoryContextSwitchTo(regroup->batch_context);
	HASH_SEQ_STATUS status;
	Open **open;
	Open *next;
	int count = 0;

	if (regroup->local != NULL)
	{
		open = palloc(sizeof(Open *) * hash_get_num_entries(regroup->local));
		hash_seq_init(&status, regroup->local);
		while ((next = hash_seq_search(&status)) != NULL)
			open[count++] = next;
		hand_out(regroup, open, count);
	}
	MemoryContextSwitchTo(old);
}

/* Takes what ends by `to` out of the carried rows; returns how many there are in open[]. */
static int
take_finished(Regroup *regroup, TimestampTz to, Open **open)
{
	HASH_SEQ_STATUS status;
	Open *next;
	int count = 0;

	hash_seq_init(&status, regroup->carried);
	while ((next = hash_seq_search(&status)) != NULL)
	{
		if (to != DT_NOEND && next->id.bucket + regroup->step_us > to)
		{
			expect_end(regroup, next->id.bucket);
			continue;
		}
		open[count] = palloc(sizeof(Open));
		*open[count++] = *next;
		hash_search(regroup->carried, &next->id, HASH_REMOVE, NULL);
	}
	return count;
}

static void
drop_finished_buckets(Regroup *regroup, TimestampTz to)
{
	HASH_SEQ_STATUS status;
	Bucket *bucket;

	hash_seq_init(&status, regroup->buckets);
	while ((bucket = hash_seq_search(&status)) != NULL)
	{
		if (to == DT_NOEND || bucket->start + regroup->step_us <= to)
			hash_search(regroup->buckets, &bucket->start, HASH_REMOVE, NULL);
		else
			expect_end(regroup, bucket->start);
	}
}

void
dbops_regroup_finish(Regroup *regroup, TimestampTz to)
{
	MemoryContext old;
	Open **open;

	/* A tick after another rarely ends a bucket. */
	if (to != DT_NOEND && to < regroup->due)
		return;
	old = MemoryContextSwitchTo(regroup->batch_context);
	regroup->due = DT_NOEND;
	regroup->latest = NULL;
	open = palloc(sizeof(Open *) * (hash_get_num_entries(regroup->carried) + 1));
	hand_out(regroup, open, take_finished(regroup, to, open));
	drop_finished_buckets(regroup, to);
	MemoryContextSwitchTo(old);
}

/* An accumulator of the batch goes with its context; a carried one is freed with the next batch. */
static void
free_later(Regroup *regroup, Accumulator *accumulator)
{
	if (accumulator->context != regroup->context)
		return;
	if (regroup->nspent == regroup->spent_capacity)
	{
		regroup->spent_capacity = Max(64, regroup->spent_capacity * 2);
		regroup->spent =
		    regroup->spent == NULL ?
		        palloc(sizeof(Accumulator *) * regroup->spent_capacity) :
		        repalloc(regroup->spent, sizeof(Accumulator *) * regroup->spent_capacity);
	}
	regroup->spent[regroup->nspent++] = accumulator;
}

/* Makes finished rows; the batch context is current. */
static void
hand_out(Regroup *regroup, Open **open, int count)
{
	if (count == 0)
		return;
	qsort(open, count, sizeof(Open *), compare_open);
	if (regroup->nrows + count > regroup->capacity)
	{
		regroup->capacity = regroup->nrows + count;
		regroup->rows =
		    regroup->rows == NULL ?
		        palloc_extended(sizeof(RegroupedRow) * regroup->capacity, MCXT_ALLOC_HUGE) :
		        repalloc_huge(regroup->rows, sizeof(RegroupedRow) * regroup->capacity);
	}
	for (int i = 0; i < count; i++)
	{
		const Bucket *bucket = hash_search(regroup->buckets, &open[i]->id.bucket, HASH_FIND, NULL);

		regroup->rows[regroup->nrows++] =
		    (RegroupedRow){.bucket = open[i]->id.bucket,
		                   .covers_us = bucket ? bucket->covers_us : 0,
		                   .flags = bucket ? bucket->flags : 0,
		                   .key = open[i]->id.key,
		                   .texts = open[i]->texts,
		                   .values = dbops_merge_result(open[i]->accumulator)};
		free_later(regroup, open[i]->accumulator);
	}
}

int
dbops_regroup_rows(const Regroup *regroup, const RegroupedRow **rows)
{
	*rows = regroup->rows;
	return regroup->nrows;
}

static int
compare_open(const void *a, const void *b)
{
	const OpenKey *x = &(*(Open *const *) a)->id;
	const OpenKey *y = &(*(Open *const *) b)->id;
	int order = dbops_entity_compare(&x->key, &y->key);

	return order != 0 ? order : x->bucket < y->bucket ? -1 : x->bucket > y->bucket;
}
