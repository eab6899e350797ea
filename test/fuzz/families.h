/*
 * test/fuzz/families.h
 *		Families for fuzzing, with every kind of label and metric, and random frames of them.
 */
#pragma once

#include "store/frame.h"

#define FUZZ_FAMILIES 3

extern const Family fuzz_families[FUZZ_FAMILIES];

/* A sorted frame of about so many rows. */
extern Frame *fuzz_frame(const Family *family, int nrows);

/* Proves that the frame's histograms are some. */
extern void fuzz_prove_frame(const Frame *frame);

/* Proves that both hold the same. */
extern void fuzz_prove_same(const Frame *a, const Frame *b);
