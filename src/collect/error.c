/*
 * collect/error.c
 *		The family "error": failures by statement and SQLSTATE.
 *
 * A file of its own because it needs no database: the sampler reads it from shared memory.
 * Counters apart by kind and level become one row for each SQLSTATE.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "store/frame.h"
#include "track/errors.h"

enum
{
	ERROR_COUNT,
	ERROR_CANCELS,
	ERROR_CONFLICTS,
	ERROR_STATEMENT_TIMEOUTS,
	ERROR_LOCK_TIMEOUTS,
	ERROR_TRANSACTION_TIMEOUTS,
	ERROR_IDLE_TIMEOUTS,
	ERROR_SESSION_TIMEOUTS,
	ERROR_SHUTDOWNS,
	ERROR_LAST_AT,
	ERROR_AUTOVACUUM_CANCELS,
	ERROR_NMETRICS
};

static const Label labels[] = {
    LABEL_OF_DATABASE("Database; 0 before login"),
    LABEL_OF_ROLE("Role; 0 before login"),
    LABEL_OF_STATEMENT("Identifier of the statement that failed; 0 outside any"),
    LABEL("sqlstate", LABEL_SQLSTATE, NAMES_NONE, "SQLSTATE of the error"),
};

static const Metric metrics[] = {
    [ERROR_COUNT] = COUNT(1, "count", "Failures"),
    [ERROR_CANCELS] = COUNT(2, "cancels", "Those by request of a user"),
    [ERROR_CONFLICTS] = COUNT(3, "conflicts", "Those by conflict with recovery"),
    [ERROR_STATEMENT_TIMEOUTS] = COUNT(4, "statement_timeouts", "Those by statement_timeout"),
    [ERROR_LOCK_TIMEOUTS] = COUNT(5, "lock_timeouts", "Those by lock_timeout"),
    [ERROR_TRANSACTION_TIMEOUTS] = COUNT(6, "transaction_timeouts", "Those by transaction_timeout"),
    [ERROR_IDLE_TIMEOUTS] =
        COUNT(7, "idle_in_transaction_timeouts", "Those by idle_in_transaction_session_timeout"),
    [ERROR_SESSION_TIMEOUTS] = COUNT(8, "idle_session_timeouts", "Those by idle_session_timeout"),
    [ERROR_SHUTDOWNS] = COUNT(9, "shutdowns", "Those by an administrator or the end of the server"),
    [ERROR_LAST_AT] = INSTANT(10, "last_at", "When it failed last"),
    [ERROR_AUTOVACUUM_CANCELS] =
        COUNT(11, "autovacuum_cancels", "Those of autovacuum, giving way to a lock"),
};

/* Which metric counts a kind besides `count`; those that no kind has are plain errors. */
static const int metric_of_kind[] = {
    [ERROR_KIND_PLAIN] = ERROR_COUNT,
    [ERROR_KIND_CANCEL] = ERROR_CANCELS,
    [ERROR_KIND_CONFLICT] = ERROR_CONFLICTS,
    [ERROR_KIND_STATEMENT_TIMEOUT] = ERROR_STATEMENT_TIMEOUTS,
    [ERROR_KIND_LOCK_TIMEOUT] = ERROR_LOCK_TIMEOUTS,
    [ERROR_KIND_TRANSACTION_TIMEOUT] = ERROR_TRANSACTION_TIMEOUTS,
    [ERROR_KIND_IDLE_TIMEOUT] = ERROR_IDLE_TIMEOUTS,
    [ERROR_KIND_SESSION_TIMEOUT] = ERROR_SESSION_TIMEOUTS,
    [ERROR_KIND_SHUTDOWN] = ERROR_SHUTDOWNS,
    [ERROR_KIND_AUTOVACUUM] = ERROR_AUTOVACUUM_CANCELS,
};

static EntityKey
key_of(const ErrorCopy *error)
{
	return (EntityKey){
	    {error->key.datid, error->key.userid, (int64) error->key.queryid, error->sqlerrcode}};
}

static int
compare_errors(const void *a, const void *b)
{
	EntityKey key_a = key_of(a);
	EntityKey key_b = key_of(b);

	return dbops_entity_compare(&key_a, &key_b);
}

static ErrorCopy *
copy_errors(int *count)
{
	ErrorsState state;
	ErrorCopy *errors;
	uint32 position = 0;

	dbops_errors_state(&state);
	errors = palloc(sizeof(ErrorCopy) * state.capacity);
	*count = 0;
	while (dbops_errors_next(&position, &errors[*count]))
		(*count)++;
	return errors;
}

static void
add_error(int64 *values, const ErrorCopy *error)
{
	values[ERROR_COUNT] += error->count;
	if (metric_of_kind[error->kind] != ERROR_COUNT)
		values[metric_of_kind[error->kind]] += error->count;
	values[ERROR_LAST_AT] = Max(values[ERROR_LAST_AT], error->last_at);
}

static void
read_errors(Frame *frame)
{
	int count;
	ErrorCopy *errors = copy_errors(&count);
	int64 *values = NULL;

	qsort(errors, count, sizeof(ErrorCopy), compare_errors);
	for (int i = 0; i < count; i++)
	{
		if (i == 0 || compare_errors(&errors[i - 1], &errors[i]) != 0)
		{
			EntityKey key = key_of(&errors[i]);

			values = dbops_frame_add(frame, &key, NULL);
			memset(values, 0, sizeof(int64) * ERROR_NMETRICS);
		}
		add_error(values, &errors[i]);
	}
	pfree(errors);
}

const Family dbops_family_error = {
    .id = 10,
    .name = "error",
    .help = "Failures of statements and sessions, by SQLSTATE",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    .read = read_errors,
};
