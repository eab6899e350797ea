/*
 * judge/term.h
 *		A column of a family by its name, as a number: what checks are written in.
 *
 * The names are those of the SQL columns: a gauge as it is, a counter's increase over the window,
 * "<counter>_per_second", or a derived column.
 */
#pragma once

#include "judge/facts.h"

typedef enum TermKind
{
	TERM_METRIC,
	TERM_RATE,
	TERM_DERIVED,
} TermKind;

typedef struct Term
{
	TermKind kind;
	int index; /* of the metric or derived column */
} Term;

/* Throws an internal error where the family has no such column. */
extern Term dbops_term_resolve(const Family *family, const char *column);

/* Sets wanted[] of the metrics that it takes. */
extern void dbops_term_mark(const Family *family, Term term, bool *wanted);

/* In the column's unit; an instant is in seconds before fact->now.  False when unknown. */
extern bool dbops_term_value(const Fact *fact, Term term, double *value);

/* Of the column: "bytes", "bytes/s", "percent", ...; "seconds" of an instant. */
extern const char *dbops_term_unit(const Family *family, Term term);

/* Whether it is an instant, whose value is its age. */
extern bool dbops_term_is_instant(const Family *family, Term term);

/* The word a gauge stands for; NULL when it is unknown or stands for none. */
extern const char *dbops_term_word(const Fact *fact, Term term);

/* For the functions of checks, which name their columns: dbops_term_value() by name... */
extern bool dbops_term_get(const Fact *fact, const char *column, double *value);

/* ...100 * of / per, unknown when per is 0... */
extern bool dbops_term_percent(const Fact *fact, const char *of, const char *per, double *percent);

/* ...and the sum of those columns, up to a NULL, that are known; false when none is. */
extern bool dbops_term_sum(const Fact *fact, const char *const *columns, double *sum);
