/*
 * expose/status.h
 *		Is dbops itself well: each of its parts, what is wrong with it, and how to mend it.
 *
 * Answers with whatever it can reach: without the preloaded library there is no shared memory to
 * look at, and the first finding says which line to put into postgresql.conf.
 */
#pragma once

#include "nodes/pg_list.h"

/* Worst last, so that findings can be compared. */
typedef enum FindingLevel
{
	FINDING_OK,
	FINDING_UNKNOWN,
	FINDING_WARNING,
	FINDING_CRITICAL,
} FindingLevel;

typedef struct Finding
{
	const char *component;
	FindingLevel level;
	char *detail; /* a sentence without full stop */
	char *hint;   /* what to do; NULL when nothing */
} Finding;

/* All findings as a List of Finding, worst first, in the current context. */
extern List *dbops_status_findings(void);

extern const char *dbops_status_level_name(FindingLevel level);
