/*
 * collect/wait.h
 *		Looks at all sessions, which the families "wait" and "blocking" count.
 */
#pragma once

/* What a statement is counted as when there are too many to count apart. */
#define WAIT_OTHER_STATEMENTS (-1)

/*
 * Takes a look.  Looks are meant to be taken every interval_ms: each stands for the time since the
 * one before, in whole intervals, whatever is left going to the next.  Needs no transaction and,
 * after the first one, allocates nothing.
 */
extern void dbops_wait_look(int interval_ms);

/* The time until the next look is nobody's: sampling was off. */
extern void dbops_wait_pause(void);

/* Looks taken by this process, and sessions they had to count under other statements. */
typedef struct LookState
{
	int64 taken;
	int64 lumped;
} LookState;

extern void dbops_wait_looks(LookState *looks);
