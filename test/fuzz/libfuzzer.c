/*
 * test/fuzz/libfuzzer.c
 *		What libFuzzer calls, in the place of replay.c.
 */
#include "postgres.h"

#include "fuzz.h"

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	fuzz_run(data, size);
	return 0;
}

/* It has its seeds from files. */
void
fuzz_seed(const void *data, Size size)
{
}
