/*
 * test/fuzz/replay.c
 *		The unit test that a fuzz target makes: its seeds, and a fixed set of mutations of them.
 *
 * With a folder as argument it writes the seeds there instead, as files, to start a fuzzer from.
 */
#include "postgres.h"

#include "../unit/tap.h"
#include "fuzz.h"

#define MAX_SEEDS 64
#define MUTATIONS 400
#define MAX_CHANGES 4

typedef struct Seed
{
	uint8 *data;
	Size size;
} Seed;

static Seed seeds[MAX_SEEDS];
static int nseeds = 0;

void
fuzz_seed(const void *data, Size size)
{
	Assert(nseeds < MAX_SEEDS);
	seeds[nseeds].data = MemoryContextAlloc(TopMemoryContext, size + 1);
	memcpy(seeds[nseeds].data, data, size);
	seeds[nseeds++].size = size;
}

static void
write_seeds(const char *folder)
{
	for (int i = 0; i < nseeds; i++)
	{
		char *path = psprintf("%s/seed%d", folder, i);
		FILE *file = fopen(path, "wb");

		if (file == NULL || fwrite(seeds[i].data, 1, seeds[i].size, file) != seeds[i].size ||
		    fclose(file) != 0)
			ereport(ERROR, (errcode_for_file_access(), errmsg("could not write \"%s\": %m", path)));
	}
}

/* Bytes that counts and lengths are made of when they lie. */
static uint8
make_byte(void)
{
	static const uint8 odd[] = {0, 1, 0x7F, 0x80, 0xFF, 0xFE, 0x40, 0x06, 0x07};

	return fuzz_below(2) == 0 ? odd[fuzz_below(lengthof(odd))] : (uint8) fuzz_below(256);
}

/* A copy with some bytes changed, cut, doubled or taken from another seed; exactly as large. */
static Seed
mutate(const Seed *seed)
{
	Seed result = {.data = palloc(seed->size * 2 + 1), .size = seed->size};

	memcpy(result.data, seed->data, seed->size);
	for (int change = 1 + fuzz_below(MAX_CHANGES); change > 0 && result.size > 0; change--)
	{
		Size at = fuzz_random() % result.size;
		const Seed *other = &seeds[fuzz_below(nseeds)];

		switch (fuzz_below(5))
		{
			case 0:
				result.size = at;
				break;
			case 1:
				result.data[at] ^= (uint8) (1 << fuzz_below(8));
				break;
			case 2:
				memmove(&result.data[at], &result.data[at + 1], --result.size - at);
				break;
			case 3:
				if (at < other->size)
					memcpy(&result.data[at], &other->data[at], Min(other->size, result.size) - at);
				break;
			default:
				result.data[at] = make_byte();
		}
	}
	/* A chunk of its very size, so that a step beyond it is seen. */
	result.data = repalloc(result.data, Max(result.size, 1));
	return result;
}

int
main(int argc, char **argv)
{
	fuzz_seeds();
	if (argc > 1)
	{
		write_seeds(argv[1]);
		return 0;
	}
	for (int i = 0; i < nseeds; i++)
		fuzz_run(seeds[i].data, seeds[i].size);
	ok(nseeds > 0, "%d seeds are read", nseeds);
	for (int i = 0; i < nseeds; i++)
	{
		for (int n = 0; n < MUTATIONS; n++)
		{
			Seed mutated = mutate(&seeds[i]);

			fuzz_run(mutated.data, mutated.size);
			pfree(mutated.data);
		}
	}
	ok(true, "%d mutations of each are read or refused", MUTATIONS);
	return tap_done();
}
