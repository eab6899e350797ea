/*
 * expose/exposition_format.h
 *		What a format does with what is exposed.
 *
 * A file of its own because who says what there is to expose need not know that there are formats.
 */
#pragma once

#include "expose/exposition.h"

/* Each appends to the exposition's text, that of `metric` for the name and type the exposition has.
 */
typedef struct ExpositionFormat
{
	void (*metric)(Exposition *exposition, const char *help);
	void (*integer)(Exposition *exposition, const StringInfoData *labels, int64 value);
	void (*number)(Exposition *exposition, const StringInfoData *labels, double value);
	void (*histogram)(Exposition *exposition, const StringInfoData *labels,
	                  const ExposedHistogram *histogram);
	void (*close)(Exposition *exposition); /* behind the last sample of a metric */
	void (*end)(Exposition *exposition);   /* behind the last metric */
} ExpositionFormat;
