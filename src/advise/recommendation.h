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

/* An index that is to go. */
typedef struct RecommendedDrop
{
	Oid indexid;
	const char *name; /* qualified and quoted */
	char *ddl;
	char *undo_ddl; /* makes it again */
} RecommendedDrop;

typedef struct Recommendation
{
	int rank; /* from 1: what serves statements, foreign keys, nobody; what saves most first */
	const char *action; /* create, replace (create and then drop), drop */
	char *ddl;
	char *undo_ddl;
	Oid table;
	double index_size_bytes;
	double benefit_ms_per_day;    /* beside those of smaller rank; of a drop: its upkeep, or NaN */
	double write_cost_ms_per_day; /* less that of what is replaced; NaN: not known */
	double build_seconds;         /* NaN: not known */
	List *improved;               /* of RecommendedStatement */
	List *regressed;              /* of RecommendedStatement */
	List *drops;                  /* of RecommendedDrop */
	const char *confidence;       /* high, medium, low */
	char *reason;
} Recommendation;

/* A List of Recommendation, by rank, in the current context. */
extern List *dbops_recommendations_make(const SearchResult *result);
