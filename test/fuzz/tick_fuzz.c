/*
 * test/fuzz/tick_fuzz.c
 *		Ticks: what is read is read again from what is written of it.
 *
 * The first byte chooses the family, the rest is the tick.
 *
 * sources: src/store/codec.c src/store/text_column.c src/store/integer_column.c
 * sources: src/store/histogram_column.c src/store/rice.c src/store/grouped_column.c
 * sources: src/store/frame.c src/store/registry.c
 * sources: src/math/histogram_type.c src/math/histogram.c test/fuzz/families.c
 */
#include "postgres.h"

#include "store/codec.h"

#include "families.h"
#include "fuzz.h"

static bool
keep_even(const EntityKey *key, void *arg)
{
	return key->num[1] % 2 == 0;
}

/* Reading less must not need more. */
static void
decode_less(const Family *family, const char *data, Size size)
{
	Frame *frame = dbops_frame_create(family);
	bool wanted[16] = {false, true, false, true};
	EntityFilter even = {.keep = keep_even};

	dbops_codec_decode_some(data, size, wanted, &even, frame);
	fuzz_prove_frame(frame);
}

void
fuzz_decode(const uint8 *data, Size size)
{
	const Family *family = size > 0 ? &fuzz_families[data[0] % FUZZ_FAMILIES] : NULL;
	Frame *frame;
	Frame *again;
	StringInfoData out;

	if (family == NULL)
		return;
	frame = dbops_frame_create(family);
	again = dbops_frame_create(family);
	dbops_codec_decode((const char *) data + 1, size - 1, NULL, frame);
	fuzz_prove_frame(frame);
	initStringInfo(&out);
	dbops_codec_encode(frame, &out);
	dbops_codec_decode(out.data, out.len, NULL, again);
	fuzz_prove_same(frame, again);
	decode_less(family, (const char *) data + 1, size - 1);
}

void
fuzz_seeds(void)
{
	static const int sizes[] = {0, 1, 2, 7, 40};

	for (int f = 0; f < FUZZ_FAMILIES; f++)
	{
		for (int i = 0; i < lengthof(sizes); i++)
		{
			StringInfoData out;

			initStringInfo(&out);
			appendStringInfoChar(&out, (char) f);
			dbops_codec_encode(fuzz_frame(&fuzz_families[f], sizes[i]), &out);
			fuzz_seed(out.data, out.len);
		}
	}
}
