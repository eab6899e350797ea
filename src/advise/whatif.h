/*
 * advise/whatif.h
 *		What a statement would cost if other indexes were there.
 *
 * An item is an index: one that does not exist, or one that does and may be left out.  A statement
 * is planned by the server's own planner, with the items that are said to be present; the plan is
 * never run and never kept.  What is injected is seen by that planning alone: functions that the
 * planner evaluates plan their queries with what is there.
 *
 * Items are numbered from 0; sets of them are Bitmapsets.
 */
#pragma once

#include "nodes/bitmapset.h"
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"

#include "advise/index_size.h"
#include "advise/index_spec.h"
#include "advise/sent_statement.h"

typedef struct Whatif Whatif;

typedef struct WhatifItem
{
	const IndexSpec *spec; /* NULL: it exists, and no spec can say what it is */
	Oid table;
	Oid indexid;      /* InvalidOid: it does not exist */
	const char *name; /* what it is called in plans that are shown; NULL: as its table and keys */
	IndexSize size;
} WhatifItem;

typedef struct WhatifPlan
{
	double cost;     /* in the planner's unit, all queries of the statement */
	Bitmapset *uses; /* items that the plan reads */
} WhatifPlan;

typedef struct WhatifRequest
{
	const Bitmapset *present;

	/* If set, sees each base relation when the planner knows its clauses; may add items. */
	void (*on_relation)(PlannerInfo *root, RelOptInfo *rel, Oid relid, void *arg);

	/* If set, sees each plan. */
	void (*on_plan)(PlannedStmt *plan, const Statement *statement, void *arg);
	void *arg;
} WhatifRequest;

/* No items.  It lives in a child of the current context. */
extern Whatif *dbops_whatif_new(void);

/*
 * The item that is such an index; it is made if there is none, of a copy of the spec.  The table
 * must be locked.  -1 if there can be no such index.
 */
extern int dbops_whatif_add(Whatif *whatif, const IndexSpec *spec);

/* The share of rows for which the conditions hold, from a sample of the table; -1: not known. */
extern double dbops_whatif_share(Whatif *whatif, Oid table, List *predicate);

/* The item that is this existing index. */
extern int dbops_whatif_add_existing(Whatif *whatif, Oid indexid);

/* Gives an item that does not exist a name, for plans that are shown. */
extern void dbops_whatif_call(Whatif *whatif, int item, const char *name);

extern int dbops_whatif_count(const Whatif *whatif);
extern const WhatifItem *dbops_whatif_item(const Whatif *whatif, int item);

/* The item with the OID that a plan has for it; -1 if it is none. */
extern int dbops_whatif_find(const Whatif *whatif, Oid indexid);

/*
 * Plans the statement with what the request says is present, and with all existing indexes that are
 * no items.  False if it cannot be planned: statement->left_out says why if it never will be.
 */
extern bool dbops_whatif_plan(Whatif *whatif, Statement *statement, const WhatifRequest *request,
                              WhatifPlan *plan);

/* That whose planning is under way in this process, until its on_plan returns; else NULL. */
extern const Whatif *dbops_whatif_active(void);
