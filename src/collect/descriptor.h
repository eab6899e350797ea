/*
 * collect/descriptor.h
 *		Short forms for the tables of labels and metrics.
 *
 * A file of its own because a table of forty metrics should read as forty lines; whatever they do
 * not cover is written out, see store/family.h.
 */
#pragma once

#include "store/family.h"

/* A counter without a unit, of bytes, and of time kept in units of `scale` ms (0: ms). */
#define COUNT(id, name, help)                                 \
	{                                                         \
		id, name, METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, help \
	}
#define COUNT_BYTES(id, name, help)                                \
	{                                                              \
		id, name, METRIC_COUNTER, "bytes", 0, ROLLUP_DEFAULT, help \
	}
#define COUNT_MS(id, name, scale, help)                             \
	{                                                               \
		id, name, METRIC_COUNTER, "ms", scale, ROLLUP_DEFAULT, help \
	}

#define GAUGE(id, name, unit, rollup, help)           \
	{                                                 \
		id, name, METRIC_GAUGE, unit, 0, rollup, help \
	}

/* A gauge that grows as time goes on, without anything happening to the entity. */
#define AGE(id, name, help)                                             \
	{                                                                   \
		id, name, METRIC_GAUGE, "", 0, ROLLUP_MAX, help, .drifts = true \
	}

/* A gauge that is one of a list of words, see store/family.h. */
#define WORD(id, name, list, help)                                        \
	{                                                                     \
		id, name, METRIC_GAUGE, "", 0, ROLLUP_LAST, help, .words = (list) \
	}

#define INSTANT(id, name, help)                                 \
	{                                                           \
		id, name, METRIC_TIMESTAMP, "", 0, ROLLUP_DEFAULT, help \
	}

/* An instant that moves on by itself as long as all is well. */
#define SIGN_OF_LIFE(id, name, help)                                            \
	{                                                                           \
		id, name, METRIC_TIMESTAMP, "", 0, ROLLUP_DEFAULT, help, .drifts = true \
	}

/* A label, and one that is a word of a list. */
#define LABEL(name, type, names, help) \
	{                                  \
		name, type, names, help, NULL  \
	}
#define LABEL_OF_WORDS(name, list, help)           \
	{                                              \
		name, LABEL_WORD, NAMES_NONE, help, (list) \
	}
