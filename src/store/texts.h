/*
 * store/texts.h
 *		Texts of statements for the dictionary of names: each is read once.
 *
 * pg_stat_statements can only hand out all texts at once, which takes some 50 ms for 7,000.  So the
 * keeper keeps the ids it has a text for in its memory, and reads texts when an id is unknown, at
 * most once in dbops.wide_interval.
 */
#pragma once

#include "datatype/timestamp.h"

/* Tells that a statement was seen.  Cheap: a probe of a local hash; safe outside a transaction. */
extern void dbops_texts_note(Oid datid, int64 queryid);

/*
 * Reads and stores the texts of noted statements that have none, if there are any and the last read
 * is long enough ago.  Returns how many were stored.  In the keeper, in a transaction with a
 * snapshot; without the extension pg_stat_statements it does nothing.
 */
extern int dbops_texts_learn(TimestampTz now);

/* Forgets what is known, as after the transaction that stored texts was rolled back. */
extern void dbops_texts_forget(void);
