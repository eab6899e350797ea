/*
 * advise/wants.h
 *		What one relation of a statement wants of an index: by what it is searched, joined and
 *		ordered, and which of its columns are read.
 *
 * Read from what the planner has of the relation once its clauses are distributed: so views,
 * subqueries and equalities that follow from others are seen through.  Told in terms of the table:
 * Vars have varno 1, as in an IndexSpec.  It lives as long as the planning.
 */
#pragma once

#include "nodes/pathnodes.h"

#include "advise/index_spec.h"

/* A key that the relation could be found by. */
typedef struct Want
{
	SpecColumn key;
	double selectivity; /* share of rows that one search by it finds */
	double width;       /* bytes of a value, on average */
	List *clauses;      /* RestrictInfos of the planner; NIL: by a join alone */
	Relids others;      /* relations it can be joined with by equality */
} Want;

typedef struct Wants
{
	PlannerInfo *root;
	RelOptInfo *rel;
	Oid table;
	double tuples;
	double pages;
	List *equals;     /* of Want: =, IN, IS NULL, a boolean column; the most selective first */
	List *ranges;     /* of Want: <, <=, >=, >, and what amounts to it; the most selective first */
	List *joins;      /* of Want: = with a column of another relation; the most selective first */
	List *orders;     /* of List of SpecColumn */
	List *arms;       /* of List of Want: those of an OR, of which each is searched for by itself */
	Bitmapset *tests; /* numbers of the columns that restrictions are on */
	Bitmapset *reads; /* numbers of the columns that are read */
	bool reads_row;   /* all of the row, or a system column: no index holds it */
} Wants;

extern Wants *dbops_wants_of(PlannerInfo *root, RelOptInfo *rel, Oid table, double pages);

/* The same without what these RestrictInfos ask for: an index whose predicate they are. */
extern Wants *dbops_wants_without(const Wants *wants, List *clauses);

/* Whether an index could have the expression, of this relation, as key or in its predicate. */
extern bool dbops_wants_indexable(const Wants *wants, Node *expression);

/* Whether it has a value for each row, from columns of this relation alone, for some time. */
extern bool dbops_wants_computable(const Wants *wants, Node *expression);

/* A copy of the expression with the relation as varno 1. */
extern Node *dbops_wants_normalise(const Wants *wants, Node *expression);

/* Bytes of a value of a column or expression, on average. */
extern double dbops_wants_width(const Wants *wants, const SpecColumn *column);

/* Whether they are keys of the same. */
extern bool dbops_wants_same_key(const SpecColumn *a, const SpecColumn *b);
