/*
 * advise/why_not.h
 *		Why there is no advice for a statement.
 */
#pragma once

#include "nodes/pg_list.h"

#include "advise/workload.h"

typedef struct WhyNot
{
	Oid table; /* 0: it is of the statement */
	const char *reason;
	const char *next_step;
} WhyNot;

/* A List of WhyNot, what ends all thought of advice first; in the current context. */
extern List *dbops_why_not_find(const WorkloadStatement *source);
