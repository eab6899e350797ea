/*
 * math/histogram_bucket.h
 *		The bucket of a duration, inline.
 *
 * A file of its own because backends call it for every statement they run: it must cost a few
 * instructions, no libm, and must drag in nothing.  The bounds are explained in math/histogram.h.
 */
#pragma once

#define HISTOGRAM_SUBBUCKETS 16 /* per octave */
#define HISTOGRAM_OCTAVES 32
#define HISTOGRAM_BUCKETS (HISTOGRAM_SUBBUCKETS * HISTOGRAM_OCTAVES)
#define HISTOGRAM_FIRST_EXPONENT (-20) /* of seconds: bucket 0 begins at 2^-20 s */

/* Of an IEEE 754 double. */
#define HISTOGRAM_MANTISSA_BITS 52
#define HISTOGRAM_EXPONENT_BIAS 1023

/* Nanoseconds to units of 2^HISTOGRAM_FIRST_EXPONENT seconds. */
#define HISTOGRAM_UNITS_PER_NS (1048576.0 / 1e9)

/*
 * Mantissa bits of 2^(k/16): a value of exponent e lies in sub-bucket k when its mantissa is beyond
 * entry k and not beyond entry k + 1.
 */
static const uint64 histogram_mantissas[HISTOGRAM_SUBBUCKETS] = {
    UINT64CONST(0x0000000000000), UINT64CONST(0x0b5586cf9890f), UINT64CONST(0x172b83c7d517b),
    UINT64CONST(0x2387a6e756238), UINT64CONST(0x306fe0a31b715), UINT64CONST(0x3dea64c123422),
    UINT64CONST(0x4bfdad5362a27), UINT64CONST(0x5ab07dd485429), UINT64CONST(0x6a09e667f3bcd),
    UINT64CONST(0x7a11473eb0187), UINT64CONST(0x8ace5422aa0db), UINT64CONST(0x9c49182a3f090),
    UINT64CONST(0xae89f995ad3ad), UINT64CONST(0xc199bdd85529c), UINT64CONST(0xd5818dcfba487),
    UINT64CONST(0xea4afa2a490da),
};

/* Bucket of a duration, 0 .. HISTOGRAM_BUCKETS - 1. */
static inline int
dbops_histogram_bucket(uint64 ns)
{
	double units = (double) ns * HISTOGRAM_UNITS_PER_NS;
	uint64 bits;
	uint64 mantissa;
	int sub;
	int bucket;

	memcpy(&bits, &units, sizeof(bits));
	mantissa = bits & ((UINT64CONST(1) << HISTOGRAM_MANTISSA_BITS) - 1);
	sub = mantissa > histogram_mantissas[8] ? 8 : 0;
	sub += mantissa > histogram_mantissas[sub + 4] ? 4 : 0;
	sub += mantissa > histogram_mantissas[sub + 2] ? 2 : 0;
	sub += mantissa > histogram_mantissas[sub + 1] ? 1 : 0;
	bucket =
	    ((int) (bits >> HISTOGRAM_MANTISSA_BITS) - HISTOGRAM_EXPONENT_BIAS) * HISTOGRAM_SUBBUCKETS;
	/* The upper bound belongs to the bucket: a power of two closes the octave below it. */
	bucket += mantissa == 0 ? -1 : sub;
	if (bucket < 0)
		return 0;
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}
