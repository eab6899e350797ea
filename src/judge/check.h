/*
 * judge/check.h
 *		What is checked: a row per check, in the tables of the files checks_*.c.
 *
 * A check looks at one column of a family, entity by entity, and has limits for it.  What a column
 * cannot say is a small pure function over a Fact.  Everything a person reads about a check, its
 * default limits and its weight stand here and nowhere else; dbops.checks shows them.
 */
#pragma once

#include <math.h>

#include "judge/facts.h"
#include "store/verdicts.h"

#define CHECK_TERMS 14
#define NO_LIMIT NAN

/* Of a value() that is 1 when something is so: neither it nor its limit says anything. */
#define UNIT_OF_FLAG "flag"

typedef enum CheckBad
{
	BAD_ABOVE, /* a value at or above the limit */
	BAD_BELOW, /* a value below the limit */
} CheckBad;

typedef struct Check
{
	const char *name;  /* "connections": what people call it, never changed */
	const char *about; /* one sentence: what is compared with the limits */
	const Family *family;
	VerdictScope scope;
	const char *column; /* judged by its value, see term.h; or else... */
	bool (*value)(const Fact *fact, double *value); /* false: unknown */
	const char *unit;                               /* of value(); a column has its own */
	bool (*applies)(const Fact *fact);              /* NULL: to every entity */
	const char *columns[CHECK_TERMS];               /* that value() and applies() look at */

	/* Without that much the value says nothing, and all is well. */
	const char *enough[CHECK_TERMS]; /* columns, whose sum... */
	double at_least;                 /* ...must reach this */

	CheckBad bad;
	double warning; /* NO_LIMIT: there is no such status */
	double critical;
	int for_s; /* as in Limits */

	char *(*tell)(const Fact *fact);   /* evidence in words, which comes first; NULL: none */
	const char *evidence[CHECK_TERMS]; /* columns shown beside the value */
	const char *unknown; /* why nothing is known; NULL: it was not sampled long enough */
	int points; /* that a warning takes from the score; a critical one takes CRITICAL_FACTOR times
				   as much */
	const char *why;
	const char *what_to_do; /* %d: the database, %o: the object, quoted for SQL; NULL: nothing */
} Check;

/* The limits in force for one entity. */
typedef struct Limits
{
	bool enabled;
	double warning;
	double critical;
	int for_s; /* how long a value must be beyond them before it counts */
} Limits;

#define CRITICAL_FACTOR 3

/* The status that a value has by the limits; NaN is unknown. */
extern VerdictStatus dbops_check_judge(const Limits *limits, CheckBad bad, double value);

/* Points that a check takes in that status. */
extern int dbops_check_points(const Check *check, VerdictStatus status);

/* The unit of its value and limits. */
extern const char *dbops_check_unit(const Check *check);

/* The list of all checks. */
extern int dbops_checks_count(void);
extern const Check *dbops_checks_at(int index);
extern const Check *dbops_checks_by_name(const char *name); /* NULL if unknown */
extern int dbops_checks_index(const Check *check);
