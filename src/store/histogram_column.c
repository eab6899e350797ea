/*
 * store/histogram_column.c
 *		A column of sparse histograms in few bytes; see histogram_column.h.
 */
#include "postgres.h"

#include "math/histogram_type.h"

#include "store/family.h"
#include "store/histogram_column.h"

/* More buckets than any column of ours holds; a corrupted count must not exhaust the memory. */
#define MAX_COLUMN_BUCKETS (16 * 1024 * 1024)

/* The four columns. */
typedef struct Streams
{
	int64 *sizes;
	int64 *firsts;
	int64 *gaps;
	int64 *counts;
	int nfirsts;
	int ngaps;
	int ncounts;
	bool grouped;
	RowGroups first_groups; /* the rows' groups, in what each column has of them */
	RowGroups gap_groups;
	RowGroups count_groups;
} Streams;

static const Histogram *
cell_histogram(int64 cell)
{
	const Histogram *histogram = cell == FAMILY_NULL ? NULL : (const Histogram *) (intptr_t) cell;

	return histogram != NULL && histogram->nbuckets > 0 ? histogram : NULL;
}

static void
allocate_streams(Streams *streams, int nrows, int nbuckets)
{
	streams->firsts = palloc_extended(sizeof(int64) * nrows, MCXT_ALLOC_HUGE);
	streams->gaps = palloc_extended(sizeof(int64) * nbuckets, MCXT_ALLOC_HUGE);
	streams->counts = palloc_extended(sizeof(int64) * nbuckets, MCXT_ALLOC_HUGE);
}

/* How many of the rows' groups' firsts, gaps and counts there are. */
static void
size_groups(Streams *streams, const RowGroups *groups)
{
	int64 *firsts;
	int64 *gaps;
	int64 *counts;
	int64 row = 0;

	if (groups == NULL)
		return;
	firsts = palloc0(sizeof(int64) * (groups->ngroups + 1));
	gaps = palloc0(sizeof(int64) * (groups->ngroups + 1));
	counts = palloc0(sizeof(int64) * (groups->ngroups + 1));
	for (int g = 0; g < groups->ngroups; g++)
	{
		for (int64 end = row + groups->sizes[g]; row < end; row++)
		{
			firsts[g] += streams->sizes[row] > 0;
			counts[g] += streams->sizes[row];
		}
		gaps[g] = counts[g] - firsts[g];
	}
	streams->first_groups = (RowGroups){.ngroups = groups->ngroups, .sizes = firsts};
	streams->gap_groups = (RowGroups){.ngroups = groups->ngroups, .sizes = gaps};
	streams->count_groups = (RowGroups){.ngroups = groups->ngroups, .sizes = counts};
	streams->grouped = true;
}

static const RowGroups *
if_grouped(const Streams *streams, const RowGroups *groups)
{
	return streams->grouped ? groups : NULL;
}

static void
free_streams(Streams *streams)
{
	if (streams->grouped)
	{
		pfree((void *) streams->first_groups.sizes);
		pfree((void *) streams->gap_groups.sizes);
		pfree((void *) streams->count_groups.sizes);
	}
	pfree(streams->sizes);
	pfree(streams->firsts);
	pfree(streams->gaps);
	pfree(streams->counts);
}

void
dbops_histogram_column_put(StringInfo out, const int64 *cells, int n, const RowGroups *groups)
{
	Streams streams = {.sizes = palloc_extended(sizeof(int64) * n, MCXT_ALLOC_HUGE)};
	int nbuckets = 0;

	for (int i = 0; i < n; i++)
	{
		const Histogram *histogram = cell_histogram(cells[i]);

		streams.sizes[i] = histogram ? histogram->nbuckets : 0;
		nbuckets += (int) streams.sizes[i];
	}
	allocate_streams(&streams, n, nbuckets);
	for (int i = 0; i < n; i++)
	{
		const Histogram *histogram = cell_histogram(cells[i]);

		for (int b = 0; b < streams.sizes[i]; b++)
		{
			const HistogramBucket *bucket = &histogram->buckets[b];

			if (b == 0)
				streams.firsts[streams.nfirsts++] = bucket->bucket;
			else
				streams.gaps[streams.ngaps++] = bucket->bucket - bucket[-1].bucket - 1;
			streams.counts[streams.ncounts++] = (int64) (bucket->count - 1);
		}
	}
	dbops_grouped_column_put(out, streams.sizes, n, groups, NULL);
	if (nbuckets > 0)
	{
		size_groups(&streams, groups);
		dbops_grouped_column_put(out, streams.firsts, streams.nfirsts,
		                         if_grouped(&streams, &streams.first_groups), NULL);
		dbops_grouped_column_put(out, streams.gaps, streams.ngaps,
		                         if_grouped(&streams, &streams.gap_groups), NULL);
		dbops_grouped_column_put(out, streams.counts, streams.ncounts,
		                         if_grouped(&streams, &streams.count_groups), NULL);
	}
	free_streams(&streams);
}

/* Reads the sizes and counts what the other columns must hold. */
static void
get_sizes(ByteReader *in, int n, const RowGroups *groups, Streams *streams)
{
	dbops_grouped_column_get(in, streams->sizes, n, groups, NULL);
	for (int i = 0; i < n; i++)
	{
		if (streams->sizes[i] < 0 || streams->sizes[i] > HISTOGRAM_BUCKETS)
			dbops_corrupted("a histogram has too many buckets");
		streams->ncounts += (int) streams->sizes[i];
		streams->nfirsts += streams->sizes[i] > 0;
		if (streams->ncounts > MAX_COLUMN_BUCKETS)
			dbops_corrupted("histograms have too many buckets");
	}
	streams->ngaps = streams->ncounts - streams->nfirsts;
}

/* Fills a histogram of `size` buckets. */
static void
fill_histogram(Histogram *histogram, int size, int64 first, const int64 *gaps, const int64 *counts)
{
	int64 bucket = first;
	uint64 sum = 0;

	histogram->nbuckets = size;
	for (int b = 0; b < size; b++)
	{
		if (b > 0 && (gaps[b - 1] < 0 || gaps[b - 1] > HISTOGRAM_BUCKETS))
			dbops_corrupted("a histogram has a bucket out of order");
		bucket += b > 0 ? gaps[b - 1] + 1 : 0;
		if (bucket < 0 || bucket >= HISTOGRAM_BUCKETS)
			dbops_corrupted("a histogram has an unknown bucket");
		/* One less than the count is what is stored. */
		if (counts[b] < 0 || (uint64) counts[b] >= HISTOGRAM_MAX_COUNT - sum)
			dbops_corrupted("a histogram has no sane count");
		sum += (uint64) counts[b] + 1;
		histogram->buckets[b].bucket = (uint16) bucket;
		histogram->buckets[b].count = (uint64) counts[b] + 1;
	}
}

void
dbops_histogram_column_get(ByteReader *in, const PackedRows *rows, MemoryContext context,
                           int64 *cells)
{
	int n = rows->nrows;
	Streams streams = {.sizes = palloc_extended(sizeof(int64) * n, MCXT_ALLOC_HUGE)};
	int first = 0;
	int gap = 0;
	int count = 0;

	get_sizes(in, n, rows->groups, &streams);
	allocate_streams(&streams, n, streams.ncounts);
	if (streams.ncounts > 0)
	{
		size_groups(&streams, rows->groups);
		dbops_grouped_column_get(in, streams.firsts, streams.nfirsts,
		                         if_grouped(&streams, &streams.first_groups), NULL);
		dbops_grouped_column_get(in, streams.gaps, streams.ngaps,
		                         if_grouped(&streams, &streams.gap_groups), NULL);
		dbops_grouped_column_get(in, streams.counts, streams.ncounts,
		                         if_grouped(&streams, &streams.count_groups), NULL);
	}
	for (int i = 0; i < n; i++)
	{
		int size = (int) streams.sizes[i];
		Histogram *histogram;

		cells[i] = FAMILY_NULL;
		if (size == 0)
			continue;
		if (rows->places == NULL || rows->places[i] >= 0)
		{
			histogram = MemoryContextAlloc(context, HISTOGRAM_SIZE(size));
			fill_histogram(histogram, size, streams.firsts[first], &streams.gaps[gap],
			               &streams.counts[count]);
			cells[i] = (int64) (intptr_t) histogram;
		}
		first++;
		gap += size - 1;
		count += size;
	}
	free_streams(&streams);
}
