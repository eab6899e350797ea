/*
 * judge/checks_statement.c
 *		Checks of statements and their errors.
 *
 * Which error is nobody's business but the application's, and which tells of trouble in the server,
 * is known by the class of its SQLSTATE.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "judge/checks.h"
#include "judge/term.h"

#define LABEL_ERROR_SQLSTATE 3

static int
sqlstate_class(const Fact *fact)
{
	return ERRCODE_TO_CATEGORY((int) fact->key->num[LABEL_ERROR_SQLSTATE]);
}

static bool
is_corruption(const Fact *fact)
{
	return fact->key->num[LABEL_ERROR_SQLSTATE] == ERRCODE_DATA_CORRUPTED ||
	       fact->key->num[LABEL_ERROR_SQLSTATE] == ERRCODE_INDEX_CORRUPTED;
}

/* Classes 53, insufficient resources, 58, system error, and XX, internal error. */
static bool
is_servers_trouble(const Fact *fact)
{
	int class = sqlstate_class(fact);

	return !is_corruption(fact) && (class == MAKE_SQLSTATE('5', '3', '0', '0', '0') ||
	                                class == MAKE_SQLSTATE('5', '8', '0', '0', '0') ||
	                                class == MAKE_SQLSTATE('X', 'X', '0', '0', '0'));
}

static bool
is_anothers(const Fact *fact)
{
	return !is_corruption(fact) && !is_servers_trouble(fact);
}

static bool
timeouts(const Fact *fact, double *value)
{
	static const char *const columns[] = {"statement_timeouts", "lock_timeouts",
	                                      "transaction_timeouts", NULL};

	return dbops_term_sum(fact, columns, value);
}

/* So much slower than usual is noise of the clock and the scheduler. */
#define NOISE_MS 10

static bool
has_usual(const Fact *fact)
{
	return !isnan(fact->usual);
}

static bool
times_usual(const Fact *fact, double *value)
{
	double p95_ms;

	if (!dbops_term_get(fact, "p95_ms", &p95_ms) || fact->usual <= 0)
		return false;
	*value = p95_ms / fact->usual;
	if (p95_ms - fact->usual < NOISE_MS)
		*value = Min(*value, 1);
	return true;
}

static const Check checks[] = {
    {
        .name = "statement slower than usual",
        .about =
            "95th percentile of a statement's executions against that of its last week; of the "
            "twenty that take most time",
        .family = &dbops_family_statement,
        .scope = SCOPE_OBJECT,
        .value = times_usual,
        .unit = "times",
        .applies = has_usual,
        .columns = {"p95_ms"},
        .enough = {"calls"},
        .at_least = 20,
        .warning = 2,
        .critical = 10,
        .for_s = 60,
        .evidence = {"p95_ms", "p50_ms", "calls_per_second"},
        .points = 3,
        .why = "Something has changed: its plan, the data, or what else the server does",
        .what_to_do = "SELECT * FROM dbops.plan_changes; and SELECT * FROM dbops.waits;",
    },
    {
        .name = "statement latency",
        .about =
            "Time in which 95 % of a statement's executions ended; without limit until you set one",
        .family = &dbops_family_statement,
        .scope = SCOPE_OBJECT,
        .column = "p95_ms",
        .enough = {"calls"},
        .at_least = 20,
        .warning = NO_LIMIT,
        .critical = NO_LIMIT,
        .for_s = 60,
        .evidence = {"p50_ms", "p99_ms", "calls_per_second", "mean_exec_ms"},
        .points = 3,
        .why = "It takes longer than what was promised",
        .what_to_do =
            "SELECT * FROM dbops.plan_changes; and dbops.statement_sample(queryid) for its text.",
    },
    {
        .name = "statement tail latency",
        .about =
            "Time in which 99 % of a statement's executions ended; without limit until you set one",
        .family = &dbops_family_statement,
        .scope = SCOPE_OBJECT,
        .column = "p99_ms",
        .enough = {"calls"},
        .at_least = 100,
        .warning = NO_LIMIT,
        .critical = NO_LIMIT,
        .for_s = 60,
        .evidence = {"p50_ms", "p95_ms", "calls_per_second", "mean_exec_ms"},
        .points = 3,
        .why = "It takes longer than what was promised",
        .what_to_do =
            "SELECT * FROM dbops.plan_changes; and dbops.statement_sample(queryid) for its text.",
    },
    {
        .name = "corruption",
        .about = "Errors in the window that tell of damaged data",
        .family = &dbops_family_error,
        .scope = SCOPE_OBJECT,
        .column = "count",
        .applies = is_corruption,
        .warning = NO_LIMIT,
        .critical = 1,
        .evidence = {"count", "last_at"},
        .points = 10,
        .why = "What is on disk is not what was written",
        .what_to_do =
            "Find the relation in the server log, check it with amcheck, restore it from a backup.",
    },
    {
        .name = "server errors",
        .about =
            "Errors in the window of the classes 53, 58 and XX: no resources, system error, internal error",
        .family = &dbops_family_error,
        .scope = SCOPE_OBJECT,
        .column = "count",
        .applies = is_servers_trouble,
        .warning = 1,
        .critical = 100,
        .evidence = {"count", "last_at"},
        .points = 5,
        .why = "They are the server's or the machine's trouble, not the application's",
        .what_to_do = "SELECT * FROM dbops.errors; and the server log.",
    },
    {
        .name = "errors",
        .about = "Other errors of a statement in the window",
        .family = &dbops_family_error,
        .scope = SCOPE_OBJECT,
        .column = "count",
        .applies = is_anothers,
        .warning = 100,
        .critical = 5000,
        .evidence = {"count_per_second", "last_at"},
        .points = 2,
        .why = "Somebody sees an error each time",
        .what_to_do = "SELECT * FROM dbops.errors;",
    },
    {
        .name = "timeouts",
        .about = "Executions of a statement in the window that a timeout ended",
        .family = &dbops_family_error,
        .scope = SCOPE_OBJECT,
        .value = timeouts,
        .unit = "",
        .columns = {"statement_timeouts", "lock_timeouts", "transaction_timeouts"},
        .warning = 5,
        .critical = 100,
        .evidence = {"statement_timeouts", "lock_timeouts", "transaction_timeouts"},
        .points = 3,
        .why = "It took longer than somebody was willing to wait",
        .what_to_do = "SELECT * FROM dbops.errors; and SELECT * FROM dbops.blocking;",
    },
    {
        .name = "failed logins",
        .about = "Failed logins of one kind in the window",
        .family = &dbops_family_login,
        .scope = SCOPE_OBJECT,
        .column = "failures",
        .warning = 20,
        .critical = 1000,
        .evidence = {"failures", "last_at"},
        .points = 2,
        .why = "A password has changed and an application does not know, or somebody guesses",
        .what_to_do = "SELECT * FROM dbops.logins;",
    },
    {
        .name = "blocked",
        .about = "Session-seconds in the window that were spent behind one blocker",
        .family = &dbops_family_blocking,
        .scope = SCOPE_OBJECT,
        .column = "blocked_seconds",
        .warning = 60,
        .critical = 600,
        .evidence = {"peak_sessions", "longest_ms", "mode"},
        .points = 3,
        .why = "Those sessions did nothing, and those who wait for them wait, too",
        .what_to_do = "SELECT * FROM dbops.blocking; and dbops.blocking_history for what was.",
    },
};

const CheckTable dbops_checks_statement = CHECK_TABLE(checks);
