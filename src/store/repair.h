/*
 * store/repair.h
 *		Setting stored ticks and chunks aside that cannot be read.
 *
 * A file of its own because it is an act of an operator, never of a worker.  Writes
 * dbops.set_aside, and takes rows out of the members of the rings.  All ticks and chunks are read
 * to their last byte.  One that is corrupted moves, bytes and all, to dbops.set_aside; a chunk is
 * then written anew from what is finer, where that is still there.
 */
#pragma once

#include "core/tx.h"
#include "store/damage.h"

typedef enum RepairAct
{
	REPAIR_NONE,      /* only looked at */
	REPAIR_SET_ASIDE, /* with its bytes */
	REPAIR_LOST,      /* its bytes could not be read either */
	REPAIR_REBUILT,   /* set aside, and written anew */
	REPAIR_FAILED,    /* the table itself cannot be read */
} RepairAct;

/* What was found, and done. */
typedef struct Repaired
{
	StoredPlace place;
	bool is_place; /* false: the table as a whole */
	TaskError error;
	RepairAct act;
} Repaired;

/* Reports each finding; changes nothing when only_check. */
extern void
dbops_repair_run(bool only_check, void (*report)(const Repaired *repaired, void *arg), void *arg);

/* As people see it: "set aside". */
extern const char *dbops_repair_act_name(RepairAct act);
