/*
 * advise/index_cover.h
 *		Which index can stand in for another, and which serves a foreign key.
 *
 * Pure: by what the indexes are, not by what they are used for.  Whether plans are as good with the
 * other one, the planner says.
 */
#pragma once

#include "advise/index_spec.h"

typedef struct ForeignKey
{
	Oid constraint;
	Oid table;      /* that refers */
	Oid referenced; /* whose deletes look for rows of the table */
	int ncolumns;
	AttrNumber columns[SPEC_MAX_COLUMNS]; /* of the table */
	AttrNumber referenced_columns[SPEC_MAX_COLUMNS];
} ForeignKey;

typedef enum IndexCover
{
	COVER_NONE,
	COVER_EXTENDS,   /* has the other's keys first, and all of its columns */
	COVER_DUPLICATE, /* has the same keys, and all of its columns */
} IndexCover;

/*
 * Whether an index is of no use beside another one of the same table: that has the same rows, and
 * the same keys first, in the same order or in the reverse of it.  Uniqueness is not looked at.
 */
extern IndexCover dbops_index_cover(const IndexSpec *narrow, const IndexSpec *wide);

/* Whether two indexes have the same rows and keys: then they differ by what else they include. */
extern bool dbops_index_is_twin(const IndexSpec *a, const IndexSpec *b);

/*
 * The B-tree that stands in for two with the same rows and first key: the keys of the first, then
 * those of the second that are none of them, and all that either includes.  NULL if there is none,
 * as beside a first that covers the second, or of more keys than allowed.  In the current context.
 */
extern IndexSpec *dbops_index_merge(const IndexSpec *first, const IndexSpec *second, int max_keys);

/* "duplicate of s.x": what an index is beside one that covers it, which has that name. */
extern char *dbops_index_cover_phrase(IndexCover cover, const char *name);

/*
 * Whether rows that refer to a given row are found by the index: its first keys are the columns of
 * the foreign key, in any order, and it has all rows where these are not NULL.
 */
extern bool dbops_index_serves_key(const IndexSpec *spec, const ForeignKey *key);
