/*
 * advise/wants_clause.h
 *		By which key one clause could search an index, and how.
 *
 * What the planner's matching of clauses with an index does, from the other side: there is a clause,
 * and the index is made for it.
 */
#pragma once

#include "advise/wants.h"

typedef enum ClauseKind
{
	USE_EQUAL, /* finds one value, or each of a list */
	USE_RANGE,
} ClauseKind;

typedef struct ClauseUse
{
	ClauseKind kind;
	SpecColumn key;
} ClauseUse;

/* False if no B-tree is searched by the clause. */
extern bool dbops_wants_clause(const Wants *wants, Node *clause, ClauseUse *use);

/*
 * The key that such an expression of the relation is, with the default operator class of B-trees.
 * False if there can be none.
 */
extern bool dbops_wants_key(const Wants *wants, Node *expression, Oid collation, SpecColumn *key);

/* The same without an operator class. */
extern bool
dbops_wants_operand(const Wants *wants, Node *expression, Oid collation, SpecColumn *key);

/* Whether it is the same for each row of the relation that one search looks for. */
extern bool dbops_wants_given(const Wants *wants, Node *node);

/* The operator family of the key's class. */
extern Oid dbops_wants_family(const SpecColumn *key);
