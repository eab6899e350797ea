/*
 * advise/outcome_facts.h
 *		What the history knows of some statements before and after a moment.
 *
 * Apart from the judge, advise/index_outcome.h, which is pure.
 */
#pragma once

#include "datatype/timestamp.h"

#include "advise/index_outcome.h"

typedef struct OutcomeQuestion
{
	Oid datid;
	TimestampTz absent_at; /* what is before is that until then... */
	TimestampTz seen_at;   /* ...and after, from then on */
	Datum improved;        /* bigint[] of queryids */
	Datum writers;
} OutcomeQuestion;

/* In the current context. */
extern OutcomeFacts *dbops_outcome_facts_load(const OutcomeQuestion *question);
