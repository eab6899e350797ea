/*
 * advise/workload.h
 *		The statements that advice is for: text, how it is read, and how much time it takes.
 *
 * From what was captured of the statements dbops tracks, weighted by their time in a window of the
 * history; or as given by the caller.  Statements of all users of one database that have the same
 * queryid are one.
 *
 * Those that functions run are there, too, each with its own time, since an index serves them as
 * well.  That time is also part of the function's caller, so shares and totals are of top-level
 * statements alone.
 */
#pragma once

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

typedef struct WorkloadStatement
{
	uint64 queryid;          /* 0: not known */
	const char *text;        /* NULL: not known */
	const char *search_path; /* as set; NULL: that of the session */
	Oid userid;              /* whose rights it is planned with */
	Oid session_userid;      /* whose settings (advise/role_planning.h) */
	int nparameters;
	Oid *parameter_types;          /* 0: let the parser find out */
	const char **parameter_values; /* NULL unless captured; an element that is NULL is not known */
	bool named_parameters;         /* the text names variables of a procedural language */
	double calls_per_day;
	double ms_per_day;          /* 0 and less: not measured */
	double toplevel_ms_per_day; /* of that, as sent by clients */
	double weight;              /* as given; else 1 */
	const char *left_out;       /* why it cannot be analysed; NULL: it can, as far as is known */
} WorkloadStatement;

/* More are hardly worth looking at: the rest takes next to no time in any workload seen. */
#define WORKLOAD_STATEMENTS 1000

typedef struct Workload
{
	Oid database;
	TimestampTz since; /* of the time that is covered; 0 when given */
	TimestampTz until;
	bool from_history;  /* else the counters since the server started */
	double window_days; /* from since until until */
	double ms_per_day;  /* of all top-level statements, those without text included */
	int nstatements;    /* the dearest first */
	WorkloadStatement *statements;
	int nomitted; /* more than were asked for */
} Workload;

/*
 * The dearest statements of the database (by OID) over the window that ends now, at most max of
 * them.  What takes time but has no capture is there with left_out set.  While the history is much
 * shorter than the window, the counters since the start of the server are taken, where they tell
 * of more.
 *
 * Needs a snapshot; not in parallel.  Where the extension is not, as on a standby of which nothing
 * is stored, the ring answers.  Texts that the current user may not see are left out.
 */
extern Workload *dbops_workload_load(Oid database, int64 window_ms, int max);

/* As given: texts, and weights or NULL (1 each), read as the current user with its search_path. */
extern Workload *dbops_workload_given(const List *texts, const double *weights);
