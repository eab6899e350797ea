/*
 * expose/exposed_relations.h
 *		The relations of all databases with the server's statistics of them, for one scrape.
 *
 * A file of its own because tables and indexes are told of by several, and all statistics of the
 * server are read at once or not at all.
 */
#pragma once

#include "pgstat.h"

#include "expose/relation_names.h"

typedef struct ExposedRelations
{
	const RelationNames *names;
	const PgStat_StatTabEntry **stats; /* by the place of the name; of zeros where there are none */
} ExposedRelations;

/* In the current context; the names are good as those of dbops_relation_names() are. */
extern ExposedRelations *dbops_exposed_relations_read(void);
