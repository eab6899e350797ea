/*
 * store/frame.c
 *		A frame: the values of one family at one moment; see frame.h.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "store/frame.h"
#include "store/registry.h"

#define FIRST_CAPACITY 16

Frame *
dbops_frame_create(const Family *family)
{
	Frame *frame = palloc0(sizeof(Frame));

	frame->family = family;
	frame->ntexts = dbops_family_text_labels(family);
	frame->rows =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops frame rows", ALLOCSET_SMALL_SIZES);
	frame->context = AllocSetContextCreate(frame->rows, "dbops frame", ALLOCSET_DEFAULT_SIZES);
	return frame;
}

void
dbops_frame_reset(Frame *frame)
{
	MemoryContextReset(frame->context);
	frame->nrows = 0;
}

void
dbops_frame_free(Frame *frame)
{
	MemoryContextDelete(frame->rows);
	pfree(frame);
}

static void *
grow(Frame *frame, void *old, Size new_size)
{
	if (new_size == 0)
		return NULL;
	if (old == NULL)
		return MemoryContextAllocHuge(frame->rows, new_size);
	return repalloc_huge(old, new_size);
}

void
dbops_frame_reserve(Frame *frame, int rows)
{
	Size row_size = sizeof(int64) * frame->family->nmetrics;
	bool has_texts = frame->ntexts > 0;

	if (rows <= frame->capacity)
		return;
	frame->keys = grow(frame, frame->keys, sizeof(EntityKey) * rows);
	frame->values = grow(frame, frame->values, row_size * rows);
	if (has_texts)
		frame->texts = grow(frame, frame->texts, sizeof(char *) * rows);
	frame->capacity = rows;
}

int64 *
dbops_frame_append(Frame *frame, const EntityKey *key, const char *texts)
{
	int row = frame->nrows;
	int64 *values;

	if (row == frame->capacity)
		dbops_frame_reserve(frame, row == 0 ? FIRST_CAPACITY : row * 2);
	frame->nrows++;
	frame->keys[row] = *key;
	if (frame->ntexts > 0)
	{
		Size size = dbops_texts_size(texts, frame->ntexts);

		frame->texts[row] = MemoryContextAlloc(frame->context, size);
		memcpy(frame->texts[row], texts, size);
	}
	values = dbops_frame_row(frame, row);
	for (int i = 0; i < frame->family->nmetrics; i++)
		values[i] = FAMILY_NULL;
	return values;
}

int64 *
dbops_frame_add(Frame *frame, const EntityKey *key, const char *texts)
{
	EntityKey whole = *key;
	int ntexts = 0;

	Assert((texts != NULL) == (frame->ntexts > 0));
	for (int label = 0; label < frame->family->nlabels; label++)
	{
		if (frame->family->labels[label].type == LABEL_TEXT)
			whole.num[label] = dbops_entity_hash(dbops_texts_at(texts, ntexts++));
	}
	return dbops_frame_append(frame, &whole, texts);
}

int64 *
dbops_frame_add_texts(Frame *frame, const EntityKey *key, const char *const *texts)
{
	StringInfoData run;
	int64 *values;

	initStringInfo(&run);
	for (int i = 0; i < frame->ntexts; i++)
		appendBinaryStringInfo(&run, texts[i], (int) strlen(texts[i]) + 1);
	values = dbops_frame_add(frame, key, frame->ntexts > 0 ? run.data : NULL);
	pfree(run.data);
	return values;
}

int64
dbops_bytes_hash(const char *bytes, Size size)
{
	return (int64) hash_bytes_extended((const unsigned char *) bytes, (int) size, 0);
}

int64
dbops_entity_hash(const char *label_text)
{
	return dbops_bytes_hash(label_text, strlen(label_text));
}

static int
compare_rows(const void *a, const void *b, void *arg)
{
	const Frame *frame = arg;

	return dbops_entity_compare(&frame->keys[*(const int *) a], &frame->keys[*(const int *) b]);
}

void
dbops_frame_sort(Frame *frame)
{
	MemoryContext old = MemoryContextSwitchTo(frame->rows);
	Size row_size = sizeof(int64) * frame->family->nmetrics;
	int nrows = frame->nrows;
	bool sorted = true;
	int *order;
	EntityKey *keys;
	int64 *values;
	char **texts = NULL;

	for (int i = 1; i < nrows && sorted; i++)
		sorted = dbops_entity_compare(&frame->keys[i - 1], &frame->keys[i]) <= 0;
	if (sorted)
	{
		MemoryContextSwitchTo(old);
		return;
	}

	order = palloc_extended(sizeof(int) * nrows, MCXT_ALLOC_HUGE);
	for (int i = 0; i < nrows; i++)
		order[i] = i;
	qsort_arg(order, nrows, sizeof(int), compare_rows, frame);

	keys = palloc_extended(sizeof(EntityKey) * nrows, MCXT_ALLOC_HUGE);
	values = palloc_extended(Max(row_size * nrows, 1), MCXT_ALLOC_HUGE);
	if (frame->texts != NULL)
		texts = palloc(sizeof(char *) * nrows);
	for (int i = 0; i < nrows; i++)
	{
		keys[i] = frame->keys[order[i]];
		memcpy(&values[(Size) i * frame->family->nmetrics], dbops_frame_row(frame, order[i]),
		       row_size);
		if (texts != NULL)
			texts[i] = frame->texts[order[i]];
	}
	pfree(order);
	pfree(frame->keys);
	pfree(frame->values);
	frame->keys = keys;
	frame->values = values;
	if (texts != NULL)
		pfree(frame->texts);
	frame->texts = texts;
	frame->capacity = nrows;
	MemoryContextSwitchTo(old);
}
