/*
 * test/fuzz/fuzz.c
 *		Runs a decoder on an input: errors are caught and judged, memory is freed; see fuzz.h.
 */
#include "postgres.h"

#include "../unit/tap.h"
#include "fuzz.h"

/* What a decoder may raise. */
static const int welcome[] = {
    ERRCODE_DATA_CORRUPTED,
    ERRCODE_INVALID_TEXT_REPRESENTATION,
    ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
    ERRCODE_INVALID_JSON_TEXT,
    ERRCODE_PROGRAM_LIMIT_EXCEEDED,
    ERRCODE_FEATURE_NOT_SUPPORTED,
};

static uint64 state = UINT64CONST(88172645463325252);

uint64
fuzz_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static bool
is_welcome(int sqlerrcode)
{
	for (int i = 0; i < lengthof(welcome); i++)
	{
		if (welcome[i] == sqlerrcode)
			return true;
	}
	return false;
}

void
fuzz_run(const uint8 *data, Size size)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	sigjmp_buf here;
	sigjmp_buf *outer = stub_error_catch(&here);

	if (sigsetjmp(here, 0) == 0)
		fuzz_decode(data, size);
	else if (!is_welcome(stub_last_error()->sqlerrcode))
	{
		fprintf(stderr, "unexpected error: %s\n", stub_last_error()->message);
		abort();
	}
	PG_exception_stack = outer;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
