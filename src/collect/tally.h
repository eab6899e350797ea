/*
 * collect/tally.h
 *		Counting what is seen at looks, by entity, in bounded memory.
 *
 * A file of its own because looks that are taken a hundred times a second must not allocate: all
 * memory is there from the beginning.  Entities that no look has seen between two sweeps are
 * forgotten, so counts grow only as long as an entity keeps being seen, and begin at zero after.
 */
#pragma once

#include "store/family.h"

typedef struct TallyEntry
{
	EntityKey key;
	uint32 look; /* the last that saw it */
	bool seen;   /* since the last sweep */
	int now;     /* times the last look saw it */
	int64 samples;
	int64 time_us; /* the time that the looks stand for */
	int64 most;    /* times a look saw it, at most, since the last sweep */
	int64 longest; /* for whoever counts: largest value since the last sweep */
	int64 highest; /* another one */
} TallyEntry;

typedef struct Tally Tally;

/*
 * In the current context.  Of the capacity, `reserve` entries are kept for those who ask for them:
 * what an entity is counted as that finds no room of its own.
 */
extern Tally *dbops_tally_create(int capacity, int reserve);

/* Begins a look: what it sees stands for so much time. */
extern void dbops_tally_begin_look(Tally *tally, int64 time_us);

/* Counts an entity as seen.  NULL when there is no room. */
extern TallyEntry *dbops_tally_add(Tally *tally, const EntityKey *key, bool reserved);

/* The entities there are, in no order. */
extern int dbops_tally_entries(const Tally *tally, TallyEntry **entries);

/* Forgets the entities not seen since the last sweep. */
extern void dbops_tally_sweep(Tally *tally);
