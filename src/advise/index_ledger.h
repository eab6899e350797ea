/*
 * advise/index_ledger.h
 *		The ledger of index advice: what was advised, since when, and what came of it.
 *
 * The only writer of dbops.index_recommendation, dbops.index_advice_run and, for operators,
 * dbops.dismissed_recommendations.  All but the last in the keeper; everything in a transaction
 * with a snapshot, in the database that has the extension.
 *
 * A line of advice is known by what the index is (advise/index_identity.h), not by its name, so
 * that it is the same line however often it is given.  What is there is told by the dictionary of
 * names: an index that serves what was advised was created, whoever did it and whatever its name;
 * one that was to go and is gone was dropped.
 */
#pragma once

#include "datatype/timestamp.h"

#include "core/tx.h"

/* How the searches in one database went. */
typedef struct LedgerRun
{
	Oid datid;
	TimestampTz seen_at;
	TimestampTz tried_at; /* 0: never */
	int failures;         /* in a row */
	const char *error;    /* the last; NULL: none */
} LedgerRun;

/* Takes in new databases, and forgets those that are gone. */
extern void dbops_index_ledger_note_databases(TimestampTz now);

/* All databases; in the current context. */
extern int dbops_index_ledger_runs(LedgerRun **runs);

/* A search begins. */
extern void dbops_index_ledger_begin(Oid datid, TimestampTz at);

/*
 * What a search that began then told, as advise/recommendation_json.h writes it.  Advice that is
 * not given any more is gone, unless the search was cut short.  Returns the lines of advice.
 */
extern int
dbops_index_ledger_store(Oid datid, TimestampTz began_at, int64 took_ms, const char *run);

extern void dbops_index_ledger_fail(Oid datid, const TaskError *error);

/* Looks for indexes that were created or dropped as advised, and judges what came of it. */
extern void dbops_index_ledger_follow(TimestampTz now);

/* Forgets advice that is gone and was last given before. */
extern void dbops_index_ledger_prune(TimestampTz before);

/* An operator does not want it.  False if there is no such advice. */
extern bool dbops_index_ledger_dismiss(int64 id, const char *reason);
