/*
 * advise/whatif_items.h
 *		The items of a what-if, as the planning of it sees them.
 *
 * Within whatif.h: who plans nothing needs none of it.
 */
#pragma once

#include "utils/hsearch.h"

#include "advise/partition_index.h"
#include "advise/key_samples.h"
#include "advise/sampled.h"
#include "advise/whatif.h"

typedef struct KnownIndex
{
	WhatifItem shown;
	IndexOptInfo *info;    /* NULL if it exists */
	HeapTuple *statistics; /* per column, of expressions; NULL: there are none */
} KnownIndex;

/* Items of a table. */
typedef struct TableItems
{
	Oid table;
	List *items;             /* of int */
	PartitionSample *sample; /* NULL unless it is partitioned and has items */
} TableItems;

struct Whatif
{
	MemoryContext memory;
	int nitems;
	int capacity;
	KnownIndex *items;
	HTAB *tables;     /* TableItems */
	HTAB *indexes;    /* IndexItem, those that exist */
	HTAB *partitions; /* PartitionItem */
	Sampled *sampled;
	KeySamples *samples;
};

/* NULL if the table has none. */
extern TableItems *dbops_whatif_items_of(const Whatif *whatif, Oid table);

/* How large the item of a partitioned table is in a partition, where it is this spec. */
extern const IndexSize *
dbops_whatif_size_in(Whatif *whatif, int item, const IndexSpec *spec, Relation partition);
