/*
 * advise/droppable.h
 *		Which of the existing indexes among the items of a search may leave, beside which others.
 *
 * A file of its own as selections know nothing of what stands behind an index: they drop what costs
 * more than it saves.  Here is said what may go at all, and, of a set that came out, what may not.
 */
#pragma once

#include "nodes/bitmapset.h"

#include "advise/existing_indexes.h"
#include "advise/whatif.h"

typedef struct Droppable
{
	ExistingIndex *index;
	int item; /* of the what-if; -1: it is none, and always there */
	DropFacts facts;
	DropCondition condition;
} Droppable;

typedef struct Droppables
{
	const Whatif *whatif;
	ExistingIndexes *existing;
	int count;
	Droppable *indexes; /* as in existing */
} Droppables;

/*
 * The indexes of these tables, as items of the what-if.  Those that cannot be looked at are no
 * items.  Conditions are not known yet.  In the current context.
 */
extern Droppables *dbops_droppables_load(Whatif *whatif, const List *tables, int64 window_ms);

/* Says under which condition each may be dropped; facts.known_scans and facts.given are set. */
extern void dbops_droppables_judge(Droppables *droppables);

/* That of an item; NULL if it is none of an existing index. */
extern Droppable *dbops_droppable_of(const Droppables *droppables, int item);

/* The item of a set that can stand in for an existing one, -1 if none can; *cover says how. */
extern int dbops_droppable_cover(const Droppables *droppables, int item, const Bitmapset *set,
                                 IndexCover *cover);

/*
 * Whether an existing item may leave a set of items, as far as can be said without planning: it is
 * covered by one of the others if it must be, and no foreign key loses its last index.
 */
extern bool dbops_droppable_from(const Droppables *droppables, int item, const Bitmapset *set);

/* The foreign key that is served by the item, but by no other of the set; NULL: there is none. */
extern const ForeignKey *
dbops_droppable_serves(const Droppables *droppables, int item, const Bitmapset *set);
