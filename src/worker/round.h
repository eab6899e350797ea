/*
 * worker/round.h
 *		A round: the families one worker samples together.
 *
 * Each family is a task of its own, so one that fails is missing from the round and nothing else.
 * Ticks are made first and appended together, with flags that are known only at the end.
 */
#pragma once

#include "store/family.h"

struct WorkerState;

typedef struct Round Round;

typedef enum RoundFamilies
{
	ROUND_OF_SAMPLER, /* CADENCE_NARROW and CADENCE_WIDE */
	ROUND_OF_KEEPER,  /* CADENCE_KEEPER */
} RoundFamilies;

typedef enum RoundExtent
{
	ROUND_NARROW, /* families of seconds */
	ROUND_WIDE,   /* the others too, without those that cost too much */
	ROUND_WHOLE,  /* all, as somebody asked for them */
} RoundExtent;

/* Made in the current context. */
extern Round *dbops_round_create(struct WorkerState *worker, RoundFamilies families);

extern void dbops_round_take(Round *round, RoundExtent extent);

/* Increase of the counter `metric` in all families that have it, in the samples just taken. */
extern int64 dbops_round_sum(const Round *round, const char *metric);

/* The samples just taken of one family; NULL if there are none. */
extern const struct Frame *dbops_round_changes(const Round *round, const Family *family);

/* Entities that changed, in the samples just taken. */
extern int64 dbops_round_rows(const Round *round);

/* Puts the ticks into the ring. */
extern void dbops_round_append(Round *round, uint16 flags);

/* Forgets the previous samples, as when sampling was switched off. */
extern void dbops_round_forget(Round *round);
