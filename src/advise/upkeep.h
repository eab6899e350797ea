/*
 * advise/upkeep.h
 *		What indexes of the current database cost, table by table: upkeep in a day, time to build.
 *
 * The door for those who have specs and statements: facts of a table are loaded once, when it is
 * first asked about.
 */
#pragma once

#include "advise/build_cost.h"
#include "advise/index_size.h"
#include "advise/index_spec.h"
#include "advise/write_cost.h"

typedef struct Upkeep Upkeep;

/* What a workload tells beside the columns that its updates set. */
typedef enum StatementsTell
{
	STATEMENTS_TELL_COLUMNS,   /* nothing: rows are as they were counted */
	STATEMENTS_TELL_RECURRING, /* what comes again, where rows were counted for a short time */
	STATEMENTS_TELL_WRITES     /* all that is written */
} StatementsTell;

typedef struct UpkeepOptions
{
	int64 window_ms;        /* that the history is asked for */
	const List *statements; /* of Statement */
	StatementsTell tell;
	double window_days; /* that recurring statements are of */
	double ms_per_cost; /* of the planner's unit, as measured; 0: not known */
} UpkeepOptions;

/* In the current context, which facts of tables go to later.  SQL: not in parallel. */
extern Upkeep *dbops_upkeep_begin(const UpkeepOptions *options);

/* What an index would cost in a day, and to build; throws if the table is gone. */
extern WriteCost dbops_upkeep_of_spec(Upkeep *upkeep, const IndexSpec *spec, const IndexSize *size);
extern BuildCost dbops_upkeep_build(Upkeep *upkeep, const IndexSpec *spec, const IndexSize *size);

/* What is written to a table in a day, as costs are made of. */
extern const WriteFacts *dbops_upkeep_writes(Upkeep *upkeep, Oid table, double *table_pages);

/* What an index of a table costs in a day. */
extern WriteCost dbops_upkeep_of_index(Upkeep *upkeep, Oid table, Oid index);
