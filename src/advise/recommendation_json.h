/*
 * advise/recommendation_json.h
 *		Advice as JSON: the statements it changes, for whoever asks; and all of it, for the ledger.
 *
 * A file of its own because advice for a database is computed there and kept elsewhere: a text is
 * what travels between them.
 */
#pragma once

#include "lib/stringinfo.h"

#include "advise/recommendation.h"

/* A JSON array of RecommendedStatements, those with the most time first; at most `most`. */
extern void dbops_recommendation_json_statements(StringInfo json, const List *statements, int most);

/* The name of its table, qualified and quoted. */
extern char *dbops_recommendation_table(const Recommendation *advice);

/*
 * A JSON object of what the ledger keeps of a run: of the workload, of the search, and the advice
 * by rank; as much of it as `room` bytes hold.
 */
extern void dbops_recommendation_json_run(StringInfo json, const Workload *workload,
                                          const SearchResult *result, int room);
