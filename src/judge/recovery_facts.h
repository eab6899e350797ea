/*
 * judge/recovery_facts.h
 *		Gathers the facts for judge/exposure and judge/recovery_time from the server as it stands.
 *
 * A file of its own so that those two see numbers alone.  What lies in tables, the catalogue of
 * backups and rates that were measured, is handed in by the caller.
 */
#pragma once

#include "datatype/timestamp.h"

#include "judge/exposure.h"
#include "judge/recovery_time.h"

/* From tables; 0, InvalidXLogRecPtr and FAMILY_NULL are unknown. */
typedef struct RecoveryKnowledge
{
	bool backup; /* one is known that can be restored */
	XLogRecPtr backup_start;
	XLogRecPtr backup_stop;
	TimestampTz backup_at; /* when it ended */
	int64 backup_bytes;
	TimestampTz dump_at; /* when the last dump began */
	XLogRecPtr hole;     /* first WAL missing that the last backup needs */
	TimestampTz hole_since;
	RecoveryRate replay;
	RecoveryRate restore;
} RecoveryKnowledge;

/* Runs in a session, under a snapshot. */
extern void dbops_recovery_facts_load(const RecoveryKnowledge *known, ExposureFacts *exposure,
                                      RecoveryTimeFacts *time);

/*
 * Hands on to the family "archiver" how long a restore would take, for its history and for checks;
 * for the keeper, in a transaction with a snapshot.
 */
extern void dbops_recovery_facts_reckon(void);
