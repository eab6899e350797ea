/*
 * store/damage.h
 *		Stored ticks and chunks that cannot be read: naming them in errors, and remembering that
 *		some were left out.
 *
 * A file of its own because readers, rollup and repair all come upon them.  Whoever decodes what is
 * stored enters its place before and leaves it after; an error in between that says the data is
 * corrupted then tells which, and what to do.  Rollup goes on without what is broken: that it did
 * stands in shared memory, for status(), until a repair or the end of the server.
 */
#pragma once

#include "c.h"
#include "datatype/timestamp.h"
#include "utils/elog.h"

/* Where a tick or a chunk is stored. */
typedef struct StoredPlace
{
	char table[NAMEDATALEN]; /* without the schema */
	char node[NAMEDATALEN];  /* cut if longer */
	char family[NAMEDATALEN];
	TimestampTz at; /* of a tick; start of a chunk */
} StoredPlace;

/* Lives on the stack of who decodes. */
typedef struct DamageScope
{
	ErrorContextCallback callback;
	StoredPlace place;
} DamageScope;

extern void dbops_damage_enter(DamageScope *scope, StoredPlace place);
extern void dbops_damage_leave(DamageScope *scope);

/* What was left out so far. */
typedef struct DamageState
{
	int64 count;
	StoredPlace last;
	char message[256];
} DamageState;

extern Size dbops_damage_shmem_size(void);
extern void dbops_damage_shmem_init(void);

/* Something was left out: says so in the log, and remembers it. */
extern void dbops_damage_note(const StoredPlace *place, const char *message);

/* All of it has been repaired. */
extern void dbops_damage_forget(void);

extern void dbops_damage_state(DamageState *state);
