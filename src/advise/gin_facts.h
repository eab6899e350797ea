/*
 * advise/gin_facts.h
 *		What keys a GIN index would have.
 *
 * A file of its own because no statistics tell: the operator class takes values apart, as it would
 * for the index, for some rows.
 */
#pragma once

#include "utils/relcache.h"

#include "advise/index_size.h"
#include "advise/index_spec.h"

/* Fills in what GIN needs of the column of the spec; nothing if there is nothing to look at. */
extern void
dbops_gin_facts_load(const SpecColumn *column, Relation table, double tuples, SizeColumn *to);
