/*
 * expose/exposed_relations.c
 *		The relations of all databases with their statistics; see exposed_relations.h.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "collect/pgstat_scan.h"
#include "expose/exposed_relations.h"

static const PgStat_StatTabEntry no_stats;

ExposedRelations *
dbops_exposed_relations_read(void)
{
	ExposedRelations *relations = palloc(sizeof(ExposedRelations));
	const RelationStats *stats;
	int count;

	relations->names = dbops_relation_names();
	relations->stats =
	    palloc_extended(sizeof(void *) * Max(relations->names->count, 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < relations->names->count; i++)
		relations->stats[i] = &no_stats;
	stats = dbops_pgstat_scan_relations(&count);
	for (int i = 0; i < count; i++)
	{
		int place = dbops_relation_names_find(relations->names, stats[i].datid, stats[i].relid);

		if (place >= 0)
			relations->stats[place] = &stats[i].stats;
	}
	return relations;
}
