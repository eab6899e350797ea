/*
 * test/fuzz/chunk_fuzz.c
 *		Chunks: head and blocks, each of which may lie about the other.
 *
 * The first byte chooses the family, the next two are the size of the head; the head and the data
 * follow.
 *
 * sources: src/store/chunk.c src/store/merge.c
 * sources: src/store/codec.c src/store/text_column.c src/store/integer_column.c
 * sources: src/store/histogram_column.c src/store/rice.c src/store/grouped_column.c
 * sources: src/store/frame.c src/store/registry.c
 * sources: src/math/histogram_type.c src/math/histogram.c test/fuzz/families.c
 */
#include "postgres.h"

#include "store/chunk.h"
#include "store/merge.h"

#include "families.h"
#include "fuzz.h"

#define NSLOTS 20

static void
read_blocks(const ChunkHead *head, const uint8 *data, Size size)
{
	ChunkRows rows = {.frame = dbops_frame_create(head->family)};

	for (int b = 0; b < head->nblocks; b++)
	{
		if (head->offsets[b + 1] > size)
			return;
		dbops_frame_reset(rows.frame);
		rows.slots = NULL;
		rows.capacity = 0;
		dbops_chunk_read_block(
		    head, dbops_reader(data + head->offsets[b], head->offsets[b + 1] - head->offsets[b]),
		    NULL, NULL, &rows);
		fuzz_prove_frame(rows.frame);
		for (int i = 0; i < rows.frame->nrows; i++)
			FUZZ_PROVE(rows.slots[i] >= 0 && rows.slots[i] < head->nslots);
	}
}

void
fuzz_decode(const uint8 *data, Size size)
{
	Size head_size;

	if (size < 3)
		return;
	head_size = Min(data[1] + 256 * (Size) data[2], size - 3);
	read_blocks(dbops_chunk_read_head(&fuzz_families[data[0] % FUZZ_FAMILIES],
	                                  (const char *) data + 3, head_size),
	            data + 3 + head_size, size - 3 - head_size);
}

/* As many samples of each row of a frame as there are slots, most of them left out. */
static Frame *
make_rows(const Family *family, const Frame *source, int32 *slots)
{
	Frame *sorted = dbops_frame_create(family);
	MergeInput *inputs = palloc(sizeof(MergeInput) * (source->nrows * NSLOTS + 1));
	int ninputs = 0;

	for (int i = 0; i < source->nrows; i++)
	{
		for (int slot = 0; slot < NSLOTS; slot++)
		{
			if (fuzz_below(3) > 0)
				continue;
			inputs[ninputs++] =
			    (MergeInput){.hash = dbops_merge_hash(family, &source->keys[i]),
			                 .key = &source->keys[i],
			                 .texts = source->texts ? source->texts[i] : NULL,
			                 .values = dbops_frame_row(source, fuzz_below(source->nrows)),
			                 .slot = slot};
		}
	}
	dbops_merge_rows(inputs, ninputs, sorted, slots);
	return sorted;
}

static void
make_seed(int f, int nrows)
{
	const Family *family = &fuzz_families[f];
	ChunkSlot slots[NSLOTS];
	int32 *row_slots = palloc(sizeof(int32) * (nrows * NSLOTS + 1));
	Frame *rows = make_rows(family, fuzz_frame(family, nrows), row_slots);
	ChunkWriter *writer = dbops_chunk_create(family, slots, NSLOTS, 1 + nrows / 8);
	StringInfoData head;
	StringInfoData out;

	for (int i = 0; i < NSLOTS; i++)
		slots[i] = (ChunkSlot){.number = i * 2, .flags = i % 3, .covers_us = 60000000 + i};
	dbops_chunk_add(writer, rows, row_slots, writer->nblocks);
	initStringInfo(&head);
	dbops_chunk_put_head(writer, &head);
	initStringInfo(&out);
	appendStringInfoChar(&out, (char) f);
	appendStringInfoChar(&out, (char) (head.len % 256));
	appendStringInfoChar(&out, (char) (head.len / 256));
	appendBinaryStringInfo(&out, head.data, head.len);
	appendBinaryStringInfo(&out, writer->data.data, writer->data.len);
	fuzz_seed(out.data, out.len);
}

void
fuzz_seeds(void)
{
	for (int f = 0; f < FUZZ_FAMILIES; f++)
	{
		make_seed(f, 1);
		if (fuzz_families[f].nlabels > 0)
		{
			make_seed(f, 3);
			make_seed(f, 20);
		}
	}
}
