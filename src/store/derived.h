/*
 * store/derived.h
 *		Derived columns: computed from the metrics of a row when it is read.
 *
 * A file of its own because the SQL tables and the judges both compute them, and must agree.
 */
#pragma once

#include "store/family.h"

/*
 * The value in the column's unit, from metrics over `covers_us` of time.  False when it is unknown:
 * a term is, or the divisor is 0.
 */
extern bool dbops_derived_value(const Family *family, const Derived *derived, const int64 *values,
                                int64 covers_us, double *value);

/* Sets wanted[] of the metrics that it takes. */
extern void dbops_derived_mark(const Family *family, const Derived *derived, bool *wanted);
