/*
 * math/histogram_bucket.h
 *		Which bucket a duration falls into; see histogram.h for the boundaries.
 *
 * A file of its own, and inline, because every statement runs it: no libm, no loop.
 */
#pragma once

#include "math/histogram.h"

/*
 * Mantissa bits of 2^(k/16) as a double, k = 0 .. 15, and an upper end that nothing exceeds.  The
 * k-th part of an octave is what is above entry k and not above entry k + 1.
 */
static const uint64 histogram_mantissa[HISTOGRAM_SUBBUCKETS + 1] = {
    UINT64CONST(0x0000000000000), UINT64CONST(0x0b5586cf9890f), UINT64CONST(0x172b83c7d517b),
    UINT64CONST(0x2387a6e756238), UINT64CONST(0x306fe0a31b715), UINT64CONST(0x3dea64c123422),
    UINT64CONST(0x4bfdad5362a27), UINT64CONST(0x5ab07dd485429), UINT64CONST(0x6a09e667f3bcd),
    UINT64CONST(0x7a11473eb0187), UINT64CONST(0x8ace5422aa0db), UINT64CONST(0x9c49182a3f090),
    UINT64CONST(0xae89f995ad3ad), UINT64CONST(0xc199bdd85529c), UINT64CONST(0xd5818dcfba487),
    UINT64CONST(0xea4afa2a490da), UINT64CONST(0xfffffffffffff),
};

/* For the top five mantissa bits: the lowest part of the octave that such a value can be in. */
static const uint8 histogram_first_part[2 * HISTOGRAM_SUBBUCKETS] = {
    0, 0, 1,  2,  2,  3,  3,  4,  5,  5,  6,  6,  7,  7,  8,  8,
    9, 9, 10, 10, 11, 11, 12, 12, 12, 13, 13, 14, 14, 14, 15, 15};

/* A clock that ran backwards counts as no time at all. */
static inline unsigned
dbops_histogram_bucket_inline(int64 ns)
{
	union
	{
		double value;
		uint64 bits;
	} v;
	uint64 mantissa;
	unsigned part;
	unsigned bucket;

	/* A division rounds correctly, so the powers of two stay exact and inclusive. */
	v.value = (double) ns * (double) (1 << -HISTOGRAM_FIRST_EXPONENT) / 1e9;
	if (v.value <= 1.0)
		return 0;

	mantissa = v.bits & UINT64CONST(0xfffffffffffff);
	part = histogram_first_part[mantissa >> 47];
	/* Boundaries are wider apart than what the top bits select, so there is one at most. */
	part += mantissa > histogram_mantissa[part + 1];
	/* Bounds are inclusive above: a power of two belongs to the octave that ends there. */
	part -= mantissa == 0;

	bucket = (unsigned) ((v.bits >> 52) - 1023) * HISTOGRAM_SUBBUCKETS + part;
	return Min(bucket, HISTOGRAM_BUCKETS - 1);
}
