/*
 * advise/write_cost.h
 *		What keeping an index costs those who write to its table.
 *
 * Pure arithmetic over what is known of the writes to a table in a day.  An index costs what the
 * upkeep of all indexes of the table is with it, less what it is without: its own entries, and
 * those that other indexes get for updates that are HOT only while it is not there.
 *
 * A count that is not known is NaN, and so is then what follows from it.  Columns are bitmaps of
 * attnum - FirstLowInvalidHeapAttributeNumber, as in the permission bitmaps of statements; a
 * reference to the whole row stands for all columns, as it does there.
 */
#pragma once

#include "nodes/bitmapset.h"

/* How dear it is to compare two keys. */
typedef enum WriteKey
{
	WRITE_KEY_NUMBER,   /* fixed width, or any other type that compares at once */
	WRITE_KEY_BYTES,    /* text in collation C, uuid, bytea */
	WRITE_KEY_COLLATED, /* text in any other collation; numeric */
} WriteKey;

typedef struct WriteIndex
{
	Oid am;
	Bitmapset *columns; /* in keys, INCLUDE, expressions or predicate */
	WriteKey key;       /* the dearest of its keys */
	int nkeys;
	int ncolumns;     /* keys, then those only covered */
	int nexpressions; /* of its keys */
	double pages;
	double tuples;      /* rows it holds */
	int tree_height;    /* levels above the leaves; -1: not known */
	double nelements;   /* GIN: keys of a row; 0: not known */
	double selectivity; /* of the predicate, 0 to 1 */
	double correlation; /* of its first key with time of insertion, -1 to 1; NaN: not known */
	double ndistinct;   /* values of its keys; 0: not known, or as many as rows */
	bool sortable;      /* GiST: its rows can be sorted, as points can */
	bool summarizing;   /* updates of its columns can be HOT: BRIN, from 16 on */
} WriteIndex;

/* Updates that set the same columns. */
typedef struct UpdateFacts
{
	Bitmapset *columns; /* that are set */
	double rows;        /* a day */
} UpdateFacts;

typedef struct WriteFacts
{
	double inserts; /* rows a day; NaN: not known, as with those below */
	double updates; /* HOT ones included */
	double hot_updates;
	double deletes;
	double table_tuples; /* NaN: not known */
	int nindexes;
	const WriteIndex *indexes; /* that exist and are written to */
	int nkinds;                /* 0: what updates set is not known */
	const UpdateFacts *kinds;  /* by the set of columns */

	/* Of the server; 0 where not known. */
	double ms_per_cost;        /* of the planner's unit, as measured */
	double cached_ratio;       /* of the blocks of its indexes, 0 to 1; NaN: not known */
	double read_ms;            /* of a block that is not cached */
	double checkpoint_seconds; /* between the starts of two checkpoints */
	bool full_page_writes;
	double dead_per_vacuum; /* rows that autovacuum waits for */
} WriteFacts;

/* How much of a cost is known. */
typedef enum WriteKnown
{
	WRITES_KNOWN,
	WRITES_COLUMNS_UNKNOWN, /* there are HOT updates, and nobody knows what they set */
	WRITES_UNKNOWN,         /* not even how many rows are written: all is NaN */
} WriteKnown;

typedef struct WriteCost
{
	WriteKnown known;
	double ms_per_day;     /* all of it; without what is only at risk */
	double hot_ms_per_day; /* of it: updates that are not HOT because of it, in all indexes */
	double hot_updates_per_day;
	double hot_ms_at_risk;    /* beside: if the updates with unknown columns set its columns */
	double vacuum_ms_per_day; /* of ms_per_day */
	double bytes_per_day;     /* of new entries, in all indexes */
	double wal_bytes_per_day; /* these as WAL, with page images */
} WriteCost;

/* What another index would cost. */
extern WriteCost dbops_write_cost(const WriteFacts *facts, const WriteIndex *index);

/* What facts->indexes[i] costs: what its drop would save. */
extern WriteCost dbops_write_cost_existing(const WriteFacts *facts, int i);

/* "rows written are not known": what is missing, or NULL. */
extern const char *dbops_write_cost_unknown(WriteKnown known);
