/*
 * store/codec.c
 *		Bytes of a tick: a frame of changes, column by column; see codec.h.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "math/histogram.h"
#include "store/codec.h"
#include "store/histogram_column.h"
#include "store/integer_column.h"
#include "store/registry.h"
#include "store/text_column.h"

#define CODEC_FORMAT 1

/* How a metric is written; the first three are the column encodings that need no length. */
typedef enum CodecMetric
{
	METRIC_IS_ZERO = INTEGER_ZERO,
	METRIC_IS_NULL = INTEGER_NULL,
	METRIC_IS_CONST = INTEGER_CONST,
	METRIC_IS_COLUMN,    /* length in bytes, column */
	METRIC_IS_HISTOGRAM, /* length in bytes, histogram column */
} CodecMetric;

#define METRIC_SHIFT 3
#define METRIC_MASK 7

/*
 * Every row differs from the one before in some key, which takes a bit at least: so a count beyond
 * eight rows a byte is nonsense.  The constant leaves room for frames of a row or two.
 */
#define ROWS_PER_BYTE 8
#define ROWS_FREE 64

/* One metric's entry in the data. */
typedef struct MetricEntry
{
	int id;
	CodecMetric how;
	ByteReader data; /* its column, or for METRIC_IS_CONST nothing */
	int64 same;      /* value of METRIC_IS_ZERO, _NULL and _CONST */
} MetricEntry;

/* The first entry, of which others may be multiples. */
typedef struct Reference
{
	MetricEntry entry;
	int64 *values; /* read when first needed */
} Reference;

static void put_metric(StringInfo out, const Metric *metric, int id_gap, StringInfo column);
static void get_entry(ByteReader *in, MetricEntry *entry);
static void fill_metric(const MetricEntry *entry, Reference *first, int metric,
                        const PackedRows *rows, Frame *frame);

void
dbops_codec_encode(const Frame *frame, StringInfo out)
{
	appendStringInfoChar(out, CODEC_FORMAT);
	dbops_put_varint(out, frame->nrows);
	dbops_put_varint(out, frame->family->nlabels);
	dbops_codec_put_keys(out, frame, NULL, frame->nrows);
	dbops_codec_put_metrics(out, frame, 0, frame->nrows, NULL);
}

/* Steps over the format and the row count. */
static int
get_row_count(ByteReader *in)
{
	Size limit = dbops_reader_left(in) * ROWS_PER_BYTE + ROWS_FREE;

	if (dbops_reader_byte(in) != CODEC_FORMAT)
		dbops_corrupted("a tick has an unknown format");
	return (int) dbops_reader_count(in, Min(limit, PG_INT32_MAX / 2));
}

int
dbops_codec_max_rows(const Family *family)
{
	return (int) (MaxAllocSize / (sizeof(EntityKey) + sizeof(int64) * (family->nmetrics + 1)));
}

int
dbops_codec_rows(const char *data, Size size)
{
	ByteReader in = dbops_reader(data, size);

	return get_row_count(&in);
}

void
dbops_codec_decode(const char *data, Size size, const bool *wanted, Frame *frame)
{
	dbops_codec_decode_some(data, size, wanted, NULL, frame);
}

void
dbops_codec_decode_some(const char *data, Size size, const bool *wanted, const EntityFilter *filter,
                        Frame *frame)
{
	ByteReader in = dbops_reader(data, size);
	const Family *family = frame->family;
	EntityKey *keys;
	char **texts;
	int *rows;
	int nrows;

	dbops_frame_reset(frame);
	nrows = get_row_count(&in);
	if (nrows > dbops_codec_max_rows(family))
		dbops_corrupted("a tick has more rows than fit into memory");
	if (dbops_reader_varint(&in) != (uint64) family->nlabels)
		dbops_corrupted("a tick has other labels than its family");

	keys = palloc_extended(sizeof(EntityKey) * nrows, MCXT_ALLOC_HUGE);
	rows = palloc_extended(sizeof(int) * nrows, MCXT_ALLOC_HUGE);
	texts = dbops_codec_get_keys(&in, family, nrows, keys);

	if (filter == NULL)
		dbops_frame_reserve(frame, nrows);
	for (int i = 0; i < nrows; i++)
	{
		rows[i] = -1;
		if (filter != NULL && !filter->keep(&keys[i], filter->arg))
			continue;
		rows[i] = frame->nrows;
		dbops_frame_append(frame, &keys[i], texts ? texts[i] : NULL);
	}
	if (frame->nrows > 0 || nrows == 0)
	{
		dbops_codec_get_metrics(&in, &(PackedRows){.nrows = nrows, .places = rows}, wanted, frame);
		if (dbops_reader_left(&in) > 0)
			dbops_corrupted("a tick has more data than it says");
	}
	pfree(keys);
	pfree(rows);
}

void
dbops_codec_put_keys(StringInfo out, const Frame *frame, const int *rows, int nrows)
{
	int64 *parts = palloc_extended(sizeof(int64) * nrows, MCXT_ALLOC_HUGE);
	const char **texts = NULL;
	int ntexts = 0;

	if (frame->texts != NULL)
		texts = palloc_extended(sizeof(char *) * nrows, MCXT_ALLOC_HUGE);
	for (int label = 0; label < frame->family->nlabels; label++)
	{
		for (int i = 0; i < nrows; i++)
			parts[i] = frame->keys[rows ? rows[i] : i].num[label];
		if (frame->family->labels[label].type != LABEL_TEXT)
		{
			dbops_integer_column_put(out, parts, nrows);
			continue;
		}
		for (int i = 0; i < nrows; i++)
			texts[i] = dbops_texts_at(frame->texts[rows ? rows[i] : i], ntexts);
		ntexts++;
		dbops_text_column_put(out, texts, parts, nrows);
	}
	pfree(parts);
	if (texts != NULL)
		pfree(texts);
}

/* Makes the runs of texts out of ntexts columns, which lie one after the other in `columns`. */
static char **
pack_texts(const ColumnText *columns, int ntexts, int nrows)
{
	Size total = sizeof(char *) * nrows;
	char **texts;
	char *next;

	for (Size i = 0; i < (Size) ntexts * nrows; i++)
		total += columns[i].size + 1;
	if (!AllocSizeIsValid(total))
		dbops_corrupted("the texts of a tick have no sane size");
	texts = palloc_extended(total, MCXT_ALLOC_HUGE);
	next = (char *) (texts + nrows);
	for (int i = 0; i < nrows; i++)
	{
		texts[i] = next;
		for (int t = 0; t < ntexts; t++)
		{
			const ColumnText *piece = &columns[(Size) t * nrows + i];

			memcpy(next, piece->bytes, piece->size);
			next += piece->size;
			*next++ = '\0';
		}
	}
	return texts;
}

char **
dbops_codec_get_keys(ByteReader *in, const Family *family, int nrows, EntityKey *keys)
{
	int ntexts = dbops_family_text_labels(family);
	int64 *parts = palloc_extended(sizeof(int64) * nrows, MCXT_ALLOC_HUGE);
	ColumnText *columns = NULL;
	ColumnText *column;
	char **texts = NULL;

	if (ntexts > 0)
		columns = palloc_extended(sizeof(ColumnText) * ntexts * nrows, MCXT_ALLOC_HUGE);
	column = columns;
	memset(keys, 0, sizeof(EntityKey) * nrows);
	for (int label = 0; label < family->nlabels; label++)
	{
		if (family->labels[label].type == LABEL_TEXT)
		{
			dbops_text_column_get(in, column, nrows);
			for (int i = 0; i < nrows; i++)
				keys[i].num[label] = column[i].hash;
			column += nrows;
			continue;
		}
		dbops_integer_column_get(in, parts, nrows);
		for (int i = 0; i < nrows; i++)
			keys[i].num[label] = parts[i];
	}
	if (columns != NULL)
	{
		texts = pack_texts(columns, ntexts, nrows);
		pfree(columns);
	}
	pfree(parts);
	return texts;
}

/* The metrics' positions in order of their ids; they usually are. */
static int *
order_by_id(const Family *family)
{
	int *order = palloc(sizeof(int) * (family->nmetrics + 1));

	for (int i = 0; i < family->nmetrics; i++)
	{
		int at = i;

		for (; at > 0 && family->metrics[order[at - 1]].id > family->metrics[i].id; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	return order;
}

void
dbops_codec_put_metrics(StringInfo out, const Frame *frame, int first, int nrows,
                        const RowGroups *groups)
{
	const Family *family = frame->family;
	int *order = order_by_id(family);
	int64 *values = palloc_extended(sizeof(int64) * nrows, MCXT_ALLOC_HUGE);
	int64 *like = NULL;
	StringInfoData column;
	int last_id = 0;

	initStringInfo(&column);
	dbops_put_varint(out, family->nmetrics);
	for (int m = 0; m < family->nmetrics; m++)
	{
		const Metric *metric = &family->metrics[order[m]];
		const int64 *cell = dbops_frame_row(frame, first) + order[m];

		for (int i = 0; i < nrows; i++, cell += family->nmetrics)
			values[i] = *cell;
		resetStringInfo(&column);
		if (metric->kind == METRIC_HISTOGRAM)
			dbops_histogram_column_put(&column, values, nrows, groups);
		else
			dbops_grouped_column_put(&column, values, nrows, groups, like);
		put_metric(out, metric, metric->id - last_id, &column);
		last_id = metric->id;
		if (m == 0 && groups != NULL && metric->kind != METRIC_HISTOGRAM)
		{
			like = values;
			values = palloc_extended(sizeof(int64) * nrows, MCXT_ALLOC_HUGE);
		}
	}
	if (like != NULL)
		pfree(like);
	pfree(column.data);
	pfree(values);
	pfree(order);
}

/* The first byte of a column tells its encoding. */
static void
put_metric(StringInfo out, const Metric *metric, int id_gap, StringInfo column)
{
	uint8 head = (uint8) column->data[0];
	CodecMetric how = METRIC_IS_COLUMN;

	if (metric->kind == METRIC_HISTOGRAM)
		how = column->len == 1 ? METRIC_IS_NULL : METRIC_IS_HISTOGRAM;
	else if (head <= INTEGER_CONST)
		how = (CodecMetric) head;

	dbops_put_varint(out, ((uint64) id_gap << METRIC_SHIFT) | how);
	if (how == METRIC_IS_CONST)
		appendBinaryStringInfo(out, column->data + 1, column->len - 1);
	else if (how == METRIC_IS_COLUMN || how == METRIC_IS_HISTOGRAM)
	{
		dbops_put_varint(out, column->len);
		appendBinaryStringInfo(out, column->data, column->len);
	}
}

void
dbops_codec_get_metrics(ByteReader *in, const PackedRows *rows, const bool *wanted, Frame *frame)
{
	int nmetrics = (int) dbops_reader_count(in, PG_INT16_MAX);
	MetricEntry entry = {.id = 0};
	Reference first = {.values = NULL};

	for (int i = 0; i < nmetrics; i++)
	{
		int metric;

		get_entry(in, &entry);
		if (i == 0)
			first.entry = entry;
		metric = dbops_family_metric_by_id(frame->family, (int16) entry.id);
		if (metric < 0 || (wanted != NULL && !wanted[metric]))
			continue;
		if ((frame->family->metrics[metric].kind == METRIC_HISTOGRAM) !=
		        (entry.how == METRIC_IS_HISTOGRAM) &&
		    entry.how != METRIC_IS_NULL)
			dbops_corrupted("a metric has another kind than its family says");
		fill_metric(&entry, &first, metric, rows, frame);
	}
	if (first.values != NULL)
		pfree(first.values);
}

static void
get_entry(ByteReader *in, MetricEntry *entry)
{
	uint64 head = dbops_reader_varint(in);
	uint64 gap = head >> METRIC_SHIFT;
	uint64 size;

	if (gap == 0 || gap > (uint64) (PG_INT16_MAX - entry->id))
		dbops_corrupted("a metric id is out of range");
	entry->id += (int) gap;
	entry->how = (CodecMetric) (head & METRIC_MASK);
	switch (entry->how)
	{
		case METRIC_IS_ZERO:
			entry->same = 0;
			break;
		case METRIC_IS_NULL:
			entry->same = FAMILY_NULL;
			break;
		case METRIC_IS_CONST:
			entry->same = dbops_reader_signed(in);
			break;
		case METRIC_IS_COLUMN:
		case METRIC_IS_HISTOGRAM:
			size = dbops_reader_varint(in);
			entry->data = dbops_reader(dbops_reader_bytes(in, size), size);
			break;
		default:
			dbops_corrupted("a metric has an unknown encoding");
	}
}

/* The values of an entry that is no histogram; `like` as for a grouped column. */
static int64 *
read_values(const MetricEntry *entry, const PackedRows *rows, const int64 *like)
{
	int64 *values = palloc_extended(sizeof(int64) * rows->nrows, MCXT_ALLOC_HUGE);
	ByteReader data = entry->data;

	if (entry->how == METRIC_IS_COLUMN)
	{
		dbops_grouped_column_get(&data, values, rows->nrows, rows->groups, like);
		return values;
	}
	for (int i = 0; i < rows->nrows; i++)
		values[i] = entry->same;
	return values;
}

/* What a column may be a multiple of; NULL if it is not. */
static const int64 *
read_reference(Reference *first, const MetricEntry *entry, const PackedRows *rows)
{
	if (entry->id == first->entry.id || first->entry.how == METRIC_IS_HISTOGRAM ||
	    !dbops_grouped_column_needs_like(&entry->data))
		return NULL;
	if (first->values == NULL)
		first->values = read_values(&first->entry, rows, NULL);
	return first->values;
}

/* Writes a metric into the rows of the frame that take it. */
static void
fill_metric(const MetricEntry *entry, Reference *first, int metric, const PackedRows *rows,
            Frame *frame)
{
	int nmetrics = frame->family->nmetrics;
	ByteReader data = entry->data;
	int64 *values = NULL;

	if (entry->how == METRIC_IS_COLUMN)
		values = read_values(entry, rows, read_reference(first, entry, rows));
	else if (entry->how == METRIC_IS_HISTOGRAM)
	{
		values = palloc_extended(sizeof(int64) * rows->nrows, MCXT_ALLOC_HUGE);
		dbops_histogram_column_get(&data, rows, frame->context, values);
	}
	for (int i = 0; i < rows->nrows; i++)
	{
		int row = rows->places ? rows->places[i] : i;

		if (row >= 0)
			frame->values[(Size) row * nmetrics + metric] = values ? values[i] : entry->same;
	}
	if (values != NULL)
		pfree(values);
}
