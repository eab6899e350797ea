/*
 * worker/activity.h
 *		Was anybody but dbops active, and did a long transaction end?
 *
 * Two questions about the time since the last look, answered from the status of all sessions
 * without SQL.  The first lets an idle server stay idle (its ticks are merged before they are
 * stored); the second marks ticks whose counters include work done earlier, because the server
 * reports a transaction's statistics at its end.
 */
#pragma once

#include "datatype/timestamp.h"

typedef struct ActivityState ActivityState;

typedef struct Activity
{
	bool quiet; /* no session ran anything */
	bool late;  /* a transaction that was open over a whole span has ended */
	int sessions;
} Activity;

/* Made in the current context. */
extern ActivityState *dbops_activity_create(void);

/* Looks at all sessions and compares with the look before. */
extern Activity dbops_activity_look(ActivityState *state);
