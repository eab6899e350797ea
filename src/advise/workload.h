/*
 * advise/workload.h
 *		The statements that advice is for: text, how it is read, and how much time it takes.
 *
 * From what was captured of the statements dbops tracks, weighted by their time in a window of the
 * history; or as given by the caller.  Only top-level statements of one database count.
 */
#pragma once

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

typedef struct WorkloadStatement
{
	uint64 queryid; /* 0: not known */
	const char *text;
	const char *search_path; /* as set; NULL: that of the session */
	Oid userid;              /* whose rights and settings it is planned with */
	int nparameters;
	Oid *parameter_types;          /* 0: let the parser find out */
	const char **parameter_values; /* NULL unless captured; an element that is NULL is not known */
	double calls_per_day;
	double ms_per_day;     /* 0 and less: not measured */
	double weight;         /* as given; else 1 */
	bool named_parameters; /* the text names variables of a procedural language */
	const char *left_out;  /* why it cannot be analysed; NULL: it can, as far as is known */
} WorkloadStatement;

typedef struct Workload
{
	Oid database;
	TimestampTz since; /* of the window; 0 when given */
	TimestampTz until;
	double window_days;
	double ms_per_day; /* of all top-level statements, those without text included */
	int nstatements;   /* the dearest first */
	WorkloadStatement *statements;
} Workload;

/*
 * The dearest statements of the database (by OID) over the window that ends now, at most max of
 * them.  What takes time but has no capture is there with left_out set.  SQL (the history): not in
 * parallel; on a standby the ring answers.
 */
extern Workload *dbops_workload_load(Oid database, int64 window_ms, int max);

/* As given: texts, and weights or NULL (1 each), read as the current user with its search_path. */
extern Workload *dbops_workload_given(const List *texts, const double *weights);
