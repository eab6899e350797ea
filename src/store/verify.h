/*
 * store/verify.h
 *		Whether a stored tick or chunk can be read to its last byte.
 *
 * A file of its own because rollup asks it once something is broken, and repair of everything.  A
 * byte that was changed into another one that makes sense cannot be seen: data checksums of the
 * server are for that.
 */
#pragma once

#include "core/tx.h"
#include "store/damage.h"
#include "store/family.h"
#include "store/scan.h"

/* Where a row of a scan is stored. */
extern StoredPlace
dbops_verify_place(const HistoryKey *key, const Stored *stored, const char *node);

/*
 * Reads all of a row.  False if it is corrupted, and *error says how; memory is left in the current
 * context.  Runs a subtransaction.
 */
extern bool dbops_verify_stored(const HistoryKey *key, const Stored *stored, TaskError *error);
