/*
 * worker/inspector.h
 *		The sampler's side of the inspector: starts visits and takes in what they find.
 *
 * One database at a time, each in a process of its own that ends within seconds (worker/visit.c).
 * What is found goes into the dictionary (collect/dictionary.h), and names from there into the
 * ring, for the keeper.  Nothing here waits.
 */
#pragma once

/* Whether dbops_inspector_run has something to do: data may have come, or a visit may be due. */
extern bool dbops_inspector_is_due(void);

/*
 * Takes in what has come, ends a visit that takes too long, and starts the next one when it is due.
 * In the sampler, inside a transaction (databases are listed); never blocks.
 */
extern void dbops_inspector_run(void);
