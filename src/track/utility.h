/*
 * track/utility.h
 *		What a utility statement is to recording.
 */
#pragma once

#include "tcop/cmdtag.h"

#include "track/captures.h"
#include "track/statements.h"

typedef enum UtilityClass
{
	UTILITY_ORDINARY, /* recorded; what it runs is nested in it */
	UTILITY_CARRIER,  /* only carries another statement, which is recorded in its place */
	UTILITY_DECLARE,  /* a carrier whose query may have no query id of its own */
} UtilityClass;

/* A utility statement, as it was before it ran. */
typedef struct UtilityRun
{
	UtilityClass class;
	StatementKey key;
	CaptureSource source;
} UtilityRun;

extern UtilityRun
dbops_utility_describe(const PlannedStmt *pstmt, const char *query_string, ParamListInfo params);

/* Rows that it processed, as pg_stat_statements counts them. */
extern uint64 dbops_utility_rows(const QueryCompletion *qc);
