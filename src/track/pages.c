/*
 * track/pages.c
 *		Memory for the histograms of statements; see pages.h.
 *
 * A file of its own because it knows nothing of statements: it is a pool of cache lines and what
 * stands in them.  No locks: pages are taken from a lock-free list, and a page enters a directory
 * by compare-and-swap, so that of two sessions that need the same page one gives its own back.
 */
#include "postgres.h"

#include "storage/shmem.h"

#include "track/freelist.h"
#include "track/pages.h"

typedef struct PagePool
{
	Freelist free;
	pg_atomic_uint64 exhausted;
} PagePool;

HistogramPage *dbops_pages = NULL;
LastBucket dbops_pages_last = {.ns = -1};

static PagePool *pool = NULL;

Size
dbops_pages_size(uint32 npages)
{
	return add_size(CACHELINEALIGN(sizeof(PagePool)),
	                mul_size(sizeof(HistogramPage), (Size) npages + 1));
}

void
dbops_pages_init(uint32 npages)
{
	bool found;

	pool = ShmemInitStruct("dbops histogram pages", dbops_pages_size(npages), &found);
	dbops_pages = (HistogramPage *) ((char *) pool + CACHELINEALIGN(sizeof(PagePool)));
	if (found)
		return;
	dbops_freelist_init(&pool->free, npages);
	pg_atomic_init_u64(&pool->exhausted, 0);
}

static pg_atomic_uint32 *
link_of(uint32 number)
{
	return &dbops_pages[number].counter[0];
}

/* Gives the octave a page, unless another session just did; 0 when the pool is empty. */
static uint32
allocate_page(pg_atomic_uint32 *octave)
{
	uint32 number = dbops_freelist_pop(&pool->free, link_of);
	uint32 present = 0;

	if (number == 0)
	{
		pg_atomic_fetch_add_u64(&pool->exhausted, 1);
		return 0;
	}
	for (int i = 0; i < PAGE_COUNTERS; i++)
		pg_atomic_init_u32(&dbops_pages[number].counter[i], 0);
	if (pg_atomic_compare_exchange_u32(octave, &present, number))
		return number;
	dbops_freelist_push(&pool->free, link_of, number);
	return present;
}

void
dbops_pages_add(PageDirectory *directory, int64 ns)
{
	pg_atomic_uint32 *octave = &directory->page[dbops_pages_bucket(ns) / PAGE_COUNTERS];

	if (pg_atomic_read_u32(octave) != 0 || allocate_page(octave) != 0)
		dbops_pages_add_present(directory, ns);
}

void
dbops_pages_release(PageDirectory *directory)
{
	for (int i = 0; i < HISTOGRAM_OCTAVES; i++)
	{
		uint32 number = pg_atomic_exchange_u32(&directory->page[i], 0);

		if (number != 0)
			dbops_freelist_push(&pool->free, link_of, number);
	}
}

/* Appends what a page counts; its counters move on while we read, so each is read once. */
static int
append_page(HistogramBucket *buckets, int nbuckets, int octave, uint32 number)
{
	for (int i = 0; i < PAGE_COUNTERS; i++)
	{
		uint32 count = pg_atomic_read_u32(&dbops_pages[number].counter[i]);

		if (count == 0)
			continue;
		buckets[nbuckets].bucket = octave * PAGE_COUNTERS + i;
		buckets[nbuckets++].count = count;
	}
	return nbuckets;
}

Histogram *
dbops_pages_copy(PageDirectory *directory)
{
	HistogramBucket buckets[HISTOGRAM_BUCKETS];
	int nbuckets = 0;
	Histogram *histogram;

	for (int octave = 0; octave < HISTOGRAM_OCTAVES; octave++)
	{
		uint32 number = pg_atomic_read_u32(&directory->page[octave]);

		if (number != 0)
			nbuckets = append_page(buckets, nbuckets, octave, number);
	}
	if (nbuckets == 0)
		return NULL;
	histogram = palloc(HISTOGRAM_SIZE(nbuckets));
	histogram->nbuckets = nbuckets;
	memcpy(histogram->buckets, buckets, sizeof(HistogramBucket) * nbuckets);
	return histogram;
}

void
dbops_pages_state(PagesState *state)
{
	state->used = pg_atomic_read_u32(&pool->free.used);
	state->capacity = pool->free.capacity;
	state->exhausted = pg_atomic_read_u64(&pool->exhausted);
}
