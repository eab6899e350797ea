/*
 * track/plan_text.h
 *		A plan as text, much as EXPLAIN (COSTS OFF) shows it.
 *
 * Printed at the end of an execution, while its relations are open: their names are read from
 * there, and no catalog is asked.  Nothing is allocated, and nothing can fail.  Constants and
 * expressions are left out, so a text holds no more than names.
 */
#pragma once

#include "executor/execdesc.h"

#define PLAN_TEXT_MAX 8191

typedef struct PlanText
{
	uint64 planid; /* hash of the whole text; never 0 */
	int length;    /* of what is kept: at most PLAN_TEXT_MAX */
	char bytes[PLAN_TEXT_MAX + 1];
} PlanText;

/* Good until the next call. */
extern const PlanText *dbops_plan_text_print(const QueryDesc *desc);
