/*
 * collect/blocking.h
 *		Looks at sessions that wait for locks, which the family "blocking" counts.
 */
#pragma once

#include "collect/session.h"

/* Begins a look that stands for so much time. */
extern void dbops_blocking_begin_look(int64 time_us);

/*
 * Counts who blocks this session, if that can be told at once.  Allocates nothing after the first
 * look.
 */
extern void dbops_blocking_see(const Session *waiter);
