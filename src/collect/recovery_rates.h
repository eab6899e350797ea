/*
 * collect/recovery_rates.h
 *		How fast WAL was seen to be replayed: the table dbops.recovery_rate.
 *
 * Learned from what happens anyway: the last start after a crash, and a standby that catches up.
 * The only writer of the table.  Runs in the keeper, inside a transaction with a snapshot, in the
 * database that has the extension.
 */
#pragma once

extern void dbops_recovery_rates_learn(void);
