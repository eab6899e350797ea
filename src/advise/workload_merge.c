/*
 * advise/workload_merge.c
 *		From counters by user and level to statements with a rank; see workload_merge.h.
 */
#include "postgres.h"

#include "advise/workload_merge.h"

/* A step is at most this part of a window, so that its rounding does not matter. */
#define STEPS_IN_WINDOW 48

static int
compare_numbers(uint64 a, uint64 b)
{
	return a < b ? -1 : a > b;
}

static int
compare_keys(const void *a, const void *b)
{
	const TimedRow *left = a;
	const TimedRow *right = b;
	int order = compare_numbers(left->queryid, right->queryid);

	return order != 0 ? order : compare_numbers(left->userid, right->userid);
}

/* The same order each time, so that equal ones do not change places between two calls. */
static int
compare_times(const void *a, const void *b)
{
	const TimedStatement *left = a;
	const TimedStatement *right = b;

	if (left->ms != right->ms)
		return left->ms > right->ms ? -1 : 1;
	if (left->calls != right->calls)
		return left->calls > right->calls ? -1 : 1;
	return compare_numbers(left->queryid, right->queryid);
}

/* Adds all rows of a user; they follow each other.  Returns how many they are. */
static int
add_user(TimedStatement *statement, const TimedRow *rows, int nrows)
{
	double user_ms = 0;
	int n = 0;

	for (; n < nrows && compare_keys(&rows[n], rows) == 0; n++)
	{
		user_ms += rows[n].ms;
		statement->calls += rows[n].calls;
		if (rows[n].toplevel)
			statement->toplevel_ms += rows[n].ms;
	}
	statement->ms += user_ms;
	if (!OidIsValid(statement->userid) || user_ms > statement->user_ms)
	{
		statement->userid = rows->userid;
		statement->user_ms = user_ms;
	}
	return n;
}

TimedStatement *
dbops_workload_merge(TimedRow *rows, int nrows, int *nstatements)
{
	TimedStatement *statements = palloc(sizeof(TimedStatement) * Max(nrows, 1));
	int count = 0;

	qsort(rows, nrows, sizeof(TimedRow), compare_keys);
	for (int i = 0; i < nrows;)
	{
		TimedStatement *statement = &statements[count];
		uint64 queryid = rows[i].queryid;

		*statement = (TimedStatement){.queryid = queryid};
		while (i < nrows && rows[i].queryid == queryid)
			i += add_user(statement, &rows[i], nrows - i);
		count += statement->calls > 0 || statement->ms > 0;
	}
	qsort(statements, count, sizeof(TimedStatement), compare_times);
	*nstatements = count;
	return statements;
}

bool
dbops_workload_prefers_history(int64 window_us, int64 history_us, int64 counters_us)
{
	return history_us > 0 && history_us >= Min(window_us, counters_us) / 2;
}

int64
dbops_workload_step(int64 window_us)
{
	static const int64 steps[] = {USECS_PER_HOUR, 10 * USECS_PER_MINUTE, USECS_PER_MINUTE};

	for (int i = 0; i < lengthof(steps); i++)
	{
		if (window_us >= STEPS_IN_WINDOW * steps[i])
			return steps[i];
	}
	return 0;
}
