/*
 * track/cursors.h
 *		Which statement the query of a declared cursor belongs to.
 *
 * Up to PostgreSQL 17 the query inside DECLARE CURSOR has no query id of its own, from 18 on one
 * whose text is seldom known.  It is accounted under that of its DECLARE in all of them; this
 * remembers, from the start of its execution to the end.
 */
#pragma once

#include "executor/execdesc.h"

#include "track/statements.h"

extern void dbops_cursors_remember(const QueryDesc *desc, const StatementKey *key);

/* The key under which the cursor's query was remembered; NULL if it was not. */
extern const StatementKey *dbops_cursors_find(const QueryDesc *desc);

extern void dbops_cursors_forget(const QueryDesc *desc);
