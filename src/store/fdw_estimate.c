/*
 * store/fdw_estimate.c
 *		How many rows the planner may expect of a history; see fdw_estimate.h.
 */
#include "postgres.h"

#include <math.h>

#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"

#include "core/clock.h"
#include "core/guc.h"
#include "store/fdw_estimate.h"
#include "store/fdw_quals.h"
#include "store/fdw_request.h"

/* Of a family with labels: devices and databases are few, tables and statements are many. */
#define GUESSED_NARROW_ENTITIES 10
#define GUESSED_WIDE_ENTITIES 200

/* A range whose ends are known only when the query runs. */
#define GUESSED_RANGE_SECONDS 3600.0

/* Values of one label, and of an array of them. */
#define GUESSED_LABEL_VALUES 20.0
#define GUESSED_LIST_LENGTH 3.0

#define US_PER_SECOND 1e6
#define LONGEST_STEP_US 1e18 /* fits an int64 */
#define SECONDS_PER_MINUTE 60
#define SECONDS_PER_DAY (24 * 60 * SECONDS_PER_MINUTE)

typedef struct Guess
{
	HistoryQuery query;
	bool unknown_from;
	bool unknown_to;
	double entities;
} Guess;

static void
guess_label(Guess *guess, double values)
{
	guess->entities = Max(guess->entities * values / GUESSED_LABEL_VALUES, 1);
}

/* Months and the like are refused when the query runs, not when it is planned. */
static void
guess_step(Guess *guess, const Const *step)
{
	const Interval *interval = DatumGetIntervalP(step->constvalue);
	double step_us = (double) interval->time + (double) interval->day * USECS_PER_DAY;

	guess->query.step_us = (int64) Max(Min(step_us, LONGEST_STEP_US), 0);
}

static void
guess_time(Guess *guess, const Request *request, const Const *value)
{
	RequestValue known = {.kind = request->kind, .value = value->constvalue};

	(void) dbops_request_apply(&guess->query, &known);
}

static void
guess_request(PlannerInfo *root, Guess *guess, const Request *request)
{
	/* Stable functions count as what they yield at the moment. */
	const Const *value = (const Const *) estimate_expression_value(root, (Node *) request->value);
	bool known = IsA(value, Const) && !value->constisnull;

	switch (request->kind)
	{
		case REQUEST_LABEL:
			guess_label(guess, 1);
			return;
		case REQUEST_LABELS:
			guess_label(guess, GUESSED_LIST_LENGTH);
			return;
		case REQUEST_NODE:
			return;
		case REQUEST_STEP:
			if (known)
				guess_step(guess, value);
			return;
		default:
			break;
	}
	if (known)
		guess_time(guess, request, value);
	else if (request->kind == REQUEST_FROM || request->kind == REQUEST_AFTER)
		guess->unknown_from = true;
	else
		guess->unknown_to = true;
}

static double
guess_range_seconds(const Guess *guess)
{
	TimestampTz now = dbops_clock_now();
	TimestampTz oldest =
	    now - (int64) dbops_guc_minute_retention * SECONDS_PER_MINUTE * (int64) US_PER_SECOND;
	TimestampTz from = Max(guess->query.from, oldest);
	TimestampTz to = Min(guess->query.to, now);

	if (guess->unknown_from || guess->unknown_to)
		return GUESSED_RANGE_SECONDS;
	return Max((double) (to - from) / US_PER_SECOND, 1);
}

/* Samples as taken while they are kept, then one a minute; unless few of them have rows. */
static double
guess_interval_seconds(const Guess *guess, double range_seconds)
{
	double interval = guess->query.family->cadence == CADENCE_NARROW ? dbops_guc_sample_interval :
	                                                                   dbops_guc_wide_interval;

	if (guess->query.step_us > 0)
		return guess->query.step_us / US_PER_SECOND;
	if (guess->query.family->rarely_changes)
		return SECONDS_PER_DAY;
	if (range_seconds > (double) dbops_guc_raw_retention * SECONDS_PER_MINUTE)
		return Max(interval, SECONDS_PER_MINUTE);
	return interval;
}

static double
guess_entities(const Family *family)
{
	if (family->nlabels == 0)
		return 1;
	return family->cadence == CADENCE_NARROW ? GUESSED_NARROW_ENTITIES : GUESSED_WIDE_ENTITIES;
}

double
dbops_fdw_estimate_scanned(PlannerInfo *root, RelOptInfo *rel, List *clauses)
{
	const FdwTable *table = rel->fdw_private;
	Guess guess = {.entities = guess_entities(table->family)};
	double range_seconds;
	ListCell *cell;

	if (table->kind == TABLE_NOW)
		return guess.entities;
	dbops_request_init(&guess.query, table->family, NULL);
	foreach (cell, clauses)
	{
		Request request;

		if (dbops_quals_request(root, rel, lfirst(cell), &request))
			guess_request(root, &guess, &request);
	}
	range_seconds = guess_range_seconds(&guess);
	return ceil(guess.entities *
	            Max(range_seconds / guess_interval_seconds(&guess, range_seconds), 1));
}

double
dbops_fdw_estimate_rows(PlannerInfo *root, RelOptInfo *rel, List *clauses)
{
	List *local = NIL;
	ListCell *cell;

	foreach (cell, clauses)
	{
		Request request;

		if (!dbops_quals_request(root, rel, lfirst(cell), &request))
			local = lappend(local, lfirst(cell));
	}
	return clamp_row_est(dbops_fdw_estimate_scanned(root, rel, clauses) *
	                     clauselist_selectivity(root, local, rel->relid, JOIN_INNER, NULL));
}
