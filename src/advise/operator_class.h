/*
 * advise/operator_class.h
 *		Operator classes by what they do, from the cache of catalogs.
 *
 * A file of its own because the server's own functions read the catalog anew each time, and these are
 * asked for each clause of each relation.
 */
#pragma once

#include "nodes/pg_list.h"

/* The default class of B-trees for the type; InvalidOid: none. */
extern Oid dbops_operator_class_btree(Oid type);

/* The classes of the access method that have the operator and take the type, defaults first. */
extern List *dbops_operator_class_search(Oid am, Oid type, Oid operator);

/* The same for operators that tell a distance, by which the access method can sort. */
extern List *dbops_operator_class_order(Oid am, Oid type, Oid operator);

/* Whether it is an operator that some access method sorts by. */
extern bool dbops_operator_class_is_distance(Oid operator);
