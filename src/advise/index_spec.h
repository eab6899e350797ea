/*
 * advise/index_spec.h
 *		What an index would be: its table, access method, keys, what it covers, its predicate.
 *
 * A file of its own because everything in this layer speaks of indexes that do not exist:
 * candidates are made as specs, sized, planned with, selected, and written as DDL.
 *
 * Expressions and predicates are those of the planner, with every Var of level 0 and varno 1, and
 * constants folded: as they stand in IndexOptInfo for the first relation of a query.
 */
#pragma once

#include "access/attnum.h"
#include "nodes/pg_list.h"
#include "utils/relcache.h"

/* What an index may be over; more would be refused by DefineIndex. */
#define SPEC_MAX_COLUMNS 32

typedef struct SpecColumn
{
	Node *expression; /* NULL unless attno is 0 */
	Oid opclass;      /* 0 for columns that are only covered */
	Oid collation;
	AttrNumber attno; /* 0: an expression */
	bool descending;
	bool nulls_first;
} SpecColumn;

typedef struct IndexSpec
{
	Oid table; /* plain or partitioned table, materialized view */
	Oid am;
	int nkeys;
	int ncolumns;       /* keys, then those only covered (INCLUDE) */
	List *predicate;    /* implicitly ANDed; NIL: of all rows */
	double selectivity; /* share of rows the predicate lets in; 1 without */
	SpecColumn columns[SPEC_MAX_COLUMNS];
} IndexSpec;

/* An empty B-tree of the table, in the current context. */
extern IndexSpec *dbops_index_spec_new(Oid table, Oid am);

/*
 * Appends a key with the default operator class of the access method for its type.  False, and
 * nothing is appended, if there is none, or no room.
 */
extern bool dbops_index_spec_add_key(IndexSpec *spec, AttrNumber attno, Node *expression);

/* Appends a covered column.  False if it is there, or there is no room. */
extern bool dbops_index_spec_include(IndexSpec *spec, AttrNumber attno);

extern IndexSpec *dbops_index_spec_copy(const IndexSpec *spec);

/*
 * The same for a long time, in no more memory than its columns take: it must not be copied by
 * assignment.
 */
extern const IndexSpec *dbops_index_spec_keep(const IndexSpec *spec);

/* Whether they are the same index. */
extern bool dbops_index_spec_equal(const IndexSpec *a, const IndexSpec *b);

/* The same for equal ones. */
extern uint32 dbops_index_spec_hash(const IndexSpec *spec);

/* What an index that exists is; NULL if it cannot be said so (exclusion constraint). */
extern IndexSpec *dbops_index_spec_of(Oid indexid);

/* The same of one that is open, as an index of all rows: its predicate is not even looked at. */
extern IndexSpec *dbops_index_spec_of_keys(Relation index);

/*
 * "CREATE INDEX CONCURRENTLY name ON schema.table USING am (…) INCLUDE (…) WHERE …", without
 * semicolon; with a NULL name the server chooses.  Throws if the table is gone.
 */
extern char *dbops_index_spec_ddl(const IndexSpec *spec, const char *name, bool concurrently);

/*
 * A name for it that no relation of the schema has, such as orders_user_id_idx, nor any of *taken
 * (String nodes), to which it is added; taken may be NULL.
 */
extern char *dbops_index_spec_name(const IndexSpec *spec, List **taken);
