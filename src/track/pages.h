/*
 * track/pages.h
 *		Memory for the histograms of statements: pages of one octave, given out on first use.
 *
 * Most statements live in a few octaves of the range from a microsecond to an hour, so a full array
 * for each would be mostly zeros and would not fit.  A page is 16 counters of 32 bits, a cache
 * line. Counters wrap at 2^32; readers subtract modulo 2^32.
 */
#pragma once

#include "port/atomics.h"

#include "core/symbols.h"
#include "math/histogram_bucket.h"

#define PAGE_COUNTERS HISTOGRAM_SUBBUCKETS

/* Page numbers by octave; 0 is no page. */
typedef struct PageDirectory
{
	pg_atomic_uint32 page[HISTOGRAM_OCTAVES];
} PageDirectory;

typedef struct HistogramPage
{
	pg_atomic_uint32 counter[PAGE_COUNTERS]; /* the first links free pages */
} HistogramPage;

typedef struct PagesState
{
	int64 used;
	int64 capacity;
	int64 exhausted; /* durations that found no page: counted as calls, missing in a histogram */
} PagesState;

extern Size dbops_pages_size(uint32 npages);

/* Makes or attaches the pool; under AddinShmemInitLock. */
extern void dbops_pages_init(uint32 npages);

/* All pages, by number; set by dbops_pages_init. */
extern DBOPS_PRIVATE HistogramPage *dbops_pages;

/* The duration asked for last: that of a statement is at once also that of its plan. */
typedef struct LastBucket
{
	int64 ns;
	unsigned bucket;
} LastBucket;

extern DBOPS_PRIVATE LastBucket dbops_pages_last;

static inline unsigned
dbops_pages_bucket(int64 ns)
{
	if (ns != dbops_pages_last.ns)
	{
		dbops_pages_last.bucket = dbops_histogram_bucket_inline(ns);
		dbops_pages_last.ns = ns;
	}
	return dbops_pages_last.bucket;
}

/* Adds one duration; false, and nothing added, if its octave has no page yet. */
static inline bool
dbops_pages_add_present(PageDirectory *directory, int64 ns)
{
	unsigned bucket = dbops_pages_bucket(ns);
	uint32 number = pg_atomic_read_u32(&directory->page[bucket / PAGE_COUNTERS]);

	if (unlikely(number == 0))
		return false;
	pg_atomic_fetch_add_u32(&dbops_pages[number].counter[bucket % PAGE_COUNTERS], 1);
	return true;
}

/* Adds one duration.  Takes no lock, allocates nothing but a page of the pool, never fails. */
extern void dbops_pages_add(PageDirectory *directory, int64 ns);

/* Makes a directory without pages. */
static inline void
dbops_pages_clear(PageDirectory *directory)
{
	for (int i = 0; i < HISTOGRAM_OCTAVES; i++)
		pg_atomic_write_u32(&directory->page[i], 0);
}

/* Gives the pages back.  Nobody may add to the directory meanwhile. */
extern void dbops_pages_release(PageDirectory *directory);

/* A sparse copy in the current memory context; NULL when nothing was added. */
extern Histogram *dbops_pages_copy(PageDirectory *directory);

extern void dbops_pages_state(PagesState *state);
