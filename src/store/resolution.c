/*
 * store/resolution.c
 *		The resolutions in which history is kept; see resolution.h.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "utils/lsyscache.h"

#include "core/guc.h"
#include "store/resolution.h"

/*
 * A window is a multiple of the next step, so that no bucket of any resolution straddles two chunks
 * of a finer one.  Longer windows read faster and pack better; they are paid by the tail that must
 * be read from the finer resolution, and by the memory of the rollup.
 */
const Resolution dbops_resolutions[RESOLUTION_COUNT] = {
    [RESOLUTION_RAW] = {.name = "raw", .table = "tick", .retention_min = &dbops_guc_raw_retention},
    [RESOLUTION_MINUTE] = {.name = "1 min",
                           .table = "chunk_1min",
                           .step_us = USECS_PER_MINUTE,
                           .window_us = 2 * USECS_PER_HOUR,
                           .retention_min = &dbops_guc_minute_retention},
    [RESOLUTION_TEN_MINUTES] = {.name = "10 min",
                                .table = "chunk_10min",
                                .step_us = 10 * USECS_PER_MINUTE,
                                .window_us = USECS_PER_DAY,
                                .retention_min = &dbops_guc_ten_minute_retention},
    [RESOLUTION_HOUR] = {.name = "1 hour",
                         .table = "chunk_1h",
                         .step_us = USECS_PER_HOUR,
                         .window_us = 7 * USECS_PER_DAY,
                         .retention_min = &dbops_guc_hour_retention},
};

char *
dbops_resolution_member(ResolutionId resolution, int member)
{
	return psprintf("dbops.%s_%d", dbops_resolutions[resolution].table, member);
}

Oid
dbops_resolution_member_oid(ResolutionId resolution, int member)
{
	char table[NAMEDATALEN];

	snprintf(table, sizeof(table), "%s_%d", dbops_resolutions[resolution].table, member);
	return dbops_resolution_table_oid(table);
}

Oid
dbops_resolution_table_oid(const char *table)
{
	Oid schema = get_namespace_oid("dbops", true);

	return OidIsValid(schema) ? get_relname_relid(table, schema) : InvalidOid;
}
