/*
 * collect/dictionary.h
 *		The sampler's private dictionary of relations: what the inspector found, by (datid, relid).
 *
 * The cumulative statistics know relations by number, tables and indexes alike; kind, parent and
 * size come from visits to each database.  The dictionary also finds out what is new, changed or
 * dropped and hands that on for dbops.object (collect/outbox.h), as it does with functions.  It
 * lives in the process that feeds it: in any other process it is empty.  Bounded by DICTIONARY_MAX
 * entries.
 *
 * A cycle is as many visits to one database as it takes to read all its relations, in the order of
 * their OIDs: each goes on after the last relation that came from the one before.  The invariant:
 *
 *		A known relation that a whole cycle did not see has been dropped.
 *
 * For an OID never changes, and the parts that the visits read adjoin: from 0 to beyond the
 * last OID, each OID lies in exactly one of them.  A relation that exists throughout the cycle
 * is therefore visible to the snapshot of the visit that reads its part, and is seen.  One made
 * during the cycle, with an OID ahead or, after these have wrapped around, behind, is seen or is
 * not known: and what is not known is never taken for dropped.  Should its OID be that of a
 * relation dropped earlier in the same cycle, after a wrap-around of all OIDs, then it counts as
 * dropped until the next cycle sees it.  A cycle that has not read all, whatever the reason, drops
 * nothing.
 */
#pragma once

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "store/object_batch.h"

#define DICTIONARY_MAX 250000

/* Functions whose names are learned in one visit. */
#define DICTIONARY_FUNCTIONS_MAX 10000

#define DICTIONARY_NEVER (-1)

/* One relation as the inspector saw it; sent as it is, within one server. */
typedef struct Inspected
{
	Oid datid; /* 0 for shared catalogs */
	Oid relid;
	Oid parentid;
	char relkind;
	char persistence;
	TransactionId frozen_xid; /* 0 when it has none */
	MultiXactId min_mxid;
	int64 main_bytes; /* main fork; FAMILY_NULL when it has no file */
	int64 all_bytes;  /* all forks */
	int64 pages;      /* as of the last VACUUM or ANALYZE */
	int64 tuples;     /* likewise; -1 when never */
	bool invalid;     /* an index that queries cannot use */
	/* More changes than these, and autovacuum comes; DICTIONARY_NEVER: it does not. */
	float4 vacuum_threshold;
	float4 insert_threshold;
	float4 analyze_threshold;
} Inspected;

/* Smaller relations have no density: nobody gains by writing them anew. */
#define DENSITY_LEAST_PAGES 128

/* What a relation would take without bloat, as sent by a visit. */
typedef struct SeenDensity
{
	Oid datid;
	Oid relid;
	int64 dense_bytes; /* main fork; FAMILY_NULL: not known */
} SeenDensity;

typedef struct DictionaryKey
{
	Oid datid;
	Oid relid;
} DictionaryKey;

typedef struct DictionaryEntry
{
	DictionaryKey key;
	bool known; /* false: met in the statistics, not yet seen by the inspector */
	Inspected seen;
	TimestampTz seen_at;
	int64 index_bytes; /* of a table: all its indexes */
	int64 toast_bytes; /* its TOAST table and index */
	int64 dense_bytes; /* its main fork without bloat; FAMILY_NULL: not estimated */

	/* Owned by collect/relation.c: where the entry's statistics are, and use of its indexes. */
	int stats_round;
	int stats_index;
	int64 previous_scans; /* of an index: as last counted */
	int64 previous_fetched;
	int64 index_scans; /* of a table: sums that survive a dropped index */
	int64 index_fetched;

	/* Owned by the dictionary. */
	uint32 name_hash; /* of what dbops.object keeps; 0: not handed on yet */
	uint32 cycle;     /* in which it was last seen; while unknown: when it was first met */
} DictionaryEntry;

/* NULL if it was never met.  An entry stays where it is until the next visit's end. */
extern DictionaryEntry *dbops_dictionary_lookup(Oid datid, Oid relid);

/* The same, and notes a relation never met as one the inspector should look for. */
extern DictionaryEntry *dbops_dictionary_meet(Oid datid, Oid relid);

/* Calls `each` for all known relations. */
extern void dbops_dictionary_walk(void (*each)(DictionaryEntry *entry, void *arg), void *arg);

extern int64 dbops_dictionary_entries(void);

/*
 * Counters of relations must not be compared with earlier ones once this number has changed: a
 * database that was there from the start has been visited for the first time, and its relations
 * appear with all they counted before.
 */
extern int64 dbops_dictionary_generation(void);

/* The databases there are (List of Database); forgets all that is about others. */
extern void dbops_dictionary_set_databases(List *databases);

/*
 * What the inspector feeds in.  A cycle that ends before all was read is simply begun anew, or gone
 * on with; `database_bytes` is FAMILY_NULL when the visit did not find out.
 */
extern void dbops_dictionary_begin_cycle(Oid datid);
extern void dbops_dictionary_learn(const Inspected *inspected, const NamedObject *name);
extern void dbops_dictionary_learn_function(const NamedObject *name);
extern void dbops_dictionary_learn_density(const SeenDensity *seen);
extern void dbops_dictionary_end_visit(Oid datid, bool cycle_ends, int64 database_bytes);

/* Whether the database was read to its end, at least once. */
extern bool dbops_dictionary_is_whole(Oid datid);

/*
 * For how many relations a new cycle is wanted, shared catalogs included: those met that no cycle
 * has looked for yet, and those whose names found no room on their way.
 */
extern int dbops_dictionary_wanted(Oid datid);

/* Size of the database's files; FAMILY_NULL when it was not visited yet. */
extern int64 dbops_dictionary_database_bytes(Oid datid);

/* Hands on every name once more, in a cycle begun soon: dbops.object was made anew. */
extern void dbops_dictionary_hand_on_again(void);
