/*
 * store/verify.c
 *		Whether a stored tick or chunk can be read; see verify.h.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "utils/builtins.h"

#include "core/compat.h"
#include "store/chunk.h"
#include "store/codec.h"
#include "store/registry.h"
#include "store/verify.h"

typedef struct Candidate
{
	const HistoryKey *key;
	const Stored *stored;
	const Family *family;
} Candidate;

StoredPlace
dbops_verify_place(const HistoryKey *key, const Stored *stored, const char *node)
{
	const Family *family = dbops_registry_by_id(key->family);
	StoredPlace place = {.at = stored->at};

	strlcpy(place.table, stored->table, sizeof(place.table));
	strlcpy(place.node, node, sizeof(place.node));
	strlcpy(place.family, family == NULL ? "?" : family->name, sizeof(place.family));
	return place;
}

static void
read_tick(const Candidate *candidate)
{
	bytea *data = DatumGetByteaPP(candidate->stored->data);
	Frame *frame = dbops_frame_create(candidate->family);

	dbops_codec_decode(VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), NULL, frame);
	dbops_frame_free(frame);
}

static void
check_slots(const ChunkHead *head, const Resolution *resolution)
{
	for (int i = 0; i < head->nslots; i++)
	{
		if (head->slots[i].number >= resolution->window_us / resolution->step_us)
			dbops_corrupted("a chunk reaches beyond its window");
	}
}

static void
read_chunk(const Candidate *candidate)
{
	bytea *bytes = DatumGetByteaPP(candidate->stored->head);
	Datum data = candidate->stored->data;
	ChunkHead *head =
	    dbops_chunk_read_head(candidate->family, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	ChunkRows rows = {.frame = dbops_frame_create(candidate->family)};
	int64 nrows = 0;

	check_slots(head, &dbops_resolutions[candidate->key->resolution]);
	if (toast_raw_datum_size(data) - VARHDRSZ != head->offsets[head->nblocks])
		dbops_corrupted("a chunk has another size than its head says");
	for (int block = 0; block < head->nblocks; block++)
	{
		Size size = head->offsets[block + 1] - head->offsets[block];
		bytea *slice = DatumGetByteaPSlice(data, (int32) head->offsets[block], (int32) size);

		if (VARSIZE_ANY_EXHDR(slice) != size)
			dbops_corrupted("a chunk is shorter than its head says");
		dbops_frame_reset(rows.frame);
		rows.slots = NULL;
		rows.capacity = 0;
		dbops_chunk_read_block(head, dbops_reader(VARDATA_ANY(slice), size), NULL, NULL, &rows);
		nrows += rows.frame->nrows;
		pfree(slice);
	}
	if (nrows != head->nrows)
		dbops_corrupted("a chunk has another number of rows than its head says");
	dbops_frame_free(rows.frame);
}

static void
read_all(void *arg)
{
	const Candidate *candidate = arg;

	if (candidate->key->resolution == RESOLUTION_RAW)
		read_tick(candidate);
	else
		read_chunk(candidate);
}

bool
dbops_verify_stored(const HistoryKey *key, const Stored *stored, TaskError *error)
{
	Candidate candidate = {
	    .key = key, .stored = stored, .family = dbops_registry_by_id(key->family)};

	return dbops_tx_try(read_all, &candidate, ERRCODE_DATA_CORRUPTED, error);
}
