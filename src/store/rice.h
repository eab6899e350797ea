/*
 * store/rice.h
 *		Rice codes: numbers of which most are small, each in about as many bits as it deserves.
 *
 * A file of its own because columns only choose between this and a fixed number of bits.  A number
 * is written as its upper bits in unary (so many ones and a zero) and its lower `shift` bits as
 * they are, from the lowest bit of each byte up.  That suits gaps and counts, which have no largest
 * value to size a fixed width by; with shift 0 the gaps of a set are its bitmap.
 * (R. F. Rice, "Some Practical Universal Noiseless Coding Techniques", JPL 79-22, 1979.)
 */
#pragma once

#include "store/varint.h"

#define RICE_MAX_SHIFT 32

/* The best shift for the numbers and, in *bits, the length it gives; PG_UINT64_MAX for too long. */
extern int dbops_rice_choose(const uint64 *numbers, int n, uint64 *bits);

/* Appends n numbers, whole bytes. */
extern void dbops_rice_put(StringInfo out, const uint64 *numbers, int n, int shift);

/* Reads n numbers; malformed input raises ERRCODE_DATA_CORRUPTED. */
extern void dbops_rice_get(ByteReader *in, uint64 *numbers, int n, int shift);
