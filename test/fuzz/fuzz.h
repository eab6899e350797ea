/*
 * test/fuzz/fuzz.h
 *		A decoder under fire: what a file <decoder>_fuzz.c provides, and what it is given.
 *
 * Each such file is linked twice: by clang with libFuzzer (`make fuzz`), and with replay.c into a
 * unit test that feeds it its seeds and mutations of them, the same ones each time.  A comment line
 * `sources: src/...` names what it tests, as in test/unit.
 */
#pragma once

/* ---- the file's ---- */

/*
 * Decodes the input.  Errors of corrupted or invalid data are welcome, any other error, a failed
 * FUZZ_PROVE, and whatever a sanitizer finds are not.  What it allocates is freed afterwards.
 */
extern void fuzz_decode(const uint8 *data, Size size);

/* Hands good inputs, made by the encoder, to fuzz_seed. */
extern void fuzz_seeds(void);

/* ---- for it ---- */

extern void fuzz_seed(const void *data, Size size);

#define FUZZ_PROVE(holds)                                                               \
	do                                                                                  \
	{                                                                                   \
		if (!(holds))                                                                   \
		{                                                                               \
			fprintf(stderr, "does not hold: %s (%s:%d)\n", #holds, __FILE__, __LINE__); \
			abort();                                                                    \
		}                                                                               \
	} while (0)

/* Repeatable randomness. */
extern uint64 fuzz_random(void);

static inline int
fuzz_below(int limit)
{
	return (int) (fuzz_random() % (uint64) limit);
}

/* Runs fuzz_decode with errors caught and memory freed; in fuzz.c. */
extern void fuzz_run(const uint8 *data, Size size);
