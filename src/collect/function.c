/*
 * collect/function.c
 *		The family "function": calls and time of functions in all databases.
 *
 * The server counts them only with track_functions = pl or all.  Read from the statistics of every
 * database at once; names come from the dictionary that visits feed.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/pgstat_scan.h"
#include "core/compat.h"
#include "core/compat_statistics.h"
#include "store/frame.h"

enum
{
	FUNCTION_CALLS,
	FUNCTION_TOTAL_MS,
	FUNCTION_SELF_MS,
	FUNCTION_NMETRICS
};

static const Label labels[] = {
    LABEL_OF_DATABASE("OID of the database"),
    LABEL("funcid", LABEL_OID, NAMES_FUNCTION, "OID of the function"),
};

static const Metric metrics[] = {
    [FUNCTION_CALLS] = COUNT(1, "calls", "Calls"),
    [FUNCTION_TOTAL_MS] =
        COUNT_MS(2, "total_ms", 0.001, "Time in the function and those it called"),
    [FUNCTION_SELF_MS] = COUNT_MS(3, "self_ms", 0.001, "Time in the function itself"),
};

static const Derived derived[] = {
    RATIO("mean_ms", 1, "total_ms", "calls", "ms", "Time of a call, with functions it called"),
};

static void
read_functions(Frame *frame)
{
	int count;
	const FunctionStats *functions = dbops_pgstat_scan_functions(&count);

	dbops_frame_reserve(frame, count);
	for (int i = 0; i < count; i++)
	{
		const EntityKey key = {{functions[i].datid, functions[i].funcid}};
		int64 *values = dbops_frame_add(frame, &key, NULL);

		values[FUNCTION_CALLS] = functions[i].stats.DBOPS_FUNCTION_FIELD(numcalls);
		values[FUNCTION_TOTAL_MS] = functions[i].stats.DBOPS_FUNCTION_FIELD(total_time);
		values[FUNCTION_SELF_MS] = functions[i].stats.DBOPS_FUNCTION_FIELD(self_time);
	}
}

const Family dbops_family_function = {
    .id = 17,
    .name = "function",
    .help = "Functions of all databases, with track_functions: calls and time",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .rates = true,
    .read = read_functions,
};
