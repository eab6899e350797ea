/*
 * store/reopen.c
 *		Windows that were packed before all of their ticks were there; see reopen.h.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "core/spi.h"
#include "store/chunk.h"
#include "store/registry.h"
#include "store/reopen.h"

static const char *const delete_chunks =
    "DELETE FROM %s WHERE family = $1 AND node = $2 AND to_at > $3";

/* The first bucket that a chunk has something of. */
static TimestampTz
first_bucket(const HistoryKey *key, const Stored *stored)
{
	bytea *bytes = DatumGetByteaPP(stored->head);
	const ChunkHead *head = dbops_chunk_read_head(dbops_registry_by_id(key->family),
	                                              VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));

	return head->nslots == 0 ?
	           stored->to_at :
	           stored->at + head->slots[0].number * dbops_resolutions[key->resolution].step_us;
}

/* The first bucket of the chunks that end after `place`; false: none does. */
static bool
find_packed(const HistoryKey *key, TimestampTz place, TimestampTz *packed_from)
{
	MemberScan *scan = dbops_scan_begin(
	    key, dbops_bucket_start(place, dbops_resolutions[key->resolution].window_us), DT_NOEND,
	    false);
	const Stored *stored = dbops_scan_next(scan);

	if (stored != NULL)
		*packed_from = first_bucket(key, stored);
	dbops_scan_end(scan);
	return stored != NULL;
}

/* Whether the resolution that chunks are made of has what they were made of. */
static bool
has_source(const HistoryKey *key, TimestampTz packed_from)
{
	HistoryKey source = *key;
	Stored first;

	source.resolution--;
	if (!dbops_scan_first(&source, &first))
		return false;
	if (source.resolution == RESOLUTION_RAW)
		first.at = dbops_tick_place(first.at, first.covers_us);
	return dbops_bucket_start(first.at, dbops_resolutions[key->resolution].step_us) <= packed_from;
}

static void
delete_from(const HistoryKey *key, TimestampTz place)
{
	const SpiValue params[] = {{.type = INT2OID, .value = Int16GetDatum(key->family)},
	                           {.type = INT2OID, .value = Int16GetDatum(key->node)},
	                           dbops_spi_instant(place)};

	for (int member = 0; member < RESOLUTION_MEMBERS; member++)
		dbops_spi_execute(psprintf(delete_chunks, dbops_resolution_member(key->resolution, member)),
		                  params, lengthof(params));
}

void
dbops_reopen_from(const HistoryKey *key, TimestampTz place)
{
	HistoryKey packed = *key;

	for (packed.resolution = RESOLUTION_MINUTE; packed.resolution < RESOLUTION_COUNT;
	     packed.resolution++)
	{
		TimestampTz packed_from;

		if (!find_packed(&packed, place, &packed_from))
			continue;
		/* What is coarser has been made of this. */
		if (!has_source(&packed, packed_from))
			return;
		delete_from(&packed, place);
	}
}
