/*
 * advise/size_facts.h
 *		How large indexes are: those that do not exist, from statistics; those that do.
 *
 * Needs the catalog and statistics; the arithmetic is in index_size.
 */
#pragma once

#include "access/htup.h"
#include "utils/relcache.h"

#include "advise/index_size.h"
#include "advise/index_spec.h"
#include "advise/key_samples.h"

/* What the caller knows better. */
typedef struct SizeHints
{
	/* Per column of the spec: its row of pg_statistic, for expressions; NULL: none. */
	const HeapTuple *statistics;

	/* Of tables, to count combinations of keys in; NULL: columns are taken for independent. */
	KeySamples *samples;
} SizeHints;

/*
 * What statistics know for the size of the index; hints may be NULL.  The table is open and locked.
 * In the current context.
 */
extern SizeFacts *
dbops_size_facts_load(const IndexSpec *spec, Relation table, const SizeHints *hints);

/* What CREATE INDEX would make of it. */
extern IndexSize dbops_size_of_spec(const IndexSpec *spec, Relation table);

/* What it would make of an index that exists, with its fill factor and the like. */
extern IndexSize dbops_size_when_rebuilt(Oid indexid);

/*
 * The same of one that is described already, by columns alone: nothing is sampled, and nobody's
 * code runs but that of its operator classes.  Both are open and locked.
 */
extern IndexSize dbops_size_as_built(const IndexSpec *spec, Relation index, Relation table);

/* What an index that exists is. */
extern IndexSize dbops_size_of_index(Oid indexid);
