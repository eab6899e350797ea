/*
 * advise/recommendation.h
 *		What a search found, as advice: a line per index, with what it saves and what it costs.
 */
#pragma once

#include "advise/search.h"

/* A statement that an index changes. */
typedef struct RecommendedStatement
{
	const SearchStatement *statement;
	double before; /* cost in the planner's unit */
	double after;
} RecommendedStatement;

typedef struct Recommendation
{
	int rank;           /* from 1, what saves most first */
	const char *action; /* create, drop */
	char *ddl;
	char *undo_ddl;
	Oid table;
	double index_size_bytes;
	double benefit_ms_per_day;    /* beside those of smaller rank */
	double write_cost_ms_per_day; /* NaN: not known */
	double build_seconds;         /* NaN: not known */
	List *improved;               /* of RecommendedStatement */
	List *regressed;              /* of RecommendedStatement */
	const char *confidence;       /* high, medium, low */
	char *reason;
} Recommendation;

/* A List of Recommendation, by rank, in the current context. */
extern List *dbops_recommendations_make(const SearchResult *result);
