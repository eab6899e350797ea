/*
 * collect/recovery_rates.h
 *		How fast WAL was seen to be replayed: the table dbops.recovery_rate.
 *
 * Learned from what happens anyway: the last start after a crash, and a standby that catches up.
 * The only writer of the table.  Runs in the keeper, inside a transaction with a snapshot, in the
 * database that has the extension.
 */
#pragma once

#include "c.h"

/* Less tells of the cost of a start, not of replay. */
#define RECOVERY_RATE_LEAST_BYTES (16 * INT64CONST(1024) * 1024)
#define RECOVERY_RATE_LEAST_US (20 * INT64CONST(1000))

extern Size dbops_recovery_rates_shmem_size(void);
extern void dbops_recovery_rates_shmem_init(void);

extern void dbops_recovery_rates_learn(void);

/* Hands on how long a restore would take; FAMILY_NULL (store/family.h): that cannot be told. */
extern void dbops_recovery_rates_set_restore(int64 restore_us);

/* What was handed on last. */
extern int64 dbops_recovery_rates_restore(void);
