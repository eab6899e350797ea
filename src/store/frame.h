/*
 * store/frame.h
 *		A frame: the values of one family at one moment, a row per entity, in memory.
 *
 * Collectors fill frames with cumulative values, store/delta.h turns them into frames of changes,
 * and the codec writes and reads those.  A frame owns a memory context; reset empties it for reuse.
 */
#pragma once

#include "store/family.h"
#include "store/texts.h"

struct Histogram;

typedef struct Frame
{
	const Family *family;
	MemoryContext rows;    /* the arrays below, kept over resets */
	MemoryContext context; /* texts and histograms of the rows; child of the above */
	int nrows;
	int capacity;
	EntityKey *keys;
	int ntexts;    /* text labels of the family */
	char **texts;  /* those of each row, see store/texts.h; NULL unless the family has any */
	int64 *values; /* row-major, family->nmetrics a row; FAMILY_NULL when unset */

	/*
	 * For the family's reader: what it has given so far, in its own terms, kept over resets.  0
	 * asks for everything; otherwise it may leave out counters and histograms that have not changed
	 * since.
	 */
	uint64 bookmark;
} Frame;

/* Made in a child of the current context. */
extern Frame *dbops_frame_create(const Family *family);
extern void dbops_frame_reset(Frame *frame);
extern void dbops_frame_free(Frame *frame);

/* Room for `rows` rows in all, so that adds in a loop that holds a lock need not allocate. */
extern void dbops_frame_reserve(Frame *frame, int rows);

/*
 * Adds a row, all values FAMILY_NULL, and returns its values.  The pointer is good until the next
 * add.  The texts of its text labels are copied, and their parts of the key set from them; `texts`
 * is a run of them (store/texts.h), so a single one is a string, and NULL when there are none.
 */
extern int64 *dbops_frame_add(Frame *frame, const EntityKey *key, const char *texts);

/* The same with the texts apart, one for each text label. */
extern int64 *dbops_frame_add_texts(Frame *frame, const EntityKey *key, const char *const *texts);

/* The same for an entity whose key is complete, as it came from another frame. */
extern int64 *dbops_frame_append(Frame *frame, const EntityKey *key, const char *texts);

/* Sorts the rows by key (and text). */
extern void dbops_frame_sort(Frame *frame);

/* Key part for a text label, from a string or from bytes that nothing ends. */
extern int64 dbops_entity_hash(const char *label_text);
extern int64 dbops_bytes_hash(const char *bytes, Size size);

static inline int64 *
dbops_frame_row(const Frame *frame, int row)
{
	return &frame->values[(Size) row * frame->family->nmetrics];
}

/* A METRIC_HISTOGRAM cell; NULL when unset. */
static inline struct Histogram *
dbops_frame_histogram(const int64 *values, int metric)
{
	return values[metric] == FAMILY_NULL ? NULL : (struct Histogram *) (intptr_t) values[metric];
}

static inline void
dbops_frame_set_histogram(int64 *values, int metric, struct Histogram *histogram)
{
	values[metric] = histogram == NULL ? FAMILY_NULL : (int64) (intptr_t) histogram;
}

/* For hash tables by entity. */
static inline uint32
dbops_entity_key_hash(const EntityKey *key)
{
	uint64 hash = 0;

	for (int i = 0; i < ENTITY_KEY_PARTS; i++)
		hash = (hash ^ (uint64) key->num[i]) * UINT64CONST(0x9E3779B97F4A7C15);
	return (uint32) (hash >> 32);
}

static inline int
dbops_entity_compare(const EntityKey *a, const EntityKey *b)
{
	for (int i = 0; i < ENTITY_KEY_PARTS; i++)
	{
		if (a->num[i] != b->num[i])
			return a->num[i] < b->num[i] ? -1 : 1;
	}
	return 0;
}
