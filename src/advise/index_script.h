/*
 * advise/index_script.h
 *		The statements that make an index, or take it away, without blocking who writes meanwhile.
 *
 * For a partitioned table that takes a script: CONCURRENTLY works on partitions alone, whose
 * indexes are then attached to one of the table.  Statements are separated by ";\n", with none at
 * the end; each wants a transaction of its own.
 */
#pragma once

#include "advise/index_spec.h"

/* More partitions make no script: one statement builds all of them, and blocks writes meanwhile. */
#define SCRIPT_MAX_PARTITIONS 1000

typedef struct IndexScript
{
	char *create;
	char *drop;
	bool blocks; /* it had too many partitions for a script */
} IndexScript;

/*
 * Keeps a table or index from being dropped until the transaction ends, so that it can be written
 * about.  False if it is gone, or about to be altered.
 */
extern bool dbops_index_script_hold(Oid relid);

/* *taken: see dbops_index_spec_name().  In the current context; throws if the table is gone. */
extern IndexScript dbops_index_script_of(const IndexSpec *spec, List **taken);

/*
 * The statements that drop an existing index, which is not unique, and make it again: as its
 * definition says, or, if it is that of a partitioned table, by its spec.
 */
extern IndexScript
dbops_index_script_of_existing(Oid indexid, const IndexSpec *spec, const char *definition);
